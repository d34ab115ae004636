//! The README: what it says to type is typed here, as a reader would.
//!
//! Every line in a block marked `sh` is either run against a real room or named below with the reason why it is not.

use std::fs;
use std::process::Command;

use crate::support::{Chat, PROGRAM, Signal, Stage, install, is, said};

/// What builds, measures or installs: too long to be run by a test, and tried by hand.
const BY_HAND: &[&str] = &[
    "cargo run --release",
    "cargo install --path .",
    "scripts/check.sh",
    // What the LAN's own tests do all the time.
    "sudo scripts/lan.sh up demo 2",
    "sudo scripts/lan.sh exec demo h1 target/release/hybrid-chat --name anna",
    "sudo scripts/lan.sh exec demo h2 target/release/hybrid-chat --name bert",
    "sudo scripts/lan.sh down demo",
    "scripts/bench.sh --servers hybrid-chat,floor,hybrid-chat-web,hybrid-chat-text 100x10 1000x10",
];

fn readme() -> String {
    fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap()
}

/// The blocks of `text` that are marked with `language`.
fn blocks(text: &str, language: &str) -> Vec<String> {
    let mut blocks = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if let Some(marked) = line.strip_prefix("```") {
            let block: Vec<_> = lines.by_ref().take_while(|line| *line != "```").collect();
            if marked == language {
                blocks.push(block.join("\n"));
            }
        }
    }
    blocks
}

fn has(program: &str) -> bool {
    Command::new(program).arg("--version").output().is_ok_and(|output| output.status.success())
}

/// A room with a host called `capo`, and the program under its name in a folder where a shell finds it, set to the room's port.
fn room(stage: &Stage) -> Chat {
    let (port, program) = (stage.port(), stage.path("hybrid-chat"));
    let script = format!(
        "#!/bin/sh\ncase \"$1\" in\nlog | man | completions) exec '{PROGRAM}' \"$@\" ;;\n\
         rooms | doctor) exec '{PROGRAM}' \"$@\" --interface lo ;;\n*) exec '{PROGRAM}' --no-discovery --port {port} \"$@\" ;;\nesac\n"
    );
    fs::write(stage.path("script"), script).unwrap();
    install(&stage.path("script"), &program);
    stage.host_with(&[])
}

/// Types `line` at a prompt in the stage's folder.
fn typed(stage: &Stage, line: &str) -> Chat {
    let path = format!("{}:{}", stage.path("").display(), std::env::var("PATH").unwrap());
    let chat = stage.shell("reader", line).tune(|command| {
        command.env("PATH", path);
    });
    let chat = chat.run();
    chat.end_input();
    chat
}

#[test]
fn the_first_screen_says_what_to_type() {
    let readme = readme();
    let line = |command: &str| readme.lines().position(|line| line == command).unwrap() + 1;
    assert!(line("cargo run --release") <= 15 && line("scripts/check.sh") <= 24);
    assert_eq!(blocks("```sh\na\nb\n```\n```text\nc\n```\n```sh\nd\n```\n", "sh"), ["a\nb", "d"]);
}

#[test]
fn what_it_says_to_type_works() {
    let readme = readme();
    let stage = Stage::new();
    let host = room(&stage);
    let mut ran = 0;
    for line in blocks(&readme, "sh").iter().flat_map(|block| block.lines()) {
        if BY_HAND.contains(&line) || (line.contains("jq") && !has("jq")) {
            continue;
        }
        // The host of a test writes its log elsewhere than a reader's does.
        fs::copy(stage.path("capo.log"), stage.path("connections.log")).unwrap();
        let chat = typed(&stage, line);
        assert_eq!(chat.exits(), 0, "{line}");
        ran += 1;
    }
    assert!(ran >= 6, "only {ran} lines of the README were run");
    for text in ["build 412 is out", "row 1", "row 2000", "two\nlines"] {
        host.expect(text, |event| is(event, "message") && event["text"] == text);
    }
    for line in BY_HAND {
        assert!(readme.contains(line), "{line} is no longer in the README");
    }
}

#[test]
fn what_it_says_of_the_log_is_what_comes_out() {
    let stage = Stage::new();
    let host = room(&stage);
    let once = typed(&stage, "echo hello | hybrid-chat --role client --name ci");
    assert_eq!(once.exits(), 0);
    host.expect("left", |event| is(event, "left") && event["name"] == "ci");
    fs::copy(stage.path("capo.log"), stage.path("connections.log")).unwrap();
    let addresses = typed(&stage, "awk '$2 == \"accepted\" {print $3}' connections.log");
    assert_eq!(addresses.exits(), 0);
    assert!(
        matches!(&addresses.stdout()[..], [address] if address.starts_with("127.0.0.1:") || address.starts_with("[::1]:"))
    );
    let table = typed(&stage, "hybrid-chat log");
    assert_eq!(table.exits(), 0);
    assert!(table.stdout().iter().any(|row| row.starts_with("ci ")), "{:?}", table.stdout());
}

#[test]
fn its_python_client_works() {
    if !has("python3") {
        return;
    }
    let stage = Stage::new();
    let host = room(&stage);
    let [client] = &blocks(&readme(), "python")[..] else { panic!("one client") };
    assert!(client.lines().count() <= 12 && client.contains("8808"));
    fs::write(stage.path("client.py"), client.replace("8808", &stage.port_text())).unwrap();
    let python = typed(&stage, "exec python3 client.py");
    host.expect("its message", |event| said(event, "hello from Python"));
    host.say("and hello from capo");
    python.prints("what capo says", |line| line == "capo: and hello from capo");
    host.signal(Signal::INT);
    assert_eq!((python.exits(), host.exits()), (0, 0));
}

#[test]
fn every_script_says_what_it_is_for_and_does_nothing_else() {
    let scripts =
        fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/scripts")).unwrap().map(|entry| entry.unwrap().path());
    let scripts: Vec<_> = scripts.filter(|path| path.extension().is_some_and(|extension| extension == "sh")).collect();
    assert!(scripts.len() > 3, "{scripts:?}");
    for script in scripts {
        // One that does not know the question would do its work.
        let output = Command::new("timeout").arg("5").arg(&script).arg("--help").output().unwrap();
        let (said, name) = (String::from_utf8(output.stdout).unwrap(), script.file_name().unwrap().to_str().unwrap());
        assert!(output.status.success() && said.contains(&format!("scripts/{name}")), "{name}: {said}");
        assert!(!said.contains('#') && !said.contains("set -e"), "{name}: {said}");
    }
}
