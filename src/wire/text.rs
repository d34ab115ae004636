//! The text dialect: lines as people type and read them, with `nc`, `telnet` and the like.
//!
//! The first line that somebody types is the name, and each further one a message or a [command]. What is
//! read is `NAME: TEXT`, a further `NAME: TEXT` for each further line of a message, so that no message can pass for another's; what
//! happens and what the host has to say begins with `* `. It knows entries and texts, and no socket.

use std::io::Write;
use std::net::SocketAddr;

use crate::limits::{ADDRESSES_SHOWN, ROSTER_SHOWN};
use crate::room::command::{self, Entry as CommandEntry, Typist};
use crate::room::entry::{Act, Entry, Member};
use crate::room::id::MemberId;
use crate::room::text::{clean, one_line};

/// What somebody is asked who says nothing. It ends in a line break, because a native client passes over whole lines.
pub(crate) const QUESTION: &[u8] = b"* What is your name?\n";

/// An entry, for a reader who is not the one that speaks in it.
pub(crate) fn entry(out: &mut Vec<u8>, entry: &Entry) {
    match &entry.act {
        Act::Said(said) => message(out, &said.from, if said.late { " (late)" } else { "" }, &said.text, said.action),
        Act::Joined(member) => notice(out, &format!("{} joined", member.name)),
        Act::Left { name, reason, .. } => notice(out, &format!("{name} left ({})", reason.phrase())),
        Act::Renamed { from, to, .. } => notice(out, &format!("{from} is now called {to}")),
    }
}

/// What was said before somebody came.
pub(crate) fn history(out: &mut Vec<u8>, entries: &[&Entry]) {
    if !entries.is_empty() {
        notice(out, "said before you came:");
        entries.iter().for_each(|past| entry(out, past));
    }
}

/// A private message.
pub(crate) fn told(out: &mut Vec<u8>, from: &str, text: &str, action: bool) {
    message(out, from, " (private)", text, action);
}

/// The line that lets somebody in, up to what it has in common with those of others.
pub(crate) fn own_welcome(out: &mut Vec<u8>, name: &str) {
    put(out, format_args!("* you are {name}; "));
}

/// The rest of that line, and how to go on.
pub(crate) fn shared_welcome<'a>(
    out: &mut Vec<u8>,
    host: MemberId,
    members: impl ExactSizeIterator<Item = &'a Member>,
) {
    roster(out, host, members, ROSTER_SHOWN);
    notice(out, "type to talk; /help shows the commands, /quit leaves");
}

/// The answer to `/who`.
pub(crate) fn members<'a>(out: &mut Vec<u8>, host: MemberId, members: impl ExactSizeIterator<Item = &'a Member>) {
    out.extend_from_slice(b"* ");
    roster(out, host, members, usize::MAX);
}

/// Who is here, at most so many by name; the end of a line.
fn roster<'a>(out: &mut Vec<u8>, host: MemberId, members: impl ExactSizeIterator<Item = &'a Member>, shown: usize) {
    let count = members.len();
    put(out, format_args!("{count} here: "));
    for (index, member) in members.take(shown).enumerate() {
        let comma = if index > 0 { ", " } else { "" };
        let mark = if member.id == host { " (host)" } else { "" };
        put(out, format_args!("{comma}{}{mark}", member.name));
    }
    if count > shown {
        put(out, format_args!(", and {} more", count - shown));
    }
    out.push(b'\n');
}

/// The answer to `/help`, about all commands or one.
pub(crate) fn help(out: &mut Vec<u8>, about: Option<&CommandEntry>) {
    match about {
        Some(entry) => notice(out, &entry.to_string()),
        None => command::help(Typist::default()).for_each(|line| notice(out, &line)),
    }
}

/// Something was not done, or is worth knowing: each line of it behind a star.
pub(crate) fn notice(out: &mut Vec<u8>, text: &str) {
    for line in clean(text).lines() {
        put(out, format_args!("* {line}\n"));
    }
}

/// The room goes on at one of these addresses: as they are typed.
pub(crate) fn moved(out: &mut Vec<u8>, to: &[SocketAddr]) {
    let typed: Vec<_> = to.iter().take(ADDRESSES_SHOWN).map(|to| format!("{} {}", to.ip(), to.port())).collect();
    if typed.is_empty() {
        return notice(out, "the room goes on with another host");
    }
    notice(out, &format!("the room goes on with another host: connect to {}", typed.join(" or ")));
}

fn message(out: &mut Vec<u8>, from: &str, mark: &str, text: &str, action: bool) {
    let text = text.trim_end_matches('\n');
    if action {
        // A thing that somebody does is one thing, on one line.
        return put(out, format_args!("* {from}{mark} {}\n", one_line(text)));
    }
    for line in text.split('\n') {
        put(out, format_args!("{from}{mark}: {line}\n"));
    }
}

fn put(out: &mut Vec<u8>, text: std::fmt::Arguments<'_>) {
    out.write_fmt(text).expect("a vector takes every byte");
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::room::entry::Said;
    use crate::room::id::PeerId;

    fn said(text: &str, action: bool, late: bool) -> String {
        let (by, peer) = (MemberId(2), PeerId([0; 16]));
        let said = Said { by, peer, n: 1, from: "lorde".into(), text: text.into(), action, late };
        let at = chrono::DateTime::UNIX_EPOCH.fixed_offset();
        let mut out = Vec::new();
        entry(&mut out, &Entry { seq: 1, term: 1, at, act: Act::Said(said) });
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn each_line_of_a_message_says_whose_it_is() {
        assert_eq!(said("ciao", false, false), "lorde: ciao\n");
        assert_eq!(
            said("a\n* capo left\n\ncapo: b\n\n", false, false),
            "lorde: a\nlorde: * capo left\nlorde: \nlorde: capo: b\n"
        );
        assert_eq!(said("ciao", false, true), "lorde (late): ciao\n");
        assert_eq!(said("waves\n* capo left", true, false), "* lorde waves \u{23ce} * capo left\n");
    }

    #[test]
    fn a_large_room_is_not_listed_to_a_newcomer() {
        let member = |id: u32| Member {
            id: MemberId(id),
            peer: PeerId([0; 16]),
            returns: false,
            name: Arc::from(format!("m{id}")),
            at: Vec::new(),
            n: 0,
        };
        let all: Vec<_> = (1..=1000).map(member).collect();
        let mut out = Vec::new();
        own_welcome(&mut out, "m7");
        shared_welcome(&mut out, MemberId(1), all.iter());
        let text = String::from_utf8(out).unwrap();
        assert!(text.starts_with("* you are m7; 1000 here: m1 (host), m2, "), "{text}");
        assert!(text.contains("m20, and 980 more\n* type"), "{text}");
        let mut out = Vec::new();
        members(&mut out, MemberId(1), all[..2].iter());
        assert_eq!(out, b"* 2 here: m1 (host), m2\n");
    }

    #[test]
    fn where_the_room_goes_on_is_told_as_it_is_typed() {
        let mut out = Vec::new();
        moved(&mut out, &["192.168.1.7:8808".parse().unwrap(), "[2001:db8::7]:9000".parse().unwrap()]);
        let text = "* the room goes on with another host: connect to 192.168.1.7 8808 or 2001:db8::7 9000\n";
        assert_eq!(String::from_utf8(out).unwrap(), text);
    }
}
