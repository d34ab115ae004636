//! Which rooms there are: addresses at which something was seen, and what was told there. Time is an argument.
//!
//! One room is one entry, however many addresses it is seen at and in however many ways.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use crate::limits::{ASK_AGAIN, ASK_SOON, ASKED_AT_ONCE, MISSED_ANSWERS, ROOM_ADDRESSES};
use crate::room::id::RoomId;
use crate::sighting::{Announcement, Sighting};

/// A room that answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Room {
    /// What its host says of it.
    pub(super) announcement: Announcement,
    /// Where it answers, the best address first.
    pub(super) addresses: Vec<SocketAddr>,
    /// The address under which it was last told of.
    pub(super) told_at: SocketAddr,
}

/// What is new.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Change {
    /// A room that was not there.
    Found(Room),
    /// A room of which something else is to be said than before.
    Changed(Room),
    /// A room that does not answer any more, as it was.
    Gone(Room),
}

/// What is known.
#[derive(Debug)]
pub(super) struct Board {
    /// The only port that counts, or any.
    port: Option<u16>,
    rooms: BTreeMap<RoomId, Room>,
    places: BTreeMap<SocketAddr, Place>,
}

/// An address at which something was seen.
#[derive(Debug, Clone, Copy)]
struct Place {
    /// When it is to be asked; nothing: it is being asked.
    due: Option<Duration>,
    /// When it was asked last.
    asked: Duration,
    /// How often in a row nobody answered.
    missed: u32,
    /// It is asked again whoever is there.
    kept: bool,
}

impl Place {
    /// One that is to be asked.
    fn new(now: Duration) -> Self {
        Self { due: Some(now), asked: now, missed: 0, kept: false }
    }
}

impl Board {
    /// An empty board for the rooms at `port`, or at any.
    pub(super) fn new(port: Option<u16>) -> Self {
        Self { port, rooms: BTreeMap::new(), places: BTreeMap::new() }
    }

    /// An address that nobody has to be seen at: it is asked as long as the board is there.
    pub(super) fn keep(&mut self, at: SocketAddr, now: Duration) {
        self.places.insert(at, Place { kept: true, ..Place::new(now) });
    }

    /// Something was seen, so that its address has to be asked: once, and again where other things are said of it now.
    pub(super) fn sighted(&mut self, sighting: &Sighting, now: Duration) {
        let Sighting { at, announcement } = sighting;
        if self.port.is_some_and(|port| port != at.port()) {
            return;
        }
        let is_news = !self.rooms.get(&announcement.room).is_some_and(|room| {
            room.addresses.contains(at)
                && (room.announcement.host, room.announcement.members) == (announcement.host, announcement.members)
        });
        let has_room = self.places.len() < ROOM_ADDRESSES;
        match self.places.get_mut(at) {
            Some(place) if is_news => place.due = place.due.map(|due| due.min(now.max(place.asked + ASK_SOON))),
            None if has_room => drop(self.places.insert(*at, Place::new(now))),
            _ => {}
        }
    }

    /// An address that is to be asked now, if there is one, and not too many are being asked.
    pub(super) fn next_to_ask(&mut self, now: Duration) -> Option<SocketAddr> {
        if self.is_busy() {
            return None;
        }
        let (at, place) = self.places.iter_mut().find(|(_, place)| place.due.is_some_and(|due| due <= now))?;
        (place.due, place.asked) = (None, now);
        Some(*at)
    }

    /// When the next address is to be asked; nothing: not before something is seen or told.
    pub(super) fn deadline(&self) -> Option<Duration> {
        self.places.values().filter_map(|place| place.due).min().filter(|_| !self.is_busy())
    }

    /// Whether so many are being asked that nobody else is.
    fn is_busy(&self) -> bool {
        self.places.values().filter(|place| place.due.is_none()).count() >= ASKED_AT_ONCE
    }

    /// What was told at an address: of a room, or nothing.
    pub(super) fn told(&mut self, at: SocketAddr, answer: Option<Announcement>, now: Duration) -> Vec<Change> {
        let Some(place) = self.places.get_mut(&at) else { return Vec::new() };
        place.due = Some(now + ASK_AGAIN);
        let Some(announcement) = answer else {
            place.missed = place.missed.saturating_add(1);
            if place.missed < MISSED_ANSWERS && self.rooms.values().any(|room| room.addresses.contains(&at)) {
                place.due = Some(now + ASK_SOON);
                return Vec::new();
            }
            if !place.kept {
                // Whoever comes back is seen again.
                self.places.remove(&at);
            }
            return self.left(at, None);
        };
        place.missed = 0;
        let mut changes = self.left(at, Some(announcement.room));
        changes.extend(self.is_at(at, announcement));
        changes
    }

    /// The rooms, by port and then by age.
    pub(super) fn rooms(&self) -> Vec<&Room> {
        let mut rooms: Vec<&Room> = self.rooms.values().collect();
        rooms.sort_by_key(|room| (room.addresses[0].port(), room.announcement.opened, room.announcement.room));
        rooms
    }

    /// No room but `now_there` is at an address any more.
    fn left(&mut self, at: SocketAddr, now_there: Option<RoomId>) -> Vec<Change> {
        let mut changes = Vec::new();
        self.rooms.retain(|id, room| {
            if Some(*id) == now_there || !room.addresses.contains(&at) {
                return true;
            }
            let before = room.clone();
            room.addresses.retain(|address| *address != at);
            // That another address is the best one now is told when it answers there: a host that has crashed is gone
            // from one address after the other.
            let stays = !room.addresses.is_empty();
            if !stays {
                changes.push(Change::Gone(Room { addresses: vec![room.told_at], ..before }));
            }
            stays
        });
        changes
    }

    /// A room is at an address.
    fn is_at(&mut self, at: SocketAddr, announcement: Announcement) -> Option<Change> {
        let id = announcement.room;
        let Some(room) = self.rooms.get_mut(&id) else {
            let room = Room { announcement, addresses: vec![at], told_at: at };
            self.rooms.insert(id, room.clone());
            return Some(Change::Found(room));
        };
        let before = room.clone();
        if announcement.host == room.announcement.host {
            room.announcement = announcement;
            if !room.addresses.contains(&at) {
                room.addresses.push(at);
                room.addresses.sort_by_key(|address| rank(*address));
            }
        } else if announcement.outranks(&room.announcement) {
            // It has another host, and what is left at the old one's addresses is no room of its own.
            *room = Room { announcement, addresses: vec![at], told_at: before.told_at };
        }
        room.told_at = room.addresses[0];
        (shown(room) != shown(&before)).then(|| Change::Changed(room.clone()))
    }
}

/// What people are shown of a room.
fn shown(room: &Room) -> (SocketAddr, &str, u32, bool) {
    let Announcement { name, members, closed, .. } = &room.announcement;
    (room.told_at, name, *members, *closed)
}

/// The lower, the likelier others reach it, and can type it.
fn rank(address: SocketAddr) -> (u8, SocketAddr) {
    let by_kind = match address.ip() {
        ip if ip.is_loopback() => 3,
        IpAddr::V6(ip) if ip.is_unicast_link_local() => 2,
        IpAddr::V6(_) => 1,
        IpAddr::V4(_) => 0,
    };
    (by_kind, address)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::room::id::PeerId;

    const S: Duration = Duration::from_secs(1);

    fn room(id: u64, host: u8, members: u32) -> Announcement {
        Announcement {
            room: RoomId(id),
            opened: 1_000,
            term: u64::from(host),
            host: PeerId([host; 16]),
            port: 8808,
            name: format!("host{host}").into(),
            members,
            closed: false,
            blocked: None,
        }
    }

    fn at(text: &str) -> SocketAddr {
        text.parse().unwrap()
    }

    fn sighting(where_: &str, announcement: Announcement) -> Sighting {
        Sighting { at: at(where_), announcement }
    }

    /// Sees, asks and is told.
    fn told(board: &mut Board, where_: &str, answer: Option<Announcement>, now: Duration) -> Vec<Change> {
        board.sighted(&sighting(where_, answer.clone().unwrap_or(room(1, 1, 1))), now);
        while board.next_to_ask(now).is_some() {}
        board.told(at(where_), answer, now)
    }

    fn addresses(board: &Board) -> Vec<Vec<String>> {
        board.rooms().iter().map(|room| room.addresses.iter().map(ToString::to_string).collect()).collect()
    }

    /// P18: by Wi-Fi, by cable, by IPv6, and by two ways of discovery.
    #[test]
    fn a_room_that_is_seen_everywhere_is_there_once_at_its_best_address() {
        let mut board = Board::new(None);
        for where_ in ["127.0.0.1:8808", "[fe80::7%2]:8808", "[fd00::7]:8808", "10.0.0.7:8808", "192.168.1.7:8808"] {
            told(&mut board, where_, Some(room(1, 1, 3)), S);
            told(&mut board, where_, Some(room(1, 1, 3)), S);
        }
        assert_eq!(
            addresses(&board),
            [["10.0.0.7:8808", "192.168.1.7:8808", "[fd00::7]:8808", "[fe80::7%2]:8808", "127.0.0.1:8808"]]
        );
    }

    #[test]
    fn what_does_not_answer_is_not_listed() {
        let mut board = Board::new(None);
        assert!(told(&mut board, "10.0.0.7:8808", None, S).is_empty());
        assert!(board.rooms().is_empty() && board.places.is_empty());
    }

    #[test]
    fn an_address_that_is_kept_is_asked_again() {
        let mut board = Board::new(None);
        let own = at("127.0.0.1:8808");
        board.keep(own, S);
        assert_eq!(board.next_to_ask(S), Some(own));
        assert!(board.told(own, None, S).is_empty());
        assert_eq!((board.next_to_ask(S), board.next_to_ask(S + ASK_AGAIN)), (None, Some(own)));
        assert!(matches!(board.told(own, Some(room(1, 1, 1)), S)[..], [Change::Found(_)]));
    }

    #[test]
    fn an_address_is_asked_once_at_a_time() {
        let mut board = Board::new(None);
        for _ in 0..3 {
            board.sighted(&sighting("10.0.0.7:8808", room(1, 1, 1)), S);
        }
        assert_eq!((board.next_to_ask(S), board.next_to_ask(S)), (Some(at("10.0.0.7:8808")), None));
        assert_eq!(board.deadline(), None);
        board.told(at("10.0.0.7:8808"), Some(room(1, 1, 1)), S);
        assert_eq!((board.next_to_ask(S), board.deadline()), (None, Some(S + ASK_AGAIN)));
        assert_eq!(board.next_to_ask(S + ASK_AGAIN), Some(at("10.0.0.7:8808")));
    }

    #[test]
    fn what_is_said_anew_is_asked_anew_and_not_all_the_time() {
        let mut board = Board::new(None);
        let here = "10.0.0.7:8808";
        told(&mut board, here, Some(room(1, 1, 1)), S);
        board.sighted(&sighting(here, room(1, 1, 1)), S);
        assert_eq!(board.deadline(), Some(S + ASK_AGAIN));
        for members in 2..99 {
            board.sighted(&sighting(here, room(1, 1, members)), S);
        }
        assert_eq!((board.next_to_ask(S), board.next_to_ask(S + ASK_SOON)), (None, Some(at(here))));
    }

    #[test]
    fn a_flood_of_sightings_is_bounded() {
        let mut board = Board::new(None);
        for port in 1..=u16::MAX {
            board.sighted(&sighting(&format!("10.0.0.7:{port}"), room(1, 1, 1)), S);
        }
        assert_eq!(board.places.len(), ROOM_ADDRESSES);
        assert_eq!(std::iter::from_fn(|| board.next_to_ask(S)).count(), ASKED_AT_ONCE);
        assert_eq!(board.deadline(), None, "an answer comes first");
    }

    #[test]
    fn only_the_port_that_was_asked_for_counts() {
        let mut board = Board::new(Some(9000));
        board.sighted(&sighting("10.0.0.7:8808", room(1, 1, 1)), S);
        assert_eq!(board.next_to_ask(S), None);
        board.sighted(&sighting("10.0.0.7:9000", room(1, 1, 1)), S);
        assert_eq!(board.next_to_ask(S), Some(at("10.0.0.7:9000")));
    }

    #[test]
    fn rooms_come_change_and_go() {
        let mut board = Board::new(None);
        let here = "10.0.0.7:8808";
        let is = |changes: Vec<Change>, members: u32| match &changes[..] {
            [Change::Found(room) | Change::Changed(room) | Change::Gone(room)] => room.announcement.members == members,
            _ => false,
        };
        let found = told(&mut board, here, Some(room(1, 1, 1)), S);
        assert!(matches!(found[..], [Change::Found(_)]) && is(found, 1));
        assert!(told(&mut board, here, Some(room(1, 1, 1)), S).is_empty());
        let changed = told(&mut board, here, Some(room(1, 1, 2)), S);
        assert!(matches!(changed[..], [Change::Changed(_)]) && is(changed, 2));
        for _ in 1..MISSED_ANSWERS {
            assert!(told(&mut board, here, None, S).is_empty(), "one answer may be missing");
        }
        let gone = told(&mut board, here, None, S);
        assert!(matches!(gone[..], [Change::Gone(_)]) && is(gone, 2));
        assert!(board.rooms().is_empty());
    }

    #[test]
    fn a_host_that_crashed_is_gone_once() {
        let mut board = Board::new(None);
        let places = ["10.0.0.7:8808", "192.168.1.7:8808", "[fd00::7]:8808"];
        for where_ in places {
            told(&mut board, where_, Some(room(1, 1, 1)), S);
        }
        let rounds = (0..MISSED_ANSWERS).flat_map(|_| places);
        let changes: Vec<_> = rounds.flat_map(|where_| told(&mut board, where_, None, S)).collect();
        let [Change::Gone(room)] = &changes[..] else { panic!("{changes:?}") };
        assert_eq!(room.addresses, [at(places[0])]);
    }

    #[test]
    fn a_better_address_that_is_gone_is_told_when_the_next_answers() {
        let mut board = Board::new(None);
        let (cable, wifi) = ("10.0.0.7:8808", "192.168.1.7:8808");
        for where_ in [cable, wifi] {
            told(&mut board, where_, Some(room(1, 1, 1)), S);
        }
        for _ in 0..MISSED_ANSWERS {
            assert!(told(&mut board, cable, None, S).is_empty());
        }
        let changed = told(&mut board, wifi, Some(room(1, 1, 1)), S);
        assert!(matches!(changed[..], [Change::Changed(_)]), "{changed:?}");
        assert!(told(&mut board, wifi, Some(room(1, 1, 1)), S).is_empty());
    }

    #[test]
    fn another_room_at_the_same_address_is_another_room() {
        let mut board = Board::new(None);
        told(&mut board, "10.0.0.7:8808", Some(room(1, 1, 1)), S);
        let changes = told(&mut board, "10.0.0.7:8808", Some(room(2, 2, 1)), S);
        assert!(matches!(changes[..], [Change::Gone(_), Change::Found(_)]), "{changes:?}");
    }

    #[test]
    fn a_room_moves_with_its_host() {
        let mut board = Board::new(None);
        told(&mut board, "10.0.0.7:8808", Some(room(1, 1, 3)), S);
        let moved = told(&mut board, "10.0.0.8:8808", Some(room(1, 2, 2)), S);
        assert!(matches!(moved[..], [Change::Changed(_)]), "{moved:?}");
        assert_eq!(addresses(&board), [["10.0.0.8:8808"]]);
        // The half of it that yields says nothing new.
        assert!(told(&mut board, "10.0.0.7:8808", Some(room(1, 1, 3)), S).is_empty());
        for _ in 0..MISSED_ANSWERS {
            assert!(told(&mut board, "10.0.0.7:8808", None, S).is_empty());
        }
        assert_eq!(board.rooms().len(), 1);
    }

    #[test]
    fn rooms_stand_by_port_and_age() {
        let mut board = Board::new(None);
        told(&mut board, "10.0.0.7:9000", Some(Announcement { port: 9000, opened: 1, ..room(1, 1, 1) }), S);
        told(&mut board, "10.0.0.8:8808", Some(Announcement { opened: 20, ..room(2, 2, 1) }), S);
        told(&mut board, "10.0.0.9:8808", Some(Announcement { opened: 10, ..room(3, 3, 1) }), S);
        assert_eq!(addresses(&board).concat(), ["10.0.0.9:8808", "10.0.0.8:8808", "10.0.0.7:9000"]);
    }
}
