//! What is said in the same words by every interface for people: how others get in, who hosts, why somebody has gone.
//!
//! Pure: time zone and addresses are asked for through [`Place`].

use std::net::{IpAddr, SocketAddr};

use chrono::{DateTime, FixedOffset};

use super::reach;
use crate::limits::DEFAULT_PORT;
use crate::room::event::{Closed, Connection, Role};

/// What the interface has to ask for.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    /// A time in this machine's time zone.
    pub local: fn(DateTime<FixedOffset>) -> DateTime<FixedOffset>,
    /// This machine's addresses that others can type, now.
    pub addresses: fn() -> Vec<IpAddr>,
    /// Whether the room is announced on the LAN.
    pub lan: bool,
    /// Columns and lines of the terminal; `None`: what is written is not read at a terminal.
    pub terminal_size: fn() -> Option<(u16, u16)>,
}

impl Place {
    /// What others type to get to a room that we host at `address`: whole lines, none where nobody can.
    pub fn invitation(&self, address: &str) -> String {
        let Ok(bound) = address.parse::<SocketAddr>() else { return String::new() };
        let addresses = if bound.ip().is_unspecified() { (self.addresses)() } else { vec![bound.ip()] };
        let commands: Vec<String> = addresses
            .into_iter()
            .map(|ip| format!("hybrid-chat {}", reach::as_typed(SocketAddr::new(ip, bound.port()))))
            .collect();
        if commands.is_empty() {
            return String::new();
        }
        let commands = commands.join(" or ");
        if !self.lan || bound.ip().is_loopback() {
            return format!("Others join with: {commands}\n");
        }
        let port = if bound.port() == DEFAULT_PORT { String::new() } else { format!(" --port {}", bound.port()) };
        format!(
            "Others on this network join with: hybrid-chat{port}\n\
             If that does not find the room: {commands} (and hybrid-chat doctor says why)\n"
        )
    }
}

/// Who hosts the room now, and where.
pub fn moved(role: Role, host: &str, address: &str) -> String {
    match role {
        Role::Host => format!("you host the room now, at {}", bound(address)),
        Role::Client => format!("{host} hosts the room now, at {address}"),
    }
}

/// What is done about a host that is lost.
pub fn lost(state: Connection) -> &'static str {
    match state {
        Connection::Reconnecting => "the host is lost: looking for the room, which goes on",
        Connection::TakingOver => "the host is lost: taking the room over",
    }
}

/// What follows [`lost`] where nothing else is different.
pub const BACK: &str = "back in the room";

/// Who and where we are, as the last `role` event said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Whether we host.
    pub role: Role,
    /// Where the room is.
    pub address: String,
    /// What we are called.
    pub name: String,
    /// What the host is called.
    pub host: String,
}

impl Standing {
    /// Somebody has another name; whether that is ourselves.
    pub fn rename(&mut self, from: &str, to: &str) -> bool {
        let own = self.name == from;
        for name in [&mut self.name, &mut self.host].into_iter().filter(|name| *name == from) {
            to.clone_into(name);
        }
        own
    }
}

/// Where a room is that we host: nobody can type an address that stands for all.
pub fn bound(address: &str) -> String {
    match address.parse::<SocketAddr>() {
        Ok(bound) if bound.ip().is_unspecified() => format!("port {} of this machine", bound.port()),
        _ => address.to_owned(),
    }
}

/// Why we are no longer in the room: `text`, where the host has said something.
pub fn closed(reason: Closed, text: &str) -> &str {
    match reason {
        _ if !text.is_empty() => text,
        Closed::HostShutdown => "the host closed the room",
        Closed::Left => "you left the room",
        Closed::Kicked => "the host removed you from the room",
        Closed::Banned => "the host removed you from the room and does not let you in again",
    }
}
