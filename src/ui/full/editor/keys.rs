//! Keys of the input line: one table, from which both what a key does and what help says about it are made.
//!
//! The keys are those of Emacs and readline, which shells have too, beside those that keyboards have a name for. What is bound
//! here is about the text being typed; keys for the screen and for leaving are the screen's. Keys are neutral: whoever reads the
//! terminal makes them of what it gets, presses and repeats only.

use Code::{Backspace, Delete, Down, End, Enter, Escape, Home, Left, Right, Tab, Up};

use super::Edit;

/// A key by its name or by what it writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names are those on the keys")]
pub enum Code {
    /// What it writes, with Shift already in it.
    Char(char),
    Enter,
    Tab,
    Backspace,
    Delete,
    Left,
    Right,
    Up,
    Down,
    Home,
    End,
    Escape,
}

/// A key press.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Key {
    /// Which key.
    pub code: Code,
    /// With Ctrl.
    pub ctrl: bool,
    /// With Alt (Option, Meta, or Escape right before it).
    pub alt: bool,
    /// With Shift. Of no account with a [`Code::Char`].
    pub shift: bool,
}

/// A row of the table.
#[derive(Debug)]
pub struct Binding {
    /// The keys, the one that is shown in help first.
    pub keys: &'static [Key],
    /// What they do.
    pub edit: Edit,
    /// The keys as help shows them.
    pub shown: &'static str,
    /// What they do, in words.
    pub help: &'static str,
}

const fn plain(code: Code) -> Key {
    Key { code, ctrl: false, alt: false, shift: false }
}

const fn ctrl(code: Code) -> Key {
    Key { ctrl: true, ..plain(code) }
}

const fn alt(code: Code) -> Key {
    Key { alt: true, ..plain(code) }
}

const fn shift(code: Code) -> Key {
    Key { shift: true, ..plain(code) }
}

const fn ctrl_char(c: char) -> Key {
    ctrl(Code::Char(c))
}

const fn alt_char(c: char) -> Key {
    alt(Code::Char(c))
}

const fn both_char(c: char) -> Key {
    Key { alt: true, ..ctrl(Code::Char(c)) }
}

const fn row(edit: Edit, keys: &'static [Key], shown: &'static str, help: &'static str) -> Binding {
    Binding { keys, edit, shown, help }
}

/// All keys of the input line, in the order of help.
///
/// Ctrl-J is Alt-Enter where the terminal keeps that for itself, and with Alt what some send for it. Ctrl-H is what some
/// terminals send for Backspace, also with Alt, Ctrl-7 and Ctrl-/ what some send for Ctrl-_.
pub static TABLE: [Binding; 28] = [
    row(Edit::Send, &[plain(Enter)], "Enter", "send the message"),
    row(
        Edit::Newline,
        &[alt(Enter), shift(Enter), ctrl_char('j'), both_char('j')],
        "Alt-Enter, Ctrl-J",
        "begin another line",
    ),
    row(Edit::Complete, &[plain(Tab)], "Tab", "complete a name or a command; again: the next that fits"),
    row(Edit::CompleteBack, &[shift(Tab)], "Shift-Tab", "the one before"),
    row(Edit::Up, &[plain(Up), ctrl_char('p')], "Up, Ctrl-P", "a row up; from the first: what was sent before"),
    row(Edit::Down, &[plain(Down), ctrl_char('n')], "Down, Ctrl-N", "a row down; from the last: back again"),
    row(Edit::Search, &[ctrl_char('r')], "Ctrl-R", "search what was sent; again: further back"),
    row(Edit::SearchNewer, &[ctrl_char('s')], "Ctrl-S", "while it searches: the newer one again"),
    row(Edit::Cancel, &[plain(Escape), ctrl_char('g')], "Esc, Ctrl-G", "end the search, keep the line as it was"),
    row(Edit::Left, &[plain(Left), ctrl_char('b')], "Left, Ctrl-B", "a character back"),
    row(Edit::Right, &[plain(Right), ctrl_char('f')], "Right, Ctrl-F", "a character on"),
    row(Edit::WordLeft, &[ctrl(Left), alt(Left), alt_char('b')], "Ctrl-Left, Alt-B", "a word back"),
    row(Edit::WordRight, &[ctrl(Right), alt(Right), alt_char('f')], "Ctrl-Right, Alt-F", "a word on"),
    row(Edit::LineStart, &[plain(Home), ctrl_char('a')], "Home, Ctrl-A", "to the start of the line"),
    row(Edit::LineEnd, &[plain(End), ctrl_char('e')], "End, Ctrl-E", "to the end of the line"),
    row(
        Edit::Backspace,
        &[plain(Backspace), shift(Backspace), ctrl_char('h')],
        "Backspace",
        "erase the character before",
    ),
    row(Edit::Delete, &[plain(Delete), ctrl_char('d')], "Del, Ctrl-D", "erase the character behind"),
    row(Edit::KillToBlank, &[ctrl_char('w')], "Ctrl-W", "cut back to white space"),
    row(Edit::KillWordLeft, &[alt(Backspace), ctrl(Backspace), both_char('h')], "Alt-Backspace", "cut the word before"),
    row(Edit::KillWordRight, &[alt_char('d'), ctrl(Delete), alt(Delete)], "Alt-D", "cut the word behind"),
    row(Edit::KillToEnd, &[ctrl_char('k')], "Ctrl-K", "cut to the end of the line"),
    row(Edit::KillToStart, &[ctrl_char('u')], "Ctrl-U", "cut to the start of the line"),
    row(Edit::Clear, &[alt_char('r')], "Alt-R", "cut everything"),
    row(Edit::Yank, &[ctrl_char('y')], "Ctrl-Y", "put in what was cut"),
    row(Edit::YankNext, &[alt_char('y')], "Alt-Y", "after Ctrl-Y: put in what was cut before it instead"),
    row(Edit::Transpose, &[ctrl_char('t')], "Ctrl-T", "swap two characters"),
    row(Edit::Undo, &[ctrl_char('_'), ctrl_char('7'), ctrl_char('/')], "Ctrl-_, Ctrl-/", "undo"),
    row(Edit::Redo, &[alt_char('_')], "Alt-_", "redo"),
];

/// What a key does; `None`: nothing here.
///
/// A character with both Ctrl and Alt is typed: so comes AltGr on Windows. What that writes is no letter that stands on a key.
pub fn edit(key: Key) -> Option<Edit> {
    let key = if matches!(key.code, Code::Char(_)) { Key { shift: false, ..key } } else { key };
    let bound = TABLE.iter().find(|row| row.keys.contains(&key)).map(|row| row.edit.clone());
    bound.or(match key {
        Key { code: Code::Char(c), ctrl: true, .. } if c.is_ascii_alphabetic() => None,
        Key { code: Code::Char(c), ctrl, alt, .. } if ctrl == alt && !c.is_control() => Some(Edit::Insert(c.into())),
        _ => None,
    })
}

/// The lines of help about the input line.
pub fn help() -> impl Iterator<Item = String> {
    let width = TABLE.iter().map(|row| row.shown.len()).max().unwrap_or(0);
    TABLE.iter().map(move |row| format!("{:width$}  {}", row.shown, row.help))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_does_one_thing() {
        let keys: Vec<Key> = TABLE.iter().flat_map(|row| row.keys).copied().collect();
        for (at, key) in keys.iter().enumerate() {
            assert!(!keys[..at].contains(key), "{key:?} twice");
        }
        for row in &TABLE {
            assert!(row.keys.iter().all(|&key| edit(key).as_ref() == Some(&row.edit)), "{row:?}");
        }
    }

    #[test]
    fn what_writes_is_typed_and_what_is_not_bound_does_nothing() {
        let typed = |c: char| Some(Edit::Insert(c.to_string()));
        assert_eq!(edit(plain(Code::Char('é'))), typed('é'));
        assert_eq!(edit(shift(Code::Char('É'))), typed('É'));
        assert_eq!(edit(Key { ctrl: true, alt: true, ..plain(Code::Char('@')) }), typed('@'));
        assert_eq!(edit(Key { shift: true, ..ctrl_char('_') }), Some(Edit::Undo));
        assert_eq!(edit(Key { shift: true, ..alt_char('_') }), Some(Edit::Redo));
        assert_eq!(edit(both_char('h')), edit(alt(Backspace)));
        assert_eq!(edit(both_char('j')), edit(alt(Enter)));
        for key in [
            both_char('a'),
            both_char('Z'),
            ctrl_char('c'),
            ctrl_char('z'),
            ctrl_char('l'),
            alt_char('x'),
            plain(Code::Char('\u{1b}')),
        ] {
            assert_eq!(edit(key), None, "{key:?}");
        }
    }

    #[test]
    fn help_fits_beside_the_commands() {
        let lines: Vec<String> = help().collect();
        assert_eq!(lines.len(), TABLE.len());
        assert!(lines.iter().all(|line| line.len() < 80), "{lines:#?}");
        assert!(lines[0].starts_with("Enter  ") && lines[0].ends_with("  send the message"));
    }
}
