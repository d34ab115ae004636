//! What everybody hears: each entry of the room's log is encoded once for each dialect in use, and shown on the own screen.
//!
//! It decides nothing: the room has ordered what is told.

use super::slot::{Slot, Stage};
use super::{Hub, index_of};
use crate::moment::Moment;
use crate::room::entry::{Act, Entry};
use crate::room::{Room, view};
use crate::wire::{Dialect, text, websocket};

impl Hub {
    /// Appends to the streams what the room has ordered since the last time, and shows it on the own screen.
    pub(super) fn tell_entries(&mut self, now: Moment) {
        let replica = self.room.replica();
        if replica.log.last() == self.told {
            return;
        }
        if self.streams.is_read(Dialect::Native) || self.streams.is_read(Dialect::Web) {
            let mut lines = std::mem::take(&mut self.scratch);
            lines.clear();
            self.encoder.live(&mut lines, replica.log.after(self.told));
            self.append(&lines);
            // The same memory, turn after turn.
            self.scratch = lines;
        }
        if self.streams.is_read(Dialect::Text) {
            self.tell_people();
        }
        let replica = self.room.replica();
        let me = self.own.peer;
        let mut crowd_changed = false;
        for entry in replica.log.after(self.told) {
            self.events.extend(view::event(replica, me, entry, false, now));
            crowd_changed |= matches!(entry.act, Act::Joined(_) | Act::Left { .. });
            if let Act::Renamed { id, to, .. } = &entry.act
                && let Some(slot) = self.slots.iter_mut().flatten().find(|slot| slot.stage == Stage::In(*id))
            {
                slot.name = Some(to.clone());
            }
        }
        self.told = replica.log.last();
        if crowd_changed && self.streams.is_read(Dialect::Web) {
            self.tell_ahead();
        }
        if !self.room.is_flushing() {
            self.tell_role(now);
        }
    }

    /// The same as text. Nobody reads there what they typed themselves: their own words stand on their screens already.
    fn tell_people(&mut self) {
        for entry in self.room.replica().log.after(self.told) {
            self.scratch.clear();
            text::entry(&mut self.scratch, entry);
            self.streams.append(Dialect::Text, &self.scratch);
            let stream = self.streams.of_dialect(Dialect::Text);
            if let Some(slot) = whose(entry, &self.room, &mut self.slots).filter(|slot| slot.reads(Dialect::Text)) {
                slot.queue.skip(self.scratch.len(), stream);
            }
        }
    }

    /// Appends lines of the native dialect to the streams of all who read its objects.
    pub(super) fn append(&mut self, lines: &[u8]) {
        if self.streams.is_read(Dialect::Native) {
            self.streams.append(Dialect::Native, lines);
        }
        if self.streams.is_read(Dialect::Web) {
            self.frames.clear();
            websocket::lines(&mut self.frames, lines);
            self.streams.append(Dialect::Web, &self.frames);
        }
    }
}

/// The connection of whoever speaks, or goes, in an entry. Who has gone since is found by what the connection still is.
fn whose<'a>(entry: &Entry, room: &Room, slots: &'a mut [Option<Slot>]) -> Option<&'a mut Slot> {
    let id = match &entry.act {
        Act::Said(said) => said.by,
        Act::Left { id, .. } => *id,
        Act::Joined(_) | Act::Renamed { .. } => return None,
    };
    match room.link(id) {
        Some(link) => slots.get_mut(index_of(link)).and_then(Option::as_mut),
        None => slots.iter_mut().flatten().find(|slot| slot.stage == Stage::In(id)),
    }
}
