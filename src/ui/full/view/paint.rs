//! A line of styled text into cells, never beyond its place.
//!
//! It knows nothing of what the text means.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use crate::ui::full::cells::glyphs;

/// Paints `line` into the one row of `area`; what does not fit is left out. Returns the columns that it took.
pub(super) fn paint(buffer: &mut Buffer, area: Rect, line: &Line<'_>) -> u16 {
    let area = area.intersection(buffer.area);
    if area.is_empty() {
        return 0;
    }
    let mut x = area.left();
    for span in &line.spans {
        let style = line.style.patch(span.style);
        for glyph in glyphs(&span.content) {
            let width = glyph.width as u16;
            if x + width > area.right() {
                return area.width;
            }
            let blank = glyph.is_blank();
            for offset in 0..width {
                let symbol = if offset == 0 && !blank { glyph.symbol } else { " " };
                buffer[(x + offset, area.top())].set_symbol(symbol).set_style(style);
            }
            x += width;
        }
    }
    x - area.left()
}
