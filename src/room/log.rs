//! The last entries of a room, and the table of terms that tells where two logs agree.
//!
//! Every native member keeps one, so that any of them can go on where a host stopped (Raft's log with Kafka's leader
//! epochs, without a quorum). It knows order and bounds; who may add what is the room's business.

use std::collections::VecDeque;

use super::entry::Entry;
use super::id::PeerId;
use crate::limits::{HISTORY_BYTES, LOG_BYTES, LOG_ENTRIES, TERMS};

/// One host's time in a table of terms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Term {
    /// The term's number.
    #[serde(rename = "t")]
    pub term: u64,
    /// Whose: the [first 53 bits](PeerId::short) of the host's peer id. Both halves of a cut network count on from the same
    /// term.
    #[serde(rename = "h")]
    pub host: u64,
    /// The number of the last entry in it.
    #[serde(rename = "s")]
    pub last: u64,
}

/// The last entries of a room, bounded by number and by bytes.
#[derive(Debug, Clone, Default)]
pub struct Log {
    entries: VecDeque<Entry>,
    bytes: usize,
    terms: Vec<Term>,
}

impl Log {
    /// A log that begins after the last of `terms`: what a newcomer has before it gets its first entry.
    pub fn beginning_after(terms: Vec<Term>) -> Self {
        let mut log = Self { terms, ..Self::default() };
        log.forget_old_terms();
        log
    }

    /// The number of the last entry; 0 before the first.
    pub fn last(&self) -> u64 {
        self.terms.last().map_or(0, |term| term.last)
    }

    /// The table of terms, oldest first.
    pub fn terms(&self) -> &[Term] {
        &self.terms
    }

    /// Begins a host's term: what is appended from now on belongs to it.
    pub fn begin_term(&mut self, term: u64, host: PeerId) {
        let last = self.last();
        self.terms.push(Term { term, host: host.short(), last });
        self.forget_old_terms();
    }

    /// Appends an entry in the current term.
    pub fn append(&mut self, entry: Entry) {
        debug_assert!(entry.seq > self.last(), "entries are appended in order");
        if let Some(term) = self.terms.last_mut() {
            term.last = entry.seq;
        }
        self.keep(entry);
    }

    /// Appends an entry of an earlier term, as the row of another's `table` that covers it says: the table of this log
    /// never claims more than the log has been given.
    pub fn append_as_in(&mut self, table: &[Term], entry: Entry) {
        if let Some(row) = table.iter().find(|row| row.last >= entry.seq) {
            match self.terms.last_mut() {
                Some(term) if (term.term, term.host) == (row.term, row.host) => {}
                _ => {
                    self.terms.push(Term { last: self.last(), ..*row });
                    self.forget_old_terms();
                }
            }
        }
        self.append(entry);
    }

    /// Keeps an entry of the history from before we came: it counts for what we show to others, not for the order.
    pub fn keep(&mut self, entry: Entry) {
        self.bytes += entry.cost();
        self.entries.push_back(entry);
        while self.entries.len() > LOG_ENTRIES || self.bytes > LOG_BYTES {
            let Some(oldest) = self.entries.pop_front() else { break };
            self.bytes -= oldest.cost();
        }
    }

    /// The entries with a higher number than `seq`, oldest first.
    pub fn after(&self, seq: u64) -> impl DoubleEndedIterator<Item = &Entry> + ExactSizeIterator {
        let start = self.entries.partition_point(|entry| entry.seq <= seq);
        self.entries.range(start..)
    }

    /// All entries, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter()
    }

    /// What somebody reads of the past that was not there: the last messages, at most so many, oldest first.
    pub fn history(&self, most: usize) -> Vec<&Entry> {
        let mut bytes = 0;
        let mut messages = Vec::new();
        for entry in self.entries.iter().rev().filter(|entry| entry.said().is_some()).take(most) {
            bytes += entry.cost();
            if bytes > HISTORY_BYTES {
                break;
            }
            messages.push(entry);
        }
        messages.reverse();
        messages
    }

    /// Cuts off and returns the entries after `seq`: what another host's order does not have.
    pub fn split_after(&mut self, seq: u64) -> Vec<Entry> {
        let start = self.entries.partition_point(|entry| entry.seq <= seq);
        let cut: Vec<Entry> = self.entries.drain(start..).collect();
        self.bytes -= cut.iter().map(Entry::cost).sum::<usize>();
        while self.terms.len() > 1 && self.terms[self.terms.len() - 2].last >= seq {
            self.terms.pop();
        }
        if let Some(term) = self.terms.last_mut() {
            term.last = term.last.min(seq);
        }
        cut
    }

    /// Takes over another's table of terms, as of its last entry: what we have is now a part of its log.
    pub fn adopt(&mut self, terms: Vec<Term>) {
        self.terms = terms;
        self.forget_old_terms();
    }

    fn forget_old_terms(&mut self) {
        let excess = self.terms.len().saturating_sub(TERMS);
        self.terms.drain(..excess);
    }
}

/// The number of the last entry that two logs have in common, by their tables of terms; 0 where there is none.
///
/// One host numbers the entries of one term, in order, so two logs that both reach into a term agree on its shorter part,
/// and on all before it.
pub fn common(ours: &[Term], theirs: &[Term]) -> u64 {
    for our in ours.iter().rev() {
        if let Some(their) = theirs.iter().rev().find(|their| (their.term, their.host) == (our.term, our.host)) {
            return our.last.min(their.last);
        }
    }
    0
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Every entry of a log, by who numbered it: `common` must find the last place up to which two such lists agree.
    type Past = Vec<(u64, u64)>;

    fn table(past: &Past) -> Vec<Term> {
        let mut table: Vec<Term> = Vec::new();
        for (seq, (term, host)) in (1..).zip(past.iter().copied()) {
            match table.last_mut() {
                Some(last) if (last.term, last.host) == (term, host) => last.last = seq,
                _ => table.push(Term { term, host, last: seq }),
            }
        }
        table
    }

    /// One past, and two that go on from it for a while, each with hosts of its own; a term is longer in one of them.
    fn pasts() -> impl Strategy<Value = (Past, Past)> {
        let terms = |host: u64| prop::collection::vec((0..3u64, 0..6usize), 0..5).prop_map(move |runs| (host, runs));
        (terms(0), terms(10), terms(20), 0..9usize).prop_map(|(shared, one, two, cut)| {
            let mut term = 0;
            let mut go_on = |past: &mut Past, (host, runs): (u64, Vec<(u64, usize)>)| {
                for (who, length) in runs {
                    term += 1;
                    past.extend(std::iter::repeat_n((term, host + who), length));
                }
            };
            let mut ours = Past::new();
            go_on(&mut ours, shared);
            let mut theirs = ours[..ours.len().saturating_sub(cut)].to_vec();
            go_on(&mut ours, one);
            go_on(&mut theirs, two);
            (ours, theirs)
        })
    }

    proptest! {
        #[test]
        fn two_tables_agree_exactly_as_far_as_the_logs_do((ours, theirs) in pasts()) {
            let agree = ours.iter().zip(&theirs).take_while(|(our, their)| our == their).count() as u64;
            prop_assert_eq!(common(&table(&ours), &table(&theirs)), agree);
            prop_assert_eq!(common(&table(&theirs), &table(&ours)), agree);
        }
    }
}
