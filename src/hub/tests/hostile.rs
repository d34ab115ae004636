//! Members that send whatever they like: the hub refuses it, and everybody else talks on.

use std::time::Duration;

use serde_json::json;

use super::world::{World, moment, open};
use crate::wire::native::noise;
use crate::wire::websocket::tests::masked;

#[test]
fn p23_no_member_can_panic_the_host_or_stop_the_room() {
    let mut random = fastrand::Rng::with_seed(2_300);
    let (mut lines, mut ended) = (0, 0);
    for round in 0..60 {
        let mut world = World::new(open(100), 0);
        let good = world.join("lorde");
        for _ in 0..6 {
            let pipe = world.connect(1 << 20);
            if random.u8(..3) > 0 {
                world.send(pipe, &super::world::hello("ella"));
                world.wait(Duration::from_millis(50));
            }
            for _ in 0..random.usize(1..12) {
                let bytes = noise::request_line(&mut random);
                let Some(key) = world.key(pipe) else { break };
                let (piece, rest) = bytes.split_at(random.usize(..bytes.len()));
                world.hub.receive(key, piece, moment(world.now));
                world.turn();
                if world.key(pipe) == Some(key) {
                    world.hub.receive(key, rest, moment(world.now));
                }
                world.turn();
                // It reads all that it is told; in every fourth round it does not.
                if round % 4 > 0 {
                    world.drain(pipe, usize::MAX);
                }
                lines += 1;
            }
            world.hang_up(pipe, random.bool());
            ended += 1;
        }
        world.lines(good);
        world.send(good, "{\"type\":\"say\",\"text\":\"still here\"}\n");
        let said = world.lines(good).into_iter().find(|line| line["text"] == "still here").expect("the room talks on");
        assert_eq!((&said["type"], &said["from"]), (&json!("said"), &json!("lorde")));
        world.wait(Duration::from_secs(3));
        assert_eq!(world.hub.connections(), 1, "only the good one is left");
    }
    assert!(lines > 1_000 && ended == 360, "{lines} lines test little");
}

/// Somebody's first bytes, of any dialect or none, and then whatever comes.
fn opening(random: &mut fastrand::Rng) -> Vec<u8> {
    let upgrade = "GET /ws HTTP/1.1\r\nHost: 10.0.0.7\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
        Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    let starts: [&[u8]; 9] = [
        b"{\"type\":\"hello\",\"v\":1,\"name\":\"ella\"}\n",
        b"{",
        b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
        upgrade.as_bytes(),
        b"POST / HTTP/1.1\r\nContent-Length: 100\r\n\r\n",
        b"lorde\r\n",
        b"\xff\xfb\x18\xff\xfa",
        b"\x16\x03\x01",
        b"\r\n",
    ];
    let mut bytes = starts[random.usize(..starts.len())].to_vec();
    for _ in 0..random.usize(..4) {
        match random.u8(..5) {
            0 => bytes.extend(noise::request_line(random)),
            1 => bytes.extend((0..random.usize(..200)).map(|_| random.u8(..))),
            2 => bytes.extend(masked([0x81, 0x88, 0x89, 0x01][random.usize(..4)], &noise::request_line(random))),
            3 => bytes.extend_from_slice(starts[random.usize(..starts.len())]),
            _ => bytes.extend_from_slice([&b"/who\n"[..], b"/me x\n", b"/quit\n", b"\xff\xf4"][random.usize(..4)]),
        }
    }
    if random.u8(..4) == 0 {
        let at = random.usize(..bytes.len());
        bytes[at] = random.u8(..);
    }
    bytes
}

#[test]
fn p23_ten_thousand_openings_crash_nothing_and_their_pieces_change_nothing() {
    let mut random = fastrand::Rng::with_seed(6);
    let mut dialects = std::collections::BTreeMap::new();
    let mut world = World::new(open(100), 0);
    let good = world.join("lorde");
    for _ in 0..10_000 {
        let bytes = opening(&mut random);
        let size = [1, 7, 10_000][random.usize(..3)].max(bytes.len() / 200);
        let pair = [bytes.len(), size].map(|size| {
            let pipe = world.connect(1 << 22);
            let key = world.key(pipe).unwrap();
            for piece in bytes.chunks(size) {
                world.hub.receive(key, piece, moment(world.now));
            }
            let dialect = world.hub.slots[key.0].as_ref().unwrap().dialect;
            world.hub.hang_up(key, false, moment(world.now));
            world.turn();
            world.drain(pipe, usize::MAX);
            world.turn();
            world.hang_up(pipe, true);
            dialect
        });
        assert_eq!(pair[0], pair[1], "{:?} in pieces of {size}", String::from_utf8_lossy(&bytes));
        *dialects.entry(format!("{:?}", pair[0])).or_insert(0) += 1;
        world.drain(good, usize::MAX);
        world.wires.pipes[good].read.clear();
    }
    assert!(dialects.len() == 4 && dialects.values().all(|count| *count > 300), "{dialects:?}");
    world.send(good, "{\"type\":\"say\",\"text\":\"still here\"}\n");
    assert!(world.lines(good).iter().any(|line| line["text"] == "still here"), "the room talks on");
    assert_eq!(world.hub.connections(), 1);
}
