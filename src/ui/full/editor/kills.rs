//! What was cut out (killed), to be put in again (yanked): the last few pieces, the newest first.
//!
//! It knows nothing of where they came from.

use std::collections::VecDeque;

use crate::limits::KILLS;

/// The ring of what was cut out.
#[derive(Debug, Default)]
pub(super) struct Kills {
    ring: VecDeque<String>,
    /// The piece that was put in last, from the newest.
    turn: usize,
}

/// On which side of the cursor something was cut out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    /// Before it.
    Before,
    /// Behind it.
    Behind,
}

impl Kills {
    /// Keeps `text`; with `goes_on`, as a part of the newest piece, on the side from which it came.
    pub(super) fn push(&mut self, text: &str, side: Side, goes_on: bool) {
        match (self.ring.front_mut().filter(|_| goes_on), side) {
            (Some(newest), Side::Before) => newest.insert_str(0, text),
            (Some(newest), Side::Behind) => newest.push_str(text),
            (None, _) => {
                self.ring.push_front(text.to_owned());
                self.ring.truncate(KILLS);
            }
        }
    }

    /// The newest piece.
    pub(super) fn newest(&mut self) -> Option<&str> {
        self.turn = 0;
        self.ring.front().map(String::as_str)
    }

    /// The piece before the one that was asked for last; after the oldest, the newest.
    pub(super) fn next(&mut self) -> Option<&str> {
        self.turn = (self.turn + 1) % self.ring.len().max(1);
        self.ring.get(self.turn).map(String::as_str)
    }
}
