//! One connection without its socket: bytes and time in, requests out, at no more than the rate that is read from a member.
//!
//! A session finds out which dialect is spoken. It keeps only what is not a whole line yet, or may not be read yet; an idle one
//! holds no buffer. It does not know who its member is or what the room makes of a request.

mod pace;
mod typed;
mod web;

use std::time::Duration;

use crate::room::request::Request;
use crate::wire::Dialect;
use crate::wire::http::Request as HttpRequest;
use crate::wire::line::{self, Piece};
use crate::wire::native::{self, Bad, Item};
use crate::wire::opening::{Opening, blank, opening};
use crate::wire::websocket::Socket;
use pace::Pace;
use typed::Typing;

/// What comes next out of a connection.
#[derive(Debug, PartialEq)]
pub enum Step<'a> {
    /// It has turned out which dialect is spoken. Comes first.
    Speaks(Dialect),
    /// It has turned out that it is none of ours: ends the connection.
    Foreign,
    /// A line of the native dialect.
    Item(Item<'a>),
    /// A line that a person typed.
    Line(&'a str),
    /// Something that only a browser does.
    Web(Web),
    /// A line that is no request.
    Bad(Bad),
    /// A line that is too long to be one: ends the connection, unless a person typed it.
    TooLong,
    /// Nothing before this time: the member is faster than it is read.
    Wait(Duration),
    /// Nothing before more bytes come.
    NeedMore,
}

/// What a browser does besides talking: its requests, and how its WebSocket goes on.
#[derive(Debug, PartialEq)]
pub enum Web {
    /// It asks for something.
    Request(Box<HttpRequest>),
    /// It asks for something that cannot be read: ends the connection, with this status.
    NoRequest(u16),
    /// Bytes to be sent at once: the WebSocket answers a control frame.
    Reply(Vec<u8>),
    /// The WebSocket has ended in order.
    Closed,
    /// The WebSocket cannot go on: ends the connection, with this code.
    Failed(u16),
}

/// A connection's bytes on their way to requests.
#[derive(Debug)]
pub struct Session {
    held: Vec<u8>,
    /// How many of the held bytes have become requests.
    done: usize,
    /// How many of the bytes after those are known to hold no end of a line.
    searched: usize,
    pace: Pace,
    speech: Speech,
    /// No more bytes come.
    finished: bool,
    /// A WebSocket may hold more messages.
    more: bool,
}

/// What is spoken.
#[derive(Debug)]
enum Speech {
    /// That has not turned out yet.
    Opening,
    Native,
    Text(Typing),
    Http,
    Web(Box<Socket>),
}

impl Session {
    /// A connection that has sent nothing, and is read at `rate` messages a second (0: as they come).
    pub fn new(rate: u32) -> Self {
        Self {
            held: Vec::new(),
            done: 0,
            searched: 0,
            pace: Pace::new(rate),
            speech: Speech::Opening,
            finished: false,
            more: false,
        }
    }

    /// No more bytes come: what a person typed last is a line also without its end.
    pub fn finish(&mut self) {
        self.finished = true;
    }

    /// Whether the session holds bytes that more time, or a further call, can turn into requests.
    pub fn holds_bytes(&self) -> bool {
        self.done < self.held.len() || self.more
    }

    /// How many bytes the session holds, dealt with or not.
    #[cfg(test)]
    pub(crate) fn held_bytes(&self) -> usize {
        self.held.len()
    }

    /// The next step. Takes bytes off `input` as it goes on; whatever it returns but a request or a bad line, `input` is
    /// empty then, and what is left of it is held.
    pub fn next<'a, 'input: 'a>(&'a mut self, input: &mut &'input [u8], now: Duration) -> Step<'a> {
        if let Some(until) = self.pace.wait(now) {
            self.hold(input);
            return Step::Wait(until);
        }
        if self.done == self.held.len() && !self.held.is_empty() {
            // Buffers exist only while they hold something.
            self.held = Vec::new();
            self.done = 0;
        }
        match self.speech {
            Speech::Native => self.next_line(input, now),
            Speech::Text(_) => self.next_typed(input, now),
            Speech::Http => self.next_request(input),
            Speech::Web(_) => self.next_message(input, now),
            Speech::Opening => self.open(input),
        }
    }

    /// Finds out what is spoken. Takes nothing of what has come but its blank beginning.
    fn open(&mut self, input: &mut &[u8]) -> Step<'static> {
        if self.held.is_empty() {
            *input = &input[blank(input)..];
        } else {
            self.hold(input);
        }
        let begun: &[u8] = if self.held.is_empty() { input } else { &self.held[..] };
        let opening = match opening(begun) {
            None if self.finished && !begun.is_empty() => Some(Opening::Text),
            opening => opening,
        };
        match opening {
            Some(Opening::Native) => {
                self.speech = Speech::Native;
                Step::Speaks(Dialect::Native)
            }
            Some(Opening::Text) => {
                let begun = std::mem::take(&mut self.held);
                self.speech = Speech::Text(Typing::default());
                self.hold(&mut &begun[..]);
                Step::Speaks(Dialect::Text)
            }
            Some(Opening::Http) => {
                self.speech = Speech::Http;
                Step::Speaks(Dialect::Web)
            }
            Some(Opening::Tls) => {
                (self.held, *input) = (Vec::new(), &[]);
                Step::Foreign
            }
            None => {
                self.hold(input);
                Step::NeedMore
            }
        }
    }

    /// The next line of the native dialect.
    fn next_line<'a, 'input: 'a>(&'a mut self, input: &mut &'input [u8], now: Duration) -> Step<'a> {
        if self.held.is_empty() {
            return self.next_of_input(input, now);
        }
        if !input.is_empty() {
            self.hold(input);
        }
        match line::next(&self.held[self.done..], self.searched) {
            Piece::Line { line, whole } => {
                let from = self.done;
                self.done += whole;
                self.searched = 0;
                Self::read(&mut self.pace, &self.held[from..from + line], now)
            }
            Piece::NeedMore => {
                self.searched = self.held.len() - self.done;
                Step::NeedMore
            }
            Piece::TooLong => self.too_long(),
        }
    }

    /// The usual case: whole lines, which are read where they are.
    fn next_of_input<'input>(&mut self, input: &mut &'input [u8], now: Duration) -> Step<'input> {
        match line::next(input, 0) {
            Piece::Line { line, whole } => {
                let (content, rest) = (&input[..line], &input[whole..]);
                *input = rest;
                Self::read(&mut self.pace, content, now)
            }
            Piece::NeedMore => {
                self.hold(input);
                self.searched = self.held.len();
                Step::NeedMore
            }
            Piece::TooLong => {
                *input = &[];
                self.too_long()
            }
        }
    }

    /// Keeps what is left of `input` for later.
    pub fn hold(&mut self, input: &mut &[u8]) {
        if self.done > 0 {
            self.held.drain(..self.done);
            self.done = 0;
        }
        match &mut self.speech {
            Speech::Text(typing) => typing.telnet.take(input, &mut self.held),
            _ => self.held.extend_from_slice(input),
        }
        *input = &[];
    }

    fn too_long(&mut self) -> Step<'static> {
        (self.held, self.done, self.searched) = (Vec::new(), 0, 0);
        Step::TooLong
    }

    fn read<'a>(pace: &mut Pace, line: &'a [u8], now: Duration) -> Step<'a> {
        match native::item(line) {
            Ok(item) => {
                if !matches!(item, Item::Request(Request::Ping | Request::Pong) | Item::Hand(_)) {
                    pace.count(now);
                }
                Step::Item(item)
            }
            Err(bad) => {
                pace.count(now);
                Step::Bad(bad)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drain(session: &mut Session, mut input: &[u8], now: Duration) -> (Vec<String>, Option<Duration>) {
        let mut texts = Vec::new();
        loop {
            match session.next(&mut input, now) {
                Step::Item(Item::Request(Request::Say { text, .. })) => texts.push(text.into_owned()),
                Step::Speaks(Dialect::Native) => {}
                Step::NeedMore => return (texts, None),
                Step::Wait(until) => return (texts, Some(until)),
                other => texts.push(format!("{other:?}")),
            }
        }
    }

    fn say(text: &str) -> String {
        format!("{{\"type\":\"say\",\"text\":\"{text}\"}}\n")
    }

    #[test]
    fn requests_are_the_same_whatever_the_pieces() {
        let bytes: String = (0..20).map(|i| say(&format!("line {i}"))).collect();
        let want: Vec<String> = (0..20).map(|i| format!("line {i}")).collect();
        for size in [1, 2, 3, 7, 29, 30, 31, 64, 1000] {
            let mut session = Session::new(0);
            let mut got = Vec::new();
            for piece in bytes.as_bytes().chunks(size) {
                got.extend(drain(&mut session, piece, Duration::ZERO).0);
            }
            assert_eq!(got, want, "in pieces of {size}");
            assert!(!session.holds_bytes());
        }
    }

    #[test]
    fn an_idle_session_holds_no_buffer() {
        let mut session = Session::new(0);
        drain(&mut session, br#"{"type":"say","#, Duration::ZERO);
        assert!(session.holds_bytes());
        drain(&mut session, b"\"text\":\"x\"}\n", Duration::ZERO);
        drain(&mut session, b"", Duration::ZERO);
        assert_eq!(session.held.capacity(), 0);
    }

    #[test]
    fn a_fast_member_is_read_at_its_rate_after_a_burst_and_loses_nothing() {
        let mut session = Session::new(200);
        let bytes: String = (0..5000).map(|i| say(&i.to_string())).collect();
        let (mut got, mut wait) = drain(&mut session, bytes.as_bytes(), Duration::ZERO);
        assert_eq!(got.len(), 2000, "the burst");
        let mut now = Duration::ZERO;
        while let Some(until) = wait {
            assert!(until > now && until <= now + Duration::from_millis(25));
            now = until;
            let more;
            (more, wait) = drain(&mut session, b"", now);
            got.extend(more);
        }
        assert_eq!(got, (0..5000).map(|i| i.to_string()).collect::<Vec<_>>());
        assert!((14_900..=15_100).contains(&now.as_millis()), "3,000 messages at 200 a second, not {now:?}");
    }

    #[test]
    fn a_line_without_end_is_cut_off() {
        let mut session = Session::new(0);
        assert_eq!(session.next(&mut &b"{"[..], Duration::ZERO), Step::Speaks(Dialect::Native));
        let mut steps = 0;
        for _ in 0..100 {
            let piece = [b'x'; 4096];
            let mut input: &[u8] = &piece;
            match session.next(&mut input, Duration::ZERO) {
                Step::NeedMore => steps += 1,
                step => return assert_eq!((step, steps), (Step::TooLong, 16)),
            }
        }
        panic!("400 KB of one line were taken");
    }
}

#[cfg(test)]
#[path = "session/tests.rs"]
mod whatever_comes;
