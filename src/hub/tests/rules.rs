//! What a hub does to one connection, step by step.

use std::time::Duration;

use serde_json::{Value, json};

use super::world::{World, address, hello, moment, name, open, secret};
use crate::connection_log::Event as Happened;
use crate::limits::{ABSENT, COUNT_END, HEARTBEAT, HELLO_WAIT, LINGER, LINGER_BYTES, SILENCE, SLOW};
use crate::room::Room;
use crate::room::event::{Command, Leave, What};

fn kinds(lines: &[Value]) -> Vec<&str> {
    lines.iter().map(|line| line["type"].as_str().unwrap()).collect()
}

fn world() -> World {
    World::new(open(100), 0)
}

/// What the log says of a connection, in order: the kind and its reason.
pub(super) fn log(world: &World, pipe: usize) -> Vec<&str> {
    let of = world.records.iter().filter(|record| record.address == address(pipe));
    of.map(|record| match &record.event {
        Happened::Refused { reason } | Happened::Left { reason, .. } | Happened::Ended { reason } => reason,
        Happened::Joined { .. } => "joined",
        _ => "accepted",
    })
    .collect()
}

#[test]
fn the_smallest_client_of_the_contract() {
    let mut world = world();
    let pipe = world.connect(1 << 16);
    world.send(pipe, "{\"type\":\"hello\",\"v\":1,\"name\":\"lorde\"}\n");
    let welcome = &world.lines(pipe)[0];
    assert_eq!(welcome["type"], "welcome");
    assert_eq!((&welcome["v"], &welcome["you"], &welcome["name"]), (&json!(1), &json!(2), &json!("lorde")));
    assert_eq!((&welcome["host"], &welcome["term"], &welcome["seq"]), (&json!("capo"), &json!(1), &json!(2)));
    assert_eq!(welcome["room"], "0000000000000007");
    assert_eq!(welcome["members"][0]["name"], "capo");
    assert_eq!(welcome["members"][0]["host"], true);
    assert_eq!(welcome["members"][1], json!({"id": 2, "name": "lorde"}));
    world.send(pipe, "{\"type\":\"say\",\"text\":\"ciao\"}\n");
    let lines = world.lines(pipe);
    let uncounted = lines[0]["n"].as_u64().filter(|n| *n >= COUNT_END);
    let said = json!({"type": "said", "seq": 3, "by": 2, "n": uncounted, "from": "lorde", "text": "ciao",
        "at": "1970-01-01T00:00:00.000+00:00"});
    assert_eq!(lines, [said]);
    world.wait(HEARTBEAT);
    assert_eq!(world.lines(pipe), [json!({"type": "ping"})]);
    world.send(pipe, "{\"type\":\"pong\"}\n{\"type\":\"ping\"}\n");
    assert_eq!(world.lines(pipe), [json!({"type": "pong"})]);
    world.send(pipe, "{\"type\":\"bye\"}\n");
    assert_eq!(kinds(&world.lines(pipe)), ["left", "closed"]);
    world.hang_up(pipe, false);
    assert_eq!(world.hub.connections(), 0);
    assert_eq!(log(&world, pipe), ["accepted", "joined", "quit"]);
}

#[test]
fn a_newcomer_to_a_room_without_a_past_is_welcomed_once_and_for_all() {
    let mut world = world();
    let pipe = world.join("lorde");
    assert_eq!(kinds(&world.lines(pipe)), ["welcome"]);
}

#[test]
fn who_leaves_before_being_let_in_is_not_let_in() {
    let mut world = world();
    let pipe = world.connect(1 << 16);
    world.send(pipe, &(hello("lorde") + "{\"type\":\"bye\"}\n"));
    world.hang_up(pipe, false);
    world.wait(Duration::from_millis(100));
    assert_eq!(world.hub.connections(), 0);
    let joined = log(&world, pipe).contains(&"joined");
    assert_eq!(world.hub.room().replica().members().len(), 1, "nobody but the host is left");
    assert_eq!(log(&world, pipe), if joined { vec!["accepted", "joined", "quit"] } else { vec!["accepted", "quit"] });
}

#[test]
fn what_follows_a_hello_in_one_go_waits_for_the_welcome() {
    let mut world = world();
    let other = world.join("capo2");
    world.lines(other);
    let pipe = world.connect(1 << 16);
    world.send(pipe, &(hello("lorde") + "{\"type\":\"say\",\"text\":\"ciao\"}\n{\"type\":\"bye\"}\n"));
    world.hang_up(pipe, false);
    world.wait(Duration::from_millis(100));
    assert_eq!(kinds(&world.lines(pipe)), ["welcome", "said", "left", "closed"]);
    assert_eq!(kinds(&world.lines(other)), ["joined", "said", "left"]);
    assert_eq!(log(&world, pipe), ["accepted", "joined", "quit"]);
}

#[test]
fn one_peer_on_two_connections_at_once_is_one_member() {
    let mut world = world();
    let line = format!("{{\"type\":\"hello\",\"v\":1,\"name\":\"lorde\",\"key\":\"{}\"}}\n", secret(3));
    // Somebody is let in first, so that the next ones are gathered.
    let first = world.join("first");
    let (one, two) = (world.connect(1 << 16), world.connect(1 << 16));
    for pipe in [one, two] {
        let key = world.key(pipe).unwrap();
        world.hub.receive(key, line.as_bytes(), moment(world.now));
    }
    world.wait(Duration::from_millis(100));
    assert_eq!(world.hub.room().replica().members().len(), 3);
    assert_eq!(kinds(&world.lines(two)), ["welcome"]);
    world.wait(LINGER);
    assert!(world.wires.pipes[one].closed && !world.wires.pipes[two].closed);
    assert_eq!(log(&world, two), ["accepted", "joined"]);
    assert_eq!(log(&world, one).last(), Some(&"lost"));
    world.send(two, "{\"type\":\"say\",\"text\":\"here\"}\n");
    assert_eq!(kinds(&world.lines(first)).last(), Some(&"said"));
    world.send(two, "{\"type\":\"bye\"}\n");
    assert_eq!(world.hub.room().replica().members().len(), 2, "no ghost is left of the first connection");
}

#[test]
fn p24_who_comes_back_takes_over_from_its_own_half_open_connection() {
    let mut world = world();
    let line = format!("{{\"type\":\"hello\",\"v\":1,\"name\":\"lorde\",\"key\":\"{}\"}}\n", secret(3));
    let (other, old) = (world.join("other"), world.connect(1 << 16));
    world.send(old, &line);
    world.wait(Duration::from_secs(1));
    world.lines(other);
    world.wait(Duration::from_secs(5));
    let new = world.connect(1 << 16);
    world.send(new, &line);
    world.wait(Duration::from_millis(100));
    let welcome = &world.lines(new)[0];
    assert_eq!((&welcome["name"], &welcome["you"]), (&json!("lorde"), &json!(3)));
    world.wait(LINGER);
    assert!(world.wires.pipes[old].closed);
    assert_eq!(log(&world, old), ["accepted", "joined", "lost"]);
    let news = world.lines(other);
    assert!(news.iter().all(|line| line["type"] == "ping"), "nobody hears of it: {news:?}");
}

#[test]
fn the_roster_is_no_burden_to_who_asks_for_it_in_a_large_room() {
    let mut world = World::new(open(10_000), 0);
    let pipe = world.connect(8 << 20);
    world.send(pipe, &hello("lorde"));
    for i in 0..9_000 {
        let pipe = world.connect(0);
        let key = world.key(pipe).unwrap();
        world.hub.receive(key, hello(&format!("member-{i}")).as_bytes(), moment(world.now));
    }
    world.wait(Duration::from_millis(100));
    world.lines(pipe);
    world.send(pipe, "{\"type\":\"who\"}\n");
    let lines = world.lines(pipe);
    assert_eq!(kinds(&lines), ["members"]);
    assert_eq!(lines[0]["members"].as_array().unwrap().len(), 9_002);
    // Who asks and does not read costs the host a bounded number of rosters.
    for _ in 0..100 {
        world.send(pipe, "{\"type\":\"who\"}\n");
    }
    let waiting: usize = world.wires.pipes[pipe].waiting.len();
    assert!(waiting <= 8 << 20);
}

#[test]
fn what_an_ended_connection_still_sends_is_not_kept() {
    let mut world = world();
    let pipe = world.join("lorde");
    world.send(pipe, "{\"type\":\"bye\"}\n");
    let more = "half a line".to_owned() + &"{\"type\":\"ping\"}\n".repeat(1000) + "half";
    for _ in 0..LINGER_BYTES / more.len() {
        world.send(pipe, &more);
    }
    let key = world.key(pipe).unwrap();
    assert!(!world.hub.slots[key.0].as_ref().unwrap().session.holds_bytes());
    world.send(pipe, &more);
    assert!(world.key(pipe).is_none(), "and it is not read for ever");
}

#[test]
fn a_closing_room_says_nothing_more_to_who_has_been_told_everything() {
    let mut world = world();
    let (gone, here) = (world.join("gone"), world.join("here"));
    world.send(gone, "{\"type\":\"bye\"}\n");
    world.hub.close("bye all", moment(world.now));
    world.turn();
    assert_eq!(kinds(&world.lines(gone)).last(), Some(&"closed"));
    let end = world.lines(here);
    assert_eq!(end.last().unwrap(), &json!({"type": "closed", "reason": "host-shutdown", "text": "bye all"}));
    world.wait(LINGER);
    assert_eq!(world.hub.connections(), 0);
    let last = world.hub.events().pop_back().unwrap();
    assert!(matches!(last.what, What::Closed { .. }));
}

#[test]
fn nothing_happens_in_a_room_after_its_end() {
    let mut before = world();
    before.join("gone");
    let replica = before.hub.room().replica().clone();
    let room = Room::take_over(
        replica,
        secret(255).peer(),
        &name("capo"),
        Vec::new(),
        Leave::Lost,
        100,
        moment(Duration::ZERO),
    );
    let mut world = World::new(room, 0);
    let here = world.join("here");
    world.wait(ABSENT - LINGER / 2);
    assert_eq!(kinds(&world.lines(here))[0], "welcome");
    world.hub.close("bye all", moment(world.now));
    // While the last words are on their way, the time is up of a member who has not come to this host.
    world.wait(LINGER);
    assert_eq!(kinds(&world.lines(here)), ["closed"]);
    let last = world.hub.events().pop_back().unwrap();
    assert!(matches!(last.what, What::Closed { .. }), "{last:?}");
    assert_eq!((world.hub.connections(), world.hub.deadline()), (0, None));
}

#[test]
fn a_member_that_was_read_slowly_is_timed_out_only_after_its_silence() {
    // One message a second after a burst of ten: a piece of a hundred takes a minute and a half to read.
    let mut world = World::new(open(100), 1);
    let pipe = world.join("lorde");
    world.send(pipe, &"{\"type\":\"say\",\"text\":\"x\"}\n".repeat(100));
    for _ in 0..100 {
        world.wait(Duration::from_secs(1));
        world.drain(pipe, usize::MAX);
    }
    assert_eq!(world.lines(pipe).iter().filter(|line| line["type"] == "said").count(), 100);
    assert_eq!(world.hub.connections(), 1, "it had no way to be heard");
    world.wait(SILENCE + LINGER);
    assert_eq!(log(&world, pipe), ["accepted", "joined", "timeout"]);
    assert_eq!(world.hub.connections(), 0);
}

#[test]
fn the_pause_of_a_connection_ends_with_it() {
    let mut world = World::new(open(100), 1);
    let flood = "{\"type\":\"say\",\"text\":\"x\"}\n".repeat(40);
    let gone = world.join("gone");
    world.send(gone, &flood);
    let key = world.key(gone);
    world.hang_up(gone, true);
    let here = world.join("here");
    assert_eq!(world.key(here), key);
    world.send(here, &flood);
    world.wait(Duration::from_secs(3));
    assert_eq!(world.hub.throttled.len(), 1, "one pause for one connection");
}

#[test]
fn a_member_leaves_under_the_name_that_it_had_last() {
    let mut world = world();
    let pipe = world.join("lorde");
    world.send(pipe, "{\"type\":\"nick\",\"name\":\"ella\"}\n{\"type\":\"bye\"}\n");
    let last = &world.records.last().unwrap().event;
    assert!(matches!(last, Happened::Left { name, .. } if name == "ella"), "{last:?}");
}

#[test]
fn who_says_nothing_is_ended() {
    let mut world = world();
    let (silent, member) = (world.connect(1 << 16), world.join("lorde"));
    world.send(silent, "{");
    world.wait(HELLO_WAIT);
    assert_eq!(world.lines(silent)[0]["code"], "no-hello");
    world.wait(SILENCE - HELLO_WAIT + LINGER);
    assert_eq!(world.lines(member).iter().rev().nth(1).unwrap()["code"], "timeout");
    world.wait(LINGER);
    assert_eq!((log(&world, silent), world.hub.connections()), (vec!["accepted", "no-hello"], 0));
}

#[test]
fn p19_p20_who_reads_nothing_is_dropped_told_and_nobody_waits_for_it() {
    let mut world = world();
    let (slow, other) = (world.connect(700), world.join("other"));
    world.send(slow, &hello("slow"));
    world.wait(Duration::from_millis(100));
    world.lines(slow);
    let text = "x".repeat(400);
    let say = format!("{{\"type\":\"say\",\"text\":\"{text}\"}}\n");
    for _ in 0..5 {
        world.send(other, &say);
    }
    assert_eq!(world.lines(other).iter().filter(|line| line["type"] == "said").count(), 5);
    for _ in 0..SLOW.as_secs() {
        world.wait(Duration::from_secs(1));
        world.send(slow, "{\"type\":\"pong\"}\n");
        world.send(other, "{\"type\":\"pong\"}\n");
    }
    assert_eq!(log(&world, slow), ["accepted", "joined", "slow"]);
    let left = world.lines(other);
    assert!(left.iter().any(|line| line["type"] == "left" && line["reason"] == "slow"), "{left:?}");
    world.drain(slow, usize::MAX);
    world.turn();
    world.drain(slow, usize::MAX);
    let read = String::from_utf8(std::mem::take(&mut world.wires.pipes[slow].read)).unwrap();
    let last: Value = serde_json::from_str(read.lines().last().unwrap()).unwrap();
    assert_eq!((&last["type"], &last["code"]), (&json!("refused"), &json!("slow")));
}

#[test]
fn who_has_been_told_everything_is_not_slow_when_the_room_speaks_on() {
    let mut world = world();
    world.hub.streams = crate::hub::Streams::of(2048);
    let (gone, other) = (world.join("gone"), world.join("other"));
    world.send(gone, "{\"type\":\"bye\"}\n");
    for _ in 0..20 {
        world.send(other, &format!("{{\"type\":\"say\",\"text\":\"{}\"}}\n", "x".repeat(300)));
    }
    assert_eq!(kinds(&world.lines(gone)).last(), Some(&"closed"));
    assert!(!world.wires.pipes[gone].broken);
}

#[test]
fn a_name_may_be_mended_three_times() {
    let mut world = world();
    let pipe = world.connect(1 << 16);
    world.send(pipe, &hello("x"));
    assert_eq!(world.lines(pipe)[0]["code"], "bad-name");
    world.send(pipe, &hello("lorde"));
    assert_eq!(kinds(&world.lines(pipe)), ["welcome"]);
    let pipe = world.connect(1 << 16);
    world.send(pipe, &hello("x").repeat(4));
    assert_eq!(kinds(&world.lines(pipe)), ["refused"; 4]);
    world.hang_up(pipe, false);
    assert_eq!(log(&world, pipe), ["accepted", "bad-name", "refused"]);
}

#[test]
fn lines_that_are_none_end_the_connection_and_unknown_ones_do_not() {
    let mut world = world();
    let pipe = world.join("lorde");
    world.lines(pipe);
    world.send(pipe, "{\"type\":\"dance\"}\n{\"type\":\"say\",\"text\":7,\"n\":3}\n");
    let lines = world.lines(pipe);
    assert_eq!((&lines[0]["code"], &lines[1]["code"]), (&json!("unknown-type"), &json!("bad-field")));
    assert_eq!(lines[1]["n"], 3);
    world.send(pipe, "GET / HTTP/1.1\n");
    assert_eq!(kinds(&world.lines(pipe)), ["refused", "left"]);
    assert_eq!(log(&world, pipe), ["accepted", "joined", "error"]);
    let pipe = world.connect(1 << 16);
    world.send(pipe, &("{".to_owned() + &"x".repeat(70_000)));
    assert_eq!(world.lines(pipe)[0]["code"], "too-long");
    assert_eq!(log(&world, pipe), ["accepted", "bad-hello"]);
}

#[test]
fn the_own_participant_is_told_what_the_others_are() {
    let mut world = world();
    let pipe = world.join("lorde");
    world.hub.command(Command::Say { text: "ciao".into(), action: false }, moment(world.now));
    world.hub.command(Command::Tell { to: "LORDE".into(), text: "psst".into() }, moment(world.now));
    world.hub.command(Command::Kick("nobody".into()), moment(world.now));
    world.turn();
    assert_eq!(kinds(&world.lines(pipe)), ["welcome", "said", "told"]);
    world.send(pipe, "{\"type\":\"tell\",\"to\":\"capo\",\"text\":\"psst\"}\n");
    world.send(pipe, "{\"type\":\"kick\",\"name\":\"capo\"}\n");
    let lines = world.lines(pipe);
    assert_eq!((kinds(&lines), &lines[1]["code"]), (vec!["told", "refused"], &json!("not-host")));
    let events: Vec<String> =
        world.hub.events().drain(..).map(|event| serde_json::to_value(event).unwrap()["event"].to_string()).collect();
    assert_eq!(
        events.join(" ").replace('"', ""),
        "role roster joined message message refused message",
        "in the order of the room"
    );
}

#[test]
fn who_comes_back_from_elsewhere_is_where_all_rosters_say() {
    let mut world = world();
    let here = world.join("here");
    let mut come = |at: &str| {
        let (key, pipe) = (secret(3), world.connect(1 << 20));
        let hello = format!(r#"{{"type":"hello","v":1,"name":"lorde","key":"{key}","port":9000,"at":["{at}"]}}"#);
        world.send(pipe, &(hello + "\n"));
        world.wait(Duration::from_millis(50));
        let welcome = world.lines(pipe).remove(0);
        (welcome["members"].as_array().unwrap().last().unwrap().clone(), world.lines(here))
    };
    let (home, moved) = (json!(["10.0.0.1:9000", "10.0.0.2:9000"]), json!(["10.0.0.1:9000", "10.0.0.3:9000"]));
    let (own, told) = come("10.0.0.2");
    assert_eq!((&own["at"], &told.last().unwrap()["members"][0]["at"]), (&home, &home));
    let (own, told) = come("10.0.0.3");
    assert_eq!((&own["at"], told), (&moved, vec![json!({"type": "at", "id": own["id"], "at": moved})]));
    let (_, told) = come("10.0.0.3");
    assert_eq!(told, [Value::Null; 0]);
}
