//! The connections log as the host writes it: never in the way of the room, whatever becomes of the disk or the file.
//! It knows nothing of rooms and sockets; the time is an argument.

use std::fmt::{self, Display};
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::Instant;

use super::identity::Identity;
use super::journal::{End, Journal};
use super::line::LogLine;
use crate::error::{Error, Result};
use crate::limits::LOG_ROTATION;

/// An open connections log.
#[derive(Debug)]
pub struct ConnectionLog {
    path: PathBuf,
    /// The file that is written; `None` if the path could not be opened again.
    file: Option<Identity>,
    checked: Instant,
    journal: Journal<File>,
    /// How many lines were lost since writing stopped working; `None` while it works.
    outage: Option<u64>,
}

/// What the host is to be told about its log: once when an outage begins, once when it is over.
#[derive(Debug)]
pub enum Notice {
    /// The log cannot be written: what was tried, and why it failed. The room goes on.
    Failing(Error),
    /// The log is written again.
    Recovered {
        /// The log's path as given.
        path: String,
        /// How many lines are missing from it.
        lines: u64,
    },
}

impl Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failing(error) => write!(f, "{error}; the room goes on, and lines are missing from its log"),
            Self::Recovered { path, lines: 1 } => {
                write!(f, "the connections log {path} is written again; 1 line is missing")
            }
            Self::Recovered { path, lines } => {
                write!(f, "the connections log {path} is written again; {lines} lines are missing")
            }
        }
    }
}

impl ConnectionLog {
    /// Opens the log for appending, and creates it (mode 0600 on Unix) where there is none. What stands in it stays.
    ///
    /// # Errors
    /// [`Error::Log`] with the operating system's reason.
    pub fn open(path: &Path, now: Instant) -> Result<Self> {
        let (file, end, identity) =
            open(path).map_err(|source| Error::Log { path: path.display().to_string(), source })?;
        Ok(Self {
            path: path.to_owned(),
            file: Some(identity),
            checked: now,
            journal: Journal::new(file, end),
            outage: None,
        })
    }

    /// Appends a line, with one `write`. A log that was renamed or removed is begun anew within
    /// [`LOG_ROTATION`] of it, by the next line.
    ///
    /// It never fails the room: lines that cannot be written are counted, and a `missed` line says how many as soon
    /// as writing works again. `Some` is to be shown to the host.
    pub fn write(&mut self, line: &LogLine, now: Instant) -> Option<Notice> {
        match self.reopen(now).and_then(|()| self.journal.write(line)) {
            Ok(()) => {
                let lines = self.outage.take()?;
                Some(Notice::Recovered { path: self.path.display().to_string(), lines })
            }
            Err(source) => {
                self.journal.lose();
                let first = self.outage.is_none();
                *self.outage.get_or_insert(0) += 1;
                first.then(|| {
                    Notice::Failing(Error::io(format!("write the connections log {}", self.path.display()), source))
                })
            }
        }
    }

    /// Opens the path again if it no longer leads to the file that is written; looks at most once in [`LOG_ROTATION`].
    fn reopen(&mut self, now: Instant) -> io::Result<()> {
        if now.saturating_duration_since(self.checked) < LOG_ROTATION {
            return Ok(());
        }
        self.checked = now;
        if self.file.is_some() && Identity::at(&self.path) == self.file {
            return Ok(());
        }
        // The old file goes first: if the path cannot be opened, lines are counted as missing and not written to a
        // file that nobody finds any more.
        self.file = None;
        self.journal.replace(None);
        let (file, end, identity) = open(&self.path)?;
        self.file = Some(identity);
        self.journal.replace(Some((file, end)));
        Ok(())
    }
}

/// Opens a log for appending: the file, what it ends with, and which one it is.
fn open(path: &Path) -> io::Result<(File, End, Identity)> {
    let mut options = OpenOptions::new();
    options.append(true).read(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    let end = end(&mut file)?;
    let identity = Identity::of(&file)?;
    Ok((file, end, identity))
}

/// What a log that was just opened ends with. A device or a pipe has no length, and no end to repair. Where another
/// process is in the middle of a write, its line may be taken for torn: that costs an empty line, which is passed over.
fn end(file: &mut File) -> io::Result<End> {
    let metadata = file.metadata()?;
    if !metadata.is_file() || metadata.len() == 0 {
        return Ok(End::Line);
    }
    let mut last = [0];
    file.seek(SeekFrom::End(-1))?;
    file.read_exact(&mut last)?;
    Ok(if last == *b"\n" { End::Line } else { End::Unended })
}

#[cfg(test)]
mod tests;
