//! What a connection hears from the room, or suffers: the room's answers, each for one connection alone.
//!
//! What everybody hears is an [`Entry`](super::entry::Entry). It does not know how any of it is written down.

use std::sync::Arc;

use super::Link;
use super::event::{Closed, Leave};
use super::id::{MemberId, PeerId};
use super::name::NameError;
use super::text::TextError;
use crate::limits::{HISTORY_MESSAGES, LOG_ENTRIES};

/// What one connection must hear, or must suffer.
#[derive(Debug, PartialEq)]
pub enum Effect {
    /// These are in, as of the last entry: welcome them.
    Admitted(Vec<Admission>),
    /// Everybody who is in has to know where this member would host from now on: it is no entry, because it is no part of
    /// what people hear, and whoever comes later reads it in the roster.
    Rehomed(MemberId),
    /// Something for one connection alone.
    Letter(Link, Letter),
    /// The connection ends, once it has what was sent to it.
    End(Link, End),
}

/// One who has been let in.
#[derive(Debug, PartialEq)]
pub struct Admission {
    /// Its connection.
    pub link: Link,
    /// Its number.
    pub id: MemberId,
    /// The name that it got.
    pub name: Arc<str>,
    /// The entry up to which it knows the room's past; none for a newcomer, who gets the history.
    pub after: Option<u64>,
    /// How many entries after that are no longer to be had.
    pub missed: u64,
    /// Whether it has messages that the room lacks.
    pub lack: bool,
}

impl Admission {
    /// How many past messages it gets where it knows nothing of ours. Who moves in from another room brings messages along:
    /// those of its neighbours, which it knows, would be all that it gets.
    pub fn history(&self) -> usize {
        if self.lack { LOG_ENTRIES } else { HISTORY_MESSAGES }
    }
}

/// Something for one connection alone.
#[derive(Debug, PartialEq)]
pub enum Letter {
    /// A private message.
    Told {
        /// Who said it, by number.
        by: MemberId,
        /// Who said it, by public id: with `n`, the guard against doubles.
        peer: PeerId,
        /// The author's count; 0: it does not count.
        n: u64,
        /// Who said it, by name.
        from: Arc<str>,
        /// To whom, by name.
        to: Arc<str>,
        /// What.
        text: Arc<str>,
        /// As an action.
        action: bool,
    },
    /// Something was not done.
    Refused(Refusal),
    /// What came of something that was asked for, where there is more to say than all see.
    Notice(String),
    /// The roster, as asked for.
    Members,
    /// The answer to a `ping`.
    Pong,
    /// Hand over what you have after this entry.
    Lack(u64),
    /// The last word before the end.
    Closed(Closed, String),
}

/// What was not done, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// For scripts.
    pub code: &'static str,
    /// For people: a sentence.
    pub text: String,
    /// Of which message.
    pub n: Option<u64>,
}

impl Refusal {
    /// What was not done, and why.
    pub fn new(code: &'static str, text: impl Into<String>) -> Self {
        Self { code, text: text.into(), n: None }
    }

    /// The same of something that may have been done before.
    pub(super) fn unsure(self) -> Self {
        Self { text: format!("{}; what you wrote may have arrived before", self.text), ..self }
    }

    pub(super) fn of(self, n: Option<u64>) -> Self {
        Self { n, ..self }
    }
}

impl From<NameError> for Refusal {
    fn from(error: NameError) -> Self {
        Self::new(error.code(), error.to_string())
    }
}

impl From<TextError> for Refusal {
    fn from(error: TextError) -> Self {
        Self::new(error.code(), error.to_string())
    }
}

/// To whoever means a member that has not come to a new host yet.
pub(super) fn away(name: &str) -> Refusal {
    Refusal::new("away", format!("{name} is away: its connection was lost a moment ago"))
}

/// To whoever knocks from a banned address.
pub(super) fn banned() -> Refusal {
    Refusal::new("banned", "the host has banned this address")
}

/// Why a connection ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// Its member left.
    Left(Leave),
    /// Its member came back on another connection.
    Replaced,
}
