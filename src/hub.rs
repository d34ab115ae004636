//! The hub: everything of a hosted room but its sockets.
//!
//! It brings connections' bytes to the [`Room`] and what the room says to every connection: bytes and time in, bytes out.
//! What everybody hears is encoded once and appended to one stream; a member is a position in it, so a message costs
//! nothing per member but its part of one write a turn. Whoever runs a hub owns the sockets: it calls [`Hub::accept`],
//! [`Hub::receive`] and [`Hub::hang_up`] as things happen, and [`Hub::turn`] once after them with an [`Outlet`].
//! So a simulation runs the very bytes that the network does.

mod admission;
mod crowd;
mod ending;
mod letters;
mod own;
mod queue;
mod reading;
mod slot;
mod stream;
mod streams;
mod telling;
mod typed;
mod web;
mod welcome;
mod writing;

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::time::Duration;

use crate::connection_log::{Event as Happened, LogLine};
use crate::limits::HEARTBEAT;
use crate::moment::Moment;
use crate::room::event::{Event, Leave};
use crate::room::id::PeerId;
use crate::room::{Effect, End, Letter, Link, Room};
use crate::session::Session;
use crate::sighting::Announcement;
use crate::wire::native::{self, Encoder};
use crowd::Crowd;
pub use own::Own;
use slot::{Slot, Stage};
use streams::Streams;

/// A connection, as the hub numbers them: an index that is used again, as sockets are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key(pub usize);

/// Where a hub's bytes go.
pub trait Outlet {
    /// Sends as much as can be sent without waiting.
    ///
    /// # Errors
    /// `WouldBlock` if that is nothing: [`Hub::writable`] is called when it is something again. Any other error ends the
    /// connection.
    fn send(&mut self, key: Key, bytes: &[IoSlice<'_>]) -> io::Result<usize>;

    /// Nothing more will be sent on this connection: it may end in order.
    fn finish(&mut self, key: Key);

    /// The connection is over. Its key is used again.
    fn close(&mut self, key: Key);
}

/// A hosted room and its connections.
#[derive(Debug)]
pub struct Hub {
    room: Room,
    rate: u32,
    slots: Vec<Option<Slot>>,
    free: Vec<usize>,
    generation: u64,
    streams: Streams,
    encoder: Encoder,
    /// Lines on their way into the streams: the same memory, turn after turn.
    scratch: Vec<u8>,
    /// The same for frames.
    frames: Vec<u8>,
    /// The last entry that is in the streams, and on the host's own screen.
    told: u64,
    /// The room is closed or handed over: nothing happens in it any more.
    over_for_all: bool,
    /// Connections with something of their own to write.
    dirty: Vec<usize>,
    /// Connections that are read more slowly than they send, and when they are read on.
    throttled: BinaryHeap<Reverse<(Duration, Link)>>,
    /// Those of them that have just been read on, and may have more in their sockets.
    resumed: Vec<Key>,
    /// Connections that are over once everything has been written.
    over: Vec<usize>,
    /// Nothing is due on any connection before this time.
    next_sweep: Duration,
    next_ping: Duration,
    events: VecDeque<Event>,
    records: Vec<LogLine>,
    own: Own,
    crowd: Crowd,
    /// Where browsers were told that the room would go on.
    ahead: Vec<SocketAddr>,
    /// The host to which ours should yield, and whom it cannot reach.
    blocked: Option<PeerId>,
}

impl Hub {
    /// A hub around a room that was just opened or taken over, with the host's own participant in it.
    pub fn new(room: Room, rate: u32, own: Own, now: Moment) -> Self {
        // What the room did so far is on the own screen, except for the opening of a new one, which is no news there.
        let told = room.replica().log.last();
        let mut hub = Self {
            room,
            rate,
            slots: Vec::new(),
            free: Vec::new(),
            generation: 0,
            streams: Streams::new(),
            encoder: Encoder::default(),
            scratch: Vec::new(),
            frames: Vec::new(),
            told,
            over_for_all: false,
            dirty: Vec::new(),
            throttled: BinaryHeap::new(),
            resumed: Vec::new(),
            over: Vec::new(),
            next_sweep: Duration::MAX,
            next_ping: Duration::ZERO,
            events: VecDeque::new(),
            records: Vec::new(),
            own,
            crowd: Crowd::default(),
            ahead: Vec::new(),
            blocked: None,
        };
        if hub.takes_commands() {
            hub.begin(now);
        }
        hub
    }

    /// The room.
    pub fn room(&self) -> &Room {
        &self.room
    }

    /// What the host's own participant is told, oldest first. Emptied by whoever shows it.
    pub fn events(&mut self) -> &mut VecDeque<Event> {
        &mut self.events
    }

    /// What happened to connections since the last time, oldest first: lines for the connections log.
    pub fn records(&mut self) -> std::vec::Drain<'_, LogLine> {
        self.records.drain(..)
    }

    /// What the LAN is told of the room. While a new host only listens, its term is the one that it is about to begin.
    pub fn announcement(&self) -> Announcement {
        let replica = self.room.replica();
        Announcement {
            room: replica.room,
            opened: replica.opened.timestamp_millis(),
            term: replica.term + u64::from(self.room.is_flushing()),
            host: self.own.peer,
            port: self.own.address.port(),
            name: replica.host_name(),
            members: u32::try_from(replica.members().len()).unwrap_or(u32::MAX),
            closed: false,
            blocked: self.blocked,
        }
    }

    /// Says from now on that our host should yield to this one, and cannot reach it.
    pub fn set_blocked(&mut self, by: Option<PeerId>) {
        self.blocked = by;
    }

    /// Connections that may be read again: they had been read more slowly than they send.
    pub fn resumed(&mut self) -> std::vec::Drain<'_, Key> {
        self.resumed.drain(..)
    }

    /// How many connections there are.
    pub fn connections(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    /// Whether more may be read in this turn, or what is in the stream has to go out first.
    pub fn has_room(&self) -> bool {
        self.crowd.until.is_none() && self.streams.have_room()
    }

    /// Whether more of this connection's bytes may be read: not while it is read more slowly than it sends, or waits to be
    /// let in.
    pub fn reads(&self, key: Key) -> bool {
        self.slots.get(key.0).and_then(Option::as_ref).is_some_and(|slot| !slot.throttled)
    }

    /// The earliest time at which [`Hub::turn`] has something to do though nothing happens; none: never.
    pub fn deadline(&self) -> Option<Duration> {
        // While the room waits for readers, nobody is read on.
        let throttled = self.throttled.peek().map(|Reverse((until, ..))| *until);
        let throttled = self.crowd.until.or(throttled);
        let connected = self.connections() > 0;
        let room = if self.over_for_all { None } else { self.room.deadline() };
        let ping = (connected && !self.over_for_all).then_some(self.next_ping);
        let sweep = connected.then_some(self.next_sweep);
        [room, throttled, ping, sweep].into_iter().flatten().min()
    }

    /// Somebody has connected.
    pub fn accept(&mut self, address: SocketAddr, now: Moment) -> Key {
        if self.connections() == 0 {
            self.next_ping = now.mono + HEARTBEAT;
        }
        let index = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            self.slots.len() - 1
        });
        self.generation += 1;
        let link = link(self.generation, index);
        let slot = Slot::new(link, address, Session::new(self.rate), now.mono);
        self.next_sweep = self.next_sweep.min(slot.deadline());
        self.slots[index] = Some(slot);
        self.records.push(LogLine::new(now.wall, address, Happened::Accepted));
        Key(index)
    }

    /// A connection has sent bytes.
    pub fn receive(&mut self, key: Key, bytes: &[u8], now: Moment) {
        if let Some(slot) = self.slot(key.0) {
            slot.heard = now.mono;
            if matches!(slot.stage, Stage::Ending | Stage::Ended) {
                return self.discard(key.0, bytes.len());
            }
            self.read(key.0, bytes, now);
        }
    }

    /// A connection's socket takes bytes again.
    pub fn writable(&mut self, key: Key) {
        if let Some(slot) = self.slot(key.0).filter(|slot| slot.blocked) {
            slot.blocked = false;
            self.dirty.push(key.0);
        }
    }

    /// Everything that is due, and everything that is to be written.
    pub fn turn(&mut self, now: Moment, outlet: &mut impl Outlet) {
        if !self.over_for_all {
            self.tick(now);
        }
        self.read_on(now);
        if self.next_sweep <= now.mono {
            self.sweep(now);
        }
        self.tell_entries(now);
        self.write_all(now, outlet);
    }

    /// What the room does by itself, and the heartbeat.
    fn tick(&mut self, now: Moment) {
        let was_flushing = self.room.is_flushing();
        let effects = self.room.tick(now);
        if was_flushing && !self.room.is_flushing() {
            self.begin(now);
        }
        self.apply(effects, now);
        if self.connections() > 0 && self.next_ping <= now.mono {
            self.next_ping = now.mono + HEARTBEAT;
            self.append(native::PING);
        }
    }

    fn slot(&mut self, index: usize) -> Option<&mut Slot> {
        self.slots.get_mut(index).and_then(Option::as_mut)
    }

    /// The connection behind a link, while it is that one.
    fn index(&self, link: Link) -> Option<usize> {
        let index = index_of(link);
        self.slots.get(index).and_then(Option::as_ref).is_some_and(|slot| slot.link == link).then_some(index)
    }

    /// Does what the room wants done.
    fn apply(&mut self, effects: Vec<Effect>, now: Moment) {
        for effect in effects {
            match effect {
                Effect::Admitted(admissions) => self.admit(&admissions, now),
                Effect::Rehomed(id) => self.tell_home(id, now),
                Effect::Letter(Link::OWN, letter) => self.show(letter, now),
                Effect::Letter(link, letter) => {
                    if let Some(index) = self.index(link) {
                        self.post(index, letter, now);
                    }
                }
                Effect::End(link, end) => {
                    if let Some(index) = self.index(link) {
                        let reason = match end {
                            End::Left(leave) => leave.word(),
                            End::Replaced => Leave::Lost.word(),
                        };
                        self.tell_entries(now);
                        self.end(index, reason, now);
                    }
                }
            }
        }
    }
}

/// The link of a connection: its index, and which of those that have had that it is.
fn link(generation: u64, index: usize) -> Link {
    Link(generation << 32 | index as u64)
}

/// The index of a link's connection, which may be another's by now.
fn index_of(link: Link) -> usize {
    (link.0 & u64::from(u32::MAX)) as usize
}

#[cfg(test)]
mod tests;
