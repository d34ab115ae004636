//! Who is here, kept up to date between two rosters by who comes, goes and is renamed.
//!
//! It knows nothing of how the list is shown.

use crate::limits::ROSTER;
use crate::room::event::Listed;

/// The members, in order of joining.
#[derive(Debug, Default)]
pub struct Roster {
    members: Vec<Listed>,
}

impl Roster {
    /// Everybody, anew.
    pub fn set(&mut self, members: Vec<Listed>) {
        self.members = members;
    }

    /// Everybody.
    pub fn members(&self) -> &[Listed] {
        &self.members
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.members.len()
    }

    /// Whether nobody is known to be here.
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// Whether `name` is here.
    pub fn has(&self, name: &str) -> bool {
        self.members.iter().any(|member| member.name == name)
    }

    /// Somebody came.
    pub fn join(&mut self, name: &str) {
        if self.members.len() < ROSTER && !self.has(name) {
            self.members.push(Listed { name: name.to_owned(), host: false });
        }
    }

    /// Somebody went.
    pub fn leave(&mut self, name: &str) {
        self.members.retain(|member| member.name != name);
    }

    /// Somebody took another name.
    pub fn rename(&mut self, from: &str, to: &str) {
        for member in self.members.iter_mut().filter(|member| member.name == from) {
            to.clone_into(&mut member.name);
        }
    }

    /// `host` hosts the room.
    pub fn hosted_by(&mut self, host: &str) {
        for member in &mut self.members {
            member.host = member.name == host;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_follows_who_comes_goes_and_is_renamed() {
        let mut roster = Roster::default();
        roster.set(vec![Listed { name: "capo".into(), host: true }]);
        roster.join("lorde");
        roster.join("lorde");
        roster.join("anna");
        roster.rename("lorde", "pippo");
        roster.leave("anna");
        roster.leave("capo");
        roster.hosted_by("pippo");
        assert_eq!(roster.members(), [Listed { name: "pippo".into(), host: true }]);
        assert_eq!((roster.len(), roster.is_empty()), (1, false));
    }
}
