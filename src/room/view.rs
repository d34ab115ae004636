//! Entries as one member reads them.
//!
//! Knows who reads; knows nothing of how it is shown.

use super::entry::{Act, Entry, Said};
use super::event::{Event, Listed, Message, What};
use super::id::PeerId;
use super::replica::Replica;
use crate::moment::Moment;

/// What `reader` is told of an entry; nothing of its own coming and going, nor of what it has been shown before.
pub fn event(replica: &Replica, reader: PeerId, entry: &Entry, replayed: bool, now: Moment) -> Option<Event> {
    let is_reader = |id| replica.member(id).is_some_and(|member| member.peer == reader);
    let what = match &entry.act {
        Act::Said(said) if replica.shown.contains(&(said.peer, said.n)) => return None,
        Act::Said(said) => {
            let own = said.peer == reader;
            return Some(Event { at: entry.at, what: What::Message(message(entry, said, own, replayed)) });
        }
        Act::Joined(member) if member.peer == reader => return None,
        Act::Joined(member) => What::Joined { name: member.name.to_string() },
        Act::Left { id, .. } if is_reader(*id) => return None,
        Act::Left { name, reason, .. } => What::Left { name: name.to_string(), reason: *reason },
        Act::Renamed { from, to, .. } => What::Renamed { from: from.to_string(), to: to.to_string() },
    };
    Some(Event { at: now.wall, what })
}

fn message(entry: &Entry, said: &Said, own: bool, replayed: bool) -> Message {
    Message {
        from: said.from.clone(),
        text: said.text.clone(),
        own,
        action: said.action,
        private: false,
        replayed,
        late: said.late,
        seq: Some(entry.seq),
        to: None,
    }
}

/// Everybody, as the `roster` event has them.
pub fn roster(replica: &Replica) -> What {
    let members = replica
        .members()
        .map(|member| Listed { name: member.name.to_string(), host: member.id == replica.host })
        .collect();
    What::Roster { members }
}
