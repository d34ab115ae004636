//! Interfaces of all kinds: IPv6 alone, many addresses, huge subnets, two ways to one peer, and ways that come and go.

use serde_json::Value;

use super::{all_talk, has_members, has_shown, meet, role};
use crate::support::lan::Lan;
use crate::support::{Chat, Signal, is, same_everywhere};

/// One peer on each host; all see all.
fn room(lan: &Lan, hosts: usize) -> Vec<Chat> {
    let all: Vec<Chat> = (1..=hosts).map(|host| lan.peer(host, &format!("peer{host}"))).collect();
    all.iter().for_each(|chat| drop(chat.sees_members(hosts)));
    all
}

/// The only room that is listed on a host.
fn listed(lan: &Lan, host: usize) -> Value {
    let (lines, status) = lan.asks(host, &["rooms", "--json"]);
    assert_eq!((lines.len(), status), (1, 0), "listed once: {lines:#?}");
    serde_json::from_str(&lines[0]).unwrap()
}

/// A room by IPv6 alone, each interface with these further addresses; `#` stands for the host's number.
fn by_ipv6(addresses: &[&str]) {
    let Some(lan) = Lan::up(4) else { return };
    for host in 1..=4 {
        lan.runs(host, &["ip", "-4", "address", "flush", "dev", "eth0"]);
        for address in addresses {
            lan.runs(host, &["ip", "address", "add", &address.replace('#', &host.to_string()), "dev", "eth0"]);
        }
    }
    let mut all = room(&lan, 4);
    assert!(all[1..].iter().all(|chat| role(chat)["address"].as_str().unwrap().starts_with('[')));
    assert_eq!(listed(&lan, 3)["members"], 4);
    let (report, _) = lan.asks(4, &["doctor", "--json"]);
    assert!(report[0].contains("\"findable\":true"), "{report:?}");
    all.remove(0).signal(Signal::KILL);
    meet(&all.iter().collect::<Vec<_>>(), 2);
    all_talk(&all, "after");
    assert_eq!(same_everywhere(&all).len(), 3);
}

#[test]
fn p03_link_local_addresses_are_enough() {
    by_ipv6(&[]);
}

#[test]
fn p03_many_ipv6_addresses_are_one_peer() {
    by_ipv6(&["fd00::#:1/64", "fd00::#:2/64", "2001:db8::#:1/64", "2001:db8::#:2/64", "fd00::#:3/128"]);
}

#[test]
fn p11_huge_subnets_are_not_searched_through() {
    let Some(lan) = Lan::up(3) else { return };
    for (host, mask) in [(1, 8), (2, 16), (3, 8)] {
        lan.runs(host, &["ip", "-4", "address", "flush", "dev", "eth0"]);
        lan.runs(host, &["ip", "address", "add", &format!("10.88.0.{host}/{mask}"), "brd", "+", "dev", "eth0"]);
        lan.filters(host, "output", "oif lo accept; counter");
    }
    let all = room(&lan, 3);
    all_talk(&all, "hello");
    assert_eq!(listed(&lan, 2)["members"], 3);
    for host in 1..=3 {
        let rules = lan.runs(host, &["nft", "list", "ruleset"]);
        let count = rules.split("counter packets ").nth(1).unwrap().split(' ').next().unwrap();
        assert!(count.parse::<u32>().unwrap() < 1_000, "host {host} has sent {count} packets");
    }
}

#[test]
fn p02_interfaces_vanish_under_a_host_and_a_member_and_others_appear() {
    let Some(lan) = Lan::up(4) else { return };
    let all = room(&lan, 4);
    all_talk(&all, "before");
    lan.does("remove", &["h1", "eth0"]);
    lan.does("remove", &["h3", "eth0"]);
    let left = |name: &'static str| move |event: &Value| is(event, "left") && event["name"] == name;
    all[1].expect("the host's end", left("peer1"));
    all[2].expect("the host's end", left("peer1"));
    meet(&[&all[1], &all[3]], 2);
    all.iter().for_each(|chat| chat.say(&format!("apart {}", role(chat)["name"])));
    let (report, status) = lan.asks(3, &["doctor"]);
    assert!(status == 1 && report.join("\n").contains("no interface leads to one"), "{report:?}");
    lan.does("replace", &["h1", "lan7", "10.88.0.71"]);
    lan.does("replace", &["h3", "lan7", "10.88.0.73"]);
    meet(&all.iter().collect::<Vec<_>>(), 2);
    all.iter().for_each(|chat| has_members(chat, 4));
    all.iter().for_each(|chat| has_shown(chat, 8));
    all_talk(&all, "after");
}

#[test]
fn p02_an_interface_vanishes_while_somebody_looks() {
    let Some(lan) = Lan::up(2) else { return };
    let capo = lan.peer(1, "capo");
    lan.does("down-link", &["h2", "silent"]);
    let late = lan.start(2, "late").json("late").run();
    lan.does("remove", &["h2", "eth0"]);
    assert_eq!(late.expect("role", |event| is(event, "role"))["role"], "host");
    lan.does("replace", &["h2", "lan7", "10.88.0.72"]);
    meet(&[&capo, &late], 1);
    has_members(&late, 2);
}

#[test]
fn p18_a_peer_with_two_ways_is_one_peer_and_either_way_will_do() {
    let Some(lan) = Lan::up(3) else { return };
    (1..=2).for_each(|host| lan.does("second", &[&format!("h{host}")]));
    let all = room(&lan, 3);
    let seen = listed(&lan, 3);
    assert!(seen["members"] == 3 && seen["addresses"].as_array().unwrap().len() > 1, "{seen}");
    // The host's ways, then a member's: what is unplugged is noticed, or else by nobody.
    for (round, (host, interface)) in
        [("h1", "eth0"), ("h1", "eth1"), ("h2", "eth0"), ("h2", "eth1")].iter().enumerate()
    {
        let number = host[1..].parse().unwrap();
        lan.runs(number, &["ip", "link", "set", interface, "down"]);
        all_talk(&all, &format!("round {round}"));
        lan.runs(number, &["ip", "link", "set", interface, "up"]);
        meet(&all.iter().collect::<Vec<_>>(), 1);
        all.iter().for_each(|chat| has_members(chat, 3));
    }
    all.iter().for_each(|chat| has_shown(chat, 12));
    assert_eq!(listed(&lan, 3)["members"], 3);
}
