//! A point in time, as the pure parts of the program are given it. They never ask a clock themselves.

use std::time::Duration;

use chrono::{DateTime, FixedOffset};

/// One reading of the clocks, taken once for everything that happens in one turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// Since some start; never goes back. All waiting is measured with it.
    pub mono: Duration,
    /// What the wall shows, with its offset. It may jump; it is shown and compared with nothing.
    pub wall: DateTime<FixedOffset>,
}
