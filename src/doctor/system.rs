//! What only the operating system can tell, and each in its own way: firewalls, Wi-Fi, what kind of machine this is.
//!
//! One file for each system, all with the same functions. They look at files and ask programs; nothing is changed.

#[cfg(target_os = "linux")]
#[path = "system/linux.rs"]
mod own;
#[cfg(target_os = "macos")]
#[path = "system/macos.rs"]
mod own;
#[cfg(windows)]
#[path = "system/windows.rs"]
mod own;
#[cfg(not(any(target_os = "linux", target_os = "macos", windows)))]
#[path = "system/other.rs"]
mod own;

use std::net::IpAddr;

use super::facts::{Firewall, Kind, System};

/// Which system this is.
pub(super) const SYSTEM: System = own::SYSTEM;

/// Firewalls that are switched on, and what could not be looked at.
#[derive(Debug, Default)]
pub(super) struct Walls {
    /// The firewalls.
    pub(super) firewalls: Vec<Firewall>,
    /// Whole clauses.
    pub(super) unread: Vec<String>,
}

/// By what others come in.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lan<'a> {
    /// The interface.
    pub(super) name: &'a str,
    /// Its address.
    pub(super) ip: IpAddr,
}

/// The firewalls of this machine, as far as they have to do with `port` and what comes in by `lan`.
pub(super) fn walls(port: u16, lan: Lan<'_>) -> Walls {
    own::walls(port, lan)
}

/// What kind of machine this is.
pub(super) fn kind() -> Kind {
    own::kind()
}

/// Whether an interface is a Wi-Fi, where that can be told.
pub(super) fn is_wireless(interface: &str) -> bool {
    own::is_wireless(interface)
}

/// The path of this program, for a firewall that goes by programs.
#[cfg(any(target_os = "macos", windows))]
fn this_program() -> String {
    std::env::current_exe().map_or_else(|_| "hybrid-chat".into(), |path| path.display().to_string())
}
