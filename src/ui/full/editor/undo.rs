//! What was changed, to be taken back and made again.
//!
//! Changes that a person thinks of as one are one step: a word typed, a row of characters erased. Bounded in steps and bytes: the
//! oldest are forgotten. It knows no keys; whether a change goes on with what the one before it did is said by who made it.

use std::collections::VecDeque;

use super::buffer::{Buffer, Change};
use crate::limits::{UNDO_BYTES, UNDO_STEPS};

/// The steps back and forth.
#[derive(Debug, Default)]
pub(super) struct Undo {
    done: VecDeque<Change>,
    undone: Vec<Change>,
}

impl Undo {
    /// Remembers a change; with `goes_on` as part of the step before it, where the two are one thing.
    pub(super) fn push(&mut self, change: Change, goes_on: bool) {
        if change.is_empty() {
            return;
        }
        self.undone.clear();
        if goes_on && self.done.back_mut().is_some_and(|last| absorb(last, &change)) {
            return;
        }
        self.done.push_back(change);
        let mut bytes: usize = self.done.iter().map(cost).sum();
        while self.done.len() > 1 && (self.done.len() > UNDO_STEPS || bytes > UNDO_BYTES) {
            bytes -= self.done.pop_front().as_ref().map_or(0, cost);
        }
    }

    /// Takes the last step back; whether there was one.
    pub(super) fn undo(&mut self, buffer: &mut Buffer) -> bool {
        let Some(change) = self.done.pop_back() else { return false };
        buffer.undo(&change);
        self.undone.push(change);
        true
    }

    /// Makes the step again that was taken back last; whether there was one.
    pub(super) fn redo(&mut self, buffer: &mut Buffer) -> bool {
        let Some(change) = self.undone.pop() else { return false };
        buffer.redo(&change);
        self.done.push_back(change);
        true
    }

    /// Takes the last step back for good, because another takes its place; returns it.
    pub(super) fn retract(&mut self, buffer: &mut Buffer) -> Option<Change> {
        let change = self.done.pop_back()?;
        buffer.undo(&change);
        Some(change)
    }

    /// Puts a step back that was retracted.
    pub(super) fn restore(&mut self, change: Change, buffer: &mut Buffer) {
        buffer.redo(&change);
        self.done.push_back(change);
    }

    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        self.done.clear();
        self.undone.clear();
    }
}

/// What a step holds, in bytes of text.
fn cost(change: &Change) -> usize {
    change.removed.len() + change.inserted.len()
}

/// Makes `next` a part of `last`, if they are one thing.
fn absorb(last: &mut Change, next: &Change) -> bool {
    let typed = last.removed.is_empty() && next.removed.is_empty();
    let erased = last.inserted.is_empty() && next.inserted.is_empty();
    if typed && next.at == last.at + last.inserted.len() && !begins_word(&last.inserted, &next.inserted) {
        last.inserted.push_str(&next.inserted);
    } else if erased && next.at + next.removed.len() == last.at {
        last.removed.insert_str(0, &next.removed);
        last.at = next.at;
    } else if erased && next.at == last.at {
        last.removed.push_str(&next.removed);
    } else {
        return false;
    }
    last.after = next.after;
    true
}

/// Whether a new word begins between the two.
fn begins_word(before: &str, typed: &str) -> bool {
    before.ends_with(char::is_whitespace) && !typed.starts_with(char::is_whitespace)
}
