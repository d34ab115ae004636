//! Keys where waiting for them cannot be ended (Windows): the thread is left waiting at the end of the program, and ends with
//! the process. There is nothing to suspend.
//!
//! It knows nothing of what keys mean.

use std::io;

use crossterm::ansi_support::supports_ansi;
use crossterm::event::{Event, poll, read};

use crate::limits::PASTED_AT_ONCE;
use crate::ui::full::keys;

/// What has come.
#[derive(Debug)]
pub enum Came {
    /// Keys, pastes and whatever else was typed, all that was there.
    Typed(Vec<Event>),
    /// The terminal has another size.
    Resized,
}

/// Where keys come from.
#[derive(Debug)]
pub struct Source {
    /// The size has changed while something was typed, and nobody was told yet.
    resized: bool,
}

/// Would end the waiting where that can be done.
#[derive(Debug)]
pub struct Waker;

impl Waker {
    /// Ends the waiting; says whether it could.
    pub fn wake(self) -> bool {
        false
    }
}

/// The keys of the terminal, and what ends waiting for them.
///
/// # Errors
/// None.
pub fn keys() -> io::Result<(Source, Waker)> {
    Ok((Source { resized: false }, Waker))
}

impl Source {
    /// Waits for something to come.
    ///
    /// # Errors
    /// The terminal is gone.
    pub fn wait(&mut self) -> io::Result<Came> {
        if std::mem::take(&mut self.resized) {
            return Ok(Came::Resized);
        }
        let mut events = vec![read()?];
        while events.len() < PASTED_AT_ONCE && poll(keys::patience(&events))? {
            events.push(read()?);
        }
        Ok(self.sort(events))
    }

    /// What events are that came at once: a size that changes comes among the keys, many times over while a window is drawn
    /// larger.
    fn sort(&mut self, mut events: Vec<Event>) -> Came {
        let count = events.len();
        events.retain(|event| !matches!(event, Event::Resize(..)));
        self.resized = events.len() < count;
        if events.is_empty() && std::mem::take(&mut self.resized) {
            return Came::Resized;
        }
        Came::Typed(events)
    }
}

/// Whether the console understands escape sequences; it is told to.
pub fn understands_escapes() -> bool {
    supports_ansi()
}

/// Nothing can be suspended here.
pub fn stop() {}

#[cfg(test)]
mod tests {
    use crossterm::event::KeyCode;

    use super::*;

    #[test]
    fn a_size_that_changes_is_told_also_many_times_and_while_somebody_types() {
        let mut source = Source { resized: false };
        assert!(matches!(source.sort(vec![Event::Resize(80, 24)]), Came::Resized));
        assert!(matches!(source.sort(vec![Event::Resize(80, 24), Event::Resize(81, 24)]), Came::Resized));
        let key = Event::Key(KeyCode::Char('x').into());
        let came = source.sort(vec![Event::Resize(82, 24), key.clone()]);
        assert!(matches!(came, Came::Typed(typed) if typed == [key.clone()]));
        assert!(matches!(source.wait(), Ok(Came::Resized)));
        assert!(matches!(source.sort(vec![key]), Came::Typed(_)) && !source.resized);
    }
}
