//! What a person types and reads, without a terminal.

use crossterm::event::{KeyCode, KeyModifiers};

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
    history.get(history.end() - 1).and_then(|entry| entry.text()).unwrap_or("").to_owned()
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
fn a_second_ctrl_c_does_not_wait() {
    let mut desk = in_room(Role::Host);
    let stop = |desk: &mut Desk| press(desk, KeyCode::Char('c'), KeyModifiers::CONTROL);
    assert_eq!(stop(&mut desk), Next::Nothing);
    assert_eq!((desk.commands.take(), desk.model.state), (Some(Command::Stop), State::Leaving));
    assert_eq!(stop(&mut desk), Next::EndNow);
    desk.event(event(What::Closed { reason: Closed::HostShutdown, text: String::new() }));
    assert_eq!(desk.last_words.as_deref(), Some("the host closed the room"));
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
    assert!(desk.model.search.is_none() && desk.model.place != Place::End);
    esc(&mut desk);
    assert_eq!(desk.model.place, Place::End);
}
