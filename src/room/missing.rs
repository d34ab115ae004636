//! Members that went without a word, and where they would host: half of a network that was cut has a host there by now.
//!
//! It remembers; who goes and looks is the host's business.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::time::Duration;

use super::id::PeerId;
use crate::limits::{MISSED_FOR, MISSING};

/// Those who went, the last one last.
#[derive(Debug, Default)]
pub(super) struct Missing(VecDeque<Absentee>);

#[derive(Debug)]
struct Absentee {
    peer: PeerId,
    at: Vec<SocketAddr>,
    until: Duration,
}

impl Missing {
    /// Somebody went who would host at these addresses.
    pub(super) fn went(&mut self, peer: PeerId, at: &[SocketAddr], now: Duration) {
        self.came(peer);
        if at.is_empty() {
            return;
        }
        if self.0.len() >= MISSING {
            self.0.pop_front();
        }
        self.0.push_back(Absentee { peer, at: at.to_vec(), until: now + MISSED_FOR });
    }

    /// Somebody is here.
    pub(super) fn came(&mut self, peer: PeerId) {
        self.0.retain(|absentee| absentee.peer != peer);
    }

    /// Where those would host who are still missed.
    pub(super) fn at(&self, now: Duration) -> impl Iterator<Item = SocketAddr> {
        self.0.iter().filter(move |absentee| now < absentee.until).flat_map(|absentee| absentee.at.iter().copied())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_went_is_missed_until_it_comes_back_or_too_much_time_has_passed() {
        let peer = |n| PeerId([n; 16]);
        let at = |n: u8| SocketAddr::from(([10, 0, 0, n], 8808));
        let mut missing = Missing::default();
        let now = Duration::from_secs(1);
        (1..4).for_each(|n| missing.went(peer(n), &[at(n)], now * n.into()));
        missing.went(peer(9), &[], now);
        missing.came(peer(2));
        assert_eq!(missing.at(now * 5).collect::<Vec<_>>(), [at(1), at(3)]);
        assert_eq!(missing.at(now * 2 + MISSED_FOR).collect::<Vec<_>>(), [at(3)]);
        (0..=u8::MAX).for_each(|n| missing.went(peer(n), &[at(n)], now));
        assert_eq!(missing.at(now).count(), MISSING);
    }
}
