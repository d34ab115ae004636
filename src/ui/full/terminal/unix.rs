//! Keys on Unix: the terminal, its signals (resized, stopped, continued), and a pipe that ends the waiting, waited for together.
//!
//! It knows nothing of what keys mean.

use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use crossterm::event::Event;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{Errno, read};
use rustix::process::{Signal, kill_current_process_group};
use signal_hook::low_level::pipe;

use super::decoder::Decoder;
use crate::limits::{KEYS_AT_ONCE, KEYS_READ};
use crate::ui::full::keys;

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
    decoder: Decoder,
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
        decoder: Decoder::default(),
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
            match poll(&mut all, time(self.decoder.patience())?.as_ref()) {
                Err(Errno::INTR) => continue,
                Err(error) => return Err(error.into()),
                Ok(0) => {
                    let mut events = Vec::new();
                    self.decoder.settle(&mut events);
                    return Ok(Came::Typed(events));
                }
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
                return self.typed().map(Came::Typed);
            }
        }
    }

    /// All that is there to be read, or as much as is taken at once. What is no whole key yet comes later.
    fn typed(&mut self) -> io::Result<Vec<Event>> {
        let stdin = rustix::stdio::stdin();
        let (mut events, mut taken) = (Vec::new(), 0);
        let mut buffer = [0; KEYS_READ];
        while taken < KEYS_AT_ONCE {
            match read(stdin, &mut buffer) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(count) => {
                    self.decoder.feed(&buffer[..count], &mut events);
                    taken += count;
                }
                Err(Errno::INTR) => continue,
                // Somebody else who has the terminal has read it meanwhile, and does not want to wait for it.
                Err(Errno::AGAIN) => break,
                Err(error) => return Err(error.into()),
            }
            let mut more = [PollFd::new(&stdin, PollFlags::IN)];
            if poll(&mut more, time(Some(keys::patience(&events)))?.as_ref()) != Ok(1)
                || more[0].revents() != PollFlags::IN
            {
                break;
            }
        }
        Ok(events)
    }
}

fn time(duration: Option<Duration>) -> io::Result<Option<Timespec>> {
    duration.map(|duration| Timespec::try_from(duration).map_err(io::Error::other)).transpose()
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
