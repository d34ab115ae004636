//! What is said about a line while it is typed: what its command takes, or that there is no such command.
//!
//! All of it comes from the table of commands; nothing here knows what the commands do.

use std::fmt;

use crate::room::command::{self, Entry, Typist, Whose};

/// Something to show beside the line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hint {
    /// The command that is being typed, and what it takes.
    Takes(&'static Entry),
    /// Commands that begin with what is typed so far.
    Begins(Vec<&'static Entry>),
    /// What is wrong with the line.
    Wrong(String),
}

impl fmt::Display for Hint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Takes(entry) => entry.fmt(f),
            Self::Begins(entries) => {
                let words: Vec<String> = entries.iter().map(|entry| format!("/{}", entry.word)).collect();
                f.write_str(&words.join("  "))
            }
            Self::Wrong(why) => f.write_str(why),
        }
    }
}

/// What to say about `line`; `hosting`: we are the host.
pub fn hint(line: &str, hosting: bool) -> Option<Hint> {
    let typed = line.strip_prefix('/').filter(|typed| !typed.starts_with('/'))?;
    let (word, ended) = typed.split_once(char::is_whitespace).map_or((typed, false), |(word, _)| (word, true));
    let typist = Typist { host: hosting, screen: true };
    match command::lookup(word, typist) {
        Ok(entry) if entry.whose == Whose::Host && !hosting => {
            Some(Hint::Wrong(format!("only the host can /{}", entry.word)))
        }
        Ok(entry) => Some(Hint::Takes(entry)),
        Err(unknown) => {
            let begun = word.to_lowercase();
            let begins = || command::entries(typist).filter(|entry| entry.word.starts_with(&begun)).collect();
            let entries: Vec<_> = if ended { Vec::new() } else { begins() };
            Some(match entries[..] {
                [] => Hint::Wrong(unknown.to_string()),
                [only] => Hint::Takes(only),
                _ => Hint::Begins(entries),
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(line: &str) -> Option<String> {
        hint(line, false).map(|hint| hint.to_string())
    }

    #[test]
    fn a_hint_says_what_a_command_takes_and_what_is_wrong() {
        let msg = "/msg NAME TEXT (say something to one member only)";
        for (line, said) in [
            ("/msg", msg),
            ("/MS", msg),
            ("/msg ann ciao", msg),
            ("/m", "/msg  /me"),
            ("/sea", "/search [TEXT] (find it in what was said; again: further back; alone: stay)"),
            ("/BELL o", "/bell [on|off] (whether a mention or a private message rings)"),
            ("/kick ann", "only the host can /kick"),
            ("/ncik ann", "there is no command /ncik: did you mean /nick NAME?"),
            ("/m ann", "there is no command /m: did you mean /me TEXT?"),
            ("/etc/passwd", "there is no command /etc/passwd: /help lists them, // says a line that begins with /"),
        ] {
            assert_eq!(shown(line).as_deref(), Some(said), "{line}");
        }
        for line in ["", "ciao", "//msg", " /msg", "a/b"] {
            assert_eq!(shown(line), None, "{line:?}");
        }
        assert!(hint("/kick ann", true).unwrap().to_string().starts_with("/kick NAME"));
        for hosting in [false, true] {
            let all: Vec<_> = command::entries(Typist { host: hosting, screen: true }).collect();
            assert_eq!(hint("/", hosting), Some(Hint::Begins(all)));
        }
    }
}
