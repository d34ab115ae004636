//! Coming back: the flush with which a new host begins, and members that find their place again.
//!
//! Who is behind a connection shows by its secret alone, and what members bring is checked before it is taken; how either
//! travels is not known here.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use super::entry::{Act, Entry, Member};
use super::event::Leave;
use super::home::homes;
use super::id::{MemberId, PeerId};
use super::log::{Term, common};
use super::name::Name;
use super::replica::Replica;
use super::request::Hello;
use super::text::message;
use super::{Admission, Arrival, Effect, End, Link, Linked, Room};
use crate::limits::{ABSENT, FLUSH, TERMS};
use crate::moment::Moment;

/// A new host's time of only listening.
#[derive(Debug)]
pub(super) struct Flush {
    /// When it ends at the latest.
    pub(super) until: Duration,
    /// The host that went before, and why it is no longer here.
    before: MemberId,
    reason: Leave,
    /// The new host as it was a member before.
    own: Member,
}

impl Room {
    /// Goes on with a room whose host is gone, as its next host. The room first only listens.
    ///
    /// `reason` is why the old host left: `Quit` when it handed over, else `Lost`. `name` is what the new host is called
    /// where it is no member by then: it had been given up, and had not heard yet that it was let in again. `at` is where
    /// it is found.
    pub fn take_over(
        mut replica: Replica,
        me: PeerId,
        name: &Name,
        at: Vec<SocketAddr>,
        reason: Leave,
        max_members: usize,
        now: Moment,
    ) -> Self {
        let known = replica.members().find(|member| member.peer == me);
        let own = known.map(|known| Member { at: at.clone(), ..known.clone() }).unwrap_or_else(|| Member {
            id: MemberId(0),
            peer: me,
            returns: true,
            name: Arc::from(name.as_str()),
            at,
            n: 0,
        });
        let id = own.id;
        let before = std::mem::replace(&mut replica.host, id);
        let mut room = Self::around(replica, id, max_members);
        for member in room.replica.members() {
            if let Ok(name) = Name::parse(&member.name) {
                room.names.take(&name, member.peer, now.mono);
            }
            room.peers.insert(member.peer, member.id);
        }
        room.flush = Some(Flush { until: now.mono + FLUSH, before, reason, own });
        room.absent_until = Some(now.mono + ABSENT);
        room
    }

    /// Whether the room only listens as yet: whoever wants to say something has to wait.
    pub fn is_flushing(&self) -> bool {
        self.flush.is_some()
    }

    /// The entry after which somebody has entries of our own past that we lack. It need not be a member to our knowledge: it
    /// may have come while we were behind.
    pub(super) fn lacks(&self, hello: &Hello) -> Option<u64> {
        let (ours, theirs) = (self.replica.log.last(), hello.have.last()?.last);
        let same_past = self.was_here(hello) && common(self.replica.log.terms(), &hello.have) == ours;
        (same_past && theirs > ours).then_some(ours)
    }

    fn was_here(&self, hello: &Hello) -> bool {
        hello.room == Some(self.replica.room) && hello.key.is_some()
    }

    /// Whether everybody who can come back has, with everything that it has.
    pub(super) fn all_are_back(&self) -> bool {
        let Some(flush) = &self.flush else { return true };
        let back: HashSet<PeerId> = self.arrivals.iter().filter_map(|arrival| arrival.peer).collect();
        let is_awaited = |m: &&Member| m.returns && m.peer != flush.own.peer && m.id != flush.before;
        self.replica.members().filter(is_awaited).all(|member| back.contains(&member.peer))
            && self.arrivals.iter().all(|arrival| self.lacks(&arrival.hello).is_none())
    }

    /// Entries that a connection hands over before it is in: accepted while we only listen, if they follow on what we have.
    pub fn hand(&mut self, link: Link, entries: Vec<Entry>) {
        let giver = self.arrivals.iter().find(|arrival| arrival.link == link && self.lacks(&arrival.hello).is_some());
        let Some(giver) = giver.filter(|_| self.flush.is_some()) else { return };
        let table: Vec<Term> = giver.hello.have.clone();
        for entry in entries {
            if entry.seq == self.replica.log.last() + 1 && self.is_sound(&entry) {
                self.learn(&entry);
                self.replica.append_as_in(&table, entry);
            }
        }
    }

    /// Whether an entry is one that a host can have ordered.
    fn is_sound(&self, entry: &Entry) -> bool {
        let is_name = |name: &str| Name::parse(name).is_ok_and(|parsed| parsed.as_str() == name);
        match &entry.act {
            Act::Said(said) => is_name(&said.from) && matches!(message(&said.text), Ok(text) if text == *said.text),
            Act::Joined(member) => {
                let is_new = self.replica.member(member.id).is_none() && !self.peers.contains_key(&member.peer);
                // Whoever waits has been promised a number.
                is_new && self.is_enough(u32::MAX - member.id.0) && is_name(&member.name)
            }
            Act::Left { name, .. } => is_name(name),
            Act::Renamed { to, .. } => is_name(to),
        }
    }

    /// Brings what is derived from the roster up to date with the next entry.
    fn learn(&mut self, entry: &Entry) {
        let of = |id| self.replica.member(id).map(|member| (member.peer, member.n, Name::parse(&member.name)));
        match &entry.act {
            Act::Said(_) => {}
            Act::Joined(member) => {
                self.peers.insert(member.peer, member.id);
                if let Ok(name) = Name::parse(&member.name) {
                    self.names.take(&name, member.peer, Duration::ZERO);
                }
            }
            Act::Left { id, .. } => {
                let Some((peer, n, name)) = of(*id) else { return };
                self.peers.remove(&peer);
                self.remember_count(peer, n);
                if let Ok(name) = name {
                    self.names.free(&name);
                }
            }
            Act::Renamed { id, to, .. } => {
                if let (Some((peer, _, Ok(from))), Ok(to)) = (of(*id), Name::parse(to)) {
                    self.names.rename(&from, &to, peer, Duration::ZERO);
                }
            }
        }
    }

    /// The room goes on: a new term, in which the old host is gone.
    pub(super) fn end_flush(&mut self, now: Moment) {
        let Some(flush) = self.flush.take() else { return };
        self.replica.term = self.highest_term().saturating_add(1);
        self.replica.log.begin_term(self.replica.term, flush.own.peer);
        self.count_absent();
        match self.peers.get(&flush.own.peer).copied() {
            Some(id) => {
                self.be(id);
                if let Some(member) = self.replica.member_mut(id) {
                    member.at = flush.own.at;
                }
            }
            None => self.come_again(flush.own, now),
        }
        let came_back = self
            .replica
            .member(flush.before)
            .is_some_and(|before| self.arrivals.iter().any(|arrival| arrival.peer == Some(before.peer)));
        // It is ourselves, where the room was to go on elsewhere and did not.
        if !came_back && flush.before != self.me {
            self.gone(flush.before, flush.reason, now);
        }
        self.bring_aside();
    }

    /// The highest term that anybody has seen who is here. What is further ahead than a table of terms reaches is not true.
    fn highest_term(&self) -> u64 {
        let seen = self.replica.term.max(self.replica.log.terms().last().map_or(0, |term| term.term));
        let theirs = self.arrivals.iter().filter(|arrival| self.was_here(&arrival.hello));
        let theirs = theirs.filter_map(|arrival| arrival.hello.have.last()).map(|term| term.term);
        theirs.filter(|term| *term <= seen + TERMS as u64).fold(seen, u64::max)
    }

    /// What authors who are not here have said counts when they come again.
    fn count_absent(&mut self) {
        let said = self.replica.log.iter().filter_map(Entry::said);
        let absent = said.filter(|said| !self.peers.contains_key(&said.peer));
        for (peer, n) in absent.map(|said| (said.peer, said.n)).collect::<Vec<_>>() {
            self.remember_count(peer, n);
        }
    }

    /// The host's own participant is this member.
    fn be(&mut self, id: MemberId) {
        if let Some(own) = self.links.remove(&self.me) {
            self.links.insert(id, own);
        }
        (self.me, self.replica.host) = (id, id);
    }

    /// The last host had given us up before it went, as others have told us: we join anew.
    fn come_again(&mut self, own: Member, now: Moment) {
        let id = self.replica.next_id();
        let wanted = Name::parse(&own.name).unwrap_or_else(|_| Name::for_login(&own.name));
        let name = self.names.take(&wanted, own.peer, now.mono).into();
        let n = self.counted.get(&own.peer).copied().unwrap_or(0).max(own.n);
        self.peers.insert(own.peer, id);
        self.be(id);
        self.order(Act::Joined(Member { id, name, n, ..own }), now);
    }

    /// A member that comes back: its place, its name and its number are kept. If it would host elsewhere now, `others` who
    /// have been in all the while have to be told.
    pub(super) fn let_back_in(
        &mut self,
        id: MemberId,
        arrival: &Arrival,
        others: bool,
        effects: &mut Vec<Effect>,
    ) -> Admission {
        let before = self.links.insert(id, Linked { link: arrival.link, ip: arrival.ip });
        if let Some(before) = before {
            effects.push(Effect::End(before.link, End::Replaced));
        }
        let at = homes(arrival.ip, &arrival.hello);
        let name: Arc<str> = match self.replica.member_mut(id) {
            Some(member) => {
                let before = std::mem::replace(&mut member.at, at);
                if others && before != member.at {
                    effects.push(Effect::Rehomed(id));
                }
                member.name.clone()
            }
            None => Arc::from(arrival.name.as_str()),
        };
        self.admission(id, name, arrival)
    }
}
