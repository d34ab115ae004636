//! Linux: ufw, firewalld, nftables and iptables; containers and WSL.

use std::path::Path;
use std::{env, fs};

use super::{Lan, Walls};
use crate::discovery::GROUP_V4;
use crate::doctor::command::{Answer, ask};
use crate::doctor::facts::{Direction, Firewall, Gate, Kind, System, Tool, WslNetwork};
use crate::doctor::ruleset::{self, Packet};
use crate::doctor::tables;

pub(super) const SYSTEM: System = System::Linux;

/// Those that manage others' rules are asked themselves; only where there is none are the rules read.
pub(super) fn walls(port: u16, lan: Lan<'_>) -> Walls {
    match ufw(port).or_else(|| firewalld(port)) {
        Some(firewall) => Walls { firewalls: vec![firewall], unread: Vec::new() },
        None => rules(port, lan),
    }
}

/// ufw says in a file that all may read whether it is on; what it lets in, only root is told.
fn ufw(port: u16) -> Option<Firewall> {
    let settings = fs::read_to_string("/etc/ufw/ufw.conf").ok()?;
    if !settings.lines().any(|line| line.trim().eq_ignore_ascii_case("ENABLED=yes")) {
        return None;
    }
    let status = tool("ufw", &["status", "verbose"]).filter(|answer| answer.agreed);
    let (tcp, udp) = match status {
        Some(status) if status.text.starts_with("Status: inactive") => return None,
        Some(status) => tables::ufw(&status.text, port),
        None => (Gate::Unclear, Gate::Unclear),
    };
    Some(Firewall { tool: Tool::Ufw, direction: Direction::In, tcp, udp })
}

/// firewalld answers everybody whether a port is open in the zone that interfaces are in by default.
fn firewalld(port: u16) -> Option<Firewall> {
    tool("firewall-cmd", &["--state"]).filter(|answer| answer.agreed)?;
    // "no" and a question that is not answered both end with a status other than 0.
    let gate = |protocol: &str| match tool("firewall-cmd", &[&format!("--query-port={port}/{protocol}")]) {
        Some(answer) if answer.agreed => Gate::Open,
        Some(answer) if answer.text.trim() == "no" => Gate::Shut,
        _ => Gate::Unclear,
    };
    Some(Firewall { tool: Tool::Firewalld, direction: Direction::In, tcp: gate("tcp"), udp: gate("udp") })
}

/// The rules of nftables, and those of the older iptables.
fn rules(port: u16, lan: Lan<'_>) -> Walls {
    let mut walls = Walls::default();
    let tcp = Packet { protocol: "tcp", port, to: lan.ip, kind: "host", interface: lan.name };
    let udp = Packet { protocol: "udp", to: GROUP_V4.into(), kind: "multicast", ..tcp.clone() };
    match tool("nft", &["--json", "list", "ruleset"]).filter(|answer| answer.agreed) {
        Some(answer) => match ruleset::firewalls(&answer.text, &tcp, &udp) {
            Some(found) => walls.firewalls.extend(found),
            None => walls.unread.push("the rules of nftables, in a form that is not known".into()),
        },
        None if is_root() => walls.unread.push("the rules of nftables: there is no program nft".into()),
        None => walls.unread.push("the rules of nftables: only root may read them".into()),
    }
    // Empty or absent where nobody has ever made such a rule; not to be read by others than root.
    let tables = fs::read_to_string("/proc/net/ip_tables_names").unwrap_or_default();
    if tables.lines().any(|table| table == "filter") {
        match tool("iptables-legacy-save", &["-t", "filter"]).or_else(|| tool("iptables-save", &["-t", "filter"])) {
            Some(answer) if answer.agreed => walls.firewalls.extend(tables::iptables(&answer.text, port)),
            _ => walls.unread.push("the rules of iptables: there is no program iptables-save".into()),
        }
    }
    walls
}

/// Asks a program that administrators have; its folders need not be in everybody's path.
fn tool(name: &str, args: &[&str]) -> Option<Answer> {
    let folders = env::var_os("PATH").map(|path| env::split_paths(&path).collect::<Vec<_>>()).unwrap_or_default();
    let more = ["/usr/sbin", "/sbin"].map(Into::into);
    let found = folders.into_iter().chain(more).map(|folder| folder.join(name)).find(|path| path.is_file())?;
    ask(found.to_str()?, args)
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

pub(super) fn kind() -> Kind {
    let release = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    if release.to_lowercase().contains("microsoft") {
        return Kind::Wsl(match ask("wslinfo", &["--networking-mode"]).map(|answer| answer.text) {
            Some(mode) if mode.trim() == "mirrored" => WslNetwork::Mirrored,
            Some(mode) if mode.trim() == "nat" => WslNetwork::Translated,
            _ => WslNetwork::Unknown,
        });
    }
    let marks = ["/.dockerenv", "/run/.containerenv"];
    let groups = fs::read_to_string("/proc/1/cgroup").unwrap_or_default();
    let is_grouped = ["docker", "containerd", "kubepods", "libpod", "lxc"].iter().any(|name| groups.contains(name));
    if is_grouped || marks.iter().any(|mark| Path::new(mark).exists()) { Kind::Container } else { Kind::Machine }
}

pub(super) fn is_wireless(interface: &str) -> bool {
    // Interface names hold no slash.
    ["wireless", "phy80211"].iter().any(|what| Path::new("/sys/class/net").join(interface).join(what).exists())
}
