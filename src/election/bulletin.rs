//! What the LAN is told of a room, and when: at once what decides who stays where hosts meet, the rest not too often.
//!
//! How it is told is discovery's business.

use std::time::Duration;

use crate::limits::ANNOUNCE_CHANGE;
use crate::sighting::Announcement;

/// What was announced last, and whether something has changed since.
#[derive(Debug, Default)]
pub struct Bulletin {
    last: Option<(Announcement, Duration)>,
    /// Something has changed, and waits its time.
    changed: bool,
}

impl Bulletin {
    /// What is to be announced now that this is so, if anything.
    pub fn news(&mut self, ours: Announcement, now: Duration) -> Option<Announcement> {
        let decides = |one: &Announcement| (one.room, one.term, one.blocked);
        self.changed = false;
        if let Some((last, at)) = &self.last {
            if *last == ours {
                return None;
            }
            if decides(last) == decides(&ours) && now < *at + ANNOUNCE_CHANGE {
                self.changed = true;
                return None;
            }
        }
        self.last = Some((ours.clone(), now));
        Some(ours)
    }

    /// When what has changed may be announced, if there is anything.
    pub fn deadline(&self) -> Option<Duration> {
        self.last.as_ref().filter(|_| self.changed).map(|(_, at)| *at + ANNOUNCE_CHANGE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::room::id::{PeerId, RoomId};

    #[test]
    fn what_decides_is_told_at_once_and_the_rest_in_time() {
        let (room, host, name) = (RoomId(1), PeerId([1; 16]), "capo".into());
        let one =
            Announcement { room, opened: 0, term: 1, host, port: 8808, name, members: 1, closed: false, blocked: None };
        let two = Announcement { members: 2, ..one.clone() };
        let next = Announcement { term: 2, ..two.clone() };
        let (mut bulletin, now) = (Bulletin::default(), Duration::from_secs(1));
        assert_eq!(bulletin.news(one.clone(), now), Some(one.clone()));
        assert_eq!((bulletin.news(one, now), bulletin.deadline()), (None, None));
        assert_eq!(bulletin.news(two.clone(), now), None);
        let due = bulletin.deadline().unwrap();
        assert_eq!(due, now + ANNOUNCE_CHANGE);
        assert_eq!(bulletin.news(two.clone(), due), Some(two));
        assert_eq!(bulletin.news(next.clone(), due), Some(next), "another term is told at once");
        assert_eq!(bulletin.deadline(), None);
    }
}
