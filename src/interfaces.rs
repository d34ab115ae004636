//! Which of the machine's network interfaces lead to a LAN.
//!
//! It chooses from a list that it is given; who lists interfaces, and what is sent on them, is not known here.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use crate::limits::INTERFACES;

/// How interfaces begin that containers and virtual machines make on the machine that runs them. By name, not by kind:
/// inside a container the LAN's own `eth0` is a veth too. Of Hyper-V's switches only those of its own making: an external
/// one is the LAN.
const INSIDE: [&str; 19] = [
    "docker",
    "br-",
    "veth",
    "virbr",
    "vmnet",
    "vboxnet",
    "lxcbr",
    "lxdbr",
    "incusbr",
    "cni",
    "cali",
    "cilium",
    "flannel",
    "podman",
    "VirtualBox Host-Only",
    "VMware Network Adapter",
    "vEthernet (WSL",
    "vEthernet (Default Switch",
    "vEthernet (nat",
];
/// How those of tunnels begin, and of what Apple's machines talk by among themselves.
const TUNNELS: [&str; 8] = ["tun", "tap", "utun", "wg", "ppp", "tailscale", "awdl", "llw"];

/// What is behind an interface, as far as its name says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Behind {
    /// A LAN, or loopback.
    Lan,
    /// Only containers and virtual machines of this machine.
    Inside,
    /// Only who is in the tunnel.
    Tunnel,
}

/// What is behind the interface with this name.
pub fn behind(name: &str) -> Behind {
    let is_one_of = |prefixes: &[&str]| prefixes.iter().any(|prefix| name.starts_with(prefix));
    match name {
        _ if is_one_of(&INSIDE) => Behind::Inside,
        _ if is_one_of(&TUNNELS) => Behind::Tunnel,
        _ => Behind::Lan,
    }
}

/// A network interface with its addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interface {
    /// Its name, as `--interface` takes it.
    pub name: String,
    /// Its number, which is the scope of link-local IPv6 addresses.
    pub index: Option<u32>,
    /// Whether it is up, with a cable in it or a network around it.
    pub is_up: bool,
    /// Whether exactly one other is at its other end.
    pub is_point_to_point: bool,
    /// Its addresses.
    pub addresses: Vec<Subnet>,
}

/// One address of an interface, and who is reached from it directly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subnet {
    /// The address.
    pub ip: IpAddr,
    /// How many of its first bits all in the subnet share.
    pub prefix: u8,
}

impl Subnet {
    /// Whether `ip` is in it.
    pub fn contains(&self, ip: IpAddr) -> bool {
        match (self.ip, ip) {
            (IpAddr::V4(a), IpAddr::V4(b)) => share(a.to_bits().into(), b.to_bits().into(), 32, self.prefix),
            (IpAddr::V6(a), IpAddr::V6(b)) => share(a.to_bits(), b.to_bits(), 128, self.prefix),
            _ => false,
        }
    }

    /// The address that reaches all in the subnet at once: IPv4 has one, where there are others.
    pub fn broadcast(&self) -> Option<Ipv4Addr> {
        match self.ip {
            IpAddr::V4(ip) if self.prefix < 31 => Some(Ipv4Addr::from_bits(ip.to_bits() | (u32::MAX >> self.prefix))),
            _ => None,
        }
    }
}

/// Whether the first `prefix` of `bits` bits are the same.
fn share(a: u128, b: u128, bits: u32, prefix: u8) -> bool {
    let rest = bits.saturating_sub(prefix.into());
    (a ^ b).checked_shr(rest).unwrap_or(0) == 0
}

impl Interface {
    /// Whether `ip` is one of its addresses.
    pub fn has(&self, ip: IpAddr) -> bool {
        self.addresses.iter().any(|subnet| subnet.ip == ip)
    }

    /// Whether a datagram from `from` came from a neighbour on this interface: in one of its subnets, and where an address
    /// alone does not say the interface (IPv6 link-local), with this one's scope.
    pub fn is_near(&self, from: SocketAddr) -> bool {
        let is_scoped = matches!(from, SocketAddr::V6(v6)
            if v6.ip().is_unicast_link_local() && self.index != Some(v6.scope_id()));
        !is_scoped && self.addresses.iter().any(|subnet| subnet.contains(from.ip()))
    }

    /// Whether it leads nowhere but back to this machine.
    pub fn is_loopback(&self) -> bool {
        self.addresses.iter().any(|subnet| subnet.ip.is_loopback())
    }

    /// Whether a LAN can be behind it, as far as can be told.
    fn leads_to_a_lan(&self) -> bool {
        behind(&self.name) == Behind::Lan && !self.is_loopback() && !self.is_point_to_point && !self.is_alone()
    }

    /// Whether nobody is in any of its IPv4 subnets, as at the end of a tunnel. IPv6 says nothing: DHCPv6 gives single
    /// addresses on a LAN too.
    fn is_alone(&self) -> bool {
        let mut v4 = self.addresses.iter().filter(|subnet| subnet.ip.is_ipv4()).peekable();
        v4.peek().is_some() && v4.all(|subnet| subnet.prefix >= 31)
    }
}

/// Those of `listed` on which to look: exactly those `asked` for by name, or all that lead to a LAN; only such as are up and
/// have an address, and at most [`INTERFACES`].
pub fn select(mut listed: Vec<Interface>, asked: &[String]) -> Vec<Interface> {
    listed.retain(|interface| {
        let chosen = if asked.is_empty() { interface.leads_to_a_lan() } else { asked.contains(&interface.name) };
        chosen && interface.is_up && !interface.addresses.is_empty()
    });
    listed.truncate(INTERFACES);
    listed
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn subnet(text: &str) -> Subnet {
        let (ip, prefix) = text.split_once('/').unwrap();
        Subnet { ip: ip.parse().unwrap(), prefix: prefix.parse().unwrap() }
    }

    fn interface(name: &str, addresses: &[&str]) -> Interface {
        let addresses = addresses.iter().map(|text| subnet(text)).collect();
        Interface { name: name.into(), index: Some(2), is_up: true, is_point_to_point: false, addresses }
    }

    fn names(listed: Vec<Interface>, asked: &[&str]) -> Vec<String> {
        let asked: Vec<_> = asked.iter().map(ToString::to_string).collect();
        select(listed, &asked).into_iter().map(|interface| interface.name).collect()
    }

    #[test]
    fn what_leads_to_no_lan_is_left_out_wherever_it_is_listed() {
        let tunnel = Interface { is_point_to_point: true, ..interface("nordlynx", &["10.5.0.2/16"]) };
        let down = Interface { is_up: false, ..interface("eth1", &["10.2.0.2/16"]) };
        let mut listed = vec![
            interface("docker0", &["172.17.0.1/16"]),
            tunnel,
            interface("tun0", &["10.8.0.2/24"]),
            interface("lo", &["127.0.0.1/8", "::1/128"]),
            interface("br-5f0c", &["172.18.0.1/16"]),
            interface("veth12", &["fe80::1/64"]),
            interface("cloud0", &["10.1.0.7/32", "fe80::2/64"]),
            down,
            interface("eth2", &[]),
            interface("vEthernet (WSL (Hyper-V firewall))", &["172.20.0.1/20"]),
        ];
        assert!(names(listed.clone(), &[]).is_empty());
        listed.push(interface("eth0", &["192.168.1.7/24", "192.168.1.200/32", "fd00::7/128", "fe80::7/64"]));
        listed.push(interface("vEthernet (LAN)", &["192.168.2.7/24"]));
        listed.push(interface("br0", &["192.168.3.7/24"]));
        assert_eq!(names(listed, &[]), ["eth0", "vEthernet (LAN)", "br0"]);
    }

    #[test]
    fn a_name_that_was_asked_for_is_taken_and_no_other() {
        let listed = vec![interface("lo", &["127.0.0.1/8"]), interface("eth0", &["10.0.0.7/8"])];
        assert_eq!(names(listed.clone(), &["lo"]), ["lo"]);
        assert!(names(listed, &["eth", "docker0"]).is_empty());
    }

    #[test]
    fn many_interfaces_are_bounded() {
        let listed = (0..2 * INTERFACES).map(|n| interface(&format!("eth{n}"), &["10.0.0.7/8"])).collect();
        assert_eq!(names(listed, &[]).len(), INTERFACES);
    }

    #[test]
    fn a_neighbour_is_in_a_subnet_and_in_scope() {
        let eth = interface("eth0", &["192.168.1.7/24", "fe80::7/64", "fd00::7/64"]);
        for near in ["192.168.1.255:9", "[fe80::1%2]:9", "[fd00::ffff]:9"] {
            assert!(eth.is_near(near.parse().unwrap()), "{near}");
        }
        for far in ["192.168.2.1:9", "127.0.0.1:9", "[fe80::1%3]:9", "[fe80::1]:9", "[fd01::1]:9", "[::1]:9"] {
            assert!(!eth.is_near(far.parse().unwrap()), "{far}");
        }
    }

    #[test]
    fn a_subnet_with_others_in_it_has_a_broadcast_address() {
        for (net, all) in
            [("192.168.1.7/24", "192.168.1.255"), ("10.1.2.3/8", "10.255.255.255"), ("10.1.2.3/30", "10.1.2.3")]
        {
            assert_eq!(subnet(net).broadcast(), Some(all.parse().unwrap()));
        }
        assert!(["10.0.0.1/31", "10.0.0.1/32", "fe80::1/64"].iter().all(|net| subnet(net).broadcast().is_none()));
    }

    proptest! {
        #[test]
        fn a_subnet_is_its_first_bits(a: u32, b: u32, prefix in 0..=40u8) {
            let net = Subnet { ip: Ipv4Addr::from_bits(a).into(), prefix };
            let same = (0..u32::from(prefix).min(32)).all(|bit| (a ^ b) >> (31 - bit) & 1 == 0);
            prop_assert_eq!(net.contains(Ipv4Addr::from_bits(b).into()), same);
        }

        #[test]
        fn no_list_of_interfaces_is_too_odd(
            listed in prop::collection::vec((".{0,8}", any::<bool>(), any::<u128>(), any::<u8>()), 0..50),
            asked in prop::collection::vec(".{0,3}", 0..3),
        ) {
            let listed: Vec<_> = listed.into_iter().map(|(name, is_up, ip, prefix)| Interface {
                name, index: None, is_up, is_point_to_point: false,
                addresses: vec![Subnet { ip: IpAddr::V6(ip.into()), prefix }],
            }).collect();
            let chosen = select(listed.clone(), &asked);
            prop_assert!(chosen.len() <= INTERFACES && chosen.iter().all(|one| one.is_up && listed.contains(one)));
        }
    }
}
