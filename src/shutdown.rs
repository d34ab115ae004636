//! Being told to stop: Ctrl-C, SIGTERM, SIGHUP (on Windows Ctrl-C, Ctrl-Break, and the end of the console, which the system
//! lets wait for some seconds).
//!
//! The first says so to whoever has to stop, and everything ends in order: the network says its last words and closes
//! its mailbox, the interface shows what is left in it, the input is woken, and all threads are joined. The second does
//! not wait for any of it. Nothing here knows what there is to stop.
//!
//! A stop must not be lost, and must not wait, however much was typed before: it goes into the place that
//! [`Mailbox::interrupt`](crate::mailbox::Mailbox::interrupt) keeps ahead of the commands.

use std::io;
use std::sync::mpsc;
use std::thread;
use std::time::Instant;

use crate::error::{Error, Result};
use crate::limits::{SAME_SIGNAL, TIDY};

/// The status of a process that a second Ctrl-C ended: what shells report for SIGINT.
const INTERRUPTED: i32 = 130;

/// What a signal means, by those before it.
#[derive(Debug, PartialEq, Eq)]
enum Step {
    /// Stop in order.
    Stop,
    /// The same wish once more.
    Same,
    /// Stop waiting.
    Now,
}

/// The signals so far.
#[derive(Debug, Default)]
struct Signals {
    first: Option<Instant>,
}

impl Signals {
    fn next(&mut self, now: Instant) -> Step {
        match self.first {
            None => {
                self.first = Some(now);
                Step::Stop
            }
            Some(first) if now.duration_since(first) < SAME_SIGNAL => Step::Same,
            Some(_) => Step::Now,
        }
    }
}

/// Calls `stop` at the first signal, and ends the process with status 130 at the second, after `tidy` if it does not take
/// long. Once in a process.
///
/// # Errors
/// The operating system does not let signals be handled, or they are already.
pub fn on_signal(stop: impl Fn() + Send + Sync + 'static, tidy: fn()) -> Result<()> {
    #[cfg(windows)]
    let stop = std::sync::Arc::new(stop);
    #[cfg(windows)]
    let at_end = stop.clone();
    let mut signals = Signals::default();
    let handler = move || match signals.next(Instant::now()) {
        Step::Stop => stop(),
        Step::Same => {}
        Step::Now => {
            in_time(tidy);
            end();
        }
    };
    ctrlc::set_handler(handler).map_err(|error| {
        let source = match error {
            ctrlc::Error::System(source) => source,
            other => io::Error::other(other),
        };
        Error::io("handle signals", source)
    })?;
    // The last one that is set is asked first: before the one for Ctrl-C, which takes everything.
    #[cfg(windows)]
    crate::windows::at_console_end(move || at_end()).map_err(|source| Error::io("handle the console's end", source))?;
    Ok(())
}

/// Calls `tidy`, and waits for it no longer than [`TIDY`]: a terminal that takes nothing keeps whoever writes to it for good.
fn in_time(tidy: fn()) {
    let (ends, ended) = mpsc::channel::<()>();
    let tidies = thread::Builder::new().name("tidy".into()).spawn(move || {
        tidy();
        drop(ends);
    });
    if tidies.is_ok() {
        // It has ended or has not, and we do either way.
        let _ = ended.recv_timeout(TIDY);
    }
}

/// Ends the process at once, with the status of one that a second Ctrl-C has ended.
#[expect(clippy::exit, reason = "whoever presses Ctrl-C again wants exactly this")]
pub fn end() {
    std::process::exit(INTERRUPTED);
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_first_signal_stops_and_a_later_one_does_not_wait() {
        let (start, mut signals) = (Instant::now(), Signals::default());
        assert_eq!(signals.next(start), Step::Stop);
        assert_eq!(signals.next(start + SAME_SIGNAL), Step::Now);
    }

    /// A terminal that is closed hangs up its group, and its shell hangs up the same processes again.
    #[test]
    fn signals_at_the_same_time_are_one() {
        let (start, mut signals) = (Instant::now(), Signals::default());
        assert_eq!(signals.next(start), Step::Stop);
        assert_eq!(signals.next(start), Step::Same);
        assert_eq!(signals.next(start + SAME_SIGNAL - Duration::from_millis(1)), Step::Same);
        assert_eq!(signals.next(start + SAME_SIGNAL), Step::Now);
    }
}
