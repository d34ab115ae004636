//! Looking at a room without going in: the answer to `look`, as it is written and read.
//!
//! Who looks, and why, is not known here.

use std::sync::Arc;

use chrono::DateTime;
use serde::{Deserialize, Serialize};

use super::encode::tagged;
use super::{FromHost, VERSION, is_default};
use crate::room::event::timestamp;
use crate::room::id::{PeerId, RoomId};
use crate::sighting::Announcement;

/// A room, as it is told to somebody who only looks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RoomLine {
    /// The version that the host speaks.
    pub v: u32,
    /// The room.
    pub room: RoomId,
    /// When it was opened, in RFC 3339.
    pub opened: String,
    /// The term.
    pub term: u64,
    /// Who hosts.
    pub host: PeerId,
    /// The host's name.
    pub name: Arc<str>,
    /// The port.
    pub port: u16,
    /// How many are in it.
    pub members: u32,
    /// Whether it takes a passphrase.
    #[serde(default, skip_serializing_if = "is_default")]
    pub closed: bool,
    /// Whom its host cannot reach.
    #[serde(default, skip_serializing_if = "is_default")]
    pub blocked: Option<PeerId>,
}

/// The answer to `look`.
pub(crate) fn room(out: &mut Vec<u8>, announcement: &Announcement) {
    tagged(out, "room", &RoomLine::new(announcement));
}

impl RoomLine {
    /// The line that says `announcement`.
    pub fn new(announcement: &Announcement) -> Self {
        let Announcement { room, opened, term, host, port, name, members, closed, blocked } = announcement;
        let opened = DateTime::from_timestamp_millis(*opened).unwrap_or_default();
        Self {
            v: VERSION,
            room: *room,
            opened: timestamp(opened.fixed_offset()),
            term: *term,
            host: *host,
            name: name.clone(),
            port: *port,
            members: *members,
            closed: *closed,
            blocked: *blocked,
        }
    }

    /// What it says; nothing, if its time is none.
    pub fn announcement(self) -> Option<Announcement> {
        let opened = DateTime::parse_from_rfc3339(&self.opened).ok()?.timestamp_millis();
        let Self { room, term, host, port, name, members, closed, blocked, .. } = self;
        Some(Announcement { room, opened, term, host, port, name, members, closed, blocked })
    }
}

/// What is told to somebody who has asked with `look`, out of all that has come so far; nothing, if it is not there (yet).
/// Lines that are no objects are passed over, as before a `welcome`.
pub fn room_told(bytes: &[u8]) -> Option<Announcement> {
    let mut lines = bytes.split_inclusive(|byte| *byte == b'\n').filter(|line| line.ends_with(b"\n"));
    lines.find_map(|line| match serde_json::from_slice(line) {
        Ok(FromHost::Room(room)) => room.announcement(),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_room_says_of_itself_is_read_back_wherever_it_stands() {
        let (id, host, name, blocked) = (RoomId(7), PeerId([3; 16]), "capo \"x\"".into(), Some(PeerId([4; 16])));
        let opened = 1_763_675_463_123;
        let said =
            Announcement { room: id, opened, term: 4, host, port: 8808, name, members: 3, closed: true, blocked };
        let mut bytes = b"What is your name?\n{\"type\":\"ping\"}\n".to_vec();
        room(&mut bytes, &said);
        assert_eq!(room_told(&bytes), Some(said));
        assert_eq!(room_told(&bytes[..bytes.len() - 1]), None, "half a line says nothing");
        assert_eq!(room_told(b"HTTP/1.1 400 Bad Request\r\n\r\n"), None);
    }
}
