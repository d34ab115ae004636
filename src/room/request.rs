//! What somebody on a connection asks of a room: the words between dialects and rules.
//!
//! A request says what is wanted and is believed in nothing: the room checks it. How it came is not known here.

use std::borrow::Cow;
use std::net::IpAddr;

use super::event::Command;
use super::id::{RoomId, Secret};
use super::log::Term;

/// What a member asks for, borrowed from its line where that is possible.
#[derive(Debug, PartialEq)]
pub enum Request<'a> {
    /// Tell everybody.
    Say {
        /// The sender's count; none: it does not count, and says nothing twice.
        n: Option<u64>,
        /// The message as it came.
        text: Cow<'a, str>,
        /// As an action.
        action: bool,
    },
    /// Tell one member.
    Tell {
        /// The sender's count; none: it does not count, and says nothing twice.
        n: Option<u64>,
        /// The member's name.
        to: Cow<'a, str>,
        /// The message as it came.
        text: Cow<'a, str>,
        /// As an action.
        action: bool,
        /// It was sent before, and the answer is lost.
        again: bool,
    },
    /// Give me another name.
    Nick(Cow<'a, str>),
    /// Who is here?
    Who,
    /// End a member's connection.
    Kick(Cow<'a, str>),
    /// End a member's connection and refuse its address.
    Ban(Cow<'a, str>),
    /// Let an address in again.
    Unban(Cow<'a, str>),
    /// Are you there?
    Ping,
    /// I am.
    Pong,
    /// I go.
    Bye,
}

impl Request<'static> {
    /// What a command asks of a room, for the first time or `again`. Leaving, in whatever way, is [`Request::Bye`].
    pub fn of(command: Command, n: Option<u64>, again: bool) -> Self {
        match command {
            Command::Say { text, action } => Self::Say { n, text: Cow::Owned(text), action },
            Command::Tell { to, text } => {
                Self::Tell { n, to: Cow::Owned(to), text: Cow::Owned(text), action: false, again }
            }
            Command::Rename(name) => Self::Nick(Cow::Owned(name)),
            Command::Who => Self::Who,
            Command::Kick(name) => Self::Kick(Cow::Owned(name)),
            Command::Ban(name) => Self::Ban(Cow::Owned(name)),
            Command::Unban(address) => Self::Unban(Cow::Owned(address)),
            Command::Quit | Command::EndOfInput | Command::Stop => Self::Bye,
        }
    }
}

/// Who wants to be let in.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Hello {
    /// The version that it speaks.
    pub v: u32,
    /// The name that it would like.
    pub name: String,
    /// Its secret, if it means to come back.
    pub key: Option<Secret>,
    /// The port at which it would host.
    pub port: Option<u16>,
    /// The addresses at which it would, besides the one that it is seen to come from.
    pub at: Vec<IpAddr>,
    /// The room that it was in.
    pub room: Option<RoomId>,
    /// Its table of terms in that room.
    pub have: Vec<Term>,
    /// How many messages of other pasts it brings besides.
    pub aside: u64,
}
