//! Looks around and gathers the facts: thin, and everything at the same time, because somebody waits.
//!
//! What follows from the facts is decided elsewhere.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::thread;

use super::facts::{Door, Facts, Interface};
use super::{probe, system};
use crate::error::{Error, Result};
use crate::host::listener::{Claim, claim};
use crate::interfaces;
use crate::listing;
use crate::scout::{self, Found};

/// What there is to see from here, of a room at `port` and on the interfaces that were `asked` for.
///
/// # Errors
/// The interfaces cannot be listed.
pub(super) fn around(port: u16, asked: Vec<String>) -> Result<Facts> {
    let listed = listing::list().map_err(|error| Error::io("list the network interfaces", error))?;
    let used = interfaces::select(listed.clone(), &asked);
    let lan = used.iter().find_map(|one| {
        let v4 = one.addresses.iter().find(|subnet| subnet.ip.is_ipv4()).or(one.addresses.first())?;
        Some(system::Lan { name: &one.name, ip: v4.ip })
    });
    let lan = lan.unwrap_or(system::Lan { name: "", ip: Ipv4Addr::UNSPECIFIED.into() });
    let ((trials, door), walls) = thread::scope(|scope| {
        let walls = scope.spawn(|| system::walls(port, lan));
        let here = (probe::all(&used, port), door(port));
        // Only a mistake of ours makes it panic, and then there is nothing to go on with.
        (here, walls.join().unwrap_or_default())
    });
    let mut trials: Vec<_> = used.iter().map(|one| one.name.clone()).zip(trials).collect();
    let way_out = way_out().and_then(|ip| name_of(&listed, ip));
    let interfaces = listed.into_iter().filter(|one| !one.is_loopback() || asked.contains(&one.name));
    let interfaces = interfaces.map(|one| {
        let tried = trials.iter_mut().find(|(name, _)| *name == one.name);
        Interface {
            used: tried.is_some(),
            wireless: system::is_wireless(&one.name),
            trials: tried.map(|(_, trials)| std::mem::take(trials)).unwrap_or_default(),
            addresses: one.addresses.iter().map(|subnet| subnet.ip).collect(),
            name: one.name,
        }
    });
    Ok(Facts {
        port,
        interfaces: interfaces.collect(),
        asked,
        door,
        way_out,
        firewalls: walls.firewalls,
        kind: system::kind(),
        system: system::SYSTEM,
        unread: walls.unread,
    })
}

/// The address from which this machine would speak to the rest of the world. A UDP socket that is connected sends nothing.
fn way_out() -> Option<IpAddr> {
    // An address for examples (RFC 5737): nobody is there, and no route is for it alone.
    let somewhere = (Ipv4Addr::new(203, 0, 113, 1), 9);
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).ok()?;
    socket.connect(somewhere).ok()?;
    Some(socket.local_addr().ok()?.ip())
}

fn name_of(listed: &[interfaces::Interface], ip: IpAddr) -> Option<String> {
    listed.iter().find(|one| one.has(ip)).map(|one| one.name.clone())
}

/// What is at the room's TCP port here: asked first, and where nobody answers, claimed for a moment.
fn door(port: u16) -> Door {
    let near: [IpAddr; 2] = [Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
    for ip in near {
        match scout::look((ip, port).into()) {
            Found::Room(room) => return Door::Room { host: Some(room.name.to_string()) },
            Found::Stranger { found } => return Door::Stranger { found },
            Found::Nobody => {}
        }
    }
    match claim(SocketAddr::from((Ipv6Addr::UNSPECIFIED, port))) {
        Ok(Claim::Won(_)) => Door::Free,
        Ok(Claim::Taken) => Door::Stranger { found: "it does not answer".into() },
        Err(error) => Door::Barred { why: error.to_string() },
    }
}
