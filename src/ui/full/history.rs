//! What can be read back: entries in the order in which they came, as many as memory is meant for.
//!
//! An entry keeps its number as long as it is there, so that a place in the history stays where it is while others come
//! and the oldest go. It knows nothing of rows or of a screen.

use std::collections::VecDeque;
use std::mem::size_of;

use super::entry::Entry;
use crate::limits::{SCROLLBACK, SCROLLBACK_BYTES};

/// The number of an entry; grows by one with each.
pub type Number = u64;

/// Entries, the oldest first.
#[derive(Debug, Default)]
pub struct History {
    entries: VecDeque<Entry>,
    /// The number of the oldest.
    first: Number,
    /// What all of them take, with their texts.
    bytes: usize,
}

impl History {
    /// Appends `entry`, and forgets the oldest where there are too many. Returns its number.
    pub fn push(&mut self, entry: Entry) -> Number {
        self.bytes += cost(&entry);
        self.entries.push_back(entry);
        while self.entries.len() > SCROLLBACK || (self.bytes > SCROLLBACK_BYTES && self.entries.len() > 1) {
            if let Some(oldest) = self.entries.pop_front() {
                self.bytes -= cost(&oldest);
                self.first += 1;
            }
        }
        self.end() - 1
    }

    /// Changes the newest entry.
    pub fn change_last(&mut self, change: impl FnOnce(&mut Entry)) {
        if let Some(last) = self.entries.back_mut() {
            let before = cost(last);
            change(last);
            self.bytes = self.bytes - before + cost(last);
        }
    }

    /// The entry with this number, while it is there.
    pub fn get(&self, number: Number) -> Option<&Entry> {
        self.entries.get(usize::try_from(number.checked_sub(self.first)?).ok()?)
    }

    /// The number of the oldest entry.
    pub fn start(&self) -> Number {
        self.first
    }

    /// The number that the next entry gets.
    pub fn end(&self) -> Number {
        self.first + self.entries.len() as Number
    }

    /// Whether there is nothing.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

fn cost(entry: &Entry) -> usize {
    size_of::<Entry>() + entry.text_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::full::entry::{Kind, Tone};
    use crate::ui::samples::at;

    fn note(text: String) -> Entry {
        Entry { at: at(), kind: Kind::Note { tone: Tone::Quiet, text } }
    }

    #[test]
    fn numbers_stay_while_the_oldest_go() {
        let mut history = History::default();
        for n in 0..SCROLLBACK as Number + 5 {
            assert_eq!(history.push(note(n.to_string())), n);
        }
        assert_eq!((history.start(), history.end()), (5, SCROLLBACK as Number + 5));
        assert!(history.get(4).is_none() && history.get(history.end()).is_none());
        let Some(Entry { kind: Kind::Note { text, .. }, .. }) = history.get(5) else { panic!() };
        assert_eq!(text, "5");
    }

    #[test]
    fn long_texts_are_forgotten_sooner_and_memory_is_bounded() {
        let mut history = History::default();
        for _ in 0..10_000 {
            history.push(note("x".repeat(16 * 1024)));
        }
        assert!(history.bytes <= SCROLLBACK_BYTES && history.entries.len() < 10_000);
        history.change_last(|entry| entry.kind = Kind::Note { tone: Tone::Quiet, text: String::new() });
        let sum: usize = history.entries.iter().map(cost).sum();
        assert_eq!(history.bytes, sum);
    }
}
