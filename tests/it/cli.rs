//! The command line as a person or a script meets it.

use crate::support::{Chat, Stage, is};

/// Runs it with these arguments to its end, with nothing on standard input.
fn run(stage: &Stage, args: &[&str]) -> Chat {
    let chat = stage.start("cli").no_log().args(args).run();
    chat.end_input();
    chat.exits();
    chat
}

#[test]
fn help_names_every_option_and_goes_to_stdout() {
    let stage = Stage::new();
    let chat = run(&stage, &["--help"]);
    assert_eq!(chat.exits(), 0);
    let help = chat.stdout().join("\n");
    for word in ["--port", "8808", "--name", "--role", "auto", "--log", "--plain", "--json", "--max-members", "--rate"]
    {
        assert!(help.contains(word), "no {word} in\n{help}");
    }
    for word in ["log", "rooms", "doctor", "completions", "man", "ADDRESS"] {
        assert!(help.contains(word), "no {word} in\n{help}");
    }
    assert!(chat.stderr().is_empty());
}

#[test]
fn a_passphrase_never_opens_a_room_that_is_open_to_all() {
    let stage = Stage::new();
    let port = stage.port_text();
    let start = |passphrase| {
        let chat = stage.start("capo").json("capo").args(&["--port", &port]);
        chat.tune(|command| {
            command.env("HYBRID_CHAT_PASSPHRASE", passphrase);
        })
    };
    let refused = start("secret").run();
    assert_eq!((refused.exits(), refused.stdout().len()), (2, 0));
    assert!(refused.stderr()[0].contains("there are none yet: unset it"), "{:?}", refused.stderr());
    start("").run().expect("a room", |event| is(event, "role"));
}

#[test]
fn the_version_is_the_packages() {
    let stage = Stage::new();
    let chat = run(&stage, &["--version"]);
    assert_eq!(chat.exits(), 0);
    assert_eq!(chat.stdout(), [format!("hybrid-chat {}", env!("CARGO_PKG_VERSION"))]);
}

#[test]
fn a_wrong_command_line_is_status_2_and_starts_nothing() {
    let stage = Stage::new();
    let wrong: [&[&str]; 14] = [
        &["--no-such-option"],
        &["--port", "65536"],
        &["--port", "chat"],
        &["--role", "king"],
        &["--max-members", "-1"],
        &["--rate", "fast"],
        &["--name", "x"],
        &["--name", ""],
        &["--name", "a\u{1b}[31mb"],
        &["--name", "\u{200b}\u{200b}"],
        &["--name", "line\nbreak"],
        &["127.0.0.1:99999"],
        &["one", "two", "three"],
        &["completions", "cobol"],
    ];
    for args in wrong {
        let chat = run(&stage, args);
        assert_eq!(chat.exits(), 2, "{args:?}");
        assert!(!chat.stderr().is_empty(), "{args:?} says why");
        assert!(!chat.stderr().iter().any(|line| line.contains('\u{1b}')), "{args:?}: {:?}", chat.stderr());
        assert!(!chat.events().iter().any(|event| is(event, "role")), "{args:?}");
    }
    assert!(!stage.path("connections.log").exists());
}

#[test]
fn a_name_of_33_characters_is_wrong_and_of_32_is_right() {
    let stage = Stage::new();
    assert_eq!(run(&stage, &["--name", &"é".repeat(33)]).exits(), 2);
    let host = stage.host();
    stage.join(&"e\u{301}".repeat(32));
    host.expect("joined", |event| is(event, "joined") && event["name"] == "é".repeat(32));
}

#[test]
fn without_a_name_the_login_name_is_taken() {
    let stage = Stage::new();
    let host = stage.start("host").args(&["--json", "--role", "host", "--port", &stage.port_text()]).run();
    let role = host.expect("role", |event| is(event, "role"));
    assert_eq!(role["name"], "tester");
}

#[test]
fn completions_and_the_man_page_are_printed() {
    let stage = Stage::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let chat = run(&stage, &["completions", shell]);
        assert_eq!(chat.exits(), 0, "{shell}");
        assert!(chat.stdout().join("\n").contains("max-members"), "{shell}");
    }
    let chat = run(&stage, &["man"]);
    assert_eq!(chat.exits(), 0);
    let page = chat.stdout().join("\n");
    assert!(page.contains(".TH hybrid-chat") && page.contains("max\\-members"), "{page}");
}

#[test]
fn a_failure_is_one_line_what_and_why_and_one_that_helps() {
    let stage = Stage::new();
    let client = stage.start("client").args(&["--plain", "--name", "anna", "--role", "client", &stage.address()]).run();
    assert_eq!(client.exits(), 1);
    let stderr = client.stderr();
    let failure = stderr.iter().position(|line| line.starts_with("hybrid-chat: ")).expect("says that it failed");
    let words: Vec<_> = stderr[failure].splitn(3, ": ").collect();
    assert_eq!(words.len(), 3, "{stderr:?}");
    assert!(words[1].contains("127.0.0.1") && words[1].contains(&stage.port_text()), "on what: {stderr:?}");
    assert!(words[2].contains("refused"), "{stderr:?}");
    assert_eq!(stderr.len(), failure + 2, "and what helps: {stderr:?}");
    assert!(client.stdout().is_empty(), "nothing was said: {:?}", client.stdout());
}

#[test]
fn a_host_name_that_does_not_exist_fails() {
    let stage = Stage::new();
    let client = stage.start("client").json("anna").args(&["--role", "client", "no-such-host.invalid"]).run();
    assert_eq!(client.exits(), 1);
    assert!(client.stderr()[0].contains("no-such-host.invalid"), "{:?}", client.stderr());
}

#[test]
fn a_line_that_is_no_utf_8_is_not_sent_and_the_script_fails() {
    let stage = Stage::new();
    let host = stage.host();
    let line =
        format!("printf 'good\\nb\\377d\\nfine\\n' | \"$CHAT\" --json --role client --name ci {}", stage.address());
    let pipe = stage.shell("ci", &line).run();
    assert_eq!(pipe.exits(), 1);
    assert_eq!(pipe.last_event()["code"], "invalid-utf8");
    host.expect("left", |event| is(event, "left") && event["name"] == "ci");
    let texts: Vec<_> = host.messages().iter().map(|message| message["text"].clone()).collect();
    assert_eq!(texts, ["good", "fine"], "the other lines are");
}

#[test]
fn a_room_that_is_full_says_so() {
    let stage = Stage::new();
    let host = stage.host_with(&["--max-members", "2"]);
    let anna = stage.join("anna");
    let bert = stage.start("bert").json("bert").args(&["--role", "client", &stage.address()]).run();
    assert_eq!(bert.exits(), 1);
    assert_eq!(bert.last_event()["code"], "room-full");
    anna.say("/quit");
    host.expect("left", |event| is(event, "left") && event["name"] == "anna");
    stage.join("carla");
}
