//! What each edit does: to the text, to what was cut out, and to what can be undone.
//!
//! Every change of the text goes through the undo steps; what goes on with the edit before it is known by [`Last`].

use std::ops::Range;

use super::complete::Completion;
use super::kills::Side;
use super::sent::Search;
use super::{Around, Done, Edit, Editor, Last, layout};
use crate::room::text::TextError;

impl Editor {
    /// Does what `edit` says, while one does not search.
    pub(super) fn edit(&mut self, edit: &Edit, around: &Around<'_>) -> Result<Done, TextError> {
        let last = std::mem::take(&mut self.last);
        let column = self.column.take();
        let completion = self.completion.take();
        let cursor = self.cursor();
        let changed = match edit {
            Edit::Insert(text) => self.insert(text, last)?,
            Edit::Paste(text) => self.paste(text)?,
            Edit::Newline => self.replace(cursor..cursor, "\n")?,
            Edit::Backspace => self.erase(self.buffer.left()..cursor, last),
            Edit::Delete => self.erase(cursor..self.buffer.right(), last),
            Edit::Left => self.go(self.buffer.left()),
            Edit::Right => self.go(self.buffer.right()),
            Edit::WordLeft => self.go(self.buffer.word_left()),
            Edit::WordRight => self.go(self.buffer.word_right()),
            Edit::LineStart => self.go(self.buffer.line_start()),
            Edit::LineEnd => self.go(self.buffer.line_end()),
            Edit::Up => self.up(column)?,
            Edit::Down => self.down(column)?,
            Edit::KillToEnd => self.kill(cursor..or(self.buffer.line_end(), cursor, self.buffer.right()), last),
            Edit::KillToStart => self.kill(or(self.buffer.line_start(), cursor, self.buffer.left())..cursor, last),
            Edit::KillToBlank => self.kill(self.buffer.blank_left()..cursor, last),
            Edit::KillWordLeft => self.kill(self.buffer.word_left()..cursor, last),
            Edit::KillWordRight => self.kill(cursor..self.buffer.word_right(), last),
            Edit::Clear => self.kill(0..self.text().len(), Last::Other),
            Edit::Yank => self.yank()?,
            Edit::YankNext => self.yank_next(last)?,
            Edit::Transpose => self.transpose()?,
            Edit::Undo => self.undo.undo(&mut self.buffer),
            Edit::Redo => self.undo.redo(&mut self.buffer),
            Edit::Complete => self.complete(completion, false, around)?,
            Edit::CompleteBack => self.complete(completion, true, around)?,
            Edit::Search => {
                self.search = Some(Search::default());
                true
            }
            // While one does not search, there is nothing newer.
            Edit::SearchNewer => false,
            Edit::Cancel => completion.is_some(),
            Edit::Send => return Ok(Done::Send),
        };
        Ok(if changed { Done::Changed } else { Done::Nothing })
    }

    fn go(&mut self, at: usize) -> bool {
        let before = self.cursor();
        self.buffer.go(at);
        self.cursor() != before
    }

    /// The one way in which an edit changes text, as a step of its own.
    fn replace(&mut self, range: Range<usize>, with: &str) -> Result<bool, TextError> {
        let change = self.buffer.replace(range, with)?;
        let changed = !change.is_empty();
        self.undo.push(change, false);
        Ok(changed)
    }

    /// Replaces what the last step put in.
    fn replace_last(&mut self, with: &str) -> Result<bool, TextError> {
        let Some(step) = self.undo.retract(&mut self.buffer) else { return Ok(false) };
        let range = step.at..step.at + step.removed.len();
        let replaced = self.replace(range, with);
        if replaced.is_err() {
            self.undo.restore(step, &mut self.buffer);
        }
        replaced
    }

    fn insert(&mut self, text: &str, last: Last) -> Result<bool, TextError> {
        let change = self.buffer.replace(self.cursor()..self.cursor(), text)?;
        let changed = !change.is_empty();
        self.undo.push(change, last == Last::Typed);
        self.last = Last::Typed;
        Ok(changed)
    }

    fn paste(&mut self, text: &str) -> Result<bool, TextError> {
        let changed = self.replace(self.cursor()..self.cursor(), &pasted(text))?;
        self.pasted |= changed;
        Ok(changed)
    }

    /// Erases `range`, one of whose ends is the cursor.
    fn erase(&mut self, range: Range<usize>, last: Last) -> bool {
        let Ok(change) = self.buffer.replace(range, "") else { return false };
        let changed = !change.is_empty();
        self.undo.push(change, last == Last::Erased);
        self.last = Last::Erased;
        changed
    }

    /// Cuts out `range`, one of whose ends is the cursor.
    fn kill(&mut self, range: Range<usize>, last: Last) -> bool {
        let side = if range.end == self.cursor() { Side::Before } else { Side::Behind };
        let goes_on = last == Last::Killed;
        if range.is_empty() {
            self.last = last;
            return false;
        }
        self.kills.push(&self.buffer.text()[range.clone()], side, goes_on);
        self.last = Last::Killed;
        // What is taken out makes no text too long.
        self.replace(range, "").unwrap_or(false)
    }

    fn yank(&mut self) -> Result<bool, TextError> {
        let Some(piece) = self.kills.newest().map(str::to_owned) else { return Ok(false) };
        let changed = self.replace(self.cursor()..self.cursor(), &piece)?;
        self.last = Last::Yanked;
        Ok(changed)
    }

    fn yank_next(&mut self, last: Last) -> Result<bool, TextError> {
        if last != Last::Yanked {
            return Ok(false);
        }
        let Some(piece) = self.kills.next().map(str::to_owned) else { return Ok(false) };
        // Also after a piece that does not fit, the one after it can be had.
        self.last = Last::Yanked;
        self.replace_last(&piece)
    }

    /// Swaps the characters around the cursor, or, at the end of a line, the two before it.
    fn transpose(&mut self) -> Result<bool, TextError> {
        let cursor = self.cursor();
        let mut probe = self.buffer.clone();
        if cursor == self.buffer.line_end() {
            probe.go(self.buffer.left());
        }
        let (start, middle, end) = (probe.left(), probe.cursor(), probe.right());
        let (one, two) = (&self.text()[start..middle], &self.text()[middle..end]);
        if one.is_empty() || two.is_empty() || one == "\n" || two == "\n" {
            return Ok(false);
        }
        let swapped = format!("{two}{one}");
        self.replace(start..end, &swapped)
    }

    fn complete(&mut self, completion: Option<Completion>, back: bool, around: &Around<'_>) -> Result<bool, TextError> {
        // Also a single choice is kept: another Tab puts it there again, instead of a name behind it.
        if let Some(mut begun) = completion {
            let with = begun.next(back);
            self.completion = Some(begun);
            return self.replace_last(&with);
        }
        let Some(mut new) = Completion::new(self.text(), self.cursor(), around) else { return Ok(false) };
        let with = new.first(self.text(), back);
        let changed = self.replace(new.range.clone(), &with)?;
        self.completion = Some(new);
        Ok(changed)
    }

    /// A row up, or from the first, to the line that was sent before.
    fn up(&mut self, column: Option<usize>) -> Result<bool, TextError> {
        let rows = layout::rows(self.buffer.text(), self.size.0);
        let (row, at) = layout::place(&rows, self.cursor());
        if let Some(above) = row.checked_sub(1) {
            let column = column.unwrap_or(at);
            let to = layout::at(&rows, above, column);
            self.column = Some(column);
            return Ok(self.go(to));
        }
        let line = self.sent.older(self.buffer.text()).map(str::to_owned);
        self.recall(line)
    }

    /// A row down, or from the last, to the line that was sent after this.
    fn down(&mut self, column: Option<usize>) -> Result<bool, TextError> {
        let rows = layout::rows(self.buffer.text(), self.size.0);
        let (row, at) = layout::place(&rows, self.cursor());
        if row + 1 < rows.len() {
            let column = column.unwrap_or(at);
            let to = layout::at(&rows, row + 1, column);
            self.column = Some(column);
            return Ok(self.go(to));
        }
        let line = self.sent.newer().map(str::to_owned);
        self.recall(line)
    }

    /// Puts a line, if there is one, in place of what was typed.
    pub(super) fn recall(&mut self, line: Option<String>) -> Result<bool, TextError> {
        let Some(line) = line else { return Ok(false) };
        self.last = Last::Other;
        self.replace(0..self.text().len(), &line)?;
        Ok(true)
    }
}

/// What was pasted, as it stands in the line. Of a single line that was copied with its end, the line: one goes on typing behind
/// it.
pub(super) fn pasted(text: &str) -> String {
    let mut text = text.replace("\r\n", "\n").replace('\r', "\n");
    if text.len() > 1 && text.find('\n') == Some(text.len() - 1) {
        text.pop();
    }
    text
}

/// `end`, or if that is where the cursor stands already, the next character's.
fn or(end: usize, cursor: usize, next: usize) -> usize {
    if end == cursor { next } else { end }
}
