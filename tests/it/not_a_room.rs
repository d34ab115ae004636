//! P12: something else listens on the port. It must never be taken for a room, nor shown to anybody.

use std::io::Write as _;
use std::time::{Duration, Instant};

use crate::support::{Chat, Impostor, Stage, heavy, is};

/// How long it may take to find out, on a machine with nothing else to do.
const BOUND: Duration = Duration::from_secs(15);

/// Whoever goes there, by whatever way, fails with `not-a-room`, and shows nothing of what was there.
fn assert_no_room(impostor: impl FnOnce(u16) -> Impostor, leak: &str) {
    let stage = Stage::new();
    let _impostor = impostor(stage.port());
    let ways: [&[&str]; 3] =
        [&["--role", "client", &stage.address()], &[&stage.address()], &["--port", &stage.port_text()]];
    let started = Instant::now();
    let start = |(number, args): (usize, &&[&str])| stage.start(&format!("way{number}")).json("anna").args(args).run();
    let chats: Vec<Chat> = ways.iter().enumerate().map(start).collect();
    for (chat, args) in chats.iter().zip(ways) {
        assert_eq!(chat.exits(), 1, "{args:?}");
        assert!(started.elapsed() < BOUND, "{args:?}: {:?}", started.elapsed());
        assert_fails_cleanly(chat, leak);
    }
}

/// One `error` event with nothing but notices before it, one or two lines on stderr, and no byte of the impostor's.
fn assert_fails_cleanly(chat: &Chat, leak: &str) {
    assert_eq!(chat.last_event()["code"], "not-a-room", "{}", chat.last_event());
    let events = chat.events();
    let (_, before) = events.split_last().unwrap();
    assert!(before.iter().all(|event| is(event, "notice")), "{events:#?}");
    let stderr = chat.stderr();
    assert!(stderr[0].starts_with("hybrid-chat: ") && stderr.len() == 2, "WHAT: WHY, and a remedy: {stderr:?}");
    for line in chat.stdout().iter().chain(&stderr) {
        assert!(!line.chars().any(char::is_control), "{line:?}");
        assert!(leak.is_empty() || !line.contains(leak), "{line:?}");
    }
}

#[test]
fn p12_a_silent_tarpit_is_no_room() {
    assert_no_room(Impostor::tarpit, "");
}

#[test]
fn p12_a_web_server_is_no_room() {
    let answer = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 14\r\n\r\nleaked request";
    assert_no_room(|port| Impostor::answer(port, answer), "leaked");
}

#[test]
fn p12_a_mail_server_is_no_room() {
    assert_no_room(|port| Impostor::banner(port, b"220 mail.example.org ESMTP leaked\r\n"), "leaked");
}

#[test]
fn p12_random_bytes_are_no_room() {
    let _turn = heavy();
    assert_no_room(
        |port| {
            Impostor::start(port, |mut stream| {
                // A fixed seed: the same bytes in every run, escapes and newlines among them, and no end.
                let mut state: u32 = 2_463_534_242;
                let mut noise = vec![0; 16 * 1024];
                loop {
                    for byte in &mut noise {
                        state ^= state << 13;
                        state ^= state >> 17;
                        state ^= state << 5;
                        *byte = state.to_le_bytes()[1];
                    }
                    if stream.write_all(&noise).is_err() {
                        return;
                    }
                }
            })
        },
        "",
    );
}

#[test]
fn p12_an_endless_line_is_no_room() {
    let _turn = heavy();
    assert_no_room(
        |port| Impostor::start(port, |mut stream| while stream.write_all(&[b'{'; 16 * 1024]).is_ok() {}),
        "{{{{",
    );
}

#[test]
fn p12_whoever_closes_at_once_is_no_room() {
    assert_no_room(|port| Impostor::start(port, drop), "");
}

#[test]
fn p12_json_that_is_no_welcome_is_no_room() {
    assert_no_room(|port| Impostor::answer(port, b"{\"type\":\"leaked\",\"jsonrpc\":\"2.0\"}\n"), "leaked");
}

#[test]
fn p12_to_host_there_fails_as_well() {
    let stage = Stage::new();
    let _impostor = Impostor::tarpit(stage.port());
    let host = stage.start("host").json("host").args(&["--role", "host", "--port", &stage.port_text()]).run();
    assert_eq!(host.exits(), 1);
    assert_eq!(host.last_event()["code"], "address-in-use");
}
