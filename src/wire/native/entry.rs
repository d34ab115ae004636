//! Entries as lines: what happened in a room, live, resumed or handed over.
//!
//! Whether an entry may stand where it says is for its reader to judge.

use chrono::DateTime;
use serde::{Deserialize, Serialize};

use super::{Person, is_default};
use crate::room::entry::{Act, Entry, Said};
use crate::room::event::Leave;
use crate::room::id::{MemberId, PeerId, RoomId};
use crate::room::replica::Replica;

/// Something said.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SaidLine {
    /// Its number.
    pub seq: u64,
    /// Its term, where that is not the current one.
    #[serde(default, skip_serializing_if = "is_default")]
    pub term: Option<u64>,
    /// Who said it, by number; 0: somebody who is not here.
    #[serde(default)]
    pub by: MemberId,
    /// Who said it, by public id, where the number alone does not tell.
    #[serde(default, skip_serializing_if = "is_default")]
    pub peer: Option<PeerId>,
    /// The author's count; 0: the host says none, and what it says is told from all else by its place.
    #[serde(default)]
    pub n: u64,
    /// The author's name.
    pub from: String,
    /// The message.
    pub text: String,
    /// When, in RFC 3339.
    pub at: String,
    /// An action.
    #[serde(default, skip_serializing_if = "is_default")]
    pub action: bool,
    /// History from before the reader joined.
    #[serde(default, skip_serializing_if = "is_default")]
    pub replayed: bool,
    /// From another part of a network that was cut.
    #[serde(default, skip_serializing_if = "is_default")]
    pub late: bool,
}

/// Members came.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct JoinedLine {
    /// The number of the first one's entry.
    pub seq: u64,
    /// Its term, where that is not the current one.
    #[serde(default, skip_serializing_if = "is_default")]
    pub term: Option<u64>,
    /// Who.
    pub members: Vec<Person>,
}

/// A member went.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LeftLine {
    /// Its number.
    pub seq: u64,
    /// Its term, where that is not the current one.
    #[serde(default, skip_serializing_if = "is_default")]
    pub term: Option<u64>,
    /// Who, by number.
    pub id: MemberId,
    /// Who, by name.
    pub name: String,
    /// Why.
    pub reason: Leave,
}

/// A member has another name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RenamedLine {
    /// Its number.
    pub seq: u64,
    /// Its term, where that is not the current one.
    #[serde(default, skip_serializing_if = "is_default")]
    pub term: Option<u64>,
    /// Who.
    pub id: MemberId,
    /// The old name.
    pub from: String,
    /// The new name.
    pub to: String,
}

/// One entry as a line of its own, as it is handed over and read back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum EntryLine {
    /// Something said.
    Said(SaidLine),
    /// One member came.
    Joined(JoinedLine),
    /// A member went.
    Left(LeftLine),
    /// A member has another name.
    Renamed(RenamedLine),
}

impl EntryLine {
    /// The entries of the line, in `term` where it names none. A live line leaves the author's public id to be looked up
    /// in the roster.
    pub fn into_entries(self, term: u64, replica: &Replica) -> Vec<Entry> {
        match self {
            Self::Said(line) => line.into_entry(term, replica).into_iter().collect(),
            Self::Joined(line) => line.into_entries(term, replica.room),
            Self::Left(line) => {
                let act = Act::Left { id: line.id, name: line.name.into(), reason: line.reason };
                vec![Entry { seq: line.seq, term: line.term.unwrap_or(term), at: replica.opened, act }]
            }
            Self::Renamed(line) => {
                let act = Act::Renamed { id: line.id, from: line.from.into(), to: line.to.into() };
                vec![Entry { seq: line.seq, term: line.term.unwrap_or(term), at: replica.opened, act }]
            }
        }
    }
}

impl SaidLine {
    fn into_entry(self, term: u64, replica: &Replica) -> Option<Entry> {
        let by = self.by;
        let known = || replica.member(by).map_or_else(|| PeerId::stranger(replica.room, by), |member| member.peer);
        let said = Said {
            by,
            peer: self.peer.unwrap_or_else(known),
            n: if self.n == 0 { Said::uncounted(self.seq) } else { self.n },
            from: self.from.into(),
            text: self.text.into(),
            action: self.action,
            late: self.late,
        };
        let at = DateTime::parse_from_rfc3339(&self.at).ok()?;
        Some(Entry { seq: self.seq, term: self.term.unwrap_or(term), at, act: Act::Said(said) })
    }
}

impl JoinedLine {
    fn into_entries(self, term: u64, room: RoomId) -> Vec<Entry> {
        let term = self.term.unwrap_or(term);
        let entry = |(seq, person): (u64, Person)| {
            // When somebody came is shown by nobody later: the entry stands for its place in the order.
            Entry { seq, term, at: DateTime::UNIX_EPOCH.fixed_offset(), act: Act::Joined(person.into_member(room)) }
        };
        // A peer may have written any number: counting on from it must not overflow.
        let seqs = (0..).map(|i| self.seq.saturating_add(i));
        seqs.zip(self.members).map(entry).collect()
    }
}
