//! Causes and their cures: for each firewall the command that opens it, for each silence what most likely makes it.
//!
//! Pure: it writes commands, and runs none.

use super::facts::{Facts, Firewall, Gate, Interface, Obstacle, Outcome, System, Tool};
use crate::limits::DEFAULT_PORT;

/// Why an interface hears nothing, as far as can be told.
#[derive(Debug, Default)]
pub(super) struct Cause {
    /// A clause, or nothing where it cannot be told.
    pub(super) why: Option<String>,
    /// What helps.
    pub(super) cure: Option<String>,
}

/// Why not everything that was sent across `interface` came back.
pub(super) fn of_silence(interface: &Interface, facts: &Facts) -> Cause {
    let failed = interface.trials.iter().find_map(|trial| match &trial.outcome {
        Outcome::Failed(obstacle) => Some(obstacle),
        _ => None,
    });
    let is_silent = interface.trials.iter().any(|trial| trial.outcome == Outcome::Silent);
    match failed {
        Some(Obstacle::Taken) => Cause {
            why: Some(format!("another program keeps UDP port {} for itself", facts.port)),
            cure: Some(format!("take another port, and so everybody: hybrid-chat --port {}", another_port(facts.port))),
        },
        Some(Obstacle::Forbidden) if facts.system == System::MacOs => Cause {
            why: Some("macOS does not let this program onto the local network".into()),
            cure: Some("System Settings, Privacy & Security, Local Network: switch it on for the terminal".into()),
        },
        _ if is_silent || failed == Some(&Obstacle::Forbidden) => by_a_firewall(facts, failed.is_some()),
        Some(Obstacle::NoWay) => Cause {
            why: Some("it has no multicast, or no route for it".into()),
            cure: (facts.system == System::Linux).then(|| format!("sudo ip link set {} multicast on", interface.name)),
        },
        Some(Obstacle::Other(why)) => Cause { why: Some(why.clone()), cure: None },
        _ => Cause::default(),
    }
}

/// A firewall drops it: the one that is known to, or one of which that could not be told.
fn by_a_firewall(facts: &Facts, is_forbidden: bool) -> Cause {
    let by_udp = |gate: Gate| facts.firewalls.iter().find(|firewall| firewall.udp == gate);
    let sentence = |firewall: &Firewall, verb: &str| format!("{} {verb} it", name(&firewall.tool));
    match (by_udp(Gate::Shut), by_udp(Gate::Unclear)) {
        (Some(firewall), _) => {
            Cause { why: Some(sentence(firewall, "drops")), cure: Some(open(&firewall.tool, facts.port)) }
        }
        (None, Some(firewall)) => {
            Cause { why: Some(sentence(firewall, "may drop")), cure: Some(open(&firewall.tool, facts.port)) }
        }
        (None, None) if is_forbidden => Cause { why: Some("this machine forbids sending it".into()), cure: None },
        (None, None) => Cause { why: Some("something on this machine drops it".into()), cure: None },
    }
}

/// A port that is likely to be free where `port` is not.
pub(super) fn another_port(port: u16) -> u16 {
    if (1024..u16::MAX).contains(&port) { port + 1 } else { DEFAULT_PORT }
}

/// A firewall as people call it.
pub(super) fn name(tool: &Tool) -> String {
    match tool {
        Tool::Ufw => "the firewall ufw".into(),
        Tool::Firewalld => "the firewall firewalld".into(),
        Tool::Nftables(chain) => format!("the nftables chain \"{chain}\""),
        Tool::Iptables => "a firewall made with iptables".into(),
        Tool::Windows(_) => "Windows Defender Firewall".into(),
        Tool::MacOs(_) => "the macOS firewall".into(),
    }
}

/// The one command that lets others in at `port`, TCP and UDP.
pub(super) fn open(tool: &Tool, port: u16) -> String {
    match tool {
        Tool::Ufw => format!("sudo ufw allow {port}"),
        Tool::Firewalld => format!("sudo firewall-cmd --add-port={port}/tcp --add-port={port}/udp"),
        Tool::Nftables(chain) => {
            format!("sudo nft insert rule {chain} meta l4proto '{{ tcp, udp }}' th dport {port} accept")
        }
        Tool::Iptables => {
            format!("for p in tcp udp; do sudo iptables -I INPUT -p $p --dport {port} -j ACCEPT; done")
        }
        Tool::Windows(program) => format!(
            "netsh advfirewall firewall add rule name=hybrid-chat dir=in action=allow profile=any program=\"{program}\""
        ),
        Tool::MacOs(program) => {
            format!("sudo /usr/libexec/ApplicationFirewall/socketfilterfw --unblockapp '{program}'")
        }
    }
}
