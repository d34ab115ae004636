//! What a member's line asks for.
//!
//! One flat structure for all lines, because a tag that is read first would cost every message a copy of its fields.
//! Whether it may be asked for is the room's business.

use std::borrow::Cow;
use std::net::IpAddr;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::EntryLine;
use crate::limits::COUNT_END;
use crate::room::id::{RoomId, Secret};
use crate::room::log::Term;
use crate::room::request::{Hello, Request};
use crate::wire::json;

/// What a line holds, borrowed from it where that is possible.
#[derive(Debug, PartialEq)]
pub enum Item<'a> {
    /// Somebody says who it is.
    Hello(Box<Hello>),
    /// A member asks for something.
    Request(Request<'a>),
    /// Somebody only asks which room this is.
    Look,
    /// An entry that the host lacks.
    Hand(Box<EntryLine>),
}

/// Why a line is no request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Bad {
    /// Not the text encoding of the dialect: ends the connection.
    #[error("a line that is not UTF-8")]
    NotUtf8,
    /// Not the dialect: ends the connection.
    #[error("a line that is no JSON object")]
    NotJson,
    /// A request that this host does not know: the connection goes on.
    #[error("this room knows no {kind:?}")]
    UnknownType {
        /// What it said that it was.
        kind: String,
        /// The count of the message, where it had one.
        n: Option<u64>,
    },
    /// A request with a field missing or of the wrong kind: the connection goes on.
    #[error("{what}")]
    Field {
        /// Which, and why.
        what: String,
        /// The count of the message, where it had one.
        n: Option<u64>,
    },
}

impl Bad {
    /// For scripts.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotUtf8 => "invalid-utf8",
            Self::NotJson => "not-json",
            Self::UnknownType { .. } => "unknown-type",
            Self::Field { .. } => "bad-field",
        }
    }

    /// Whether the connection cannot go on.
    pub fn is_fatal(&self) -> bool {
        matches!(self, Self::NotUtf8 | Self::NotJson)
    }
}

/// Every field of every line.
#[derive(Deserialize)]
struct Line<'a> {
    #[serde(rename = "type", borrow)]
    kind: Cow<'a, str>,
    n: Option<u64>,
    #[serde(borrow, default)]
    text: Cow<'a, str>,
    #[serde(borrow, default)]
    to: Cow<'a, str>,
    #[serde(borrow, default)]
    name: Cow<'a, str>,
    #[serde(borrow, default)]
    address: Cow<'a, str>,
    #[serde(default)]
    action: bool,
    #[serde(default)]
    again: Lenient<bool>,
    v: Option<u32>,
    key: Option<Secret>,
    port: Option<u16>,
    #[serde(default)]
    at: Addresses,
    room: Option<RoomId>,
    #[serde(default)]
    have: Vec<Term>,
    #[serde(default)]
    aside: Lenient<u64>,
    entry: Option<Box<EntryLine>>,
}

/// Addresses that are only hints: whatever is none counts as not said. Other lines may have a field of that name, too.
type Addresses = Lenient<Vec<Lenient<IpAddr>>>;

/// A value, or something else instead of it.
#[derive(Deserialize)]
#[serde(untagged)]
enum Lenient<T> {
    This(T),
    Other(IgnoredAny),
}

impl<T> Default for Lenient<T> {
    fn default() -> Self {
        Self::Other(IgnoredAny)
    }
}

impl<T> Lenient<T> {
    fn value(self) -> Option<T> {
        match self {
            Self::This(value) => Some(value),
            Self::Other(_) => None,
        }
    }
}

/// Reads one line, given without its end.
///
/// # Errors
/// What is bad about it, and whether that ends the connection.
pub fn item(line: &[u8]) -> Result<Item<'_>, Bad> {
    let text = std::str::from_utf8(line).map_err(|_| Bad::NotUtf8)?;
    if let Some(say) = plain_say(text) {
        return Ok(Item::Request(say));
    }
    if !text.trim_start().starts_with('{') {
        // Serde would also take the fields in a list.
        return Err(Bad::NotJson);
    }
    of_fields(text)
}

/// Reads any line, field by field.
fn of_fields(text: &str) -> Result<Item<'_>, Bad> {
    let line: Line<'_> = serde_json::from_str(text).map_err(|error| bad(text, &error))?;
    Ok(Item::Request(match &*line.kind {
        "say" => Request::Say { n: counted(line.n)?, text: line.text, action: line.action },
        "tell" => {
            let again = line.again.value().unwrap_or(false);
            Request::Tell { n: counted(line.n)?, to: line.to, text: line.text, action: line.action, again }
        }
        "ping" => Request::Ping,
        "pong" => Request::Pong,
        "nick" => Request::Nick(line.name),
        "who" => Request::Who,
        "kick" => Request::Kick(line.name),
        "ban" => Request::Ban(line.name),
        "unban" => Request::Unban(line.address),
        "bye" => Request::Bye,
        "hello" => {
            return Ok(Item::Hello(Box::new(Hello {
                v: line.v.ok_or_else(|| Bad::Field { what: "hello needs a version, \"v\"".into(), n: None })?,
                name: line.name.into_owned(),
                key: line.key,
                port: line.port.filter(|port| *port != 0),
                at: line.at.value().into_iter().flatten().filter_map(Lenient::value).collect(),
                room: line.room,
                have: line.have,
                aside: line.aside.value().unwrap_or(0),
            })));
        }
        "look" => return Ok(Item::Look),
        "hand" => {
            return Ok(Item::Hand(
                line.entry.ok_or_else(|| Bad::Field { what: "hand needs an entry, \"entry\"".into(), n: None })?,
            ));
        }
        unknown => return Err(Bad::UnknownType { kind: unknown.chars().take(32).collect(), n: line.n }),
    }))
}

/// Nearly every message, as our own peers write it: a count, and a text in which nothing is escaped. This is the host's
/// busiest code, and serde, which has to look for every field of every line, takes several times as long. Whatever looks
/// different is left to it.
fn plain_say(line: &str) -> Option<Request<'_>> {
    let (n, rest) = line.strip_prefix(r#"{"type":"say","n":"#)?.split_once(',')?;
    let text = rest.strip_prefix(r#""text":""#)?.strip_suffix(r#""}"#)?;
    // JSON's numbers have no sign but a minus, and begin with no zero.
    let is_number = n.starts_with(|first: char| matches!(first, '1'..='9'));
    let n = n.parse().ok().filter(|n| is_number && *n < COUNT_END)?;
    json::is_plain(text).then_some(Request::Say { n: Some(n), text: text.into(), action: false })
}

/// The count of a message, where it is one that the room can count on from.
fn counted(n: Option<u64>) -> Result<Option<u64>, Bad> {
    match n {
        Some(0 | COUNT_END..) => Err(Bad::Field { what: "\"n\" counts from 1".into(), n }),
        _ => Ok(n),
    }
}

/// Tells a line that is no JSON object from one that only has a wrong field.
fn bad(text: &str, error: &serde_json::Error) -> Bad {
    #[derive(Deserialize)]
    struct Counted {
        n: Option<serde_json::Value>,
    }
    if !error.is_data() {
        return Bad::NotJson;
    }
    // The first error hides what comes after it: only a line that is JSON to its end may go on.
    match serde_json::from_str::<Counted>(text) {
        Ok(line) => Bad::Field { what: error.to_string(), n: line.n.and_then(|n| n.as_u64()) },
        Err(error) if error.is_data() => Bad::Field { what: error.to_string(), n: None },
        Err(_) => Bad::NotJson,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::wire::native;

    #[test]
    fn the_smallest_client_is_understood() {
        let Item::Hello(hello) = item(br#"{"type":"hello","v":1,"name":"lorde"}"#).unwrap() else { panic!() };
        assert_eq!(*hello, Hello { v: 1, name: "lorde".into(), ..Hello::default() });
        assert_eq!(
            item(br#"{"type":"say","text":"ciao"}"#),
            Ok(Item::Request(Request::Say { n: None, text: "ciao".into(), action: false }))
        );
        assert_eq!(item(br#"{"type":"bye","later":[1,{}]}"#), Ok(Item::Request(Request::Bye)));
    }

    #[test]
    fn addresses_are_hints_and_whatever_is_none_is_passed_over() {
        let at = |field: &str| {
            let line = format!(r#"{{"type":"hello","v":1,"name":"lorde","at":{field}}}"#);
            let Ok(Item::Hello(hello)) = item(line.as_bytes()) else { panic!("{line}") };
            hello.at.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(at(r#"["192.168.1.7","fd00::7"]"#), ["192.168.1.7", "fd00::7"]);
        assert_eq!(
            at(r#"["", "10.0.0.7:8808", "lan", "fe80::7%eth0", 7, null, ["10.0.0.8"], "10.0.0.9"]"#),
            ["10.0.0.9"]
        );
        for nothing in ["[]", "null", "7", "\"10.0.0.7\"", "{\"10.0.0.7\":[1,{}]}", "[[[[]]]]"] {
            assert_eq!(at(nothing), [""; 0], "{nothing}");
        }
        // Other lines may have a field of that name.
        let said = item(br#"{"type":"say","text":"ciao","at":"2026-11-20T21:51:09.001+01:00"}"#);
        assert!(matches!(said, Ok(Item::Request(Request::Say { .. }))), "{said:?}");
    }

    #[test]
    fn a_plain_message_is_borrowed_from_its_line() {
        let Item::Request(Request::Say { text, .. }) = item(br#"{"type":"say","text":"ciao","n":7}"#).unwrap() else {
            panic!()
        };
        assert!(matches!(text, Cow::Borrowed("ciao")));
    }

    #[test]
    fn a_message_as_our_peers_write_it_is_read_in_the_short_way() {
        let mut line = Vec::new();
        native::say(&mut line, COUNT_END - 1, "ciao, a tutti: ‹è› {}", false);
        let line = str::from_utf8(&line).unwrap().trim_end();
        assert!(plain_say(line).is_some(), "{line}");
    }

    proptest! {
        #[test]
        fn the_short_way_reads_nothing_that_the_long_one_does_not(
            n in prop_oneof!["[0-9]{1,3}", "[-+ .e0-9]{0,4}", "[0-9]{15,21}"],
            text in prop_oneof!["[ -~]{0,80}", "[a-z\"\\\\,}{:\u{0}-\u{1f}]{0,9}", "\\PC{0,80}"],
            end in prop_oneof![9 => Just("\"}"), 1 => Just("\",\"action\":true}"), 1 => Just("\"} "), 1 => Just("\"")],
        ) {
            let line = format!(r#"{{"type":"say","n":{n},"text":"{text}{end}"#);
            if let Some(said) = plain_say(&line) {
                prop_assert_eq!(Ok(Item::Request(said)), of_fields(&line), "{}", line);
            }
        }
    }

    #[test]
    fn what_cannot_go_on_is_told_from_what_can() {
        for line in
            [&b"GET / HTTP/1.1"[..], b"", b"[1]", b"7", b"{\"type\":\"say\"", b"{\"type\":\"say\",\"text\":5 x}"]
        {
            assert_eq!(item(line), Err(Bad::NotJson), "{}", String::from_utf8_lossy(line));
        }
        assert_eq!(item(br#"["say",1,"ciao",false]"#), Err(Bad::NotJson));
        assert_eq!(item(b"{\"type\":\"\xff\"}"), Err(Bad::NotUtf8));
        assert_eq!(item(br#"{"type":"dance"}"#), Err(Bad::UnknownType { kind: "dance".into(), n: None }));
        assert_eq!(
            item(br#"{"type":"dance","n":3}"#),
            Err(Bad::UnknownType { kind: "dance".into(), n: Some(3) }),
            "a refusal says of which message"
        );
        for n in [0, COUNT_END, u64::MAX] {
            let line = format!(r#"{{"type":"say","text":"x","n":{n}}}"#);
            assert!(matches!(item(line.as_bytes()), Err(Bad::Field { n: Some(of), .. }) if of == n), "{line}");
        }
        for line in [&br#"{"n":3}"#[..], br#"{"type":"say","text":5,"n":3}"#, br#"{"type":5,"n":3}"#] {
            assert!(matches!(item(line), Err(Bad::Field { n: Some(3), .. })), "{:?}", item(line));
        }
        assert!(matches!(item(br#"{"type":"hello","name":"x"}"#), Err(Bad::Field { n: None, .. })));
        assert!(!item(br#"{"type":"say","n":"x"}"#).unwrap_err().is_fatal());
    }
}
