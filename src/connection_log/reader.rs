//! Bytes of a log to its lines, whatever stands in them: one that cannot be read is reported, and the next one is read.
//!
//! What a line means is known in `line`, and how it is shown in `output`.

use std::io::{Read, Write};
use std::path::Path;

use super::line::{BadLine, LogLine};
use super::output::Output;
use crate::error::{Error, Result};
use crate::limits::{LOG_LINE_MAX_BYTES, LOG_READ_BYTES};

/// Reads a log, part by part as it comes.
pub(super) struct Reader<'a> {
    path: &'a Path,
    lines: Splitter,
    output: Output<'a>,
    errors: &'a mut dyn Write,
    unreadable: u64,
    chunk: Vec<u8>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(path: &'a Path, output: Output<'a>, errors: &'a mut dyn Write) -> Self {
        Self { path, lines: Splitter::default(), output, errors, unreadable: 0, chunk: vec![0; LOG_READ_BYTES] }
    }

    /// Reads all that is there, and brings it out. A line that has no end yet waits.
    pub(super) fn drain(&mut self, file: &mut dyn Read) -> Result<()> {
        loop {
            let count = match file.read(&mut self.chunk) {
                Ok(0) => return self.output.flush(),
                Ok(count) => count,
                Err(source) if source.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(source) => {
                    return Err(Error::ReadLog { path: self.path.display().to_string(), source });
                }
            };
            let (path, output, errors, unreadable) =
                (self.path, &mut self.output, &mut self.errors, &mut self.unreadable);
            self.lines.split(&self.chunk[..count], &mut |number, line| match line.and_then(read_line) {
                Ok(line) => line.map_or(Ok(()), |line| output.line(&line)),
                Err(why) => {
                    *unreadable += 1;
                    // Where complaints cannot be written, there is nobody to tell; the exit status still says it.
                    drop(writeln!(errors, "hybrid-chat: read {}: line {number}: {why}", path.display()));
                    Ok(())
                }
            })?;
        }
    }

    /// The file has ended, and with it its last line; the lines of the next file count from 1.
    pub(super) fn end_of_file(&mut self) -> Result<()> {
        if self.lines.in_line() {
            self.drain(&mut b"\n".as_slice())?;
        }
        self.lines = Splitter::default();
        Ok(())
    }

    /// Ends the output; the lines that could not be read make it an error.
    pub(super) fn finish(self, now: chrono::DateTime<chrono::FixedOffset>) -> Result<()> {
        self.output.finish(now)?;
        match self.unreadable {
            0 => Ok(()),
            lines => Err(Error::Unreadable { path: self.path.display().to_string(), lines }),
        }
    }
}

/// A line from its bytes; `None` if it is blank.
fn read_line(bytes: &[u8]) -> Result<Option<LogLine>, BadLine> {
    let text = str::from_utf8(bytes.strip_suffix(b"\r").unwrap_or(bytes)).map_err(|_| BadLine::NotUtf8)?;
    if text.trim().is_empty() { Ok(None) } else { LogLine::parse(text).map(Some) }
}

/// Cuts bytes into lines, however they come, and keeps no more than one line of bounded length.
#[derive(Debug, Default)]
struct Splitter {
    /// How many lines have ended.
    ended: u64,
    /// The beginning of a line that has not ended.
    piece: Vec<u8>,
    /// The line that has not ended is too long; that was said, and the rest of it is passed over.
    passing: bool,
}

/// What takes a line, without its `\n`, and its number from 1.
type Each<'a> = dyn FnMut(u64, Result<&[u8], BadLine>) -> Result<()> + 'a;

impl Splitter {
    fn split(&mut self, bytes: &[u8], each: &mut Each<'_>) -> Result<()> {
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            let number = self.ended + 1;
            let (part, ends) = part.strip_suffix(b"\n").map_or((part, false), |part| (part, true));
            if self.passing {
                self.passing = !ends;
            } else if self.piece.len() + part.len() > LOG_LINE_MAX_BYTES {
                self.piece = Vec::new();
                self.passing = !ends;
                each(number, Err(BadLine::TooLong))?;
            } else if !ends {
                self.piece.extend_from_slice(part);
            } else if self.piece.is_empty() {
                each(number, Ok(part))?;
            } else {
                self.piece.extend_from_slice(part);
                each(number, Ok(&self.piece))?;
                self.piece.clear();
            }
            self.ended += u64::from(ends);
        }
        Ok(())
    }

    /// Whether a line has begun and not ended.
    fn in_line(&self) -> bool {
        !self.piece.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    type Lines = Vec<(u64, Result<Vec<u8>, BadLine>)>;

    fn lines(parts: &[&[u8]]) -> Lines {
        let (mut splitter, mut lines) = (Splitter::default(), Vec::new());
        for part in parts {
            splitter
                .split(part, &mut |number, line| {
                    lines.push((number, line.map(<[u8]>::to_vec)));
                    Ok(())
                })
                .unwrap();
            assert!(splitter.piece.len() <= LOG_LINE_MAX_BYTES);
        }
        lines
    }

    #[test]
    fn a_line_that_is_too_long_is_reported_once_and_the_next_is_read() {
        let longest = vec![b'x'; LOG_LINE_MAX_BYTES];
        let found = lines(&[&longest, b"\n", &longest, b"x", &longest, &longest, b"x\nnext\n"]);
        assert_eq!(found, [(1, Ok(longest)), (2, Err(BadLine::TooLong)), (3, Ok(b"next".to_vec()))]);
    }

    #[test]
    fn carriage_returns_and_blank_lines_are_no_matter_and_bad_bytes_are() {
        let line = b"2026-11-20T21:51:07.480+01:00 accepted 10.0.0.7:1";
        let read = read_line(line).unwrap();
        assert!(read.is_some());
        assert_eq!(read_line(&[line, b"\r".as_slice()].concat()), Ok(read));
        assert_eq!(read_line(b""), Ok(None));
        assert_eq!(read_line(b" \r"), Ok(None));
        assert_eq!(read_line(b"\xff"), Err(BadLine::NotUtf8));
        assert_eq!(read_line(b"\0\0\0"), Err(BadLine::Control));
        assert_eq!(read_line(&[line, b"\r\r".as_slice()].concat()), Err(BadLine::Control));
    }

    proptest! {
        #[test]
        fn lines_are_the_same_however_their_bytes_come(
            text in "([a-z]{0,3}\n{0,2}){0,20}", cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..6),
        ) {
            let bytes = text.as_bytes();
            let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
            cuts.sort_unstable();
            let bounds: Vec<usize> = std::iter::once(0).chain(cuts).chain([bytes.len()]).collect();
            let parts: Vec<&[u8]> = bounds.windows(2).map(|pair| &bytes[pair[0]..pair[1]]).collect();
            let ended = text.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n'));
            let expected: Lines = (1..).zip(ended.map(|line| Ok(line.as_bytes().to_vec()))).collect();
            prop_assert_eq!(lines(&parts), expected);
        }
    }
}
