//! Who was there, gathered line by line: visits by name and address, and connections that never joined. No files, no
//! clock, no printing. What it keeps grows with the different names, addresses and open connections of a log, not with
//! its lines.

use std::collections::{BTreeMap, HashMap};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use chrono::{DateTime, Datelike, FixedOffset, TimeDelta};

use super::line::{Event, LogLine};
use super::report::{Report, Row, Stranger};

type Time = DateTime<FixedOffset>;

/// The time that somebody asked about; both ends belong to it.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Window {
    pub(super) since: Option<Time>,
    pub(super) until: Option<Time>,
}

impl Window {
    /// Whether a time lies in the window.
    pub(super) fn holds(&self, at: Time) -> bool {
        self.since.is_none_or(|since| at >= since) && self.until.is_none_or(|until| at <= until)
    }

    /// The part of a visit that lies in the window.
    fn clip(&self, from: Time, to: Time) -> Option<(Time, Time)> {
        let clipped = (self.since.map_or(from, |since| from.max(since)), self.until.map_or(to, |until| to.min(until)));
        (clipped.0 <= clipped.1).then_some(clipped)
    }
}

/// The lines of a log so far.
///
/// A member's connection is known by its address and port. Its end is its `left` line; where there is none, because
/// the host crashed, the next `opened` or `closed` line ends it at a time that nobody knows. (Two rooms may share a
/// log: a `left` line that comes after that still counts.)
#[derive(Debug, Default)]
pub(super) struct Summary {
    window: Window,
    report: Report,
    rows: HashMap<(String, IpAddr), Row>,
    strangers: BTreeMap<(IpAddr, String), Stranger>,
    visits: HashMap<SocketAddr, Visit>,
    /// Accepted, and not joined so far.
    waiting: HashMap<SocketAddr, Waiting>,
}

#[derive(Debug)]
struct Visit {
    name: String,
    joined: Time,
    /// The room has ended since, by its own line or without one.
    stale: bool,
}

#[derive(Debug)]
struct Waiting {
    at: Time,
    /// What it was refused for, last.
    refused: Option<String>,
    stale: bool,
}

impl Waiting {
    fn since(at: Time) -> Self {
        Self { at, refused: None, stale: false }
    }
}

/// How a visit ended.
enum End<'a> {
    Left { at: Time, name: &'a str },
    Here { now: Time },
    Unknown,
}

impl Summary {
    pub(super) fn new(window: Window) -> Self {
        Self { window, ..Self::default() }
    }

    /// Takes the next line.
    pub(super) fn add(&mut self, line: &LogLine) {
        let (at, address) = (line.at, line.address);
        if self.window.until.is_some_and(|until| at > until) {
            return;
        }
        match &line.event {
            Event::Opened | Event::Closed { .. } => self.room_ended(),
            Event::Accepted => {
                if let Some(earlier) = self.waiting.insert(address, Waiting::since(at)) {
                    self.never_joined(address, &earlier);
                }
            }
            Event::Refused { reason } => {
                self.waiting.entry(address).or_insert(Waiting::since(at)).refused = Some(reason.to_string());
            }
            Event::Joined { name, .. } => {
                self.waiting.remove(&address);
                let visit = Visit { name: name.clone(), joined: at, stale: false };
                if let Some(earlier) = self.visits.insert(address, visit) {
                    self.visited(address, &earlier, &End::Unknown);
                }
            }
            Event::Left { name, after, .. } => self.left(at, address, name, *after),
            Event::Ended { reason } => {
                let refused = self.waiting.remove(&address).and_then(|waiting| waiting.refused);
                let reason = refused.filter(|_| reason == "refused").unwrap_or_else(|| reason.to_string());
                self.stranger(address, reason, at);
            }
            Event::Missed { lines } if self.window.holds(at) => {
                self.report.missing = self.report.missing.saturating_add(*lines);
            }
            Event::Missed { .. } | Event::Other(_) => {}
        }
    }

    /// Whoever has no line for the end has none that belongs to the time after this.
    fn room_ended(&mut self) {
        self.visits.values_mut().for_each(|visit| visit.stale = true);
        self.waiting.values_mut().for_each(|waiting| waiting.stale = true);
    }

    /// A visit by its `left` line. How long it was stands there, measured by a clock that nobody sets.
    fn left(&mut self, at: Time, address: SocketAddr, name: &str, after: Duration) {
        let joined = TimeDelta::from_std(after).ok().and_then(|after| at.checked_sub_signed(after));
        let joined = joined.filter(|joined| joined.year() > 0).unwrap_or(at);
        let name_then = self.visits.remove(&address).map_or_else(|| name.to_owned(), |visit| visit.name);
        self.visited(address, &Visit { name: name_then, joined, stale: false }, &End::Left { at, name });
    }

    /// What was found, at the time `now`, until which members are taken to be there that have not left.
    pub(super) fn finish(mut self, now: Time) -> Report {
        let now = self.window.until.map_or(now, |until| now.min(until));
        for (address, visit) in std::mem::take(&mut self.visits) {
            let end = if visit.stale { End::Unknown } else { End::Here { now } };
            self.visited(address, &visit, &end);
        }
        for (address, waiting) in std::mem::take(&mut self.waiting) {
            self.never_joined(address, &waiting);
        }
        let mut rows: Vec<Row> = self.rows.into_values().collect();
        rows.sort_by(|a, b| (a.first, &a.name, a.ip).cmp(&(b.first, &b.name, b.ip)));
        Report { rows, strangers: self.strangers.into_values().collect(), ..self.report }
    }

    fn visited(&mut self, address: SocketAddr, visit: &Visit, end: &End<'_>) {
        let to = match end {
            End::Left { at, .. } => *at,
            End::Here { now } => *now,
            End::Unknown => visit.joined,
        };
        // A clock that was set back may make a visit end before it began.
        let Some((first, last)) = self.window.clip(visit.joined, to.max(visit.joined)) else { return };
        let ip = address.ip();
        let row = self.rows.entry((visit.name.clone(), ip)).or_insert_with(|| Row {
            name: visit.name.clone(),
            later: Vec::new(),
            ip,
            first,
            last,
            visits: 0,
            total: Duration::ZERO,
            here: 0,
            unknown: 0,
        });
        row.first = row.first.min(first);
        row.last = row.last.max(last);
        row.visits += 1;
        row.total += (last - first).to_std().unwrap_or_default();
        match end {
            End::Left { name, .. } => row.is_later_called(name),
            End::Here { .. } => row.here += 1,
            End::Unknown => row.unknown += 1,
        }
    }

    /// A connection that has no line for its end, and did not join.
    fn never_joined(&mut self, address: SocketAddr, waiting: &Waiting) {
        let reason = match &waiting.refused {
            Some(reason) => reason.clone(),
            None if waiting.stale => "unknown".into(),
            None => "connecting".into(),
        };
        self.stranger(address, reason, waiting.at);
    }

    fn stranger(&mut self, address: SocketAddr, reason: String, at: Time) {
        if !self.window.holds(at) {
            return;
        }
        let ip = address.ip();
        let new = Stranger { ip, reason: reason.clone(), times: 0, last: at };
        let stranger = self.strangers.entry((ip, reason)).or_insert(new);
        stranger.times += 1;
        stranger.last = stranger.last.max(at);
    }
}

#[cfg(test)]
mod tests;
