//! Where a room is, or would be: addresses out of what was typed and what this machine has.
//!
//! It dials nobody: whether a room is there is not known here.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs, UdpSocket};
use std::sync::mpsc;
use std::thread;

use crate::config::Config;
use crate::election::Place;
use crate::error::{Error, Result};
use crate::limits::{ADDRESSES, RESOLVE};
use crate::listing;
use crate::room::home::is_anywhere;

/// Where the room that the configuration means is.
///
/// # Errors
/// If the host's name leads nowhere.
pub fn find(config: &Config) -> Result<Place> {
    let port = config.port;
    match &config.address {
        None => Ok(everywhere(port)),
        Some(host) => Ok(at(&resolve(host, port)?)),
    }
}

/// On every address of this machine.
fn everywhere(port: u16) -> Place {
    let near: Vec<SocketAddr> =
        [IpAddr::from(Ipv4Addr::LOCALHOST), IpAddr::from(Ipv6Addr::LOCALHOST)].map(|ip| (ip, port).into()).into();
    // A machine whose addresses cannot be listed is found on loopback all the same.
    let listed = listing::list().unwrap_or_default();
    let others = listed.iter().flat_map(|interface| &interface.addresses).map(|subnet| subnet.ip);
    let all = near.iter().copied().chain(others.filter(|ip| is_anywhere(*ip)).map(|ip| (ip, port).into())).collect();
    Place { claim: Some((Ipv6Addr::UNSPECIFIED, port).into()), near, all, lan: false }
}

/// At exactly these addresses of one host.
fn at(addresses: &[SocketAddr]) -> Place {
    let claim = addresses.iter().copied().find(|address| is_ours(address.ip()));
    let dialled = addresses.iter().flat_map(|address| match address.ip() {
        ip if ip.is_unspecified() => everywhere(address.port()).near,
        _ => vec![*address],
    });
    let dialled: Vec<SocketAddr> = dialled.collect();
    Place { claim, near: dialled.clone(), all: dialled, lan: false }
}

/// Whether an address is this machine's: if so, a socket can be bound to it. Nothing is sent.
fn is_ours(ip: IpAddr) -> bool {
    UdpSocket::bind((ip, 0)).is_ok()
}

/// The addresses of a host, in the order in which the system prefers them.
fn resolve(host: &str, port: u16) -> Result<Vec<SocketAddr>> {
    if let Ok(ip) = host.parse::<IpAddr>() {
        return Ok(vec![(ip, port).into()]);
    }
    let tried = format!("look up {host}");
    let (answer, answered) = mpsc::sync_channel(1);
    let name = host.to_owned();
    // The system's resolver cannot be stopped, only left behind.
    thread::Builder::new()
        .name("resolver".into())
        .spawn(move || {
            drop(answer.send((name.as_str(), port).to_socket_addrs().map(Iterator::collect::<Vec<_>>)));
        })
        .map_err(|error| Error::io(&tried, error))?;
    match answered.recv_timeout(RESOLVE) {
        Ok(Ok(addresses)) if !addresses.is_empty() => Ok(addresses.into_iter().take(ADDRESSES).collect()),
        Ok(Ok(_)) => Err(Error::Unreached { tried, source: io::ErrorKind::HostUnreachable.into() }),
        Ok(Err(error)) => {
            let source = io::Error::new(io::ErrorKind::HostUnreachable, error.to_string());
            Err(Error::Unreached { tried, source })
        }
        Err(_) => Err(Error::Unreached { tried, source: io::ErrorKind::TimedOut.into() }),
    }
}

/// The scope of the interface over which `address` is reached from here; 0 where there is none to be found. Nothing is sent.
pub fn scope_towards(address: SocketAddr) -> u32 {
    match address {
        SocketAddr::V6(v6) if v6.scope_id() != 0 => v6.scope_id(),
        _ => interface_towards(address).unwrap_or(0),
    }
}

fn interface_towards(address: SocketAddr) -> Option<u32> {
    let unspecified: IpAddr =
        if address.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    let socket = UdpSocket::bind((unspecified, 0)).ok()?;
    socket.connect(address).ok()?;
    let local = socket.local_addr().ok()?.ip();
    listing::list().ok()?.into_iter().find(|interface| interface.has(local))?.index
}

/// A candidate's address as it is reached from here. On the host's own machine, candidates came to it over loopback: to
/// us, that machine has the address at which we reached the host. Link-local IPv6 addresses are told without their scope,
/// because it is another one on every machine: here it is `scope`, that of the interface that leads to the host.
pub fn seen_from_here(candidate: SocketAddr, host_at: SocketAddr, scope: u32) -> SocketAddr {
    match candidate {
        SocketAddr::V6(mut v6) if v6.ip().is_unicast_link_local() && v6.scope_id() == 0 => {
            v6.set_scope_id(scope);
            v6.into()
        }
        candidate if candidate.ip().is_loopback() => {
            let mut here = host_at;
            here.set_port(candidate.port());
            here
        }
        candidate => candidate,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(candidate: &str, host_at: &str, scope: u32) -> String {
        seen_from_here(candidate.parse().unwrap(), host_at.parse().unwrap(), scope).to_string()
    }

    #[test]
    fn a_candidate_on_the_host_s_machine_is_where_the_host_was() {
        assert_eq!(seen("127.0.0.1:9000", "192.168.1.7:8808", 0), "192.168.1.7:9000");
        assert_eq!(seen("[::1]:9000", "[fe80::7%3]:8808", 3), "[fe80::7%3]:9000");
        assert_eq!(seen("192.168.1.9:9000", "192.168.1.7:8808", 2), "192.168.1.9:9000");
    }

    #[test]
    fn a_link_local_candidate_is_behind_the_interface_that_leads_to_the_host() {
        assert_eq!(seen("[fe80::9]:8808", "192.168.1.7:8808", 2), "[fe80::9%2]:8808");
        assert_eq!(seen("[fe80::9%4]:8808", "192.168.1.7:8808", 2), "[fe80::9%4]:8808");
        assert_eq!(seen("[fd00::9]:8808", "[fe80::7%3]:8808", 3), "[fd00::9]:8808");
    }

    #[test]
    fn the_way_to_an_address_is_found_without_sending_anything() {
        assert_eq!(scope_towards("[fe80::7%3]:8808".parse().unwrap()), 3);
        let loopback = listing::list().unwrap().into_iter().find(|interface| interface.has(Ipv4Addr::LOCALHOST.into()));
        assert_eq!(scope_towards("127.0.0.1:8808".parse().unwrap()), loopback.and_then(|it| it.index).unwrap_or(0));
    }
}
