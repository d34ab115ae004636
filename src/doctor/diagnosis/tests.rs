use super::*;
use crate::doctor::facts::{Obstacle, Tool, Trial};

const WAYS: [Way; 4] = [Way::Multicast, Way::Broadcast, Way::MulticastV6, Way::DnsSd];

fn interface(name: &str, ip: &str, outcomes: [Outcome; 4]) -> Interface {
    let trials = WAYS.into_iter().zip(outcomes).map(|(way, outcome)| Trial { way, outcome }).collect();
    Interface { name: name.into(), addresses: vec![ip.parse().unwrap()], used: true, wireless: false, trials }
}

fn all(outcome: &Outcome) -> [Outcome; 4] {
    [0; 4].map(|_| outcome.clone())
}

fn failed(obstacle: Obstacle) -> Outcome {
    Outcome::Failed(obstacle)
}

fn unused(name: &str, ip: &str) -> Interface {
    Interface { used: false, trials: Vec::new(), ..interface(name, ip, all(&Outcome::Silent)) }
}

/// A machine on a LAN where everything works.
fn well() -> Facts {
    Facts {
        port: 8808,
        asked: Vec::new(),
        interfaces: vec![interface("eth0", "192.168.1.7", all(&Outcome::Heard))],
        door: Door::Free,
        way_out: Some("eth0".into()),
        firewalls: Vec::new(),
        kind: Kind::Machine,
        system: System::Linux,
        unread: Vec::new(),
    }
}

fn with(change: impl FnOnce(&mut Facts)) -> Diagnosis {
    let mut facts = well();
    change(&mut facts);
    diagnose(&facts)
}

fn deaf() -> Interface {
    interface("eth0", "192.168.1.7", all(&Outcome::Silent))
}

fn wall(tool: Tool, tcp: Gate, udp: Gate) -> Firewall {
    Firewall { tool, direction: Direction::In, tcp, udp }
}

/// The one finding about `about`.
#[track_caller]
fn one(diagnosis: &Diagnosis, about: &str) -> Finding {
    let found: Vec<_> = diagnosis.findings.iter().filter(|finding| finding.about == about).collect();
    assert_eq!(found.len(), 1, "{:#?}", diagnosis.findings);
    found[0].clone()
}

#[track_caller]
fn is(finding: &Finding, weight: Weight, text: &str, cure: &str) {
    assert_eq!(finding.weight, weight, "{finding:?}");
    assert!(finding.text.contains(text), "{finding:?}");
    assert!(finding.cure.as_deref().unwrap_or_default().contains(cure), "{finding:?}");
}

#[test]
fn where_everything_works_nothing_is_said_against_it() {
    let diagnosis = with(|_| {});
    assert!(diagnosis.findable && diagnosis.findings.iter().all(|finding| finding.weight == Weight::Fine));
    let across = one(&diagnosis, "interface");
    is(
        &across,
        Weight::Fine,
        "eth0 (192.168.1.7): hears itself by multicast, broadcast, IPv6 multicast and DNS-SD",
        "",
    );
    is(&one(&diagnosis, "port"), Weight::Fine, "port 8808 is free", "");
    assert_eq!(diagnosis.typed, ["hybrid-chat 192.168.1.7"]);
}

#[test]
fn what_is_typed_elsewhere_has_the_port_where_it_is_another() {
    assert_eq!(with(|facts| facts.port = 9000).typed, ["hybrid-chat 192.168.1.7:9000"]);
}

#[test]
fn nothing_that_comes_back_is_a_problem_with_the_address_as_its_cure() {
    let diagnosis = with(|facts| facts.interfaces = vec![deaf()]);
    assert!(!diagnosis.findable);
    is(&one(&diagnosis, "interface"), Weight::Problem, "something on this machine drops it", "hybrid-chat 192.168.1.7");
}

#[test]
fn one_way_that_works_is_enough() {
    for heard in 0..4 {
        let mut outcomes = all(&Outcome::Silent);
        outcomes[heard] = Outcome::Heard;
        let diagnosis = with(|facts| facts.interfaces = vec![interface("eth0", "192.168.1.7", outcomes)]);
        assert!(diagnosis.findable);
        is(&one(&diagnosis, "interface"), Weight::Hint, "hears itself by", "");
    }
}

#[test]
fn one_interface_that_works_is_enough() {
    let diagnosis = with(|facts| facts.interfaces.insert(0, deaf()));
    assert!(diagnosis.findable);
}

#[test]
fn the_firewall_that_drops_it_is_named_with_its_command() {
    let port = "8808";
    for (tool, cure) in [
        (Tool::Ufw, "sudo ufw allow 8808"),
        (Tool::Firewalld, "sudo firewall-cmd --add-port=8808/tcp --add-port=8808/udp"),
        (Tool::Nftables("inet filter input".into()), "sudo nft insert rule inet filter input"),
        (Tool::Iptables, "iptables -I INPUT -p $p --dport 8808 -j ACCEPT"),
        (Tool::Windows(r"C:\chat.exe".into()), r#"program="C:\chat.exe""#),
        (Tool::MacOs("/opt/chat".into()), "--unblockapp '/opt/chat'"),
    ] {
        for (gate, verb, weight) in
            [(Gate::Shut, "drops", Weight::Problem), (Gate::Unclear, "may drop", Weight::Unknown)]
        {
            let diagnosis = with(|facts| {
                facts.interfaces = vec![deaf()];
                facts.firewalls = vec![wall(tool.clone(), gate, gate)];
            });
            assert!(!diagnosis.findable);
            is(&one(&diagnosis, "interface"), Weight::Problem, verb, cure);
            is(&one(&diagnosis, "firewall"), weight, port, cure);
        }
    }
}

#[test]
fn a_firewall_that_keeps_others_out_is_a_problem_though_rooms_are_found() {
    let gates = |tcp, udp| with(|facts| facts.firewalls = vec![wall(Tool::Ufw, tcp, udp)]);
    for (tcp, udp, weight, text) in [
        (Gate::Open, Gate::Open, Weight::Fine, "lets others in"),
        (Gate::Shut, Gate::Shut, Weight::Problem, "lets nobody in"),
        (Gate::Shut, Gate::Open, Weight::Problem, "TCP port 8808"),
        (Gate::Open, Gate::Shut, Weight::Problem, "UDP port 8808"),
        (Gate::Unclear, Gate::Open, Weight::Unknown, "could not be told"),
    ] {
        let diagnosis = gates(tcp, udp);
        is(&one(&diagnosis, "firewall"), weight, text, if weight == Weight::Fine { "" } else { "ufw allow" });
        assert!(diagnosis.findable);
    }
}

#[test]
fn rules_about_what_leaves_are_told_from_those_about_what_comes() {
    let diagnosis = with(|facts| {
        facts.interfaces = vec![interface("eth0", "192.168.1.7", all(&failed(Obstacle::Forbidden)))];
        let tool = Tool::Nftables("ip filter output".into());
        facts.firewalls = vec![Firewall { direction: Direction::Out, ..wall(tool, Gate::Open, Gate::Shut) }];
    });
    is(&one(&diagnosis, "firewall"), Weight::Problem, "drops what this machine sends", "insert rule ip filter output");
    is(&one(&diagnosis, "interface"), Weight::Problem, "ip filter output", "insert rule ip filter output");
}

#[test]
fn who_may_send_datagrams_and_open_no_connection_cannot_join() {
    let diagnosis = with(|facts| {
        let tool = Tool::Nftables("ip filter output".into());
        facts.firewalls = vec![Firewall { direction: Direction::Out, ..wall(tool, Gate::Shut, Gate::Open) }];
    });
    is(&one(&diagnosis, "firewall"), Weight::Problem, "to TCP port 8808", "insert rule ip filter output");
    assert!(!diagnosis.findable, "what is found and cannot be joined is of no use");
}

#[test]
fn each_obstacle_has_its_reason() {
    let across = |system, obstacle| {
        let diagnosis = with(|facts| {
            facts.system = system;
            facts.interfaces = vec![interface("eth0", "192.168.1.7", all(&failed(obstacle)))];
        });
        assert!(!diagnosis.findable);
        one(&diagnosis, "interface")
    };
    let problem = |finding: &Finding, text, cure| is(finding, Weight::Problem, text, cure);
    problem(&across(System::Linux, Obstacle::Taken), "another program keeps UDP port 8808", "--port 8809");
    problem(&across(System::Linux, Obstacle::NoWay), "no multicast", "sudo ip link set eth0 multicast on");
    problem(&across(System::Windows, Obstacle::NoWay), "no multicast", "hybrid-chat 192.168.1.7");
    problem(&across(System::Linux, Obstacle::Forbidden), "forbids", "hybrid-chat 192.168.1.7");
    problem(&across(System::MacOs, Obstacle::Forbidden), "macOS", "Local Network");
    problem(&across(System::Linux, Obstacle::Other("no buffers".into())), "no buffers", "hybrid-chat 192.168.1.7");
}

/// P01, P10: interfaces of containers and tunnels come first, and the way out is a tunnel.
#[test]
fn containers_and_a_vpn_do_not_hide_the_lan() {
    let diagnosis = with(|facts| {
        facts.interfaces.insert(0, unused("tun0", "10.8.0.2"));
        facts.interfaces.insert(0, unused("docker0", "172.17.0.1"));
        facts.way_out = Some("tun0".into());
    });
    assert!(diagnosis.findable);
    is(&one(&diagnosis, "left-out"), Weight::Hint, "docker0 and tun0", "--interface docker0");
    is(&one(&diagnosis, "vpn"), Weight::Hint, "tun0, as with a VPN", "allow the LAN");
    assert_eq!(diagnosis.typed, ["hybrid-chat 192.168.1.7"]);
}

#[test]
fn a_way_out_that_was_not_asked_for_is_no_vpn_unless_it_is_one() {
    for (way_out, is_vpn) in [("eth1", false), ("tun0", true)] {
        let diagnosis = with(|facts| {
            facts.asked = vec!["eth0".into()];
            facts.interfaces.push(unused(way_out, "10.8.0.2"));
            facts.way_out = Some(way_out.into());
        });
        assert_eq!(diagnosis.findings.iter().any(|finding| finding.about == "vpn"), is_vpn, "{way_out}");
    }
}

#[test]
fn a_machine_on_no_lan_is_told_so() {
    let diagnosis = with(|facts| facts.interfaces.clear());
    assert!(!diagnosis.findable && diagnosis.typed.is_empty());
    is(&one(&diagnosis, "interface"), Weight::Problem, "on no LAN", "by cable or Wi-Fi");
    let diagnosis = with(|facts| facts.interfaces = vec![unused("tun0", "10.8.0.2")]);
    is(&one(&diagnosis, "interface"), Weight::Problem, "on no LAN", "--interface tun0");
}

#[test]
fn an_interface_that_was_asked_for_and_is_not_there_is_named() {
    let diagnosis = with(|facts| {
        facts.asked = vec!["eth0".into(), "eth7".into(), "wlan0".into()];
        facts.interfaces.push(unused("wlan0", "10.0.0.7"));
    });
    let problems: Vec<_> = diagnosis.findings.iter().filter(|finding| finding.weight == Weight::Problem).collect();
    assert_eq!(problems.len(), 2);
    is(problems[0], Weight::Problem, "eth7 does not exist", "leave out --interface");
    is(problems[1], Weight::Problem, "wlan0 is not up", "");
}

#[test]
fn what_has_the_port_is_told() {
    let door = |door: Door| with(|facts| facts.door = door);
    let room = door(Door::Room { host: Some("capo".into()) });
    assert!(room.findable);
    is(&one(&room, "port"), Weight::Fine, "hosted by capo", "");
    let stranger = door(Door::Stranger { found: "it says nothing".into() });
    assert!(!stranger.findable, "the same command fails here");
    is(&one(&stranger, "port"), Weight::Problem, "it says nothing", "--port 8809");
    let barred = door(Door::Barred { why: "permission denied".into() });
    assert!(barred.findable, "joining needs no port");
    is(&one(&barred, "port"), Weight::Problem, "permission denied", "--port");
}

/// P16: what is sent to all never leaves.
#[test]
fn wsl_and_containers_are_told_what_does_not_leave_them() {
    let kind = |kind| with(|facts| facts.kind = kind);
    let container = kind(Kind::Container);
    assert!(container.findable);
    is(&one(&container, "container"), Weight::Hint, "only other containers", "--network host");
    for (network, findable, weight) in [
        (WslNetwork::Translated, false, Weight::Problem),
        (WslNetwork::Unknown, true, Weight::Hint),
        (WslNetwork::Mirrored, true, Weight::Fine),
    ] {
        let wsl = kind(Kind::Wsl(network));
        assert_eq!(wsl.findable, findable);
        is(&one(&wsl, "wsl"), weight, "WSL", if weight == Weight::Fine { "" } else { "networkingMode=mirrored" });
    }
}

#[test]
fn a_wifi_is_a_hint_only() {
    let diagnosis = with(|facts| facts.interfaces[0].wireless = true);
    assert!(diagnosis.findable);
    is(&one(&diagnosis, "wifi"), Weight::Hint, "client isolation", "hybrid-chat 192.168.1.7");
}

#[test]
fn what_could_not_be_looked_at_is_said() {
    let diagnosis = with(|facts| facts.unread = vec!["the rules of nftables: only root may read them".into()]);
    assert!(diagnosis.findable);
    is(&one(&diagnosis, "unread"), Weight::Unknown, "only root", "sudo hybrid-chat doctor");
}

#[test]
fn every_problem_has_a_cure_and_every_finding_is_one_line() {
    let outcomes = [
        Outcome::Heard,
        Outcome::Silent,
        failed(Obstacle::Taken),
        failed(Obstacle::NoWay),
        failed(Obstacle::Other("x".into())),
    ];
    let doors = [Door::Free, Door::Stranger { found: "x".into() }, Door::Barred { why: "x".into() }];
    let gates = [Gate::Open, Gate::Shut, Gate::Unclear];
    for system in [System::Linux, System::MacOs, System::Windows, System::Other] {
        for (outcome, door) in outcomes.iter().flat_map(|outcome| doors.iter().map(move |door| (outcome, door))) {
            for gate in gates {
                let diagnosis = with(|facts| {
                    (facts.system, facts.door) = (system, door.clone());
                    facts.interfaces = vec![interface("eth0", "192.168.1.7", all(outcome))];
                    facts.firewalls = vec![wall(Tool::Iptables, gate, gate)];
                });
                for finding in &diagnosis.findings {
                    assert!(finding.weight != Weight::Problem || finding.cure.is_some(), "{finding:?}");
                    assert!(!finding.text.contains('\n') && !finding.text.is_empty(), "{finding:?}");
                }
            }
        }
    }
}
