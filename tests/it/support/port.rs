//! Ports that nobody else uses: below the ephemeral range, different for each test and each run.

use std::net::{Ipv6Addr, TcpListener};
use std::sync::atomic::{AtomicU16, Ordering};

/// The lowest port handed out.
const FIRST: u16 = 10_000;
/// How many there are: all below the ports that the system gives to outgoing connections.
const COUNT: u16 = 22_000;

/// A port on which nothing listens, on any address, and which no other test of this process gets.
pub(crate) fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let start = u16::try_from(u64::from(std::process::id()) * 131 % u64::from(COUNT)).unwrap();
    for _ in 0..COUNT {
        let offset = (start + NEXT.fetch_add(1, Ordering::Relaxed) % COUNT) % COUNT;
        let port = FIRST + offset;
        if is_free(port) {
            return port;
        }
    }
    panic!("no free port from {FIRST} on");
}

/// Whether every address of this machine is free at the port.
fn is_free(port: u16) -> bool {
    TcpListener::bind(("0.0.0.0", port)).is_ok() && TcpListener::bind((Ipv6Addr::UNSPECIFIED, port)).is_ok()
}
