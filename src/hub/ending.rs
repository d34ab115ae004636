//! How connections end, each with one line in the connections log, and how the whole room does.
//!
//! No socket is closed here: whoever runs the hub does that, when it is told to through its [`Outlet`].

use std::net::SocketAddr;

use super::letters::framed;
use super::queue::Bytes;
use super::slot::{Slot, Stage};
use super::web;
use super::{Hub, Key, Outlet};
use crate::connection_log::{Event as Happened, LogLine};
use crate::limits::{LINGER_BYTES, SILENCE};
use crate::moment::Moment;
use crate::room::event::{Closed, Leave};
use crate::room::id::MemberId;
use crate::room::{Letter, Refusal};
use crate::seat::Belongings;
use crate::sighting::Elsewhere;
use crate::wire::native::{self, Bad};
use crate::wire::{Dialect, text, websocket};

impl Hub {
    /// A connection's socket says that the peer will send no more (`failed` is false), or that the connection is gone.
    pub fn hang_up(&mut self, key: Key, failed: bool, now: Moment) {
        let Some(slot) = self.slot(key.0) else { return };
        slot.finished = true;
        slot.session.finish();
        // Who types a name and nothing else wants to be let in all the same, to read.
        let waits = slot.session.holds_bytes() || slot.dialect() == Dialect::Text && slot.stage == Stage::Waiting;
        if failed || slot.throttled && !waits {
            self.hung_up(key.0, failed, now);
        } else if !slot.throttled {
            self.read(key.0, &[], now);
        }
        if let Some(slot) = self.slot(key.0).filter(|slot| failed || slot.stage == Stage::Ended) {
            slot.stage = Stage::Ended;
            self.over.push(key.0);
        }
    }

    /// A connection's bytes have led to a failure of ours: it ends, at once, and nothing more of it is looked at.
    pub fn break_off(&mut self, key: Key, now: Moment) {
        self.end_as(key.0, Leave::Error, Leave::Error.word(), now);
        if let Some(slot) = self.slot(key.0) {
            slot.stage = Stage::Ended;
            self.over.push(key.0);
        }
    }

    /// All that a connection sent has been read, and it will send no more.
    pub(super) fn hung_up(&mut self, index: usize, failed: bool, now: Moment) {
        let Some(slot) = self.slot(index) else { return };
        match slot.stage {
            // Whoever ends what is typed goes in order.
            Stage::In(id) if slot.dialect() == Dialect::Text && !failed => self.leave(index, id, Leave::Quit, now),
            Stage::In(id) => self.leave(index, id, Leave::Lost, now),
            Stage::Waiting => self.end(index, Leave::Lost.word(), now),
            Stage::Greeting(_) => {
                let reason = slot.no_hello();
                self.end(index, reason, now);
            }
            Stage::Ending | Stage::Ended => {}
        }
    }

    /// A member's connection ends, and so the member is gone.
    pub(super) fn leave(&mut self, index: usize, id: MemberId, reason: Leave, now: Moment) {
        self.room.gone(id, reason, now);
        self.tell_entries(now);
        self.end(index, reason.word(), now);
    }

    /// A connection ends, once it has what waits for it now.
    pub(super) fn end(&mut self, index: usize, reason: &'static str, now: Moment) {
        let Some(slot) = self.slots.get_mut(index).and_then(Option::as_mut) else { return };
        if matches!(slot.stage, Stage::Ending | Stage::Ended) {
            return;
        }
        if slot.stage == Stage::Waiting {
            self.room.gone_waiting(slot.link);
        }
        self.records.push(farewell(slot, reason, now));
        if let Some(code) = slot.code.take() {
            let mut frame = Vec::new();
            websocket::close(&mut frame, code);
            slot.queue.push(Bytes::Own(frame.into_boxed_slice()), self.streams.of_dialect(Dialect::Web));
        }
        slot.stop(self.streams.of_dialect(slot.dialect()), now.mono);
        if std::mem::take(&mut slot.throttled) {
            // What it still sends is read after all, up to its end.
            self.resumed.push(Key(index));
        }
        self.next_sweep = self.next_sweep.min(slot.deadline());
        self.dirty.push(index);
    }

    /// A line that is no request.
    pub(super) fn bad(&mut self, index: usize, bad: &Bad, now: Moment) {
        if bad.is_fatal() {
            return self.bad_line(index, bad.code(), &bad.to_string(), now);
        }
        let n = if let Bad::Field { n, .. } | Bad::UnknownType { n, .. } = bad { *n } else { None };
        let refusal = Refusal { code: bad.code(), text: bad.to_string(), n };
        self.post(index, Letter::Refused(refusal), now);
    }

    /// A line with which a connection cannot go on, unless a person typed it.
    pub(super) fn bad_line(&mut self, index: usize, code: &'static str, text: &str, now: Moment) {
        self.post(index, Letter::Refused(Refusal::new(code, text)), now);
        if self.slot(index).is_some_and(|slot| slot.dialect() != Dialect::Text) {
            self.end_as(index, Leave::Error, "bad-hello", now);
        }
    }

    /// Ends a connection: as a member for one reason, as somebody who is not in for another.
    pub(super) fn end_as(&mut self, index: usize, member: Leave, stranger: &'static str, now: Moment) {
        let Some(slot) = self.slot(index) else { return };
        match slot.stage {
            Stage::In(id) => self.leave(index, id, member, now),
            _ => self.end(index, stranger, now),
        }
    }

    /// A member that reads more slowly than the room speaks.
    pub(super) fn too_slow(&mut self, index: usize, now: Moment) {
        let Some(slot) = self.slots.get_mut(index).and_then(Option::as_mut) else { return };
        let stream = self.streams.of_dialect(slot.dialect());
        // Whatever follows on half a frame would be part of it.
        let in_order = slot.code.is_some() && slot.queue.cut_after(stream, |at| web::rest_of_frame(stream, at));
        slot.code = in_order.then_some(websocket::code::TRY_AGAIN);
        if !in_order {
            slot.queue.cut();
        }
        let text = "you read more slowly than the room speaks: come back for the rest";
        let mut last_word = b"\n".to_vec();
        match slot.dialect() {
            Dialect::Native => native::refused(&mut last_word, "slow", text, None),
            Dialect::Text => text::notice(&mut last_word, text),
            Dialect::Web => {
                last_word.clear();
                if in_order {
                    native::refused(&mut last_word, "slow", text, None);
                    last_word = framed(Dialect::Web, last_word);
                }
            }
        }
        slot.queue.push(Bytes::Own(last_word.into_boxed_slice()), stream);
        self.end_as(index, Leave::Slow, Leave::Slow.word(), now);
    }

    /// Ends what is due.
    pub(super) fn sweep(&mut self, now: Moment) {
        for index in 0..self.slots.len() {
            let Some(slot) = &self.slots[index] else { continue };
            if slot.deadline() > now.mono {
                continue;
            }
            match slot.stage {
                Stage::Ending | Stage::Ended => self.over.push(index),
                Stage::In(_) if slot.is_slow(now.mono) => self.too_slow(index, now),
                Stage::In(_) => {
                    let text = format!("nothing was heard of you for {} s", SILENCE.as_secs());
                    let refusal = Refusal::new("timeout", text);
                    self.post(index, Letter::Refused(refusal), now);
                    self.end_as(index, Leave::Timeout, Leave::Timeout.word(), now);
                }
                Stage::Greeting(_) if slot.is_to_be_asked(now.mono) => self.ask(index, now),
                Stage::Greeting(_) | Stage::Waiting => {
                    let reason = slot.no_hello();
                    let refusal = Refusal::new("no-hello", "you did not say who you are");
                    self.post(index, Letter::Refused(refusal), now);
                    self.end(index, reason, now);
                }
            }
        }
        // What is still due is closed at the end of this turn.
        let later = self.slots.iter().flatten().map(Slot::deadline).filter(|deadline| *deadline > now.mono);
        self.next_sweep = later.min().unwrap_or(std::time::Duration::MAX);
    }

    /// Closes the room: everybody is told, and nobody who still waits is let in.
    pub fn close(&mut self, text: &str, now: Moment) {
        self.end_all(&LastWord::Closed(text), "host-shutdown", now);
        self.show_closed(Closed::HostShutdown, text, now);
    }

    /// Hands the room over: `to` hosts from now on, and everybody is told so.
    pub fn hand_over(&mut self, to: MemberId, now: Moment) {
        let at = self.room.replica().member(to).map(|member| member.at.clone()).unwrap_or_default();
        self.end_all(&LastWord::HandedOver(to, &at), "handed-over", now);
        self.show_closed(Closed::Left, "you left; the room goes on", now);
    }

    /// Yields to another host: the room goes on there, and everybody is told so. Our own participant goes there too, with
    /// what [`Hub::pack`] gives it.
    pub fn move_to(&mut self, to: &Elsewhere, now: Moment) {
        self.end_all(&LastWord::Moved(to), "yielded", now);
    }

    /// What the own participant takes along as a member of another host's room.
    pub fn pack(self) -> Belongings {
        self.own.pack(self.room.into_replica(), self.events)
    }

    fn end_all(&mut self, last_word: &LastWord<'_>, reason: &'static str, now: Moment) {
        self.tell_entries(now);
        self.over_for_all = true;
        let last_words = Dialect::ALL.map(|dialect| last_word.encode(dialect));
        for (dialect, bytes) in Dialect::ALL.into_iter().zip(&last_words) {
            self.streams.append(dialect, bytes);
        }
        for index in 0..self.slots.len() {
            // Members read it in the stream; who is ending has had its last word.
            if let Some(slot) = &self.slots[index]
                && matches!(slot.stage, Stage::Greeting(_) | Stage::Waiting)
                && slot.is_told()
            {
                let bytes = last_words[slot.dialect() as usize].clone();
                self.push(index, Bytes::Own(bytes.into_boxed_slice()), now);
            }
            self.end(index, reason, now);
        }
    }

    /// A connection that has been told why it ends still sends: it has a while to notice, not for ever.
    pub(super) fn discard(&mut self, index: usize, bytes: usize) {
        let Some(slot) = self.slot(index) else { return };
        if slot.discard(bytes) > LINGER_BYTES {
            self.over.push(index);
        }
    }

    /// Forgets the connections that are over.
    pub(super) fn close_over(&mut self, outlet: &mut impl Outlet) {
        for index in std::mem::take(&mut self.over) {
            if let Some(slot) = self.slots[index].take() {
                Dialect::ALL.into_iter().filter(|dialect| slot.reads(*dialect)).for_each(|it| self.streams.leave(it));
                outlet.close(Key(index));
                self.free.push(index);
            }
        }
    }

    /// Ends every connection that is left, as a closing room does when its time is up.
    pub fn abandon(&mut self, outlet: &mut impl Outlet) {
        self.over.extend(0..self.slots.len());
        self.close_over(outlet);
    }
}

/// What all are told when the room ends here.
enum LastWord<'a> {
    Closed(&'a str),
    HandedOver(MemberId, &'a [SocketAddr]),
    Moved(&'a Elsewhere),
}

impl LastWord<'_> {
    fn encode(&self, dialect: Dialect) -> Vec<u8> {
        let mut bytes = Vec::new();
        match (dialect, self) {
            (Dialect::Native, Self::Closed(text)) => native::closed(&mut bytes, Closed::HostShutdown, text),
            (Dialect::Native, Self::HandedOver(to, _)) => native::handover(&mut bytes, *to),
            (Dialect::Native, Self::Moved(to)) => native::moved(&mut bytes, to),
            (Dialect::Text, Self::Closed(text)) => text::notice(&mut bytes, text),
            (Dialect::Text, Self::HandedOver(_, at)) => text::moved(&mut bytes, &web::reachable(at.iter())),
            (Dialect::Text, Self::Moved(to)) => text::moved(&mut bytes, &to.at),
            (Dialect::Web, _) => return framed(dialect, self.encode(Dialect::Native)),
        }
        bytes
    }
}

/// The one line for a connection's end.
fn farewell(slot: &Slot, reason: &'static str, now: Moment) -> LogLine {
    let reason = reason.into();
    let what = match (slot.stage, &slot.name) {
        (Stage::In(_), Some(name)) => {
            Happened::Left { name: name.to_string(), reason, after: now.mono.saturating_sub(slot.since) }
        }
        _ => Happened::Ended { reason },
    };
    LogLine::new(now.wall, slot.address, what)
}
