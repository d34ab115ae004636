//! A process in somebody else's room: brings bytes to and from its seat.

use std::io::{self, IoSlice};
use std::net::SocketAddr;

use hybrid_chat::election::{How, Input, Loss};
use hybrid_chat::place::seen_from_here;
use hybrid_chat::room::id::MemberId;
use hybrid_chat::seat::{Over, Phase};

use crate::network::{End, Network, Read};
use crate::process::{Doing, Process};
use crate::trace;

impl Process {
    /// A member's turn.
    pub(crate) fn sit(&mut self, end: End, at: SocketAddr, net: &mut Network) -> Doing {
        self.turn(end, !self.stalled, net);
        let (how, to) = match self.seat.phase() {
            Phase::Greeting | Phase::In => return Doing::Sitting(end, at),
            Phase::Over(Over::Closed(_)) => {
                net.close(end);
                return Doing::Gone;
            }
            Phase::Over(Over::TimedOut) => (How::Silence, vec![at]),
            Phase::Over(Over::HandedOver(to)) => (How::HandedOver(*to), vec![at]),
            Phase::Over(Over::Moved(to)) => (How::Moved, to.clone()),
            Phase::Over(_) => (How::HungUp, vec![at]),
        };
        net.close(end);
        Doing::Next(Input::Lost(self.loss(how, to, |candidate| seen_from_here(candidate, at, 0))))
    }

    /// What the election has to know of a room whose host is gone; `here`: how another's address is spelled from here.
    pub(crate) fn loss(&self, how: How, at: Vec<SocketAddr>, here: impl Fn(SocketAddr) -> SocketAddr) -> Loss {
        let replica = self.seat.replica().expect("who was in a room knows it");
        let gone = if how == How::Moved { MemberId(0) } else { replica.host };
        let candidates = replica.candidates(gone);
        let candidates = candidates.map(|member| (member.id, member.at.iter().map(|at| here(*at)).collect())).collect();
        let at = at.into_iter().map(&here).collect();
        let opened = replica.opened.timestamp_millis();
        Loss { how, at, room: replica.room, opened, candidates, me: self.seat.me().unwrap_or(MemberId(0)) }
    }

    /// Everything that can be done without waiting.
    pub(crate) fn turn(&mut self, end: End, reads: bool, net: &mut Network) {
        self.obey(net);
        let now = self.moment(net);
        let seat = &mut self.seat;
        if !reads && net.is_readable(end) {
            seat.held_up(now);
        }
        seat.tick(now);
        if reads && net.random.u8(0..3) > 0 {
            match net.read(end) {
                Read::Bytes(bytes) => {
                    trace(net.now, &self.name, "<-", &bytes);
                    seat.receive(&bytes, now);
                }
                Read::Ended => seat.hung_up(io::ErrorKind::ConnectionAborted, now),
                Read::Broken => seat.hung_up(io::ErrorKind::ConnectionReset, now),
                Read::Nothing => {}
            }
        }
        net.has_become_writable(end);
        while !seat.output().is_empty() {
            match net.write(end, &[IoSlice::new(seat.output())]) {
                Ok(written) => {
                    trace(net.now, &self.name, "->", &seat.output()[..written]);
                    seat.sent(written);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                // What the host said before is still to be read: reading finds the end.
                Err(_) => seat.sent(seat.output().len()),
            }
        }
        let due = seat.deadline();
        let more = reads && net.is_readable(end) || !self.wants.is_empty() && seat.takes_commands();
        self.show(net);
        if more {
            self.wake_at(now.mono);
        } else if let Some(due) = due {
            self.wake_at(due);
        }
    }
}
