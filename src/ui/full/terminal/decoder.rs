//! What a terminal writes, made keys, pastes and changes of focus of.
//!
//! Bytes come in pieces of any kind: what is not whole is held, and where nothing comes of it, it is what it would be by
//! itself ([`Decoder::settle`]). Whatever is no key (answers to what others have asked, mouse, sequences that nobody knows) is
//! passed over as a whole and typed nowhere, and nothing that comes can keep later keys from being read. It knows bytes; what
//! a key does, and how long is waited, is elsewhere.
//!
//! It is our own because crossterm's reader waits inside a paste whose end is lost, and inside some answers, for good: with
//! it, not even Ctrl-C was read any more.

use std::time::Duration;

use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};

use crate::limits::{ESCAPE_END, PASTE_BYTES, PASTE_END, SEQUENCE_BYTES};

const ESC: u8 = 0x1b;
const BEL: u8 = 0x07;
/// What stands behind a paste; before it stands the same with a `0`.
const PASTED: &[u8] = b"\x1b[201~";

/// What was read so far.
#[derive(Debug, Default)]
pub struct Decoder {
    /// What is not whole yet.
    held: Vec<u8>,
    /// What was pasted so far, while its end has not come.
    paste: Option<Vec<u8>>,
    /// What is held has been waited for long enough; only more bytes tell what it is.
    settled: bool,
}

/// What bytes at the start of some are.
#[derive(Debug)]
enum Came {
    /// Nothing that anybody has a use for.
    Nothing,
    /// A key, or whether somebody looks.
    Event(Event),
    /// The start of a paste.
    Paste,
}

/// How many bytes are what; `None`: it takes more of them to tell.
type Step = Option<(usize, Came)>;

impl Decoder {
    /// Takes bytes, and appends what they are to `events`.
    pub fn feed(&mut self, bytes: &[u8], events: &mut Vec<Event>) {
        self.held.extend_from_slice(bytes);
        self.settled = false;
        self.decode(false, events);
    }

    /// For how long more bytes should be waited for before what is held is [settled](Self::settle); `None`: for good.
    pub fn patience(&self) -> Option<Duration> {
        if self.paste.is_some() {
            return Some(PASTE_END);
        }
        (!self.settled && self.held.first() == Some(&ESC)).then_some(ESCAPE_END)
    }

    /// Nothing more has come: an Escape was pressed by itself, the end of a paste is lost.
    pub fn settle(&mut self, events: &mut Vec<Event>) {
        if let Some(mut paste) = self.paste.take() {
            paste.append(&mut self.held);
            events.push(pasted(&paste));
        }
        self.settled = true;
        self.decode(true, events);
    }

    fn decode(&mut self, ended: bool, events: &mut Vec<Event>) {
        let held = std::mem::take(&mut self.held);
        let mut rest = &held[..];
        loop {
            if let Some(paste) = &mut self.paste {
                let end = memchr::memmem::find(rest, PASTED);
                let text = end.unwrap_or_else(|| rest.len() - begun(rest));
                // A text as long is refused: it need not be remembered to its end.
                paste.extend_from_slice(&rest[..text.min(PASTE_BYTES.saturating_sub(paste.len()))]);
                rest = &rest[text..];
                if end.is_none() {
                    break;
                }
                events.push(pasted(paste));
                self.paste = None;
                rest = &rest[PASTED.len()..];
            }
            let Some((bytes, came)) = step(rest, ended) else { break };
            rest = &rest[bytes..];
            match came {
                Came::Nothing => {}
                Came::Event(event) => events.push(event),
                Came::Paste => self.paste = Some(Vec::new()),
            }
        }
        self.held = rest.to_vec();
    }
}

fn pasted(text: &[u8]) -> Event {
    Event::Paste(String::from_utf8_lossy(text).into_owned())
}

/// How many bytes at the end of `text` may be the start of a paste's end.
fn begun(text: &[u8]) -> usize {
    (1..PASTED.len()).rev().find(|&bytes| text.ends_with(&PASTED[..bytes])).unwrap_or(0)
}

/// What `bytes` begin with; `ended`: no more of them come for now.
fn step(bytes: &[u8], ended: bool) -> Step {
    match *bytes.first()? {
        ESC => escape(bytes, ended),
        byte if byte.is_ascii_control() => control(byte),
        _ => character(bytes),
    }
}

/// A key that was pressed.
fn pressed(code: KeyCode, held: KeyModifiers) -> Came {
    Came::Event(Event::Key(KeyEvent::new(code, held)))
}

fn key(bytes: usize, code: KeyCode, held: KeyModifiers) -> Step {
    Some((bytes, pressed(code, held)))
}

fn plain(bytes: usize, code: KeyCode) -> Step {
    key(bytes, code, KeyModifiers::NONE)
}

fn control(byte: u8) -> Step {
    let with = |c: u8| key(1, KeyCode::Char(char::from(c)), KeyModifiers::CONTROL);
    match byte {
        b'\r' => plain(1, KeyCode::Enter),
        b'\t' => plain(1, KeyCode::Tab),
        0x7f => plain(1, KeyCode::Backspace),
        0 => with(b' '),
        0x01..=0x1a => with(byte - 1 + b'a'),
        // What a terminal sends for Ctrl-4 and those after it.
        _ => with(byte.saturating_sub(0x1c) + b'4'),
    }
}

/// A character; what is none is seen as one that stands for it.
fn character(bytes: &[u8]) -> Step {
    let head = &bytes[..bytes.len().min(4)];
    let (valid, wrong) = match std::str::from_utf8(head) {
        Ok(text) => (text, None),
        Err(error) => (std::str::from_utf8(&head[..error.valid_up_to()]).unwrap_or(""), error.error_len()),
    };
    let (bytes, c) = match (valid.chars().next(), wrong) {
        (Some(c), _) => (c.len_utf8(), c),
        (None, wrong) => (wrong?, char::REPLACEMENT_CHARACTER),
    };
    plain(bytes, KeyCode::Char(c))
}

/// What an Escape begins.
fn escape(bytes: &[u8], ended: bool) -> Step {
    let escape = || plain(1, KeyCode::Esc);
    match bytes.get(1) {
        None if ended => escape(),
        None => None,
        Some(b'[') => sequence(bytes, ended),
        Some(b'O') => keypad(bytes, ended),
        Some(b']' | b'P' | b'_' | b'^') => string(bytes, ended),
        // Alt with a key that writes a sequence, as some terminals send it.
        Some(&ESC) => match bytes.get(2) {
            None if !ended => None,
            Some(b'[' | b'O') => match step(&bytes[1..], ended)? {
                (2, _) | (_, Came::Paste) => escape(),
                (count, came) => Some((count + 1, with_alt(came))),
            },
            _ => escape(),
        },
        // Shift-Tab of Linux' console.
        Some(b'\t') => key(2, KeyCode::BackTab, KeyModifiers::SHIFT),
        Some(_) => step(&bytes[1..], ended).map(|(count, came)| (count + 1, with_alt(came))),
    }
}

fn with_alt(came: Came) -> Came {
    match came {
        Came::Event(Event::Key(key)) => {
            Came::Event(Event::Key(KeyEvent { modifiers: key.modifiers | KeyModifiers::ALT, ..key }))
        }
        other => other,
    }
}

/// Alt with the character behind the Escape.
fn alt(byte: u8) -> Step {
    key(2, KeyCode::Char(char::from(byte)), KeyModifiers::ALT)
}

/// `ESC O`: keys of a keypad, and arrows with Ctrl as rxvt sends them.
fn keypad(bytes: &[u8], ended: bool) -> Step {
    let Some(&byte) = bytes.get(2) else { return if ended { alt(b'O') } else { None } };
    match byte {
        b'M' => plain(3, KeyCode::Enter),
        b'P' | b'Q' => plain(3, KeyCode::F(1 + byte - b'P')),
        // Where a program before has left it so: what is printed on the key.
        b'j'..=b'y' => plain(3, KeyCode::Char(char::from(byte - b'@'))),
        b'a'..=b'd' => key(3, arrow(byte.to_ascii_uppercase())?, KeyModifiers::CONTROL),
        b' '..=b'~' => Some((3, arrow(byte).map_or(Came::Nothing, |code| pressed(code, KeyModifiers::NONE)))),
        _ => alt(b'O'),
    }
}

fn arrow(letter: u8) -> Option<KeyCode> {
    Some(match letter {
        b'A' => KeyCode::Up,
        b'B' => KeyCode::Down,
        b'C' => KeyCode::Right,
        b'D' => KeyCode::Left,
        b'H' => KeyCode::Home,
        b'F' => KeyCode::End,
        _ => return None,
    })
}

/// `ESC ]` and the like: a text for a program, up to its end. Where none comes, somebody has pressed Alt with that key.
fn string(bytes: &[u8], ended: bool) -> Step {
    for (at, &byte) in bytes.iter().enumerate().skip(2).take(SEQUENCE_BYTES) {
        match (byte, bytes.get(at + 1)) {
            (BEL, _) => return Some((at + 1, Came::Nothing)),
            (ESC, Some(b'\\')) => return Some((at + 2, Came::Nothing)),
            (ESC, None) if !ended => return None,
            (byte, _) if byte.is_ascii_control() => return alt(bytes[1]),
            _ => {}
        }
    }
    if ended || bytes.len() >= SEQUENCE_BYTES + 2 { alt(bytes[1]) } else { None }
}

/// `ESC [`: parameters, and a last byte. A control character breaks it off and counts by itself.
fn sequence(bytes: &[u8], ended: bool) -> Step {
    let body = &bytes[2..];
    match body.first() {
        None if ended => return alt(b'['),
        // An old mouse: three bytes of any kind behind it.
        Some(b'M') if body.len() > 3 => return Some((6, Came::Nothing)),
        // Linux' own keys.
        Some(b'[') if body.len() > 1 => {
            let came = match body[1] {
                letter @ (b'A' | b'B') => pressed(KeyCode::F(1 + letter - b'A'), KeyModifiers::NONE),
                _ => Came::Nothing,
            };
            return Some(if body[1].is_ascii_uppercase() { (4, came) } else { (3, Came::Nothing) });
        }
        Some(b'M' | b'[') => return ended.then_some((3, Came::Nothing)),
        _ => {}
    }
    for (at, &byte) in body.iter().enumerate().take(SEQUENCE_BYTES) {
        match byte {
            // A number alone before it: else more follows.
            b'$' if at > 0 && body[..at].iter().all(u8::is_ascii_digit) => {
                return Some((at + 3, meant(&body[..at], byte)));
            }
            b' '..=b'?' => {}
            b'@'..=b'~' => return Some((at + 3, meant(&body[..at], byte))),
            _ => return Some((at + 2, Came::Nothing)),
        }
    }
    (body.len() >= SEQUENCE_BYTES).then_some((SEQUENCE_BYTES + 2, Came::Nothing))
}

/// What a whole sequence means.
fn meant(parameters: &[u8], last: u8) -> Came {
    let parameters = Parameters::new(parameters);
    let numbered = |code| parameters.key(code, parameters.count() - 1);
    match (last, parameters.number(0, 0)) {
        _ if !parameters.are_plain() => Came::Nothing,
        (b'I', None) => Came::Event(Event::FocusGained),
        (b'O', None) => Came::Event(Event::FocusLost),
        // Delete of st, where nobody has asked for another.
        (b'P', None) => pressed(KeyCode::Delete, KeyModifiers::NONE),
        (b'P' | b'Q', _) => numbered(KeyCode::F(1 + last - b'P')),
        (b'Z', _) => pressed(KeyCode::BackTab, KeyModifiers::SHIFT),
        (b'a'..=b'd', None) => {
            arrow(last.to_ascii_uppercase()).map_or(Came::Nothing, |code| pressed(code, KeyModifiers::SHIFT))
        }
        (b'~', Some(200)) => Came::Paste,
        (b'~', Some(27)) => parameters.character(2, 1),
        (b'~', Some(number)) => named(number).map_or(Came::Nothing, |code| parameters.key(code, 1)),
        // As rxvt writes what is held.
        (b'$', Some(number)) => named(number).map_or(Came::Nothing, |code| pressed(code, KeyModifiers::SHIFT)),
        (b'^', Some(number)) => named(number).map_or(Came::Nothing, |code| pressed(code, KeyModifiers::CONTROL)),
        (b'u', Some(_)) => parameters.character(0, 1),
        _ => arrow(last).map_or(Came::Nothing, numbered),
    }
}

/// Keys that have a number.
fn named(number: u32) -> Option<KeyCode> {
    Some(match number {
        1 | 7 => KeyCode::Home,
        3 => KeyCode::Delete,
        4 | 8 => KeyCode::End,
        5 => KeyCode::PageUp,
        6 => KeyCode::PageDown,
        11 => KeyCode::F(1),
        12 => KeyCode::F(2),
        _ => return None,
    })
}

/// The numbers of a sequence: some with further ones, `1;5:3`.
#[derive(Debug)]
struct Parameters<'a> {
    text: &'a str,
}

impl<'a> Parameters<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        // What is no text is not plain either.
        Self { text: std::str::from_utf8(bytes).unwrap_or("?") }
    }

    /// Whether they are numbers and nothing else: others are answers.
    fn are_plain(&self) -> bool {
        self.text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b';' | b':'))
    }

    fn count(&self) -> usize {
        self.text.split(';').count()
    }

    fn number(&self, at: usize, further: usize) -> Option<u32> {
        self.text.split(';').nth(at)?.split(':').nth(further)?.parse().ok()
    }

    /// The key `code`, with what the parameter `held` says to be held; nothing where it was let go, or is for the desktop.
    fn key(&self, code: KeyCode, held: usize) -> Came {
        let bits = self.number(held, 0).unwrap_or(1).saturating_sub(1);
        let held_by = |bit: u32, modifier| if bits & bit == 0 { KeyModifiers::NONE } else { modifier };
        // Super and Hyper; and the third kind of event.
        if bits & 0b1_1000 != 0 || self.number(held, 1) == Some(3) {
            return Came::Nothing;
        }
        let modifiers = held_by(1, KeyModifiers::SHIFT)
            | held_by(0b10_0010, KeyModifiers::ALT)
            | held_by(0b100, KeyModifiers::CONTROL);
        pressed(code, modifiers)
    }

    /// The key that writes the character that the parameter `written` is.
    fn character(&self, written: usize, held: usize) -> Came {
        let Some(c) = self.number(written, 0).and_then(char::from_u32) else { return Came::Nothing };
        let shifted = self.number(held, 0).is_some_and(|held| held.saturating_sub(1) & 1 != 0);
        let code = match c {
            '\t' => KeyCode::Tab,
            '\r' => KeyCode::Enter,
            '\x1b' => KeyCode::Esc,
            '\x08' | '\x7f' => KeyCode::Backspace,
            // Keys that write nothing have numbers where no characters are.
            c if c.is_control() || ('\u{E000}'..='\u{F8FF}').contains(&c) => return Came::Nothing,
            c if shifted => {
                let other = self.number(written, 1).and_then(char::from_u32);
                KeyCode::Char(other.or_else(|| c.to_uppercase().next()).unwrap_or(c))
            }
            c => KeyCode::Char(c),
        };
        self.key(code, held)
    }
}

#[cfg(test)]
mod tests;
