//! What people read and are asked who type lines, with `nc` or `telnet`.

use std::time::Duration;

use super::world::{World, address, moment, name, open, secret};
use crate::connection_log::Event as Happened;
use crate::limits::{ASK_AFTER, HEARTBEAT, LINGER, NAME_WAIT, SILENCE};
use crate::room::event::Command;
use crate::room::id::RoomId;
use crate::sighting::Elsewhere;

fn world() -> World {
    World::new(open(100), 0)
}

/// What somebody has read since the last time.
fn read(world: &mut World, pipe: usize) -> String {
    loop {
        world.drain(pipe, usize::MAX);
        world.turn();
        if world.wires.pipes[pipe].waiting.is_empty() {
            return String::from_utf8(std::mem::take(&mut world.wires.pipes[pipe].read)).unwrap();
        }
    }
}

/// Somebody who has typed this name, and has read the welcome.
fn person(world: &mut World, called: &str) -> usize {
    let pipe = world.connect(1 << 20);
    world.send(pipe, &format!("{called}\n"));
    world.wait(Duration::from_millis(50));
    assert!(read(world, pipe).contains("* you are "));
    pipe
}

/// What the log says of a connection.
fn log(world: &World, pipe: usize) -> Vec<String> {
    let of = world.records.iter().filter(|record| record.address == address(pipe));
    of.map(|record| match &record.event {
        Happened::Left { name, reason, .. } => format!("left {name} {reason}"),
        Happened::Ended { reason } | Happened::Refused { reason } => reason.to_string(),
        Happened::Joined { name, via } => format!("joined {name} {via}"),
        _ => record.event.word().to_owned(),
    })
    .collect()
}

#[test]
fn who_says_nothing_is_asked_for_a_name_and_still_may_speak_natively() {
    let mut world = world();
    let (person, script, silent) = (world.connect(1 << 16), world.connect(1 << 16), world.connect(1 << 16));
    world.wait(ASK_AFTER);
    for pipe in [person, script, silent] {
        assert_eq!(read(&mut world, pipe), "* What is your name?\n");
    }
    world.send(person, "lorde\r\n");
    assert_eq!(
        read(&mut world, person),
        "* you are lorde; 2 here: capo (host), lorde\n* type to talk; /help shows the commands, /quit leaves\n"
    );
    world.send(script, &super::world::hello("ella"));
    world.wait(Duration::from_millis(50));
    assert_eq!(world.lines(script)[0]["type"], "welcome");
    world.wait(NAME_WAIT);
    assert_eq!(read(&mut world, silent), "* you did not say who you are\n");
    world.wait(LINGER);
    assert_eq!(log(&world, silent), ["accepted", "no-hello"]);
    assert_eq!(log(&world, person), ["accepted", "joined lorde text"]);
}

#[test]
fn everybody_reads_the_same_in_their_own_dialect_and_nobody_types_twice() {
    let mut world = world();
    let native = world.join("ella");
    let (lorde, anna) = (person(&mut world, "lorde"), person(&mut world, "anna"));
    assert_eq!(read(&mut world, lorde), "* anna joined\n");
    world.lines(native);
    world.send(lorde, "ciao\n");
    world.send(native, "{\"type\":\"say\",\"text\":\"two\\nlines\"}\n");
    world.send(anna, "/me waves\n//slash\n");
    world.hub.command(Command::Say { text: "from the host".into(), action: false }, moment(world.now));
    world.turn();
    let from_all = |own: &str| {
        let all =
            ["lorde: ciao\n", "ella: two\nella: lines\n", "* anna waves\nanna: /slash\n", "capo: from the host\n"];
        all.into_iter().filter(|line| !line.contains(own)).collect::<String>()
    };
    assert_eq!(read(&mut world, lorde), from_all("lorde"));
    assert_eq!(read(&mut world, anna), from_all("anna"));
    let said: Vec<_> = world.lines(native).iter().map(|line| line["text"].as_str().unwrap().to_owned()).collect();
    assert_eq!(said, ["ciao", "two\nlines", "waves", "/slash", "from the host"]);
}

#[test]
fn who_is_behind_still_does_not_read_its_own_words() {
    let mut world = world();
    let (slow, other) = (person(&mut world, "slow"), person(&mut world, "other"));
    // It takes nothing more.
    world.wires.pipes[slow].capacity = world.wires.pipes[slow].waiting.len();
    for i in 0..5 {
        world.send(other, &format!("one {i}\n"));
        world.send(slow, &format!("mine {i}\nmine again {i}\n"));
    }
    world.wires.pipes[slow].capacity = 1 << 16;
    let want: String = (0..5).map(|i| format!("other: one {i}\n")).collect();
    assert_eq!(read(&mut world, slow), "* other joined\n".to_owned() + &want);
}

#[test]
fn the_commands_work_and_those_of_the_host_do_not() {
    let mut world = world();
    let (lorde, anna) = (person(&mut world, "lorde"), person(&mut world, "anna"));
    read(&mut world, lorde);
    world.send(lorde, "/who\n");
    assert_eq!(read(&mut world, lorde), "* 3 here: capo (host), lorde, anna\n");
    world.send(lorde, "/msg ANNA psst\n");
    assert_eq!((read(&mut world, lorde), read(&mut world, anna)), (String::new(), "lorde (private): psst\n".into()));
    world.send(lorde, "/nick ella\n/kick anna\n/frob\n/help who\n\n/msg nobody x\n");
    assert_eq!(
        read(&mut world, lorde),
        "* lorde is now called ella\n* only the host can do that\n\
         * there is no command /frob: /help lists them, // says a line that begins with /\n* /who (show who is here)\n\
         * nobody here is called nobody\n"
    );
    world.send(lorde, "/help\n");
    let help = read(&mut world, lorde);
    assert!(help.contains("* /msg NAME TEXT") && !help.contains("/kick"), "{help}");
    world.send(lorde, "/quit\n");
    assert_eq!(read(&mut world, lorde), "* you left\n");
    assert_eq!(read(&mut world, anna), "* lorde is now called ella\n* ella left (quit)\n");
    world.hang_up(lorde, false);
    assert_eq!(log(&world, lorde), ["accepted", "joined lorde text", "left ella quit"]);
}

#[test]
fn what_was_typed_before_the_end_of_input_is_said_and_what_is_for_it_is_read() {
    let mut world = world();
    let other = world.join("other");
    let (bot, reader) = (world.connect(1 << 16), world.connect(1 << 16));
    for (pipe, typed) in [(bot, "bot\nbuild 412 is out\nno line break"), (reader, "reader")] {
        let key = world.key(pipe).unwrap();
        world.hub.receive(key, typed.as_bytes(), moment(world.now));
        world.hub.hang_up(key, false, moment(world.now));
    }
    world.wait(Duration::from_millis(100));
    let said: Vec<_> = world.lines(other).into_iter().filter(|line| line["type"] == "said").collect();
    assert_eq!((&said[0]["text"], &said[1]["text"]), (&"build 412 is out".into(), &"no line break".into()));
    for (pipe, called) in [(bot, "bot"), (reader, "reader")] {
        assert!(read(&mut world, pipe).contains(&format!("you are {called}")));
        assert_eq!(
            log(&world, pipe),
            ["accepted".into(), format!("joined {called} text"), format!("left {called} quit")]
        );
    }
    let gone = person(&mut world, "gone");
    world.hang_up(gone, true);
    assert_eq!(log(&world, gone).last().unwrap(), "left gone lost");
}

#[test]
fn odd_lines_are_answered_and_survived() {
    let mut world = world();
    let pipe = person(&mut world, "lorde");
    let key = world.key(pipe).unwrap();
    let mut send = |bytes: &[u8]| {
        world.hub.receive(key, bytes, moment(world.now));
        read(&mut world, pipe)
    };
    assert_eq!(send(b"caf\xe9\n"), "* a line that is not UTF-8\n");
    assert_eq!(send(&[b'x'; 200_000]), "* a line has at most 65,536 bytes\n");
    assert_eq!(send(&[b'x'; 200_000]), "");
    assert_eq!(send(b"rest of it\n/who\n"), "* 2 here: capo (host), lorde\n");
    let long = [&[b'x'; 20_000][..], b"\n"].concat();
    assert_eq!(send(&long), "* the message has 20000 bytes, at most 16384 can be sent\n");
    assert_eq!(send(b"\xff\xf4\xff\xfd\x06/w\xff\xf1ho\r\n"), "* 2 here: capo (host), lorde\n");
    assert_eq!(world.hub.connections(), 1);
}

#[test]
fn a_bad_name_is_asked_for_again_three_times() {
    let mut world = world();
    let pipe = world.connect(1 << 16);
    world.send(pipe, "x\n");
    assert_eq!(read(&mut world, pipe), "* a name has at least 2 characters\n* What is your name?\n");
    world.send(pipe, "/who\ny\n");
    assert_eq!(read(&mut world, pipe).matches("* What is your name?\n").count(), 2);
    world.send(pipe, "z\nciao\n");
    assert_eq!(read(&mut world, pipe), "* a name has at least 2 characters\n");
    world.hang_up(pipe, false);
    assert_eq!(log(&world, pipe), ["accepted", "bad-name", "refused"]);
}

#[test]
fn history_comes_before_the_welcome_and_silence_is_no_loss() {
    let mut world = world();
    let first = person(&mut world, "first");
    world.send(first, "before\n");
    let second = world.connect(1 << 16);
    world.send(second, "second\n");
    world.wait(Duration::from_millis(50));
    let text = read(&mut world, second);
    assert!(text.starts_with("* said before you came:\nfirst: before\n* you are second; 3 here: "), "{text}");
    world.wait(SILENCE + HEARTBEAT);
    assert_eq!((read(&mut world, second), world.hub.connections()), (String::new(), 2));
}

#[test]
fn the_end_of_the_room_is_a_sentence() {
    let at = "{\"type\":\"hello\",\"v\":1,\"name\":\"next\",\"port\":9000,\"at\":[\"192.168.1.9\"]}\n";
    for (how, sentence) in [
        ("close", "* the host closed the room\n"),
        ("hand over", "* the room goes on with another host: connect to 10.0.0.1 9000 or 192.168.1.9 9000\n"),
        ("move", "* the room goes on with another host: connect to 192.168.1.7 8808\n"),
    ] {
        let mut world = world();
        let next = world.connect(1 << 16);
        world.send(next, at);
        let lorde = person(&mut world, "lorde");
        let waiting = world.connect(1 << 16);
        world.wait(ASK_AFTER);
        read(&mut world, waiting);
        match how {
            "close" => world.hub.close("the host closed the room", moment(world.now)),
            "hand over" => {
                let to = world.hub.room().successor().unwrap();
                world.hub.hand_over(to, moment(world.now));
            }
            _ => {
                let at = vec!["192.168.1.7:8808".parse().unwrap()];
                world.hub.move_to(&Elsewhere { room: RoomId(7), at }, moment(world.now));
            }
        }
        world.turn();
        assert_eq!((read(&mut world, lorde), read(&mut world, waiting)), (sentence.to_owned(), sentence.to_owned()));
        world.wait(LINGER);
        assert_eq!(world.hub.connections(), 0);
    }
}

#[test]
fn who_types_is_never_the_next_host() {
    let mut world = world();
    let pipe = person(&mut world, "lorde");
    assert_eq!(world.hub.room().successor(), None);
    let member = world.hub.room().replica().members().last().unwrap();
    assert_eq!((&*member.name, member.returns, member.at.len()), (name("lorde").as_str(), false, 0));
    assert_ne!(member.peer, secret(255).peer());
    world.hang_up(pipe, false);
}
