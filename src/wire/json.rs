//! Values as JSON, appended to bytes.
//!
//! Every message passes here on its way to everybody and to the host's own screen, and hardly any has anything to escape:
//! such a text is copied as it is. What the values mean is not known here.

use serde::Serialize;

/// Appends a value that has only texts as keys.
pub(crate) fn value<T: Serialize + ?Sized>(out: &mut Vec<u8>, value: &T) {
    serde_json::to_writer(out, value).expect("all keys are texts, and a vector takes every byte");
}

/// Appends a text.
pub(crate) fn string(out: &mut Vec<u8>, text: &str) {
    if is_plain(text) {
        out.push(b'"');
        out.extend_from_slice(text.as_bytes());
        out.push(b'"');
    } else {
        value(out, text);
    }
}

/// Whether a text stands in JSON as it is, with nothing escaped. Works through blocks without leaving early inside one, which
/// lets the compiler compare many bytes at once.
pub(crate) fn is_plain(text: &str) -> bool {
    let odd = |b: u8| (b < b' ') | (b == b'"') | (b == b'\\');
    text.as_bytes().chunks(64).all(|block| !block.iter().fold(false, |found, &b| found | odd(b)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn written(text: &str) -> String {
        let mut out = Vec::new();
        string(&mut out, text);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn one_character_is_escaped_wherever_it_stands() {
        for odd in (0..=0x7f).map(char::from).chain(['é', '\u{85}', '\u{2028}', '👧']) {
            for at in [0, 1, 62, 63, 64, 100] {
                let text = format!("{}{odd}{}", "x".repeat(at), "y".repeat(100 - at));
                assert_eq!(written(&text), serde_json::to_string(&text).unwrap(), "{odd:?} at {at}");
            }
        }
        assert_eq!(written(""), "\"\"");
    }

    proptest! {
        #[test]
        fn a_text_is_written_as_serde_does(text in prop_oneof![".{0,200}", "[ -~]{0,200}", any::<String>()]) {
            prop_assert_eq!(written(&text), serde_json::to_string(&text).unwrap());
        }
    }
}
