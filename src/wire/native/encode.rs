//! What happened, as bytes: the lines that a host says.
//!
//! A message is encoded once for everybody, so this is the host's busiest code: `said` is written by hand, all else by
//! serde. Who reads them, and when, is not known here.

use std::net::SocketAddr;

use serde::Serialize;

use super::{EntryLine, JoinedLine, LeftLine, Person, RenamedLine, ToldLine};
use crate::limits::JOINED_IN_LINE;
use crate::room::entry::{Act, Entry, Said};
use crate::room::event::{Closed, Timestamps};
use crate::room::id::MemberId;
use crate::wire::json;

/// In which light an entry is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Light {
    /// Just ordered: the reader knows term and author.
    Live,
    /// For a member that comes back: with its term and author.
    Resumed,
    /// For a newcomer: the same, as history.
    Replayed,
}

/// Writes lines.
#[derive(Debug, Default)]
pub(crate) struct Encoder {
    times: Timestamps,
}

impl Encoder {
    /// Entries that have just been ordered, as everybody gets them; members who come one after the other in one line.
    pub(crate) fn live<'a>(&mut self, out: &mut Vec<u8>, entries: impl Iterator<Item = &'a Entry>) {
        let mut joined: Option<JoinedLine> = None;
        for entry in entries {
            if let Act::Joined(member) = &entry.act {
                if let Some(line) = joined.take_if(|line| line.members.len() >= JOINED_IN_LINE) {
                    write_line(out, &EntryLine::Joined(line));
                }
                let line = joined.get_or_insert_with(|| JoinedLine { seq: entry.seq, term: None, members: vec![] });
                line.members.push(Person::of(member, false));
                continue;
            }
            if let Some(line) = joined.take() {
                write_line(out, &EntryLine::Joined(line));
            }
            self.entry(out, entry, Light::Live);
        }
        if let Some(line) = joined {
            write_line(out, &EntryLine::Joined(line));
        }
    }

    /// Entries for a member that comes back.
    pub(crate) fn resumed<'a>(&mut self, out: &mut Vec<u8>, entries: impl Iterator<Item = &'a Entry>) {
        for entry in entries {
            self.entry(out, entry, Light::Resumed);
        }
    }

    /// Past messages for a newcomer.
    pub(crate) fn replayed(&mut self, out: &mut Vec<u8>, entries: &[&Entry]) {
        for entry in entries {
            self.entry(out, entry, Light::Replayed);
        }
    }

    /// An entry that a new host lacks.
    pub(crate) fn hand(&mut self, out: &mut Vec<u8>, entry: &Entry) {
        out.extend_from_slice(br#"{"type":"hand","entry":"#);
        self.entry(out, entry, Light::Resumed);
        out.pop();
        out.extend_from_slice(b"}\n");
    }

    fn entry(&mut self, out: &mut Vec<u8>, entry: &Entry, light: Light) {
        let term = (light != Light::Live).then_some(entry.term);
        let seq = entry.seq;
        match &entry.act {
            Act::Said(said) => self.said(out, entry, said, light),
            Act::Joined(member) => {
                write_line(out, &EntryLine::Joined(JoinedLine { seq, term, members: vec![Person::of(member, false)] }));
            }
            Act::Left { id, name, reason } => {
                let (id, name, reason) = (*id, name.to_string(), *reason);
                write_line(out, &EntryLine::Left(LeftLine { seq, term, id, name, reason }));
            }
            Act::Renamed { id, from, to } => {
                let (id, from, to) = (*id, from.to_string(), to.to_string());
                write_line(out, &EntryLine::Renamed(RenamedLine { seq, term, id, from, to }));
            }
        }
    }

    fn said(&mut self, out: &mut Vec<u8>, entry: &Entry, said: &Said, light: Light) {
        out.extend_from_slice(br#"{"type":"said","seq":"#);
        json::value(out, &entry.seq);
        out.extend_from_slice(br#","by":"#);
        json::value(out, &u64::from(said.by.0));
        out.extend_from_slice(br#","n":"#);
        json::value(out, &said.n);
        out.extend_from_slice(br#","from":"#);
        json::string(out, &said.from);
        out.extend_from_slice(br#","text":"#);
        json::string(out, &said.text);
        out.extend_from_slice(br#","at":""#);
        out.extend_from_slice(self.times.text(entry.at).as_bytes());
        out.push(b'"');
        if said.action {
            out.extend_from_slice(br#","action":true"#);
        }
        if said.late {
            out.extend_from_slice(br#","late":true"#);
        }
        if light != Light::Live {
            out.extend_from_slice(br#","term":"#);
            json::value(out, &entry.term);
        }
        if light != Light::Live || said.late {
            out.extend_from_slice(br#","peer":""#);
            out.extend_from_slice(said.peer.to_string().as_bytes());
            out.push(b'"');
        }
        if light == Light::Replayed {
            out.extend_from_slice(br#","replayed":true"#);
        }
        out.extend_from_slice(b"}\n");
    }
}

/// A private message.
pub(crate) fn told(out: &mut Vec<u8>, line: &ToldLine) {
    tagged(out, "told", line);
}

/// Something was not done.
pub(crate) fn refused(out: &mut Vec<u8>, code: &str, text: &str, n: Option<u64>) {
    #[derive(Serialize)]
    struct Refused<'a> {
        code: &'a str,
        text: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        n: Option<u64>,
    }
    tagged(out, "refused", &Refused { code, text, n });
}

/// The end.
pub(crate) fn closed(out: &mut Vec<u8>, reason: Closed, text: &str) {
    #[derive(Serialize)]
    struct End<'a> {
        reason: Closed,
        text: &'a str,
    }
    tagged(out, "closed", &End { reason, text });
}

/// Are you there?
pub(crate) const PING: &[u8] = b"{\"type\":\"ping\"}\n";
/// I am.
pub(crate) const PONG: &[u8] = b"{\"type\":\"pong\"}\n";

/// The host goes; another member hosts from now on.
pub(crate) fn handover(out: &mut Vec<u8>, to: MemberId) {
    #[derive(Serialize)]
    struct To {
        to: MemberId,
    }
    tagged(out, "handover", &To { to });
}

/// Where a member would host from now on.
pub(crate) fn at(out: &mut Vec<u8>, id: MemberId, at: &[SocketAddr]) {
    #[derive(Serialize)]
    struct At<'a> {
        id: MemberId,
        at: &'a [SocketAddr],
    }
    tagged(out, "at", &At { id, at });
}

/// A new host lacks what the reader has after an entry.
pub(crate) fn lack(out: &mut Vec<u8>, after: u64) {
    #[derive(Serialize)]
    struct After {
        after: u64,
    }
    tagged(out, "lack", &After { after });
}

/// An object with its `type` first, as a line.
pub(super) fn tagged<T: Serialize>(out: &mut Vec<u8>, kind: &'static str, fields: &T) {
    #[derive(Serialize)]
    struct Tagged<'a, T> {
        #[serde(rename = "type")]
        kind: &'static str,
        #[serde(flatten)]
        fields: &'a T,
    }
    write_line(out, &Tagged { kind, fields });
}

fn write_line<T: Serialize>(out: &mut Vec<u8>, value: &T) {
    json::value(out, value);
    out.push(b'\n');
}
