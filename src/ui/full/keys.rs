//! What keys do outside the line that is being typed, and what `F1` says of all of them.
//!
//! It knows keys and whether something is typed; what is done then is elsewhere.

use crossterm::event::{Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use super::editor::keys::{Code, Key};
use crate::limits::WHEEL_KEYS;

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
    /// Go to what was found before, or after.
    Older,
    /// Go to what was found after.
    Newer,
    /// Show the help, or no longer.
    Help,
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
const TABLE: [(&str, &str); 10] = [
    ("PgUp, PgDn", "read back, by pages"),
    ("Shift-Up, Shift-Down, wheel", "read back, by rows"),
    ("Ctrl-Home, Ctrl-End", "the oldest, the newest"),
    ("Ctrl-Up, Ctrl-Down", "what /search has found, older and newer"),
    ("Esc", "close the help, end the search and go back, go to the newest"),
    ("F1", "this help, as /help where the terminal keeps F1 for itself"),
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

/// What `key` asks for; `None`: it is for the editor. `empty`: nothing is typed; `back`: one reads back.
pub fn act(key: KeyEvent, empty: bool, back: bool) -> Option<Act> {
    let held = |modifiers| key.modifiers.contains(modifiers);
    let control = held(KeyModifiers::CONTROL);
    let any = control || held(KeyModifiers::SHIFT) || held(KeyModifiers::ALT);
    Some(match key.code {
        KeyCode::PageUp => Act::Page(1),
        KeyCode::PageDown => Act::Page(-1),
        KeyCode::Up if control => Act::Older,
        KeyCode::Down if control => Act::Newer,
        KeyCode::Up if held(KeyModifiers::SHIFT) || (empty && back && !any) => Act::Rows(1),
        KeyCode::Down if held(KeyModifiers::SHIFT) || (empty && back && !any) => Act::Rows(-1),
        KeyCode::Home if control || empty => Act::Top,
        KeyCode::End if control || empty => Act::Bottom,
        KeyCode::F(1) => Act::Help,
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

/// What `events` mean, which came at once. Where the terminal turns the wheel into arrow keys, several of them come in one piece;
/// nobody presses a key as fast.
pub fn gather(events: impl IntoIterator<Item = Event>) -> Vec<Typed> {
    let mut typed: Vec<Typed> = Vec::new();
    let mut events = with_alt(events.into_iter().filter_map(pressed).collect()).into_iter().peekable();
    while let Some(next) = events.next() {
        let Some(step) = arrow(&next) else {
            typed.push(next);
            continue;
        };
        let mut count = 1;
        while events.next_if_eq(&next).is_some() {
            count += 1;
        }
        if count >= WHEEL_KEYS {
            typed.push(Typed::Wheel(step * isize::try_from(count).unwrap_or(isize::MAX)));
        } else {
            typed.extend(std::iter::repeat_n(next, count));
        }
    }
    typed
}

/// Some terminals (rxvt, iTerm2) put an Escape before what an arrow key sends, for Alt. It is read as Escape and two
/// characters; nobody types these three at once.
fn with_alt(mut all: Vec<Typed>) -> Vec<Typed> {
    let key = |typed: &Typed| match typed {
        Typed::Key(KeyEvent { code, modifiers: KeyModifiers::NONE | KeyModifiers::SHIFT, .. }) => Some(*code),
        _ => None,
    };
    let mut at = 0;
    while let Some([escape, bracket, letter]) = all.get(at..at + 3) {
        if let (Some(KeyCode::Esc), Some(KeyCode::Char('[')), Some(KeyCode::Char(letter))) =
            (key(escape), key(bracket), key(letter))
            && let Some(arrow) = arrow_of(letter)
        {
            all.splice(at..at + 3, [Typed::Key(KeyEvent::new(arrow, KeyModifiers::ALT))]);
        }
        at += 1;
    }
    all
}

/// The arrow whose sequence ends with this letter.
fn arrow_of(letter: char) -> Option<KeyCode> {
    Some(match letter {
        'A' => KeyCode::Up,
        'B' => KeyCode::Down,
        'C' => KeyCode::Right,
        'D' => KeyCode::Left,
        _ => return None,
    })
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

    #[test]
    fn several_arrows_at_once_are_the_wheel() {
        let (up, down) = (key(KeyCode::Up, KeyModifiers::NONE), key(KeyCode::Down, KeyModifiers::NONE));
        let events = |key, count| std::iter::repeat_n(Event::Key(key), count);
        assert_eq!(gather(events(up, 3).chain(events(down, 5))), [Typed::Wheel(3), Typed::Wheel(-5)]);
        assert_eq!(gather(events(up, 2)), [Typed::Key(up), Typed::Key(up)]);
        let shifted = key(KeyCode::Up, KeyModifiers::SHIFT);
        assert_eq!(gather(events(shifted, 3)).len(), 3);
    }

    #[test]
    fn an_escape_before_an_arrow_is_alt() {
        let plain = |code| Event::Key(key(code, KeyModifiers::NONE));
        let big = |c| Event::Key(key(KeyCode::Char(c), KeyModifiers::SHIFT));
        let (escape, bracket) = (plain(KeyCode::Esc), plain(KeyCode::Char('[')));
        let alt = |code| Typed::Key(key(code, KeyModifiers::ALT));
        let twice = [&escape, &bracket, &big('D'), &escape, &bracket, &big('C')].map(Clone::clone);
        assert_eq!(gather(twice), [alt(KeyCode::Left), alt(KeyCode::Right)]);
        for other in [vec![bracket.clone(), big('D')], vec![escape.clone(), bracket.clone(), big('X')], vec![escape]] {
            assert_eq!(gather(other.clone()).len(), other.len());
        }
    }
}
