//! Where nothing happens, nothing is done.

use std::fs;
use std::thread;
use std::time::Duration;

use super::{has_members, role};
use crate::support::Chat;
use crate::support::lan::Lan;

/// How long is looked at, in seconds: two heartbeats, and five announcements.
const SECONDS: u64 = 10;

/// How often the threads of a process have been woken so far.
fn wakes(chat: &Chat) -> u64 {
    let threads = fs::read_dir(format!("/proc/{}/task", chat.pid())).unwrap();
    let switches = threads.map(|thread| {
        let status = fs::read_to_string(thread.unwrap().path().join("status")).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:")).unwrap();
        line.trim().parse::<u64>().unwrap()
    });
    switches.sum()
}

/// How many UDP sockets there are on a host.
fn udp_sockets(lan: &Lan, host: usize) -> usize {
    let read = |file: &str| fs::read_to_string(format!("/proc/thread-self/net/{file}")).unwrap();
    let tables = lan.inside(host, || [read("udp"), read("udp6")]);
    tables.iter().map(|table| table.lines().count() - 1).sum()
}

#[test]
fn an_idle_room_costs_nothing() {
    let Some(lan) = Lan::up(2) else { return };
    let all = [lan.peer(1, "host"), lan.peer(2, "member")];
    all.iter().for_each(|chat| has_members(chat, 2));
    assert_eq!(role(&all[1])["role"], "client");
    let before: Vec<u64> = all.iter().map(wakes).collect();
    // What is looked at is that nothing happens.
    thread::sleep(Duration::from_secs(SECONDS));
    let woken: Vec<u64> = all.iter().zip(before).map(|(chat, before)| wakes(chat) - before).collect();
    // Three wakes a second, and half a one; doubled, for what the machine does besides.
    assert!(woken[0] < 6 * SECONDS && woken[1] < SECONDS, "woken so often in {SECONDS} s: {woken:?}");
    assert_eq!(udp_sockets(&lan, 2), 0, "a member listens to no datagrams");
    assert!(udp_sockets(&lan, 1) > 0);
}
