//! Rooms that become one: several at once, under load, and with hosts that die in the middle of it.

use std::collections::{BTreeMap, BTreeSet};
use std::thread;
use std::time::Duration;

use super::{all_talk, has_members, has_shown, meet, role};
use crate::support::lan::{Lan, address};
use crate::support::{Chat, Signal, eventually, heavy, is};

/// A room in a part of the LAN: its host, and who types its address on these hosts. All have the same name.
fn part(lan: &Lan, host: usize, members: &[usize]) -> Vec<Chat> {
    let mut all = vec![lan.peer(host, "student")];
    all.extend(members.iter().map(|member| lan.join(*member, "student", &address(host))));
    all.iter().for_each(|chat| has_members(chat, all.len()));
    all
}

#[test]
fn p15_three_rooms_become_one_and_the_oldest_stays() {
    let Some(lan) = Lan::up(6) else { return };
    lan.does("part", &["h1,h2/h3,h4/h5,h6"]);
    // The one that is opened first is neither the first nor the last by any number.
    let mut all = part(&lan, 3, &[4]);
    all.extend(part(&lan, 1, &[2]));
    all.extend(part(&lan, 5, &[6]));
    all.chunks(2).enumerate().for_each(|(number, part)| all_talk(part, &format!("part {number}")));
    all[2].say("/msg student-2 only for you");
    let private = all[3].hears("only for you");
    assert_eq!(private["private"], true);
    lan.does("heal", &[]);
    eventually("one room", || all.iter().all(|chat| chat.members().len() == 6).then_some(()));
    all.iter().for_each(|chat| has_shown(chat, 6));
    assert_eq!(role(&all[0])["role"], "host", "the one that was opened first stays");
    for chat in &all[..2] {
        let late: BTreeSet<_> =
            chat.messages().iter().filter(|it| it["late"] == true).map(|it| it["text"].to_string()).collect();
        assert_eq!(late.len(), 4, "what comes from the other two parts: {late:?}");
    }
    let names: BTreeSet<String> = all.iter().map(|chat| role(chat)["name"].as_str().unwrap().to_owned()).collect();
    assert_eq!(names.len(), 6, "names that clash get a number: {names:?}");
    let told = all.iter().filter(|chat| chat.events().iter().any(|event| event["text"] == "only for you")).count();
    assert_eq!(told, 2, "the two whom it concerns");
    all_talk(&all, "together");
    // Who came from another part can be shown the door like anybody else.
    let kicked = all.pop().unwrap();
    all[0].say(&format!("/kick {}", role(&kicked)["name"].as_str().unwrap()));
    assert_eq!((kicked.exits(), kicked.last_event()["reason"].as_str()), (1, Some("kicked")));
    all.iter().for_each(|chat| has_members(chat, 5));
}

#[test]
fn a_host_yields_while_fifty_of_its_members_talk() {
    const MEMBERS: usize = 50;
    const LINES: usize = 20;
    let _turn = heavy();
    let Some(lan) = Lan::up(6) else { return };
    lan.does("part", &["h1/h2,h3,h4,h5,h6"]);
    let old = lan.peer(1, "old");
    let young = lan.peer(2, "young");
    let start = |number: usize| {
        let label = format!("m{number:02}");
        lan.start(3 + number % 4, &label).json(&label).args(&[&address(2)]).run()
    };
    let mut all: Vec<Chat> = (0..MEMBERS).map(start).collect();
    all.push(young);
    all.iter().for_each(|chat| drop(chat.sees_members(MEMBERS + 1)));
    for line in 0..LINES {
        if line == LINES / 4 {
            lan.does("heal", &[]);
        }
        all.iter().enumerate().for_each(|(number, chat)| chat.say(&format!("{number:02}-{line:02}")));
        old.say(&format!("old-{line:02}"));
        // The load, not a wait for anything.
        thread::sleep(Duration::from_millis(250));
    }
    all.push(old);
    all.iter().for_each(|chat| has_members(chat, MEMBERS + 2));
    all.iter().for_each(|chat| has_shown(chat, (MEMBERS + 2) * LINES));
    for chat in &all {
        let mut by_sender: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for message in chat.messages() {
            let (from, text) = (message["from"].as_str().unwrap(), message["text"].as_str().unwrap());
            by_sender.entry(from.to_owned()).or_default().push(text.to_owned());
        }
        assert_eq!(by_sender.len(), MEMBERS + 2);
        assert!(by_sender.values().all(|lines| lines.is_sorted()), "in the order in which it was said: {by_sender:#?}");
    }
}

/// Two rooms in two parts, each with two members; all have talked. The older one's three, and the younger one's.
fn two_rooms(lan: &Lan) -> (Vec<Chat>, Vec<Chat>) {
    lan.does("part", &["h1,h2,h3/h4,h5,h6"]);
    let old = part(lan, 1, &[2, 3]);
    let young = part(lan, 4, &[5, 6]);
    all_talk(&old, "old");
    all_talk(&young, "young");
    (old, young)
}

/// They are in one room that has everything that was said.
fn are_together(all: &[&Chat]) {
    eventually("one room", || all.iter().all(|chat| chat.members().len() == all.len()).then_some(()));
    meet(all, 1);
    all.iter().for_each(|chat| has_shown(chat, 6));
    all[0].say("all here?");
    all.iter().for_each(|chat| drop(chat.hears("all here?")));
}

#[test]
fn a_host_that_is_killed_while_it_yields_costs_nothing() {
    let Some(lan) = Lan::up(6) else { return };
    let (old, mut young) = two_rooms(&lan);
    // It takes nothing any more, so that its host waits for it at the end.
    young[2].signal(Signal::STOP);
    young[1].say(&"x".repeat(15_000));
    lan.does("heal", &[]);
    young[1].expect("its new host", |event| {
        is(event, "role") && event["address"].as_str().unwrap().contains("]") || event["address"] == "10.88.0.1:8808"
    });
    young.remove(0).signal(Signal::KILL);
    young[1].signal(Signal::CONT);
    let all: Vec<&Chat> = old.iter().chain(&young).collect();
    eventually("one room", || all.iter().all(|chat| chat.members().len() == 5).then_some(()));
    all.iter().for_each(|chat| has_shown(chat, 7));
}

#[test]
fn a_host_that_is_killed_when_another_has_yielded_to_it_costs_nothing() {
    let Some(lan) = Lan::up(6) else { return };
    let (mut old, young) = two_rooms(&lan);
    lan.does("heal", &[]);
    young[0].expect("its new role", |event| is(event, "role") && event["role"] == "client");
    old.remove(0).signal(Signal::KILL);
    are_together(&old.iter().chain(&young).collect::<Vec<_>>());
}

#[test]
fn who_was_banned_before_two_rooms_met_is_told_by_the_host_that_banned_it() {
    let Some(lan) = Lan::up(3) else { return };
    lan.does("part", &["h1,h3/h2"]);
    let old = lan.peer(1, "old");
    let rude = lan.join(3, "rude", &address(1));
    old.say("/ban rude");
    assert_eq!(rude.exits(), 1);
    let young = lan.peer(2, "young");
    lan.does("heal", &[]);
    [&old, &young].iter().for_each(|chat| has_members(chat, 2));
    let again = lan.start(3, "again").json("again").args(&["--role", "client", &address(1)]).run();
    assert_eq!((again.exits(), again.last_event()["code"].as_str()), (1, Some("permission-denied")));
}

#[test]
fn p17_two_hundred_who_type_nothing_are_one_room_and_outlive_their_host() {
    const HOSTS: usize = 10;
    const ALL: usize = 200;
    let _turn = heavy();
    let Some(lan) = Lan::up(HOSTS) else { return };
    let capo = lan.peer(1, "capo");
    let start = |number: usize| lan.start(1 + number % HOSTS, "student").json("student").run();
    let all: Vec<Chat> = (1..ALL).map(start).collect();
    let rosters: BTreeSet<_> = all.iter().map(|chat| chat.sees_members(ALL)).collect();
    assert_eq!(rosters.len(), 1);
    capo.signal(Signal::KILL);
    meet(&all.iter().collect::<Vec<_>>(), 2);
    all.iter().for_each(|chat| has_members(chat, ALL - 1));
    all[7].say("all here?");
    all.iter().for_each(|chat| drop(chat.hears("all here?")));
    let rosters: BTreeSet<_> = all.iter().map(Chat::members).collect();
    assert_eq!(rosters.len(), 1);
}
