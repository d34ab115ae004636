//! `hybrid-chat doctor`, as it is run: on loopback only, so that nothing leaves this machine.

use serde_json::Value;

use crate::support::{Chat, Impostor, Stage};

const LOOPBACK: &str = if cfg!(target_os = "linux") { "lo" } else { "lo0" };

fn doctor(stage: &Stage, args: &[&str]) -> Chat {
    let chat = stage.start("doctor").no_log().args(&["doctor", "--port", &stage.port_text()]).args(args).run();
    chat.exits();
    chat
}

/// What it finds on loopback, with its status.
fn findings(stage: &Stage) -> (Value, i32) {
    let chat = doctor(stage, &["--interface", LOOPBACK, "--json"]);
    assert_eq!(chat.stdout().len(), 1, "{:?} {:?}", chat.stdout(), chat.stderr());
    (serde_json::from_str(&chat.stdout()[0]).unwrap(), chat.exits())
}

#[track_caller]
fn about<'a>(report: &'a Value, what: &str) -> &'a Value {
    let found = report["findings"].as_array().unwrap().iter().find(|finding| finding["about"] == what);
    found.unwrap_or_else(|| panic!("nothing about {what} in {report}"))
}

#[test]
fn a_free_port_and_a_room_are_told_apart() {
    let stage = Stage::new();
    let (report, status) = findings(&stage);
    assert_eq!(about(&report, "port")["weight"], "ok");
    assert!(about(&report, "port")["text"].as_str().unwrap().contains("is free"), "{report}");
    assert_eq!(report["port"], stage.port());
    let host = stage.host();
    let (report, with_room) = findings(&stage);
    assert!(about(&report, "port")["text"].as_str().unwrap().contains("hosted by"), "{report}");
    assert_eq!(with_room, status);
    assert!(host.runs() && host.members().len() < 2, "it joins nothing");
}

#[test]
fn the_status_is_what_the_report_says() {
    let (report, status) = findings(&Stage::new());
    assert_eq!(status, if report["findable"] == true { 0 } else { 1 }, "{report}");
    let across = about(&report, "interface");
    assert!(across["text"].as_str().unwrap().starts_with(LOOPBACK), "{report}");
    assert_eq!(report["findable"] == true, across["weight"] != "problem", "{report}");
}

#[test]
fn another_program_at_the_port_is_a_problem_with_a_cure() {
    let stage = Stage::new();
    let _web = Impostor::answer(stage.port(), b"HTTP/1.0 400 Bad Request\r\n\r\n");
    let (report, status) = findings(&stage);
    assert_eq!(status, 1);
    let door = about(&report, "port");
    assert_eq!(door["weight"], "problem");
    assert!(door["cure"].as_str().unwrap().contains("hybrid-chat --port "), "{report}");
}

#[test]
fn an_interface_that_is_not_there_is_a_problem() {
    let chat = doctor(&Stage::new(), &["--interface", "no-such-0"]);
    assert_eq!(chat.exits(), 1);
    let text = chat.stdout().join("\n");
    assert!(text.contains("problem  the interface no-such-0 does not exist"), "{text}");
    assert!(text.contains("could not be found from here"), "{text}");
    assert!(chat.stderr().is_empty(), "{:?}", chat.stderr());
}
