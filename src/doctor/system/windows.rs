//! Windows: Defender's firewall, as documented. Written from the documentation; not run here.

use super::{Lan, Walls, this_program};
use crate::doctor::command::ask;
use crate::doctor::facts::{Direction, Firewall, Gate, Kind, System, Tool};

pub(super) const SYSTEM: System = System::Windows;

/// Where the profiles say whether their firewall is on: the names and values are the same in every language.
const PROFILES: &str = r"HKLM\SYSTEM\CurrentControlSet\Services\SharedAccess\Parameters\FirewallPolicy";

/// While it is on, others get to programs that have a rule. Ours is the one that the cure makes; another may be there.
pub(super) fn walls(_port: u16, _lan: Lan<'_>) -> Walls {
    let is_on = |profile: &str| {
        let key = format!(r"{PROFILES}\{profile}");
        ask("reg", &["query", &key, "/v", "EnableFirewall"]).is_some_and(|answer| answer.text.contains("0x1"))
    };
    if !["StandardProfile", "PublicProfile"].into_iter().any(is_on) {
        return Walls::default();
    }
    let rule = ask("netsh", &["advfirewall", "firewall", "show", "rule", "name=hybrid-chat"]);
    let gate = if rule.is_some_and(|answer| answer.agreed) { Gate::Open } else { Gate::Unclear };
    let tool = Tool::Windows(this_program());
    Walls { firewalls: vec![Firewall { tool, direction: Direction::In, tcp: gate, udp: gate }], unread: Vec::new() }
}

pub(super) fn kind() -> Kind {
    Kind::Machine
}

pub(super) fn is_wireless(interface: &str) -> bool {
    interface.starts_with("Wi-Fi") || interface.starts_with("WLAN")
}
