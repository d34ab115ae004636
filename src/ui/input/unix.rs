//! Standard input on Unix: a terminal, a pipe, a file or nothing, waited for together with a pipe that ends the waiting.
//!
//! It knows bytes only.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;

/// What is read.
#[derive(Debug)]
pub(super) struct Source {
    input: Handle,
    /// Hung up when its other end is dropped.
    wake: OwnedFd,
}

/// Ends the waiting, at the latest when it is dropped.
#[derive(Debug)]
pub(super) struct Waker {
    /// Held to be dropped.
    _end: OwnedFd,
}

impl Waker {
    /// Ends the waiting; says whether it could.
    pub(super) fn wake(self) -> bool {
        true
    }
}

#[derive(Debug)]
enum Handle {
    Stdin,
    #[cfg(test)]
    Other(OwnedFd),
}

impl AsFd for Handle {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Stdin => rustix::stdio::stdin(),
            #[cfg(test)]
            Self::Other(fd) => fd.as_fd(),
        }
    }
}

/// Standard input, and what ends waiting for it.
pub(super) fn stdin() -> io::Result<(Source, Waker)> {
    source(Handle::Stdin)
}

#[cfg(test)]
pub(super) fn other(fd: OwnedFd) -> io::Result<(Source, Waker)> {
    source(Handle::Other(fd))
}

fn source(input: Handle) -> io::Result<(Source, Waker)> {
    // No child inherits it, on any Unix.
    let (wake, end) = io::pipe()?;
    Ok((Source { input, wake: wake.into() }, Waker { _end: end.into() }))
}

impl Source {
    /// Waits for input and reads some: how many bytes, 0 at the end; `None` when the waiting was ended.
    pub(super) fn read(&mut self, buffer: &mut [u8]) -> io::Result<Option<usize>> {
        loop {
            let mut both = [PollFd::new(&self.input, PollFlags::IN), PollFd::new(&self.wake, PollFlags::IN)];
            match poll(&mut both, None) {
                Ok(_) if !both[1].revents().is_empty() => return Ok(None),
                Ok(_) | Err(Errno::INTR) if both[0].revents().is_empty() => {}
                // Also what cannot be waited for: reading says why.
                Ok(_) => match rustix::io::read(&self.input, &mut *buffer) {
                    Ok(count) => return Ok(Some(count)),
                    // Somebody else who has the same terminal or pipe was faster.
                    Err(Errno::INTR | Errno::AGAIN) => {}
                    Err(error) => return Err(error.into()),
                },
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}
