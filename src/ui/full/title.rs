//! What the window is called while the screen is shown: where one is, and how much came that nobody has seen.
//!
//! It makes a text; nothing that a peer chose is in it.

use super::cells::glyphs;
use super::model::Model;
use crate::limits::TITLE_UNREAD;

/// What stands there by itself.
const PROGRAM: &str = "hybrid-chat";

/// Terminals that have a title, by how their `TERM` begins. The Linux console would show it as text, and GNU screen would keep it.
const TITLED: [&str; 12] =
    ["xterm", "rxvt", "tmux", "foot", "alacritty", "konsole", "gnome", "vte", "st-", "wezterm", "mintty", "contour"];

/// Whether this terminal has a title, by the environment.
pub fn known(variable: impl Fn(&str) -> Option<String>) -> bool {
    let has = |name| variable(name).is_some_and(|value| !value.is_empty());
    let term = variable("TERM").unwrap_or_default();
    // What calls itself screen is mostly tmux.
    TITLED.iter().any(|start| term.starts_with(start)) || (term.starts_with("screen") && has("TMUX"))
}

/// `(3) hybrid-chat · 192.168.1.7:8808`.
pub fn text(model: &Model) -> String {
    let unread = match model.unread {
        0 => String::new(),
        few @ 1..=TITLE_UNREAD => format!("({few}) "),
        _ => format!("({TITLE_UNREAD}+) "),
    };
    let place = model.address().map_or_else(String::new, |address| format!(" · {address}"));
    glyphs(&format!("{unread}{PROGRAM}{place}")).map(|glyph| glyph.symbol).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::room::event::{Event, Role, What};
    use crate::ui::full::scroll::Place;
    use crate::ui::samples::{event, message, role};
    use crate::ui::words::Place as Machine;

    fn model() -> Model {
        Model::new(Machine { local: |at| at, addresses: Vec::new, lan: false, terminal_size: || None })
    }

    fn at(address: &str) -> Event {
        let (name, host) = ("lorde".to_owned(), "capo".to_owned());
        event(What::Role { role: Role::Client, address: address.into(), name, host, term: 1 })
    }

    #[test]
    fn only_terminals_that_have_one_get_one() {
        let with = |term: &str, tmux: &str| {
            known(|name| match name {
                "TERM" => Some(term.to_owned()),
                _ => (name == "TMUX").then(|| tmux.to_owned()),
            })
        };
        assert!(with("xterm-256color", "") && with("alacritty", "") && with("screen", "/tmp/x"));
        for term in ["linux", "dumb", "screen", "vt220", ""] {
            assert!(!with(term, ""), "{term}");
        }
        assert!(!known(|_| None));
    }

    #[test]
    fn it_says_where_one_is_and_how_much_is_unread() {
        let mut model = model();
        assert_eq!(text(&model), "hybrid-chat");
        model.apply(role(Role::Host, "capo"));
        assert_eq!(text(&model), "hybrid-chat · port 8808");
        model.apply(role(Role::Client, "lorde"));
        assert_eq!(text(&model), "hybrid-chat · 192.168.1.7:8808");
        model.apply(message("capo", "seen"));
        model.focus(false);
        for _ in 0..2 {
            model.apply(message("capo", "not seen"));
        }
        assert_eq!(text(&model), "(2) hybrid-chat · 192.168.1.7:8808");
        for _ in 0..200 {
            model.apply(message("capo", "not seen"));
        }
        assert_eq!(text(&model), "(99+) hybrid-chat · 192.168.1.7:8808");
        model.focus(true);
        assert_eq!(text(&model), "hybrid-chat · 192.168.1.7:8808");
        model.go(Place::At { number: 1, row: 0 });
        model.apply(message("capo", "below"));
        assert_eq!(text(&model), "(1) hybrid-chat · 192.168.1.7:8808");
    }

    /// P29: whatever an address is said to be.
    #[test]
    fn p29_nothing_ends_the_sequence() {
        let mut model = model();
        model.apply(at("x\x07\x1b]0;owned\x1b\\\u{9c}\u{202e}\n"));
        assert_eq!(text(&model), "hybrid-chat · x]0;owned\\");
    }

    /// What was on the screen when one began to read back was seen, whether or not the terminal was looked at then.
    #[test]
    fn only_what_is_below_is_counted_while_one_reads_back() {
        let mut model = model();
        model.apply(role(Role::Client, "lorde"));
        model.focus(false);
        model.apply(message("capo", "at the end"));
        model.go(Place::At { number: 0, row: 0 });
        model.apply(message("capo", "below"));
        assert_eq!(model.unread, 1);
    }
}
