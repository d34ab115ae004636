//! Talking to ourselves across an interface: what is sent to all on it comes back, if nothing drops it.
//!
//! It opens sockets for a moment and knows nothing of what follows. On Unix they are bound to the group or the broadcast
//! address, so that no answer that is meant for a room on this machine ends here.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6, UdpSocket};
use std::time::{Duration, Instant};

use socket2::{Domain, Protocol, Socket, Type};

use super::facts::{Obstacle, Outcome, Trial, Way};
use crate::discovery::{GROUP_V4, GROUP_V6};
use crate::interfaces::{Interface, Subnet};
use crate::limits::{DATAGRAM_MAX_BYTES, HEAR_MYSELF};

/// Where DNS-SD is spoken on a LAN (RFC 6762).
const DNS_SD: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(224, 0, 0, 251)), 5353);

/// What has been sent, and not come back yet.
struct Pending {
    ear: UdpSocket,
    from_port: u16,
    words: Vec<u8>,
}

/// Sends something to all on each of `interfaces`, in every way that it has, at the room's `port`, and says what came back
/// within [`HEAR_MYSELF`].
pub(super) fn all(interfaces: &[Interface], port: u16) -> Vec<Vec<Trial>> {
    let sent: Vec<Vec<(Way, io::Result<Pending>)>> =
        interfaces.iter().map(|one| ways(one, port).map(|(way, to)| (way, speak(one, way, to))).collect()).collect();
    let end = Instant::now() + HEAR_MYSELF;
    let outcome = |pending: io::Result<Pending>| match pending.and_then(|pending| pending.comes_back(end)) {
        Ok(true) => Outcome::Heard,
        Ok(false) => Outcome::Silent,
        Err(error) => Outcome::Failed(obstacle(&error)),
    };
    let trials =
        |ways: Vec<(Way, _)>| ways.into_iter().map(|(way, sent)| Trial { way, outcome: outcome(sent) }).collect();
    sent.into_iter().map(trials).collect()
}

/// The ways that an interface has, with the address of all.
fn ways(interface: &Interface, port: u16) -> impl Iterator<Item = (Way, SocketAddr)> {
    let v4 = interface.addresses.iter().any(|subnet| subnet.ip.is_ipv4());
    let v6 = interface.index.filter(|_| interface.addresses.iter().any(|subnet| subnet.ip.is_ipv6()));
    let broadcast = interface.addresses.iter().find_map(Subnet::broadcast);
    [
        v4.then(|| (Way::Multicast, (GROUP_V4, port).into())),
        broadcast.map(|all| (Way::Broadcast, (all, port).into())),
        v6.map(|index| (Way::MulticastV6, SocketAddrV6::new(GROUP_V6, port, 0, index).into())),
        v4.then_some((Way::DnsSd, DNS_SD)),
    ]
    .into_iter()
    .flatten()
}

/// Sends something to all, with an ear open for it.
fn speak(interface: &Interface, way: Way, to: SocketAddr) -> io::Result<Pending> {
    let ip = interface.addresses.iter().find_map(|subnet| match (subnet.ip, way) {
        (IpAddr::V4(ip), Way::Broadcast) => subnet.broadcast().map(|_| ip),
        (IpAddr::V4(ip), _) => Some(ip),
        _ => None,
    });
    let (ear, mouth) = (shared(to)?, UdpSocket::bind(any(to, 0))?);
    match (to, ip) {
        (SocketAddr::V6(to), _) => join_v6(&ear, &mouth, to.ip(), to.scope_id())?,
        (SocketAddr::V4(_), Some(ip)) if way == Way::Broadcast => return broadcast(ear, ip, to),
        (SocketAddr::V4(to), Some(ip)) => join_v4(&ear, &mouth, *to.ip(), ip)?,
        (SocketAddr::V4(_), None) => return Err(io::ErrorKind::AddrNotAvailable.into()),
    }
    say(ear, &mouth, to)
}

/// A socket that hears what is sent to all at `to`, beside whoever else does.
fn shared(to: SocketAddr) -> io::Result<UdpSocket> {
    let socket = Socket::new(Domain::for_address(to), Type::DGRAM, Some(Protocol::UDP))?;
    socket.set_reuse_address(true)?;
    #[cfg(all(unix, not(target_os = "linux")))]
    socket.set_reuse_port(true)?;
    if to.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    let at = if cfg!(unix) { to } else { any(to, to.port()) };
    socket.bind(&at.into())?;
    Ok(socket.into())
}

/// Every address of the same family.
fn any(to: SocketAddr, port: u16) -> SocketAddr {
    let ip: IpAddr = if to.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    (ip, port).into()
}

fn join_v4(ear: &UdpSocket, mouth: &UdpSocket, group: Ipv4Addr, ip: Ipv4Addr) -> io::Result<()> {
    ear.join_multicast_v4(&group, &ip)?;
    let (ear, mouth) = (socket2::SockRef::from(ear), socket2::SockRef::from(mouth));
    // Windows asks the one who hears, everybody else the one who speaks.
    ear.set_multicast_loop_v4(true)?;
    mouth.set_multicast_loop_v4(true)?;
    mouth.set_multicast_ttl_v4(1)?;
    mouth.set_multicast_if_v4(&ip)
}

fn join_v6(ear: &UdpSocket, mouth: &UdpSocket, group: &Ipv6Addr, index: u32) -> io::Result<()> {
    ear.join_multicast_v6(group, index)?;
    let (ear, mouth) = (socket2::SockRef::from(ear), socket2::SockRef::from(mouth));
    ear.set_multicast_loop_v6(true)?;
    mouth.set_multicast_loop_v6(true)?;
    mouth.set_multicast_hops_v6(1)?;
    mouth.set_multicast_if_v6(index)
}

fn broadcast(ear: UdpSocket, ip: Ipv4Addr, to: SocketAddr) -> io::Result<Pending> {
    let mouth = UdpSocket::bind((ip, 0))?;
    mouth.set_broadcast(true)?;
    say(ear, &mouth, to)
}

fn say(ear: UdpSocket, mouth: &UdpSocket, to: SocketAddr) -> io::Result<Pending> {
    let words = words(to == DNS_SD)?;
    mouth.send_to(&words, to)?;
    Ok(Pending { ear, from_port: mouth.local_addr()?.port(), words })
}

/// What is said: at the beacon's port an object that asks nothing; where DNS-SD is spoken, its question for rooms.
fn words(as_dns: bool) -> io::Result<Vec<u8>> {
    let nonce = getrandom::u64().map_err(io::Error::other)?;
    if !as_dns {
        return Ok(format!("{{\"hybrid-chat\":1,\"doctor\":{nonce}}}").into_bytes());
    }
    // A header with one question: PTR, class IN, for `_hybrid-chat._tcp.local` (RFC 1035, 4.1).
    let [high, low, ..] = nonce.to_le_bytes();
    let mut question = vec![high, low, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0];
    question.extend_from_slice(b"\x0c_hybrid-chat\x04_tcp\x05local\x00\x00\x0c\x00\x01");
    Ok(question)
}

impl Pending {
    /// Whether it comes back until `end`.
    fn comes_back(&self, end: Instant) -> io::Result<bool> {
        let mut heard = [0; DATAGRAM_MAX_BYTES];
        loop {
            // What has come already is read also when the time is over, so that every ear is asked once.
            let left = end.saturating_duration_since(Instant::now());
            self.ear.set_read_timeout(Some(left.max(Duration::from_millis(1))))?;
            match self.ear.recv_from(&mut heard) {
                Ok((length, from)) if from.port() == self.from_port && heard[..length] == *self.words => {
                    return Ok(true);
                }
                Ok(_) if left.is_zero() => return Ok(false),
                Ok(_) => {}
                Err(error) if is_timeout(&error) => return Ok(false),
                // Others' datagrams may be longer than any of ours: Windows calls that an error.
                Err(_) if !left.is_zero() => {}
                Err(error) => return Err(error),
            }
        }
    }
}

fn is_timeout(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut)
}

/// What stood in the way, as far as it makes a difference.
fn obstacle(error: &io::Error) -> Obstacle {
    use io::ErrorKind as Kind;
    // Linux: no such device; what it says of an interface without multicast.
    let is_no_device = cfg!(unix) && error.raw_os_error() == Some(19);
    match error.kind() {
        Kind::AddrInUse => Obstacle::Taken,
        // An exclusive port reads as "access denied" to others.
        Kind::PermissionDenied if cfg!(windows) => Obstacle::Taken,
        Kind::PermissionDenied => Obstacle::Forbidden,
        // What the privacy settings of macOS make of it.
        Kind::HostUnreachable if cfg!(target_os = "macos") => Obstacle::Forbidden,
        Kind::AddrNotAvailable | Kind::NetworkUnreachable | Kind::HostUnreachable | Kind::NetworkDown => {
            Obstacle::NoWay
        }
        _ if is_no_device => Obstacle::NoWay,
        _ => Obstacle::Other(error.to_string()),
    }
}
