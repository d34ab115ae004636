//! A `welcome`, and who is there, as bytes.
//!
//! Many come at once when a host is new: what their welcomes have in common is written apart from what is each one's own.
//! Who is let in is decided elsewhere.

use chrono::{DateTime, FixedOffset};
use serde::Serialize;

use super::{Person, VERSION};
use crate::room::entry::Member;
use crate::room::event::timestamp;
use crate::room::id::{MemberId, RoomId};
use crate::room::log::Term;
use crate::wire::json;

/// What all who are let in at once have in common in their `welcome`.
#[derive(Debug)]
pub(crate) struct Welcome<'a> {
    /// The room.
    pub(crate) room: RoomId,
    /// When it was opened.
    pub(crate) opened: DateTime<FixedOffset>,
    /// The host's name.
    pub(crate) host: &'a str,
    /// The term.
    pub(crate) term: u64,
    /// The last entry.
    pub(crate) seq: u64,
    /// The table of terms.
    pub(crate) terms: &'a [Term],
}

/// The part of a `welcome` that is one member's own; see [`Welcomed`](super::Welcomed).
#[derive(Debug, Serialize)]
pub(crate) struct OwnWelcome<'a> {
    pub(crate) you: MemberId,
    pub(crate) name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) after: Option<u64>,
    #[serde(skip_serializing_if = "super::is_default")]
    pub(crate) missed: u64,
    #[serde(skip_serializing_if = "super::is_default")]
    pub(crate) lack: bool,
    #[serde(skip_serializing_if = "super::is_default")]
    pub(crate) history: usize,
}

/// Begins a `welcome` with it; the shared part follows on it.
pub(crate) fn own_welcome(out: &mut Vec<u8>, own: &OwnWelcome<'_>) {
    #[derive(Serialize)]
    struct Line<'a> {
        #[serde(rename = "type")]
        kind: &'static str,
        v: u32,
        #[serde(flatten)]
        own: &'a OwnWelcome<'a>,
    }
    json::value(out, &Line { kind: "welcome", v: VERSION, own });
    out.pop();
    out.push(b',');
}

/// The part of a `welcome` that all who come at once share: everything from the room's id to the end of the line.
pub(crate) fn shared_welcome<'a>(
    out: &mut Vec<u8>,
    welcome: &Welcome<'_>,
    host: MemberId,
    members: impl Iterator<Item = &'a Member>,
) {
    #[derive(Serialize)]
    struct Shared<'a> {
        room: RoomId,
        opened: String,
        host: &'a str,
        term: u64,
        seq: u64,
        terms: &'a [Term],
        members: [(); 0],
    }
    let shared = Shared {
        room: welcome.room,
        opened: timestamp(welcome.opened),
        host: welcome.host,
        term: welcome.term,
        seq: welcome.seq,
        terms: welcome.terms,
        members: [],
    };
    // The part that is each member's own has opened the object, and the list of members is still to come.
    let whole = serde_json::to_vec(&shared).expect("lines have string keys");
    out.extend_from_slice(&whole[1..whole.len() - 2]);
    persons(out, host, members);
    out.extend_from_slice(b"]}\n");
}

/// The answer to `who`.
pub(crate) fn members<'a>(out: &mut Vec<u8>, host: MemberId, members: impl Iterator<Item = &'a Member>) {
    out.extend_from_slice(br#"{"type":"members","members":["#);
    persons(out, host, members);
    out.extend_from_slice(b"]}\n");
}

fn persons<'a>(out: &mut Vec<u8>, host: MemberId, members: impl Iterator<Item = &'a Member>) {
    let mut first = true;
    for member in members {
        if !std::mem::take(&mut first) {
            out.push(b',');
        }
        json::value(out, &Person::of(member, member.id == host));
    }
}
