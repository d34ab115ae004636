//! The summary of a log as a table that a person likes to read. No files, no clock, no printing.

use std::collections::HashSet;
use std::fmt::Write;
use std::net::IpAddr;
use std::time::Duration;

use chrono::{DateTime, FixedOffset};
use unicode_width::UnicodeWidthStr;

use super::show::{Clock, duration, number, safe};

/// What a summary found.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Report {
    /// By the time at which each was first seen.
    pub(super) rows: Vec<Row>,
    /// By address and reason.
    pub(super) strangers: Vec<Stranger>,
    /// How many lines are missing from the log, by its own account.
    pub(super) missing: u64,
}

/// The visits under one name from one address.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Row {
    /// The name at joining.
    pub(super) name: String,
    /// Other names at leaving, in order of appearance.
    pub(super) later: Vec<String>,
    pub(super) ip: IpAddr,
    pub(super) first: DateTime<FixedOffset>,
    /// The last known time there.
    pub(super) last: DateTime<FixedOffset>,
    pub(super) visits: u64,
    /// How long, without the visits whose end is unknown.
    pub(super) total: Duration,
    /// How many of the visits go on.
    pub(super) here: u64,
    /// How many of the visits have an unknown end.
    pub(super) unknown: u64,
}

/// Connections from one address that ended without joining, for one reason.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Stranger {
    pub(super) ip: IpAddr,
    pub(super) reason: String,
    pub(super) times: u64,
    pub(super) last: DateTime<FixedOffset>,
}

impl Row {
    /// Notes the name at leaving, if it is another than at joining.
    pub(super) fn is_later_called(&mut self, name: &str) {
        if name != self.name && !self.later.iter().any(|later| later == name) {
            self.later.push(name.to_owned());
        }
    }

    fn cells(&self, clock: Clock) -> [String; 7] {
        let last = if self.here > 0 { "still here".into() } else { minute(self.last, clock) };
        [
            safe(&self.name),
            self.ip.to_string(),
            minute(self.first, clock),
            last,
            self.visits.to_string(),
            duration(self.total),
            self.note(),
        ]
    }

    /// What the columns cannot say.
    fn note(&self) -> String {
        let mut notes = Vec::new();
        if !self.later.is_empty() {
            let names: Vec<String> = self.later.iter().map(|name| safe(name)).collect();
            notes.push(format!("later {}", names.join(", ")));
        }
        if self.unknown > 0 {
            notes.push(number(self.unknown, "end unknown", "ends unknown"));
        }
        notes.join("; ")
    }
}

impl Report {
    /// The report as text, each line with its `\n`.
    pub(super) fn text(&self, clock: Clock) -> String {
        let mut text = String::new();
        if !self.rows.is_empty() {
            let header = ["NAME", "ADDRESS", "FIRST", "LAST", "VISITS", "TOTAL", ""].map(String::from);
            let rows = self.rows.iter().map(|row| row.cells(clock));
            table(&mut text, header, rows, [false, false, false, false, true, true, false]);
            text.push('\n');
        }
        text.push_str(&self.totals());
        if !self.strangers.is_empty() {
            text.push_str("\nNever joined:\n");
            let header = ["ADDRESS", "REASON", "TIMES", "LAST"].map(String::from);
            let rows = self.strangers.iter().map(|stranger| {
                [
                    stranger.ip.to_string(),
                    safe(&stranger.reason),
                    stranger.times.to_string(),
                    minute(stranger.last, clock),
                ]
            });
            table(&mut text, header, rows, [false, false, true, false]);
        }
        if self.missing > 0 {
            let lines = number(self.missing, "line is", "lines are");
            text.push_str(&format!("\n{lines} missing from this log: it could not be written.\n"));
        }
        text
    }

    fn totals(&self) -> String {
        if self.rows.is_empty() {
            return "Nobody was in the room.\n".into();
        }
        let names: HashSet<&str> = self.rows.iter().map(|row| row.name.as_str()).collect();
        let addresses: HashSet<IpAddr> = self.rows.iter().map(|row| row.ip).collect();
        let total: Duration = self.rows.iter().map(|row| row.total).sum();
        format!(
            "{} by {} from {}, {} in all; {} still here.\n",
            number(self.rows.iter().map(|row| row.visits).sum(), "visit", "visits"),
            number(names.len() as u64, "name", "names"),
            number(addresses.len() as u64, "address", "addresses"),
            duration(total),
            self.rows.iter().map(|row| row.here).sum::<u64>(),
        )
    }
}

/// A time to the minute.
fn minute(at: DateTime<FixedOffset>, clock: Clock) -> String {
    clock(at).format("%Y-%m-%d %H:%M").to_string()
}

/// Writes rows in columns that are as wide as their widest cell takes on a terminal, two spaces apart.
fn table<const N: usize>(
    out: &mut String,
    header: [String; N],
    rows: impl Iterator<Item = [String; N]>,
    right: [bool; N],
) {
    let rows: Vec<[String; N]> = std::iter::once(header).chain(rows).collect();
    let widths: [usize; N] = std::array::from_fn(|i| rows.iter().map(|row| row[i].width()).max().unwrap_or(0));
    for row in &rows {
        let mut line = String::new();
        for (i, cell) in row.iter().enumerate() {
            let gap = " ".repeat(widths[i] - cell.width());
            let (before, after) = if right[i] { (gap.as_str(), "") } else { ("", gap.as_str()) };
            write!(line, "{before}{cell}{after}  ").expect("a string takes everything");
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
}
