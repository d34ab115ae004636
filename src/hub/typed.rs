//! What people type, made sense of: a name first, then messages and commands, by the one table of commands.
//!
//! How lines come, and what the room makes of a command, is not known here.

use std::net::IpAddr;

use super::admission::{self, Greeted};
use super::queue::Bytes;
use super::slot::Stage;
use super::{Effect, Hub, Letter, Link};
use crate::moment::Moment;
use crate::room::command::{self, Input, Typist};
use crate::room::event::Command;
use crate::room::id::MemberId;
use crate::room::request::{Hello, Request};
use crate::room::{Refusal, Room};
use crate::wire::native::{Item, VERSION};
use crate::wire::text;

/// A line of somebody who is not in yet: the name, or that it goes again.
pub(super) fn greet(room: &mut Room, link: Link, ip: IpAddr, stage: Stage, line: &str, now: Moment) -> Greeted {
    if let Ok(Input::Command(Command::Quit)) = command::parse(line, Typist::default()) {
        return Greeted::Leaves;
    }
    let hello = Hello { v: VERSION, name: line.to_owned(), ..Hello::default() };
    admission::greet(room, link, ip, stage, Item::Hello(Box::new(hello)), now)
}

/// What a member's line asks for.
pub(super) enum Asked {
    /// Something of the room.
    Room(Vec<Effect>),
    /// `/help`.
    Help(Option<&'static command::Entry>),
}

/// A line of a member.
pub(super) fn hear(room: &mut Room, link: Link, id: MemberId, line: &str, now: Moment) -> Asked {
    let request = match command::parse(line, Typist::default()) {
        Ok(Input::Nothing) => return Asked::Room(Vec::new()),
        Ok(Input::Help(about)) => return Asked::Help(about),
        Ok(Input::Command(command)) => Request::of(command, None, false),
        Ok(Input::Qr) => {
            let refusal =
                Refusal::new("unknown-command", "/qr is shown in a terminal in which hybrid-chat itself runs");
            return Asked::Room(vec![Effect::Letter(link, Letter::Refused(refusal))]);
        }
        Err(error) => {
            let refusal = Refusal::new(error.code(), error.to_string());
            return Asked::Room(vec![Effect::Letter(link, Letter::Refused(refusal))]);
        }
    };
    Asked::Room(room.request(id, request, now))
}

impl Hub {
    /// Asks somebody who says nothing for a name.
    pub(super) fn ask(&mut self, index: usize, now: Moment) {
        let Some(slot) = self.slot(index) else { return };
        slot.asked = true;
        self.push(index, Bytes::Fixed(text::QUESTION), now);
    }

    /// The answer to `/help`.
    pub(super) fn help(&mut self, index: usize, about: Option<&command::Entry>, now: Moment) {
        self.tell_entries(now);
        let mut bytes = Vec::new();
        text::help(&mut bytes, about);
        self.push(index, Bytes::Own(bytes.into_boxed_slice()), now);
    }
}
