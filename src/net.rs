//! What every network loop of the process runs on: readiness of sockets, a way to wake it, and a clock.
//!
//! Hosting and being a guest follow one another on the same thread and the same loop; nothing here knows which it is.

use std::sync::Arc;

use mio::{Poll, Token, Waker};

use crate::clock::Clock;
use crate::error::{Error, Result};

/// The token of the waker. Sockets count theirs up from 0 and never reach it.
pub const WAKE: Token = Token(usize::MAX);

/// What a network loop runs on.
#[derive(Debug)]
pub struct Net {
    /// Readiness of sockets.
    pub poll: Poll,
    /// Wakes whoever waits on `poll`; safe to keep in any thread, also when the loop is gone.
    pub waker: Arc<Waker>,
    /// The time.
    pub clock: Clock,
}

impl Net {
    /// A loop with nothing on it but its waker, and a clock that starts now.
    ///
    /// # Errors
    /// The operating system has no means for it, as when there are no descriptors left.
    pub fn new() -> Result<Self> {
        let failed = |source| Error::io("set up the network loop", source);
        let poll = Poll::new().map_err(failed)?;
        let waker = Arc::new(Waker::new(poll.registry(), WAKE).map_err(failed)?);
        Ok(Self { poll, waker, clock: Clock::start() })
    }

    /// A function that wakes the loop, for a mailbox.
    pub fn wake(&self) -> impl Fn() + Send + Sync + use<> {
        let waker = self.waker.clone();
        // It can fail only once there is nobody left to wake.
        move || drop(waker.wake())
    }
}
