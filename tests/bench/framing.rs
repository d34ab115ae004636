//! Where lines begin and end: at line breaks, or in the frames of a WebSocket (RFC 6455).
//!
//! Knows no dialect.

use std::ops::Range;

use memchr::{memchr, memmem};

/// A final fragment of text, and what is set in the length of a frame that is masked.
const TEXT: u8 = 0x81;
const MASKED: u8 = 0x80;

/// What bytes begin with.
#[derive(PartialEq, Eq, Debug)]
pub(crate) enum Piece {
    /// A line, and how many bytes it has with all that belongs to it.
    Whole { line: Range<usize>, bytes: usize },
    /// No whole line: where it begins, and how long it will be, if that is known.
    Part { from: usize, length: Option<usize> },
}

/// Up to a line break.
pub(crate) fn line(bytes: &[u8]) -> Piece {
    match memchr(b'\n', bytes) {
        Some(end) => Piece::Whole { line: 0..end, bytes: end + 1 },
        None => Piece::Part { from: 0, length: None },
    }
}

/// A frame that is not masked; before the first one the head of an HTTP answer, which no frame begins like.
pub(crate) fn frame(bytes: &[u8]) -> Piece {
    if bytes.first() == Some(&b'H') {
        return match memmem::find(bytes, b"\r\n\r\n") {
            Some(end) => Piece::Whole { line: 0..end, bytes: end + 4 },
            None => Piece::Part { from: 0, length: None },
        };
    }
    let head = match bytes.get(1) {
        Some(126) => 4,
        Some(127) => 10,
        _ => 2,
    };
    if bytes.len() < head {
        return Piece::Part { from: bytes.len(), length: None };
    }
    let length = match head {
        2 => usize::from(bytes[1]),
        _ => bytes[2..head].iter().fold(0, |length, byte| length << 8 | usize::from(*byte)),
    };
    if bytes.len() - head < length {
        return Piece::Part { from: head, length: Some(length) };
    }
    Piece::Whole { line: head..head + length, bytes: head + length }
}

/// A text of less than 126 bytes as a client sends it. The mask is all zeros, which changes nothing.
pub(crate) fn masked(text: &[u8]) -> Vec<u8> {
    assert!(text.len() < 126, "the length fits into the second byte");
    [&[TEXT, MASKED | text.len() as u8, 0, 0, 0, 0], text].concat()
}

/// Frames of each kind of length, whole and cut.
pub(crate) fn self_check() {
    for (length, head) in [(0, 2), (125, 2), (126, 4), (65_535, 4), (65_536, 10)] {
        let mut bytes = match head {
            2 => vec![TEXT, length as u8],
            4 => [&[TEXT, 126], &(length as u16).to_be_bytes()[..]].concat(),
            _ => [&[TEXT, 127], &(length as u64).to_be_bytes()[..]].concat(),
        };
        bytes.resize(head + length, b'x');
        assert_eq!(frame(&bytes), Piece::Whole { line: head..head + length, bytes: head + length });
        assert_eq!(frame(&bytes[..head - 1]), Piece::Part { from: head - 1, length: None });
        if length > 0 {
            assert_eq!(frame(&bytes[..head + length - 1]), Piece::Part { from: head, length: Some(length) });
        }
    }
    assert_eq!(frame(b"HTTP/1.1 101\r\n\r\n\x81"), Piece::Whole { line: 0..12, bytes: 16 });
}
