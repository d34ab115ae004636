//! Two hosts meet: both machines started together, or a network has healed. The same one yields on every machine.
//!
//! Which one it is says [`Announcement::outranks`]. The one that should yield goes and looks first, because a sighting is
//! only a hint; if it cannot reach the other, it says so, and the other comes instead; so it does where the one that should
//! yield never comes, because it hears nobody. It opens no socket: whoever runs it carries out [`Meeting::seen`]'s visits
//! and tells [`Meeting::visited`] what came of them.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use crate::limits::{BLOCKED_FOR, CANDIDATE_ADDRESSES, FORGOTTEN, OVERDUE, SEEK_EVERY, VISIT_EVERY, VISITS};
use crate::room::id::PeerId;
use crate::sighting::{Announcement, Elsewhere, Sighting};

/// What a host knows of others on its port.
#[derive(Debug, Default)]
pub struct Meeting {
    visit: Option<Visit>,
    last_visit: Option<Duration>,
    /// When a missing member is looked for again, and how many times that was done.
    next_seek: Duration,
    sought: usize,
    unreached: Option<Unreached>,
    awaited: Option<Awaited>,
}

/// Whom we could not reach.
#[derive(Debug, Clone, Copy)]
struct Unreached {
    host: PeerId,
    /// How often in a row.
    times: u32,
    last: Duration,
}

/// Who should yield to us and has not come.
#[derive(Debug, Clone, Copy)]
struct Awaited {
    host: PeerId,
    /// Since when it is seen, and when it was seen last.
    since: Duration,
    last: Duration,
}

impl Awaited {
    /// Whether it is this host, and has been seen for so long that it would have come if it heard us: datagrams that are
    /// for it are lost.
    fn is_overdue(&self, host: PeerId, now: Duration) -> bool {
        self.host == host && now >= self.since + OVERDUE
    }
}

/// A visit under way.
#[derive(Debug)]
struct Visit {
    /// Whom we hope to find; nobody in particular where a missing member would host.
    host: Option<(PeerId, Arc<str>)>,
    /// Where we went, and where else that host was seen meanwhile.
    at: Vec<SocketAddr>,
}

/// What came of a visit.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing changes.
    Stay,
    /// The other room stays: our members and we go there, to the first of these addresses that can be reached.
    Yield(Elsewhere),
    /// We should yield to the host with this name that was seen there, and cannot reach it. Told once.
    Blocked(SocketAddr, Arc<str>),
}

impl Meeting {
    /// A host was seen. Where to go and look, if that may have to be yielded to, or does not hear us; one visit at a time, and
    /// one in search of a missing member is given up for it.
    pub fn seen(&mut self, ours: &Announcement, sighting: Sighting, now: Duration) -> Option<SocketAddr> {
        let theirs = &sighting.announcement;
        let is_other = theirs.host != ours.host && theirs.port == ours.port;
        self.also_at(&sighting);
        let is_early = self.last_visit.is_some_and(|last| now < last + VISIT_EVERY);
        let is_busy = self.visit.as_ref().is_some_and(|visit| visit.host.is_some());
        if !is_other || ours.outranks(theirs) && !self.await_it(theirs.host, now) || is_busy || is_early {
            return None;
        }
        let at = sighting.at;
        let host = Some((sighting.announcement.host, sighting.announcement.name));
        (self.visit, self.last_visit) = (Some(Visit { host, at: vec![at] }), Some(now));
        Some(at)
    }

    /// Notes where else the host that is being visited was seen: a browser cannot go to every address.
    pub fn also_at(&mut self, sighting: &Sighting) {
        if let Some(Visit { host: Some((host, _)), at }) = &mut self.visit
            && *host == sighting.announcement.host
            && !at.contains(&sighting.at)
            && at.len() < CANDIDATE_ADDRESSES
        {
            at.push(sighting.at);
        }
    }

    /// Notes that a host which should yield to us is still there; whether it is overdue. One is awaited at a time.
    fn await_it(&mut self, host: PeerId, now: Duration) -> bool {
        let last = self.awaited.filter(|awaited| now < awaited.last + FORGOTTEN);
        let awaited = self.awaited.insert(last.unwrap_or(Awaited { host, since: now, last: now }));
        if awaited.host == host {
            awaited.last = now;
        }
        awaited.is_overdue(host, now)
    }

    /// Where to go and look for members that went without a word, if it is time: one address after the other. There may be a
    /// host by now, and nothing else need lead to it, as where multicast does not pass.
    pub fn seek(&mut self, missing: impl Iterator<Item = SocketAddr>, now: Duration) -> Option<SocketAddr> {
        if self.visit.is_some() || now < self.next_seek {
            return None;
        }
        self.next_seek = now + SEEK_EVERY;
        let missing: Vec<SocketAddr> = missing.collect();
        let at = *missing.get(self.sought % missing.len().max(1))?;
        self.sought = self.sought.wrapping_add(1);
        self.visit = Some(Visit { host: None, at: vec![at] });
        Some(at)
    }

    /// When [`Meeting::seek`] goes on, if there is somebody to look for.
    pub fn next_seek(&self) -> Duration {
        self.next_seek
    }

    /// What came of the visit: what was said there, or nothing where nobody was reached.
    pub fn visited(&mut self, ours: &Announcement, said: Option<Announcement>, now: Duration) -> Outcome {
        let Some(Visit { host, at }) = self.visit.take() else { return Outcome::Stay };
        let is_deaf = |theirs: &Announcement| {
            self.awaited.is_some_and(|awaited| awaited.is_overdue(theirs.host, now))
                && host.as_ref().is_some_and(|(host, _)| *host == theirs.host)
        };
        match said {
            Some(theirs)
                if theirs.host == ours.host
                    || theirs.port != ours.port
                    || ours.outranks(&theirs) && !is_deaf(&theirs) =>
            {
                self.unreached = None;
                Outcome::Stay
            }
            Some(theirs) => Outcome::Yield(Elsewhere { room: theirs.room, at }),
            None => {
                let Some((host, name)) = host else { return Outcome::Stay };
                let before = self.unreached.filter(|unreached| unreached.host == host);
                let times = before.map_or(1, |unreached| unreached.times.saturating_add(1));
                self.unreached = Some(Unreached { host, times, last: now });
                if times == VISITS { Outcome::Blocked(at[0], name) } else { Outcome::Stay }
            }
        }
    }

    /// Whom we should yield to and cannot reach: to be announced, so that it comes to us if it can.
    pub fn blocked(&self, now: Duration) -> Option<PeerId> {
        let Unreached { host, times, last } = self.unreached?;
        (times >= VISITS && now < last + BLOCKED_FOR).then_some(host)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::room::id::RoomId;

    const MS: Duration = Duration::from_millis(1);

    fn announcement(opened: i64, host: u8) -> Announcement {
        Announcement {
            room: RoomId(u64::from(host)),
            opened,
            term: 1,
            host: PeerId([host; 16]),
            port: 8808,
            name: "capo".into(),
            members: 1,
            closed: false,
            blocked: None,
        }
    }

    fn sighting(announcement: &Announcement) -> Sighting {
        let host = announcement.host.0[0];
        Sighting { at: ([10, 0, 0, host], 8808).into(), announcement: announcement.clone() }
    }

    #[test]
    fn the_younger_goes_and_looks_and_yields() {
        let (old, young) = (announcement(1, 1), announcement(2, 2));
        let mut meeting = Meeting::default();
        let at = meeting.seen(&young, sighting(&old), MS).unwrap();
        let to = Elsewhere { room: old.room, at: vec![at] };
        assert_eq!(meeting.visited(&young, Some(old.clone()), MS * 2), Outcome::Yield(to));
        assert_eq!(Meeting::default().seen(&old, sighting(&young), MS), None, "the older stays where it is");
    }

    #[test]
    fn the_room_goes_on_wherever_its_host_was_seen_by_the_time_of_its_answer() {
        let (old, young, third) = (announcement(1, 1), announcement(2, 2), announcement(3, 3));
        let mut meeting = Meeting::default();
        let link_local = "[fe80::1%2]:8808".parse().unwrap();
        meeting.seen(&young, Sighting { at: link_local, ..sighting(&old) }, MS).unwrap();
        [&old, &third, &old].iter().for_each(|seen| meeting.also_at(&sighting(seen)));
        let to = Elsewhere { room: old.room, at: vec![link_local, sighting(&old).at] };
        assert_eq!(meeting.visited(&young, Some(old), MS * 2), Outcome::Yield(to));
    }

    #[test]
    fn a_forged_sighting_costs_a_visit_and_changes_nothing() {
        let (ours, forged, real) = (announcement(5, 1), announcement(0, 2), announcement(9, 2));
        let mut meeting = Meeting::default();
        assert!(meeting.seen(&ours, sighting(&forged), MS).is_some());
        assert_eq!(meeting.seen(&ours, sighting(&forged), MS), None, "one visit at a time");
        assert_eq!(meeting.visited(&ours, Some(real), MS), Outcome::Stay);
        assert_eq!(meeting.seen(&ours, sighting(&forged), MS * 2), None, "and not too many of them");
        assert_eq!(meeting.seen(&ours, sighting(&ours), VISIT_EVERY * 2), None, "nor to ourselves");
        assert_eq!(meeting.visited(&ours, None, VISIT_EVERY * 2), Outcome::Stay);
    }

    #[test]
    fn p08_a_host_that_cannot_be_reached_is_asked_to_come() {
        let (old, mut young) = (announcement(1, 1), announcement(2, 2));
        let mut meeting = Meeting::default();
        let mut now = MS;
        for visit in 1..=VISITS {
            assert_eq!(meeting.blocked(now), None);
            assert!(meeting.seen(&young, sighting(&old), now).is_some());
            let told = meeting.visited(&young, None, now);
            assert_eq!(told == Outcome::Blocked(sighting(&old).at, "capo".into()), visit == VISITS);
            now += VISIT_EVERY;
        }
        young.blocked = meeting.blocked(now);
        assert_eq!(young.blocked, Some(old.host));
        assert!(Meeting::default().seen(&old, sighting(&young), now).is_some(), "so the older goes and looks");
        assert_eq!(meeting.blocked(now + BLOCKED_FOR), None, "and not for ever");
    }

    #[test]
    fn p08_who_should_yield_and_hears_nobody_is_yielded_to() {
        let (old, young) = (announcement(1, 1), announcement(2, 2));
        let mut meeting = Meeting::default();
        let mut now = MS;
        while now < OVERDUE {
            assert_eq!(meeting.seen(&old, sighting(&young), now), None, "it may still come");
            now += FORGOTTEN / 4;
        }
        now += OVERDUE;
        assert_eq!(meeting.seen(&old, sighting(&young), now), None, "it was gone meanwhile");
        let until = now + OVERDUE;
        while now < until {
            now += FORGOTTEN / 4;
            let others = meeting.seen(&old, sighting(&announcement(3, 3)), now);
            assert_eq!(others, None, "one at a time");
            if let Some(at) = meeting.seen(&old, sighting(&young), now) {
                assert_eq!(meeting.visited(&old, Some(announcement(3, 3)), now), Outcome::Stay, "somebody else");
                assert!(meeting.seen(&old, sighting(&young), now + VISIT_EVERY).is_some());
                let to = Elsewhere { room: young.room, at: vec![at] };
                assert_eq!(meeting.visited(&old, Some(young.clone()), now), Outcome::Yield(to));
                return;
            }
        }
        panic!("never visited");
    }

    #[test]
    fn missing_members_are_looked_for_one_after_the_other() {
        let (ours, theirs) = (announcement(2, 1), announcement(1, 2));
        let missing = [SocketAddr::from(([10, 0, 0, 7], 8808)), SocketAddr::from(([10, 0, 0, 8], 8808))];
        let mut meeting = Meeting::default();
        let mut now = MS;
        for at in [missing[0], missing[1], missing[0]] {
            assert_eq!(meeting.seek(missing.into_iter(), now), Some(at));
            assert_eq!(meeting.seek(missing.into_iter(), now + SEEK_EVERY), None, "one visit at a time");
            assert_eq!(meeting.visited(&ours, None, now), Outcome::Stay);
            assert_eq!(meeting.seek(missing.into_iter(), now + MS), None, "and not too many of them");
            now = meeting.next_seek();
        }
        assert_eq!(meeting.blocked(now), None, "nobody need be there");
        meeting.seek(missing.into_iter(), now);
        assert!(meeting.seen(&ours, sighting(&theirs), now).is_some(), "who was seen is visited first");
        meeting.visited(&ours, None, now);
        now = meeting.next_seek();
        meeting.seek(missing.into_iter(), now);
        let to = Elsewhere { room: theirs.room, at: vec![missing[0]] };
        assert_eq!(meeting.visited(&ours, Some(theirs), now), Outcome::Yield(to));
        assert_eq!(meeting.seek([].into_iter(), now + SEEK_EVERY), None);
    }
}
