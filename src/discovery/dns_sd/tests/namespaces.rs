//! Two machines with a cable between them: network namespaces, which only root can make.

use std::fs::File;
use std::os::fd::AsFd;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

use super::*;

/// The first machine's address.
pub(super) const FIRST: Ipv4Addr = Ipv4Addr::new(10, 77, 0, 1);

/// Two namespaces that go away with their test.
pub(super) struct Machines([String; 2]);

impl Machines {
    /// `lan` between the two, and at the first a second interface that leads nowhere near.
    pub(super) fn new() -> Option<Self> {
        static MADE: AtomicUsize = AtomicUsize::new(0);
        let (process, made) = (std::process::id(), MADE.fetch_add(1, Ordering::Relaxed));
        let names = ["a", "b"].map(|side| format!("dnssd{process}-{made}{side}"));
        let [a, b] = &names;
        if !rustix::process::geteuid().is_root() || !ip(&format!("netns add {a}")) {
            return None;
        }
        let machines = Self(names.clone());
        for command in [
            format!("netns add {b}"),
            format!("-n {a} link add lan type veth peer name lan netns {b}"),
            format!("-n {a} link add vpn type veth peer name far"),
            format!("-n {a} addr add {FIRST}/24 dev lan"),
            format!("-n {a} addr add 10.99.0.1/24 dev vpn"),
            format!("-n {b} addr add 10.77.0.2/24 dev lan"),
            format!("-n {a} link set lan up"),
            format!("-n {a} link set vpn up"),
            format!("-n {a} link set far up"),
            format!("-n {b} link set lan up"),
        ] {
            assert!(ip(&command), "{command}");
        }
        Some(machines)
    }

    /// Does this on one of the machines; threads that it starts stay there.
    pub(super) fn on<T: Send>(&self, side: usize, act: impl FnOnce() -> T + Send) -> T {
        let act = || {
            let namespace = File::open(format!("/run/netns/{}", self.0[side])).unwrap();
            move_into_link_name_space(namespace.as_fd(), Some(LinkNameSpaceType::Network)).unwrap();
            act()
        };
        thread::scope(|scope| scope.spawn(act).join().unwrap())
    }

    fn ip(&self, side: usize, command: &str) {
        assert!(ip(&format!("-n {} {command}", self.0[side])), "{command}");
    }

    /// What the machine has, once all of `names` are up with an IPv4 address, or down.
    pub(super) fn interfaces(&self, side: usize, names: &[&str], up: bool) -> Vec<Interface> {
        let end = Instant::now() + DEADLINE;
        loop {
            let found = self.on(side, || on(names));
            let has_v4 = |one: &&Interface| one.addresses.iter().any(|subnet| subnet.ip.is_ipv4());
            if found.iter().filter(has_v4).count() == if up { names.len() } else { 0 } {
                return found;
            }
            assert!(Instant::now() < end, "{found:?}");
            thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Machines {
    fn drop(&mut self) {
        self.0.iter().for_each(|name| assert!(ip(&format!("netns del {name}")), "{name}"));
    }
}

fn ip(command: &str) -> bool {
    Command::new("ip").args(command.split(' ')).status().is_ok_and(|status| status.success())
}

#[test]
#[expect(clippy::print_stderr, reason = "who runs it should know what was not tried")]
fn p01_a_room_is_heard_of_across_a_cable_also_after_it_was_pulled() {
    let Some(machines) = Machines::new() else {
        eprintln!("not tried: DNS-SD between two network namespaces needs root and ip(8)");
        return;
    };
    let room = announcement(8, 704);
    let (mut host, mut guest) = (Somebody::new(8, Some(704)), Somebody::new(9, Some(704)));
    let both = machines.interfaces(0, &["vpn", "lan"], true);
    let lan = machines.interfaces(1, &["lan"], true);
    machines.on(1, || guest.drive(&lan, None));
    machines.on(0, || host.drive(&both, Some(&room)));
    let at = SocketAddr::from((FIRST, 704));
    // By an address that works, or at least could: the other interface's is in no subnet of the guest's.
    let is_far = |sighting: &Sighting| sighting.at.ip().to_string().starts_with("10.99.");
    while guest.hears(&room, is_far) != at {}

    // The host's cable is pulled, long enough to be noticed, and put back.
    machines.ip(0, "link set lan down");
    let only_vpn = machines.interfaces(0, &["vpn"], true);
    machines.on(0, || host.drive(&only_vpn, Some(&room)));
    machines.ip(0, "link set lan up");
    let both = machines.interfaces(0, &["vpn", "lan"], true);
    host.now += INTERFACES_EVERY;
    machines.on(0, || host.drive(&both, Some(&room)));
    let mut late = Somebody::new(10, Some(704));
    let lan = machines.interfaces(1, &["lan"], true);
    machines.on(1, || late.drive(&lan, None));
    while late.hears(&room, is_far) != at {}

    // Goodbye.
    let watcher = machines.on(1, || Watcher::new(&lan));
    watcher.waits_for(|event| is_resolved(event, &room));
    host.dns_sd.rest();
    watcher.waits_for(|event| is_removed(event, 704));
}

#[test]
#[expect(clippy::print_stderr, reason = "who runs it should know what was not tried")]
fn a_port_that_somebody_keeps_for_himself_is_said_and_tried_again() {
    let Some(machines) = Machines::new() else {
        eprintln!("not tried: DNS-SD beside a program that does not share its port needs root and ip(8)");
        return;
    };
    let lan = machines.interfaces(0, &["lan"], true);
    let mut somebody = Somebody::new(11, None);
    let take = || machines.on(0, || UdpSocket::bind(("::", MDNS_PORT)));
    let taken = take().unwrap();
    machines.on(0, || somebody.dns_sd.drive(&lan, None, Duration::ZERO));
    let trouble = somebody.dns_sd.trouble().unwrap();
    assert!(trouble.contains("UDP port 5353"), "{trouble}");
    drop(taken);
    // A child that another test is just starting holds what was open, until it is another program.
    let end = Instant::now() + DEADLINE;
    while take().is_err() {
        assert!(Instant::now() < end);
    }
    somebody.now += INTERFACES_EVERY;
    machines.on(0, || somebody.drive(&lan, None));
    assert!(somebody.dns_sd.running.is_some());
}
