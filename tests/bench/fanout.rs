//! The host under load, beside other servers and a floor, all measured in the same run.
//!
//!     cargo bench --bench fanout -- [--runs N] [--window N] [--servers NAME,NAME…] [WORKLOAD…]
//!
//! Each measurement starts a fresh server as a process of its own, bound to one core, and drives it from this process,
//! bound to another. The server's CPU time comes from the operating system; on loopback it holds both ends of the wire,
//! because the kernel's receive path runs in the process that sends. Every delivery is checked for loss, doubling and
//! order. Servers take turns, and each of our runs is compared with the floor's that follows it. The floor (`floor.rs`)
//! does the least that a server can do; it gets the same lines as our host, byte for byte, and sends lines of the same
//! length (the mean of our run before it).
//!
//! Our host is also measured with members who listen in its other dialects, `hybrid-chat-web` and `hybrid-chat-text`: the
//! senders speak the native one, the others hear frames of a WebSocket or lines of text. Each of these runs is compared with
//! the native one of the same turn.
//!
//! How much of the floor a server reaches depends on the window, the number of messages that each sender has on their
//! way: the more lines leave in one write (`lines/read` shows it at the other end), the less the system calls cost, and
//! the more weighs what is done for each message. A server that wakes later gathers more and may then even use less CPU
//! than the floor; two figures are comparable where their `lines/read` are. State the window with the figure.
//!
//! Ends with status 1 if something was lost, doubled or reordered by our host or the floor, or one of them failed.
//! Without `--bench`, as `cargo test --benches` runs it, it checks itself and that a small load goes through. Linux only.
#![allow(clippy::print_stdout, reason = "its tables are what it is for")]

#[cfg(target_os = "linux")]
mod dialect;
#[cfg(target_os = "linux")]
mod ear;
#[cfg(target_os = "linux")]
mod floor;
#[cfg(target_os = "linux")]
mod framing;
#[cfg(target_os = "linux")]
mod histogram;
#[cfg(target_os = "linux")]
mod irc;
#[cfg(target_os = "linux")]
mod load;
#[cfg(target_os = "linux")]
mod os;
#[cfg(target_os = "linux")]
mod report;
#[cfg(target_os = "linux")]
mod roster;
#[cfg(target_os = "linux")]
mod run;
#[cfg(target_os = "linux")]
mod server;
#[cfg(target_os = "linux")]
mod stamp;
#[cfg(target_os = "linux")]
mod tally;
#[cfg(target_os = "linux")]
mod workload;

#[cfg(target_os = "linux")]
fn main() -> std::process::ExitCode {
    run::main()
}

#[cfg(not(target_os = "linux"))]
fn main() {
    println!("fanout measures on Linux only");
}
