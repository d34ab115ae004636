//! The pace of a room: whoever talks waits a little for those who read, and for nobody who does not.
//!
//! A member falls off the stream if the room says more than a ring's worth while it reads none of it. At the speed of this
//! host that can happen to a member that reads as fast as its machine lets it. So while a member that has just taken something is
//! about to fall off, nothing more is read from anybody; and because one that reads a byte now and then must not hold
//! the room up, that may cost only so much time for each ring's worth of talk.

use std::time::Duration;

use super::Hub;
use crate::limits::{CROWD_BYTES, CROWD_READER, CROWD_WAIT, STREAM_BYTES};
use crate::moment::Moment;
use crate::wire::Dialect;

/// Whether the room waits for readers.
#[derive(Debug, Default)]
pub(super) struct Crowd {
    /// When it looks again at the latest; none: it does not wait.
    pub(super) until: Option<Duration>,
    /// When it looked last.
    seen: Duration,
    /// How long it has waited during this lap of the ring.
    waited: Duration,
    lap: u64,
}

impl Hub {
    /// Looks whether a member that reads is about to fall off the stream.
    pub(super) fn mind_readers(&mut self, now: Moment) {
        let Crowd { until, seen, waited, lap } = &mut self.crowd;
        if until.is_some() {
            *waited += now.mono.saturating_sub(*seen);
        }
        *seen = now.mono;
        let this_lap = self.streams.farthest() / STREAM_BYTES as u64;
        if *lap != this_lap {
            (*lap, *waited) = (this_lap, Duration::ZERO);
        }
        let left = CROWD_WAIT.saturating_sub(*waited);
        let edges =
            Dialect::ALL.map(|dialect| self.streams.of_dialect(dialect).end().saturating_sub(CROWD_BYTES as u64));
        *until = self
            .slots
            .iter()
            .flatten()
            .filter(|slot| slot.queue.is_behind(edges[slot.dialect() as usize]))
            .filter_map(|slot| Some(slot.stalled? + CROWD_READER))
            .filter(|until| *until > now.mono && !left.is_zero())
            .max()
            .map(|until| until.min(now.mono + left));
    }
}
