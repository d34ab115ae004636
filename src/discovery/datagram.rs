//! The beacon's datagrams: one JSON object each, either a question or what a host says of its room.
//!
//! ```text
//! {"hybrid-chat":1,"ask":{"nonce":7,"port":8808,"peer":"…","left":650}}
//! {"hybrid-chat":1,"here":{"nonce":7,"room":"…","opened":…,"term":1,"host":"…","port":8808,"name":"ann","members":3}}
//! ```
//!
//! Fields that are not known are passed over, so that later versions can say more; what breaks a rule is no datagram of
//! ours, and nothing more is said of it. Who says what when is not known here, nor where a datagram came from.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::limits::{DATAGRAM_MAX_BYTES, DECIDE};
use crate::room::id::{PeerId, RoomId};
use crate::room::name::Name;
use crate::sighting::{Announcement, Seeker};

/// The version that we speak.
const VERSION: u32 = 1;

/// What somebody on the LAN says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Datagram {
    /// Who hosts?
    Ask(Ask),
    /// I do.
    Here(Here),
}

/// A question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ask {
    /// Comes back with the answer.
    pub(super) nonce: u64,
    /// On which port; nothing: on any.
    pub(super) port: Option<u16>,
    /// Who asks, if it opens a room where there is none.
    pub(super) seeker: Option<Seeker>,
}

/// What a host says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Here {
    /// Of the question that this answers; nothing: it says so unasked.
    pub(super) nonce: Option<u64>,
    /// Of its room.
    pub(super) announcement: Announcement,
}

#[derive(Default, Serialize, Deserialize)]
struct Envelope {
    #[serde(rename = "hybrid-chat")]
    version: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ask: Option<AskFields>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    here: Option<HereFields>,
}

#[derive(Serialize, Deserialize)]
struct AskFields {
    nonce: u64,
    #[serde(default, skip_serializing_if = "is_default")]
    port: u16,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    peer: Option<PeerId>,
    /// Milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    left: Option<u64>,
}

#[derive(Serialize, Deserialize)]
struct HereFields {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    nonce: Option<u64>,
    room: RoomId,
    opened: i64,
    term: u64,
    host: PeerId,
    port: u16,
    #[serde(default, skip_serializing_if = "is_default")]
    name: String,
    members: u32,
    #[serde(default, skip_serializing_if = "is_default")]
    closed: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    blocked: Option<PeerId>,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl Datagram {
    /// The bytes of it, at most [`DATAGRAM_MAX_BYTES`]: a name that would not fit is left out.
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut envelope = Envelope { version: VERSION, ..Envelope::default() };
        match self {
            Self::Ask(ask) => envelope.ask = Some(ask.into()),
            Self::Here(here) => envelope.here = Some(here.into()),
        }
        let bytes = envelope.bytes();
        match &mut envelope.here {
            Some(here) if bytes.len() > DATAGRAM_MAX_BYTES => {
                here.name.clear();
                envelope.bytes()
            }
            _ => bytes,
        }
    }

    /// What `bytes` say, if they are one of our datagrams in every respect.
    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        if bytes.len() > DATAGRAM_MAX_BYTES {
            return None;
        }
        match serde_json::from_slice(bytes).ok()? {
            Envelope { version: VERSION, ask: Some(ask), here: None } => Some(Self::Ask(ask.into())),
            Envelope { version: VERSION, ask: None, here: Some(here) } => here.valid().map(Self::Here),
            _ => None,
        }
    }
}

impl Envelope {
    fn bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("numbers and texts under names that are texts always are JSON")
    }
}

impl From<&Ask> for AskFields {
    fn from(ask: &Ask) -> Self {
        let left = ask.seeker.map(|seeker| u64::try_from(seeker.left.as_millis()).unwrap_or(u64::MAX));
        Self { nonce: ask.nonce, port: ask.port.unwrap_or(0), peer: ask.seeker.map(|seeker| seeker.peer), left }
    }
}

impl From<AskFields> for Ask {
    fn from(fields: AskFields) -> Self {
        let seeker = fields.peer.zip(fields.left).map(|(peer, left)| {
            // Nobody looks longer than that: what says so is not waited for.
            Seeker { peer, left: Duration::from_millis(left).min(DECIDE) }
        });
        Self { nonce: fields.nonce, port: Some(fields.port).filter(|port| *port != 0), seeker }
    }
}

impl From<&Here> for HereFields {
    fn from(here: &Here) -> Self {
        let said = &here.announcement;
        Self {
            nonce: here.nonce,
            room: said.room,
            opened: said.opened,
            term: said.term,
            host: said.host,
            port: said.port,
            name: said.name.to_string(),
            members: said.members,
            closed: said.closed,
            blocked: said.blocked,
        }
    }
}

impl HereFields {
    /// What it says, if a host can say so. A name that is none, or that did not fit, is empty.
    fn valid(self) -> Option<Here> {
        let announcement = Announcement {
            room: self.room,
            opened: self.opened,
            term: self.term,
            host: self.host,
            port: self.port,
            name: Name::parse(&self.name).map(|name| name.as_str().into()).unwrap_or_default(),
            members: self.members,
            closed: self.closed,
            blocked: self.blocked,
        };
        announcement.is_sound().then_some(Here { nonce: self.nonce, announcement })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::limits::NAME_MAX_BYTES;
    use crate::limits::NUMBER_MAX;

    fn announcement() -> Announcement {
        Announcement {
            room: RoomId(0x5f0c),
            opened: 1_700_000_000_000,
            term: 3,
            host: PeerId([7; 16]),
            port: 8808,
            name: "ann".into(),
            members: 3,
            closed: true,
            blocked: Some(PeerId([8; 16])),
        }
    }

    fn read(text: &str) -> Option<Datagram> {
        Datagram::decode(text.as_bytes())
    }

    #[test]
    fn a_datagram_looks_like_this() {
        let seeker = Seeker { peer: PeerId([1; 16]), left: Duration::from_millis(650) };
        let ask = Datagram::Ask(Ask { nonce: 7, port: Some(8808), seeker: Some(seeker) });
        let text =
            r#"{"hybrid-chat":1,"ask":{"nonce":7,"port":8808,"peer":"01010101010101010101010101010101","left":650}}"#;
        assert_eq!((String::from_utf8(ask.encode()).unwrap().as_str(), read(text)), (text, Some(ask)));
        let here = Here { nonce: None, announcement: Announcement { closed: false, blocked: None, ..announcement() } };
        let text = r#"{"hybrid-chat":1,"here":{"room":"0000000000005f0c","opened":1700000000000,"term":3,"host":"07070707070707070707070707070707","port":8808,"name":"ann","members":3}}"#;
        assert_eq!(String::from_utf8(Datagram::Here(here).encode()).unwrap(), text);
    }

    #[test]
    fn what_later_versions_add_is_passed_over() {
        let ask = Ask { nonce: 7, port: None, seeker: None };
        let text = r#"{"hybrid-chat":1,"more":[{}],"ask":{"nonce":7,"port":0,"colour":"red"}}"#;
        assert_eq!(read(text), Some(Datagram::Ask(ask)));
    }

    #[test]
    fn what_is_none_of_ours_is_nothing() {
        let here = r#"{"room":"0000000000005f0c","opened":1,"term":3,"host":"07070707070707070707070707070707","port":8808,"members":3}"#;
        assert!(read(&format!(r#"{{"hybrid-chat":1,"here":{here}}}"#)).is_some());
        let forged =
            [(r#""opened":1"#, r#""opened":-1"#), (r#":3,"host"#, r#":9999999999999999,"host"#), ("8808", "0")]
                .map(|(honest, forged)| format!(r#"{{"hybrid-chat":1,"here":{}}}"#, here.replace(honest, forged)));
        for alien in [
            "",
            " ",
            "\0",
            "null",
            "{}",
            r#"{"ask":{"nonce":7}}"#,
            r#"{"hybrid-chat":1}"#,
            r#"{"hybrid-chat":2,"ask":{"nonce":7}}"#,
            r#"{"hybrid-chat":1,"ask":{"nonce":-7}}"#,
            r#"{"hybrid-chat":1,"ask":{"nonce":7,"port":65536}}"#,
            r#"{"hybrid-chat":1,"ask":{"nonce":7},"ask":{"nonce":8}}"#,
            r#"{"hybrid-chat":1,"ask":{"nonce":7}} {}"#,
            &format!(r#"{{"hybrid-chat":1,"ask":{{"nonce":7}},"here":{here}}}"#),
        ]
        .into_iter()
        .chain(forged.iter().map(String::as_str))
        {
            assert_eq!(read(alien), None, "{alien}");
        }
        let long = format!(r#"{{"hybrid-chat":1,"ask":{{"nonce":7}}}}{}"#, " ".repeat(DATAGRAM_MAX_BYTES));
        assert!(read(&long).is_none() && read(&long[..DATAGRAM_MAX_BYTES]).is_some());
        assert_eq!(Datagram::decode(b"{\"hybrid-chat\":1,\"\xff\":0,\"ask\":{\"nonce\":7}}"), None);
    }

    #[test]
    fn the_longest_announcement_fits_without_its_name() {
        let announcement = Announcement {
            opened: i64::try_from(NUMBER_MAX).unwrap(),
            term: NUMBER_MAX,
            port: u16::MAX,
            members: u32::MAX,
            name: "\"".repeat(NAME_MAX_BYTES).into(),
            ..announcement()
        };
        let bytes = Datagram::Here(Here { nonce: Some(u64::MAX), announcement: announcement.clone() }).encode();
        assert!(bytes.len() <= DATAGRAM_MAX_BYTES);
        let nameless = Announcement { name: "".into(), ..announcement };
        let here = Here { nonce: Some(u64::MAX), announcement: nameless };
        assert_eq!(Datagram::decode(&bytes), Some(Datagram::Here(here)));
    }

    #[test]
    fn a_name_that_is_none_is_not_shown() {
        let bad = Announcement { name: "\u{1b}[2J".into(), ..announcement() };
        let bytes = Datagram::Here(Here { nonce: None, announcement: bad.clone() }).encode();
        let nameless = Announcement { name: "".into(), ..bad };
        assert_eq!(Datagram::decode(&bytes), Some(Datagram::Here(Here { nonce: None, announcement: nameless })));
    }

    #[test]
    fn nobody_looks_for_ever() {
        let peer = PeerId([1; 16]);
        let ask = Ask { nonce: 1, port: None, seeker: Some(Seeker { peer, left: Duration::MAX }) };
        let Some(Datagram::Ask(ask)) = Datagram::decode(&Datagram::Ask(ask).encode()) else { panic!("no question") };
        assert_eq!(ask.seeker, Some(Seeker { peer, left: DECIDE }));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(
            nonce: Option<u64>, room: u64, opened in 0..=1_i64 << 53, term in 0..=NUMBER_MAX, host: [u8; 16], port in 1..=u16::MAX,
            name in "[a-zä字]{2,32}", members: u32, closed: bool, blocked: Option<[u8; 16]>, left in 0..10_000_u64,
        ) {
            let (room, host, blocked) = (RoomId(room), PeerId(host), blocked.map(PeerId));
            let name = name.into();
            let announcement = Announcement { room, opened, term, host, port, name, members, closed, blocked };
            let here = Datagram::Here(Here { nonce, announcement });
            prop_assert_eq!(Datagram::decode(&here.encode()), Some(here));
            let seeker = nonce.map(|_| Seeker { peer: host, left: Duration::from_millis(left) });
            let ask = Datagram::Ask(Ask { nonce: room.0, port: Some(port).filter(|_| closed), seeker });
            prop_assert_eq!(Datagram::decode(&ask.encode()), Some(ask));
        }

        #[test]
        fn no_bytes_are_too_odd(bytes in prop::collection::vec(any::<u8>(), 0..1024), at: prop::sample::Index, byte: u8) {
            drop(Datagram::decode(&bytes));
            let mut real = Datagram::Here(Here { nonce: Some(1), announcement: announcement() }).encode();
            let at = at.index(real.len());
            prop_assert_eq!(Datagram::decode(&real[..at]), None);
            real[at] = byte;
            drop(Datagram::decode(&real));
        }
    }
}
