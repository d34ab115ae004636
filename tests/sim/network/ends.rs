//! The ends of connections: reading, writing, and how an end ends.

use std::io::{self, IoSlice};

use super::{Due, End, Network, Piece, Read, Side, State, other};

/// What waits on the way to one end, at most.
const CAPACITY: usize = 3_000;

impl Network {
    /// Reads a random part of what has come.
    pub(crate) fn read(&mut self, end: End) -> Read {
        let some = self.random.usize(0..=self.sides[end].arrived.len());
        let all = self.random.bool();
        let side = &mut self.sides[end];
        let some = if all { side.arrived.len() } else { some };
        if side.arrived.is_empty() {
            return match side.ended {
                None => Read::Nothing,
                Some(Read::Ended) => Read::Ended,
                Some(_) => Read::Broken,
            };
        }
        let bytes: Vec<u8> = side.arrived.drain(..some).collect();
        let writer = &self.sides[other(end)];
        if let (true, false, Some(process)) = (writer.blocked, bytes.is_empty(), writer.process) {
            self.woken.push(process);
        }
        if bytes.is_empty() { Read::Nothing } else { Read::Bytes(bytes) }
    }

    /// Whether there is anything to read, be it the end.
    pub(crate) fn is_readable(&self, end: End) -> bool {
        !self.sides[end].arrived.is_empty() || self.sides[end].ended.is_some()
    }

    fn room(&self, end: End) -> usize {
        let reader = &self.sides[other(end)];
        CAPACITY.saturating_sub(reader.flying + reader.arrived.len())
    }

    /// Whether more can be sent at an end at which it could not.
    pub(crate) fn has_become_writable(&mut self, end: End) -> bool {
        let writable = self.sides[end].blocked && self.room(end) > 0;
        self.sides[end].blocked &= !writable;
        writable
    }

    pub(crate) fn write(&mut self, end: End, bytes: &[IoSlice<'_>]) -> io::Result<usize> {
        assert!(!self.sides[end].finished, "sent after the end");
        if matches!(self.sides[end].ended, Some(Read::Broken)) {
            return Err(io::ErrorKind::ConnectionReset.into());
        }
        let offered: usize = bytes.iter().map(|slice| slice.len()).sum();
        assert!(offered > 0, "nothing is sent");
        let taken = offered.min(self.room(end));
        if taken == 0 {
            self.sides[end].blocked = true;
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let bytes = bytes.iter().flat_map(|slice| slice.iter()).take(taken).copied().collect();
        self.send(end, Piece::Bytes(bytes));
        Ok(taken)
    }

    pub(super) fn send(&mut self, end: End, piece: Piece) {
        let to = other(end);
        let delay = self.delay(self.sides[end].machine, self.sides[to].machine);
        let side = &mut self.sides[to];
        if let Piece::Bytes(bytes) = &piece {
            side.flying += bytes.len();
        }
        let at = side.flight.back().map_or(0, |(at, _)| *at).max(self.now + delay);
        side.flight.push_back((at, piece));
        if side.stalled.is_none() {
            self.schedule(at, Due::Arrival(to));
        }
    }

    /// Nothing more is sent at an end.
    pub(crate) fn finish(&mut self, end: End) {
        if !std::mem::replace(&mut self.sides[end].finished, true) {
            self.send(end, Piece::Fin);
        }
    }

    /// An end is closed by its process. What has not been read there breaks the connection.
    pub(crate) fn close(&mut self, end: End) {
        let side = &mut self.sides[end];
        let unread = !side.arrived.is_empty();
        if std::mem::replace(&mut side.state, State::Closed) != State::Open || unread {
            self.send(end, Piece::Reset);
        } else {
            self.finish(end);
        }
    }

    /// An end is closed by the death of its process: what it has sent arrives up to somewhere.
    pub(crate) fn abort(&mut self, end: End) {
        self.lose_some(other(end));
        self.sides[end].state = State::Closed;
        let piece = if self.random.bool() && !self.sides[end].finished { Piece::Fin } else { Piece::Reset };
        self.sides[end].finished = true;
        self.send(end, piece);
    }

    /// The connection breaks: both ends are told so.
    pub(crate) fn cut(&mut self, end: End) {
        for end in [end, other(end)] {
            self.lose_some(end);
            self.send(end, Piece::Reset);
        }
    }

    /// Everything of a process ends.
    pub(crate) fn kill(&mut self, process: usize, machine: usize) {
        self.stop_listening(machine, process);
        for end in self.ends_of(process) {
            self.abort(end);
        }
    }

    /// A machine is gone without a word, and all its processes with it.
    pub(crate) fn vanish(&mut self, machine: usize) {
        (self.machines[machine].on, self.machines[machine].listener) = (false, None);
        self.machines[machine].backlog.clear();
        // What has not reached it yet finds whoever listens there by then, if it is on again.
        let is_to_come = |side: &Side| side.state == State::Connecting && side.process.is_none();
        for end in 0..self.sides.len() {
            if self.sides[end].machine == machine && !is_to_come(&self.sides[end]) {
                self.sides[end].state = State::Closed;
                self.sides[end].process = None;
                self.sides[end].finished = true;
                self.lose_some(other(end));
            }
        }
    }

    fn ends_of(&self, process: usize) -> Vec<End> {
        let is_its = |end: &End| self.sides[*end].process == Some(process) && self.sides[*end].state != State::Closed;
        (0..self.sides.len()).filter(is_its).collect()
    }

    /// What is on the way to an end arrives up to a random byte.
    fn lose_some(&mut self, end: End) {
        let mut keep = self.random.usize(0..=self.sides[end].flying);
        let side = &mut self.sides[end];
        side.flying = keep;
        for (_, piece) in &mut side.flight {
            if let Piece::Bytes(bytes) = piece {
                bytes.truncate(keep);
                keep -= bytes.len();
            }
        }
    }
}
