//! What a person types: one table of commands, from which the parser and `/help` are both made.
//!
//! A line that begins with `/` is a command, `//` stands for a literal `/`, everything else is said to the room. An
//! unknown command is an error and never sent as text. What the host alone may do is marked in the table, and the room
//! holds to it; what only the full screen can do is marked too, and does not exist for whoever has none.

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
    /// Who has it.
    pub whose: Whose,
    /// What other chat programs call it: hinted at, not obeyed.
    elsewhere: &'static [&'static str],
    /// Makes sense of what follows the word, without the white space around it; `None` means that it does not fit.
    read: fn(&str) -> Option<Command>,
}

/// Who has a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// Everybody.
    All,
    /// Only the host may use it.
    Host,
    /// The full screen has it, and does it by itself.
    Screen,
}

/// Who types: that decides which commands there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Typist {
    /// The host, who has more of them.
    pub host: bool,
    /// Somebody at a full screen, which has some of its own.
    pub screen: bool,
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

    /// The words that may follow, where the table names them: `on` and `off` of `[on|off]`.
    pub fn choices(&self) -> impl Iterator<Item = &'static str> {
        let words = self.arguments.trim_matches(['[', ']']);
        words.split('|').filter(move |_| words.contains('|'))
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
/// The full screen's: looks for a text in what was said.
pub const SEARCH: &str = "search";
/// The full screen's: whether the bell rings.
pub const BELL: &str = "bell";

/// All commands, in the order of `/help`.
static TABLE: [Entry; 12] = [
    Entry {
        word: HELP,
        arguments: "[COMMAND]",
        help: "show what can be typed",
        whose: Whose::All,
        elsewhere: &["?", "commands", "man"],
        read: |_| None,
    },
    Entry {
        word: "who",
        arguments: "",
        help: "show who is here",
        whose: Whose::All,
        elsewhere: &["names", "list", "users", "members", "roster"],
        read: |rest| rest.is_empty().then_some(Command::Who),
    },
    Entry {
        word: "nick",
        arguments: "NAME",
        help: "take another name",
        whose: Whose::All,
        elsewhere: &["name", "rename"],
        read: |rest| given(rest).map(Command::Rename),
    },
    Entry {
        word: "msg",
        arguments: "NAME TEXT",
        help: "say something to one member only",
        whose: Whose::All,
        elsewhere: &["tell", "whisper", "pm", "dm", "query", "private"],
        read: |rest| {
            let (to, text) = rest.split_once(char::is_whitespace)?;
            Some(Command::Tell { to: to.to_owned(), text: given(text.trim_start())? })
        },
    },
    Entry {
        word: "me",
        arguments: "TEXT",
        help: "say what you do: /me waves",
        whose: Whose::All,
        elsewhere: &["action", "emote"],
        read: |rest| given(rest).map(|text| Command::Say { text, action: true }),
    },
    Entry {
        word: QR,
        arguments: "",
        help: "show the room's page, for browsers and phones",
        whose: Whose::All,
        elsewhere: &["url", "link", "page", "web", "invite"],
        read: |_| None,
    },
    Entry {
        word: SEARCH,
        arguments: "[TEXT]",
        help: "find it in what was said; again: further back; alone: stay",
        whose: Whose::Screen,
        elsewhere: &["find", "grep", "lastlog"],
        read: |_| None,
    },
    Entry {
        word: BELL,
        arguments: "[on|off]",
        help: "whether a mention or a private message rings",
        whose: Whose::Screen,
        elsewhere: &["beep", "mute", "notify"],
        read: |_| None,
    },
    Entry {
        word: "kick",
        arguments: "NAME",
        help: "end a member's connection",
        whose: Whose::Host,
        elsewhere: &["remove"],
        read: |rest| given(rest).map(Command::Kick),
    },
    Entry {
        word: "ban",
        arguments: "NAME",
        help: "end a connection and keep its address out (who is in stays)",
        whose: Whose::Host,
        elsewhere: &["block"],
        read: |rest| given(rest).map(Command::Ban),
    },
    Entry {
        word: "unban",
        arguments: "ADDRESS",
        help: "let an address in again",
        whose: Whose::Host,
        elsewhere: &["unblock", "pardon"],
        read: |rest| given(rest).filter(|address| !address.contains(char::is_whitespace)).map(Command::Unban),
    },
    Entry {
        word: "quit",
        arguments: "",
        help: "leave; on the host: hand the room over",
        whose: Whose::All,
        elsewhere: &["exit", "bye", "leave", "part", "logout", "close"],
        read: |rest| rest.is_empty().then_some(Command::Quit),
    },
];

/// What a line, typed or read from standard input without its line break, means. What the full screen does by itself it has
/// understood before: whatever is left of that is badly used.
///
/// Names and texts in the result are as they were typed: the room checks and cleans them.
pub fn parse(line: &str, by: Typist) -> Result<Input, CommandError> {
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
    let entry = lookup(word, by)?;
    let rest = rest.trim();
    if entry.word == HELP {
        let about = rest.trim_start_matches('/');
        return Ok(Input::Help(if about.is_empty() { None } else { Some(lookup(about, by)?) }));
    }
    if entry.word == QR && rest.is_empty() {
        return Ok(Input::Qr);
    }
    (entry.read)(rest).map(Input::Command).ok_or(CommandError::Usage(entry))
}

/// The commands that there are `by` them, also where only the host may use them.
fn known(by: Typist) -> impl Iterator<Item = &'static Entry> {
    TABLE.iter().filter(move |entry| by.screen || entry.whose != Whose::Screen)
}

/// The commands that one may use, in the order of `/help`.
pub fn entries(by: Typist) -> impl Iterator<Item = &'static Entry> {
    known(by).filter(move |entry| by.host || entry.whose != Whose::Host)
}

/// The lines of `/help`, as wide as they have to be.
pub fn help(by: Typist) -> impl Iterator<Item = String> {
    let width = entries(by).map(|entry| entry.usage().len()).max().unwrap_or(0);
    let commands = entries(by).map(move |entry| format!("{:width$}  {}", entry.usage(), entry.help));
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
pub fn lookup(word: &str, by: Typist) -> Result<&'static Entry, CommandError> {
    known(by)
        .find(|entry| entry.word.eq_ignore_ascii_case(word))
        .ok_or_else(|| CommandError::Unknown { word: shown(word), near: near(word, by) })
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
fn near(word: &str, by: Typist) -> Option<&'static Entry> {
    if word.is_empty() || word.len() > LONGEST_WORD {
        return None;
    }
    let word = word.to_lowercase();
    let mut beginning = known(by).filter(|entry| entry.word.starts_with(&word));
    if let (Some(only), None) = (beginning.next(), beginning.next()) {
        return Some(only);
    }
    known(by)
        .find(|entry| entry.elsewhere.contains(&word.as_str()))
        .or_else(|| known(by).find(|entry| is_one_slip(&word, entry.word)))
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
mod tests;
