//! The machine's clocks, read into a [`Moment`].
//!
//! What the time is needed for is not known here.

use std::time::Instant;

use chrono::Local;

use crate::moment::Moment;

/// Counts from its own start.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    start: Instant,
}

impl Clock {
    /// Starts counting.
    pub fn start() -> Self {
        Self { start: Instant::now() }
    }

    /// The time now.
    pub fn now(&self) -> Moment {
        Moment { mono: self.start.elapsed(), wall: Local::now().fixed_offset() }
    }

    /// The same time for what counts in instants.
    pub fn instant(&self, moment: Moment) -> Instant {
        self.start + moment.mono
    }
}
