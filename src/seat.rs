//! A member's seat in a room that is hosted elsewhere, without its socket: bytes, commands and time in; bytes, events and a
//! [`Phase`] out.
//!
//! A seat outlives connections and hosts. It keeps what it needs for that: the room's [`Replica`], with which it comes back
//! to its place or hosts the room itself, and what it has sent and not got back, which it sends again. It decides nothing
//! about where to connect: that is the election's business.

mod belongings;
mod entries;
mod greeting;
mod sending;

use std::collections::VecDeque;
use std::io::ErrorKind;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use crate::limits::{CANDIDATE_ADDRESSES, FAREWELL, HELLO_ANSWER, READY_BYTES, SILENCE};
use crate::moment::Moment;
use crate::room::event::{Closed, Command, Event, What};
use crate::room::id::{MemberId, PeerId, Secret};
use crate::room::replica::Replica;
use crate::wire::native::{self, FromHost};
pub use belongings::{Belongings, Told};
use entries::CatchUp;

/// How far a connection has come.
#[derive(Debug)]
pub enum Phase {
    /// We have said hello and wait for the answer.
    Greeting,
    /// We are in the room.
    In,
    /// The connection is of no more use.
    Over(Over),
}

/// How a connection ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Over {
    /// What answered is no room.
    NotARoom(String),
    /// The room did not let us in.
    Refused {
        /// For scripts.
        code: String,
        /// For people.
        text: String,
    },
    /// Nothing came in answer to our hello.
    Silent,
    /// The connection ended, in this way, before anything came of it.
    HungUp(ErrorKind),
    /// We were in the room and are no longer: the connection ended without a word.
    Lost,
    /// We were in the room, and nothing has come for so long that the host must be gone.
    TimedOut,
    /// We were in the room, and its host hands it over to a member.
    HandedOver(MemberId),
    /// We were in the room, and it goes on at one of these addresses.
    Moved(Vec<SocketAddr>),
    /// The end, in order, of a script that has said something which the room does not have.
    Unheard {
        /// For scripts.
        code: String,
        /// For people.
        text: String,
    },
    /// The end, in order.
    Closed(Closed),
}

/// Why we are leaving.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Leaving {
    /// Once everything that we sent is acknowledged.
    WhenHeard,
    /// Now; since then we wait for the host's last word.
    Since(Duration),
}

/// A member's seat.
#[derive(Debug)]
pub struct Seat {
    secret: Secret,
    wanted: String,
    port: Option<u16>,
    addresses: Vec<IpAddr>,
    replica: Option<Replica>,
    /// The room that we move out of, until the history of the one that we move into is there.
    before: Option<Replica>,
    me: MemberId,
    /// How far we have counted our messages.
    n: u64,
    unacknowledged: VecDeque<(u64, Command)>,
    /// How far those have been on their way to a host: what has may have arrived.
    under_way: u64,
    /// What else we were asked for while nobody could hear it.
    asked: VecDeque<Command>,
    told: Told,
    leaving: Option<Leaving>,
    /// The standard input has ended: whoever wrote it is told by our end whether the room has all of it.
    script: bool,
    /// The last of our messages that the room did not take, and why.
    untaken: Option<(String, String)>,
    role: Option<What>,
    events: VecDeque<Event>,
    address: String,
    phase: Phase,
    since: Duration,
    heard: Duration,
    held: Vec<u8>,
    searched: usize,
    passed_over: usize,
    catch_up: Option<CatchUp>,
    /// The host has been given what it lacked: it asks once.
    handed_over: bool,
    out: Vec<u8>,
}

impl Seat {
    /// A seat in no room yet. `port` is where we would host; `None`: never.
    pub fn new(secret: Secret, wanted: String, port: Option<u16>) -> Self {
        Self {
            secret,
            wanted,
            port,
            addresses: Vec::new(),
            replica: None,
            before: None,
            me: MemberId(0),
            n: 0,
            unacknowledged: VecDeque::new(),
            under_way: 0,
            asked: VecDeque::new(),
            told: Told::default(),
            leaving: None,
            script: false,
            untaken: None,
            role: None,
            events: VecDeque::new(),
            address: String::new(),
            phase: Phase::Over(Over::HungUp(ErrorKind::NotConnected)),
            since: Duration::ZERO,
            heard: Duration::ZERO,
            held: Vec::new(),
            searched: 0,
            passed_over: 0,
            catch_up: None,
            handed_over: false,
            out: Vec::new(),
        }
    }

    /// The addresses of our machine at which we would host, for the next hello: they come and go with cables and Wi-Fi.
    pub fn set_addresses(&mut self, addresses: Vec<IpAddr>) {
        self.addresses = addresses;
    }

    /// Who we are to others.
    pub fn peer(&self) -> PeerId {
        self.secret.peer()
    }

    /// What we know of the room, once we have been in one.
    pub fn replica(&self) -> Option<&Replica> {
        self.replica.as_ref()
    }

    /// Which member we are, or were until the host was lost; `None`: we have not been in a room.
    pub fn me(&self) -> Option<MemberId> {
        self.replica.is_some().then_some(self.me)
    }

    /// How far the connection has come.
    pub fn phase(&self) -> &Phase {
        &self.phase
    }

    /// Whether it is all over: there is no way back into a room.
    pub fn has_left(&self) -> bool {
        matches!(self.phase, Phase::Over(Over::Closed(_) | Over::Unheard { .. }))
    }

    /// What we are told, oldest first. Emptied by whoever shows it.
    pub fn events(&mut self) -> &mut VecDeque<Event> {
        &mut self.events
    }

    /// What is to be sent.
    pub fn output(&self) -> &[u8] {
        &self.out
    }

    /// That many bytes of it have been sent.
    pub fn sent(&mut self, bytes: usize) {
        self.out.drain(..bytes);
    }

    /// A new connection to `address` (`IP:PORT`) begins.
    pub fn connected(&mut self, address: String, now: Moment) {
        self.address = address;
        self.phase = Phase::Greeting;
        (self.since, self.heard) = (now.mono, now.mono);
        (self.held, self.searched, self.passed_over) = (Vec::new(), 0, 0);
        self.catch_up = None;
        self.handed_over = false;
        self.out.clear();
        self.undo_move();
        self.say_hello();
    }

    /// Bytes have come.
    pub fn receive(&mut self, mut bytes: &[u8], now: Moment) {
        self.heard = now.mono;
        while !bytes.is_empty() && !matches!(self.phase, Phase::Over(_)) {
            let Some(end) = memchr::memchr(b'\n', bytes) else {
                self.held.extend_from_slice(bytes);
                return self.check_length();
            };
            let (line, rest) = bytes.split_at(end + 1);
            bytes = rest;
            if self.held.is_empty() {
                self.line(&line[..end], now);
            } else {
                self.held.extend_from_slice(&line[..end]);
                let held = std::mem::take(&mut self.held);
                self.line(&held, now);
            }
        }
    }

    /// The connection has ended; `how` is [`ErrorKind::ConnectionAborted`] if the host ended it in order.
    pub fn hung_up(&mut self, how: ErrorKind, now: Moment) {
        let over = match (&self.phase, self.leaving) {
            (Phase::Over(_), _) => return,
            (Phase::In, Some(Leaving::Since(_))) => return self.close(Closed::Left, "you left", now),
            (Phase::In, _) => Over::Lost,
            (Phase::Greeting, _) if self.speaks_otherwise() => Over::NotARoom(self.found()),
            (Phase::Greeting, _) => Over::HungUp(how),
        };
        self.phase = Phase::Over(over);
    }

    /// The earliest time at which [`Seat::tick`] has something to do though nothing happens.
    pub fn deadline(&self) -> Option<Duration> {
        let due = match self.phase {
            Phase::Greeting => self.since + HELLO_ANSWER,
            Phase::In => self.heard + SILENCE,
            Phase::Over(_) => return None,
        };
        match self.leaving {
            Some(Leaving::Since(since)) => Some(due.min(since + FAREWELL)),
            _ => Some(due),
        }
    }

    /// Ends what has taken too long.
    pub fn tick(&mut self, now: Moment) {
        if let Some(Leaving::Since(since)) = self.leaving
            && since + FAREWELL <= now.mono
        {
            return self.close(Closed::Left, "you left", now);
        }
        match self.phase {
            Phase::Greeting if self.since + HELLO_ANSWER <= now.mono => {
                let over = if self.speaks_otherwise() { Over::NotARoom(self.found()) } else { Over::Silent };
                self.phase = Phase::Over(over);
            }
            Phase::In if self.heard + SILENCE <= now.mono => self.phase = Phase::Over(Over::TimedOut),
            _ => {}
        }
    }

    /// Whether what has come is no beginning of an answer to our hello. Half a line of it is: its host may just have died.
    fn speaks_otherwise(&self) -> bool {
        self.passed_over > 0 || self.held.first().is_some_and(|first| *first != b'{')
    }

    fn line(&mut self, line: &[u8], now: Moment) {
        match self.phase {
            Phase::Greeting => self.greeting(line, now),
            Phase::In => match serde_json::from_slice(line) {
                Ok(line) => self.heard_line(line, now),
                // A blank line separates the last words to a member that was too slow from the half line before them.
                Err(_) if line.is_empty() => {}
                // A hole in the stream: what follows would be out of order. We come back for it.
                Err(_) => self.phase = Phase::Over(Over::Lost),
            },
            Phase::Over(_) => {}
        }
    }

    fn heard_line(&mut self, line: FromHost, now: Moment) {
        match line {
            FromHost::Said(line) => self.entries(native::EntryLine::Said(line), now),
            FromHost::Joined(line) => self.entries(native::EntryLine::Joined(line), now),
            FromHost::Left(line) => self.entries(native::EntryLine::Left(line), now),
            FromHost::Renamed(line) => self.entries(native::EntryLine::Renamed(line), now),
            FromHost::Told(line) => self.told(line, now),
            FromHost::At { id, at } => self.rehomed(id, at),
            FromHost::Members { members } => self.listed(&members, now),
            FromHost::Refused { code, text, n } => self.refused(code, text, n, now),
            FromHost::Ping => self.pong(),
            FromHost::Handover { to } => self.phase = Phase::Over(Over::HandedOver(to)),
            FromHost::Moved { to } => self.phase = Phase::Over(Over::Moved(to)),
            FromHost::Closed { reason, text } => self.close(reason, &text, now),
            FromHost::Pong => self.taken(),
            FromHost::Welcome(_) | FromHost::Lack { .. } | FromHost::Room(_) | FromHost::Unknown => {}
        }
    }

    /// A member would host elsewhere from now on.
    fn rehomed(&mut self, id: MemberId, at: Vec<SocketAddr>) {
        if let Some(member) = self.replica.as_mut().and_then(|replica| replica.member_mut(id)) {
            member.at = at;
            member.at.truncate(CANDIDATE_ADDRESSES);
        }
    }

    /// Says that we are there. A host that does not read what we have said already needs no more of it.
    fn pong(&mut self) {
        if self.out.len() < READY_BYTES {
            self.out.extend_from_slice(native::PONG);
        }
    }

    /// What has come waits for our own interface: how long that takes says nothing about the host.
    pub fn held_up(&mut self, now: Moment) {
        if matches!(self.phase, Phase::In) {
            self.heard = now.mono;
        }
    }

    fn close(&mut self, reason: Closed, text: &str, now: Moment) {
        if let Some((code, text)) = self.unheard(reason) {
            self.phase = Phase::Over(Over::Unheard { code, text });
            return;
        }
        self.tell(What::Closed { reason, text: text.into() }, now);
        self.phase = Phase::Over(Over::Closed(reason));
    }

    fn tell(&mut self, what: What, now: Moment) {
        self.events.push_back(Event { at: now.wall, what });
    }

    fn notice(&mut self, text: impl Into<String>, now: Moment) {
        self.tell(What::Notice { text: text.into() }, now);
    }
}

#[cfg(test)]
mod tests;
