//! Values as they stand in a line: bare where that is unmistakable, else a JSON string. No files, no clock.

use std::fmt::{self, Write};

/// Writes a value, quoted where it has to be.
pub(super) fn write_value(out: &mut dyn Write, value: &str) -> fmt::Result {
    let bare = !value.is_empty() && value.chars().all(|c| printable(c) && !matches!(c, ' ' | '"' | '=' | '\\'));
    if bare { out.write_str(value) } else { write_quoted(out, value) }
}

/// Writes a value as a JSON string in which nothing stands raw that does not print.
pub(super) fn write_quoted(out: &mut dyn Write, value: &str) -> fmt::Result {
    out.write_char('"')?;
    for c in value.chars() {
        match c {
            '"' => out.write_str("\\\"")?,
            '\\' => out.write_str("\\\\")?,
            '\n' => out.write_str("\\n")?,
            '\r' => out.write_str("\\r")?,
            '\t' => out.write_str("\\t")?,
            c if printable(c) => out.write_char(c)?,
            c => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    write!(out, "\\u{unit:04x}")?;
                }
            }
        }
    }
    out.write_char('"')
}

/// Splits a value off the start of what follows `key=`: the value, and the rest. `None` if it is neither bare nor a
/// whole quoted string.
pub(super) fn split_value(text: &str) -> Option<(String, &str)> {
    let end = if text.starts_with('"') { quoted_len(text)? } else { text.find([' ', '\t']).unwrap_or(text.len()) };
    let (value, rest) = text.split_at(end);
    if value.starts_with('"') {
        Some((serde_json::from_str(value).ok()?, rest))
    } else if value.is_empty() || value.contains(['"', '=', '\\']) {
        None
    } else {
        Some((value.to_owned(), rest))
    }
}

/// How many bytes the quoted string at the start of `text` takes, both quotes included.
fn quoted_len(text: &str) -> Option<usize> {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return Some(at + 1),
            _ => {}
        }
    }
    None
}

/// Whether a character has a form of its own on a screen: no control, no white space but the plain space, nothing
/// without width that turns the direction or hides, nothing unassigned.
fn printable(c: char) -> bool {
    match c {
        ' '..='~' => true,
        // Fillers and selectors that Unicode counts among letters, marks and symbols, yet nobody sees.
        '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}' => false,
        '\u{2800}' | '\u{3164}' | '\u{ffa0}' | '\u{e0100}'..='\u{e01ef}' => false,
        _ => {
            // The standard library has the tables, behind `escape_debug`. A letter goes before, because it also
            // escapes a combining mark that begins a string, and a mark inside a name is nothing to hide.
            let mut text = [b'a'; 5];
            let len = c.encode_utf8(&mut text[1..]).len();
            std::str::from_utf8(&text[..=len]).is_ok_and(|text| text.escape_debug().nth(1) == Some(c))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn value(text: &str) -> String {
        let mut out = String::new();
        write_value(&mut out, text).unwrap();
        out
    }

    #[test]
    fn values_are_bare_where_that_is_unmistakable() {
        for bare in ["lorde", "zoë", "山田", "🎉", "e\u{301}a", "का", "❤\u{fe0f}", "o'neil", "452s", "a/b:c;d"]
        {
            assert_eq!(value(bare), bare);
        }
    }

    #[test]
    fn whatever_does_not_print_is_escaped() {
        for (text, written) in [
            ("", r#""""#),
            ("a b", r#""a b""#),
            ("a=b", r#""a=b""#),
            ("a\"b\\", r#""a\"b\\""#),
            ("a\nb\rc\td", r#""a\nb\rc\td""#),
            ("\0\u{1b}[2J\u{7f}", r#""\u0000\u001b[2J\u007f""#),
            ("a\u{85}\u{9b}2J", r#""a\u0085\u009b2J""#),
            ("a\u{202e}b\u{2066}c", r#""a\u202eb\u2066c""#),
            ("a\u{200b}b\u{200d}c\u{feff}\u{ad}", r#""a\u200bb\u200dc\ufeff\u00ad""#),
            ("a\u{2028}b\u{2029}c\u{a0}d\u{3000}", r#""a\u2028b\u2029c\u00a0d\u3000""#),
            ("a\u{3164}\u{115f}", r#""a\u3164\u115f""#),
            ("a\u{e0041}", r#""a\udb40\udc41""#),
            ("a\u{f8ff}\u{fffe}", r#""a\uf8ff\ufffe""#),
        ] {
            assert_eq!(value(text), written);
        }
    }

    #[test]
    fn what_is_neither_bare_nor_whole_is_no_value() {
        for bad in ["", " a", "a=b", "a\"", "\"a", "\"a\\\"", "\"\\x\"", "\"\\ud800\"", "a\\n"] {
            assert_eq!(split_value(bad), None, "{bad:?}");
        }
        assert_eq!(split_value("\"a\"b"), Some(("a".into(), "b")));
        assert_eq!(split_value("a b"), Some(("a".into(), " b")));
    }

    proptest! {
        #[test]
        fn every_value_comes_back(text in any::<String>(), rest in "( .*)?") {
            let written = value(&text) + &rest;
            prop_assert_eq!(split_value(&written), Some((text, rest.as_str())));
        }
    }
}
