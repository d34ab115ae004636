//! Whether a text names somebody: the whole name, not a part of another word, in whatever case.
//!
//! Also where a text holds what is searched for. It knows nothing of who is meant or how it is shown.

use std::ops::Range;

use unicode_segmentation::UnicodeSegmentation;

/// Whether `text` names `name`.
pub fn names(text: &str, name: &str) -> bool {
    if name.is_empty() {
        return false;
    }
    find(text, name).any(|found| is_bound(text, found.start) && is_bound(text, found.end))
}

/// Whether a name can begin or end here: where a word does, and not at a `-` or `_` inside a longer name.
fn is_bound(text: &str, at: usize) -> bool {
    let (before, after) = text.split_at(at);
    let joins = |c: char| matches!(c, '-' | '_');
    let (last, first) = (before.chars().next_back(), after.chars().next());
    let inside = match (last, first) {
        (Some(last), Some(first)) => {
            (joins(last) && first.is_alphanumeric()) || (last.is_alphanumeric() && joins(first) && goes_on(after))
        }
        _ => false,
    };
    !inside && is_word_bound(before, after)
}

/// Whether something that can belong to a name follows the `-` or `_` in front.
fn goes_on(after: &str) -> bool {
    after.chars().nth(1).is_some_and(char::is_alphanumeric)
}

/// Whether no word reaches from one side to the other.
fn is_word_bound(before: &str, after: &str) -> bool {
    let last = before.graphemes(true).next_back().unwrap_or("");
    let first = after.graphemes(true).next().unwrap_or("");
    let both = format!("{last}{first}");
    last.is_empty() || first.is_empty() || both.split_word_bound_indices().any(|(at, _)| at == last.len())
}

/// Where `text` holds `needle`, in whatever case, from the left and without overlap.
pub fn find<'a>(text: &'a str, needle: &'a str) -> impl Iterator<Item = Range<usize>> + 'a {
    let first = needle.chars().flat_map(char::to_lowercase).next();
    // Most texts are ASCII, where a letter is itself or its capital: a hundred thousand of them are searched at once.
    let first = first.filter(|_| text.is_ascii());
    let mut at = 0;
    std::iter::from_fn(move || {
        while at < text.len() && !needle.is_empty() {
            if let Some(first) = first {
                at += next_ascii(&text.as_bytes()[at..], first)?;
            }
            if let Some(length) = starts(&text[at..], needle) {
                let found = at..at + length;
                at = found.end;
                return Some(found);
            }
            at += text[at..].chars().next().map_or(1, char::len_utf8);
        }
        None
    })
}

/// Where `text`, which is ASCII, has this lower-case letter next, or its capital.
fn next_ascii(text: &[u8], letter: char) -> Option<usize> {
    let lower = u8::try_from(letter).ok().filter(u8::is_ascii)?;
    memchr::memchr2(lower, lower.to_ascii_uppercase(), text)
}

/// How many bytes at the start of `text` are `needle`, in whatever case.
fn starts(text: &str, needle: &str) -> Option<usize> {
    let (mut wanted, mut length) = (needle.chars().flat_map(char::to_lowercase).peekable(), 0);
    for c in text.chars() {
        if wanted.peek().is_none() {
            break;
        }
        if !c.to_lowercase().all(|lower| wanted.next() == Some(lower)) {
            return None;
        }
        length += c.len_utf8();
    }
    wanted.peek().is_none().then_some(length)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_name_is_found_as_a_word() {
        for text in ["ann", "Ann: ciao", "hi ANN!", "(ann)", "@ann", "ann's", "hello, ann."] {
            assert!(names(text, "ann"), "{text}");
        }
        for text in ["", "anna", "joann", "ann-lee", "ann_2", "mary-ann", "planning", "annn"] {
            assert!(!names(text, "ann"), "{text}");
        }
        assert!(names("ask ann-lee", "Ann-Lee") && names("ann - yes", "ann") && names("so, ann-", "ann"));
        assert!(names("田中さん", "田中") && names("ÉVA, ciao", "éva") && names("hi 👩\u{200D}👧👧", "👩\u{200D}👧"));
        assert!(!names("anything", ""));
    }

    #[test]
    fn a_text_is_found_in_whatever_case() {
        assert_eq!(find("Ciao ciao CIAO", "ciao").collect::<Vec<_>>(), [0..4, 5..9, 10..14]);
        assert_eq!(find("aaaa", "aa").collect::<Vec<_>>(), [0..2, 2..4]);
        assert_eq!(find("żółw", "ŻÓŁ").next(), Some(0..6));
        assert_eq!(find("x", "").count() + find("", "x").count(), 0);
        // Letters whose other case is not ASCII, on both sides.
        assert_eq!(find("ok", "\u{212A}").next(), Some(1..2));
        assert_eq!(find("o\u{212A}", "K").next(), Some(1..4));
        assert_eq!(find("ok", "é").next(), None);
    }

    proptest! {
        /// Said simply: the text in lower case, where all of it is ASCII.
        #[test]
        fn a_text_of_ascii_is_found_where_it_is(text in "[a-cA-C .]{0,30}", needle in "[a-cA-C .]{1,3}") {
            let found = find(&text, &needle).next().map(|range| range.start);
            prop_assert_eq!(found, text.to_ascii_lowercase().find(&needle.to_ascii_lowercase()));
        }
    }
}
