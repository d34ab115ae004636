//! Messages out of another past: who brings them, and which of them the room has.
//!
//! What was asked for is decided when a member is let in; here it is taken, once.

use std::collections::HashSet;
use std::sync::Arc;

use super::Room;
use super::entry::{Act, Entry, Said};
use super::id::{MemberId, PeerId};
use super::log::Log;
use super::name::Name;
use super::text::message;
use crate::limits::KNOWN;

/// Which messages the room has, by author and count. Built from the log once somebody asks, and brought up to date at each
/// question: what is said costs nothing more, and every late message one look.
#[derive(Debug, Default)]
pub(super) struct Known {
    messages: HashSet<(PeerId, u64)>,
    /// The last entry that was looked at.
    up_to: u64,
}

impl Known {
    /// Whether `said` is in the log, or was not long ago: whoever was there has seen it.
    fn has(&mut self, said: &Said, log: &Log) -> bool {
        if self.messages.len() > KNOWN {
            *self = Self::default();
        }
        let new = log.after(self.up_to).filter_map(Entry::said);
        self.messages.extend(new.map(|new| (new.peer, new.n)));
        self.up_to = log.last();
        self.messages.contains(&(said.peer, said.n))
    }
}

impl Room {
    /// Messages out of another past, from a member that was asked for them: appended as late, unless the room has them.
    pub fn take_late(&mut self, id: MemberId, entries: Vec<Entry>) {
        for entry in entries {
            let Some(wanted) = self.pasts.get_mut(&id).filter(|wanted| **wanted > 0) else { return };
            *wanted -= 1;
            self.append_late(entry);
        }
    }

    /// Messages that the new host itself has kept aside.
    pub(super) fn bring_aside(&mut self) {
        let aside = std::mem::take(&mut self.replica.aside);
        aside.into_iter().for_each(|entry| self.append_late(entry));
    }

    fn append_late(&mut self, entry: Entry) {
        let Act::Said(said) = entry.act else { return };
        if self.known.has(&said, &self.replica.log) {
            return;
        }
        let Ok(text) = message(&said.text).map(Arc::from) else { return };
        let by = self.peers.get(&said.peer).copied();
        if by.is_none() {
            self.remember_count(said.peer, said.n);
        }
        let by = by.unwrap_or(MemberId(0));
        let seq = self.replica.log.last() + 1;
        let from = Name::for_login(&said.from).into();
        let act = Act::Said(Said { by, from, text, late: true, ..said });
        self.replica.append(Entry { seq, term: self.replica.term, at: entry.at, act });
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;
    use crate::limits::LOG_ENTRIES;

    fn entry(seq: u64) -> Entry {
        let (from, text) = (Arc::from("lorde"), Arc::from("x"));
        let said = Said { by: MemberId(1), peer: PeerId([1; 16]), n: seq, from, text, action: false, late: false };
        Entry { seq, term: 1, at: DateTime::UNIX_EPOCH.fixed_offset(), act: Act::Said(said) }
    }

    #[test]
    fn every_message_of_the_log_is_known_and_memory_has_a_bound() {
        let mut log = Log::default();
        log.begin_term(1, PeerId([1; 16]));
        let mut known = Known::default();
        let mut has = |seq, log: &Log| {
            let has = known.has(entry(seq).said().unwrap(), log);
            assert!(known.messages.len() <= KNOWN + LOG_ENTRIES);
            has
        };
        for seq in 1..=4 * LOG_ENTRIES as u64 {
            // Asked each time, after a while, and not for so long that the log has lost what is new.
            if seq < 1_000 || seq % 1_000 == 0 && seq < LOG_ENTRIES as u64 || seq > 3 * LOG_ENTRIES as u64 {
                assert!(!has(seq, &log), "{seq} is not said yet");
            }
            log.append(entry(seq));
        }
        for entry in log.iter() {
            assert!(has(entry.seq, &log));
        }
        assert!(!has(4 * LOG_ENTRIES as u64 + 1, &log));
    }
}
