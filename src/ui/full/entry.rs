//! What stands in the history: a message, who came and went, a note of the program's, a new day.
//!
//! It knows nothing of how these are drawn.

use std::sync::Arc;

use chrono::{DateTime, FixedOffset, NaiveDate};

use crate::limits::{FOLDED_FOR, FOLDED_NAMES};
use crate::room::event::{Leave, Message};

/// One entry.
#[derive(Debug, Clone)]
pub struct Entry {
    /// When, in this machine's time zone.
    pub at: DateTime<FixedOffset>,
    /// What.
    pub kind: Kind,
}

/// The kinds of entry.
#[derive(Debug, Clone)]
pub enum Kind {
    /// Somebody said something.
    Said(Box<Said>),
    /// Who came and went, folded.
    Presence(Box<Presence>),
    /// A line of the program's.
    Note {
        /// How loud it is.
        tone: Tone,
        /// What.
        text: String,
    },
    /// From here on it is this day.
    Day(NaiveDate),
}

/// How loud a note is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// Worth knowing.
    Quiet,
    /// How others get in, help: to be read.
    Plain,
    /// Something was not done.
    Alarm,
}

/// A message as it is kept.
#[derive(Debug, Clone)]
pub struct Said {
    /// The message.
    pub message: Message,
    /// Whether its sender hosted the room.
    pub host: bool,
    /// Whether it names us.
    pub mention: bool,
}

/// Who came and who went, one after the other without anybody saying anything.
#[derive(Debug, Clone, Default)]
pub struct Presence {
    joined: Names,
    left: Names,
    /// Why the last one left.
    reason: Option<Leave>,
}

/// The first of some names, and how many there are.
#[derive(Debug, Clone, Default)]
struct Names {
    shown: Vec<Arc<str>>,
    count: usize,
}

impl Names {
    fn add(&mut self, name: &str) {
        self.count += 1;
        if self.shown.len() < FOLDED_NAMES {
            self.shown.push(name.into());
        }
    }

    fn text(&self) -> String {
        let more = self.count - self.shown.len();
        let names = self.shown.join(", ");
        if more == 0 { names } else { format!("{names} and {more} more") }
    }

    fn bytes(&self) -> usize {
        self.shown.iter().map(|name| name.len() + size_of::<Arc<str>>()).sum()
    }
}

impl Presence {
    /// Somebody came.
    pub fn join(&mut self, name: &str) {
        self.joined.add(name);
    }

    /// Somebody went.
    pub fn leave(&mut self, name: &str, reason: Leave) {
        self.left.add(name);
        self.reason = Some(reason);
    }

    /// On one line: `anna, bert joined; carl left (quit)`.
    pub fn text(&self) -> String {
        let joined = (self.joined.count > 0).then(|| format!("{} joined", self.joined.text()));
        let left = match (self.left.count, self.reason) {
            (0, _) => None,
            (1, Some(reason)) => Some(format!("{} left ({})", self.left.text(), reason.phrase())),
            _ => Some(format!("{} left", self.left.text())),
        };
        [joined, left].into_iter().flatten().collect::<Vec<_>>().join("; ")
    }
}

impl Entry {
    /// Whether one more coming or going at `at` belongs to this entry.
    pub fn folds(&mut self, at: DateTime<FixedOffset>) -> Option<&mut Presence> {
        let recent = (at - self.at).abs().to_std().is_ok_and(|age| age < FOLDED_FOR);
        match &mut self.kind {
            Kind::Presence(presence) if recent => Some(presence),
            _ => None,
        }
    }

    /// What is said or noted in it, for a search.
    pub fn text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Said(said) => Some(&said.message.text),
            Kind::Note { text, .. } => Some(text),
            Kind::Presence(_) | Kind::Day(_) => None,
        }
    }

    /// What its texts take in memory.
    pub fn text_bytes(&self) -> usize {
        match &self.kind {
            Kind::Said(said) => size_of::<Said>() + said.message.text.len(),
            Kind::Presence(presence) => size_of::<Presence>() + presence.joined.bytes() + presence.left.bytes(),
            Kind::Note { text, .. } => text.len(),
            Kind::Day(_) => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_comes_and_goes_is_one_line_however_many_they_are() {
        let mut presence = Presence::default();
        presence.join("anna");
        assert_eq!(presence.text(), "anna joined");
        presence.leave("carl", Leave::Lost);
        assert_eq!(presence.text(), "anna joined; carl left (connection lost)");
        for n in 0..100 {
            presence.join(&format!("student-{n}"));
            presence.leave("x", Leave::Quit);
        }
        assert!(presence.text().ends_with("more left") && presence.text().len() < 200, "{}", presence.text());
        assert!(presence.text().contains(&format!("and {} more joined", 101 - FOLDED_NAMES)));
    }
}
