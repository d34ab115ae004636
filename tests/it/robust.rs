//! Whatever strangers, bad links and slow readers do, the room talks on.

use std::fs;
use std::io::{self, BufRead as _, BufReader};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::{Chat, PATIENCE, Raw, Signal, Stage, eventually, heavy, is, names};

/// Two members say something, and everybody hears it.
fn talks_on(host: &Chat, anna: &Chat, text: &str) {
    host.say(&format!("{text} (host)"));
    anna.say(&format!("{text} (client)"));
    for chat in [host, anna] {
        chat.hears(&format!("{text} (host)"));
        chat.hears(&format!("{text} (client)"));
    }
}

/// So much is said before all who read have heard it, in bytes. It is far less than what the stream holds, because on a busy
/// machine who reads may be held up as well.
const AHEAD: usize = 256 * 1024;

/// A member that floods the room with numbered lines of this length; it reads them all, each once and in order, and so do
/// these.
fn flood(port: u16, lines: usize, length: usize, readers: &mut [Raw]) {
    let mut sender = Raw::member(port, "flood");
    let texts: Vec<String> = (1..=lines).map(|number| flooded(number, length)).collect();
    let mut next = 1;
    for part in texts.chunks(AHEAD / (length + 200)) {
        let mut said = String::new();
        for text in part {
            said += &(json!({"type": "say", "n": next, "text": text}).to_string() + "\n");
            next += 1;
        }
        sender.bytes(said.as_bytes());
        for reader in readers.iter_mut().chain([&mut sender]) {
            for text in part {
                assert_eq!(reader.until(text, |object| object["from"] == "flood")["text"], *text);
            }
            reader.forget();
        }
    }
}

/// Waits until the log says that so many members have left for this reason: the host's screen need not keep up with a flood.
fn have_left(stage: &Stage, count: usize, reason: &str) {
    let left = || stage.log("capo").of("left").iter().filter(|entry| entry.values["reason"] == reason).count();
    eventually("all that leave", || (left() >= count).then_some(()));
    assert_eq!(left(), count, "{reason}");
}

/// The text of a line of `flood`.
fn flooded(number: usize, length: usize) -> String {
    format!("{number:06} {}", "x".repeat(length))
}

/// Resident memory of a process, in KiB.
#[cfg(target_os = "linux")]
fn resident(chat: &Chat) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", chat.pid())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

/// Processor time that a process has used, in ticks of 10 ms.
#[cfg(target_os = "linux")]
fn ticks(chat: &Chat) -> u64 {
    let stat = fs::read_to_string(format!("/proc/{}/stat", chat.pid())).unwrap();
    let fields: Vec<&str> = stat.rsplit_once(") ").unwrap().1.split(' ').collect();
    fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
}

/// How often a process has gone to sleep, all its threads together: as often as it was woken.
#[cfg(target_os = "linux")]
fn sleeps(chat: &Chat) -> u64 {
    let threads = fs::read_dir(format!("/proc/{}/task", chat.pid())).unwrap().flatten();
    let of = |status: String| -> u64 {
        let line = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:")).unwrap();
        line.trim().parse().unwrap()
    };
    threads.map(|thread| of(fs::read_to_string(thread.path().join("status")).unwrap())).sum()
}

#[cfg(target_os = "linux")]
#[test]
fn an_idle_room_wakes_for_heartbeats_only() {
    let stage = Stage::new();
    let host = stage.host();
    let anna = stage.join("anna");
    host.sees_members(2);
    let before = [&host, &anna].map(sleeps);
    // A measurement: one heartbeat or two, and the looks at the log.
    thread::sleep(Duration::from_secs(6));
    for (chat, before) in [&host, &anna].into_iter().zip(before) {
        let woken = sleeps(chat) - before;
        assert!(woken <= 24, "woken {woken} times in 6 s");
    }
}

#[test]
fn p23_garbage_of_all_kinds_ends_its_own_connection_only() {
    let _turn = heavy();
    let stage = Stage::new();
    let host = stage.host();
    let anna = stage.join("anna");
    let long = "y".repeat(200_000);
    let kinds: [&[u8]; 10] = [
        b"",
        b"{",
        b"{}\n{}\n{}\n",
        b"{\"type\":\"hello\"",
        b"{\"type\":\"hello\",\"v\":1,\"name\":12}\n",
        b"{\"type\":\"hello\",\"v\":1,\"name\":\"\xff\xff\"}\n",
        b"{\"type\":{\"type\":{\"type\":[[[[[[[[[[[[[[[[[[[[[[\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\x00\x00\n",
        b"\x00\x00\x00\x00\x00\x00\x00\x00\n\x00\n",
        long.as_bytes(),
    ];
    let mut half_open = Vec::new();
    for round in 0..30 {
        for (kind, bytes) in kinds.iter().enumerate() {
            let mut raw = Raw::connect(stage.port());
            raw.try_bytes(bytes).ok();
            match (round + kind) % 3 {
                0 => raw.reset(),
                1 => drop(raw),
                _ => half_open.push(raw),
            }
        }
        talks_on(&host, &anna, &format!("round {round}"));
    }
    stage.join("bert");
    talks_on(&host, &anna, "all is well");
    drop(half_open);
    host.signal(Signal::INT);
    assert_eq!(host.exits(), 0);
    let log = stage.log("capo");
    log.assert_balanced();
    assert_eq!(log.of("accepted").len(), 302);
}

#[test]
fn who_never_says_hello_is_ended() {
    let stage = Stage::new();
    let host = stage.host();
    let mut silent = Raw::connect(stage.port());
    let mut half = Raw::connect(stage.port());
    half.bytes(b"{\"type\":\"hello\",");
    let closed = Raw::connect(stage.port());
    closed.half_close();
    silent.ends();
    half.ends();
    host.signal(Signal::INT);
    assert_eq!(host.exits(), 0);
    let log = stage.log("capo");
    log.assert_balanced();
    for raw in [&silent, &half, &closed] {
        assert_eq!(log.value(&raw.address(), "ended", "reason"), "no-hello");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn p23_a_first_line_without_end_costs_no_memory() {
    let _turn = heavy();
    let stage = Stage::new();
    let host = stage.host();
    let anna = stage.join("anna");
    let before = resident(&host);
    for member in [false, true] {
        let mut raw = if member { Raw::member(stage.port(), "endless") } else { Raw::connect(stage.port()) };
        raw.try_bytes(b"{\"type\":\"say\",\"text\":\"").unwrap();
        let started = Instant::now();
        while raw.try_bytes(&[b'z'; 64 * 1024]).is_ok() {
            assert!(started.elapsed() < PATIENCE, "the host reads on");
        }
    }
    talks_on(&host, &anna, "unimpressed");
    let grown = resident(&host).saturating_sub(before);
    assert!(grown < 4 * 1024, "{grown} KiB");
}

#[test]
fn p23_a_reset_within_a_line_is_a_loss_and_no_spin() {
    let stage = Stage::new();
    let host = stage.host();
    let anna = stage.join("anna");
    for number in 0..20 {
        let mut raw = Raw::member(stage.port(), &format!("reset{number}"));
        raw.bytes(b"{\"type\":\"say\",\"text\":\"half a li");
        raw.reset();
        let left = anna.expect("left", |event| is(event, "left") && event["name"] == format!("reset{number}"));
        assert_eq!(left["reason"], "lost");
    }
    talks_on(&host, &anna, "whole lines");
    assert!(!host.messages().iter().any(|message| message["text"].as_str().unwrap().starts_with("half")));
}

#[cfg(target_os = "linux")]
#[test]
fn p22_a_host_without_descriptors_talks_on_and_does_not_spin() {
    let _turn = heavy();
    let stage = Stage::new();
    let line = format!(
        "ulimit -n 96; exec \"$CHAT\" --json --no-discovery --name capo --role host --port {} --log capo.log",
        stage.port()
    );
    let host = stage.shell("host", &line).run();
    host.expect("roster", |event| is(event, "roster"));
    let anna = stage.join("anna");
    let mut crowd: Vec<Raw> = (0..150).map(|_| Raw::connect(stage.port())).collect();
    for (number, raw) in crowd.iter_mut().enumerate() {
        raw.try_bytes(format!("{{\"type\":\"hello\",\"v\":1,\"name\":\"crowd{number}\"}}\n").as_bytes()).ok();
    }
    // So many are in that no more can be.
    anna.watch("a crowd", {
        let mut joined = 0;
        move |event| {
            joined += usize::from(is(event, "joined"));
            (joined >= 60).then_some(())
        }
    });
    let open = || fs::read_dir(format!("/proc/{}/fd", host.pid())).unwrap().count();
    eventually("descriptors to run out", || (open() >= 90).then_some(()));
    for round in 0..10 {
        talks_on(&host, &anna, &format!("round {round}"));
    }
    // A measurement: what an exhausted host costs while nothing else happens.
    let before = ticks(&host);
    thread::sleep(Duration::from_secs(3));
    let spent = ticks(&host) - before;
    assert!(spent < 60, "{spent} ticks of 300");
    assert!(open() >= 90, "it was exhausted all the time");
    let complaints = host.events().iter().filter(|event| is(event, "notice")).count();
    assert!(complaints <= 1, "said once");
    drop(crowd);
    stage.join("newcomer");
    talks_on(&host, &anna, "room again");
}

#[cfg(target_os = "linux")]
#[test]
fn p19_members_that_never_read_stop_nobody() {
    const LINES: usize = 20_000;
    const LENGTH: usize = 500;
    let _turn = heavy();
    let stage = Stage::new();
    let host = stage.host_with(&["--rate", "0"]);
    let stalled: Vec<Raw> = (1..=5)
        .map(|number| {
            let raw = Raw::member(stage.port(), &format!("stalled{number}"));
            raw.small_window();
            raw
        })
        .collect();
    let mut readers: Vec<Raw> = (1..=10).map(|number| Raw::member(stage.port(), &format!("reader{number}"))).collect();
    let before = resident(&host);
    let started = Instant::now();
    flood(stage.port(), LINES, LENGTH, &mut readers);
    eprintln!("{LINES} lines to 11 readers in {:?}", started.elapsed());
    let grown = resident(&host).saturating_sub(before);
    have_left(&stage, 5, "slow");
    assert!(grown < 32 * 1024, "{grown} KiB more");
    drop(stalled);
    host.signal(Signal::INT);
    assert_eq!(host.exits(), 0);
    let log = stage.log("capo");
    log.assert_balanced();
    let slow = log.of("left").iter().filter(|entry| entry.values["reason"] == "slow").count();
    assert_eq!(slow, 5);
}

#[test]
fn p20_a_member_that_was_dropped_comes_back_and_learns_what_it_missed() {
    const LINES: usize = 24_000;
    const LENGTH: usize = 1_000;
    let _turn = heavy();
    let stage = Stage::new();
    let _host = stage.host_with(&["--rate", "0"]);
    let sleeper = stage.join("sleeper");
    sleeper.signal(Signal::STOP);
    let mut watcher = Raw::member(stage.port(), "watcher");
    flood(stage.port(), LINES, LENGTH, std::slice::from_mut(&mut watcher));
    have_left(&stage, 1, "slow");
    sleeper.signal(Signal::CONT);
    watcher.until("sleeper again", |object| object["type"] == "joined" && names(object) == ["sleeper"]);
    sleeper.say("what did I miss?");
    assert_eq!(sleeper.hears("what did I miss?")["from"], "sleeper");
    let rows: Vec<String> = sleeper.messages().iter().map(|row| row["text"].as_str().unwrap().to_owned()).collect();
    let rows = &rows[..rows.len() - 1];
    assert!(rows.is_sorted() && rows.windows(2).all(|pair| pair[0] != pair[1]), "in order, and none twice");
    assert_eq!(rows.last(), Some(&flooded(LINES, LENGTH)));
    let missed = LINES - rows.len();
    let events = sleeper.events();
    let notices = events.iter().filter(|event| is(event, "notice")).map(|event| event["text"].as_str().unwrap());
    let numbers = notices.flat_map(|text| text.split(|letter: char| !letter.is_ascii_digit()));
    let told: usize = numbers.filter_map(|number| number.parse::<usize>().ok()).sum();
    // Counted are entries of the order: the messages, and the few comings and goings between them.
    assert!((missed..missed + 5).contains(&told), "{missed} are missing, told were {told}");
}

#[test]
fn p21_resets_during_a_broadcast_hurt_nobody_else() {
    const LINES: usize = 4_000;
    let _turn = heavy();
    let stage = Stage::new();
    let host = stage.host_with(&["--rate", "0"]);
    let doomed: Vec<Raw> = (0..10).map(|number| Raw::member(stage.port(), &format!("doomed{number}"))).collect();
    let mut readers: Vec<Raw> = (0..10).map(|number| Raw::member(stage.port(), &format!("reader{number}"))).collect();
    let port = stage.port();
    let sender = thread::spawn(move || flood(port, LINES, 200, &mut readers));
    // Each goes at another moment of the flood, with bytes of it unread.
    for (number, mut raw) in doomed.into_iter().enumerate() {
        raw.hears(&flooded(100 * (number + 1), 200));
        raw.reset();
    }
    sender.join().unwrap();
    for number in 0..10 {
        let left = host.expect("left", |event| is(event, "left") && event["name"] == format!("doomed{number}"));
        assert_eq!(left["reason"], "lost");
    }
}

#[test]
fn a_paste_is_read_at_the_rooms_pace_and_nothing_of_it_is_lost() {
    let stage = Stage::new();
    let host = stage.host_with(&["--rate", "100"]);
    let anna = stage.join("anna");
    let started = Instant::now();
    let port = stage.port();
    let sender = thread::spawn(move || flood(port, 1_500, 10, &mut []));
    // 1,000 at once, the others in 5 s; meanwhile nobody else waits.
    host.hears(&flooded(1_000, 10));
    anna.say("am I slowed down?");
    sender.join().unwrap();
    let took = started.elapsed();
    assert!(took >= Duration::from_millis(4_900), "{took:?}");
    host.hears(&flooded(1_500, 10));
    let texts: Vec<_> = host.messages().iter().map(|message| message["text"].clone()).collect();
    let asked = texts.iter().position(|text| text == "am I slowed down?");
    assert!(asked.is_some_and(|place| place < 1_500), "behind all that was pasted: {asked:?}");
    assert_eq!(texts.len(), 1_501);
}

#[test]
fn p29_a_hostile_host_cannot_write_to_the_terminal() {
    let stage = Stage::new();
    let port = stage.port();
    let listener = std::net::TcpListener::bind(("127.0.0.1", port)).unwrap();
    let evil = "x\u{1b}[2J\u{1b}]52;c;aGk=\u{7}\u{9b}\r\u{202e}y";
    let lines = [
        json!({"type": "welcome", "v": 1, "room": "00000000000000ff", "you": 2, "name": evil, "host": evil, "term": 1,
            "seq": 0, "members": [{"id": 1, "name": evil, "host": true}, {"id": 2, "name": evil}]}),
        json!({"type": "said", "seq": 1, "by": 1, "n": 1, "from": evil, "text": evil, "at": "2026-11-20T21:51:09.001+01:00"}),
        json!({"type": "refused", "code": evil, "text": evil}),
        json!({"type": "closed", "reason": "host-shutdown", "text": evil}),
    ];
    let server = thread::spawn(move || {
        use std::io::Write as _;
        for _ in 0..2 {
            let (mut stream, _) = listener.accept().unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            reader.read_line(&mut String::new()).unwrap();
            // Each line may be one too many: the client is free to leave at the first.
            lines.iter().all(|line: &Value| stream.write_all(format!("{line}\n").as_bytes()).is_ok());
            // To close on what was not read would be a reset, and the client would never see the lines.
            io::copy(&mut reader, &mut io::sink()).ok();
        }
    });
    for mode in ["--json", "--plain"] {
        let client = stage.start("client").args(&[mode, "--name", "anna", "--role", "client", &stage.address()]).run();
        assert_eq!(client.exits(), 0, "{mode}: to the last line, which closes the room");
        assert!(client.stdout().iter().any(|line| line.contains("]52;c;aGk=")), "{mode}: the message is shown");
        for line in client.stdout().iter().chain(&client.stderr()) {
            assert!(!line.chars().any(char::is_control), "{mode}: {line:?}");
            assert!(!line.contains('\u{202e}'), "{mode}: {line:?}");
        }
        let decoded = client.events().iter().map(Value::to_string).collect::<String>();
        assert!(!decoded.contains("\\u001b") && !decoded.contains("\\r"), "{decoded}");
    }
    server.join().unwrap();
}
