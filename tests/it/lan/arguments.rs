//! What was typed decides where is looked and what is announced.

use std::time::Duration;

use super::{has_members, has_shown, is_told, role};
use crate::support::lan::{Lan, address};
use crate::support::{Chat, eventually, is};

/// Counts the multicast datagrams of a host by the interface that they leave by. Broadcast goes by one of the two: they are
/// in the same subnet.
const COUNT: &str = "oifname eth0 meta l4proto udp fib daddr type multicast counter; \
                     oifname eth1 meta l4proto udp fib daddr type multicast counter";

/// How many of them have left the first host by eth0 and by eth1.
fn sent(lan: &Lan) -> [u32; 2] {
    let rules = lan.runs(1, &["nft", "list", "ruleset"]);
    let mut counts = rules.split("counter packets ").skip(1);
    [(); 2].map(|()| counts.next().unwrap().split(' ').next().unwrap().parse().unwrap())
}

/// A LAN whose first host has two interfaces, and somebody who hosts there.
fn hosted(args: &[&str]) -> Option<(Lan, Chat)> {
    let lan = Lan::up(2)?;
    lan.does("second", &["h1"]);
    lan.filters(1, "output", COUNT);
    let capo = lan.start(1, "capo").json("capo").args(args).run();
    let role = capo.expect("role", |event| is(event, "role"));
    assert_eq!(role["role"], "host");
    Some((lan, capo))
}

/// Somebody on the second host finds nobody, which takes longer than to announce a room.
fn is_alone(lan: &Lan) {
    assert_eq!(role(&lan.peer(2, "other"))["role"], "host");
}

#[test]
fn what_listens_on_loopback_or_without_discovery_sends_no_datagram() {
    for args in [["127.0.0.1"], ["--no-discovery"], ["::1"]] {
        let Some((lan, _capo)) = hosted(&args) else { return };
        is_alone(&lan);
        assert_eq!(sent(&lan), [0, 0], "{args:?}");
    }
}

#[test]
fn one_interface_alone_is_announced_on_and_found() {
    for args in [&["10.88.0.101"][..], &["--interface", "eth1"]] {
        let Some((lan, capo)) = hosted(args) else { return };
        let member = lan.peer(2, "member");
        let at = role(&member)["address"].as_str().unwrap().to_owned();
        assert!(at == "10.88.0.101:8808" || at.starts_with("[fe80:"), "{at}");
        has_members(&capo, 2);
        let [eth0, eth1] = sent(&lan);
        assert!(eth0 == 0 && eth1 > 0, "{args:?}: {eth0}, {eth1}");
    }
}

#[test]
fn several_interfaces_are_used_and_a_wrong_name_is_told() {
    let args = ["--interface", "eth1", "--interface", "eth0", "--interface", "nothing0"];
    let Some((lan, capo)) = hosted(&args) else { return };
    is_told(&capo, "nothing0");
    eventually("both", || sent(&lan).iter().all(|count| *count > 0).then_some(()));
    assert_eq!(role(&lan.peer(2, "member"))["host"], "capo");
    let (report, status) = lan.asks(1, &["doctor", "--interface", "nothing0"]);
    assert!(status == 1 && report.join("\n").contains("the interface nothing0 does not exist"), "{report:?}");
}

#[test]
fn p06_p14_the_same_user_everywhere_is_no_reason_not_to_meet() {
    let Some(lan) = Lan::up(3) else { return };
    // Nobody says a name: it is the login name, the same on every machine.
    let all: Vec<Chat> = [1, 2, 3, 1].map(|host| lan.start(host, "same").args(&["--json"]).run()).into();
    all.iter().for_each(|chat| has_members(chat, 4));
    let names = ["tester", "tester-2", "tester-3", "tester-4"];
    assert!(all.iter().all(|chat| chat.members().iter().eq(names)), "{:?}", all[0].members());
}

#[test]
fn who_only_hosts_ends_where_an_older_room_is_and_its_members_go_on() {
    let Some(lan) = Lan::up(3) else { return };
    let old = lan.peer(1, "old");
    lan.does("part", &["h1/h2,h3"]);
    let only = lan.start(2, "only").json("only").args(&["--role", "host"]).run();
    let member = lan.join(3, "member", &address(2));
    member.say("said here");
    only.hears("said here");
    lan.does("heal", &[]);
    assert_eq!((only.exits(), only.last_event()["code"].as_str()), (1, Some("address-in-use")));
    for chat in [&old, &member] {
        has_members(chat, 2);
        has_shown(chat, 1);
    }
    assert_eq!(role(&member)["host"], "old");
    assert_eq!(old.hears("said here")["late"], true);
}

#[test]
fn who_only_joins_waits_for_a_room_and_no_longer() {
    let Some(lan) = Lan::up(2) else { return };
    let nobody = lan.start(2, "nobody").json("nobody").args(&["--role", "client"]).run();
    assert_eq!(
        (nobody.exits_within(Duration::from_secs(10)), nobody.last_event()["code"].as_str()),
        (1, Some("connection-refused"))
    );
    let early = lan.start(2, "early").json("early").args(&["--role", "client"]).run();
    let capo = lan.peer(1, "capo");
    for chat in [&capo, &early] {
        has_members(chat, 2);
    }
    assert_eq!(role(&early)["role"], "client");
}

#[test]
fn rooms_on_two_ports_never_mix() {
    let Some(lan) = Lan::up(4) else { return };
    let start = |host: usize, port: &str| {
        lan.start(host, &format!("{port}at{host}")).json(&format!("{port}at{host}")).args(&["--port", port]).run()
    };
    let all: Vec<Chat> = (1..=4).flat_map(|host| ["8808", "9000"].map(|port| start(host, port))).collect();
    for chat in &all {
        has_members(chat, 4);
    }
    for chat in &all {
        let port = role(chat)["name"].as_str().unwrap()[..4].to_owned();
        assert!(chat.members().iter().all(|name| name.starts_with(&port)), "{:?}", chat.members());
    }
    let (rooms, _) = lan.asks(1, &["rooms", "--json"]);
    assert_eq!(rooms.len(), 2, "{rooms:#?}");
}
