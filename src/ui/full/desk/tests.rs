//! What a person types and reads, without a terminal.

use crossterm::event::{KeyCode, KeyModifiers};
use ratatui::buffer::Cell;

use super::*;
use crate::room::event::{Closed, Listed, Message, Role};
use crate::ui::samples::{at, event, message, role, said};
use crate::ui::words::Place as Machine;

fn desk() -> Desk {
    let machine = Machine { local: |at| at, addresses: Vec::new, lan: false, terminal_size: || None };
    let surroundings = Surroundings {
        commands: Arc::new(Mailbox::new(2)),
        events: Arc::new(Mailbox::new(2)),
        machine,
        colours: false,
        now: at,
    };
    Desk::new(&surroundings)
}

/// A desk in a room, as the host or as a client.
fn in_room(as_what: Role) -> Desk {
    let mut desk = desk();
    desk.event(role(as_what, "lorde"));
    let members = ["capo", "lorde", "anna"].map(|name| Listed { name: name.into(), host: name == "capo" });
    desk.event(event(What::Roster { members: members.into() }));
    desk
}

fn press(desk: &mut Desk, code: KeyCode, modifiers: KeyModifiers) -> Next {
    desk.typed(Typed::Key(KeyEvent::new(code, modifiers)))
}

fn line(desk: &mut Desk, text: &str) {
    for c in text.chars() {
        press(desk, KeyCode::Char(c), KeyModifiers::NONE);
    }
    press(desk, KeyCode::Enter, KeyModifiers::NONE);
}

/// The text of the newest note.
fn last_note(desk: &Desk) -> String {
    let history = &desk.model.history;
    history.get(history.end() - 1).and_then(|entry| Some(entry.text()?.into_owned())).unwrap_or_default()
}

#[test]
fn lines_become_commands_and_what_is_wrong_stays_to_be_mended() {
    let mut desk = in_room(Role::Client);
    line(&mut desk, "ciao");
    assert_eq!(desk.commands.take(), Some(Command::Say { text: "ciao".into(), action: false }));
    line(&mut desk, "/dance");
    assert!(last_note(&desk).contains("no command /dance") && desk.editor.text() == "/dance");
    desk.edit(&Edit::Clear);
    for text in ["one", "two", "three"] {
        line(&mut desk, text);
    }
    assert_eq!((desk.commands.len(), desk.editor.text(), &*last_note(&desk)), (2, "three", TOO_MUCH));
}

#[test]
fn what_is_typed_before_there_is_a_room_is_kept() {
    let mut desk = desk();
    line(&mut desk, "ciao");
    assert!(desk.commands.is_empty() && desk.editor.text() == "ciao");
    desk.event(role(Role::Client, "lorde"));
    press(&mut desk, KeyCode::Enter, KeyModifiers::NONE);
    assert_eq!(desk.commands.len(), 1);
}

#[test]
fn who_is_shown_only_to_whoever_has_asked() {
    let mut desk = in_room(Role::Client);
    let before = desk.model.history.end();
    let roster = || event(What::Roster { members: vec![Listed { name: "capo".into(), host: true }] });
    desk.event(roster());
    assert_eq!(desk.model.history.end(), before);
    line(&mut desk, "/who");
    desk.event(roster());
    assert_eq!(last_note(&desk), "1 here: capo (host)");
}

#[test]
fn a_mention_and_a_private_message_ring_once_until_somebody_comes_or_goes() {
    let mut desk = in_room(Role::Client);
    let private = || event(What::Message(Message { private: true, ..said("anna", "psst") }));
    assert_eq!(desk.event(message("anna", "loredana, not you")), None);
    assert_eq!(desk.event(message("anna", "LORDE!")).map(|alert| alert.from.to_string()), Some("anna".into()));
    assert_eq!(desk.event(private()), None);
    for focused in [false, true] {
        desk.typed(Typed::Focus(focused));
        assert!(desk.event(private()).is_some());
        assert_eq!(desk.event(private()), None);
    }
    line(&mut desk, "/bell off");
    assert_eq!(desk.event(private()), None);
    let replayed = Message { replayed: true, ..said("anna", "lorde?") };
    line(&mut desk, "/bell on");
    assert_eq!(desk.event(event(What::Message(replayed))), None);
}

#[test]
fn what_came_while_nobody_looked_is_marked_where_it_begins() {
    let mut desk = in_room(Role::Client);
    desk.event(message("anna", "seen"));
    assert_eq!(desk.model.mark, None);
    desk.typed(Typed::Focus(false));
    let first = desk.model.history.end();
    desk.event(message("anna", "one"));
    desk.event(message("anna", "two"));
    assert_eq!(desk.model.mark, Some(first));
    desk.typed(Typed::Focus(true));
    desk.event(message("anna", "three"));
    assert_eq!(desk.model.mark, Some(first));
    desk.typed(Typed::Focus(false));
    let next = desk.model.history.end();
    desk.event(message("anna", "four"));
    assert_eq!(desk.model.mark, Some(next));
}

#[test]
fn whoever_spoke_last_is_offered_first_and_we_ourselves_last() {
    let mut desk = in_room(Role::Client);
    let offered = |desk: &mut Desk| {
        desk.edit(&Edit::Clear);
        press(desk, KeyCode::Tab, KeyModifiers::NONE);
        desk.editor.choices().unwrap().0.to_vec()
    };
    assert_eq!(offered(&mut desk), ["capo", "anna", "lorde"]);
    for from in ["anna", "gone", "capo", "anna", "lorde"] {
        desk.event(message(from, "ciao"));
    }
    assert_eq!(offered(&mut desk), ["anna", "capo", "lorde"]);
    desk.event(message("capo", "ciao"));
    assert_eq!(offered(&mut desk), ["capo", "anna", "lorde"]);
}

#[test]
fn a_second_ctrl_c_does_not_wait() {
    let mut desk = in_room(Role::Host);
    let stop = |desk: &mut Desk| press(desk, KeyCode::Char('c'), KeyModifiers::CONTROL);
    assert_eq!(stop(&mut desk), Next::Nothing);
    assert_eq!((desk.commands.take(), desk.model.state), (Some(Command::Stop), State::Leaving));
    assert_eq!(stop(&mut desk), Next::EndNow);
    desk.event(event(What::Closed { reason: Closed::HostShutdown, text: String::new() }));
    assert_eq!(desk.last_words.as_deref(), Some("the host closed the room"));
}

/// As in a shell: who holds it down to erase the rest of the line has not asked to leave.
#[test]
fn ctrl_d_that_erases_does_not_go_on_to_leave() {
    let mut desk = in_room(Role::Host);
    let key = |desk: &mut Desk, c, modifiers| press(desk, KeyCode::Char(c), modifiers);
    key(&mut desk, 'x', KeyModifiers::NONE);
    press(&mut desk, KeyCode::Home, KeyModifiers::NONE);
    for _ in 0..3 {
        key(&mut desk, 'd', KeyModifiers::CONTROL);
    }
    assert_eq!((desk.editor.text(), desk.model.state, desk.commands.take()), ("", State::Hosting, None));
    key(&mut desk, 'f', KeyModifiers::CONTROL);
    key(&mut desk, 'd', KeyModifiers::CONTROL);
    assert_eq!((desk.commands.take(), desk.model.state), (Some(Command::Quit), State::Leaving));
}

#[test]
fn escape_ends_one_thing_after_the_other() {
    let mut desk = in_room(Role::Client);
    for n in 0..100 {
        desk.event(message("anna", &format!("row {n}")));
    }
    line(&mut desk, "/search ROW 7");
    let found = desk.model.search.as_ref().and_then(|search| search.found);
    press(&mut desk, KeyCode::Up, KeyModifiers::CONTROL);
    assert!(desk.model.search.as_ref().and_then(|search| search.found) < found);
    press(&mut desk, KeyCode::F(1), KeyModifiers::NONE);
    let esc = |desk: &mut Desk| press(desk, KeyCode::Esc, KeyModifiers::NONE);
    esc(&mut desk);
    assert!(desk.model.help.is_none() && desk.model.search.is_some());
    esc(&mut desk);
    assert_eq!((&desk.model.search, desk.model.place), (&None, Place::End));
}

#[test]
fn a_search_goes_both_ways_and_back_to_where_one_was() {
    let mut desk = in_room(Role::Client);
    for n in 0..100 {
        desk.event(message("anna", &format!("row {n}")));
    }
    press(&mut desk, KeyCode::PageUp, KeyModifiers::NONE);
    let (before, drawn) = (desk.model.place, drawing(&mut desk));
    assert_ne!(before, Place::End);
    line(&mut desk, "/search row 2");
    let found = |desk: &Desk| desk.model.search.as_ref().and_then(|search| search.found);
    let newest = found(&desk);
    let seek = |desk: &mut Desk, code| press(desk, code, KeyModifiers::CONTROL);
    seek(&mut desk, KeyCode::Down);
    assert!(found(&desk) == newest && drawing(&mut desk).contains("no newer \"row 2\""));
    for _ in 0..20 {
        seek(&mut desk, KeyCode::Up);
    }
    assert!(drawing(&mut desk).contains("no older \"row 2\""));
    seek(&mut desk, KeyCode::Down);
    assert!(!drawing(&mut desk).contains("no older"));
    // Another search does not move the place that one comes from.
    line(&mut desk, "/search nowhere");
    assert!(drawing(&mut desk).contains("\"nowhere\" is not there"));
    press(&mut desk, KeyCode::Esc, KeyModifiers::NONE);
    assert_eq!((desk.model.place, drawing(&mut desk)), (before, drawn));
    for stay in ["", "/search"] {
        line(&mut desk, "/search row 20");
        line(&mut desk, stay);
        assert!(desk.model.search.is_none() && desk.model.place != before, "{stay:?}");
    }
}

#[test]
fn the_same_search_again_goes_on() {
    let mut desk = in_room(Role::Client);
    for n in 0..100 {
        desk.event(message("anna", &format!("row {n}")));
    }
    let found = |desk: &Desk| desk.model.search.as_ref().and_then(|search| search.found);
    line(&mut desk, "/search row 2");
    let newest = found(&desk).unwrap();
    line(&mut desk, "/search row 2");
    assert_eq!(found(&desk), Some(newest - 1));
    line(&mut desk, "/search row");
    assert!(found(&desk) > Some(newest));
}

/// Where it stands, also in a text that is higher than the screen.
#[test]
fn what_was_found_is_seen_and_told_from_what_was_found_elsewhere() {
    let loud = |desk: &mut Desk| {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 80, 24));
        desk.draw(&mut buffer);
        let reversed = |cell: &&Cell| cell.modifier.contains(ratatui::style::Modifier::REVERSED);
        buffer.content[..80 * 21].iter().filter(reversed).map(Cell::symbol).collect::<String>()
    };
    let mut desk = in_room(Role::Client);
    let lines = |range: std::ops::Range<u32>| range.map(|n| format!("line {n}\n")).collect::<String>();
    for text in [&*(lines(0..150) + "needle\n" + &lines(0..150)), "a needle", "the NEEDLE"] {
        desk.event(message("anna", text));
    }
    loud(&mut desk);
    line(&mut desk, "/search needle");
    for found in ["NEEDLE", "needle", "needle"] {
        assert_eq!(loud(&mut desk), found);
        press(&mut desk, KeyCode::Up, KeyModifiers::CONTROL);
    }
}

#[test]
fn help_is_turned_no_further_than_it_goes() {
    let mut desk = in_room(Role::Host);
    press(&mut desk, KeyCode::F(1), KeyModifiers::NONE);
    let first = drawing(&mut desk);
    let plain = |desk: &mut Desk, code| press(desk, code, KeyModifiers::NONE);
    for _ in 0..50 {
        plain(&mut desk, KeyCode::PageDown);
        drawing(&mut desk);
    }
    let last = drawing(&mut desk);
    plain(&mut desk, KeyCode::PageUp);
    assert_ne!(drawing(&mut desk), last, "one page up is seen at once");
    plain(&mut desk, KeyCode::End);
    assert_eq!(drawing(&mut desk), last);
    plain(&mut desk, KeyCode::Home);
    assert_eq!((drawing(&mut desk), desk.model.place), (first.clone(), Place::End));
    plain(&mut desk, KeyCode::Down);
    assert_eq!(drawing(&mut desk).lines().next(), first.lines().nth(1), "an arrow turns a row");
    plain(&mut desk, KeyCode::Up);
    assert_eq!(drawing(&mut desk), first);
}

/// Whoever searches what was sent has an empty line, but is typing.
#[test]
fn keys_of_the_line_are_the_searchs_while_it_searches() {
    let mut desk = in_room(Role::Client);
    line(&mut desk, "ciao");
    desk.commands.take();
    for n in 0..100 {
        desk.event(message("anna", &format!("row {n}")));
    }
    for (code, modifiers) in [(KeyCode::Char('d'), KeyModifiers::CONTROL), (KeyCode::Home, KeyModifiers::NONE)] {
        press(&mut desk, KeyCode::Char('r'), KeyModifiers::CONTROL);
        press(&mut desk, KeyCode::Char('c'), KeyModifiers::NONE);
        press(&mut desk, code, modifiers);
        assert_eq!(
            (desk.commands.take(), desk.model.place, desk.editor.text()),
            (None, Place::End, "ciao"),
            "{code:?}"
        );
        desk.edit(&Edit::Clear);
    }
}

#[test]
fn escape_ends_what_is_asked_about_the_line_first() {
    let mut desk = in_room(Role::Client);
    for n in 0..100 {
        desk.event(message("anna", &format!("row {n}")));
    }
    press(&mut desk, KeyCode::PageUp, KeyModifiers::NONE);
    let place = desk.model.place;
    press(&mut desk, KeyCode::Tab, KeyModifiers::NONE);
    assert!(desk.editor.choices().is_some());
    press(&mut desk, KeyCode::Esc, KeyModifiers::NONE);
    assert!(desk.editor.choices().is_none() && desk.model.place == place);
    desk.edit(&Edit::Clear);
    desk.typed(Typed::Paste("row\n".repeat(50)));
    press(&mut desk, KeyCode::Enter, KeyModifiers::NONE);
    assert!(desk.model.review);
    press(&mut desk, KeyCode::Esc, KeyModifiers::NONE);
    assert!(!desk.model.review && desk.model.place == place);
    press(&mut desk, KeyCode::Enter, KeyModifiers::NONE);
    assert_eq!((desk.commands.take(), desk.model.review), (None, true), "it is shown again, not sent");
}

#[test]
fn what_is_too_long_is_said_once_and_the_line_stays() {
    let mut desk = in_room(Role::Client);
    let longest = "x".repeat(crate::limits::MESSAGE_MAX_BYTES);
    desk.typed(Typed::Paste(longest.clone()));
    let before = desk.model.history.end();
    for _ in 0..50 {
        press(&mut desk, KeyCode::Char('y'), KeyModifiers::NONE);
    }
    assert_eq!((desk.model.history.end(), desk.editor.text()), (before + 1, &*longest));
    desk.typed(Typed::Paste("z".repeat(1 << 20)));
    assert!(last_note(&desk).contains("1064960 bytes") && desk.editor.text() == longest);
}

#[test]
fn what_comes_of_a_line_is_seen_wherever_one_reads() {
    for typed in ["ciao", "/who", "/dance", "/bell", "/qr", "/help msg"] {
        let mut desk = in_room(Role::Client);
        for n in 0..100 {
            desk.event(message("anna", &format!("row {n}")));
        }
        for code in [KeyCode::PageUp, KeyCode::F(1)] {
            press(&mut desk, code, KeyModifiers::NONE);
        }
        line(&mut desk, typed);
        assert_eq!((desk.model.place, desk.model.help), (Place::End, None), "{typed}");
    }
}

#[test]
fn who_reads_the_oldest_has_a_full_screen_also_when_it_grows_and_when_they_go() {
    let mut desk = in_room(Role::Client);
    let rows = |desk: &mut Desk, height| drawing_on(desk, 80, height).matches("anna: ").count();
    for n in 0..100 {
        desk.event(message("anna", &format!("row {n}")));
    }
    rows(&mut desk, 24);
    press(&mut desk, KeyCode::Home, KeyModifiers::CONTROL);
    // What is no message: who one is, status, input, keys.
    assert_eq!((rows(&mut desk, 24), rows(&mut desk, 50)), (24 - 4, 50 - 4));
    assert!(desk.model.unread == 0 && desk.model.place != Place::End);
    for n in 0..=crate::limits::SCROLLBACK {
        desk.event(message("anna", &format!("row {n}")));
    }
    assert_eq!(rows(&mut desk, 50), 50 - 3);
    assert!(desk.model.unread > 0 && desk.model.place != Place::End);
    // All of it is on the screen.
    let mut desk = in_room(Role::Client);
    for n in 0..30 {
        desk.event(message("anna", &format!("row {n}")));
    }
    rows(&mut desk, 24);
    press(&mut desk, KeyCode::Home, KeyModifiers::CONTROL);
    assert_eq!((rows(&mut desk, 50), desk.model.place), (30, Place::End));
}

/// It may have waited for a new host, and one has begun to read meanwhile.
#[test]
fn a_message_of_ones_own_that_arrives_late_leaves_the_reader_where_one_is() {
    let mut desk = in_room(Role::Client);
    for n in 0..100 {
        desk.event(message("anna", &format!("row {n}")));
    }
    line(&mut desk, "ciao");
    press(&mut desk, KeyCode::PageUp, KeyModifiers::NONE);
    let place = desk.model.place;
    desk.event(event(What::Message(Message { own: true, ..said("lorde", "ciao") })));
    assert_eq!((desk.model.place, desk.model.unread), (place, 0));
    assert_ne!(place, Place::End);
}

/// A small screen has no line for keys.
#[test]
fn what_is_asked_for_is_read_on_a_small_screen_too() {
    let mut desk = in_room(Role::Client);
    let status = |desk: &mut Desk| drawing_on(desk, 20, 5).lines().nth(3).unwrap_or("").trim().to_owned();
    assert_eq!(status(&mut desk), "joined · 3 here");
    line(&mut desk, "/search x");
    assert_eq!(status(&mut desk), "\"x\" is not there");
    press(&mut desk, KeyCode::Esc, KeyModifiers::NONE);
    press(&mut desk, KeyCode::F(1), KeyModifiers::NONE);
    assert_eq!(status(&mut desk), "Esc closes this h…");
    press(&mut desk, KeyCode::F(1), KeyModifiers::NONE);
    press(&mut desk, KeyCode::Char('r'), KeyModifiers::CONTROL);
    assert_eq!(status(&mut desk), "sent with \"\"");
    press(&mut desk, KeyCode::Esc, KeyModifiers::NONE);
    desk.typed(Typed::Paste("row\n".repeat(50)));
    press(&mut desk, KeyCode::Enter, KeyModifiers::NONE);
    assert_eq!(status(&mut desk), "Enter once more s…");
    desk.edit(&Edit::Clear);
    press(&mut desk, KeyCode::Tab, KeyModifiers::NONE);
    assert_eq!(status(&mut desk), "[capo]  anna  lor…");
}

/// Whoever selects rows of text with the mouse wants nothing beside them.
#[test]
fn the_roster_goes_from_the_side_and_comes_back() {
    let mut desk = in_room(Role::Client);
    line(&mut desk, "kept");
    let before = drawing(&mut desk);
    assert!(before.contains('│') && !before.contains("host capo · anna"), "{before}");
    press(&mut desk, KeyCode::F(2), KeyModifiers::NONE);
    let without = drawing(&mut desk);
    assert!(!without.contains('│') && without.contains("host capo · anna"), "{without}");
    press(&mut desk, KeyCode::F(2), KeyModifiers::NONE);
    assert_eq!(drawing(&mut desk), before);
}

/// The screen as text.
fn drawing(desk: &mut Desk) -> String {
    drawing_on(desk, 80, 24)
}

fn drawing_on(desk: &mut Desk, width: u16, height: u16) -> String {
    let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
    desk.draw(&mut buffer);
    let rows = buffer.content.chunks(usize::from(width));
    rows.map(|row| row.iter().map(Cell::symbol).collect::<String>() + "\n").collect()
}
