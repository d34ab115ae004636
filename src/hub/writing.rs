//! What waits for connections, written to them: once a turn, in one vectored write each.
//!
//! It knows no socket, only an [`Outlet`], and not what the bytes mean.

use std::io;

use super::slot::Stage;
use super::{Hub, Key, Outlet};
use crate::limits::SLOW;
use crate::moment::Moment;

impl Hub {
    /// Writes to everybody if everybody has something to hear, else only to those who do; and again while that makes others
    /// hear something, because a connection that ended on the way is news. Ends: every further round ends a connection.
    pub(super) fn write_all(&mut self, now: Moment, outlet: &mut impl Outlet) {
        loop {
            if self.streams.have_news() {
                self.dirty.clear();
                for index in 0..self.slots.len() {
                    self.write(index, now, outlet);
                }
            } else if self.dirty.is_empty() {
                break;
            } else {
                let mut dirty = std::mem::take(&mut self.dirty);
                for index in dirty.drain(..) {
                    self.write(index, now, outlet);
                }
                if self.dirty.is_empty() {
                    // The same memory, turn after turn.
                    self.dirty = dirty;
                }
            }
        }
        self.mind_readers(now);
        self.close_over(outlet);
    }

    /// Writes to one connection until nothing waits for it or it takes no more.
    fn write(&mut self, index: usize, now: Moment, outlet: &mut impl Outlet) {
        let Some(slot) = self.slots.get_mut(index).and_then(Option::as_mut) else { return };
        let stream = self.streams.of_dialect(slot.dialect());
        if slot.queue.has_fallen_off(stream) {
            return self.too_slow(index, now);
        }
        while !slot.blocked && slot.queue.waits(stream) {
            let (slices, count) = slot.queue.slices(stream);
            match outlet.send(Key(index), &slices[..count]) {
                // It takes nothing, and does not say that it will.
                Ok(0) => return self.hang_up(Key(index), true, now),
                Ok(written) => {
                    slot.queue.advance(written, stream);
                    slot.stalled = None;
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    slot.blocked = true;
                    slot.stalled = Some(slot.stalled.unwrap_or(now.mono));
                    self.next_sweep = self.next_sweep.min(now.mono + SLOW);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return self.hang_up(Key(index), true, now),
            }
        }
        if slot.stage == Stage::Ending && !slot.queue.waits(stream) {
            slot.stage = Stage::Ended;
            outlet.finish(Key(index));
            if slot.finished {
                self.over.push(index);
            }
        }
    }
}
