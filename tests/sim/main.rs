//! Rooms, seats and elections on one virtual machine with a virtual clock: the very bytes that the network carries, seeded.
//!
//! Scenarios are the files in `scenarios/`; each runs with many seeds, and so do random ones. After each run the promises of
//! one order that outlives the host are checked. `SIM_SEEDS=10000 cargo test --test sim` runs more of them, `SIM_SEED=17`
//! one, and `SIM_TRACE=1` shows what members hear and say. A failure names its scenario and seed.

#![allow(clippy::unwrap_used, clippy::print_stderr)]

mod machine;
mod promises;
mod scenario;

use std::panic::AssertUnwindSafe;
use std::path::Path;

use machine::Machine;
use scenario::Scenario;

fn seeds(usual: u64) -> std::ops::Range<u64> {
    let number = |name| std::env::var(name).ok().map(|text| text.parse::<u64>().expect("a number"));
    match number("SIM_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("SIM_SEEDS").unwrap_or(usual),
    }
}

fn run(scenario: &Scenario, name: &str, seed: u64) {
    let run = AssertUnwindSafe(|| {
        let mut machine = Machine::new(seed);
        scenario.play(&mut machine);
        machine.settle();
        promises::check(&machine, scenario.has_one_past());
    });
    assert!(std::panic::catch_unwind(run).is_ok(), "scenario {name} fails with SIM_SEED={seed}:\n{scenario:?}");
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
    for seed in seeds(100) {
        run(&Scenario::random(seed), "at random", seed);
    }
}

/// The host dies at every step of one and the same run.
#[test]
fn promises_hold_whenever_the_host_dies() {
    for step in 0..seeds(150).end.min(400) {
        run(&Scenario::crash_after(step), "host dies", step);
    }
}
