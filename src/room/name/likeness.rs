//! When two names are the same, or look it.
//!
//! Names are the same without regard to case and compatibility forms: equal [`NameKey`]s. Beyond that, a name with a
//! character outside ASCII also clashes with every name that it *looks like*: equal shapes. Two plain ASCII names
//! never clash by their looks, because people number their machines: `user-1` and `user-l`, `modem` and `modern` are
//! different names, and 5,000 members called `m0`, `m1`, … keep theirs. But a Cyrillic `аdmin` cannot be in a room with
//! `admin`, nor `mоdem` with either of `modem` and `modern`. So clashing is no equivalence, and no single key tells it.
//!
//! Nothing here knows who has a name.

use std::sync::Arc;

use unicode_normalization::UnicodeNormalization;
use unicode_security::skeleton;

/// Equal for names that differ in case or in compatibility forms only (`Lorde`, `LORDE`, `Ｌｏｒｄｅ`).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NameKey(Arc<str>);

impl NameKey {
    /// The key of a name, which shares its text where that is the key: most names are lower case.
    pub(super) fn sharing(name: &Arc<str>) -> Self {
        let is_key = name.is_ascii() && !name.bytes().any(|b| b.is_ascii_uppercase());
        if is_key { Self(name.clone()) } else { Self::of(name) }
    }

    /// The key of a name's text.
    pub(super) fn of(name: &str) -> Self {
        if name.is_ascii() {
            return Self(name.to_ascii_lowercase().into());
        }
        // Upper case first: it is what brings ß and ss, and the forms of sigma, together.
        let folded = name.nfkc().flat_map(char::to_uppercase).flat_map(char::to_lowercase);
        Self(folded.nfkc().collect::<String>().into())
    }
}

/// Equal for names that look alike in some font: the skeleton of UTS 39, without regard to case.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Shape(Box<str>);

impl Shape {
    /// The shape of a name's text.
    pub(super) fn of(name: &str) -> Self {
        let simple = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        Self(if simple { simple_shape(name) } else { full_shape(name) }.into())
    }
}

/// Whether one of two names clashes with the other.
pub(super) fn alike(one: &str, other: &str) -> bool {
    if one.is_ascii() && other.is_ascii() {
        return one.eq_ignore_ascii_case(other);
    }
    NameKey::of(one) == NameKey::of(other) || Shape::of(one) == Shape::of(other)
}

/// The shape of any text. The skeleton keeps case apart and takes `I` and `l` for one, but not `i`; case is no
/// difference between names, so all three are one here.
fn full_shape(name: &str) -> String {
    let skeleton_of_shown: String = skeleton(&name.nfkc().collect::<String>()).collect();
    skeleton(&skeleton_of_shown.to_lowercase()).map(|c| if c == 'i' { 'l' } else { c }).collect()
}

/// The same for letters, digits, `-` and `_` of ASCII, without the tables: most names are that.
fn simple_shape(name: &str) -> String {
    let mut shape = String::with_capacity(name.len() + 4);
    for c in name.chars() {
        match c.to_ascii_lowercase() {
            'm' => shape.push_str("rn"),
            'i' | '1' => shape.push('l'),
            '0' => shape.push('o'),
            lower => shape.push(lower),
        }
    }
    shape
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn case_and_compatibility_forms_do_not_make_another_name() {
        for (one, other) in [
            ("Lorde", "lORDE"),
            ("Ärger", "äRGER"),
            ("straße", "STRASSE"),
            ("ΟΔΥΣΣΕΥΣ", "οδυσσευς"),
            ("Ｌｏｒｄｅ", "lorde"),
            ("ﬁona", "FIONA"),
            ("é", "e\u{301}"),
        ] {
            assert_eq!(NameKey::of(one), NameKey::of(other), "{one} {other}");
        }
        assert_ne!(NameKey::of("lorde"), NameKey::of("lord"));
        assert_ne!(NameKey::of("josé"), NameKey::of("jose"));
    }

    #[test]
    fn p30_a_name_outside_ascii_clashes_with_what_it_looks_like() {
        for (one, other) in [
            ("аdmin", "admin"), // Cyrillic а
            ("АDMIN", "admin"), // Cyrillic А
            ("Νina", "nina"),   // Greek Ν, whose small form looks otherwise
            ("Іvan", "Ivan"),   // Ukrainian І
            ("Ӏvan", "ivan"),   // palochka
            ("ѕtudent", "STUDENT"),
            ("student1О", "student10"), // Cyrillic О for the digit
            ("mоdem", "modem"),
            ("mоdem", "modern"),
            ("👩\u{200D}💻", "👩💻"),
            ("☺\u{FE0F}x", "☺x"),
        ] {
            assert!(alike(one, other), "{one} {other}");
            assert!(alike(other, one), "{other} {one}");
        }
        for (one, other) in [("josé", "jose"), ("Борис", "boris"), ("李明", "李月"), ("jürgen", "jurgen")] {
            assert!(!alike(one, other), "{one} {other}");
        }
    }

    #[test]
    fn plain_names_clash_by_case_only() {
        assert!(alike("Ann", "aNN"));
        for (one, other) in
            [("user-1", "user-l"), ("user-1", "user-I"), ("modem", "modern"), ("student10", "student1O"), ("m0", "mo")]
        {
            assert!(!alike(one, other), "{one} {other}");
        }
    }

    #[test]
    fn numbers_keep_names_outside_ascii_apart() {
        let shapes: std::collections::HashSet<_> = (2..3000).map(|k| Shape::of(&format!("jürgen-{k}")).0).collect();
        assert_eq!(shapes.len(), 2998);
    }

    proptest! {
        #[test]
        fn the_short_way_to_a_shape_gives_the_same(name in "[A-Za-z0-9_-]{0,40}") {
            prop_assert_eq!(simple_shape(&name), full_shape(&name));
        }

        #[test]
        fn the_short_way_to_a_key_gives_the_same(name in "[ -~]{0,40}") {
            let long: String = name.nfkc().flat_map(char::to_uppercase).flat_map(char::to_lowercase).nfkc().collect();
            prop_assert_eq!(&*NameKey::of(&name).0, &long);
        }

        #[test]
        fn the_same_name_looks_the_same(name in "\\PC{1,20}") {
            prop_assert!(alike(&name, &name));
            prop_assert_eq!(alike(&name, "admin"), alike("admin", &name));
        }
    }
}
