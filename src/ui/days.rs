//! Where another day begins in what is shown.
//!
//! It knows times, each in this machine's zone, in the order in which what they belong to came.

use chrono::{DateTime, FixedOffset, NaiveDate};

use crate::limits::CLOCKS_APART;

/// The time of what was shown last.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Days {
    last: Option<DateTime<FixedOffset>>,
}

impl Days {
    /// Something of this time is there, which tells no day by itself.
    pub(super) fn begin(&mut self, at: DateTime<FixedOffset>) {
        self.last.get_or_insert(at);
    }

    /// The day of what comes now, if it is another than that of what came before.
    ///
    /// A message has the time of the host's clock, who comes and goes that of this machine's, and no two agree: what seems to be
    /// a little older than what came before is of the same day, or around midnight the days would come and go.
    pub(super) fn turn(&mut self, at: DateTime<FixedOffset>) -> Option<NaiveDate> {
        if self.last.is_some_and(|last| (last - at).to_std().is_ok_and(|behind| behind < CLOCKS_APART)) {
            return None;
        }
        let before = self.last.replace(at)?;
        Some(at.date_naive()).filter(|day| before.date_naive() != *day)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turns(times: &[&str]) -> Vec<String> {
        let mut days = Days::default();
        let read = |time: &&str| DateTime::parse_from_rfc3339(&format!("2026-11-{time}+01:00")).unwrap();
        times.iter().map(read).filter_map(|at| days.turn(at)).map(|day| day.format("%d").to_string()).collect()
    }

    #[test]
    fn a_day_begins_once_however_clocks_differ() {
        assert_eq!(turns(&["20T21:51:03", "20T23:59:59", "21T00:00:00", "21T09:00:00"]), ["21"]);
        // The host's clock is half a minute ahead.
        let around_midnight =
            ["20T23:59:20", "20T23:59:00", "21T00:00:05", "20T23:59:40", "21T00:00:25", "21T00:00:05"];
        assert_eq!(turns(&around_midnight), ["21"]);
    }

    #[test]
    fn what_is_of_another_day_says_so() {
        // What was said before one came, and a clock that was set.
        assert_eq!(turns(&["21T00:30:00", "20T22:00:00", "21T00:10:00"]), ["20", "21"]);
        assert_eq!(turns(&["20T12:00:00", "25T12:00:00", "20T12:00:05"]), ["25", "20"]);
    }
}
