//! Keys on Unix: the terminal, its signals (resized, stopped, continued), and a pipe that ends the waiting, waited for together.
//!
//! It knows nothing of what keys mean.

use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;

use crossterm::event::{Event, poll as is_there, read};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use rustix::process::{Signal, kill_current_process_group};
use signal_hook::low_level::pipe;

use crate::limits::{KEYS_AT_ONCE, KEYS_TOGETHER};

/// What has come.
#[derive(Debug)]
pub enum Came {
    /// Keys, pastes and whatever else was typed, all that was there.
    Typed(Vec<Event>),
    /// The terminal has another size.
    Resized,
    /// Somebody wants this process stopped (`kill -TSTP`): the terminal has to be given back first.
    Stopped,
    /// The process was stopped and goes on: the terminal may look like anything.
    Continued,
    /// The waiting was ended.
    Woken,
}

/// Where keys come from.
#[derive(Debug)]
pub struct Source {
    resized: UnixStream,
    stopped: UnixStream,
    continued: UnixStream,
    /// Hung up when its other end is dropped.
    wake: OwnedFd,
}

/// Ends the waiting when it is dropped.
#[derive(Debug)]
pub struct Waker {
    /// Held to be dropped.
    _end: OwnedFd,
}

impl Waker {
    /// Ends the waiting; says whether it could.
    pub fn wake(self) -> bool {
        true
    }
}

/// The keys of the terminal, and what ends waiting for them.
///
/// # Errors
/// The operating system gives no pipe, or lets no signal be handled.
pub fn keys() -> io::Result<(Source, Waker)> {
    let (wake, end) = io::pipe()?;
    let source = Source {
        resized: told(Signal::WINCH)?,
        stopped: told(Signal::TSTP)?,
        continued: told(Signal::CONT)?,
        wake: wake.into(),
    };
    Ok((source, Waker { _end: end.into() }))
}

/// Something to read whenever this signal comes.
fn told(signal: Signal) -> io::Result<UnixStream> {
    let (reads, writes) = UnixStream::pair()?;
    reads.set_nonblocking(true)?;
    pipe::register(signal.as_raw(), writes)?;
    Ok(reads)
}

impl Source {
    /// Waits for something to come.
    ///
    /// # Errors
    /// The terminal is gone.
    pub fn wait(&mut self) -> io::Result<Came> {
        let stdin = rustix::stdio::stdin();
        loop {
            let mut all = [
                PollFd::new(&stdin, PollFlags::IN),
                PollFd::new(&self.wake, PollFlags::IN),
                PollFd::new(&self.resized, PollFlags::IN),
                PollFd::new(&self.stopped, PollFlags::IN),
                PollFd::new(&self.continued, PollFlags::IN),
            ];
            match poll(&mut all, None) {
                Err(Errno::INTR) => continue,
                Err(error) => return Err(error.into()),
                Ok(_) => {}
            }
            let [keys, wake, resized, stopped, continued] = all.map(|fd| fd.revents());
            if !wake.is_empty() {
                return Ok(Came::Woken);
            }
            if !continued.is_empty() {
                drain(&self.continued);
                return Ok(Came::Continued);
            }
            if !stopped.is_empty() {
                drain(&self.stopped);
                return Ok(Came::Stopped);
            }
            if !resized.is_empty() {
                drain(&self.resized);
                return Ok(Came::Resized);
            }
            if keys.intersects(PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL) {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            if !keys.is_empty() {
                return typed().map(Came::Typed);
            }
        }
    }
}

/// All that is there to be read, or as much as is taken at once. What is no whole key yet is waited for.
fn typed() -> io::Result<Vec<Event>> {
    let mut events = Vec::new();
    while events.len() < KEYS_AT_ONCE && is_there(KEYS_TOGETHER)? {
        events.push(read()?);
    }
    Ok(events)
}

fn drain(mut stream: &UnixStream) {
    let mut buffer = [0; 64];
    while io::Read::read(&mut stream, &mut buffer).is_ok_and(|count| count > 0) {}
}

/// Whether the terminal understands escape sequences: all do here.
pub fn understands_escapes() -> bool {
    true
}

/// Stops this process group, as `Ctrl-Z` does where nobody has taken it from the terminal; returns when it goes on.
///
/// `TSTP` is handled here and would come back. What stops a group that writes to a terminal which is not its own does the
/// same, and like it nothing to a group that no shell could continue: a window of its own.
pub fn stop() {
    // What cannot be stopped goes on.
    let _ = kill_current_process_group(Signal::TTOU);
}
