//! The pace of a room: whoever talks waits a little for who reads, and for nobody who does not.

use std::time::Duration;

use super::rules::log;
use super::world::{World, hello, open};
use crate::limits::{CROWD_BYTES, CROWD_READER, CROWD_WAIT, STREAM_BYTES};

/// A room with somebody whose way takes little, and with a talker.
fn room() -> (World, usize, usize) {
    let mut world = World::new(open(100), 0);
    let reader = world.connect(1 << 12);
    world.send(reader, &hello("reader"));
    let talker = world.join("talker");
    world.lines(reader);
    (world, reader, talker)
}

/// The talker says so many bytes, or as many as the room reads before it waits; how many messages that were.
fn talks(world: &mut World, talker: usize, bytes: usize) -> usize {
    let say = format!("{{\"type\":\"say\",\"text\":\"{}\"}}\n", "x".repeat(10_000));
    let mut said = 0;
    while world.hub.has_room() && said * say.len() < bytes {
        world.send(talker, &say);
        world.drain(talker, usize::MAX);
        world.wires.pipes[talker].read.clear();
        said += 1;
    }
    said
}

/// It takes a single byte.
fn takes_a_byte(world: &mut World, reader: usize) {
    world.drain(reader, 1);
    world.turn();
}

#[test]
fn the_room_waits_for_who_reads_and_loses_it_nothing() {
    let (mut world, reader, talker) = room();
    let before = talks(&mut world, talker, CROWD_BYTES / 2);
    assert!(world.hub.has_room(), "it is not far behind");
    world.wait(2 * CROWD_READER);
    takes_a_byte(&mut world, reader);
    let then = talks(&mut world, talker, 2 * STREAM_BYTES);
    assert!(!world.hub.has_room() && world.hub.deadline() <= Some(world.now + CROWD_READER));
    let lines = world.lines(reader);
    assert_eq!(lines.iter().filter(|line| line["type"] == "said").count(), before + then);
    assert!(world.hub.has_room(), "it has caught up");
    assert_eq!(log(&world, reader), ["accepted", "joined"]);
}

#[test]
fn the_room_does_not_wait_for_who_reads_nothing() {
    let (mut world, reader, talker) = room();
    talks(&mut world, talker, CROWD_BYTES / 2);
    world.wait(CROWD_READER);
    talks(&mut world, talker, STREAM_BYTES);
    assert!(world.hub.has_room());
    assert_eq!(log(&world, reader), ["accepted", "joined", "slow"]);
}

#[test]
fn the_room_does_not_wait_for_long_for_who_reads_a_byte_now_and_then() {
    let (mut world, reader, talker) = room();
    let mut waited = Duration::ZERO;
    while log(&world, reader).last() != Some(&"slow") {
        talks(&mut world, talker, STREAM_BYTES / 64);
        takes_a_byte(&mut world, reader);
        if !world.hub.has_room() {
            world.wait(CROWD_READER / 2);
            waited += CROWD_READER / 2;
        }
        // It falls off in the second lap of the ring at the latest.
        assert!(waited <= 2 * CROWD_WAIT + CROWD_READER, "{waited:?}");
    }
    assert!(waited >= CROWD_WAIT, "{waited:?}");
}
