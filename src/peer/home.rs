//! The addresses at which others find a room that we host, and the name of the machine.
//!
//! Which of the machine's interfaces lead to a LAN is decided in [`interfaces`].

use std::net::{IpAddr, SocketAddr};

use crate::interfaces::{self, Interface};
use crate::limits::CANDIDATE_ADDRESSES;
use crate::listing;
use crate::room::home::is_anywhere;

/// Those of who listens at `listen`: this very address, or all that this machine has on the LAN; of the interfaces that are
/// `asked` for by name, if any are. As many as others try.
pub(super) fn addresses(listen: SocketAddr, asked: &[String]) -> Vec<IpAddr> {
    // A machine whose interfaces cannot be listed is found where it is seen to come from.
    of(listen, || interfaces::select(listing::list().unwrap_or_default(), asked))
}

/// This machine's name; nothing, if it has none.
pub(super) fn machine() -> String {
    whoami::hostname().unwrap_or_default()
}

fn of(listen: SocketAddr, chosen: impl FnOnce() -> Vec<Interface>) -> Vec<IpAddr> {
    if !listen.ip().is_unspecified() {
        return vec![listen.ip()];
    }
    let all = chosen().into_iter().flat_map(|interface| interface.addresses).map(|subnet| subnet.ip);
    let mut addresses: Vec<_> = all.filter(|ip| is_anywhere(*ip) && (listen.is_ipv6() || ip.is_ipv4())).collect();
    // IPv6 has many addresses for one interface, and some of them are gone tomorrow.
    addresses.sort_by_key(IpAddr::is_ipv6);
    addresses.truncate(CANDIDATE_ADDRESSES);
    addresses
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interfaces::Subnet;

    fn at(listen: &str) -> Vec<String> {
        let subnet = |ip: &&str| Subnet { ip: ip.parse().unwrap(), prefix: 24 };
        let interface = |addresses: &[&str]| Interface {
            name: "eth0".into(),
            index: Some(2),
            is_up: true,
            is_point_to_point: false,
            addresses: addresses.iter().map(subnet).collect(),
        };
        let chosen = vec![interface(&["fe80::7", "2001:db8::7", "192.168.1.7"]), interface(&["10.0.0.7"])];
        of(listen.parse().unwrap(), || chosen).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn who_listens_everywhere_is_found_at_every_address_of_the_lan() {
        assert_eq!(at("[::]:8808"), ["192.168.1.7", "10.0.0.7", "2001:db8::7"]);
        assert_eq!(at("0.0.0.0:8808"), ["192.168.1.7", "10.0.0.7"]);
    }

    #[test]
    fn who_listens_at_one_address_is_found_there_alone() {
        assert_eq!(at("127.0.0.1:8808"), ["127.0.0.1"]);
        assert_eq!(at("10.0.0.7:8808"), ["10.0.0.7"]);
    }
}
