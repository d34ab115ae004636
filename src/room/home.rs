//! Where a member would host the room, were it the next host.
//!
//! It looks at addresses only; whether anybody is reached there shows once somebody dials.

use std::net::{IpAddr, SocketAddr};

use super::request::Hello;
use crate::limits::CANDIDATE_ADDRESSES;

/// Whether `ip` can be another machine's, as seen from anywhere on the LAN: one machine's, and not one that means something
/// else on each. IPv6 link-local ones are left out, because the scope that they need has another name on every machine.
pub fn is_anywhere(ip: IpAddr) -> bool {
    match ip {
        // "This network" at the one end; multicast and what is reserved, the broadcast too, at the other.
        IpAddr::V4(v4) => (1..224).contains(&v4.octets()[0]) && !v4.is_loopback(),
        IpAddr::V6(v6) => !(v6.is_unspecified() || v6.is_loopback() || v6.is_multicast() || v6.is_unicast_link_local()),
    }
}

/// Where somebody who says this hello from the address `observed` would host. That address comes first, because it is
/// sure to be its own; what it says of others is taken as far as it can be true. Nothing, if it never hosts.
pub(super) fn homes(observed: IpAddr, hello: &Hello) -> Vec<SocketAddr> {
    let Some(port) = hello.port else { return Vec::new() };
    let told = hello.at.iter().map(IpAddr::to_canonical).filter(|ip| is_anywhere(*ip));
    let mut homes = Vec::new();
    for home in std::iter::once(observed).chain(told).map(|ip| SocketAddr::new(ip, port)) {
        if homes.len() < CANDIDATE_ADDRESSES && !homes.contains(&home) {
            homes.push(home);
        }
    }
    homes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(observed: &str, told: &[&str]) -> Vec<String> {
        let at = told.iter().map(|ip| ip.parse().unwrap()).collect();
        let hello = Hello { port: Some(8808), at, ..Hello::default() };
        homes(observed.parse().unwrap(), &hello).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn the_observed_address_comes_first_and_none_twice() {
        let homes = at("10.0.0.2", &["192.168.1.2", "10.0.0.2", "2001:db8::2", "::ffff:192.168.1.2"]);
        assert_eq!(homes, ["10.0.0.2:8808", "192.168.1.2:8808", "[2001:db8::2]:8808"]);
        // On the host's own machine, and without a scope: whoever dials has to know what is meant.
        assert_eq!(at("127.0.0.1", &["10.0.0.2"]), ["127.0.0.1:8808", "10.0.0.2:8808"]);
        assert_eq!(at("fe80::2", &[]), ["[fe80::2]:8808"]);
    }

    #[test]
    fn what_is_no_single_machine_s_address_is_dropped() {
        let bad =
            ["0.0.0.0", "0.1.2.3", "127.0.0.1", "127.9.9.9", "224.0.0.1", "239.1.2.3", "240.0.0.1", "255.255.255.255"];
        assert_eq!(at("10.0.0.2", &bad), ["10.0.0.2:8808"]);
        assert_eq!(at("10.0.0.2", &["::", "::1", "ff02::1", "fe80::9", "::ffff:127.0.0.1"]), ["10.0.0.2:8808"]);
        assert_eq!(at("10.0.0.2", &["169.254.3.4", "fd00::1"]).len(), 3, "a LAN without a router");
    }

    #[test]
    fn nobody_tells_more_addresses_than_are_tried() {
        let many: Vec<_> = (1..200).map(|i| format!("10.1.0.{i}")).collect();
        let homes = at("10.0.0.2", &many.iter().map(String::as_str).collect::<Vec<_>>());
        assert_eq!(homes.len(), CANDIDATE_ADDRESSES);
        assert_eq!(homes[..2], ["10.0.0.2:8808", "10.1.0.1:8808"]);
    }

    #[test]
    fn who_never_hosts_is_nowhere() {
        let hello = Hello { at: vec![[10, 0, 0, 2].into()], ..Hello::default() };
        assert_eq!(homes([10, 0, 0, 2].into(), &hello), []);
    }
}
