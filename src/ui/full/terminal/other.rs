//! Keys where waiting for them cannot be ended (Windows): the thread is left waiting at the end of the program, and ends with
//! the process. There is nothing to suspend.
//!
//! It knows nothing of what keys mean.

use std::io;
use std::time::Duration;

use crossterm::event::{Event, poll, read};

use crate::limits::KEYS_AT_ONCE;

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
pub struct Source;

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
    Ok((Source, Waker))
}

impl Source {
    /// Waits for something to come.
    ///
    /// # Errors
    /// The terminal is gone.
    pub fn wait(&mut self) -> io::Result<Came> {
        let mut events = vec![read()?];
        while events.len() < KEYS_AT_ONCE && poll(Duration::ZERO)? {
            events.push(read()?);
        }
        let resized = events.iter().any(|event| matches!(event, Event::Resize(..)));
        Ok(if resized && events.len() == 1 { Came::Resized } else { Came::Typed(events) })
    }
}

/// Nothing can be suspended here.
pub fn stop() {}
