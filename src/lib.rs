//! hybrid-chat: a LAN chat in one executable.

pub mod cli;
pub mod clock;
pub mod config;
pub mod connection_log;
pub mod election;
pub mod error;
pub mod guest;
pub mod host;
pub mod hub;
pub mod limits;
pub mod mailbox;
pub mod moment;
pub mod net;
pub mod peer;
pub mod place;
pub mod room;
pub mod run;
pub mod seat;
pub mod session;
pub mod shutdown;
pub mod ui;
pub mod wire;
