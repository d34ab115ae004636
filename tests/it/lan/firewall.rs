//! Firewalls that let some things through and others not: one room where there is a way, and a word about it where not.

use serde_json::Value;

use super::{MEETING, all_talk, has_members, has_shown, is_told, meet, role};
use crate::support::lan::Lan;
use crate::support::{Chat, Signal, eventually, is};

/// What ufw lets in unless it is told otherwise: answers, and multicast DNS.
const UFW: &str = "policy drop; iif lo accept; ct state established,related accept; ip protocol icmp accept; \
                   meta l4proto ipv6-icmp accept; ip daddr 224.0.0.251 udp dport 5353 accept; \
                   ip6 daddr ff02::fb udp dport 5353 accept";
/// No connections to the room; who asks for one is not answered, but counted.
const NO_TCP: &str = "iif lo accept; tcp dport 8808 counter; tcp dport 8808 drop";
/// No datagrams.
const NO_UDP: &str = "iif lo accept; meta l4proto udp drop";

/// The diagnosis of a host: its findings that are problems, and whether anybody is found from there.
fn problems(lan: &Lan, host: usize) -> (Vec<Value>, bool) {
    let (lines, _) = lan.asks(host, &["doctor", "--json"]);
    let report: Value = serde_json::from_str(&lines[0]).unwrap();
    let findings = report["findings"].as_array().unwrap().iter();
    (findings.filter(|finding| finding["weight"] == "problem").cloned().collect(), report["findable"] == true)
}

/// Somebody hosts on the first host, and somebody else comes on the second: both, who have said one thing each.
fn two(lan: &Lan) -> [Chat; 2] {
    let old = lan.peer(1, "old");
    old.say("early");
    let new = lan.peer(2, "new");
    new.say("late one");
    [old, new]
}

/// They are in one room, and have everything.
fn are_together(all: &[Chat]) {
    all.iter().for_each(|chat| drop(chat.expect_for(MEETING, "the other", |event| others(event) == Some(2))));
    meet(&all.iter().collect::<Vec<_>>(), 1);
    all.iter().for_each(|chat| has_members(chat, 2));
    all.iter().for_each(|chat| has_shown(chat, 2));
    all_talk(all, "together");
}

/// How many are in the room, where the event tells that there is somebody else.
fn others(event: &Value) -> Option<usize> {
    match event["event"].as_str()? {
        "roster" => Some(event["members"].as_array()?.len()),
        "joined" => Some(2),
        _ => None,
    }
}

#[test]
fn p08_the_host_behind_a_firewall_comes_to_the_newcomer() {
    let Some(lan) = Lan::up(2) else { return };
    lan.filters(1, "input", UFW);
    let all = two(&lan);
    are_together(&all);
    assert_eq!(role(&all[0])["host"], "new", "the one who can be reached");
    let (found, _) = problems(&lan, 1);
    let shut = found.iter().find(|finding| finding["about"] == "firewall").unwrap();
    assert!(shut["cure"].as_str().unwrap().starts_with("sudo nft insert rule inet input input"), "{shut}");
}

#[test]
fn p08_a_newcomer_behind_a_firewall_joins() {
    let Some(lan) = Lan::up(2) else { return };
    lan.filters(2, "input", UFW);
    let all = two(&lan);
    are_together(&all);
}

#[test]
fn p08_two_who_cannot_reach_each_other_are_told_once_and_do_not_flap() {
    let Some(lan) = Lan::up(2) else { return };
    (1..=2).for_each(|host| lan.filters(host, "input", NO_TCP));
    let all = two(&lan);
    all.iter().for_each(|chat| is_told(chat, "(hybrid-chat doctor)"));
    for (host, chat) in (1..).zip(&all) {
        let count = |kind: &str| chat.events().iter().filter(|event| is(event, kind)).count();
        assert_eq!((count("notice"), count("role"), chat.members().len()), (1, 1, 1));
        let (found, _) = problems(&lan, host);
        assert!(found.iter().any(|finding| finding["about"] == "firewall"), "{found:?}");
        // Each visit takes two seconds, and the kernel repeats its first packet once meanwhile.
        assert!(counted(&lan.runs(host, &["nft", "list", "ruleset"])) < 60, "they leave each other alone");
    }
    lan.filters(1, "input", "");
    are_together(&all);
}

/// How many packets the rules that count have seen.
fn counted(ruleset: &str) -> u64 {
    let counts = ruleset.split("counter packets ").skip(1);
    counts.map(|rest| rest.split(' ').next().unwrap().parse::<u64>().unwrap()).sum()
}

#[test]
fn p08_a_newcomer_that_hears_nobody_is_fetched() {
    let Some(lan) = Lan::up(2) else { return };
    lan.filters(2, "input", NO_UDP);
    let all = two(&lan);
    assert_eq!(role(&all[1])["role"], "host", "it cannot know better");
    are_together(&all);
}

#[test]
fn p08_who_hears_of_a_room_that_nobody_can_join_is_told() {
    let Some(lan) = Lan::up(2) else { return };
    lan.does("firewall", &["h2"]);
    let all = two(&lan);
    is_told(&all[0], "new hosts this room at 10.88.0.2:8808 too, and cannot be reached from here");
    let (found, findable) = problems(&lan, 2);
    assert!(!findable && found.iter().any(|finding| finding["about"] == "firewall"), "{found:?}");
    lan.does("firewall", &["h2", "off"]);
    are_together(&all);
}

#[test]
fn p08_nobody_waits_for_a_candidate_behind_a_firewall() {
    let Some(lan) = Lan::up(4) else { return };
    lan.does("firewall", &["h2"]);
    let host = lan.peer(1, "host");
    // It has typed the address, hears nobody, and comes first among those who could be the next host.
    let mut all = vec![lan.join(2, "senior", "10.88.0.1")];
    all.extend((3..=4).map(|number| lan.peer(number, &format!("peer{number}"))));
    all.iter().for_each(|chat| drop(chat.sees_members(4)));
    host.signal(Signal::KILL);
    meet(&all.iter().collect::<Vec<_>>(), 2);
    all.iter().for_each(|chat| has_members(chat, 3));
    all_talk(&all, "after");
}

#[test]
fn p09_who_may_not_send_datagrams_still_joins_and_the_doctor_knows_why() {
    let Some(lan) = Lan::up(2) else { return };
    // Whoever sends one is told that this is not permitted.
    lan.filters(2, "output", "oif lo accept; meta l4proto udp drop");
    let all = two(&lan);
    are_together(&all);
    let (found, findable) = problems(&lan, 2);
    assert!(!findable && found.len() == 2, "{found:?}");
    assert!(found.iter().all(|one| one["cure"].as_str().unwrap().contains("inet output output")), "{found:?}");
}

#[test]
fn p09_who_may_not_send_at_all_goes_on_alone_and_joins_when_it_may() {
    let Some(lan) = Lan::up(2) else { return };
    lan.filters(2, "output", "oif lo accept; reject");
    let all = two(&lan);
    assert_eq!(role(&all[1])["role"], "host");
    is_told(&all[1], "(hybrid-chat doctor)");
    let (found, findable) = problems(&lan, 2);
    assert!(!findable && found.iter().any(|one| one["about"] == "firewall"), "{found:?}");
    assert!(all.iter().all(Chat::runs));
    lan.filters(2, "output", "");
    are_together(&all);
    eventually("no failure", || all.iter().all(|chat| chat.stderr().is_empty()).then_some(()));
}
