//! What a peer sees and tells on the LAN, if it does either.
//!
//! What is done on the way there is discovery's business; what a sighting leads to, the election's.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use crate::config::Config;
use crate::discovery::{Lan, Scope, Task};
use crate::election::Lookout;
use crate::error::Result;
use crate::limits::SIGHTINGS;
use crate::listing;
use crate::mailbox::Mailbox;
use crate::net::Net;
use crate::room::id::PeerId;
use crate::sighting::{Announcement, Seen};

/// The LAN, as far as this peer has to do with it.
pub(super) struct Street {
    lan: Option<Lan>,
    /// Who was seen.
    pub(super) seen: Arc<Mailbox<Seen>>,
}

impl Street {
    /// Nobody is seen, and nobody told of.
    pub(super) fn empty() -> Self {
        Self { lan: None, seen: Arc::new(Mailbox::new(SIGHTINGS)) }
    }

    /// The street on which a room that listens at `listen` is found (where we never host: somebody else's).
    ///
    /// # Errors
    /// There are no means to look around.
    pub(super) fn open(config: &Config, listen: Option<SocketAddr>, me: PeerId, net: &Net) -> Result<Self> {
        let mut street = Self::empty();
        street.seen.on_push(net.wake());
        let interfaces = match listen.map(|listen| listen.ip()) {
            // Nobody else gets to a room in here.
            Some(ip) if ip.is_loopback() && config.interfaces.is_empty() => return Ok(street),
            Some(ip) if !ip.is_unspecified() && config.interfaces.is_empty() => interfaces_of(ip),
            _ => config.interfaces.clone(),
        };
        if config.discovery {
            let scope = Scope { port: config.port, interfaces, me };
            street.lan = Some(Lan::open(scope, net.clock, street.seen.clone())?);
        }
        Ok(street)
    }

    /// Whether anybody can be seen at all.
    pub(super) fn has_a_view(&self) -> bool {
        self.lan.as_ref().is_some_and(|lan| !lan.is_blind())
    }

    /// What cannot be looked at, a line for each.
    pub(super) fn troubles(&self) -> Vec<String> {
        self.lan.as_ref().map(Lan::troubles).unwrap_or_default()
    }

    /// Looks around, or no more.
    pub(super) fn look(&self, lookout: Lookout) {
        self.set(match lookout {
            Lookout::Rest => Task::Rest,
            Lookout::Look { hosts_at } => Task::Look { hosts_at },
        });
    }

    /// Tells others of our room, or no more.
    pub(super) fn announce(&self, announcement: Option<Announcement>) {
        self.set(announcement.map_or(Task::Rest, Task::Announce));
    }

    fn set(&self, task: Task) {
        if let Some(lan) = &self.lan {
            lan.set(task);
        }
    }
}

/// The names of the interfaces that have this address.
fn interfaces_of(ip: IpAddr) -> Vec<String> {
    // One that cannot be listed cannot be looked at either.
    let listed = listing::list().unwrap_or_default();
    listed.into_iter().filter(|interface| interface.has(ip)).map(|interface| interface.name).collect()
}
