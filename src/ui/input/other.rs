//! Standard input where waiting for it cannot be ended (Windows: a console, a pipe and a file are waited for in three
//! ways): the thread is left waiting at the end of the program, and ends with the process.
//!
//! It knows bytes only.

use std::io::{self, ErrorKind, Read};

/// What is read.
#[derive(Debug)]
pub(super) struct Source(io::Stdin);

/// Would end the waiting where that can be done.
#[derive(Debug)]
pub(super) struct Waker;

impl Waker {
    /// Ends the waiting; says whether it could.
    pub(super) fn wake(self) -> bool {
        false
    }
}

/// Standard input.
pub(super) fn stdin() -> io::Result<(Source, Waker)> {
    Ok((Source(io::stdin()), Waker))
}

impl Source {
    /// Waits for input and reads some: how many bytes, 0 at the end.
    pub(super) fn read(&mut self, buffer: &mut [u8]) -> io::Result<Option<usize>> {
        loop {
            match self.0.read(buffer) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                result => return result.map(Some),
            }
        }
    }
}
