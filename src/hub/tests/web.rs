//! What browsers get: the page, a WebSocket, and over it what native members get.

use std::time::Duration;

use serde_json::{Value, json};

use super::world::{World, address, hello, moment, open};
use crate::connection_log::Event as Happened;
use crate::hub::streams::Streams;
use crate::limits::{HEARTBEAT, LINGER, REQUEST_WAIT, SILENCE};
use crate::room::id::RoomId;
use crate::sighting::Elsewhere;
use crate::wire::http::page::PAGE;
use crate::wire::websocket::tests::masked;

const UPGRADE: &str = "GET /ws HTTP/1.1\r\nHost: 10.0.0.7:8808\r\nOrigin: http://10.0.0.7:8808\r\nConnection: Upgrade\r\n\
    Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

fn world() -> World {
    World::new(open(100), 0)
}

fn read(world: &mut World, pipe: usize) -> Vec<u8> {
    loop {
        world.drain(pipe, usize::MAX);
        world.turn();
        if world.wires.pipes[pipe].waiting.is_empty() {
            return std::mem::take(&mut world.wires.pipes[pipe].read);
        }
    }
}

/// The frames that have come: their kinds and payloads.
fn frames(mut bytes: &[u8]) -> Vec<(u8, Vec<u8>)> {
    let mut frames = Vec::new();
    while let [kind, length, rest @ ..] = bytes {
        let (length, rest) = match length {
            126 => (u16::from_be_bytes([rest[0], rest[1]]) as usize, &rest[2..]),
            127 => (u64::from_be_bytes(rest[..8].try_into().unwrap()) as usize, &rest[8..]),
            short => (usize::from(*short), rest),
        };
        frames.push((*kind, rest[..length].to_vec()));
        bytes = &rest[length..];
    }
    frames
}

/// The objects that have come, and the kinds of other frames.
fn objects(world: &mut World, pipe: usize) -> Vec<Value> {
    let frames = frames(&read(world, pipe));
    let object = |(kind, payload): (u8, Vec<u8>)| match kind {
        0x81 => serde_json::from_slice(&payload).unwrap(),
        _ => json!({"type": kind, "payload": payload}),
    };
    frames.into_iter().map(object).collect()
}

fn kinds(objects: &[Value]) -> Vec<String> {
    objects.iter().map(|object| object["type"].to_string().replace('"', "")).collect()
}

fn send(world: &mut World, pipe: usize, kind: u8, payload: impl AsRef<[u8]>) {
    if let Some(key) = world.key(pipe) {
        world.hub.receive(key, &masked(kind, payload.as_ref()), moment(world.now));
    }
    world.turn();
}

fn browser(world: &mut World, called: &str) -> usize {
    let pipe = world.connect(1 << 20);
    world.send(pipe, UPGRADE);
    let head = String::from_utf8(read(world, pipe)).unwrap();
    assert!(head.starts_with("HTTP/1.1 101 ") && head.ends_with("\r\n\r\n"), "{head}");
    send(world, pipe, 0x81, hello(called).trim());
    world.wait(Duration::from_millis(50));
    pipe
}

fn log(world: &World, pipe: usize) -> Vec<String> {
    let of = world.records.iter().filter(|record| record.address == address(pipe));
    of.map(|record| match &record.event {
        Happened::Left { reason, .. } | Happened::Ended { reason } | Happened::Refused { reason } => reason.to_string(),
        Happened::Joined { via, .. } => format!("joined {via}"),
        _ => record.event.word().to_owned(),
    })
    .collect()
}

#[test]
fn a_browser_reads_what_native_members_read_one_object_a_message() {
    let mut world = world();
    let native = world.join("ella");
    let web = browser(&mut world, "lorde");
    let welcome = &objects(&mut world, web)[0];
    assert_eq!((&welcome["type"], &welcome["name"], &welcome["you"]), (&json!("welcome"), &json!("lorde"), &json!(3)));
    assert_eq!(welcome["members"].as_array().unwrap().len(), 3);
    world.lines(native);
    send(&mut world, web, 0x81, r#"{"type":"say","text":"ciao","n":1}"#);
    world.send(
        native,
        "{\"type\":\"say\",\"text\":\"two\\nlines\"}\n{\"type\":\"tell\",\"to\":\"lorde\",\"text\":\"psst\"}\n",
    );
    let read = objects(&mut world, web);
    assert_eq!(kinds(&read), ["said", "said", "told"]);
    assert_eq!(world.lines(native), [&read[..2], &read[2..]].concat(), "the same objects");
    send(&mut world, web, 0x81, r#"{"type":"who"}"#);
    assert_eq!(objects(&mut world, web)[0]["members"].as_array().unwrap().len(), 3);
    send(&mut world, web, 0x89, "?");
    assert_eq!(objects(&mut world, web), [json!({"type": 138, "payload": [63]})]);
    world.wait(HEARTBEAT);
    assert_eq!(kinds(&objects(&mut world, web)), ["ping"]);
    send(&mut world, web, 0x81, r#"{"type":"bye"}"#);
    assert_eq!(kinds(&objects(&mut world, web)), ["left", "closed", "136"]);
    world.hang_up(web, false);
    assert_eq!(log(&world, web), ["accepted", "joined web", "quit"]);
}

#[test]
fn who_closes_its_window_has_left_and_who_breaks_off_is_lost() {
    let mut world = world();
    let (closes, breaks) = (browser(&mut world, "closes"), browser(&mut world, "breaks"));
    objects(&mut world, closes);
    send(&mut world, closes, 0x88, [3, 232]);
    assert_eq!(objects(&mut world, closes), [json!({"type": 136, "payload": [3, 232]})], "and nothing after it");
    world.hang_up(breaks, false);
    assert_eq!(log(&world, closes), ["accepted", "joined web", "quit"]);
    assert_eq!(log(&world, breaks), ["accepted", "joined web", "lost"]);
    assert_eq!(world.hub.room().replica().members().len(), 1);
    let silent = browser(&mut world, "silent");
    world.wait(SILENCE + LINGER);
    let said = objects(&mut world, silent);
    assert_eq!(kinds(&said[said.len() - 3..]), ["refused", "left", "136"]);
    assert_eq!(log(&world, silent), ["accepted", "joined web", "timeout"]);
}

#[test]
fn the_page_is_served_again_and_again_and_slow_requests_end() {
    let mut world = world();
    let pipe = world.connect(1 << 20);
    for _ in 0..3 {
        world.send(pipe, "HEAD / HTTP/1.1\r\nHost: localhost\r\n\r\nGET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
        let text = String::from_utf8(read(&mut world, pipe)).unwrap();
        assert!(text.starts_with("HTTP/1.1 405 ") && text.contains("\r\n\r\nHTTP/1.1 200 OK\r\n"), "{text}");
        assert_eq!(text.matches(PAGE).count(), 1);
    }
    world.wait(REQUEST_WAIT + LINGER);
    assert_eq!(log(&world, pipe), ["accepted", "page"]);
    let slow = world.connect(1 << 20);
    for byte in ["G", "E", "T", " ", "/", " "] {
        world.send(slow, byte);
        world.wait(Duration::from_secs(1));
    }
    world.wait(LINGER);
    assert_eq!((log(&world, slow), read(&mut world, slow)), (vec!["accepted".into(), "no-hello".into()], Vec::new()));
    let once = world.connect(1 << 20);
    world.send(once, "GET / HTTP/1.0\r\n\r\n");
    assert!(world.wires.pipes[once].finished);
    assert_eq!(log(&world, once), ["accepted", "page"]);
    let (foreign, odd) = (world.connect(1 << 20), world.connect(1 << 20));
    world.send(foreign, &UPGRADE.replace("http://10", "http://evil.10"));
    world.send(odd, "GET / HTTP/1.1\r\nno field\r\n\r\n");
    assert!(
        read(&mut world, foreign).starts_with(b"HTTP/1.1 403 ") && read(&mut world, odd).starts_with(b"HTTP/1.1 400 ")
    );
    assert_eq!(
        (log(&world, foreign)[1..].join(" "), log(&world, odd)[1..].join(" ")),
        ("origin refused".into(), "bad-request refused".into())
    );
}

#[test]
fn browsers_know_where_the_room_would_go_on() {
    let mut world = world();
    let early = browser(&mut world, "early");
    assert_eq!(kinds(&objects(&mut world, early)), ["welcome"]);
    let next = world.connect(1 << 20);
    world.send(next, "{\"type\":\"hello\",\"v\":1,\"name\":\"next\",\"port\":9000,\"at\":[\"192.168.1.9\"]}\n");
    world.wait(Duration::from_millis(50));
    let ahead = json!({"type": "moved", "to": ["10.0.0.1:9000", "192.168.1.9:9000"], "ahead": true});
    let told = objects(&mut world, early);
    assert_eq!((kinds(&told), &told[1]), (vec!["joined".into(), "moved".into()], &ahead));
    let late = browser(&mut world, "late");
    assert_eq!(objects(&mut world, late)[1], ahead);
    assert!(!kinds(&world.lines(next)).contains(&"moved".into()), "to who is no browser it would mean the end");
    world.send(next, "{\"type\":\"bye\"}\n");
    assert_eq!(objects(&mut world, late).pop().unwrap(), json!({"type": "moved", "to": [], "ahead": true}));
    let to = Elsewhere { room: RoomId(0x5f0c), at: vec!["192.168.1.7:8808".parse().unwrap()] };
    world.hub.move_to(&to, moment(world.now));
    world.turn();
    let end = objects(&mut world, late);
    assert_eq!(end[0], json!({"type": "moved", "to": ["192.168.1.7:8808"], "room": "0000000000005f0c"}));
    assert_eq!(kinds(&end), ["moved", "136"]);
}

#[test]
fn a_browser_never_hosts() {
    let mut world = world();
    let pipe = world.connect(1 << 20);
    world.send(pipe, UPGRADE);
    let key = super::world::secret(3);
    let hello = format!(r#"{{"type":"hello","v":1,"name":"lorde","key":"{key}","port":9000,"at":["192.168.1.9"]}}"#);
    send(&mut world, pipe, 0x81, &hello);
    world.wait(Duration::from_millis(50));
    let member = world.hub.room().replica().members().last().unwrap();
    assert!(member.returns && member.at.is_empty() && world.hub.room().successor().is_none());
}

#[test]
fn p23_what_is_no_message_ends_its_own_connection_and_says_why() {
    let mut world = world();
    let good = browser(&mut world, "good");
    let cases: [(u8, &[u8], &str, u16); 5] = [
        (0x81, &[b'x'; 65_537], "too-long", 1009),
        (0x81, b"\xff", "invalid-utf8", 1007),
        (0x82, b"{}", "not-json", 1003),
        (0x83, b"", "protocol", 1002),
        (0x81, b"no object", "not-json", 1000),
    ];
    for (kind, payload, word, code) in cases {
        let bad = browser(&mut world, "bad");
        objects(&mut world, bad);
        let key = world.key(bad).unwrap();
        world.hub.receive(key, &masked(kind, payload), moment(world.now));
        world.turn();
        let told = objects(&mut world, bad);
        assert_eq!(
            (&told[0]["code"], kinds(&told)),
            (&json!(word), vec!["refused".into(), "left".into(), "136".into()])
        );
        assert_eq!(told[2]["payload"], json!(code.to_be_bytes()));
        assert_eq!(log(&world, bad).last().unwrap(), "error");
    }
    send(&mut world, good, 0x81, r#"{"type":"say","text":"still here"}"#);
    assert_eq!(objects(&mut world, good).last().unwrap()["text"], "still here");
}

/// A browser that reads only so much at a time, in a room that says more than a stream holds.
fn falls_behind(capacity: usize) -> Vec<(u8, Vec<u8>)> {
    let mut world = world();
    world.hub.streams = Streams::of(1 << 15);
    let other = world.join("other");
    let web = browser(&mut world, "lorde");
    read(&mut world, web);
    world.wires.pipes[web].capacity = capacity;
    for i in 0..200 {
        let text = "x".repeat(i * 37 % 700 + 1);
        world.send(other, &format!("{{\"type\":\"say\",\"text\":\"{text}\"}}\n"));
        world.lines(other);
    }
    assert_eq!(log(&world, web), ["accepted", "joined web", "slow"]);
    frames(&read(&mut world, web))
}

#[test]
fn p20_a_browser_that_falls_off_the_stream_is_told_wherever_in_a_frame_it_is() {
    for capacity in 900..1100 {
        let read = falls_behind(capacity);
        let last = read.len() - 2;
        let whole = read[..last].iter().all(|(_, payload)| serde_json::from_slice::<Value>(payload).is_ok());
        assert!(whole, "{capacity}");
        let refused: Value = serde_json::from_slice(&read[last].1).unwrap();
        assert_eq!((&refused["type"], &refused["code"]), (&json!("refused"), &json!("slow")), "{capacity}");
        assert_eq!(read[last + 1], (0x88, b"\x03\xf5slow".to_vec()), "{capacity}");
    }
}
