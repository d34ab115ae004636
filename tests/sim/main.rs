//! Rooms, seats and elections on a virtual LAN with a virtual clock: the very bytes that the network carries, seeded.
//!
//! Scenarios are the files in `scenarios/`; each runs with many seeds, and so do random ones. After each run the promises of
//! one order that outlives the host are checked. `SIM_SEEDS=10000 cargo test --release --test sim` runs more of them,
//! `SIM_SEED=17` one, and `SIM_TRACE=1` shows what members hear and say. A failure names its seed, and prints its scenario
//! as such a file.

#![allow(clippy::unwrap_used, clippy::print_stderr)]

mod dial;
mod ether;
mod guest;
mod host;
mod machine;
mod neighbours;
mod network;
mod process;
mod promises;
mod scenario;
mod world;

use std::panic::AssertUnwindSafe;
use std::path::Path;
use std::sync::LazyLock;

use scenario::Scenario;
use world::World;

/// Shows what a process hears or says, where somebody wants to see it.
fn trace(now: u64, who: &str, way: &str, what: &[u8]) {
    static WANTED: LazyLock<bool> = LazyLock::new(|| std::env::var_os("SIM_TRACE").is_some());
    if *WANTED {
        eprintln!("{now} {who} {way} {}", String::from_utf8_lossy(what).trim_end());
    }
}

fn seeds(usual: u64) -> std::ops::Range<u64> {
    let number = |name| std::env::var(name).ok().map(|text| text.parse::<u64>().expect("a number"));
    match number("SIM_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("SIM_SEEDS").unwrap_or(usual),
    }
}

fn run(scenario: &Scenario, name: &str, seed: u64) {
    let run = AssertUnwindSafe(|| {
        let mut world = World::new(seed);
        scenario.play(&mut world);
        world.settle();
        promises::check(&world, scenario.has_one_past());
    });
    assert!(std::panic::catch_unwind(run).is_ok(), "scenario {name} fails with SIM_SEED={seed}:\n{scenario}");
}

#[test]
fn promises_hold_in_every_scenario() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sim/scenarios");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    assert!(!files.is_empty());
    for file in files {
        let scenario = Scenario::parse(&std::fs::read_to_string(&file).unwrap());
        for seed in seeds(15) {
            run(&scenario, &file.file_name().unwrap().to_string_lossy(), seed);
        }
    }
}

#[test]
fn promises_hold_whatever_happens() {
    for seed in seeds(1_000) {
        run(&Scenario::random(seed), "at random", seed);
    }
}

#[test]
fn promises_hold_whatever_happens_on_a_lan() {
    for seed in seeds(1_000) {
        run(&Scenario::random_lan(seed), "at random on a LAN", seed);
    }
}

/// The host dies at every step of one and the same run.
#[test]
fn promises_hold_whenever_the_host_dies() {
    for step in seeds(150).take(400) {
        run(&Scenario::crash_after(step), "host dies", step);
    }
}

/// Halves meet again, and a host dies at every step of that.
#[test]
fn promises_hold_whenever_a_host_dies_while_rooms_meet() {
    for step in seeds(150).take(400) {
        run(&Scenario::heal_and_crash_after(step), "rooms meet", step);
    }
}

#[test]
fn a_scenario_is_printed_as_a_file_says_it() {
    for seed in 0..50 {
        let scenario = Scenario::random_lan(seed);
        assert_eq!(Scenario::parse(&scenario.to_string()), scenario);
    }
}
