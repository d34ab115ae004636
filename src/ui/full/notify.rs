//! How a terminal is asked to show a notification, where it is known to have one.
//!
//! It makes bytes; nothing of a message reaches a terminal from here that could act on it.

use super::cells::{cut, glyphs};
use crate::limits::NOTIFICATION_COLUMNS;

/// The escape sequence that a terminal has for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notifier {
    /// `OSC 9`: iTerm2, WezTerm, kitty, Ghostty.
    Osc9,
    /// `OSC 777`: foot, rxvt-unicode, the terminals built on VTE.
    Osc777,
}

/// What this terminal has, by the environment; `None`: nothing that is known, or a multiplexer stands between.
pub fn known(variable: impl Fn(&str) -> Option<String>) -> Option<Notifier> {
    let has = |name| variable(name).is_some_and(|value| !value.is_empty());
    let term = variable("TERM").unwrap_or_default();
    if has("TMUX") || has("STY") || term.starts_with("screen") || term.starts_with("tmux") {
        return None;
    }
    let program = variable("TERM_PROGRAM");
    if has("KITTY_WINDOW_ID") || matches!(program.as_deref(), Some("iTerm.app" | "WezTerm" | "ghostty")) {
        return Some(Notifier::Osc9);
    }
    (term.starts_with("foot") || term.starts_with("rxvt-unicode") || has("VTE_VERSION")).then_some(Notifier::Osc777)
}

/// What to write for a message of `from`.
pub fn escape(notifier: Notifier, from: &str, text: &str) -> String {
    let text = safe(text);
    let text = cut(&text, NOTIFICATION_COLUMNS);
    match notifier {
        Notifier::Osc9 => format!("\x1b]9;{}: {text}\x07", safe(from)),
        Notifier::Osc777 => format!("\x1b]777;notify;{};{text}\x07", safe(from)),
    }
}

/// On one line, and without what would end the sequence or begin its next field.
fn safe(text: &str) -> String {
    let one_line: String = text.chars().map(|c| if c.is_whitespace() { ' ' } else { c }).collect();
    glyphs(&one_line).map(|glyph| if glyph.symbol == ";" { "," } else { glyph.symbol }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(variables: &[(&str, &str)]) -> Option<Notifier> {
        known(|wanted| variables.iter().find(|(name, _)| *name == wanted).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    fn only_terminals_that_have_it_are_asked() {
        assert_eq!(with(&[("TERM", "xterm-256color")]), None);
        assert_eq!(with(&[("TERM", "foot")]), Some(Notifier::Osc777));
        assert_eq!(with(&[("TERM", "xterm-256color"), ("TERM_PROGRAM", "WezTerm")]), Some(Notifier::Osc9));
        assert_eq!(with(&[("TERM", "xterm-256color"), ("VTE_VERSION", "7600")]), Some(Notifier::Osc777));
        assert_eq!(with(&[("TERM", "tmux-256color"), ("VTE_VERSION", "7600"), ("TMUX", "/tmp/x")]), None);
    }

    /// P29: desktop notifications need the same filter as the screen.
    #[test]
    fn p29_no_message_ends_the_sequence() {
        let escape = escape(Notifier::Osc777, "a;b\x1b", &format!("x\x07\x1b]0;t\x1b\\\n;{}", "y".repeat(5_000)));
        let inner = escape.strip_prefix("\x1b]777;notify;a,b;").unwrap().strip_suffix('\x07').unwrap();
        assert!(inner.starts_with("x]0,t\\ ,yyy") && inner.len() < 500, "{inner}");
        assert!(!inner.contains(char::is_control));
    }
}
