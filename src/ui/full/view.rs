//! The model as a drawing of any size.
//!
//! It knows the model and the size, and writes into a buffer of cells; nothing here remembers anything or touches a
//! terminal.

mod help;
mod paint;
mod side;
mod status;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::colours::Palette;
use super::editor::Editor;
use super::history::Number;
use super::layout::{self, Layout};
use super::lines::{self, Look};
use super::model::Model;
use paint::paint;

/// What stands before the input.
const PROMPT: &str = "> ";
/// The same, where rows are hidden above.
const ABOVE: &str = "^ ";
/// What stands where nothing has happened yet.
const NOTHING_YET: &str = "Looking for the room …";

/// Says how much room there is for what is typed on a screen of this size.
pub fn fit(size: Rect, editor: &mut Editor) {
    editor.resize(usize::from(input_width(size.width)), usize::from(layout::input_rows(size.height)));
}

/// Where everything is on a screen of this size, to which the editor has been fitted.
pub fn areas(size: Rect, model: &Model, editor: &Editor) -> Layout {
    let input = u16::try_from(editor.view().rows.len()).unwrap_or(u16::MAX);
    layout::layout(size.width, size.height, input, model.roster_at_side)
}

fn input_width(width: u16) -> u16 {
    width.saturating_sub(PROMPT.len() as u16).max(1)
}

/// How entries are shown in the messages' part of a screen.
pub fn look<'a>(model: &'a Model, width: u16, palette: Palette) -> Look<'a> {
    let (needle, found) = model.search.as_ref().map(|search| (search.needle.as_str(), search.found)).unzip();
    Look { width: usize::from(width).max(1), palette, needle, found: found.flatten(), mark: model.mark }
}

/// How many rows an entry takes.
pub fn rows(model: &Model, look: Look<'_>, number: Number) -> usize {
    model.history.get(number).map_or(1, |entry| lines::rows(number, entry, look).all.len())
}

/// The row of an entry in which what is searched for stands first.
pub fn hit(model: &Model, look: Look<'_>, number: Number) -> usize {
    model.history.get(number).and_then(|entry| lines::rows(number, entry, look).hit).unwrap_or(0)
}

/// Draws everything, on a screen to which the editor has been fitted; returns where the cursor stands.
pub fn draw(model: &Model, editor: &Editor, palette: Palette, buffer: &mut Buffer) -> Position {
    let areas = areas(buffer.area, model, editor);
    if model.help.is_some() {
        help::draw(model, help_area(areas), palette, buffer);
    } else {
        messages(model, areas.messages, palette, buffer);
        side::draw(model, areas.roster, palette, buffer);
    }
    status::draw(model, editor, areas, palette, buffer);
    status::keys(model, editor, areas.keys, palette, buffer);
    input(editor, areas.input, palette, buffer)
}

/// Where help is, in place of messages and roster.
fn help_area(areas: Layout) -> Rect {
    areas.messages.union(areas.roster)
}

/// The row of help from which on the last of it is shown.
pub fn last_help(model: &Model, areas: Layout) -> usize {
    help::last(model, help_area(areas))
}

/// The messages, the lowest row at the bottom.
fn messages(model: &Model, area: Rect, palette: Palette, buffer: &mut Buffer) {
    let look = look(model, area.width, palette);
    let measure = |number| rows(model, look, number);
    let Some((mut number, lowest)) = model.place.lowest(&model.history, &measure) else {
        if area.height > 0 {
            paint(buffer, row_of(area, area.bottom() - 1), &Line::styled(NOTHING_YET, palette.quiet()));
        }
        return;
    };
    let mut y = area.bottom();
    let mut last = Some(lowest);
    while let Some(entry) = model.history.get(number) {
        let rows = lines::rows(number, entry, look).all;
        let shown = last.take().map_or(rows.len(), |last| last + 1);
        for row in rows[..shown.min(rows.len())].iter().rev() {
            if y == area.top() {
                return;
            }
            y -= 1;
            paint(buffer, row_of(area, y), row);
        }
        match number.checked_sub(1) {
            Some(before) => number = before,
            None => return,
        }
    }
}

fn row_of(area: Rect, y: u16) -> Rect {
    Rect { y, height: 1, ..area }
}

/// What is being typed, behind a prompt; what stands for a character that cannot be seen is told from text.
fn input(editor: &Editor, area: Rect, palette: Palette, buffer: &mut Buffer) -> Position {
    let indent = area.width.saturating_sub(input_width(area.width));
    let typed = editor.view();
    for (n, (y, row)) in (area.top()..area.bottom()).zip(&typed.rows).enumerate() {
        let prompt = match n {
            0 if typed.above > 0 => ABOVE,
            0 => PROMPT,
            _ => "",
        };
        paint(buffer, Rect { width: indent, ..row_of(area, y) }, &Line::styled(prompt, palette.own()));
        let glyphs = row
            .glyphs
            .iter()
            .map(|glyph| Span::styled(&*glyph.shown, if glyph.marked { palette.quiet() } else { Style::new() }));
        let text = Rect { x: area.x + indent, width: area.width - indent, ..row_of(area, y) };
        paint(buffer, text, &Line::from_iter(glyphs));
    }
    let (row, column) = typed.cursor;
    let (right, down) = (u16::try_from(column).unwrap_or(u16::MAX), u16::try_from(row).unwrap_or(u16::MAX));
    let x = (area.x + indent).saturating_add(right).min(area.right().saturating_sub(1));
    Position::new(x, area.top().saturating_add(down).min(area.bottom().saturating_sub(1)))
}

#[cfg(test)]
#[path = "view/tests.rs"]
mod tests;
