//! A seat and a host that is a script: lines in, lines and events out.

mod hostile;

use serde_json::{Value, json};

use super::*;
use crate::room::event::Role;

/// The seat's secret; who it is follows from it.
const SECRET: Secret = Secret([7; 16]);

fn at(ms: u64) -> Moment {
    let mono = Duration::from_millis(ms);
    Moment { mono, wall: chrono::DateTime::UNIX_EPOCH.fixed_offset() + mono }
}

fn connected() -> Seat {
    let mut seat = Seat::new(SECRET, "anna".into(), Some(8808));
    seat.connected("127.0.0.1:8808".into(), at(0));
    seat
}

fn welcome(seq: u64) -> Value {
    let members = json!([{"id": 1, "name": "capo", "host": true}, {"id": 2, "name": "anna", "peer": SECRET.peer()}]);
    json!({
        "type": "welcome", "v": 1, "you": 2, "name": "anna", "room": "00000000000005f0", "host": "capo", "term": 1,
        "seq": seq, "terms": [{"t": 1, "h": 5, "s": seq}], "members": members,
    })
}

fn hears(seat: &mut Seat, line: &Value) {
    seat.receive(format!("{line}\n").as_bytes(), at(1));
}

/// A seat in the room, which has heard everything up to entry 2.
fn seated() -> Seat {
    let mut seat = connected();
    hears(&mut seat, &welcome(2));
    assert!(matches!(seat.phase(), Phase::In), "{:?}", seat.phase());
    seat.sent(seat.output().len());
    seat.events().clear();
    seat
}

fn say(seat: &mut Seat, text: &str) {
    seat.command(Command::Say { text: text.into(), action: false }, at(2));
}

fn said(seq: u64, text: &str) -> Value {
    json!({"type": "said", "seq": seq, "by": 1, "n": seq, "from": "capo", "text": text, "at": "2026-11-20T21:51:09.001+01:00"})
}

#[test]
fn the_least_that_a_host_says_is_enough() {
    let mut seat = connected();
    let members = json!([{"id": 1, "name": "capo", "host": true}, {"id": 12, "name": "anna"}]);
    let room = "5f0c000000000000";
    let welcome = json!({"type": "welcome", "v": 1, "room": room, "you": 12, "name": "anna", "host": "capo", "term": 1,
        "seq": 16, "members": members});
    hears(&mut seat, &welcome);
    say(&mut seat, "ciao");
    seat.command(Command::EndOfInput, at(2));
    seat.events().clear();
    let text = "ciao";
    let at = "2026-11-20T21:51:09.001+01:00";
    hears(&mut seat, &json!({"type": "said", "seq": 17, "by": 12, "n": 1, "from": "anna", "text": text, "at": at}));
    let What::Message(message) = &seat.events()[0].what else { panic!("{:?}", seat.events()) };
    assert!(message.own && message.seq == Some(17));
    assert_eq!(sent(&mut seat).last(), Some(&json!({"type": "bye"})), "all of it has been acknowledged");
    hears(&mut seat, &json!({"type": "said", "seq": 18, "from": "capo", "text": text, "at": at}));
    assert!(matches!(&seat.events()[1].what, What::Message(message) if !message.own), "{:?}", seat.events());
}

fn sent(seat: &mut Seat) -> Vec<Value> {
    let lines = seat.output().split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    let lines = lines.map(|line| serde_json::from_slice(line).unwrap()).collect();
    seat.sent(seat.output().len());
    lines
}

fn closed(seat: &mut Seat) -> Vec<Closed> {
    let closed = seat.events().drain(..).filter_map(|event| match event.what {
        What::Closed { reason, .. } => Some(reason),
        _ => None,
    });
    closed.collect()
}

#[test]
fn a_stop_between_two_hosts_ends_at_once() {
    for command in [Command::Stop, Command::Quit] {
        let mut seat = seated();
        seat.hung_up(ErrorKind::ConnectionReset, at(2));
        assert!(!seat.has_left());
        seat.command(command.clone(), at(3));
        assert!(seat.has_left());
        assert_eq!(closed(&mut seat), [Closed::Left]);
        let mut seat = seated();
        seat.connected("127.0.0.1:8808".into(), at(2));
        seat.command(command, at(3));
        assert!(seat.has_left(), "also while the next one has not answered");
        assert_eq!(closed(&mut seat), [Closed::Left]);
    }
}

#[test]
fn a_stop_between_two_hosts_ends_a_script_too_and_says_what_the_room_lacks() {
    let mut seat = seated();
    say(&mut seat, "one");
    seat.command(Command::EndOfInput, at(2));
    seat.hung_up(ErrorKind::ConnectionReset, at(3));
    assert!(!seat.has_left(), "it waits for the next host");
    seat.command(Command::Stop, at(4));
    assert!(seat.has_left());
    let Phase::Over(Over::Unheard { text, .. }) = seat.phase() else { panic!("{:?}", seat.phase()) };
    assert_eq!(text, "the room does not have the last message");
    assert_eq!(closed(&mut seat), [], "the error comes instead");
}

#[test]
fn what_was_typed_between_two_hosts_is_said_to_the_next() {
    let mut seat = seated();
    seat.hung_up(ErrorKind::ConnectionReset, at(2));
    say(&mut seat, "meanwhile");
    seat.command(Command::Rename("anne".into()), at(2));
    seat.command(Command::EndOfInput, at(2));
    assert!(!seat.takes_commands() && seat.output().is_empty());
    seat.connected("127.0.0.1:8808".into(), at(3));
    let hello = sent(&mut seat);
    assert_eq!((&hello[0]["type"], &hello[0]["have"][0]["s"]), (&json!("hello"), &json!(2)));
    let mut back = welcome(2);
    back["after"] = json!(2);
    hears(&mut seat, &back);
    let lines = sent(&mut seat);
    let kinds: Vec<_> = lines.iter().map(|line| line["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["say", "nick"], "and no goodbye before it is heard");
    let own = json!({"type": "said", "seq": 3, "by": 2, "n": 1, "from": "anna", "text": "meanwhile", "at": "2026-11-20T21:51:09.001+01:00"});
    hears(&mut seat, &own);
    assert_eq!(sent(&mut seat)[0]["type"], "bye");
}

#[test]
fn a_catch_up_that_is_interrupted_goes_on_where_it_stopped() {
    let mut seat = seated();
    let resumed = |seq: u64| {
        let mut line = said(seq, &format!("message {seq}"));
        line["term"] = json!(1);
        line
    };
    seat.hung_up(ErrorKind::ConnectionReset, at(2));
    say(&mut seat, "mine");
    seat.connected("127.0.0.1:8808".into(), at(3));
    let mut back = welcome(6);
    back["after"] = json!(2);
    hears(&mut seat, &back);
    hears(&mut seat, &resumed(3));
    hears(&mut seat, &resumed(4));
    sent(&mut seat);
    // The host dies in the middle of it, and so does the next one.
    seat.hung_up(ErrorKind::ConnectionReset, at(4));
    seat.connected("127.0.0.1:8808".into(), at(5));
    assert_eq!(sent(&mut seat)[0]["have"], json!([{"t": 1, "h": 5, "s": 4}]), "it claims what it has and no more");
    let mut back = welcome(6);
    back["after"] = json!(4);
    hears(&mut seat, &back);
    assert_eq!(sent(&mut seat), Vec::<Value>::new(), "nothing is said before it is where the host is");
    hears(&mut seat, &resumed(5));
    hears(&mut seat, &resumed(6));
    assert_eq!(sent(&mut seat)[0]["text"], "mine");
    let shown = seat.events().drain(..).filter_map(|event| match event.what {
        What::Message(message) => Some(message.text.to_string()),
        _ => None,
    });
    assert_eq!(shown.collect::<Vec<_>>(), ["message 3", "message 4", "message 5", "message 6"]);
}

#[test]
fn what_a_host_has_not_lived_to_take_is_brought_to_the_next() {
    let mut seat = seated();
    hears(&mut seat, &said(3, "seen"));
    let mut other = welcome(2);
    (other["after"], other["lack"]) = (json!(2), json!(true));
    let come = |seat: &mut Seat| {
        seat.hung_up(ErrorKind::ConnectionReset, at(3));
        seat.connected("127.0.0.1:8808".into(), at(4));
        let aside = sent(seat)[0]["aside"].clone();
        hears(seat, &other);
        let handed: Vec<Value> = sent(seat).iter().map(|line| line["entry"]["text"].clone()).collect();
        (aside, handed)
    };
    let seen = vec![json!("seen"), Value::Null];
    // It was all in our log until this host's order took its place.
    assert_eq!(come(&mut seat), (Value::Null, seen.clone()));
    assert_eq!(come(&mut seat), (json!(1), seen));
    hears(&mut seat, &json!({"type": "pong"}));
    assert_eq!(come(&mut seat), (Value::Null, vec![Value::Null]));
}

#[test]
fn a_move_that_is_cut_short_leaves_us_in_the_room_that_we_came_from() {
    let mut seat = seated();
    hears(&mut seat, &said(3, "ours"));
    let mut other = welcome(9);
    (other["room"], other["history"], other["lack"]) = (json!("00000000000000aa"), json!(2), json!(true));
    let replayed = |seq: u64| {
        let mut line = said(seq, &format!("theirs {seq}"));
        (line["replayed"], line["peer"], line["term"]) = (json!(true), json!("0b".repeat(16)), json!(1));
        line
    };
    say(&mut seat, "mine");
    sent(&mut seat);
    let come = |seat: &mut Seat| {
        seat.hung_up(ErrorKind::ConnectionReset, at(3));
        seat.connected("127.0.0.2:8808".into(), at(4));
        let hello = sent(seat).remove(0);
        hears(seat, &other);
        hears(seat, &replayed(4));
        let handed: Vec<Value> = sent(seat).iter().map(|line| line["entry"]["text"].clone()).collect();
        (hello["room"].clone(), hello["have"][0]["s"].clone(), hello["aside"].clone(), handed)
    };
    let ours = (json!("00000000000005f0"), json!(3));
    assert_eq!(come(&mut seat), (ours.0.clone(), ours.1.clone(), Value::Null, vec![json!("ours"), Value::Null]));
    assert_eq!(seat.replica().unwrap().members().len(), 2, "its members are those to turn to");
    // Its host has died in the middle of the history: what came of it is brought along, once.
    for _ in 0..2 {
        let (room, last, aside, handed) = come(&mut seat);
        assert_eq!((room, last, aside), (ours.0.clone(), ours.1.clone(), json!(1)));
        assert_eq!(handed, [json!("theirs 4"), json!("ours"), Value::Null], "and nothing of ours is said yet");
    }
    hears(&mut seat, &replayed(5));
    assert_eq!(sent(&mut seat)[0]["text"], "mine", "now we are in");
    seat.hung_up(ErrorKind::ConnectionReset, at(3));
    seat.connected("127.0.0.3:8808".into(), at(4));
    let hello = sent(&mut seat).remove(0);
    assert_eq!((&hello["room"], &hello["have"][0]["s"]), (&other["room"], &json!(9)));
    let shown = seat.events().drain(..).filter_map(|event| match event.what {
        What::Message(message) => Some(message.text.to_string()),
        _ => None,
    });
    assert_eq!(shown.collect::<Vec<_>>(), ["ours", "theirs 4", "theirs 5"]);
}

#[test]
fn who_has_gone_in_both_parts_of_a_cut_room_goes_once_and_the_roster_follows() {
    let mut seat = seated();
    let left = |seq: u64, id: u64, name: &str| json!({"type": "left", "seq": seq, "term": 1, "id": id, "name": name, "reason": "lost"});
    let joined = |seq: u64, id: u64, name: &str| json!({"type": "joined", "seq": seq, "term": 1, "members": [{"id": id, "name": name}]});
    hears(&mut seat, &joined(3, 3, "bert"));
    hears(&mut seat, &left(4, 3, "bert"));
    seat.hung_up(ErrorKind::ConnectionReset, at(2));
    seat.connected("127.0.0.2:8808".into(), at(3));
    seat.events().clear();
    let mut back = welcome(6);
    back["after"] = json!(3);
    hears(&mut seat, &back);
    hears(&mut seat, &joined(4, 4, "carl"));
    hears(&mut seat, &left(5, 3, "bert"));
    hears(&mut seat, &joined(6, 5, "anna"));
    let told: Vec<String> = seat
        .events()
        .drain(..)
        .filter_map(|event| match event.what {
            What::Joined { name } => Some(format!("+{name}")),
            What::Left { name, .. } => Some(format!("-{name}")),
            What::Roster { members } => Some(format!("{}", members.len())),
            _ => None,
        })
        .collect();
    assert_eq!(told, ["+carl", "2"]);
}

#[test]
fn a_room_is_shown_as_ours_when_we_are_in_it() {
    let mut seat = connected();
    hears(&mut seat, &welcome(2));
    let What::Role { role, name, host, .. } = &seat.events()[0].what else { panic!() };
    assert_eq!((*role, name.as_str(), host.as_str()), (Role::Client, "anna", "capo"));
    assert!(matches!(&seat.events()[1].what, What::Roster { members } if members.len() == 2));
}

#[test]
fn a_host_that_floods_and_does_not_read_fills_no_memory() {
    let mut seat = seated();
    let pings = r#"{"type":"ping"}"#.to_owned() + "\n";
    let flood = pings.repeat(1_000);
    for _ in 0..100 {
        seat.receive(flood.as_bytes(), at(1));
    }
    assert!(seat.output().len() < READY_BYTES + pings.len(), "{}", seat.output().len());
    // As it asks for what it lacks again and again.
    (3..100).for_each(|seq| hears(&mut seat, &said(seq, &"x".repeat(1_000))));
    seat.connected("127.0.0.1:8808".into(), at(2));
    sent(&mut seat);
    for _ in 0..100 {
        hears(&mut seat, &json!({"type": "lack", "after": 2}));
    }
    assert_eq!(sent(&mut seat).len(), 97, "it is given that once");
}

#[test]
fn an_interface_that_is_behind_is_no_silence_of_the_host() {
    let mut seat = seated();
    let ms = SILENCE.as_millis() as u64;
    seat.held_up(at(ms - 1));
    seat.tick(at(ms + 1));
    assert!(matches!(seat.phase(), Phase::In), "{:?}", seat.phase());
    seat.tick(at(2 * ms));
    assert!(matches!(seat.phase(), Phase::Over(Over::TimedOut)), "{:?}", seat.phase());
}

#[test]
fn no_host_makes_us_count_beyond_what_numbers_hold() {
    for (field, value) in [
        ("seq", json!(u64::MAX)),
        ("term", json!(u64::MAX)),
        ("terms", json!([{"t": 1, "h": 5, "s": u64::MAX}])),
        ("terms", json!([{"t": u64::MAX, "h": 5, "s": 2}])),
    ] {
        let mut seat = connected();
        let mut line = welcome(2);
        line[field] = value;
        hears(&mut seat, &line);
        assert!(matches!(seat.phase(), Phase::Over(Over::NotARoom(_))), "{field}: {:?}", seat.phase());
    }
    let mut seat = seated();
    seat.hung_up(ErrorKind::ConnectionReset, at(2));
    seat.connected("127.0.0.1:8808".into(), at(3));
    let mut back = welcome(u64::MAX >> 12);
    (back["after"], back["missed"]) = (json!(2), json!(9));
    back["members"][1]["n"] = json!(u64::MAX);
    hears(&mut seat, &back);
    hears(&mut seat, &said(u64::MAX, "the last one there is"));
    assert!(matches!(seat.phase(), Phase::Over(Over::Lost)), "{:?}", seat.phase());
    // What it says of us is bounded by what we have said.
    let mut seat = connected();
    back["seq"] = json!(2);
    hears(&mut seat, &back);
    sent(&mut seat);
    say(&mut seat, "first");
    assert_eq!(sent(&mut seat)[0]["n"], 1);
}

#[test]
fn a_long_table_of_terms_does_not_make_our_hello_too_long() {
    let mut seat = connected();
    let mut line = welcome(5_000);
    line["terms"] = (1..=5_000).map(|number| json!({"t": number, "h": number % 2, "s": number})).collect();
    hears(&mut seat, &line);
    for _ in 0..3 {
        seat.hung_up(ErrorKind::ConnectionReset, at(2));
        seat.connected("127.0.0.1:8808".into(), at(3));
        assert!(seat.output().len() < crate::limits::LINE_MAX_BYTES / 2, "{}", seat.output().len());
        sent(&mut seat);
        line["after"] = json!(2);
        hears(&mut seat, &line);
        (3..200).for_each(|seq| hears(&mut seat, &said(seq, "x")));
    }
}

#[test]
fn a_new_name_is_the_one_to_come_back_under_and_a_bad_one_is_not() {
    let mut seat = seated();
    hears(&mut seat, &json!({"type": "renamed", "seq": 3, "id": 2, "from": "anna", "to": "anne"}));
    seat.hung_up(ErrorKind::ConnectionReset, at(2));
    seat.connected("127.0.0.1:8808".into(), at(3));
    assert_eq!(sent(&mut seat)[0]["name"], "anne");
    let mut line = welcome(3);
    line["name"] = json!("\u{1b}[2J");
    hears(&mut seat, &line);
    seat.hung_up(ErrorKind::ConnectionReset, at(4));
    seat.connected("127.0.0.1:8808".into(), at(5));
    assert_eq!(sent(&mut seat)[0]["name"], "anne");
}

#[test]
fn a_hello_has_our_addresses_where_we_would_host() {
    for (port, told) in [(Some(8808), json!(["192.168.1.7"])), (None, Value::Null)] {
        let mut seat = Seat::new(SECRET, "anna".into(), port);
        seat.set_addresses(vec![[192, 168, 1, 7].into()]);
        seat.connected("127.0.0.1:8808".into(), at(0));
        assert_eq!(sent(&mut seat)[0]["at"], told);
    }
}

#[test]
fn a_member_s_new_home_is_noted_and_shown_to_nobody() {
    let mut seat = seated();
    let many: Vec<_> = (1..100).map(|port| format!("10.0.0.9:{port}")).collect();
    for (id, at) in [(1, vec!["10.0.0.9:8808".to_owned()]), (2, many), (77, Vec::new())] {
        hears(&mut seat, &json!({"type": "at", "id": id, "at": at}));
    }
    let homes = |id| seat.replica().unwrap().member(MemberId(id)).unwrap().at.clone();
    assert_eq!(homes(1), ["10.0.0.9:8808".parse().unwrap()]);
    assert_eq!(homes(2).len(), CANDIDATE_ADDRESSES);
    assert!(seat.events().is_empty() && matches!(seat.phase(), Phase::In));
}

#[test]
fn a_private_message_whose_answer_is_lost_is_no_sent_one_and_is_said_again() {
    let mut seat = seated();
    seat.command(Command::Tell { to: "capo".into(), text: "psst".into() }, at(2));
    say(&mut seat, "ciao");
    seat.command(Command::EndOfInput, at(2));
    seat.hung_up(ErrorKind::ConnectionReset, at(3));
    seat.connected("127.0.0.1:8808".into(), at(4));
    // The next host knows what was said after it.
    let mut back = welcome(3);
    (back["after"], back["members"][1]["n"]) = (json!(2), json!(2));
    hears(&mut seat, &back);
    sent(&mut seat);
    let own = json!({"type": "said", "seq": 3, "term": 1, "by": 2, "n": 2, "from": "anna", "text": "ciao", "at": "2026-11-20T21:51:09.001+01:00", "peer": SECRET.peer()});
    hears(&mut seat, &own);
    let shown = |seat: &mut Seat| -> Vec<(String, bool)> {
        let messages = seat.events().drain(..).filter_map(|event| match event.what {
            What::Message(message) => Some((message.text.to_string(), message.private)),
            _ => None,
        });
        messages.collect()
    };
    assert_eq!(shown(&mut seat), [("ciao".to_owned(), false)]);
    let again = json!({"type": "tell", "n": 1, "to": "capo", "text": "psst", "again": true});
    assert_eq!(sent(&mut seat), [again], "and no goodbye before it is answered");
    let told = json!({"type": "told", "by": 2, "peer": SECRET.peer(), "n": 1, "from": "anna", "to": "capo", "text": "psst", "at": "x"});
    hears(&mut seat, &told);
    assert_eq!(shown(&mut seat), [("psst".to_owned(), true)]);
    assert_eq!(sent(&mut seat)[0]["type"], "bye");
}

#[test]
fn a_private_message_is_not_said_in_another_room() {
    let mut seat = seated();
    seat.command(Command::Tell { to: "capo".into(), text: "psst".into() }, at(2));
    say(&mut seat, "ciao");
    seat.hung_up(ErrorKind::ConnectionReset, at(3));
    seat.connected("127.0.0.1:8808".into(), at(4));
    sent(&mut seat);
    let mut other = welcome(2);
    other["room"] = json!("0000000000000077");
    hears(&mut seat, &other);
    let said: Vec<_> = sent(&mut seat).into_iter().filter(|line| line["type"] != "ping").collect();
    assert_eq!(said, [json!({"type": "say", "n": 2, "text": "ciao"})]);
    let refused = seat.events().drain(..).find_map(|event| match event.what {
        What::Refused { code, text } => Some((code, text)),
        _ => None,
    });
    let (code, text) = refused.unwrap();
    assert!(code == "unsure" && text.ends_with("somebody else: psst"), "{code}: {text}");
}

#[test]
fn a_host_that_counts_nothing_is_heard_also_after_we_have_come_back() {
    let mut seat = connected();
    let welcome = |seq: u64| {
        let mut line = welcome(seq);
        (line["terms"], line["members"][1]["peer"]) = (json!([]), Value::Null);
        line
    };
    let hear = |seat: &mut Seat, seq: u64| {
        hears(
            seat,
            &json!({"type": "said", "seq": seq, "from": "capo", "text": seq.to_string(), "at": "2026-11-20T21:51:09.001+01:00"}),
        );
    };
    hears(&mut seat, &welcome(2));
    say(&mut seat, "mine");
    hear(&mut seat, 3);
    hear(&mut seat, 4);
    hears(
        &mut seat,
        &json!({"type": "said", "seq": 5, "by": 2, "from": "anna", "text": "5", "at": "2026-11-20T21:51:09.001+01:00"}),
    );
    seat.hung_up(ErrorKind::ConnectionReset, at(3));
    seat.connected("127.0.0.1:8808".into(), at(4));
    sent(&mut seat);
    hears(&mut seat, &welcome(6));
    assert_eq!(sent(&mut seat)[0]["text"], "mine", "what has no count is no sign that it was heard");
    hear(&mut seat, 7);
    let texts = seat.events().drain(..).filter_map(|event| match event.what {
        What::Message(message) => Some(message.text.to_string()),
        _ => None,
    });
    assert_eq!(texts.collect::<Vec<_>>(), ["3", "4", "5", "7"]);
}

#[test]
fn less_history_than_was_promised_keeps_nobody_silent() {
    let mut seat = connected();
    let mut line = welcome(2);
    line["history"] = json!(2);
    hears(&mut seat, &line);
    say(&mut seat, "mine");
    let mut replayed = said(1, "before");
    replayed["replayed"] = json!(true);
    hears(&mut seat, &replayed);
    assert_eq!(sent(&mut seat).len(), 1, "there is more to come");
    hears(&mut seat, &said(3, "after"));
    assert_eq!(sent(&mut seat)[0]["text"], "mine");
}

#[test]
fn only_what_was_on_its_way_before_is_said_again() {
    let mut seat = seated();
    let tell =
        |seat: &mut Seat, text: &str| seat.command(Command::Tell { to: "capo".into(), text: text.into() }, at(2));
    tell(&mut seat, "to the last host");
    seat.hung_up(ErrorKind::ConnectionReset, at(3));
    tell(&mut seat, "to nobody yet");
    let come = |seat: &mut Seat| {
        seat.connected("127.0.0.1:8808".into(), at(4));
        sent(seat);
        let mut back = welcome(2);
        back["after"] = json!(2);
        hears(seat, &back);
        sent(seat).iter().map(|line| line["again"] == true).collect::<Vec<_>>()
    };
    assert_eq!(come(&mut seat), [true, false]);
    assert_eq!(come(&mut seat), [true, true]);
}
