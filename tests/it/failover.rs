//! The room outlives its host: who takes over, what is kept, and that nobody has to type anything.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::{Chat, Proxy, Raw, Signal, Stage, eventually, free_port, heavy, is, same_everywhere, shown};

/// How soon somebody hosts again: promised are 3 s, on a machine with nothing else to do.
const BOUND: Duration = Duration::from_secs(6);

/// A host `capo`, and so many peers that came one after the other; everybody sees all.
fn room(stage: &Stage, peers: usize) -> (Chat, Vec<Chat>) {
    let host = stage.peer("capo");
    let peers: Vec<Chat> = (1..=peers).map(|number| stage.peer(&format!("peer{number}"))).collect();
    for chat in peers.iter().chain([&host]) {
        chat.sees_members(peers.len() + 1);
    }
    (host, peers)
}

/// Kills the host, waits until all survivors are in one new room, and returns the index of its host.
fn kill(host: &Chat, survivors: &[Chat]) -> usize {
    survivors.iter().for_each(Chat::mark);
    let started = Instant::now();
    host.signal(Signal::KILL);
    let new = |event: &Value| is(event, "role") && event["term"].as_u64() > Some(1);
    let roles: Vec<Value> = survivors.iter().map(|chat| chat.expect_for(BOUND, "role after the kill", new)).collect();
    let took = started.elapsed();
    eprintln!("{} survivors meet after {took:?}", survivors.len());
    assert!(took < BOUND, "{took:?}");
    let hosts: Vec<usize> = (0..roles.len()).filter(|index| roles[*index]["role"] == "host").collect();
    assert_eq!(hosts.len(), 1, "{roles:#?}");
    let name = &roles[hosts[0]]["name"];
    assert!(roles.iter().all(|role| role["host"] == *name && role["term"] == roles[0]["term"]), "{roles:#?}");
    hosts[0]
}

#[test]
fn p15_a_killed_host_is_replaced_by_one_of_eight() {
    let _turn = heavy();
    let stage = Stage::new();
    let (host, peers) = room(&stage, 8);
    for (number, peer) in peers.iter().enumerate() {
        peer.say(&format!("before {number}"));
        host.say(&format!("host {number}"));
    }
    for peer in &peers {
        for number in 0..8 {
            peer.hears(&format!("before {number}"));
            peer.hears(&format!("host {number}"));
        }
    }
    kill(&host, &peers);
    for (number, peer) in peers.iter().enumerate() {
        let left = peer.expect("left", |event| is(event, "left"));
        assert_eq!((&left["name"], &left["reason"]), (&json!("capo"), &json!("lost")));
        peer.say(&format!("after {number}"));
    }
    for peer in &peers {
        for number in 0..8 {
            peer.hears(&format!("after {number}"));
        }
        assert_eq!(peer.sees_members(8).len(), 8);
    }
    let all = same_everywhere(&peers);
    assert_eq!(all.len(), 24);
    for (index, peer) in peers.iter().enumerate() {
        let own = peer.messages().iter().filter(|message| message["own"] == true).count();
        assert_eq!(own, 2, "peer{}", index + 1);
        let left = peer.events().iter().filter(|event| is(event, "left")).count();
        assert_eq!(left, 1, "nobody but the host has gone");
        let role = peer.events().into_iter().rev().find(|event| is(event, "role")).unwrap();
        assert_eq!(role["name"], format!("peer{}", index + 1), "names are kept");
    }
    assert_eq!(peers[0].members(), peers[7].members());
}

#[test]
fn the_eldest_takes_over() {
    let stage = Stage::new();
    let (host, peers) = room(&stage, 3);
    assert_eq!(kill(&host, &peers), 0);
    let log = stage.log("peer1");
    assert_eq!(log.entries[0].event, "opened");
    let late = stage.peer("late");
    assert_eq!(late.expect("role", |event| is(event, "role"))["host"], "peer1");
}

/// Four peers talk without a pause while the host goes: what they say is on all their screens, once and in order.
fn talk_while(host_goes: impl FnOnce(&Chat)) {
    const LINES: usize = 100;
    let _turn = heavy();
    let stage = Stage::new();
    let (host, peers) = room(&stage, 4);
    let mut host_goes = Some(host_goes);
    for number in 0..LINES {
        for (index, peer) in peers.iter().enumerate() {
            peer.say(&format!("{index}-{number:03}"));
        }
        if number == LINES / 2 {
            // In the middle: some are acknowledged, some are on their way, some come while nobody hosts.
            peers[0].hears("0-010");
            host_goes.take().unwrap()(&host);
        }
    }
    let last = LINES - 1;
    for peer in &peers {
        for index in 0..peers.len() {
            peer.hears(&format!("{index}-{last:03}"));
        }
    }
    let all = same_everywhere(&peers);
    let mut by_sender: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (_, from, text) in &all {
        by_sender.entry(from).or_default().push(text);
    }
    for index in 0..peers.len() {
        let wanted: Vec<String> = (0..LINES).map(|number| format!("{index}-{number:03}")).collect();
        assert_eq!(by_sender[format!("peer{}", index + 1).as_str()], wanted, "in the order in which it was said");
    }
    for peer in &peers {
        assert_eq!(peer.messages().iter().filter(|message| message["own"] == true).count(), LINES);
        assert!(!peer.events().iter().any(|event| is(event, "refused")));
        assert_eq!(peer.sees_members(4).len(), 4);
    }
}

#[test]
fn nothing_said_during_a_kill_is_lost_or_doubled() {
    talk_while(|host| host.signal(Signal::KILL));
}

#[test]
fn nothing_said_during_a_hand_over_is_lost_or_doubled() {
    talk_while(|host| host.say("/quit"));
}

#[test]
fn a_pipe_goes_on_where_the_next_host_is() {
    const LINES: usize = 3_000;
    let _turn = heavy();
    let stage = Stage::new();
    let (host, peers) = room(&stage, 2);
    let line = format!("seq 1 {LINES} | \"$CHAT\" --role client --name bulk {}", stage.address());
    let pipe = stage.shell("bulk", &line).run();
    peers[0].hears("500");
    host.signal(Signal::KILL);
    peers.iter().for_each(|peer| drop(peer.hears(&LINES.to_string())));
    assert_eq!(pipe.exits(), 0);
    let texts: Vec<_> = same_everywhere(&peers).into_iter().map(|(_, _, text)| text).collect();
    assert!(texts == (1..=LINES).map(|number| number.to_string()).collect::<Vec<_>>(), "once, and in order");
}

#[test]
fn p15_twenty_members_meet_again_at_once() {
    let _turn = heavy();
    let stage = Stage::new();
    let (host, peers) = room(&stage, 20);
    kill(&host, &peers);
    peers[19].say("all here?");
    peers.iter().for_each(|peer| drop(peer.hears("all here?")));
    peers.iter().for_each(|peer| drop(peer.sees_members(20)));
}

#[test]
fn a_successor_killed_as_soon_as_it_listens_is_replaced_too() {
    let _turn = heavy();
    let stage = Stage::new();
    let (host, mut peers) = room(&stage, 5);
    peers[4].say("before");
    peers.iter().for_each(|peer| drop(peer.hears("before")));
    peers.iter().for_each(Chat::mark);
    host.signal(Signal::KILL);
    // Its log is opened when it begins to host: it is killed while the others come to it.
    eventually("the successor's log", || stage.path("peer1.log").exists().then_some(()));
    peers.remove(0).signal(Signal::KILL);
    for peer in &peers {
        peer.expect("new host", |event| is(event, "role") && event["host"] != "capo" && event["host"] != "peer1");
    }
    peers[3].say("after");
    peers.iter().for_each(|peer| drop(peer.hears("after")));
    let texts: Vec<_> = same_everywhere(&peers).into_iter().map(|(_, _, text)| text).collect();
    assert_eq!(texts, ["before", "after"]);
    peers.iter().for_each(|peer| drop(peer.sees_members(4)));
}

#[test]
fn two_kills_in_a_row_are_survived() {
    let _turn = heavy();
    let stage = Stage::new();
    let (host, mut peers) = room(&stage, 5);
    peers[3].say("first term");
    peers.iter().for_each(|peer| drop(peer.hears("first term")));
    let second = kill(&host, &peers);
    let second = peers.remove(second);
    peers[0].say("second term");
    peers.iter().for_each(|peer| drop(peer.hears("second term")));
    let third = kill(&second, &peers);
    peers[third].say("third term");
    peers.iter().for_each(|peer| drop(peer.hears("third term")));
    let texts: Vec<_> = same_everywhere(&peers).into_iter().map(|(_, _, text)| text).collect();
    assert_eq!(texts, ["first term", "second term", "third term"]);
    let terms: Vec<_> = peers[0].events().iter().filter(|event| is(event, "role")).map(|e| e["term"].clone()).collect();
    assert!(terms.windows(2).all(|pair| pair[0].as_u64() <= pair[1].as_u64()), "terms grow: {terms:?}");
    assert_eq!(peers[0].sees_members(4), peers[1].sees_members(4));
}

#[test]
fn host_and_successor_killed_at_once_are_survived() {
    let _turn = heavy();
    let stage = Stage::new();
    let (host, mut peers) = room(&stage, 5);
    peers[4].say("before");
    peers.iter().for_each(|peer| drop(peer.hears("before")));
    let successor = peers.remove(0);
    successor.signal(Signal::STOP);
    host.signal(Signal::KILL);
    successor.signal(Signal::KILL);
    for peer in &peers {
        peer.say("still here");
        peer.expect("new term", |event| is(event, "role") && event["term"].as_u64() > Some(1));
    }
    // Those two have not come after 10 s, and have left.
    for peer in &peers {
        for gone in ["capo", "peer1"] {
            let left = peer.expect("left", |event| is(event, "left") && event["name"] == gone);
            assert_eq!(left["reason"], "lost");
        }
    }
}

#[test]
fn who_is_stopped_while_the_host_dies_finds_the_room_again() {
    let _turn = heavy();
    let stage = Stage::new();
    let (host, mut peers) = room(&stage, 4);
    let sleeper = peers.remove(2);
    sleeper.signal(Signal::STOP);
    kill(&host, &peers);
    peers[0].say("you missed this");
    peers.iter().for_each(|peer| drop(peer.hears("you missed this")));
    sleeper.mark();
    sleeper.signal(Signal::CONT);
    let role = sleeper.expect("new term", |event| is(event, "role") && event["term"].as_u64() > Some(1));
    assert_eq!(role["name"], "peer3");
    sleeper.hears("you missed this");
    sleeper.say("I am back");
    peers.iter().for_each(|peer| assert_eq!(peer.hears("I am back")["from"], "peer3"));
}

#[test]
fn a_room_on_one_address_stays_there() {
    let stage = Stage::new();
    let start = |name: &str| {
        let chat = stage.start(name).json(name).args(&[&stage.address()]).run();
        chat.expect("roster", |event| is(event, "roster"));
        chat
    };
    let (host, peers) = (start("capo"), [start("anna"), start("bert"), start("carla")]);
    peers.iter().for_each(|peer| drop(peer.sees_members(4)));
    let new = kill(&host, &peers);
    let role = peers[new].events().into_iter().rev().find(|event| is(event, "role")).unwrap();
    assert_eq!(role["address"], stage.address(), "nobody was told to listen elsewhere");
    // Whoever comes without an address finds it all the same.
    let late = stage.peer("late");
    late.say("found you");
    peers.iter().for_each(|peer| drop(peer.hears("found you")));
}

#[test]
fn members_that_cannot_come_back_have_left_and_do_not_hold_up_the_others() {
    let _turn = heavy();
    let stage = Stage::new();
    let (host, peers) = room(&stage, 2);
    let mut raw = Raw::member(stage.port(), "raw");
    peers.iter().for_each(|peer| drop(peer.sees_members(4)));
    kill(&host, &peers);
    raw.ends();
    for peer in &peers {
        let left = peer.expect("left", |event| is(event, "left") && event["name"] == "raw");
        assert_eq!(left["reason"], "lost");
    }
    // It is a stranger now, and its name is free again.
    let (_raw, welcome) = Raw::enter(stage.port(), "raw");
    assert!(welcome["term"].as_u64() > Some(1), "{welcome}");
    peers.iter().for_each(|peer| drop(peer.sees_members(3)));
}

#[test]
fn a_role_client_never_hosts() {
    let stage = Stage::new();
    let host = stage.host();
    let client = stage.join("client");
    host.sees_members(2);
    host.signal(Signal::KILL);
    // It looks for the room as long as it may, and then says why it stops.
    let end = client.expect_for(Duration::from_secs(120), "the end", |event| is(event, "error"));
    assert_eq!(end["code"], "connection-refused");
    assert_eq!(client.exits(), 1);
    assert_eq!(client.events().iter().filter(|event| is(event, "role")).count(), 1);
}

#[test]
fn who_is_alone_and_cannot_take_over_says_why() {
    let stage = Stage::new();
    let host = stage.peer("capo");
    let no_file = stage.path("");
    let args = ["--port", &stage.port_text(), "--no-discovery", "--log", no_file.to_str().unwrap()];
    let anna = stage.start("anna").no_log().json("anna").args(&args).run();
    host.sees_members(2);
    host.signal(Signal::KILL);
    let end = anna.expect_for(Duration::from_secs(120), "the end", |event| is(event, "error"));
    assert_eq!(end["code"], "log", "not that nobody hosts: it was to host itself");
    assert_eq!(anna.exits(), 1);
    assert!(anna.stderr()[1].contains("--log"), "{:?}", anna.stderr());
}

#[test]
fn a_client_alone_takes_over_and_keeps_what_was_said() {
    let stage = Stage::new();
    let host = stage.peer("capo");
    let anna = stage.peer("anna");
    host.say("remember me");
    anna.hears("remember me");
    kill(&host, std::slice::from_ref(&anna));
    let bert = stage.peer("bert");
    let replayed = bert.hears("remember me");
    assert_eq!((&replayed["from"], &replayed["replayed"]), (&json!("capo"), &json!(true)));
}

#[test]
fn p24_a_member_whose_link_broke_unnoticed_gets_its_name_back_at_once() {
    let stage = Stage::new();
    let host = stage.host();
    let proxy = Proxy::start(free_port(), stage.port());
    let anna = stage.start("anna").json("anna").args(&["--role", "client", proxy.address()]).run();
    host.expect("joined", |event| is(event, "joined") && event["name"] == "anna");
    for round in 0..3 {
        // The room still sees a connection, which is nobody's any more.
        proxy.cut_near_side();
        let text = format!("back again {round}");
        anna.say(&text);
        assert_eq!(host.hears(&text)["from"], "anna");
        assert_eq!(anna.hears(&text)["own"], true);
        assert_eq!(host.messages().iter().filter(|message| message["text"] == text).count(), 1);
    }
    assert_eq!(host.members(), BTreeSet::from(["anna".to_owned(), "capo".to_owned()]));
}

#[test]
fn p24_a_link_that_goes_silent_is_noticed_and_the_name_kept() {
    let stage = Stage::new();
    let host = stage.host();
    let proxy = Proxy::start(free_port(), stage.port());
    let anna = stage.start("anna").json("anna").args(&["--role", "client", proxy.address()]).run();
    host.expect("joined", |event| is(event, "joined") && event["name"] == "anna");
    anna.say("loud and clear");
    host.hears("loud and clear");
    proxy.freeze();
    let started = Instant::now();
    anna.say("can you hear me?");
    host.say("where is anna?");
    assert_eq!(host.hears("can you hear me?")["from"], "anna");
    anna.hears("where is anna?");
    anna.hears("can you hear me?");
    let took = started.elapsed();
    assert!(took < Duration::from_secs(25), "15 s of silence and a little: {took:?}");
    let texts: Vec<_> = anna.messages().iter().map(|message| message["text"].clone()).collect();
    assert_eq!(texts, shown(&host).into_iter().map(|(_, _, text)| json!(text)).collect::<Vec<_>>());
    assert!(!host.members().contains("anna-2"), "{:?}", host.members());
}

/// Whoever reads lines is told of a host that is lost, if nobody takes its place at once.
#[test]
fn a_reader_of_lines_is_told_of_a_host_that_is_lost() {
    let stage = Stage::new();
    let host = stage.host();
    let args = ["--plain", "--name", "anna", "--role", "client", &stage.address()];
    let client = stage.start("anna").args(&args).run();
    host.expect("anna", |event| is(event, "joined"));
    host.signal(Signal::KILL);
    let told = || client.stderr().iter().filter(|line| line.starts_with("* the host is lost: looking")).count();
    eventually("the word of it", || (told() > 0).then_some(()));
    // It cannot host by itself, and looks for the room until there is one again.
    let host = stage.host();
    host.expect("anna", |event| is(event, "joined"));
    eventually("the end of it", || client.stderr().iter().any(|line| line == "* back in the room").then_some(()));
    assert_eq!(told(), 1, "{:#?}", client.stderr());
}
