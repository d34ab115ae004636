//! Every line that one end writes is what the other end reads; and no bytes whatever are more than refused.

use std::net::{IpAddr, SocketAddr};

use chrono::{DateTime, FixedOffset};
use proptest::prelude::*;

use super::*;
use crate::limits::COUNT_END;
use crate::room::entry::{Act, Entry, Said};
use crate::room::event::Leave;
use crate::room::id::Secret;
use crate::room::log::Log;
use crate::room::replica::Replica;
use crate::room::request::{Hello, Request};

const ROOM: RoomId = RoomId(0x5f0c);

fn peer() -> impl Strategy<Value = PeerId> {
    any::<[u8; 16]>().prop_map(PeerId)
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![any::<String>(), "[a-z\"\\\\/{}\u{0}-\u{1f}é\u{2028}👍]{0,12}"]
}

fn time() -> impl Strategy<Value = DateTime<FixedOffset>> {
    (0..4_000_000_000_000_i64, -47..=56_i32).prop_map(|(millis, quarters)| {
        let offset = FixedOffset::east_opt(quarters * 900).unwrap();
        DateTime::from_timestamp_millis(millis).unwrap().with_timezone(&offset)
    })
}

fn member() -> impl Strategy<Value = Member> {
    let at = prop::collection::vec(any::<SocketAddr>().prop_filter("a scope has no spelling", is_plain), 0..3);
    (any::<u32>(), prop::option::of(peer()), text(), at, any::<u64>()).prop_map(|(id, peer, name, at, n)| {
        let id = MemberId(id);
        let stranger = PeerId::stranger(ROOM, id);
        Member { id, peer: peer.unwrap_or(stranger), returns: peer.is_some(), name: name.into(), at, n }
    })
}

fn is_plain(address: &SocketAddr) -> bool {
    address.to_string().parse() == Ok(*address)
}

fn leave() -> impl Strategy<Value = Leave> {
    use Leave::{Banned, Error, Kicked, Lost, Quit, Slow, Timeout};
    prop::sample::select(vec![Quit, Lost, Timeout, Slow, Kicked, Banned, Error])
}

fn act() -> impl Strategy<Value = Act> {
    let id = || any::<u32>().prop_map(MemberId);
    let said = (id(), peer(), 1..=u64::MAX, text(), text(), any::<bool>(), any::<bool>());
    prop_oneof![
        said.prop_map(|(by, peer, n, from, text, action, late)| {
            Act::Said(Said { by, peer, n, from: from.into(), text: text.into(), action, late })
        }),
        member().prop_map(Act::Joined),
        (id(), text(), leave()).prop_map(|(id, name, reason)| Act::Left { id, name: name.into(), reason }),
        (id(), text(), text()).prop_map(|(id, from, to)| Act::Renamed { id, from: from.into(), to: to.into() }),
    ]
}

fn entry() -> impl Strategy<Value = Entry> {
    (any::<u64>(), any::<u64>(), time(), act()).prop_map(|(seq, term, at, act)| Entry { seq, term, at, act })
}

/// A reader that knows the room and nobody in it.
fn reader() -> Replica {
    Replica::new(ROOM, DateTime::UNIX_EPOCH.fixed_offset(), 1, MemberId(1), Log::default())
}

/// What a line has of an entry: when somebody came or went is shown by nobody.
fn on_the_wire(mut entry: Entry) -> Entry {
    if !matches!(entry.act, Act::Said(_)) {
        entry.at = DateTime::UNIX_EPOCH.fixed_offset();
    }
    entry
}

/// The lines of what a host writes, read.
fn heard(bytes: &[u8]) -> Vec<FromHost> {
    let lines = bytes.strip_suffix(b"\n").expect("the last line ends").split(|byte| *byte == b'\n');
    lines.map(|line| serde_json::from_slice(line).unwrap()).collect()
}

fn entries(line: FromHost, term: u64, replica: &Replica) -> (Vec<Entry>, bool) {
    let replayed = matches!(&line, FromHost::Said(line) if line.replayed);
    let line = match line {
        FromHost::Said(line) => EntryLine::Said(line),
        FromHost::Joined(line) => EntryLine::Joined(line),
        FromHost::Left(line) => EntryLine::Left(line),
        FromHost::Renamed(line) => EntryLine::Renamed(line),
        other => panic!("no entry: {other:?}"),
    };
    (line.into_entries(term, replica).into_iter().map(on_the_wire).collect(), replayed)
}

/// The one request of what a member writes.
fn asked(bytes: &[u8]) -> Item<'_> {
    let line = bytes.strip_suffix(b"\n").expect("the line ends");
    assert!(!line.contains(&b'\n'), "one line");
    item(line).unwrap()
}

fn written(write: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut out = Vec::new();
    write(&mut out);
    out
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn entries_come_back_to_a_member_whole(list in prop::collection::vec(entry(), 0..6)) {
        let bytes = written(|out| Encoder::default().resumed(out, list.iter()));
        let read: Vec<_> = if bytes.is_empty() { Vec::new() } else { heard(&bytes) };
        let read: Vec<_> = read.into_iter().flat_map(|line| entries(line, 0, &reader()).0).collect();
        prop_assert_eq!(read, list.into_iter().map(on_the_wire).collect::<Vec<_>>());
    }

    #[test]
    fn past_messages_are_marked_as_history(entry in entry()) {
        let bytes = written(|out| Encoder::default().replayed(out, &[&entry]));
        let (read, replayed) = entries(heard(&bytes).remove(0), 0, &reader());
        prop_assert_eq!(replayed, entry.said().is_some());
        prop_assert_eq!(read, [on_the_wire(entry)]);
    }

    #[test]
    fn an_entry_is_handed_over_whole(entry in entry()) {
        let bytes = written(|out| Encoder::default().hand(out, &entry));
        let Item::Hand(line) = asked(&bytes) else { panic!() };
        let read: Vec<_> = line.into_entries(0, &reader()).into_iter().map(on_the_wire).collect();
        prop_assert_eq!(read, [on_the_wire(entry)]);
    }

    #[test]
    fn live_entries_mean_the_same_to_all_who_know_the_room(
        acts in prop::collection::vec((act(), time()), 1..80), first in 1..u64::MAX / 2, term in any::<u64>(),
    ) {
        // As the room orders them: numbered one by one, in the current term, and authors are members or late.
        let mut replica = reader();
        let list: Vec<_> = acts.into_iter().zip(first..).map(|((mut act, at), seq)| {
            match &mut act {
                Act::Said(said) if !said.late => {
                    said.peer = replica.member(said.by).map_or(PeerId::stranger(ROOM, said.by), |member| member.peer);
                }
                Act::Joined(member) => replica.set_members([member.clone()]),
                _ => {}
            }
            Entry { seq, term, at, act }
        }).collect();
        let bytes = written(|out| Encoder::default().live(out, list.iter()));
        let mut replica = reader();
        let mut read = Vec::new();
        for line in heard(&bytes) {
            for entry in entries(line, term, &replica).0 {
                if let Act::Joined(member) = &entry.act {
                    replica.set_members([member.clone()]);
                }
                read.push(entry);
            }
        }
        prop_assert_eq!(read, list.into_iter().map(on_the_wire).collect::<Vec<_>>());
    }

    #[test]
    fn a_hello_arrives_whole(
        name in text(), key in prop::option::of(any::<[u8; 16]>()), port in prop::option::of(1..=u16::MAX),
        at in prop::collection::vec(any::<IpAddr>(), 0..3),
        room in prop::option::of(any::<u64>()), have in prop::collection::vec((any::<u64>(), 0..1_u64 << 53, any::<u64>()), 0..5),
        aside in any::<u64>(),
    ) {
        let have = have.into_iter().map(|(term, host, last)| Term { term, host, last }).collect();
        let hello = Hello { v: VERSION, name, key: key.map(Secret), port, at, room: room.map(RoomId), have, aside };
        let bytes = written(|out| super::hello(out, &hello));
        prop_assert_eq!(asked(&bytes), Item::Hello(Box::new(hello)));
    }

    #[test]
    fn what_a_member_asks_for_arrives_whole(n in 1..COUNT_END, to in text(), body in text(), action in any::<bool>(), again in any::<bool>()) {
        let (n_, to_, text) = (Some(n), to.as_str().into(), body.as_str().into());
        let bytes = written(|out| say(out, n, &body, action));
        prop_assert_eq!(asked(&bytes), Item::Request(Request::Say { n: n_, text, action }));
        let bytes = written(|out| tell(out, n, &to, &body, again));
        let told = Request::Tell { n: n_, to: to_, text: body.as_str().into(), action: false, again };
        prop_assert_eq!(asked(&bytes), Item::Request(told));
        let lines = ["nick", "kick", "ban"].map(|kind| written(|out| with_name(out, kind, &to)));
        let named = || to.as_str().into();
        let wanted = [Request::Nick(named()), Request::Kick(named()), Request::Ban(named())].map(Item::Request);
        prop_assert_eq!([asked(&lines[0]), asked(&lines[1]), asked(&lines[2])], wanted);
        let line = written(|out| unban(out, &to));
        prop_assert_eq!(asked(&line), Item::Request(Request::Unban(to.as_str().into())));
    }

    #[test]
    fn what_a_host_says_to_one_member_arrives_whole(
        by in any::<u32>(), peer in peer(), n in any::<u64>(), from in text(), to in text(), body in text(), action in any::<bool>(),
    ) {
        let line = ToldLine { by: MemberId(by), peer, n, from: from.clone(), to: to.clone(), text: body.clone(), at: "x".into(), action };
        prop_assert_eq!(heard(&written(|out| told(out, &line))), [FromHost::Told(line)]);
        let n = action.then_some(n);
        let bytes = written(|out| refused(out, &from, &body, n));
        prop_assert_eq!(heard(&bytes), [FromHost::Refused { code: from, text: body.clone(), n }]);
        for reason in [Closed::HostShutdown, Closed::Left, Closed::Kicked, Closed::Banned] {
            let text = body.clone();
            prop_assert_eq!(heard(&written(|out| closed(out, reason, &text))), [FromHost::Closed { reason, text }]);
        }
        prop_assert_eq!(heard(&written(|out| handover(out, MemberId(by)))), [FromHost::Handover { to: MemberId(by) }]);
        prop_assert_eq!(heard(&written(|out| lack(out, u64::from(by)))), [FromHost::Lack { after: u64::from(by) }]);
    }

    #[test]
    fn rosters_and_welcomes_arrive_whole(
        list in prop::collection::vec(member(), 0..5), host in any::<prop::sample::Index>(), opened in time(),
        (term, seq, missed) in any::<(u64, u64, u64)>(), after in prop::option::of(any::<u64>()),
        (lack, history) in any::<(bool, usize)>(), name in text(),
    ) {
        let host = list.get(host.index(list.len().max(1))).map_or(MemberId(0), |member| member.id);
        let FromHost::Members { members: read } = heard(&written(|out| members(out, host, list.iter()))).remove(0) else { panic!() };
        prop_assert!(read.iter().all(|person| person.host == (person.id == host)));
        let read: Vec<_> = read.into_iter().map(|person| person.into_member(ROOM)).collect();
        prop_assert_eq!(&read, &list);
        let terms = [Term { term, host: 5, last: seq }];
        let shared = Welcome { room: ROOM, opened, host: &name, term, seq, terms: &terms };
        let bytes = written(|out| {
            own_welcome(out, &OwnWelcome { you: MemberId(7), name: &name, after, missed, lack, history });
            shared_welcome(out, &shared, host, list.iter());
        });
        let FromHost::Welcome(read) = heard(&bytes).remove(0) else { panic!() };
        prop_assert_eq!((read.v, read.room, read.you, read.after), (VERSION, ROOM, MemberId(7), after));
        prop_assert_eq!((read.missed, read.lack, read.history), (missed, lack, history));
        prop_assert_eq!((&read.name, &read.host, read.term, read.seq, &read.terms[..]), (&name, &name, term, seq, &terms[..]));
        prop_assert_eq!(DateTime::parse_from_rfc3339(&read.opened.unwrap()).unwrap(), opened);
        prop_assert_eq!(read.members.into_iter().map(|person| person.into_member(ROOM)).collect::<Vec<_>>(), list);
    }

    #[test]
    fn no_bytes_are_more_than_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        if let Err(bad) = item(&bytes) {
            prop_assert!(!bad.to_string().is_empty() && !bad.code().is_empty());
        }
    }
}

#[test]
fn lines_of_one_word_are_what_they_say() {
    assert_eq!(
        [asked(WHO), asked(BYE), asked(PING), asked(PONG)],
        [Request::Who, Request::Bye, Request::Ping, Request::Pong].map(Item::Request)
    );
    assert_eq!(heard(&[PING, PONG].concat()), [FromHost::Ping, FromHost::Pong]);
}

/// A word of a later version must not cost its readers the connection.
#[test]
fn who_has_left_for_a_reason_that_nobody_knows_has_left() {
    let heard = heard(b"{\"type\":\"left\",\"seq\":3,\"id\":2,\"name\":\"x\",\"reason\":\"idle\"}\n");
    assert!(matches!(&heard[..], [FromHost::Left(LeftLine { reason: Leave::Lost, .. })]), "{heard:?}");
}

#[test]
fn p23_whatever_is_done_to_a_line_is_not_more_than_refused() {
    let mut random = fastrand::Rng::with_seed(23);
    let (mut good, mut bad) = (0, 0);
    for _ in 0..5_000 {
        let line = noise::request_line(&mut random);
        match item(&line[..line.len() - 1]) {
            Ok(_) => good += 1,
            Err(error) => {
                bad += 1;
                // What goes on is at least an object; what is none ends the connection.
                let is_object = serde_json::from_slice::<serde_json::Map<_, _>>(&line).is_ok();
                assert!(error.is_fatal() || is_object, "{error}: {:?}", String::from_utf8_lossy(&line));
            }
        }
    }
    assert!(good > 1_000 && bad > 200, "{good} good and {bad} bad ones test little");
}

#[test]
fn a_member_s_new_home_arrives_whole() {
    let at: Vec<SocketAddr> = vec!["10.0.0.9:8808".parse().unwrap(), "[fe80::9]:8808".parse().unwrap()];
    let bytes = written(|out| super::at(out, MemberId(7), &at));
    assert_eq!(bytes, b"{\"type\":\"at\",\"id\":7,\"at\":[\"10.0.0.9:8808\",\"[fe80::9]:8808\"]}\n");
    assert_eq!(heard(&bytes), [FromHost::At { id: MemberId(7), at }]);
}

#[test]
fn no_member_of_a_roster_has_more_homes_than_are_tried() {
    let at: Vec<SocketAddr> = (0..100).map(|port| ([10, 0, 0, 9], port).into()).collect();
    let person = Person { id: MemberId(7), name: "x".into(), host: false, peer: None, at, n: 0 };
    assert_eq!(person.into_member(ROOM).at.len(), CANDIDATE_ADDRESSES);
}
