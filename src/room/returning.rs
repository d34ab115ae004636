//! Coming back: the flush with which a new host begins, and members that come with a past of their own.

use std::collections::HashSet;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use super::entry::{Act, Entry, Said};
use super::event::Leave;
use super::id::{MemberId, PeerId};
use super::log::{Term, common};
use super::name::Name;
use super::replica::Replica;
use super::{Admission, Arrival, Effect, End, Linked, Room};
use crate::limits::{ABSENT, FLUSH};
use crate::moment::Moment;
use crate::wire::native::{EntryLine, Hello};

/// A new host's time of only listening.
#[derive(Debug)]
pub(super) struct Flush {
    /// When it ends at the latest.
    pub(super) until: Duration,
    /// The host that went before, and why it is no longer here.
    before: MemberId,
    reason: Leave,
}

impl Room {
    /// Goes on with a room whose host is gone, as its next host. The room first only listens.
    ///
    /// `reason` is why the old host left: `Quit` when it handed over, else `Lost`.
    pub fn take_over(mut replica: Replica, me: PeerId, reason: Leave, max_members: usize, now: Moment) -> Self {
        let id = replica.members().find(|member| member.peer == me).map(|member| member.id);
        let id = id.expect("who takes a room over is a member of it");
        let before = std::mem::replace(&mut replica.host, id);
        let mut room = Self::around(replica, id, max_members);
        for member in room.replica.members() {
            if let Ok(name) = Name::parse(&member.name) {
                room.names.take(&name, member.peer, now.mono);
            }
            room.peers.insert(member.peer, member.id);
        }
        room.flush = Some(Flush { until: now.mono + FLUSH, before, reason });
        room.absent_until = Some(now.mono + ABSENT);
        room
    }

    /// Whether the room only listens as yet: whoever wants to say something has to wait.
    pub fn is_flushing(&self) -> bool {
        self.flush.is_some()
    }

    /// The entry after which a member has entries of our own past that we lack.
    pub(super) fn lacks(&self, hello: &Hello) -> Option<u64> {
        let (ours, theirs) = (self.replica.log.last(), hello.have.last()?.last);
        let same_past = hello.room == Some(self.replica.room) && common(self.replica.log.terms(), &hello.have) == ours;
        (same_past && theirs > ours && self.is_member(hello)).then_some(ours)
    }

    fn is_member(&self, hello: &Hello) -> bool {
        hello.key.is_some_and(|key| self.peers.contains_key(&key.peer()))
    }

    /// Whether everybody who can come back has, with everything that it has.
    pub(super) fn all_are_back(&self) -> bool {
        let Some(flush) = &self.flush else { return true };
        let back: HashSet<PeerId> = self.arrivals.iter().filter_map(|arrival| arrival.peer).collect();
        let awaited = |id: MemberId| id != self.me && id != flush.before;
        self.replica.members().filter(|member| member.returns && awaited(member.id)).all(|m| back.contains(&m.peer))
            && self.arrivals.iter().all(|arrival| self.lacks(&arrival.hello).is_none())
    }

    /// An entry that a connection hands over before it is in: accepted while we only listen, if it follows on what we have.
    pub fn hand(&mut self, link: super::Link, line: EntryLine) {
        let Some(table) =
            self.arrivals.iter().find(|arrival| arrival.link == link && self.lacks(&arrival.hello).is_some())
        else {
            return;
        };
        let table: Vec<Term> = table.hello.have.clone();
        if self.flush.is_none() {
            return;
        }
        for entry in line.into_entries(self.replica.term, &self.replica) {
            if entry.seq == self.replica.log.last() + 1 {
                self.replica.append_as_in(&table, entry);
            }
        }
        self.learn_members();
    }

    /// Brings what is derived from the roster up to date with entries that were handed over.
    fn learn_members(&mut self) {
        let members: Vec<_> =
            self.replica.members().map(|member| (member.id, member.peer, member.name.clone())).collect();
        self.peers = members.iter().map(|(id, peer, _)| (*peer, *id)).collect();
        self.names = super::Names::default();
        for (_, peer, name) in members {
            if let Ok(name) = Name::parse(&name) {
                self.names.take(&name, peer, Duration::ZERO);
            }
        }
    }

    /// The room goes on: a new term, in which the old host is gone.
    pub(super) fn end_flush(&mut self, now: Moment) {
        let Some(flush) = self.flush.take() else { return };
        self.replica.term += 1;
        let me = self.replica.member(self.me).map(|me| me.peer).expect("the host is a member of its room");
        self.replica.log.begin_term(self.replica.term, me);
        let came_back = self
            .replica
            .member(flush.before)
            .is_some_and(|before| self.arrivals.iter().any(|arrival| arrival.peer == Some(before.peer)));
        if !came_back {
            self.gone(flush.before, flush.reason, now);
        }
    }

    /// A member that comes back: its place, its name and its number are kept.
    pub(super) fn let_back_in(&mut self, id: MemberId, arrival: &Arrival, effects: &mut Vec<Effect>) -> Admission {
        let before = self.links.insert(id, Linked { link: arrival.link, ip: arrival.ip });
        if let Some(before) = before {
            effects.push(Effect::End(before.link, End::Replaced));
        }
        let at = candidate_at(arrival.ip, &arrival.hello);
        let name: Arc<str> = match self.replica.member_mut(id) {
            Some(member) => {
                member.at = at;
                member.name.clone()
            }
            None => Arc::from(arrival.name.as_str()),
        };
        self.admission(id, name, arrival)
    }

    /// A message out of another past: appended as late, unless the room has it.
    pub(super) fn take_late(&mut self, line: EntryLine) {
        for entry in line.into_entries(self.replica.term, &self.replica) {
            let Act::Said(said) = entry.act else { continue };
            let known = |have: &Entry| have.said().is_some_and(|have| (have.peer, have.n) == (said.peer, said.n));
            if self.replica.log.iter().any(known) {
                continue;
            }
            let Ok(text) = super::text::message(&said.text).map(|text| Arc::from(text)) else { continue };
            let by = self.peers.get(&said.peer).copied().unwrap_or(MemberId(0));
            let seq = self.replica.log.last() + 1;
            let from = Arc::from(Name::for_login(&said.from).as_str());
            let act = Act::Said(Said { by, from, text, late: true, ..said });
            self.replica.append(Entry { seq, term: self.replica.term, at: entry.at, act });
        }
    }
}

/// Where a member would host the room: at the address that it came from, which is what counts, not what it says.
pub(super) fn candidate_at(ip: IpAddr, hello: &Hello) -> Vec<SocketAddr> {
    hello.port.map(|port| SocketAddr::new(ip, port)).into_iter().collect()
}
