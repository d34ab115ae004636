//! The wires of a virtual LAN: connections whose bytes take their time, and what becomes of them where a link is cut.
//!
//! A connection brings bytes in order, in pieces, after a while, and takes only so many before somebody reads them. Where
//! the way is cut, nothing is told: bytes wait, and are sent again some time after it is whole. What a process had sent when
//! it died arrives up to a random byte. It knows neither what the bytes mean nor why anybody sends them.

mod ends;

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::net::{IpAddr, SocketAddr};

use crate::machine::Machine;

/// When a connection attempt that was lost is made again, in milliseconds.
const SYN_AGAIN: u64 = 1_000;
/// The longest pause before lost bytes are sent again, in milliseconds.
const RETRANSMIT_MAX: u64 = 60_000;

/// One end of a connection, by its number.
pub(crate) type End = usize;

/// How far a connection has come, at one of its ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// Nobody has answered yet.
    Connecting,
    /// Nobody listens there.
    Refused,
    /// Bytes go both ways.
    Open,
    /// This end is gone.
    Closed,
}

/// What has been read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Read {
    Bytes(Vec<u8>),
    /// Nothing for now.
    Nothing,
    /// The other end sends no more.
    Ended,
    /// The connection is broken.
    Broken,
}

#[derive(Debug)]
enum Piece {
    Bytes(Vec<u8>),
    Fin,
    Reset,
}

#[derive(Debug)]
struct Side {
    machine: usize,
    /// Whose it is; nobody's before it is accepted.
    process: Option<usize>,
    /// Where the other end is, as this end sees it.
    peer: SocketAddr,
    state: State,
    /// On the way to this end, with the time of arrival.
    flight: VecDeque<(u64, Piece)>,
    flying: usize,
    /// Since when nothing comes through.
    stalled: Option<u64>,
    arrived: VecDeque<u8>,
    ended: Option<Read>,
    /// This end sends no more.
    finished: bool,
    /// This end has more to send than goes on its way.
    blocked: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Due {
    /// An attempt to connect arrives.
    Syn(End),
    /// The answer to it arrives.
    Answer(End, bool),
    /// Something may arrive at an end.
    Arrival(End),
}

#[derive(Debug)]
pub(crate) struct Network {
    pub(crate) random: fastrand::Rng,
    /// Milliseconds since the start.
    pub(crate) now: u64,
    pub(crate) machines: Vec<Machine>,
    /// The longest that anything takes from one machine to another, in milliseconds.
    pub(crate) latency: u64,
    /// The two ends of a connection stand side by side.
    sides: Vec<Side>,
    due: BinaryHeap<Reverse<(u64, u64, Due)>>,
    serial: u64,
    /// Processes to which something has happened.
    pub(crate) woken: Vec<usize>,
}

fn other(end: End) -> End {
    end ^ 1
}

impl Network {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            random: fastrand::Rng::with_seed(seed),
            now: 0,
            machines: Vec::new(),
            latency: 2,
            sides: Vec::new(),
            due: BinaryHeap::new(),
            serial: 0,
            woken: Vec::new(),
        }
    }

    // --- Who reaches whom ---

    /// Whether anything gets from one machine to another.
    pub(crate) fn reaches(&self, from: usize, to: usize) -> bool {
        let (a, b) = (&self.machines[from], &self.machines[to]);
        a.on && b.on && (from == to || a.plugged && b.plugged && a.part == b.part)
    }

    /// Some way may be whole again: what was lost is sent again, after a pause as long as the loss at most.
    pub(crate) fn try_again(&mut self) {
        for end in 0..self.sides.len() {
            let Some(since) = self.sides[end].stalled else { continue };
            if self.reaches(self.sides[other(end)].machine, self.sides[end].machine) {
                let at = self.now + self.random.u64(0..=(self.now - since).min(RETRANSMIT_MAX));
                let side = &mut self.sides[end];
                side.stalled = None;
                side.flight.iter_mut().for_each(|(due, _)| *due = at);
                self.schedule(at, Due::Arrival(end));
            }
        }
    }

    fn machine_at(&self, from: usize, ip: IpAddr) -> Option<usize> {
        if ip.is_loopback() {
            return Some(from);
        }
        self.machines.iter().position(|machine| machine.ip == ip)
    }

    pub(crate) fn delay(&mut self, one: usize, two: usize) -> u64 {
        if one == two { self.random.u64(0..=1) } else { self.random.u64(1..=self.latency.max(1)) }
    }

    // --- Listening and connecting ---

    /// Claims a machine's port, of which there is one for all.
    pub(crate) fn listen(&mut self, machine: usize, process: usize) -> bool {
        let free = self.machines[machine].listener.is_none();
        if free {
            self.machines[machine].listener = Some(process);
        }
        free
    }

    /// Gives up a machine's port. Who has connected and was not accepted is told so.
    pub(crate) fn stop_listening(&mut self, machine: usize, process: usize) {
        if self.machines[machine].listener == Some(process) {
            self.machines[machine].listener = None;
            for end in std::mem::take(&mut self.machines[machine].backlog) {
                self.abort(end);
            }
        }
    }

    pub(crate) fn connect(&mut self, process: usize, machine: usize, to: SocketAddr) -> End {
        let end = self.sides.len();
        let target = self.machine_at(machine, to.ip());
        let ip = if to.ip().is_loopback() { to.ip() } else { self.machines[machine].ip };
        let from = SocketAddr::new(ip, self.random.u16(20_000..60_000));
        let side = |machine, process, peer| Side {
            machine,
            process,
            peer,
            state: State::Connecting,
            flight: VecDeque::new(),
            flying: 0,
            stalled: None,
            arrived: VecDeque::new(),
            ended: None,
            finished: false,
            blocked: false,
        };
        self.sides.push(side(machine, Some(process), to));
        self.sides.push(side(target.unwrap_or(machine), None, from));
        if let Some(target) = target {
            let at = self.now + self.delay(machine, target);
            self.schedule(at, Due::Syn(end));
        }
        end
    }

    /// Takes the next who has connected to a machine's port, with its address.
    pub(crate) fn accept(&mut self, machine: usize, process: usize) -> Option<(End, SocketAddr)> {
        let end = self.machines[machine].backlog.pop_front()?;
        self.sides[end].process = Some(process);
        Some((end, self.sides[end].peer))
    }

    pub(crate) fn state(&self, end: End) -> State {
        self.sides[end].state
    }

    /// The open connections between two processes, by an end of each.
    pub(crate) fn open(&self) -> Vec<End> {
        let is_open = |end: &End| [*end, other(*end)].iter().all(|end| self.sides[*end].state == State::Open);
        (0..self.sides.len()).step_by(2).filter(is_open).collect()
    }

    /// Whose the other end is, while that is there.
    pub(crate) fn leads_to(&self, end: End) -> Option<usize> {
        let side = &self.sides[other(end)];
        side.process.filter(|_| side.state == State::Open)
    }

    // --- Time ---

    fn schedule(&mut self, at: u64, due: Due) {
        self.serial += 1;
        self.due.push(Reverse((at, self.serial, due)));
    }

    /// When something happens next.
    pub(crate) fn next(&self) -> Option<u64> {
        self.due.peek().map(|Reverse((at, ..))| *at)
    }

    /// Everything that arrives by now.
    pub(crate) fn arrive(&mut self) {
        while self.next().is_some_and(|at| at <= self.now)
            && let Some(Reverse((_, _, due))) = self.due.pop()
        {
            match due {
                Due::Syn(end) => self.knock(end),
                Due::Answer(end, welcome) => self.answer(end, welcome),
                Due::Arrival(end) => self.arrival(end),
            }
        }
    }

    fn knock(&mut self, end: End) {
        let (from, to) = (self.sides[end].machine, self.sides[other(end)].machine);
        if self.sides[end].state != State::Connecting {
            return;
        }
        if !self.reaches(from, to) {
            return self.schedule(self.now + SYN_AGAIN, Due::Syn(end));
        }
        let listener = self.machines[to].listener;
        if let Some(process) = listener {
            self.sides[other(end)].state = State::Open;
            self.machines[to].backlog.push_back(other(end));
            self.woken.push(process);
        }
        let at = self.now + self.delay(from, to);
        self.schedule(at, Due::Answer(end, listener.is_some()));
    }

    fn answer(&mut self, end: End, welcome: bool) {
        let (from, to) = (self.sides[end].machine, self.sides[other(end)].machine);
        if self.sides[end].state != State::Connecting {
            return;
        }
        if !self.reaches(from, to) {
            return self.schedule(self.now + SYN_AGAIN, Due::Answer(end, welcome));
        }
        self.sides[end].state = if welcome { State::Open } else { State::Refused };
        self.woken.extend(self.sides[end].process);
    }

    fn arrival(&mut self, end: End) {
        let open = self.reaches(self.sides[other(end)].machine, self.sides[end].machine);
        let now = self.now;
        let side = &mut self.sides[end];
        if side.stalled.is_some() {
            return;
        }
        while let Some((at, _)) = side.flight.front()
            && *at <= now
        {
            if !open {
                side.stalled = Some(now);
                return;
            }
            let Some((_, piece)) = side.flight.pop_front() else { return };
            match piece {
                Piece::Bytes(bytes) if side.state == State::Closed => {
                    side.flying -= bytes.len();
                    return self.unwanted(end);
                }
                Piece::Bytes(bytes) => {
                    side.flying -= bytes.len();
                    // Nothing comes through a connection that is broken, whatever was sent by somebody who did not know.
                    if side.ended.is_none() {
                        side.arrived.extend(bytes);
                    }
                }
                Piece::Fin if side.ended.is_none() => side.ended = Some(Read::Ended),
                Piece::Fin => {}
                Piece::Reset => side.ended = Some(Read::Broken),
            }
            self.woken.extend(side.process);
        }
    }

    /// Bytes have come to an end that is gone: the sender is told.
    fn unwanted(&mut self, end: End) {
        self.sides[end].flight.clear();
        self.sides[end].flying = 0;
        if self.sides[other(end)].ended != Some(Read::Broken) {
            self.send(end, Piece::Reset);
        }
    }
}
