//! Where we are and as what, as the last `role` event said: the interface tells it, and the thread that reads what is
//! typed asks for it.
//!
//! It keeps nothing else of the event, and decides nothing.

use std::net::SocketAddr;

use parking_lot::Mutex;

use crate::room::event::Role;

/// Where we are; nowhere before the first `role`.
#[derive(Debug, Default)]
pub struct Here(Mutex<Option<(Role, Option<SocketAddr>)>>);

impl Here {
    /// We are in a room at `address` (`IP:PORT`), as this.
    pub fn tell(&self, role: Role, address: &str) {
        *self.0.lock() = Some((role, address.parse().ok()));
    }

    /// Whether we host the room.
    pub fn is_host(&self) -> bool {
        matches!(*self.0.lock(), Some((Role::Host, _)))
    }

    /// The room's address: as bound where we host, as connected to where we do not.
    pub fn address(&self) -> Option<SocketAddr> {
        self.0.lock().and_then(|(_, address)| address)
    }
}
