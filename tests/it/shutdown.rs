//! Leaving and closing: who is told, with what status, and how soon.

use std::os::fd::OwnedFd;
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::{Chat, Impostor, PATIENCE, Raw, Signal, Stage, heavy, is};

/// How soon every member is out after a signal: what is promised, and what a busy machine needs to be fair.
const BOUND: Duration = Duration::from_secs(3);

/// A signal on the host closes the room for all.
fn closes_for_all(signal: Signal) {
    let _turn = heavy();
    let stage = Stage::new();
    let host = stage.host();
    let clients: Vec<Chat> = (1..=8).map(|number| stage.join(&format!("client{number}"))).collect();
    let mut raw = Raw::member(stage.port(), "raw");
    host.sees_members(10);
    clients[0].say("last words");
    host.hears("last words");
    let started = Instant::now();
    host.signal(signal);
    for chat in clients.iter().chain([&host]) {
        assert_eq!(chat.exits(), 0);
        assert_eq!(chat.last_event()["reason"], "host-shutdown");
        assert!(is(&chat.last_event(), "closed"));
    }
    let took = started.elapsed();
    assert!(took < BOUND, "{took:?}");
    raw.ends();
    for client in &clients {
        assert_eq!(client.hears("last words")["from"], "client1");
        let after = client.events().iter().filter(|event| is(event, "role")).count();
        assert_eq!(after, 1, "nobody took over a room that was closed");
    }
    let log = stage.log("capo");
    log.assert_balanced();
    assert_eq!(log.of("joined").len(), 9);
    let last = log.entries.last().unwrap();
    assert_eq!((last.event.as_str(), last.values["reason"].as_str()), ("closed", "host-shutdown"));
}

#[test]
fn ctrl_c_on_the_host_closes_the_room() {
    closes_for_all(Signal::INT);
}

#[test]
fn sigterm_on_the_host_closes_the_room() {
    closes_for_all(Signal::TERM);
}

#[test]
fn sighup_on_the_host_closes_the_room() {
    closes_for_all(Signal::HUP);
}

#[test]
fn p26_ctrl_c_during_fifty_joins_is_in_order() {
    let _turn = heavy();
    let stage = Stage::new();
    let host = stage.host();
    let first = stage.join("first");
    let crowd: Vec<Raw> = (0..50)
        .map(|number| {
            let mut raw = Raw::connect(stage.port());
            raw.hello(&format!("joiner{number}"));
            raw
        })
        .collect();
    // Some of them are in, the others are not yet.
    host.expect("some joins", |event| is(event, "joined") && event["name"] != "first");
    host.signal(Signal::INT);
    assert_eq!(host.exits(), 0);
    assert_eq!(first.exits(), 0);
    assert_eq!(first.last_event()["reason"], "host-shutdown");
    crowd.into_iter().for_each(|mut raw| raw.ends());
    assert!(!host.stderr().iter().any(|line| line.contains("panicked")), "{:?}", host.stderr());
    let log = stage.log("capo");
    log.assert_balanced();
    assert_eq!(log.entries.last().unwrap().event, "closed");
}

#[test]
fn p26_ctrl_c_during_renames_and_departures_is_in_order() {
    let _turn = heavy();
    let stage = Stage::new();
    let host = stage.host();
    let watcher = stage.join("watcher");
    let mut crowd: Vec<Raw> = (0..30).map(|number| Raw::member(stage.port(), &format!("member{number}"))).collect();
    host.sees_members(32);
    // All want the same few names, and every third one goes in the middle of it.
    for round in 0..10 {
        for (number, raw) in crowd.iter_mut().enumerate() {
            raw.send(&json!({"type": "nick", "name": format!("name{}", (number + round) % 7)}));
            raw.say("still me");
            if round == 5 && number % 3 == 0 {
                raw.send(&json!({"type": "bye"}));
            }
        }
        if round == 6 {
            host.signal(Signal::INT);
            break;
        }
    }
    assert_eq!(host.exits(), 0);
    assert_eq!(watcher.exits(), 0);
    assert_eq!(watcher.last_event()["reason"], "host-shutdown");
    for raw in &mut crowd {
        raw.ends();
        let last = raw.heard().last().unwrap();
        assert!(last.contains(r#""type":"closed""#), "the notice reaches all: {last}");
    }
    assert!(!host.stderr().iter().any(|line| line.contains("panicked")), "{:?}", host.stderr());
    // A careful script can follow who is who to the end.
    watcher.members();
    stage.log("capo").assert_balanced();
}

#[test]
fn p26_ctrl_c_before_anything_has_begun_is_in_order() {
    let stage = Stage::new();
    for _ in 0..5 {
        let host = stage.start("capo").json("capo").args(&["--port", &stage.port_text()]).run();
        // As soon as it shows a sign of life: within its start, wherever that is.
        host.expect("an event", |_| true);
        host.signal(Signal::INT);
        assert_eq!(host.exits(), 0);
        assert_eq!(host.last_event()["event"], "closed");
    }
}

#[test]
fn ctrl_c_while_connecting_is_in_order() {
    let stage = Stage::new();
    let (accepted, reached) = std::sync::mpsc::channel();
    let _tarpit = Impostor::start(stage.port(), move |mut stream| {
        accepted.send(()).unwrap();
        std::io::copy(&mut stream, &mut std::io::sink()).ok();
    });
    let client = stage.start("client").json("client").args(&["--role", "client", &stage.address()]).run();
    reached.recv_timeout(PATIENCE).unwrap();
    client.signal(Signal::INT);
    assert_eq!(client.exits(), 0);
    assert_eq!(client.last_event()["reason"], "left");
}

#[test]
fn a_second_ctrl_c_ends_at_once() {
    let stage = Stage::new();
    let host = stage.host();
    // A member that answers nothing, so that the first Ctrl-C has something to wait for.
    let stuck = stage.join("stuck");
    stuck.signal(Signal::STOP);
    host.signal(Signal::INT);
    let started = Instant::now();
    // Both signals may be delivered as one; a person presses until it ends.
    while host.runs() && started.elapsed() < BOUND {
        host.signal(Signal::INT);
        std::thread::yield_now();
    }
    host.exits_within(BOUND);
    assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
}

#[test]
fn a_stopped_member_keeps_no_room_open() {
    let stage = Stage::new();
    let host = stage.host();
    let stuck = stage.join("stuck");
    stuck.signal(Signal::STOP);
    for number in 0..400 {
        host.say(&format!("{number} {}", "x".repeat(16_000)));
    }
    host.hears(&format!("399 {}", "x".repeat(16_000)));
    host.signal(Signal::TERM);
    assert_eq!(host.exits_within(BOUND * 2), 0);
    stage.log("capo").assert_balanced();
}

#[test]
fn a_client_that_leaves_is_seen_to_quit() {
    let stage = Stage::new();
    let host = stage.host();
    let watcher = stage.join("watcher");
    for signal in [Some(Signal::INT), Some(Signal::TERM), Some(Signal::HUP), None] {
        let client = stage.join("client");
        watcher.mark();
        host.mark();
        match signal {
            Some(signal) => client.signal(signal),
            None => client.say("/quit"),
        }
        assert_eq!(client.exits(), 0, "{signal:?}");
        assert_eq!(client.last_event()["reason"], "left");
        for chat in [&host, &watcher] {
            let left = chat.expect("left", |event| is(event, "left"));
            assert_eq!((&left["name"], &left["reason"]), (&json!("client"), &json!("quit")));
        }
    }
}

#[test]
fn quit_on_the_host_hands_the_room_over_to_the_eldest() {
    let stage = Stage::new();
    let host = stage.peer("capo");
    let eldest = stage.peer("eldest");
    let younger: Vec<Chat> = (1..=3).map(|number| stage.peer(&format!("younger{number}"))).collect();
    eldest.say("before");
    younger.iter().for_each(|chat| drop(chat.hears("before")));
    let term = younger[0].expect("role", |event| is(event, "role"))["term"].as_u64();
    [&eldest].into_iter().chain(&younger).for_each(Chat::mark);
    host.say("/quit");
    assert_eq!(host.exits(), 0);
    assert_eq!(host.last_event()["reason"], "left");
    eldest.expect("role host", |event| is(event, "role") && event["role"] == "host");
    for chat in &younger {
        let role = chat.expect("new host", |event| is(event, "role") && event["host"] == "eldest");
        assert_eq!(role["role"], "client");
        assert!(role["term"].as_u64() > term);
        let left = chat.expect("left", |event| is(event, "left"));
        assert_eq!((&left["name"], &left["reason"]), (&json!("capo"), &json!("quit")));
    }
    younger[2].say("after");
    for chat in [&eldest].into_iter().chain(&younger) {
        chat.hears("after");
        assert_eq!(chat.sees_members(4).len(), 4);
        let texts: Vec<_> = chat.messages().iter().map(|message| message["text"].clone()).collect();
        assert_eq!(texts, ["before", "after"]);
    }
    let log = stage.log("capo");
    log.assert_balanced();
    assert_eq!(log.entries.last().unwrap().values["reason"], "handed-over");
}

#[test]
fn quit_on_a_host_alone_closes_the_room() {
    let stage = Stage::new();
    let host = stage.host();
    host.say("/quit");
    assert_eq!(host.exits(), 0);
    assert!(is(&host.last_event(), "closed"));
    assert_eq!(stage.log("capo").entries.last().unwrap().event, "closed");
}

#[test]
fn a_host_without_input_goes_on_hosting() {
    let stage = Stage::new();
    let host = stage.host();
    host.say("goodbye, standard input");
    host.end_input();
    host.hears("goodbye, standard input");
    let anna = stage.join("anna");
    let bert = stage.join("bert");
    anna.say("still a room");
    bert.hears("still a room");
    assert!(host.runs());
    host.signal(Signal::TERM);
    assert_eq!(host.exits(), 0);
}

#[test]
fn a_client_without_input_leaves_when_all_is_acknowledged() {
    let stage = Stage::new();
    let host = stage.host();
    let anna = stage.join("anna");
    for number in 1..=50 {
        anna.say(&format!("line {number}"));
    }
    anna.end_input();
    assert_eq!(anna.exits(), 0);
    assert_eq!(anna.last_event()["reason"], "left");
    let own = anna.messages().iter().filter(|message| message["own"] == true).count();
    assert_eq!(own, 50);
    host.hears("line 50");
}

/// The writing end of a pipe that nobody reads.
fn broken_pipe() -> Stdio {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    Stdio::from(OwnedFd::from(writer))
}

#[test]
fn a_broken_pipe_on_stdout_is_a_normal_end() {
    let stage = Stage::new();
    let host = stage.host();
    let client = stage.start("client").json("client").args(&["--role", "client", &stage.address()]);
    let client = client
        .tune(|command| {
            command.stdout(broken_pipe());
        })
        .run();
    assert_eq!(client.exits(), 0, "as with `| head -1`");
    assert!(!client.stderr().iter().any(|line| line.contains("panicked")), "{:?}", client.stderr());
    // Whether it came that far or not, it is not in the room any more.
    let anna = stage.join("anna");
    anna.say("hello");
    host.hears("hello");
    assert!(!host.members().contains("client"), "{:?}", host.members());
}

#[test]
fn a_broken_pipe_on_the_hosts_stdout_closes_the_room() {
    let stage = Stage::new();
    // Whoever reads has gone only when it says so: `head` has printed its last line before that.
    let reader = r#"{ head -n 2; exec <&-; echo '{"event":"gone"}'; }"#;
    let line = format!("\"$CHAT\" --json --no-discovery --name capo --port {} --log capo.log | {reader}", stage.port());
    let host = stage.shell("host", &line).run();
    host.expect("the end of its reader", |event| is(event, "gone"));
    let client = stage.start("client").json("client").args(&["--role", "client", &stage.address()]).run();
    // `joined` is what it can no longer write.
    assert_eq!(client.exits(), 0);
    assert_eq!(client.last_event()["reason"], "host-shutdown");
    host.exits();
}
