//! Talking: what a message, a command or a pipe does, seen from the sender and from the others.

use serde_json::json;

use crate::support::{Chat, PATIENCE, Raw, Signal, Stage, is, names, said};

/// A host `capo` and two clients, each of whom sees all three.
fn trio(stage: &Stage) -> (Chat, Chat, Chat) {
    let host = stage.host();
    let (anna, bert) = (stage.join("anna"), stage.join("bert"));
    [&host, &anna, &bert].iter().for_each(|chat| drop(chat.sees_members(3)));
    (host, anna, bert)
}

#[test]
fn a_message_reaches_all_in_one_order_and_its_sender_as_own() {
    let stage = Stage::new();
    let (host, anna, bert) = trio(&stage);
    anna.say("good morning");
    let own = anna.hears("good morning");
    assert_eq!((&own["own"], &own["from"]), (&json!(true), &json!("anna")));
    for other in [&host, &bert] {
        let heard = other.hears("good morning");
        assert_eq!(heard["seq"], own["seq"]);
        assert_eq!(heard["from"], "anna");
        for flag in ["own", "action", "private", "replayed", "late"] {
            assert_eq!(heard[flag], false, "{flag} in {heard}");
        }
        chrono::DateTime::parse_from_rfc3339(heard["at"].as_str().unwrap()).unwrap();
    }
    host.say("good morning, anna");
    assert_eq!(host.hears("good morning, anna")["own"], true);
    let answer = bert.hears("good morning, anna");
    assert_eq!(answer["from"], "capo");
    assert!(answer["seq"].as_u64() > own["seq"].as_u64());
}

#[test]
fn every_event_has_a_time_with_milliseconds_and_a_numeric_offset() {
    let stage = Stage::new();
    let chat = stage.start("capo").json("capo").args(&["--role", "host", "--port", &stage.port_text()]);
    let host = chat
        .tune(|command| {
            command.env("TZ", "UTC");
        })
        .run();
    host.expect("roster", |event| is(event, "roster"));
    host.signal(Signal::INT);
    assert_eq!(host.exits(), 0);
    for event in host.events() {
        let at = event["at"].as_str().unwrap();
        assert!(at.ends_with("+00:00"), "{at}");
        assert_eq!(at.len(), "2026-11-20T21:51:03.123+00:00".len(), "{at}");
    }
}

#[test]
fn an_action_is_marked() {
    let stage = Stage::new();
    let (host, anna, bert) = trio(&stage);
    anna.say("/me waves");
    for chat in [&host, &anna, &bert] {
        let heard = chat.hears("waves");
        assert_eq!((&heard["action"], &heard["from"]), (&json!(true), &json!("anna")));
    }
}

#[test]
fn a_private_message_reaches_one_member_only() {
    let stage = Stage::new();
    let (host, anna, bert) = trio(&stage);
    anna.say("/msg bert only for you");
    let heard = bert.hears("only for you");
    assert_eq!((&heard["private"], &heard["from"]), (&json!(true), &json!("anna")));
    assert!(heard.get("seq").is_none(), "private, so without a place in the room's order: {heard}");
    anna.say("/msg capo and this for the host");
    assert_eq!(host.hears("and this for the host")["private"], true);
    // What anna says next comes after whatever could have leaked.
    anna.say("aloud");
    for chat in [&host, &bert] {
        chat.hears("aloud");
    }
    assert!(!host.events().iter().any(|event| said(event, "only for you")), "the host reads on");
    assert!(!bert.events().iter().any(|event| said(event, "and this for the host")));
    anna.say("/msg nobody-here hello?");
    anna.expect("refusal", |event| is(event, "refused") && event["code"] == "no-such-member");
}

#[test]
fn a_rename_is_told_to_all_and_only_in_order() {
    let stage = Stage::new();
    let (host, anna, bert) = trio(&stage);
    anna.say("/nick Zoë");
    anna.expect("own new name", |event| is(event, "role") && event["name"] == "Zoë");
    for chat in [&host, &bert] {
        let told = chat.expect("renamed", |event| is(event, "renamed"));
        assert_eq!((&told["from"], &told["to"]), (&json!("anna"), &json!("Zoë")));
    }
    anna.say("it is me");
    assert_eq!(bert.hears("it is me")["from"], "Zoë");
    anna.say("/nick BERT");
    let refused = anna
        .expect("refusal or suffix", |event| is(event, "refused") || is(event, "role") && event["name"] == "BERT-2");
    assert!(is(&refused, "role") || refused["code"] == "name-taken", "{refused}");
    anna.say("/nick x");
    anna.expect("refusal", |event| is(event, "refused") && event["code"] == "bad-name");
}

#[test]
fn who_lists_the_members_and_marks_the_host() {
    let stage = Stage::new();
    let (_host, anna, _bert) = trio(&stage);
    anna.mark();
    anna.say("/who");
    let roster = anna.expect("roster", |event| is(event, "roster"));
    assert_eq!(names(&roster), ["capo", "anna", "bert"]);
    let hosts: Vec<_> = roster["members"].as_array().unwrap().iter().map(|member| member["host"] == true).collect();
    assert_eq!(hosts, [true, false, false]);
}

#[test]
fn an_unknown_command_is_refused_and_never_sent() {
    let stage = Stage::new();
    let (_host, anna, bert) = trio(&stage);
    anna.say("/quti secret");
    anna.expect("refusal", |event| is(event, "refused") && event["code"] == "unknown-command");
    anna.say("/kick bert");
    anna.expect("refusal", |event| is(event, "refused") && event["code"] == "not-host");
    anna.say("//quit is how one leaves");
    assert_eq!(bert.hears("/quit is how one leaves")["from"], "anna");
    assert!(!bert.stdout().iter().any(|line| line.contains("secret")));
    assert_eq!(bert.members().len(), 3, "nobody was kicked");
}

#[test]
fn the_host_kicks_and_bans() {
    let stage = Stage::new();
    let (host, anna, bert) = trio(&stage);
    host.say("/kick anna");
    assert_eq!(anna.exits(), 1);
    assert_eq!(anna.last_event()["reason"], "kicked");
    let port = stage.port();
    assert_eq!(anna.stderr(), [format!("hybrid-chat: stay in the room on port {port}: the host ended the connection")]);
    let left = bert.expect("left", |event| is(event, "left"));
    assert_eq!((&left["name"], &left["reason"]), (&json!("anna"), &json!("kicked")));
    host.say("/ban bert");
    assert_eq!(bert.exits(), 1);
    assert_eq!(bert.last_event()["reason"], "banned");
    let [what, helps] = &bert.stderr()[..] else { panic!("{:?}", bert.stderr()) };
    assert_eq!(*what, format!("hybrid-chat: stay in the room on port {port}: the host has banned this address"));
    assert!(helps.contains("/unban"), "{helps}");
    host.sees_members(1);
    host.mark();
    // The address is banned, whatever name comes from it.
    let again = stage.start("again").json("carla").args(&["--role", "client", &stage.address()]).run();
    assert_eq!(again.exits(), 1);
    assert!(!again.events().iter().any(|event| is(event, "role")));
    host.say("/unban 127.0.0.1");
    stage.join("carla");
    host.expect("joined", |event| is(event, "joined") && event["name"] == "carla");
}

#[test]
fn p25_a_ban_leaks_nowhere() {
    let stage = Stage::new();
    let host = stage.host();
    // From another address of this machine, so that the ban is about one of two.
    let mut good = Raw::member(stage.port(), "bert");
    let Some(mut bad) = Raw::connect_from([127, 0, 0, 2], stage.port()) else {
        eprintln!("skipped: this machine has one loopback address only");
        return;
    };
    bad.hello("anna");
    bad.expect("welcome");
    bad.send(&json!({"type": "nick", "name": "somebody-else"}));
    good.expect("renamed");
    host.say("/ban somebody-else");
    assert_eq!(bad.expect("closed")["reason"], "banned");
    // Whatever it still says, or tells, or does, nobody hears it; and under no name does it come back.
    for line in [
        json!({"type": "say", "text": "LEAK"}),
        json!({"type": "say", "text": "LEAK", "action": true}),
        json!({"type": "tell", "to": "bert", "text": "LEAK"}),
        json!({"type": "nick", "name": "LEAK"}),
    ] {
        bad.try_bytes(format!("{line}\n").as_bytes()).ok();
    }
    bad.half_close();
    bad.ends();
    for name in ["anna", "somebody-else", "LEAK", "bert"] {
        let mut again = Raw::connect_from([127, 0, 0, 2], stage.port()).unwrap();
        again.hello(name);
        assert_eq!(again.refused(), "banned");
        again.ends();
    }
    good.say("after the ban");
    good.hears("after the ban");
    assert!(!good.heard().iter().any(|line| line.contains("LEAK")), "{:#?}", good.heard());
    assert!(!host.stdout().iter().any(|line| line.contains("LEAK")), "{:#?}", host.stdout());
    // Its neighbour at another address is no part of it, and an end of the ban is one.
    stage.join("carla");
    host.say("/unban 127.0.0.2");
    // What the host says after it is heard after it.
    host.say("once more");
    good.hears("once more");
    let mut back = Raw::connect_from([127, 0, 0, 2], stage.port()).unwrap();
    back.hello("anna");
    back.expect("welcome");
}

#[test]
fn p06_users_of_one_name_all_get_in() {
    let stage = Stage::new();
    let host = stage.start("host").json("student").args(&["--role", "host", "--port", &stage.port_text()]).run();
    host.expect("roster", |event| is(event, "roster"));
    let address = stage.address();
    let second = stage.start("second").json("student").args(&[&address]).run();
    second.expect("role", |event| is(event, "role") && event["name"] == "student-2");
    let third = stage.start("third").json("STUDENT").args(&[&address]).run();
    third.expect("role", |event| is(event, "role") && event["name"] == "STUDENT-3");
    let names: Vec<_> = host.sees_members(3).into_iter().collect();
    assert_eq!(names, ["STUDENT-3", "student", "student-2"]);
}

#[test]
fn a_newcomer_gets_what_was_said_before() {
    let stage = Stage::new();
    let (host, anna, _bert) = trio(&stage);
    for number in 1..=120 {
        anna.say(&format!("line {number}"));
    }
    let last = host.hears("line 120");
    let carla = stage.join("carla");
    let replayed = carla.hears("line 120");
    assert_eq!((&replayed["replayed"], &replayed["seq"]), (&json!(true), &last["seq"]));
    assert_eq!((&replayed["own"], &replayed["from"], &replayed["at"]), (&json!(false), &json!("anna"), &last["at"]));
    let texts: Vec<_> = carla.messages().iter().map(|message| message["text"].as_str().unwrap().to_owned()).collect();
    let wanted: Vec<_> = (21..=120).map(|number| format!("line {number}")).collect();
    assert_eq!(texts, wanted, "the last hundred, in order");
    anna.say("live");
    assert_eq!(carla.hears("live")["replayed"], false);
}

/// A message as an object, in which `type` has to come first to tell it from text.
fn object(text: &str) -> String {
    format!("{{\"type\":\"say\",\"text\":{}}}", json!(text))
}

#[test]
fn a_text_of_several_lines_stays_one_message() {
    let stage = Stage::new();
    let (_host, anna, bert) = trio(&stage);
    let text = "def f():\n\treturn 1\n\n{\"type\":\"say\"} / // \u{1F468}\u{200D}\u{1F469}\u{200D}\u{1F467}";
    anna.say(&object(text));
    assert_eq!(anna.hears(text)["own"], true);
    assert_eq!(bert.hears(text)["from"], "anna");
    // An object that is none of the protocol's is an error, not a message; what only looks like one is text.
    anna.say("{\"type\":\"no such thing\",\"text\":\"leak\"}");
    anna.expect("refusal", |event| is(event, "refused"));
    anna.say("{\"text\":\"plain\"}");
    bert.hears("{\"text\":\"plain\"}");
    assert!(!bert.events().iter().any(|event| event["text"].as_str().is_some_and(|text| text.contains("leak"))));
}

#[test]
fn p29_no_control_character_of_a_peer_reaches_a_screen() {
    let stage = Stage::new();
    let (host, anna, _bert) = trio(&stage);
    let plain = stage.start("plain").args(&["--plain", "--name", "reader", "--role", "client", &stage.address()]).run();
    host.expect("joined", |event| is(event, "joined") && event["name"] == "reader");
    let nasty = "a\u{1b}[2J\u{1b}]0;title\u{7}b\rbert: forged\u{9b}31m\u{202e}txet\u{0}\u{7f}\nnext";
    anna.say(&object(nasty));
    let heard = host.watch("the message", |event| {
        event["text"].as_str().filter(|text| is(event, "message") && text.starts_with('a')).map(str::to_owned)
    });
    assert!(!heard.chars().any(|letter| letter.is_control() && letter != '\n' && letter != '\t'), "{heard:?}");
    assert!(heard.contains("forged") && heard.ends_with("next"), "the text itself stays: {heard:?}");
    plain.prints("the message", |line| line.contains("next"));
    for line in plain.stdout() {
        assert!(!line.chars().any(char::is_control), "{line:?}");
        assert!(!line.starts_with("bert"), "a line forged: {line:?}");
    }
}

#[test]
fn p30_wide_and_joined_characters_pass_whole() {
    let stage = Stage::new();
    let (_host, anna, bert) = trio(&stage);
    let long = "\u{1F469}\u{200D}\u{1F680}".repeat(1_000);
    for text in ["日本語 ＡＢＣ", "e\u{301}t\u{e9}", "\u{1F1EE}\u{1F1F9}\u{FE0F}", "שלום", &long] {
        anna.say(text);
        bert.hears(text);
    }
    anna.say(&"é".repeat(16 * 1024));
    anna.expect("refusal", |event| is(event, "refused") && event["code"] == "too-long");
    anna.say("still here");
    bert.hears("still here");
    bert.say("/nick Ægir-日本");
    anna.expect("renamed", |event| is(event, "renamed") && event["to"] == "Ægir-日本");
}

#[test]
fn an_echo_in_a_pipe_is_delivered_and_exits_0() {
    let stage = Stage::new();
    let host = stage.host();
    let line = format!("echo 'build 412 is out' | \"$CHAT\" --role client --name ci {}", stage.address());
    let pipe = stage.shell("ci", &line).run();
    assert_eq!(pipe.exits(), 0);
    assert_eq!(host.hears("build 412 is out")["from"], "ci");
    let left = host.expect("left", |event| is(event, "left"));
    assert_eq!((&left["name"], &left["reason"]), (&json!("ci"), &json!("quit")));
}

#[test]
fn a_last_line_needs_no_newline_and_an_empty_one_says_nothing() {
    let stage = Stage::new();
    let host = stage.host();
    let line = format!("printf '\\n\\n  \\nunended' | \"$CHAT\" --role client --name ci {}", stage.address());
    assert_eq!(stage.shell("ci", &line).run().exits(), 0);
    host.hears("unended");
    assert_eq!(host.messages().len(), 1);
}

#[test]
fn p20_a_pipe_whose_message_the_room_does_not_take_fails() {
    let stage = Stage::new();
    let host = stage.host();
    for (name, input) in [
        ("long", "head -c 20000 /dev/zero | tr '\\0' x"),
        ("absent", "echo /msg nobody-here hello"),
        ("wrong-field", r#"echo '{"type":"say","text":5}'"#),
        ("wrong-type", r#"echo '{"type":"sya","text":"hello"}'"#),
        ("cut-off", r#"echo '{"type":"say","text":"hel'"#),
    ] {
        let line = format!("{input} | \"$CHAT\" --json --role client --name {name} {}", stage.address());
        let pipe = stage.shell(name, &line).run();
        let status = pipe.exits();
        pipe.expect("refusal", |event| is(event, "refused"));
        assert_eq!(status, 1, "{name}: 0 means that the room has it");
    }
    assert!(host.messages().is_empty());
}

#[test]
fn p20_five_thousand_piped_lines_arrive_once_and_in_order() {
    let stage = Stage::new();
    let host = stage.host();
    let address = stage.address();
    let line = format!("seq 1 5000 | sed 's/^/row /' | \"$CHAT\" --role client --name bulk {address}");
    let pipe = stage.shell("bulk", &line).run();
    // 2,000 pass at once and 200 a second after that.
    assert_eq!(pipe.exits_within(PATIENCE * 2), 0);
    host.hears("row 5000");
    let rows: Vec<_> = host.messages().iter().map(|message| message["text"].as_str().unwrap().to_owned()).collect();
    let wanted: Vec<_> = (1..=5000).map(|number| format!("row {number}")).collect();
    assert!(rows == wanted, "{} rows, first wrong: {:?}", rows.len(), rows.iter().zip(&wanted).find(|(a, b)| a != b));
}

#[test]
fn plain_mode_is_readable_and_keeps_the_chat_apart_from_the_rest() {
    let stage = Stage::new();
    let host = stage.host();
    let plain = stage.start("plain").args(&["--plain", "--name", "anna", "--role", "client", &stage.address()]).run();
    host.expect("joined", |event| is(event, "joined") && event["name"] == "anna");
    host.say("hello there");
    let line = plain.prints("the message", |line| line.contains("hello there"));
    assert!(line.contains("capo"), "{line}");
    plain.say("hello yourself");
    host.hears("hello yourself");
    plain.prints("own message", |line| line.contains("hello yourself") && line.contains("anna"));
    plain.say("/quit");
    assert_eq!(plain.exits(), 0);
    let start = plain.stderr().join("\n");
    assert!(start.contains(&stage.port_text()) && start.contains("/quit"), "where one is, and how to leave: {start}");
    assert!(!plain.stdout().iter().any(|line| line.contains('\u{1b}')), "no colour: it is no terminal");
}
