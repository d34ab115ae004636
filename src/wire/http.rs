//! HTTP, as far as a chat page needs it: the head of a request out of bytes, and what is answered.
//!
//! Nothing happens in the room because of a request: `GET /` is the [page], `/ws` leads to a WebSocket, and all
//! else is refused. It knows no connection and no room.

mod answer;
pub mod page;

pub use answer::{Answer, Site, Then, answer, refuse};

use crate::limits::{REQUEST_BYTES, REQUEST_FIELDS};

/// The head of a request, as far as it matters here.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Request {
    /// As it came.
    pub method: String,
    /// What is asked for, without a query.
    pub path: String,
    /// The minor version of HTTP/1.
    pub minor: u8,
    /// `Host`.
    pub host: Option<String>,
    /// `Origin`: the page that a browser asks for.
    pub origin: Option<String>,
    /// `Connection` says that this is the last request, or a body follows that nobody wants to read.
    pub last: bool,
    /// Whether it asks for a WebSocket: `Upgrade` and `Connection` say so.
    pub upgrade: bool,
    /// `Sec-WebSocket-Version`.
    pub version: Option<String>,
    /// `Sec-WebSocket-Key`.
    pub key: Option<String>,
}

/// What the bytes at hand hold.
#[derive(Debug, PartialEq, Eq)]
pub enum Parsed {
    /// The whole head of a request, and how many bytes it has.
    Request(Box<Request>, usize),
    /// Its end has not come.
    NeedMore,
    /// None, or a longer one than is read: with which status that is answered.
    Bad(u16),
}

/// Looks for the head of a request at the beginning of `bytes`.
pub fn parse(bytes: &[u8]) -> Parsed {
    let mut fields = [httparse::EMPTY_HEADER; REQUEST_FIELDS];
    let mut head = httparse::Request::new(&mut fields);
    match head.parse(&bytes[..bytes.len().min(REQUEST_BYTES)]) {
        Ok(httparse::Status::Complete(length)) => match read(&head) {
            Some(request) => Parsed::Request(Box::new(request), length),
            None => Parsed::Bad(400),
        },
        Ok(httparse::Status::Partial) if bytes.len() < REQUEST_BYTES => Parsed::NeedMore,
        Ok(httparse::Status::Partial) | Err(httparse::Error::TooManyHeaders) => Parsed::Bad(431),
        Err(httparse::Error::Version) => Parsed::Bad(505),
        Err(_) => Parsed::Bad(400),
    }
}

/// What matters of a head; nothing, if it contradicts itself.
fn read(head: &httparse::Request<'_, '_>) -> Option<Request> {
    let target = head.path?;
    let minor = head.version?;
    let mut request = Request { method: head.method?.to_owned(), path: path(target), minor, ..Request::default() };
    let (mut closes, mut stays, mut upgrades, mut websocket, mut body) = (false, false, false, false, false);
    for field in head.headers.iter() {
        let value = std::str::from_utf8(field.value).ok()?.trim();
        let once = match field.name.to_ascii_lowercase().as_str() {
            "host" => &mut request.host,
            "origin" => &mut request.origin,
            "sec-websocket-version" => &mut request.version,
            "sec-websocket-key" => &mut request.key,
            "connection" => {
                closes |= lists(value, "close");
                stays |= lists(value, "keep-alive");
                upgrades |= lists(value, "upgrade");
                continue;
            }
            "upgrade" => {
                websocket |= lists(value, "websocket");
                continue;
            }
            "content-length" => {
                body |= value != "0";
                continue;
            }
            "transfer-encoding" => {
                body = true;
                continue;
            }
            _ => continue,
        };
        if once.replace(value.to_owned()).is_some() {
            return None;
        }
    }
    request.last = closes || body || minor == 0 && !stays;
    request.upgrade = upgrades && websocket && !body && minor > 0;
    Some(request)
}

/// The path of a target, which may be a whole address.
fn path(target: &str) -> String {
    let target = match target.get(..7).filter(|start| start.eq_ignore_ascii_case("http://")) {
        Some(_) => target[7..].find('/').map_or("/", |slash| &target[7 + slash..]),
        None => target,
    };
    target.split('?').next().unwrap_or_default().to_owned()
}

/// Whether a list of words has this one.
fn lists(value: &str, word: &str) -> bool {
    value.split(',').any(|listed| listed.trim().eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(head: &str) -> Request {
        match parse(head.as_bytes()) {
            Parsed::Request(request, length) => {
                assert_eq!(length, head.len());
                *request
            }
            other => panic!("{head:?}: {other:?}"),
        }
    }

    #[test]
    fn what_matters_of_a_head_is_read() {
        let head = "GET /ws?x=1 HTTP/1.1\r\nHost: 10.0.0.7:8808\r\nConnection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n\
            Origin: http://10.0.0.7:8808\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: abc\r\n\r\n";
        let request = parsed(head);
        assert_eq!((&*request.method, &*request.path, request.minor), ("GET", "/ws", 1));
        assert_eq!(request.host.as_deref(), Some("10.0.0.7:8808"));
        assert_eq!(request.origin.as_deref(), Some("http://10.0.0.7:8808"));
        assert!(request.upgrade && !request.last);
        for end in 0..head.len() {
            assert_eq!(parse(&head.as_bytes()[..end]), Parsed::NeedMore, "{end}");
        }
    }

    #[test]
    fn whether_another_request_follows() {
        assert!(!parsed("GET / HTTP/1.1\r\n\r\n").last);
        assert!(parsed("GET / HTTP/1.1\r\nConnection: close\r\n\r\n").last);
        assert!(parsed("GET / HTTP/1.0\r\n\r\n").last);
        assert!(!parsed("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n").last);
        assert!(parsed("POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\n").last);
        assert!(!parsed("GET / HTTP/1.1\r\nContent-Length: 0\r\n\r\n").last);
        assert_eq!(parsed("GET http://x:1/y?z HTTP/1.1\r\n\r\n").path, "/y");
        assert_eq!(parsed("GET HTTP://x HTTP/1.1\r\n\r\n").path, "/");
    }

    #[test]
    fn what_is_no_request_or_too_long_is_told_apart() {
        assert_eq!(parse(b"GET / HTTP/2.0\r\n\r\n"), Parsed::Bad(505));
        assert_eq!(parse(b"GET / HTTP/1.1\r\na b: c\r\n\r\n"), Parsed::Bad(400));
        assert_eq!(parse(b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"), Parsed::Bad(400));
        assert_eq!(parse(b"GET / HTTP/1.1\r\nHost: caf\xe9\r\n\r\n"), Parsed::Bad(400));
        let many = format!("GET / HTTP/1.1\r\n{}\r\n", "A: b\r\n".repeat(REQUEST_FIELDS + 1));
        assert_eq!(parse(many.as_bytes()), Parsed::Bad(431));
        let long = format!("GET /{} HTTP/1.1\r\n", "x".repeat(REQUEST_BYTES));
        assert_eq!(parse(long.as_bytes()), Parsed::Bad(431));
        assert_eq!(parse(&long.as_bytes()[..REQUEST_BYTES - 1]), Parsed::NeedMore);
    }
}
