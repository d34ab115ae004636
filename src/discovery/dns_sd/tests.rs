//! Over loopback, and between two network namespaces where the tests may make some.

use std::net::UdpSocket;
use std::sync::mpsc;

use super::*;
use crate::interfaces::Subnet;
use crate::interfaces::select;
use crate::listing;
use crate::room::id::RoomId;

/// Far away: whatever is waited for is there within a second.
const DEADLINE: Duration = Duration::from_secs(30);

/// A peer of this process: others that run these tests meanwhile are on the same loopback.
fn peer(n: u8) -> PeerId {
    let [a, b, ..] = std::process::id().to_le_bytes();
    PeerId(std::array::from_fn(|at| [a, b].get(at).copied().unwrap_or(n)))
}

/// A port of this process, likewise; nothing listens there.
fn port(n: u16) -> u16 {
    let process = u16::try_from(std::process::id() % 10_000).expect("it is below 10,000");
    10_000 + 3 * process + n
}

fn announcement(host: u8, port: u16) -> Announcement {
    let (room, host) = (RoomId(u64::from(host) << 32 | u64::from(std::process::id())), peer(host));
    let name = "capo.di.\\capi".into();
    Announcement { room, opened: 1, term: 1, host, port, name, members: 1, closed: false, blocked: None }
}

fn on(names: &[&str]) -> Vec<Interface> {
    let names: Vec<String> = names.iter().map(ToString::to_string).collect();
    select(listing::list().unwrap(), &names)
}

fn loopback() -> Vec<Interface> {
    on(&[&listing::loopback()])
}

/// Somebody on the LAN.
struct Somebody {
    dns_sd: DnsSd,
    heard: mpsc::Receiver<Sighting>,
    /// Moved by hand.
    now: Duration,
}

impl Somebody {
    fn new(me: u8, port: Option<u16>) -> Self {
        let (hear, heard) = mpsc::channel();
        let dns_sd = DnsSd::new(port, peer(me), move |sighting| drop(hear.send(sighting)));
        Self { dns_sd, heard, now: Duration::ZERO }
    }

    fn drive(&mut self, interfaces: &[Interface], announcement: Option<&Announcement>) {
        self.dns_sd.drive(interfaces, announcement, self.now);
        assert_eq!(self.dns_sd.trouble(), None);
    }

    /// Waits until this is heard; what else is heard must not be `never`.
    #[track_caller]
    fn hears(&self, wanted: &Announcement, never: impl Fn(&Sighting) -> bool) -> SocketAddr {
        let end = Instant::now() + DEADLINE;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            let sighting = self.heard.recv_timeout(left).expect("it is heard of before long");
            assert!(!never(&sighting), "{sighting:?}");
            if sighting.announcement == *wanted {
                return sighting.at;
            }
        }
    }
}

/// Watches the records themselves on these interfaces.
struct Watcher {
    daemon: ServiceDaemon,
    events: Receiver<ServiceEvent>,
}

impl Watcher {
    fn new(interfaces: &[Interface]) -> Self {
        let daemon = ServiceDaemon::new().unwrap();
        daemon.disable_interface(IfKind::All).unwrap();
        interfaces.iter().for_each(|interface| daemon.enable_interface(&*interface.name).unwrap());
        let events = daemon.browse(SERVICE).unwrap();
        Self { daemon, events }
    }

    #[track_caller]
    fn waits_for(&self, wanted: impl Fn(&ServiceEvent) -> bool) {
        let end = Instant::now() + DEADLINE;
        while !wanted(&self.events.recv_deadline(end).expect("it happens before long")) {}
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        drop(self.daemon.shutdown().map(|status| status.recv_timeout(DEADLINE)));
    }
}

fn is_resolved(event: &ServiceEvent, of: &Announcement) -> bool {
    let host = of.host.to_string();
    matches!(event, ServiceEvent::ServiceResolved(service) if service.get_property_val_str("host") == Some(&host))
}

fn is_removed(event: &ServiceEvent, port: u16) -> bool {
    matches!(event, ServiceEvent::ServiceRemoved(_, name) if name.contains(&format!("on port {port} ")))
}

#[test]
fn a_room_is_heard_of_while_it_is_there() {
    let lo = loopback();
    let (mut host, mut guest, mut lister) =
        (Somebody::new(1, Some(port(0))), Somebody::new(2, Some(port(0))), Somebody::new(3, None));
    let (mut room, other) = (announcement(1, port(0)), announcement(2, port(1)));
    guest.drive(&lo, Some(&other));
    lister.drive(&lo, None);
    host.drive(&lo, Some(&room));
    let is_wrong = |sighting: &Sighting| sighting.announcement.port != port(0) || !sighting.at.ip().is_loopback();
    assert_eq!(guest.hears(&room, is_wrong).port(), port(0));
    lister.hears(&room, |_| false);
    lister.hears(&other, |_| false);
    // What changes is heard of, though not at once.
    let watcher = Watcher::new(&lo);
    watcher.waits_for(|event| is_resolved(event, &room));
    (room.members, room.closed, room.blocked) = (2, true, Some(PeerId([9; 16])));
    host.drive(&lo, Some(&room));
    assert_eq!(host.dns_sd.running.as_ref().unwrap().registered.as_ref().unwrap().announcement.members, 1);
    host.now += ANNOUNCE_EVERY;
    host.drive(&lo, Some(&room));
    guest.hears(&room, is_wrong);
    // A host that goes by another name says so in the same record.
    room.name = "capa".into();
    host.now += DNS_SD_UPDATE;
    host.drive(&lo, Some(&room));
    guest.hears(&room, is_wrong);
    // Nobody hears of a room that is withdrawn, and who withdraws it still looks.
    host.drive(&lo, None);
    watcher.waits_for(|event| is_removed(event, port(0)));
    assert!(host.dns_sd.running.is_some());
    guest.dns_sd.rest();
    watcher.waits_for(|event| is_removed(event, port(1)));
    assert!(guest.heard.try_iter().all(|sighting| !is_wrong(&sighting)));
    // Nobody has ever heard of a room of its own.
    assert!(host.heard.try_iter().all(|sighting| sighting.announcement.host != room.host));
}

#[test]
fn p07_garbage_on_the_port_of_multicast_dns_changes_nothing() {
    // Where it can be: whoever else listens there loses what the garbage leaves no room for.
    #[cfg(target_os = "linux")]
    if let Some(machines) = namespaces::Machines::new() {
        let lan = machines.interfaces(0, &["lan"], true);
        return machines.on(0, || garbage_changes_nothing(&lan, namespaces::FIRST));
    }
    garbage_changes_nothing(&loopback(), Ipv4Addr::LOCALHOST);
}

fn garbage_changes_nothing(interfaces: &[Interface], from: Ipv4Addr) {
    let mut guest = Somebody::new(4, Some(port(2)));
    guest.drive(interfaces, None);
    let socket = Socket::new(Domain::IPV4, Type::DGRAM, None).unwrap();
    socket.set_multicast_if_v4(&from).unwrap();
    let socket = UdpSocket::from(socket);
    let mut random = fastrand::Rng::with_seed(7);
    // An answer with one record of ours in it, cut, changed and repeated; and things that are none.
    let mut answer =
        b"\0\0\x84\0\0\0\0\x01\0\0\0\0\x0c_hybrid-chat\x04_tcp\x05local\0\0\x0c\0\x01\0\0\0\x78\0\x04\x01a\xc0\x0c"
            .to_vec();
    for turn in 0..10_000 {
        let mut datagram = match turn % 3 {
            0 => (0..random.usize(..1500)).map(|_| random.u8(..)).collect(),
            1 => answer[..random.usize(..=answer.len())].to_vec(),
            _ => answer.clone(),
        };
        if turn % 3 == 2 {
            let at = random.usize(..datagram.len());
            datagram[at] = random.u8(..);
            answer.rotate_left(usize::from(turn % 1_000 == 0));
        }
        // Nobody waits for what a full queue drops.
        drop(socket.send_to(&datagram, (Ipv4Addr::new(224, 0, 0, 251), MDNS_PORT)));
    }
    let room = announcement(5, port(2));
    let mut host = Somebody::new(5, None);
    host.drive(interfaces, Some(&room));
    guest.hears(&room, |sighting| sighting.announcement.host != room.host);
    assert!(!guest.dns_sd.running.as_ref().unwrap().has_ended());
}

#[test]
fn what_cannot_be_done_is_said_and_tried_again() {
    let mut somebody = Somebody::new(6, None);
    let mut drive = |interfaces: &[Interface], at| {
        somebody.dns_sd.drive(interfaces, None, Duration::from_secs(at));
        somebody.dns_sd.trouble().map(ToOwned::to_owned)
    };
    for at in 1..20 {
        let trouble = drive(&[], at).unwrap();
        assert!(trouble.contains("no network interface"), "{trouble}");
    }
    assert_eq!(drive(&loopback(), 30), None);
    // A listener that has ended is no end of listening.
    somebody.dns_sd.running.as_ref().unwrap().daemon.shutdown().unwrap().recv_timeout(DEADLINE).unwrap();
    let end = Instant::now() + DEADLINE;
    while !somebody.dns_sd.running.as_ref().unwrap().has_ended() {
        assert!(Instant::now() < end);
        thread::yield_now();
    }
    somebody.now = Duration::from_secs(40);
    somebody.drive(&loopback(), None);
    assert!(!somebody.dns_sd.running.as_ref().unwrap().has_ended());
}

#[test]
fn only_addresses_near_us_count_and_link_local_ones_last() {
    let interfaces = loopback();
    let lo = &interfaces[0];
    let far = ["10.0.0.1:701".parse().unwrap(), "[fe80::1%77]:701".parse().unwrap(), "127.0.0.1:0".parse().unwrap()];
    let near: SocketAddr = "127.0.0.9:701".parse().unwrap();
    let listener = Listener {
        scope: Scope { port: None, me: PeerId([7; 16]) },
        interfaces: vec![Interface {
            addresses: ["127.0.0.1", "fe80::2"].map(|ip| Subnet { ip: ip.parse().unwrap(), prefix: 8 }).into(),
            index: Some(3),
            ..lo.clone()
        }],
        hear: Arc::new(|_| {}),
        rooms: HashMap::new(),
    };
    let link: SocketAddr = "[fe80::1%3]:701".parse().unwrap();
    assert_eq!(listener.near(far.into()), []);
    assert_eq!(listener.near([&far[..], &[link]].concat()), [link]);
    assert_eq!(listener.near([&far[..], &[link, near]].concat()), [near]);
}

#[cfg(target_os = "linux")]
mod namespaces;
