//! The shared stream: what everybody hears, encoded once, in a ring of bytes.
//!
//! A member is a position in it. Positions count all bytes ever appended, so they only grow and never repeat. Knows nothing
//! of lines or members.

use std::io::IoSlice;
use std::ops::Range;

/// The last bytes of a stream.
#[derive(Debug)]
pub(crate) struct Stream {
    ring: Box<[u8]>,
    end: u64,
}

impl Stream {
    /// An empty stream that keeps its last `capacity` bytes.
    pub(crate) fn new(capacity: usize) -> Self {
        Self { ring: vec![0; capacity].into_boxed_slice(), end: 0 }
    }

    /// The position after the last byte.
    pub(crate) fn end(&self) -> u64 {
        self.end
    }

    /// The position of the first byte that is still here.
    pub(crate) fn start(&self) -> u64 {
        self.end.saturating_sub(self.ring.len() as u64)
    }

    /// Appends bytes; the oldest make room.
    pub(crate) fn append(&mut self, bytes: &[u8]) {
        let capacity = self.ring.len();
        let skipped = bytes.len().saturating_sub(capacity);
        self.end += skipped as u64;
        let bytes = &bytes[skipped..];
        let from = self.index(self.end);
        let first = bytes.len().min(capacity - from);
        self.ring[from..from + first].copy_from_slice(&bytes[..first]);
        self.ring[..bytes.len() - first].copy_from_slice(&bytes[first..]);
        self.end += bytes.len() as u64;
    }

    /// The bytes of a range of positions, in two slices of which the second is empty unless the range wraps.
    ///
    /// # Panics
    /// If the range is not within [`Stream::start`] and [`Stream::end`].
    pub(crate) fn slices(&self, range: Range<u64>) -> [IoSlice<'_>; 2] {
        assert!(self.start() <= range.start && range.end <= self.end, "the range is still in the ring");
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
        stream.append(b"12345");
        read(&stream, 0..2);
    }
}
