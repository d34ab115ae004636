//! What a member is told, and what it asks for: the words between a room and an interface.
//!
//! An interface shows [`Event`]s and sends [`Command`]s; it never learns whether the room is in this process or
//! elsewhere. Nothing here knows how either travels.

use std::sync::Arc;

use chrono::{DateTime, FixedOffset};
use serde::Serialize;

/// What a person or a script asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Say something to the room; `action` is `/me`.
    Say {
        /// The message as typed; the room cleans and checks it.
        text: String,
        /// Told as an action of the sender (`** lorde waves`).
        action: bool,
    },
    /// Say something to one member only.
    Tell {
        /// The member's name.
        to: String,
        /// The message as typed.
        text: String,
    },
    /// Take another name.
    Rename(String),
    /// Ask who is here: answered with a `roster` event.
    Who,
    /// The host ends a member's connection.
    Kick(String),
    /// The host ends a member's connection and refuses its address from then on.
    Ban(String),
    /// The host lets an address in again.
    Unban(String),
    /// Leave; on the host: hand the room over, or close it where there is nobody to hand it to.
    Quit,
    /// Standard input has ended: a client leaves once everything it sent is acknowledged, a host goes on.
    EndOfInput,
    /// A signal, or Ctrl-C in a terminal: a client leaves, a host closes the room.
    Stop,
}

/// What a member is told, and when (section 3 of the contract: one JSON object a line).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Event {
    /// When: a message's own time, else the time at which we learnt of it.
    #[serde(serialize_with = "rfc3339")]
    pub at: DateTime<FixedOffset>,
    /// What.
    #[serde(flatten)]
    pub what: What,
}

/// The kinds of event, with their fields.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "event", rename_all = "lowercase")]
pub enum What {
    /// Where and as what we are. After every change of host, and of any field.
    Role {
        /// Host or client.
        role: Role,
        /// The host's `IP:PORT`: as bound where we host, as connected to where we do not.
        address: String,
        /// The name that the room gave us.
        name: String,
        /// The host's name.
        host: String,
        /// Grows with every change of host.
        term: u64,
    },
    /// All members, ourselves included. After every `role`, and as the answer to `/who`.
    Roster {
        /// In order of joining.
        members: Vec<Listed>,
    },
    /// The room's host is gone, and with it the way to the others. Over with the next `roster`.
    Connection {
        /// What is done about it.
        state: Connection,
    },
    /// Somebody came.
    Joined {
        /// Who.
        name: String,
    },
    /// Somebody went.
    Left {
        /// Who.
        name: String,
        /// Why.
        reason: Leave,
    },
    /// Somebody took another name.
    Renamed {
        /// The old name.
        from: String,
        /// The new name.
        to: String,
    },
    /// Somebody said something.
    Message(Message),
    /// Something worth knowing that is none of the others.
    Notice {
        /// What.
        text: String,
    },
    /// Something that we asked for was not done.
    Refused {
        /// For scripts.
        code: String,
        /// For people.
        text: String,
    },
    /// The end, in order. The last event.
    Closed {
        /// Why.
        reason: Closed,
        /// For people.
        text: String,
    },
    /// The end, by an error. The last event.
    Error {
        /// For scripts: a code of the contract.
        code: String,
        /// For people: `WHAT: WHY`.
        text: String,
    },
}

/// A message as a member reads it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Message {
    /// The name of who said it.
    pub from: Arc<str>,
    /// What, cleaned by the host and again by the reader.
    pub text: Arc<str>,
    /// Said by ourselves: this is the acknowledgement.
    pub own: bool,
    /// An action (`/me`).
    pub action: bool,
    /// For us alone (or, with `own`, from us to one member).
    pub private: bool,
    /// History from before we joined.
    pub replayed: bool,
    /// From another part of a network that was cut.
    pub late: bool,
    /// The room's order; absent when private.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seq: Option<u64>,
    /// Whom a private message is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<Arc<str>>,
}

/// A member as it stands in a `roster` event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Listed {
    /// Its name.
    pub name: String,
    /// Whether it hosts the room.
    pub host: bool,
}

/// What is done while there is no way to the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Connection {
    /// The room is looked for, at the next host or the same.
    Reconnecting,
    /// We become the host.
    TakingOver,
}

/// Host or client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// The room is in this process.
    Host,
    /// The room is elsewhere.
    Client,
}

/// Why a member left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase", from = "String")]
pub enum Leave {
    /// It said so.
    Quit,
    /// Its connection ended without a word; a host that crashed; a member that did not come to a new host.
    Lost,
    /// It was silent for too long.
    Timeout,
    /// It read more slowly than the room speaks.
    Slow,
    /// The host ended its connection.
    Kicked,
    /// The host ended its connection and does not let its address in again.
    Banned,
    /// It broke the protocol.
    Error,
}

impl Leave {
    /// The word for it in events, on the wire and in the connections log.
    pub fn word(self) -> &'static str {
        match self {
            Self::Quit => "quit",
            Self::Lost => "lost",
            Self::Timeout => "timeout",
            Self::Slow => "slow",
            Self::Kicked => "kicked",
            Self::Banned => "banned",
            Self::Error => "error",
        }
    }

    /// The same for people, as it stands in brackets behind a name.
    pub fn phrase(self) -> &'static str {
        match self {
            Self::Quit => "quit",
            Self::Lost => "connection lost",
            Self::Timeout => "no answer",
            Self::Slow => "too slow",
            Self::Kicked => "kicked",
            Self::Banned => "banned",
            Self::Error => "broke the protocol",
        }
    }
}

impl From<String> for Leave {
    /// What a host means by a word. One that we do not know says at least that somebody has gone, and the room goes on.
    fn from(word: String) -> Self {
        let known = [Self::Quit, Self::Timeout, Self::Slow, Self::Kicked, Self::Banned, Self::Error];
        known.into_iter().find(|reason| reason.word() == word).unwrap_or(Self::Lost)
    }
}

/// Why we are no longer in the room, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Closed {
    /// The host closed the room.
    HostShutdown,
    /// We went.
    Left,
    /// The host ended our connection: status 1.
    Kicked,
    /// The host ended our connection and does not let us in again: status 1.
    Banned,
}

/// Writes a time as the contract wants it: milliseconds, and a numeric offset also for UTC.
fn rfc3339<S: serde::Serializer>(at: &DateTime<FixedOffset>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&timestamp(*at))
}

/// A time as every interface of the program writes it: RFC 3339, milliseconds, numeric offset (`+00:00` for UTC).
pub fn timestamp(at: DateTime<FixedOffset>) -> String {
    at.to_rfc3339_opts(chrono::SecondsFormat::Millis, false)
}

/// Writes times as [`timestamp`] does, and remembers the last one: the messages of one turn share it.
#[derive(Debug, Default)]
pub(crate) struct Timestamps {
    last: Option<(DateTime<FixedOffset>, String)>,
}

impl Timestamps {
    /// `at` as [`timestamp`] writes it.
    pub(crate) fn text(&mut self, at: DateTime<FixedOffset>) -> &str {
        // Times are equal whatever their offsets.
        let is_last = |last: &(DateTime<FixedOffset>, String)| last.0 == at && last.0.offset() == at.offset();
        if !self.last.as_ref().is_some_and(is_last) {
            self.last = None;
        }
        &self.last.get_or_insert_with(|| (at, timestamp(at))).1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_remembered_time_is_told_from_others_also_by_its_offset() {
        let times = ["2026-11-20T21:51:03.123+01:00", "2026-11-20T20:51:03.123+00:00", "2026-11-20T20:51:03.124+00:00"];
        let mut timestamps = Timestamps::default();
        for time in times.into_iter().flat_map(|time| [time, time]) {
            assert_eq!(timestamps.text(DateTime::parse_from_rfc3339(time).unwrap()), time);
        }
    }
}
