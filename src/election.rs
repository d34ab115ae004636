//! Host or join, and again whenever that is over: a state machine.
//!
//! Results of dialling and claiming, losses and time in; one [`Action`] at a time out. It opens no socket and asks no clock:
//! whoever carries out its actions tells it what came of them. On one machine, claiming the port *is* the election: of all
//! who try, `listen` lets one through. Across machines, whoever has claimed its port looks around before it hosts, and
//! everybody who loses the host walks the same list: the candidates in order of seniority. Where two rooms come to be on one
//! port all the same, their hosts [meet](meeting).

pub mod bulletin;
mod input;
pub mod meeting;
mod neighbours;
mod walk;

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::Duration;

use crate::limits::{
    CONNECT, DECIDE, HELLO_ANSWER, LOOK, RECONNECT_JITTER, RECONNECTS, RETRY_MAX, RETRY_MIN, SILENT_ADDRESSES,
};
use crate::room::event::Leave;
use crate::room::id::PeerId;
use crate::sighting::Seen;
pub use input::{Dialed, How, Input, Loss};
use neighbours::Neighbours;
use walk::Walk;

/// Whether this peer may host, and whether it may join.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Will {
    /// Whichever is right.
    Either,
    /// Host or fail.
    Host,
    /// Join or fail.
    Join,
}

/// Where the room is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Where we would listen; `None`: the address is somebody else's.
    pub claim: Option<SocketAddr>,
    /// Where a room that is there already is found soonest.
    pub near: Vec<SocketAddr>,
    /// Everywhere a room that holds the port may listen.
    pub all: Vec<SocketAddr>,
    /// Whether it may also be anywhere on the LAN, where others can be seen.
    pub lan: bool,
}

/// What is to be done next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Connect to these, the first ones first, and say hello: the first room that answers is the one.
    Dial(Vec<SocketAddr>),
    /// Bind this address and listen.
    Claim(SocketAddr),
    /// We hold the claim: host. If a room's host is gone, go on with that room; why it is gone.
    Host(Option<Leave>),
    /// We are in: take part until that is over.
    Sit,
    /// Nothing until then.
    Wait(Duration),
    /// Give up.
    Fail(Failure),
}

/// Why we give up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// We were to host, and the port is taken.
    AddressInUse,
    /// We were to host, and the address is somebody else's.
    NotOurs,
    /// The port is held, and nobody could be reached behind it.
    Unanswered,
    /// What holds the port is no room.
    NotARoom(String),
    /// The room did not let us in.
    TurnedAway {
        /// The room's word for it.
        code: String,
        /// For people.
        text: String,
    },
    /// Nobody could be reached.
    Unreached(ErrorKind),
}

#[derive(Debug)]
enum State {
    /// Looking for a room that is there already, before claiming anything.
    Looking,
    /// The port is taken: by whom?
    Joining,
    /// Looking around on the LAN. At the end of that we host, or fail for a reason that was known before.
    Scanning(Option<Failure>),
    /// Waiting before the next claim (or, for one who only joins, the next dial).
    Pausing,
    /// In a room, or hosting one.
    Settled,
    /// The host is gone.
    Walking(Walk),
}

/// What to do about the LAN meanwhile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lookout {
    /// Nothing.
    Rest,
    /// Ask who hosts. Others are told when we host ourselves, if we do.
    Look {
        /// When.
        hosts_at: Option<Duration>,
    },
}

/// The election of one peer.
#[derive(Debug)]
pub struct Election {
    me: PeerId,
    place: Place,
    will: Will,
    state: State,
    began: Duration,
    /// We have been in the room: what listens there no longer answers, but was one.
    been_in: bool,
    neighbours: Neighbours,
    jitter: fastrand::Rng,
}

impl Election {
    /// An election that has not begun. `seed` keeps many peers from moving in step.
    pub fn new(place: Place, will: Will, me: PeerId, seed: u64) -> Self {
        let jitter = fastrand::Rng::with_seed(seed);
        let (state, began, neighbours) = (State::Settled, Duration::ZERO, Neighbours::default());
        Self { me, place, will, state, began, been_in: false, neighbours, jitter }
    }

    /// Whether this peer hosts when its turn comes.
    pub fn may_host(&self) -> bool {
        self.will != Will::Join && self.place.claim.is_some()
    }

    /// Whether to look around, until the next action.
    pub fn lookout(&self) -> Lookout {
        match self.state {
            State::Settled => Lookout::Rest,
            State::Walking(_) => Lookout::Look { hosts_at: None },
            _ if !self.place.lan => Lookout::Rest,
            State::Scanning(None) => Lookout::Look { hosts_at: Some(self.began + LOOK) },
            _ => Lookout::Look { hosts_at: None },
        }
    }

    /// Somebody was seen on the LAN.
    pub fn note(&mut self, seen: Seen, now: Duration) {
        self.neighbours.note(seen, now);
    }

    /// Where a room to go to was seen since the last time, if we look for one: to be dialled besides all else, or to be
    /// given as [`Input::Sighted`]. A sighting is a hint and leads to one attempt.
    pub fn fresh(&mut self, now: Duration) -> Vec<SocketAddr> {
        match &self.state {
            State::Settled => Vec::new(),
            State::Walking(walk) => self.neighbours.fresh(|seen| walk.leads_to(seen.opened, seen.room), now),
            _ if self.place.lan && self.will != Will::Host => self.neighbours.fresh(|_| true, now),
            _ => Vec::new(),
        }
    }

    /// At these addresses no machine has answered: whoever would host there alone is not waited for.
    pub fn cannot_reach(&mut self, addresses: &[SocketAddr]) {
        if let State::Walking(walk) = &mut self.state {
            walk.cannot_reach(addresses);
        }
    }

    /// What to do next.
    pub fn next(&mut self, input: Input, now: Duration) -> Action {
        match input {
            Input::Start => self.start(now),
            Input::Dialed(Dialed::In) => {
                self.state = State::Settled;
                self.been_in = true;
                Action::Sit
            }
            Input::Dialed(Dialed::TurnedAway { code, text }) => Action::Fail(Failure::TurnedAway { code, text }),
            Input::Dialed(dialed) => self.not_reached(dialed, now),
            Input::Won => self.won(now),
            Input::Taken => self.taken(now),
            Input::CannotHost => {
                self.will = Will::Join;
                self.go_on(now)
            }
            Input::Waited => self.go_on(now),
            Input::Sighted(at) => Action::Dial(at),
            Input::Lost(loss) => {
                self.neighbours = Neighbours::default();
                let walk = Walk::begin(loss, now);
                let first = walk.first();
                self.state = State::Walking(walk);
                first.map_or_else(|| self.walk(now), Action::Dial)
            }
        }
    }

    fn start(&mut self, now: Duration) -> Action {
        self.began = now;
        self.state = State::Looking;
        match (self.will, self.place.claim) {
            (Will::Host, Some(address)) => Action::Claim(address),
            (Will::Host, None) => Action::Fail(Failure::NotOurs),
            _ => Action::Dial(self.place.near.clone()),
        }
    }

    /// Nobody let us in, and nobody said that we cannot come in.
    fn not_reached(&mut self, dialed: Dialed, now: Duration) -> Action {
        match self.state {
            State::Walking(_) => return self.walk_pause(now),
            // A sighting was only a hint.
            State::Scanning(_) => return self.scan(now),
            _ => {}
        }
        let looking = matches!(self.state, State::Looking);
        match dialed {
            Dialed::NotARoom(found) => self.give_up(Failure::NotARoom(found), now),
            Dialed::Silent if now + HELLO_ANSWER * SILENT_ADDRESSES as u32 <= self.began + DECIDE => {
                self.state = State::Joining;
                Action::Dial(self.place.all.clone())
            }
            Dialed::Silent if self.been_in => Action::Fail(Failure::Unreached(ErrorKind::TimedOut)),
            Dialed::Silent => Action::Fail(Failure::NotARoom("it accepts connections and says nothing".into())),
            Dialed::Unreached(_) if looking && self.may_host() => self.claim(),
            Dialed::Unreached(kind) if !self.may_host() => self.join_again(kind, now),
            _ if now + RETRY_MAX <= self.began + if self.may_host() { DECIDE } else { CONNECT } => self.pause(now),
            Dialed::HungUp(kind) if self.been_in => Action::Fail(Failure::Unreached(kind)),
            Dialed::HungUp(_) => Action::Fail(Failure::NotARoom("it ends connections at once".into())),
            _ => Action::Fail(Failure::Unanswered),
        }
    }

    /// Who only joins tries a refused connection again for a while: the host may be starting, or be seen yet.
    fn join_again(&mut self, kind: ErrorKind, now: Duration) -> Action {
        let may_come = kind == ErrorKind::ConnectionRefused || self.place.lan;
        if may_come && now + RETRY_MAX <= self.began + CONNECT {
            self.pause(now)
        } else {
            Action::Fail(Failure::Unreached(kind))
        }
    }

    /// Fails, unless a room may still be seen on the LAN.
    fn give_up(&mut self, failure: Failure, now: Duration) -> Action {
        if !self.place.lan || self.will == Will::Host {
            return Action::Fail(failure);
        }
        self.state = State::Scanning(Some(failure));
        self.scan(now)
    }

    fn claim(&self) -> Action {
        match self.place.claim {
            Some(address) => Action::Claim(address),
            None => Action::Dial(self.place.all.clone()),
        }
    }

    /// The port is ours. A walk is not over before the room has its host: we may turn out to be none.
    fn won(&mut self, now: Duration) -> Action {
        match &self.state {
            State::Walking(walk) => Action::Host(Some(walk.leave())),
            _ if self.place.lan && self.will != Will::Host => {
                self.state = State::Scanning(None);
                self.scan(now)
            }
            _ => Action::Host(None),
        }
    }

    /// Looks around on the LAN until somebody is seen or it is our turn. Others who look may come before us.
    fn scan(&mut self, now: Duration) -> Action {
        let fresh = self.fresh(now);
        if !fresh.is_empty() {
            return Action::Dial(fresh);
        }
        let ends = self.began + LOOK;
        if now < ends {
            return Action::Wait(ends);
        }
        match &self.state {
            State::Scanning(Some(failure)) => Action::Fail(failure.clone()),
            _ => self.neighbours.before(self.me, ends, now).map_or(Action::Host(None), Action::Wait),
        }
    }

    fn taken(&mut self, now: Duration) -> Action {
        match &self.state {
            _ if self.will == Will::Host => Action::Fail(Failure::AddressInUse),
            State::Walking(walk) => Action::Dial(walk.everywhere(now, &self.place.all)),
            _ => {
                self.state = State::Joining;
                Action::Dial(self.place.all.clone())
            }
        }
    }

    fn pause(&mut self, now: Duration) -> Action {
        self.state = State::Pausing;
        Action::Wait(now + self.between(RETRY_MIN, RETRY_MAX))
    }

    fn go_on(&mut self, now: Duration) -> Action {
        match &self.state {
            State::Walking(_) => self.walk(now),
            State::Scanning(_) => self.scan(now),
            _ if self.may_host() => self.claim(),
            _ => Action::Dial(self.place.all.clone()),
        }
    }

    fn walk(&mut self, now: Duration) -> Action {
        let fresh = self.fresh(now);
        if !fresh.is_empty() {
            return Action::Dial(fresh);
        }
        let may_host = self.may_host();
        match &self.state {
            State::Walking(walk) if may_host && walk.turn_of_me() <= now => self.claim(),
            State::Walking(walk) => Action::Dial(walk.everywhere(now, &[])),
            _ => self.start(now),
        }
    }

    fn walk_pause(&mut self, now: Duration) -> Action {
        let may_host = self.may_host();
        let jitter = 1.0 + RECONNECT_JITTER * self.jitter.f64();
        let State::Walking(walk) = &mut self.state else { return self.start(now) };
        walk.attempts += 1;
        if walk.attempts == 1 && may_host && walk.turn_of_me() <= now {
            return self.walk(now);
        }
        if walk.attempts > RECONNECTS {
            return self.start(now);
        }
        Action::Wait(walk.pause(jitter, may_host, now))
    }

    fn between(&mut self, least: Duration, most: Duration) -> Duration {
        least + (most - least).mul_f64(self.jitter.f64())
    }
}

#[cfg(test)]
mod tests;
