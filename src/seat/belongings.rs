//! What goes along when we change rooms: into one of our own and back, and back out of one that we did not get into.
//!
//! Why we go is not known here.

use std::collections::{HashMap, VecDeque};
use std::io::ErrorKind;

use super::{Over, Phase, Seat};
use crate::limits::DEPARTED;
use crate::room::event::{Command, Event};
use crate::room::id::PeerId;
use crate::room::replica::Replica;

/// What one takes along from being a member to hosting, and back.
#[derive(Debug, Default)]
pub struct Belongings {
    /// What we know of the room, once we have been in one.
    pub replica: Option<Replica>,
    /// What we have sent and not got back, with its count.
    pub unacknowledged: VecDeque<(u64, Command)>,
    /// How far that has been on its way to a host: what has may have arrived.
    pub under_way: u64,
    /// What else we were asked for while nobody could hear it.
    pub asked: VecDeque<Command>,
    /// What others have told us privately.
    pub told: Told,
    /// What we were told and have not shown yet.
    pub events: VecDeque<Event>,
}

/// How far others have counted what they told us privately: a host that is new may pass one on again.
#[derive(Debug, Default)]
pub struct Told(HashMap<PeerId, u64>);

impl Told {
    /// Whether what `author` has counted as `n` is new to us; from now on it is not.
    pub fn is_new(&mut self, author: PeerId, n: u64) -> bool {
        if n == 0 {
            // It does not count what it says, and says nothing twice.
            return true;
        }
        if self.0.get(&author).is_some_and(|told| n <= *told) {
            return false;
        }
        if self.0.len() >= DEPARTED {
            // More peers than a room holds have told us something: the guard begins anew.
            self.0.clear();
        }
        self.0.insert(author, n);
        true
    }
}

impl Seat {
    /// Gives up the seat for a room of our own: what we know of the one we were in, and what we still have to say.
    pub fn pack(&mut self) -> Belongings {
        self.undo_move();
        Belongings {
            replica: self.replica.take(),
            unacknowledged: std::mem::take(&mut self.unacknowledged),
            under_way: self.under_way,
            asked: std::mem::take(&mut self.asked),
            told: std::mem::take(&mut self.told),
            events: std::mem::take(&mut self.events),
        }
    }

    /// Comes back from hosting: we are the member that we were in the room's roster, and count on from there.
    pub fn unpack(&mut self, belongings: Belongings) {
        let Belongings { replica, unacknowledged, under_way, asked, told, events } = belongings;
        self.events.extend(events);
        let peer = self.peer();
        if let Some(me) = replica.as_ref().and_then(|replica| replica.members().find(|member| member.peer == peer)) {
            (self.me, self.n) = (me.id, me.n);
            self.wanted = me.name.to_string();
        }
        self.n = unacknowledged.back().map_or(self.n, |(n, _)| self.n.max(*n));
        (self.replica, self.unacknowledged, self.asked, self.told) = (replica, unacknowledged, asked, told);
        self.under_way = under_way;
        self.role = None;
        self.phase = Phase::Over(Over::HungUp(ErrorKind::NotConnected));
    }

    /// Where a move into another room was cut short, we are still in the one that we came from: nobody who comes from elsewhere
    /// would have to tell us the rest. What we have been shown of the other room we bring along.
    pub(super) fn undo_move(&mut self) {
        let Some(mut before) = self.before.take() else { return };
        if let Some(replica) = self.replica.take() {
            before.put_aside(replica.log.iter().cloned().collect());
        }
        self.replica = Some(before);
    }
}
