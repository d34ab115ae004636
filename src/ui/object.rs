//! What a script asks for as a JSON object on standard input (with `--json`), so that it can send a text of several
//! lines: the objects that a member sends in the native dialect, read by the same decoder.
//!
//! `say`, `tell`, `nick`, `who`, `kick`, `ban`, `unban` and `bye` mean the same here; what belongs to a connection
//! (`hello`, `ping`, `pong`, `hand`) means nothing. A count `n` is ignored: the program counts for itself. Names and
//! texts are checked by the room.

use crate::room::event::Command;
use crate::room::request::Request;
use crate::wire::native::{self, Bad, Item};

/// How a line begins that is meant as an object, and not as a message in braces.
const BEGINNING: &str = "{\"type\":";

/// Whether `line` is meant as an object.
pub(super) fn is_object(line: &str) -> bool {
    line.starts_with(BEGINNING)
}

/// What the object in `line` asks for.
pub(super) fn parse(line: &str) -> Result<Command, Bad> {
    let request = match native::item(line.as_bytes())? {
        Item::Request(request) => request,
        Item::Hello(_) => return Err(of_a_connection("hello")),
        Item::Hand(_) => return Err(of_a_connection("hand")),
        Item::Look => return Err(of_a_connection("look")),
    };
    Ok(match request {
        Request::Say { n: _, text, action } => Command::Say { text: text.into(), action },
        Request::Tell { to, text, .. } => Command::Tell { to: to.into(), text: text.into() },
        Request::Nick(name) => Command::Rename(name.into()),
        Request::Who => Command::Who,
        Request::Kick(name) => Command::Kick(name.into()),
        Request::Ban(name) => Command::Ban(name.into()),
        Request::Unban(address) => Command::Unban(address.into()),
        Request::Bye => Command::Quit,
        Request::Ping => return Err(of_a_connection("ping")),
        Request::Pong => return Err(of_a_connection("pong")),
    })
}

fn of_a_connection(kind: &str) -> Bad {
    Bad::UnknownType { kind: kind.into(), n: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_object_means_its_command() {
        let text = || "two\nlines".to_owned();
        for (line, command) in [
            (r#"{"type":"say","text":"two\nlines"}"#, Command::Say { text: text(), action: false }),
            (r#"{"type":"say","text":"two\nlines","action":true,"n":7}"#, Command::Say { text: text(), action: true }),
            (r#"{"type":"tell","to":"capo","text":"two\nlines"}"#, Command::Tell { to: "capo".into(), text: text() }),
            (r#"{"type":"nick","name":"lady"}"#, Command::Rename("lady".into())),
            (r#"{"type":"who"}"#, Command::Who),
            (r#"{"type":"kick","name":"x"}"#, Command::Kick("x".into())),
            (r#"{"type":"ban","name":"x"}"#, Command::Ban("x".into())),
            (r#"{"type":"unban","address":"10.0.0.7"}"#, Command::Unban("10.0.0.7".into())),
            (r#"{"type":"bye"}"#, Command::Quit),
        ] {
            assert!(is_object(line));
            assert_eq!(parse(line).unwrap(), command);
        }
    }

    #[test]
    fn what_is_no_such_object_is_refused() {
        for (line, code) in [
            (r#"{"type":"dance"}"#, "unknown-type"),
            (r#"{"type":"hello","v":1,"name":"x"}"#, "unknown-type"),
            (r#"{"type":"ping"}"#, "unknown-type"),
            (r#"{"type":"say","text":5}"#, "bad-field"),
            (r#"{"type":"say","text":"x"} {"#, "not-json"),
            (r#"{"type":7}"#, "bad-field"),
            (r#"{"type":"#, "not-json"),
        ] {
            assert_eq!(parse(line).unwrap_err().code(), code, "{line}");
        }
        assert!(!is_object(r#"{ "type": "say" }"#) && !is_object("{}"));
    }
}
