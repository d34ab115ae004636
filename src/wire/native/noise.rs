//! Lines as nobody should send them, for tests: every kind of line with odd values in it, and bytes changed at random.
//!
//! It knows the spelling of the lines and nothing of who reads them.

use fastrand::Rng;

/// Numbers at which something may go over an edge.
fn number(random: &mut Rng) -> u64 {
    match random.u8(..8) {
        0 => 0,
        1 => u64::MAX,
        2 => u64::from(u32::MAX) + random.u64(..3),
        3 => (1 << 53) - 1 + random.u64(..3),
        _ => random.u64(..20),
    }
}

/// Names and texts, those that matter and those that hurt.
fn text(random: &mut Rng) -> String {
    let words =
        ["anna", "capo", "x", "", "\u{1b}[2J", "\r\n* capo left", "é\u{202e}", "👨‍👩‍👧", "\u{0}", "/quit", "student-2"];
    let word = words[random.usize(..words.len())];
    let word = if random.u8(..50) == 0 { "long ".repeat(random.usize(..20_000)) } else { word.to_owned() };
    serde_json::to_string(&word).expect("a string is JSON")
}

fn id(random: &mut Rng) -> u64 {
    if random.u8(..10) == 0 { number(random) } else { random.u64(1..6) }
}

fn peer(random: &mut Rng) -> String {
    format!("{:032x}", random.u128(..3))
}

fn members(random: &mut Rng) -> String {
    let member = |random: &mut Rng| {
        let (id, name, n, peer) = (id(random), text(random), number(random), peer(random));
        let host = random.u8(..4) == 0;
        format!(r#"{{"id":{id},"name":{name},"host":{host},"peer":"{peer}","at":["127.0.0.1:8808"],"n":{n}}}"#)
    };
    let list: Vec<_> = (0..random.usize(..5)).map(|_| member(random)).collect();
    format!("[{}]", list.join(","))
}

fn terms(random: &mut Rng) -> String {
    let mut row = || format!(r#"{{"t":{},"h":{},"s":{}}}"#, number(random), number(random), number(random));
    let list: Vec<_> = (0..3).map(|_| row()).collect();
    format!("[{}]", list.join(","))
}

/// An entry, more often than not the one after `last`.
pub(crate) fn entry(random: &mut Rng, last: u64) -> String {
    let seq = if random.u8(..4) == 0 { number(random) } else { last.saturating_add(random.u64(..3)) };
    let term = if random.bool() { format!(r#","term":{}"#, number(random)) } else { String::new() };
    let (from, to, id, n) = (text(random), text(random), id(random), number(random));
    match random.u8(..6) {
        0 => format!(r#"{{"type":"joined","seq":{seq}{term},"members":{}}}"#, members(random)),
        1 => format!(r#"{{"type":"left","seq":{seq}{term},"id":{id},"name":{from},"reason":"lost"}}"#),
        2 => format!(r#"{{"type":"renamed","seq":{seq}{term},"id":{id},"from":{from},"to":{to}}}"#),
        _ => {
            let (replayed, late, peer) = (random.u8(..9) == 0, random.u8(..9) == 0, peer(random));
            format!(
                r#"{{"type":"said","seq":{seq}{term},"by":{id},"n":{n},"peer":"{peer}","from":{from},"text":{to},"at":"2026-11-20T21:51:09.001+01:00","replayed":{replayed},"late":{late}}}"#
            )
        }
    }
}

/// Anything that a host may say; `last` is the last entry that its member has.
pub(crate) fn host_line(random: &mut Rng, last: u64) -> Vec<u8> {
    let (name, body, id, n) = (text(random), text(random), id(random), number(random));
    let line = match random.u8(..24) {
        0..=3 => {
            let (seq, term) = (number(random), number(random));
            let (after, missed, lack) = (number(random), number(random), random.bool());
            let (members, terms) = (members(random), terms(random));
            let back = if random.bool() {
                format!(r#""after":{after},"missed":{missed},"lack":{lack},"#)
            } else {
                String::new()
            };
            format!(
                r#"{{"type":"welcome","v":1,"room":"00000000000005f{}","you":{id},"name":{name},"host":{body},"term":{term},"seq":{seq},{back}"terms":{terms},"members":{members}}}"#,
                random.u8(..2),
            )
        }
        4 => format!(r#"{{"type":"lack","after":{n}}}"#),
        5 => r#"{"type":"ping"}"#.into(),
        6 => format!(r#"{{"type":"members","members":{}}}"#, members(random)),
        7 => format!(r#"{{"type":"refused","code":{name},"text":{body},"n":{n}}}"#),
        8 => format!(
            r#"{{"type":"told","by":{id},"peer":"{}","n":{n},"from":{name},"to":{name},"text":{body},"at":"x"}}"#,
            peer(random)
        ),
        9 if random.u8(..20) == 0 => format!(r#"{{"type":"handover","to":{id}}}"#),
        10 if random.u8(..20) == 0 => format!(r#"{{"type":"closed","reason":"kicked","text":{body}}}"#),
        12 => format!(r#"{{"type":"at","id":{id},"at":["127.0.0.1:8808","[fe80::1]:{}"]}}"#, random.u16(..)),
        11 => r#"{"type":"a later one","x":[{}]}"#.into(),
        _ => entry(random, last),
    };
    finish(random, line)
}

/// Anything that a member may say.
pub(crate) fn request_line(random: &mut Rng) -> Vec<u8> {
    let (name, body, n) = (text(random), text(random), number(random));
    let line = match random.u8(..16) {
        0..=2 => {
            let (key, terms) = (peer(random), terms(random));
            format!(
                r#"{{"type":"hello","v":1,"name":{name},"key":"{key}","port":8808,"at":["10.0.0.7",{name}],"room":"0000000000000007","have":{terms}}}"#
            )
        }
        3..=5 => format!(r#"{{"type":"say","text":{body},"n":{n},"action":true}}"#),
        6 => format!(r#"{{"type":"tell","to":{name},"text":{body},"n":{n}}}"#),
        7 => format!(r#"{{"type":"nick","name":{name}}}"#),
        8 => format!(r#"{{"type":"kick","name":{name}}}"#),
        9 => format!(r#"{{"type":"unban","address":{name}}}"#),
        10 => format!(r#"{{"type":"hand","entry":{}}}"#, entry(random, n)),
        11 => r#"{"type":"who"}"#.into(),
        12 => r#"{"type":"bye"}"#.into(),
        13 => format!(r#"{{"type":{name}}}"#),
        14 => format!(r#"{{"type":"say","text":{n}}}"#),
        _ => r#"{"type":"ping"}"#.into(),
    };
    finish(random, line)
}

/// Most lines as they are, some with bytes changed, lost or added, some cut off or replaced by noise.
fn finish(random: &mut Rng, line: String) -> Vec<u8> {
    let mut line = line.into_bytes();
    match random.u8(..10) {
        0 => {
            for _ in 0..random.usize(1..4) {
                let at = random.usize(..line.len());
                match random.u8(..3) {
                    0 => line[at] = random.u8(..),
                    1 => drop(line.remove(at)),
                    _ => line.insert(at, b"\"{}[],:\\\n"[random.usize(..9)]),
                }
                if line.is_empty() {
                    break;
                }
            }
        }
        1 if random.u8(..4) == 0 => line.truncate(random.usize(..line.len())),
        2 if random.u8(..4) == 0 => line = (0..random.usize(..300)).map(|_| random.u8(..)).collect(),
        _ => {}
    }
    line.push(b'\n');
    line
}
