//! The listening socket, and with it the right to host: of all who claim a port on one machine, exactly one wins.
//!
//! Two sockets may both be bound before either listens, so it is `listen` that decides, and "in use" from either call means
//! that somebody else hosts. One dual-stack socket stands for both families, because an IPv4 and an IPv6 one would not
//! exclude each other. It knows no room and no loop.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};

use socket2::{Domain, Protocol, Socket, TcpKeepalive, Type};

use crate::error::{Error, Result};
use crate::limits::{BACKLOG, HEARTBEAT, KEEPALIVE};

/// A socket that listens, and does not wait.
#[derive(Debug)]
pub struct Listener {
    socket: mio::net::TcpListener,
    address: SocketAddr,
}

/// What came of claiming an address.
#[derive(Debug)]
pub enum Claim {
    /// We have it.
    Won(Listener),
    /// Somebody else has it.
    Taken,
}

/// Claims an address: `[::]` and a port stand for every interface in both families.
///
/// Of those who claim it at the same moment, at most one wins. Linux checks a port only after it has marked a socket as
/// listening, so that two who call `listen` in the same microsecond can both find it taken: whoever finds nobody behind a
/// taken port claims it again, after a while of its own.
///
/// # Errors
/// Whatever keeps anybody from listening there; that somebody else does already is no error.
pub fn claim(address: SocketAddr) -> Result<Claim> {
    let claimed = match listen(address) {
        Err(error) if address.ip() == IpAddr::from([0_u16; 8]) && has_no_ipv6(&error) => {
            listen((Ipv4Addr::UNSPECIFIED, address.port()).into())
        }
        claimed => claimed,
    };
    match claimed {
        Ok(listener) => Ok(Claim::Won(listener)),
        Err(error) if is_taken(&error) => Ok(Claim::Taken),
        Err(source) => Err(Error::Listen { tried: format!("listen on {address}"), source }),
    }
}

impl Listener {
    /// Where it listens, with the port that it got where 0 was asked for.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The socket, for the loop.
    pub(super) fn socket(&mut self) -> &mut mio::net::TcpListener {
        &mut self.socket
    }
}

fn listen(address: SocketAddr) -> io::Result<Listener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    if address.is_ipv6() && address.ip().is_unspecified() {
        socket.set_only_v6(false)?;
    }
    // On Unix this lets us bind while connections of an earlier host are in TIME_WAIT; two listeners still exclude each
    // other. On Windows the same option would let two listeners share a port.
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    #[cfg(windows)]
    crate::windows::set_exclusive(&socket)?;
    socket.bind(&address.into())?;
    // Connections inherit it. It finds what no heartbeat does: whoever types lines by hand answers none.
    socket.set_tcp_keepalive(&TcpKeepalive::new().with_time(KEEPALIVE).with_interval(HEARTBEAT))?;
    socket.listen(BACKLOG)?;
    socket.set_nonblocking(true)?;
    let socket = TcpListener::from(socket);
    let address = socket.local_addr()?;
    Ok(Listener { socket: mio::net::TcpListener::from_std(socket), address })
}

fn is_taken(error: &io::Error) -> bool {
    // An exclusive port reads as "access denied" to others (WSAEACCES).
    error.kind() == io::ErrorKind::AddrInUse || cfg!(windows) && error.kind() == io::ErrorKind::PermissionDenied
}

fn has_no_ipv6(error: &io::Error) -> bool {
    #[cfg(unix)]
    let unsupported = rustix::io::Errno::AFNOSUPPORT.raw_os_error();
    // WSAEAFNOSUPPORT
    #[cfg(not(unix))]
    let unsupported = 10047;
    error.raw_os_error() == Some(unsupported) || error.kind() == io::ErrorKind::AddrNotAvailable
}

#[cfg(test)]
mod tests;
