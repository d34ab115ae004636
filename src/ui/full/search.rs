//! Looking for a text in what was said.
//!
//! It knows the history, and nothing of a screen.

use super::history::{History, Number};
use super::mention::find;
use super::model::Way;

/// The next entry that holds `needle`, from the one before `from` on towards older ones, or after it towards newer ones.
pub fn next(history: &History, needle: &str, from: Number, way: Way) -> Option<Number> {
    let holds = |number: &Number| {
        let text = history.get(*number).and_then(super::entry::Entry::text);
        text.is_some_and(|text| find(&text, needle).next().is_some())
    };
    match way {
        Way::Older => (history.start()..from.min(history.end())).rev().find(holds),
        Way::Newer => (from.saturating_add(1).max(history.start())..history.end()).find(holds),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::full::entry::{Entry, Kind, Presence, Tone};
    use crate::ui::samples::at;

    #[test]
    fn it_finds_older_and_newer_ones() {
        let mut history = History::default();
        for text in ["one fish", "two", "red FISH", "blue"] {
            history.push(Entry { at: at(), kind: Kind::Note { tone: Tone::Quiet, text: text.into() } });
        }
        assert_eq!(next(&history, "fish", history.end(), Way::Older), Some(2));
        assert_eq!(next(&history, "fish", 2, Way::Older), Some(0));
        assert_eq!(next(&history, "fish", 0, Way::Older), None);
        assert_eq!((next(&history, "fish", 0, Way::Newer), next(&history, "fish", 2, Way::Newer)), (Some(2), None));
        // Who came is marked where it is on the screen, and so it has to be found.
        let mut presence = Presence::default();
        presence.join("anna");
        history.push(Entry { at: at(), kind: Kind::Presence(Box::new(presence)) });
        assert_eq!(next(&history, "ANNA joined", history.end(), Way::Older), Some(4));
    }
}
