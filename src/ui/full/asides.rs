//! Commands that this screen does by itself: they concern nobody else. They stand in the table of commands with all others.
//!
//! It makes sense of a line; what is done then is elsewhere.

use crate::room::command::{BELL, HELP, SEARCH};

/// A command of the screen's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Aside {
    /// Show the help.
    Help,
    /// Look for this in what was said; empty: no longer.
    Search(String),
    /// Ring the bell, or do not; `None`: say which.
    Bell(Option<bool>),
}

/// The command in `line`; `None`: it is not one of these, or not typed as it has to be.
pub fn parse(line: &str) -> Option<Aside> {
    let typed = line.strip_prefix('/')?;
    let (word, rest) = typed.split_once(char::is_whitespace).unwrap_or((typed, ""));
    let rest = rest.trim();
    match (word.to_ascii_lowercase().as_str(), rest.to_ascii_lowercase().as_str()) {
        (HELP, "") => Some(Aside::Help),
        (SEARCH, _) => Some(Aside::Search(rest.to_owned())),
        (BELL, "") => Some(Aside::Bell(None)),
        (BELL, "on") => Some(Aside::Bell(Some(true))),
        (BELL, "off") => Some(Aside::Bell(Some(false))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::room::command::{Typist, Whose, entries};

    #[test]
    fn every_command_of_the_screen_is_understood() {
        let read = |line| parse(line).unwrap();
        assert_eq!((read("/help"), read("/HELP ")), (Aside::Help, Aside::Help));
        assert_eq!(
            (read("/search two words "), read("/search")),
            (Aside::Search("two words".into()), Aside::Search(String::new()))
        );
        assert_eq!(
            (read("/bell"), read("/bell OFF"), read("/bell on")),
            (Aside::Bell(None), Aside::Bell(Some(false)), Aside::Bell(Some(true)))
        );
    }

    /// What Tab offers behind a command is what it takes.
    #[test]
    fn every_choice_of_the_table_is_understood() {
        let typist = Typist { host: true, screen: true };
        let own: Vec<_> = entries(typist).filter(|entry| entry.whose == Whose::Screen).collect();
        assert_eq!(own.len(), 2);
        for entry in own {
            assert!(parse(&format!("/{}", entry.word)).is_some(), "{}", entry.usage());
            assert!(entry.choices().all(|choice| parse(&format!("/{} {choice}", entry.word)).is_some()));
        }
    }

    #[test]
    fn what_is_for_the_room_is_left_alone() {
        for line in ["", "search", "//search", "/help kick", "/who", "/searching", "/bell loud"] {
            assert_eq!(parse(line), None, "{line}");
        }
    }
}
