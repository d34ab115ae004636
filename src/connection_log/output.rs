//! What becomes of the lines of a log: objects, sentences, or a summary at the end. It writes where it is told to, and
//! knows no files and no clock.

use std::io::{BufWriter, Write};

use chrono::{DateTime, FixedOffset};

use super::line::LogLine;
use super::show::{Clock, sentence};
use super::summary::{Summary, Window};
use crate::error::{Error, Result};

/// How lines are shown.
#[derive(Debug)]
pub(super) enum Style {
    /// Each as a JSON object, as it comes.
    Json,
    /// Each as a sentence, as it comes.
    Sentences,
    /// None of them; who was there, at the end.
    Summary(Box<Summary>),
}

/// Where lines are shown, and how.
pub(super) struct Output<'a> {
    out: BufWriter<&'a mut dyn Write>,
    style: Style,
    window: Window,
    clock: Clock,
    /// Reused from line to line.
    text: String,
}

impl<'a> Output<'a> {
    pub(super) fn new(out: &'a mut dyn Write, style: Style, window: Window, clock: Clock) -> Self {
        Self { out: BufWriter::new(out), style, window, clock, text: String::new() }
    }

    /// Takes the next line of the log.
    pub(super) fn line(&mut self, line: &LogLine) -> Result<()> {
        if let Style::Summary(summary) = &mut self.style {
            summary.add(line);
            return Ok(());
        }
        if !self.window.holds(line.at) {
            return Ok(());
        }
        self.text.clear();
        if matches!(self.style, Style::Json) {
            line.write_json(&mut self.text).expect("a string takes everything");
        } else {
            self.text.push_str(&sentence(line, self.clock));
        }
        self.text.push('\n');
        written(self.out.write_all(self.text.as_bytes()))
    }

    /// Brings out what was written so far.
    pub(super) fn flush(&mut self) -> Result<()> {
        written(self.out.flush())
    }

    /// Ends the output, at the time `now`.
    pub(super) fn finish(mut self, now: DateTime<FixedOffset>) -> Result<()> {
        if let Style::Summary(summary) = std::mem::replace(&mut self.style, Style::Json) {
            written(self.out.write_all(summary.finish(now).text(self.clock).as_bytes()))?;
        }
        self.flush()
    }
}

fn written(result: std::io::Result<()>) -> Result<()> {
    result.map_err(|source| Error::io("write to standard output", source))
}
