//! The machine's network interfaces, as the operating system lists them now.
//!
//! It says what is there; which of them are looked at is decided in [`crate::interfaces`].

use std::io;
use std::net::Ipv6Addr;

use if_addrs::IfAddr;

use crate::interfaces::{Interface, Subnet};

/// All interfaces with an address.
///
/// # Errors
/// The operating system does not say.
pub fn list() -> io::Result<Vec<Interface>> {
    let mut listed: Vec<Interface> = Vec::new();
    for one in if_addrs::get_if_addrs()? {
        let (is_up, is_point_to_point) = (one.is_oper_up(), one.is_p2p());
        let subnet = match one.addr {
            IfAddr::V4(v4) => Subnet { ip: v4.ip.into(), prefix: v4.prefixlen },
            IfAddr::V6(v6) => Subnet { ip: plain(v6.ip).into(), prefix: v6.prefixlen },
        };
        match listed.iter_mut().find(|interface| interface.name == one.name) {
            Some(interface) => interface.addresses.push(subnet),
            None => listed.push(Interface {
                name: one.name,
                index: one.index,
                is_up,
                is_point_to_point,
                addresses: vec![subnet],
            }),
        }
    }
    Ok(listed)
}

/// BSD systems write an interface's number into its link-local addresses, where the standard has zeroes.
fn plain(ip: Ipv6Addr) -> Ipv6Addr {
    match ip.segments() {
        [first, _, rest @ ..] if ip.is_unicast_link_local() => {
            let [a, b, c, d, e, f] = rest;
            Ipv6Addr::new(first, 0, a, b, c, d, e, f)
        }
        _ => ip,
    }
}

/// What the loopback interface is called here.
#[cfg(test)]
pub(super) fn loopback() -> String {
    list().unwrap().into_iter().find(Interface::is_loopback).unwrap().name
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interfaces::select;

    #[test]
    fn loopback_is_listed_and_can_be_asked_for() {
        let chosen = select(list().unwrap(), &[loopback()]);
        assert!(chosen.iter().any(|one| one.is_near("127.0.0.1:9".parse().unwrap())), "{chosen:?}");
    }

    #[test]
    fn an_address_on_the_link_holds_no_number_of_an_interface() {
        for (listed, expected) in
            [("fe80:4::1", "fe80::1"), ("fe80::1:2:3:4", "fe80::1:2:3:4"), ("fd00:4::1", "fd00:4::1")]
        {
            assert_eq!(plain(listed.parse().unwrap()), expected.parse::<Ipv6Addr>().unwrap());
        }
    }
}
