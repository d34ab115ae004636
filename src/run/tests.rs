//! The wiring, around a network that is a few lines of script.

use std::cell::Cell;
use std::io::ErrorKind;

use super::*;
use crate::cli;
use crate::room::event::Role;
use crate::room::name::Name;
use crate::ui::samples::{event, message, notice, plain, role};

fn config() -> Config {
    Config {
        address: None,
        port: 8808,
        name: Name::parse("lorde").unwrap(),
        role: cli::Role::Auto,
        discovery: false,
        interfaces: Vec::new(),
        log: cli::LOG_FILE.into(),
        max_members: 2,
        rate: 0,
        style: Style::Plain,
    }
}

fn left() -> Event {
    event(What::Closed { reason: Closed::Left, text: "you left".into() })
}

/// What a run came to.
struct Run {
    result: Result<Closed>,
    stdout: String,
    stderr: String,
    /// How often the input was started.
    inputs: u32,
}

/// Runs `network` with `out` as standard output, and an input that cannot be started where `input_fails`.
fn run_with<O: Write>(
    network: impl FnOnce(&Config, &Mailbox<Command>, &Mailbox<Event>) -> Result<Closed> + Send,
    out: O,
    interface: Interface,
    input_fails: bool,
) -> (Result<Closed>, String, u32) {
    let wires = Wires { commands: Arc::new(Mailbox::new(4)), events: Arc::new(Mailbox::new(4)) };
    let desk = Desk {
        commands: wires.commands.clone(),
        events: wires.events.clone(),
        objects: false,
        terminal: false,
        here: Arc::default(),
        addresses,
        now,
    };
    let (mut stderr, inputs, here) = (Vec::new(), Cell::new(0), Here::default());
    let input = || {
        inputs.set(inputs.get() + 1);
        if input_fails { Err(Error::io("read standard input", ErrorKind::Other.into())) } else { Input::start(desk) }
    };
    let screen = Screen::new(interface, out, &mut stderr);
    let result = connect(&config(), network, &wires, screen, &here, input);
    (result, String::from_utf8(stderr).unwrap(), inputs.get())
}

fn run(
    network: impl FnOnce(&Config, &Mailbox<Command>, &Mailbox<Event>) -> Result<Closed> + Send,
    interface: Interface,
) -> Run {
    let mut out = Vec::new();
    let (result, stderr, inputs) = run_with(network, &mut out, interface, false);
    Run { result, stdout: String::from_utf8(out).unwrap(), stderr, inputs }
}

fn lines() -> Interface {
    Interface::Plain(Box::new(plain()))
}

#[test]
fn everything_that_was_told_is_shown_before_the_end() {
    let run = run(
        |config, _, events| {
            assert_eq!(thread::current().name(), Some("network"));
            assert_eq!(config.name.as_str(), "lorde");
            events.push(role(Role::Client, "lorde")).unwrap();
            for n in 0..100 {
                events.push(message("capo", &format!("row {n}"))).unwrap();
            }
            events.push(left()).unwrap();
            Ok(Closed::Left)
        },
        lines(),
    );
    assert_eq!(run.result.unwrap(), Closed::Left);
    let expected: String = (0..100).map(|n| format!("21:51 capo (host): row {n}\n")).collect();
    assert_eq!(run.stdout, expected);
    assert!(
        run.stderr.starts_with("Room at 192.168.1.7:8808") && run.stderr.ends_with("\n* you left\n"),
        "{}",
        run.stderr
    );
    assert_eq!(run.inputs, 1);
}

#[test]
fn the_input_is_read_only_once_there_is_a_room() {
    let run = run(
        |_, _, events| {
            events.push(notice("nobody answers yet")).unwrap();
            Err(Error::AddressInUse { tried: "join 127.0.0.1:8808".into() })
        },
        lines(),
    );
    assert_eq!((run.inputs, run.stdout.as_str(), run.stderr.as_str()), (0, "", "* nobody answers yet\n"));
    assert_eq!(run.result.unwrap_err().code(), "address-in-use");
}

#[test]
fn an_error_is_the_last_event() {
    let fail = |_: &Config, _: &Mailbox<Command>, events: &Mailbox<Event>| {
        events.push(notice("ciao")).unwrap();
        Err(Error::AddressInUse { tried: "join 127.0.0.1:8808".into() })
    };
    let run = run(fail, Interface::Json(Json::default()));
    let lines: Vec<serde_json::Value> = run.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((lines.len(), &lines[0]["event"]), (2, &"notice".into()));
    assert_eq!(lines[1]["event"], "error");
    assert_eq!(lines[1]["code"], "address-in-use");
    assert_eq!(lines[1]["text"], "join 127.0.0.1:8808: the port is in use");
    assert!(run.result.is_err() && run.stderr.is_empty());
}

#[test]
fn a_failure_of_the_input_stands_for_the_end() {
    let mut out = Vec::new();
    let (result, _, inputs) = run_with(talk, &mut out, Interface::Json(Json::default()), true);
    assert_eq!((result.unwrap_err().to_string().as_str(), inputs), ("read standard input: other error", 1));
    let out = String::from_utf8(out).unwrap();
    assert!(out.lines().last().unwrap().contains("\"event\":\"error\",\"code\":\"io\""), "{out}");
    assert!(!out.contains("\"closed\""), "{out}");
}

#[test]
fn a_panic_of_the_network_is_an_error_and_not_a_hang() {
    let run = run(|_, _, _| panic!("as planned"), lines());
    assert_eq!(run.result.unwrap_err().to_string(), "run the network thread: it panicked, which is a bug");
}

struct Failing(ErrorKind);

impl Write for Failing {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(self.0.into())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Talks until it is asked to leave, more than fits into the mailbox.
fn talk(_: &Config, commands: &Mailbox<Command>, events: &Mailbox<Event>) -> Result<Closed> {
    events.push(role(Role::Host, "capo")).unwrap();
    while commands.take() != Some(Command::Quit) {
        events.push(message("lorde", "ciao")).unwrap();
    }
    for _ in 0..100 {
        events.push(message("lorde", "late")).unwrap();
    }
    events.push(left()).unwrap();
    Ok(Closed::Left)
}

#[test]
fn an_output_that_nobody_reads_any_more_is_a_normal_end() {
    let (result, stderr, _) = run_with(talk, Failing(ErrorKind::BrokenPipe), lines(), false);
    assert_eq!(result.unwrap(), Closed::Left);
    assert!(stderr.ends_with("\n* you left\n"), "{stderr}");
}

#[test]
fn an_output_that_fails_otherwise_is_an_error() {
    let (result, ..) = run_with(talk, Failing(ErrorKind::StorageFull), lines(), false);
    assert_eq!(result.unwrap_err().to_string(), "write to standard output: no storage space");
}

#[test]
fn colours_are_for_terminals_that_have_them_and_people_who_want_them() {
    let with = |terminal, variables: &[(&str, &str)]| {
        takes_colours(terminal, |wanted| {
            variables.iter().find(|(name, _)| *name == wanted).map(|(_, value)| (*value).to_owned())
        })
    };
    assert!(with(true, &[("TERM", "xterm")]));
    assert!(with(true, &[("TERM", "xterm"), ("NO_COLOR", "")]));
    assert!(!with(false, &[("TERM", "xterm")]));
    assert!(!with(true, &[("TERM", "xterm"), ("NO_COLOR", "0")]));
    assert!(!with(true, &[("TERM", "dumb")]));
    assert_eq!(with(true, &[]), cfg!(windows));
}
