//! Who is who: the ids of rooms, peers and members.
//!
//! Ids are opaque bits with a spelling; nothing here knows where random bits come from or how ids travel.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// A member's number in its room, counted up from 1 in order of joining and never used twice: lower is senior.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MemberId(pub u32);

/// The room's own id: 64 random bits, chosen by its first host and kept for the room's life.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RoomId(pub u64);

/// 128 random bits that one run of the program keeps for itself and shows only to its hosts.
///
/// Whoever shows the secret behind a [`PeerId`] is that peer: the public id is the secret's hash, so every host, also one
/// that has just taken over, can tell a member that comes back from somebody who only read its id.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Secret(pub [u8; 16]);

/// One run of the program, to everybody: the first 128 bits of the SHA-256 of its [`Secret`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PeerId(pub [u8; 16]);

impl Secret {
    /// The id under which others know the holder.
    pub fn peer(self) -> PeerId {
        PeerId(hash(&[b"peer", &self.0]))
    }
}

impl PeerId {
    /// The id of a member that showed no secret: it cannot come back as itself, and everybody derives the same id for it.
    pub fn stranger(room: RoomId, id: MemberId) -> Self {
        Self(hash(&[b"stranger", &room.0.to_be_bytes(), &id.0.to_be_bytes()]))
    }

    /// The first 53 bits: enough to tell the hosts of a room apart in a table of terms, and a whole number in any JSON.
    pub fn short(self) -> u64 {
        u64::from_be_bytes(self.0[..8].try_into().expect("the first eight of sixteen bytes are eight bytes")) >> 11
    }
}

/// The first 128 bits of the SHA-256 of `parts`, one after the other.
fn hash(parts: &[&[u8]]) -> [u8; 16] {
    let mut sha = Sha256::new();
    for part in parts {
        sha.update(part);
    }
    sha.finalize()[..16].try_into().expect("the first sixteen of thirty-two bytes are sixteen bytes")
}

/// Gives an id its spelling: lower-case hexadecimal digits, in `Display`, `Debug`, `FromStr` and on the wire.
macro_rules! spelled_in_hex {
    ($id:ident, $number:ty, $from:expr, $into:expr) => {
        impl fmt::Display for $id {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let number: $number = $into(*self);
                write!(f, "{number:0width$x}", width = size_of::<$number>() * 2)
            }
        }

        impl FromStr for $id {
            type Err = ParseIdError;

            fn from_str(text: &str) -> Result<Self, ParseIdError> {
                if text.len() != size_of::<$number>() * 2 || text.starts_with('+') {
                    return Err(ParseIdError);
                }
                <$number>::from_str_radix(text, 16).map($from).map_err(|_| ParseIdError)
            }
        }

        impl Serialize for $id {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $id {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

spelled_in_hex!(RoomId, u64, RoomId, |id: RoomId| id.0);
spelled_in_hex!(PeerId, u128, |n: u128| PeerId(n.to_be_bytes()), |id: PeerId| u128::from_be_bytes(id.0));
spelled_in_hex!(Secret, u128, |n: u128| Secret(n.to_be_bytes()), |id: Secret| u128::from_be_bytes(id.0));

impl fmt::Debug for RoomId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RoomId({self})")
    }
}

impl fmt::Debug for PeerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PeerId({self})")
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret(of {})", self.peer())
    }
}

/// Not the hexadecimal digits of an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an id")]
pub struct ParseIdError;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_spelled_and_read_alike() {
        let room = RoomId(0x5f0c);
        assert_eq!(room.to_string(), "0000000000005f0c");
        assert_eq!("0000000000005f0c".parse(), Ok(room));
        let peer = Secret([7; 16]).peer();
        assert_eq!(peer.to_string().parse(), Ok(peer));
        assert_eq!(serde_json::to_string(&peer).unwrap(), format!("\"{peer}\""));
    }

    #[test]
    fn what_is_no_id_is_refused() {
        for bad in ["", "5f0c", "+000000000005f0c", "000000000000zzzz", "00000000000000005f0c"] {
            assert_eq!(bad.parse::<RoomId>(), Err(ParseIdError), "{bad}");
        }
    }

    #[test]
    fn a_public_id_does_not_show_the_secret_behind_it() {
        let secret = Secret([9; 16]);
        assert_ne!(secret.peer().0, secret.0);
        assert!(!format!("{secret:?}").contains(&secret.to_string()));
    }

    #[test]
    fn strangers_differ_by_room_and_number() {
        let one = PeerId::stranger(RoomId(1), MemberId(1));
        assert_ne!(one, PeerId::stranger(RoomId(1), MemberId(2)));
        assert_ne!(one, PeerId::stranger(RoomId(2), MemberId(1)));
        assert_eq!(one, PeerId::stranger(RoomId(1), MemberId(1)));
    }
}
