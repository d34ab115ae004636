//! Which names are taken in a room: by members, and for a while by those whose connection was lost.
//!
//! What a good name is, and which names are alike, is [`name`](super::name)'s business.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use super::id::PeerId;
use super::name::{Name, Names as Directory};
use crate::limits::{DEPARTED, GHOST};

/// The names of a room.
#[derive(Debug, Default)]
pub(super) struct Names {
    directory: Directory<PeerId>,
    /// Names that are kept for members whose connection was lost.
    ghosts: HashMap<PeerId, Name>,
    /// Until when, in that order; a ghost that was relieved in the meantime is passed over.
    until: VecDeque<(Duration, PeerId)>,
}

impl Names {
    /// Gives `peer` the name `wanted`, or the first of `wanted-2`, `wanted-3`, … that is free; its own ghost makes room.
    pub(super) fn take(&mut self, wanted: &Name, peer: PeerId, now: Duration) -> Name {
        self.forget_ghosts(now);
        if let Some(ghost) = self.ghosts.remove(&peer) {
            self.directory.remove(&ghost);
        }
        let name = self.directory.free(wanted);
        // Free, so nobody else has it.
        let _ = self.directory.insert(&name, peer);
        name
    }

    /// Gives a member another name, unless somebody else has it.
    pub(super) fn rename(&mut self, from: &Name, to: &Name, peer: PeerId, now: Duration) -> bool {
        self.forget_ghosts(now);
        self.directory.rename(from, to, peer).is_ok()
    }

    /// Who is called that, as somebody typed it.
    pub(super) fn get(&self, name: &str) -> Option<PeerId> {
        self.directory.get(name)
    }

    /// Gives a name back.
    pub(super) fn free(&mut self, name: &Name) {
        self.directory.remove(name);
    }

    /// Keeps a name for its holder, whose connection was lost.
    pub(super) fn keep(&mut self, name: &Name, peer: PeerId, now: Duration) {
        self.forget_ghosts(now);
        if self.until.len() >= DEPARTED {
            return self.free(name);
        }
        self.ghosts.insert(peer, name.clone());
        self.until.push_back((now + GHOST, peer));
    }

    fn forget_ghosts(&mut self, now: Duration) {
        while let Some((_, peer)) = self.until.pop_front_if(|(until, _)| *until <= now) {
            let came_and_went_again = self.until.iter().any(|(_, other)| *other == peer);
            if !came_and_went_again && let Some(name) = self.ghosts.remove(&peer) {
                self.directory.remove(&name);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> Name {
        Name::parse(text).unwrap()
    }

    const ONE: PeerId = PeerId([1; 16]);
    const TWO: PeerId = PeerId([2; 16]);

    #[test]
    fn p24_a_ghost_keeps_its_name_for_its_own_member_alone() {
        let mut names = Names::default();
        assert_eq!(names.take(&name("lorde"), ONE, Duration::ZERO), name("lorde"));
        names.keep(&name("lorde"), ONE, Duration::ZERO);
        assert_eq!(names.take(&name("lorde"), TWO, GHOST / 2), name("lorde-2"));
        assert_eq!(names.take(&name("lorde"), ONE, GHOST / 2), name("lorde"));
        // Lost again: it is kept again, from then on.
        names.keep(&name("lorde"), ONE, GHOST / 2);
        assert!(!names.rename(&name("lorde-2"), &name("Lorde"), TWO, GHOST));
        assert!(names.rename(&name("lorde-2"), &name("Lorde"), TWO, GHOST * 2));
    }
}
