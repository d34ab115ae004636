//! Letting in: from the first line of a connection to its welcome.
//!
//! Who may come in is the room's decision.

use std::cmp::Reverse;
use std::net::IpAddr;

use super::queue::Bytes;
use super::slot::{Slot, Stage};
use super::welcome::Welcomes;
use super::{Hub, index_of};
use crate::connection_log::{Event as Happened, LogLine};
use crate::limits::NAME_TRIES;
use crate::moment::Moment;
use crate::room::event::Closed;
use crate::room::id::MemberId;
use crate::room::request::Request;
use crate::room::{Admission, Effect, Letter, Link, Refusal, Room};
use crate::wire::Dialect;
use crate::wire::native::{self, Item, VERSION};

/// What came of a line of somebody who is not in yet.
pub(super) enum Greeted {
    /// It waits to be let in.
    Waits(Vec<Effect>),
    /// It goes on as before.
    GoesOn(Vec<Effect>),
    /// It is not let in.
    Refused(Refusal),
    /// It only wants to know which room this is.
    Looks,
    /// It goes.
    Leaves,
}

/// A line of somebody who is not in yet.
pub(super) fn greet(room: &mut Room, link: Link, ip: IpAddr, stage: Stage, item: Item<'_>, now: Moment) -> Greeted {
    match item {
        Item::Hello(_) if stage == Stage::Waiting => Greeted::GoesOn(already_in(link)),
        Item::Hello(hello) if hello.v != VERSION => {
            Greeted::Refused(Refusal::new("version", format!("this room speaks version {VERSION}, not {}", hello.v)))
        }
        Item::Hello(hello) => match room.hello(link, ip.to_canonical(), *hello, now) {
            Ok(effects) => Greeted::Waits(effects),
            Err(refusal) => Greeted::Refused(refusal),
        },
        Item::Look if stage == Stage::Waiting => Greeted::GoesOn(already_in(link)),
        Item::Look => Greeted::Looks,
        Item::Hand(line) => {
            let entries = line.into_entries(room.replica().term, room.replica());
            room.hand(link, entries);
            Greeted::GoesOn(Vec::new())
        }
        Item::Request(Request::Ping) => Greeted::GoesOn(vec![Effect::Letter(link, Letter::Pong)]),
        Item::Request(Request::Pong) => Greeted::GoesOn(Vec::new()),
        Item::Request(Request::Bye) => Greeted::Leaves,
        Item::Request(_) => {
            let refusal = Refusal::new("hello-first", "say hello first: {\"type\":\"hello\",\"v\":1,\"name\":\"…\"}");
            Greeted::GoesOn(vec![Effect::Letter(link, Letter::Refused(refusal))])
        }
    }
}

/// A line of a member.
pub(super) fn hear(room: &mut Room, link: Link, id: MemberId, item: Item<'_>, now: Moment) -> Vec<Effect> {
    match item {
        Item::Request(request) => room.request(id, request, now),
        Item::Hand(line) => {
            let entries = line.into_entries(room.replica().term, room.replica());
            room.take_late(id, entries);
            Vec::new()
        }
        Item::Hello(_) | Item::Look => already_in(link),
    }
}

fn already_in(link: Link) -> Vec<Effect> {
    vec![Effect::Letter(link, Letter::Refused(Refusal::new("already-in", "you have said hello already")))]
}

impl Hub {
    /// Does what came of such a line.
    pub(super) fn greeted(&mut self, index: usize, greeted: Greeted, now: Moment) -> Vec<Effect> {
        let Some(slot) = self.slots.get_mut(index).and_then(Option::as_mut) else { return Vec::new() };
        match (greeted, slot.stage) {
            (Greeted::Waits(effects), _) => {
                slot.stage = Stage::Waiting;
                // Whoever is asked to hand over what the room lacks is heard at once.
                slot.throttled = effects.is_empty();
                effects
            }
            (Greeted::GoesOn(effects), _) => effects,
            (Greeted::Refused(refusal), Stage::Greeting(tries)) if refusal.code == "bad-name" && tries < NAME_TRIES => {
                slot.stage = Stage::Greeting(tries + 1);
                let person = slot.dialect() == Dialect::Text;
                self.post(index, Letter::Refused(refusal), now);
                if person {
                    self.ask(index, now);
                }
                Vec::new()
            }
            (Greeted::Refused(refusal), _) => {
                let refused = Happened::Refused { reason: refusal.code.into() };
                self.records.push(LogLine::new(now.wall, slot.address, refused));
                self.post(index, Letter::Refused(refusal), now);
                self.end(index, "refused", now);
                Vec::new()
            }
            (Greeted::Looks, _) => {
                let mut bytes = Vec::new();
                native::room(&mut bytes, &self.announcement());
                self.push(index, Bytes::Own(bytes.into_boxed_slice()), now);
                self.end(index, "looked", now);
                Vec::new()
            }
            (Greeted::Leaves, _) => {
                self.post(index, Letter::Closed(Closed::Left, "you left".into()), now);
                self.end(index, "quit", now);
                Vec::new()
            }
        }
    }

    /// Welcomes those who were let in together: the roster and the history are encoded once for all of them.
    pub(super) fn admit(&mut self, admissions: &[Admission], now: Moment) {
        self.tell_entries(now);
        let is_web = |slot: &Slot| slot.dialect() == Dialect::Web;
        if admissions.iter().any(|it| self.slots.get(index_of(it.link)).is_some_and(|slot| slot.iter().any(is_web))) {
            self.tell_ahead();
        }
        let ahead = if self.ahead.is_empty() { Vec::new() } else { self.ahead_line() };
        let mut welcomes = Welcomes::default();
        for admission in admissions {
            let link = admission.link;
            let index = index_of(link);
            let Some(slot) = self.slots.get_mut(index).and_then(Option::as_mut) else { continue };
            // Who came twice at once is a member by the later connection, and the earlier one has ended already.
            if slot.link != link || slot.stage != Stage::Waiting {
                continue;
            }
            let dialect = slot.dialect();
            let stream = self.streams.of_dialect(dialect);
            slot.join(admission.id, admission.name.clone(), stream, now.mono);
            for bytes in welcomes.of(dialect, admission, self.room.replica(), &mut self.encoder) {
                slot.queue.push(bytes, stream);
            }
            if dialect == Dialect::Web {
                slot.queue.push(Bytes::Own(ahead.as_slice().into()), stream);
            }
            self.streams.join(dialect);
            if slot.throttled {
                self.throttled.push(Reverse((now.mono, link)));
            }
            self.dirty.push(index);
            self.next_sweep = self.next_sweep.min(slot.deadline());
            let joined = Happened::Joined { name: admission.name.to_string(), via: dialect.word().into() };
            self.records.push(LogLine::new(now.wall, slot.address, joined));
        }
    }

    /// Tells everybody who is in where a member would host, at its place among the entries.
    pub(super) fn tell_home(&mut self, id: MemberId, now: Moment) {
        self.tell_entries(now);
        let Some(member) = self.room.replica().member(id) else { return };
        let mut line = Vec::new();
        native::at(&mut line, id, &member.at);
        self.append(&line);
        self.tell_ahead();
    }
}
