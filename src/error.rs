//! What can go wrong, as one enum: what was tried, on what, why it failed, and what helps.
//!
//! `Display` is `WHAT: WHY`, the line that follows `hybrid-chat: ` on stderr; [`Error::remedy`] is the second line,
//! where there is one; [`Error::code`] is the word that scripts branch on. Only what a caller or a script branches on
//! is a variant of its own. Nothing here prints.

use std::io;

/// The result of whatever can fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A failure that ends the program, or a part of it that somebody asked for.
///
/// The catalogue follows the operating system's where it can (refused, reset, aborted, broken pipe, …), because those
/// are the words under which people search for help.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// An operation of the operating system failed; the code follows from the kind.
    #[error("{tried}: {}", reason(source))]
    Io {
        /// What was tried, on what: "connect to 192.168.1.7:8808".
        tried: String,
        /// Why it failed.
        source: io::Error,
    },
    /// Something listens at the address, but it is no room.
    #[error("{tried}: what answers there is not a chat room ({found})")]
    NotARoom {
        /// What was tried, on what.
        tried: String,
        /// What was there instead.
        found: String,
    },
    /// The port is taken, and nobody can be reached behind it.
    #[error("{tried}: the port is in use, but nobody answers on it")]
    AddressInUse {
        /// What was tried, on what.
        tried: String,
    },
    /// The room did not let us in.
    #[error("{tried}: {text}")]
    Refused {
        /// What was tried, on what.
        tried: String,
        /// The room's word for it: `room-full`, `bad-name`, `banned`, `version`, …
        code: String,
        /// The room's text, made safe to show.
        text: String,
    },
    /// A name that breaks the rules, before anything was tried with it.
    #[error("the name {name:?}: {why}")]
    Name {
        /// The name as given.
        name: String,
        /// The rule that it breaks.
        why: String,
    },
    /// The connections log cannot be opened.
    #[error("open the connections log {path}: {}", reason(source))]
    Log {
        /// The path as given.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// Bytes that should have been UTF-8.
    #[error("{tried}: not UTF-8")]
    InvalidUtf8 {
        /// What was being read.
        tried: String,
    },
    /// Lines of a connections log that could not be read; they were reported one by one.
    #[error("read {path}: {lines} unreadable {}", if *lines == 1 { "line" } else { "lines" })]
    Unreadable {
        /// The log's path as given.
        path: String,
        /// How many.
        lines: u64,
    },
}

impl Error {
    /// An operation of the operating system that failed: `tried` says what and on what ("connect to 10.0.0.7:8808").
    pub fn io(tried: impl Into<String>, source: io::Error) -> Self {
        Self::Io { tried: tried.into(), source }
    }

    /// The word for scripts (section 3 of the contract, event `error`).
    pub fn code(&self) -> &str {
        match self {
            Self::Io { source, .. } => io_code(source.kind()),
            Self::NotARoom { .. } => "not-a-room",
            Self::AddressInUse { .. } => "address-in-use",
            Self::Refused { code, .. } => match code.as_str() {
                "room-full" => "room-full",
                "version" => "version",
                "passphrase" => "passphrase",
                "bad-name" => "name",
                "banned" => "permission-denied",
                _ => "io",
            },
            Self::Name { .. } => "name",
            Self::Log { .. } => "log",
            Self::InvalidUtf8 { .. } => "invalid-utf8",
            Self::Unreadable { .. } => "io",
        }
    }

    /// What helps, where something does: a whole sentence.
    pub fn remedy(&self) -> Option<String> {
        let text = match self {
            Self::Log { .. } => "Name a file that can be written with --log FILE.".into(),
            Self::NotARoom { .. } | Self::AddressInUse { .. } => {
                "Choose another port with --port, for everybody who is to be in the room.".into()
            }
            Self::Name { .. } => "Choose another name with --name NAME.".into(),
            Self::Refused { code, .. } => match code.as_str() {
                "room-full" => "Ask the host for a larger --max-members, or come back later.".into(),
                "version" => "Run the same version of hybrid-chat as the host.".into(),
                "bad-name" => "Choose another name with --name NAME.".into(),
                _ => return None,
            },
            Self::Io { source, .. } => match source.kind() {
                io::ErrorKind::ConnectionRefused => {
                    "Nobody hosts there: start one with hybrid-chat on that machine, or check the address.".into()
                }
                io::ErrorKind::AddrInUse => "Leave out --role host to join, or choose another port with --port.".into(),
                io::ErrorKind::AddrNotAvailable => {
                    "The address is not one of this machine's: leave it out to use all of them.".into()
                }
                io::ErrorKind::PermissionDenied => "Choose a port above 1023 with --port.".into(),
                io::ErrorKind::TimedOut | io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => {
                    "Check the address, and whether a firewall or a guest network keeps the two machines apart.".into()
                }
                _ => return None,
            },
            Self::InvalidUtf8 { .. } | Self::Unreadable { .. } => return None,
        };
        Some(text)
    }
}

/// The contract's word for a kind of failure.
fn io_code(kind: io::ErrorKind) -> &'static str {
    use io::ErrorKind as Kind;
    match kind {
        Kind::ConnectionRefused => "connection-refused",
        Kind::ConnectionReset => "connection-reset",
        Kind::ConnectionAborted => "connection-aborted",
        Kind::BrokenPipe => "broken-pipe",
        Kind::TimedOut => "timed-out",
        Kind::HostUnreachable | Kind::NetworkUnreachable | Kind::NetworkDown => "unreachable",
        Kind::AddrInUse => "address-in-use",
        Kind::AddrNotAvailable => "address-not-available",
        Kind::PermissionDenied => "permission-denied",
        Kind::InvalidData => "invalid-utf8",
        _ => "io",
    }
}

/// Why an operation failed, in the operating system's words without its error number.
fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    match text.split_once(" (os error") {
        Some((words, _)) => words.to_lowercase(),
        None => text,
    }
}
