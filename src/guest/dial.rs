//! Dialling: of several addresses, the room behind the first that answers; else what says most of what was found.
//!
//! Attempts to connect go on side by side, hello is said on one connection at a time: the seat holds one conversation.
//! Which addresses those are, and what follows, is the election's business.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use super::race::{Race, Step};
use super::socket::Socket;
use super::{Guest, Seated};
use crate::election::Dialed;
use crate::error::Result;
use crate::limits::SILENT_ADDRESSES;
use crate::seat::{Over, Phase};

/// What was found so far.
#[derive(Debug, Default)]
struct Found {
    /// What says most, and at which place of the list; of two that say the same, the first.
    most: Option<(usize, Dialed)>,
    silent: usize,
    unreachable: Vec<SocketAddr>,
}

/// What came of dialling.
pub struct Outcome {
    /// Of several addresses, what says most.
    pub dialed: Dialed,
    /// The connection on which we are in, if we are.
    pub seated: Option<Seated>,
    /// Where no machine has answered; one that refuses a connection has.
    pub unreachable: Vec<SocketAddr>,
}

impl Guest<'_> {
    /// Connects to the addresses until a room answers; else says what says most of what was found. `more` says where else
    /// it is worth trying by then, `own` at which addresses of our machine we would host: asked where somebody can be told.
    ///
    /// # Errors
    /// If waiting fails.
    pub fn dial(
        &mut self,
        addresses: Vec<SocketAddr>,
        more: &mut dyn FnMut(Duration) -> Vec<SocketAddr>,
        own: &dyn Fn() -> Vec<IpAddr>,
    ) -> Result<Outcome> {
        let mut race = Race::new(addresses);
        let mut found = Found::default();
        while !found.is_enough() {
            self.take_commands();
            if self.seat.has_left() {
                break;
            }
            let now = self.net.clock.now().mono;
            race.add(&more(now));
            match race.step(self.net.poll.registry(), now)? {
                Step::Connected(place, socket) => {
                    self.seat.set_addresses(own());
                    match self.greet(socket, race.address(place), &mut race)? {
                        (Dialed::In, seated) => return Ok(Outcome { seated, ..found.outcome(Some(Dialed::In)) }),
                        (dialed, _) => found.add(place, dialed),
                    }
                }
                Step::Failed(place, kind) => {
                    if is_unreachable(kind) {
                        found.unreachable.push(race.address(place));
                    }
                    found.add(place, unconnected(kind));
                }
                Step::Wait(until) => {
                    self.poll(Some(until.saturating_sub(now)))?;
                    race.note(&self.ready);
                }
                Step::Done => break,
            }
        }
        Ok(found.outcome(None))
    }

    /// Says hello and waits for the answer. The other attempts go on, and no further one is begun: whoever answers now
    /// is most likely the room.
    fn greet(&mut self, mut socket: Socket, address: SocketAddr, race: &mut Race) -> Result<(Dialed, Option<Seated>)> {
        // Small messages must not wait for the acknowledgement of others: 40 ms at the 99th percentile.
        drop(socket.stream.set_nodelay(true));
        self.seat.connected(address.to_string(), self.net.clock.now());
        loop {
            self.turn(&mut socket);
            let dialed = match self.seat.phase() {
                Phase::Greeting => {
                    self.poll_socket(&mut socket)?;
                    race.note(&self.ready);
                    continue;
                }
                // We were let in, and the connection is over in the same moment: it was the room all the same.
                Phase::In | Phase::Over(Over::Lost | Over::TimedOut | Over::HandedOver(_) | Over::Moved(_)) => {
                    return Ok((Dialed::In, Some(Seated { socket, address })));
                }
                Phase::Over(over) => dialed(over),
            };
            return Ok((dialed, None));
        }
    }
}

impl Found {
    fn add(&mut self, place: usize, dialed: Dialed) {
        self.silent += usize::from(dialed == Dialed::Silent);
        let rank = |(place, dialed): &(usize, Dialed)| (dialed.weight(), std::cmp::Reverse(*place));
        let one = (place, dialed);
        if self.most.as_ref().is_none_or(|most| rank(&one) > rank(most)) {
            self.most = Some(one);
        }
    }

    /// A room that turns us away is the one; and only so much time is spent on silence.
    fn is_enough(&self) -> bool {
        self.silent >= SILENT_ADDRESSES || matches!(self.most, Some((_, Dialed::TurnedAway { .. })))
    }

    fn outcome(self, dialed: Option<Dialed>) -> Outcome {
        let most = || self.most.map_or(Dialed::Unreached(io::ErrorKind::ConnectionRefused), |(_, dialed)| dialed);
        Outcome { dialed: dialed.unwrap_or_else(most), seated: None, unreachable: self.unreachable }
    }
}

fn is_unreachable(kind: io::ErrorKind) -> bool {
    use io::ErrorKind::{HostUnreachable, NetworkDown, NetworkUnreachable, TimedOut};
    matches!(kind, TimedOut | HostUnreachable | NetworkUnreachable | NetworkDown)
}

fn unconnected(kind: io::ErrorKind) -> Dialed {
    match kind {
        // Whether that is noticed before our hello or after it is chance.
        io::ErrorKind::ConnectionReset => Dialed::HungUp(kind),
        kind => Dialed::Unreached(kind),
    }
}

fn dialed(over: &Over) -> Dialed {
    match over {
        Over::NotARoom(found) => Dialed::NotARoom(found.clone()),
        Over::Refused { code, text } => Dialed::TurnedAway { code: code.clone(), text: text.clone() },
        Over::Silent => Dialed::Silent,
        Over::HungUp(how) => Dialed::HungUp(*how),
        _ => Dialed::HungUp(io::ErrorKind::ConnectionAborted),
    }
}

#[cfg(test)]
mod tests {
    use io::ErrorKind::{ConnectionRefused, TimedOut};

    use super::*;

    #[test]
    fn of_what_says_the_same_the_first_address_is_told_whichever_ended_first() {
        let mut found = Found::default();
        found.add(1, Dialed::Unreached(ConnectionRefused));
        found.add(0, Dialed::Unreached(TimedOut));
        assert_eq!(found.outcome(None).dialed, Dialed::Unreached(TimedOut));
    }

    #[test]
    fn only_so_much_silence_is_waited_for() {
        let mut found = Found::default();
        for place in 0..SILENT_ADDRESSES {
            assert!(!found.is_enough());
            found.add(place, Dialed::Silent);
        }
        assert!(found.is_enough());
    }
}
