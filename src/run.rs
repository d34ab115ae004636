//! A chat from beginning to end: the threads, what connects them, and the order in which they stop.
//!
//! | thread | owns | ends |
//! |---|---|---|
//! | main | standard output and standard error: shows events until their mailbox is closed and empty | last |
//! | `network` | sockets, room, connections log; closes the events' mailbox when it ends | by itself, or after a stop within `limits::CLOSE` |
//! | `input` | standard input, or the terminal's keys | at its end, or when it is woken, within `limits::INPUT_END` |
//! | the signals' | nothing: it puts a stop ahead of the commands | with the process |
//!
//! Standard input is read from the first `role` event on: before that there is no room to talk to, nothing may be
//! refused, and what was not read can still be read by another program. Nothing here knows what the network does.

use std::io::{self, IsTerminal, Write};
use std::net::IpAddr;
use std::sync::Arc;
use std::thread;
use std::time::Instant;

use chrono::{DateTime, FixedOffset, Local};

use crate::config::{Config, Style};
use crate::error::{self, Error, Result};
use crate::limits::{COMMANDS, EVENTS, LOST_TOLD};
use crate::listing;
use crate::mailbox::Mailbox;
use crate::room::event::{Closed, Command, Event, What};
use crate::shutdown;
use crate::ui::full::{self, Surroundings, terminal};
use crate::ui::here::Here;
use crate::ui::input::{Desk, Input};
use crate::ui::json::Json;
use crate::ui::plain::{Colours, Plain};
use crate::ui::words::Place;
use crate::ui::{Interface, Screen, reach};

/// Chats as `config` says, with the standard streams as interface, until the room is closed or left.
///
/// `network` brings us into a room and keeps us there. It takes commands, a stop ahead of them, and tells events, the
/// last of them `closed` where it ends in order.
///
/// # Errors
/// What the network, standard input or standard output failed with, shown as the last event. That nobody reads it any
/// more is no failure: we leave.
pub fn chat<N>(config: &Config, network: N) -> Result<Closed>
where
    N: FnOnce(&Config, &Mailbox<Command>, &Mailbox<Event>) -> Result<Closed> + Send,
{
    let wires = Wires { commands: Arc::new(Mailbox::new(COMMANDS)), events: Arc::new(Mailbox::new(EVENTS)) };
    let commands = wires.commands.clone();
    shutdown::on_signal(move || commands.interrupt(Command::Stop), terminal::restore)?;
    let interface = match config.style {
        Style::Full => {
            let surroundings = surroundings(config, &wires);
            return alongside(config, network, &wires, || full::show(&surroundings));
        }
        Style::Plain => lines(config),
        Style::Json => Interface::Json(Json::default()),
    };
    let screen = Screen::new(interface, io::stdout(), io::stderr());
    let here = Arc::new(Here::default());
    let desk = Desk {
        commands: wires.commands.clone(),
        events: wires.events.clone(),
        objects: config.style == Style::Json,
        terminal: io::stdin().is_terminal(),
        here: here.clone(),
        addresses,
        now,
    };
    connect(config, network, &wires, screen, &here, || Input::start(desk))
}

/// What connects the threads.
struct Wires {
    commands: Arc<Mailbox<Command>>,
    events: Arc<Mailbox<Event>>,
}

/// Closes a mailbox at the end of its owner, however that comes.
struct CloseAtEnd<'a, T>(&'a Mailbox<T>);

impl<T> Drop for CloseAtEnd<'_, T> {
    fn drop(&mut self) {
        self.0.close();
    }
}

/// Runs the network on its thread, while `show` shows its events on this one.
fn alongside<N>(config: &Config, network: N, wires: &Wires, show: impl FnOnce() -> Result<()>) -> Result<Closed>
where
    N: FnOnce(&Config, &Mailbox<Command>, &Mailbox<Event>) -> Result<Closed> + Send,
{
    let Wires { commands, events } = wires;
    thread::scope(|scope| {
        let run = || {
            let _close = CloseAtEnd(events);
            network(config, commands, events)
        };
        let network = thread::Builder::new()
            .name("network".into())
            .spawn_scoped(scope, run)
            .map_err(|error| Error::io("start the network thread", error))?;
        let shown = show();
        let panicked = |_| Err(Error::io("run the network thread", io::Error::other("it panicked, which is a bug")));
        // Why the network has failed says more than what that has led to.
        network.join().unwrap_or_else(panicked).and_then(|closed| shown.map(|()| closed))
    })
}

/// Runs the network and shows its events as lines; `input` is started when there is a room.
fn connect<N, O: Write, E: Write>(
    config: &Config,
    network: N,
    wires: &Wires,
    mut screen: Screen<O, E>,
    here: &Here,
    input: impl FnOnce() -> Result<Input>,
) -> Result<Closed>
where
    N: FnOnce(&Config, &Mailbox<Command>, &Mailbox<Event>) -> Result<Closed> + Send,
{
    let ended = alongside(config, network, wires, || show(wires, &mut screen, here, input));
    if let Err(error) = &ended {
        let what = What::Error { code: error.code().to_owned(), text: error.to_string() };
        // The error is returned, whether or not it can be shown.
        drop(screen.show(Event { at: now(), what }).and_then(|()| screen.flush()));
    }
    ended
}

/// Shows events until there are no more, and ends the input then. What fails here is the end: it stands for `closed`.
///
/// # Errors
/// Standard output or standard input failed; the network was asked to leave, and everything has ended in order.
fn show<O: Write, E: Write>(
    Wires { commands, events }: &Wires,
    screen: &mut Screen<O, E>,
    here: &Here,
    input: impl FnOnce() -> Result<Input>,
) -> Result<()> {
    let mut input = Reader { start: Some(input), running: None };
    let mut failure = None;
    let mut lost = None;
    while let Some(event) = next(events, screen, &mut lost) {
        let mut next = Some(event);
        let mut written = Ok(());
        while let Some(event) = next {
            let done = match &event.what {
                What::Role { role, address, .. } => {
                    here.tell(*role, address);
                    input.start().inspect_err(|_| commands.interrupt(Command::Quit))
                }
                What::Closed { .. } => input.stop(commands),
                _ => Ok(()),
            };
            failure = failure.or(done.err());
            if failure.is_none() || !matches!(event.what, What::Closed { .. }) {
                written = written.and(screen.show(event));
            }
            next = if screen.is_full() { None } else { events.take() };
        }
        if let Err(error) = written.and(screen.flush()) {
            // The interface is gone. On a host the room goes on elsewhere: nobody has asked for its end.
            commands.interrupt(Command::Quit);
            failure = failure.or(error::written(Err(error)).err());
        }
    }
    let stopped = input.stop(commands);
    failure.map_or(stopped, Err)
}

/// The next event. Where the host is `lost` for a noticeable time, that is told meanwhile.
fn next<O: Write, E: Write>(
    events: &Mailbox<Event>,
    screen: &mut Screen<O, E>,
    lost: &mut Option<Instant>,
) -> Option<Event> {
    *lost = screen.waits().then(|| lost.unwrap_or_else(Instant::now));
    let Some(since) = *lost else { return events.pop() };
    if let Some(event) = events.pop_until(since + LOST_TOLD) {
        return Some(event);
    }
    if !events.is_closed() {
        // That standard output has failed is found with the next event.
        drop(screen.still_waits());
    }
    // Also of a closed queue: what it got since then, and before it was closed, is in it.
    events.pop()
}

/// The input, before, while and after it is read.
struct Reader<F> {
    start: Option<F>,
    running: Option<Input>,
}

impl<F: FnOnce() -> Result<Input>> Reader<F> {
    /// Begins to read, the first time.
    fn start(&mut self) -> Result<()> {
        if let Some(start) = self.start.take() {
            self.running = Some(start()?);
        }
        Ok(())
    }

    /// Takes no more commands, and ends reading.
    fn stop(&mut self, commands: &Mailbox<Command>) -> Result<()> {
        commands.close();
        self.start = None;
        self.running.take().map_or(Ok(()), Input::stop)
    }
}

/// The line interface, for this machine and its standard streams.
fn lines(config: &Config) -> Interface {
    let colours = Colours {
        out: takes_colours(draws(&io::stdout()), |name| std::env::var(name).ok()),
        err: takes_colours(draws(&io::stderr()), |name| std::env::var(name).ok()),
    };
    Interface::Plain(Box::new(Plain::new(machine(config), colours)))
}

/// What the full screen has to know.
fn surroundings(config: &Config, wires: &Wires) -> Surroundings {
    Surroundings {
        commands: wires.commands.clone(),
        events: wires.events.clone(),
        machine: machine(config),
        colours: takes_colours(draws(&io::stdout()), |name| std::env::var(name).ok()),
        now,
    }
}

fn machine(config: &Config) -> Place {
    Place { local, addresses, lan: config.discovery, terminal_size }
}

/// Whether a stream is a terminal that understands escape sequences.
fn draws(stream: &impl IsTerminal) -> bool {
    stream.is_terminal() && terminal::understands_escapes()
}

/// Whether a stream takes colours: <https://no-color.org>, and no terminal that cannot show them.
fn takes_colours(terminal: bool, variable: impl Fn(&str) -> Option<String>) -> bool {
    let forbidden = variable("NO_COLOR").is_some_and(|value| !value.is_empty());
    let dumb = match variable("TERM") {
        Some(term) => term == "dumb",
        // Windows has no TERM.
        None => !cfg!(windows),
    };
    terminal && !forbidden && !dumb
}

/// Columns and lines of the terminal that a person looks at; none where anything is no terminal, or the platform's
/// terminals are asked otherwise.
fn terminal_size() -> Option<(u16, u16)> {
    if !(io::stdin().is_terminal() && io::stdout().is_terminal() && io::stderr().is_terminal()) {
        return None;
    }
    #[cfg(unix)]
    return rustix::termios::tcgetwinsize(io::stderr()).ok().map(|size| (size.ws_col, size.ws_row));
    #[cfg(not(unix))]
    return None;
}

fn now() -> DateTime<FixedOffset> {
    Local::now().fixed_offset()
}

fn local(at: DateTime<FixedOffset>) -> DateTime<FixedOffset> {
    at.with_timezone(&Local).fixed_offset()
}

/// This machine's addresses that others can type; none where the system does not say.
fn addresses() -> Vec<IpAddr> {
    let listed = listing::list().unwrap_or_default();
    let addresses = listed.iter().flat_map(|one| one.addresses.iter().map(|subnet| (one.name.clone(), subnet.ip)));
    reach::reachable(addresses)
}

#[cfg(test)]
#[path = "run/tests.rs"]
mod tests;
