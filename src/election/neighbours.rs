//! Who was seen on the LAN: rooms to go to, and others who look for one.
//!
//! How they were seen, and whether a room is really there, is not known here.

use std::cmp::Reverse;
use std::net::SocketAddr;
use std::time::Duration;

use crate::limits::{NEIGHBOURS, SAME_TIME, SEEKER_GRACE};
use crate::room::id::PeerId;
use crate::sighting::{Announcement, Seeker, Seen, Sighting};

/// A room at an address.
#[derive(Debug)]
struct Found {
    sighting: Sighting,
    heard: Duration,
    /// When we were last sent there.
    tried: Option<Duration>,
}

/// Somebody who opens a room at a time, if nobody else does before.
#[derive(Debug)]
struct Rival {
    peer: PeerId,
    hosts_at: Duration,
}

/// What was seen since the search began.
#[derive(Debug, Default)]
pub(super) struct Neighbours {
    rooms: Vec<Found>,
    rivals: Vec<Rival>,
}

impl Neighbours {
    /// Remembers what was seen. What is seen beyond the bound is not remembered: it says the same again.
    pub(super) fn note(&mut self, seen: Seen, now: Duration) {
        match seen {
            Seen::Room(sighting) => {
                let has_place = self.rooms.len() < NEIGHBOURS;
                match self.rooms.iter_mut().find(|found| found.sighting.at == sighting.at) {
                    Some(found) => (found.sighting, found.heard) = (sighting, now),
                    None if has_place => self.rooms.push(Found { sighting, heard: now, tried: None }),
                    None => {}
                }
            }
            Seen::Seeker(Seeker { peer, left }) => {
                let hosts_at = now + left;
                let has_place = self.rivals.len() < NEIGHBOURS;
                match self.rivals.iter_mut().find(|rival| rival.peer == peer) {
                    Some(rival) => rival.hosts_at = hosts_at,
                    None if has_place => self.rivals.push(Rival { peer, hosts_at }),
                    None => {}
                }
            }
        }
    }

    /// Where a `wanted` room was seen since we were last there, the one that would stay first. Whoever asks goes there.
    pub(super) fn fresh(&mut self, wanted: impl Fn(&Announcement) -> bool, now: Duration) -> Vec<SocketAddr> {
        let is_fresh = |found: &&mut Found| {
            wanted(&found.sighting.announcement) && found.tried.is_none_or(|tried| tried < found.heard)
        };
        let mut fresh: Vec<&mut Found> = self.rooms.iter_mut().filter(is_fresh).collect();
        fresh.sort_by_key(|found| rank(&found.sighting.announcement));
        let go = |found: &mut Found| {
            found.tried = Some(now);
            found.sighting.at
        };
        fresh.into_iter().map(go).collect()
    }

    /// Until when those who come before us are waited for; `None`: we are the first. It is the one whose search ends first,
    /// and of several at about the same time the one with the lowest id.
    pub(super) fn before(&self, me: PeerId, hosts_at: Duration, now: Duration) -> Option<Duration> {
        let is_before = |rival: &&Rival| {
            if rival.hosts_at.abs_diff(hosts_at) <= SAME_TIME { rival.peer < me } else { rival.hosts_at < hosts_at }
        };
        let until = self.rivals.iter().filter(is_before).map(|rival| rival.hosts_at + SEEKER_GRACE).max();
        until.filter(|until| *until > now)
    }
}

/// The room that stays where they meet comes first.
fn rank(announcement: &Announcement) -> impl Ord + use<> {
    (announcement.opened, announcement.room, Reverse(announcement.term), announcement.host)
}
