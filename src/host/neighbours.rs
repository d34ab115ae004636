//! Other hosts on our port: tells the LAN of our room, goes and looks at those to which we may have to yield.
//!
//! It knows neither how rooms are seen and announced nor which of two stays: it brings one to the other.

use std::net::SocketAddr;
use std::time::Duration;

use mio::Registry;

use super::scout::Scout;
use crate::election::bulletin::Bulletin;
use crate::election::meeting::{Meeting, Outcome};
use crate::hub::Hub;
use crate::limits::SIGHTINGS;
use crate::mailbox::Mailbox;
use crate::moment::Moment;
use crate::sighting::{Announcement, Elsewhere, Seen};

/// What a host knows of its neighbours, and they of it.
pub(super) struct Neighbours<'a> {
    seen: &'a Mailbox<Seen>,
    announce: &'a dyn Fn(Option<Announcement>),
    bulletin: Bulletin,
    /// Somebody went without a word.
    misses: bool,
    meeting: Meeting,
    scout: Option<Scout>,
}

impl<'a> Neighbours<'a> {
    pub(super) fn new(seen: &'a Mailbox<Seen>, announce: &'a dyn Fn(Option<Announcement>)) -> Self {
        Self { seen, announce, bulletin: Bulletin::default(), misses: false, meeting: Meeting::default(), scout: None }
    }

    /// The room is ending: nobody is told of it any more.
    pub(super) fn hush(&self) {
        (self.announce)(None);
    }

    /// The earliest time at which [`Neighbours::turn`] has something to do though nothing happens.
    pub(super) fn deadline(&self) -> Option<Duration> {
        let visit = self.scout.as_ref().map(|scout| scout.until);
        let seek = (self.misses && self.scout.is_none()).then(|| self.meeting.next_seek());
        [self.bulletin.deadline(), visit, seek].into_iter().flatten().min()
    }

    /// Everything that is due. Where to go, if the room goes on elsewhere.
    pub(super) fn turn(&mut self, hub: &mut Hub, registry: &Registry, now: Moment) -> Option<Elsewhere> {
        hub.set_blocked(self.meeting.blocked(now.mono));
        let ours = hub.announcement();
        // What it has heard of by then is what it is told of.
        let to = self.visit(&ours, hub, registry, now);
        if let Some(news) = self.bulletin.news(ours, now.mono) {
            (self.announce)(Some(news));
        }
        to
    }

    fn visit(&mut self, ours: &Announcement, hub: &mut Hub, registry: &Registry, now: Moment) -> Option<Elsewhere> {
        let seen: Vec<Seen> = (0..SIGHTINGS).map_while(|_| self.seen.take()).collect();
        if let Some(said) = self.scout.as_mut().and_then(|scout| scout.go_on(now.mono)) {
            self.scout = None;
            // What has come together with the answer counts for it.
            let rooms =
                seen.iter().filter_map(|seen| if let Seen::Room(sighting) = seen { Some(sighting) } else { None });
            rooms.for_each(|sighting| self.meeting.also_at(sighting));
            match self.meeting.visited(ours, said, now.mono) {
                Outcome::Stay => {}
                Outcome::Yield(to) => return Some(to),
                Outcome::Blocked(at, name) => hub.notice(blocked(at, &name), now),
            }
        }
        for seen in seen {
            // A new host yields to nobody before it knows what there is to bring along.
            let Seen::Room(sighting) = seen else { continue };
            if hub.room().is_flushing() {
                continue;
            }
            if let Some(at) = self.meeting.seen(ours, sighting, now.mono) {
                self.set_out(at, ours, registry, now);
            }
        }
        self.misses = hub.room().missing(now).next().is_some() && !hub.room().is_flushing();
        if self.misses
            && let Some(at) = self.meeting.seek(hub.room().missing(now), now.mono)
        {
            self.set_out(at, ours, registry, now);
        }
        None
    }

    fn set_out(&mut self, at: SocketAddr, ours: &Announcement, registry: &Registry, now: Moment) {
        self.scout = Scout::visit(at, registry, now.mono);
        if self.scout.is_none() {
            self.meeting.visited(ours, None, now.mono);
        }
    }
}

fn blocked(at: SocketAddr, name: &str) -> String {
    format!(
        "{name} hosts this room at {at} too, and cannot be reached from here: a firewall, perhaps (hybrid-chat doctor)"
    )
}
