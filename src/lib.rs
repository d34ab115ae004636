//! hybrid-chat: a LAN chat in one executable.

pub mod cli;
pub mod clock;
pub mod config;
pub mod error;
pub mod hub;
pub mod limits;
pub mod mailbox;
pub mod moment;
pub mod room;
pub mod seat;
pub mod session;
pub mod wire;
