//! What was seen of this machine and its networks, as plain values. Who looked, and what follows, is elsewhere.

use std::net::IpAddr;

/// Everything that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// The room's port.
    pub port: u16,
    /// The interfaces that were asked for by name; none: all that lead to a LAN.
    pub asked: Vec<String>,
    /// All interfaces but loopback, each once.
    pub interfaces: Vec<Interface>,
    /// What is at the room's port on this machine.
    pub door: Door,
    /// The interface by which this machine reaches the rest of the world, if it does.
    pub way_out: Option<String>,
    /// Firewalls that are switched on, as far as can be told.
    pub firewalls: Vec<Firewall>,
    /// What this machine is, where that makes a difference.
    pub kind: Kind,
    /// The operating system.
    pub system: System,
    /// What could not be looked at, and why: whole clauses, "nftables' rules: only root may read them".
    pub unread: Vec<String>,
}

/// A network interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interface {
    /// Its name.
    pub name: String,
    /// Its addresses.
    pub addresses: Vec<IpAddr>,
    /// Whether rooms are looked for on it.
    pub used: bool,
    /// Whether it is a Wi-Fi, where that can be told.
    pub wireless: bool,
    /// What came of talking to ourselves across it.
    pub trials: Vec<Trial>,
}

/// One attempt to talk to ourselves across an interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trial {
    /// By which way.
    pub way: Way,
    /// What came of it.
    pub outcome: Outcome,
}

/// A way in which rooms are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Way {
    /// The beacon, by IPv4 multicast.
    Multicast,
    /// The beacon, by the subnet's broadcast address.
    Broadcast,
    /// The beacon, by IPv6 multicast.
    MulticastV6,
    /// DNS-SD: UDP port 5353, which other programs share.
    DnsSd,
}

/// What came of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// What was sent came back.
    Heard,
    /// It went out, and nothing came back.
    Silent,
    /// The operating system did not let us.
    Failed(Obstacle),
}

/// Why the operating system did not let us, as far as it makes a difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Obstacle {
    /// Another program has the UDP port for itself.
    Taken,
    /// A firewall, or a setting of the system, forbids it.
    Forbidden,
    /// The interface has no such way: no multicast, no route.
    NoWay,
    /// Anything else, in the system's words.
    Other(String),
}

/// What is at the room's TCP port on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Door {
    /// Nothing: we could host there.
    Free,
    /// A room.
    Room {
        /// The host's name, where it said so.
        host: Option<String>,
    },
    /// Something else.
    Stranger {
        /// What it said, or did.
        found: String,
    },
    /// We may not listen there.
    Barred {
        /// Why.
        why: String,
    },
}

/// A firewall on this machine that is switched on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Firewall {
    /// Which.
    pub tool: Tool,
    /// What it is about.
    pub direction: Direction,
    /// Whether others get to the room's TCP port.
    pub tcp: Gate,
    /// Whether questions and answers get to its UDP port.
    pub udp: Gate,
}

/// What a firewall is managed with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tool {
    /// Ubuntu's.
    Ufw,
    /// Fedora's, SUSE's and Red Hat's.
    Firewalld,
    /// Rules of one's own; the chain that decides, as `nft` calls it: `inet filter input`.
    Nftables(String),
    /// Rules of one's own, in the older form.
    Iptables,
    /// Windows Defender, and the program's own path.
    Windows(String),
    /// The application firewall of macOS, and the program's own path.
    MacOs(String),
}

/// What a firewall is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// What comes in.
    In,
    /// What goes out.
    Out,
}

/// Whether something gets through a firewall.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gate {
    /// It does.
    Open,
    /// It does not.
    Shut,
    /// That could not be told.
    Unclear,
}

/// What a machine is, where that makes a difference on the LAN.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A machine, real or virtual, with a network of its own.
    Machine,
    /// A container.
    Container,
    /// Linux in Windows.
    Wsl(WslNetwork),
}

/// How Linux in Windows is connected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WslNetwork {
    /// Behind Windows' own address translation: what is sent to all does not leave the machine.
    Translated,
    /// As Windows itself is.
    Mirrored,
    /// That could not be told.
    Unknown,
}

/// An operating system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum System {
    /// Linux.
    Linux,
    /// macOS.
    MacOs,
    /// Windows.
    Windows,
    /// Another.
    Other,
}
