//! What a room orders: entries, with the term and the number that make up the order.
//!
//! An entry says what happened and where it stands; nothing here knows how it is shown or how it travels.

use std::net::SocketAddr;
use std::sync::Arc;

use chrono::{DateTime, FixedOffset};

use super::event::Leave;
use super::id::{MemberId, PeerId};
use crate::limits::COUNT_END;

/// One thing that happened, at its place in the room's order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its number: goes on by one over all terms.
    pub seq: u64,
    /// The term of the host that numbered it.
    pub term: u64,
    /// When, by the clock of the host that numbered it first.
    pub at: DateTime<FixedOffset>,
    /// What.
    pub act: Act,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// Somebody said something.
    Said(Said),
    /// Somebody came.
    Joined(Member),
    /// Somebody went.
    Left {
        /// Who.
        id: MemberId,
        /// The name it had.
        name: Arc<str>,
        /// Why.
        reason: Leave,
    },
    /// Somebody took another name.
    Renamed {
        /// Who.
        id: MemberId,
        /// The old name.
        from: Arc<str>,
        /// The new name.
        to: Arc<str>,
    },
}

/// Something said to the room. Author and `n` make it the same message wherever it turns up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// The author's number in the room (of an author from another past: 0).
    pub by: MemberId,
    /// The author.
    pub peer: PeerId,
    /// The author's own count of what it sent, or a number of the host's: [`Said::count`] tells.
    pub n: u64,
    /// The author's name at the time.
    pub from: Arc<str>,
    /// The message, cleaned.
    pub text: Arc<str>,
    /// An action (`/me`).
    pub action: bool,
    /// Came out of another part of a network that was cut, after newer entries.
    pub late: bool,
}

/// Somebody in the room, as every member knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Its number: lower is senior.
    pub id: MemberId,
    /// Which run of the program it is.
    pub peer: PeerId,
    /// Whether it showed a secret, and so can come back as itself.
    pub returns: bool,
    /// Its name.
    pub name: Arc<str>,
    /// Where it would host the room, were it the next host; empty for one that never hosts.
    pub at: Vec<SocketAddr>,
    /// The highest `n` of what it sent that the room has dealt with.
    pub n: u64,
}

impl Said {
    /// A number for a message without a count of its author's: one that no such count reaches, so that neither is taken for
    /// a double of the other.
    pub(crate) fn uncounted(number: u64) -> u64 {
        COUNT_END | number & (COUNT_END - 1)
    }

    /// The author's count, where the author counts.
    pub fn count(&self) -> Option<u64> {
        (self.n < COUNT_END).then_some(self.n)
    }
}

impl Member {
    /// Whether it may become the host.
    pub fn is_candidate(&self) -> bool {
        !self.at.is_empty()
    }
}

impl Entry {
    /// What the entry costs of the log's bound in bytes: its text, and a flat price for the rest.
    pub fn cost(&self) -> usize {
        const FLAT: usize = 128;
        match &self.act {
            Act::Said(said) => FLAT + said.text.len(),
            Act::Joined(_) | Act::Left { .. } | Act::Renamed { .. } => FLAT,
        }
    }

    /// What was said, where the entry is that.
    pub fn said(&self) -> Option<&Said> {
        match &self.act {
            Act::Said(said) => Some(said),
            _ => None,
        }
    }
}
