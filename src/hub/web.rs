//! Browsers: their requests answered, their WebSockets opened and closed, and where they find the room if this host is gone.
//!
//! What a request is answered with is decided in [`http`]; who hosts next is not decided here.

use std::net::SocketAddr;

use super::queue::Bytes;
use super::slot::Stage;
use super::stream::Stream;
use super::{Hub, Letter};
use crate::connection_log::{Event as Happened, LogLine};
use crate::limits::CANDIDATES;
use crate::moment::Moment;
use crate::room::Refusal;
use crate::room::event::Leave;
use crate::session::Web;
use crate::wire::http::{self, Answer, Then};
use crate::wire::websocket::code;
use crate::wire::{Dialect, native, websocket};

impl Hub {
    /// A browser has done something.
    pub(super) fn web(&mut self, index: usize, event: Web, now: Moment) {
        match event {
            Web::Request(request) => self.answer(index, &http::answer(&request, &self.own.site, now.wall), now),
            Web::NoRequest(status) => self.answer(index, &http::refuse(status, now.wall), now),
            Web::Reply(bytes) => self.push(index, Bytes::Own(bytes.into_boxed_slice()), now),
            Web::Closed => self.closed(index, now),
            Web::Failed(code) => self.failed(index, code, now),
        }
    }

    fn answer(&mut self, index: usize, answer: &Answer, now: Moment) {
        self.push(index, Bytes::Own(answer.head.as_bytes().into()), now);
        self.push(index, Bytes::Fixed(answer.body.as_bytes()), now);
        let Some(slot) = self.slots.get_mut(index).and_then(Option::as_mut) else { return };
        if !matches!(slot.stage, Stage::Greeting(_)) {
            return;
        }
        (slot.served, slot.since) = (true, now.mono);
        match answer.then {
            Then::Next => {}
            Then::End => self.end(index, "page", now),
            Then::Refused(why) => {
                let refused = Happened::Refused { reason: why.into() };
                self.records.push(LogLine::new(now.wall, slot.address, refused));
                self.end(index, "refused", now);
            }
            Then::WebSocket => {
                slot.session.upgrade();
                (slot.code, slot.served) = (Some(code::NORMAL), false);
            }
        }
    }

    /// A WebSocket has ended in order, and nothing follows on its last frame.
    fn closed(&mut self, index: usize, now: Moment) {
        self.tell_entries(now);
        let Some(slot) = self.slot(index) else { return };
        slot.code = None;
        let stage = slot.stage;
        self.end(index, Leave::Quit.word(), now);
        if let Stage::In(id) = stage {
            self.room.gone(id, Leave::Quit, now);
            self.tell_entries(now);
        }
    }

    /// A WebSocket cannot go on.
    fn failed(&mut self, index: usize, code: u16, now: Moment) {
        let (word, text) = match code {
            code::TOO_LONG => ("too-long", "a message has at most 65,536 bytes"),
            code::UNSUPPORTED => ("not-json", "a message that is no text"),
            code::NOT_UTF8 => ("invalid-utf8", "a message that is not UTF-8"),
            _ => ("protocol", "a frame that breaks the rules of WebSockets"),
        };
        self.post(index, Letter::Refused(Refusal::new(word, text)), now);
        if let Some(slot) = self.slot(index).filter(|slot| slot.code.is_some()) {
            slot.code = Some(code);
        }
        self.end_as(index, Leave::Error, "bad-hello", now);
    }

    /// Where the room would go on if this host were gone, as a line for browsers, which cannot look for it.
    pub(super) fn ahead_line(&self) -> Vec<u8> {
        let mut line = Vec::new();
        native::ahead(&mut line, &self.ahead);
        let mut frame = Vec::new();
        websocket::lines(&mut frame, &line);
        frame
    }

    /// Tells browsers where the room would go on, if that has changed.
    pub(super) fn tell_ahead(&mut self) {
        let candidates = self.room.replica().candidates(self.room.me()).take(CANDIDATES);
        let ahead = reachable(candidates.flat_map(|member| &member.at));
        if ahead != self.ahead {
            self.ahead = ahead;
            let frame = self.ahead_line();
            self.streams.append(Dialect::Web, &frame);
        }
    }
}

/// Those of members' addresses that lead there from any machine; where there are none, those of this one.
pub(super) fn reachable<'a>(all: impl Iterator<Item = &'a SocketAddr>) -> Vec<SocketAddr> {
    let is_link_local = |at: &SocketAddr| matches!(at, SocketAddr::V6(v6) if v6.ip().is_unicast_link_local());
    let all: Vec<_> = all.filter(|at| !is_link_local(at)).copied().collect();
    let far: Vec<_> = all.iter().filter(|at| !at.ip().is_loopback()).copied().collect();
    if far.is_empty() { all } else { far }
}

/// What is left of the frame in which a position lies.
pub(super) fn rest_of_frame(stream: &Stream, position: u64) -> Option<Vec<u8>> {
    let mut from = stream.mark(position)?;
    while from < position {
        let head = stream.copy(from..stream.end().min(from + websocket::HEAD_BYTES as u64))?;
        from += websocket::frame_length(&head)?;
    }
    stream.copy(position..from)
}
