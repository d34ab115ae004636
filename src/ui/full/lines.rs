//! An entry of the history as rows of a screen: time, who, and the text, wrapped behind a hanging indent, so that no line of a
//! message can pass for another's.
//!
//! It measures and styles; it knows nothing of where on the screen the rows go.

use std::borrow::Cow;
use std::ops::Range;

use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};

use super::cells::{self, wrap};
use super::colours::Palette;
use super::entry::{Entry, Kind, Said, Tone};
use super::history::Number;
use super::mention;
use crate::ui::qr;

/// From this width on there is room for times.
const WITH_TIME: usize = 40;
/// The indent of further rows, with and without times: more than a time takes.
const INDENT: usize = 8;
const NARROW_INDENT: usize = 2;
/// What stands where one left off.
const LEFT_OFF: &str = " new ";

/// What stands around marks behind a name.
const BRACKETS: &str = " ()";

/// How entries are shown.
#[derive(Debug, Clone, Copy)]
pub struct Look<'a> {
    /// The columns.
    pub width: usize,
    /// The colours.
    pub palette: Palette,
    /// What is searched for.
    pub needle: Option<&'a str>,
    /// The entry in which it was found last.
    pub found: Option<Number>,
    /// The first entry that has not been seen.
    pub mark: Option<Number>,
}

/// An entry in rows.
#[derive(Debug, Default)]
pub struct Rows {
    /// All of them; at least one.
    pub all: Vec<Line<'static>>,
    /// The first that holds what is searched for.
    pub hit: Option<usize>,
}

/// The rows of entry `number`.
pub fn rows(number: Number, entry: &Entry, look: Look<'_>) -> Rows {
    let mut rows = Rows::default();
    if look.mark == Some(number) {
        rows.all.push(rule(LEFT_OFF, look.width, look.palette.alarm()));
    }
    let look = Look { found: look.found.filter(|found| *found == number), ..look };
    match &entry.kind {
        Kind::Said(message) => said(message, entry, look, &mut rows),
        Kind::Presence(presence) => {
            note(entry, "* ", &presence.text(), look.palette.quiet(), look, &mut rows);
        }
        Kind::Note { tone, text } => {
            let (mark, style) = match tone {
                Tone::Quiet => ("* ", look.palette.quiet()),
                Tone::Plain => ("* ", Style::new()),
                Tone::Alarm => ("! ", look.palette.alarm()),
            };
            note(entry, mark, text, style, look, &mut rows);
        }
        Kind::Day(day) => {
            let day = day.format(" %A, %-d %B %Y ").to_string();
            rows.all.push(rule(&day, look.width, look.palette.quiet()));
        }
    }
    rows
}

/// A line across the screen with a word in it.
fn rule(word: &str, width: usize, style: Style) -> Line<'static> {
    let word = cells::cut(word, width);
    let left = (width.saturating_sub(cells::width(&word))) / 2;
    let right = width.saturating_sub(left + cells::width(&word));
    Line::styled(format!("{}{word}{}", "─".repeat(left), "─".repeat(right)), style)
}

fn said(said: &Said, entry: &Entry, look: Look<'_>, rows: &mut Rows) {
    let message = &said.message;
    let palette = look.palette;
    let style = match (message.own, message.private) {
        (_, true) => palette.private().add_modifier(Modifier::BOLD),
        (true, _) => palette.own(),
        _ => palette.name(&message.from),
    };
    let style = if said.mention { style.patch(palette.loud()) } else { style };
    let mut head = time(entry, look);
    if message.replayed {
        head.insert(0, Span::styled("| ", palette.quiet()));
    }
    if message.action {
        head.push("** ".into());
    }
    head.push(Span::styled(cells::cut(&message.from, (look.width / 2).max(4)).into_owned(), style));
    let mut marks: Vec<Cow<'_, str>> = Vec::new();
    // What is private has to say to whom, and needs the room.
    if said.host && !message.private && look.width >= WITH_TIME {
        marks.push("host".into());
    }
    if message.private {
        marks.push(message.to.as_ref().map_or("private".into(), |to| format!("private to {to}").into()));
    }
    if message.late {
        marks.push("late".into());
    }
    if !marks.is_empty() {
        let marks = marks.join(", ");
        let marks = cells::cut(&marks, (look.width / 3).max(4) - BRACKETS.len());
        head.push(Span::styled(format!(" ({marks})"), palette.quiet()));
    }
    head.push(if message.action { " ".into() } else { ": ".into() });
    let body = if message.private { palette.private() } else { Style::new() };
    paragraph(head, message.text.trim_end_matches('\n'), body, look, rows);
}

fn note(entry: &Entry, mark: &'static str, text: &str, style: Style, look: Look<'_>, rows: &mut Rows) {
    let mut head = time(entry, look);
    head.push(Span::styled(mark, style));
    paragraph(head, text, style, look, rows);
}

/// The time, where there is room for it.
fn time(entry: &Entry, look: Look<'_>) -> Vec<Span<'static>> {
    let time = || Span::styled(entry.at.format("%H:%M ").to_string(), look.palette.quiet());
    if look.width < WITH_TIME { Vec::new() } else { vec![time()] }
}

/// `text` behind `head`, its further rows indented.
fn paragraph(mut head: Vec<Span<'static>>, text: &str, style: Style, look: Look<'_>, rows: &mut Rows) {
    let indent = if look.width < WITH_TIME { NARROW_INDENT } else { INDENT };
    let used: usize = head.iter().map(|span| cells::width(&span.content)).sum();
    let ranges = wrap(text, look.width.saturating_sub(used), look.width.saturating_sub(indent));
    let hits: Vec<Range<usize>> = look.needle.map_or_else(Vec::new, |needle| mention::find(text, needle).collect());
    let hit_style = if look.found.is_some() { look.palette.loud() } else { look.palette.found() };
    for (n, range) in ranges.into_iter().enumerate() {
        let mut spans = if n == 0 { std::mem::take(&mut head) } else { vec![" ".repeat(indent).into()] };
        let style = if qr::is_code(&text[range.clone()]) { look.palette.code() } else { style };
        for (part, is_hit) in split(range, &hits) {
            if is_hit {
                rows.hit.get_or_insert(rows.all.len());
            }
            let style = if is_hit { style.patch(hit_style) } else { style };
            spans.push(Span::styled(text[part].to_owned(), style));
        }
        rows.all.push(Line::from(spans));
    }
}

/// `row` in parts: hits, and what is between them.
fn split(row: Range<usize>, hits: &[Range<usize>]) -> Vec<(Range<usize>, bool)> {
    let (mut parts, mut at) = (Vec::new(), row.start);
    for hit in hits.iter().filter(|hit| hit.start < row.end && hit.end > row.start) {
        let hit = hit.start.max(row.start)..hit.end.min(row.end);
        parts.push((at..hit.start, false));
        at = hit.end;
        parts.push((hit, true));
    }
    parts.push((at..row.end, false));
    parts.retain(|(part, _)| !part.is_empty());
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::room::event::Message;
    use crate::ui::samples::{at, said};

    /// As much of a row as a screen of so many columns shows.
    fn shown(row: &Line<'_>, width: usize) -> String {
        let text: String = row.spans.iter().map(|span| &*span.content).collect();
        let mut used = 0;
        let fits = |glyph: &cells::Glyph<'_>| {
            used += glyph.width;
            used <= width
        };
        cells::glyphs(&text).take_while(fits).map(|glyph| glyph.symbol).collect()
    }

    /// However much stands before the text, and however little room is left.
    #[test]
    fn at_every_width_all_of_a_text_is_on_the_screen() {
        let name = "日本語".repeat(6);
        let replayed =
            Message { replayed: true, action: true, late: true, ..said(&name, "reads a text that is wrapped") };
        let private =
            Message { private: true, to: Some("anna".repeat(8).into()), ..said(&name, "psst, this is for you") };
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        for (message, width) in [replayed, private].iter().flat_map(|it| (20..=300).map(move |width| (it, width))) {
            let said = Said { message: message.clone(), host: true, mention: true };
            let entry = Entry { at: at(), kind: Kind::Said(Box::new(said)) };
            let look = Look { width, palette: Palette { colours: false }, needle: None, found: None, mark: None };
            let all: String = rows(0, &entry, look).all.iter().map(|row| shown(row, width) + "\n").collect();
            assert!(words(&all).ends_with(&words(&message.text)), "{width}:\n{all}");
        }
    }
}
