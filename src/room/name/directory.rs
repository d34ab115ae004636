//! Who has which name: looking one up, and finding a free one.
//!
//! Knows the rules of likeness, nothing of members: a holder is whatever the room names its members with.

use std::collections::HashMap;

use super::likeness::Shape;
use super::{Name, NameKey};
use crate::limits::NAME_SUFFIXES_IN_TURN;

/// The names in use, each with its holder. No two of them clash.
///
/// Nothing here takes longer the more names there are, but for `free`, which takes the logarithm of their number.
#[derive(Debug)]
pub struct Names<T> {
    /// Each name as it is spelt, and its holder.
    by_key: HashMap<NameKey, (Name, T)>,
    /// The holders of ASCII names, by shape: several such names may look alike.
    plain: HashMap<Shape, Vec<T>>,
    /// The holders of all other names, by shape.
    other: HashMap<Shape, T>,
}

impl<T> Default for Names<T> {
    fn default() -> Self {
        Self { by_key: HashMap::new(), plain: HashMap::new(), other: HashMap::new() }
    }
}

impl<T: Copy + PartialEq> Names<T> {
    /// Who is called `raw`, as somebody typed it: without regard to case, but not whoever looks like it.
    pub fn get(&self, raw: &str) -> Option<T> {
        let (_, holder) = self.by_key.get(&Name::parse(raw).ok()?.key())?;
        Some(*holder)
    }

    /// Who has this name, or one that it clashes with.
    pub fn clash(&self, name: &Name) -> Option<T> {
        if let Some((_, holder)) = self.by_key.get(&name.key()) {
            return Some(*holder);
        }
        let is_plain = name.as_str().is_ascii();
        if is_plain && self.other.is_empty() {
            return None;
        }
        let shape = Shape::of(name.as_str());
        let looking_alike = self.other.get(&shape).copied();
        if is_plain { looking_alike } else { looking_alike.or_else(|| self.plain.get(&shape)?.first().copied()) }
    }

    /// Gives a name to a holder, or says who has it (or one that it clashes with) already.
    pub fn insert(&mut self, name: &Name, holder: T) -> Result<(), T> {
        match self.clash(name) {
            Some(other) => Err(other),
            None => {
                self.add(name, holder);
                Ok(())
            }
        }
    }

    /// Takes a name out of use, however it is spelt; whose it was.
    pub fn remove(&mut self, name: &Name) -> Option<T> {
        let (name, holder) = self.by_key.remove(&name.key())?;
        let shape = Shape::of(name.as_str());
        if !name.as_str().is_ascii() {
            self.other.remove(&shape);
        } else if let Some(holders) = self.plain.get_mut(&shape) {
            if let Some(at) = holders.iter().position(|&one| one == holder) {
                holders.swap_remove(at);
            }
            if holders.is_empty() {
                self.plain.remove(&shape);
            }
        }
        Some(holder)
    }

    /// Gives the holder of `from` the name `to` instead, which may be the same in another case or alphabet; or says who
    /// has it already, and leaves everything as it was.
    pub fn rename(&mut self, from: &Name, to: &Name, holder: T) -> Result<(), T> {
        self.remove(from);
        let clash = self.clash(to);
        self.add(if clash.is_some() { from } else { to }, holder);
        clash.map_or(Ok(()), Err)
    }

    /// Gives a name that clashes with none to a holder.
    fn add(&mut self, name: &Name, holder: T) {
        let shape = Shape::of(name.as_str());
        if name.as_str().is_ascii() {
            // Nearly always it stays the only one.
            self.plain.entry(shape).or_insert_with(|| Vec::with_capacity(1)).push(holder);
        } else {
            self.other.insert(shape, holder);
        }
        self.by_key.insert(name.key(), (name.clone(), holder));
    }

    /// The name itself if it is free, else `NAME-2`, `NAME-3`, …: the lowest that is free among the first
    /// [`NAME_SUFFIXES_IN_TURN`], beyond them one that is free while the one below it is not.
    pub fn free(&self, wanted: &Name) -> Name {
        if self.clash(wanted).is_none() {
            return wanted.clone();
        }
        let is_free = |k: u32| self.clash(&wanted.with_suffix(k)).is_none();
        if let Some(k) = (2..=NAME_SUFFIXES_IN_TURN).find(|&k| is_free(k)) {
            return wanted.with_suffix(k);
        }
        let (mut taken, mut free) = (NAME_SUFFIXES_IN_TURN, 2 * NAME_SUFFIXES_IN_TURN);
        while !is_free(free) {
            (taken, free) = (free, 2 * free);
        }
        while free - taken > 1 {
            let middle = taken + (free - taken) / 2;
            if is_free(middle) {
                free = middle;
            } else {
                taken = middle;
            }
        }
        wanted.with_suffix(free)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::super::likeness::alike;
    use super::*;

    fn name(text: &str) -> Name {
        Name::parse(text).unwrap()
    }

    /// Joins as the room does: under a free form of the wanted name.
    fn join(names: &mut Names<usize>, wanted: &str) -> String {
        let got = names.free(&name(wanted));
        let holder = names.by_key.len();
        names.insert(&got, holder).unwrap();
        got.to_string()
    }

    #[test]
    fn p06_thirty_students_all_get_in() {
        let mut names = Names::default();
        let got: Vec<String> = (0..30).map(|_| join(&mut names, "student")).collect();
        assert_eq!(got[..3], ["student", "student-2", "student-3"]);
        assert_eq!(got[29], "student-30");
    }

    #[test]
    fn thousands_of_one_name_get_the_next_number() {
        let mut names = Names::default();
        for k in 1..=5000 {
            let got = join(&mut names, "Student");
            assert!(k == 1 || got == format!("Student-{k}"), "{got}");
        }
    }

    #[test]
    fn thousands_of_numbered_names_keep_them() {
        let mut names = Names::default();
        for k in 0..5000 {
            for prefix in ["m", "user-"] {
                let wanted = format!("{prefix}{k}");
                if wanted.len() > 1 {
                    assert_eq!(join(&mut names, &wanted), wanted);
                }
            }
        }
        for (k, wanted) in ["user-l", "user-I0", "modem", "modern", "moclern"].into_iter().enumerate() {
            assert_eq!(join(&mut names, wanted), wanted, "{k}");
        }
    }

    #[test]
    fn p24_a_number_that_became_free_is_taken_again() {
        let mut names = Names::default();
        for _ in 0..5 {
            join(&mut names, "ann");
        }
        assert!(names.remove(&name("ANN-3")).is_some());
        assert_eq!(join(&mut names, "Ann"), "Ann-3");
    }

    #[test]
    fn p30_look_alikes_get_another_name_whoever_comes_first() {
        let mut names = Names::default();
        assert_eq!(join(&mut names, "admin"), "admin");
        assert_eq!(join(&mut names, "аdmin"), "аdmin-2");
        assert_eq!(join(&mut names, "admin"), "admin-3", "admin-2 would look like the one that is there");
        let mut names = Names::default();
        assert_eq!(join(&mut names, "аdmin"), "аdmin");
        assert_eq!(join(&mut names, "Admin"), "Admin-2");
    }

    #[test]
    fn a_name_is_found_without_its_case_but_not_by_its_looks() {
        let mut names = Names::default();
        names.insert(&name("Ann Lee"), 7).unwrap();
        assert_eq!(names.get("ann-lee"), Some(7));
        assert_eq!(names.get(" ANN lee "), Some(7));
        assert_eq!(names.get("аnn-lee"), None);
        assert_eq!(names.get("\x1b"), None);
        assert_eq!(names.clash(&name("аnn-lee")), Some(7));
    }

    #[test]
    fn a_member_may_change_the_case_or_alphabet_of_its_own_name() {
        let mut names = Names::default();
        names.insert(&name("modern"), 1).unwrap();
        names.insert(&name("modem"), 2).unwrap();
        assert_eq!(names.rename(&name("modem"), &name("MODEM"), 2), Ok(()));
        assert_eq!(names.rename(&name("modem"), &name("mоdem"), 2), Err(1), "it looks like modern, too");
        assert_eq!(names.get("modem"), Some(2), "and keeps its name");
        assert!(names.remove(&name("modern")).is_some());
        assert_eq!(names.rename(&name("modem"), &name("mоdem"), 2), Ok(()));
        assert_eq!((names.get("modem"), names.get("mоdem"), names.by_key.len()), (None, Some(2), 1));
    }

    proptest! {
        /// Few letters, so that names clash all the time.
        #[test]
        fn no_two_names_in_use_ever_clash(wanted in prop::collection::vec("[eеEmrn1lIо0-]{2,3}|[rn]{2}[e-]", 1..40), gone in any::<u64>()) {
            let mut names = Names::default();
            let mut used: Vec<String> = Vec::new();
            for (k, wanted) in wanted.iter().enumerate() {
                let got = join(&mut names, wanted);
                prop_assert!(used.iter().all(|one| !alike(one, &got)), "{} among {:?}", got, used);
                used.push(got);
                if gone >> (k % 64) & 1 == 1 {
                    let leaver = used.swap_remove(k % used.len());
                    prop_assert!(names.remove(&name(&leaver)).is_some());
                }
                prop_assert_eq!(names.by_key.len(), used.len());
            }
            for one in &used {
                prop_assert!(names.remove(&name(one)).is_some());
            }
            prop_assert!(names.plain.is_empty() && names.other.is_empty());
            prop_assert_eq!(used.iter().collect::<HashSet<_>>().len(), used.len());
        }
    }
}
