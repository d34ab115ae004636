//! Where a room is, or would be: addresses out of what was typed and what this machine has.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs, UdpSocket};
use std::sync::mpsc;
use std::thread;

use crate::config::Config;
use crate::election::Place;
use crate::error::{Error, Result};
use crate::limits::{ADDRESSES, RESOLVE};

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
    let listed = if_addrs::get_if_addrs().unwrap_or_default();
    let others = listed.iter().filter(|interface| !interface.is_loopback() && !interface.is_link_local());
    let all = near.iter().copied().chain(others.map(|interface| (interface.ip(), port).into())).collect();
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

/// A candidate's address as it is reached from here. On the host's own machine, candidates came to it over loopback: to
/// us, that machine has the address at which we reached the host.
pub fn seen_from_here(candidate: SocketAddr, host_at: SocketAddr) -> SocketAddr {
    if candidate.ip().is_loopback() { SocketAddr::new(host_at.ip(), candidate.port()) } else { candidate }
}
