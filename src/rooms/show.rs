//! Rooms as people and scripts are shown them: a table, lines, objects. Pure; whatever a host calls itself is a name here.

use std::fmt::Write;
use std::net::SocketAddr;

use chrono::{DateTime, FixedOffset};
use serde::Serialize;
use unicode_width::UnicodeWidthStr;

use super::board::{Change, Room};
use crate::room::event::timestamp;
use crate::room::id::RoomId;
use crate::room::name::Name;
use crate::ui::reach;

/// What is said where there is none.
const NONE: &str = "No rooms found. To open one: hybrid-chat. To know why none is found: hybrid-chat doctor.\n";

/// The columns of the table.
const HEAD: [&str; 6] = ["PORT", "HOST", "ADDRESS", "MEMBERS", "ACCESS", "OPENED"];

/// The rooms as a table.
pub(super) fn table(rooms: &[&Room], now: DateTime<FixedOffset>) -> String {
    if rooms.is_empty() {
        return NONE.into();
    }
    let rows: Vec<[String; 6]> =
        std::iter::once(HEAD.map(Into::into)).chain(rooms.iter().map(|room| cells(room, now))).collect();
    let widths: Vec<usize> =
        (0..HEAD.len()).map(|at| rows.iter().map(|row| row[at].width()).max().unwrap_or(0)).collect();
    let mut out = String::new();
    for row in &rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            let gap = width - cell.width() + 2;
            write!(line, "{cell}{:gap$}", "").expect("a string takes everything");
        }
        writeln!(out, "{}", line.trim_end()).expect("a string takes everything");
    }
    out
}

/// A change as a line: `+` found, `~` changed, `-` gone.
pub(super) fn change(change: &Change, now: DateTime<FixedOffset>) -> String {
    let (mark, room) = match change {
        Change::Found(room) => ('+', room),
        Change::Changed(room) => ('~', room),
        Change::Gone(room) => ('-', room),
    };
    let [port, host, address, members, access, opened] = cells(room, now);
    let members = format!("{members} member{}", if members == "1" { "" } else { "s" });
    format!("{mark} port {port}, {host} at {address}, {members}, {access}, opened {opened}\n")
}

/// A change as an object.
pub(super) fn change_json(change: &Change, now: DateTime<FixedOffset>) -> String {
    match change {
        Change::Found(room) => json("found", room, now),
        Change::Changed(room) => json("changed", room, now),
        Change::Gone(room) => json("gone", room, now),
    }
}

/// A room as an object on one line. Its fields: `event` (`found`, `changed` or `gone`), `at` (now), `port`, `host` (its
/// name), `address` (`IP:PORT`, the likeliest), `addresses` (all of them), `members` (how many), `closed` (whether it takes
/// a passphrase), `opened` (when, as the first host's clock said), `room` (its id) and `term`.
pub(super) fn json(event: &str, room: &Room, now: DateTime<FixedOffset>) -> String {
    #[derive(Serialize)]
    struct Object<'a> {
        event: &'a str,
        at: String,
        port: u16,
        host: &'a str,
        address: String,
        addresses: Vec<String>,
        members: u32,
        closed: bool,
        opened: String,
        room: RoomId,
        term: u64,
    }
    let told = &room.announcement;
    let host = Name::for_login(&told.name);
    let object = Object {
        event,
        at: timestamp(now),
        port: room.addresses[0].port(),
        host: host.as_str(),
        address: room.addresses[0].to_string(),
        addresses: room.addresses.iter().map(ToString::to_string).collect(),
        members: told.members,
        closed: told.closed,
        opened: timestamp(opened(room).with_timezone(now.offset())),
        room: told.room,
        term: told.term,
    };
    let mut line =
        serde_json::to_string(&object).expect("numbers and texts under names that are texts always are JSON");
    line.push('\n');
    line
}

fn cells(room: &Room, now: DateTime<FixedOffset>) -> [String; 6] {
    let told = &room.announcement;
    [
        room.addresses[0].port().to_string(),
        Name::for_login(&told.name).as_str().to_owned(),
        typed(room.addresses[0]),
        told.members.to_string(),
        if told.closed { "closed" } else { "open" }.to_owned(),
        age(now.signed_duration_since(opened(room)).num_seconds()),
    ]
}

/// An address as one types it; a link-local one is nothing without its scope.
fn typed(address: SocketAddr) -> String {
    match address {
        SocketAddr::V6(v6) if v6.scope_id() != 0 => address.to_string(),
        _ => reach::as_typed(address),
    }
}

/// When a room was opened; a time that is none is long ago.
fn opened(room: &Room) -> DateTime<FixedOffset> {
    DateTime::from_timestamp_millis(room.announcement.opened).unwrap_or_default().fixed_offset()
}

/// How long ago something was, in words. Its clock may be ahead of ours.
fn age(seconds: i64) -> String {
    let (count, unit) = match seconds {
        ..60 => return "just now".into(),
        60..3_600 => (seconds / 60, "minute"),
        3_600..86_400 => (seconds / 3_600, "hour"),
        _ => (seconds / 86_400, "day"),
    };
    format!("{count} {unit}{} ago", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::room::id::PeerId;
    use crate::sighting::Announcement;

    fn now() -> DateTime<FixedOffset> {
        DateTime::parse_from_rfc3339("2026-11-20T21:51:03+01:00").unwrap()
    }

    fn room(name: &str, at: &str, members: u32, ago: i64) -> Room {
        let announcement = Announcement {
            room: RoomId(0x5f0c),
            opened: now().timestamp_millis() - ago * 1_000,
            term: 2,
            host: PeerId([7; 16]),
            port: 8808,
            name: name.into(),
            members,
            closed: members > 9,
            blocked: None,
        };
        let at = at.parse().unwrap();
        Room { announcement, addresses: vec![at], told_at: at }
    }

    #[test]
    fn the_table_stands_in_columns_whatever_the_names() {
        let rooms = [room("capo", "192.168.1.7:8808", 3, 7), room("日本", "[fd00::7]:9000", 12, 7_300)];
        let expected = "\
PORT  HOST  ADDRESS         MEMBERS  ACCESS  OPENED
8808  capo  192.168.1.7     3        open    just now
9000  日本  [fd00::7]:9000  12       closed  2 hours ago
";
        assert_eq!(table(&rooms.iter().collect::<Vec<_>>(), now()), expected);
        assert!(table(&[], now()).contains("hybrid-chat doctor"));
    }

    /// P29: a host may call itself anything.
    #[test]
    fn a_name_that_is_none_reaches_no_terminal() {
        let room = room("\u{1b}[2J\u{202e}evil\n9000  ", "10.0.0.7:8808", 1, 7);
        for text in [table(&[&room], now()), change(&Change::Gone(room.clone()), now()), json("found", &room, now())] {
            assert!(!text.contains(['\u{1b}', '\u{202e}']) && !text.contains("\\u"), "{text:?}");
            assert!(text.lines().count() <= 2, "{text:?}");
        }
    }

    #[test]
    fn a_change_is_a_line() {
        let one = room("capo", "192.168.1.7:8808", 1, 90);
        let line = change(&Change::Found(one.clone()), now());
        assert_eq!(line, "+ port 8808, capo at 192.168.1.7, 1 member, open, opened 1 minute ago\n");
        assert!(change(&Change::Changed(one.clone()), now()).starts_with("~ port 8808"));
        assert!(change(&Change::Gone(one), now()).starts_with("- port 8808"));
    }

    #[test]
    fn an_object_has_every_field() {
        let line = json("found", &room("capo", "192.168.1.7:8808", 3, 0), now());
        let object: serde_json::Value = serde_json::from_str(&line).unwrap();
        let expected = serde_json::json!({
            "event": "found", "at": "2026-11-20T21:51:03.000+01:00", "port": 8808, "host": "capo",
            "address": "192.168.1.7:8808", "addresses": ["192.168.1.7:8808"], "members": 3, "closed": false,
            "opened": "2026-11-20T21:51:03.000+01:00", "room": "0000000000005f0c", "term": 2,
        });
        assert_eq!(object, expected);
    }

    #[test]
    fn ages_are_words() {
        for (seconds, words) in [
            (-7_200, "just now"),
            (59, "just now"),
            (60, "1 minute ago"),
            (3_599, "59 minutes ago"),
            (3_600, "1 hour ago"),
            (172_800, "2 days ago"),
        ] {
            assert_eq!(age(seconds), words);
        }
    }
}
