//! The connections log: who was connected to the room, from where, when and for how long.
//!
//! The file is append-only UTF-8, one line per event, one `write` per line, created with mode 0600. The first three
//! fields are separated by white space: the time (RFC 3339, milliseconds, numeric offset), the event (padded to eight
//! characters) and an address; `key=value` pairs follow. `connections.log.example` shows every kind of line:
//!
//! | event | address | keys | when |
//! |---|---|---|---|
//! | `opened` | the room's | | the room listens |
//! | `accepted` | the peer's | | a connection was accepted, before a byte of it is read |
//! | `joined` | the peer's | `name`, `via` | it became a member, through the dialect `via` |
//! | `left` | the peer's | `name`, `reason`, `after` | the end of a connection that had joined, so many seconds later |
//! | `refused` | the peer's | `reason` | something that it asked for before it joined was refused |
//! | `ended` | the peer's | `reason` | the end of a connection that had not joined |
//! | `closed` | the room's | `reason` | the room no longer listens |
//! | `missed` | the room's | `lines` | so many lines could not be written before this one |
//!
//! Every accepted connection has exactly one line for its end: `left` if it had joined, else `ended`. A `refused` line
//! is never the end: it says why (`room-full`, `bad-name`, …), and `ended reason=refused` follows it, or, where a bad
//! name was mended, `joined`. An `opened` or `closed` line ends whatever has no line for its end: the host crashed.
//!
//! A value is quoted, as in logfmt, where it is empty or holds a space, a quote, `=`, a backslash or anything that does
//! not print; what is between the quotes is a JSON string. So no name can forge a line, split one, or turn its
//! direction. Events and keys that are not in the table are read and handed on.
//!
//! [`ConnectionLog`] writes the file and [`command()`] reads it back; the room and the sockets are unknown here.

mod command;
mod follow;
mod identity;
mod journal;
mod line;
mod output;
mod quote;
mod reader;
mod report;
mod show;
mod summary;
mod writer;

pub use command::{LogOptions, command, parse_when};
pub use line::{BadLine, Event, LogLine, Word};
pub use writer::{ConnectionLog, Notice};
