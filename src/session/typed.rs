//! Lines that a person types: none of them ends the connection, however odd it is.
//!
//! What a line means is not known here.

use std::time::Duration;

use super::{Session, Speech, Step};
use crate::wire::line::{self, Piece};
use crate::wire::native::Bad;
use crate::wire::telnet::Filter;

/// What is known of what a person types, besides the bytes that wait.
#[derive(Debug, Default)]
pub(super) struct Typing {
    pub(super) telnet: Filter,
    /// The line that comes is the rest of one that was too long.
    skipping: bool,
}

impl Session {
    /// The next line that was typed.
    pub(super) fn next_typed<'a>(&'a mut self, input: &mut &[u8], now: Duration) -> Step<'a> {
        if !input.is_empty() {
            self.hold(input);
        }
        let Speech::Text(typing) = &mut self.speech else { return Step::NeedMore };
        if typing.skipping && !skip(&self.held, &mut self.done, &mut self.searched, &mut typing.skipping) {
            self.held = Vec::new();
            return Step::NeedMore;
        }
        let rest = &self.held[self.done..];
        let (line, whole) = match line::next(rest, self.searched) {
            Piece::Line { line, whole } => (line, whole),
            Piece::NeedMore if self.finished && !rest.is_empty() => (rest.len(), rest.len()),
            Piece::NeedMore => {
                self.searched = rest.len();
                return Step::NeedMore;
            }
            Piece::TooLong => {
                typing.skipping = true;
                self.pace.count(now);
                return Step::TooLong;
            }
        };
        let from = self.done;
        (self.done, self.searched) = (from + whole, 0);
        self.pace.count(now);
        match std::str::from_utf8(&self.held[from..from + line]) {
            Ok(line) => Step::Line(line),
            Err(_) => Step::Bad(Bad::NotUtf8),
        }
    }
}

/// Passes over the rest of a line. Whether its end is among what is held: if not, nothing of that is of any use.
fn skip(held: &[u8], done: &mut usize, searched: &mut usize, skipping: &mut bool) -> bool {
    *searched = 0;
    match memchr::memchr(b'\n', &held[*done..]) {
        Some(end) => {
            (*done, *skipping) = (*done + end + 1, false);
            true
        }
        None => {
            *done = 0;
            false
        }
    }
}
