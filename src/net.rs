//! What host and guest have in common towards the operating system: one poll, its waker, the clock.

use std::sync::Arc;

use mio::{Poll, Token, Waker};

use crate::clock::Clock;
use crate::error::{Error, Result};

/// The token of the waker. No socket has it.
pub const WAKE: Token = Token(usize::MAX);

/// The network thread's means of waiting.
#[derive(Debug)]
pub struct Net {
    /// Readiness of all sockets.
    pub poll: Poll,
    /// Wakes the poll from other threads.
    pub waker: Arc<Waker>,
    /// The time.
    pub clock: Clock,
}

impl Net {
    /// A poll without sockets.
    ///
    /// # Errors
    /// If the operating system has none to give.
    pub fn new() -> Result<Self> {
        let poll = Poll::new().map_err(|error| Error::io("wait for the network", error))?;
        let waker = Waker::new(poll.registry(), WAKE).map_err(|error| Error::io("wait for the network", error))?;
        Ok(Self { poll, waker: Arc::new(waker), clock: Clock::start() })
    }
}
