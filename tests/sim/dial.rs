//! A process on its way into a room: races the addresses that it is to dial, and says hello where one answers.

use std::cmp::Reverse;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::Duration;

use hybrid_chat::election::{Action, Dialed, Input};
use hybrid_chat::limits::{CONNECT, CONNECT_STAGGER, CONNECTING, SILENT_ADDRESSES};
use hybrid_chat::seat::{Over, Phase};

use crate::network::{End, Network, State};
use crate::process::{Doing, Process};

/// A way through several addresses, at once where one takes long.
pub(crate) struct Dial {
    addresses: Vec<SocketAddr>,
    begun: usize,
    /// When the next one is tried though none has failed.
    next_at: Duration,
    pending: Vec<Attempt>,
    /// The one where we say hello.
    greeting: Option<Attempt>,
    /// What says most of what was found, and at which place.
    found: Option<(usize, Dialed)>,
    silent: usize,
    /// Where no machine has answered.
    unreachable: Vec<SocketAddr>,
}

#[derive(Debug, Clone, Copy)]
struct Attempt {
    place: usize,
    end: End,
    until: Duration,
}

enum Step {
    Connected(Attempt),
    Failed(usize, ErrorKind),
    Wait(Duration),
    Done,
}

impl Dial {
    pub(crate) fn new(addresses: Vec<SocketAddr>) -> Self {
        let (pending, next_at) = (Vec::new(), Duration::ZERO);
        Self { addresses, begun: 0, next_at, pending, greeting: None, found: None, silent: 0, unreachable: Vec::new() }
    }

    /// Has these tried too, next of all, unless they have been or will be anyway.
    fn add(&mut self, addresses: &[SocketAddr]) {
        for address in addresses.iter().rev() {
            if !self.addresses.contains(address) {
                self.addresses.insert(self.begun, *address);
                self.next_at = Duration::ZERO;
            }
        }
    }

    /// What one address has come to.
    fn note(&mut self, place: usize, dialed: Dialed) {
        self.silent += usize::from(dialed == Dialed::Silent);
        let rank = |(place, dialed): &(usize, Dialed)| (dialed.weight(), Reverse(*place));
        let one = (place, dialed);
        if self.found.as_ref().is_none_or(|found| rank(&one) > rank(found)) {
            self.found = Some(one);
        }
    }

    fn is_enough(&self) -> bool {
        self.silent >= SILENT_ADDRESSES || matches!(self.found, Some((_, Dialed::TurnedAway { .. })))
    }

    /// The first attempt that has come to an end.
    fn ended(&mut self, net: &mut Network, now: Duration) -> Option<Step> {
        let ends = |attempt: &Attempt| match net.state(attempt.end) {
            State::Open => Some(None),
            State::Connecting if now < attempt.until => None,
            State::Connecting => Some(Some(ErrorKind::TimedOut)),
            State::Refused | State::Closed => Some(Some(ErrorKind::ConnectionRefused)),
        };
        let (index, end) = self.pending.iter().enumerate().find_map(|(index, one)| Some((index, ends(one)?)))?;
        let attempt = self.pending.remove(index);
        let Some(kind) = end else { return Some(Step::Connected(attempt)) };
        net.close(attempt.end);
        Some(Step::Failed(attempt.place, kind))
    }

    fn hang_up(&mut self, net: &mut Network) {
        self.pending.drain(..).chain(self.greeting.take()).for_each(|attempt| net.close(attempt.end));
    }
}

impl Process {
    pub(crate) fn dial(&mut self, mut dial: Dial, net: &mut Network) -> Doing {
        let now = self.moment(net);
        while !dial.is_enough() {
            self.obey(net);
            if self.seat.has_left() {
                dial.hang_up(net);
                return Doing::Gone;
            }
            if let Some(attempt) = dial.greeting {
                match self.greet(attempt, net) {
                    None => return Doing::Dialing(dial),
                    Some(Dialed::In) => {
                        dial.greeting = None;
                        dial.hang_up(net);
                        return self.come_in(attempt, &dial.addresses, net);
                    }
                    Some(dialed) => dial.note(attempt.place, dialed),
                }
                net.close(attempt.end);
                dial.greeting = None;
                continue;
            }
            dial.add(&self.sighted(now.mono));
            match self.race(&mut dial, net, now.mono) {
                Step::Connected(attempt) => {
                    self.seat.connected(dial.addresses[attempt.place].to_string(), now);
                    dial.greeting = Some(attempt);
                }
                Step::Failed(place, kind) => {
                    if kind == ErrorKind::TimedOut {
                        dial.unreachable.push(dial.addresses[place]);
                    }
                    dial.note(place, Dialed::Unreached(kind));
                }
                Step::Wait(until) => {
                    self.wake_at(until);
                    return Doing::Dialing(dial);
                }
                Step::Done => break,
            }
        }
        dial.hang_up(net);
        self.election.cannot_reach(&dial.unreachable);
        let nobody = Dialed::Unreached(ErrorKind::ConnectionRefused);
        Doing::Next(Input::Dialed(dial.found.map_or(nobody, |(_, dialed)| dialed)))
    }

    /// Everything that can be done without waiting, until there is something to tell.
    fn race(&mut self, dial: &mut Dial, net: &mut Network, now: Duration) -> Step {
        loop {
            if let Some(step) = dial.ended(net, now) {
                dial.next_at = now;
                return step;
            }
            let next = dial.addresses.get(dial.begun).copied().filter(|_| dial.pending.len() < CONNECTING);
            match next {
                Some(address) if dial.pending.is_empty() || dial.next_at <= now => {
                    let end = self.connect(address, net);
                    dial.pending.push(Attempt { place: dial.begun, end, until: now + CONNECT });
                    dial.begun += 1;
                    dial.next_at = now + CONNECT_STAGGER;
                }
                next => {
                    let overdue = dial.pending.iter().map(|attempt| attempt.until);
                    let until = overdue.chain(next.map(|_| dial.next_at)).min();
                    return until.map_or(Step::Done, Step::Wait);
                }
            }
        }
    }

    /// Says hello and waits for the answer; nothing: it has not come yet.
    fn greet(&mut self, attempt: Attempt, net: &mut Network) -> Option<Dialed> {
        self.turn(attempt.end, true, net);
        Some(match self.seat.phase() {
            Phase::Greeting => return None,
            // We were let in, and the room had its last word for us in the same moment.
            Phase::In | Phase::Over(Over::Lost | Over::TimedOut | Over::HandedOver(_) | Over::Moved(_)) => Dialed::In,
            Phase::Over(Over::NotARoom(found)) => Dialed::NotARoom(found.clone()),
            Phase::Over(Over::Refused { code, text }) => Dialed::TurnedAway { code: code.clone(), text: text.clone() },
            Phase::Over(Over::Silent) => Dialed::Silent,
            Phase::Over(Over::HungUp(how)) => Dialed::HungUp(*how),
            Phase::Over(_) => Dialed::HungUp(ErrorKind::ConnectionAborted),
        })
    }

    fn come_in(&mut self, attempt: Attempt, addresses: &[SocketAddr], net: &mut Network) -> Doing {
        let now = self.moment(net);
        // Who waits behind our port finds this room too.
        net.stop_listening(self.machine, self.index);
        assert_eq!(self.election.next(Input::Dialed(Dialed::In), now.mono), Action::Sit);
        self.look_out(now);
        Doing::Sitting(attempt.end, addresses[attempt.place])
    }
}
