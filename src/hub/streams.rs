//! The shared streams, one for each dialect: what everybody hears, encoded once for all who speak the same.
//!
//! A dialect that nobody here speaks costs nothing: its stream stays as it is, and the memory of a ring that was never written
//! to is not there. Knows nothing of lines or members.

use super::stream::Stream;
use crate::limits::{STREAM_BYTES, TURN_BYTES};
use crate::wire::Dialect;

/// One dialect's stream, and how many read it.
#[derive(Debug)]
struct Shared {
    stream: Stream,
    readers: usize,
    /// The end of the stream when all were last written to.
    written: u64,
}

/// All of them.
#[derive(Debug)]
pub(super) struct Streams([Shared; Dialect::ALL.len()]);

impl Streams {
    /// Empty streams.
    pub(super) fn new() -> Self {
        Self::of(STREAM_BYTES)
    }

    /// Empty streams that keep their last `capacity` bytes.
    pub(super) fn of(capacity: usize) -> Self {
        Self(Dialect::ALL.map(|_| Shared { stream: Stream::new(capacity), readers: 0, written: 0 }))
    }

    /// What those hear who speak a dialect.
    pub(super) fn of_dialect(&self, dialect: Dialect) -> &Stream {
        &self.0[dialect as usize].stream
    }

    /// Whether anybody reads this dialect's stream.
    pub(super) fn is_read(&self, dialect: Dialect) -> bool {
        self.0[dialect as usize].readers > 0
    }

    /// Somebody reads this dialect's stream from now on.
    pub(super) fn join(&mut self, dialect: Dialect) {
        self.0[dialect as usize].readers += 1;
    }

    /// Somebody reads it no more.
    pub(super) fn leave(&mut self, dialect: Dialect) {
        self.0[dialect as usize].readers -= 1;
    }

    /// Appends to a dialect's stream.
    pub(super) fn append(&mut self, dialect: Dialect, bytes: &[u8]) {
        self.0[dialect as usize].stream.append(bytes);
    }

    /// Whether more may be appended before what is there is written out.
    pub(super) fn have_room(&self) -> bool {
        self.0.iter().all(|shared| shared.stream.end() - shared.written < TURN_BYTES as u64)
    }

    /// Whether anything was appended since this was last asked.
    pub(super) fn have_news(&mut self) -> bool {
        let mut news = false;
        for shared in &mut self.0 {
            news |= shared.written != shared.stream.end();
            shared.written = shared.stream.end();
        }
        news
    }

    /// How far the longest of them has come.
    pub(super) fn farthest(&self) -> u64 {
        self.0.iter().map(|shared| shared.stream.end()).max().unwrap_or(0)
    }
}
