//! What the first bytes of a connection say about the client: pure, and the same whatever the pieces in which they come.
//!
//! It looks at the first line and at nothing else. What looks like HTTP is never text: a web page anywhere can make a browser on
//! the LAN send a request here, and no part of that may be heard as somebody who talks.

use crate::limits::FIRST_LINE_BYTES;

/// Who has connected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opening {
    /// Somebody who speaks the native dialect.
    Native,
    /// Somebody who makes an HTTP request.
    Http,
    /// Somebody who wants to encrypt, as a browser does that was given an `https` address.
    Tls,
    /// Anybody else: a person, with `nc` or `telnet`.
    Text,
}

/// The methods that browsers and their tools use, and HTTP/2's own beginning. Another one is known by the end of its line.
const METHODS: [&[u8]; 11] =
    [b"GET", b"HEAD", b"POST", b"PUT", b"DELETE", b"CONNECT", b"OPTIONS", b"TRACE", b"PATCH", b"QUERY", b"PRI"];
/// The first byte of a TLS handshake.
const TLS_HANDSHAKE: u8 = 0x16;

/// How many bytes of blank lines stand before what counts. They say nothing: HTTP allows them before a request, and people
/// press a key to see whether anybody is there.
pub fn blank(bytes: &[u8]) -> usize {
    bytes.iter().position(|byte| !matches!(byte, b'\r' | b'\n')).unwrap_or(bytes.len())
}

/// Who has connected, by all that has come so far without its blank beginning; `None` if more has to come.
pub fn opening(bytes: &[u8]) -> Option<Opening> {
    let bytes = &bytes[..bytes.len().min(FIRST_LINE_BYTES)];
    match bytes.first()? {
        b'{' => return Some(Opening::Native),
        &TLS_HANDSHAKE => return Some(Opening::Tls),
        _ if METHODS.iter().any(|method| bytes.strip_prefix(*method).is_some_and(|rest| rest.starts_with(b" "))) => {
            return Some(Opening::Http);
        }
        _ => {}
    }
    match memchr::memchr(b'\n', bytes) {
        Some(end) if is_request(&bytes[..end]) => Some(Opening::Http),
        Some(_) => Some(Opening::Text),
        None => (bytes.len() == FIRST_LINE_BYTES).then_some(Opening::Text),
    }
}

/// Whether a line is a request with whatever method: it ends in the version of HTTP.
fn is_request(line: &[u8]) -> bool {
    let line = line.trim_ascii_end();
    let version = line.iter().rposition(|byte| *byte == b' ').map_or(&[][..], |space| &line[space + 1..]);
    version.get(..5).is_some_and(|start| start.eq_ignore_ascii_case(b"HTTP/"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What is decided of bytes that come one by one.
    fn byte_by_byte(bytes: &[u8]) -> Option<Opening> {
        let bytes = &bytes[blank(bytes)..];
        (0..=bytes.len()).find_map(|end| opening(&bytes[..end]))
    }

    fn of(bytes: impl AsRef<[u8]>) -> Option<Opening> {
        let bytes = bytes.as_ref();
        let at_once = opening(&bytes[blank(bytes)..]);
        assert_eq!(byte_by_byte(bytes), at_once, "{:?}", String::from_utf8_lossy(bytes));
        at_once
    }

    #[test]
    fn each_client_is_known_by_how_it_begins() {
        assert_eq!(of("{"), Some(Opening::Native));
        assert_eq!(of("\r\n\n{\"type\":\"hello\"}\n"), Some(Opening::Native));
        for request in ["GET / HTTP/1.1\r\n", "POST /x HTTP/1.0\r\n", "HEAD ", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"] {
            assert_eq!(of(request), Some(Opening::Http), "{request:?}");
            assert_eq!(of(format!("\r\n{request}")), Some(Opening::Http), "{request:?}");
        }
        assert_eq!(of([0x16, 3, 1]), Some(Opening::Tls));
        for text in ["lorde\n", "lorde\r\nciao\r\n", " {\n", "GET\n", "getting on\n", "\u{feff}{}\n", "HTTP/1.1\n"] {
            assert_eq!(of(text), Some(Opening::Text), "{text:?}");
        }
        assert_eq!(of(b"\xff\xfb\x18lorde\n"), Some(Opening::Text));
    }

    #[test]
    fn an_unknown_method_is_no_text_either() {
        for line in ["BREW /pot HTTP/1.1\r\n", "get / http/1.1\n", "x HTTP/9.9 \r\n", "{GET} HTTP/1.1\n"] {
            let http = of(line) == Some(Opening::Http) || line.starts_with('{');
            assert!(http, "{line:?}");
        }
    }

    #[test]
    fn nothing_is_decided_too_early_or_never() {
        for start in ["", "\r\n", "G", "GET", "POS", "lorde", "GETX / HTTP/1.", "Anna Maria"] {
            assert_eq!(of(start), None, "{start:?}");
        }
        assert_eq!(of(vec![b'x'; FIRST_LINE_BYTES - 1]), None);
        assert_eq!(of(vec![b'x'; FIRST_LINE_BYTES]), Some(Opening::Text));
        assert_eq!(of([vec![b'x'; FIRST_LINE_BYTES], b" HTTP/1.1\n".to_vec()].concat()), Some(Opening::Text));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(10_000))]

        #[test]
        fn the_pieces_change_nothing(
            start in prop_oneof![Just(""), Just("{"), Just("\r\n"), Just("GET"), Just("PUT "), Just("X /")],
            bytes in prop::collection::vec(prop_oneof![any::<u8>(), Just(b' '), Just(b'\n')], 0..60),
        ) {
            of([start.as_bytes(), &bytes].concat());
        }

        #[test]
        fn no_request_is_anything_else(method in "[!#$%&'*+.^_`|~0-9A-Za-z-]{1,20}", path in "[!-~]{1,40}", minor in 0..10) {
            let opening = of(format!("{method} {path} HTTP/1.{minor}\r\n"));
            prop_assert_eq!(opening, Some(Opening::Http));
        }
    }
}
