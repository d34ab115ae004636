//! Random schedules: whatever peers do, and however their connections fail, the hub's promises hold.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use super::world::{World, address, moment, open, secret};
use crate::connection_log::Event as Happened;
use crate::hub::slot::Stage;
use crate::hub::{Key, Streams};
use crate::limits::{COUNT_END, LINE_MAX_BYTES, LINGER, OWN_QUEUE_BYTES, READ_BYTES};
use crate::room::Link;
use crate::room::event::Command;
use crate::room::id::PeerId;
use crate::wire::Dialect;
use crate::wire::native::{FromHost, ToldLine};

/// A small generator with a good spread (SplitMix64).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }
}

/// A peer, over all its connections.
#[derive(Default)]
struct Peer {
    pipe: Option<usize>,
    n: u64,
    /// What it has sent and the host has not been given yet.
    sending: Vec<u8>,
    stalled: bool,
}

struct Run {
    random: Random,
    world: World,
    peers: Vec<Peer>,
    /// Which peer a pipe belonged to.
    owner: Vec<usize>,
}

#[test]
fn promises_hold_whatever_peers_do() {
    let number = |name| std::env::var(name).ok().map(|text| text.parse::<u64>().expect("a number"));
    let seeds = match number("SIM_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("SIM_SEEDS").unwrap_or(1000),
    };
    for seed in seeds {
        let outcome = std::panic::catch_unwind(AssertUnwindSafe(|| Run::new(seed).go()));
        assert!(outcome.is_ok(), "it fails with SIM_SEED={seed}");
    }
}

/// Whether a peer is a person who types.
fn types(who: usize) -> bool {
    who % 4 == 3
}

impl Run {
    fn new(seed: u64) -> Self {
        let mut random = Random(seed);
        let rate = [0, 0, 1, 20, 200][random.below(5)];
        let max = if random.chance(30) { 4 } else { 100 };
        let mut world = World::new(open(max), rate);
        world.hub.streams = Streams::of([1 << 12, 1 << 14, 1 << 20][random.below(3)]);
        world.wires.gulp = [0, 1, 7, 100][random.below(4)];
        let peers = (0..2 + random.below(7)).map(|_| Peer::default()).collect();
        Self { random, world, peers, owner: Vec::new() }
    }

    fn go(mut self) {
        for _ in 0..200 {
            let who = self.random.below(self.peers.len());
            self.step(who);
            self.world.turn();
            self.check_state();
        }
        if self.random.chance(30) {
            self.settle();
            self.check_readers(true);
        }
        match self.random.below(3) {
            0 => self.world.hub.hand_over(self.world.hub.room().me(), moment(self.world.now)),
            _ => self.world.hub.close("the end", moment(self.world.now)),
        }
        self.world.wait(LINGER);
        assert_eq!(self.world.hub.connections(), 0, "a connection leaks");
        assert!(self.world.wires.of.is_empty());
        assert_eq!(self.world.hub.slots.len(), self.world.hub.free.len());
        self.check_records();
        self.check_readers(false);
    }

    fn step(&mut self, who: usize) {
        let Some(pipe) = self.peers[who].pipe.filter(|pipe| !self.world.wires.pipes[*pipe].closed) else {
            return self.connect(who);
        };
        match self.random.below(100) {
            0..=34 => self.ask(who),
            35..=59 => self.flow(who, pipe),
            60..=79 if !self.peers[who].stalled => {
                let bytes = 1 + self.random.below(2000);
                self.world.drain(pipe, bytes);
            }
            80..=82 => self.peers[who].stalled ^= true,
            83 => self.connect(who),
            84 => self.world.hang_up(pipe, true),
            85 => self.world.hang_up(pipe, false),
            86..=88 => {
                let time = Duration::from_millis(self.random.next() % 4000);
                self.world.wait(time);
            }
            89..=92 => self.host_acts(),
            _ => {
                let time = Duration::from_millis(self.random.next() % 50);
                self.world.wait(time);
            }
        }
    }

    fn connect(&mut self, who: usize) {
        let capacity = [64, 500, 4000, 1 << 20][self.random.below(4)];
        let pipe = self.world.connect(capacity);
        self.owner.push(who);
        let peer = &mut self.peers[who];
        (peer.pipe, peer.stalled) = (Some(pipe), false);
        peer.sending.clear();
        if types(who) {
            let name = ["p", "x\np", "\u{1}p"][self.random.below(3)];
            peer.sending.extend(format!("{name}{}\r\n", who / 2 + 10).bytes());
            return;
        }
        let mut line = format!(r#"{{"type":"hello","v":1,"name":"p{}""#, who / 2 + 10);
        if !who.is_multiple_of(3) {
            line += &format!(r#","key":"{}","port":8808"#, secret(who as u8 + 1));
        } else {
            peer.n = 0;
        }
        let line = match self.random.below(12) {
            0 => "{\"type\":\"hello\",\"v\":1,\"name\":\"x\"}\n".into(),
            1 => String::new(),
            _ => line + "}\n",
        };
        self.peers[who].sending.extend_from_slice(line.as_bytes());
    }

    /// A peer wants something.
    fn ask(&mut self, who: usize) {
        let other = format!("p{}", self.random.below(self.peers.len()) / 2 + 10);
        let peer = &mut self.peers[who];
        let length = self.random.below(300);
        if types(who) {
            peer.n += 1;
            let line = match self.random.below(20) {
                0 => "/who".into(),
                1 => format!("/nick {other}"),
                2 => format!("/msg {other} psst"),
                3 => "/quit".into(),
                4 => "/kick p10".into(),
                5 => "\r".into(),
                6 => format!("/me {}", "x".repeat(length)),
                7 => "/help".into(),
                _ => format!("typed by {} {}.", peer.pipe.unwrap_or_default(), peer.n),
            };
            return peer.sending.extend_from_slice((line + "\n").as_bytes());
        }
        let line = match self.random.below(40) {
            0..=17 => {
                peer.n += 1;
                format!(r#"{{"type":"say","n":{},"text":"{}"}}"#, peer.n, "x".repeat(length))
            }
            18..=25 => {
                peer.n += 1;
                format!(r#"{{"type":"tell","n":{},"to":"{other}","text":"psst"}}"#, peer.n)
            }
            26 => r#"{"type":"who"}"#.into(),
            27 => format!(r#"{{"type":"nick","name":"{other}"}}"#),
            28 => r#"{"type":"bye"}"#.into(),
            29 => r#"{"type":"what"}"#.into(),
            30 => "no line".into(),
            31 => r#"{"type":"hand","entry":{"type":"joined","seq":18446744073709551615,"members":[{"id":9,"name":"xx"}]}}"#.into(),
            32 => format!(r#"{{"type":"kick","name":"{other}"}}"#),
            33 => r#"{"type":"pong"}"#.into(),
            34 => r#"{"type":"hello","v":1,"name":"again"}"#.into(),
            _ => r#"{"type":"ping"}"#.into(),
        };
        peer.sending.extend_from_slice(line.as_bytes());
        peer.sending.push(b'\n');
    }

    /// Some of what a peer has sent arrives, in whatever pieces.
    fn flow(&mut self, who: usize, pipe: usize) {
        let Some(key) = self.world.key(pipe).filter(|key| self.world.hub.reads(*key)) else { return };
        let all = self.peers[who].sending.len();
        let some = if self.random.chance(50) { all } else { self.random.below(all + 1) };
        let piece: Vec<u8> = self.peers[who].sending.drain(..some).collect();
        self.world.hub.receive(key, &piece, moment(self.world.now));
    }

    fn host_acts(&mut self) {
        let name = format!("p{}", self.random.below(self.peers.len()) / 2 + 10);
        let command = match self.random.below(6) {
            0 => Command::Kick(name),
            1 => Command::Tell { to: name, text: "psst".into() },
            2 => Command::Rename(format!("capo{}", self.random.below(3))),
            3 => Command::Who,
            _ => Command::Say { text: "from the host".into(), action: false },
        };
        self.world.hub.command(command, moment(self.world.now));
    }

    /// Everybody sends what it has and reads what there is, until nothing moves.
    fn settle(&mut self) {
        for _ in 0..40 {
            for who in 0..self.peers.len() {
                if let Some(pipe) = self.peers[who].pipe.filter(|pipe| !self.world.wires.pipes[*pipe].closed) {
                    self.flow(who, pipe);
                    drop(self.world.hub.resumed());
                    let alive = if types(who) { &b"\n"[..] } else { b"\n{\"type\":\"pong\"}\n" };
                    self.peers[who].sending.extend_from_slice(alive);
                    while !self.world.wires.pipes[pipe].waiting.is_empty() {
                        self.world.drain(pipe, usize::MAX);
                        self.world.turn();
                    }
                }
            }
            self.world.wait(Duration::from_millis(500));
        }
    }

    /// What must be true after every turn.
    fn check_state(&self) {
        let hub = &self.world.hub;
        let mut members = BTreeSet::from([hub.room.me()]);
        for (index, slot) in hub.slots.iter().enumerate() {
            let Some(slot) = slot else { continue };
            assert!(hub.index(slot.link) == Some(index));
            if let Stage::In(id) = slot.stage {
                assert_eq!(hub.room.link(id), Some(slot.link), "a connection speaks for another's member");
                members.insert(id);
            }
            assert!(slot.queue.own_bytes() <= 2 * OWN_QUEUE_BYTES);
            assert!(slot.session.held_bytes() <= LINE_MAX_BYTES + 2 * READ_BYTES);
        }
        assert_eq!(hub.room.link(hub.room.me()), Some(Link::OWN));
        let roster: BTreeSet<_> = hub.room.replica().members().map(|member| member.id).collect();
        assert_eq!(roster, members, "members and connections are the same");
        let names: HashSet<_> = hub.room.replica().members().map(|member| member.name.to_lowercase()).collect();
        assert_eq!(names.len(), roster.len(), "two of one name");
    }

    /// Each connection: accepted once, ended once, left if it had joined.
    fn check_records(&self) {
        let mut of: HashMap<_, (u32, u32, u32, u32)> = HashMap::new();
        for record in &self.world.records {
            let (accepted, joined, left, ended) = of.entry(record.address).or_default();
            *match record.event {
                Happened::Accepted => accepted,
                Happened::Joined { .. } => joined,
                Happened::Left { .. } => left,
                Happened::Ended { .. } => ended,
                _ => continue,
            } += 1;
        }
        for pipe in 0..self.owner.len() {
            let what = of.get(&address(pipe)).copied().unwrap_or_default();
            assert!(matches!(what, (1, 1, 1, 0) | (1, 0, 0, 1)), "connection {pipe}: {what:?}");
        }
    }

    /// What each connection has read: lines, in the room's order, without gaps.
    fn check_readers(&mut self, settled: bool) {
        let last = self.world.hub.room().replica().log.last();
        let mut truth = BTreeMap::new();
        let mut messages = HashMap::new();
        for pipe in 0..self.owner.len() {
            self.world.drain(pipe, usize::MAX);
            check_typing(&self.world.wires.pipes[pipe].read, pipe);
            let reader = Reader::read(&self.world.wires.pipes[pipe].read, &mut truth, &mut messages);
            let key = self.world.key(pipe);
            let slot = |key: Key| self.world.hub.slots[key.0].as_ref().unwrap();
            let is_in = |key: Key| matches!(slot(key).stage, Stage::In(_)) && slot(key).dialect() != Dialect::Text;
            if settled && key.is_some_and(is_in) {
                assert_eq!(reader.next, Some(last + 1), "connection {pipe} lacks the end");
                assert!(reader.half.is_empty());
            }
        }
    }
}

/// How the last word to a slow member begins.
const SLOW_WORD: &[u8] = br#"{"type":"refused","code":"slow""#;

/// What one connection has read so far.
#[derive(Default)]
struct Reader {
    next: Option<u64>,
    half: Vec<u8>,
    /// The highest count heard of each author, in the order of the stream.
    heard: HashMap<PeerId, u64>,
}

impl Reader {
    fn read(bytes: &[u8], truth: &mut BTreeMap<u64, String>, messages: &mut HashMap<(u32, u64), u64>) -> Self {
        let mut reader = Self::default();
        let mut lines: Vec<&[u8]> = bytes.split(|byte| *byte == b'\n').collect();
        reader.half = lines.pop().unwrap_or_default().to_vec();
        let mut over = false;
        for (at, line) in lines.iter().enumerate() {
            let rest = lines[at + 1..].last().copied().unwrap_or(&reader.half);
            let is_told = lines.len() <= at + 2 && SLOW_WORD.starts_with(&rest[..rest.len().min(SLOW_WORD.len())]);
            if line.is_empty() && is_told {
                continue;
            }
            if reader.next.is_none() && !line.starts_with(b"{") {
                // What a person reads; or what anybody is asked who says nothing.
                let is_whole = line.is_empty() || line.starts_with(b"* ") || line.windows(2).any(|pair| pair == b": ");
                assert!(is_whole || is_told, "no line of text: {:?}", String::from_utf8_lossy(line));
                continue;
            }
            assert!(!over, "something after the last word");
            let Ok(line) = serde_json::from_slice::<FromHost>(line) else {
                // Cut off in the middle of a line, told so (as far as it reads), and ended.
                assert!(is_told, "no line: {:?}", String::from_utf8_lossy(line));
                continue;
            };
            over = matches!(line, FromHost::Closed { .. } | FromHost::Handover { .. } | FromHost::Moved { .. });
            reader.line(line, truth, messages);
        }
        reader
    }

    fn line(&mut self, line: FromHost, truth: &mut BTreeMap<u64, String>, messages: &mut HashMap<(u32, u64), u64>) {
        match line {
            FromHost::Welcome(welcome) => {
                assert!(self.next.replace(welcome.seq + 1).is_none(), "welcomed twice");
                assert!(welcome.members.iter().any(|member| member.id == welcome.you && member.name == welcome.name));
                assert_eq!(welcome.members.iter().filter(|member| member.host).count(), 1);
            }
            FromHost::Said(said) => {
                let text = format!("said {} {} {} {}", said.by.0, said.n, said.from, said.text);
                if said.replayed {
                    assert!(self.next.is_some_and(|next| said.seq < next));
                } else {
                    self.entry(said.seq, 1);
                    if let Some(peer) = said.peer {
                        self.count(peer, said.n);
                    }
                }
                let seq = *messages.entry((said.by.0, said.n)).or_insert(said.seq);
                assert_eq!(seq, said.seq, "a message is there twice");
                agree(truth, said.seq, &text);
            }
            FromHost::Joined(joined) => {
                self.entry(joined.seq, joined.members.len() as u64);
                for (seq, member) in (joined.seq..).zip(&joined.members) {
                    agree(truth, seq, &format!("joined {} {}", member.id.0, member.name));
                }
            }
            FromHost::Left(left) => {
                self.entry(left.seq, 1);
                agree(truth, left.seq, &format!("left {} {} {:?}", left.id.0, left.name, left.reason));
            }
            FromHost::Renamed(renamed) => {
                self.entry(renamed.seq, 1);
                agree(truth, renamed.seq, &format!("renamed {} {} {}", renamed.id.0, renamed.from, renamed.to));
            }
            FromHost::Told(ToldLine { peer, n, .. }) => {
                assert!(self.next.is_some(), "told before the welcome");
                self.count(peer, n);
            }
            FromHost::At { .. } => assert!(self.next.is_some(), "told before the welcome"),
            FromHost::Members { members } => assert!(!members.is_empty()),
            FromHost::Refused { .. } | FromHost::Ping | FromHost::Pong | FromHost::Closed { .. } => {}
            FromHost::Handover { .. } | FromHost::Moved { .. } => {}
            FromHost::Lack { .. } | FromHost::Room(_) | FromHost::Unknown => panic!("nobody lacks anything here"),
        }
    }

    fn entry(&mut self, seq: u64, entries: u64) {
        let next = self.next.as_mut().expect("entries come after the welcome");
        assert_eq!(seq, *next, "a gap, or out of order");
        *next += entries;
    }

    /// An author's messages, private ones among them, come in the order in which it sent them, if it counts them.
    fn count(&mut self, peer: PeerId, n: u64) {
        if n == 0 || n >= COUNT_END {
            return;
        }
        let before = self.heard.insert(peer, n).unwrap_or(0);
        assert!(before < n, "{n} after {before}");
    }
}

/// Who types reads all others' words in their order, and none of its own.
fn check_typing(bytes: &[u8], own: usize) {
    let text = String::from_utf8_lossy(bytes);
    let Some((_, live)) = text.split_once("* you are ") else { return };
    let mut last = HashMap::new();
    for (author, n) in live.lines().filter_map(typed) {
        assert_ne!(author, own, "its own words come back");
        let before = last.insert(author, n).unwrap_or(0);
        assert!(before < n, "{n} after {before}");
    }
}

/// On which connection a whole line was typed, and its count.
fn typed(line: &str) -> Option<(usize, u64)> {
    let (author, n) = line.split_once(": typed by ")?.1.strip_suffix('.')?.split_once(' ')?;
    Some((author.parse().ok()?, n.parse().ok()?))
}

fn agree(truth: &mut BTreeMap<u64, String>, seq: u64, entry: &str) {
    let first = truth.entry(seq).or_insert_with(|| entry.to_owned());
    assert_eq!(*first, entry, "two members read different entries {seq}");
}
