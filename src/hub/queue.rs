//! What waits for one connection: its place in the shared stream, and bytes for it alone at their places among the shared
//! ones.
//!
//! It knows neither whose they are nor what they mean.

use std::collections::VecDeque;
use std::io::IoSlice;
use std::sync::Arc;

use super::stream::Stream;
use crate::limits::OWN_QUEUE_BYTES;

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

/// What waits for one connection.
#[derive(Debug)]
pub(super) struct Queue {
    /// The next shared byte for it. Only a member has one.
    cursor: Option<u64>,
    /// The shared stream ends here for it; the highest number: it goes on.
    stop: u64,
    own: VecDeque<Chunk>,
    own_bytes: usize,
    /// How much of the first waiting chunk has been written.
    offset: usize,
}

impl Queue {
    /// Nothing waits, and the shared stream is not for it.
    pub(super) fn new() -> Self {
        Self { cursor: None, stop: u64::MAX, own: VecDeque::new(), own_bytes: 0, offset: 0 }
    }

    /// From now on the shared stream is for it too.
    pub(super) fn join(&mut self, stream: &Stream) {
        self.cursor = Some(stream.end());
    }

    /// Nothing more of the shared stream is for it than what is in it now.
    pub(super) fn stop(&mut self, stream: &Stream) {
        self.stop = stream.end();
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
        if self.is_stopped() || self.cursor.is_none() {
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

    /// It has fallen off the stream: nothing of what waited for it makes sense to it now but a last word.
    pub(super) fn cut(&mut self) {
        self.cursor = None;
        self.own.clear();
        self.own_bytes = 0;
        self.offset = 0;
    }

    /// The same, after the rest of the piece that it is reading, which is what `rest` says for its place in the stream; false: that
    /// is not to be had, and nothing can follow.
    pub(super) fn cut_after(&mut self, stream: &Stream, rest: impl FnOnce(u64) -> Option<Vec<u8>>) -> bool {
        if self.offset > 0 {
            // It is reading what is for it alone.
            self.cursor = None;
            self.own.truncate(1);
            self.own_bytes = self.own.iter().map(|chunk| chunk.bytes.cost()).sum();
            return true;
        }
        let rest = self.cursor.map_or(Some(Vec::new()), rest);
        self.cut();
        rest.map(|rest| self.push(Bytes::Own(rest.into_boxed_slice()), stream)).is_some()
    }

    /// Whether what comes next for it has been overwritten.
    pub(super) fn has_fallen_off(&self, stream: &Stream) -> bool {
        self.cursor.is_some_and(|cursor| cursor < stream.start() && cursor < self.end(stream))
    }

    /// Whether it is a member that has come no further than a position in the stream.
    pub(super) fn is_behind(&self, position: u64) -> bool {
        !self.is_stopped() && self.cursor.is_some_and(|cursor| cursor < position)
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
        stream.end().min(self.stop)
    }

    fn is_stopped(&self) -> bool {
        self.stop < u64::MAX
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
        let mut queue = Queue::new();
        for bytes in [&b"welcome"[..], b""] {
            queue.push(Bytes::Shared(bytes.into()), &stream);
        }
        queue.advance(7, &stream);
        assert!(!queue.waits(&stream), "nothing is left to write, yet something waits");
    }
}
