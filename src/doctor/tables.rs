//! What ufw and iptables print about a port, read as far as such rules are usually written. Pure.

use super::facts::{Direction, Firewall, Gate, Tool};

/// What `ufw status verbose` says of a port: for TCP, and for UDP.
///
/// The first rule that fits decides, as in ufw itself; a rule for certain addresses or interfaces may fit or not.
pub(super) fn ufw(status: &str, port: u16) -> (Gate, Gate) {
    let default = status.lines().find_map(|line| line.strip_prefix("Default: "));
    let default = if default.is_some_and(|line| line.contains("allow (incoming)")) { Gate::Open } else { Gate::Shut };
    let rules = || status.lines().skip_while(|line| !line.starts_with("--")).skip(1);
    let gate = |protocol: &str| rules().find_map(|rule| ufw_rule(rule, port, protocol)).unwrap_or(default);
    (gate("tcp"), gate("udp"))
}

/// What one line of ufw's table says: `8808/tcp   ALLOW IN   Anywhere`.
fn ufw_rule(rule: &str, port: u16, protocol: &str) -> Option<Gate> {
    let mut words = rule.split_whitespace();
    let to = words.next()?;
    let is_for_all = words.clone().last() == Some("Anywhere");
    let (ports, only) = to.split_once('/').unwrap_or((to, protocol));
    let fits = |range: &str| match range.split_once(':') {
        Some((first, last)) => Some((first.parse().ok()?..=last.parse().ok()?).contains(&port)),
        None => Some(range.parse::<u16>().ok()? == port),
    };
    let is_ours = to == "Anywhere" || only == protocol && ports.split(',').any(|range| fits(range) == Some(true));
    match words.next()? {
        _ if !is_ours => None,
        "ALLOW" | "LIMIT" if is_for_all => Some(Gate::Open),
        "DENY" | "REJECT" if is_for_all => Some(Gate::Shut),
        "ALLOW" | "LIMIT" | "DENY" | "REJECT" => Some(Gate::Unclear),
        _ => None,
    }
}

/// The firewall that `iptables-save -t filter` shows, if there is one that may keep others out.
pub(super) fn iptables(saved: &str, port: u16) -> Option<Firewall> {
    let drops = saved.lines().any(|line| line.starts_with(":INPUT DROP"));
    let shuts = |line: &str| line.ends_with("-j DROP") || line.contains("-j REJECT");
    let gate = |protocol: &str| {
        let ours = [format!("-p {protocol} "), format!("--dport {port} ")];
        let is_ours = |line: &&str| ours.iter().all(|part| line.contains(part.as_str()));
        match saved.lines().filter(|line| line.starts_with("-A INPUT")).find(is_ours) {
            Some(line) if line.ends_with("-j ACCEPT") => Gate::Open,
            Some(line) if shuts(line) => Gate::Shut,
            None if drops && !saved.contains("-A INPUT") => Gate::Shut,
            None if !drops && !saved.lines().any(|line| line.starts_with("-A INPUT")) => Gate::Open,
            _ => Gate::Unclear,
        }
    };
    let (tcp, udp) = (gate("tcp"), gate("udp"));
    let direction = Direction::In;
    ((tcp, udp) != (Gate::Open, Gate::Open)).then_some(Firewall { tool: Tool::Iptables, direction, tcp, udp })
}

#[cfg(test)]
mod tests {
    use super::*;

    const UFW: &str = "Status: active\nLogging: on (low)\nDefault: deny (incoming), allow (outgoing), disabled (routed)\nNew profiles: skip\n\nTo                         Action      From\n--                         ------      ----\n22/tcp                     ALLOW IN    Anywhere\n";

    #[test]
    fn the_first_rule_of_ufw_that_fits_decides() {
        let with = |rules: &str| ufw(&format!("{UFW}{rules}\n"), 8808);
        assert_eq!(with(""), (Gate::Shut, Gate::Shut));
        assert_eq!(with("8808                       ALLOW IN    Anywhere"), (Gate::Open, Gate::Open));
        assert_eq!(with("8808/tcp                   ALLOW IN    Anywhere"), (Gate::Open, Gate::Shut));
        assert_eq!(with("8000:9000/udp              ALLOW IN    Anywhere"), (Gate::Shut, Gate::Open));
        assert_eq!(with("8808                       ALLOW IN    192.168.1.0/24"), (Gate::Unclear, Gate::Unclear));
        assert_eq!(with("8808/tcp  DENY IN  Anywhere\n8808  ALLOW IN  Anywhere"), (Gate::Shut, Gate::Open));
        assert_eq!(with("Anywhere                   ALLOW IN    Anywhere"), (Gate::Open, Gate::Open));
        assert_eq!(ufw(&UFW.replace("deny (in", "allow (in"), 8808), (Gate::Open, Gate::Open));
    }

    #[test]
    fn iptables_is_read_where_it_is_plain() {
        let gates = |saved: &str| iptables(saved, 8808).map(|firewall| (firewall.tcp, firewall.udp));
        assert_eq!(gates(":INPUT ACCEPT [0:0]\n"), None);
        assert_eq!(gates(":INPUT DROP [0:0]\n"), Some((Gate::Shut, Gate::Shut)));
        assert_eq!(gates(":INPUT DROP [0:0]\n-A INPUT -i lo -j ACCEPT\n"), Some((Gate::Unclear, Gate::Unclear)));
        let open = "-A INPUT -p tcp -m tcp --dport 8808 -j ACCEPT\n-A INPUT -p udp -m udp --dport 8808 -j ACCEPT\n";
        assert_eq!(gates(&format!(":INPUT DROP [0:0]\n{open}")), None);
        let shut = "-A INPUT -p udp -m udp --dport 8808 -j DROP\n";
        assert_eq!(gates(&format!(":INPUT ACCEPT [0:0]\n{shut}")), Some((Gate::Unclear, Gate::Shut)));
    }
}
