//! Host or join, and again whenever that is over: a state machine.
//!
//! Results of dialling and claiming, losses and time in; one [`Action`] at a time out. It opens no socket and asks no clock:
//! whoever carries out its actions tells it what came of them. On one machine, claiming the port *is* the election: of all
//! who try, `listen` lets one through. Across machines (and to keep a crowd from rushing), everybody who loses the host
//! walks the same list: the candidates in order of seniority.

use std::net::SocketAddr;
use std::time::Duration;

use crate::limits::{
    CANDIDATE_ADDRESSES, CANDIDATES, CONNECT, DECIDE, HELLO_ANSWER, PATIENCE_AFTER_HANG_UP, PATIENCE_AFTER_SILENCE,
    RECONNECT_MAX, RECONNECT_MIN, RECONNECTS, RETRY_MAX, RETRY_MIN, SILENT_ADDRESSES,
};
use crate::room::event::Leave;
use crate::room::id::MemberId;

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
}

/// What is to be done next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Connect to these, one after the other, and say hello: the first room that answers is the one.
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

/// What has happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// Begin.
    Start,
    /// What came of dialling.
    Dialed(Dialed),
    /// The claim is ours.
    Won,
    /// The port is taken.
    Taken,
    /// We cannot listen there, or cannot host for another reason.
    CannotHost,
    /// The wait is over.
    Waited,
    /// We were in, and are no longer.
    Lost(Loss),
}

/// What came of dialling: of several addresses, what says most.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Dialed {
    /// We are in.
    In,
    /// A room did not let us in.
    TurnedAway {
        /// The room's word for it.
        code: String,
        /// For people.
        text: String,
    },
    /// What listens there is no room.
    NotARoom(String),
    /// Somebody accepts connections there, and says nothing.
    Silent,
    /// Somebody accepted the connection and ended it at once, in this way: a host that is just going, perhaps.
    HungUp(std::io::ErrorKind),
    /// Nobody could be reached, for this reason.
    Unreached(std::io::ErrorKind),
}

/// How we lost the host, and who may be the next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loss {
    /// How.
    pub how: How,
    /// Where we were connected to.
    pub host_at: SocketAddr,
    /// Who may host now, in order of seniority, the lost host left out: each with the addresses at which it would.
    pub candidates: Vec<(MemberId, Vec<SocketAddr>)>,
    /// Which of them we are.
    pub me: MemberId,
}

/// How we lost the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// The connection ended: everybody else notices at the same time.
    HungUp,
    /// Nothing was heard: others may notice later.
    Silence,
    /// It handed the room over to this member.
    HandedOver(MemberId),
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
    Unreached(std::io::ErrorKind),
}

/// The walk along the candidates after the host was lost.
#[derive(Debug)]
struct Walk {
    loss: Loss,
    began: Duration,
    attempts: u32,
}

#[derive(Debug)]
enum State {
    /// Looking for a room that is there already, before claiming anything.
    Looking,
    /// The port is taken: by whom?
    Joining,
    /// Waiting before the next claim (or, for one who only joins, the next dial).
    Pausing,
    /// In a room, or hosting one.
    Settled,
    /// The host is gone.
    Walking(Walk),
}

/// The election of one peer.
#[derive(Debug)]
pub struct Election {
    place: Place,
    will: Will,
    state: State,
    began: Duration,
    /// We have been in the room: what listens there no longer answers, but was one.
    been_in: bool,
    jitter: fastrand::Rng,
}

impl Election {
    /// An election that has not begun. `seed` keeps many peers from moving in step.
    pub fn new(place: Place, will: Will, seed: u64) -> Self {
        let jitter = fastrand::Rng::with_seed(seed);
        Self { place, will, state: State::Settled, began: Duration::ZERO, been_in: false, jitter }
    }

    /// Whether this peer hosts when its turn comes.
    pub fn may_host(&self) -> bool {
        self.will != Will::Join && self.place.claim.is_some()
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
            // A member may have named a port at which something else listens: the room has other places.
            Input::Dialed(Dialed::NotARoom(_)) if self.is_walking() => self.walk_pause(now),
            Input::Dialed(Dialed::NotARoom(found)) => Action::Fail(Failure::NotARoom(found)),
            Input::Dialed(dialed) => self.not_reached(&dialed, now),
            // A walk is not over before the room has its host: we may turn out to be none.
            Input::Won => Action::Host(match &self.state {
                State::Walking(walk) => Some(walk.loss.how.leave()),
                _ => None,
            }),
            Input::Taken => self.taken(now),
            Input::CannotHost => {
                self.will = Will::Join;
                self.go_on(now)
            }
            Input::Waited => self.go_on(now),
            Input::Lost(loss) => self.lost(loss, now),
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

    fn is_walking(&self) -> bool {
        matches!(self.state, State::Walking(_))
    }

    /// Nobody let us in, and nobody said that we cannot come in.
    fn not_reached(&mut self, dialed: &Dialed, now: Duration) -> Action {
        if self.is_walking() {
            return self.walk_pause(now);
        }
        let looking = matches!(self.state, State::Looking);
        match dialed {
            Dialed::Silent if now + HELLO_ANSWER * SILENT_ADDRESSES as u32 <= self.began + DECIDE => {
                self.state = State::Joining;
                Action::Dial(self.place.all.clone())
            }
            Dialed::Silent if self.been_in => Action::Fail(Failure::Unreached(std::io::ErrorKind::TimedOut)),
            Dialed::Silent => Action::Fail(Failure::NotARoom("it accepts connections and says nothing".into())),
            Dialed::Unreached(_) if looking && self.may_host() => self.claim(),
            Dialed::Unreached(kind) if !self.may_host() => self.join_again(*kind, now),
            _ if now + RETRY_MAX <= self.began + if self.may_host() { DECIDE } else { CONNECT } => self.pause(now),
            Dialed::HungUp(kind) if self.been_in => Action::Fail(Failure::Unreached(*kind)),
            Dialed::HungUp(_) => Action::Fail(Failure::NotARoom("it ends connections at once".into())),
            _ => Action::Fail(Failure::Unanswered),
        }
    }

    /// Who only joins tries a refused connection again for a while: the host may be starting.
    fn join_again(&mut self, kind: std::io::ErrorKind, now: Duration) -> Action {
        if kind == std::io::ErrorKind::ConnectionRefused && now + RETRY_MAX <= self.began + CONNECT {
            self.pause(now)
        } else {
            Action::Fail(Failure::Unreached(kind))
        }
    }

    fn claim(&mut self) -> Action {
        match self.place.claim {
            Some(address) => Action::Claim(address),
            None => Action::Dial(self.place.all.clone()),
        }
    }

    fn taken(&mut self, now: Duration) -> Action {
        match &self.state {
            _ if self.will == Will::Host => Action::Fail(Failure::AddressInUse),
            State::Walking(walk) => {
                let everywhere = walk.everywhere(now, &self.place.all);
                Action::Dial(everywhere)
            }
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
            _ if self.may_host() => self.claim(),
            _ => Action::Dial(self.place.all.clone()),
        }
    }

    fn lost(&mut self, mut loss: Loss, now: Duration) -> Action {
        if let How::HandedOver(to) = loss.how {
            // The successor is known: it comes before those who are its seniors.
            loss.candidates.sort_by_key(|(id, _)| *id != to);
        }
        loss.candidates.truncate(CANDIDATES);
        loss.candidates.iter_mut().for_each(|(_, at)| at.truncate(CANDIDATE_ADDRESSES));
        let host_at = loss.host_at;
        let handed_over = matches!(loss.how, How::HandedOver(_));
        self.state = State::Walking(Walk { loss, began: now, attempts: 0 });
        // The host may only have lost us.
        if handed_over { self.walk(now) } else { Action::Dial(vec![host_at]) }
    }

    fn walk(&mut self, now: Duration) -> Action {
        let may_host = self.may_host();
        let State::Walking(walk) = &self.state else { return self.start(now) };
        if may_host && walk.turn_of_me() <= now {
            return self.claim();
        }
        Action::Dial(walk.everywhere(now, &[]))
    }

    fn walk_pause(&mut self, now: Duration) -> Action {
        let may_host = self.may_host();
        let jitter = self.between(Duration::from_millis(1_000), Duration::from_millis(1_400)).as_secs_f64();
        let State::Walking(walk) = &mut self.state else { return self.start(now) };
        if may_host && walk.attempts == 0 && walk.turn_of_me() <= now {
            walk.attempts = 1;
            return self.walk(now);
        }
        walk.attempts += 1;
        if walk.attempts > RECONNECTS {
            return self.start(now);
        }
        let pause = RECONNECT_MIN * 2u32.saturating_pow(walk.attempts - 1);
        let mut until = now + pause.mul_f64(jitter).min(RECONNECT_MAX);
        if may_host && walk.turn_of_me() > now {
            until = until.min(walk.turn_of_me());
        }
        Action::Wait(until)
    }

    fn between(&mut self, least: Duration, most: Duration) -> Duration {
        least + (most - least).mul_f64(self.jitter.f64())
    }
}

impl Walk {
    /// How long each candidate is waited for: as long as it may need to notice the loss itself, and a little.
    fn patience(&self) -> Duration {
        match self.loss.how {
            How::HungUp | How::HandedOver(_) => PATIENCE_AFTER_HANG_UP,
            How::Silence => PATIENCE_AFTER_SILENCE,
        }
    }

    /// When all before us have had their turn. Somebody who is not on the list comes after it.
    fn turn_of_me(&self) -> Duration {
        let candidates = &self.loss.candidates;
        let rank = candidates.iter().position(|(id, _)| *id == self.loss.me).unwrap_or(candidates.len());
        self.began + self.patience() * u32::try_from(rank).unwrap_or(u32::MAX)
    }

    /// Where the room may be by now: at everybody whose turn has come, at the old place, and at the others given.
    fn everywhere(&self, now: Duration, others: &[SocketAddr]) -> Vec<SocketAddr> {
        let turns = (now - self.began).as_millis() / self.patience().as_millis() + 1;
        let turns = usize::try_from(turns).unwrap_or(usize::MAX);
        let candidates = self.loss.candidates.iter().take(turns).filter(|(id, _)| *id != self.loss.me);
        let mut places: Vec<_> = candidates.flat_map(|(_, at)| at.iter().copied()).collect();
        places.push(self.loss.host_at);
        places.extend_from_slice(others);
        let mut seen = std::collections::HashSet::new();
        places.retain(|place| seen.insert(*place));
        places
    }
}

impl How {
    /// The reason for which the lost host has left.
    fn leave(self) -> Leave {
        match self {
            Self::HandedOver(_) => Leave::Quit,
            Self::HungUp | Self::Silence => Leave::Lost,
        }
    }
}

#[cfg(test)]
mod tests;
