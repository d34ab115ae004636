//! What beacons say to each other, on a LAN without sockets.

use fastrand::Rng;
use proptest::prelude::*;

use super::*;

const MS: Duration = Duration::from_millis(1);

fn address(n: u8) -> SocketAddr {
    SocketAddr::from(([192, 168, 1, n], 50_000))
}

fn peer(n: u8) -> PeerId {
    PeerId([n; 16])
}

fn announcement(n: u8, port: u16) -> Announcement {
    Announcement {
        room: RoomId(n.into()),
        opened: n.into(),
        term: 1,
        host: peer(n),
        port,
        name: "ann".into(),
        members: 1,
        closed: false,
        blocked: None,
    }
}

fn beacon(n: u8, port: u16, task: Task) -> Beacon {
    let mut beacon = Beacon::new(port, peer(n), Rng::with_seed(n.into()));
    beacon.set(task, Duration::ZERO);
    beacon
}

fn looker(n: u8) -> Beacon {
    beacon(n, 8808, Task::Look { hosts_at: Some(700 * MS) })
}

fn host(n: u8) -> Beacon {
    beacon(n, 8808, Task::Announce(announcement(n, 8808)))
}

fn room(n: u8) -> Seen {
    let at = SocketAddr::new(address(n).ip(), 8808);
    Seen::Room(Sighting { at, announcement: announcement(n, 8808) })
}

/// Beacons, and who is deaf to what is sent to everybody.
struct Lan {
    beacons: Vec<Beacon>,
    deaf: Vec<u8>,
    seen: Vec<(u8, Duration, Seen)>,
    datagrams: usize,
}

impl Lan {
    /// They have the addresses and ids 1, 2, …
    fn new(beacons: Vec<Beacon>) -> Self {
        Self { beacons, deaf: Vec::new(), seen: Vec::new(), datagrams: 0 }
    }

    fn run(&mut self, until: Duration) {
        let mut now = Duration::ZERO;
        while now <= until {
            for n in 1..=self.beacons.len() as u8 {
                while let Some(outgoing) = self.beacons[usize::from(n) - 1].due(now) {
                    self.deliver(n, outgoing, now);
                }
            }
            assert!(self.datagrams < 100_000, "they go on for ever");
            now = self.beacons.iter().filter_map(Beacon::deadline).min().unwrap_or(Duration::MAX);
        }
    }

    fn deliver(&mut self, from: u8, outgoing: Outgoing, now: Duration) {
        let mut under_way = VecDeque::from([(from, outgoing)]);
        while let Some((from, Outgoing { to, bytes })) = under_way.pop_front() {
            self.datagrams += 1;
            assert!(self.datagrams < 100_000, "they go on for ever");
            for n in 1..=self.beacons.len() as u8 {
                let hears = match to {
                    To::Everybody => !self.deaf.contains(&n),
                    To::One(address_of) => address(n) == address_of,
                };
                if hears {
                    let heard = self.beacons[usize::from(n) - 1].receive(&bytes, address(from), now);
                    self.seen.extend(heard.seen.map(|seen| (n, now, seen)));
                    under_way.extend(heard.reply.map(|reply| (n, reply)));
                }
            }
        }
    }

    /// Who was seen by `n`, each once.
    fn seen_by(&self, n: u8) -> Vec<Seen> {
        let mut seen = Vec::new();
        for (_, _, one) in self.seen.iter().filter(|(by, ..)| *by == n) {
            if !seen.contains(one) {
                seen.push(one.clone());
            }
        }
        seen
    }
}

#[test]
fn a_question_goes_out_when_it_should() {
    let mut beacon = looker(1);
    for at in [0, 100, 400, 1400, 2400] {
        assert_eq!(beacon.deadline(), Some(at * MS));
        assert_eq!(beacon.due((at * MS).saturating_sub(MS / 2)).is_some(), at == 0);
        if at > 0 {
            assert!(beacon.due(at * MS).is_some());
        }
        assert_eq!(beacon.due(at * MS), None);
    }
    beacon.set(Task::Look { hosts_at: Some(700 * MS) }, 2500 * MS);
    assert_eq!(beacon.deadline(), Some(3400 * MS));
    beacon.set(Task::Look { hosts_at: None }, 2500 * MS);
    assert_eq!(beacon.deadline(), Some(2500 * MS));
    beacon.set(Task::Rest, 2500 * MS);
    assert_eq!((beacon.deadline(), beacon.due(9000 * MS)), (None, None));
}

#[test]
fn who_looks_finds_the_host_and_others_who_look() {
    let mut lan = Lan::new(vec![looker(1), looker(2), host(3), beacon(4, 8808, Task::Look { hosts_at: None })]);
    lan.run(Duration::ZERO);
    for n in [1, 2, 4] {
        assert!(lan.seen_by(n).contains(&room(3)), "{n}");
    }
    let seekers = |n| {
        lan.seen_by(n)
            .iter()
            .filter_map(|seen| if let Seen::Seeker(one) = seen { Some(*one) } else { None })
            .collect::<Vec<_>>()
    };
    assert_eq!(seekers(1), [Seeker { peer: peer(2), left: 700 * MS }]);
    assert_eq!(seekers(2), [Seeker { peer: peer(1), left: 700 * MS }]);
    // Who would not host is no seeker, and a host has no use for them.
    assert_eq!((seekers(4).len(), lan.seen_by(3).len()), (2, 0));
}

#[test]
fn rooms_on_other_ports_are_seen_only_by_who_looks_for_any() {
    let other = beacon(3, 9000, Task::Announce(announcement(3, 9000)));
    let mut lan = Lan::new(vec![looker(1), beacon(2, 0, Task::Look { hosts_at: None }), other, host(4)]);
    lan.run(Duration::ZERO);
    assert_eq!(lan.seen_by(1), [room(4)]);
    let ports: Vec<_> =
        lan.seen_by(2).iter().map(|seen| if let Seen::Room(room) = seen { room.at.port() } else { 0 }).collect();
    assert!(ports.contains(&9000) && ports.contains(&8808) && ports.len() == 2);
    assert!(lan.seen_by(3).is_empty() && lan.seen_by(4).is_empty());
    assert_eq!([lan.beacons[1].port(), lan.beacons[2].port()], [DEFAULT_PORT, 9000]);
}

#[test]
fn one_direction_suffices_for_two_hosts_and_for_two_seekers() {
    let mut hosts = Lan { deaf: vec![1], ..Lan::new(vec![host(1), host(2)]) };
    hosts.run(Duration::ZERO);
    assert_eq!((hosts.seen_by(1), hosts.seen_by(2)), (vec![room(2)], vec![room(1)]));
    let mut seekers = Lan { deaf: vec![1], ..Lan::new(vec![looker(1), looker(2)]) };
    seekers.run(100 * MS);
    assert!(!seekers.seen_by(1).is_empty() && !seekers.seen_by(2).is_empty());
}

#[test]
fn two_hosts_do_not_talk_for_ever() {
    let mut lan = Lan::new(vec![host(1), host(2)]);
    lan.run(60 * 1000 * MS);
    // Thirty announcements of each, and an answer or two to each of them.
    assert!((60..=190).contains(&lan.datagrams), "{}", lan.datagrams);
}

#[test]
fn a_crowd_of_seekers_does_not_tell_each_other_all() {
    let mut lan = Lan::new((1..=100).map(looker).collect());
    lan.run(699 * MS);
    assert!(lan.datagrams <= 100 * (3 + TOLD), "{}", lan.datagrams);
    assert!((1..=100).all(|n| lan.seen_by(n).len() >= 99));
}

#[test]
fn a_question_is_answered_once_for_each_address_and_within_bounds() {
    let mut host = host(9);
    let ask = looker(1).due(Duration::ZERO).unwrap().bytes;
    assert!(host.receive(&ask, address(1), MS).reply.is_some());
    assert!(host.receive(&ask, address(1), MS).reply.is_none());
    assert!(host.receive(&ask, address(2), MS).reply.is_some());
    let flood = (0..2 * REPLIES_PER_SECOND).filter(|n| {
        let ask = Datagram::Ask(Ask { nonce: (*n).into(), port: None, seeker: None }).encode();
        host.receive(&ask, address(3), MS).reply.is_some()
    });
    assert_eq!(flood.count(), REPLIES_PER_SECOND as usize - 2);
    assert_eq!((host.answered.len(), host.receive(&ask, address(4), 2 * MS).reply), (ANSWERED, None));
    assert!(host.receive(&ask, address(4), 1001 * MS).reply.is_some());
}

#[test]
fn only_the_answer_to_a_question_of_ours_counts() {
    let (mut asker, mut host) = (looker(1), host(2));
    let ask = asker.due(Duration::ZERO).unwrap().bytes;
    let answer = host.receive(&ask, address(1), MS).reply.unwrap().bytes;
    assert_eq!(looker(3).receive(&answer, address(2), MS), Heard::default());
    assert_eq!(asker.receive(&answer, address(2), MS).seen, Some(room(2)));
    asker.set(Task::Rest, MS);
    asker.set(Task::Look { hosts_at: None }, MS);
    assert_eq!(asker.receive(&answer, address(2), MS), Heard::default());
}

#[test]
fn where_a_room_is_says_its_datagram_and_not_what_is_in_it() {
    let bytes = host(2).due(Duration::ZERO).unwrap().bytes;
    let from: SocketAddr = "[fe80::7%3]:50000".parse().unwrap();
    let Some(Seen::Room(sighting)) = looker(1).receive(&bytes, from, MS).seen else { panic!("nothing seen") };
    assert_eq!(sighting.at, "[fe80::7%3]:8808".parse().unwrap());
}

#[test]
fn nobody_sees_itself() {
    let mut own = host(1);
    let bytes = own.due(Duration::ZERO).unwrap().bytes;
    assert_eq!(own.receive(&bytes, address(1), MS), Heard::default());
    assert_eq!(looker(1).receive(&bytes, address(1), MS), Heard::default());
    let (mut one, mut same) = (looker(1), looker(1));
    let bytes = one.due(Duration::ZERO).unwrap().bytes;
    same.due(Duration::ZERO).unwrap();
    assert_eq!(same.receive(&bytes, address(1), MS), Heard::default());
}

#[test]
fn what_matters_is_announced_at_once_and_the_rest_with_it() {
    let mut host = host(1);
    assert!(host.due(Duration::ZERO).is_some());
    let more = Announcement { members: 7, ..announcement(1, 8808) };
    host.set(Task::Announce(more.clone()), MS);
    assert_eq!(host.deadline(), Some(ANNOUNCE_EVERY));
    host.set(Task::Announce(Announcement { term: 2, ..more }), 2 * MS);
    let bytes = host.due(2 * MS).unwrap().bytes;
    let Some(Seen::Room(sighting)) = looker(2).receive(&bytes, address(1), MS).seen else { panic!("nothing seen") };
    assert_eq!((sighting.announcement.term, sighting.announcement.members), (2, 7));
}

#[test]
fn who_can_reach_others_again_does_not_wait() {
    let mut host = host(1);
    assert!(host.due(Duration::ZERO).is_some() && host.due(MS).is_none());
    host.hurry(MS);
    assert!(host.due(MS).is_some() && host.due(MS).is_none());
    assert_eq!(host.deadline(), Some(ANNOUNCE_EVERY + MS));
}

#[test]
fn who_rests_is_deaf() {
    let bytes = host(1).due(Duration::ZERO).unwrap().bytes;
    assert_eq!(beacon(2, 8808, Task::Rest).receive(&bytes, address(1), MS), Heard::default());
}

#[test]
fn ten_thousand_datagrams_change_nothing() {
    let mut random = Rng::with_seed(1);
    let (mut asker, mut host) = (looker(1), host(2));
    let ask = asker.due(Duration::ZERO).unwrap().bytes;
    let answer = host.receive(&ask, address(1), MS).reply.unwrap().bytes;
    asker.set(Task::Rest, MS);
    asker.set(Task::Look { hosts_at: None }, MS);
    let deadlines = (asker.deadline(), host.deadline());
    for n in 0..10_000 {
        let bytes = match n % 4 {
            0 => (0..random.usize(..600)).map(|_| random.u8(..)).collect(),
            1 => ask[..random.usize(..ask.len())].to_vec(),
            2 => answer[..random.usize(..answer.len())].to_vec(),
            // Replayed, wherever it came from first.
            _ => answer.clone(),
        };
        assert_eq!(asker.receive(&bytes, address(2), MS), Heard::default());
        assert_eq!(host.receive(&bytes, address(1), MS), Heard::default());
        assert_eq!(host.receive(&ask, address(1), MS), Heard::default());
    }
    assert_eq!((asker.deadline(), host.deadline()), deadlines);
}

proptest! {
    /// Whoever looks finds a host within the third question, unless all three are lost.
    #[test]
    fn a_lost_datagram_costs_a_moment(lost in prop::collection::vec(any::<bool>(), 3)) {
        let (mut asker, mut host) = (looker(1), host(2));
        host.due(Duration::ZERO).unwrap();
        let mut found = false;
        for (at, lost) in ASK_AT.into_iter().zip(&lost) {
            let ask = asker.due(at).unwrap().bytes;
            if !lost {
                let answer = host.receive(&ask, address(1), at).reply.unwrap();
                found |= asker.receive(&answer.bytes, address(2), at).seen == Some(room(2));
            }
        }
        prop_assert_eq!(found, lost.contains(&false));
    }

    #[test]
    fn no_datagram_makes_more_than_one(
        nonce: Option<u64>, n in 1..5_u8, port in 8807..8810_u16, left: Option<u16>, from in 1..5_u8, now in 0..3000_u32,
    ) {
        let seeker = left.map(|left| Seeker { peer: peer(n), left: Duration::from_millis(left.into()) });
        let ask = Datagram::Ask(Ask { nonce: nonce.unwrap_or(0), port: Some(port).filter(|_| n > 1), seeker });
        let here = Datagram::Here(Here { nonce, announcement: announcement(n, port) });
        for mut beacon in [looker(1), host(1), beacon(1, 8808, Task::Rest)] {
            for bytes in [ask.encode(), here.encode()] {
                let heard = beacon.receive(&bytes, address(from), now * MS);
                prop_assert!(heard.reply.is_none_or(|reply| reply.to == To::One(address(from))));
            }
        }
    }
}
