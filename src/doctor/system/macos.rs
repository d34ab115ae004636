//! macOS: its application firewall, as documented. Written from the manual pages; not run here.

use super::{Lan, Walls, this_program};
use crate::doctor::command::ask;
use crate::doctor::facts::{Direction, Firewall, Gate, Kind, System, Tool};

pub(super) const SYSTEM: System = System::MacOs;

/// The program that manages the application firewall.
const FIREWALL: &str = "/usr/libexec/ApplicationFirewall/socketfilterfw";

/// It goes by programs, not by ports: while it is on, others get to programs that somebody allowed.
pub(super) fn walls(_port: u16, _lan: Lan<'_>) -> Walls {
    let is_on = ask(FIREWALL, &["--getglobalstate"]).is_some_and(|answer| answer.text.contains("enabled"));
    if !is_on {
        return Walls::default();
    }
    let program = this_program();
    let answer = ask(FIREWALL, &["--getappblocked", &program]);
    let gate = match answer.map(|answer| answer.text) {
        Some(text) if text.contains("permitted") || text.contains("allowed") => Gate::Open,
        Some(text) if text.contains("blocked") => Gate::Shut,
        _ => Gate::Unclear,
    };
    let firewall = Firewall { tool: Tool::MacOs(program), direction: Direction::In, tcp: gate, udp: gate };
    Walls { firewalls: vec![firewall], unread: Vec::new() }
}

pub(super) fn kind() -> Kind {
    Kind::Machine
}

pub(super) fn is_wireless(interface: &str) -> bool {
    let ports = ask("/usr/sbin/networksetup", &["-listallhardwareports"]).map(|answer| answer.text).unwrap_or_default();
    let mut lines = ports.lines().skip_while(|line| *line != "Hardware Port: Wi-Fi");
    lines.nth(1).is_some_and(|line| line == format!("Device: {interface}"))
}
