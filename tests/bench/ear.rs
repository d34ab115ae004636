//! What the load's members hear: bytes of each connection become lines, and lines become counts.
//!
//! Knows no sockets.

use memchr::memchr;

use crate::dialect::{Dialect, Line};
use crate::framing::Piece;
use crate::roster::{Ids, Roster};
use crate::stamp::{MARK, Stamp};
use crate::tally::Tally;

/// What one member has been told.
pub(crate) struct Member {
    dialect: Dialect,
    /// How many members a whole roster has.
    crowd: usize,
    roster: Roster,
    /// Inside a roster's line that has not ended.
    reading_roster: Option<Reading>,
    welcomed: bool,
    whole: bool,
    /// What it has to answer.
    pub(crate) answers: Vec<u8>,
}

/// A roster's line that is being read.
#[derive(Clone, Copy)]
struct Reading {
    welcome: bool,
    /// How many bytes of it are to come; none: it ends in a line break.
    left: Option<usize>,
}

pub(crate) struct Ear {
    ids: Ids,
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

impl Member {
    /// One of `members` who speaks `dialect` and has been told nothing.
    pub(crate) fn new(dialect: Dialect, members: usize) -> Member {
        Member {
            dialect,
            crowd: dialect.crowd(members),
            roster: Roster::default(),
            reading_roster: None,
            welcomed: false,
            whole: false,
            answers: Vec::new(),
        }
    }
}

impl Ear {
    pub(crate) fn new() -> Ear {
        Ear {
            ids: Ids::new(),
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
            if let Some(reading) = member.reading_roster {
                let (taken, ended) = self.read_roster(member, reading, rest);
                done += taken;
                if !ended {
                    return done;
                }
                continue;
            }
            match member.dialect.piece(rest) {
                Piece::Whole { line, bytes } => {
                    self.line(index, member, &rest[line], bytes, now);
                    done += bytes;
                }
                Piece::Part { from, length } if member.dialect.begins_roster(&rest[from..]) => {
                    let welcome = matches!(member.dialect.line(&rest[from..]), Line::Welcome);
                    member.reading_roster = Some(Reading { welcome, left: length });
                    done += from;
                }
                Piece::Part { .. } => return done,
            }
        }
    }

    /// Reads on in a roster's line; returns how many bytes are done with, and whether it has ended.
    fn read_roster(&mut self, member: &mut Member, reading: Reading, bytes: &[u8]) -> (usize, bool) {
        let end = match reading.left {
            Some(left) => Some(left).filter(|left| *left <= bytes.len()),
            None => memchr(b'\n', bytes).map(|end| end + 1),
        };
        let Some(end) = end else {
            let taken = self.ids.take(bytes, &mut member.roster);
            let left = reading.left.map(|left| left - taken);
            member.reading_roster = Some(Reading { left, ..reading });
            return (taken, false);
        };
        self.ids.take(&bytes[..end], &mut member.roster);
        member.reading_roster = None;
        self.told(member, reading.welcome);
        (end, true)
    }

    fn line(&mut self, index: usize, member: &mut Member, line: &[u8], bytes: usize, now: u64) {
        if let Some(mark) = memchr(MARK, line)
            && let Some(stamp) = Stamp::read(&line[mark..])
        {
            return self.said(index, stamp, bytes, now);
        }
        match member.dialect.line(line) {
            Line::Welcome => {
                member.dialect.members(line, &self.ids, &mut member.roster);
                self.told(member, true);
            }
            Line::Roster => {
                member.dialect.members(line, &self.ids, &mut member.roster);
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
        if member.welcomed && !member.whole && member.roster.len() >= member.crowd {
            member.whole = true;
            self.whole += 1;
        }
    }
}
