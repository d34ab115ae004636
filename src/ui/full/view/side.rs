//! Who is here, at the side of the messages.
//!
//! It knows the roster and its place.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::paint::paint;
use super::row_of;
use crate::room::event::Listed;
use crate::ui::full::cells;
use crate::ui::full::colours::Palette;
use crate::ui::full::model::Model;

/// The border, and the column beside it.
const BORDER: &str = "│ ";

/// Draws the border, how many there are, and as many of them as fit.
pub(super) fn draw(model: &Model, area: Rect, palette: Palette, buffer: &mut Buffer) {
    if area.is_empty() {
        return;
    }
    for y in area.top()..area.bottom() {
        paint(buffer, row_of(area, y), &Line::styled(BORDER, palette.quiet()));
    }
    let indent = BORDER.chars().count() as u16;
    let inner = Rect { x: area.x + indent, width: area.width.saturating_sub(indent), ..area };
    let members = model.roster.members();
    if members.is_empty() {
        return;
    }
    paint(buffer, row_of(inner, inner.top()), &Line::styled(format!("{} here", members.len()), palette.quiet()));
    let room = usize::from(inner.height.saturating_sub(1));
    let shown = if members.len() > room { room.saturating_sub(1) } else { members.len() };
    for (y, member) in (inner.top() + 1..inner.bottom()).zip(&members[..shown]) {
        paint(buffer, row_of(inner, y), &name(member, model.own_name(), usize::from(inner.width), palette));
    }
    if shown < members.len() && inner.height > 1 {
        let more = format!("and {} more", members.len() - shown);
        paint(buffer, row_of(inner, inner.bottom() - 1), &Line::styled(more, palette.quiet()));
    }
}

/// A name and its marks, the name cut where both do not fit.
fn name<'a>(member: &'a Listed, own: &str, width: usize, palette: Palette) -> Line<'a> {
    let is_own = member.name == own;
    let marks = match (member.host, is_own) {
        // Our own name is told by its colour too.
        (true, _) => " host",
        (false, true) => " you",
        (false, false) => "",
    };
    let style: Style = if is_own { palette.own() } else { palette.name(&member.name) };
    let name = cells::cut(&member.name, width.saturating_sub(marks.len()));
    Line::from(vec![Span::styled(name, style), Span::styled(marks, palette.quiet())])
}
