//! How the program fails: the code for scripts, one line what and why, and one that helps where something does.

use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use serde_json::json;
use socket2::{Domain, SockRef, Socket, Type};

use crate::support::{Chat, Impostor, PATIENCE, Signal, Stage, copy_program_to, eventually, is};

/// It ends with this code, once in its events and in words on stderr, and with a remedy that has this word in it.
fn assert_fails(chat: &Chat, code: &str, helps: Option<&str>) {
    assert_eq!(chat.exits(), 1, "{:?}", chat.stderr());
    let last = chat.last_event();
    assert_eq!((&last["event"], &last["code"]), (&json!("error"), &json!(code)), "{last}");
    assert_says(chat, last["text"].as_str().unwrap(), helps);
}

/// Its last words on stderr.
fn assert_says(chat: &Chat, text: &str, helps: Option<&str>) {
    let stderr = chat.stderr();
    let failure = stderr.iter().position(|line| line.starts_with("hybrid-chat: ")).expect("says that it failed");
    assert_eq!(stderr[failure], format!("hybrid-chat: {text}"));
    assert!(text.split_once(": ").is_some_and(|(what, why)| !what.is_empty() && !why.is_empty()), "{text}");
    assert!(!text.contains("os error"), "{text}");
    let remedy = &stderr[failure + 1..];
    match helps {
        Some(word) => assert!(remedy.len() == 1 && remedy[0].contains(word), "{stderr:?}"),
        None => assert!(remedy.is_empty(), "{stderr:?}"),
    }
}

/// A client of whatever listens at the stage's port.
fn client(stage: &Stage) -> Chat {
    stage.start("anna").json("anna").args(&["--role", "client", &stage.address()]).run()
}

/// Takes connections and lets nobody's be completed: the queue of those who wait is full.
fn full(port: u16) -> (Socket, Vec<TcpStream>) {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    socket.bind(&address.into()).unwrap();
    socket.listen(0).unwrap();
    let mut waiting = Vec::new();
    while let Ok(stream) = TcpStream::connect_timeout(&address, Duration::from_millis(100)) {
        waiting.push(stream);
        assert!(waiting.len() < 100, "the queue never fills");
    }
    (socket, waiting)
}

#[test]
fn a_host_that_takes_no_connection_times_out() {
    let stage = Stage::new();
    let _full = full(stage.port());
    let started = Instant::now();
    assert_fails(&client(&stage), "timed-out", Some("firewall"));
    assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
}

#[test]
fn ctrl_c_while_nothing_answers_is_in_order_and_at_once() {
    let stage = Stage::new();
    let _full = full(stage.port());
    for role in ["client", "auto"] {
        let chat = stage.start(role).json("anna").args(&["--role", role, &stage.address()]).run();
        // From its start on it is connecting, for two seconds; it takes signals as soon as it has a thread for them.
        eventually("threads", || threads(&chat).filter(|count| *count >= 3));
        let started = Instant::now();
        chat.signal(Signal::INT);
        assert_eq!(chat.exits(), 0, "{role}");
        assert_eq!(chat.last_event()["reason"], "left", "{role}");
        assert!(started.elapsed() < Duration::from_millis(1_500), "{role}: {:?}", started.elapsed());
    }
}

/// How many threads it has.
fn threads(chat: &Chat) -> Option<usize> {
    std::fs::read_dir(format!("/proc/{}/task", chat.pid())).ok().map(Iterator::count)
}

#[test]
fn a_network_that_is_not_there_is_unreachable() {
    let stage = Stage::new();
    let line = "unshare --net true 2>/dev/null || exit 77; \
                exec unshare --net \"$CHAT\" --json --no-discovery --name anna --role client 198.51.100.77";
    let chat = stage.shell("anna", line).run();
    if chat.exits() == 77 {
        eprintln!("skipped: no network of one's own without privileges");
        return;
    }
    assert_fails(&chat, "unreachable", Some("Check the address"));
}

#[test]
fn a_port_for_the_privileged_only_is_denied() {
    let first = std::fs::read_to_string("/proc/sys/net/ipv4/ip_unprivileged_port_start").unwrap_or_default();
    if !rustix::process::geteuid().is_root() || first.trim() != "1024" {
        eprintln!("skipped: needs root, to become somebody else, and ports for root only");
        return;
    }
    let stage = Stage::new();
    // Nobody may look into root's folders: a copy of the program where anybody may.
    let home = tempfile::tempdir().unwrap();
    copy_program_to(home.path());
    let as_nobody = |label: &str, line: &str| {
        let start = stage.shell(label, line).tune(|command| {
            command.current_dir(home.path()).env("HOME", home.path()).uid(65_534).gid(65_534);
        });
        start.run()
    };
    let host = as_nobody("host", "exec ./hybrid-chat --json --no-discovery --name anna --role host --port 1");
    assert_fails(&host, "permission-denied", Some("above 1023"));
    // A log is for the eyes of who hosted.
    let log = home.path().join("connections.log");
    std::fs::write(&log, "").unwrap();
    std::fs::set_permissions(&log, std::fs::Permissions::from_mode(0o600)).unwrap();
    let reader = as_nobody("reader", "exec ./hybrid-chat log");
    assert_eq!(reader.exits(), 1);
    assert_says(&reader, "read the connections log connections.log: permission denied", Some("the user who hosted"));
    let host =
        as_nobody("writer", &format!("exec ./hybrid-chat --json --name anna --role host --port {}", stage.port()));
    assert_fails(&host, "log", Some("--log FILE"));
}

#[test]
fn a_log_that_is_not_there_is_named() {
    let stage = Stage::new();
    let reader = stage.start("log").no_log().args(&["log", "no.log"]).run();
    assert_eq!(reader.exits(), 1);
    assert_says(&reader, "read the connections log no.log: no such file or directory", Some("hybrid-chat log FILE"));
}

#[test]
fn a_full_disk_behind_stdout_is_an_error() {
    let stage = Stage::new();
    let line = format!("exec \"$CHAT\" --json --no-discovery --name anna --port {} > /dev/full", stage.port());
    let chat = stage.shell("anna", &line).run();
    assert_eq!(chat.exits(), 1);
    assert_says(&chat, "write to standard output: no space left on device", None);
}

#[test]
fn what_a_room_says_against_a_newcomer_is_passed_on() {
    let answers: [(&'static str, &str, Option<&str>); 6] = [
        (r#"{"type":"refused","code":"room-full","text":"full"}"#, "room-full", Some("--max-members")),
        (r#"{"type":"refused","code":"version","text":"another"}"#, "version", Some("same version")),
        (r#"{"type":"refused","code":"passphrase","text":"closed"}"#, "passphrase", None),
        (r#"{"type":"refused","code":"bad-name","text":"bad"}"#, "name", Some("--name")),
        (r#"{"type":"refused","code":"banned","text":"no"}"#, "permission-denied", Some("/unban")),
        (
            r#"{"type":"welcome","v":2,"room":"00000000000005f0","you":2,"name":"anna","host":"capo","term":1,"seq":0,"members":[]}"#,
            "version",
            Some("same version"),
        ),
    ];
    for (answer, code, helps) in answers {
        let stage = Stage::new();
        let _room = Impostor::start(stage.port(), move |mut stream| {
            if matches!(stream.read(&mut [0; 4096]), Ok(1..)) {
                stream.write_all(format!("{answer}\n").as_bytes()).ok();
                io::copy(&mut stream, &mut io::sink()).ok();
            }
        });
        assert_fails(&client(&stage), code, helps);
    }
}

/// Lets the first one in and, once told, resets its connection; whoever comes after that is reset at once.
fn host_that_resets(port: u16, end: mpsc::Receiver<()>) -> Impostor {
    let welcome = json!({
        "type": "welcome", "v": 1, "room": "00000000000005f0", "you": 2, "name": "anna", "host": "capo", "term": 1,
        "seq": 0, "members": [{"id": 1, "name": "capo", "host": true}, {"id": 2, "name": "anna"}],
    });
    let first = std::sync::Arc::new(parking_lot::Mutex::new(Some(end)));
    Impostor::start(port, move |mut stream| {
        let end = first.lock().take();
        if let Some(end) = end {
            drop(stream.read(&mut [0; 4096]));
            stream.write_all(format!("{welcome}\n").as_bytes()).ok();
            end.recv_timeout(PATIENCE).ok();
        }
        SockRef::from(&stream).set_linger(Some(Duration::ZERO)).ok();
    })
}

/// A client that was in a room whose host now resets every connection: between two hosts, for half a minute.
fn between_hosts(stage: &Stage) -> (Chat, Impostor) {
    let (end, ended) = mpsc::channel();
    let host = host_that_resets(stage.port(), ended);
    let chat = client(stage);
    chat.expect("roster", |event| is(event, "roster"));
    end.send(()).unwrap();
    (chat, host)
}

#[test]
fn a_room_that_resets_its_members_is_not_called_something_else() {
    let stage = Stage::new();
    let (chat, _host) = between_hosts(&stage);
    // Ten attempts, 250 ms to 5 s apart, and an election of 2 s.
    chat.exits_within(Duration::from_secs(90));
    assert_fails(&chat, "connection-reset", Some("still runs"));
    let text = chat.last_event()["text"].clone();
    assert!(text.as_str().unwrap().starts_with("come back to the room on port "), "{text}");
}

#[test]
fn leaving_between_two_hosts_is_in_order_and_at_once() {
    type Way = (&'static str, fn(&Chat));
    let ways: [Way; 3] = [
        ("/quit", |chat| chat.say("/quit")),
        ("ctrl-c", |chat| chat.signal(Signal::INT)),
        ("ctrl-c after a few lines", |chat| {
            (0..3).for_each(|number| chat.say(&format!("line {number}")));
            chat.signal(Signal::INT);
        }),
    ];
    for (way, leave) in ways {
        let stage = Stage::new();
        let (chat, _host) = between_hosts(&stage);
        let started = Instant::now();
        leave(&chat);
        assert_eq!(chat.exits(), 0, "{way}");
        assert_eq!(chat.last_event()["reason"], "left", "{way}");
        assert!(started.elapsed() < Duration::from_millis(2_500), "{way}: {:?}", started.elapsed());
    }
}

#[test]
fn a_script_that_is_stopped_between_two_hosts_says_what_the_room_lacks() {
    let stage = Stage::new();
    let (chat, _host) = between_hosts(&stage);
    chat.say("one");
    chat.say("two");
    chat.end_input();
    assert!(chat.runs(), "it waits for the next host");
    // Whether it has read its last lines cannot be seen: then the room lacks nothing, or one, or both of them.
    chat.signal(Signal::TERM);
    let started = Instant::now();
    let status = chat.exits();
    assert!(started.elapsed() < Duration::from_millis(2_500), "{:?}", started.elapsed());
    match status {
        0 => assert_eq!(chat.last_event()["reason"], "left"),
        _ => {
            let text = chat.last_event()["text"].clone();
            assert!(text.as_str().unwrap().contains(": the room does not have the last "), "{text}");
        }
    }
}
