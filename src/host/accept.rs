//! The door: takes connections off the listening socket, and survives whatever `accept` can say.
//!
//! Readiness comes as edges, so the door remembers that somebody may be waiting. It does not know what becomes of a
//! connection.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use mio::net::TcpStream;
use mio::{Interest, Registry, Token};
use socket2::{Domain, Socket, Type};

use super::listener::Listener;
use crate::descriptors;
use crate::error::{Error, Result};
use crate::limits::ACCEPT_PAUSE;

/// The listening socket's token; connections count theirs up from 0.
pub(super) const LISTEN: Token = Token(usize::MAX - 1);

/// Where connections come in. Dropping it closes it.
#[derive(Debug)]
pub(super) struct Door {
    listener: Listener,
    /// Somebody may be waiting.
    knocked: bool,
    /// Not before this time.
    paused: Option<Duration>,
    /// A descriptor to give up when there are no others, so that whoever waits can be sent away.
    spare: Option<Socket>,
    /// There were no descriptors the last time.
    starved: bool,
}

/// What `accept` had to say.
#[derive(Debug)]
pub(super) enum Knock {
    /// Somebody has connected.
    Came(TcpStream, SocketAddr),
    /// A connection from this very socket to itself, as dialling one's own port can make: it is closed.
    Oneself(SocketAddr),
    /// There are no descriptors left.
    Starved {
        /// Who was waiting, and has been closed.
        sent_away: Option<SocketAddr>,
        /// There had been some the last time.
        first: bool,
    },
    /// Nobody, but the next may be somebody.
    Nobody,
}

impl Door {
    /// Opens the door.
    ///
    /// # Errors
    /// The operating system cannot watch the socket.
    pub(super) fn open(mut listener: Listener, registry: &Registry) -> Result<Self> {
        registry
            .register(listener.socket(), LISTEN, Interest::READABLE)
            .map_err(|source| Error::io(format!("wait for connections on {}", listener.address()), source))?;
        Ok(Self { listener, knocked: true, paused: None, spare: spare(), starved: false })
    }

    /// The listening socket is readable.
    pub(super) fn knock(&mut self) {
        self.knocked = true;
    }

    /// When to look again though nothing happens; zero: at once.
    pub(super) fn deadline(&self) -> Option<Duration> {
        self.knocked.then(|| self.paused.unwrap_or(Duration::ZERO))
    }

    /// The next one; nothing: not before [`Door::knock`] or [`Door::deadline`].
    pub(super) fn next(&mut self, now: Duration) -> Option<Knock> {
        if !self.knocked || self.paused.is_some_and(|until| until > now) {
            return None;
        }
        self.paused = None;
        match self.listener.socket().accept() {
            Ok((stream, peer)) => Some(welcome(stream, canonical(peer))),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                (self.knocked, self.starved) = (false, false);
                None
            }
            Err(error) if descriptors::are_used_up(&error) => self.send_away(now),
            // Somebody who was waiting has gone again.
            Err(error) if has_gone(error.kind()) => Some(Knock::Nobody),
            // Errors of the network underneath, or memory: they pass, or they do not, and a pause keeps us from spinning.
            Err(_) => {
                self.paused = Some(now + ACCEPT_PAUSE);
                None
            }
        }
    }

    /// There is no descriptor for whoever waits: takes it with the spare one, and lets it go.
    fn send_away(&mut self, now: Duration) -> Option<Knock> {
        drop(self.spare.take());
        let accepted = self.listener.socket().accept().map(|(_, peer)| canonical(peer));
        self.spare = spare();
        if matches!(&accepted, Err(error) if error.kind() == io::ErrorKind::WouldBlock) {
            // Without a descriptor `accept` fails before it looks: nobody is waiting.
            self.knocked = false;
            return None;
        }
        self.paused = Some(now + ACCEPT_PAUSE);
        let first = !std::mem::replace(&mut self.starved, true);
        Some(Knock::Starved { sent_away: accepted.ok(), first })
    }
}

/// Whether somebody who was waiting was only not there any more: Windows calls that a reset, and Wine not connected.
fn has_gone(kind: io::ErrorKind) -> bool {
    use io::ErrorKind as Kind;
    matches!(kind, Kind::Interrupted | Kind::ConnectionAborted | Kind::ConnectionReset | Kind::NotConnected)
}

/// Any socket will do: it only holds its descriptor.
fn spare() -> Option<Socket> {
    Socket::new(Domain::IPV4, Type::DGRAM, None).ok()
}

/// A connection, made ready for use. Where an option cannot be set, the connection works without it, or is over and will say so.
fn welcome(stream: TcpStream, peer: SocketAddr) -> Knock {
    if stream.local_addr().is_ok_and(|own| canonical(own) == peer) {
        return Knock::Oneself(peer);
    }
    // A turn's messages leave in one write already: what Nagle's algorithm would add is delay.
    drop(stream.set_nodelay(true));
    #[cfg(any(target_os = "linux", target_os = "android"))]
    drop(socket2::SockRef::from(&stream).set_tcp_notsent_lowat(crate::limits::UNSENT_BYTES));
    Knock::Came(stream, peer)
}

/// IPv4 as IPv4, also where it comes in through a dual-stack socket.
fn canonical(address: SocketAddr) -> SocketAddr {
    match address.ip().to_canonical() {
        IpAddr::V4(v4) => (v4, address.port()).into(),
        IpAddr::V6(_) => address,
    }
}
