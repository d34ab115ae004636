//! Rooms on the LAN by DNS-SD (RFC 6763 over multicast DNS, RFC 6762): announced as `_hybrid-chat._tcp`, so that
//! `avahi-browse` and Bonjour browsers show them, and found, also where a firewall lets nothing but multicast DNS pass.
//!
//! It is driven by the discovery's thread and knows nothing of the beacon.
//!
//! Measured with mdns-sd 0.21.7 between two network namespaces:
//!
//! - Who looks already hears of a new room after 4 ms: records are not probed for, because their names are the peer's own.
//! - Who begins to look hears of a room after 25 to 90 ms, but after 1.0 to 1.1 s where the host has announced, or has
//!   answered somebody else, within the second before: what was just multicast is not multicast again. So this is the
//!   second way, and records are repeated and updated seldom.
//! - A goodbye is heard within milliseconds. The record of a host that has crashed lives on for 120 s, but only in the
//!   memory of those who were looking: nobody else answers for it, and each look begins with an empty one. A sighting is
//!   only a hint.
//! - An interface that was down for 8 s, and for 135 s, is used again by itself, as soon as the daemon has noticed (3 s). As
//!   others have seen it fail to (mdns-sd#370), a new daemon is started whenever the interfaces change.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use mdns_sd::{
    IfKind, MDNS_PORT, Receiver, RecvTimeoutError, ResolvedService, ScopedIp, ServiceDaemon, ServiceEvent, ServiceInfo,
};
use socket2::{Domain, Socket, Type};

use super::txt;
use crate::interfaces::Interface;
use crate::limits::{
    ADDRESSES, ANNOUNCE_EVERY, DNS_SD_AGAIN, DNS_SD_GOODBYE, DNS_SD_RECORDS, DNS_SD_REPEAT, DNS_SD_UPDATE,
    INTERFACES_EVERY,
};
use crate::room::id::PeerId;
use crate::sighting::{Announcement, Sighting};

/// What rooms are called among all services of a LAN.
const SERVICE: &str = "_hybrid-chat._tcp.local.";

/// Announces a room by DNS-SD, and hears of others. Nothing runs, and no socket is open, until [`DnsSd::drive`] is called,
/// nor after [`DnsSd::rest`].
pub struct DnsSd {
    scope: Scope,
    hear: Arc<Hear>,
    running: Option<Running>,
    /// When the daemon was last started, or should have been.
    tried: Option<Duration>,
    /// Why the daemon does not do what it should.
    trouble: Option<String>,
}

/// Who wants to hear of rooms. It is called on a thread of its own and must not wait.
type Hear = dyn Fn(Sighting) + Send + Sync;

/// Which rooms count.
#[derive(Debug, Clone, Copy)]
struct Scope {
    port: Option<u16>,
    me: PeerId,
}

/// The daemon, and what it was told.
struct Running {
    daemon: ServiceDaemon,
    listener: JoinHandle<()>,
    interfaces: Vec<Interface>,
    registered: Option<Registered>,
}

/// What the daemon announces.
struct Registered {
    announcement: Announcement,
    instance: String,
    fullname: String,
    at: Duration,
}

impl DnsSd {
    /// Discovery of rooms on `port`, or on all ports, by the peer `me`, whose own rooms it passes over. What it finds it
    /// gives to `hear`, again and again, from a thread of its own; `hear` must not wait.
    pub fn new(port: Option<u16>, me: PeerId, hear: impl Fn(Sighting) + Send + Sync + 'static) -> Self {
        Self { scope: Scope { port, me }, hear: Arc::new(hear), running: None, tried: None, trouble: None }
    }

    /// Looks for rooms on exactly these interfaces, and announces one there or withdraws it. To be called when any of that
    /// changes, and every second or two anyway: changes are announced at a bounded rate, `now` being the time since some
    /// start.
    ///
    /// What fails is tried again by itself; [`DnsSd::trouble`] says why it does.
    pub fn drive(&mut self, interfaces: &[Interface], announcement: Option<&Announcement>, now: Duration) {
        if self.running.as_ref().is_some_and(|running| running.interfaces != interfaces || running.has_ended()) {
            self.rest();
        }
        let done = match &mut self.running {
            Some(running) => running.announce(announcement, now),
            None if self.tried.is_some_and(|tried| now.saturating_sub(tried) < INTERFACES_EVERY) => return,
            None => {
                self.tried = Some(now);
                Running::start(self.scope, interfaces, &self.hear).and_then(|running| {
                    let running = self.running.insert(running);
                    running.announce(announcement, now)
                })
            }
        };
        self.trouble = done.err().map(|why| format!("look around by DNS-SD: {why}"));
    }

    /// Why nothing is announced or found now, if that is so, in words for people.
    pub fn trouble(&self) -> Option<&str> {
        self.trouble.as_deref()
    }

    /// Withdraws what was announced, and ends the daemon. Waits for its goodbye, for [`DNS_SD_GOODBYE`] at most.
    pub fn rest(&mut self) {
        self.trouble = None;
        if let Some(running) = self.running.take() {
            running.stop();
        }
    }
}

impl Drop for DnsSd {
    fn drop(&mut self) {
        self.rest();
    }
}

impl Running {
    fn start(scope: Scope, interfaces: &[Interface], hear: &Arc<Hear>) -> Result<Self, String> {
        if interfaces.is_empty() {
            return Err("no network interface leads to a LAN".into());
        }
        may_listen().map_err(|error| format!("UDP port {MDNS_PORT}: {error}"))?;
        let daemon = ServiceDaemon::new().map_err(|error| error.to_string())?;
        Self::look(&daemon, scope, interfaces, hear)
            .map(|listener| Self { daemon: daemon.clone(), listener, interfaces: interfaces.into(), registered: None })
            .inspect_err(|_| drop(daemon.shutdown()))
    }

    /// Has the daemon look on these interfaces, and starts who listens to it.
    fn look(
        daemon: &ServiceDaemon,
        scope: Scope,
        interfaces: &[Interface],
        hear: &Arc<Hear>,
    ) -> Result<JoinHandle<()>, String> {
        let names: Vec<&str> = interfaces.iter().map(|interface| &*interface.name).collect();
        let seconds = INTERFACES_EVERY.as_secs().try_into().unwrap_or(u32::MAX);
        let events = daemon
            .disable_interface(IfKind::All)
            .and_then(|()| daemon.enable_interface(names))
            .and_then(|()| daemon.set_ip_check_interval(seconds))
            .and_then(|()| daemon.browse(SERVICE))
            .map_err(|error| error.to_string())?;
        let listener = Listener { scope, interfaces: interfaces.into(), hear: hear.clone(), rooms: HashMap::new() };
        thread::Builder::new()
            .name("dns-sd".into())
            .spawn(move || listener.run(&events))
            .map_err(|error| error.to_string())
    }

    /// Whether the daemon has broken down, or its listener has heard of too much.
    fn has_ended(&self) -> bool {
        self.listener.is_finished()
    }

    fn announce(&mut self, announcement: Option<&Announcement>, now: Duration) -> Result<(), String> {
        let Some(announcement) = announcement else { return self.withdraw() };
        if let Some(registered) = &self.registered
            && now.saturating_sub(registered.at) < pause(&registered.announcement, announcement)
        {
            return Ok(());
        }
        // Its name stays as it is, whatever the host is called by now: a record by another name would be another service.
        let instance = match &self.registered {
            Some(registered) => registered.instance.clone(),
            None => txt::instance(announcement),
        };
        let record = record(&instance, announcement).map_err(|error| error.to_string())?;
        let fullname = record.get_fullname().to_owned();
        self.daemon.register(record).map_err(|error| error.to_string())?;
        self.registered = Some(Registered { announcement: announcement.clone(), instance, fullname, at: now });
        Ok(())
    }

    fn withdraw(&mut self) -> Result<(), String> {
        let Some(registered) = self.registered.take() else { return Ok(()) };
        // The daemon says goodbye by itself, twice; nobody has to wait for it.
        self.daemon.unregister(&registered.fullname).map(drop).map_err(|error| error.to_string())
    }

    /// Says goodbye for whatever is announced, and ends the daemon and its listener.
    fn stop(self) {
        let ended = self.daemon.shutdown().is_ok_and(|status| status.recv_timeout(DNS_SD_GOODBYE).is_ok());
        if ended || self.has_ended() {
            // It ends with the daemon's last word. If it panicked, that has been printed.
            drop(self.listener.join());
        }
    }
}

/// How long what was announced stands before it is announced again, as it is now.
fn pause(was: &Announcement, is: &Announcement) -> Duration {
    let would_be = Announcement { members: is.members, name: is.name.clone(), ..was.clone() };
    match is {
        is if is == was => DNS_SD_REPEAT,
        is if *is == would_be => DNS_SD_UPDATE,
        _ => ANNOUNCE_EVERY,
    }
}

/// Whether the port of multicast DNS can be shared: the daemon does not say so if it cannot.
fn may_listen() -> io::Result<()> {
    let bind = |domain, ip: IpAddr| {
        let socket = Socket::new(domain, Type::DGRAM, None)?;
        socket.set_reuse_address(true)?;
        #[cfg(unix)]
        socket.set_reuse_port(true)?;
        if ip.is_ipv6() {
            socket.set_only_v6(true)?;
        }
        socket.bind(&SocketAddr::new(ip, MDNS_PORT).into())
    };
    bind(Domain::IPV4, Ipv4Addr::UNSPECIFIED.into())
        .or_else(|error| bind(Domain::IPV6, Ipv6Addr::UNSPECIFIED.into()).map_err(|_| error))
}

/// The record of a room, with whatever addresses this machine has on the daemon's interfaces.
fn record(instance: &str, announcement: &Announcement) -> mdns_sd::Result<ServiceInfo> {
    let (machine, strings) = (txt::machine(announcement.host), txt::encode(announcement));
    let mut record = ServiceInfo::new(SERVICE, instance, &machine, "", announcement.port, &strings[..])?;
    // Both names are the peer's own: nobody has to be asked for three quarters of a second whether they are taken.
    record.set_requires_probe(false);
    Ok(record.enable_addr_auto())
}

/// Makes sightings of what the daemon finds, until it ends.
struct Listener {
    scope: Scope,
    interfaces: Vec<Interface>,
    hear: Arc<Hear>,
    /// The rooms that are there, by the names of their records.
    rooms: HashMap<String, Vec<Sighting>>,
}

impl Listener {
    fn run(mut self, events: &Receiver<ServiceEvent>) {
        let (mut records, mut again) = (0, Instant::now() + DNS_SD_AGAIN);
        while records < DNS_SD_RECORDS {
            match events.recv_deadline(again) {
                Ok(ServiceEvent::ServiceFound(..)) => records += 1,
                Ok(ServiceEvent::ServiceResolved(service)) => self.resolved(&service),
                Ok(ServiceEvent::ServiceRemoved(_, fullname)) => drop(self.rooms.remove(&fullname)),
                Ok(_) => {}
                Err(RecvTimeoutError::Timeout) => {
                    // What was heard of once may not have been heeded: it is only a hint, which others may crowd out.
                    self.rooms.values().flatten().for_each(|sighting| (self.hear)(sighting.clone()));
                    again = Instant::now() + DNS_SD_AGAIN;
                }
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    fn resolved(&mut self, service: &ResolvedService) {
        let sightings = self.sightings(service);
        sightings.iter().for_each(|sighting| (self.hear)(sighting.clone()));
        self.rooms.insert(service.fullname.clone(), sightings);
    }

    /// A sighting for each address of a room that counts.
    fn sightings(&self, service: &ResolvedService) -> Vec<Sighting> {
        let Some(announcement) = txt::decode(service.port, |key| service.get_property_val(key).flatten()) else {
            return Vec::new();
        };
        let is_wanted = self.scope.port.is_none_or(|port| port == service.port);
        if !is_wanted || announcement.host == self.scope.me {
            return Vec::new();
        }
        let at = self.near(service.addresses.iter().filter_map(|ip| address(ip, service.port)).collect());
        at.into_iter().map(|at| Sighting { at, announcement: announcement.clone() }).collect()
    }

    /// Those of a host's addresses that are in a subnet of ours, the best first. Link-local ones only where there are no
    /// others: they name no interface, and answers hold those of the host's other interfaces too.
    fn near(&self, mut addresses: Vec<SocketAddr>) -> Vec<SocketAddr> {
        addresses.retain(|at| at.port() != 0 && self.interfaces.iter().any(|interface| interface.is_near(*at)));
        let is_link_local = |at: &SocketAddr| matches!(at, SocketAddr::V6(v6) if v6.ip().is_unicast_link_local());
        if !addresses.iter().all(is_link_local) {
            addresses.retain(|at| !is_link_local(at));
        }
        addresses.sort();
        addresses.truncate(ADDRESSES);
        addresses
    }
}

/// Where a room at this address is; link-local addresses have the interface on which they were heard of.
fn address(ip: &ScopedIp, port: u16) -> Option<SocketAddr> {
    match ip {
        ScopedIp::V4(v4) => Some((*v4.addr(), port).into()),
        ScopedIp::V6(v6) => {
            let scope = if v6.addr().is_unicast_link_local() { v6.scope_id().index } else { 0 };
            Some(SocketAddrV6::new(*v6.addr(), port, 0, scope).into())
        }
        // A kind of address that the library may know one day.
        _ => None,
    }
}

#[cfg(test)]
mod tests;
