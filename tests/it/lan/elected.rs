//! The same command on every machine, and nothing typed: one room, whatever becomes of its host and of the network.

use std::collections::BTreeMap;
use std::thread;
use std::time::Duration;

use super::{all_talk, has_members, meet, role, shown_once};
use crate::support::lan::Lan;
use crate::support::{Chat, Signal, eventually, heavy, is, same_everywhere, shown};

/// One peer on each host of the LAN, one after the other; all see all.
fn room(lan: &Lan, hosts: usize) -> Vec<Chat> {
    let all: Vec<Chat> = (1..=hosts).map(|host| lan.peer(host, &format!("peer{host}"))).collect();
    all.iter().for_each(|chat| drop(chat.sees_members(hosts)));
    all
}

#[test]
fn nine_others_find_the_first() {
    let _turn = heavy();
    let Some(lan) = Lan::up(10) else { return };
    let all = room(&lan, 10);
    assert_eq!(role(&all[0])["role"], "host");
    assert!(all.iter().all(|chat| role(chat)["host"] == "peer1"));
    all_talk(&all, "hello");
    assert_eq!(same_everywhere(&all).len(), 10);
}

#[test]
fn p15_ten_machines_started_at_once_are_in_one_room() {
    let _turn = heavy();
    let Some(lan) = Lan::up(10) else { return };
    for _ in 0..3 {
        let start = |host: usize| lan.start(host, &format!("at{host}")).json("student").run();
        let all: Vec<Chat> = (1..=10).map(start).collect();
        // They talk before anybody can know whose room will stay.
        all.iter().enumerate().for_each(|(number, chat)| chat.say(&format!("early {number}")));
        meet(&all.iter().collect::<Vec<_>>(), 1);
        all.iter().for_each(|chat| has_members(chat, 10));
        all_talk(&all, "hello");
        eventually("everything everywhere", || all.iter().all(|chat| shown_once(chat).len() == 20).then_some(()));
    }
}

/// Everybody says 200 lines a second altogether, while the host goes; nothing is lost, doubled or out of order.
fn talk_while(go: impl FnOnce(&Chat)) {
    const LINES: usize = 40;
    let _turn = heavy();
    let Some(lan) = Lan::up(10) else { return };
    let mut all = room(&lan, 10);
    let host = all.remove(0);
    let mut go = Some(go);
    for line in 0..LINES {
        host.try_say(&format!("host-{line:02}"));
        for (number, chat) in all.iter().enumerate() {
            chat.say(&format!("{number}-{line:02}"));
            // The load, not a wait for anything.
            thread::sleep(Duration::from_millis(5));
        }
        if line == LINES / 2 {
            go.take().unwrap()(&host);
        }
    }
    meet(&all.iter().collect::<Vec<_>>(), 2);
    for chat in &all {
        (0..all.len()).for_each(|number| drop(chat.hears(&format!("{number}-{:02}", LINES - 1))));
    }
    let mut by_sender: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (_, from, text) in same_everywhere(&all) {
        by_sender.entry(from).or_default().push(text);
    }
    for number in 0..all.len() {
        let wanted: Vec<String> = (0..LINES).map(|line| format!("{number}-{line:02}")).collect();
        assert_eq!(by_sender[&format!("peer{}", number + 2)], wanted, "in the order in which it was said");
    }
}

#[test]
fn nothing_is_lost_when_the_host_of_ten_machines_is_killed() {
    talk_while(|host| host.signal(Signal::KILL));
}

#[test]
fn nothing_is_lost_when_the_host_of_ten_machines_hands_over() {
    talk_while(|host| host.say("/quit"));
}

#[test]
fn a_killed_host_is_replaced_over_cables_that_delay_lose_and_reorder() {
    let Some(lan) = Lan::up(5) else { return };
    for (host, seed) in [("h2", "1"), ("h3", "2"), ("h4", "3"), ("h5", "4")] {
        lan.does("cable", &[host, "10", "30", "5", seed]);
    }
    let mut all = room_in_the_end(&lan, 5);
    let host = all.iter().position(|chat| role(chat)["role"] == "host").unwrap();
    let host = all.remove(host);
    all_talk(&all, "before");
    host.signal(Signal::KILL);
    meet(&all.iter().collect::<Vec<_>>(), role(&host)["term"].as_u64().unwrap() + 1);
    all_talk(&all, "after");
    assert!(all.iter().all(|chat| shown_once(chat).len() == 8));
}

#[test]
fn an_unplugged_host_is_replaced_and_comes_back_as_a_member() {
    let Some(lan) = Lan::up(5) else { return };
    let all = room(&lan, 5);
    all_talk(&all, "before");
    lan.does("down-link", &["h1"]);
    all[0].say("nobody hears me");
    let rest: Vec<&Chat> = all[1..].iter().collect();
    meet(&rest, 2);
    rest[0].say("without you");
    rest.iter().for_each(|chat| drop(chat.hears("without you")));
    lan.does("up-link", &["h1"]);
    one_room_with_all(&all, 7);
}

/// All are in one room again, and have shown so many messages, each once.
fn one_room_with_all(all: &[Chat], messages: usize) {
    meet(&all.iter().collect::<Vec<_>>(), 2);
    all.iter().for_each(|chat| has_members(chat, all.len()));
    eventually("everything everywhere", || all.iter().all(|chat| shown_once(chat).len() == messages).then_some(()));
}

/// Both halves of a partition talk; healed, everybody has everything.
fn part_and_heal(lan: &Lan, all: &[Chat]) {
    all_talk(all, "before");
    lan.does("part", &["h1,h2,h3/h4,h5,h6"]);
    let (left, right) = all.split_at(3);
    meet(&right.iter().collect::<Vec<_>>(), 2);
    left.iter().for_each(|chat| has_members(chat, 3));
    right.iter().for_each(|chat| has_members(chat, 3));
    all_talk(left, "left");
    all_talk(right, "right");
    lan.does("heal", &[]);
    one_room_with_all(all, 12);
    all_talk(all, "after");
    let tail = |chat: &Chat| shown(chat).split_off(12);
    assert!(all.iter().all(|chat| tail(chat) == tail(&all[0])), "one order again");
}

#[test]
fn p15_halves_of_a_partition_go_on_and_become_one_room_again() {
    let Some(lan) = Lan::up(6) else { return };
    part_and_heal(&lan, &room(&lan, 6));
}

#[test]
fn halves_become_one_room_again_without_multicast() {
    let Some(lan) = Lan::up(6) else { return };
    let all = room(&lan, 6);
    lan.does("no-multicast", &[]);
    part_and_heal(&lan, &all);
}

#[test]
fn a_killed_host_is_replaced_without_multicast() {
    let Some(lan) = Lan::up(4) else { return };
    let mut all = room(&lan, 4);
    lan.does("no-multicast", &[]);
    all.remove(0).signal(Signal::KILL);
    meet(&all.iter().collect::<Vec<_>>(), 2);
    all_talk(&all, "after");
    assert_eq!(same_everywhere(&all).len(), 3);
}

#[test]
fn p16_who_finds_nobody_is_told_what_to_type_and_whom_to_ask() {
    let Some(lan) = Lan::up(1) else { return };
    lan.does("no-multicast", &[]);
    let capo = lan.start(1, "capo").args(&["--name", "capo"]).run();
    for words in ["hybrid-chat 10.88.0.1", "hybrid-chat doctor"] {
        eventually(words, || capo.stderr().iter().any(|line| line.contains(words)).then_some(()));
    }
}

#[test]
fn p01_p02_p10_p18_a_room_is_found_once_whatever_other_interfaces_there_are() {
    let Some(lan) = Lan::up(3) else { return };
    for host in ["h1", "h2", "h3"] {
        lan.does("odd", &[host]);
    }
    lan.does("second", &["h1"]);
    lan.does("second", &["h2"]);
    let mut all = room(&lan, 2);
    let address = role(&all[1])["address"].as_str().unwrap().to_owned();
    assert!(["10.88.0.", "[fe80:"].iter().any(|lan| address.starts_with(lan)), "the LAN's: {address}");
    lan.does("remove", &["h1", "eth1"]);
    all.push(lan.peer(3, "peer3"));
    all.iter().for_each(|chat| has_members(chat, 3));
    all_talk(&all, "hello");
    assert!(all.iter().all(|chat| shown_once(chat).len() == 3));
}

#[test]
fn p04_who_starts_before_its_network_is_up_joins_when_it_is() {
    let Some(lan) = Lan::up(2) else { return };
    lan.does("down-link", &["h2", "own"]);
    let all = [lan.peer(1, "peer1"), lan.peer(2, "peer2")];
    assert!(all.iter().all(|chat| role(chat)["role"] == "host"));
    all_talk(&all[..1], "alone");
    lan.does("up-link", &["h2"]);
    meet(&[&all[0], &all[1]], 1);
    all.iter().for_each(|chat| has_members(chat, 2));
    all_talk(&all, "together");
}

#[test]
fn p04_a_room_is_found_through_a_network_that_loses_half_of_its_datagrams() {
    let _turn = heavy();
    let Some(lan) = Lan::up(8) else { return };
    lan.does("lose", &["50"]);
    let all = room_in_the_end(&lan, 8);
    all_talk(&all, "hello");
    assert!(all.iter().all(|chat| shown_once(chat).len() == 8));
}

/// As `room`, but some may have hosted a room of their own before they met the others.
fn room_in_the_end(lan: &Lan, hosts: usize) -> Vec<Chat> {
    let all: Vec<Chat> = (1..=hosts).map(|host| lan.peer(host, &format!("peer{host}"))).collect();
    meet(&all.iter().collect::<Vec<_>>(), 1);
    all.iter().for_each(|chat| has_members(chat, hosts));
    all
}

#[test]
fn a_room_of_another_port_and_one_that_keeps_to_itself_are_not_found() {
    let Some(lan) = Lan::up(3) else { return };
    let capo = lan.peer(1, "capo");
    let other = lan.start(2, "other").json("other").args(&["--port", "9000"]).run();
    let alone = lan.start(3, "alone").json("alone").args(&["--no-discovery"]).run();
    for chat in [&other, &alone] {
        assert_eq!(chat.expect("role", |event| is(event, "role"))["role"], "host");
    }
    assert_eq!(capo.members().len(), 1);
}
