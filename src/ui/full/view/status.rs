//! The status line, and the line that says what keys do.
//!
//! What matters most stands first and goes last: on a narrow screen the rest is left out.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::paint::paint;
use super::row_of;
use crate::room::event::{Connection, Role};
use crate::ui::full::cells;
use crate::ui::full::colours::Palette;
use crate::ui::full::editor::Editor;
use crate::ui::full::layout::Layout;
use crate::ui::full::model::{Model, Search, State, Way};
use crate::ui::full::scroll::Place;
use crate::ui::words::Standing;

/// What stands between two facts.
const BETWEEN: &str = " · ";

/// Draws where we are and how many are here; with their names where the roster has no place of its own. Where keys have none,
/// what they are asked for stands here as long as it lasts.
pub(super) fn draw(model: &Model, editor: &Editor, areas: Layout, palette: Palette, buffer: &mut Buffer) {
    let area = areas.status;
    if area.is_empty() {
        return;
    }
    let columns = usize::from(area.width).saturating_sub(2);
    let asked = asked(model, editor).filter(|_| areas.keys.is_empty());
    let right = if asked.is_some() { String::new() } else { place(model) };
    let left = columns.saturating_sub(cells::width(&right) + usize::from(!right.is_empty()));
    let text = fitting(&asked.unwrap_or_else(|| facts(model, areas.roster.is_empty())), left);
    buffer.set_style(area, palette.loud());
    let inner = Rect { x: area.x + 1, width: area.width.saturating_sub(1), ..row_of(area, area.top()) };
    paint(buffer, inner, &Line::styled(cells::cut(&text, left), palette.loud()));
    let right = cells::cut(&right, columns);
    let x = area.right().saturating_sub(cells::width(&right) as u16 + 1);
    paint(buffer, Rect { x, width: area.right() - x, ..inner }, &Line::styled(right, palette.loud()));
}

/// What can be said about where we are, the most important first.
fn facts(model: &Model, folded: bool) -> Vec<String> {
    let state = match model.state {
        State::Searching => "looking for the room",
        State::Hosting => "hosting",
        State::Joined => "joined",
        State::Away(Connection::Reconnecting) => "reconnecting",
        State::Away(Connection::TakingOver) => "taking over",
        State::Leaving => "leaving",
    };
    let mut facts = vec![state.to_owned()];
    let Some(Standing { role, name, host, .. }) = &model.here else { return facts };
    facts.push(format!("{} here", model.roster.len()));
    facts.extend(model.address());
    facts.push(name.clone());
    if *role == Role::Client {
        facts.push(format!("host {host}"));
    }
    if folded {
        let others = model.roster.members().iter().filter(|member| member.name != *name && member.name != *host);
        // More than the widest screen has room for.
        facts.extend(others.take(100).map(|member| member.name.clone()));
    }
    facts
}

/// As many of the facts as fit into `columns`, the first at least.
fn fitting(facts: &[String], columns: usize) -> String {
    let mut text = facts.first().cloned().unwrap_or_default();
    let mut used = cells::width(&text);
    for fact in &facts[1..] {
        used += cells::width(fact) + cells::width(BETWEEN);
        if used > columns {
            break;
        }
        text.push_str(BETWEEN);
        text.push_str(fact);
    }
    text
}

/// Where in the history one reads; empty at its end.
fn place(model: &Model) -> String {
    match (model.place, model.unread) {
        (Place::End, _) => String::new(),
        (Place::At { .. }, 0) => "reading back".into(),
        (Place::At { .. }, unread) => format!("{unread} new below"),
    }
}

/// Draws what keys do now: what the editor hints at, what a search takes, or how one leaves.
pub(super) fn keys(model: &Model, editor: &Editor, area: Rect, palette: Palette, buffer: &mut Buffer) {
    if area.is_empty() {
        return;
    }
    let inner = Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..row_of(area, area.top()) };
    let columns = usize::from(inner.width);
    let hint = || editor.hint(model.is_host()).map(|hint| vec![hint.to_string()]);
    let text = fitting(&typing(model, editor).or_else(hint).unwrap_or_else(|| hints(model)), columns);
    paint(buffer, inner, &Line::styled(cells::cut(&text, columns), palette.quiet()));
}

/// What waits for a key that says how it goes on, the most important first.
fn asked(model: &Model, editor: &Editor) -> Option<Vec<String>> {
    let waits = model.help.is_some() || model.search.is_some();
    typing(model, editor).or_else(|| waits.then(|| hints(model)))
}

/// What is asked about the line that is being typed, the most important first.
fn typing(model: &Model, editor: &Editor) -> Option<Vec<String>> {
    if let Some((sought, failed)) = editor.search() {
        let failed = if failed { "nothing (more) sent with" } else { "sent with" };
        let keys = ["Ctrl-R further back", "Ctrl-S forth", "Enter takes it", "Esc ends the search"];
        return Some([format!("{failed} \"{sought}\"")].into_iter().chain(keys.map(String::from)).collect());
    }
    if let Some((choices, at)) = editor.choices() {
        let marked = choices.iter().enumerate().map(|(n, choice)| match at {
            Some(at) if at == n => format!("[{choice}]"),
            _ => choice.clone(),
        });
        // The one that stands in the line is among those that are seen.
        return Some(vec![marked.skip(at.unwrap_or(0).saturating_sub(1)).collect::<Vec<_>>().join("  ")]);
    }
    if model.review {
        let (lines, bytes) = (editor.text().lines().count(), editor.text().len());
        return Some(vec![format!(
            "Enter once more sends what was pasted, {lines} lines, {bytes} bytes, as one message"
        )]);
    }
    None
}

/// What keys do now, the most important first.
fn hints(model: &Model) -> Vec<String> {
    if model.help.is_some() {
        return ["Esc closes this help", "PgUp and PgDn turn the page"].map(String::from).into();
    }
    if let Some(Search { needle, found, end, .. }) = &model.search {
        let found = match (found, end) {
            (None, _) => return vec![format!("\"{needle}\" is not there"), "Esc ends the search".into()],
            (_, Some(Way::Older)) => format!("no older \"{needle}\""),
            (_, Some(Way::Newer)) => format!("no newer \"{needle}\""),
            (_, None) => format!("\"{needle}\""),
        };
        let keys = ["Ctrl-Up older", "Ctrl-Down newer", "Esc goes back", "Enter stays here"];
        return [found].into_iter().chain(keys.map(String::from)).collect();
    }
    let leave: &[&str] = match (model.state, model.is_host(), model.roster.len() > 1) {
        (State::Leaving, ..) => return vec!["Ctrl-C once more does not wait".into()],
        (_, true, true) => &["/quit hands the room over", "Ctrl-C closes it for all"],
        (_, true, false) => &["/quit or Ctrl-C closes the room"],
        (_, false, _) => &["/quit or Ctrl-C leaves"],
    };
    let others: &[&str] =
        if model.place == Place::End { &["/help or F1", "PgUp reads back"] } else { &["/help or F1"] };
    let back = (model.place != Place::End).then_some("Esc goes to the end");
    back.iter().chain(leave).chain(others).map(|hint| (*hint).to_owned()).collect()
}
