//! What the host has ordered, applied to our copy of the room and shown once.
//!
//! The room's rules are the host's to keep: here only holes in the order, and numbers that no room reaches, end the
//! connection.

use std::collections::HashSet;

use super::{Over, Phase, Seat};
use crate::limits::{NUMBER_MAX, ROSTER};
use crate::moment::Moment;
use crate::room::entry::{Act, Entry, Said};
use crate::room::event::{Listed, What};
use crate::room::view;
use crate::wire::native::{EntryLine, Person, Welcomed};

/// What is still to come after a welcome, before we are where the host is.
#[derive(Debug)]
pub(super) enum CatchUp {
    /// We knew nothing of the room: so many messages of its history.
    History { left: usize },
    /// The entries that we lack.
    Entries {
        welcome: Box<Welcomed>,
        /// The names that are shown as those in the room, where we have lived in another part of it: who comes and goes in
        /// the host's past may have done so in ours.
        there: Option<HashSet<String>>,
    },
}

impl CatchUp {
    /// Whether this can be told to somebody who knows who is shown to be there. The roster follows in any case.
    fn can_be_told(&mut self, what: &What) -> bool {
        let Self::Entries { there: Some(there), .. } = self else { return true };
        match what {
            What::Joined { name } => there.insert(name.clone()),
            What::Left { name, .. } => there.remove(name),
            What::Renamed { from, to } => !there.contains(to) && there.remove(from) && there.insert(to.clone()),
            _ => true,
        }
    }
}

impl Seat {
    /// Entries, as one line brings them.
    pub(super) fn entries(&mut self, line: EntryLine, now: Moment) {
        let replayed = matches!(&line, EntryLine::Said(said) if said.replayed);
        if let Some(CatchUp::History { left }) = self.catch_up.as_mut().filter(|_| !replayed) {
            // What is ordered now comes behind all history, however much of it was to come.
            *left = 0;
            self.catch_up_done(now);
        }
        let Some(replica) = &self.replica else { return };
        for entry in line.into_entries(replica.term, replica) {
            if replayed { self.history(entry, now) } else { self.entry(entry, now) }
        }
        self.catch_up_done(now);
        self.farewell_if_heard(now);
    }

    /// A message from before we joined: kept and shown, but no part of the order that we follow.
    fn history(&mut self, entry: Entry, now: Moment) {
        let peer = self.peer();
        let Some(replica) = &mut self.replica else { return };
        let event = view::event(replica, peer, &entry, true, now);
        replica.log.keep(entry);
        self.events.extend(event);
        if let Some(CatchUp::History { left }) = &mut self.catch_up {
            *left = left.saturating_sub(1);
        }
    }

    fn entry(&mut self, entry: Entry, now: Moment) {
        let peer = self.peer();
        let Some(replica) = &mut self.replica else { return };
        let last = replica.log.last();
        if entry.seq <= last {
            return;
        }
        let missing = matches!(&self.catch_up, Some(CatchUp::Entries { welcome, .. }) if welcome.missed > 0);
        let full = matches!(entry.act, Act::Joined(_)) && replica.members().len() >= ROSTER;
        if entry.seq > last + 1 && !missing || entry.seq > NUMBER_MAX || full {
            // A hole in the order: we come back for what is missing. Or more than any room has.
            self.phase = Phase::Over(Over::Lost);
            return;
        }
        let event = view::event(replica, peer, &entry, false, now);
        let event = event.filter(|event| self.catch_up.as_mut().is_none_or(|up| up.can_be_told(&event.what)));
        let own = entry.said().filter(|said| said.peer == peer).and_then(Said::count);
        let renames = matches!(entry.act, Act::Renamed { .. });
        let renamed = match &entry.act {
            Act::Renamed { id, to, .. } if *id == self.me => Some(to.clone()),
            _ => None,
        };
        match &self.catch_up {
            Some(CatchUp::Entries { welcome, .. }) => replica.append_as_in(&welcome.terms, entry),
            _ => replica.append(entry),
        }
        self.events.extend(event);
        if let Some(name) = renamed {
            self.want(&name);
        }
        if let Some(n) = own {
            self.acknowledged(n);
        }
        if renames && self.catch_up.is_none() {
            self.tell_role(false, now);
        }
    }

    /// Once we are where the host was when it let us in: who is there, and what we have to say again.
    pub(super) fn catch_up_done(&mut self, now: Moment) {
        let Some(replica) = &mut self.replica else { return };
        let is_done = |catch_up: &mut CatchUp| match catch_up {
            CatchUp::History { left } => *left == 0,
            CatchUp::Entries { welcome, .. } => replica.log.last() >= welcome.seq,
        };
        match self.catch_up.take_if(is_done) {
            None => return,
            Some(CatchUp::History { .. }) => {
                if self.before.take().is_some_and(|before| before.room != replica.room) {
                    self.give_up_private(now);
                }
            }
            Some(CatchUp::Entries { welcome, there }) => {
                replica.log.adopt(welcome.terms);
                let room = welcome.room;
                replica.set_members(welcome.members.into_iter().map(|person| person.into_member(room)));
                self.tell_role(there.is_some(), now);
            }
        }
        // Nobody has heard more of us than we have said.
        let heard = self.replica.as_ref().and_then(|replica| replica.member(self.me)).map_or(0, |me| me.n);
        self.acknowledged(heard.min(self.n));
        self.send_again();
        self.farewell_if_heard(now);
    }

    /// The answer to `who`.
    pub(super) fn listed(&mut self, members: &[Person], now: Moment) {
        let members = members.iter().map(|person| Listed { name: person.name.clone(), host: person.host }).collect();
        self.tell(What::Roster { members }, now);
    }
}
