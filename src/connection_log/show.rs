//! Lines, times and names of the log as a person reads them. No files, no clock: the time zone is an argument.

use std::fmt::Write;
use std::time::Duration;

use chrono::{DateTime, FixedOffset, NaiveDateTime};

use super::line::{Event, LogLine};
use super::quote::write_value;

/// The time of day that a reader's clock shows at a time.
pub(super) type Clock = fn(DateTime<FixedOffset>) -> NaiveDateTime;

/// A value from the log, quoted where it would mislead on a screen.
pub(super) fn safe(value: &str) -> String {
    let mut out = String::new();
    write_value(&mut out, value).expect("a string takes everything");
    out
}

/// A duration by its two largest units: `45s`, `7m 32s`, `1h 04m`, `3d 02h`.
pub(super) fn duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3600 => format!("{minutes}m {:02}s", seconds % 60),
        3600..86_400 => format!("{hours}h {:02}m", minutes % 60),
        _ => format!("{days}d {:02}h", hours % 24),
    }
}

/// A number of things: `1 visit`, `2 visits`.
pub(super) fn number(count: u64, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// A line of the log as a sentence, with the time first.
pub(super) fn sentence(line: &LogLine, clock: Clock) -> String {
    let peer = line.address;
    let mut text = format!("{}  ", clock(line.at).format("%Y-%m-%d %H:%M:%S"));
    match &line.event {
        Event::Opened => write!(text, "the room opened at {peer}"),
        Event::Accepted => write!(text, "{peer} connected"),
        Event::Joined { name, via } => write!(text, "{} joined from {peer} ({})", safe(name), safe(via)),
        Event::Left { name, reason, after } => {
            write!(text, "{} left after {} from {peer} ({})", safe(name), duration(*after), safe(reason))
        }
        Event::Ended { reason } => write!(text, "{peer} went without joining ({})", safe(reason)),
        Event::Refused { reason } => write!(text, "{peer} was refused ({})", safe(reason)),
        Event::Closed { reason } => write!(text, "the room at {peer} closed ({})", safe(reason)),
        Event::Missed { lines } => write!(text, "{} missing here", number(*lines, "line is", "lines are")),
        Event::Other(word) => write!(text, "{peer} {word}"),
    }
    .expect("a string takes everything");
    for (key, value) in &line.more {
        write!(text, " {key}={}", safe(value)).expect("a string takes everything");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_show_their_two_largest_units() {
        for (seconds, shown) in [
            (0, "0s"),
            (59, "59s"),
            (60, "1m 00s"),
            (452, "7m 32s"),
            (3599, "59m 59s"),
            (3600, "1h 00m"),
            (86_399, "23h 59m"),
            (86_400, "1d 00h"),
            (1_000_000, "11d 13h"),
        ] {
            assert_eq!(duration(Duration::from_secs(seconds)), shown);
        }
    }

    #[test]
    fn every_line_is_a_sentence_and_hostile_names_are_shown_escaped() {
        let sentences = [
            ("opened [::]:8808", "the room opened at [::]:8808"),
            ("accepted 10.0.0.7:1", "10.0.0.7:1 connected"),
            ("joined 10.0.0.7:1 name=lorde via=native", "lorde joined from 10.0.0.7:1 (native)"),
            (r#"joined 10.0.0.7:1 name="a\u202eb" via=web"#, r#""a\u202eb" joined from 10.0.0.7:1 (web)"#),
            ("left 10.0.0.7:1 name=lorde reason=quit after=452s", "lorde left after 7m 32s from 10.0.0.7:1 (quit)"),
            ("ended 10.0.0.7:1 reason=page", "10.0.0.7:1 went without joining (page)"),
            ("refused 10.0.0.7:1 reason=room-full", "10.0.0.7:1 was refused (room-full)"),
            ("closed [::]:8808 reason=host-shutdown", "the room at [::]:8808 closed (host-shutdown)"),
            ("missed [::]:8808 lines=1", "1 line is missing here"),
            ("renamed 10.0.0.7:1 to=\"a b\"", "10.0.0.7:1 renamed to=\"a b\""),
        ];
        for (line, shown) in sentences {
            let line = LogLine::parse(&format!("2026-11-20T21:51:07.480+01:00 {line}")).unwrap();
            assert_eq!(sentence(&line, |at| at.naive_local()), format!("2026-11-20 21:51:07  {shown}"));
        }
    }
}
