//! What each server speaks, as far as the load needs it: getting in, saying something, and telling lines apart.
//!
//! Lines are recognised by their beginnings, not parsed: the load must be cheaper than the servers it drives.

use memchr::memchr;

use crate::framing::{self, Piece};
use crate::roster::{Ids, Roster};
use crate::stamp::Stamp;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Dialect {
    /// One JSON object a line.
    Native,
    /// The same objects, one a text message of a WebSocket.
    Web,
    /// Lines as people type and read them.
    Text,
    /// A greeting, then the native `say` lines of all as they are.
    Floor,
    /// As much of RFC 1459 as a channel needs.
    Irc,
}

/// What a line means to a member that has no stamp to look at.
pub(crate) enum Line<'a> {
    /// We are in; a roster may be inside.
    Welcome,
    /// Says who is in the room.
    Roster,
    /// Wants this answer.
    Answer(Vec<u8>),
    /// Something that we asked for was not done.
    Refused(&'a [u8]),
    Other,
}

const WELCOME: &[u8] = br#"{"type":"welcome""#;
const JOINED: &[u8] = br#"{"type":"joined""#;

impl Dialect {
    /// What those speak who talk to members of this dialect: browsers and people are measured as listeners.
    pub(crate) fn of_senders(self) -> Dialect {
        match self {
            Dialect::Web | Dialect::Text => Dialect::Native,
            Dialect::Native | Dialect::Floor | Dialect::Irc => self,
        }
    }

    /// The first line of the member called `name`.
    pub(crate) fn hello(self, name: &str) -> Vec<u8> {
        match self {
            Dialect::Native => format!("{{\"type\":\"hello\",\"v\":1,\"name\":\"{name}\"}}\n").into_bytes(),
            Dialect::Web => web_hello(name),
            Dialect::Text => format!("{name}\n").into_bytes(),
            Dialect::Floor => Vec::new(),
            Dialect::Irc => format!("NICK {name}\r\nUSER {name} 0 * :{name}\r\n").into_bytes(),
        }
    }

    /// Appends the line that says `stamp`, filled up to `length` bytes of text. The floor gets the native line.
    pub(crate) fn say(self, stamp: Stamp, length: usize, out: &mut Vec<u8>) {
        if self == Dialect::Irc {
            out.extend_from_slice(b"PRIVMSG #bench :");
            stamp.write(length, out);
            out.extend_from_slice(b"\r\n");
            return;
        }
        // Members number their messages from 1; formatting through a stack buffer would save nothing measurable here.
        out.extend_from_slice(format!("{{\"type\":\"say\",\"n\":{},\"text\":\"", stamp.count + 1).as_bytes());
        stamp.write(length, out);
        out.extend_from_slice(b"\"}\n");
    }

    /// Whether a sender gets its own message back. Where it does not, another member stands witness.
    pub(crate) fn echoes(self) -> bool {
        !matches!(self, Dialect::Irc | Dialect::Text)
    }

    /// How many a whole roster names in a room of `members` of ours.
    pub(crate) fn crowd(self, members: usize) -> usize {
        match self {
            Dialect::Native | Dialect::Web => members + 1,
            // A person is told only the first names of a long roster.
            Dialect::Floor | Dialect::Text => 0,
            Dialect::Irc => members,
        }
    }

    /// What `bytes` begin with.
    pub(crate) fn piece(self, bytes: &[u8]) -> Piece {
        if self == Dialect::Web { framing::frame(bytes) } else { framing::line(bytes) }
    }

    /// Whether `bytes`, the beginning of a line, belong to one that may be too long to be kept.
    pub(crate) fn begins_roster(self, bytes: &[u8]) -> bool {
        matches!(self, Dialect::Native | Dialect::Web) && (bytes.starts_with(WELCOME) || bytes.starts_with(JOINED))
    }

    pub(crate) fn line(self, line: &[u8]) -> Line<'_> {
        match self {
            Dialect::Native => native(line),
            Dialect::Web => web(line),
            Dialect::Text if line.starts_with(b"* you are ") => Line::Welcome,
            Dialect::Text => Line::Other,
            Dialect::Floor => Line::Welcome,
            Dialect::Irc => irc(line),
        }
    }

    /// Takes the members that `line` names into `roster`.
    pub(crate) fn members(self, line: &[u8], ids: &Ids, roster: &mut Roster) {
        if self == Dialect::Irc {
            irc_names(line).for_each(|id| roster.insert(id));
        } else {
            ids.take(line, roster);
        }
    }
}

fn native(line: &[u8]) -> Line<'_> {
    if line.starts_with(br#"{"type":"ping""#) {
        Line::Answer(b"{\"type\":\"pong\"}\n".to_vec())
    } else if line.starts_with(WELCOME) {
        Line::Welcome
    } else if line.starts_with(JOINED) {
        Line::Roster
    } else if line.starts_with(br#"{"type":"refused""#) {
        Line::Refused(line)
    } else {
        Line::Other
    }
}

/// A browser would wait for the answer to its request; the host reads on when it has given it.
fn web_hello(name: &str) -> Vec<u8> {
    const REQUEST: &[u8] = b"GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
        Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n";
    let hello = format!("{{\"type\":\"hello\",\"v\":1,\"name\":\"{name}\"}}");
    [REQUEST, &framing::masked(hello.as_bytes())].concat()
}

fn web(line: &[u8]) -> Line<'_> {
    match native(line) {
        Line::Answer(answer) => Line::Answer(framing::masked(answer.trim_ascii_end())),
        Line::Other if line.starts_with(b"HTTP/") && !line.starts_with(b"HTTP/1.1 101") => Line::Refused(line),
        line => line,
    }
}

fn irc(line: &[u8]) -> Line<'_> {
    if line.starts_with(b"PING") {
        return Line::Answer([b"PONG".as_slice(), &line[4..], b"\n"].concat());
    }
    match word(line, if line.starts_with(b":") { 1 } else { 0 }) {
        b"001" => Line::Answer(b"JOIN #bench\r\n".to_vec()),
        b"353" | b"JOIN" => Line::Roster,
        b"366" => Line::Welcome,
        b"ERROR" | b"404" | b"405" | b"433" | b"437" | b"471" => Line::Refused(line),
        _ => Line::Other,
    }
}

fn word(line: &[u8], index: usize) -> &[u8] {
    line.split(u8::is_ascii_whitespace).nth(index).unwrap_or_default()
}

/// The numbers of the members that a `353` or `JOIN` line names: ours are called a letter and their number.
fn irc_names(line: &[u8]) -> impl Iterator<Item = usize> {
    let names = match word(line, 1) {
        b"JOIN" => &line[1..memchr(b'!', line).unwrap_or(1)],
        b"353" => line[1..].splitn(2, |byte| *byte == b':').nth(1).unwrap_or_default(),
        _ => &[],
    };
    names.split(u8::is_ascii_whitespace).filter_map(|name| {
        let digits = name.iter().position(u8::is_ascii_digit)?;
        std::str::from_utf8(&name[digits..]).ok()?.parse().ok()
    })
}

/// Lines of IRC as servers send them.
pub(crate) fn self_check() {
    let mut roster = Roster::default();
    let ids = Ids::new();
    Dialect::Irc.members(b":bench.local 353 m3 = #bench :@m0 m1 m2\r", &ids, &mut roster);
    Dialect::Irc.members(b":m7!~m7@127.0.0.1 JOIN :#bench\r", &ids, &mut roster);
    assert_eq!(roster.len(), 4);
    assert!(matches!(Dialect::Irc.line(b":bench.local 366 m3 #bench :End"), Line::Welcome));
}
