//! What peers send, made safe to show: used by the host at its entrance and by every interface before a terminal.
//!
//! A message keeps what people write: newlines, tabs, all scripts, the joiners and variation selectors that emoji,
//! Persian and the scripts of India need, and the marks (U+200E, U+200F, U+061C) that order a mixed line. It loses
//! what acts on a terminal or on its surroundings: control characters (also a bare `\r`, which would write over the
//! line), embeddings, overrides and isolates (left open, they reorder the names and times around a message), deprecated
//! and annotation controls, and tags, which hide text in a text. The flags of England, Scotland and Wales are the only
//! tags in use, and stay.
//!
//! Nothing here knows who speaks, how text travels or how wide a screen is.

use std::borrow::Cow;

use crate::limits::MESSAGE_MAX_BYTES;

/// Why a text is no message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// Nothing that could be seen is left of it.
    #[error("the message is empty")]
    Empty,
    /// More than [`MESSAGE_MAX_BYTES`].
    #[error("the message has {bytes} bytes, at most {MESSAGE_MAX_BYTES} can be sent")]
    TooLong {
        /// How many bytes of UTF-8 it has, cleaned.
        bytes: usize,
    },
}

impl TextError {
    /// The word for scripts (event `refused`).
    pub fn code(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::TooLong { .. } => "too-long",
        }
    }
}

/// The emoji that are written with tags (RGI emoji tag sequences of UTS 51).
const TAGGED_FLAGS: [&str; 3] = [
    "\u{1F3F4}\u{E0067}\u{E0062}\u{E0065}\u{E006E}\u{E0067}\u{E007F}",
    "\u{1F3F4}\u{E0067}\u{E0062}\u{E0073}\u{E0063}\u{E0074}\u{E007F}",
    "\u{1F3F4}\u{E0067}\u{E0062}\u{E0077}\u{E006C}\u{E0073}\u{E007F}",
];

/// How a line break is shown where a message must stay on one line.
const BREAK: &str = " \u{23CE} ";

/// What may be shown of `text`: control characters except `\n` and `\t` are removed, so `\r\n` becomes `\n`; U+2028 and
/// U+2029 become `\n`; controls of direction, annotations and tags are removed.
///
/// Borrows where nothing is to be done, and passes over ASCII once without looking at characters.
pub fn clean(text: &str) -> Cow<'_, str> {
    if is_plain(text.as_bytes()) || !text.chars().any(|c| is_removed(c) || is_separator(c)) {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(scrub(text))
    }
}

/// A message as the room tells it: cleaned, with something to see in it, and not too long.
pub fn message(text: &str) -> Result<Cow<'_, str>, TextError> {
    let text = clean(text);
    if text.len() > MESSAGE_MAX_BYTES {
        Err(TextError::TooLong { bytes: text.len() })
    } else if is_blank(&text) {
        Err(TextError::Empty)
    } else {
        Ok(text)
    }
}

/// Whether nothing of `text` can be seen: a message of white space and invisible characters is empty.
pub fn is_blank(text: &str) -> bool {
    text.chars().all(|c| c.is_whitespace() || is_invisible(c))
}

/// `text` cleaned and on one line, for dialects and places that have only one: a line break is shown as ` ⏎ `, those at
/// the end are cut.
pub fn one_line(text: &str) -> Cow<'_, str> {
    let text = clean(text);
    if !text.contains('\n') {
        return text;
    }
    Cow::Owned(text.trim_end_matches('\n').replace('\n', BREAK))
}

/// `text` cleaned, each line but the first behind `indent`: no line of a message can pass for a line of somebody else.
///
/// Line breaks at the end are cut.
pub fn indented<'a>(text: &'a str, indent: &str) -> Cow<'a, str> {
    let text = clean(text);
    if !text.contains('\n') {
        return text;
    }
    Cow::Owned(text.trim_end_matches('\n').replace('\n', &format!("\n{indent}")))
}

/// Whether a character takes no place or leaves it blank, and is no white space: default-ignorable characters
/// (Unicode's `Default_Ignorable_Code_Point`), format controls, fillers and blanks.
pub(crate) fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}' | '\u{180B}'..='\u{180F}'
        | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{2800}' | '\u{3164}'
        | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF0}'..='\u{FFFB}' | '\u{13430}'..='\u{1343F}'
        | '\u{16FE4}' | '\u{1BCA0}'..='\u{1BCA3}' | '\u{1D159}' | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{E0FFF}')
}

/// Whether these bytes are ASCII without anything to remove. Works through blocks without leaving early inside one, which
/// lets the compiler compare many bytes at once.
fn is_plain(bytes: &[u8]) -> bool {
    // One comparison for both ends: what lies below the space wraps around.
    let odd = |b: u8| (b.wrapping_sub(b' ') > b'~' - b' ') & (b != b'\n') & (b != b'\t');
    bytes.chunks(64).all(|block| !block.iter().fold(false, |found, &b| found | odd(b)))
}

/// Whether a message loses this character.
fn is_removed(c: char) -> bool {
    matches!(c,
        '\0'..='\x08' | '\x0B'..='\x1F' | '\x7F'..='\u{9F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}'
        | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E007F}')
}

/// Unicode's own line and paragraph separators: terminals disagree about them, `\n` is meant.
fn is_separator(c: char) -> bool {
    matches!(c, '\u{2028}' | '\u{2029}')
}

/// A copy of `text` without what a message loses.
fn scrub(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if let Some(flag) = TAGGED_FLAGS.iter().find(|flag| rest.starts_with(**flag)) {
            out.push_str(flag);
            rest = &rest[flag.len()..];
            continue;
        }
        if is_separator(c) {
            out.push('\n');
        } else if !is_removed(c) {
            out.push(c);
        }
        rest = &rest[c.len_utf8()..];
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Independent of the code: what must never come out of `clean`.
    fn is_dangerous(c: char) -> bool {
        (c.is_control() && c != '\n' && c != '\t')
            || "\u{2028}\u{2029}\u{202A}\u{202B}\u{202C}\u{202D}\u{202E}\u{2066}\u{2067}\u{2068}\u{2069}".contains(c)
    }

    /// Text in which what must be removed is as frequent as what must stay.
    fn nasty() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            any::<char>().prop_map(String::from),
            "[ -~]{0,80}",
            prop::sample::select(vec![
                "\r",
                "\n",
                "\r\n",
                "\t",
                "\x1b[2J",
                "\x7f",
                "\u{85}",
                "\u{9b}31m",
                "\u{2028}",
                "\u{202E}",
                "\u{2067}",
                "\u{FEFF}",
                "\u{E0041}",
                "\u{1F3F4}",
                "👩\u{200D}💻",
                "❤\u{FE0F}",
                "می\u{200C}خواهم",
                TAGGED_FLAGS[0],
            ])
            .prop_map(String::from),
        ];
        prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
    }

    #[test]
    fn p29_escape_sequences_lose_their_escape() {
        assert_eq!(clean("a\x1b[31mred\x1b]0;title\x07b"), "a[31mred]0;titleb");
        assert_eq!(clean("\u{9b}2J\u{90}x\u{9c}"), "2Jx");
        assert_eq!(clean("bell\x07, backspace\x08, delete\x7f, nul\0"), "bell, backspace, delete, nul");
        assert_eq!(clean("\x1b[?1003h mouse"), "[?1003h mouse");
    }

    #[test]
    fn p29_bare_carriage_return_cannot_forge_a_line() {
        assert_eq!(clean("hi\rcapo: give me the key"), "hicapo: give me the key");
        assert_eq!(clean("one\r\ntwo\r\n"), "one\ntwo\n");
        assert_eq!(one_line("hi\rcapo: x\r\ncapo: y"), "hicapo: x ⏎ capo: y");
    }

    #[test]
    fn p29_another_line_of_a_message_cannot_pass_for_somebody_elses() {
        assert_eq!(indented("hi\ncapo: pay me", "    "), "hi\n    capo: pay me");
        assert_eq!(indented("hi\u{2028}capo: pay me\n\n", "  "), "hi\n  capo: pay me");
        assert_eq!(indented("\ncapo: pay me", "  "), "\n  capo: pay me");
        assert_eq!(one_line("hi\n* capo left\n"), "hi ⏎ * capo left");
    }

    #[test]
    fn p29_direction_cannot_be_overridden() {
        assert_eq!(clean("safe\u{202E}txt.exe"), "safetxt.exe");
        assert_eq!(clean("\u{2066}a\u{2069}\u{202A}b\u{202C}"), "ab");
        // A mixed line is ordered by marks, which reach no further than their neighbours.
        assert_eq!(clean("שלום\u{200F}! (hi)\u{200E}"), "שלום\u{200F}! (hi)\u{200E}");
    }

    #[test]
    fn p30_tags_hide_nothing() {
        assert_eq!(clean("hello\u{E0001}\u{E0068}\u{E0069}\u{E007F}"), "hello");
        assert_eq!(clean("\u{1F3F4}\u{E0068}\u{E0069}\u{E007F}"), "\u{1F3F4}");
        for flag in TAGGED_FLAGS {
            let text = format!("go {flag}!");
            assert_eq!(clean(&text), text);
        }
    }

    #[test]
    fn what_people_write_stays() {
        for text in [
            "tabs\tand\nnewlines",
            "👩\u{200D}💻 ❤\u{FE0F} 1\u{FE0F}\u{20E3} 🇮🇹",
            "می\u{200C}خواهم क्\u{200D}ष",
            "葛\u{E0100}",
            "é e\u{301} ß 漢字 \u{F8FF}",
            "~ is the last of ASCII, ! the first",
        ] {
            assert!(matches!(clean(text), Cow::Borrowed(same) if same == text), "{text:?}");
        }
    }

    #[test]
    fn one_odd_byte_is_found_wherever_it_stands() {
        for length in [1, 63, 64, 65, 200] {
            for at in 0..length {
                for odd in [b'\r', 0x1b, 0x7f, 0] {
                    let mut bytes = vec![b'x'; length];
                    bytes[at] = odd;
                    let text = String::from_utf8(bytes).unwrap();
                    assert_eq!(clean(&text), "x".repeat(length - 1), "{odd} at {at} of {length}");
                }
            }
        }
    }

    #[test]
    fn a_message_has_something_to_see_and_a_limit() {
        assert_eq!(message("x").unwrap(), "x");
        for empty in ["", " ", "\t\n \u{A0}", "\x1b\r", "\u{200B}\u{3164}\u{2800}", "\u{FEFF}"] {
            assert_eq!(message(empty), Err(TextError::Empty), "{empty:?}");
        }
        let longest = "x".repeat(MESSAGE_MAX_BYTES);
        assert_eq!(message(&longest).unwrap(), longest);
        assert_eq!(message(&(longest.clone() + "\r")).unwrap(), longest, "what is removed does not count");
        assert_eq!(message(&(longest + "é")), Err(TextError::TooLong { bytes: MESSAGE_MAX_BYTES + 2 }));
        assert_eq!(TextError::Empty.code(), "empty");
        assert_eq!(TextError::TooLong { bytes: 1 }.code(), "too-long");
    }

    proptest! {
        #[test]
        fn p29_nothing_dangerous_comes_out(text in nasty()) {
            let cleaned = clean(&text);
            prop_assert!(!cleaned.chars().any(is_dangerous), "{cleaned:?}");
            prop_assert_eq!(clean(&cleaned), cleaned.as_ref());
            prop_assert!(!one_line(&text).contains('\n'));
            for line in indented(&text, "    ").split('\n').skip(1) {
                prop_assert!(line.starts_with("    "));
            }
        }

        #[test]
        fn nothing_else_is_lost(text in nasty()) {
            let kept = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).collect::<String>();
            prop_assert_eq!(kept(&clean(&text)), kept(&text));
        }

        #[test]
        fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let text = String::from_utf8_lossy(&bytes);
            if let Ok(message) = message(&text) {
                prop_assert!(!message.is_empty() && message.len() <= MESSAGE_MAX_BYTES);
            }
        }
    }
}
