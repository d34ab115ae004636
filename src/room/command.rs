//! What a person types: one table of commands, from which the parser and `/help` are both made.
//!
//! A line that begins with `/` is a command, `//` stands for a literal `/`, everything else is said to the room. An
//! unknown command is an error and never sent as text. Nothing here knows who types or where: what the host alone may
//! do is marked in the table, and the room holds to it.

use std::borrow::Cow;
use std::fmt;

use super::event::Command;
use super::text::{is_blank, one_line};

/// What a line means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// Nothing that could be seen was typed.
    Nothing,
    /// Something for the room.
    Command(Command),
    /// `/help`: show [`help`], or this command's entry.
    Help(Option<&'static Entry>),
    /// `/qr`: show the address of the room's page.
    Qr,
}

/// Why a line is no command.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CommandError {
    /// No command has this name.
    #[error("there is no command /{word}: {}", hint(*.near))]
    Unknown {
        /// The word after `/`, made safe to show.
        word: String,
        /// The command that was probably meant.
        near: Option<&'static Entry>,
    },
    /// The command was used otherwise than it can be.
    #[error("usage: {0}")]
    Usage(&'static Entry),
}

impl CommandError {
    /// The word for scripts (event `refused`).
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unknown { .. } => "unknown-command",
            Self::Usage(_) => "usage",
        }
    }
}

/// A command of the table. `Display` is its usage and its help on one line.
#[derive(Debug)]
pub struct Entry {
    /// The word after `/`.
    pub word: &'static str,
    /// What follows the word, in capitals; empty if nothing does.
    pub arguments: &'static str,
    /// What it does: half a sentence.
    pub help: &'static str,
    /// Whether only the host may use it.
    pub host_only: bool,
    /// What other chat programs call it: hinted at, not obeyed.
    elsewhere: &'static [&'static str],
    /// Makes sense of what follows the word, without the white space around it; `None` means that it does not fit.
    read: fn(&str) -> Option<Command>,
}

/// Entries are told apart by their word.
impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.word == other.word
    }
}

impl Eq for Entry {}

impl Entry {
    /// How it is typed: `/msg NAME TEXT`.
    pub fn usage(&self) -> String {
        format!("/{} {}", self.word, self.arguments).trim_end().to_owned()
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.usage(), self.help)
    }
}

/// The command that asks for the table, and so cannot be a [`Command`] of it.
pub const HELP: &str = "help";
/// The command that asks where the room is, which whoever is asked knows without the room.
const QR: &str = "qr";

/// All commands, in the order of `/help`.
static TABLE: [Entry; 10] = [
    Entry {
        word: HELP,
        arguments: "[COMMAND]",
        help: "show what can be typed",
        host_only: false,
        elsewhere: &["?", "commands", "man"],
        read: |_| None,
    },
    Entry {
        word: "who",
        arguments: "",
        help: "show who is here",
        host_only: false,
        elsewhere: &["names", "list", "users", "members", "roster"],
        read: |rest| rest.is_empty().then_some(Command::Who),
    },
    Entry {
        word: "nick",
        arguments: "NAME",
        help: "take another name",
        host_only: false,
        elsewhere: &["name", "rename"],
        read: |rest| given(rest).map(Command::Rename),
    },
    Entry {
        word: "msg",
        arguments: "NAME TEXT",
        help: "say something to one member only",
        host_only: false,
        elsewhere: &["tell", "whisper", "pm", "dm", "query", "private"],
        read: |rest| {
            let (to, text) = rest.split_once(char::is_whitespace)?;
            Some(Command::Tell { to: to.to_owned(), text: given(text.trim_start())? })
        },
    },
    Entry {
        word: "me",
        arguments: "TEXT",
        help: "say what you do: \"* lorde waves\"",
        host_only: false,
        elsewhere: &["action", "emote"],
        read: |rest| given(rest).map(|text| Command::Say { text, action: true }),
    },
    Entry {
        word: QR,
        arguments: "",
        help: "show the room's page, for browsers and phones",
        host_only: false,
        elsewhere: &["url", "link", "page", "web", "invite"],
        read: |_| None,
    },
    Entry {
        word: "kick",
        arguments: "NAME",
        help: "end a member's connection",
        host_only: true,
        elsewhere: &["remove"],
        read: |rest| given(rest).map(Command::Kick),
    },
    Entry {
        word: "ban",
        arguments: "NAME",
        help: "end a member's connection and keep its address out",
        host_only: true,
        elsewhere: &["block"],
        read: |rest| given(rest).map(Command::Ban),
    },
    Entry {
        word: "unban",
        arguments: "ADDRESS",
        help: "let an address in again",
        host_only: true,
        elsewhere: &["unblock", "pardon"],
        read: |rest| given(rest).filter(|address| !address.contains(char::is_whitespace)).map(Command::Unban),
    },
    Entry {
        word: "quit",
        arguments: "",
        help: "leave",
        host_only: false,
        elsewhere: &["exit", "bye", "leave", "part", "logout", "close"],
        read: |rest| rest.is_empty().then_some(Command::Quit),
    },
];

/// What a line, typed or read from standard input without its line break, means.
///
/// Names and texts in the result are as they were typed: the room checks and cleans them.
pub fn parse(line: &str) -> Result<Input, CommandError> {
    if is_blank(line) {
        return Ok(Input::Nothing);
    }
    let Some(typed) = line.strip_prefix('/') else {
        return Ok(say(line));
    };
    if typed.starts_with('/') {
        return Ok(say(typed));
    }
    let (word, rest) = typed.split_once(char::is_whitespace).unwrap_or((typed, ""));
    let entry = lookup(word)?;
    let rest = rest.trim();
    if entry.word == HELP {
        let about = rest.trim_start_matches('/');
        return Ok(Input::Help(if about.is_empty() { None } else { Some(lookup(about)?) }));
    }
    if entry.word == QR && rest.is_empty() {
        return Ok(Input::Qr);
    }
    (entry.read)(rest).map(Input::Command).ok_or(CommandError::Usage(entry))
}

/// The commands that one may use, in the order of `/help`; `host`: with what only the host may do.
pub fn entries(host: bool) -> impl Iterator<Item = &'static Entry> {
    TABLE.iter().filter(move |entry| host || !entry.host_only)
}

/// The lines of `/help`, as wide as they have to be; `host`: with what only the host may do.
pub fn help(host: bool) -> impl Iterator<Item = String> {
    let width = entries(host).map(|entry| entry.usage().len()).max().unwrap_or(0);
    let commands = entries(host).map(move |entry| format!("{:width$}  {}", entry.usage(), entry.help));
    commands.chain([format!("{:width$}  say a line that begins with /", "//TEXT")])
}

/// A message to the room.
fn say(text: &str) -> Input {
    Input::Command(Command::Say { text: text.to_owned(), action: false })
}

/// An argument that has to be there.
fn given(argument: &str) -> Option<String> {
    (!is_blank(argument)).then(|| argument.to_owned())
}

/// The entry of a word, without regard to case, or why it is none.
pub fn lookup(word: &str) -> Result<&'static Entry, CommandError> {
    TABLE
        .iter()
        .find(|entry| entry.word.eq_ignore_ascii_case(word))
        .ok_or_else(|| CommandError::Unknown { word: shown(word), near: near(word) })
}

/// The start of a word that may hold anything.
fn shown(word: &str) -> String {
    one_line(word).chars().take(LONGEST_WORD).collect()
}

/// Longer words are no misspelt command, and are not shown in full.
const LONGEST_WORD: usize = 24;

/// What an unknown command is answered with.
fn hint(near: Option<&Entry>) -> Cow<'static, str> {
    match near {
        Some(entry) => format!("did you mean {}?", entry.usage()).into(),
        None => "/help lists them, // says a line that begins with /".into(),
    }
}

/// The command that was probably meant: what other programs call so, the only one that begins so, or the nearest of
/// those that differ in one slip of the hand.
fn near(word: &str) -> Option<&'static Entry> {
    if word.is_empty() || word.len() > LONGEST_WORD {
        return None;
    }
    let word = word.to_lowercase();
    let mut beginning = TABLE.iter().filter(|entry| entry.word.starts_with(&word));
    if let (Some(only), None) = (beginning.next(), beginning.next()) {
        return Some(only);
    }
    TABLE
        .iter()
        .find(|entry| entry.elsewhere.contains(&word.as_str()))
        .or_else(|| TABLE.iter().find(|entry| is_one_slip(&word, entry.word)))
}

/// Whether two words differ by one character too many, missing or wrong, or by two that changed places.
fn is_one_slip(typed: &str, meant: &str) -> bool {
    let (typed, meant): (Vec<char>, Vec<char>) = (typed.chars().collect(), meant.chars().collect());
    let same = typed.iter().zip(&meant).take_while(|(a, b)| a == b).count();
    let (typed, meant) = (&typed[same..], &meant[same..]);
    match (typed, meant) {
        ([], [_]) | ([_], []) => true,
        ([a, b, typed @ ..], [c, d, meant @ ..]) if (a, b) == (d, c) && typed == meant => true,
        ([_, typed_rest @ ..], [_, meant_rest @ ..]) => {
            typed_rest == meant_rest || typed_rest == meant || typed == meant_rest
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn command(line: &str) -> Command {
        match parse(line) {
            Ok(Input::Command(command)) => command,
            other => panic!("{line:?}: {other:?}"),
        }
    }

    fn said(text: &str) -> Command {
        Command::Say { text: text.into(), action: false }
    }

    fn told(line: &str) -> String {
        parse(line).unwrap_err().to_string()
    }

    #[test]
    fn what_is_no_command_is_said_as_it_was_typed() {
        assert_eq!(command("ciao"), said("ciao"));
        assert_eq!(command("  two  spaces "), said("  two  spaces "));
        assert_eq!(command(" /who"), said(" /who"));
        assert_eq!(command("1/2 and/or"), said("1/2 and/or"));
    }

    #[test]
    fn two_slashes_stand_for_one() {
        assert_eq!(command("//who"), said("/who"));
        assert_eq!(command("///"), said("//"));
        assert_eq!(command("//"), said("/"));
    }

    #[test]
    fn a_line_with_nothing_to_see_is_nothing() {
        for line in ["", " ", "\t\r", "\u{3000}", "\u{200B}"] {
            assert_eq!(parse(line), Ok(Input::Nothing), "{line:?}");
        }
    }

    #[test]
    fn every_command_is_understood() {
        assert_eq!(command("/who"), Command::Who);
        assert_eq!(command("/QUIT "), Command::Quit);
        assert_eq!(parse("/qr "), Ok(Input::Qr));
        assert_eq!(command("/nick  Ann Lee "), Command::Rename("Ann Lee".into()));
        let tell = |text: &str| Command::Tell { to: "ann".into(), text: text.into() };
        assert_eq!(command("/msg ann ciao  bella"), tell("ciao  bella"));
        assert_eq!(command("/msg\tann   //x\ny"), tell("//x\ny"));
        assert_eq!(command("/me waves"), Command::Say { text: "waves".into(), action: true });
        assert_eq!(command("/kick ann"), Command::Kick("ann".into()));
        assert_eq!(command("/ban 'ann:*"), Command::Ban("'ann:*".into()));
        assert_eq!(command("/unban fe80::1%eth0\r"), Command::Unban("fe80::1%eth0".into()));
    }

    #[test]
    fn missing_or_spare_arguments_give_the_usage() {
        for (line, word) in [
            ("/nick", "nick"),
            ("/msg", "msg"),
            ("/msg ann", "msg"),
            ("/msg ann \u{200B}", "msg"),
            ("/me  ", "me"),
            ("/kick", "kick"),
            ("/ban ", "ban"),
            ("/unban", "unban"),
            ("/unban 10.0.0.1 10.0.0.2", "unban"),
            ("/who ann", "who"),
            ("/quit now", "quit"),
            ("/qr now", "qr"),
        ] {
            match parse(line) {
                Err(CommandError::Usage(entry)) => assert_eq!(entry.word, word, "{line:?}"),
                other => panic!("{line:?}: {other:?}"),
            }
        }
        assert_eq!(told("/msg ann"), "usage: /msg NAME TEXT (say something to one member only)");
        assert_eq!(parse("/msg").unwrap_err().code(), "usage");
    }

    #[test]
    fn an_unknown_command_is_an_error_with_a_hint() {
        for (typed, meant) in [
            ("/ncik", "/nick NAME"),
            ("/nik", "/nick NAME"),
            ("/niick", "/nick NAME"),
            ("/mgs", "/msg NAME TEXT"),
            ("/Quti", "/quit"),
            ("/exit", "/quit"),
            ("/w", "/who"),
            ("/whisper", "/msg NAME TEXT"),
            ("/names", "/who"),
            ("/unbann", "/unban ADDRESS"),
            ("/hlep", "/help [COMMAND]"),
            ("/?", "/help [COMMAND]"),
        ] {
            assert_eq!(told(typed), format!("there is no command {typed}: did you mean {meant}?"));
        }
        for typed in ["/etc/passwd", "/", "/x", "/wholly"] {
            let hint = "/help lists them, // says a line that begins with /";
            assert_eq!(told(typed), format!("there is no command {typed}: {hint}"));
        }
        assert_eq!(parse("/ who").unwrap_err().code(), "unknown-command");
    }

    #[test]
    fn p29_what_was_typed_comes_back_harmless() {
        let answer = told(&format!("/\x1b[2J\u{202E}{}", "x".repeat(1_000)));
        assert!(answer.starts_with("there is no command /[2Jxxx"), "{answer:?}");
        assert!(answer.len() < 120 && !answer.contains(char::is_control), "{answer:?}");
    }

    #[test]
    fn help_shows_what_one_may_use_in_columns() {
        let lines: Vec<String> = help(false).collect();
        assert_eq!(lines[0], "/help [COMMAND]  show what can be typed");
        assert_eq!(lines[1], "/who             show who is here");
        assert_eq!(lines.last().unwrap(), "//TEXT           say a line that begins with /");
        assert!(!lines.iter().any(|line| line.contains("/kick")));
        let host: Vec<String> = help(true).collect();
        assert_eq!(host.len(), TABLE.len() + 1);
        assert!(host.iter().all(|line| line.len() < 80));
        for word in ["help", "who", "nick", "msg", "me", "qr", "quit", "kick", "ban", "unban"] {
            assert!(host.iter().any(|line| line.starts_with(&format!("/{word} "))), "{word}");
        }
    }

    #[test]
    fn help_is_about_all_or_one() {
        assert_eq!(parse("/help"), Ok(Input::Help(None)));
        for line in ["/help ban", "/HELP /Ban"] {
            match parse(line) {
                Ok(Input::Help(Some(entry))) => assert_eq!((entry.word, entry.host_only), ("ban", true), "{line}"),
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(told("/help bann"), "there is no command /bann: did you mean /ban NAME?");
    }

    #[test]
    fn the_table_is_sound() {
        for (at, entry) in TABLE.iter().enumerate() {
            assert!(!TABLE[..at].contains(entry), "{} twice", entry.word);
            for other in entry.elsewhere {
                assert!(!TABLE.iter().any(|entry| entry.word == *other), "{other} is a command");
                assert!(!TABLE[..at].iter().any(|before| before.elsewhere.contains(other)), "{other} twice");
            }
        }
    }

    proptest! {
        #[test]
        fn no_command_is_ever_said(line in "/[^/]\\PC{0,20}") {
            let is_said = matches!(parse(&line), Ok(Input::Command(Command::Say { action: false, .. })));
            prop_assert!(!is_said);
        }

        #[test]
        fn any_line_is_survived(line in "/?[ a-z/]{0,6}\\PC{0,10}|(?s:.{0,40})") {
            if let Err(why) = parse(&line) {
                prop_assert!(line.starts_with('/'));
                prop_assert!(!why.to_string().contains(char::is_control));
            }
        }

        #[test]
        fn a_slip_is_recognised(at in 0..4_usize, wrong in "[a-z]") {
            let mut word = String::from("quit");
            word.replace_range(at..=at, &wrong);
            prop_assert!(word == "quit" || is_one_slip(&word, "quit"));
            prop_assert!(!is_one_slip("quit", "quit"));
        }
    }
}
