//! Which of this machine's addresses others can type to get here.
//!
//! It looks at names and addresses only; who lists them, and who shows them, is elsewhere.

use std::net::{IpAddr, SocketAddr};

use crate::interfaces::{Behind, behind};
use crate::limits::{ADDRESSES_SHOWN, DEFAULT_PORT};

/// The addresses that are worth showing, the likeliest first: of the LAN, then IPv6, then tunnels; loopback only where
/// there is nothing else.
pub fn reachable(interfaces: impl IntoIterator<Item = (String, IpAddr)>) -> Vec<IpAddr> {
    let mut ranked: Vec<(u8, IpAddr)> =
        interfaces.into_iter().filter_map(|(name, ip)| Some((rank(&name, ip)?, ip))).collect();
    ranked.sort_by_key(|(rank, _)| *rank);
    if ranked.first().is_some_and(|(rank, _)| *rank < LOOPBACK) {
        ranked.retain(|(rank, _)| *rank < LOOPBACK);
    }
    let mut addresses: Vec<IpAddr> = ranked.into_iter().map(|(_, ip)| ip).collect();
    addresses.dedup();
    addresses.truncate(ADDRESSES_SHOWN);
    addresses
}

/// Behind everything else.
const LOOPBACK: u8 = 9;

/// How likely others get here by `ip`: the lower, the likelier; `None`: not at all.
fn rank(interface: &str, ip: IpAddr) -> Option<u8> {
    let by_kind = match ip {
        ip if ip.is_loopback() => LOOPBACK,
        ip if ip.is_unspecified() => return None,
        IpAddr::V4(v4) if v4.is_link_local() => 3,
        IpAddr::V4(_) => 0,
        ip if !is_typable(ip) => return None,
        IpAddr::V6(_) => 1,
    };
    match behind(interface) {
        Behind::Lan => Some(by_kind),
        Behind::Inside => None,
        Behind::Tunnel => Some(4 + by_kind),
    }
}

/// Whether others can type `ip`: an IPv6 address of the link alone would need the scope as their machine calls it.
pub fn is_typable(ip: IpAddr) -> bool {
    !matches!(ip, IpAddr::V6(v6) if v6.is_unicast_link_local())
}

/// How to get to `address` as one types it behind `hybrid-chat`.
pub fn as_typed(address: SocketAddr) -> String {
    match (address.port(), address.ip()) {
        (DEFAULT_PORT, ip) => ip.to_string(),
        _ => address.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses(list: &[(&str, &str)]) -> Vec<String> {
        let interfaces = list.iter().map(|(name, ip)| ((*name).to_owned(), ip.parse().unwrap()));
        reachable(interfaces).iter().map(ToString::to_string).collect()
    }

    /// P01: the first interface is not the LAN's.
    #[test]
    fn the_address_of_the_lan_comes_first() {
        let list = [
            ("lo", "127.0.0.1"),
            ("lo", "::1"),
            ("docker0", "172.17.0.1"),
            ("br-12ab", "172.18.0.1"),
            ("veth01", "169.254.3.4"),
            ("virbr0", "192.168.122.1"),
            ("tun0", "10.8.0.2"),
            ("eth0", "fe80::1"),
            ("eth0", "2001:db8::7"),
            ("eth0", "192.168.1.7"),
            ("wlan0", "10.0.0.9"),
        ];
        assert_eq!(addresses(&list), ["192.168.1.7", "10.0.0.9", "2001:db8::7"]);
    }

    #[test]
    fn loopback_is_shown_only_where_there_is_nothing_else() {
        assert_eq!(addresses(&[("lo", "127.0.0.1"), ("docker0", "172.17.0.1")]), ["127.0.0.1"]);
        assert_eq!(addresses(&[("lo", "127.0.0.1"), ("wg0", "10.8.0.2")]), ["10.8.0.2"]);
        assert_eq!(addresses(&[]), [""; 0]);
    }

    #[test]
    fn an_address_is_typed_with_its_port_only_where_that_is_not_the_usual_one() {
        for (address, typed) in [
            ("192.168.1.7:8808", "192.168.1.7"),
            ("192.168.1.7:9000", "192.168.1.7:9000"),
            ("[2001:db8::7]:8808", "2001:db8::7"),
            ("[2001:db8::7]:9000", "[2001:db8::7]:9000"),
        ] {
            assert_eq!(as_typed(address.parse().unwrap()), typed);
        }
    }
}
