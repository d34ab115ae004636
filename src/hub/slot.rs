//! One connection at the host: its session, its place in the shared stream, and what waits for it alone.

use std::collections::VecDeque;
use std::io::IoSlice;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use super::stream::Stream;
use crate::limits::{HELLO_WAIT, LINGER, SILENCE, SLOW};
use crate::room::Link;
use crate::room::id::MemberId;
use crate::session::Session;

/// How far a connection has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// It has not said who it is, or its name was bad this many times.
    Greeting(u32),
    /// It has said who it is and waits to be let in.
    Waiting,
    /// It is in.
    In(MemberId),
    /// It is told the rest, and then no more.
    Ending,
    /// It has been told everything; what it still sends is thrown away until it ends too.
    Ended,
}

/// Bytes for one member alone, or shared with a few.
#[derive(Debug, Clone)]
pub(super) enum Bytes {
    Own(Box<[u8]>),
    Shared(Arc<[u8]>),
}

impl Bytes {
    pub(super) fn as_slice(&self) -> &[u8] {
        match self {
            Self::Own(bytes) => bytes,
            Self::Shared(bytes) => bytes,
        }
    }
}

/// Bytes that wait for one member, with their place among the shared ones.
#[derive(Debug)]
struct Chunk {
    /// The position in the stream before which they go.
    before: u64,
    bytes: Bytes,
}

/// How much of a connection's output one call hands to the operating system: more slices than this are rare.
const SLICES: usize = 8;

/// One connection.
#[derive(Debug)]
pub(super) struct Slot {
    pub(super) link: Link,
    pub(super) address: SocketAddr,
    pub(super) session: Session,
    pub(super) stage: Stage,
    /// Its member's name, once it is in.
    pub(super) name: Option<Arc<str>>,
    /// It is not read for now: it is faster than it is read, or waits to be let in.
    pub(super) throttled: bool,
    /// It will send no more.
    pub(super) finished: bool,
    /// When it was accepted, then when it joined.
    pub(super) since: Duration,
    pub(super) heard: Duration,
    /// Since when something waits for it and it takes nothing; none: nothing waits, or it takes what there is.
    pub(super) stalled: Option<Duration>,
    /// How it ends, once it does.
    ending: Option<Box<Ending>>,
    /// The operating system takes no more for now; it says when it does again.
    pub(super) blocked: bool,
    /// The next shared byte for it. Only a member has one.
    cursor: Option<u64>,
    own: VecDeque<Chunk>,
    own_bytes: usize,
    /// How much of the first waiting chunk has been written.
    offset: usize,
}

/// The end of a connection.
#[derive(Debug)]
struct Ending {
    since: Duration,
    /// The shared stream ends here for it.
    stop: u64,
    /// How much of what it still sent was thrown away.
    discarded: usize,
}

impl Slot {
    pub(super) fn new(link: Link, address: SocketAddr, session: Session, now: Duration) -> Self {
        Self {
            link,
            address,
            session,
            stage: Stage::Greeting(0),
            name: None,
            throttled: false,
            finished: false,
            since: now,
            heard: now,
            stalled: None,
            ending: None,
            blocked: false,
            cursor: None,
            own: VecDeque::new(),
            own_bytes: 0,
            offset: 0,
        }
    }

    /// It is in: from now on the shared stream is for it too.
    pub(super) fn join(&mut self, id: MemberId, name: Arc<str>, stream: &Stream, now: Duration) {
        self.stage = Stage::In(id);
        self.name = Some(name);
        self.since = now;
        self.heard = now;
        self.cursor = Some(stream.end());
    }

    /// Queues bytes for it alone, after all that is in the stream now. Answers how many such bytes wait.
    pub(super) fn push(&mut self, bytes: Bytes, stream: &Stream) -> usize {
        if bytes.as_slice().is_empty() {
            // Nothing can be written of it, and so it would wait for ever.
            return self.own_bytes;
        }
        if let Bytes::Own(own) = &bytes {
            self.own_bytes += own.len();
        }
        self.own.push_back(Chunk { before: stream.end(), bytes });
        self.own_bytes
    }

    /// How many rosters and histories wait for it: they are shared, and not counted among its own bytes.
    pub(super) fn waits_for_rosters(&self) -> usize {
        self.own.iter().filter(|chunk| matches!(chunk.bytes, Bytes::Shared(_))).count()
    }

    /// It hears nothing more than what waits for it now.
    pub(super) fn stop(&mut self, stream: &Stream, now: Duration) {
        self.stage = Stage::Ending;
        self.ending = Some(Box::new(Ending { since: now, stop: stream.end(), discarded: 0 }));
        self.session = Session::new(0);
    }

    /// It has fallen off the stream: nothing of what waited for it makes sense to it now but a last word.
    pub(super) fn cut(&mut self) {
        self.cursor = None;
        self.own.clear();
        self.own_bytes = 0;
        self.offset = 0;
    }

    /// Whether what comes next for it has been overwritten.
    pub(super) fn has_fallen_off(&self, stream: &Stream) -> bool {
        self.cursor.is_some_and(|cursor| cursor < stream.start() && cursor < self.end(stream))
    }

    /// Whether it is a member that has come no further than a position in the stream.
    pub(super) fn is_behind(&self, position: u64) -> bool {
        self.ending.is_none() && self.cursor.is_some_and(|cursor| cursor < position)
    }

    /// Whether anything waits for it.
    pub(super) fn waits(&self, stream: &Stream) -> bool {
        !self.own.is_empty() || self.cursor.is_some_and(|cursor| cursor < self.end(stream))
    }

    /// How much waits for it alone.
    #[cfg(test)]
    pub(super) fn own_bytes(&self) -> usize {
        self.own_bytes
    }

    fn end(&self, stream: &Stream) -> u64 {
        self.ending.as_ref().map_or_else(|| stream.end(), |ending| ending.stop)
    }

    /// Throws away what it still sends; answers how much that was in all.
    pub(super) fn discard(&mut self, bytes: usize) -> usize {
        self.ending.as_mut().map_or(0, |ending| {
            ending.discarded += bytes;
            ending.discarded
        })
    }

    /// What waits for it, in order: at most [`SLICES`] slices, and how many there are.
    pub(super) fn slices<'a>(&'a self, stream: &'a Stream) -> ([IoSlice<'a>; SLICES], usize) {
        let mut slices = [IoSlice::new(&[]); SLICES];
        let mut count = 0;
        let mut cursor = self.cursor;
        let mut offset = self.offset;
        for chunk in &self.own {
            if let Some(from) = cursor.filter(|from| *from < chunk.before) {
                count = put(&mut slices, count, &stream.slices(from..chunk.before));
                cursor = Some(chunk.before);
            }
            if count + 3 > SLICES {
                return (slices, count);
            }
            slices[count] = IoSlice::new(&chunk.bytes.as_slice()[offset..]);
            (count, offset) = (count + 1, 0);
        }
        if let Some(from) = cursor.filter(|from| *from < self.end(stream)) {
            count = put(&mut slices, count, &stream.slices(from..self.end(stream)));
        }
        (slices, count)
    }

    /// That many bytes of its slices have been written.
    pub(super) fn advance(&mut self, mut written: usize, stream: &Stream) {
        while written > 0 {
            let until = self.own.front().map_or_else(|| self.end(stream), |chunk| chunk.before);
            if let Some(cursor) = self.cursor.filter(|cursor| *cursor < until) {
                let shared = usize::try_from(until - cursor).unwrap_or(usize::MAX).min(written);
                self.cursor = Some(cursor + shared as u64);
                written -= shared;
                continue;
            }
            let Some(chunk) = self.own.front() else { return };
            let length = chunk.bytes.as_slice().len();
            if length - self.offset > written {
                self.offset += written;
                return;
            }
            written -= length - self.offset;
            self.offset = 0;
            if let Some(Chunk { bytes: Bytes::Own(own), .. }) = self.own.pop_front() {
                self.own_bytes -= own.len();
            }
        }
        if self.own.is_empty() && self.own.capacity() > 0 {
            self.own = VecDeque::new();
        }
    }

    /// Whether it has taken nothing for too long while something waited for it.
    pub(super) fn is_slow(&self, now: Duration) -> bool {
        self.stalled.is_some_and(|since| since + SLOW <= now)
    }

    /// When something is due on it, if nothing happens.
    pub(super) fn deadline(&self) -> Duration {
        let stalled = self.stalled.map_or(Duration::MAX, |since| since + SLOW);
        match self.stage {
            Stage::Greeting(_) => self.heard + HELLO_WAIT,
            // A member that is read more slowly than it sends is there, though nothing new is heard of it.
            Stage::In(_) if self.throttled => stalled,
            Stage::In(_) => stalled.min(self.heard + SILENCE),
            Stage::Waiting => Duration::MAX,
            Stage::Ending | Stage::Ended => self.ending.as_ref().map_or(Duration::ZERO, |ending| ending.since) + LINGER,
        }
    }
}

/// Adds the slices of a range, the empty one left out.
fn put<'a>(slices: &mut [IoSlice<'a>; SLICES], mut count: usize, range: &[IoSlice<'a>; 2]) -> usize {
    for slice in range.iter().filter(|slice| !slice.is_empty()) {
        slices[count] = *slice;
        count += 1;
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_piece_does_not_wait() {
        let stream = Stream::new(16);
        let mut slot = Slot::new(Link(1), ([10, 0, 0, 1], 1).into(), Session::new(0), Duration::ZERO);
        for bytes in [&b"welcome"[..], b""] {
            slot.push(Bytes::Shared(bytes.into()), &stream);
        }
        slot.advance(7, &stream);
        assert!(!slot.waits(&stream), "nothing is left to write, yet something waits");
    }
}
