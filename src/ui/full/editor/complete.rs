//! Completion: names anywhere, commands at the start, and the words that one takes behind it; first what all that fit have in
//! common, then one after the other.
//!
//! It says what to put where, and keeps its place; it changes no text. Names come in the order in which they are to be
//! offered: whoever calls knows who spoke last.

use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;

use super::Around;
use crate::room::command::{self, Entry, Typist};
use crate::room::text::clean;

/// What fits what was typed, and which of it stands there now.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Completion {
    /// Where what was typed stands in the text.
    pub(super) range: Range<usize>,
    /// What fits it: at least one.
    pub(super) choices: Vec<String>,
    /// The choice that stands there; `None`: what they have in common.
    pub(super) at: Option<usize>,
    /// What stands behind a choice.
    ends: Ends,
}

/// What stands behind what was completed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Ends {
    /// A mark of its own.
    mark: &'static str,
    /// A space.
    space: bool,
}

impl Completion {
    /// What fits the word before the cursor.
    pub(super) fn new(text: &str, cursor: usize, around: &Around<'_>) -> Option<Self> {
        let start = word_start(&text[..cursor]);
        let typed = &text[start..cursor];
        let typist = Typist { host: around.hosting, screen: true };
        let before = command_before(&text[..start], typist);
        let (choices, mark) = match command_word(typed, start, before) {
            Some((slash, word)) => (commands(word, slash, typist), ""),
            None => match before.map(|entry| arguments(entry, typed)) {
                Some(words) if !words.is_empty() => (words, ""),
                _ => (names(typed, around.names), if start == 0 { ":" } else { "" }),
            },
        };
        let space = !text[cursor..].starts_with(char::is_whitespace);
        (!choices.is_empty()).then_some(Self { range: start..cursor, choices, at: None, ends: Ends { mark, space } })
    }

    /// What to put in place of what was typed first: the only choice, what all have in common if that is more, or the first
    /// of them (with `back`, the last).
    pub(super) fn first(&mut self, text: &str, back: bool) -> String {
        let typed = &text[self.range.clone()];
        let common = common(&self.choices);
        if self.choices.len() > 1 && common.len() > typed.len() && !back {
            return common.to_owned();
        }
        self.next(back)
    }

    /// What to put there next, or with `back`, what comes before.
    pub(super) fn next(&mut self, back: bool) -> String {
        let count = self.choices.len();
        let at = match (self.at, back) {
            (None, false) => 0,
            (None, true) => count - 1,
            (Some(at), false) => (at + 1) % count,
            (Some(at), true) => (at + count - 1) % count,
        };
        self.at = Some(at);
        let space = if self.ends.space { " " } else { "" };
        format!("{}{}{space}", self.choices[at], self.ends.mark)
    }
}

/// Where the last word of `text` begins: behind the last white space.
fn word_start(text: &str) -> usize {
    let mut clusters = text.grapheme_indices(true);
    let space = clusters.rfind(|(_, cluster)| cluster.starts_with(char::is_whitespace));
    space.map_or(0, |(at, cluster)| at + cluster.len())
}

/// The command that is all that stands before the word.
fn command_before(before: &str, typist: Typist) -> Option<&'static Entry> {
    command::lookup(before.trim_end().strip_prefix('/')?, typist).ok()
}

/// The slash, and the part of a command's word that was typed, where a command's word stands: at the start, and behind
/// `/help`.
fn command_word<'a>(typed: &'a str, start: usize, before: Option<&Entry>) -> Option<(&'a str, &'a str)> {
    let (slash, word) = typed.split_at(usize::from(typed.starts_with('/')));
    let about = before.is_some_and(|entry| entry.word == command::HELP);
    (about || (start == 0 && !slash.is_empty())).then_some((slash, word))
}

fn commands(typed: &str, slash: &str, typist: Typist) -> Vec<String> {
    let typed = typed.to_lowercase();
    let fitting = command::entries(typist).filter(|entry| entry.word.starts_with(&typed));
    fitting.map(|entry| format!("{slash}{}", entry.word)).collect()
}

/// What a command takes, where the table names it.
fn arguments(entry: &Entry, typed: &str) -> Vec<String> {
    let typed = typed.to_lowercase();
    entry.choices().filter(|choice| choice.starts_with(&typed)).map(str::to_owned).collect()
}

fn names(typed: &str, names: &[&str]) -> Vec<String> {
    let typed = typed.to_lowercase();
    let fitting = names.iter().filter(|name| name.to_lowercase().starts_with(&typed));
    fitting.map(|name| clean(name).into_owned()).filter(|name| !name.is_empty()).collect()
}

/// The start that all have in common without regard to case, as the first of them writes it.
fn common(choices: &[String]) -> &str {
    let Some((first, others)) = choices.split_first() else { return "" };
    let mut end = first.len();
    for other in others {
        let pairs = first.graphemes(true).zip(other.graphemes(true));
        let same = pairs.take_while(|(a, b)| a.to_lowercase() == b.to_lowercase());
        end = end.min(same.map(|(a, _)| a.len()).sum());
    }
    &first[..end]
}
