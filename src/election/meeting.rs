//! Two hosts meet: both machines started together, or a network has healed. The same one yields on every machine.
//!
//! Which one it is says [`Announcement::outranks`]. The one that should yield goes and looks first, because a sighting is
//! only a hint; if it cannot reach the other, it says so, and the other comes instead. It opens no socket: whoever runs it
//! carries out [`Meeting::seen`]'s visits and tells [`Meeting::visited`] what came of them.

use std::net::SocketAddr;
use std::time::Duration;

use crate::limits::{BLOCKED_FOR, CANDIDATE_ADDRESSES, VISIT_EVERY, VISITS};
use crate::room::id::PeerId;
use crate::sighting::{Announcement, Sighting};

/// What a host knows of others on its port.
#[derive(Debug, Default)]
pub struct Meeting {
    /// Whom we are visiting.
    visiting: Option<Sighting>,
    /// Where else that host was seen meanwhile.
    also_at: Vec<SocketAddr>,
    last_visit: Option<Duration>,
    /// Whom we could not reach, how often in a row, and when we last tried.
    unreached: Option<(PeerId, u32, Duration)>,
}

/// What came of a visit.
#[derive(Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing changes.
    Stay,
    /// The other room stays: our members and we go there, to the first of these addresses that can be reached.
    Yield(Vec<SocketAddr>),
    /// We should yield to the host with this name that was seen there, and cannot reach it. Told once.
    Blocked(SocketAddr, String),
}

impl Meeting {
    /// A host was seen. Where to go and look, if that may have to be yielded to; one visit at a time.
    pub fn seen(&mut self, ours: &Announcement, sighting: Sighting, now: Duration) -> Option<SocketAddr> {
        let theirs = &sighting.announcement;
        let is_other = theirs.host != ours.host && theirs.port == ours.port;
        if let Some(visiting) = &self.visiting
            && visiting.announcement.host == theirs.host
            && !self.also_at.contains(&sighting.at)
            && self.also_at.len() < CANDIDATE_ADDRESSES
        {
            self.also_at.push(sighting.at);
        }
        let is_early = self.last_visit.is_some_and(|last| now < last + VISIT_EVERY);
        if !is_other || self.visiting.is_some() || is_early || ours.outranks(theirs) {
            return None;
        }
        let at = sighting.at;
        (self.visiting, self.last_visit, self.also_at) = (Some(sighting), Some(now), vec![at]);
        Some(at)
    }

    /// What came of the visit: what was said there, or nothing where nobody was reached.
    pub fn visited(&mut self, ours: &Announcement, said: Option<Announcement>, now: Duration) -> Outcome {
        let Some(sighting) = self.visiting.take() else { return Outcome::Stay };
        match said {
            Some(theirs) if theirs.host == ours.host || theirs.port != ours.port || ours.outranks(&theirs) => {
                self.unreached = None;
                Outcome::Stay
            }
            Some(_) => Outcome::Yield(std::mem::take(&mut self.also_at)),
            None => {
                let host = sighting.announcement.host;
                let before = self.unreached.filter(|(unreached, ..)| *unreached == host);
                let times = before.map_or(1, |(_, times, _)| times.saturating_add(1));
                self.unreached = Some((host, times, now));
                if times == VISITS { Outcome::Blocked(sighting.at, sighting.announcement.name) } else { Outcome::Stay }
            }
        }
    }

    /// Whom we should yield to and cannot reach: to be announced, so that it comes to us if it can.
    pub fn blocked(&self, now: Duration) -> Option<PeerId> {
        let (host, times, last) = self.unreached?;
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
        assert_eq!(meeting.visited(&young, Some(old.clone()), MS * 2), Outcome::Yield(vec![at]));
        assert_eq!(Meeting::default().seen(&old, sighting(&young), MS), None, "the older stays where it is");
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
}
