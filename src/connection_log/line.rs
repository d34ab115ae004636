//! One line of the connections log, to text and back. No files, no clock, no printing.

use std::borrow::Cow;
use std::fmt::{self, Display, Write};
use std::net::{SocketAddr, SocketAddrV6};
use std::time::Duration;

use chrono::{DateTime, FixedOffset};

use super::quote::{split_value, write_quoted, write_value};
use crate::room::event::timestamp;

/// A line of the connections log. `Display` writes it without its `\n`; [`LogLine::parse`] reads it back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// When; written in milliseconds, with its own offset.
    pub at: DateTime<FixedOffset>,
    /// What, with the keys that belong to it.
    pub event: Event,
    /// Whose: the peer's, or the room's for `opened`, `closed` and `missed`. An IPv4 peer of a dual-stack socket is
    /// written as IPv4.
    pub address: SocketAddr,
    /// Keys that the event does not know, as a later version may write them.
    pub more: Vec<(Word, String)>,
}

/// What a line tells (the module's table has the meanings).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The room listens at the address.
    Opened,
    /// A connection was accepted.
    Accepted,
    /// A connection became a member.
    Joined {
        /// The name that the room gave it.
        name: String,
        /// The dialect: `native`, `web`, `text`, …
        via: Cow<'static, str>,
    },
    /// The end of a connection that had joined.
    Left {
        /// The name that it had last.
        name: String,
        /// Why: the words of the event `left`.
        reason: Cow<'static, str>,
        /// For how long it had been a member; written in whole seconds.
        after: Duration,
    },
    /// The end of a connection that had not joined.
    Ended {
        /// Why: `no-hello`, `bad-hello`, `page`, `refused`, `lost`, …
        reason: Cow<'static, str>,
    },
    /// A connection was refused what it asked for before it had joined; the line for its end still follows.
    Refused {
        /// Why: `room-full`, `bad-name`, `banned`, …
        reason: Cow<'static, str>,
    },
    /// The room no longer listens at the address.
    Closed {
        /// Why: `host-shutdown`, `handed-over` or `yielded`.
        reason: Cow<'static, str>,
    },
    /// Lines that should stand before this one could not be written.
    Missed {
        /// How many.
        lines: u64,
    },
    /// An event of a later version.
    Other(Word),
}

/// An event's or a key's word: ASCII letters, digits, `-`, `_` and `.`, at least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word(String);

/// Why a line cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadLine {
    /// It is longer than [`crate::limits::LOG_LINE_MAX_BYTES`].
    #[error("too long")]
    TooLong,
    /// Its bytes are not UTF-8.
    #[error("not UTF-8")]
    NotUtf8,
    /// It holds a control character, which no line that was written whole does.
    #[error("a control character stands in it")]
    Control,
    /// Its first field is no RFC 3339 time.
    #[error("no time at its start")]
    Time,
    /// Its second field is no word.
    #[error("no event after the time")]
    Event,
    /// Its third field is no `IP:PORT`.
    #[error("no address after the event")]
    Address,
    /// What follows is not `key=value`.
    #[error("something after the address is not key=value")]
    Pair,
    /// A key stands in it twice, or is one of the first three fields' names.
    #[error("the key {0} stands in it twice")]
    Twice(Word),
    /// A key that belongs to its event is not there.
    #[error("the key {0} is missing")]
    Missing(&'static str),
    /// The value of a key that belongs to its event is not of the key's kind.
    #[error("the value of {0} is wrong")]
    Value(&'static str),
}

impl LogLine {
    /// A line with the keys of its event and no others.
    pub fn new(at: DateTime<FixedOffset>, address: SocketAddr, event: Event) -> Self {
        Self { at, event, address: canonical(address), more: Vec::new() }
    }

    /// Reads a line, given without its `\n`.
    ///
    /// # Errors
    /// The first thing that is wrong with it.
    pub fn parse(text: &str) -> Result<Self, BadLine> {
        if text.chars().any(|c| c.is_control() && c != '\t') {
            return Err(BadLine::Control);
        }
        let (at, rest) = field(text);
        let at = DateTime::parse_from_rfc3339(at).map_err(|_| BadLine::Time)?;
        let (event, rest) = field(rest);
        let event = Word::new(event).ok_or(BadLine::Event)?;
        let (address, rest) = field(rest);
        let address = address.parse().map_err(|_| BadLine::Address)?;
        let mut pairs = Pairs::parse(rest)?;
        let event = pairs.event(event)?;
        Ok(Self { at, event, address: canonical(address), more: pairs.0 })
    }

    /// Writes the line as a JSON object: `at`, `event`, `address`, and its keys, whose values are strings as in the
    /// log. Nothing stands raw in it that a terminal would act on.
    pub(super) fn write_json(&self, out: &mut dyn Write) -> fmt::Result {
        write!(out, r#"{{"at":"{}","event":"{}""#, timestamp(self.at), self.event.word())?;
        write!(out, r#","address":"{}""#, canonical(self.address))?;
        self.each_pair(&mut |key, value| {
            write!(out, r#","{key}":"#)?;
            write_quoted(out, value)
        })?;
        out.write_char('}')
    }

    /// Calls `write` with each key and its value, the event's own first.
    fn each_pair(&self, write: &mut dyn FnMut(&str, &str) -> fmt::Result) -> fmt::Result {
        match &self.event {
            Event::Opened | Event::Accepted | Event::Other(_) => {}
            Event::Joined { name, via } => {
                write("name", name)?;
                write("via", via)?;
            }
            Event::Left { name, reason, after } => {
                write("name", name)?;
                write("reason", reason)?;
                write("after", &format!("{}s", after.as_secs()))?;
            }
            Event::Ended { reason } | Event::Refused { reason } | Event::Closed { reason } => write("reason", reason)?,
            Event::Missed { lines } => write("lines", &lines.to_string())?,
        }
        self.more.iter().try_for_each(|(key, value)| write(&key.0, value))
    }
}

impl Display for LogLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:<8} {}", timestamp(self.at), self.event.word(), canonical(self.address))?;
        self.each_pair(&mut |key, value| {
            write!(f, " {key}=")?;
            write_value(f, value)
        })
    }
}

impl Event {
    /// The word for it, the line's second field.
    pub fn word(&self) -> &str {
        match self {
            Self::Opened => "opened",
            Self::Accepted => "accepted",
            Self::Joined { .. } => "joined",
            Self::Left { .. } => "left",
            Self::Ended { .. } => "ended",
            Self::Refused { .. } => "refused",
            Self::Closed { .. } => "closed",
            Self::Missed { .. } => "missed",
            Self::Other(word) => &word.0,
        }
    }
}

impl Word {
    /// The word, if the text is one.
    pub fn new(text: &str) -> Option<Self> {
        let whole = !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
        whole.then(|| Self(text.to_owned()))
    }
}

impl Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The keys of a line that is being read, in order; those that belong to the event are taken out.
struct Pairs(Vec<(Word, String)>);

impl Pairs {
    fn parse(mut text: &str) -> Result<Self, BadLine> {
        let mut pairs: Vec<(Word, String)> = Vec::new();
        loop {
            text = text.trim_start_matches(SPACE);
            if text.is_empty() {
                return Ok(Self(pairs));
            }
            let (key, rest) = text.split_once('=').ok_or(BadLine::Pair)?;
            let key = Word::new(key).ok_or(BadLine::Pair)?;
            let (value, rest) = split_value(rest).ok_or(BadLine::Pair)?;
            if !(rest.is_empty() || rest.starts_with(SPACE)) {
                return Err(BadLine::Pair);
            }
            if ["at", "event", "address"].contains(&&*key.0) || pairs.iter().any(|(known, _)| *known == key) {
                return Err(BadLine::Twice(key));
            }
            pairs.push((key, value));
            text = rest;
        }
    }

    /// The event that a word and these keys make.
    fn event(&mut self, word: Word) -> Result<Event, BadLine> {
        Ok(match word.0.as_str() {
            "opened" => Event::Opened,
            "accepted" => Event::Accepted,
            "joined" => Event::Joined { name: self.take("name")?, via: self.take("via")?.into() },
            "left" => Event::Left {
                name: self.take("name")?,
                reason: self.take("reason")?.into(),
                after: self.take("after")?.strip_suffix('s').and_then(whole).map(Duration::from_secs).ok_or(AFTER)?,
            },
            "ended" => Event::Ended { reason: self.take("reason")?.into() },
            "refused" => Event::Refused { reason: self.take("reason")?.into() },
            "closed" => Event::Closed { reason: self.take("reason")?.into() },
            "missed" => Event::Missed { lines: whole(&self.take("lines")?).ok_or(LINES)? },
            _ => Event::Other(word),
        })
    }

    fn take(&mut self, key: &'static str) -> Result<String, BadLine> {
        let at = self.0.iter().position(|(known, _)| known.0 == key).ok_or(BadLine::Missing(key))?;
        Ok(self.0.remove(at).1)
    }
}

/// What separates fields. The log is written with spaces; a person's editor may have left tabs.
const SPACE: [char; 2] = [' ', '\t'];
const AFTER: BadLine = BadLine::Value("after");
const LINES: BadLine = BadLine::Value("lines");

/// Splits the next field off.
fn field(text: &str) -> (&str, &str) {
    let text = text.trim_start_matches(SPACE);
    text.split_at(text.find(SPACE).unwrap_or(text.len()))
}

/// A whole number without a sign.
fn whole(text: &str) -> Option<u64> {
    text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

/// The address as it is written: IPv4 where it is IPv4 in IPv6's clothes, and without the flow label.
fn canonical(address: SocketAddr) -> SocketAddr {
    match address {
        SocketAddr::V6(v6) => match v6.ip().to_ipv4_mapped() {
            Some(v4) => (v4, v6.port()).into(),
            None => SocketAddrV6::new(*v6.ip(), v6.port(), 0, v6.scope_id()).into(),
        },
        SocketAddr::V4(_) => address,
    }
}

#[cfg(test)]
mod tests;
