//! The line that one types: an editor of one message, its history, completion and search.
//!
//! Text is edited by characters as a reader counts them and measured in columns ([`layout`]); what keys do stands in one table
//! ([`keys`]). What cannot be sent never gets in: a text that would be too long is refused as a whole, and what no message keeps
//! is dropped at the entrance. The editor knows no terminal, clock or room; names and the host's mark are arguments.
//!
//! It is our own because what there is falls short: `tui-input` has one row and no undo, and `ratatui-textarea` moves and
//! erases by code points, so that its cursor gets into the middle of characters.

mod buffer;
mod complete;
mod edits;
pub mod hint;
pub mod keys;
mod kills;
pub mod layout;
mod sent;
#[cfg(test)]
mod tests;
mod undo;

use unicode_segmentation::UnicodeSegmentation;

use crate::limits::{QUERY_BYTES, REVIEW_BYTES, REVIEW_LINES};
use crate::room::text::{TextError, clean, is_blank};
use buffer::Buffer;
use complete::Completion;
pub use hint::Hint;
use kills::Kills;
use layout::Row;
use sent::{Search, Sent};
use undo::Undo;

/// What can be done to the line.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the table of keys says what each does")]
pub enum Edit {
    /// Puts in what was typed.
    Insert(String),
    /// Puts in what was pasted, as one piece: CR and CR LF become line breaks, and one line comes without its end.
    Paste(String),
    Newline,
    Backspace,
    Delete,
    Left,
    Right,
    WordLeft,
    WordRight,
    LineStart,
    LineEnd,
    Up,
    Down,
    KillToEnd,
    KillToStart,
    KillToBlank,
    KillWordLeft,
    KillWordRight,
    Clear,
    Yank,
    YankNext,
    Transpose,
    Undo,
    Redo,
    Complete,
    CompleteBack,
    Search,
    SearchNewer,
    Cancel,
    Send,
}

/// What came of an [`Edit`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Done {
    /// The line looks different, or may do so.
    Changed,
    /// There was nothing to do.
    Nothing,
    /// The line is to be sent. It is still there, so that it can be mended or shown first: [`Editor::take`] takes it.
    Send,
}

/// What the editor has to know of its surroundings.
#[derive(Debug, Clone, Copy, Default)]
pub struct Around<'a> {
    /// Who is here, in the order in which names are to be offered.
    pub names: &'a [&'a str],
    /// Whether we are the host: then there are more commands.
    pub hosting: bool,
}

/// What a screen shows of the line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View<'a> {
    /// The rows that are shown; at least one.
    pub rows: Vec<Row<'a>>,
    /// Row (of those shown) and column of the cursor.
    pub cursor: (usize, usize),
    /// How many rows are hidden above.
    pub above: usize,
    /// How many rows are hidden below.
    pub below: usize,
}

/// What the last edit was, where the next may go on with it.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Last {
    #[default]
    Other,
    Typed,
    Erased,
    Killed,
    Yanked,
}

/// The editor.
#[derive(Debug)]
pub struct Editor {
    buffer: Buffer,
    undo: Undo,
    kills: Kills,
    sent: Sent,
    completion: Option<Completion>,
    search: Option<Search>,
    last: Last,
    /// The column that the cursor would like to be in, while it goes up and down.
    column: Option<usize>,
    /// Whether something of the text was pasted.
    pasted: bool,
    /// Columns and rows that there are.
    size: (usize, usize),
    /// The first row that is shown.
    top: usize,
}

impl Default for Editor {
    fn default() -> Self {
        Self {
            buffer: Buffer::default(),
            undo: Undo::default(),
            kills: Kills::default(),
            sent: Sent::default(),
            completion: None,
            search: None,
            last: Last::Other,
            column: None,
            pasted: false,
            size: (80, 1),
            top: 0,
        }
    }
}

/// A text of more than a few lines or words: to be shown before it is sent, if it was pasted.
pub fn is_long(text: &str) -> bool {
    text.len() > REVIEW_BYTES || text.lines().count() > REVIEW_LINES
}

impl Editor {
    /// The text as it would be sent.
    pub fn text(&self) -> &str {
        self.buffer.text()
    }

    /// The byte of the text before which the cursor stands.
    pub fn cursor(&self) -> usize {
        self.buffer.cursor()
    }

    /// Whether there is no text: some keys mean something else then.
    pub fn is_empty(&self) -> bool {
        self.text().is_empty()
    }

    /// Whether a long text was pasted: it should be shown before it is sent.
    pub fn wants_review(&self) -> bool {
        self.pasted && is_long(self.text())
    }

    /// What to say about the line while it is typed; `hosting`: we are the host.
    pub fn hint(&self, hosting: bool) -> Option<Hint> {
        hint::hint(self.text(), hosting)
    }

    /// What Tab offers where there is a choice, and which of it stands in the line.
    pub fn choices(&self) -> Option<(&[String], Option<usize>)> {
        let completion = self.completion.as_ref().filter(|completion| completion.choices.len() > 1)?;
        Some((&completion.choices, completion.at))
    }

    /// What is sought in lines that were sent, and whether nothing (more) was found.
    pub fn search(&self) -> Option<(&str, bool)> {
        self.search.as_ref().map(|search| (&*search.query, search.failed))
    }

    /// Says how much room there is: columns, and the rows up to which the line grows. To be said before each drawing: that is
    /// when rows are made, and not for each of many keys that come at once.
    pub fn resize(&mut self, columns: usize, rows: usize) {
        self.size = (columns, rows.max(1));
        self.scroll();
    }

    /// The rows to show. While one searches, they are those of the line that was found.
    pub fn view(&self) -> View<'_> {
        let (text, cursor) = self.shown();
        let mut rows = layout::rows(text, self.size.0);
        let (row, column) = layout::place(&rows, cursor);
        let above = top(self.top, row, rows.len(), self.size.1);
        let below = rows.len().saturating_sub(above + self.size.1);
        rows.truncate(above + self.size.1);
        rows.drain(..above);
        View { rows, cursor: (row - above, column), above, below }
    }

    /// Takes the text out, to be sent, and remembers it. `None`: nothing of it could be seen, and it stays.
    pub fn take(&mut self) -> Option<String> {
        if is_blank(self.text()) {
            return None;
        }
        let line = self.buffer.take();
        self.sent.push(&line);
        self.undo.clear();
        self.completion = None;
        self.search = None;
        (self.last, self.column, self.pasted, self.top) = (Last::Other, None, false, 0);
        Some(line)
    }

    /// Does what `edit` says.
    ///
    /// # Errors
    /// The text would be too long to be sent; it stays as it is.
    pub fn apply(&mut self, edit: &Edit, around: &Around<'_>) -> Result<Done, TextError> {
        let sought = self.seeks(edit);
        let done = sought.and_then(|done| if done { Ok(Done::Changed) } else { self.edit(edit, around) });
        self.pasted &= !self.is_empty();
        done
    }

    /// While one searches: does what `edit` means to the search, if it means anything to it. Everything else ends the
    /// search and goes on with the line that was found.
    fn seeks(&mut self, edit: &Edit) -> Result<bool, TextError> {
        let Some(mut search) = self.search.take() else { return Ok(false) };
        match edit {
            Edit::Insert(text) | Edit::Paste(text) => {
                let query = format!("{}{}", search.query, clean(&edits::pasted(text)));
                if query.len() <= QUERY_BYTES {
                    search.seek(query, true, &self.sent);
                } else {
                    search.failed = true;
                }
            }
            Edit::Backspace => {
                let start = search.query.grapheme_indices(true).next_back().map_or(0, |(at, _)| at);
                search.seek(search.query[..start].to_owned(), false, &self.sent);
            }
            Edit::Search => search.older(&self.sent),
            Edit::SearchNewer => search.newer(&self.sent),
            Edit::Cancel => return Ok(true),
            _ => {
                self.accept(&search)?;
                // Enter ends the search: nobody sends by accident what was only being looked for.
                return Ok(*edit == Edit::Send);
            }
        }
        self.search = Some(search);
        Ok(true)
    }

    /// Puts the line that was found in place of what was typed.
    fn accept(&mut self, search: &Search) -> Result<bool, TextError> {
        let line = search.found.and_then(|at| self.sent.look_at(at, self.buffer.text())).map(str::to_owned);
        self.recall(line)
    }

    /// Text and cursor as they are shown.
    fn shown(&self) -> (&str, usize) {
        let found = self.search.as_ref().and_then(|search| search.found);
        match found.and_then(|at| self.sent.line(at)) {
            Some(line) => (line, line.len()),
            None => (self.text(), self.cursor()),
        }
    }

    /// Brings the cursor's row among those that are shown.
    fn scroll(&mut self) {
        let (text, cursor) = self.shown();
        let rows = layout::rows(text, self.size.0);
        self.top = top(self.top, layout::place(&rows, cursor).0, rows.len(), self.size.1);
    }
}

/// The first row to show, if possible `top`, so that `row` is among the `shown` rows out of `all`, and none is wasted.
fn top(top: usize, row: usize, all: usize, shown: usize) -> usize {
    top.clamp((row + 1).saturating_sub(shown), row).min(all.saturating_sub(shown))
}
