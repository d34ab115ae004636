//! What follows from the facts: what works, what will not, and the one command that cures it.
//!
//! Pure: facts in, findings out. How they are shown is elsewhere.

use std::net::{IpAddr, SocketAddr};

use super::cure;
use super::facts::{Direction, Door, Facts, Firewall, Gate, Interface, Kind, Outcome, System, Way, WslNetwork};
use crate::interfaces::{Behind, behind};
use crate::ui::reach;

/// What is said of a machine and its networks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnosis {
    /// What was found, in the order in which a datagram meets it.
    pub findings: Vec<Finding>,
    /// Whether a room could be found from here.
    pub findable: bool,
    /// What can be typed on another machine to get here, the likeliest first.
    pub typed: Vec<String>,
}

/// One thing that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// How bad it is.
    pub weight: Weight,
    /// What it is about, one word for scripts.
    pub about: &'static str,
    /// What it is, in plain words and on one line.
    pub text: String,
    /// The command that helps, or what else to do.
    pub cure: Option<String>,
}

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weight {
    /// It works.
    Fine,
    /// It may matter; nothing here can tell.
    Hint,
    /// It could not be looked at.
    Unknown,
    /// It will not work.
    Problem,
}

impl Finding {
    fn new(weight: Weight, about: &'static str, text: impl Into<String>) -> Self {
        Self { weight, about, text: text.into(), cure: None }
    }

    fn cured(self, cure: impl Into<String>) -> Self {
        Self { cure: Some(cure.into()), ..self }
    }
}

/// What follows from `facts`.
pub fn diagnose(facts: &Facts) -> Diagnosis {
    let used = || facts.interfaces.iter().filter(|interface| interface.used);
    let mut findings = Vec::new();
    findings.extend(surroundings(facts));
    findings.extend(absent(facts));
    findings.extend(used().map(|interface| across(interface, facts)));
    findings.extend(left_out(facts));
    findings.extend(tunnel(facts));
    findings.push(door(facts));
    findings.extend(facts.firewalls.iter().map(|firewall| gate(firewall, facts)));
    findings.extend(used().filter(|interface| interface.wireless).map(|interface| isolation(interface, facts)));
    findings.extend(facts.unread.iter().map(|what| unread(what, facts)));
    let findable = used().any(hears)
        && !matches!(facts.door, Door::Stranger { .. })
        && !facts.firewalls.iter().any(locks_in)
        && facts.kind != Kind::Wsl(WslNetwork::Translated);
    Diagnosis { findings, findable, typed: typed(facts) }
}

/// Whether we heard ourselves across it in any way.
fn hears(interface: &Interface) -> bool {
    interface.trials.iter().any(|trial| trial.outcome == Outcome::Heard)
}

/// Whether it keeps this machine from joining any room that it finds.
fn locks_in(firewall: &Firewall) -> bool {
    firewall.direction == Direction::Out && firewall.tcp == Gate::Shut
}

/// What can be typed on another machine to get here.
fn typed(facts: &Facts) -> Vec<String> {
    let used = facts.interfaces.iter().filter(|interface| interface.used);
    let addresses = used.flat_map(|one| one.addresses.iter().map(|ip| (one.name.clone(), *ip)));
    let reachable = reach::reachable(addresses).into_iter();
    reachable.map(|ip| format!("hybrid-chat {}", reach::as_typed(SocketAddr::new(ip, facts.port)))).collect()
}

/// What to do where nobody is found by looking.
fn by_hand(facts: &Facts) -> String {
    match typed(facts).first() {
        Some(command) => format!("type this on the other machine, while the room is hosted here: {command}"),
        None => "type the other machine's address: hybrid-chat ADDRESS".into(),
    }
}

/// What the machine is.
fn surroundings(facts: &Facts) -> Option<Finding> {
    match facts.kind {
        Kind::Machine => None,
        Kind::Container => Some(
            Finding::new(
                Weight::Hint,
                "container",
                "this is a container: unless it is on the machine's own network, only other containers are found, and nobody gets in from outside",
            )
            .cured("docker run --network host …"),
        ),
        Kind::Wsl(WslNetwork::Mirrored) => {
            Some(Finding::new(Weight::Fine, "wsl", "this is WSL, on the same network as Windows (mirrored)"))
        }
        Kind::Wsl(network) => {
            let (weight, text) = match network {
                WslNetwork::Translated => (
                    Weight::Problem,
                    "this is WSL behind Windows' address translation: nothing that is sent to all leaves it, and nobody gets in",
                ),
                _ => (Weight::Hint, "this is WSL: unless its network is mirrored, nothing that is sent to all leaves it"),
            };
            let cure = "run hybrid-chat in Windows instead, or write networkingMode=mirrored under [wsl2] in .wslconfig, then: wsl --shutdown";
            Some(Finding::new(weight, "wsl", text).cured(cure))
        }
    }
}

/// Interfaces that were asked for and are not there, and none at all.
fn absent(facts: &Facts) -> Vec<Finding> {
    let usable = |name: &&String| facts.interfaces.iter().any(|one| one.name == **name && one.used);
    let mut found: Vec<Finding> = facts
        .asked
        .iter()
        .filter(|name| !usable(name))
        .map(|name| {
            let known = facts.interfaces.iter().any(|one| one.name == *name);
            let why = if known { "is not up, or has no address" } else { "does not exist" };
            let finding = Finding::new(Weight::Problem, "interface", format!("the interface {name} {why}"));
            finding.cured("leave out --interface to use all that lead to a LAN: hybrid-chat doctor")
        })
        .collect();
    if facts.asked.is_empty() && !facts.interfaces.iter().any(|one| one.used) {
        let finding =
            Finding::new(Weight::Problem, "interface", "this machine is on no LAN: no interface leads to one");
        let cure = match facts.interfaces.first() {
            Some(one) => format!("connect it; or, if others are behind {0}, name it: --interface {0}", one.name),
            None => "connect it to a network by cable or Wi-Fi".into(),
        };
        found.push(finding.cured(cure));
    }
    found
}

/// What came of talking to ourselves across one interface.
fn across(interface: &Interface, facts: &Facts) -> Finding {
    let ways = |heard: bool| {
        let trials = interface.trials.iter().filter(|trial| (trial.outcome == Outcome::Heard) == heard);
        trials.map(|trial| way(trial.way)).collect::<Vec<_>>()
    };
    let (heard, deaf) = (ways(true), ways(false));
    let name = called(interface);
    if deaf.is_empty() && !heard.is_empty() {
        return Finding::new(Weight::Fine, "interface", format!("{name}: hears itself by {}", list(&heard, "and")));
    }
    let cause = cure::of_silence(interface, facts);
    let why = cause.why.map(|why| format!(": {why}")).unwrap_or_default();
    let (weight, text) = if heard.is_empty() {
        (
            Weight::Problem,
            format!("{name}: nothing that is sent to all comes back{why}; no room is found there by looking"),
        )
    } else {
        let (heard, deaf) = (list(&heard, "and"), list(&deaf, "or"));
        (Weight::Hint, format!("{name}: hears itself by {heard}, not by {deaf}{why}"))
    };
    let cure = cause.cure.or_else(|| (weight == Weight::Problem).then(|| by_hand(facts)));
    Finding { cure, ..Finding::new(weight, "interface", text) }
}

/// An interface as it is shown: `eth0 (192.168.1.7)`.
fn called(interface: &Interface) -> String {
    let shown = |ip: &&IpAddr| ip.is_ipv4() || interface.addresses.iter().all(IpAddr::is_ipv6);
    match interface.addresses.iter().find(shown) {
        Some(ip) => format!("{} ({ip})", interface.name),
        None => interface.name.clone(),
    }
}

fn way(way: Way) -> &'static str {
    match way {
        Way::Multicast => "multicast",
        Way::Broadcast => "broadcast",
        Way::MulticastV6 => "IPv6 multicast",
        Way::DnsSd => "DNS-SD",
    }
}

/// `a`, `a and b`, `a, b and c`.
fn list(words: &[&str], and: &str) -> String {
    match words {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [first @ .., last] => format!("{} {and} {last}", first.join(", ")),
    }
}

/// Interfaces on which nobody looks.
fn left_out(facts: &Facts) -> Option<Finding> {
    let names: Vec<&str> =
        facts.interfaces.iter().filter(|interface| !interface.used).map(|interface| &*interface.name).collect();
    if names.is_empty() || !facts.asked.is_empty() {
        return None;
    }
    let text = format!("left out, because no LAN is behind such interfaces: {}", list(&names, "and"));
    let cure = format!("only if others are there: hybrid-chat --interface {}", names[0]);
    Some(Finding::new(Weight::Hint, "left-out", text).cured(cure))
}

/// A VPN that takes what leaves the machine.
fn tunnel(facts: &Facts) -> Option<Finding> {
    let name = facts.way_out.as_ref()?;
    let interface = facts.interfaces.iter().find(|interface| interface.name == *name)?;
    // The way out that was not asked for may lead to a LAN.
    if interface.used || !facts.asked.is_empty() && behind(name) == Behind::Lan {
        return None;
    }
    let text = format!(
        "the way out of this machine is {name}, as with a VPN: many keep the LAN out, and other machines' rooms with it"
    );
    Some(
        Finding::new(Weight::Hint, "vpn", text)
            .cured("if nobody is found, allow the LAN in the VPN's settings, or disconnect it"),
    )
}

/// What is at the room's port.
fn door(facts: &Facts) -> Finding {
    let port = facts.port;
    match &facts.door {
        Door::Free => Finding::new(Weight::Fine, "port", format!("port {port} is free: a room can be hosted here")),
        Door::Room { host: None } => {
            Finding::new(Weight::Fine, "port", format!("a room is at port {port} of this machine"))
        }
        Door::Room { host: Some(name) } => {
            Finding::new(Weight::Fine, "port", format!("a room is at port {port} of this machine, hosted by {name}"))
        }
        Door::Stranger { found } => {
            let text = format!("another program has port {port} of this machine ({found}): no room can be hosted here");
            Finding::new(Weight::Problem, "port", text)
                .cured(format!("take another port, and so everybody: hybrid-chat --port {}", cure::another_port(port)))
        }
        Door::Barred { why } => {
            let text = format!("port {port} cannot be listened on ({why}): rooms can be joined from here, not hosted");
            Finding::new(Weight::Problem, "port", text)
                .cured(format!("take another port, and so everybody: hybrid-chat --port {}", cure::another_port(port)))
        }
    }
}

/// What a firewall lets through.
fn gate(firewall: &Firewall, facts: &Facts) -> Finding {
    let (name, port) = (cure::name(&firewall.tool), facts.port);
    let (weight, text) = match (firewall.tcp, firewall.udp) {
        (Gate::Shut, Gate::Shut) if firewall.direction == Direction::Out => (
            Weight::Problem,
            format!("{name} drops what this machine sends to port {port}: it finds and reaches nobody"),
        ),
        (Gate::Shut, _) if firewall.direction == Direction::Out => (
            Weight::Problem,
            format!("{name} drops what this machine sends to TCP port {port}: it may find rooms, and joins none"),
        ),
        (_, Gate::Shut) if firewall.direction == Direction::Out => (
            Weight::Problem,
            format!(
                "{name} drops what this machine sends to UDP port {port}: it finds only rooms that announce themselves"
            ),
        ),
        _ if firewall.direction == Direction::Out => (
            Weight::Unknown,
            format!("{name} looks at what this machine sends; whether port {port} gets through could not be told"),
        ),
        (Gate::Open, Gate::Open) => (Weight::Fine, format!("{name} is on, and lets others in at port {port}")),
        (Gate::Shut, Gate::Shut) => (
            Weight::Problem,
            format!("{name} is on and lets nobody in at port {port}: others cannot join a room that is hosted here"),
        ),
        (Gate::Shut, _) => (
            Weight::Problem,
            format!(
                "{name} is on and lets nobody in at TCP port {port}: others find a room that is hosted here, and cannot join it"
            ),
        ),
        (_, Gate::Shut) => (
            Weight::Problem,
            format!(
                "{name} is on and drops what comes to UDP port {port}: others' questions and answers do not arrive"
            ),
        ),
        _ => (Weight::Unknown, format!("{name} is on; whether it lets others in at port {port} could not be told")),
    };
    let finding = Finding::new(weight, "firewall", text);
    if weight == Weight::Fine { finding } else { finding.cured(cure::open(&firewall.tool, port)) }
}

/// What no machine can see by itself.
fn isolation(interface: &Interface, facts: &Facts) -> Finding {
    let text = format!(
        "{} is a Wi-Fi: guest networks and those with \"client isolation\" keep machines apart, which none of them can see by itself",
        interface.name
    );
    Finding::new(Weight::Hint, "wifi", text)
        .cured(format!("if nobody is found, use another network; or {}", by_hand(facts)))
}

/// What could not be looked at.
fn unread(what: &str, facts: &Facts) -> Finding {
    let finding = Finding::new(Weight::Unknown, "unread", format!("not looked at: {what}"));
    if facts.system == System::Linux && what.contains("root") {
        finding.cured("sudo hybrid-chat doctor")
    } else {
        finding
    }
}

#[cfg(test)]
mod tests;
