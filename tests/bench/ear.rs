//! What the load's members hear: bytes of each connection become lines, and lines become counts.
//!
//! Knows no sockets.

use memchr::memchr;

use crate::dialect::{Dialect, Line};
use crate::roster::{Ids, Roster};
use crate::stamp::{MARK, Stamp};
use crate::tally::Tally;

/// What one member has been told.
#[derive(Default)]
pub(crate) struct Member {
    roster: Roster,
    /// Inside a roster's line that has not ended.
    reading_roster: Option<Welcoming>,
    welcomed: bool,
    whole: bool,
    /// What it has to answer.
    pub(crate) answers: Vec<u8>,
}

/// Whether the roster's line that is being read is the welcome.
#[derive(Clone, Copy)]
struct Welcoming(bool);

pub(crate) struct Ear {
    dialect: Dialect,
    ids: Ids,
    /// How many members a whole roster has.
    crowd: usize,
    /// Members that are in.
    pub(crate) welcomed: usize,
    /// Members that are in and know all others.
    pub(crate) whole: usize,
    /// The first line that said that something was not done.
    pub(crate) complaint: Option<String>,
    /// The deliveries of the run, if there is one.
    pub(crate) tally: Option<Tally>,
    /// By sender: how many of its messages its witness has seen.
    pub(crate) acknowledged: Vec<u32>,
    witnesses: Vec<usize>,
}

impl Ear {
    pub(crate) fn new(dialect: Dialect, crowd: usize) -> Ear {
        Ear {
            dialect,
            ids: Ids::new(),
            crowd,
            welcomed: 0,
            whole: 0,
            complaint: None,
            tally: None,
            acknowledged: Vec::new(),
            witnesses: Vec::new(),
        }
    }

    /// From now on deliveries among `witnesses.len()` senders and `members` receivers count; what sender `i` says is
    /// acknowledged when it reaches `witnesses[i]`.
    pub(crate) fn begin(&mut self, members: usize, witnesses: Vec<usize>) {
        self.tally = Some(Tally::new(members, witnesses.len()));
        self.acknowledged = vec![0; witnesses.len()];
        self.witnesses = witnesses;
    }

    /// Member `index` got `bytes` at `now`, in microseconds; returns how many of them are done with. The rest belongs
    /// before what comes next.
    pub(crate) fn hear(&mut self, index: usize, member: &mut Member, bytes: &[u8], now: u64) -> usize {
        let mut done = 0;
        loop {
            let rest = &bytes[done..];
            let end = memchr(b'\n', rest);
            match (end, member.reading_roster) {
                (Some(end), Some(Welcoming(welcome))) => {
                    self.ids.take(&rest[..=end], &mut member.roster);
                    member.reading_roster = None;
                    self.told(member, welcome);
                    done += end + 1;
                }
                (Some(end), None) => {
                    self.line(index, member, &rest[..end], now);
                    done += end + 1;
                }
                (None, Some(_)) => return done + self.ids.take(rest, &mut member.roster),
                (None, None) if self.dialect.begins_roster(rest) => {
                    let welcome = matches!(self.dialect.line(rest), Line::Welcome);
                    member.reading_roster = Some(Welcoming(welcome));
                }
                (None, None) => return done,
            }
        }
    }

    fn line(&mut self, index: usize, member: &mut Member, line: &[u8], now: u64) {
        if let Some(mark) = memchr(MARK, line)
            && let Some(stamp) = Stamp::read(&line[mark..])
        {
            return self.said(index, stamp, line.len() + 1, now);
        }
        match self.dialect.line(line) {
            Line::Welcome => {
                self.dialect.members(line, &self.ids, &mut member.roster);
                self.told(member, true);
            }
            Line::Roster => {
                self.dialect.members(line, &self.ids, &mut member.roster);
                self.told(member, false);
            }
            Line::Answer(answer) => member.answers.extend_from_slice(&answer),
            Line::Refused(line) => {
                self.complaint.get_or_insert_with(|| String::from_utf8_lossy(line).trim().into());
            }
            Line::Other => {}
        }
    }

    fn said(&mut self, index: usize, stamp: Stamp, bytes: usize, now: u64) {
        let Some(tally) = &mut self.tally else { return };
        tally.delivered(index, stamp, bytes, now);
        let sender = stamp.sender as usize;
        if self.witnesses.get(sender) == Some(&index) {
            self.acknowledged[sender] = self.acknowledged[sender].max(stamp.count + 1);
        }
    }

    fn told(&mut self, member: &mut Member, welcome: bool) {
        if welcome && !member.welcomed {
            member.welcomed = true;
            self.welcomed += 1;
        }
        if member.welcomed && !member.whole && member.roster.len() >= self.crowd {
            member.whole = true;
            self.whole += 1;
        }
    }
}
