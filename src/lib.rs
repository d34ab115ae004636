//! hybrid-chat: a LAN chat in one executable.

pub mod clock;
pub mod error;
pub mod hub;
pub mod limits;
pub mod mailbox;
pub mod moment;
pub mod room;
pub mod session;
pub mod wire;
