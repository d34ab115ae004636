//! The host's own participant: a member like any other, without a socket.
//!
//! What it may do that others may not is a rule of the room, and none of this file.

use std::collections::VecDeque;
use std::net::SocketAddr;

use super::Hub;
use crate::moment::Moment;
use crate::room::Letter;
use crate::room::event::{Closed, Command, Event, Message, Role, What};
use crate::room::id::PeerId;
use crate::room::replica::Replica;
use crate::room::request::Request;
use crate::room::view;
use crate::seat::{Belongings, Told};
use crate::wire::http::Site;

/// The host's own participant.
#[derive(Debug)]
pub struct Own {
    /// Who it is.
    pub(super) peer: PeerId,
    /// Where the room listens.
    pub(super) address: SocketAddr,
    /// Under which names browsers may ask for it.
    pub(super) site: Site,
    /// What it had sent to the host before and not got back, with its count: said again as soon as that is possible.
    unacknowledged: VecDeque<(u64, Command)>,
    /// How far those have been on their way to a host.
    under_way: u64,
    /// What else it was asked for before: done then.
    asked: VecDeque<Command>,
    told: Told,
    /// The last `role` that it was told.
    role: Option<What>,
}

impl Own {
    /// What it takes along, with its copy of the room.
    pub(super) fn pack(self, replica: Replica, events: VecDeque<Event>) -> Belongings {
        let Self { unacknowledged, under_way, asked, told, .. } = self;
        Belongings { replica: Some(replica), unacknowledged, under_way, asked, told, events }
    }

    /// The participant of a host that listens at `address`, with what it brings along from its seat.
    pub fn new(peer: PeerId, address: SocketAddr, belongings: Belongings) -> Self {
        let Belongings { unacknowledged, under_way, asked, told, .. } = belongings;
        Self { peer, address, site: Site::default(), unacknowledged, under_way, asked, told, role: None }
    }

    /// The same on a machine of this name, under which browsers may ask for the page.
    pub fn on(self, machine: String) -> Self {
        Self { site: Site { name: machine }, ..self }
    }
}

impl Hub {
    /// The own participant asks for something. Leaving and closing are not asked of a hub: see [`Hub::close`] and
    /// [`Hub::hand_over`].
    pub fn command(&mut self, command: Command, now: Moment) {
        self.command_counted(None, command, now);
    }

    /// Whether the own participant can be heard: not while the room only listens.
    pub fn takes_commands(&self) -> bool {
        !self.room.is_flushing()
    }

    /// Tells the own participant something that is worth knowing.
    pub fn notice(&mut self, text: String, now: Moment) {
        self.events.push_back(Event { at: now.wall, what: What::Notice { text } });
    }

    /// Tells the own participant again where and as what it is, and who is there: it has missed something.
    pub fn remind(&mut self, now: Moment) {
        self.own.role = None;
        self.tell_role(now);
    }

    fn command_counted(&mut self, n: Option<u64>, command: Command, now: Moment) {
        if matches!(command, Command::Quit | Command::EndOfInput | Command::Stop) {
            return;
        }
        let request = Request::of(command, n, n.is_some_and(|n| n <= self.own.under_way));
        let effects = self.room.request(self.room.me(), request, now);
        self.apply(effects, now);
        self.tell_entries(now);
    }

    /// The room goes on after a change of host.
    pub(super) fn begin(&mut self, now: Moment) {
        self.tell_entries(now);
        self.tell_role(now);
        for (n, command) in std::mem::take(&mut self.own.unacknowledged) {
            self.command_counted(Some(n), command, now);
        }
        for command in std::mem::take(&mut self.own.asked) {
            self.command(command, now);
        }
    }

    /// Tells the own participant where and as what it is, if that has changed.
    pub(super) fn tell_role(&mut self, now: Moment) {
        let replica = self.room.replica();
        if self.room.is_flushing() {
            return;
        }
        let name = replica.host_name();
        let same = |role: &What| matches!(role, What::Role { name: told, term, .. } if **told == *name && *term == replica.term);
        if self.own.role.as_ref().is_some_and(same) {
            return;
        }
        let role = What::Role {
            role: Role::Host,
            address: self.own.address.to_string(),
            name: name.to_string(),
            host: name.to_string(),
            term: replica.term,
        };
        self.own.role = Some(role.clone());
        self.events.push_back(Event { at: now.wall, what: role });
        self.events.push_back(Event { at: now.wall, what: view::roster(replica) });
    }

    /// Shows the own participant what is for it alone.
    pub(super) fn show(&mut self, letter: Letter, now: Moment) {
        self.tell_entries(now);
        if let Letter::Told { by, peer, n, .. } = &letter
            && *by != self.room.me()
            && !self.own.told.is_new(*peer, *n)
        {
            return;
        }
        let what = match letter {
            Letter::Told { by, from, to, text, action, .. } => What::Message(Message {
                from,
                text,
                own: by == self.room.me(),
                action,
                private: true,
                replayed: false,
                late: false,
                seq: None,
                to: Some(to),
            }),
            Letter::Refused(refusal) => What::Refused { code: refusal.code.into(), text: refusal.text },
            Letter::Notice(text) => What::Notice { text },
            Letter::Members => view::roster(self.room.replica()),
            // The host neither pings itself, nor lacks what it has, nor ends its own connection.
            Letter::Pong | Letter::Lack(_) | Letter::Closed(..) => return,
        };
        self.events.push_back(Event { at: now.wall, what });
    }

    pub(super) fn show_closed(&mut self, reason: Closed, text: &str, now: Moment) {
        self.events.push_back(Event { at: now.wall, what: What::Closed { reason, text: text.into() } });
    }
}
