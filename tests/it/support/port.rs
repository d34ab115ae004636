//! Ports that nobody else uses: below the ephemeral range, different for each test and each run.

use std::net::{Ipv4Addr, Ipv6Addr, TcpListener};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU16, Ordering};

/// The lowest port handed out.
const FIRST: u16 = 10_000;
/// How many a run has for itself: more than there are tests, so that none comes again soon.
const SHARE: u16 = 400;
/// How many runs there may be at once. The tests in browsers have the ports from 22,000 on, and outgoing connections
/// those above 32,767.
const SHARES: u16 = 30;

/// A port on which nothing listens, on any address, and which no other test of this process or of another run gets.
pub(crate) fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    for _ in 1..SHARE {
        let port = share() + 1 + NEXT.fetch_add(1, Ordering::Relaxed) % (SHARE - 1);
        if is_free(port) {
            return port;
        }
    }
    panic!("no free port from {} on", share());
}

/// The first port of our share. It is bound as long as this process runs: so another run finds another share.
fn share() -> u16 {
    static OURS: LazyLock<(u16, TcpListener)> = LazyLock::new(|| {
        let wish = u16::try_from(std::process::id() % u32::from(SHARES)).unwrap();
        let shares = (0..SHARES).map(|nth| FIRST + (wish + nth) % SHARES * SHARE);
        let ours =
            shares.filter_map(|first| Some((first, TcpListener::bind((Ipv4Addr::LOCALHOST, first)).ok()?))).next();
        ours.expect("fewer runs at once")
    });
    OURS.0
}

/// Whether every address of this machine is free at the port.
fn is_free(port: u16) -> bool {
    TcpListener::bind(("0.0.0.0", port)).is_ok() && TcpListener::bind((Ipv6Addr::UNSPECIFIED, port)).is_ok()
}
