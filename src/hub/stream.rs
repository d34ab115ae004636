//! The shared stream: what everybody hears, encoded once, in a ring of bytes.
//!
//! A member is a position in it. Positions count all bytes ever appended, so they only grow and never repeat. Knows nothing
//! of lines or members.

use std::collections::VecDeque;
use std::io::IoSlice;
use std::ops::Range;

use crate::limits::{LINE_MAX_BYTES, SPARE_PART};

/// The last bytes of a stream.
#[derive(Debug)]
pub(crate) struct Stream {
    ring: Box<[u8]>,
    end: u64,
    capacity: usize,
    /// Where pieces begin, one for each [`LINE_MAX_BYTES`] at the most.
    marks: VecDeque<u64>,
}

impl Stream {
    /// An empty stream that keeps its last `capacity` bytes.
    pub(crate) fn new(capacity: usize) -> Self {
        let ring = vec![0; capacity + capacity / SPARE_PART].into_boxed_slice();
        Self { ring, end: 0, capacity, marks: VecDeque::new() }
    }

    /// The position after the last byte.
    pub(crate) fn end(&self) -> u64 {
        self.end
    }

    /// The position before which nothing is for anybody any more.
    pub(crate) fn start(&self) -> u64 {
        self.end.saturating_sub(self.capacity as u64)
    }

    /// The position of the first byte that is still here: who has fallen off has a little left, to end in order.
    fn oldest(&self) -> u64 {
        self.end.saturating_sub(self.ring.len() as u64)
    }

    /// The last known beginning of a piece at a position or before it.
    pub(crate) fn mark(&self, position: u64) -> Option<u64> {
        let after = self.marks.partition_point(|mark| *mark <= position);
        self.marks.get(after.checked_sub(1)?).copied().filter(|mark| *mark >= self.oldest())
    }

    /// Appends a piece; the oldest bytes make room.
    pub(crate) fn append(&mut self, bytes: &[u8]) {
        if self.marks.back().is_none_or(|mark| self.end - mark >= LINE_MAX_BYTES as u64) {
            self.marks.push_back(self.end);
        }
        let capacity = self.ring.len();
        let skipped = bytes.len().saturating_sub(capacity);
        self.end += skipped as u64;
        let bytes = &bytes[skipped..];
        let from = self.index(self.end);
        let first = bytes.len().min(capacity - from);
        self.ring[from..from + first].copy_from_slice(&bytes[..first]);
        self.ring[..bytes.len() - first].copy_from_slice(&bytes[first..]);
        self.end += bytes.len() as u64;
        while self.marks.front().is_some_and(|mark| *mark < self.oldest()) {
            self.marks.pop_front();
        }
    }

    /// A copy of a range of positions; none: it is not all here.
    pub(crate) fn copy(&self, range: Range<u64>) -> Option<Vec<u8>> {
        let is_here = self.oldest() <= range.start && range.start <= range.end && range.end <= self.end;
        is_here.then(|| self.slices(range).iter().flat_map(|slice| slice.iter().copied()).collect())
    }

    /// The bytes of a range of positions, in two slices of which the second is empty unless the range wraps.
    ///
    /// # Panics
    /// If the range is not here any more, or not yet.
    pub(crate) fn slices(&self, range: Range<u64>) -> [IoSlice<'_>; 2] {
        assert!(self.oldest() <= range.start && range.end <= self.end, "the range is still in the ring");
        let length = usize::try_from(range.end - range.start).expect("a ring fits into memory");
        let from = self.index(range.start);
        let first = length.min(self.ring.len() - from);
        [IoSlice::new(&self.ring[from..from + first]), IoSlice::new(&self.ring[..length - first])]
    }

    fn index(&self, position: u64) -> usize {
        usize::try_from(position % self.ring.len() as u64).expect("a ring fits into memory")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(stream: &Stream, range: Range<u64>) -> Vec<u8> {
        stream.slices(range).iter().flat_map(|slice| slice.to_vec()).collect()
    }

    #[test]
    fn what_was_appended_is_read_at_its_position_also_around_the_end_of_the_ring() {
        let mut stream = Stream::new(7);
        let mut all = Vec::new();
        for length in (0..200).map(|i| i % 11) {
            let bytes: Vec<u8> = (0..length).map(|i| (all.len() + i) as u8).collect();
            stream.append(&bytes);
            all.extend_from_slice(&bytes);
            assert_eq!(stream.end(), all.len() as u64);
            for from in stream.start()..=stream.end() {
                for to in from..=stream.end() {
                    assert_eq!(read(&stream, from..to), all[from as usize..to as usize]);
                }
            }
        }
        assert_eq!(stream.end() - stream.start(), 7);
    }

    #[test]
    #[should_panic(expected = "still in the ring")]
    fn what_has_fallen_off_is_not_read() {
        let mut stream = Stream::new(4);
        stream.append(b"123456");
        read(&stream, 0..2);
    }
}
