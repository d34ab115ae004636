//! What keys do outside the line that is being typed, and what `F1` says of all of them.
//!
//! It knows keys and whether something is typed; what is done then is elsewhere.

use std::time::Duration;

use crossterm::event::{Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use super::editor::keys::{Code, Key};
use crate::limits::{KEYS_TOGETHER, PASTE_KEYS, WHEEL_KEYS, WHEEL_TOGETHER};

/// What a key asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// Show this many pages further up, or down where it is negative.
    Page(isize),
    /// Show this many rows further up, or down where it is negative.
    Rows(isize),
    /// Show the oldest.
    Top,
    /// Show the newest.
    Bottom,
    /// Go to what was found before.
    Older,
    /// Go to what was found after.
    Newer,
    /// Show the help, or no longer.
    Help,
    /// Show the roster at the side, or no longer.
    Roster,
    /// End what is shown beside: help, search, reading back.
    Escape,
    /// `Ctrl-C`.
    Stop,
    /// `Ctrl-D` where nothing is typed.
    Quit,
    /// `Ctrl-Z`.
    Suspend,
    /// Draw everything anew.
    Redraw,
}

/// Keys and what they do, for people.
const TABLE: [(&str, &str); 11] = [
    ("PgUp, PgDn", "read back, by pages"),
    ("Shift-Up, Shift-Down, wheel", "read back, by rows"),
    ("Ctrl-Home, Ctrl-End", "the oldest, the newest"),
    ("Ctrl-Up, Ctrl-Down", "what /search has found, older and newer"),
    ("Esc", "close the help or the search; go to the newest"),
    ("F1", "this help; /help where F1 is the terminal's"),
    ("F2", "the names at the side, or not: to select text"),
    ("Ctrl-L", "draw the screen anew"),
    ("Ctrl-Z", "suspend; fg brings it back (not on Windows)"),
    ("Ctrl-D", "where nothing is typed: /quit"),
    ("Ctrl-C", "leave; on the host: close the room"),
];

/// The lines of help, as wide as they have to be.
pub fn help() -> impl Iterator<Item = String> {
    let width = TABLE.iter().map(|(keys, _)| keys.len()).max().unwrap_or(0);
    TABLE.iter().map(move |(keys, help)| format!("{keys:width$}  {help}"))
}

/// What `key` asks for; `None`: it is for the editor. `empty`: nothing is typed; `reads`: one reads back, or the help.
pub fn act(key: KeyEvent, empty: bool, reads: bool) -> Option<Act> {
    let held = |modifiers| key.modifiers.contains(modifiers);
    let control = held(KeyModifiers::CONTROL);
    let any = control || held(KeyModifiers::SHIFT) || held(KeyModifiers::ALT);
    Some(match key.code {
        KeyCode::PageUp => Act::Page(1),
        KeyCode::PageDown => Act::Page(-1),
        KeyCode::Up if control => Act::Older,
        KeyCode::Down if control => Act::Newer,
        KeyCode::Up if held(KeyModifiers::SHIFT) || (empty && reads && !any) => Act::Rows(1),
        KeyCode::Down if held(KeyModifiers::SHIFT) || (empty && reads && !any) => Act::Rows(-1),
        KeyCode::Home if control || empty => Act::Top,
        KeyCode::End if control || empty => Act::Bottom,
        KeyCode::F(1) => Act::Help,
        KeyCode::F(2) => Act::Roster,
        KeyCode::Esc => Act::Escape,
        KeyCode::Char('c') if control => Act::Stop,
        KeyCode::Char('d') if control && empty => Act::Quit,
        KeyCode::Char('z') if control => Act::Suspend,
        KeyCode::Char('l') if control => Act::Redraw,
        _ => return None,
    })
}

/// The key as the editor knows it; `None`: it has no use for it.
pub fn for_editor(key: KeyEvent) -> Option<Key> {
    let held = |modifiers| key.modifiers.contains(modifiers);
    let code = match key.code {
        KeyCode::Char(c) => Code::Char(c),
        KeyCode::Enter => Code::Enter,
        KeyCode::Tab | KeyCode::BackTab => Code::Tab,
        KeyCode::Backspace => Code::Backspace,
        KeyCode::Delete => Code::Delete,
        KeyCode::Left => Code::Left,
        KeyCode::Right => Code::Right,
        KeyCode::Up => Code::Up,
        KeyCode::Down => Code::Down,
        KeyCode::Home => Code::Home,
        KeyCode::End => Code::End,
        KeyCode::Esc => Code::Escape,
        _ => return None,
    };
    let shift = held(KeyModifiers::SHIFT) || key.code == KeyCode::BackTab;
    Some(Key { code, ctrl: held(KeyModifiers::CONTROL), alt: held(KeyModifiers::ALT), shift })
}

/// What came from the terminal at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Typed {
    /// A key was pressed.
    Key(KeyEvent),
    /// The mouse wheel was turned by so many rows, up where it is positive.
    Wheel(isize),
    /// A text was pasted.
    Paste(String),
    /// Somebody looks at the terminal, or no longer.
    Focus(bool),
}

/// How long is waited for what comes together with `events`.
pub fn patience(events: &[Event]) -> Duration {
    let step = |event: &Event| event.as_key_event().and_then(|key| arrow(&Typed::Key(key)));
    let mut latest = events.iter().rev().filter(|event| !event.is_key_release()).map(step);
    let last = latest.next().flatten();
    let same = last.map_or(0, |_| 1 + latest.take(WHEEL_KEYS).take_while(|next| *next == last).count());
    if (1..WHEEL_KEYS).contains(&same) { WHEEL_TOGETHER } else { KEYS_TOGETHER }
}

/// What `events` mean, which came at once. Where the terminal turns the wheel into arrow keys, several of them come in one piece;
/// nobody presses a key as fast. So does a paste where the terminal does not tell it from typing: it is one all the same.
pub fn gather(events: impl IntoIterator<Item = Event>) -> Vec<Typed> {
    let all: Vec<Typed> = events.into_iter().filter_map(pressed).collect();
    let (mut typed, mut rest) = (Vec::new(), &all[..]);
    while !rest.is_empty() {
        if let Some((what, keys)) = pasted(rest).or_else(|| wheel(rest)) {
            typed.push(what);
            rest = &rest[keys..];
        } else {
            // A text that is no paste is none from its middle either.
            let keys = rest.iter().map_while(written).count().max(1);
            typed.extend_from_slice(&rest[..keys]);
            rest = &rest[keys..];
        }
    }
    typed
}

/// The wheel, where `typed` begins with it, and of how many keys that is.
fn wheel(typed: &[Typed]) -> Option<(Typed, usize)> {
    let first = typed.first()?;
    let step = arrow(first)?;
    let count = typed.iter().take_while(|next| *next == first).count();
    (count >= WHEEL_KEYS).then(|| (Typed::Wheel(step * isize::try_from(count).unwrap_or(isize::MAX)), count))
}

/// A text of several lines, where `typed` begins with one that nobody types as fast, and of how many keys that is. Enter at its
/// end is a key: it may have been typed ahead.
fn pasted(typed: &[Typed]) -> Option<(Typed, usize)> {
    let text: String = typed.iter().map_while(written).collect();
    let text = text.trim_end_matches('\n');
    let count = text.chars().count();
    (count >= PASTE_KEYS && text.contains('\n')).then(|| (Typed::Paste(text.to_owned()), count))
}

/// The character of a key, as it stands in a text that was pasted.
fn written(typed: &Typed) -> Option<char> {
    match typed {
        Typed::Key(KeyEvent { code: KeyCode::Enter, modifiers: KeyModifiers::NONE, .. }) => Some('\n'),
        Typed::Key(KeyEvent { code: KeyCode::Char('j'), modifiers: KeyModifiers::CONTROL, .. }) => Some('\n'),
        Typed::Key(KeyEvent { code: KeyCode::Tab, modifiers: KeyModifiers::NONE, .. }) => Some('\t'),
        Typed::Key(KeyEvent { code: KeyCode::Char(c), modifiers, .. }) => {
            // On Windows AltGr comes as both.
            let both = KeyModifiers::CONTROL | KeyModifiers::ALT;
            let held = modifiers.difference(KeyModifiers::SHIFT);
            (held.is_empty() || held == both).then_some(*c)
        }
        _ => None,
    }
}

/// The direction of a plain arrow key.
fn arrow(typed: &Typed) -> Option<isize> {
    match typed {
        Typed::Key(KeyEvent { code: KeyCode::Up, modifiers: KeyModifiers::NONE, .. }) => Some(1),
        Typed::Key(KeyEvent { code: KeyCode::Down, modifiers: KeyModifiers::NONE, .. }) => Some(-1),
        _ => None,
    }
}

/// Presses only: some systems tell releases too.
fn pressed(event: Event) -> Option<Typed> {
    match event {
        Event::Key(key) => (key.kind != KeyEventKind::Release).then_some(Typed::Key(key)),
        Event::Paste(text) => Some(Typed::Paste(text)),
        Event::FocusGained => Some(Typed::Focus(true)),
        Event::FocusLost => Some(Typed::Focus(false)),
        Event::Mouse(_) | Event::Resize(..) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(code: KeyCode, modifiers: KeyModifiers) -> KeyEvent {
        KeyEvent::new(code, modifiers)
    }

    #[test]
    fn the_editor_gets_what_is_for_no_other() {
        for code in [KeyCode::Char('c'), KeyCode::Enter, KeyCode::Left, KeyCode::Up, KeyCode::Tab, KeyCode::Backspace] {
            assert_eq!(act(key(code, KeyModifiers::NONE), true, false), None);
        }
        assert_eq!(act(key(KeyCode::Home, KeyModifiers::NONE), false, true), None);
        assert_eq!(act(key(KeyCode::Char('d'), KeyModifiers::CONTROL), false, false), None);
        assert_eq!(act(key(KeyCode::Home, KeyModifiers::NONE), true, true), Some(Act::Top));
        assert_eq!(act(key(KeyCode::Up, KeyModifiers::NONE), true, true), Some(Act::Rows(1)));
        assert_eq!(act(key(KeyCode::Char('c'), KeyModifiers::CONTROL), false, false), Some(Act::Stop));
    }

    /// P27: Windows tells each key twice.
    #[test]
    fn p27_a_key_that_is_released_was_not_pressed_again() {
        let press = key(KeyCode::Char('x'), KeyModifiers::NONE);
        let release = KeyEvent { kind: KeyEventKind::Release, ..press };
        assert_eq!(gather([Event::Key(press), Event::Key(release)]), [Typed::Key(press)]);
    }

    /// P27: what was pasted is no line after the other, also where the terminal does not say that it was pasted.
    #[test]
    fn p27_lines_that_come_at_once_were_pasted() {
        let typed = |text: &str| {
            let code = |c| match c {
                '\n' => KeyCode::Enter,
                '\t' => KeyCode::Tab,
                c => KeyCode::Char(c),
            };
            gather(text.chars().map(|c| Event::Key(key(code(c), KeyModifiers::NONE))).collect::<Vec<_>>())
        };
        let text = "the first line, and\n\ta second Line; /quit";
        assert_eq!(typed(text), [Typed::Paste(text.into())]);
        // As Windows' console tells it: each key let go as well, and AltGr as two others.
        let told = text.chars().flat_map(|c| {
            let modifiers = if c == ';' { KeyModifiers::CONTROL | KeyModifiers::ALT } else { KeyModifiers::NONE };
            let press = key(if c == '\n' { KeyCode::Enter } else { KeyCode::Char(c) }, modifiers);
            [press, KeyEvent { kind: KeyEventKind::Release, ..press }].map(Event::Key)
        });
        assert_eq!(gather(told.collect::<Vec<_>>()), [Typed::Paste(text.into())]);
        let enter = Typed::Key(key(KeyCode::Enter, KeyModifiers::NONE));
        assert_eq!(typed(&format!("{text}\n")), [Typed::Paste(text.into()), enter.clone()]);
        // What somebody types ahead, on one line or short ones.
        let one = "x".repeat(PASTE_KEYS * 2) + "\n";
        assert_eq!(typed(&one).len(), one.len());
        assert_eq!(typed("hi\nho\n").iter().filter(|key| **key == enter).count(), 2);
    }

    #[test]
    fn several_arrows_at_once_are_the_wheel() {
        let (up, down) = (key(KeyCode::Up, KeyModifiers::NONE), key(KeyCode::Down, KeyModifiers::NONE));
        let events = |key, count| std::iter::repeat_n(Event::Key(key), count);
        assert_eq!(gather(events(up, 3).chain(events(down, 5))), [Typed::Wheel(3), Typed::Wheel(-5)]);
        assert_eq!(gather(events(up, 2)), [Typed::Key(up), Typed::Key(up)]);
        let shifted = key(KeyCode::Up, KeyModifiers::SHIFT);
        assert_eq!(gather(events(shifted, 3)).len(), 3);
    }

    /// Terminals send the keys of a notch one by one.
    #[test]
    fn an_arrow_waits_for_the_rest_of_the_wheel() {
        let keys = |codes: &[KeyCode]| -> Vec<Event> {
            codes.iter().map(|code| Event::Key(key(*code, KeyModifiers::NONE))).collect()
        };
        use KeyCode::{Char, Down, Up};
        for codes in [&[Up][..], &[Down, Down], &[Char('x'), Up], &[Up, Up, Up, Down]] {
            assert_eq!(patience(&keys(codes)), WHEEL_TOGETHER, "{codes:?}");
        }
        let [up, x] = [Up, Char('x')].map(|code| key(code, KeyModifiers::NONE));
        let release = |key| Event::Key(KeyEvent { kind: KeyEventKind::Release, ..key });
        assert_eq!(patience(&[Event::Key(up), release(up)]), WHEEL_TOGETHER);
        assert_eq!(patience(&[Event::Key(x), release(up)]), KEYS_TOGETHER);
        // Neither what is typed waits, nor a wheel that is turned on and on.
        for codes in [&[][..], &[Char('x')], &[Up, Char('x')], &[Up; 3], &[Up; 30]] {
            assert_eq!(patience(&keys(codes)), KEYS_TOGETHER, "{codes:?}");
        }
    }
}
