//! Other hosts, as a virtual host meets them: it announces its room, and visits those to which it may have to yield.

use std::collections::VecDeque;
use std::io::IoSlice;
use std::net::SocketAddr;
use std::time::Duration;

use hybrid_chat::discovery::beacon::{Beacon, Task};
use hybrid_chat::election::bulletin::Bulletin;
use hybrid_chat::election::meeting::{Meeting, Outcome};
use hybrid_chat::hub::Hub;
use hybrid_chat::limits::VISIT;
use hybrid_chat::moment::Moment;
use hybrid_chat::sighting::{Announcement, Elsewhere, Seen};
use hybrid_chat::wire::native::room_told;

use crate::network::{End, Network, Read, State};

/// What a host knows of others, and they of it.
#[derive(Default)]
pub(crate) struct Neighbours {
    bulletin: Bulletin,
    /// Somebody went without a word.
    misses: bool,
    meeting: Meeting,
    scout: Option<Scout>,
}

/// A visit to another host.
struct Scout {
    end: End,
    has_asked: bool,
    answer: Vec<u8>,
    until: Duration,
}

impl Neighbours {
    /// When there is something to do though nothing happens.
    pub(crate) fn deadline(&self) -> Option<Duration> {
        let visit = self.scout.as_ref().map(|scout| scout.until);
        let seek = (self.misses && self.scout.is_none()).then(|| self.meeting.next_seek());
        [self.bulletin.deadline(), visit, seek].into_iter().flatten().min()
    }

    /// What has come of a visit: where to go, if the room goes on elsewhere.
    pub(crate) fn visit(&mut self, hub: &mut Hub, net: &mut Network, now: Moment) -> Option<Elsewhere> {
        hub.set_blocked(self.meeting.blocked(now.mono));
        let ours = hub.announcement();
        let said = self.scout.as_mut().and_then(|scout| scout.go_on(net, now.mono))?;
        if let Some(scout) = self.scout.take() {
            net.close(scout.end);
        }
        match self.meeting.visited(&ours, said, now.mono) {
            Outcome::Stay | Outcome::Blocked(..) => None,
            Outcome::Yield(to) => Some(to),
        }
    }

    /// Whom to visit, out of those that were seen or are missed.
    pub(crate) fn whom(&mut self, seen: &mut VecDeque<Seen>, hub: &Hub, now: Moment) -> Option<SocketAddr> {
        let ours = hub.announcement();
        while let Some(seen) = seen.pop_front() {
            let Seen::Room(sighting) = seen else { continue };
            if hub.room().is_flushing() {
                continue;
            }
            if let Some(at) = self.meeting.seen(&ours, sighting, now.mono) {
                return Some(at);
            }
        }
        self.misses = hub.room().missing(now).next().is_some() && !hub.room().is_flushing();
        if self.misses { self.meeting.seek(hub.room().missing(now), now.mono) } else { None }
    }

    /// Sets out to visit another host. A visit under way is given up for it.
    pub(crate) fn set_out(&mut self, end: End, net: &mut Network, now: Moment) {
        self.stay_at_home(net);
        let until = now.mono + VISIT;
        self.scout = Some(Scout { end, has_asked: false, answer: Vec::new(), until });
    }

    /// Gives up a visit.
    pub(crate) fn stay_at_home(&mut self, net: &mut Network) {
        if let Some(scout) = self.scout.take() {
            net.close(scout.end);
        }
    }

    /// Tells the LAN of the room, if there is something new to tell.
    pub(crate) fn tell(&mut self, hub: &Hub, beacon: &mut Beacon, now: Moment) {
        if let Some(news) = self.bulletin.news(hub.announcement(), now.mono) {
            beacon.set(Task::Announce(news), now.mono);
        }
    }
}

impl Scout {
    /// When it is over: what was said there, or nothing where nobody was reached.
    fn go_on(&mut self, net: &mut Network, now: Duration) -> Option<Option<Announcement>> {
        match net.state(self.end) {
            State::Open => {}
            State::Connecting if now < self.until => return None,
            _ => return Some(None),
        }
        if !std::mem::replace(&mut self.has_asked, true) {
            drop(net.write(self.end, &[IoSlice::new(b"{\"type\":\"look\"}\n")]));
        }
        match net.read(self.end) {
            Read::Bytes(bytes) => self.answer.extend(bytes),
            Read::Nothing => {}
            Read::Ended | Read::Broken => return Some(None),
        }
        match room_told(&self.answer) {
            Some(said) => Some(Some(said)),
            None => (now >= self.until).then_some(None),
        }
    }

    fn is_awaited(&self, net: &Network) -> bool {
        net.is_readable(self.end)
    }
}

impl Neighbours {
    /// Whether there is more of an answer to read.
    pub(crate) fn has_more_to_read(&self, net: &Network) -> bool {
        self.scout.as_ref().is_some_and(|scout| scout.is_awaited(net))
    }
}
