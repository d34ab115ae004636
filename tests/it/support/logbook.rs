//! The connections log, read back by rules written down here a second time: from the contract, not from the program.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// One line of the log.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    /// `accepted`, `joined`, …
    pub(crate) event: String,
    /// `IP:PORT`.
    pub(crate) address: String,
    /// What follows, unquoted.
    pub(crate) values: BTreeMap<String, String>,
}

/// A whole log.
#[derive(Debug)]
pub(crate) struct Logbook {
    pub(crate) text: String,
    pub(crate) entries: Vec<Entry>,
}

impl Logbook {
    /// Reads a log; panics at the first line that is none.
    pub(crate) fn read(path: &Path) -> Self {
        let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert!(text.is_empty() || text.ends_with('\n'), "ends within a line: {text:?}");
        let entries = text.lines().map(parse).collect();
        Self { text, entries }
    }

    /// The entries of one kind.
    pub(crate) fn of(&self, event: &str) -> Vec<&Entry> {
        self.entries.iter().filter(|entry| entry.event == event).collect()
    }

    /// The events of one address, in order.
    pub(crate) fn story(&self, address: &str) -> Vec<&str> {
        self.entries.iter().filter(|entry| entry.address == address).map(|entry| entry.event.as_str()).collect()
    }

    /// The value of a key in the only entry of one kind and address.
    pub(crate) fn value(&self, address: &str, event: &str, key: &str) -> &str {
        let mut found = self.entries.iter().filter(|entry| entry.address == address && entry.event == event);
        let entry = found.next().unwrap_or_else(|| panic!("no {event} of {address} in\n{}", self.text));
        assert!(found.next().is_none(), "{event} of {address} twice in\n{}", self.text);
        entry.values.get(key).unwrap_or_else(|| panic!("no {key} in {entry:?}"))
    }

    /// Holds that every accepted connection has ended exactly once, in the way that fits, and nothing else has.
    pub(crate) fn assert_balanced(&self) {
        // A port comes again: a connection's story goes from its `accepted` to its end.
        let mut open: BTreeMap<&str, bool> = BTreeMap::new();
        for entry in &self.entries {
            let address = entry.address.as_str();
            match entry.event.as_str() {
                "accepted" => {
                    assert!(open.insert(address, false).is_none(), "accepted twice: {entry:?}\n{}", self.text);
                }
                "joined" => assert_eq!(open.insert(address, true), Some(false), "joined: {entry:?}\n{}", self.text),
                "left" => assert_eq!(open.remove(address), Some(true), "left: {entry:?}\n{}", self.text),
                "ended" => assert_eq!(open.remove(address), Some(false), "ended: {entry:?}\n{}", self.text),
                _ => {}
            }
        }
        assert!(open.is_empty(), "never ended: {open:?} in\n{}", self.text);
    }
}

/// One line, strictly.
fn parse(line: &str) -> Entry {
    assert!(!line.chars().any(char::is_control), "not printable: {line:?}");
    let (at, rest) = line.split_once(' ').unwrap_or_else(|| panic!("no time: {line:?}"));
    let time = chrono::DateTime::parse_from_rfc3339(at).unwrap_or_else(|error| panic!("{error}: {line:?}"));
    assert_eq!(time.to_rfc3339_opts(chrono::SecondsFormat::Millis, false), at, "milliseconds, numeric offset");
    let (event, rest) = rest.trim_start().split_once(' ').unwrap_or_else(|| panic!("no event: {line:?}"));
    let rest = rest.trim_start();
    let (address, rest) = rest.split_once(' ').unwrap_or((rest, ""));
    Entry { event: event.to_owned(), address: address.to_owned(), values: values(rest) }
}

/// `key=value key="quoted \" value"`.
fn values(mut rest: &str) -> BTreeMap<String, String> {
    let mut values = BTreeMap::new();
    loop {
        rest = rest.trim_start_matches(' ');
        let Some((key, after)) = rest.split_once('=') else {
            assert_eq!(rest, "", "a word without a value");
            return values;
        };
        assert!(key.chars().all(|letter| letter.is_ascii_lowercase() || letter == '-'), "odd key {key:?}");
        let (value, after) = if after.starts_with('"') { quoted(after) } else { bare(after) };
        assert!(values.insert(key.to_owned(), value).is_none(), "{key} twice");
        rest = after;
    }
}

/// A value up to the next space.
fn bare(text: &str) -> (String, &str) {
    let (value, after) = text.split_once(' ').unwrap_or((text, ""));
    assert!(!value.contains(['"', '=']), "should be quoted: {value:?}");
    (value.to_owned(), after)
}

/// A value between quotes: what is escaped in it stands for itself, which is enough to find its end.
fn quoted(text: &str) -> (String, &str) {
    let mut value = String::new();
    let mut letters = text.char_indices().skip(1);
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return (value, &text[at + 1..]),
            '\\' => value.extend(letters.next().map(|(_, escaped)| escaped)),
            plain => value.push(plain),
        }
    }
    panic!("no closing quote: {text:?}");
}
