//! Lines out of bytes: finds the next `\n`, whatever the pieces in which the bytes come.
//!
//! Knows nothing of what is in a line.

use crate::limits::LINE_MAX_BYTES;

/// What the bytes at hand hold.
#[derive(Debug, PartialEq, Eq)]
pub enum Piece {
    /// A whole line: `line` bytes of content and, with its end, `whole` bytes in all.
    Line {
        /// Bytes of content, without the end of the line (`\n`, or `\r\n`).
        line: usize,
        /// Bytes of content and end.
        whole: usize,
    },
    /// No line ends here yet.
    NeedMore,
    /// Longer than a line may be, ended or not.
    TooLong,
}

/// Looks for the first line in `bytes`. `searched` bytes are known to hold no end of a line, so that a line that comes byte
/// by byte is not searched again from its beginning.
pub fn next(bytes: &[u8], searched: usize) -> Piece {
    match memchr::memchr(b'\n', &bytes[searched..]) {
        Some(found) => {
            let end = searched + found;
            let line = if end > 0 && bytes[end - 1] == b'\r' { end - 1 } else { end };
            if line > LINE_MAX_BYTES { Piece::TooLong } else { Piece::Line { line, whole: end + 1 } }
        }
        // One more than a line may have: its last byte may turn out to be the `\r` of its end.
        None if bytes.len() > LINE_MAX_BYTES + 1 => Piece::TooLong,
        None => Piece::NeedMore,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_ends_with_or_without_a_carriage_return() {
        assert_eq!(next(b"abc\nrest", 0), Piece::Line { line: 3, whole: 4 });
        assert_eq!(next(b"abc\r\nrest", 0), Piece::Line { line: 3, whole: 5 });
        assert_eq!(next(b"\n", 0), Piece::Line { line: 0, whole: 1 });
        assert_eq!(next(b"", 0), Piece::NeedMore);
        assert_eq!(next(b"abc", 3), Piece::NeedMore);
    }

    #[test]
    fn the_longest_line_passes_and_one_more_byte_does_not() {
        let mut bytes = vec![b'x'; LINE_MAX_BYTES];
        assert_eq!(next(&bytes, 0), Piece::NeedMore);
        bytes.extend_from_slice(b"\r\n");
        assert_eq!(next(&bytes, 0), Piece::Line { line: LINE_MAX_BYTES, whole: LINE_MAX_BYTES + 2 });
        bytes.insert(0, b'x');
        assert_eq!(next(&bytes, 0), Piece::TooLong);
        assert_eq!(next(&vec![b'x'; LINE_MAX_BYTES + 2], 0), Piece::TooLong);
    }
}
