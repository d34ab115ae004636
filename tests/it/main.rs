//! Real executables, driven from outside: what a script, another client or a person at a prompt would see.
//!
//! One module per theme; a test whose name begins with `pNN_` holds one of the known pitfalls of programs of this
//! kind. Nothing here knows how the program works inside: only its command line, its events, its log and its wire.
// What it drives them with are signals, shells and pseudo-terminals.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![expect(clippy::print_stderr, reason = "measured times, and what a failed test's processes printed")]

mod architecture;
mod cli;
mod doctor;
mod election;
mod errors;
mod failover;
#[cfg(target_os = "linux")]
mod lan;
mod log;
mod native;
mod not_a_room;
mod readme;
mod robust;
mod rooms;
mod shutdown;
mod support;
mod talk;
mod terminal;
mod text;
mod web;
