//! Requests of browsers, and what comes over the WebSocket that may follow on them.
//!
//! What a request is answered with is not decided here.

use std::time::Duration;

use super::{Session, Speech, Step, Web};
use crate::limits::REQUEST_BYTES;
use crate::room::request::Request;
use crate::wire::http::{self, Parsed};
use crate::wire::native::{self, Item};
use crate::wire::websocket::{Incoming, code};

impl Session {
    /// From now on it is a WebSocket.
    pub fn upgrade(&mut self) {
        self.speech = Speech::Web(Box::default());
    }

    /// The next request.
    pub(super) fn next_request(&mut self, input: &mut &[u8]) -> Step<'static> {
        self.hold(input);
        let rest = &self.held[self.done..];
        let whole = memchr::memchr(b'\n', &rest[self.searched.min(rest.len())..]).is_some();
        if !whole && rest.len() < REQUEST_BYTES {
            self.searched = rest.len();
            return Step::NeedMore;
        }
        match http::parse(rest) {
            Parsed::Request(request, length) => {
                (self.done, self.searched) = (self.done + length, 0);
                Step::Web(Web::Request(request))
            }
            Parsed::NeedMore => {
                self.searched = rest.len();
                Step::NeedMore
            }
            Parsed::Bad(status) => {
                (self.held, self.done, self.searched) = (Vec::new(), 0, 0);
                Step::Web(Web::NoRequest(status))
            }
        }
    }

    /// The next message of a WebSocket.
    pub(super) fn next_message<'a>(&'a mut self, input: &mut &[u8], now: Duration) -> Step<'a> {
        if !self.held.is_empty() {
            self.hold(input);
        }
        let Speech::Web(socket) = &mut self.speech else { return Step::NeedMore };
        let incoming = if self.held.is_empty() {
            socket.next(input)
        } else {
            let mut rest = &self.held[self.done..];
            let incoming = socket.next(&mut rest);
            self.done = self.held.len() - rest.len();
            incoming
        };
        self.more = !matches!(incoming, Incoming::NeedMore | Incoming::Closed | Incoming::Failed(_));
        match incoming {
            Incoming::Text(text) => {
                let item = native::item(text.as_bytes());
                if !matches!(item, Ok(Item::Request(Request::Ping | Request::Pong) | Item::Hand(_))) {
                    self.pace.count(now);
                }
                match item {
                    // Nobody can connect to a browser: it never hosts.
                    Ok(Item::Hello(mut hello)) => {
                        (hello.port, hello.at) = (None, Vec::new());
                        Step::Item(Item::Hello(hello))
                    }
                    Ok(item) => Step::Item(item),
                    Err(bad) => Step::Bad(bad),
                }
            }
            Incoming::Binary(_) => Step::Web(Web::Failed(code::UNSUPPORTED)),
            Incoming::Reply(bytes) => Step::Web(Web::Reply(bytes)),
            Incoming::Closed => Step::Web(Web::Closed),
            Incoming::Failed(code) => Step::Web(Web::Failed(code)),
            Incoming::NeedMore => Step::NeedMore,
        }
    }
}
