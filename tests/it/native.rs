//! The native dialect, spoken by somebody who has read nothing but its description.

use serde_json::json;

use crate::support::{Raw, Stage, is, names};

#[test]
fn the_smallest_client_works() {
    let stage = Stage::new();
    let host = stage.host();
    let (mut lorde, welcome) = Raw::enter(stage.port(), "lorde");
    assert_eq!((&welcome["v"], &welcome["name"], &welcome["host"]), (&json!(1), &json!("lorde"), &json!("capo")));
    assert!(welcome["room"].is_string() && welcome["term"].is_u64() && welcome["seq"].is_u64(), "{welcome}");
    let members = welcome["members"].as_array().unwrap();
    let me = members.iter().find(|member| member["id"] == welcome["you"]).unwrap();
    assert_eq!(me["name"], "lorde");
    let hosting: Vec<_> = members.iter().filter(|member| member["host"] == true).collect();
    assert_eq!((hosting.len(), &hosting[0]["name"]), (1, &json!("capo")));
    host.expect("joined", |event| is(event, "joined") && event["name"] == "lorde");
    lorde.say("ciao");
    let said = lorde.hears("ciao");
    assert_eq!((&said["from"], &said["by"]), (&json!("lorde"), &welcome["you"]));
    assert!(said["seq"].as_u64() > welcome["seq"].as_u64());
    chrono::DateTime::parse_from_rfc3339(said["at"].as_str().unwrap()).unwrap();
    assert_eq!(host.hears("ciao")["seq"], said["seq"]);
    lorde.send(&json!({"type": "bye"}));
    lorde.ends();
    host.expect("left", |event| is(event, "left") && event["name"] == "lorde" && event["reason"] == "quit");
}

#[test]
fn all_members_get_the_same_bytes() {
    let stage = Stage::new();
    let _host = stage.host();
    let (mut anna, welcome) = Raw::enter(stage.port(), "anna");
    let mut bert = Raw::member(stage.port(), "bert");
    for n in 1..=3 {
        anna.send(&json!({"type": "say", "n": n, "text": format!("number {n}"), "unheard-of": [1, {"x": null}]}));
    }
    for n in 1..=3 {
        let text = format!("number {n}");
        let said = bert.hears(&text);
        assert_eq!((&said["n"], &said["by"]), (&json!(n), &welcome["you"]));
        anna.hears(&text);
        assert_eq!(anna.heard().last(), bert.heard().last());
    }
}

#[test]
fn a_number_counts_once() {
    let stage = Stage::new();
    let host = stage.host();
    let mut anna = Raw::member(stage.port(), "anna");
    for (n, text) in [(1, "one"), (1, "one again"), (2, "two"), (2, "two again"), (1, "long past"), (3, "three")] {
        anna.send(&json!({"type": "say", "n": n, "text": text}));
    }
    host.hears("three");
    let texts: Vec<_> = host.messages().iter().map(|message| message["text"].clone()).collect();
    assert_eq!(texts, ["one", "two", "three"]);
}

#[test]
fn a_sender_may_count_some_messages_and_others_not() {
    let stage = Stage::new();
    let host = stage.host();
    let (mut anna, mut bert) = (Raw::member(stage.port(), "anna"), Raw::member(stage.port(), "bert"));
    let sent =
        [(None, "one"), (Some(1), "two"), (None, "three"), (None, "four"), (Some(2), "five"), (Some(2), "again")];
    for kind in ["say", "tell"] {
        for (n, text) in sent {
            let mut line = json!({"type": kind, "to": "capo", "text": format!("{kind} {text}")});
            if let Some(n) = n {
                line["n"] = json!(if kind == "say" { n } else { n + 2 });
            }
            anna.send(&line);
        }
    }
    anna.send(&json!({"type": "say", "text": "last"}));
    host.hears("last");
    let messages = host.events().into_iter().filter(|event| is(event, "message"));
    let texts: Vec<_> = messages.map(|message| message["text"].clone()).collect();
    let expected =
        ["say", "tell"].map(|kind| ["one", "two", "three", "four", "five"].map(|text| format!("{kind} {text}")));
    assert_eq!(texts, [&expected.concat()[..], &["last".to_owned()]].concat());
    let counts = ["one", "two", "three", "four", "five"].map(|text| bert.hears(&format!("say {text}"))["n"].clone());
    assert_eq!((&counts[1], &counts[4]), (&json!(1), &json!(2)), "the sender's own, where it has one");
    let uncounted: std::collections::HashSet<_> = [0, 2, 3].map(|at| counts[at].as_u64()).into();
    assert_eq!(uncounted.len(), 3, "a number makes a message what it is: {counts:?}");
}

#[test]
fn what_is_refused_is_said_with_its_number() {
    let stage = Stage::new();
    let _host = stage.host();
    let mut anna = Raw::member(stage.port(), "anna");
    for (line, code) in [
        (json!({"type": "dance", "n": 7}), "unknown-type"),
        (json!({"type": "say", "text": 5, "n": 7}), "bad-field"),
        (json!({"type": "tell", "to": "nobody", "text": "x", "n": 7}), "no-such-member"),
    ] {
        anna.send(&line);
        let refused = anna.expect("refused");
        assert_eq!((&refused["code"], &refused["n"]), (&json!(code), &json!(7)));
    }
    anna.send(&json!({"type": "say", "text": "counted from nought", "n": 0}));
    assert_eq!(anna.expect("refused")["n"], 0, "nothing is dropped without a word");
}

#[test]
fn an_unknown_type_is_refused_and_the_connection_goes_on() {
    let stage = Stage::new();
    let _host = stage.host();
    let mut anna = Raw::member(stage.port(), "anna");
    anna.send(&json!({"type": "teleport", "to": "capo"}));
    anna.refused();
    anna.say("still here");
    anna.hears("still here");
}

#[test]
fn what_is_no_line_of_json_is_refused_and_ends_the_connection() {
    let stage = Stage::new();
    let host = stage.host();
    let long = format!("{{\"type\":\"say\",\"text\":\"{}\"}}\n", "x".repeat(200_000));
    let wrong: [(&str, &[u8]); 6] = [
        ("words", b"{this is no json\n"),
        ("half", b"{\"type\":\"say\",\"text\":\"half of a pair: \\ud83d\"}\n"),
        ("reversed", b"{\"type\":\"nick\",\"name\":\"x\\udc69\\ud83d\"}\n"),
        ("long", long.as_bytes()),
        ("bytes", b"{\"type\":\"say\",\"text\":\"\xff\xfe\"}\n"),
        ("list", b"[1,2,3]\n"),
    ];
    for (name, bytes) in wrong {
        let mut raw = Raw::member(stage.port(), name);
        // The host need not read to the end of a line that is too long.
        raw.try_bytes(bytes).ok();
        raw.refused();
        raw.ends();
        let left = host.expect("left", |event| is(event, "left") && event["name"] == name);
        assert_eq!(left["reason"], "error", "{name}");
    }
    assert!(host.messages().is_empty());
}

#[test]
fn a_line_of_the_greatest_length_is_taken() {
    let stage = Stage::new();
    let host = stage.host();
    let mut anna = Raw::member(stage.port(), "anna");
    let text = "x".repeat(16 * 1024);
    let object = json!({"type": "say", "text": text}).to_string();
    let padding = " ".repeat(65_536 - object.len());
    anna.bytes(format!("{object}{padding}\n").as_bytes());
    host.hears(&text);
    anna.bytes(format!("{object}{padding} \n").as_bytes());
    anna.refused();
    anna.ends();
}

#[test]
fn a_bad_name_may_be_mended_three_times_on_the_same_connection() {
    let stage = Stage::new();
    let host = stage.host();
    let mut anna = Raw::connect(stage.port());
    for bad in ["x", "line\nbreak", "\u{202e}evil"] {
        anna.hello(bad);
        assert_eq!(anna.refused(), "bad-name", "{bad:?}");
    }
    anna.hello("anna");
    assert_eq!(anna.expect("welcome")["name"], "anna");
    let mut stubborn = Raw::connect(stage.port());
    for bad in ["a", "", &"x".repeat(33), "\u{200b}\u{200b}"] {
        stubborn.hello(bad);
        assert_eq!(stubborn.refused(), "bad-name", "{bad:?}");
    }
    stubborn.ends();
    assert_eq!(host.sees_members(2).len(), 2);
}

#[test]
fn p30_thirty_two_characters_are_a_name_whatever_they_are_made_of() {
    let stage = Stage::new();
    let host = stage.host();
    for character in ["é", "漢", "👨\u{200d}👩\u{200d}👧\u{200d}👦"] {
        let name = character.repeat(32);
        let (mut raw, welcome) = Raw::enter(stage.port(), &name);
        assert_eq!(welcome["name"], name);
        host.expect("joined", |event| is(event, "joined") && event["name"] == name);
        raw.send(&json!({"type": "nick", "name": character.repeat(33)}));
        assert_eq!(raw.refused(), "bad-name");
    }
}

#[test]
fn p30_a_name_is_cut_joined_and_compared_as_a_reader_would() {
    let stage = Stage::new();
    let _host = stage.host();
    // The names are to stay taken.
    let mut kept = Vec::new();
    for (given, taken) in [
        ("  Marie Curie ", "Marie-Curie"),
        ("marie-curie", "marie-curie-2"),
        ("e\u{301}lan", "\u{e9}lan"),
        ("\u{c9}LAN", "\u{c9}LAN-2"),
        ("日本", "日本"),
    ] {
        let (raw, welcome) = Raw::enter(stage.port(), given);
        assert_eq!(welcome["name"], taken, "{given:?}");
        kept.push(raw);
    }
}

#[test]
fn a_message_that_is_too_long_or_empty_is_refused_with_its_number() {
    let stage = Stage::new();
    let host = stage.host();
    let mut anna = Raw::member(stage.port(), "anna");
    anna.send(&json!({"type": "say", "n": 1, "text": "y".repeat(16 * 1024 + 1)}));
    let refused = anna.expect("refused");
    assert_eq!((&refused["code"], &refused["n"]), (&json!("too-long"), &json!(1)));
    anna.send(&json!({"type": "say", "n": 2, "text": ""}));
    assert_eq!(anna.expect("refused")["n"], 2);
    anna.send(&json!({"type": "say", "n": 3, "text": "short"}));
    assert_eq!(anna.hears("short")["n"], 3);
    host.hears("short");
    assert_eq!(host.messages().len(), 1);
}

#[test]
fn saying_something_before_hello_is_refused() {
    let stage = Stage::new();
    let host = stage.host();
    let mut raw = Raw::connect(stage.port());
    raw.say("who am I?");
    raw.refused();
    Raw::member(stage.port(), "anna").say("end of test");
    host.hears("end of test");
    assert_eq!(host.messages().len(), 1);
}

#[test]
fn a_second_hello_makes_no_second_member() {
    let stage = Stage::new();
    let host = stage.host();
    let mut anna = Raw::member(stage.port(), "anna");
    anna.hello("berta");
    anna.refused();
    Raw::member(stage.port(), "carla").say("end of test");
    host.hears("end of test");
    assert!(!host.members().contains("berta"));
}

#[test]
fn bytes_may_come_one_at_a_time_and_lines_many_at_once() {
    let stage = Stage::new();
    let host = stage.host();
    let mut slow = Raw::connect(stage.port());
    for byte in
        "{\"type\":\"hello\",\"v\":1,\"name\":\"slów\"}\n{\"type\":\"say\",\"text\":\"drop by drop é\"}\n".bytes()
    {
        slow.bytes(&[byte]);
    }
    assert_eq!(host.hears("drop by drop é")["from"], "slów");
    let mut fast = Raw::connect(stage.port());
    let mut lines = json!({"type": "hello", "v": 1, "name": "fast"}).to_string() + "\n";
    for n in 1..=500 {
        lines += &(json!({"type": "say", "n": n, "text": format!("row {n}")}).to_string() + "\n");
    }
    // Cut where it hurts: within a line, and within a character's escape.
    lines += "{\"type\":\"say\",\"n\":501,\"text\":\"\\u00";
    fast.bytes(lines.as_bytes());
    for n in 1..=500 {
        fast.hears(&format!("row {n}"));
    }
    fast.bytes(b"e9 at last\"}\r\n");
    assert_eq!(fast.hears("é at last")["n"], 501);
    host.hears("é at last");
}

#[test]
fn a_whole_visit_may_be_one_segment() {
    let stage = Stage::new();
    let host = stage.host();
    for (name, last) in [("polite", "{\"type\":\"bye\"}\n"), ("curt", "")] {
        let mut raw = Raw::connect(stage.port());
        raw.bytes(format!("{{\"type\":\"hello\",\"v\":1,\"name\":\"{name}\"}}\n").as_bytes());
        raw.bytes(format!("{{\"type\":\"say\",\"text\":\"{name} was here\"}}\n{last}").as_bytes());
        raw.half_close();
        raw.hears(&format!("{name} was here"));
        raw.ends();
        host.hears(&format!("{name} was here"));
        host.expect("left", |event| is(event, "left") && event["name"] == name);
    }
}

#[test]
fn only_the_host_kicks() {
    let stage = Stage::new();
    let host = stage.host();
    let mut anna = Raw::member(stage.port(), "anna");
    for act in ["kick", "ban"] {
        anna.send(&json!({"type": act, "name": "capo"}));
        assert_eq!(anna.refused(), "not-host");
    }
    anna.say("we are all here");
    host.hears("we are all here");
}

#[test]
fn another_version_is_refused() {
    let stage = Stage::new();
    let _host = stage.host();
    let mut future = Raw::connect(stage.port());
    future.send(&json!({"type": "hello", "v": 99, "name": "future"}));
    assert_eq!(future.refused(), "version");
}

#[test]
fn whoever_has_said_nothing_is_pinged_and_whoever_answers_stays() {
    let stage = Stage::new();
    let host = stage.host();
    let mut anna = Raw::member(stage.port(), "anna");
    let mut pings = 0;
    while pings < 2 {
        let line = anna.line().expect("a heartbeat");
        if line.contains("\"ping\"") {
            anna.bytes(b"{\"type\":\"pong\"}\n");
            pings += 1;
        }
    }
    anna.say("alive");
    host.hears("alive");
}

#[test]
fn whoever_does_not_answer_pings_is_timed_out() {
    let stage = Stage::new();
    let host = stage.host();
    let mut mute = Raw::member(stage.port(), "mute");
    // It reads, so it is not slow, but it never answers.
    mute.ends();
    host.expect("left", |event| is(event, "left") && event["name"] == "mute" && event["reason"] == "timeout");
}

#[test]
fn p17_two_hundred_members_are_on_every_list() {
    let stage = Stage::new();
    let host = stage.host();
    let first = stage.join("first");
    let mut crowd: Vec<_> = (1..=196).map(|number| Raw::member(stage.port(), &format!("member-{number}"))).collect();
    let middle = stage.join("last-but-one");
    let (_raw, welcome) = Raw::enter(stage.port(), "last");
    let lists = [&host, &first, &middle].map(|chat| chat.sees_members(200));
    assert_eq!(lists[0], lists[1]);
    assert_eq!(lists[0], lists[2]);
    assert_eq!(lists[0], names(&welcome).into_iter().collect());
    for raw in &mut crowd {
        raw.send(&json!({"type": "who"}));
    }
    for mut raw in crowd {
        assert_eq!(lists[0], names(&raw.expect("members")).into_iter().collect());
    }
}
