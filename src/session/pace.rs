//! The pace at which one member is read. It knows time and counts, and nothing of what is read.

use std::time::Duration;

use crate::limits::{RATE_BURST, RATE_PAUSE};

/// How fast a member is read: a leaky bucket kept as the one time at which it will be empty (GCRA, ITU-T I.371).
#[derive(Debug)]
pub(super) struct Pace {
    /// What one message costs, in nanoseconds; zero where there is no limit.
    cost: u32,
    empty_at: Duration,
}

impl Pace {
    pub(super) fn new(rate: u32) -> Self {
        Self { cost: 1_000_000_000_u32.checked_div(rate).unwrap_or(0), empty_at: Duration::ZERO }
    }

    fn cost(&self) -> Duration {
        Duration::from_nanos(self.cost.into())
    }

    /// A message has been read.
    pub(super) fn count(&mut self, now: Duration) {
        self.empty_at = self.empty_at.max(now) + self.cost();
    }

    /// Until when to wait, if the burst is used up. A second's worth of messages, times the burst, is the bucket's size.
    pub(super) fn wait(&self, now: Duration) -> Option<Duration> {
        let full = Duration::from_secs(u64::from(RATE_BURST));
        let free_at = self.empty_at.saturating_sub(full.saturating_sub(self.cost()));
        (self.cost > 0 && free_at > now).then(|| free_at.max(now + RATE_PAUSE))
    }
}
