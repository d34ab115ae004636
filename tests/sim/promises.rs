//! What must be true after every run, whatever happened in it.

use std::collections::{BTreeMap, HashMap, HashSet};

use hybrid_chat::room::event::{Message, What};
use hybrid_chat::room::replica::Replica;

use crate::machine::{Doing, Machine, Process};

/// `one_past`: nothing has happened after which two rooms, or two halves of one, can have gone on side by side. Where that
/// can be, a message may have been seen in one past before its author sent it again in the other.
pub(crate) fn check(machine: &Machine, one_past: bool) {
    let alive: Vec<&Process> =
        (0..machine.processes.len()).filter(|who| machine.is_alive(*who)).map(|who| &machine.processes[who]).collect();
    if alive.is_empty() {
        return;
    }
    let host = machine.host().expect("one of them hosts");
    let Doing::Hosting(hub) = &machine.processes[host].doing else { unreachable!() };
    let room = hub.room().replica();
    one_room(&alive, room);
    for process in &alive {
        if let Some(replica) = process.seat.as_ref().and_then(|seat| seat.replica()) {
            same_log(replica, room, &process.name);
        }
    }
    everything_once(&alive);
    for process in &alive {
        in_order(process, room);
    }
    if one_past {
        same_order(&alive);
    }
}

/// Promise 4, on one machine: one host, and everybody is in its room.
fn one_room(alive: &[&Process], room: &Replica) {
    for process in alive {
        let is_in = matches!(process.doing, Doing::Hosting(_) | Doing::Sitting(_));
        assert!(is_in, "{} is nowhere", process.name);
    }
    let hosts = alive.iter().filter(|process| matches!(process.doing, Doing::Hosting(_))).count();
    assert_eq!(hosts, 1);
    let mut names: Vec<&str> = room.members().map(|member| &*member.name).collect();
    let mut want: Vec<&str> = alive.iter().map(|process| process.name.as_str()).collect();
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
    process.screen.iter().filter_map(|event| match &event.what {
        What::Message(message) => Some(message),
        _ => None,
    })
}

/// Promises 2 and 3: what anybody here has seen, everybody has, once; and what anybody here has said is among it.
fn everything_once(alive: &[&Process]) {
    let mut all: HashMap<&str, _> = HashMap::new();
    for process in alive {
        for event in &process.screen {
            match &event.what {
                What::Message(message) if !message.private => all.insert(&message.text, event.at),
                _ => continue,
            };
        }
    }
    for process in alive {
        let shown: Vec<&str> = messages(process).filter(|message| !message.private).map(|m| &*m.text).collect();
        let once: HashSet<&str> = shown.iter().copied().collect();
        assert_eq!(once.len(), shown.len(), "{} has seen a message twice: {shown:?}", process.name);
        for text in alive.iter().flat_map(|process| &process.said) {
            assert!(all.contains_key(text.as_str()), "nobody has seen {text:?}");
        }
        // The history for a newcomer is no part of the order: a connection that breaks in the middle of it loses the rest.
        let came = process.screen.iter().find(|event| matches!(event.what, What::Role { .. })).map(|event| event.at);
        let missing: Vec<_> =
            all.iter().filter(|(text, at)| came.is_some_and(|came| **at > came) && !once.contains(*text)).collect();
        assert!(missing.is_empty(), "{} has not seen {missing:?}", process.name);
        let private: Vec<&str> =
            messages(process).filter(|message| message.private && !message.own).map(|message| &*message.text).collect();
        let once: HashSet<&str> = private.iter().copied().collect();
        assert_eq!(once.len(), private.len(), "{} was told something twice: {private:?}", process.name);
    }
}

/// Promise 1: what was shown at its place in the order was shown in that order.
fn in_order(process: &Process, room: &Replica) {
    let ordered = room.log.iter().filter_map(|entry| Some((entry.seq, entry.said().filter(|said| !said.late)?)));
    let places: HashMap<u64, &str> = ordered.map(|(seq, said)| (seq, &*said.text)).collect();
    let at_its_place = |message: &&Message| {
        !message.replayed && !message.late && message.seq.is_some_and(|seq| places.get(&seq) == Some(&&*message.text))
    };
    let seqs: Vec<u64> = messages(process).filter(at_its_place).filter_map(|message| message.seq).collect();
    assert!(seqs.is_sorted(), "{} was shown another order: {seqs:?}", process.name);
}

/// Promises 1 and 2: everybody has seen it in one order, but for what came late.
fn same_order(alive: &[&Process]) {
    let late: HashSet<&str> =
        alive.iter().flat_map(|process| messages(process)).filter(|message| message.late).map(|m| &*m.text).collect();
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
