//! The text in rows of a given width: what each character looks like, how many columns it takes, and where rows end.
//!
//! Rows end where those of messages do ([`breaks`]), and characters are as wide as they are there; but none is left out: what
//! cannot be seen, or would spoil its surroundings, is shown as a mark, because the cursor has to stand somewhere. Nothing here
//! knows how rows are drawn.

use std::borrow::Cow;

use unicode_normalization::char::is_combining_mark;
use unicode_segmentation::UnicodeSegmentation;

use crate::limits::CELL_BYTES;
use crate::room::text::is_invisible;
use crate::ui::full::cells::{Fit, Part, TAB, breaks, is_blank, width};

/// The columns of the widest character that is shown as it is: a tab, or a syllable of several letters.
const WIDEST: usize = 4;
/// The narrowest row: the widest character, and the cursor behind it. A narrower one is taken for this.
pub const NARROWEST: usize = WIDEST + 1;
/// What stands for a character that cannot be seen.
const UNSEEN: &str = "·";
/// What a combining mark with nothing under it sits on.
const CIRCLE: char = '\u{25CC}';

/// A character as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Glyph<'a> {
    /// What is shown: one character as a reader counts them, except where `marked` or a tab.
    pub shown: Cow<'a, str>,
    /// How many columns it takes: 1 to 4.
    pub columns: usize,
    /// Whether it stands for something else, and should look different from text.
    pub marked: bool,
    /// The byte of the text at which it begins.
    pub start: usize,
}

/// A row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row<'a> {
    /// Its characters, in the order of the text, also where they are written from right to left.
    pub glyphs: Vec<Glyph<'a>>,
    /// The byte of the text at which it begins.
    pub start: usize,
    /// The byte of the text behind its last character.
    pub end: usize,
    /// Whether its line goes on in the next row.
    pub goes_on: bool,
}

impl Row<'_> {
    /// How many columns it takes.
    pub fn columns(&self) -> usize {
        columns(&self.glyphs)
    }

    /// What it shows, as one text.
    pub fn shown(&self) -> String {
        self.glyphs.iter().map(|glyph| &*glyph.shown).collect()
    }

    /// The column of the character that begins at `at`.
    fn column(&self, at: usize) -> usize {
        self.glyphs.iter().take_while(|glyph| glyph.start < at).map(|glyph| glyph.columns).sum()
    }

    /// Where the cursor has to stand to be in `column`, or as near before it as it can in this row.
    fn at(&self, column: usize) -> usize {
        let mut right = 0;
        let reached = self.glyphs.iter().find(|glyph| {
            right += glyph.columns;
            right > column
        });
        match (reached, self.glyphs.last()) {
            (Some(glyph), _) => glyph.start,
            // The end of a row that goes on is the start of the next.
            (None, Some(last)) if self.goes_on => last.start,
            (None, _) => self.end,
        }
    }
}

/// The rows of `text`, `width` columns wide; at least one. A row leaves its last column to a space or the cursor.
pub fn rows(text: &str, width: usize) -> Vec<Row<'_>> {
    let width = width.max(NARROWEST);
    let mut rows = Vec::new();
    let mut start = 0;
    for line in text.split('\n') {
        wrap(line, start, width, &mut rows);
        start += line.len() + 1;
    }
    rows
}

/// The row and the column in which the cursor before the byte `at` is shown.
pub fn place(rows: &[Row<'_>], at: usize) -> (usize, usize) {
    let row = rows.partition_point(|row| row.start <= at).saturating_sub(1);
    (row, rows.get(row).map_or(0, |row| row.column(at)))
}

/// Where the cursor stands in `column` of `row`, or as near before it as it can.
pub fn at(rows: &[Row<'_>], row: usize, column: usize) -> usize {
    rows.get(row).map_or(0, |row| row.at(column))
}

/// Appends the rows of one line, which begins at the byte `start` of the text.
fn wrap<'a>(line: &'a str, start: usize, width: usize, rows: &mut Vec<Row<'a>>) {
    let glyphs: Vec<Glyph<'a>> = line.grapheme_indices(true).map(|(at, cluster)| glyph(cluster, start + at)).collect();
    let part = |glyph: &Glyph<'_>| Part { width: glyph.columns, blank: is_blank(&glyph.shown) };
    let breaks = breaks(glyphs.iter().map(part), Fit { first: width - 1, rest: width - 1, hang: 1 });
    let (all, line_end) = (glyphs.len(), start + line.len());
    let mut glyphs = glyphs.into_iter();
    let (mut taken, mut start) = (0, start);
    for next in breaks.into_iter().chain([all]) {
        let row: Vec<Glyph<'a>> = glyphs.by_ref().take(next - taken).collect();
        let end = glyphs.as_slice().first().map_or(line_end, |next| next.start);
        rows.push(Row { glyphs: row, start, end, goes_on: next < all });
        (taken, start) = (next, end);
    }
    // Behind a space in the last column, the cursor stands in a row of its own.
    if let Some(last) = rows.last_mut().filter(|last| last.columns() >= width) {
        last.goes_on = true;
        let end = last.end;
        rows.push(Row { glyphs: Vec::new(), start: end, end, goes_on: false });
    }
}

fn columns(glyphs: &[Glyph<'_>]) -> usize {
    glyphs.iter().map(|glyph| glyph.columns).sum()
}

/// How a character is shown.
fn glyph(cluster: &str, start: usize) -> Glyph<'_> {
    if let [b' '..=b'~'] = cluster.as_bytes() {
        return Glyph { shown: Cow::Borrowed(cluster), columns: 1, marked: false, start };
    }
    if cluster == "\t" {
        return Glyph { shown: Cow::Borrowed(TAB), columns: TAB.len(), marked: false, start };
    }
    // A joiner at the end would join what stands in the next column.
    let shown = cluster.trim_end_matches('\u{200D}');
    // Of a hostile text, all is one character: what no cell holds is not measured.
    let is_long = shown.len() > CELL_BYTES;
    let columns = if is_long { 0 } else { width(shown) };
    if shown.contains(char::is_control) || shown.chars().all(is_invisible) {
        Glyph { shown: Cow::Borrowed(UNSEEN), columns: 1, marked: true, start }
    } else if is_long || columns > WIDEST {
        let first = glyph(&cluster[..cluster.chars().next().map_or(0, char::len_utf8)], start);
        Glyph { shown: format!("{}…", first.shown).into(), columns: first.columns + 1, marked: true, start }
    } else if columns == 0 {
        on_circle(shown, start)
    } else {
        Glyph { shown: Cow::Borrowed(shown), columns, marked: false, start }
    }
}

/// Marks with nothing under them.
fn on_circle(marks: &str, start: usize) -> Glyph<'_> {
    let shown = format!("{CIRCLE}{marks}");
    if marks.starts_with(is_combining_mark) && width(&shown) == 1 {
        return Glyph { shown: shown.into(), columns: 1, marked: true, start };
    }
    Glyph { shown: Cow::Borrowed(UNSEEN), columns: 1, marked: true, start }
}
