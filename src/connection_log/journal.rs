//! Lines to something that may fail in between: each with one `write`, and those that were lost are counted, and the
//! count written first as soon as writing works again. It knows no path and no clock.

use std::fmt::Write as _;
use std::io::{self, Write};
use std::net::SocketAddr;

use super::line::{Event, LogLine};

/// Where lines go, and what is still to be made good there.
#[derive(Debug)]
pub(super) struct Journal<W> {
    /// `None`: there is nothing to write to.
    to: Option<W>,
    end: End,
    /// The room's address, by its last `opened` line: whose log misses lines.
    room: Option<SocketAddr>,
    missing: u64,
    /// Reused from line to line.
    buffer: String,
}

/// What a log ends with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// A whole line, or nothing at all.
    Line,
    /// A line that has no `\n`: whole, for all we know.
    Unended,
    /// A piece of a line.
    Torn,
}

impl End {
    /// What has to be written before the next line. The quote makes sure that a torn piece is unreadable, and not a
    /// line with a shorter address or name.
    fn repair(self) -> &'static str {
        match self {
            Self::Line => "",
            Self::Unended => "\n",
            Self::Torn => "\"\n",
        }
    }
}

impl<W: Write> Journal<W> {
    pub(super) fn new(to: W, end: End) -> Self {
        Self { to: Some(to), end, room: None, missing: 0, buffer: String::new() }
    }

    /// Goes on elsewhere, or nowhere until the next call.
    pub(super) fn replace(&mut self, to: Option<(W, End)>) {
        let (to, end) = to.unzip();
        self.to = to;
        self.end = end.unwrap_or(End::Line);
    }

    /// Counts a line as lost.
    pub(super) fn lose(&mut self) {
        self.missing += 1;
    }

    /// Writes a line, and before it, if there are any, how many are missing.
    ///
    /// # Errors
    /// The line is not written, or only a part of it; it is the caller's to count it as lost.
    pub(super) fn write(&mut self, line: &LogLine) -> io::Result<()> {
        if line.event == Event::Opened {
            self.room = Some(line.address);
        }
        if self.missing > 0 {
            let room = self.room.unwrap_or(line.address);
            self.append(&LogLine::new(line.at, room, Event::Missed { lines: self.missing }))?;
            self.missing = 0;
        }
        self.append(line)
    }

    fn append(&mut self, line: &LogLine) -> io::Result<()> {
        let to = self.to.as_mut().ok_or(io::ErrorKind::NotFound)?;
        self.buffer.clear();
        writeln!(self.buffer, "{}{line}", self.end.repair()).map_err(io::Error::other)?;
        let bytes = self.buffer.as_bytes();
        let written = to.write(bytes)?;
        self.end = match bytes[..written].last() {
            None => self.end,
            Some(b'\n') => End::Line,
            Some(_) => End::Torn,
        };
        if written == bytes.len() { Ok(()) } else { Err(io::ErrorKind::StorageFull.into()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::{DateTime, FixedOffset};
    use proptest::prelude::*;

    /// A disk with room for some more bytes; every call to `write` is counted.
    #[derive(Default)]
    struct Disk {
        bytes: Vec<u8>,
        room: usize,
        writes: usize,
    }

    impl Write for Disk {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.writes += 1;
            let fits = bytes.len().min(self.room - self.bytes.len());
            self.bytes.extend(&bytes[..fits]);
            if fits == 0 { Err(io::ErrorKind::StorageFull.into()) } else { Ok(fits) }
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn at() -> DateTime<FixedOffset> {
        DateTime::parse_from_rfc3339("2026-11-20T21:51:07.480+01:00").unwrap()
    }

    fn accepted(port: u16) -> LogLine {
        LogLine::new(at(), ([192, 168, 1, 7], port).into(), Event::Accepted)
    }

    fn missed(lines: u64) -> LogLine {
        LogLine::new(at(), ([0, 0, 0, 0], 8808).into(), Event::Missed { lines })
    }

    #[test]
    fn a_line_is_one_write() {
        let mut journal = Journal::new(Disk { room: 1000, ..Disk::default() }, End::Line);
        journal.write(&accepted(1)).unwrap();
        journal.write(&accepted(2)).unwrap();
        let disk = journal.to.unwrap();
        assert_eq!(disk.writes, 2);
        assert_eq!(String::from_utf8(disk.bytes).unwrap(), format!("{}\n{}\n", accepted(1), accepted(2)));
    }

    #[test]
    fn a_line_without_its_end_gets_one_first() {
        let mut journal = Journal::new(Disk { room: 1000, ..Disk::default() }, End::Unended);
        journal.write(&accepted(1)).unwrap();
        assert_eq!(String::from_utf8(journal.to.unwrap().bytes).unwrap(), format!("\n{}\n", accepted(1)));
    }

    proptest! {
        /// However little room the disk has, and whenever it gets more: what can be read of the log is what was
        /// written, in order, and the `missed` lines account for all the rest.
        #[test]
        fn every_line_is_written_or_counted(rooms in prop::collection::vec(0_usize..150, 1..30)) {
            let mut journal = Journal::new(Disk { room: 200, ..Disk::default() }, End::Line);
            let opened = LogLine::new(at(), ([0, 0, 0, 0], 8808).into(), Event::Opened);
            journal.write(&opened).unwrap();
            let mut written = vec![opened];
            let mut lost = 0;
            // At the end there is room again, so that the last loss is told too.
            for (port, room) in rooms.iter().copied().chain([10_000]).enumerate() {
                let disk = journal.to.as_mut().unwrap();
                disk.room = disk.bytes.len() + room;
                let line = accepted(port as u16);
                let before = journal.missing;
                let result = journal.write(&line);
                if before > 0 && journal.missing == 0 {
                    written.push(missed(before));
                }
                match result {
                    Ok(()) => written.push(line),
                    Err(_) => {
                        journal.lose();
                        lost += 1;
                    }
                }
            }
            let text = String::from_utf8(journal.to.unwrap().bytes).unwrap();
            prop_assert!(text.ends_with('\n'));
            let read: Vec<LogLine> = text.lines().filter_map(|line| LogLine::parse(line).ok()).collect();
            let told = |line: &LogLine| if let Event::Missed { lines } = line.event { lines } else { 0 };
            let told: u64 = read.iter().map(told).sum();
            prop_assert_eq!(read, written);
            prop_assert_eq!(told, lost);
        }
    }
}
