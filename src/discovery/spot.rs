//! The places on the machine's interfaces from which is sent: a socket of its own for each.
//!
//! A socket that is bound to an interface's own address speaks on that interface alone, and the answers to what it asked
//! come back to it. It does not know what it carries.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};

use socket2::{Domain, Protocol, Socket, Type};

use crate::interfaces::{Interface, Subnet};
use crate::limits::INTERFACE_ADDRESSES;

/// Where those listen who have to do with us. In 239.255.0.0/16, which is free for local use and which no router lets out
/// of a site (RFC 2365), below its reserved end.
pub(crate) const GROUP_V4: Ipv4Addr = Ipv4Addr::new(239, 255, 88, 8);
/// The same in IPv6: of the link only and not assigned (`ff12`, RFC 4291), with an id of those that anybody may choose
/// (from 8000:0000 up, RFC 3307).
pub(crate) const GROUP_V6: Ipv6Addr = Ipv6Addr::new(0xff12, 0, 0, 0, 0, 0, 0x8808, 0x8808);

/// An address of an interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Spot {
    /// The interface's name.
    pub(super) name: String,
    /// The interface's number.
    pub(super) index: u32,
    /// The address, and who is near it.
    subnet: Subnet,
}

/// From where is sent on `interface`: its IPv4 addresses, and its IPv6 address on the link, which all who speak IPv6 have.
pub(super) fn on(interface: &Interface) -> impl Iterator<Item = Spot> {
    let index = interface.index.unwrap_or(0);
    let on_link = |ip: IpAddr| matches!(ip, IpAddr::V6(v6) if v6.is_unicast_link_local() && index != 0);
    let v4 = interface.addresses.iter().filter(|subnet| subnet.ip.is_ipv4()).take(INTERFACE_ADDRESSES - 1);
    let v6 = interface.addresses.iter().find(move |subnet| on_link(subnet.ip));
    v4.chain(v6).map(move |subnet| Spot { name: interface.name.clone(), index, subnet: *subnet })
}

impl Spot {
    /// Where it is.
    pub(super) fn ip(&self) -> IpAddr {
        self.subnet.ip
    }

    /// Whether it reaches `address` directly.
    pub(super) fn reaches(&self, address: SocketAddr) -> bool {
        let is_scoped = matches!(address, SocketAddr::V6(v6) if v6.scope_id() != self.index);
        !is_scoped && self.subnet.contains(address.ip())
    }

    /// The addresses that reach all around it who listen on `port`.
    pub(super) fn everybody(&self, port: u16) -> impl Iterator<Item = SocketAddr> {
        let (group, broadcast) = match self.subnet.ip {
            IpAddr::V4(_) => ((GROUP_V4, port).into(), self.subnet.broadcast()),
            IpAddr::V6(_) => (SocketAddrV6::new(GROUP_V6, port, 0, self.index).into(), None),
        };
        std::iter::once(group).chain(broadcast.map(|ip| (ip, port).into()))
    }

    /// A socket that sends from there, to neighbours only, and hears what is sent to it.
    ///
    /// # Errors
    /// The address has just gone, or may not be used yet.
    pub(super) fn open(&self) -> io::Result<Socket> {
        let at = match self.subnet.ip {
            IpAddr::V4(ip) => (ip, 0).into(),
            IpAddr::V6(ip) => SocketAddr::V6(SocketAddrV6::new(ip, 0, 0, self.index)),
        };
        let socket = Socket::new(Domain::for_address(at), Type::DGRAM, Some(Protocol::UDP))?;
        socket.set_nonblocking(true)?;
        // Others on this machine are to hear it too.
        match self.subnet.ip {
            IpAddr::V4(ip) => {
                socket.set_broadcast(true)?;
                socket.set_multicast_if_v4(&ip)?;
                socket.set_multicast_ttl_v4(1)?;
                socket.set_multicast_loop_v4(true)?;
            }
            IpAddr::V6(_) => {
                socket.set_only_v6(true)?;
                socket.set_multicast_if_v6(self.index)?;
                socket.set_multicast_hops_v6(1)?;
                socket.set_multicast_loop_v6(true)?;
            }
        }
        socket.bind(&at.into())?;
        Ok(socket)
    }

    /// Has `socket` hear what is sent to our group around here.
    ///
    /// # Errors
    /// The interface knows no multicast, or the operating system keeps no more such wishes.
    pub(super) fn listen_with(&self, socket: &Socket) -> io::Result<()> {
        let joined = match self.subnet.ip {
            IpAddr::V4(ip) => socket.join_multicast_v4(&GROUP_V4, &ip),
            IpAddr::V6(_) => socket.join_multicast_v6(&GROUP_V6, self.index),
        };
        match joined {
            // By another address of the same interface.
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => Ok(()),
            joined => joined,
        }
    }
}

/// A socket that hears what is sent to everybody on `port`, to the IPv4 or the IPv6 ones. Any number of processes on one
/// machine may have one. It is bound to no address, because what is sent to a group or to all is for none of ours, and
/// Windows binds to nothing else.
///
/// # Errors
/// Somebody else has the port, and does not share it.
pub(super) fn listener(port: u16, v6: bool) -> io::Result<Socket> {
    let at: SocketAddr = if v6 { (Ipv6Addr::UNSPECIFIED, port).into() } else { (Ipv4Addr::UNSPECIFIED, port).into() };
    let socket = Socket::new(Domain::for_address(at), Type::DGRAM, Some(Protocol::UDP))?;
    socket.set_nonblocking(true)?;
    if v6 {
        socket.set_only_v6(true)?;
    }
    socket.set_reuse_address(true)?;
    // Linux and Windows share a port with the option above; there, this one would give each datagram to one only.
    #[cfg(all(unix, not(any(target_os = "linux", target_os = "android"))))]
    socket.set_reuse_port(true)?;
    socket.bind(&at.into())?;
    Ok(socket)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interface_is_spoken_on_from_its_own_addresses() {
        let subnet = |ip: &str, prefix| Subnet { ip: ip.parse().unwrap(), prefix };
        let addresses =
            vec![subnet("fd00::7", 64), subnet("192.168.1.7", 24), subnet("fe80::7", 64), subnet("10.0.0.7", 8)];
        let mut eth =
            Interface { name: "eth0".into(), index: Some(3), is_up: true, is_point_to_point: false, addresses };
        let spots: Vec<_> = on(&eth).collect();
        let everybody: Vec<_> = spots.iter().flat_map(|spot| spot.everybody(9)).map(|all| all.to_string()).collect();
        let expected =
            ["239.255.88.8:9", "192.168.1.255:9", "239.255.88.8:9", "10.255.255.255:9", "[ff12::8808:8808%3]:9"];
        assert_eq!(everybody, expected);
        let reached = |address: &str| {
            let address = address.parse().unwrap();
            spots.iter().find(|spot| spot.reaches(address)).map(|spot| spot.ip().to_string())
        };
        assert_eq!(reached("192.168.1.9:1").as_deref(), Some("192.168.1.7"));
        assert_eq!(reached("[fe80::9%3]:1").as_deref(), Some("fe80::7"));
        assert_eq!([reached("[fe80::9%4]:1"), reached("192.168.2.9:1")], [None, None]);
        eth.index = None;
        assert_eq!(on(&eth).count(), 2);
    }
}
