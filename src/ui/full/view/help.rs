//! Keys and commands, in place of the messages.
//!
//! It has no words of its own: they are in the tables of keys and of commands.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::paint::paint;
use super::row_of;
use crate::room::command::{self, Typist};
use crate::ui::full::cells;
use crate::ui::full::colours::Palette;
use crate::ui::full::model::Model;
use crate::ui::full::{editor, keys};

/// All that help has to say, for a host or for a client.
pub(super) fn text(host: bool) -> Vec<String> {
    let mut text = vec!["Commands".to_owned()];
    text.extend(command::help(Typist { host, screen: true }).map(|line| format!("  {line}")));
    text.extend([String::new(), "Keys".into()]);
    text.extend(keys::help().map(|line| format!("  {line}")));
    text.extend([String::new(), "Keys of the line".into()]);
    text.extend(editor::keys::help().map(|line| format!("  {line}")));
    text
}

/// The same in rows of this width.
fn rows(model: &Model, width: u16) -> Vec<String> {
    let width = usize::from(width).max(1);
    let row = |line: &String| {
        let rest = width.saturating_sub(4).max(1);
        let rows = cells::wrap(line, width, rest).into_iter().enumerate();
        rows.map(|(n, range)| format!("{}{}", if n == 0 { "" } else { "    " }, &line[range])).collect::<Vec<_>>()
    };
    text(model.is_host()).iter().flat_map(row).collect()
}

/// The row from which on the last of it fills the area.
pub(super) fn last(model: &Model, area: Rect) -> usize {
    rows(model, area.width).len().saturating_sub(usize::from(area.height))
}

/// Draws as much of the help as fits, from the row on that the model says.
pub(super) fn draw(model: &Model, area: Rect, palette: Palette, buffer: &mut Buffer) {
    let rows = rows(model, area.width);
    let first = model.help.unwrap_or(0).min(rows.len().saturating_sub(usize::from(area.height)));
    for (y, row) in (area.top()..area.bottom()).zip(&rows[first..]) {
        let style = if row.starts_with(' ') { ratatui::style::Style::new() } else { palette.own() };
        paint(buffer, row_of(area, y), &Line::styled(row.as_str(), style));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_of_it_is_broken_on_a_screen_of_80_columns() {
        for host in [true, false] {
            for line in text(host) {
                assert!(cells::width(&line) <= 80, "{line:?}");
            }
        }
    }
}
