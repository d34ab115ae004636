//! Names: valid by construction, one word, and not to be mistaken for one another.
//!
//! A name has 2 to 32 characters as a reader counts them (grapheme clusters), at most [`NAME_MAX_BYTES`], in NFC. White
//! space at its ends is cut, inside it becomes `-`. Refused are characters that are control, break the line, change the
//! direction of text, cannot be seen, or mean nothing (private use, not assigned); a combining mark with nothing under
//! it; a `/` in front, which begins a command where names are asked for; and a few words that would be misread. The
//! joiner U+200D and the selectors U+FE0E and U+FE0F are what emoji are made of: inside an emoji they stay, anywhere
//! else they are invisible characters like others. Everything else is allowed, `:` and `*` too: a name holds no
//! space, so that in `NAME: TEXT` the first `: ` ends it, and no name begins a line with `* `.
//!
//! Which names are the same is in [`likeness`], who has which in [`directory`]. Nothing here knows of members,
//! connections or files.

pub mod directory;
pub mod likeness;

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::Serialize;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::{is_combining_mark, is_public_assigned};
use unicode_segmentation::UnicodeSegmentation;

pub use directory::Names;
pub use likeness::NameKey;

use super::text::is_invisible;
use crate::limits::{NAME_MAX_BYTES, NAME_MAX_CHARS, NAME_MIN_CHARS};

/// Words that are no names, whatever their case: who reads `server: …` believes the program speaks, `/msg all …` would
/// reach one member, and who types `quit` where a name is asked for wants to leave. `host` is not among them: the host
/// is marked wherever names are shown.
const RESERVED: [&str; 5] = ["server", "all", "everyone", "quit", "exit"];

/// The name of somebody whose login name leaves nothing to make one of.
const GUEST: &str = "guest";

/// A member's name. Cheap to clone; valid by construction.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Name(Arc<str>);

/// Why something is no name: a sentence for the person who chose it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Fewer than [`NAME_MIN_CHARS`] characters.
    #[error("a name has at least {NAME_MIN_CHARS} characters")]
    TooShort,
    /// More than [`NAME_MAX_CHARS`] characters or [`NAME_MAX_BYTES`] bytes.
    #[error("a name has at most {NAME_MAX_CHARS} characters ({NAME_MAX_BYTES} bytes)")]
    TooLong,
    /// A character that no name may hold.
    #[error("a name cannot hold U+{:04X}: {why}", u32::from(*character))]
    Forbidden {
        /// The first such character.
        character: char,
        /// What is wrong with it.
        why: &'static str,
    },
    /// It begins with a combining mark, which would sit on whatever stands before the name.
    #[error("a name cannot begin with a combining mark")]
    LoneMark,
    /// It begins with `/`.
    #[error("a name cannot begin with /, which begins a command")]
    Command,
    /// It is, or looks like, a word that would be misread as a name.
    #[error("the word {word:?} is reserved")]
    Reserved {
        /// The word.
        word: &'static str,
    },
}

impl NameError {
    /// The word for scripts (event `refused`).
    pub fn code(&self) -> &'static str {
        "bad-name"
    }
}

impl Name {
    /// Makes a name of what somebody typed, or says which rule it breaks.
    ///
    /// A name that was parsed parses to itself.
    pub fn parse(raw: &str) -> Result<Self, NameError> {
        let word = one_word(raw)?;
        match word.chars().next() {
            Some('/') => return Err(NameError::Command),
            Some(first) if is_combining_mark(first) => return Err(NameError::LoneMark),
            _ => {}
        }
        let length = length(&word);
        if length < NAME_MIN_CHARS {
            return Err(NameError::TooShort);
        }
        if length > NAME_MAX_CHARS || word.len() > NAME_MAX_BYTES {
            return Err(NameError::TooLong);
        }
        match RESERVED.into_iter().find(|reserved| likeness::alike(&word, reserved)) {
            Some(word) => Err(NameError::Reserved { word }),
            None => Ok(Self(word.into())),
        }
    }

    /// A name for whoever is logged in as `raw`, whatever that holds: the same if it is a name; else what no name may
    /// hold is left out, what is too long is cut, and what is then still no name stands behind `guest-` (`x`, `server`),
    /// or is `guest` if nothing is left.
    pub fn for_login(raw: &str) -> Self {
        if let Ok(name) = Self::parse(raw) {
            return name;
        }
        let start = raw.char_indices().nth(NAME_MAX_BYTES).map_or(raw, |(end, _)| &raw[..end]);
        let kept: String = start.nfc().filter(|&c| flaw(c).is_none()).collect();
        let kept = kept.trim_start_matches(|c: char| c == '/' || c.is_whitespace() || is_combining_mark(c));
        let cut = cut(kept, NAME_MAX_CHARS, NAME_MAX_BYTES);
        let guest = format!("{GUEST}-{cut}");
        Self::parse(cut).or_else(|_| Self::parse(guest.trim_end_matches('-'))).unwrap_or_else(|_| Self(GUEST.into()))
    }

    /// The name with `-k` behind it, cut between two characters so far that the result is a name.
    pub fn with_suffix(&self, k: u32) -> Self {
        let suffix = format!("-{k}");
        let base = cut(&self.0, NAME_MAX_CHARS - suffix.len(), NAME_MAX_BYTES - suffix.len());
        Self(format!("{base}{suffix}").into())
    }

    /// The name as it is shown.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What is equal for names that differ in case or in compatibility forms only.
    pub fn key(&self) -> NameKey {
        NameKey::sharing(&self.0)
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl From<Name> for Arc<str> {
    fn from(name: Name) -> Self {
        name.0
    }
}

impl AsRef<str> for Name {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl FromStr for Name {
    type Err = NameError;

    fn from_str(raw: &str) -> Result<Self, NameError> {
        Self::parse(raw)
    }
}

/// `raw` in NFC and without white space, if it holds nothing that is forbidden.
fn one_word(raw: &str) -> Result<Cow<'_, str>, NameError> {
    let raw = raw.trim();
    // Composing shortens text, but by less than four times: what is longer need not be looked at.
    if raw.len() > 4 * NAME_MAX_BYTES {
        return Err(NameError::TooLong);
    }
    let composed = if raw.is_ascii() { Cow::Borrowed(raw) } else { Cow::Owned(raw.nfc().collect()) };
    check(&composed)?;
    if !composed.contains(char::is_whitespace) {
        return Ok(composed);
    }
    Ok(Cow::Owned(composed.split_whitespace().collect::<Vec<_>>().join("-")))
}

/// Whether `text` holds only characters that a name may hold.
fn check(text: &str) -> Result<(), NameError> {
    if text.bytes().all(|b| matches!(b, b' '..=b'~')) {
        return Ok(());
    }
    for cluster in text.graphemes(true) {
        for (at, character) in cluster.char_indices() {
            if let Some(why) = flaw(character)
                && !is_part_of_emoji(cluster, at, character)
            {
                return Err(NameError::Forbidden { character, why });
            }
        }
    }
    Ok(())
}

/// What is wrong with a character in a name, if anything is.
fn flaw(c: char) -> Option<&'static str> {
    match c {
        ' '..='~' => None,
        _ if c.is_control() => Some("it is a control character"),
        '\u{2028}' | '\u{2029}' => Some("it breaks the line"),
        '\u{61C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' => {
            Some("it changes the direction of text")
        }
        _ if is_invisible(c) => Some("it cannot be seen"),
        _ if !is_public_assigned(c) => Some("it stands for no character"),
        _ => None,
    }
}

/// Whether the character at `at` of a grapheme cluster is one of those that make an emoji of several characters: a
/// joiner between two pictographs (`👩‍💻`), or a selector behind a pictograph (`❤️`) or inside a keycap (`1️⃣`).
fn is_part_of_emoji(cluster: &str, at: usize, c: char) -> bool {
    let (before, after) = (&cluster[..at], &cluster[at + c.len_utf8()..]);
    match c {
        '\u{200D}' => begins_with_pictograph(before.chars()) && begins_with_pictograph(after.chars()),
        '\u{FE0E}' | '\u{FE0F}' => {
            begins_with_pictograph(before.chars().rev())
                || matches!(before.as_bytes(), [b'0'..=b'9' | b'#' | b'*']) && after == "\u{20E3}"
        }
        _ => false,
    }
}

/// Whether the first of these characters is a pictograph (Unicode's `Extended_Pictographic`): exactly those are one
/// cluster with a joiner and another pictograph (rule GB11 of UAX 29).
fn begins_with_pictograph(mut chars: impl Iterator<Item = char>) -> bool {
    chars.next().is_some_and(|c| format!("{c}\u{200D}\u{1F469}").graphemes(true).nth(1).is_none())
}

/// The characters of a text as a reader counts them.
fn length(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.graphemes(true).count() }
}

/// The longest start of `text` that has at most so many characters, as a reader counts them, and bytes, and ends between two
/// characters.
pub(crate) fn cut(text: &str, chars: usize, bytes: usize) -> &str {
    let ends = text.grapheme_indices(true).map(|(at, cluster)| at + cluster.len());
    let end = ends.take(chars).take_while(|&end| end <= bytes).last().unwrap_or(0);
    &text[..end]
}

#[cfg(test)]
mod tests;
