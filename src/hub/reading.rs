//! What connections send, read step by step: each step is made sense of by whoever speaks its dialect.
//!
//! No dialect and no rule of the room is known here.

use std::cmp::Reverse;

use super::admission;
use super::slot::Stage;
use super::typed::{self, Asked};
use super::{Hub, Key};
use crate::limits::SILENCE;
use crate::moment::Moment;
use crate::session::Step;

impl Hub {
    /// Reads on what members had sent faster than they are read.
    pub(super) fn read_on(&mut self, now: Moment) {
        while let Some(Reverse((until, link))) = self.throttled.peek().copied() {
            if until > now.mono || !self.has_room() {
                return;
            }
            self.throttled.pop();
            let Some(index) = self.index(link) else { continue };
            if let Some(slot) = self.slot(index).filter(|slot| slot.throttled) {
                slot.throttled = false;
                // What it had sent all the while is heard only now.
                slot.heard = now.mono;
                self.next_sweep = self.next_sweep.min(now.mono + SILENCE);
                self.resumed.push(Key(index));
                self.read(index, &[], now);
            }
        }
    }

    /// Reads what a connection has sent, as far as it may be read now.
    pub(super) fn read(&mut self, index: usize, bytes: &[u8], now: Moment) {
        let mut input = bytes;
        // Ends: every step but the first takes bytes off what there is, or is the last.
        while let Some(slot) = self.slots.get_mut(index).and_then(Option::as_mut) {
            if slot.throttled {
                slot.session.hold(&mut input);
                break;
            }
            let (stage, link, ip) = (slot.stage, slot.link, slot.address.ip());
            if matches!(stage, Stage::Ending | Stage::Ended) {
                break;
            }
            let step = match (slot.session.next(&mut input, now.mono), stage) {
                (Step::Item(item), Stage::In(id)) => Ok(admission::hear(&mut self.room, link, id, item, now)),
                (Step::Item(item), _) => Err(admission::greet(&mut self.room, link, ip, stage, item, now)),
                (Step::Line(line), Stage::In(id)) => match typed::hear(&mut self.room, link, id, line, now) {
                    Asked::Room(effects) => Ok(effects),
                    Asked::Help(about) => {
                        self.help(index, about, now);
                        continue;
                    }
                },
                (Step::Line(line), _) => Err(typed::greet(&mut self.room, link, ip, stage, line, now)),
                (Step::Speaks(dialect), _) => {
                    slot.dialect = Some(dialect);
                    self.next_sweep = self.next_sweep.min(slot.deadline());
                    continue;
                }
                (Step::Wait(until), _) => {
                    slot.throttled = true;
                    self.throttled.push(Reverse((until, link)));
                    break;
                }
                (Step::NeedMore, _) => {
                    if slot.finished {
                        self.hung_up(index, false, now);
                    }
                    break;
                }
                (Step::Bad(bad), _) => {
                    self.bad(index, &bad, now);
                    continue;
                }
                (Step::TooLong, _) => {
                    self.bad_line(index, "too-long", "a line has at most 65,536 bytes", now);
                    continue;
                }
                (Step::Foreign, _) => {
                    self.end(index, "bad-hello", now);
                    continue;
                }
                (Step::Web(event), _) => {
                    self.web(index, event, now);
                    continue;
                }
            };
            let effects = step.unwrap_or_else(|greeted| self.greeted(index, greeted, now));
            self.apply(effects, now);
        }
        self.tell_entries(now);
    }
}
