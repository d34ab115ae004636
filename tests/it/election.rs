//! Host or join: who gets the port, and who finds whom, on one machine.

use std::collections::BTreeSet;
use std::net::{Ipv6Addr, TcpListener};
use std::os::unix::process::CommandExt as _;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::{Chat, Raw, Signal, Stage, copy_program_to, heavy, is};

/// How many start at once.
const CROWD: usize = 40;

/// The messages that a member has seen live, in its order.
fn order(chat: &Chat) -> Vec<(Value, Value, Value)> {
    let messages = chat.messages().into_iter();
    messages.map(|message| (message["seq"].clone(), message["from"].clone(), message["text"].clone())).collect()
}

#[test]
fn p15_p06_forty_at_once_are_one_host_and_thirty_nine_clients() {
    let _turn = heavy();
    let stage = Stage::new();
    let started = Instant::now();
    let start = |number| {
        let chat = stage.start(&format!("student{number}")).json("student");
        chat.args(&["--port", &stage.port_text()]).run()
    };
    let crowd: Vec<Chat> = (0..CROWD).map(start).collect();
    let names = crowd[0].sees_members(CROWD);
    eprintln!("{CROWD} members after {:?}", started.elapsed());
    for chat in &crowd {
        assert_eq!(chat.sees_members(CROWD), names);
    }
    let numbered = (2..=CROWD).map(|number| format!("student-{number}"));
    assert_eq!(names, numbered.chain(["student".to_owned()]).collect());

    let roles: Vec<Value> = crowd.iter().map(|chat| chat.expect("role", |event| is(event, "role"))).collect();
    assert_eq!(roles.iter().filter(|role| role["role"] == "host").count(), 1);
    let own: BTreeSet<_> = roles.iter().map(|role| role["name"].as_str().unwrap().to_owned()).collect();
    assert_eq!(own, names);
    assert!(roles.iter().all(|role| role["host"] == "student" && role["term"] == roles[0]["term"]), "{roles:#?}");

    for (number, chat) in crowd.iter().enumerate() {
        chat.say(&format!("message {number}"));
    }
    for chat in &crowd {
        let mut heard = 0;
        chat.watch("all messages", |event| {
            heard += usize::from(is(event, "message"));
            (heard == CROWD).then_some(())
        });
    }
    let reference = order(&crowd[0]);
    let texts: BTreeSet<_> = reference.iter().map(|(_, _, text)| text.to_string()).collect();
    assert_eq!((reference.len(), texts.len()), (CROWD, CROWD));
    for chat in &crowd {
        assert_eq!(order(chat), reference);
    }
}

#[test]
fn to_host_where_somebody_hosts_fails() {
    let stage = Stage::new();
    let _host = stage.host();
    let second = stage.start("second").json("second").args(&["--role", "host", "--port", &stage.port_text()]).run();
    assert_eq!(second.exits(), 1);
    assert_eq!(second.last_event()["code"], "address-in-use");
    assert!(second.stderr()[0].starts_with("hybrid-chat: "));
    assert!(second.stderr().len() == 2, "with a remedy: {:?}", second.stderr());
}

#[test]
fn to_join_where_nobody_hosts_fails_soon() {
    let stage = Stage::new();
    let client = stage.start("client").json("client").args(&["--role", "client", &stage.address()]).run();
    assert_eq!(client.exits_within(Duration::from_secs(8)), 1);
    assert_eq!(client.last_event()["code"], "connection-refused");
    assert!(!stage.path("client.log").exists(), "only a host keeps a log");
}

#[test]
fn to_join_without_an_address_where_nobody_hosts_fails() {
    let stage = Stage::new();
    let client = stage.start("client").json("client").args(&["--role", "client", "--port", &stage.port_text()]).run();
    assert_eq!(client.exits(), 1);
    assert!(is(&client.last_event(), "error"));
}

#[test]
fn a_client_that_is_early_finds_the_host_that_comes() {
    let stage = Stage::new();
    // Both at once: the client's first attempts may well be refused, its 2 s are not over then.
    let client = stage.start("early").json("early").args(&["--role", "client", &stage.address()]).run();
    let host = stage.host();
    client.expect("role", |event| is(event, "role") && event["role"] == "client");
    host.expect("joined", |event| is(event, "joined") && event["name"] == "early");
}

#[test]
fn p13_a_host_restarts_at_once_on_its_port() {
    let stage = Stage::new();
    for _ in 0..3 {
        let host = stage.host();
        let _client = stage.join("anna");
        let _raw = Raw::member(stage.port(), "bert");
        // The host closes first, so that its end of the connections stays in TIME_WAIT.
        host.signal(Signal::INT);
        assert_eq!(host.exits(), 0);
    }
    stage.host();
}

#[test]
fn p13_a_host_on_one_own_address_is_found_without_any() {
    let stage = Stage::new();
    let host = stage.start("exact").json("capo").args(&[&stage.address()]).run();
    let role = host.expect("role", |event| is(event, "role"));
    assert_eq!((&role["role"], &role["address"]), (&json!("host"), &json!(stage.address())));
    let peer = stage.peer("anna");
    let role = peer.expect("role", |event| is(event, "role"));
    assert_eq!((&role["role"], &role["host"]), (&json!("client"), &json!("capo")));
    // The same address again joins, too.
    let again = stage.start("again").json("bert").args(&[&stage.address()]).run();
    let role = again.expect("role", |event| is(event, "role"));
    assert_eq!((&role["role"], &role["address"]), (&json!("client"), &json!(stage.address())));
    assert_eq!(host.sees_members(3), again.sees_members(3));
}

#[test]
fn p13_a_host_on_all_addresses_is_joined_through_each() {
    let stage = Stage::new();
    let host = stage.host();
    let port = stage.port();
    let mut addresses = vec![format!("127.0.0.1:{port}"), format!("127.1.2.3:{port}"), format!("localhost:{port}")];
    if TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).is_ok() {
        addresses.push(format!("[::1]:{port}"));
    }
    for (number, address) in addresses.iter().enumerate() {
        let name = format!("guest{number}");
        // `auto`: the address is this machine's, it is taken, and the room there is the one.
        let guest = stage.start(&name).json(&name).args(&[address]).run();
        let role = guest.expect("role", |event| is(event, "role"));
        assert_eq!((&role["role"], &role["host"]), (&json!("client"), &json!("capo")), "through {address}");
        host.expect("joined", |event| is(event, "joined") && event["name"] == name);
    }
}

#[test]
fn p05_the_address_shown_can_be_connected_to() {
    let stage = Stage::new();
    let _host = stage.host();
    let anna = stage.join("anna");
    let role = anna.expect("role", |event| is(event, "role"));
    assert_eq!(role["address"], stage.address(), "as connected to, never 0.0.0.0");
    let peer = stage.peer("bert");
    let role = peer.expect("role", |event| is(event, "role"));
    let address: std::net::SocketAddr = role["address"].as_str().unwrap().parse().unwrap();
    assert!(!address.ip().is_unspecified() && address.port() == stage.port(), "{address}");
}

#[test]
fn p05_people_at_the_host_read_an_address_to_pass_on() {
    let stage = Stage::new();
    let host = stage.start("capo").args(&["--plain", "--name", "capo", "--port", &stage.port_text()]).run();
    stage.join("anna");
    host.prints("the newcomer", |line| line.contains("anna"));
    let start = host.stderr().join("\n");
    assert!(start.contains(&stage.port_text()), "{start}");
    assert!(!start.contains("0.0.0.0") && !start.contains("[::]"), "nobody can type that: {start}");
}

#[test]
fn somebody_elses_address_is_only_joined() {
    let stage = Stage::new();
    // TEST-NET-2: nobody's.
    let address = format!("198.51.100.77:{}", stage.port());
    let peer = stage.start("lonely").json("lonely").args(&[&address]).run();
    assert_eq!(peer.exits(), 1);
    assert!(is(&peer.last_event(), "error"), "{}", peer.last_event());
    assert!(!peer.events().iter().any(|event| is(event, "role")), "never hosts there");
    let host = stage.start("host").json("host").args(&["--role", "host", &address]).run();
    assert_eq!(host.exits(), 1);
    assert_eq!(host.last_event()["code"], "address-not-available");
}

#[test]
fn another_port_is_another_room() {
    let (one, two) = (Stage::new(), Stage::new());
    let (first, second) = (one.peer("anna"), two.peer("anna"));
    for chat in [&first, &second] {
        let role = chat.expect("role", |event| is(event, "role"));
        assert_eq!((&role["role"], &role["name"]), (&json!("host"), &json!("anna")));
    }
}

#[test]
fn p14_two_users_of_one_machine_meet() {
    if !rustix::process::geteuid().is_root() {
        eprintln!("skipped: only root can start somebody else's process");
        return;
    }
    let stage = Stage::new();
    let host = stage.host();
    // Nobody may look into root's folders: a copy of the program, and a home, where anybody may.
    let home = tempfile::tempdir().unwrap();
    copy_program_to(home.path());
    let line = format!("exec ./hybrid-chat --json --no-discovery --name other --port {}", stage.port());
    let other = stage.shell("other", &line).tune(|command| {
        command.current_dir(home.path()).env("HOME", home.path()).uid(65_534).gid(65_534);
    });
    let other = other.run();
    let role = other.expect("role", |event| is(event, "role"));
    assert_eq!((&role["role"], &role["host"]), (&json!("client"), &json!("capo")));
    other.say("from another account");
    host.hears("from another account");
    // And when the first one goes, the second one's room is joined by the first user.
    host.mark();
    other.mark();
    host.signal(Signal::KILL);
    other.expect("role host", |event| is(event, "role") && event["role"] == "host");
    let back = stage.peer("back");
    assert_eq!(back.expect("role", |event| is(event, "role"))["host"], "other");
}

#[test]
fn a_privileged_port_says_so() {
    if rustix::process::geteuid().is_root() {
        eprintln!("skipped: root may listen anywhere");
        return;
    }
    let stage = Stage::new();
    let host = stage.start("host").json("host").args(&["--role", "host", "--port", "1"]).run();
    assert_eq!(host.exits(), 1);
    assert!(["permission-denied", "address-in-use"].contains(&host.last_event()["code"].as_str().unwrap()));
}

#[test]
fn a_port_that_is_bound_but_not_listened_on_is_waited_for() {
    let stage = Stage::new();
    // Without SO_REUSEADDR the port is held against everybody, and yet nobody can connect.
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    let address = std::net::SocketAddr::from(([127, 0, 0, 1], stage.port()));
    socket.bind(&address.into()).unwrap();
    let peer = stage.start("peer").json("peer").args(&["--port", &stage.port_text()]).run();
    // It is refused again and again, for a bounded time, and then says what it found.
    assert_eq!(peer.exits_within(Duration::from_secs(15)), 1);
    let code = peer.last_event()["code"].clone();
    assert!(code == "address-in-use" || code == "connection-refused", "{code}");
}
