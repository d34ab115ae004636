//! What happens in a run, and when: lines of a file, `TIME VERB [ARGUMENTS]`.
//!
//! | verb | what it does |
//! |---|---|
//! | `machines N` | there are N machines, 1 where nobody says so |
//! | `latency N` | from machine to machine takes up to N ms |
//! | `loss N` | N of a hundred datagrams are lost between machines |
//! | `start N [on M]` | N processes start at once, on machine M or anywhere |
//! | `start N on M to M` | the same, and join only where they are told to |
//! | `start each` | one process starts on each machine, all at once |
//! | `say N` | N times somebody says something |
//! | `tell N` | N times somebody says something to one other |
//! | `crash` | a host's process dies without a word |
//! | `crash machine M` | a machine is gone, with everything on it; it comes back when something starts on it |
//! | `unplug M`, `plug [M]` | a machine's cable is out, and in again; all cables are |
//! | `split 1,2/3,4`, `heal` | machines reach only those of their own part; all reach all |
//! | `quit` | a host hands over |
//! | `leave` | a member leaves |
//! | `die` | a member dies without a word |
//! | `cut N` | N connections break |
//! | `stall N`, `thaw` | N members read nothing; all read again |
//! | `calm` | by now everybody is where it belongs: that is checked |
//!
//! M is a machine's number, from 1, or `host`: the machine of a host. `#` begins a comment. Times are milliseconds from
//! the start.

use std::fmt;

use crate::world::World;

/// When a host's members have all come to the next one, in milliseconds after its death.
const GATHERED: u64 = 4_000;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Scenario {
    steps: Vec<(u64, String)>,
}

impl fmt::Display for Scenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.steps.iter().try_for_each(|(at, what)| writeln!(f, "{at} {what}"))
    }
}

impl Scenario {
    pub(crate) fn parse(text: &str) -> Self {
        let lines =
            text.lines().map(|line| line.split('#').next().unwrap_or("").trim()).filter(|line| !line.is_empty());
        let step = |line: &str| {
            let (at, what) = line.split_once(' ').unwrap_or_else(|| panic!("no verb: {line}"));
            (at.parse().unwrap_or_else(|_| panic!("no time: {line}")), what.trim().to_owned())
        };
        Self { steps: lines.map(step).collect() }
    }

    /// Anything, at any time, on one machine.
    pub(crate) fn random(seed: u64) -> Self {
        let mut random = fastrand::Rng::with_seed(seed ^ 0x5eed);
        let mut steps = vec![(0, format!("start {}", random.usize(2..7)))];
        let mut at = 0;
        for _ in 0..random.usize(5..40) {
            at += pause(&mut random);
            let what = match random.u8(0..100) {
                0..=90 => at_home(&mut random),
                _ => format!("start {}", random.usize(1..4)),
            };
            steps.push((at, what));
        }
        Self { steps }
    }

    /// Anything, at any time, on several machines.
    pub(crate) fn random_lan(seed: u64) -> Self {
        let mut random = fastrand::Rng::with_seed(seed ^ 0x1a9);
        let machines = random.usize(2..7);
        let mut steps = vec![(0, format!("machines {machines}"))];
        if random.bool() {
            steps.push((0, format!("latency {}", random.u64(1..60))));
        }
        if random.bool() {
            steps.push((0, format!("loss {}", random.u64(1..30))));
        }
        let start = if random.bool() { "start each".to_owned() } else { format!("start {}", random.usize(1..8)) };
        steps.push((0, start));
        let mut at = 0;
        for _ in 0..random.usize(5..40) {
            at += if random.u8(0..10) == 0 { random.u64(0..25_000) } else { pause(&mut random) };
            let what = match random.u8(0..100) {
                0..=69 => at_home(&mut random),
                70..=74 => format!("start {}", random.usize(1..4)),
                75..=79 => "unplug host".to_owned(),
                80..=82 => format!("unplug {}", random.usize(1..=machines)),
                83..=87 => "plug".to_owned(),
                88..=89 => "crash machine host".to_owned(),
                90..=95 => format!("split {}", split(machines, &mut random)),
                _ => "heal".to_owned(),
            };
            steps.push((at, what));
        }
        if random.u8(0..4) > 0 {
            steps.push((at + pause(&mut random), "heal".to_owned()));
            steps.push((at + 1_500, "plug".to_owned()));
        }
        Self { steps }
    }

    /// Members talk, and the host dies at a certain time.
    pub(crate) fn crash_after(step: u64) -> Self {
        let mut steps = vec![(0, "start 5".to_owned())];
        steps.extend((0..20).map(|i| (600 + i * 7, "say 2".to_owned())));
        steps.push((590 + step, "crash".to_owned()));
        steps.push((590 + step + step % 7 * 300, "crash".to_owned()));
        steps.sort_by_key(|(at, ..)| *at);
        Self { steps }
    }

    /// Three parts of a network go on by themselves and meet again, and a host dies at a certain time after that.
    pub(crate) fn heal_and_crash_after(step: u64) -> Self {
        let (parts, heal) = (["1,2/3,4/5", "1/2,3/4,5", "1,2,3/4/5"], 36_000);
        let steps = [
            (0, "machines 5".to_owned()),
            (0, "start each".to_owned()),
            (3_000, "calm".to_owned()),
            (3_000, "say 10".to_owned()),
            (3_000 + step % 30, format!("split {}", parts[step as usize % 3])),
            (3_100, "say 10".to_owned()),
            (35_900, "calm".to_owned()),
            (35_900, "say 10".to_owned()),
            (heal, "heal".to_owned()),
            (heal + step * 20, "crash".to_owned()),
            (heal + step * 20, "say 5".to_owned()),
            (heal + step * 20 + 14_000, "calm".to_owned()),
        ];
        Self { steps: steps.to_vec() }
    }

    /// Whether nothing in it lets two rooms, or two halves of one, go on side by side: nobody starts between two hosts,
    /// nobody is away while others go on, and no host dies before the last one's members can have come to it.
    pub(crate) fn has_one_past(&self) -> bool {
        let mut quiet_until = 500;
        self.steps.iter().all(|(at, what)| match what.split(' ').next().unwrap_or("") {
            "start" => *at == 0,
            "crash" => *at > std::mem::replace(&mut quiet_until, *at + GATHERED) && what == "crash",
            "machines" | "loss" | "stall" | "cut" | "split" | "unplug" => false,
            _ => true,
        })
    }

    pub(crate) fn play(&self, world: &mut World) {
        for (at, what) in &self.steps {
            world.run_until(*at);
            let words: Vec<&str> = what.split_whitespace().collect();
            Self::act(world, &words);
        }
    }

    fn act(world: &mut World, words: &[&str]) {
        let number = || words.get(1).map_or(1, |number| number.parse().expect("a number"));
        let times = |world: &mut World, act: fn(&mut World)| (0..number()).for_each(|_| act(world));
        match words {
            ["machines", _] => world.machines(number()),
            ["latency", latency] => world.net.latency = latency.parse().expect("milliseconds"),
            ["loss", loss] => world.ether.loss = loss.parse().expect("a number of a hundred"),
            ["start", "each"] => (0..world.net.machines.len()).for_each(|machine| world.start(Some(machine), None)),
            ["start", _, "on", machine, place @ ..] => {
                let on = machine_named(world, machine);
                let to = place.get(1).and_then(|machine| machine_named(world, machine));
                (0..number()).for_each(|_| world.start(on, to));
            }
            ["start", ..] => (0..number()).for_each(|_| world.start(None, None)),
            ["say", ..] => times(world, World::say),
            ["tell", ..] => times(world, World::tell),
            ["crash"] => world.crash_host(),
            ["crash", "machine", machine] => {
                machine_named(world, machine).into_iter().for_each(|machine| world.crash_machine(machine));
            }
            ["unplug", machine] => {
                machine_named(world, machine).into_iter().for_each(|machine| world.plug(machine, false));
            }
            ["plug"] => world.plug_all(),
            ["plug", machine] => {
                machine_named(world, machine).into_iter().for_each(|machine| world.plug(machine, true));
            }
            ["split", parts] => {
                let mut part = |part: &str| part.split(',').filter_map(|name| machine_named(world, name)).collect();
                let parts: Vec<_> = parts.split('/').map(&mut part).collect();
                world.split(&parts);
            }
            ["heal"] => world.split(&[]),
            ["quit"] => world.quit_host(),
            ["leave"] => world.leave(),
            ["die"] => world.die(),
            ["cut", ..] => times(world, World::cut),
            ["stall", ..] => times(world, World::stall),
            ["thaw"] => world.thaw(),
            ["calm"] => world.check_calm(),
            other => panic!("no such verb: {other:?}"),
        }
    }
}

/// How long nothing happens: often next to no time.
fn pause(random: &mut fastrand::Rng) -> u64 {
    if random.bool() { random.u64(0..30) } else { random.u64(0..1_500) }
}

/// Something that happens to processes.
fn at_home(random: &mut fastrand::Rng) -> String {
    let number = random.usize(1..4);
    match random.u8(0..90) {
        0..=49 => format!("say {number}"),
        50..=59 => format!("tell {number}"),
        60..=66 => "crash".to_owned(),
        67..=71 => "quit".to_owned(),
        72..=74 => "leave".to_owned(),
        75..=77 => "die".to_owned(),
        78..=84 => format!("cut {number}"),
        85..=87 => format!("stall {number}"),
        _ => "thaw".to_owned(),
    }
}

/// A machine by its number, or that of a host, if there is one.
fn machine_named(world: &mut World, name: &str) -> Option<usize> {
    match name {
        "host" => world.hosts_machine(),
        number => {
            let number: usize = number.parse().expect("a machine's number");
            assert!(number <= world.net.machines.len(), "there is no machine {number}");
            Some(number - 1)
        }
    }
}

/// Machines in two parts or three, at random.
fn split(machines: usize, random: &mut fastrand::Rng) -> String {
    let mut parts = vec![Vec::new(); random.usize(2..4)];
    for machine in 1..=machines {
        let part = random.usize(0..parts.len());
        parts[part].push(machine.to_string());
    }
    parts.retain(|part| !part.is_empty());
    parts.iter().map(|part| part.join(",")).collect::<Vec<_>>().join("/")
}
