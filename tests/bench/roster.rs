//! Who a member has been told is in the room: each id once, however often it is named.
//!
//! A roster of thousands is a line of hundreds of kilobytes, so ids are taken out of it as it arrives and the line is
//! never kept whole.

use memchr::memmem::Finder;

/// Precedes every member's id in `welcome` and `joined` lines.
const KEY: &[u8] = b"\"id\":";
/// The key and the digits of the largest id: as much as may have to wait for the rest of itself.
const ENTRY: usize = KEY.len() + 20;

/// A set of small numbers.
#[derive(Default)]
pub(crate) struct Roster {
    words: Vec<u64>,
    count: usize,
}

impl Roster {
    pub(crate) fn insert(&mut self, id: usize) {
        let (word, bit) = (id / 64, 1 << (id % 64));
        if self.words.len() <= word {
            self.words.resize(word + 1, 0);
        }
        self.count += usize::from(self.words[word] & bit == 0);
        self.words[word] |= bit;
    }

    pub(crate) fn len(&self) -> usize {
        self.count
    }
}

/// Finds the ids in lines of the native dialect.
pub(crate) struct Ids {
    key: Finder<'static>,
}

impl Ids {
    pub(crate) fn new() -> Ids {
        Ids { key: Finder::new(KEY) }
    }

    /// Takes all ids of `bytes`, a line or a part of one, into `roster`; returns how many bytes are done with. The rest
    /// may be the beginning of an entry and belongs before what comes next.
    pub(crate) fn take(&self, bytes: &[u8], roster: &mut Roster) -> usize {
        let mut done = 0;
        while let Some(found) = self.key.find(&bytes[done..]) {
            let start = done + found + KEY.len();
            let digits = bytes[start..].iter().take_while(|byte| byte.is_ascii_digit());
            let id = digits.clone().fold(0, |id, digit| id * 10 + usize::from(digit - b'0'));
            let end = start + digits.count();
            if end == bytes.len() {
                return done + found;
            }
            roster.insert(id);
            done = end;
        }
        done.max(bytes.len().saturating_sub(ENTRY))
    }
}

/// Cut at any byte, a roster is the same roster.
pub(crate) fn self_check() {
    let line = br#"{"type":"welcome","you":12,"members":[{"id":1,"name":"capo"},{"id":204,"name":"m1"},{"id":12}]}"#;
    let ids = Ids::new();
    for cut in 0..line.len() {
        let mut roster = Roster::default();
        let done = ids.take(&line[..cut], &mut roster);
        ids.take(&line[done..], &mut roster);
        assert_eq!(roster.len(), 3, "cut at {cut}");
    }
}
