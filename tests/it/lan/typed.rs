//! The host's address is typed: what has to work on every network, whatever it does to multicast.

use std::collections::BTreeSet;
use std::fs;
use std::net::Ipv6Addr;
use std::time::Duration;

use serde_json::{Value, json};

use super::{all_talk, has_members, role};
use crate::support::lan::{Lan, address};
use crate::support::{Chat, Signal, eventually, heavy, is, same_everywhere};

/// A host `capo` on the first host, and one member on each further one, who types its address.
fn room(lan: &Lan, hosts: usize) -> (Chat, Vec<Chat>) {
    let capo = lan.peer(1, "capo");
    let members = (2..=hosts).map(|host| lan.join(host, &format!("at{host}"), &address(1)));
    let members: Vec<Chat> = members.collect();
    for chat in members.iter().chain([&capo]) {
        chat.sees_members(hosts);
    }
    (capo, members)
}

#[test]
fn members_on_other_machines_see_one_order() {
    let Some(lan) = Lan::up(4) else { return };
    let (capo, mut all) = room(&lan, 4);
    assert_eq!(role(&all[0])["address"], "10.88.0.1:8808");
    all.push(capo);
    all_talk(&all, "hello");
    assert_eq!(same_everywhere(&all).len(), 4);
}

#[test]
fn a_room_is_reached_across_a_router_and_by_a_link_local_address() {
    let Some(lan) = Lan::up(2) else { return };
    lan.does("subnet", &["1"]);
    let capo = lan.peer(1, "capo");
    let far = lan.join(3, "far", &address(1));
    let near = lan.join(2, "near", &format!("[{}%eth0]:8808", link_local(&lan, 1)));
    let all = [capo, far, near];
    all_talk(&all, "hello");
    assert_eq!(same_everywhere(&all).len(), 3);
}

/// The IPv6 address that a host's eth0 has by itself.
fn link_local(lan: &Lan, host: usize) -> String {
    let interfaces = lan.inside(host, || fs::read_to_string("/proc/thread-self/net/if_inet6").unwrap());
    let line = interfaces.lines().find(|line| line.ends_with(" eth0")).unwrap();
    Ipv6Addr::from(u128::from_str_radix(&line[..32], 16).unwrap()).to_string()
}

#[test]
fn a_typed_address_needs_no_multicast() {
    let Some(lan) = Lan::up(3) else { return };
    lan.does("no-multicast", &[]);
    let (capo, mut all) = room(&lan, 3);
    all.push(capo);
    all_talk(&all, "hello");
    assert_eq!(same_everywhere(&all).len(), 3);
}

#[test]
fn p01_p10_the_lan_is_found_behind_containers_and_tunnels() {
    let Some(lan) = Lan::up(2) else { return };
    lan.does("odd", &["h1"]);
    lan.does("odd", &["h2"]);
    let capo = lan.start(1, "capo").args(&["--name", "capo"]).run();
    let shown = |line: &String| line.contains("hybrid-chat 10.88.0.1");
    let typed = eventually("what to type elsewhere", || capo.stderr().into_iter().find(shown));
    assert!(!typed.contains("172.17"), "nobody else is in there: {typed}");
    let anna = lan.join(2, "anna", &address(1));
    anna.say("got here");
    capo.prints("what she says", |line| line.ends_with("anna: got here"));
}

/// Two on the host's machine, three on others: its machine keeps the room when the process goes.
fn host_goes(go: impl FnOnce(&Chat), reason: &str) {
    let _turn = heavy();
    let Some(lan) = Lan::up(4) else { return };
    let capo = lan.peer(1, "capo");
    let mut all = vec![lan.peer(1, "next")];
    all.extend((2..=4).map(|host| lan.join(host, &format!("at{host}"), &address(1))));
    all.iter().chain([&capo]).for_each(|chat| drop(chat.sees_members(5)));
    all_talk(&all, "before");
    go(&capo);
    for chat in &all {
        let role = chat.expect("role with the new host", |event| is(event, "role") && event["host"] == "next");
        assert_eq!(role["term"], 2, "{role}");
        let left = chat.expect("left", |event| is(event, "left"));
        assert_eq!((&left["name"], &left["reason"]), (&json!("capo"), &json!(reason)));
    }
    all_talk(&all, "after");
    assert_eq!(same_everywhere(&all).len(), 8);
    all.iter().for_each(|chat| has_members(chat, 4));
}

#[test]
fn a_killed_host_is_replaced_on_its_machine_and_others_follow() {
    host_goes(|capo| capo.signal(Signal::KILL), "lost");
}

#[test]
fn a_host_hands_over_on_its_machine_and_others_follow() {
    host_goes(|capo| capo.say("/quit"), "quit");
}

/// A member's link is gone until the room has given it up: it comes back to its name and to all that it missed.
fn comes_back(how: &str) {
    let Some(lan) = Lan::up(3) else { return };
    let (capo, mut all) = room(&lan, 3);
    all.push(capo);
    all_talk(&all, "before");
    lan.does("down-link", &["h2", how]);
    all[0].say("into the void");
    all[1].say("you miss this");
    let left = all[2].expect("left", |event| is(event, "left"));
    assert_eq!(left["name"], "at2");
    lan.does("up-link", &["h2"]);
    for chat in &all {
        chat.hears("into the void");
        chat.hears("you miss this");
        has_members(chat, 3);
    }
    assert_eq!(role(&all[0])["name"], "at2");
    all_talk(&all, "after");
    assert_eq!(same_everywhere(&all).len(), 8);
}

#[test]
fn cables_that_delay_lose_and_reorder_change_nothing() {
    let Some(lan) = Lan::up(4) else { return };
    // Whoever types an address tries for two seconds: where its first question and its first packet get lost, that is over.
    let (capo, mut all) = room(&lan, 4);
    // Milliseconds, up to so many more, per cent lost, seed.
    lan.does("cable", &["h2", "5", "10", "3", "1"]);
    lan.does("cable", &["h3", "50", "100", "5", "2"]);
    all.push(capo);
    for round in 0..20 {
        all_talk(&all, &format!("round {round} from"));
    }
    assert_eq!(same_everywhere(&all).len(), 80);
}

#[test]
fn p24_a_member_comes_back_when_its_link_was_silently_cut() {
    comes_back("silent");
}

#[test]
fn p24_a_member_comes_back_when_its_interface_was_down() {
    comes_back("own");
}

#[test]
fn a_short_cut_costs_nothing() {
    let Some(lan) = Lan::up(2) else { return };
    let (capo, mut all) = room(&lan, 2);
    all.push(capo);
    lan.does("down-link", &["h2", "cable"]);
    all_talk_into_a_cut(&all);
    lan.does("up-link", &["h2"]);
    all[0].hears("to the host");
    all[0].hears("from the host");
    assert_eq!(same_everywhere(&all).len(), 2);
    assert!(!all[1].events().iter().any(|event| is(event, "left")), "TCP repeats what was not acknowledged");
}

fn all_talk_into_a_cut(all: &[Chat]) {
    all[0].say("to the host");
    all[1].say("from the host");
    all[1].hears("from the host");
}

#[test]
fn p19_a_slow_link_holds_up_nobody_else() {
    const LINES: usize = 300;
    let Some(lan) = Lan::up(3) else { return };
    let (capo, mut all) = room(&lan, 3);
    // So many lines take this link half a minute.
    lan.does("rate", &["h2", "1mbit"]);
    let padding = "x".repeat(12_000);
    (0..LINES).for_each(|number| capo.say(&format!("{number} {padding}")));
    all[1].expect("the last line", |event| is(event, "message") && starts(event, LINES - 1));
    assert!(!all[0].messages().iter().any(|event| starts(event, LINES - 1)), "the slow one has it already");
    lan.does("rate", &["h2", "none"]);
    all[0].expect("the last line", |event| is(event, "message") && starts(event, LINES - 1));
    all.push(capo);
    assert_eq!(same_everywhere(&all).len(), LINES);
}

fn starts(message: &Value, number: usize) -> bool {
    message["text"].as_str().unwrap().starts_with(&format!("{number} "))
}

#[test]
fn p17_two_hundred_clients_over_the_bridge_have_equal_rosters() {
    const HOSTS: usize = 20;
    const ALL: usize = 200;
    let _turn = heavy();
    let Some(lan) = Lan::up(HOSTS) else { return };
    let capo = lan.peer(1, "capo");
    // The same login name everywhere, as in a classroom.
    let start = |number: usize| lan.start(1 + number % HOSTS, "student").json("student").args(&[&address(1)]).run();
    let mut all: Vec<Chat> = (1..ALL).map(start).collect();
    all.push(capo);
    let rosters: BTreeSet<_> = all.iter().map(|chat| chat.sees_members(ALL)).collect();
    assert_eq!(rosters.len(), 1);
    all[7].say("all here?");
    all.iter().for_each(|chat| drop(chat.hears("all here?")));
}

#[test]
fn an_unplugged_host_is_given_up_in_bounded_time() {
    let Some(lan) = Lan::up(2) else { return };
    let (_capo, all) = room(&lan, 2);
    lan.does("down-link", &["h1"]);
    let end = all[0].expect_for(Duration::from_secs(120), "the end", |event| is(event, "error"));
    // Which of the two depends on whether its address is still known.
    assert!(end["code"] == "timed-out" || end["code"] == "unreachable", "{end}");
}
