//! What stands in the history: a message, who came and went, a note of the program's, a new day.
//!
//! It knows nothing of how these are drawn.

use std::borrow::Cow;
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
    moved: Vec<Moved>,
    /// How many more came.
    joined: usize,
    /// How many more went.
    left: usize,
}

/// Somebody who came or went, or both: what was first and what was last says whether one is here.
#[derive(Debug, Clone)]
struct Moved {
    name: Arc<str>,
    /// Was not here before.
    is_new: bool,
    /// Is not here any more, and why.
    gone: Option<Leave>,
}

impl Presence {
    /// Somebody came.
    pub fn join(&mut self, name: &str) {
        self.moved(name, None);
    }

    /// Somebody went.
    pub fn leave(&mut self, name: &str, reason: Leave) {
        self.moved(name, Some(reason));
    }

    fn moved(&mut self, name: &str, gone: Option<Leave>) {
        let is_new = gone.is_none();
        if let Some(known) = self.moved.iter_mut().find(|moved| *moved.name == *name) {
            known.gone = gone;
        } else if self.moved.iter().filter(|moved| moved.is_new == is_new).count() < FOLDED_NAMES {
            self.moved.push(Moved { name: name.into(), is_new, gone });
        } else if is_new {
            self.joined += 1;
        } else {
            self.left += 1;
        }
    }

    /// On one line: `anna, bert joined; dora left and came back; carl left (quit)`.
    pub fn text(&self) -> String {
        let who = |is_new, is_gone| -> Vec<&Moved> {
            self.moved.iter().filter(|moved| (moved.is_new, moved.gone.is_some()) == (is_new, is_gone)).collect()
        };
        let left = who(false, true);
        let left_how = match (&left[..], self.left) {
            ([Moved { gone: Some(reason), .. }], 0) => format!("left ({})", reason.phrase()),
            _ => "left".to_owned(),
        };
        let parts = [
            (names(&who(true, false), self.joined), "joined"),
            (names(&who(false, false), 0), "left and came back"),
            (names(&left, self.left), &*left_how),
            (names(&who(true, true), 0), "joined and left"),
        ];
        let parts = parts.into_iter().filter_map(|(names, what)| Some(format!("{} {what}", names?)));
        parts.collect::<Vec<_>>().join("; ")
    }

    fn bytes(&self) -> usize {
        self.moved.iter().map(|moved| moved.name.len() + size_of::<Moved>()).sum()
    }
}

/// These, and how many more; `None`: nobody.
fn names(shown: &[&Moved], more: usize) -> Option<String> {
    let names = shown.iter().map(|moved| &*moved.name).collect::<Vec<_>>().join(", ");
    match (names.is_empty(), more) {
        (true, 0) => None,
        (true, 1) => Some("1 other".into()),
        (true, _) => Some(format!("{more} others")),
        (false, 0) => Some(names),
        (false, _) => Some(format!("{names} and {more} more")),
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

    /// What is said, noted or told of who came in it, for a search.
    pub fn text(&self) -> Option<Cow<'_, str>> {
        match &self.kind {
            Kind::Said(said) => Some(Cow::Borrowed(&said.message.text)),
            Kind::Note { text, .. } => Some(Cow::Borrowed(text)),
            Kind::Presence(presence) => Some(Cow::Owned(presence.text())),
            Kind::Day(_) => None,
        }
    }

    /// What its texts take in memory.
    pub fn text_bytes(&self) -> usize {
        match &self.kind {
            Kind::Said(said) => size_of::<Said>() + said.message.text.len(),
            Kind::Presence(presence) => size_of::<Presence>() + presence.bytes(),
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
            presence.leave(&format!("guest-{n}"), Leave::Quit);
        }
        assert!(presence.text().ends_with("more left") && presence.text().len() < 200, "{}", presence.text());
        assert!(presence.text().contains(&format!("and {} more joined", 101 - FOLDED_NAMES)));
        assert!(presence.bytes() <= 2 * FOLDED_NAMES * (size_of::<Moved>() + "student-0".len()));
    }

    /// What is read last of somebody is what is so.
    #[test]
    fn who_comes_back_has_not_left_and_who_goes_again_has_not_come() {
        let mut presence = Presence::default();
        presence.leave("anna", Leave::Timeout);
        presence.join("anna");
        assert_eq!(presence.text(), "anna left and came back");
        presence.leave("bert", Leave::Quit);
        presence.join("carl");
        presence.leave("carl", Leave::Quit);
        assert_eq!(presence.text(), "anna left and came back; bert left (quit); carl joined and left");
        presence.leave("anna", Leave::Lost);
        presence.join("carl");
        assert_eq!(presence.text(), "carl joined; anna, bert left");
    }

    #[test]
    fn those_who_are_only_counted_are_told_where_nobody_is_named() {
        let mut presence = Presence::default();
        let all: Vec<String> = (0..=FOLDED_NAMES).map(|n| format!("student-{n}")).collect();
        all.iter().for_each(|name| presence.join(name));
        all[..FOLDED_NAMES].iter().for_each(|name| presence.leave(name, Leave::Quit));
        assert_eq!(presence.text(), format!("1 other joined; {} joined and left", all[..FOLDED_NAMES].join(", ")));
    }
}
