//! The native dialect: UTF-8 JSON, one object a line.
//!
//! This page is the protocol's reference. It knows bytes, requests and entries; it knows no socket and no rule of the room.
//!
//! # Framing
//!
//! `\n` ends a line (a `\r` before it is dropped); a line has at most 65,536 bytes. Unknown fields are ignored. An unknown
//! `type` and a field of the wrong kind are refused and the connection goes on; a line that is no JSON object, is not
//! UTF-8, or is too long is refused and the connection ends. Whoever hears nothing for 15 s ends the connection: the host
//! sends a `ping` every 5 s, which is answered by `pong`; a member may send `ping` itself.
//!
//! # What a member sends
//!
//! | line | meaning |
//! |---|---|
//! | `{"type":"hello","v":1,"name":"lorde"}` | first of all; see below for the fields of a member that may come back |
//! | `{"type":"say","text":"ciao","n":1,"action":false}` | say something; `n`, counted up from 1, guards against doubles; what is said without is never taken for one |
//! | `{"type":"tell","to":"capo","text":"psst","n":2}` | say something to one member only; `n` is the same count. With `"again":true` whoever has come back says again what was not answered: it is passed on also where the room knows that `n`, and who reads it passes over what it has; what is refused may have arrived before |
//! | `{"type":"nick","name":"lorde2"}` | take another name |
//! | `{"type":"who"}` | ask for the `members` |
//! | `{"type":"kick","name":"x"}`, `{"type":"ban","name":"x"}`, `{"type":"unban","address":"10.0.0.9"}` | the host's, refused to others as `not-host` |
//! | `{"type":"ping"}`, `{"type":"pong"}` | heartbeat |
//! | `{"type":"hand","entry":{…}}` | an entry that the host lacks, after `lack` |
//! | `{"type":"bye"}` | leave in order |
//! | `{"type":"look"}` | instead of `hello`: which room is this? Answered with `room`, and then the connection ends |
//!
//! # What the host sends
//!
//! | line | meaning |
//! |---|---|
//! | `{"type":"welcome","v":1,"room":"5f0c…","you":12,"name":"lorde","host":"capo","term":1,"seq":16,"members":[{"id":1,"name":"capo","host":true}]}` | in; the entries up to `seq` have happened |
//! | `{"type":"said","seq":17,"by":12,"n":1,"from":"lorde","text":"ciao","at":"2026-11-20T21:51:09.001+01:00"}` | somebody said something; with `"action":true` as an action. The author's own copy is the acknowledgement of its `n` |
//! | `{"type":"joined","seq":18,"members":[{"id":13,"name":"x"}]}` | members came; the first one has this `seq`, the next one `seq + 1`, … |
//! | `{"type":"left","seq":19,"id":13,"name":"x","reason":"quit"}` | a member went |
//! | `{"type":"renamed","seq":20,"id":12,"from":"lorde","to":"lorde2"}` | a member has another name |
//! | `{"type":"at","id":12,"at":["192.168.1.9:8808"]}` | a member would host at these addresses from now on: it has come back from elsewhere. No entry |
//! | `{"type":"told","by":12,"peer":"9a…","n":2,"from":"lorde","to":"capo","text":"psst","at":"…"}` | a private message, to both ends of it |
//! | `{"type":"members","members":[…]}` | the answer to `who` |
//! | `{"type":"refused","code":"too-long","text":"…","n":3}` | something was not done; `n` where it had one |
//! | `{"type":"ping"}`, `{"type":"pong"}` | heartbeat |
//! | `{"type":"handover","to":13}` | the host goes and member 13 hosts from now on; the last line |
//! | `{"type":"moved","to":["192.168.1.7:8808"],"room":"5f0c…"}` | the room goes on at one of these addresses, with another host, and as that room, which may be another one; the last line |
//! | `{"type":"moved","to":["192.168.1.7:8808"],"ahead":true}` | the room would go on at one of these addresses if this host were gone. To browsers only, after `welcome` and whenever it changes; not the last line |
//! | `{"type":"room","v":1,"room":"5f0c…","opened":"…","term":1,"host":"9a…","name":"capo","port":8808,"members":3}` | the answer to `look`: the room, its host's public id and name; with `"closed":true` where it takes a passphrase, and `blocked`, the public id of a host that this one should yield to and cannot reach |
//! | `{"type":"closed","reason":"host-shutdown","text":"…"}` | the end (`host-shutdown`, `left`, `kicked`, `banned`); the last line |
//!
//! A member's object has `id`, `name`, `host` (only where true), and, of a native member that showed a secret, `peer`, its
//! public id; `at`, the addresses at which it would host the room, where it may; `n`, its highest, where above 0.
//! `said` has `replayed` where it is history from before one joined, and `late` where it comes from another part of a
//! network that was cut; with either, and where it is told to a member that has come back, also `peer`, its author's public
//! id. Its `n` is the author's count, or, of a message that the author did not count, a number of the host's
//! which no count reaches ([2⁵²](crate::limits::COUNT_END) or more); `told` has an `n` only where its author counts.
//!
//! # Coming back
//!
//! Six more fields of `hello` are for a member that wants to find its place again: `key` (32 hexadecimal digits, a random
//! secret; its [hash](crate::room::id::Secret::peer) is the member's public id), `port` (at which it would host; absent: it never
//! hosts), `at` (`["192.168.1.7"]`: the addresses of its machine; those at which it would host are the one that the host
//! sees it come from, and then these, [four](crate::limits::CANDIDATE_ADDRESSES) at most; what is no address, or none that
//! [means the same](crate::room::home::is_anywhere) to all, is passed over), and, once it has been in the room, `room` (the room's id) and `have`, its table of terms
//! (`[{"t":1,"h":…,"s":17}]`: term, [first 53 bits](crate::room::id::PeerId::short) of the host's public id as a number,
//! last entry in it), and `aside`: how many messages of other pasts it brings besides, because the host to which it handed
//! them may not have read them. The `welcome` then has `after`: the entry up to which both pasts are the same. What follows it comes as entries with
//! their `term`, up to `seq`; `missed` says how many of them the host no longer has. `terms` is the host's table, and `opened` says when the room was opened.
//! Without `after` the host and the member know no common past: `history` says how many `replayed` messages follow (absent:
//! none). Until a member that moves in from another room has them all it is still in that one, should the connection be lost.
//!
//! A host that has just taken over may answer `hello` with `{"type":"lack","after":17}` first: the member hands over what
//! it has above that, one `hand` line an entry, and then gets its welcome. If `welcome` has `"lack":true`, the messages that
//! the member has above `after` are from another past: it hands them over as well, with those that it has kept aside, and
//! the host appends those that it does not have as `late`. A `ping` follows them: what was handed over is taken once that is
//! answered, and until then the member brings it to every host to which it comes.

mod ask;
mod decode;
mod encode;
mod entry;
mod look;
mod moved;
#[cfg(test)]
pub(crate) mod noise;
mod welcome;

pub(crate) use ask::*;
pub use decode::{Bad, Item, item};
pub(crate) use encode::*;
pub use entry::{EntryLine, JoinedLine, LeftLine, RenamedLine, SaidLine};
pub(crate) use look::room;
pub use look::{RoomLine, room_told};
pub(crate) use moved::{ahead, moved};
pub(crate) use welcome::*;

use std::net::SocketAddr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::limits::CANDIDATE_ADDRESSES;
use crate::room::entry::Member;
use crate::room::event::Closed;
use crate::room::id::{MemberId, PeerId, RoomId};
use crate::room::log::Term;

/// The version of the dialect.
pub const VERSION: u32 = 1;

/// A line of the host, as a member reads it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum FromHost {
    /// We are in.
    Welcome(Box<Welcomed>),
    /// An entry.
    Said(SaidLine),
    /// As many entries as there are members in it.
    Joined(JoinedLine),
    /// An entry.
    Left(LeftLine),
    /// An entry.
    Renamed(RenamedLine),
    /// A private message.
    Told(ToldLine),
    /// The answer to `who`.
    Members {
        /// Everybody, in order of joining.
        members: Vec<Person>,
    },
    /// Something was not done.
    Refused {
        /// For scripts.
        code: String,
        /// For people.
        #[serde(default)]
        text: String,
        /// Of which of our messages.
        n: Option<u64>,
    },
    /// Are you there?
    Ping,
    /// I am.
    Pong,
    /// The host goes; another member hosts from now on.
    Handover {
        /// Who.
        to: MemberId,
    },
    /// The room goes on elsewhere.
    Moved {
        /// Where.
        to: Vec<SocketAddr>,
    },
    /// The answer to `look`.
    Room(RoomLine),
    /// A member would host elsewhere from now on.
    At {
        /// Who.
        id: MemberId,
        /// Where.
        at: Vec<SocketAddr>,
    },
    /// A new host lacks what we have after an entry.
    Lack {
        /// Its last entry.
        after: u64,
    },
    /// The end.
    Closed {
        /// Why.
        reason: Closed,
        /// For people.
        #[serde(default)]
        text: String,
    },
    /// A line of a later version, passed over.
    #[serde(other)]
    Unknown,
}

/// The line that lets us in.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Welcomed {
    /// The version that the host speaks.
    pub v: u32,
    /// The room.
    pub room: RoomId,
    /// Which member we are.
    pub you: MemberId,
    /// The name that we got.
    pub name: String,
    /// The host's name.
    pub host: String,
    /// The term.
    pub term: u64,
    /// The last entry.
    pub seq: u64,
    /// When the room was opened, in RFC 3339.
    pub opened: Option<String>,
    /// The host's table of terms; of a host that keeps none, nothing.
    #[serde(default)]
    pub terms: Vec<Term>,
    /// The last entry that both pasts have in common, where we showed one.
    pub after: Option<u64>,
    /// How many entries after it the host no longer has.
    #[serde(default)]
    pub missed: u64,
    /// Whether the host lacks what we have after that entry.
    #[serde(default)]
    pub lack: bool,
    /// How many `replayed` messages follow.
    #[serde(default)]
    pub history: usize,
    /// Everybody, in order of joining.
    pub members: Vec<Person>,
}

/// A member as it stands in a roster.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Person {
    /// Its number.
    pub id: MemberId,
    /// Its name.
    pub name: String,
    /// Whether it hosts.
    #[serde(default, skip_serializing_if = "is_default")]
    pub host: bool,
    /// Its public id, where it showed a secret.
    #[serde(default, skip_serializing_if = "is_default")]
    pub peer: Option<PeerId>,
    /// Where it would host.
    #[serde(default, skip_serializing_if = "is_default")]
    pub at: Vec<SocketAddr>,
    /// Its highest `n`.
    #[serde(default, skip_serializing_if = "is_default")]
    pub n: u64,
}

/// A private message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ToldLine {
    /// Who said it, by number.
    pub by: MemberId,
    /// Who said it, by public id: with `n`, the guard against doubles.
    pub peer: PeerId,
    /// The author's count; 0: it does not count, and says nothing twice.
    #[serde(default, skip_serializing_if = "is_default")]
    pub n: u64,
    /// Who said it, by name.
    pub from: String,
    /// To whom, by name.
    pub to: String,
    /// The message.
    pub text: String,
    /// When, in RFC 3339.
    pub at: String,
    /// An action.
    #[serde(default, skip_serializing_if = "is_default")]
    pub action: bool,
}

impl Person {
    /// How a member stands in a roster.
    pub(crate) fn of(member: &Member, host: bool) -> Self {
        Self {
            id: member.id,
            name: member.name.to_string(),
            host,
            peer: member.returns.then_some(member.peer),
            at: member.at.clone(),
            n: member.n,
        }
    }

    /// The member behind it.
    pub fn into_member(self, room: RoomId) -> Member {
        Member {
            id: self.id,
            peer: self.peer.unwrap_or_else(|| PeerId::stranger(room, self.id)),
            returns: self.peer.is_some(),
            name: Arc::from(self.name),
            at: self.at.into_iter().take(CANDIDATE_ADDRESSES).collect(),
            n: self.n,
        }
    }
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

#[cfg(test)]
mod tests;
