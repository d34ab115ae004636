//! What every native member knows of the room: its log, its roster, its term.
//!
//! The host orders entries and every member applies the same ones, so whoever becomes the next host has all that it takes.
//! It holds no rule about who may do what, and no connection.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use chrono::{DateTime, FixedOffset};

use super::entry::{Act, Entry, Member};
use super::id::{MemberId, PeerId, RoomId};
use super::log::{Log, Term};
use crate::limits::{ASIDE, SHOWN};

/// A copy of the room.
#[derive(Debug, Clone)]
pub struct Replica {
    /// The room.
    pub room: RoomId,
    /// When it was opened.
    pub opened: DateTime<FixedOffset>,
    /// The highest term seen.
    pub term: u64,
    /// Who hosts.
    pub host: MemberId,
    /// What happened.
    pub log: Log,
    /// Messages that we have shown and that are no longer in the log, because another host's order took their place.
    pub shown: HashSet<(PeerId, u64)>,
    /// Those of them that no host has taken yet: we bring them to the next one.
    pub aside: Vec<Entry>,
    roster: BTreeMap<MemberId, Member>,
    newest: u32,
}

impl Replica {
    /// A room in which nothing has happened to our knowledge.
    pub fn new(room: RoomId, opened: DateTime<FixedOffset>, term: u64, host: MemberId, log: Log) -> Self {
        Self {
            room,
            opened,
            term,
            host,
            log,
            shown: HashSet::new(),
            aside: Vec::new(),
            roster: BTreeMap::new(),
            newest: 0,
        }
    }

    /// Everybody, in order of joining: the senior first.
    pub fn members(&self) -> impl ExactSizeIterator<Item = &Member> {
        self.roster.values()
    }

    /// One member.
    pub fn member(&self, id: MemberId) -> Option<&Member> {
        self.roster.get(&id)
    }

    /// One member, to be changed in what is not ordered.
    pub(crate) fn member_mut(&mut self, id: MemberId) -> Option<&mut Member> {
        self.roster.get_mut(&id)
    }

    /// The host's name; empty where the roster does not have the host.
    pub fn host_name(&self) -> Arc<str> {
        self.member(self.host).map(|host| host.name.clone()).unwrap_or_default()
    }

    /// The number for the next newcomer, as long as there are [`Replica::numbers_left`].
    pub fn next_id(&self) -> MemberId {
        MemberId(self.newest.saturating_add(1))
    }

    /// How many newcomers can be numbered: no room has that many, but we may have been told of a number that none is given.
    pub fn numbers_left(&self) -> u32 {
        u32::MAX - self.newest
    }

    /// Takes over another's roster as it is.
    pub fn set_members(&mut self, members: impl IntoIterator<Item = Member>) {
        self.roster = members.into_iter().map(|member| (member.id, member)).collect();
        self.newest = self.newest.max(self.roster.keys().next_back().map_or(0, |id| id.0));
    }

    /// Applies the next entry of the current term.
    pub fn append(&mut self, entry: Entry) {
        self.apply(&entry);
        self.log.append(entry);
    }

    /// Applies the next entry, which belongs to the term that `table` says.
    pub fn append_as_in(&mut self, table: &[Term], entry: Entry) {
        self.apply(&entry);
        self.log.append_as_in(table, entry);
    }

    fn apply(&mut self, entry: &Entry) {
        match &entry.act {
            Act::Said(said) => {
                let author = self.roster.get_mut(&said.by).filter(|author| author.peer == said.peer);
                if let (Some(author), Some(n)) = (author, said.count()) {
                    author.n = author.n.max(n);
                }
            }
            Act::Joined(member) => {
                self.newest = self.newest.max(member.id.0);
                self.roster.insert(member.id, member.clone());
            }
            Act::Left { id, .. } => {
                self.roster.remove(id);
            }
            Act::Renamed { id, to, .. } => {
                if let Some(member) = self.roster.get_mut(id) {
                    member.name = to.clone();
                }
            }
        }
    }

    /// Puts messages aside, which were shown and another host's order does not have; as far as memory may go, and none twice.
    pub fn put_aside(&mut self, entries: Vec<Entry>) {
        self.remember_shown(&entries);
        let id = |entry: &Entry| entry.said().map(|said| (said.peer, said.n));
        let known: HashSet<_> = self.aside.iter().filter_map(id).collect();
        self.aside.extend(entries.into_iter().filter(|entry| id(entry).is_some_and(|id| !known.contains(&id))));
        self.aside.truncate(ASIDE);
    }

    /// Remembers that these messages were shown, as far as memory may go.
    fn remember_shown(&mut self, entries: &[Entry]) {
        if self.shown.len() > SHOWN {
            // Nobody's order has lost so much: the guard begins anew.
            self.shown.clear();
        }
        self.shown.extend(entries.iter().filter_map(Entry::said).map(|said| (said.peer, said.n)));
    }

    /// Who may become the next host once `gone` is, in order of seniority.
    pub fn candidates(&self, gone: MemberId) -> impl Iterator<Item = &Member> {
        self.members().filter(move |member| member.id != gone && member.is_candidate())
    }
}
