//! The connections log: what a host writes down, and `hybrid-chat log`, which reads it.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;

use crate::support::{Chat, Logbook, Raw, Signal, Stage, eventually, heavy, is};

/// Closes the host's room and reads what it wrote.
fn close(stage: &Stage, host: &Chat) -> Logbook {
    host.signal(Signal::INT);
    assert_eq!(host.exits(), 0);
    stage.log("capo")
}

/// Starts a host that writes its log to this path.
fn host_with_log(stage: &Stage, log: &str) -> Chat {
    let port = stage.port_text();
    let args = ["--json", "--no-discovery", "--name", "capo", "--role", "host", "--port", &port, "--log", log];
    stage.start("host").no_log().args(&args).run()
}

/// Runs `hybrid-chat log` with these arguments to its end.
fn read(stage: &Stage, args: &[&str]) -> Chat {
    let chat = stage.start("reader").no_log().args(&["log"]).args(args).run();
    chat.end_input();
    chat.exits();
    chat
}

#[test]
fn every_connection_is_accepted_once_and_ends_once() {
    let stage = Stage::new();
    let host = stage.host();
    let mut addresses = Vec::new();

    let mut quitter = Raw::member(stage.port(), "quitter");
    addresses.push((quitter.address(), vec!["accepted", "joined", "left"]));
    quitter.bytes(b"{\"type\":\"bye\"}\n");
    quitter.ends();

    let lost = Raw::member(stage.port(), "lost");
    addresses.push((lost.address(), vec!["accepted", "joined", "left"]));
    lost.reset();

    let silent = Raw::connect(stage.port());
    addresses.push((silent.address(), vec!["accepted", "ended"]));
    drop(silent);

    let mut confused = Raw::connect(stage.port());
    addresses.push((confused.address(), vec!["accepted", "ended"]));
    confused.bytes(b"{\"type\":\"hello\",\"v\":1}\n{no json\n");
    confused.ends();

    let mut faulty = Raw::member(stage.port(), "faulty");
    addresses.push((faulty.address(), vec!["accepted", "joined", "left"]));
    faulty.bytes(b"{no json\n");
    faulty.ends();

    // Those who are still there when the room closes: one in the room, one that has not said who it is.
    let stays = Raw::member(stage.port(), "stays");
    addresses.push((stays.address(), vec!["accepted", "joined", "left"]));
    let undecided = Raw::connect(stage.port());
    addresses.push((undecided.address(), vec!["accepted", "ended"]));
    for name in ["quitter", "lost", "faulty"] {
        host.expect("left", |event| is(event, "left") && event["name"] == name);
    }
    // Connections are accepted in order: when this one is in, the one before it has been accepted.
    let after = Raw::member(stage.port(), "after");
    addresses.push((after.address(), vec!["accepted", "joined", "left"]));

    let log = close(&stage, &host);
    log.assert_balanced();
    for (address, story) in &addresses {
        assert_eq!(log.story(address), *story, "{address} in\n{}", log.text);
    }
    assert_eq!(log.of("accepted").len(), addresses.len(), "{}", log.text);
    for (number, reason) in [(0, "quit"), (1, "lost"), (4, "error")] {
        assert_eq!(log.value(&addresses[number].0, "left", "reason"), reason);
    }
    assert_eq!(log.value(&addresses[2].0, "ended", "reason"), "no-hello");
    assert_eq!(log.value(&addresses[0].0, "joined", "name"), "quitter");
    assert_eq!(log.value(&addresses[0].0, "joined", "via"), "native");
    let after = log.value(&addresses[0].0, "left", "after");
    assert!(after.strip_suffix('s').is_some_and(|seconds| seconds.parse::<u64>().is_ok()), "{after}");
}

#[test]
fn a_log_begins_with_opened_and_ends_with_closed() {
    let stage = Stage::new();
    for runs in 1..=2 {
        let host = stage.host();
        stage.join("anna");
        let log = close(&stage, &host);
        log.assert_balanced();
        assert_eq!(log.of("opened").len(), runs, "appended, not overwritten:\n{}", log.text);
        let (first, last) = (&log.entries[0], log.entries.last().unwrap());
        assert_eq!((first.event.as_str(), last.event.as_str()), ("opened", "closed"));
        assert!(first.address.ends_with(&format!(":{}", stage.port())) && first.address == last.address);
        assert_eq!(last.values["reason"], "host-shutdown");
    }
    let mode = fs::metadata(stage.path("capo.log")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "who was there is nobody else's business");
}

#[test]
fn who_is_turned_away_is_written_down() {
    let stage = Stage::new();
    let host = stage.host_with(&["--max-members", "2"]);
    let _anna = Raw::member(stage.port(), "anna");
    let mut bert = Raw::connect(stage.port());
    bert.hello("bert");
    assert_eq!(bert.refused(), "room-full");
    bert.ends();
    let log = close(&stage, &host);
    log.assert_balanced();
    let refused = log.of("refused");
    assert_eq!(refused.len(), 1, "{}", log.text);
    assert_eq!((&refused[0].address, refused[0].values["reason"].as_str()), (&bert.address(), "room-full"));
    assert_eq!(log.value(&bert.address(), "ended", "reason"), "refused");
}

#[test]
fn p29_no_name_forges_a_line() {
    let stage = Stage::new();
    let host = stage.host();
    let forged = "2026-11-20T21:51:03.123+01:00 accepted 192.168.1.7:1";
    let nasty = [
        format!("x\n{forged}"),
        format!("x\r{forged}"),
        "x\u{2028}y".to_owned(),
        "x\u{85}y".to_owned(),
        "a\u{1b}[2Jb".to_owned(),
        "=\"\\ \"=".to_owned(),
        "name=root".to_owned(),
        "\"quoted\"".to_owned(),
        "back\\slash\\".to_owned(),
        "\u{202e}live\u{202c}".to_owned(),
        "日本 語".to_owned(),
        "a b=c".to_owned(),
    ];
    let mut joined = Vec::new();
    for name in &nasty {
        let mut raw = Raw::connect(stage.port());
        raw.hello(name);
        let answer = raw.next().unwrap();
        match answer["type"].as_str() {
            Some("welcome") => joined.push((raw.address(), answer["name"].as_str().unwrap().to_owned())),
            _ => assert_eq!(answer["code"], "bad-name", "{name:?}: {answer}"),
        }
    }
    assert!(joined.len() >= 4, "some of them are names, and have to be quoted: {joined:?}");
    let log = close(&stage, &host);
    log.assert_balanced();
    assert_eq!(log.of("accepted").len(), nasty.len(), "{}", log.text);
    for (address, name) in joined {
        assert_eq!(log.value(&address, "joined", "name"), name);
    }
}

#[test]
fn p28_no_name_becomes_a_file() {
    let stage = Stage::new();
    let host = stage.host();
    let files = || {
        let names = fs::read_dir(stage.path("")).unwrap().map(|entry| entry.unwrap().file_name());
        names.collect::<std::collections::BTreeSet<_>>()
    };
    let before = files();
    for name in
        ["../../x", "..", "NUL", "a:b", "C:\\x", "~root", "x.log", "-rf", "$(id)", "`id`", "%s%n", "connections.log"]
    {
        let mut raw = Raw::member(stage.port(), name);
        raw.say(name);
        raw.hears(name);
    }
    host.signal(Signal::INT);
    assert_eq!(host.exits(), 0);
    assert_eq!(files(), before);
}

#[test]
fn a_log_that_cannot_be_opened_keeps_the_host_from_starting() {
    let stage = Stage::new();
    let folder = stage.path("");
    for log in ["no/such/folder/x.log", folder.to_str().unwrap()] {
        let host = host_with_log(&stage, log);
        assert_eq!(host.exits(), 1, "{log}");
        assert_eq!(host.last_event()["code"], "log");
        assert!(!host.events().iter().any(|event| is(event, "role")));
        let stderr = host.stderr();
        assert!(stderr[0].starts_with("hybrid-chat: ") && stderr[0].contains(log), "{stderr:?}");
        assert!(stderr[1].contains("--log"), "what helps: {stderr:?}");
    }
}

#[test]
fn a_full_disk_stops_no_room() {
    let stage = Stage::new();
    let host = host_with_log(&stage, "/dev/full");
    host.expect("role", |event| is(event, "role"));
    host.expect("a notice", |event| is(event, "notice"));
    let anna = stage.join("anna");
    let bert = stage.join("bert");
    anna.say("the room goes on");
    bert.hears("the room goes on");
    host.hears("the room goes on");
    let notices = host.events().iter().filter(|event| is(event, "notice")).count();
    assert_eq!(notices, 1, "told once");
}

#[test]
fn a_log_that_is_renamed_is_begun_anew() {
    let stage = Stage::new();
    let host = stage.host();
    let _anna = stage.join("anna");
    let (current, old) = (stage.path("capo.log"), stage.path("capo.log.1"));
    fs::rename(&current, &old).unwrap();
    let mut visits = 1;
    eventually("a new log", || {
        visits += 1;
        Raw::member(stage.port(), "visitor").bytes(b"{\"type\":\"bye\"}\n");
        current.exists().then_some(())
    });
    stage.join("late");
    host.signal(Signal::INT);
    assert_eq!(host.exits(), 0);
    // No line is lost, and none is in both.
    let (before, after) = (fs::read_to_string(&old).unwrap(), fs::read_to_string(&current).unwrap());
    let whole = stage.path("whole.log");
    fs::write(&whole, before.clone() + &after).unwrap();
    let log = Logbook::read(&whole);
    log.assert_balanced();
    assert_eq!(log.of("accepted").len(), visits + 1);
    assert!(before.contains("name=anna") && after.contains("name=late"), "{before}---\n{after}");
}

#[test]
fn many_connections_at_once_are_all_written_down() {
    let _turn = heavy();
    let stage = Stage::new();
    let host = stage.host();
    let crowd: Vec<Raw> = (0..300).map(|_| Raw::connect(stage.port())).collect();
    let addresses: Vec<_> = crowd.iter().map(Raw::address).collect();
    let _last = Raw::member(stage.port(), "last");
    drop(crowd);
    let log = close(&stage, &host);
    log.assert_balanced();
    assert_eq!(log.of("accepted").len(), 301);
    assert!(addresses.iter().all(|address| log.story(address) == ["accepted", "ended"]));
}

/// A log as a host may have written it, with two lines in it that are none.
const SAMPLE: &str = "\
2026-11-20T21:51:03.123+01:00 opened   [::]:8808
2026-11-20T21:51:07.480+01:00 accepted 192.168.1.7:50432
2026-11-20T21:51:07.493+01:00 joined   192.168.1.7:50432 name=lorde via=native
2026-11-20T21:52:07.480+01:00 accepted [fd00::9]:50001
2026-11-20T21:52:07.493+01:00 joined   [fd00::9]:50001 name=\"a=\\\"b\" via=native
2026-11-20T21:58:39.001+01:00 left     192.168.1.7:50432 name=lorde reason=quit after=452s
";

#[test]
fn the_log_command_says_who_was_there() {
    let stage = Stage::new();
    let file = stage.path("sample.log");
    fs::write(&file, SAMPLE).unwrap();
    let chat = read(&stage, &[file.to_str().unwrap()]);
    assert_eq!(chat.exits(), 0, "{:?}", chat.stderr());
    let text = chat.stdout().join("\n");
    for word in ["lorde", "192.168.1.7", "a=", "fd00::9"] {
        assert!(text.contains(word), "no {word} in\n{text}");
    }
}

#[test]
fn the_log_command_prints_objects() {
    let stage = Stage::new();
    let file = stage.path("sample.log");
    fs::write(&file, SAMPLE).unwrap();
    let chat = read(&stage, &["--json", file.to_str().unwrap()]);
    assert_eq!(chat.exits(), 0);
    let objects = chat.events();
    assert_eq!((objects.len(), chat.stdout().len()), (6, 6));
    assert_eq!(objects[2]["event"], "joined");
    assert_eq!(objects[2]["address"], "192.168.1.7:50432");
    assert_eq!(objects[2]["at"], "2026-11-20T21:51:07.493+01:00");
    assert_eq!(objects[4]["name"], "a=\"b");
    assert_eq!((&objects[5]["reason"], &objects[5]["name"]), (&"quit".into(), &"lorde".into()));
    let part = read(&stage, &["--json", "--since", "2026-11-20T21:52:00+01:00", file.to_str().unwrap()]);
    assert_eq!(part.events().len(), 3);
    let part = read(&stage, &["--json", "--until", "2026-11-20T20:52:00+00:00", file.to_str().unwrap()]);
    assert_eq!(part.events().len(), 3);
    let part = read(&stage, &["--json", "--until", "2h", "--since", "30000d", file.to_str().unwrap()]);
    assert_eq!(part.exits(), 0, "{:?}", part.stderr());
}

#[test]
fn a_line_that_cannot_be_read_is_reported_with_its_number() {
    let stage = Stage::new();
    let file = stage.path("sample.log");
    let mut lines: Vec<&str> = SAMPLE.lines().collect();
    lines.insert(3, "garbage \u{1b}[31m");
    fs::write(&file, lines.join("\n") + "\n").unwrap();
    let chat = read(&stage, &["--json", file.to_str().unwrap()]);
    assert_eq!(chat.exits(), 1);
    assert_eq!(chat.events().len(), 6, "the others are printed");
    let report = chat.stderr().join("\n");
    assert!(report.contains('4') && !report.contains('\u{1b}'), "{report:?}");
    let missing = read(&stage, &[stage.path("none.log").to_str().unwrap()]);
    assert_eq!(missing.exits(), 1);
    assert!(missing.stderr()[0].starts_with("hybrid-chat: "));
}

#[test]
fn the_log_command_reads_what_a_host_wrote_and_follows_it() {
    let stage = Stage::new();
    let host = stage.host();
    let path = stage.path("capo.log");
    let follow = stage.start("follow").no_log().args(&["log", "--json", "--follow", path.to_str().unwrap()]).run();
    follow.expect("opened", |event| is(event, "opened"));
    stage.join("anna");
    follow.expect("joined", |event| is(event, "joined") && event["name"] == "anna");
    let log = close(&stage, &host);
    follow.expect("closed", |event| is(event, "closed"));
    // A line that is written in two halves is one line.
    let mut file = fs::OpenOptions::new().append(true).open(&path).unwrap();
    file.write_all(b"2026-11-20T21:51:03.123+01:00 opened   [").unwrap();
    file.write_all(b"::]:7\n").unwrap();
    follow.expect("the last line", |event| event["address"] == "[::]:7");
    assert_eq!(follow.events().len(), log.entries.len() + 1);
    follow.signal(Signal::INT);
    assert_eq!(follow.exits(), 0);
}
