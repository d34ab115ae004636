//! What happens in a run, and when: lines of a file, `TIME VERB [NUMBER]`.
//!
//! | verb | what it does |
//! |---|---|
//! | `start N` | N peers start at once |
//! | `say N` | N times somebody says something |
//! | `tell N` | N times somebody says something to one other |
//! | `crash` | the host dies without a word |
//! | `quit` | the host hands over |
//! | `leave` | a member leaves |
//! | `die` | a member dies without a word |
//! | `cut N` | N members' connections break |
//! | `stall N`, `thaw` | N members read nothing; all read again |
//!
//! `#` begins a comment. Times are milliseconds from the start.

use crate::machine::Machine;

#[derive(Debug, Clone)]
pub(crate) struct Scenario {
    steps: Vec<(u64, String, usize)>,
}

impl Scenario {
    pub(crate) fn parse(text: &str) -> Self {
        let lines =
            text.lines().map(|line| line.split('#').next().unwrap_or("").trim()).filter(|line| !line.is_empty());
        let step = |line: &str| {
            let mut words = line.split_whitespace();
            let at = words.next().and_then(|at| at.parse().ok()).unwrap_or_else(|| panic!("no time: {line}"));
            let verb = words.next().unwrap_or_else(|| panic!("no verb: {line}")).to_owned();
            (at, verb, words.next().map_or(1, |number| number.parse().expect("a number")))
        };
        Self { steps: lines.map(step).collect() }
    }

    /// Anything, at any time.
    pub(crate) fn random(seed: u64) -> Self {
        let mut random = fastrand::Rng::with_seed(seed ^ 0x5eed);
        let mut steps = vec![(0, "start".to_owned(), random.usize(2..7))];
        let mut at = 0;
        for _ in 0..random.usize(5..40) {
            at += if random.bool() { random.u64(0..30) } else { random.u64(0..1_500) };
            let verb = match random.u8(0..100) {
                0..=49 => "say",
                50..=59 => "tell",
                60..=67 => "crash",
                68..=72 => "quit",
                73..=75 => "leave",
                76..=78 => "die",
                79..=86 => "cut",
                87..=89 => "stall",
                90..=92 => "thaw",
                _ => "start",
            };
            steps.push((at, verb.to_owned(), random.usize(1..4)));
        }
        Self { steps }
    }

    /// Members talk, and the host dies at a certain time.
    pub(crate) fn crash_after(step: u64) -> Self {
        let mut steps = vec![(0, "start".to_owned(), 5)];
        steps.extend((0..20).map(|i| (600 + i * 7, "say".to_owned(), 2)));
        steps.push((590 + step, "crash".to_owned(), 1));
        steps.push((590 + step + step % 7 * 300, "crash".to_owned(), 1));
        steps.sort_by_key(|(at, ..)| *at);
        Self { steps }
    }

    /// Whether nothing in it lets two rooms, or two halves of one, go on side by side: nobody starts between two hosts, and
    /// nobody is away while others go on.
    pub(crate) fn has_one_past(&self) -> bool {
        self.steps.iter().all(|(at, verb, _)| verb != "stall" && verb != "cut" && (verb != "start" || *at == 0))
            && self.steps.iter().filter(|(_, verb, _)| verb == "crash").all(|(at, ..)| *at > 500)
    }

    pub(crate) fn play(&self, machine: &mut Machine) {
        for (at, verb, number) in &self.steps {
            machine.run_until(*at);
            match verb.as_str() {
                "start" => machine.start(*number),
                "say" => (0..*number).for_each(|_| machine.say()),
                "tell" => (0..*number).for_each(|_| machine.tell()),
                "crash" => machine.crash_host(),
                "quit" => machine.quit_host(),
                "leave" => machine.leave(),
                "die" => machine.die(),
                "cut" => (0..*number).for_each(|_| machine.cut()),
                "stall" => (0..*number).for_each(|_| machine.stall()),
                "thaw" => machine.thaw(),
                other => panic!("no such verb: {other}"),
            }
        }
    }
}
