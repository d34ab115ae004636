//! What must be true after every run, whatever happened in it.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::{DateTime, FixedOffset};
use hybrid_chat::room::event::{Message, What};
use hybrid_chat::room::replica::Replica;

use crate::process::Process;
use crate::world::World;

/// Every part of the network by itself: what those in it can know of one another.
///
/// `one_past`: nothing has happened after which two rooms, or two halves of one, can have gone on side by side. Where that
/// can be, a message may have been seen in one past before its author sent it again in the other.
pub(crate) fn check(world: &World, one_past: bool) {
    world.check_calm();
    let first_shown = first_shown(&world.processes);
    for part in world.parts() {
        let room = part.iter().find_map(|process| process.hub()).expect("one of them hosts").room().replica();
        roster(&part, room);
        for process in &part {
            if let Some(replica) = process.seat.replica() {
                same_log(replica, room, &process.name);
            }
        }
        everything_once(&part, &first_shown);
        for process in &part {
            in_order(process, room);
        }
        same_order(&part, one_past);
    }
}

/// Promise 4: everybody is in the one room.
fn roster(part: &[&Process], room: &Replica) {
    let mut names: Vec<&str> = room.members().map(|member| &*member.name).collect();
    let mut want: Vec<&str> = part.iter().map(|process| process.name.as_str()).collect();
    names.sort_unstable();
    want.sort_unstable();
    assert_eq!(names, want, "the roster is who is there");
}

/// Promise 1: the same entries at the same places.
fn same_log(replica: &Replica, room: &Replica, name: &str) {
    assert_eq!(replica.room, room.room);
    assert_eq!((replica.log.last(), replica.term), (room.log.last(), room.term), "{name} is behind");
    let entries: BTreeMap<u64, _> = room.log.iter().map(|entry| (entry.seq, format!("{:?}", kind(entry)))).collect();
    for entry in replica.log.iter() {
        if let Some(hosts) = entries.get(&entry.seq) {
            assert_eq!(*hosts, format!("{:?}", kind(entry)), "{name} has another entry {}", entry.seq);
        }
    }
    let roster =
        |replica: &Replica| replica.members().map(|member| (member.id, member.name.clone())).collect::<Vec<_>>();
    assert_eq!(roster(replica), roster(room), "{name} knows another roster");
}

/// What of an entry all must agree on.
fn kind(entry: &hybrid_chat::room::entry::Entry) -> (String, u64) {
    use hybrid_chat::room::entry::Act;
    let what = match &entry.act {
        Act::Said(said) => format!("said {} {} {}", said.peer, said.n, said.text),
        Act::Joined(member) => format!("joined {} {}", member.peer, member.name),
        Act::Left { id, name, reason } => format!("left {id:?} {name} {reason:?}"),
        Act::Renamed { id, from, to } => format!("renamed {id:?} {from} {to}"),
    };
    (what, entry.term)
}

fn messages(process: &Process) -> impl Iterator<Item = &Message> {
    process.screen.iter().filter_map(|(_, event)| match &event.what {
        What::Message(message) => Some(message),
        _ => None,
    })
}

/// When each message was first shown to anybody, be it somebody who has died since.
fn first_shown(processes: &[Process]) -> HashMap<String, u64> {
    let mut first: HashMap<String, u64> = HashMap::new();
    for (at, event) in processes.iter().flat_map(|process| &process.screen) {
        if let What::Message(message) = &event.what {
            first.entry(message.text.to_string()).and_modify(|first| *first = *at.min(first)).or_insert(*at);
        }
    }
    first
}

/// Promises 2 and 3: what anybody here has seen, everybody has, once; and what anybody here has said is among it.
fn everything_once(alive: &[&Process], first_shown: &HashMap<String, u64>) {
    let all: HashSet<&str> = alive
        .iter()
        .flat_map(|process| messages(process))
        .filter(|message| !message.private)
        .map(|message| &*message.text)
        .collect();
    for process in alive {
        let name = &process.name;
        let shown: Vec<&str> = messages(process).filter(|message| !message.private).map(|m| &*m.text).collect();
        let once: HashSet<&str> = shown.iter().copied().collect();
        assert_eq!(once.len(), shown.len(), "{name} has seen a message twice: {shown:?}");
        for text in &process.said {
            assert!(once.contains(text.as_str()), "{name} has said {text:?} and not seen it");
        }
        // The history for a newcomer is no part of the order: a connection that breaks in the middle of it loses the rest.
        let came = process.screen.iter().find(|(_, event)| matches!(event.what, What::Role { .. }));
        let came = came.map_or(u64::MAX, |(at, _)| *at);
        let is_missing = |text: &&&str| first_shown[**text] > came && !once.contains(**text);
        let missing: Vec<_> = all.iter().filter(is_missing).collect();
        assert!(missing.is_empty(), "{name} has not seen {missing:?}");
        let private: Vec<&str> =
            messages(process).filter(|message| message.private && !message.own).map(|message| &*message.text).collect();
        let once: HashSet<&str> = private.iter().copied().collect();
        assert_eq!(once.len(), private.len(), "{name} was told something twice: {private:?}");
    }
}

/// Where an entry stands: its number, and when its host gave it that one.
type Spot = (u64, DateTime<FixedOffset>);

/// What was shown to all, each with its place in the order of then.
fn placed(process: &Process) -> impl Iterator<Item = (Spot, &Message)> {
    process.screen.iter().filter_map(|(_, event)| match &event.what {
        What::Message(message) => Some(((message.seq?, event.at), message)),
        _ => None,
    })
}

/// Promise 1: what was shown at its place in the order was shown in that order.
fn in_order(process: &Process, room: &Replica) {
    let places: HashSet<Spot> = room
        .log
        .iter()
        .filter(|entry| entry.said().is_some_and(|said| !said.late))
        .map(|entry| (entry.seq, entry.at))
        .collect();
    let at_its_place = |(spot, message): &(Spot, &Message)| !message.replayed && !message.late && places.contains(spot);
    let seqs: Vec<u64> = placed(process).filter(at_its_place).map(|((seq, _), _)| seq).collect();
    assert!(seqs.is_sorted(), "{} was shown another order: {seqs:?}", process.name);
}

/// Promises 1 and 2: everybody has seen it in one order, but for what came late. Where there was more than one past, what
/// stood in one of them, and was sent again by its author in the other, has come late to those in that one.
fn same_order(alive: &[&Process], one_past: bool) {
    let mut late: HashSet<&str> = HashSet::new();
    let mut places: HashMap<&str, Spot> = HashMap::new();
    for (spot, message) in alive.iter().flat_map(|process| placed(process)) {
        let place = *places.entry(&message.text).or_insert(spot);
        if message.late || !one_past && (message.replayed || place != spot) {
            late.insert(&message.text);
        }
    }
    let order = |process: &Process| -> Vec<String> {
        let shown = messages(process).filter(|message| !message.private && !late.contains(&*message.text));
        shown.map(|message| message.text.to_string()).collect()
    };
    let first = order(alive[0]);
    let place: HashMap<&str, usize> = first.iter().enumerate().map(|(at, text)| (text.as_str(), at)).collect();
    for process in &alive[1..] {
        let other = order(process);
        let places: Vec<usize> = other.iter().filter_map(|text| place.get(text.as_str()).copied()).collect();
        let name = &process.name;
        assert!(places.is_sorted(), "{name} has seen another order:\n{other:?}\nthan {}:\n{first:?}", alive[0].name);
    }
}
