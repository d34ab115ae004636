//! Members that send whatever they like: the hub refuses it, and everybody else talks on.

use std::time::Duration;

use serde_json::json;

use super::world::{World, moment, open};
use crate::wire::native::noise;

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
