//! The beacon: who hosts is asked and answered in datagrams of our own.
//!
//! Whoever looks asks everybody, and only a host answers, to the asker alone. A host says that it is there unasked too, so
//! that two hosts find each other. Whoever hears of another by what was meant for everybody tells that one of itself, so
//! that one direction suffices where a firewall swallows the other. Datagrams and time go in, datagrams and sightings
//! come out; there is no socket here, and nothing is believed of a datagram but where it came from.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Duration;

use fastrand::Rng;

use super::datagram::{Ask, Datagram, Here};
use crate::limits::{
    ANNOUNCE_EVERY, ANSWERED, ASK_AT, ASK_EVERY, DEFAULT_PORT, NUMBER_MAX, QUESTIONS, REPLIES_PER_SECOND, TELL_AGAIN,
    TOLD,
};
use crate::room::id::{PeerId, RoomId};
use crate::sighting::{Announcement, Seeker, Seen, Sighting};

/// What discovery is to do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Task {
    /// Neither ask nor answer.
    #[default]
    Rest,
    /// Ask who hosts, at [`ASK_AT`] from now and then every [`ASK_EVERY`].
    Look {
        /// When we open a room ourselves if nobody does, as the clock counts; nothing: we only join.
        hosts_at: Option<Duration>,
    },
    /// Answer, and announce: now, every [`ANNOUNCE_EVERY`], and at once when another room, term, port or hindrance is to be
    /// announced. The rest goes out with the next announcement.
    Announce(Announcement),
}

/// To whom a datagram goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum To {
    /// To whoever listens on the LAN, on [`Beacon::port`].
    Everybody,
    /// To one address.
    One(SocketAddr),
}

/// A datagram to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// To whom.
    pub to: To,
    /// What.
    pub bytes: Vec<u8>,
}

/// What comes of a datagram.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Heard {
    /// Who was seen.
    pub seen: Option<Seen>,
    /// What is to be sent in return.
    pub reply: Option<Outgoing>,
}

/// The beacon of one process.
#[derive(Debug)]
pub struct Beacon {
    me: PeerId,
    /// The room's port; nothing: any.
    port: Option<u16>,
    random: Rng,
    task: Task,
    /// Since when this is the task.
    since: Duration,
    /// When the next question or announcement goes out.
    due: Duration,
    /// How many went out.
    sent: usize,
    /// The nonces of our last questions.
    questions: VecDeque<u64>,
    /// Others' last questions, by address and nonce, that were answered.
    answered: VecDeque<(SocketAddr, u64)>,
    /// Who was told of us in return, and when.
    told: VecDeque<(PeerId, Duration)>,
    replies: Allowance,
}

impl Beacon {
    /// A beacon at rest, for the room on `port` (0: for all rooms), of the peer `me`. Nonces come from `random`.
    pub fn new(port: u16, me: PeerId, random: Rng) -> Self {
        Self {
            me,
            port: Some(port).filter(|port| *port != 0),
            random,
            task: Task::Rest,
            since: Duration::ZERO,
            due: Duration::ZERO,
            sent: 0,
            questions: VecDeque::new(),
            answered: VecDeque::new(),
            told: VecDeque::new(),
            replies: Allowance::default(),
        }
    }

    /// Gives it another task. The same one again changes nothing.
    pub fn set(&mut self, task: Task, now: Duration) {
        let goes_on = match (&self.task, &task) {
            (Task::Announce(old), Task::Announce(new)) => standing(old) == standing(new),
            (old, new) => old == new,
        };
        if !goes_on {
            (self.since, self.due, self.sent) = (now, now, 0);
            self.told.clear();
        }
        if task == Task::Rest {
            self.questions.clear();
        }
        self.task = task;
    }

    /// Others can be reached now who could not: what would be said later is due now.
    pub fn hurry(&mut self, now: Duration) {
        self.due = self.due.min(now);
    }

    /// What it does.
    pub fn task(&self) -> &Task {
        &self.task
    }

    /// Whether it does nothing.
    pub fn is_resting(&self) -> bool {
        self.task == Task::Rest
    }

    /// The port on which those listen who have to do with our room; questions after any room go to the usual one.
    pub fn port(&self) -> u16 {
        match &self.task {
            Task::Announce(announcement) => announcement.port,
            _ => self.port.unwrap_or(DEFAULT_PORT),
        }
    }

    /// When something is due; nothing: never.
    pub fn deadline(&self) -> Option<Duration> {
        (!self.is_resting()).then_some(self.due)
    }

    /// What is due by now; to be taken until there is nothing.
    pub fn due(&mut self, now: Duration) -> Option<Outgoing> {
        if now < self.due {
            return None;
        }
        let datagram = match &self.task {
            Task::Rest => return None,
            Task::Look { hosts_at } => {
                let (hosts_at, nonce) = (*hosts_at, self.random.u64(..=NUMBER_MAX));
                self.sent += 1;
                self.due = ASK_AT.get(self.sent).map_or(now + ASK_EVERY, |at| self.since + *at);
                remember(&mut self.questions, nonce, QUESTIONS);
                Datagram::Ask(self.question(nonce, hosts_at, now))
            }
            Task::Announce(announcement) => {
                self.due = now + ANNOUNCE_EVERY;
                Datagram::Here(Here { nonce: None, announcement: announcement.clone() })
            }
        };
        Some(Outgoing { to: To::Everybody, bytes: datagram.encode() })
    }

    /// Takes a datagram that came from `from`.
    pub fn receive(&mut self, bytes: &[u8], from: SocketAddr, now: Duration) -> Heard {
        if self.is_resting() {
            return Heard::default();
        }
        match Datagram::decode(bytes) {
            Some(Datagram::Ask(ask)) => self.asked(&ask, from, now),
            Some(Datagram::Here(here)) => self.found(here, from, now),
            None => Heard::default(),
        }
    }

    /// Somebody wants to know who hosts.
    fn asked(&mut self, ask: &Ask, from: SocketAddr, now: Duration) -> Heard {
        let is_other = ask.seeker.is_none_or(|seeker| seeker.peer != self.me);
        match &self.task {
            Task::Announce(own) if is_other && ask.port.is_none_or(|port| port == own.port) => {
                let here = Here { nonce: Some(ask.nonce), announcement: own.clone() };
                let is_new = !self.answered.contains(&(from, ask.nonce)) && self.replies.take(now);
                if is_new {
                    remember(&mut self.answered, (from, ask.nonce), ANSWERED);
                }
                Heard { seen: None, reply: is_new.then(|| reply(&Datagram::Here(here), from)) }
            }
            Task::Look { hosts_at } if is_other && ask.port == self.port => match ask.seeker {
                Some(seeker) => self.met(seeker, *hosts_at, from, now),
                None => Heard::default(),
            },
            _ => Heard::default(),
        }
    }

    /// Another one looks too.
    fn met(&mut self, seeker: Seeker, hosts_at: Option<Duration>, from: SocketAddr, now: Duration) -> Heard {
        // The question is the last one once more: who answers it has not heard it yet.
        let last = self.questions.back().copied().filter(|_| hosts_at.is_some());
        let nonce = last.filter(|_| self.tells(seeker.peer, now));
        let question = nonce.map(|nonce| Datagram::Ask(self.question(nonce, hosts_at, now)));
        Heard { seen: Some(Seen::Seeker(seeker)), reply: question.map(|question| reply(&question, from)) }
    }

    /// Somebody says that it hosts.
    fn found(&mut self, here: Here, from: SocketAddr, now: Duration) -> Heard {
        let Here { nonce, announcement } = here;
        let is_ours = announcement.host != self.me && self.is_our_port(announcement.port);
        if !is_ours || nonce.is_some_and(|nonce| !self.questions.contains(&nonce)) {
            return Heard::default();
        }
        let own = match &self.task {
            Task::Announce(own) if nonce.is_none() => Some(own.clone()),
            _ => None,
        };
        let own = own.filter(|_| self.tells(announcement.host, now));
        let own = own.map(|announcement| Datagram::Here(Here { nonce: None, announcement }));
        let mut at = from;
        at.set_port(announcement.port);
        let seen = Some(Seen::Room(Sighting { at, announcement }));
        Heard { seen, reply: own.map(|own| reply(&own, from)) }
    }

    fn is_our_port(&self, port: u16) -> bool {
        match &self.task {
            Task::Announce(own) => port == own.port,
            _ => self.port.is_none_or(|ours| port == ours),
        }
    }

    /// Whether `peer` is to be told of us, and if so, that it was.
    fn tells(&mut self, peer: PeerId, now: Duration) -> bool {
        self.told.retain(|(_, at)| now < *at + TELL_AGAIN);
        let is_new = self.told.len() < TOLD && self.told.iter().all(|(told, _)| *told != peer);
        if is_new && self.replies.take(now) {
            self.told.push_back((peer, now));
            return true;
        }
        false
    }

    fn question(&self, nonce: u64, hosts_at: Option<Duration>, now: Duration) -> Ask {
        let seeker = hosts_at.map(|at| Seeker { peer: self.me, left: at.saturating_sub(now) });
        Ask { nonce, port: self.port, seeker }
    }
}

/// What of an announcement cannot wait for the next one.
fn standing(announcement: &Announcement) -> (RoomId, u64, PeerId, u16, Option<PeerId>) {
    let Announcement { room, term, host, port, blocked, .. } = announcement;
    (*room, *term, *host, *port, *blocked)
}

fn reply(datagram: &Datagram, to: SocketAddr) -> Outgoing {
    Outgoing { to: To::One(to), bytes: datagram.encode() }
}

/// Appends to a list of the last `bound` things.
fn remember<T>(list: &mut VecDeque<T>, item: T, bound: usize) {
    if list.len() >= bound {
        list.pop_front();
    }
    list.push_back(item);
}

/// So many replies a second.
#[derive(Debug, Default)]
struct Allowance {
    /// When the second began.
    since: Duration,
    taken: u32,
}

impl Allowance {
    fn take(&mut self, now: Duration) -> bool {
        if now >= self.since + Duration::from_secs(1) {
            *self = Self { since: now, taken: 0 };
        }
        self.taken += 1;
        self.taken <= REPLIES_PER_SECOND
    }
}

#[cfg(test)]
mod tests;
