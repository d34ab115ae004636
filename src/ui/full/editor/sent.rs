//! Lines that were sent, to be brought back: one by one, or by what they hold.
//!
//! The line that one was typing when one began to look is kept, and comes after the newest; where an old line is sent instead, it
//! stays among the lines. Bounded in lines and bytes. It knows nothing of keys or of the room.

use std::collections::VecDeque;

use crate::limits::{SENT_BYTES, SENT_LINES};
use crate::room::text::is_blank;

/// The lines, the oldest first, and the one that is looked at.
#[derive(Debug, Default)]
pub(super) struct Sent {
    lines: VecDeque<String>,
    bytes: usize,
    /// The line that is looked at.
    at: Option<usize>,
    /// What was being typed before.
    draft: String,
}

impl Sent {
    /// Keeps a line that was sent, behind what was being typed when one began to look, and looks at none.
    pub(super) fn push(&mut self, line: &str) {
        let draft = std::mem::take(&mut self.draft);
        if self.at.take().is_some() && !is_blank(&draft) {
            self.keep(&draft);
        }
        self.keep(line);
    }

    /// Keeps a line, unless it was the last one already.
    fn keep(&mut self, line: &str) {
        if self.lines.back().is_some_and(|last| last == line) {
            return;
        }
        self.bytes += line.len();
        self.lines.push_back(line.to_owned());
        while self.lines.len() > 1 && (self.lines.len() > SENT_LINES || self.bytes > SENT_BYTES) {
            self.bytes -= self.lines.pop_front().map_or(0, |line| line.len());
        }
    }

    /// The line before the one that is looked at, or the last; `typed` is what stands in its place now.
    pub(super) fn older(&mut self, typed: &str) -> Option<&str> {
        let at = self.at.unwrap_or(self.lines.len()).checked_sub(1)?;
        self.look_at(at, typed)
    }

    /// The line behind the one that is looked at; behind the newest, what was being typed.
    pub(super) fn newer(&mut self) -> Option<&str> {
        let next = self.at? + 1;
        self.at = (next < self.lines.len()).then_some(next);
        Some(self.at.map_or(&self.draft, |at| &self.lines[at]))
    }

    /// Looks at the line `at`, one of those that [`Sent::find`] found; `typed` as with [`Sent::older`].
    pub(super) fn look_at(&mut self, at: usize, typed: &str) -> Option<&str> {
        let line = self.lines.get(at)?;
        if self.at.is_none() {
            typed.clone_into(&mut self.draft);
        }
        self.at = Some(at);
        Some(line)
    }

    /// The newest line older than `before` (of all, if `None`) that holds `query`, without regard to case.
    pub(super) fn find(&self, query: &str, before: Option<usize>) -> Option<usize> {
        let query = query.to_lowercase();
        let end = before.unwrap_or(self.lines.len()).min(self.lines.len());
        self.lines.range(..end).rposition(|line| line.to_lowercase().contains(&query))
    }

    /// The oldest line newer than `after` that holds `query`, without regard to case.
    pub(super) fn find_newer(&self, query: &str, after: usize) -> Option<usize> {
        let query = query.to_lowercase();
        let start = (after + 1).min(self.lines.len());
        self.lines.range(start..).position(|line| line.to_lowercase().contains(&query)).map(|at| start + at)
    }

    /// The line `at`.
    pub(super) fn line(&self, at: usize) -> Option<&str> {
        self.lines.get(at).map(String::as_str)
    }
}

/// A search through the lines that were sent, backwards, while one types what is sought.
#[derive(Debug, Default)]
pub(super) struct Search {
    /// What is sought.
    pub(super) query: String,
    /// The line that holds it.
    pub(super) found: Option<usize>,
    /// Nothing (or nothing older) holds it.
    pub(super) failed: bool,
}

impl Search {
    /// Goes on to the next older line that holds what is sought.
    pub(super) fn older(&mut self, sent: &Sent) {
        self.take(sent.find(&self.query, self.found));
    }

    /// Goes back to the next newer line that holds what is sought.
    pub(super) fn newer(&mut self, sent: &Sent) {
        self.take(self.found.and_then(|found| sent.find_newer(&self.query, found)));
    }

    /// Seeks `query` from the line that is found already, if `onwards`, else from the newest.
    pub(super) fn seek(&mut self, query: String, onwards: bool, sent: &Sent) {
        self.query = query;
        let from = self.found.filter(|_| onwards).map(|at| at + 1);
        if self.query.is_empty() {
            *self = Self::default();
        } else {
            self.take(sent.find(&self.query, from));
        }
    }

    fn take(&mut self, found: Option<usize>) {
        self.failed = found.is_none();
        self.found = found.or(self.found);
    }
}
