//! Which rooms there are: addresses at which something was seen, and what was told there. Time is an argument.
//!
//! One room is one entry, however many addresses it is seen at and in however many ways. It asks nobody: it says who is
//! to be asked.

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
mod tests;
