//! Discovery over the loopback interface: real sockets, several of them on one port, as several processes have them.

use std::net::{Ipv4Addr, UdpSocket};
use std::time::Instant;

use super::spot::GROUP_V4;
use super::*;
use crate::limits::{ASK_EVERY, DATAGRAM_MAX_BYTES, SIGHTINGS};
use crate::room::id::RoomId;
use crate::sighting::{Announcement, Sighting};

/// Far away: nothing here waits for it but a failure.
const AT_MOST: u64 = 20;

/// One participant of the LAN.
struct Peer {
    lan: Lan,
    seen: Arc<Mailbox<Seen>>,
    clock: Clock,
}

impl Peer {
    fn new(n: u8, port: u16) -> Self {
        let (seen, clock) = (Arc::new(Mailbox::new(SIGHTINGS)), Clock::start());
        let scope = Scope { port, interfaces: vec![loopback()], me: PeerId([n; 16]) };
        Self { lan: Lan::open(scope, clock, seen.clone()).unwrap(), seen, clock }
    }

    fn looks(self, hosts: bool) -> Self {
        let now = self.clock.now().mono;
        self.lan.set(Task::Look { hosts_at: hosts.then_some(now + Duration::from_secs(AT_MOST)) });
        self
    }

    fn hosts(self, n: u8, port: u16) -> Self {
        self.lan.set(Task::Announce(announcement(n, port)));
        self
    }

    /// Waits for something that `is_it`, and returns all that came until then.
    fn wait_for(&self, is_it: impl Fn(&Seen) -> bool) -> Vec<Seen> {
        let (mut all, until) = (Vec::new(), Instant::now() + Duration::from_secs(AT_MOST));
        while Instant::now() < until {
            match self.seen.take() {
                Some(seen) => all.push(seen),
                None => thread::sleep(Duration::from_millis(1)),
            }
            if all.last().is_some_and(&is_it) {
                return all;
            }
        }
        panic!("not seen; but {all:?}, and {:?}", self.lan.troubles());
    }

    fn wait_for_room(&self, n: u8, port: u16) -> Vec<Seen> {
        let expected = announcement(n, port);
        let at = (Ipv4Addr::LOCALHOST, port).into();
        self.wait_for(|seen| *seen == Seen::Room(Sighting { at, announcement: expected.clone() }))
    }

    fn wait_for_seeker(&self, n: u8) -> Vec<Seen> {
        self.wait_for(|seen| matches!(seen, Seen::Seeker(seeker) if seeker.peer == PeerId([n; 16])))
    }
}

fn loopback() -> String {
    let listed = listing::list().unwrap();
    let is_loopback = |one: &&Interface| one.addresses.iter().any(|subnet| subnet.ip == Ipv4Addr::LOCALHOST);
    listed.iter().find(is_loopback).unwrap().name.clone()
}

fn announcement(n: u8, port: u16) -> Announcement {
    Announcement {
        room: RoomId(n.into()),
        opened: 1,
        term: 1,
        host: PeerId([n; 16]),
        port,
        name: "ann".into(),
        members: 1,
        closed: false,
        blocked: None,
    }
}

/// A port that nobody has.
fn free_port() -> u16 {
    UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).unwrap().local_addr().unwrap().port()
}

#[test]
fn a_question_is_answered_and_who_looks_is_seen() {
    let port = free_port();
    let (one, two) = (Peer::new(1, port).looks(true), Peer::new(2, port).looks(true));
    one.wait_for_seeker(2);
    two.wait_for_seeker(1);
    assert!(!one.lan.is_blind() && one.lan.troubles().is_empty(), "{:?}", one.lan.troubles());
    let host = Peer::new(3, port).hosts(3, port);
    one.wait_for_room(3, port);
    two.wait_for_room(3, port);
    Peer::new(4, port).looks(false).wait_for_room(3, port);
    drop(host);
}

#[test]
fn two_hosts_see_each_other() {
    let port = free_port();
    let one = Peer::new(1, port).hosts(1, port);
    let two = Peer::new(2, port).hosts(2, port);
    one.wait_for_room(2, port);
    two.wait_for_room(1, port);
}

#[test]
fn where_no_datagram_of_ours_passes_dns_sd_does() {
    let port = free_port();
    let (hear, heard) = mpsc::channel();
    let mut mute = DnsSd::new(Some(port), PeerId([9; 16]), move |sighting| drop(hear.send(sighting)));
    let interfaces = interfaces::select(listing::list().unwrap(), &[loopback()]);
    mute.drive(&interfaces, Some(&announcement(9, port)), Duration::ZERO);
    let host = Peer::new(8, port).hosts(8, port);
    host.wait_for_room(9, port);
    let sighting = heard.recv_timeout(Duration::from_secs(AT_MOST)).unwrap();
    assert_eq!(sighting.announcement, announcement(8, port));
}

#[test]
fn a_room_on_another_port_is_not_seen_unless_any_is_looked_for() {
    let (port, other) = (free_port(), free_port());
    let host = Peer::new(1, port).hosts(1, port);
    let elsewhere = Peer::new(2, other).hosts(2, other);
    let any = Peer::new(3, 0).looks(false);
    any.wait_for(|seen| matches!(seen, Seen::Room(room) if room.at.port() == other));
    let any = Peer::new(4, 0).looks(false);
    any.wait_for_room(1, port);
    // Whoever comes to this port is seen, and the other room was there all the time.
    let looker = Peer::new(5, port).looks(true);
    let seen = looker.wait_for_room(1, port);
    assert!(seen.iter().all(|seen| matches!(seen, Seen::Room(room) if room.at.port() == port)), "{seen:?}");
    drop((host, elsewhere));
}

#[test]
fn who_rests_has_no_socket_open() {
    let port = free_port();
    let peer = Peer::new(1, port).hosts(1, port);
    let looker = Peer::new(2, port).looks(false);
    looker.wait_for_room(1, port);
    let exclusive = || UdpSocket::bind((Ipv4Addr::LOCALHOST, port));
    assert!(exclusive().is_err());
    peer.lan.set(Task::Rest);
    looker.lan.set(Task::Rest);
    let until = Instant::now() + Duration::from_secs(AT_MOST);
    while exclusive().is_err() {
        assert!(Instant::now() < until, "the port is still in use");
        thread::yield_now();
    }
    // And goes on when it has a task again.
    let (peer, looker) = (peer.hosts(1, port), looker.looks(false));
    looker.wait_for_room(1, port);
    drop(peer);
}

#[test]
fn garbage_at_every_socket_changes_nothing() {
    let port = free_port();
    let host = Peer::new(1, port).hosts(1, port);
    let looker = Peer::new(2, port).looks(false);
    looker.wait_for_room(1, port);
    let sender = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let mut random = Rng::with_seed(1);
    let real = br#"{"hybrid-chat":1,"here":{"nonce":1,"room":"0000000000000009","opened":1,"term":1,"host":"09090909090909090909090909090909","port":1,"members":1}}"#;
    for n in 0..10_000 {
        let bytes: Vec<u8> = match n % 3 {
            0 => (0..random.usize(..2 * DATAGRAM_MAX_BYTES)).map(|_| random.u8(..)).collect(),
            1 => real[..random.usize(..real.len())].to_vec(),
            _ => real.to_vec(),
        };
        let to = if n % 2 == 0 { (Ipv4Addr::LOCALHOST, port) } else { (GROUP_V4, port) };
        // What does not even get out changes nothing either.
        drop(sender.send_to(&bytes, to));
    }
    drop(sender.send_to(&[0; 60_000], (Ipv4Addr::LOCALHOST, port)));
    let third = Peer::new(3, port).looks(true);
    third.wait_for_room(1, port);
    let seen = looker.wait_for_seeker(3);
    let forged = |seen: &Seen| matches!(seen, Seen::Room(room) if room.announcement.host != PeerId([1; 16]));
    assert!(!seen.iter().any(forged), "{seen:?}");
    drop(host);
}

#[test]
fn without_an_interface_it_is_blind_and_says_why() {
    let seen = Arc::new(Mailbox::new(SIGHTINGS));
    let scope = Scope { port: free_port(), interfaces: vec!["nothing0".into()], me: PeerId([1; 16]) };
    let lan = Lan::open(scope, Clock::start(), seen.clone()).unwrap();
    assert!(lan.is_blind());
    assert_eq!(lan.troubles(), ["look at nothing0: there is no such interface, or it is down"]);
    lan.set(Task::Look { hosts_at: Some(ASK_EVERY) });
    drop(lan);
    assert!(seen.is_empty());
}

#[test]
fn a_port_that_somebody_keeps_for_itself_is_a_trouble_and_no_end() {
    let taken = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).unwrap();
    let port = taken.local_addr().unwrap().port();
    let peer = Peer::new(1, port).hosts(1, port);
    let until = Instant::now() + Duration::from_secs(AT_MOST);
    while peer.lan.troubles().is_empty() {
        assert!(Instant::now() < until, "no trouble");
        thread::yield_now();
    }
    let trouble = peer.lan.troubles().remove(0);
    assert!(trouble.starts_with(&format!("listen on UDP port {port}: ")), "{trouble}");
    // To Windows it is a lack of permission.
    assert!(cfg!(windows) || trouble.ends_with(": address already in use"), "{trouble}");
    assert!(!peer.lan.is_blind());
}
