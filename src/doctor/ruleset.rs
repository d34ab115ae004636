//! What nftables' rules do with a room's packets: `nft --json list ruleset`, read as far as packet filters are usually written.
//!
//! A match that is not understood may hold or not, so that a verdict is one of three: through, dropped, or not to be told. Pure.

use std::net::IpAddr;

use serde_json::Value;

use super::facts::{Direction, Firewall, Gate, Tool};
use crate::interfaces::Subnet;
use crate::limits::RULESET_DEPTH;

/// A packet of a room: the first one between two machines, so that nothing is known of its connection yet.
#[derive(Debug, Clone)]
pub(super) struct Packet<'a> {
    /// `tcp` or `udp`.
    pub(super) protocol: &'static str,
    /// The port that it goes to.
    pub(super) port: u16,
    /// Where it goes.
    pub(super) to: IpAddr,
    /// `host`, `multicast` or `broadcast`.
    pub(super) kind: &'static str,
    /// The interface that it comes in, or goes out, by.
    pub(super) interface: &'a str,
}

/// A chain where packets enter the rules.
struct Base<'a> {
    family: &'a str,
    table: &'a str,
    name: &'a str,
    drops: bool,
}

/// What a list of rules may do with a packet: each that is possible.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Fate {
    accept: bool,
    drop: bool,
    /// It may come out at the end of the list, or return from it.
    ends: bool,
}

/// Whether a match holds; `None`: that cannot be told.
type Held = Option<bool>;

/// The firewalls that `ruleset` makes of nftables: its base chains that may keep packets of a room at `port` from passing
/// `interface`. None: everything gets through. `None`: not in the form that `nft --json list ruleset` prints.
pub(super) fn firewalls(ruleset: &str, tcp: &Packet<'_>, udp: &Packet<'_>) -> Option<Vec<Firewall>> {
    let ruleset: Value = serde_json::from_str(ruleset).ok()?;
    let objects = ruleset.get("nftables")?.as_array()?;
    let mut found = Vec::new();
    for (direction, hook) in [(Direction::In, "input"), (Direction::Out, "output")] {
        for base in objects.iter().filter_map(|object| base(object, hook)) {
            let gate = |packet| gate(pass(objects, &base, packet));
            let (tcp, udp) = (gate(tcp), gate(udp));
            if (tcp, udp) != (Gate::Open, Gate::Open) {
                let tool = Tool::Nftables(format!("{} {} {}", base.family, base.table, base.name));
                found.push(Firewall { tool, direction, tcp, udp });
            }
        }
    }
    Some(found)
}

fn gate(fate: Fate) -> Gate {
    match (fate.accept, fate.drop) {
        (true, false) => Gate::Open,
        (false, true) => Gate::Shut,
        _ => Gate::Unclear,
    }
}

fn base<'a>(object: &'a Value, hook: &str) -> Option<Base<'a>> {
    let chain = object.get("chain")?;
    let text = |key: &str| chain.get(key).and_then(Value::as_str);
    let filters = text("type") == Some("filter") && text("hook") == Some(hook);
    filters.then_some(Base {
        family: text("family").filter(|family| ["ip", "ip6", "inet"].contains(family))?,
        table: text("table")?,
        name: text("name")?,
        drops: text("policy") == Some("drop"),
    })
}

/// What a base chain does with a packet.
fn pass(objects: &[Value], base: &Base<'_>, packet: &Packet<'_>) -> Fate {
    let family = if packet.to.is_ipv4() { "ip" } else { "ip6" };
    if base.family != "inet" && base.family != family {
        return Fate { accept: true, ..Fate::default() };
    }
    let Fate { accept, drop, ends } = chain(objects, base, base.name, packet, 0);
    Fate { accept: accept || ends && !base.drops, drop: drop || ends && base.drops, ends: false }
}

/// What the chain `name` of a base chain's table does with a packet.
fn chain(objects: &[Value], base: &Base<'_>, name: &str, packet: &Packet<'_>, depth: usize) -> Fate {
    if depth > RULESET_DEPTH {
        return Fate { accept: true, drop: true, ends: true };
    }
    let is_here = |rule: &&Value| {
        let is = |key: &str, value: &str| rule.get(key).and_then(Value::as_str) == Some(value);
        is("family", base.family) && is("table", base.table) && is("chain", name)
    };
    let mut fate = Fate::default();
    for rule in objects.iter().filter_map(|object| object.get("rule")).filter(is_here) {
        let statements = rule.get("expr").and_then(Value::as_array);
        for Verdict { certain, kind, target } in verdicts(statements.map_or(&[], Vec::as_slice), packet) {
            let then = match kind {
                "accept" => Fate { accept: true, ..Fate::default() },
                "drop" | "reject" => Fate { drop: true, ..Fate::default() },
                "return" => Fate { ends: true, ..Fate::default() },
                _ => chain(objects, base, target, packet, depth + 1),
            };
            // Whoever jumped comes back and goes on here; every other verdict is the last word on this list.
            let comes_back = kind == "jump" && then.ends;
            fate.accept |= then.accept;
            fate.drop |= then.drop;
            fate.ends |= then.ends && kind != "jump";
            if certain && !comes_back {
                return fate;
            }
        }
    }
    Fate { ends: true, ..fate }
}

/// A verdict that a rule may come to for a packet.
struct Verdict<'a> {
    /// It surely does.
    certain: bool,
    /// `accept`, `drop`, `jump`, …
    kind: &'a str,
    /// The chain to which it goes.
    target: &'a str,
}

/// The verdicts that a rule may come to for a packet.
fn verdicts<'a>(statements: &'a [Value], packet: &Packet<'_>) -> Vec<Verdict<'a>> {
    let mut certain = true;
    for statement in statements {
        let Some((kind, inside)) = statement.as_object().and_then(|one| one.iter().next()) else { continue };
        match kind.as_str() {
            "match" => match holds(inside, packet) {
                Some(true) => {}
                Some(false) => return Vec::new(),
                None => certain = false,
            },
            "vmap" => return mapped(inside, packet, certain),
            "counter" | "log" | "comment" => {}
            "accept" | "drop" | "reject" | "return" | "jump" | "goto" => {
                return vec![Verdict { certain, kind, target: target(inside) }];
            }
            // A limit, a module of iptables, something newer.
            _ => certain = false,
        }
    }
    Vec::new()
}

fn target(inside: &Value) -> &str {
    inside.get("target").and_then(Value::as_str).unwrap_or_default()
}

/// The verdict that a map has for a packet: `ct state vmap { established : accept, invalid : drop }`.
fn mapped<'a>(map: &'a Value, packet: &Packet<'_>, certain: bool) -> Vec<Verdict<'a>> {
    let pairs = map.pointer("/data/set").and_then(Value::as_array);
    let mut found = Vec::new();
    for pair in pairs.map_or(&[][..], Vec::as_slice) {
        let (Some(key), Some(verdict)) = (pair.get(0), pair.get(1)) else { continue };
        let Some((kind, inside)) = verdict.as_object().and_then(|one| one.iter().next()) else { continue };
        match map.get("key").and_then(|left| compare(left, key, packet)) {
            Some(false) => {}
            held => found.push(Verdict { certain: certain && held == Some(true), kind, target: target(inside) }),
        }
    }
    found
}

/// Whether a match holds for a packet.
fn holds(inside: &Value, packet: &Packet<'_>) -> Held {
    let held = compare(inside.get("left")?, inside.get("right")?, packet);
    match inside.get("op").and_then(Value::as_str)? {
        "==" | "in" => held,
        "!=" => held.map(|held| !held),
        _ => None,
    }
}

/// Whether what `left` reads in a packet is `right`.
fn compare(left: &Value, right: &Value, packet: &Packet<'_>) -> Held {
    if let Some(all) = right.get("set").and_then(Value::as_array).or(right.as_array()) {
        let held: Vec<Held> = all.iter().map(|one| compare(left, one, packet)).collect();
        return if held.contains(&Some(true)) {
            Some(true)
        } else {
            held.into_iter().collect::<Option<Vec<_>>>().map(|_| false)
        };
    }
    if right.as_str().is_some_and(|word| word.starts_with('@')) {
        // A set with a name: its elements come and go.
        return None;
    }
    let text = |path: &str| left.pointer(path).and_then(Value::as_str).unwrap_or_default();
    let word = |is: &str| right.as_str().map(|word| word == is);
    // Where the system has no list of names, protocols are numbers.
    let protocol = || match right.as_u64() {
        Some(number) => Some(number == if packet.protocol == "tcp" { 6 } else { 17 }),
        None => word(packet.protocol),
    };
    match (text("/payload/protocol"), text("/payload/field"), text("/meta/key"), text("/ct/key")) {
        ("tcp" | "udp" | "th", "dport", ..) => match text("/payload/protocol") {
            "th" => number(right, packet.port),
            protocol if protocol == packet.protocol => number(right, packet.port),
            _ => Some(false),
        },
        ("tcp" | "udp", ..) if text("/payload/protocol") != packet.protocol => Some(false),
        ("icmp" | "icmpv6" | "igmp", ..) => Some(false),
        ("ip", "protocol", ..) | ("ip6", "nexthdr", ..) => protocol(),
        ("ip", "daddr", ..) | ("ip6", "daddr", ..) => address(right, packet.to),
        ("ip", ..) if packet.to.is_ipv6() => Some(false),
        ("ip6", ..) if packet.to.is_ipv4() => Some(false),
        (_, _, "l4proto", _) => protocol(),
        (_, _, "nfproto", _) => word(if packet.to.is_ipv4() { "ipv4" } else { "ipv6" }),
        (_, _, "pkttype", _) => word(packet.kind),
        (_, _, "iif" | "iifname" | "oif" | "oifname", _) => interface(right, packet.interface),
        (_, _, _, "state") => word("new"),
        _ => None,
    }
}

fn number(right: &Value, port: u16) -> Held {
    match right.get("range").and_then(Value::as_array) {
        Some(range) => {
            let bound = |at: usize| range.get(at).and_then(Value::as_u64);
            Some((bound(0)?..=bound(1)?).contains(&port.into()))
        }
        None => right.as_u64().map(|number| number == u64::from(port)),
    }
}

fn interface(right: &Value, name: &str) -> Held {
    let word = right.as_str()?;
    Some(word.strip_suffix('*').map_or(word == name, |prefix| name.starts_with(prefix)))
}

fn address(right: &Value, to: IpAddr) -> Held {
    let Some(prefix) = right.get("prefix") else {
        return Some(right.as_str()?.parse::<IpAddr>().ok()? == to);
    };
    let ip = prefix.get("addr")?.as_str()?.parse().ok()?;
    let prefix = u8::try_from(prefix.get("len")?.as_u64()?).ok()?;
    Some(Subnet { ip, prefix }.contains(to))
}

#[cfg(test)]
mod tests;
