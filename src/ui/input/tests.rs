//! The input thread, reading real pipes and files.

use std::fs::File;
use std::io::Write;
use std::os::fd::OwnedFd;

use rustix::pipe::pipe;

use super::*;
use crate::limits::{INPUT_LINE_BYTES, MESSAGE_MAX_BYTES};
use crate::room::event::Role;
use crate::ui::samples::at;

fn desk(commands: usize) -> Desk {
    Desk {
        commands: Arc::new(Mailbox::new(commands)),
        events: Arc::new(Mailbox::new(64)),
        objects: false,
        terminal: false,
        here: Arc::default(),
        addresses: || vec!["192.168.1.7".parse().unwrap(), "10.0.0.9".parse().unwrap()],
        now: at,
    }
}

fn start(fd: impl Into<OwnedFd>, desk: &Desk) -> Input {
    Input::read(source::other(fd.into()).unwrap(), desk.clone()).unwrap()
}

/// What a whole input of `bytes` asks for, and how it is answered.
fn all(desk: &Desk, bytes: &[u8]) -> (Vec<Command>, Vec<What>) {
    let (read, write) = pipe().unwrap();
    let input = start(read, desk);
    let writer = thread::spawn({
        let bytes = bytes.to_vec();
        move || File::from(write).write_all(&bytes).unwrap()
    });
    let mut commands = Vec::new();
    while let Some(command) = desk.commands.pop() {
        let last = command == Command::EndOfInput || (desk.terminal && command == Command::Quit);
        commands.push(command);
        if last {
            break;
        }
    }
    writer.join().unwrap();
    let stopped = input.stop();
    desk.events.close();
    let answers: Vec<_> = std::iter::from_fn(|| desk.events.pop()).map(|event| event.what).collect();
    // A command that is none was not meant to be said; all else that was refused was.
    let is_lost = |code: &String| !["?", "unknown-command", "usage"].contains(&code.as_str());
    let fine = desk.terminal || desk.here.is_host() || !codes(&answers).iter().any(is_lost);
    assert_eq!(stopped.is_ok(), fine, "{stopped:?}");
    (commands, answers)
}

fn say(text: &str) -> Command {
    Command::Say { text: text.into(), action: false }
}

/// The codes of what was refused.
fn codes(answers: &[What]) -> Vec<String> {
    let code = |what: &'_ What| if let What::Refused { code, .. } = what { code.clone() } else { "?".into() };
    answers.iter().map(code).collect()
}

#[test]
fn lines_become_commands_in_their_order() {
    let (commands, answers) =
        all(&desk(4), b"ciao\n\n  \n//literal\n/me waves\n/msg capo psst psst\n/who\nlast without end");
    let expected = [
        say("ciao"),
        say("/literal"),
        Command::Say { text: "waves".into(), action: true },
        Command::Tell { to: "capo".into(), text: "psst psst".into() },
        Command::Who,
        say("last without end"),
        Command::EndOfInput,
    ];
    assert_eq!((commands, answers), (expected.into(), vec![]));
}

#[test]
fn what_cannot_be_used_is_refused_and_the_next_line_goes_on() {
    let mut input = b"/dance\n\xff\n/msg capo\n".to_vec();
    input.extend("x".repeat(INPUT_LINE_BYTES + 1).bytes().chain(*b"\n"));
    input.extend("x".repeat(MESSAGE_MAX_BYTES + 1).bytes().chain(*b"\n/me \x1b\nafter\n"));
    let (commands, answers) = all(&desk(4), &input);
    assert_eq!(commands, [say("after"), Command::EndOfInput]);
    assert_eq!(codes(&answers), ["unknown-command", "invalid-utf8", "usage", "too-long", "too-long", "empty"]);
}

/// A script must not believe that the room has what was refused; a person has read it, and a host goes on.
#[test]
fn a_script_that_is_not_utf8_fails_at_its_end() {
    let input = b"good\nb\xffd\nbetter\n";
    let script = desk(4);
    let (commands, answers) = all(&script, input);
    assert_eq!((commands.len(), codes(&answers)), (3, vec!["invalid-utf8".to_owned()]));
    all(&Desk { terminal: true, ..desk(4) }, input);
    let host = desk(4);
    host.here.tell(Role::Host, "[::]:8808");
    all(&host, input);

    let (read, _write) = pipe().unwrap();
    let woken = desk(4);
    start(read, &woken).stop().unwrap();
}

#[test]
fn the_page_is_shown_here_with_its_codes_and_to_scripts_without() {
    for objects in [false, true] {
        let desk = Desk { objects, ..desk(4) };
        desk.here.tell(Role::Host, "[::]:8808");
        let (commands, answers) = all(&desk, b"/qr\n");
        assert_eq!(commands, [Command::EndOfInput]);
        let [What::Notice { text }] = &answers[..] else { panic!("{answers:?}") };
        assert!(text.contains("http://192.168.1.7:8808/") && text.contains("http://10.0.0.9:8808/"), "{text}");
        assert_eq!(text.contains('█'), !objects, "{text}");
    }
    let guest = desk(4);
    guest.here.tell(Role::Client, "192.168.1.9:8808");
    let (_, answers) = all(&guest, b"/qr\n");
    let [What::Notice { text }] = &answers[..] else { panic!("{answers:?}") };
    assert!(text.starts_with("a browser gets in at\nhttp://192.168.1.9:8808/\n█"), "the host's address: {text}");
}

#[test]
fn help_is_answered_here_and_has_more_for_the_host() {
    for hosting in [false, true] {
        let desk = desk(4);
        desk.here.tell(if hosting { Role::Host } else { Role::Client }, "192.168.1.7:8808");
        let (commands, answers) = all(&desk, b"/help\n/help kick\n");
        assert_eq!(commands, [Command::EndOfInput]);
        let [What::Notice { text }, What::Notice { text: one }] = &answers[..] else { panic!("{answers:?}") };
        assert!(text.contains("/nick NAME") && text.contains("/kick") == hosting, "{text}");
        assert!(one.starts_with("/kick NAME"), "{one}");
    }
}

#[test]
fn objects_are_understood_only_where_they_are_asked_for() {
    let input = b"{\"type\":\"say\",\"text\":\"two\\nlines\"}\n{\"type\":\"dance\"}\n{ciao}\n";
    let (commands, answers) = all(&Desk { objects: true, ..desk(4) }, input);
    assert_eq!(commands, [say("two\nlines"), say("{ciao}"), Command::EndOfInput]);
    assert_eq!(codes(&answers), ["unknown-type"]);
    let (commands, answers) = all(&desk(4), input);
    assert_eq!(commands[0], say("{\"type\":\"say\",\"text\":\"two\\nlines\"}"));
    assert_eq!((commands.len(), answers.len()), (4, 0));
}

#[test]
fn the_end_of_a_terminal_is_quit() {
    assert_eq!(all(&Desk { terminal: true, ..desk(4) }, b"ciao\n").0, [say("ciao"), Command::Quit]);
}

#[test]
fn a_file_and_nothing_are_read_to_their_end() {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(b"one\ntwo\n").unwrap();
    io::Seek::rewind(&mut file).unwrap();
    for (file, count) in [(file, 3), (File::open("/dev/null").unwrap(), 1)] {
        let desk = desk(8);
        let input = start(file, &desk);
        let commands: Vec<_> = (0..count).map(|_| desk.commands.pop().unwrap()).collect();
        assert_eq!(commands.last(), Some(&Command::EndOfInput));
        input.stop().unwrap();
    }
}

#[test]
fn what_cannot_be_read_is_said_and_is_the_end() {
    let desk = desk(8);
    let input = start(File::open("/").unwrap(), &desk);
    assert_eq!(desk.commands.pop(), Some(Command::EndOfInput));
    let What::Notice { text } = desk.events.pop().unwrap().what else { panic!() };
    assert_eq!(text, "read standard input: is a directory");
    // Whatever else was to be said, the room does not have it.
    assert_eq!(input.stop().unwrap_err().to_string(), text);
}

/// Of five thousand lines, no more are read than there are places for: the rest waits in the pipe.
#[test]
fn who_writes_waits_until_there_is_a_place() {
    const ALL: usize = 5_000;
    let desk = desk(2);
    let text: String = (0..ALL).map(|n| format!("row {n}\n")).collect();
    let (commands, _) = all(&desk, text.as_bytes());
    assert_eq!(commands.len(), ALL + 1);
    assert!(commands.iter().take(ALL).enumerate().all(|(n, command)| *command == say(&format!("row {n}"))));
}

#[test]
fn it_can_be_ended_while_it_waits_for_input() {
    let (read, write) = pipe().unwrap();
    let desk = desk(2);
    let input = start(read, &desk);
    let mut write = File::from(write);
    write.write_all(b"ciao\nhalf a line").unwrap();
    assert_eq!(desk.commands.pop(), Some(say("ciao")));
    let Input { thread, ended, waker } = input;
    assert!(waker.wake());
    thread.join().unwrap();
    assert!(ended.try_recv().is_err());
    assert_eq!(desk.commands.take(), None);
}

#[test]
fn it_can_be_ended_while_it_waits_for_a_place() {
    let (read, write) = pipe().unwrap();
    let desk = desk(1);
    let input = start(read, &desk);
    File::from(write).write_all(b"1\n2\n3\n").unwrap();
    assert_eq!(desk.commands.pop(), Some(say("1")));
    desk.commands.close();
    let Input { thread, waker, .. } = input;
    thread.join().unwrap();
    drop(waker);
}

#[test]
fn a_panic_of_the_thread_is_a_failure_that_is_told() {
    let (read, write) = pipe().unwrap();
    let input = start(read, &Desk { now: || panic!("the clock has stopped"), ..desk(4) });
    File::from(write).write_all(b"/nonsense\n").unwrap();
    assert_eq!(input.ended.recv_timeout(Duration::from_secs(30)), Err(RecvTimeoutError::Disconnected));
    let error = input.stop().unwrap_err();
    assert_eq!(error.to_string(), "read standard input: it panicked, which is a bug");
}
