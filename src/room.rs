//! The room: a set of rules with no sockets, threads, files, clock or printing.
//!
//! It takes what members ask for and returns what members must hear. What everybody hears is an [`Entry`] in its log, in one
//! order; what one connection hears is an [`Effect`]. Native peers, the host's own screen and whoever else comes are all
//! the same thing to it: members. It does not know how they are connected, only by which [`Link`].
//!
//! How the order survives its host: every native member keeps a [`Replica`]; the next host begins a term with
//! [`Room::take_over`] and first only listens (the flush), so that a member who is ahead of it can hand over what it lacks.

pub mod command;
mod effect;
pub mod entry;
pub mod event;
pub mod home;
pub mod id;
mod late;
mod leaving;
pub mod log;
mod missing;
pub mod name;
mod names;
pub mod replica;
pub mod request;
mod requests;
mod returning;
pub mod text;
pub mod view;

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use effect::banned;
pub use effect::{Admission, Effect, End, Letter, Refusal};
use entry::{Act, Entry, Member, Said};
use id::{MemberId, PeerId, RoomId};
use late::Known;
use log::{Log, common};
use missing::Missing;
use name::Name;
use names::Names;
use replica::Replica;
use request::Hello;

use crate::limits::{GATHER_MAX, GATHER_PER_MEMBER};
use crate::moment::Moment;
use returning::Flush;

/// A connection, as whoever runs the room numbers them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Link(pub u64);

impl Link {
    /// The host's own participant, who has no connection.
    pub const OWN: Self = Self(0);
}

/// Somebody who has said hello and is not in yet.
#[derive(Debug)]
struct Arrival {
    link: Link,
    ip: IpAddr,
    peer: Option<PeerId>,
    name: Name,
    hello: Hello,
}

/// A member's connection.
#[derive(Debug, Clone, Copy)]
struct Linked {
    link: Link,
    ip: IpAddr,
}

/// The room, where it is hosted.
#[derive(Debug)]
pub struct Room {
    replica: Replica,
    me: MemberId,
    max_members: usize,
    names: Names,
    links: BTreeMap<MemberId, Linked>,
    peers: HashMap<PeerId, MemberId>,
    /// How far those who left had counted, so that a message that they send again is not doubled.
    counted: HashMap<PeerId, u64>,
    counted_order: VecDeque<PeerId>,
    bans: HashSet<IpAddr>,
    arrivals: Vec<Arrival>,
    admit_at: Duration,
    last_admission: Option<Duration>,
    missing: Missing,
    flush: Option<Flush>,
    /// Members whose other past is wanted, and how many entries it has at most.
    pasts: HashMap<MemberId, u64>,
    /// The messages that such a past may have as well.
    known: Known,
    absent_until: Option<Duration>,
}

impl Room {
    /// Opens a new room with the host's own participant in it.
    pub fn open(room: RoomId, me: PeerId, name: &Name, at: Vec<SocketAddr>, max_members: usize, now: Moment) -> Self {
        let id = MemberId(1);
        let mut log = Log::default();
        log.begin_term(1, me);
        let mut room = Self::around(Replica::new(room, now.wall, 1, id, log), id, max_members);
        let name = room.names.take(name, me, now.mono).into();
        room.peers.insert(me, id);
        room.order(Act::Joined(Member { id, peer: me, returns: true, name, at, n: 0 }), now);
        room
    }

    fn around(replica: Replica, me: MemberId, max_members: usize) -> Self {
        let own = Linked { link: Link::OWN, ip: IpAddr::from([127, 0, 0, 1]) };
        Self {
            replica,
            me,
            max_members,
            names: Names::default(),
            links: BTreeMap::from([(me, own)]),
            peers: HashMap::new(),
            counted: HashMap::new(),
            counted_order: VecDeque::new(),
            bans: HashSet::new(),
            arrivals: Vec::new(),
            admit_at: Duration::ZERO,
            last_admission: None,
            missing: Missing::default(),
            flush: None,
            pasts: HashMap::new(),
            known: Known::default(),
            absent_until: None,
        }
    }

    /// What every member knows of the room.
    pub fn replica(&self) -> &Replica {
        &self.replica
    }

    /// Gives up the room: what its host knows of it, as any other member does.
    pub fn into_replica(self) -> Replica {
        self.replica
    }

    /// The host's own participant.
    pub fn me(&self) -> MemberId {
        self.me
    }

    /// The connection of a member, unless it is away (its host was lost and it has not come to the new one).
    pub fn link(&self, id: MemberId) -> Option<Link> {
        self.links.get(&id).map(|linked| linked.link)
    }

    /// Somebody on a connection says who it is. It is let in by [`Room::tick`], together with whoever comes at the same time.
    ///
    /// # Errors
    /// Why it is not let in: `banned`, `bad-name` (which may be mended), `room-full`.
    pub fn hello(&mut self, link: Link, ip: IpAddr, hello: Hello, now: Moment) -> Result<Vec<Effect>, Refusal> {
        if self.bans.contains(&ip) {
            return Err(banned());
        }
        let name = Name::parse(&hello.name)?;
        let peer = hello.key.map(id::Secret::peer);
        let known = peer.and_then(|peer| self.peers.get(&peer));
        if known == Some(&self.me) {
            return Err(Refusal::new("yourself", "you are the host of this room"));
        }
        if known.is_none() && self.is_full() {
            return Err(Refusal::new(
                "room-full",
                format!("the room is full: it takes {} and no more", self.max_members),
            ));
        }
        let lack = if self.flush.is_some() { self.lacks(&hello) } else { None };
        if self.arrivals.is_empty() {
            let pause = GATHER_MAX.min(GATHER_PER_MEMBER * u32::try_from(self.links.len()).unwrap_or(u32::MAX));
            self.admit_at = self.last_admission.map_or(now.mono, |last| now.mono.max(last + pause));
        }
        self.arrivals.push(Arrival { link, ip, peer, name, hello });
        Ok(lack.map(|after| Effect::Letter(link, Letter::Lack(after))).into_iter().collect())
    }

    /// Whether so many numbers are left for all who wait, and one for the host itself, which may have to join anew.
    fn is_enough(&self, numbers: u32) -> bool {
        u64::from(numbers) > self.arrivals.len() as u64 + 1
    }

    /// Whether there is no place for a newcomer, or no number: members who are away keep theirs, and who waits has one already.
    fn is_full(&self) -> bool {
        let members = self.replica.members().len();
        if !self.is_enough(self.replica.numbers_left()) {
            return true;
        }
        let is_new = |arrival: &&Arrival| !arrival.peer.is_some_and(|peer| self.peers.contains_key(&peer));
        members + self.arrivals.len() >= self.max_members
            && members + self.arrivals.iter().filter(is_new).count() >= self.max_members
    }

    /// The earliest time at which [`Room::tick`] has something to do.
    pub fn deadline(&self) -> Option<Duration> {
        let admit = match &self.flush {
            Some(flush) => Some(flush.until),
            None => (!self.arrivals.is_empty()).then_some(self.admit_at),
        };
        [admit, self.absent_until].into_iter().flatten().min()
    }

    /// Lets in who is waiting, and lets go who has stayed away, when it is time.
    pub fn tick(&mut self, now: Moment) -> Vec<Effect> {
        let mut effects = Vec::new();
        if self.flush.as_ref().is_some_and(|flush| flush.until <= now.mono || self.all_are_back()) {
            self.end_flush(now);
        }
        if self.flush.is_none() && !self.arrivals.is_empty() && self.admit_at <= now.mono {
            self.last_admission = Some(now.mono);
            self.admit(now, &mut effects);
        }
        if self.absent_until.is_some_and(|until| until <= now.mono) {
            self.absent_until = None;
            self.let_go_absent(now);
        }
        effects
    }

    fn admit(&mut self, now: Moment, effects: &mut Vec<Effect>) {
        // Whoever is let in with them is welcomed with the roster as it is then.
        let somebody_is_in = self.links.len() > 1;
        let admitted = std::mem::take(&mut self.arrivals)
            .into_iter()
            .map(|arrival| match arrival.peer.and_then(|peer| self.peers.get(&peer).copied()) {
                Some(id) => self.let_back_in(id, &arrival, somebody_is_in, effects),
                None => self.let_in(&arrival, now),
            })
            .collect();
        effects.push(Effect::Admitted(admitted));
    }

    /// A newcomer, or somebody from another room or whom we had given up.
    fn let_in(&mut self, arrival: &Arrival, now: Moment) -> Admission {
        let id = self.replica.next_id();
        let peer = arrival.peer.unwrap_or_else(|| PeerId::stranger(self.replica.room, id));
        let name: Arc<str> = self.names.take(&arrival.name, peer, now.mono).into();
        let at = home::homes(arrival.ip, &arrival.hello);
        let n = self.counted.get(&peer).copied().unwrap_or(0);
        self.links.insert(id, Linked { link: arrival.link, ip: arrival.ip });
        self.peers.insert(peer, id);
        self.missing.came(peer);
        let admission = self.admission(id, name.clone(), arrival);
        self.order(Act::Joined(Member { id, peer, returns: arrival.peer.is_some(), name, at, n }), now);
        admission
    }

    fn admission(&mut self, id: MemberId, name: Arc<str>, arrival: &Arrival) -> Admission {
        let theirs = arrival.hello.have.last().map_or(0, |term| term.last);
        let after = (arrival.hello.room == Some(self.replica.room) && theirs > 0)
            .then(|| common(self.replica.log.terms(), &arrival.hello.have));
        let missed = after.map_or(0, |after| {
            let log = &self.replica.log;
            log.last().saturating_sub(after).saturating_sub(log.after(after).len() as u64)
        });
        // Who comes out of another room has all of its past to tell.
        let wanted = theirs.saturating_sub(after.unwrap_or(0)).saturating_add(arrival.hello.aside);
        let lack = wanted > 0;
        self.pasts.insert(id, wanted);
        Admission { link: arrival.link, id, name, after, missed, lack }
    }

    /// Counts a message of `id`: its author, and its count where it has one, or nothing where the room has dealt with it
    /// before.
    fn count(&mut self, id: MemberId, n: Option<u64>) -> Option<(&Member, Option<u64>)> {
        let own = id == self.me;
        let author = self.replica.member_mut(id)?;
        let Some(n) = n.or_else(|| own.then(|| author.n.saturating_add(1))) else { return Some((author, None)) };
        if n <= author.n {
            return None;
        }
        author.n = n;
        Some((author, Some(n)))
    }

    /// The number of a message whose sender does not count, or not this one: another one in each half of a cut network, and
    /// whenever its host hosts again, which may have lost entries to another host's order meanwhile.
    fn uncounted(&self) -> u64 {
        let host = self.replica.member(self.me).map_or(0, |host| host.peer.short());
        Said::uncounted(host.wrapping_add(self.replica.term << 32).wrapping_add(self.replica.log.last()))
    }

    /// Orders a message. On the host's busiest path.
    pub(crate) fn say(
        &mut self,
        id: MemberId,
        n: Option<u64>,
        text: &str,
        action: bool,
        now: Moment,
    ) -> Result<(), Refusal> {
        let Some((author, count)) = self.count(id, n) else { return Ok(()) };
        let (peer, from) = (author.peer, author.name.clone());
        let count = count.unwrap_or_else(|| self.uncounted());
        let text = text::message(text).map_err(|error| Refusal::from(error).of(n))?;
        self.order(Act::Said(Said { by: id, peer, n: count, from, text: Arc::from(text), action, late: false }), now);
        Ok(())
    }

    fn order(&mut self, act: Act, now: Moment) {
        let seq = self.replica.log.last() + 1;
        self.replica.append(Entry { seq, term: self.replica.term, at: now.wall, act });
    }
}

#[cfg(test)]
mod tests;
