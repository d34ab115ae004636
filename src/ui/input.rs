//! Standard input: the thread `input`, which makes commands of lines.
//!
//! A line is a message or a command, with `--json` also an object. What cannot be used is answered to the interface as
//! `refused`, and the next line goes on; a script that said what no room takes fails at its end, because it must not
//! believe that the room has it. Commands wait for a place in the mailbox, and so does whoever writes into the
//! pipe: that is all the back-pressure there is. How to wait for input, and how to end the waiting, is the platform's.
//! Nothing here knows the room or which role this process has, except to answer `/help` and `/qr` as it fits.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use chrono::{DateTime, FixedOffset};

#[cfg_attr(unix, path = "input/unix.rs")]
#[cfg_attr(not(unix), path = "input/other.rs")]
mod source;

use super::here::Here;
use super::lines::{BadLine, Lines};
use super::{object, qr};
use crate::error::{Error, Result};
use crate::limits::{INPUT_BYTES, INPUT_END};
use crate::mailbox::{Closed, Mailbox};
use crate::room::command::{self, Input as Line, Typist};
use crate::room::event::{Command, Event, What};
use crate::room::text::{self, TextError};
use source::{Source, Waker};

/// Where lines go, and what has to be known to read them.
#[derive(Clone)]
pub struct Desk {
    /// For the network.
    pub commands: Arc<Mailbox<Command>>,
    /// For the interface.
    pub events: Arc<Mailbox<Event>>,
    /// Whether lines may be objects (`--json`).
    pub objects: bool,
    /// Whether a person types: the end of the input is `/quit` then.
    pub terminal: bool,
    /// Where we are: on the host `/help` has more to show, and `/qr` shows where others get in.
    pub here: Arc<Here>,
    /// This machine's addresses that others can type, now.
    pub addresses: fn() -> Vec<IpAddr>,
    /// The clock, for the answers given here.
    pub now: fn() -> DateTime<FixedOffset>,
}

impl Desk {
    /// Does what a line asks for; what was wrong with a message that no room takes. Ends when one of the mailboxes is closed.
    fn line(&self, line: Result<&str, BadLine>) -> Result<Option<Error>, Closed> {
        match line {
            Err(bad) => {
                self.refuse(bad.code(), bad.to_string())?;
                return Ok(Some(untaken(bad.code(), bad.to_string())));
            }
            Ok(line) if self.objects && object::is_object(line) => match object::parse(line) {
                Ok(command) => return self.command(command),
                Err(bad) => {
                    self.refuse(bad.code(), bad.to_string())?;
                    return Ok(Some(untaken(bad.code(), bad.to_string())));
                }
            },
            Ok(line) => match command::parse(line, self.typist()) {
                Ok(Line::Nothing) => {}
                Ok(Line::Command(command)) => return self.command(command),
                Ok(Line::Qr) => self.pages()?,
                Ok(Line::Help(None)) => self.help()?,
                Ok(Line::Help(Some(entry))) => self.answer(What::Notice { text: entry.to_string() })?,
                Err(bad) => self.refuse(bad.code(), bad.to_string())?,
            },
        }
        Ok(None)
    }

    /// Passes a command on; a text that no room takes is refused here already, so that what waits stays small.
    fn command(&self, command: Command) -> Result<Option<Error>, Closed> {
        if let Err(bad) = takes(&command) {
            self.refuse(bad.code(), bad.to_string())?;
            return Ok(Some(untaken(bad.code(), bad.to_string())));
        }
        self.commands.push(command)?;
        Ok(None)
    }

    fn typist(&self) -> Typist {
        Typist { host: self.here.is_host(), screen: false }
    }

    fn help(&self) -> Result<(), Closed> {
        let lines: Vec<String> = command::help(self.typist()).collect();
        self.answer(What::Notice { text: format!("what can be typed:\n{}", lines.join("\n")) })
    }

    /// Where a browser gets in; a script has no use for a picture of it.
    fn pages(&self) -> Result<(), Closed> {
        let address = self.here.address();
        let pages = address.map(|room| qr::pages(room, self.here.is_host(), &(self.addresses)()));
        self.answer(What::Notice { text: qr::told(&pages.unwrap_or_default(), !self.objects) })
    }

    fn refuse(&self, code: &str, text: String) -> Result<(), Closed> {
        self.answer(What::Refused { code: code.to_owned(), text })
    }

    fn answer(&self, what: What) -> Result<(), Closed> {
        self.events.push(Event { at: (self.now)(), what })
    }

    /// Reads `source` to its end, or until it is woken. Says why a script that comes to its end so has failed.
    fn read(&self, mut source: Source) -> Result<Option<Error>, Closed> {
        let mut lines = Lines::default();
        let (mut failed, mut unread) = (None, None);
        let mut line = |line: Result<&str, BadLine>| {
            failed = self.line(line)?.or(failed.take());
            Ok(())
        };
        let mut buffer = vec![0; INPUT_BYTES];
        loop {
            match source.read(&mut buffer) {
                Ok(None) => return Ok(None),
                Ok(Some(0)) => break,
                Ok(Some(count)) => lines.feed(&buffer[..count], &mut line)?,
                Err(error) => {
                    let error = Error::io("read standard input", error);
                    self.answer(What::Notice { text: error.to_string() })?;
                    unread = Some(error);
                    break;
                }
            }
        }
        lines.finish(line)?;
        self.commands.push(if self.terminal { Command::Quit } else { Command::EndOfInput })?;
        // A person has read what was refused, and a host goes on.
        let script = !self.terminal && !self.here.is_host();
        Ok(failed.or(unread).filter(|_| script))
    }
}

/// Whether a room takes what a command says, whichever room it is.
pub(super) fn takes(command: &Command) -> std::result::Result<(), TextError> {
    match command {
        Command::Say { text, .. } | Command::Tell { text, .. } => text::message(text).map(drop),
        _ => Ok(()),
    }
}

/// Why a script has failed that said something which no room takes.
fn untaken(code: &str, text: String) -> Error {
    match code {
        "invalid-utf8" => Error::InvalidUtf8 { tried: "read standard input".into() },
        _ => Error::Refused { tried: "say all of standard input".into(), code: code.into(), text },
    }
}

/// The thread that reads standard input.
#[derive(Debug)]
pub struct Input {
    thread: JoinHandle<Option<Error>>,
    /// Disconnected once the thread has ended.
    ended: Receiver<()>,
    waker: Waker,
}

impl Input {
    /// Begins to read standard input.
    ///
    /// # Errors
    /// The operating system gives no thread or no pipe.
    pub fn start(desk: Desk) -> Result<Self> {
        source::stdin()
            .and_then(|source| Self::read(source, desk))
            .map_err(|error| Error::io("read standard input", error))
    }

    fn read((source, waker): (Source, Waker), desk: Desk) -> io::Result<Self> {
        let (ends, ended) = mpsc::channel();
        let thread = thread::Builder::new().name("input".into()).spawn(move || {
            let _ends: mpsc::Sender<()> = ends;
            // Closed mailboxes are the end of the program, and of this thread with it.
            desk.read(source).unwrap_or(None)
        })?;
        Ok(Self { thread, ended, waker })
    }

    /// Ends the thread, which waits for input or for a place in a mailbox that is closed by now. Where the platform
    /// has no way to end the waiting, the thread is left to the end of the process.
    ///
    /// # Errors
    /// A script has ended that said something which no room takes, or that could not be read to its end; or the thread has
    /// panicked.
    pub fn stop(self) -> Result<()> {
        let patience = if self.waker.wake() { INPUT_END } else { Duration::ZERO };
        if self.ended.recv_timeout(patience) != Err(RecvTimeoutError::Disconnected) {
            return Ok(());
        }
        let panicked = |_| Some(Error::io("read standard input", io::Error::other("it panicked, which is a bug")));
        self.thread.join().unwrap_or_else(panicked).map_or(Ok(()), Err)
    }
}

#[cfg(unix)]
#[cfg(test)]
#[path = "input/tests.rs"]
mod tests;
