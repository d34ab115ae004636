//! Lines out of bytes: whatever the pieces in which they come, and never more than one line in memory.
//!
//! It knows nothing of where the bytes come from or what the lines mean.

use crate::limits::INPUT_LINE_BYTES;

/// Why a line cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum BadLine {
    /// It was skipped to its end.
    #[error("the line is longer than {INPUT_LINE_BYTES} bytes")]
    TooLong,
    /// It was skipped.
    #[error("the line is not UTF-8")]
    InvalidUtf8,
}

impl BadLine {
    /// The word for scripts (event `refused`).
    pub(super) fn code(self) -> &'static str {
        match self {
            Self::TooLong => "too-long",
            Self::InvalidUtf8 => "invalid-utf8",
        }
    }
}

/// The beginning of a line whose end is still to come.
#[derive(Debug, Default)]
pub(super) struct Lines {
    partial: Vec<u8>,
    /// The line is too long already; it is passed over to its end.
    skipping: bool,
}

impl Lines {
    /// Takes `bytes`, and hands every line that ends in them to `each`, without its `\n` or `\r\n`. Stops at the first
    /// error of `each`.
    pub(super) fn feed<E>(
        &mut self,
        bytes: &[u8],
        mut each: impl FnMut(Result<&str, BadLine>) -> Result<(), E>,
    ) -> Result<(), E> {
        for piece in bytes.split_inclusive(|&byte| byte == b'\n') {
            self.add(piece.strip_suffix(b"\n").unwrap_or(piece));
            if piece.ends_with(b"\n") {
                self.end(&mut each)?;
            }
        }
        Ok(())
    }

    /// The input has ended: what is left is a line too.
    pub(super) fn finish<E>(&mut self, mut each: impl FnMut(Result<&str, BadLine>) -> Result<(), E>) -> Result<(), E> {
        if self.partial.is_empty() && !self.skipping { Ok(()) } else { self.end(&mut each) }
    }

    fn add(&mut self, piece: &[u8]) {
        // One more for the `\r` of a `\r\n`.
        if self.partial.len() + piece.len() > INPUT_LINE_BYTES + 1 {
            self.skipping = true;
        }
        if self.skipping {
            self.partial = Vec::new();
        } else {
            self.partial.extend_from_slice(piece);
        }
    }

    fn end<E>(&mut self, each: &mut impl FnMut(Result<&str, BadLine>) -> Result<(), E>) -> Result<(), E> {
        let line = self.partial.strip_suffix(b"\r").unwrap_or(&self.partial);
        let line = if self.skipping || line.len() > INPUT_LINE_BYTES {
            Err(BadLine::TooLong)
        } else {
            std::str::from_utf8(line).map_err(|_| BadLine::InvalidUtf8)
        };
        let result = each(line);
        self.partial.clear();
        self.skipping = false;
        result
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use proptest::prelude::*;

    use super::*;

    /// The lines of `bytes`, fed in pieces of `size`.
    fn lines(bytes: &[u8], size: usize) -> Vec<Result<String, BadLine>> {
        let (mut lines, mut found) = (Lines::default(), Vec::new());
        let mut each = |line: Result<&str, BadLine>| {
            found.push(line.map(str::to_owned));
            Ok::<(), Infallible>(())
        };
        for piece in bytes.chunks(size) {
            lines.feed(piece, &mut each).unwrap();
            assert!(lines.partial.capacity() <= 4 * INPUT_LINE_BYTES);
        }
        lines.finish(&mut each).unwrap();
        found
    }

    fn ok(line: &str) -> Result<String, BadLine> {
        Ok(line.to_owned())
    }

    #[test]
    fn lines_end_at_their_break_and_the_last_at_the_end() {
        assert_eq!(lines(b"a\n\nb\r\nc\rd\ne", 64), [ok("a"), ok(""), ok("b"), ok("c\rd"), ok("e")]);
        assert_eq!(lines(b"a\n", 64), [ok("a")]);
        assert_eq!(lines(b"", 64), []);
    }

    #[test]
    fn what_is_not_utf8_is_refused_and_the_next_line_goes_on() {
        assert_eq!(
            lines(b"\xff\xfe\n\xc3\xa9\n\xc3", 2),
            [Err(BadLine::InvalidUtf8), ok("é"), Err(BadLine::InvalidUtf8)]
        );
    }

    #[test]
    fn the_longest_line_passes_and_a_longer_one_is_skipped_to_its_end() {
        let longest = "x".repeat(INPUT_LINE_BYTES);
        for ending in ["\n", "\r\n"] {
            let text = format!("{longest}{ending}{longest}x{ending}after\n");
            assert_eq!(lines(text.as_bytes(), 4096), [Ok(longest.clone()), Err(BadLine::TooLong), ok("after")]);
        }
        let endless = "x".repeat(5 * INPUT_LINE_BYTES);
        assert_eq!(lines(endless.as_bytes(), 4096), [Err(BadLine::TooLong)]);
        assert_eq!(lines(endless.as_bytes(), usize::MAX), [Err(BadLine::TooLong)]);
    }

    #[test]
    fn it_stops_where_it_is_told_to() {
        let mut count = 0;
        let stopped = Lines::default().feed(b"1\n2\n3\n", |_| {
            count += 1;
            if count == 2 { Err("enough") } else { Ok(()) }
        });
        assert_eq!((stopped, count), (Err("enough"), 2));
    }

    proptest! {
        #[test]
        fn the_pieces_make_no_difference(bytes in proptest::collection::vec(prop_oneof![Just(b'\n'), any::<u8>()], 0..200), size in 1usize..20) {
            prop_assert_eq!(lines(&bytes, size), lines(&bytes, usize::MAX));
        }
    }
}
