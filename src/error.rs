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
        /// What was tried, on what: "read standard input".
        tried: String,
        /// Why it failed.
        source: io::Error,
    },
    /// We cannot listen there, for another reason than that somebody does; the code follows from the kind.
    #[error("{tried}: {}", reason(source))]
    Listen {
        /// What was tried, on what: "listen on 0.0.0.0:8808".
        tried: String,
        /// Why it failed.
        source: io::Error,
    },
    /// Nobody could be reached, or nobody stayed connected; the code follows from the kind.
    #[error("{tried}: {}", reason(source))]
    Unreached {
        /// What was tried, on what: "join the room on port 8808 of 192.168.1.7".
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
    /// The port on which we were to host is taken, by whomever.
    #[error("{tried}: the port is in use")]
    AddressInUse {
        /// What was tried, on what.
        tried: String,
    },
    /// The port is taken, and nobody can be reached behind it.
    #[error("{tried}: the port is in use, but nobody answers on it")]
    Unanswered {
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
    /// The connections log cannot be opened.
    #[error("open the connections log {path}: {}", reason(source))]
    Log {
        /// The path as given.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// A connections log that is to be shown cannot be read.
    #[error("read the connections log {path}: {}", reason(source))]
    ReadLog {
        /// The path as given.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// Bytes that should have been UTF-8.
    #[error("{tried}: a line is not UTF-8")]
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
            Self::Io { source, .. } | Self::Listen { source, .. } | Self::Unreached { source, .. } => {
                io_code(kind(source))
            }
            Self::NotARoom { .. } => "not-a-room",
            Self::AddressInUse { .. } | Self::Unanswered { .. } => "address-in-use",
            Self::Refused { code, .. } => match code.as_str() {
                "room-full" => "room-full",
                "version" => "version",
                "passphrase" => "passphrase",
                "bad-name" => "name",
                "banned" => "permission-denied",
                _ => "io",
            },
            Self::Log { .. } | Self::ReadLog { .. } => "log",
            Self::InvalidUtf8 { .. } => "invalid-utf8",
            Self::Unreadable { .. } => "io",
        }
    }

    /// What helps, where something does: a whole sentence.
    pub fn remedy(&self) -> Option<&'static str> {
        match self {
            Self::Listen { source, .. } => listen_remedy(kind(source)),
            Self::Unreached { source, .. } => reach_remedy(kind(source)),
            Self::NotARoom { .. } => Some(
                "Check the address and the port; if both are right, choose another port with --port, for everybody \
                 who is to be in the room.",
            ),
            Self::AddressInUse { .. } => {
                Some("Leave out --role host to join who hosts there, or choose another port with --port.")
            }
            Self::Unanswered { .. } => Some("Choose another port with --port, for everybody who is to be in the room."),
            Self::Refused { code, .. } => match code.as_str() {
                "room-full" => Some("Ask the host for a larger --max-members, or come back later."),
                "version" => Some("Run the same version of hybrid-chat as the host."),
                "bad-name" => Some("Choose another name with --name NAME."),
                "banned" => Some("Only the host can let you in again, with /unban and your address."),
                _ => None,
            },
            Self::Log { .. } => Some("Name a file that can be written with --log FILE."),
            Self::ReadLog { source, .. } => match source.kind() {
                io::ErrorKind::NotFound => Some("Name the log of a host: hybrid-chat log FILE."),
                io::ErrorKind::PermissionDenied => Some("Read it as the user who hosted: nobody else may."),
                _ => None,
            },
            Self::InvalidUtf8 { .. } => Some("Convert what is sent to UTF-8, for example with iconv."),
            Self::Io { .. } | Self::Unreadable { .. } => None,
        }
    }
}

/// What helps who cannot listen.
fn listen_remedy(kind: io::ErrorKind) -> Option<&'static str> {
    match kind {
        io::ErrorKind::AddrNotAvailable => {
            Some("The address is not one of this machine's: leave it out to use all of them.")
        }
        io::ErrorKind::PermissionDenied => Some("Choose a port above 1023 with --port."),
        _ => None,
    }
}

/// What helps who reaches nobody.
fn reach_remedy(kind: io::ErrorKind) -> Option<&'static str> {
    use io::ErrorKind as Kind;
    match kind {
        Kind::ConnectionRefused => {
            Some("Nobody hosts there: start one with hybrid-chat on that machine, or check the address.")
        }
        Kind::ConnectionReset | Kind::ConnectionAborted | Kind::BrokenPipe => {
            Some("Look whether the host still runs, and whether something between the two machines ends connections.")
        }
        Kind::TimedOut
        | Kind::HostUnreachable
        | Kind::NetworkUnreachable
        | Kind::NetworkDown
        | Kind::AddrNotAvailable => {
            Some("Check the address, and whether a firewall or a guest network keeps the two machines apart.")
        }
        Kind::PermissionDenied => Some("Check the address, and whether this machine's firewall lets hybrid-chat out."),
        _ => None,
    }
}

/// What came of writing to standard output: that nobody reads to its end is no failure.
///
/// # Errors
/// It cannot be written to for any other reason.
pub fn written(result: io::Result<()>) -> Result<()> {
    match result {
        Err(error) if kind(&error) != io::ErrorKind::BrokenPipe => Err(Error::io("write to standard output", error)),
        _ => Ok(()),
    }
}

/// What kind of failure this is, also where the standard library does not know Windows' number for it.
pub fn kind(error: &io::Error) -> io::ErrorKind {
    // ERROR_PIPE_NOT_CONNECTED: whoever read has gone. WSAESHUTDOWN: nothing more is to be sent.
    match error.raw_os_error() {
        Some(233 | 10058) if cfg!(windows) => io::ErrorKind::BrokenPipe,
        _ => error.kind(),
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
    match text.rsplit_once(" (os error") {
        Some((words, _)) => reason_in(words),
        None => text,
    }
}

/// What the operating system says, as the end of a sentence of ours. Windows says whole sentences, in the person's language.
fn reason_in(words: &str) -> String {
    let words = words.trim_end_matches(['.', '\r', '\n']);
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

#[cfg(test)]
mod tests;
