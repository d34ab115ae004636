//! Events made safe to show: whatever a peer, or a hostile host, has put into one, no control character of it and
//! nothing that reorders a line reaches a terminal, and a name stays one word.
//!
//! Every interface shows only what passed through here. It knows nothing of how events are shown.

use std::borrow::Cow;
use std::ops::Deref;
use std::sync::Arc;

use crate::limits::{NAME_MAX_CHARS, NAME_MIN_CHARS};
use crate::room::event::{Event, Message, What};
use crate::room::name::Name;
use crate::room::text;

/// `event` with every text in it made safe to show.
pub(super) fn event(event: Event) -> Event {
    Event { what: what(event.what), ..event }
}

fn what(what: What) -> What {
    match what {
        What::Role { role, address, name: own, host, term } => {
            What::Role { role, address: line(address), name: name(own), host: name(host), term }
        }
        What::Roster { mut members } => {
            for member in &mut members {
                member.name = name(std::mem::take(&mut member.name));
            }
            What::Roster { members }
        }
        What::Connection { state } => What::Connection { state },
        What::Joined { name: who } => What::Joined { name: name(who) },
        What::Left { name: who, reason } => What::Left { name: name(who), reason },
        What::Renamed { from, to } => What::Renamed { from: name(from), to: name(to) },
        What::Message(message) => What::Message(Message {
            from: name(message.from),
            text: lines(message.text),
            to: message.to.map(name),
            ..message
        }),
        What::Notice { text } => What::Notice { text: lines(text) },
        What::Refused { code, text } => What::Refused { code: line(code), text: lines(text) },
        What::Closed { reason, text } => What::Closed { reason, text: line(text) },
        What::Error { code, text } => What::Error { code: line(code), text: line(text) },
    }
}

/// A string, shared or not.
trait Text: Deref<Target = str> + From<String> {}
impl Text for String {}
impl Text for Arc<str> {}

/// A text of several lines.
fn lines<T: Text>(text: T) -> T {
    keep(text, text::clean)
}

/// A text that has to stay on one line.
fn line(text: String) -> String {
    keep(text, text::one_line)
}

/// A name; what is none becomes one, so that a host cannot put words into a name.
fn name<T: Text>(name: T) -> T {
    let usual = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    let usual_length = NAME_MIN_CHARS..=NAME_MAX_CHARS;
    if usual_length.contains(&name.len()) && name.bytes().all(usual) {
        return name;
    }
    match Name::parse(&name) {
        Ok(parsed) if *parsed.as_str() == *name => name,
        _ => Name::for_login(&name).as_str().to_owned().into(),
    }
}

/// What `clean` makes of `text`, without a copy where that is all of it.
fn keep<T: Text>(text: T, clean: impl Fn(&str) -> Cow<'_, str>) -> T {
    match clean(&text) {
        Cow::Borrowed(same) if same.len() == text.len() => text,
        cleaned => cleaned.into_owned().into(),
    }
}
