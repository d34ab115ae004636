//! One connection at the host: its session, its place in the shared stream, and what waits for it alone.

use std::collections::VecDeque;
use std::io::IoSlice;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use super::stream::Stream;
use crate::limits::{ASK_AFTER, HELLO_WAIT, LINGER, NAME_WAIT, OWN_QUEUE_BYTES, REQUEST_WAIT, SILENCE, SLOW};
use crate::room::Link;
use crate::room::id::MemberId;
use crate::session::Session;
use crate::wire::Dialect;

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
    /// The same for ever.
    Fixed(&'static [u8]),
    /// So many of the shared bytes are not for it.
    Skip(usize),
}

impl Bytes {
    pub(super) fn as_slice(&self) -> &[u8] {
        match self {
            Self::Own(bytes) => bytes,
            Self::Shared(bytes) => bytes,
            Self::Fixed(bytes) => bytes,
            Self::Skip(_) => &[],
        }
    }

    /// What it counts for among what waits for one member alone.
    fn cost(&self) -> usize {
        match self {
            Self::Own(bytes) => bytes.len(),
            Self::Shared(_) => 0,
            Self::Fixed(_) | Self::Skip(_) => size_of::<Chunk>(),
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
    /// What it speaks, once that has turned out.
    pub(super) dialect: Option<Dialect>,
    /// It said nothing at first, and so was asked for a name.
    pub(super) asked: bool,
    /// A request of it was answered.
    pub(super) served: bool,
    /// With which code its WebSocket would be closed; none: it is none, or no frame can be sent any more.
    pub(super) code: Option<u16>,
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
    joined: bool,
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
            dialect: None,
            asked: false,
            served: false,
            code: None,
            name: None,
            throttled: false,
            finished: false,
            since: now,
            heard: now,
            stalled: None,
            ending: None,
            blocked: false,
            joined: false,
            cursor: None,
            own: VecDeque::new(),
            own_bytes: 0,
            offset: 0,
        }
    }

    /// The dialect in which it is told something: a person was asked, if it has said nothing yet.
    pub(super) fn dialect(&self) -> Dialect {
        self.dialect.unwrap_or(if self.asked { Dialect::Text } else { Dialect::Native })
    }

    /// Whether it has said nothing for so long that it is asked for a name.
    pub(super) fn is_to_be_asked(&self, now: Duration) -> bool {
        self.is_silent() && self.since + ASK_AFTER <= now
    }

    /// Whether it has said nothing yet, and was not asked for a name.
    fn is_silent(&self) -> bool {
        let is_new = matches!(self.stage, Stage::Greeting(_)) && self.dialect.is_none();
        is_new && !self.asked && !self.session.holds_bytes()
    }

    /// Why it ends, if it ends without having said who it is.
    pub(super) fn no_hello(&self) -> &'static str {
        if self.served { "page" } else { "no-hello" }
    }

    /// Whether it is told things: a browser that only makes requests is not.
    pub(super) fn is_told(&self) -> bool {
        self.dialect() != Dialect::Web || self.code.is_some()
    }

    /// Whether it reads this dialect's stream, or did so up to its end.
    pub(super) fn reads(&self, dialect: Dialect) -> bool {
        self.joined && self.dialect() == dialect
    }

    /// It is in: from now on the shared stream is for it too.
    pub(super) fn join(&mut self, id: MemberId, name: Arc<str>, stream: &Stream, now: Duration) {
        self.stage = Stage::In(id);
        self.name = Some(name);
        self.since = now;
        self.heard = now;
        self.joined = true;
        self.cursor = Some(stream.end());
    }

    /// Queues bytes for it alone, after all that is in the stream now. Answers how many such bytes wait.
    pub(super) fn push(&mut self, bytes: Bytes, stream: &Stream) -> usize {
        if bytes.as_slice().is_empty() {
            // Nothing can be written of it, and so it would wait for ever.
            return self.own_bytes;
        }
        self.own_bytes += bytes.cost();
        // Who reads no stream has no place in one.
        let before = if self.cursor.is_some() { stream.end() } else { 0 };
        self.own.push_back(Chunk { before, bytes });
        self.own_bytes
    }

    /// It does not hear the last `length` bytes of the stream, which are its own words. Where so much waits for it already that
    /// this cannot be remembered, it does.
    pub(super) fn skip(&mut self, length: usize, stream: &Stream) {
        if self.ending.is_some() || self.cursor.is_none() {
            return;
        }
        let before = stream.end() - length as u64;
        match self.own.back_mut() {
            None if self.cursor == Some(before) => self.cursor = Some(stream.end()),
            Some(Chunk { before: last, bytes: Bytes::Skip(skipped) }) if *last + *skipped as u64 == before => {
                *skipped += length;
            }
            _ if self.own_bytes < OWN_QUEUE_BYTES => {
                self.own_bytes += Bytes::Skip(length).cost();
                self.own.push_back(Chunk { before, bytes: Bytes::Skip(length) });
            }
            _ => {}
        }
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
            if let Bytes::Skip(length) = chunk.bytes {
                cursor = cursor.map(|cursor| cursor + length as u64);
                continue;
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
            if self.pass_over() {
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
            self.own_bytes -= chunk.bytes.cost();
            self.own.pop_front();
        }
        while self.pass_over() {}
        if self.own.is_empty() && self.own.capacity() > 0 {
            self.own = VecDeque::new();
        }
    }

    /// Passes over what comes next, if that is not for it. Whether it was not.
    fn pass_over(&mut self) -> bool {
        let (Some(cursor), Some(Chunk { before, bytes: Bytes::Skip(length) })) = (self.cursor, self.own.front()) else {
            return false;
        };
        if cursor != *before {
            return false;
        }
        self.cursor = Some(cursor + *length as u64);
        self.own_bytes -= Bytes::Skip(*length).cost();
        self.own.pop_front();
        true
    }

    /// Whether it has taken nothing for too long while something waited for it.
    pub(super) fn is_slow(&self, now: Duration) -> bool {
        self.stalled.is_some_and(|since| since + SLOW <= now)
    }

    /// Until when it has to say who it is, or is asked.
    fn greeted_by(&self) -> Duration {
        match self.dialect {
            None if self.is_silent() => self.since + ASK_AFTER,
            None if self.asked => self.heard + NAME_WAIT,
            None => self.since + HELLO_WAIT,
            Some(Dialect::Text) => self.heard + NAME_WAIT,
            Some(Dialect::Web) if self.code.is_none() => self.since + REQUEST_WAIT,
            Some(Dialect::Native | Dialect::Web) => self.heard + HELLO_WAIT,
        }
    }

    /// When something is due on it, if nothing happens.
    pub(super) fn deadline(&self) -> Duration {
        let stalled = self.stalled.map_or(Duration::MAX, |since| since + SLOW);
        match self.stage {
            Stage::Greeting(_) => self.greeted_by(),
            // A member that is read more slowly than it sends is there, though nothing new is heard of it.
            Stage::In(_) if self.throttled => stalled,
            // A person may be silent; the operating system looks whether the connection is still there.
            Stage::In(_) if self.dialect() == Dialect::Text => stalled,
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
