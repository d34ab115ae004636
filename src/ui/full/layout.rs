//! Which part of the screen is for what, at every size.
//!
//! It knows sizes only.

use ratatui::layout::Rect;

/// From this width on the roster stands at the side.
const WITH_ROSTER: u16 = 64;
/// The roster's width, with the border: a share of the screen between these.
const ROSTER_MIN: u16 = 16;
const ROSTER_MAX: u16 = 34;
/// From this height on there is a line that says what keys do.
const WITH_KEYS: u16 = 8;
/// The rows of messages that an input of many rows leaves, where there are as many.
const MESSAGES_MIN: u16 = 3;

/// The parts of the screen; empty where there is no room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    /// What was said.
    pub messages: Rect,
    /// Who is here, with a border on its left; empty where that is in the status line.
    pub roster: Rect,
    /// Where we are.
    pub status: Rect,
    /// What is being typed.
    pub input: Rect,
    /// What keys do.
    pub keys: Rect,
}

/// How many rows the input may take on a screen of `height` rows.
pub fn input_rows(height: u16) -> u16 {
    let others = 1 + keys_rows(height);
    (height / 3).max(1).min(height.saturating_sub(others + MESSAGES_MIN)).max(1)
}

fn keys_rows(height: u16) -> u16 {
    u16::from(height >= WITH_KEYS)
}

/// The parts of a screen of this size, with so many rows of input, and with the roster at the side or never.
pub fn layout(width: u16, height: u16, input: u16, roster: bool) -> Layout {
    let input = input.clamp(1, input_rows(height)).min(height);
    let keys = keys_rows(height);
    let status = u16::from(height > input + keys);
    let messages = height.saturating_sub(input + keys + status);
    let side = if roster && width >= WITH_ROSTER { (width / 5).clamp(ROSTER_MIN, ROSTER_MAX) } else { 0 };
    Layout {
        // A column of its own keeps texts off the border.
        messages: Rect::new(0, 0, width - side - u16::from(side > 0), messages),
        roster: Rect::new(width - side, 0, side, messages),
        status: Rect::new(0, messages, width, status),
        input: Rect::new(0, messages + status, width, input),
        keys: Rect::new(0, messages + status + input, width, keys),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn at_every_size_the_parts_fill_the_screen_and_do_not_overlap() {
        for (width, height) in (0..310).flat_map(|width| (0..70).map(move |height| (width, height))) {
            for (input, with) in [(0, true), (1, false), (2, true), (5, true), (100, false)] {
                let Layout { messages, roster, status, input, keys } = layout(width, height, input, with);
                assert!(with || roster.width == 0);
                assert_eq!(messages.width + roster.width + u16::from(roster.width > 0), width);
                assert_eq!(roster.right(), width);
                assert_eq!(messages.height + status.height + input.height + keys.height, height);
                assert!(messages.height == roster.height || roster.width == 0);
                assert!(height == 0 || input.height >= 1);
                assert!(height < 5 || (messages.height >= MESSAGES_MIN && status.height == 1), "{width} {height}");
            }
        }
    }
}
