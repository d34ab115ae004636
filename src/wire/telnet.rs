//! Telnet's own bytes (RFC 854), swallowed: what is left is what the person typed.
//!
//! Nothing is negotiated, because nothing is wanted: a client whose offers stay unanswered goes on as if there were none.

/// "Interpret as command": what begins each command.
pub const IAC: u8 = 255;
const SE: u8 = 240;
const SB: u8 = 250;
const WILL: u8 = 251;
const DONT: u8 = 254;

/// Takes the commands out of bytes, whatever the pieces in which they come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Filter {
    /// In what was typed.
    #[default]
    Typed,
    /// Behind an [`IAC`].
    Command,
    /// Behind an offer or a wish, before the option that it is about.
    Option,
    /// In an option's own talk.
    Talk,
    /// In that, behind an [`IAC`].
    TalkCommand,
}

impl Filter {
    /// Appends to `typed` what of `bytes` was typed.
    pub fn take(&mut self, bytes: &[u8], typed: &mut Vec<u8>) {
        let mut rest = bytes;
        while !rest.is_empty() {
            if *self == Self::Typed {
                let end = memchr::memchr(IAC, rest).unwrap_or(rest.len());
                typed.extend_from_slice(&rest[..end]);
                rest = &rest[end..];
            }
            let Some((byte, after)) = rest.split_first() else { return };
            rest = after;
            *self = match (*self, *byte) {
                (Self::Typed, _) => Self::Command,
                (Self::Command, WILL..=DONT) => Self::Option,
                (Self::Command, SB) => Self::Talk,
                (Self::Command, IAC) => {
                    // Doubled, it stands for itself.
                    typed.push(IAC);
                    Self::Typed
                }
                (Self::Command | Self::Option, _) | (Self::TalkCommand, SE) => Self::Typed,
                (Self::Talk, IAC) => Self::TalkCommand,
                (Self::Talk | Self::TalkCommand, _) => Self::Talk,
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(pieces: &[&[u8]]) -> String {
        let (mut filter, mut typed) = (Filter::default(), Vec::new());
        pieces.iter().for_each(|piece| filter.take(piece, &mut typed));
        String::from_utf8_lossy(&typed).into_owned()
    }

    #[test]
    fn commands_are_swallowed_whatever_the_pieces() {
        // Offers, the window's size (with a line break and a doubled IAC in it), Ctrl-C, and what was typed between them.
        let bytes =
            b"\xff\xfb\x18\xff\xfd\x03lor\xff\xfa\x1f\x00\x0a\xff\xff\x18\xff\xf0de\xff\xf4\xff\xfd\x06\r\nciao\n";
        assert_eq!(typed(&[bytes]), "lorde\r\nciao\n");
        for size in 1..bytes.len() {
            assert_eq!(typed(&bytes.chunks(size).collect::<Vec<_>>()), "lorde\r\nciao\n", "in pieces of {size}");
        }
    }

    #[test]
    fn what_is_doubled_stays_once() {
        assert_eq!(typed(&[b"a\xff\xffb"]), "a\u{fffd}b");
    }
}
