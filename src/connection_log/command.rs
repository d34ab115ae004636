//! `hybrid-chat log`: what was asked for, and carrying it out. Where it writes, what time it is and how it waits are
//! arguments.

use std::fs::File;
use std::io::{ErrorKind, Write};
use std::path::PathBuf;
use std::time::Duration;

use chrono::{DateTime, FixedOffset, Local, TimeDelta};

use super::follow::{Wait, follow};
use super::output::{Output, Style};
use super::reader::Reader;
use super::show::Clock;
use super::summary::{Summary, Window};
use crate::error::{self, Error, Result};

/// What `hybrid-chat log` was asked for.
#[derive(Debug, Clone)]
pub struct LogOptions {
    /// The log.
    pub file: PathBuf,
    /// Each line as a JSON object instead of the summary.
    pub json: bool,
    /// Go on as the file grows; without `json`, each line as a sentence.
    pub follow: bool,
    /// Only what happened then or later.
    pub since: Option<DateTime<FixedOffset>>,
    /// Only what happened then or earlier.
    pub until: Option<DateTime<FixedOffset>>,
}

/// Carries out `hybrid-chat log`: the log on `out`, complaints about its lines on `errors`.
///
/// `now` is the time until which members that have not left are taken to be there. With `follow`, `wait` is called
/// whenever there is nothing more to read: it waits for the time given, and says whether to go on. A broken pipe on
/// `out` is a normal end.
///
/// # Errors
/// The file cannot be opened or read, `out` cannot be written, or, when all that can be read has been shown, lines
/// could not be read ([`Error::Unreadable`]).
pub fn command(
    options: &LogOptions,
    out: &mut dyn Write,
    errors: &mut dyn Write,
    now: DateTime<FixedOffset>,
    wait: &mut dyn FnMut(Duration) -> bool,
) -> Result<()> {
    match read(options, out, errors, now, wait, |at| at.with_timezone(&Local).naive_local()) {
        Err(Error::Io { source, .. }) if error::kind(&source) == ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}

fn read(
    options: &LogOptions,
    out: &mut dyn Write,
    errors: &mut dyn Write,
    now: DateTime<FixedOffset>,
    wait: &mut Wait<'_>,
    clock: Clock,
) -> Result<()> {
    let path = &options.file;
    let unread = |source| Error::ReadLog { path: path.display().to_string(), source };
    let mut file = File::open(path).map_err(unread)?;
    let window = Window { since: options.since, until: options.until };
    let style = match options {
        LogOptions { json: true, .. } => Style::Json,
        LogOptions { follow: true, .. } => Style::Sentences,
        _ => Style::Summary(Box::new(Summary::new(window))),
    };
    let mut reader = Reader::new(path, Output::new(out, style, window, clock), errors);
    if options.follow {
        follow(path, file, &mut reader, wait)?;
    } else {
        reader.drain(&mut file)?;
        reader.end_of_file()?;
    }
    reader.finish(now)
}

/// Reads a time as `--since` and `--until` take it: RFC 3339, or how long ago (`90s`, `15m`, `2h`, `3d`, `1w`).
///
/// # Errors
/// What can be written instead.
pub fn parse_when(text: &str, now: DateTime<FixedOffset>) -> Result<DateTime<FixedOffset>, String> {
    if let Ok(at) = DateTime::parse_from_rfc3339(text) {
        return Ok(at);
    }
    let units = [("s", 1), ("m", 60), ("h", 3600), ("d", 86_400), ("w", 7 * 86_400)];
    units
        .iter()
        .find_map(|(unit, seconds)| Some((text.strip_suffix(unit)?, seconds)))
        .filter(|(count, _)| !count.is_empty() && count.bytes().all(|b| b.is_ascii_digit()))
        .and_then(|(count, seconds)| count.parse::<i64>().ok()?.checked_mul(*seconds))
        .and_then(TimeDelta::try_seconds)
        .and_then(|ago| now.checked_sub_signed(ago))
        .ok_or_else(|| {
            "write a time like 2026-11-20T21:51:03+01:00, or how long ago: 90s, 15m, 2h, 3d or 1w".to_owned()
        })
}

#[cfg(test)]
mod tests;
