//! Screens as drawings at several sizes, and what must hold at every size.

use std::net::IpAddr;

use chrono::{DateTime, FixedOffset, TimeDelta};
use insta::{assert_snapshot, with_settings};
use ratatui::style::Modifier;

use super::*;
use crate::room::event::{Connection, Event, Leave, Listed, Message, Role, What};
use crate::ui::full::editor::{Around, Edit};
use crate::ui::full::model::{Search, State};
use crate::ui::full::scroll::Place;
use crate::ui::safe;
use crate::ui::samples::{at, event, message, notice, role, said};
use crate::ui::words::Place as Machine;

const PLAIN: Palette = Palette { colours: false };

fn machine() -> Machine {
    fn local(at: DateTime<FixedOffset>) -> DateTime<FixedOffset> {
        at.with_timezone(&FixedOffset::east_opt(3600).unwrap())
    }
    fn addresses() -> Vec<IpAddr> {
        vec!["192.168.1.7".parse().unwrap()]
    }
    Machine { local, addresses, lan: true, terminal_size: || None }
}

fn model(events: impl IntoIterator<Item = Event>) -> Model {
    model_on(machine(), events)
}

fn model_on(machine: Machine, events: impl IntoIterator<Item = Event>) -> Model {
    let mut model = Model::new(machine);
    for event in events {
        model.apply(safe::event(event));
    }
    model
}

fn roster(names: &[&str]) -> Event {
    let list = |(n, name): (usize, &&str)| Listed { name: (*name).to_owned(), host: n == 0 };
    event(What::Roster { members: names.iter().enumerate().map(list).collect() })
}

fn editor(text: &str) -> Editor {
    let mut editor = Editor::default();
    editor.apply(&Edit::Paste(text.into()), &Around::default()).unwrap();
    editor
}

/// The screen as text, each row between bars; a cell that belongs to the character on its left is left out.
fn drawing(model: &Model, typed: &str, width: u16, height: u16) -> String {
    let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
    let mut editor = editor(typed);
    fit(buffer.area, &mut editor);
    draw(model, &editor, PLAIN, &mut buffer);
    text(&buffer)
}

fn text(buffer: &Buffer) -> String {
    let mut text = String::new();
    for y in 0..buffer.area.height {
        text.push('▏');
        let mut x = 0;
        while x < buffer.area.width {
            let symbol = buffer[(x, y)].symbol();
            text.push_str(symbol);
            x += crate::ui::full::cells::width(symbol).max(1) as u16;
        }
        text.push_str("▕\n");
    }
    text
}

macro_rules! assert_screen {
    ($name:expr, $drawing:expr) => {
        with_settings!({ snapshot_path => concat!(env!("CARGO_MANIFEST_DIR"), "/tests/screens"), prepend_module_to_snapshot => false, omit_expression => true }, {
            assert_snapshot!($name, $drawing);
        });
    };
}

/// An evening in a room.
fn evening() -> Vec<Event> {
    let mut events = vec![role(Role::Client, "lorde"), roster(&["capo", "lorde", "anna"])];
    let replayed = Message { replayed: true, ..said("capo", "said before you came") };
    let private = Message { private: true, seq: None, ..said("anna", "psst, this is for you alone") };
    let action = Message { action: true, ..said("anna", "waves") };
    let own = Message { own: true, ..said("lorde", "ciao a tutti") };
    events.push(event(What::Message(replayed)));
    events.push(event(What::Message(own)));
    events.push(message(
        "capo",
        "a long line that does not fit on a narrow screen, so that it has to be wrapped, and lorde is named in it",
    ));
    events.push(message("anna", "two lines:\n21:51 capo: the second is no message of the host's"));
    events.extend([event(What::Message(private)), event(What::Message(action))]);
    for n in 1..=8 {
        events.push(event(What::Joined { name: format!("student-{n}") }));
    }
    events.push(event(What::Left { name: "student-3".into(), reason: Leave::Lost }));
    events.push(message("日本語", "全角文字の文章は幅が二倍になります。👩\u{200D}👩\u{200D}👧 ❤\u{FE0F} e\u{301}"));
    events.push(event(What::Refused { code: "no-such-member".into(), text: "there is nobody called x".into() }));
    let mut tomorrow = message("capo", "good morning");
    tomorrow.at += TimeDelta::hours(11);
    events.push(tomorrow);
    events
}

#[test]
fn a_screen_at_several_sizes() {
    for (width, height) in [(20, 5), (32, 12), (80, 24), (120, 30)] {
        assert_screen!(format!("evening {width}x{height}"), drawing(&model(evening()), "half a line", width, height));
    }
}

/// To whom it goes is what one wants to know, and a long name does not take the rest of it away.
#[test]
fn a_private_message_says_to_whom_on_a_small_screen() {
    let to = |name: &str| Message { own: true, private: true, to: Some(name.into()), ..said("capo", "psst") };
    let all = [to("lorde"), to(&"anna".repeat(8))].map(|message| event(What::Message(message)));
    let events = [role(Role::Host, "capo"), roster(&["capo"])].into_iter().chain(all);
    let drawn = drawing(&model(events), "", 80, 24);
    assert!(drawn.contains("capo (private to lorde): psst"), "{drawn}");
    assert!(drawn.contains("capo (private to annaan…): psst"), "{drawn}");
}

#[test]
fn a_screen_before_there_is_a_room() {
    assert_screen!("searching", drawing(&model([notice("the log is full")]), "", 60, 10));
}

#[test]
fn a_host_who_is_alone_reads_how_others_get_in() {
    assert_screen!("alone", drawing(&model([role(Role::Host, "capo"), roster(&["capo"])]), "", 80, 14));
}

#[test]
fn a_host_with_a_large_screen_sees_a_code_for_browsers() {
    let host = || [role(Role::Host, "capo"), roster(&["capo"])];
    let large = Machine { terminal_size: || Some((100, 34)), ..machine() };
    assert_screen!("alone with a code", drawing(&model_on(large, host()), "", 100, 34));
    let small = Machine { terminal_size: || Some((100, 20)), ..machine() };
    assert!(!drawing(&model_on(small, host()), "", 100, 20).contains("browser"));
}

#[test]
fn a_host_with_others_reads_what_leaving_does() {
    assert_screen!("hosting", drawing(&model([role(Role::Host, "capo"), roster(&["capo", "anna"])]), "", 80, 12));
}

#[test]
fn a_change_of_host_is_a_line_and_a_word() {
    let mut model = model(evening());
    for (state, word) in [(Connection::Reconnecting, " reconnecting "), (Connection::TakingOver, " taking over ")] {
        model.apply(event(What::Connection { state }));
        assert!(drawing(&model, "", 80, 8).contains(word));
    }
    model.apply(event(What::Left { name: "capo".into(), reason: Leave::Lost }));
    model.apply(event(What::Role {
        role: Role::Host,
        address: "[::]:8808".into(),
        name: "lorde".into(),
        host: "lorde".into(),
        term: 2,
    }));
    model.apply(roster(&["lorde", "anna"]));
    assert_eq!(model.state, State::Hosting);
    assert_screen!("taken over", drawing(&model, "half a line", 80, 16));
}

#[test]
fn reading_back_shows_a_mark_and_what_is_below() {
    let mut model = model(evening());
    model.go(Place::At { number: 6, row: 0 });
    for n in 0..3 {
        model.apply(message("anna", &format!("meanwhile {n}")));
    }
    assert_eq!(model.unread, 3);
    assert_screen!("reading back", drawing(&model, "", 80, 12));
    model.go(Place::End);
    assert_eq!(model.unread, 0);
    assert_screen!("back at the end", drawing(&model, "", 80, 16));
}

#[test]
fn what_was_found_is_on_the_screen() {
    let mut model = model(evening());
    model.search = Some(Search { needle: "LINE".into(), found: Some(4), from: Place::End, end: None });
    let mut buffer = Buffer::empty(Rect::new(0, 0, 80, 24));
    draw(&model, &editor(""), PLAIN, &mut buffer);
    let with = |modifier| buffer.content.iter().filter(|cell| cell.modifier.contains(modifier)).count();
    // The status line, the name that mentions us, and the word where it was found; where it stands too.
    assert_eq!(with(Modifier::REVERSED), 80 + "capo".len() + "line".len());
    assert_eq!(with(Modifier::UNDERLINED), "line".len());
    model.search = None;
    model.help = Some(0);
    assert_screen!("help", drawing(&model, "", 80, 34));
}

#[test]
fn an_input_of_many_rows_leaves_room_for_messages() {
    let text = "a paste of several lines\nwhich are all one message\n".repeat(10);
    assert_screen!("long input", drawing(&model(evening()), &text, 60, 18));
}

/// What acts on a terminal, hides, joins, reorders or is wide, all of it in names and in texts.
const HOSTILE: [&str; 22] = [
    "\x1b[2J\x1b[H",
    "\x1b]0;title\x07",
    "\x1b[?1003h",
    "\x1bP+q\x1b\\",
    "\u{9b}31m",
    "\r\x08\x7f",
    "\u{85}\u{2028}\u{2029}",
    "\u{202e}evil\u{202c}",
    "\u{2066}x\u{2069}",
    "\u{200e}\u{200f}\u{61c}",
    "\u{200b}\u{feff}\u{ad}\u{2060}",
    "\u{e0041}\u{e007f}",
    "日本語",
    "👩\u{200D}👩\u{200D}👧\u{200D}👦",
    "👍🏽",
    "❤\u{FE0F}",
    "🇮🇹🇯🇵",
    "e\u{301}\u{302}\u{303}",
    "שלום עולם",
    "ｶﾞｷﾞ",
    "क्षत्रिय",
    "\u{1100}\u{1161}\u{11a8}",
];

/// What else a text may hold that takes no column, or another number of them than somebody thinks: by code points.
const ODD: [(u32, u32); 27] = [
    (0x00, 0x1f),
    (0x7f, 0x9f),
    (0xad, 0xad),
    (0x034f, 0x034f),
    (0x0378, 0x0379),
    (0x0600, 0x0605),
    (0x061c, 0x061c),
    (0x0e33, 0x0e33),
    (0x115f, 0x1160),
    (0x180b, 0x180f),
    (0x1100, 0x1100),
    (0x2000, 0x200f),
    (0x2028, 0x202f),
    (0x205f, 0x206f),
    (0x2800, 0x2800),
    (0x2e3b, 0x2e3b),
    (0x3164, 0x3164),
    (0xe000, 0xe000),
    (0xfdfd, 0xfdfd),
    (0xfe00, 0xfe0f),
    (0xfeff, 0xfeff),
    (0xff9e, 0xffa0),
    (0xfff0, 0xffff),
    (0x110bd, 0x110bd),
    (0x1242b, 0x1242b),
    (0x1f1e6, 0x1f1ff),
    (0x1f3fb, 0x1f3ff),
];
/// The same, beyond the planes in use.
const FAR: [(u32, u32); 4] = [(0x20000, 0x20000), (0xe0000, 0xe007f), (0xe0100, 0xe0104), (0x10ffff, 0x10ffff)];

/// All of it: each by itself, between letters, before an emoji, and joined to itself.
fn odd() -> Vec<String> {
    let points = ODD.iter().chain(&FAR).flat_map(|&(from, to)| from..=to).filter_map(char::from_u32);
    let mut texts: Vec<String> = points.map(|c| format!("{c}a{c}b {c}👩{c}\u{200D}👧{c}{c}日{c}")).collect();
    let introducers = ["\x1b[", "\x1b]", "\x1bP", "\x1b_", "\x1b^", "\x1bX", "\u{9b}", "\u{9d}", "\u{90}", "\u{9f}"];
    texts.extend(introducers.map(|escape| format!("{escape}2J{escape}0;owned\x07{escape}x\x1b\\{escape}1;1H")));
    let stacks =
        ["a\u{301}", "\u{301}", "日\u{489}", "👩\u{200D}", "\u{1100}", "\u{915}\u{94d}", "🇮", "1\u{FE0F}\u{20E3}"];
    texts.extend(stacks.map(|piece| format!("x{}y", piece.repeat(100))));
    texts.extend((2..8).map(|marks| format!("Z{}y", "\u{301}\u{489}\u{327}".repeat(marks * 9))));
    texts
}

/// The border is where it was, and no cell holds what could act on a terminal.
#[track_caller]
fn assert_sound(model: &Model, width: u16, height: u16) {
    let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
    let mut editor = editor(&HOSTILE.concat());
    fit(buffer.area, &mut editor);
    draw(model, &editor, PLAIN, &mut buffer);
    let areas = areas(buffer.area, model, &editor);
    for y in areas.roster.top()..areas.roster.bottom() {
        if areas.roster.width > 0 {
            assert_eq!(buffer[(areas.roster.x, y)].symbol(), "│", "row {y} of {width}x{height}");
        }
    }
    for y in 0..height {
        let mut x = 0;
        while x < width {
            let symbol = buffer[(x, y)].symbol();
            if matches!(symbol.as_bytes(), [b' '..=b'~']) {
                x += 1;
                continue;
            }
            let columns = crate::ui::full::cells::width(symbol) as u16;
            assert!((1..=2).contains(&columns) && x + columns <= width, "{symbol:?} at {x},{y} of {width}x{height}");
            assert!(!symbol.chars().any(|c| c.is_control() || matches!(c, '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')), "{symbol:?}");
            let beside = y < areas.roster.bottom() && x < areas.roster.x;
            assert!(!beside || x + columns <= areas.roster.x, "{symbol:?} lies on the border");
            x += columns;
        }
    }
}

#[test]
fn p30_no_name_and_no_text_shifts_a_border_at_any_width() {
    let mut events = vec![role(Role::Client, "日本語")];
    events.push(roster(&["👩\u{200D}👩\u{200D}👧-x", "日本語日本語日本語日本語", "naïve", "שלום", "e\u{301}e\u{301}"]));
    for text in HOSTILE {
        events.extend([message(text, text), message("日本語日本語日本語", &text.repeat(40)), notice(text)]);
    }
    let mut model = model(events);
    for width in 20..=300 {
        for number in (0..model.history.end()).step_by(9) {
            model.go(Place::At { number, row: usize::MAX });
            assert_sound(&model, width, 12);
        }
        model.go(Place::End);
        assert_sound(&model, width, 40);
    }
}

/// Whoever chose it: a member, or a host that says what it likes.
#[test]
fn p29_p30_nothing_odd_shifts_a_border_wherever_it_stands() {
    let mut events = vec![role(Role::Client, "lorde")];
    for odd in odd() {
        events.extend([message("anna", &odd), message(&odd, &odd.repeat(9)), notice(&odd)]);
        let (from, to, text) = (odd.clone(), format!("x{odd}"), odd.clone());
        events.push(event(What::Renamed { from, to }));
        events.push(event(What::Refused { code: odd.clone(), text }));
        events.push(event(What::Left { name: odd, reason: Leave::Kicked }));
    }
    let (address, name, host) = (odd().concat(), odd()[40].clone(), odd()[7].clone());
    events.push(event(What::Role { role: Role::Client, address, name, host, term: 2 }));
    let names = odd();
    for names in names.chunks(40) {
        events.push(roster(&names.iter().map(String::as_str).collect::<Vec<_>>()));
    }
    let mut model = model(events);
    // Every width, each with another part of the history.
    for width in 20..=300 {
        let number = model.history.end() * (u64::from(width) % 40) / 40;
        model.go(Place::At { number, row: usize::MAX });
        assert_sound(&model, width, 60);
    }
}

#[test]
fn no_size_is_too_small() {
    let mut model = model(evening());
    for (width, height) in (1..30).flat_map(|width| (1..12).map(move |height| (width, height))) {
        for help in [None, Some(3)] {
            model.help = help;
            let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
            let mut editor = editor("typed");
            fit(buffer.area, &mut editor);
            let cursor = draw(&model, &editor, PLAIN, &mut buffer);
            assert!(cursor.x < width && cursor.y < height);
        }
    }
    assert_eq!(at().format("%H").to_string(), "21");
}

/// A hundred thousand messages cost what is on the screen costs.
#[test]
fn only_what_is_shown_is_measured() {
    use std::cell::Cell;
    let mut model = model([role(Role::Client, "lorde")]);
    for n in 0..100_000 {
        model.apply(message("capo", &format!("row {n} {}", "x ".repeat(n % 200))));
    }
    let asked = Cell::new(0);
    let look = look(&model, 80, PLAIN);
    let measure = |number| {
        asked.set(asked.get() + 1);
        rows(&model, look, number)
    };
    let mut place = Place::End;
    for _ in 0..10 {
        place = place.up(20, 20, &model.history, &measure);
    }
    place = Place::top(20, &model.history, &measure);
    place = place.down(20, &model.history, &measure);
    assert_ne!(place, Place::End);
    assert!(asked.get() < 2_000, "{}", asked.get());
}
