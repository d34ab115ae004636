//! `hybrid-chat rooms`, as it is run: on loopback only, so that nothing leaves this machine.

use crate::support::{Chat, Impostor, Signal, Stage, is};

const LOOPBACK: &str = if cfg!(target_os = "linux") { "lo" } else { "lo0" };

fn rooms(stage: &Stage, args: &[&str]) -> Chat {
    let port = stage.port_text();
    stage.start("rooms").no_log().args(&["rooms", "--interface", LOOPBACK, "--port", &port]).args(args).run()
}

#[test]
fn a_room_is_listed_once_with_how_many_are_in_it() {
    let stage = Stage::new();
    let host = stage.host();
    let _anna = stage.join("anna");
    host.sees_members(2);
    let list = rooms(&stage, &["--json"]);
    assert_eq!(list.exits(), 0);
    let events = list.events();
    assert_eq!(events.len(), 1, "{events:?}");
    let room = &events[0];
    assert!(is(room, "found") && room["at"].is_string() && room["opened"].is_string(), "{room}");
    assert_eq!((&room["members"], &room["closed"], &room["port"]), (&2.into(), &false.into(), &stage.port().into()));
    let table = rooms(&stage, &[]);
    assert_eq!(table.exits(), 0);
    let lines = table.stdout();
    assert!(lines[0].starts_with("PORT") && lines.len() == 2, "{lines:?}");
    assert!(lines[1].starts_with(&stage.port_text()) && lines[1].ends_with("open    just now"), "{lines:?}");
    assert_eq!(host.members().len(), 2, "it has joined nothing");
}

#[test]
fn no_room_is_no_failure_and_what_is_none_is_not_listed() {
    let stage = Stage::new();
    let _web = Impostor::answer(stage.port(), b"HTTP/1.0 400 Bad Request\r\n\r\n");
    let table = rooms(&stage, &[]);
    assert_eq!(table.exits(), 0);
    assert!(table.stdout()[0].starts_with("No rooms found."), "{:?}", table.stdout());
    let list = rooms(&stage, &["--json"]);
    assert_eq!((list.exits(), list.stdout().len()), (0, 0));
}

#[test]
fn an_interface_that_is_not_there_is_told_beside_the_list() {
    let stage = Stage::new();
    let _host = stage.host();
    let list = rooms(&stage, &["--json", "--interface", "nothing0"]);
    assert_eq!((list.exits(), list.events().len()), (0, 1));
    assert_eq!(list.stderr(), ["* look at nothing0: there is no such interface, or it is down"]);
}

#[test]
fn a_watch_tells_what_comes_changes_and_goes_until_a_signal() {
    let stage = Stage::new();
    let watch = rooms(&stage, &["--watch", "--json"]);
    let host = stage.host();
    watch.expect("the room", |event| is(event, "found") && event["members"] == 1);
    let anna = stage.join("anna");
    watch.expect("its newcomer", |event| is(event, "changed") && event["members"] == 2);
    host.signal(Signal::INT);
    watch.expect("its end", |event| is(event, "gone"));
    assert_eq!((anna.exits(), watch.runs()), (0, true));
    watch.signal(Signal::INT);
    assert_eq!(watch.exits(), 0);
}
