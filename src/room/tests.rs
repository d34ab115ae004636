//! The room's rules, the flush, and pasts that come late.

use super::entry::Act;
use super::id::Secret;
use super::log::Term;
use super::*;
use crate::room::event::Leave;
use crate::room::request::Request;
use chrono::DateTime;

use crate::limits::{ABSENT, COUNT_END, FLUSH, HISTORY_MESSAGES};

fn at(millis: u64) -> Moment {
    let mono = Duration::from_millis(millis);
    Moment { mono, wall: DateTime::UNIX_EPOCH.fixed_offset() + mono }
}

fn secret(who: u8) -> Secret {
    Secret([who; 16])
}

fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

fn open() -> Room {
    Room::open(RoomId(7), secret(1).peer(), &name("capo"), Vec::new(), 100, at(0))
}

fn hello(called: &str, who: u8, port: Option<u16>) -> Hello {
    Hello { v: 1, name: called.into(), key: Some(secret(who)), port, ..Hello::default() }
}

fn ip(last: u8) -> IpAddr {
    IpAddr::from([10, 0, 0, last])
}

/// Lets somebody in who comes from an address of its own.
fn join(room: &mut Room, who: u8, hello: Hello, now: u64) -> MemberId {
    room.hello(Link(u64::from(who)), ip(who), hello, at(now)).unwrap();
    room.tick(at(now + 50));
    room.peers[&secret(who).peer()]
}

fn say(room: &mut Room, id: MemberId, n: Option<u64>, text: &str) -> Vec<Effect> {
    room.request(id, Request::Say { n, text: text.into(), action: false }, at(1000))
}

fn said(room: &Room) -> Vec<(u64, String, bool)> {
    let all = room.replica.log.iter().filter_map(Entry::said);
    all.map(|said| (said.n, said.text.to_string(), said.late)).collect()
}

/// An entry as another member would hand it over.
fn handed(seq: u64, by: u8, n: u64, text: &str) -> Vec<Entry> {
    let peer = secret(by).peer();
    let (from, text) = (Arc::from("other"), Arc::from(text));
    let said = Said { by: MemberId(by.into()), peer, n, from, text, action: false, late: false };
    vec![Entry { seq, term: 1, at: at(1000).wall, act: Act::Said(said) }]
}

#[test]
fn p06_thirty_students_get_in() {
    let mut room = open();
    for who in 2..32 {
        room.hello(Link(who), ip(1), Hello { key: None, ..hello("student", 0, None) }, at(0)).unwrap();
    }
    room.tick(at(50));
    let names: HashSet<_> = room.replica.members().map(|member| member.name.clone()).collect();
    assert_eq!(names.len(), 31);
    assert!(names.contains("student") && names.contains("student-30"));
}

#[test]
fn a_count_is_dealt_with_once_whatever_came_of_it() {
    let mut room = open();
    let id = join(&mut room, 2, hello("lorde", 2, None), 0);
    for n in [1, 2, 2, 1] {
        assert_eq!(say(&mut room, id, Some(n), "x"), []);
    }
    let refused = say(&mut room, id, Some(3), " ");
    assert!(matches!(&refused[..], [Effect::Letter(_, Letter::Refused(Refusal { code: "empty", n: Some(3), .. }))]));
    assert_eq!(say(&mut room, id, Some(3), "the same count again"), []);
    assert_eq!(said(&room).len(), 2);
    // The last number there is does not end the host.
    say(&mut room, id, Some(u64::MAX), "last");
    say(&mut room, id, Some(u64::MAX), "nothing can follow");
    assert_eq!(said(&room).len(), 3);
}

#[test]
fn who_types_in_one_half_is_heard_late_in_the_other() {
    // Both halves let somebody in who has no secret, under the same number, who says the first thing there.
    let half = |who, text| {
        let mut room = Room::open(RoomId(7), secret(who).peer(), &name("capo"), Vec::new(), 100, at(0));
        room.hello(Link(9), ip(9), Hello { key: None, ..hello("typist", 0, None) }, at(0)).unwrap();
        room.tick(at(50));
        say(&mut room, MemberId(2), None, text);
        room
    };
    let (mut here, there) = (half(1, "here"), half(4, "there"));
    let past = Hello { room: Some(RoomId(7)), have: there.replica.log.terms().to_vec(), ..hello("lorde", 3, None) };
    let id = join(&mut here, 3, past, 100);
    here.take_late(id, there.replica.log.iter().cloned().collect());
    let texts: Vec<_> = said(&here).into_iter().map(|(_, text, late)| (text, late)).collect();
    assert_eq!(texts, [("here".to_owned(), false), ("there".to_owned(), true)]);
}

#[test]
fn what_is_not_counted_never_makes_a_double_of_what_is() {
    let mut room = open();
    let id = join(&mut room, 2, hello("lorde", 2, None), 0);
    for n in [None, Some(1), None, None, Some(2), Some(2), Some(1), None] {
        assert_eq!(say(&mut room, id, n, "x"), []);
    }
    let counts: Vec<_> = room.replica.log.iter().filter_map(Entry::said).map(|said| said.n).collect();
    assert_eq!(counts.iter().filter(|n| **n < COUNT_END).collect::<Vec<_>>(), [&1, &2]);
    assert_eq!(counts.iter().collect::<HashSet<_>>().len(), 6, "each is a message of its own: {counts:?}");
    assert_eq!(room.replica.member(id).unwrap().n, 2, "which of its own it has got rid of");
    // Its host's own words are counted by the room: it may be a guest afterwards, and then counts on by itself.
    let me = room.me();
    say(&mut room, me, None, "x");
    assert_eq!(room.replica.member(me).unwrap().n, 1);
}

#[test]
fn a_host_that_hosts_again_behind_where_it_was_numbers_nothing_alike() {
    let mut room = open();
    let typist = |room: &mut Room| {
        room.hello(Link(9), ip(9), Hello { key: None, ..hello("typist", 0, None) }, at(5000)).unwrap();
        room.tick(at(5050));
        say(room, MemberId(2), None, "x");
        room.replica.log.iter().find_map(Entry::said).cloned().unwrap()
    };
    let mut again = take_over(&room, 1, 0);
    again.tick(at(FLUSH.as_millis() as u64));
    let (first, then) = (typist(&mut room), typist(&mut again));
    assert_eq!((room.replica.log.last(), first.peer), (again.replica.log.last(), then.peer));
    assert_ne!(first.n, then.n);
}

#[test]
fn p25_a_ban_holds_for_every_way_back() {
    let mut room = open();
    let id = join(&mut room, 2, hello("lorde", 2, None), 0);
    room.request(id, Request::Nick("ella".into()), at(100));
    // It has said hello on a second connection, and waits.
    room.hello(Link(20), ip(2), hello("lorde", 2, None), at(101)).unwrap();
    let effects = room.request(room.me(), Request::Ban("Ella".into()), at(102));
    assert!(effects.contains(&Effect::End(Link(20), End::Left(Leave::Banned))), "{effects:?}");
    room.tick(at(5_000));
    assert_eq!(room.replica.members().len(), 1, "it is not let in after all");
    for who in [2, 3] {
        let back = room.hello(Link(21), ip(2), hello("other", who, None), at(6_000));
        assert_eq!(back.unwrap_err().code, "banned");
    }
    assert_eq!(room.request(id, Request::Say { n: None, text: "x".into(), action: true }, at(6_001)), []);
    assert_eq!(said(&room), []);
    room.request(room.me(), Request::Unban("10.0.0.2".into()), at(6_002));
    assert!(room.hello(Link(22), ip(2), hello("lorde", 2, None), at(6_003)).is_ok());
}

#[test]
fn a_newcomer_gets_the_last_hundred_messages() {
    let mut room = open();
    let me = room.me();
    (0..250).for_each(|i| drop(say(&mut room, me, None, &format!("{i}"))));
    let history = room.replica.log.history(HISTORY_MESSAGES);
    assert_eq!(history.len(), HISTORY_MESSAGES);
    assert_eq!(&*history[0].said().unwrap().text, "150");
}

#[test]
fn nobody_hands_over_late_messages_unasked() {
    let mut room = open();
    let id = join(&mut room, 2, hello("lorde", 2, None), 0);
    room.take_late(id, handed(9, 1, 99, "I am the host"));
    assert_eq!(said(&room), []);
}

#[test]
fn who_comes_out_of_another_past_tells_it_late_and_once() {
    let mut room = open();
    let me = room.me();
    say(&mut room, me, None, "ours");
    let have = vec![Term { term: 9, host: 9, last: 1 }];
    let id = join(&mut room, 2, Hello { room: Some(RoomId(7)), have, aside: 1, ..hello("lorde", 2, None) }, 0);
    for _ in 0..2 {
        room.take_late(id, handed(11, 3, 5, "theirs"));
    }
    room.take_late(id, handed(13, 3, 6, "more than it said it has"));
    assert_eq!(said(&room), [(1, "ours".into(), false), (5, "theirs".into(), true)]);
    // Its author comes, and sends again what it does not know to have been seen.
    let author = join(&mut room, 3, hello("other", 3, None), 200);
    say(&mut room, author, Some(5), "theirs");
    assert_eq!(said(&room).len(), 2);
}

/// A room of a host and two others; all know it up to the last join.
fn three() -> (Room, Hello, Hello) {
    let mut room = open();
    join(&mut room, 2, hello("two", 2, Some(1)), 0);
    join(&mut room, 3, hello("three", 3, Some(1)), 100);
    let have = room.replica.log.terms().to_vec();
    let back = |called, who| Hello { room: Some(RoomId(7)), have: have.clone(), ..hello(called, who, Some(1)) };
    let (two, three) = (back("two", 2), back("three", 3));
    (room, two, three)
}

fn take_over(old: &Room, who: u8, now: u64) -> Room {
    Room::take_over(old.replica.clone(), secret(who).peer(), &name("two"), Vec::new(), Leave::Lost, 100, at(now))
}

#[test]
fn who_is_ahead_hands_over_and_the_order_goes_on() {
    let (old, _, mut back) = three();
    let mut room = take_over(&old, 2, 1000);
    let last = room.replica.log.last();
    back.have[0].last = last + 1;
    let asked = room.hello(Link(30), ip(3), back, at(1001)).unwrap();
    assert_eq!(asked, [Effect::Letter(Link(30), Letter::Lack(last))]);
    assert_eq!(room.tick(at(1002)), [], "what it has is still to come");
    room.hand(Link(30), handed(last + 2, 1, 3, "does not follow"));
    room.hand(Link(30), handed(last + 1, 1, 2, "handed"));
    let effects = room.tick(at(1003));
    let [Effect::Admitted(admitted)] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!((admitted[0].after, admitted[0].lack), (Some(last + 1), false));
    assert_eq!(said(&room), [(2, "handed".into(), false)]);
    let entries: Vec<(u64, u64)> = room.replica.log.after(last).map(|entry| (entry.term, entry.seq)).collect();
    assert_eq!(entries, [(1, last + 1), (2, last + 2)]);
    let left = room.replica.log.iter().last().unwrap();
    assert!(matches!(&left.act, Act::Left { name, reason: Leave::Lost, .. } if &**name == "capo"));
}

#[test]
fn no_two_members_get_one_number_whatever_others_claim() {
    let (old, _, mut back) = three();
    let claimed = |id: u32| {
        let (peer, name) = (secret(9).peer(), Arc::from("nine"));
        Member { id: MemberId(id), peer, returns: true, name, at: Vec::new(), n: 0 }
    };
    // By whoever is ahead of a new host.
    let mut room = take_over(&old, 2, 0);
    let last = room.replica.log.last();
    back.have[0].last = last + 1;
    room.hello(Link(30), ip(3), back, at(1)).unwrap();
    let act = Act::Joined(claimed(u32::MAX));
    room.hand(Link(30), vec![Entry { seq: last + 1, term: 1, at: at(1).wall, act }]);
    assert!(room.replica.member(MemberId(u32::MAX)).is_none());
    // By a host that is gone.
    for (id, has_place) in [(u32::MAX, false), (u32::MAX - 1, false), (u32::MAX - 2, true)] {
        let mut replica = old.replica.clone();
        replica.set_members(old.replica.members().cloned().chain([claimed(id)]));
        let mut room = Room::take_over(replica, secret(2).peer(), &name("two"), Vec::new(), Leave::Lost, 100, at(0));
        room.tick(Moment { mono: FLUSH, ..at(0) });
        let ids = [5, 6].map(|who| {
            let known = room.hello(Link(u64::from(who)), ip(who), hello("new", who, None), at(2000));
            room.tick(at(3000));
            known.ok().and_then(|_| room.peers.get(&secret(who).peer()).copied())
        });
        let expected = if has_place { [Some(MemberId(id + 1)), None] } else { [None, None] };
        assert_eq!(ids, expected, "{id}");
    }
}

#[test]
fn the_flush_ends_after_a_second_and_the_absent_are_lost_after_ten() {
    let (old, ..) = three();
    let mut room = take_over(&old, 2, 0);
    room.tick(at(FLUSH.as_millis() as u64 - 1));
    assert!(room.is_flushing());
    assert_eq!(room.deadline(), Some(FLUSH));
    room.tick(Moment { mono: FLUSH, ..at(0) });
    assert!(!room.is_flushing() && room.replica.members().len() == 2);
    room.tick(Moment { mono: ABSENT, ..at(0) });
    assert_eq!(room.replica.members().map(|member| &*member.name).collect::<Vec<_>>(), ["two"]);
}

#[test]
fn a_host_that_had_been_given_up_joins_anew() {
    let (mut old, mut back, _) = three();
    let replica = old.replica.clone();
    old.gone(MemberId(2), Leave::Slow, at(500));
    back.have = old.replica.log.terms().to_vec();
    let three = Hello { key: Some(secret(3)), name: "three".into(), ..back };
    let mut room = Room::take_over(replica, secret(2).peer(), &name("two"), Vec::new(), Leave::Lost, 100, at(1000));
    let last = room.replica.log.last();
    room.hello(Link(30), ip(3), three, at(1001)).unwrap();
    let act = Act::Left { id: MemberId(2), name: "two".into(), reason: Leave::Slow };
    room.hand(Link(30), vec![Entry { seq: last + 1, term: 1, at: at(1001).wall, act }]);
    room.tick(at(1002));
    assert_eq!((room.me(), room.replica.host), (MemberId(4), MemberId(4)));
    assert_eq!(&*room.replica.host_name(), "two");
    assert_eq!(room.link(MemberId(4)), Some(Link::OWN));
}

#[test]
fn a_term_is_above_every_one_that_somebody_here_has_seen() {
    let (old, _, mut back) = three();
    let mut room = take_over(&old, 2, 0);
    let last = back.have[0].last;
    back.have.push(Term { term: 5, host: 9, last });
    room.hello(Link(30), ip(3), back, at(1)).unwrap();
    room.tick(at(2));
    assert_eq!(room.replica.term, 6);
}

fn homes(room: &Room, id: MemberId) -> Vec<String> {
    room.replica.member(id).unwrap().at.iter().map(ToString::to_string).collect()
}

#[test]
fn a_candidate_is_where_it_comes_from_and_at_its_machine_s_other_addresses() {
    let mut room = open();
    let at: Vec<IpAddr> = ["127.0.0.1", "192.168.1.2", "10.0.0.2"].map(|ip| ip.parse().unwrap()).into();
    let two = join(&mut room, 2, Hello { at: at.clone(), ..hello("two", 2, Some(1)) }, 0);
    assert_eq!(homes(&room, two), ["10.0.0.2:1", "192.168.1.2:1"]);
    let three = join(&mut room, 3, Hello { at, ..hello("three", 3, None) }, 100);
    assert!(!room.replica.member(three).unwrap().is_candidate(), "it never hosts");
}

#[test]
fn who_comes_back_from_elsewhere_is_told_of_to_those_who_are_in() {
    let (mut room, two, _) = three();
    let mut back = |link, ip, now| {
        room.hello(Link(link), ip, two.clone(), at(now)).unwrap();
        room.tick(at(now + 50))
    };
    let same = back(30, ip(2), 1000);
    assert!(!same.contains(&Effect::Rehomed(MemberId(2))), "{same:?}");
    let elsewhere = back(31, ip(9), 2000);
    assert!(matches!(elsewhere[..], [.., Effect::Rehomed(MemberId(2)), Effect::Admitted(_)]), "{elsewhere:?}");
    assert_eq!(homes(&room, MemberId(2)), ["10.0.0.9:1"]);
}

#[test]
fn a_new_host_is_at_its_own_addresses_and_nobody_is_told_who_is_welcomed() {
    let (old, two, _) = three();
    let home: SocketAddr = "10.0.0.3:8808".parse().unwrap();
    let peer = secret(3).peer();
    for has_left in [false, true] {
        let mut replica = old.replica.clone();
        if has_left {
            let act = Act::Left { id: MemberId(3), name: "three".into(), reason: Leave::Slow };
            replica.append(Entry { seq: replica.log.last() + 1, term: 1, at: at(900).wall, act });
        }
        let mut room = Room::take_over(replica, peer, &name("three"), vec![home], Leave::Lost, 100, at(1000));
        room.hello(Link(30), ip(9), two.clone(), at(1001)).unwrap();
        let effects = room.tick(at(1002));
        assert!(matches!(effects[..], [Effect::Admitted(_)]), "{effects:?}");
        assert_eq!(room.replica.member(room.me()).unwrap().at, [home]);
        assert_eq!(homes(&room, MemberId(2)), ["10.0.0.9:1"]);
    }
}

#[test]
fn a_private_message_that_comes_again_is_passed_on_to_who_can_tell_and_its_author_is_answered() {
    let (old, two, mut three) = three();
    let mut room = take_over(&old, 1, 0);
    for (who, back) in [(2, two), (3, Hello { have: old.replica.log.terms().to_vec(), ..three.clone() })] {
        room.hello(Link(who), ip(who as u8), back, at(1)).unwrap();
    }
    room.hello(Link(4), ip(4), Hello { v: 1, name: "plain".into(), ..Hello::default() }, at(1)).unwrap();
    room.tick(at(2000));
    three.name = "three".into();
    let (author, to) = (room.peers[&secret(3).peer()], room.peers[&secret(2).peer()]);
    say(&mut room, author, Some(5), "said after it");
    let mut tell = |n, name: &str, again| {
        let (to, text) = (name.to_owned().into(), "psst".into());
        let effects = room.request(author, Request::Tell { n: Some(n), to, text, action: false, again }, at(3000));
        let letters = effects.into_iter().filter_map(|effect| match effect {
            Effect::Letter(link, Letter::Told { n, .. }) => Some((link, n, "")),
            Effect::Letter(link, Letter::Refused(refusal)) => {
                assert_eq!(refusal.text.ends_with("may have arrived before"), again);
                Some((link, refusal.n.unwrap(), refusal.code))
            }
            _ => None,
        });
        letters.collect::<Vec<_>>()
    };
    assert_eq!(tell(4, "two", false), []);
    assert_eq!(tell(4, "two", true), [(Link(2), 4, ""), (Link(3), 4, "")], "{to:?}");
    assert_eq!(tell(4, "plain", true), [(Link(3), 4, "unsure")]);
    assert_eq!(tell(4, "nobody", true), [(Link(3), 4, "no-such-member")]);
    // This host has not heard of it: the last one may have.
    for (n, again) in [(6, true), (7, false)] {
        assert_eq!(tell(n, "nobody", again), [(Link(3), n, "no-such-member")]);
    }
}

#[test]
fn a_ban_keeps_out_who_comes_from_the_address_and_names_who_stays() {
    let mut room = open();
    for who in 2..=24 {
        room.hello(Link(who), ip(9), hello(&format!("guest-{who}"), who as u8, None), at(who * 100)).unwrap();
        room.tick(at(who * 100 + 50));
    }
    let me = room.me();
    let mut ask = |request| {
        let effects = room.request(me, request, at(9000));
        let notice = effects.iter().find_map(|effect| match effect {
            Effect::Letter(Link::OWN, Letter::Notice(text)) => Some(text.clone()),
            _ => None,
        });
        let ended = effects.iter().filter(|effect| matches!(effect, Effect::End(..))).count();
        (notice.unwrap(), ended)
    };
    let (notice, ended) = ask(Request::Ban("guest-2".into()));
    assert_eq!(ended, 1);
    assert!(notice.contains("/unban 10.0.0.9 ") && notice.contains("guest-3, guest-4,"), "{notice}");
    assert!(notice.contains("guest-22 and 2 more; /kick NAME"), "{notice}");
    assert_eq!(ask(Request::Unban("::ffff:10.0.0.9".into())).0, "10.0.0.9 may come in again");
    assert_eq!(room.replica.members().len(), 23);
}
