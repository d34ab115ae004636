//! What is for one connection alone: encoded here, and queued at its place among what everybody hears.
//!
//! What the room means by it, and when it is written, is decided elsewhere.

use std::sync::Arc;

use super::Hub;
use super::queue::Bytes;
use super::slot::Stage;
use crate::limits::{OWN_QUEUE_BYTES, OWN_ROSTERS};
use crate::moment::Moment;
use crate::room::event::timestamp;
use crate::room::{Letter, Refusal};
use crate::wire::native::{self, ToldLine};
use crate::wire::{Dialect, text, websocket};

impl Hub {
    /// Sends something to one connection alone, at its place among what everybody hears.
    pub(super) fn post(&mut self, index: usize, letter: Letter, now: Moment) {
        self.tell_entries(now);
        let Some(slot) = self.slots.get(index).and_then(Option::as_ref) else { return };
        let dialect = slot.dialect();
        match dialect {
            Dialect::Text => return self.post_text(index, letter, now),
            Dialect::Web if !slot.is_told() => return,
            Dialect::Native | Dialect::Web => {}
        }
        let mut bytes = Vec::new();
        let replica = self.room.replica();
        match letter {
            Letter::Told { by, peer, n, from, to, text, action } => {
                let (from, to, text) = (from.to_string(), to.to_string(), text.to_string());
                let at = timestamp(now.wall);
                native::told(&mut bytes, &ToldLine { by, peer, n, from, to, text, at, action });
            }
            Letter::Refused(refusal) => native::refused(&mut bytes, refusal.code, &refusal.text, refusal.n),
            Letter::Members => {
                native::members(&mut bytes, replica.host, replica.members());
                return self.push_roster(index, framed(dialect, bytes).into(), now);
            }
            // Only the host bans, at its own screen.
            Letter::Notice(_) => return,
            Letter::Pong => bytes.extend_from_slice(native::PONG),
            Letter::Lack(after) => native::lack(&mut bytes, after),
            Letter::Closed(reason, text) => native::closed(&mut bytes, reason, &text),
        }
        self.push(index, Bytes::Own(framed(dialect, bytes).into_boxed_slice()), now);
    }

    /// The same to a person.
    fn post_text(&mut self, index: usize, letter: Letter, now: Moment) {
        let Some(stage) = self.slot(index).map(|slot| slot.stage) else { return };
        let replica = self.room.replica();
        let mut bytes = Vec::new();
        match letter {
            // What one typed oneself stands on one's screen already.
            Letter::Told { by, .. } if stage == Stage::In(by) => return,
            Letter::Told { from, text, action, .. } => text::told(&mut bytes, &from, &text, action),
            Letter::Refused(refusal) => text::notice(&mut bytes, &refusal.text),
            Letter::Members => {
                text::members(&mut bytes, replica.host, replica.members());
                return self.push_roster(index, bytes.into(), now);
            }
            // Nobody who types pings, has a past to hand over, or bans.
            Letter::Pong | Letter::Lack(_) | Letter::Notice(_) => return,
            Letter::Closed(_, text) => text::notice(&mut bytes, &text),
        }
        self.push(index, Bytes::Own(bytes.into_boxed_slice()), now);
    }

    /// A roster may be longer than what may wait for one member; only so many of them may.
    fn push_roster(&mut self, index: usize, roster: Arc<[u8]>, now: Moment) {
        if self.slot(index).is_some_and(|slot| slot.queue.waits_for_rosters() >= OWN_ROSTERS) {
            let text = "the answers to what you asked before are still on their way";
            return self.post(index, Letter::Refused(Refusal::new("busy", text)), now);
        }
        self.push(index, Bytes::Shared(roster), now);
    }

    pub(super) fn push(&mut self, index: usize, bytes: Bytes, now: Moment) {
        let Some(slot) = self.slots.get_mut(index).and_then(Option::as_mut) else { return };
        let waiting = slot.queue.push(bytes, self.streams.of_dialect(slot.dialect()));
        self.dirty.push(index);
        if waiting > OWN_QUEUE_BYTES {
            self.too_slow(index, now);
        }
    }
}

/// Lines of the native dialect, as those read them who speak this one.
pub(super) fn framed(dialect: Dialect, lines: Vec<u8>) -> Vec<u8> {
    if dialect != Dialect::Web {
        return lines;
    }
    let mut frames = Vec::with_capacity(lines.len() + 16);
    websocket::lines(&mut frames, &lines);
    frames
}
