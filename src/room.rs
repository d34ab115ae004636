//! The room: a set of rules with no sockets, threads, files, clock or printing.

pub mod command;
pub mod event;
pub mod name;
pub mod text;
