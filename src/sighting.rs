//! What hosts say of their rooms on the LAN, and what others make of it.
//!
//! Every way of discovery yields the same [`Seen`]; a simulation does so too. A sighting is only a hint: what counts is a
//! handshake over TCP. Which of two rooms on one port stays is decided here, so that it is the same one on every machine.

use std::cmp::Reverse;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use crate::limits::NUMBER_MAX;
use crate::room::id::{PeerId, RoomId};

/// Where a room goes on, and as which: it may be another one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Elsewhere {
    /// The room.
    pub room: RoomId,
    /// Its host is at one of these addresses.
    pub at: Vec<SocketAddr>,
}

/// What a host says of its room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Announcement {
    /// The room.
    pub room: RoomId,
    /// When it was opened, in milliseconds since 1970: as its first host's clock said, which may be hours off. Only
    /// compared with what others announce, never with a clock.
    pub opened: i64,
    /// The term.
    pub term: u64,
    /// Who hosts.
    pub host: PeerId,
    /// The port, which is what makes two rooms the same one.
    pub port: u16,
    /// The host's name, for people.
    pub name: Arc<str>,
    /// How many are in it.
    pub members: u32,
    /// Whether only holders of the passphrase get in.
    pub closed: bool,
    /// The host to which this one should yield, and whom it cannot reach: let that one come, if it can.
    pub blocked: Option<PeerId>,
}

/// A room on the LAN, as somebody heard of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sighting {
    /// Where: the address from which we heard of it, and the room's port.
    pub at: SocketAddr,
    /// What its host says of it.
    pub announcement: Announcement,
}

/// Somebody who is looking for a room, and hosts one if there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seeker {
    /// Who.
    pub peer: PeerId,
    /// How long it still looks before it hosts.
    pub left: Duration,
}

/// Somebody on the LAN who has to do with our port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    /// A room.
    Room(Sighting),
    /// Somebody who would open one.
    Seeker(Seeker),
}

impl Announcement {
    /// Whether a host can say so: nobody may make us count beyond what numbers hold.
    pub fn is_sound(&self) -> bool {
        let is_past = u64::try_from(self.opened).is_ok_and(|opened| opened <= NUMBER_MAX);
        is_past && self.term <= NUMBER_MAX && self.port != 0
    }

    /// Whether this room stays where the two meet, and the other host yields.
    ///
    /// Of one room, the higher term stays, ties by the lower peer id; of two rooms, the one that was opened first, ties by
    /// the lower room id. But whoever cannot be reached by the other yields to it.
    pub fn outranks(&self, other: &Self) -> bool {
        match (self.blocked == Some(other.host), other.blocked == Some(self.host)) {
            (true, false) => true,
            (false, true) => false,
            _ if self.room == other.room => (self.term, Reverse(self.host)) > (other.term, Reverse(other.host)),
            _ => (self.opened, self.room) < (other.opened, other.room),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn announcement(room: u64, opened: i64, term: u64, host: u8) -> Announcement {
        let (room, host) = (RoomId(room), PeerId([host; 16]));
        Announcement {
            room,
            opened,
            term,
            host,
            port: 8808,
            name: "capo".into(),
            members: 1,
            closed: false,
            blocked: None,
        }
    }

    #[test]
    fn of_one_room_the_higher_term_stays() {
        assert!(announcement(1, 0, 3, 9).outranks(&announcement(1, 0, 2, 1)));
        assert!(announcement(1, 0, 3, 1).outranks(&announcement(1, 0, 3, 9)));
    }

    #[test]
    fn of_two_rooms_the_older_stays_whatever_their_terms() {
        assert!(announcement(9, 10, 1, 9).outranks(&announcement(1, 11, 7, 1)));
        assert!(announcement(1, 10, 1, 9).outranks(&announcement(9, 10, 7, 1)));
    }

    #[test]
    fn who_cannot_be_reached_yields() {
        let (old, mut new) = (announcement(1, 10, 1, 1), announcement(2, 20, 1, 2));
        assert!(old.outranks(&new));
        new.blocked = Some(old.host);
        assert!(new.outranks(&old) && !old.outranks(&new));
        // Where neither reaches the other, that says nothing.
        let blocked = Announcement { blocked: Some(new.host), ..old };
        assert!(blocked.outranks(&new));
    }

    proptest! {
        #[test]
        fn exactly_one_of_two_hosts_stays(
            one in (0..3u64, 0..3i64, 0..3u64, 0..2u8), two in (0..3u64, 0..3i64, 0..3u64, 2..4u8), blocked in 0..4u8,
        ) {
            let mut a = announcement(one.0, one.1, one.2, one.3);
            let mut b = announcement(two.0, if two.0 == one.0 { one.1 } else { two.1 }, two.2, two.3);
            a.blocked = (blocked & 1 > 0).then_some(b.host);
            b.blocked = (blocked & 2 > 0).then_some(a.host);
            prop_assert_ne!(a.outranks(&b), b.outranks(&a));
        }
    }
}
