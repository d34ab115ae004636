//! The full-screen interface: shows what happens in the room, and takes what is typed.
//!
//! The main thread owns the screen and takes turns: keys first, then a bounded number of events, then a drawing, if anything has
//! changed and the last one has stood long enough. So a key is never kept waiting by a flood, and nothing that arrives touches what
//! is being typed. The thread `input` waits for keys. The network is told what to do by commands, and nothing here knows which role
//! this process has but what its events say.

pub mod asides;
pub mod cells;
pub mod colours;
pub mod desk;
pub mod editor;
pub mod entry;
pub mod history;
pub mod keys;
pub mod layout;
pub mod lines;
pub mod mention;
pub mod model;
pub mod notify;
pub mod pace;
pub mod roster;
pub mod scroll;
pub mod search;
pub mod terminal;
pub mod title;
pub mod view;

use std::io::{self, Write};
use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use chrono::{DateTime, FixedOffset};
use ratatui::buffer::Buffer;

use super::{safe, words};
use crate::error::{Error, Result};
use crate::limits::{EVENTS_PER_TURN, INPUT_END, KEYS};
use crate::mailbox::Mailbox;
use crate::room::event::{Command, Event, What};
use desk::{Desk, Next};
use keys::Typed;
use notify::Notifier;
use pace::{Change, Pace};
use terminal::Terminal;
use terminal::source::{self, Came, Source, Waker};

/// What the screen needs to know of its surroundings.
#[derive(Clone)]
pub struct Surroundings {
    /// For the network.
    pub commands: Arc<Mailbox<Command>>,
    /// From the network.
    pub events: Arc<Mailbox<Event>>,
    /// What has to be asked of the machine.
    pub machine: words::Place,
    /// Whether the terminal takes colours.
    pub colours: bool,
    /// The clock on the wall.
    pub now: fn() -> DateTime<FixedOffset>,
}

/// What wakes the screen.
#[derive(Debug)]
enum Happening {
    /// There are events.
    News,
    /// Something was typed.
    Typed(Vec<Typed>),
    /// The terminal has another size.
    Resized,
    /// The process is to be stopped.
    #[cfg_attr(not(unix), expect(dead_code, reason = "nothing is suspended there"))]
    Stopped,
    /// The process was stopped, and goes on.
    #[cfg_attr(not(unix), expect(dead_code, reason = "nothing is suspended there"))]
    Continued,
    /// The terminal is gone.
    Gone,
}

/// Shows events and takes what is typed until there are no more events.
///
/// # Errors
/// The terminal cannot be used. The network was asked to leave, and everything has ended in order.
pub fn show(surroundings: &Surroundings) -> Result<()> {
    let Surroundings { commands, events, .. } = surroundings;
    let happenings = Arc::new(Mailbox::new(KEYS));
    let last_words = match Screen::open(surroundings, &happenings) {
        Ok(mut screen) => {
            screen.run();
            screen.desk.last_words.take()
        }
        Err(error) => {
            commands.interrupt(Command::Quit);
            while events.pop().is_some() {}
            return Err(Error::io("use the terminal", error));
        }
    };
    if let Some(text) = last_words {
        // Nobody can be told that standard error is gone.
        drop(writeln!(io::stderr(), "* {text}"));
    }
    Ok(())
}

/// The screen while it is shown.
struct Screen<'a> {
    surroundings: &'a Surroundings,
    happenings: Arc<Mailbox<Happening>>,
    desk: Desk,
    notifier: Option<Notifier>,
    /// Whether the window has a title.
    titled: bool,
    /// `None`: it is gone.
    terminal: Option<Terminal>,
    keys: Option<Keys>,
    pace: Pace,
    /// What the pace counts from.
    opened: Instant,
}

impl<'a> Screen<'a> {
    fn open(surroundings: &'a Surroundings, happenings: &Arc<Mailbox<Happening>>) -> io::Result<Self> {
        let terminal = Terminal::open()?;
        let keys = Keys::start(happenings.clone())?;
        let variable = |name: &str| std::env::var(name).ok();
        surroundings.events.on_push({
            let happenings = happenings.clone();
            move || happenings.interrupt(Happening::News)
        });
        Ok(Self {
            surroundings,
            happenings: happenings.clone(),
            desk: Desk::new(surroundings),
            notifier: notify::known(variable),
            titled: title::known(variable),
            terminal: Some(terminal),
            keys: Some(keys),
            pace: Pace::default(),
            opened: Instant::now(),
        })
    }

    fn run(&mut self) {
        let mut behind = false;
        self.pace.changed(Change::Keys);
        loop {
            let happening = match (behind, self.draw_in_time()) {
                (true, _) => self.happenings.take(),
                (false, Some(end)) => self.happenings.pop_until(end),
                (false, None) => self.happenings.pop(),
            };
            happening.into_iter().for_each(|happening| self.happened(happening));
            for _ in 0..KEYS {
                let Some(happening) = self.happenings.take() else { break };
                self.happened(happening);
            }
            let taken = self.take_events();
            behind = taken == EVENTS_PER_TURN;
            if !behind && self.surroundings.events.is_closed() && self.surroundings.events.is_empty() {
                return;
            }
        }
    }

    fn happened(&mut self, happening: Happening) {
        match happening {
            Happening::News => {}
            Happening::Typed(all) => all.into_iter().for_each(|typed| self.typed(typed)),
            Happening::Resized => self.pace.changed(Change::Keys),
            Happening::Stopped => {
                self.on_terminal(Terminal::suspend);
                self.pace.changed(Change::Keys);
            }
            Happening::Continued => {
                self.on_terminal(Terminal::enter);
                self.pace.changed(Change::Keys);
            }
            Happening::Gone => self.gone(),
        }
    }

    fn typed(&mut self, typed: Typed) {
        self.pace.changed(Change::Keys);
        match self.desk.typed(typed) {
            Next::Nothing => {}
            Next::Redraw => self.on_terminal(|terminal| {
                terminal.forget();
                Ok(())
            }),
            Next::Suspend => self.on_terminal(Terminal::suspend),
            Next::EndNow => {
                self.terminal = None;
                crate::shutdown::end();
            }
        }
    }

    /// Takes a turn's events; how many that were.
    fn take_events(&mut self) -> usize {
        for taken in 0..EVENTS_PER_TURN {
            let Some(event) = self.surroundings.events.take() else { return taken };
            let event = safe::event(event);
            self.pace.changed(Change::News);
            if let What::Closed { .. } = event.what {
                self.surroundings.commands.close();
            }
            if let Some(alert) = self.desk.event(event) {
                let escape = self.notifier.map(|notifier| notify::escape(notifier, &alert.from, &alert.text));
                let said = format!("\x07{}", escape.unwrap_or_default());
                self.on_terminal(|terminal| terminal.say(&said));
            }
        }
        EVENTS_PER_TURN
    }

    /// Draws if that is due; when the next drawing is.
    fn draw_in_time(&mut self) -> Option<Instant> {
        let terminal = self.terminal.as_mut()?;
        let now = self.opened.elapsed();
        let due = self.pace.due(now)?;
        if due > now {
            return Some(self.opened + due);
        }
        let desk = &mut self.desk;
        let drawn = terminal.area().and_then(|area| {
            let mut buffer = Buffer::empty(area);
            let cursor = desk.draw(&mut buffer);
            terminal.draw(buffer, cursor)?;
            if self.titled { terminal.call(desk.title()) } else { Ok(()) }
        });
        self.pace.drawn(self.opened.elapsed());
        if drawn.is_err() {
            self.gone();
        }
        None
    }

    /// Does something to the terminal, while it is there.
    fn on_terminal(&mut self, act: impl FnOnce(&mut Terminal) -> io::Result<()>) {
        if self.terminal.as_mut().is_some_and(|terminal| act(terminal).is_err()) {
            self.gone();
        }
    }

    /// The terminal is gone, and nobody has asked for the room's end: on a host it goes on elsewhere.
    fn gone(&mut self) {
        if self.terminal.take().is_some() {
            self.surroundings.commands.interrupt(Command::Quit);
        }
    }
}

impl Drop for Screen<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            // The network has to leave by itself, and nobody shows what it says.
            self.surroundings.commands.interrupt(Command::Quit);
            self.surroundings.events.close();
        }
        self.surroundings.commands.close();
        self.surroundings.events.on_push(|| {});
        // A thread that waits for room in it ends.
        self.happenings.close();
        if let Some(keys) = self.keys.take() {
            keys.stop();
        }
    }
}

/// The thread that waits for keys.
#[derive(Debug)]
struct Keys {
    thread: JoinHandle<()>,
    /// Disconnected once the thread has ended.
    ended: Receiver<()>,
    waker: Waker,
}

impl Keys {
    fn start(happenings: Arc<Mailbox<Happening>>) -> io::Result<Self> {
        let (source, waker) = source::keys()?;
        let (ends, ended) = mpsc::channel();
        let thread = thread::Builder::new().name("input".into()).spawn(move || {
            let _ends: mpsc::Sender<()> = ends;
            watched(&happenings, || read(source, &happenings));
        })?;
        Ok(Self { thread, ended, waker })
    }

    /// Ends the thread; where the platform has no way to end its waiting, it is left to the end of the process.
    fn stop(self) {
        let patience = if self.waker.wake() { INPUT_END } else { Duration::ZERO };
        if self.ended.recv_timeout(patience) == Err(RecvTimeoutError::Disconnected) {
            self.thread.join().expect("its panics are caught");
        }
    }
}

/// Reads; a panic takes the terminal along, because without keys nobody could even leave.
fn watched(happenings: &Mailbox<Happening>, read: impl FnOnce()) {
    if panic::catch_unwind(AssertUnwindSafe(read)).is_err() {
        // Nobody takes it any more: all has ended.
        let _ = happenings.push(Happening::Gone);
    }
}

/// Passes on what comes from the terminal, until the waiting is ended or nobody takes it any more.
fn read(mut source: Source, happenings: &Mailbox<Happening>) {
    loop {
        let happening = match source.wait() {
            Ok(Came::Typed(events)) => Happening::Typed(keys::gather(events)),
            Ok(Came::Resized) => Happening::Resized,
            #[cfg(unix)]
            Ok(Came::Stopped) => Happening::Stopped,
            #[cfg(unix)]
            Ok(Came::Continued) => Happening::Continued,
            #[cfg(unix)]
            Ok(Came::Woken) => return,
            Err(_) => Happening::Gone,
        };
        let is_gone = matches!(happening, Happening::Gone);
        if happenings.push(happening).is_err() || is_gone {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_keys_the_terminal_is_gone() {
        let happenings = Mailbox::new(KEYS);
        watched(&happenings, || {});
        assert!(happenings.is_empty());
        watched(&happenings, || panic!("a bug"));
        assert!(matches!(happenings.take(), Some(Happening::Gone)));
    }
}
