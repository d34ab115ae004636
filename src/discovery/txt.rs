//! What a host says of its room, as the strings of a DNS-SD record (RFC 6763, section 6).
//!
//! The port is no part of it: the record has that in a place of its own. How records travel is not known here.

use std::str::FromStr;

use crate::limits::{DNS_LABEL_MAX_BYTES, TXT_STRING_MAX_BYTES};
use crate::room::id::PeerId;
use crate::room::name::{Name, cut};
use crate::sighting::Announcement;

/// The version of these strings. Whoever says another is passed over.
const VERSION: &str = "1";

/// The name in the record of a host whose own does not fit.
const SOMEBODY: &str = "somebody";

/// The strings for `announcement`, as keys and values; each fits into a record. A name that does not is left empty.
pub(super) fn encode(announcement: &Announcement) -> Vec<(&'static str, String)> {
    let Announcement { room, opened, term, host, port: _, name, members, closed, blocked } = announcement;
    let fits = "name=".len() + name.len() <= TXT_STRING_MAX_BYTES;
    let mut strings = vec![
        ("v", VERSION.to_owned()),
        ("room", room.to_string()),
        ("opened", opened.to_string()),
        ("term", term.to_string()),
        ("host", host.to_string()),
        ("name", if fits { name.to_string() } else { String::new() }),
        ("members", members.to_string()),
        ("closed", u8::from(*closed).to_string()),
    ];
    strings.extend(blocked.map(|peer| ("blocked", peer.to_string())));
    strings
}

/// What the record of a room on `port` says; `value` gives what stands behind a key. Nothing, unless a host can say all of
/// it; a name that is none is empty. Keys that are not known here are never asked for.
pub(super) fn decode<'a>(port: u16, value: impl Fn(&str) -> Option<&'a [u8]>) -> Option<Announcement> {
    let text = |key| value(key).and_then(|bytes| str::from_utf8(bytes).ok());
    if text("v")? != VERSION {
        return None;
    }
    let announcement = Announcement {
        room: parsed(text("room")?)?,
        opened: parsed(text("opened")?)?,
        term: parsed(text("term")?)?,
        host: parsed(text("host")?)?,
        port,
        name: Name::parse(text("name")?).map(|name| name.as_str().into()).unwrap_or_default(),
        members: parsed(text("members")?)?,
        closed: match text("closed")? {
            "0" => false,
            "1" => true,
            _ => return None,
        },
        blocked: match value("blocked") {
            Some(bytes) => Some(parsed(str::from_utf8(bytes).ok()?)?),
            None => None,
        },
    };
    announcement.is_sound().then_some(announcement)
}

/// The room's name for people who look with a Bonjour browser: `capo's room on port 8808 (5f0c3a)`. The digits in it are
/// the host's, so that of two hosts each has its own.
pub(super) fn instance(announcement: &Announcement) -> String {
    let rest = format!("'s room on port {} ({})", announcement.port, tag(announcement.host, 6));
    match cut(&announcement.name, usize::MAX, DNS_LABEL_MAX_BYTES - rest.len()) {
        "" => format!("{SOMEBODY}{rest}"),
        name => format!("{name}{rest}"),
    }
}

/// The name of the host's machine in the record: one that no other machine has, and not the machine's own, which belongs
/// to whatever else answers for it.
pub(super) fn machine(host: PeerId) -> String {
    format!("hybrid-chat-{}.local.", tag(host, 12))
}

/// The first digits of a peer's id.
fn tag(peer: PeerId, digits: usize) -> String {
    peer.to_string().chars().take(digits).collect()
}

/// A number or an id, if it is spelled as [`encode`] spells it.
fn parsed<T: FromStr + ToString>(text: &str) -> Option<T> {
    text.parse().ok().filter(|parsed: &T| parsed.to_string() == text)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::limits::NUMBER_MAX;
    use crate::room::id::RoomId;

    type Strings = Vec<(String, Vec<u8>)>;

    fn strings(announcement: &Announcement) -> Strings {
        encode(announcement).into_iter().map(|(key, value)| (key.to_owned(), value.into_bytes())).collect()
    }

    fn read(strings: &Strings) -> Option<Announcement> {
        decode(8808, |key| strings.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_slice()))
    }

    fn announcement() -> impl Strategy<Value = Announcement> {
        let name = prop_oneof!["\\PC{0,40}", "[a-z]{2,9}", "e[\u{300}-\u{36f}]{120,126}", "[\u{1F600}-\u{1F640}]{32}"];
        let blocked = prop::option::of(any::<[u8; 16]>().prop_map(PeerId));
        ((any::<u64>(), 0..1i64 << 53, 0..=NUMBER_MAX, any::<[u8; 16]>(), any::<u32>(), any::<bool>()), name, blocked)
            .prop_map(|(numbers, name, blocked)| {
                let (room, opened, term, host, members, closed) = numbers;
                let name = Name::for_login(&name).as_str().into();
                let (room, host) = (RoomId(room), PeerId(host));
                Announcement { room, opened, term, host, port: 8808, name, members, closed, blocked }
            })
    }

    proptest! {
        #[test]
        fn what_is_said_is_read(said in announcement()) {
            let strings = strings(&said);
            prop_assert!(strings.iter().all(|(key, value)| key.len() + 1 + value.len() <= TXT_STRING_MAX_BYTES));
            let read = read(&strings).unwrap();
            // A name of very many combining marks is left out, nothing else ever is.
            let name = if said.name.len() <= 250 { said.name.clone() } else { "".into() };
            prop_assert_eq!(read, Announcement { name, ..said });
        }

        #[test]
        fn a_string_that_is_missing_or_garbage_makes_it_nothing(
            said in announcement(), which in 0..9usize, garbage: Vec<u8>, gone: bool,
        ) {
            let mut strings = strings(&Announcement { blocked: Some(said.host), ..said.clone() });
            let key = strings[which].0.clone();
            // Any text is a name, and who is blocked need not be said.
            prop_assume!(key != "name" || gone || str::from_utf8(&garbage).is_err());
            prop_assume!(key != "blocked" || !gone);
            prop_assume!(garbage != strings[which].1);
            let is_another = strings.iter().any(|(_, value)| *value == garbage)
                || str::from_utf8(&garbage).is_ok_and(|text| text.parse::<u8>().is_ok());
            prop_assume!(!is_another);
            if gone { drop(strings.remove(which)) } else { strings[which].1 = garbage }
            prop_assert_eq!(read(&strings), None, "{}", key);
        }

        #[test]
        fn nobody_is_harmed_by_what_strangers_say(strings: Vec<(String, Vec<u8>)>, port: u16) {
            let find = |key: &str| strings.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_slice());
            prop_assert_eq!(decode(port, find), None);
        }

        #[test]
        fn names_of_rooms_fit_and_differ(said in announcement(), port: u16) {
            let said = Announcement { port, ..said };
            let name = instance(&said);
            prop_assert!(name.len() <= DNS_LABEL_MAX_BYTES && name.contains("'s room on port "));
            let mut other = said.clone();
            other.host.0[0] ^= 1;
            prop_assert_ne!(instance(&other), name);
            prop_assert_ne!(machine(other.host), machine(said.host));
        }
    }

    #[test]
    fn numbers_that_no_room_reaches_make_it_nothing() {
        let value = |opened: &'static str, term: &'static str| {
            move |key: &str| match key {
                "v" | "members" | "closed" => Some(b"1".as_slice()),
                "room" => Some(b"0000000000005f0c".as_slice()),
                "host" => Some(b"0000000000005f0c0000000000005f0c".as_slice()),
                "opened" => Some(opened.as_bytes()),
                "term" => Some(term.as_bytes()),
                "name" => Some(b"\x1b]0;me".as_slice()),
                _ => None,
            }
        };
        assert_eq!(decode(8808, value("7", "1")).unwrap().name.as_ref(), "");
        for (port, opened, term) in
            [(0, "7", "1"), (1, "-7", "1"), (1, "9007199254740993", "1"), (1, "7", "9007199254740993"), (1, "7", "+1")]
        {
            assert_eq!(decode(port, value(opened, term)), None, "{port} {opened} {term}");
        }
    }

    #[test]
    fn what_is_not_known_is_passed_over_and_another_version_too() {
        let peer = PeerId([0x5f; 16]);
        let said = Announcement {
            room: RoomId(7),
            opened: 1,
            term: 2,
            host: peer,
            port: 8808,
            name: "capo".into(),
            members: 3,
            closed: true,
            blocked: None,
        };
        let mut strings = strings(&said);
        strings.push(("colour".into(), b"blue".into()));
        assert_eq!(read(&strings), Some(said.clone()));
        assert_eq!(instance(&said), "capo's room on port 8808 (5f5f5f)");
        strings[0].1 = b"2".into();
        assert_eq!(read(&strings), None);
    }
}
