//! hybrid-chat: a LAN chat in one executable.

pub mod error;
pub mod limits;
pub mod room;
