//! The text of the input line and the cursor in it.
//!
//! Text changes in one way only: a range of it is replaced, and the [`Change`] says how to go back. The cursor stands between
//! characters as a reader counts them (extended grapheme clusters), never inside one, whatever a change makes of its neighbours.
//! Nothing here knows of keys, rows or columns.

use std::ops::Range;

use unicode_segmentation::{GraphemeCursor, UnicodeSegmentation};

use crate::limits::MESSAGE_MAX_BYTES;
use crate::room::text::{self, TextError};

/// A replacement that was made, and can be undone and done again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Change {
    /// The byte at which it begins.
    pub(super) at: usize,
    /// What stood there.
    pub(super) removed: String,
    /// What stands there now.
    pub(super) inserted: String,
    /// The cursor as it was.
    pub(super) before: usize,
    /// The cursor as it is.
    pub(super) after: usize,
}

impl Change {
    /// Whether it changed nothing.
    pub(super) fn is_empty(&self) -> bool {
        self.removed.is_empty() && self.inserted.is_empty()
    }
}

/// A text that may be sent, and a cursor.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Buffer {
    text: String,
    cursor: usize,
}

impl Buffer {
    /// The text: what [`text::clean`] leaves, at most [`MESSAGE_MAX_BYTES`].
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// The byte before which the cursor stands.
    pub(super) fn cursor(&self) -> usize {
        self.cursor
    }

    /// Moves the cursor to `at`, or to the next place behind it that is between two characters.
    pub(super) fn go(&mut self, at: usize) {
        self.cursor = self.between(at);
    }

    /// Replaces `range`, which lies between characters, by what may be shown of `with`, and moves the cursor behind it.
    ///
    /// # Errors
    /// The text would be too long; it stays as it is.
    pub(super) fn replace(&mut self, range: Range<usize>, with: &str) -> Result<Change, TextError> {
        let inserted = text::clean(with).into_owned();
        let bytes = self.text.len() - range.len() + inserted.len();
        if bytes > MESSAGE_MAX_BYTES {
            return Err(TextError::TooLong { bytes });
        }
        let removed = self.text[range.clone()].to_owned();
        let before = self.cursor;
        self.text.replace_range(range.clone(), &inserted);
        self.go(range.start + inserted.len());
        Ok(Change { at: range.start, removed, inserted, before, after: self.cursor })
    }

    /// Takes back the change that was made last.
    pub(super) fn undo(&mut self, change: &Change) {
        self.text.replace_range(change.at..change.at + change.inserted.len(), &change.removed);
        self.cursor = change.before;
    }

    /// Makes a change again that was just taken back.
    pub(super) fn redo(&mut self, change: &Change) {
        self.text.replace_range(change.at..change.at + change.removed.len(), &change.inserted);
        self.cursor = change.after;
    }

    /// Empties it, and returns what it held.
    pub(super) fn take(&mut self) -> String {
        self.cursor = 0;
        std::mem::take(&mut self.text)
    }

    /// Where the character before the cursor begins.
    pub(super) fn left(&self) -> usize {
        let mut cursor = GraphemeCursor::new(self.cursor, self.text.len(), true);
        cursor.prev_boundary(&self.text, 0).ok().flatten().unwrap_or(0)
    }

    /// Where the character behind the cursor ends.
    pub(super) fn right(&self) -> usize {
        self.after(self.cursor)
    }

    /// Where the word before the cursor begins, or, with none before it, the text.
    pub(super) fn word_left(&self) -> usize {
        let words = self.text[..self.cursor].words();
        self.between_before(words.last().map_or(0, |(start, _)| start))
    }

    /// Where what stands between the cursor and the white space before it begins.
    pub(super) fn blank_left(&self) -> usize {
        let before = self.text[..self.cursor].trim_end();
        let blank = before.char_indices().rfind(|(_, c)| c.is_whitespace());
        self.between_before(blank.map_or(0, |(at, c)| at + c.len_utf8()))
    }

    /// Where the word behind the cursor ends, or, with none behind it, the text.
    pub(super) fn word_right(&self) -> usize {
        let mut words = self.text[self.cursor..].words();
        words.next().map_or(self.text.len(), |(start, word)| self.between(self.cursor + start + word.len()))
    }

    /// Where the cursor's line begins.
    pub(super) fn line_start(&self) -> usize {
        self.text[..self.cursor].rfind('\n').map_or(0, |at| at + 1)
    }

    /// Where the cursor's line ends, its line break not included.
    pub(super) fn line_end(&self) -> usize {
        self.text[self.cursor..].find('\n').map_or(self.text.len(), |at| self.cursor + at)
    }

    /// The end of the character that begins at `at`.
    fn after(&self, at: usize) -> usize {
        let mut cursor = GraphemeCursor::new(at, self.text.len(), true);
        cursor.next_boundary(&self.text, 0).ok().flatten().unwrap_or(self.text.len())
    }

    /// `at`, or the next byte behind it that is between two characters.
    fn between(&self, at: usize) -> usize {
        let at = self.text.ceil_char_boundary(at);
        if self.is_between(at) { at } else { self.after(at) }
    }

    /// `at`, or the next byte before it that is between two characters.
    fn between_before(&self, at: usize) -> usize {
        let mut cursor = GraphemeCursor::new(at, self.text.len(), true);
        if self.is_between(at) { at } else { cursor.prev_boundary(&self.text, 0).ok().flatten().unwrap_or(0) }
    }

    fn is_between(&self, at: usize) -> bool {
        GraphemeCursor::new(at, self.text.len(), true).is_boundary(&self.text, 0).unwrap_or(true)
    }
}

/// Words as one moves by them.
trait Words {
    /// Unicode's words (UAX 29), and what else is neither white space nor ASCII punctuation, such as an emoji.
    fn words(&self) -> impl Iterator<Item = (usize, &str)>;
}

impl Words for str {
    fn words(&self) -> impl Iterator<Item = (usize, &str)> {
        let is_word = |c: char| !c.is_whitespace() && !c.is_ascii_punctuation();
        self.split_word_bound_indices().filter(move |(_, piece)| piece.contains(is_word))
    }
}
