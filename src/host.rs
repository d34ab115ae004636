//! The host's event loop: it owns every socket of a hosted room and the [`Hub`] behind them, on one thread.
//!
//! A turn takes what has happened (newcomers, bytes, the own participant's commands) to the hub, and then lets the hub write
//! once to whoever has something to hear. There is no lock on the way of a message and no order to restore. The loop waits
//! for sockets, for its waker and for the hub's next deadline, and for nothing else: it is silent when nothing happens.
//! It knows no rule of the room and no dialect.

mod accept;
pub mod listener;
mod screen;
mod sockets;

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use mio::{Events, Registry};

use accept::{Door, Knock, LISTEN};
use listener::Listener;
use screen::Screen;
use sockets::Sockets;

use crate::clock::Clock;
use crate::connection_log::{ConnectionLog, Event as Happened, LogLine};
use crate::descriptors;
use crate::error::{Error, Result};
use crate::hub::Hub;
use crate::limits::{ACCEPTS_PER_TURN, CLOSE, COMMANDS, COMMANDS_PER_TURN, READY_EVENTS};
use crate::mailbox::Mailbox;
use crate::moment::Moment;
use crate::net::{Net, WAKE};
use crate::room::event::{Command, Event};

/// How hosting ended, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// The room is closed.
    Closed,
    /// Another member hosts from now on.
    HandedOver,
}

impl Ended {
    /// The word for it in the connections log.
    fn word(self) -> &'static str {
        match self {
            Self::Closed => "host-shutdown",
            Self::HandedOver => "handed-over",
        }
    }
}

/// Hosts the room of `hub` on `listener` until the own participant leaves or closes it, or there is nobody left to show
/// `events` to. The wakers of both mailboxes are replaced.
///
/// # Errors
/// The operating system no longer says what happens on the sockets.
pub fn run(
    net: &mut Net,
    listener: Listener,
    hub: Hub,
    log: ConnectionLog,
    commands: &Mailbox<Command>,
    events: &Mailbox<Event>,
) -> Result<Ended> {
    descriptors::raise_limit();
    commands.on_push(net.wake());
    events.on_room(net.wake());
    let mut now = net.clock.now();
    let mut host = Host::new(net.poll.registry(), net.clock, listener, hub, log, commands, events)?;
    host.write(&LogLine::new(now.wall, host.address, Happened::Opened), now);
    let mut ready = Events::with_capacity(READY_EVENTS);
    loop {
        host.turn(&ready, now);
        if let Some(ended) = host.ended(now) {
            return Ok(ended);
        }
        match net.poll.poll(&mut ready, host.timeout(now)) {
            Err(error) if error.kind() != io::ErrorKind::Interrupted => {
                return Err(Error::io("wait for the network", error));
            }
            _ => now = net.clock.now(),
        }
    }
}

/// A hosted room with its sockets.
struct Host<'a> {
    address: SocketAddr,
    hub: Hub,
    sockets: Sockets,
    /// Closed once the room is being closed or handed over.
    door: Option<Door>,
    log: ConnectionLog,
    clock: Clock,
    commands: &'a Mailbox<Command>,
    /// There may be commands in the mailbox.
    commanded: bool,
    /// Commands that came while the own participant could not be heard.
    held: VecDeque<Command>,
    /// The own participant goes as soon as the room can go on without it.
    leaving: bool,
    screen: Screen<'a>,
    /// How the room is ending, and how long that may take.
    closing: Option<(Ended, Duration)>,
}

impl<'a> Host<'a> {
    fn new(
        registry: &Registry,
        clock: Clock,
        listener: Listener,
        hub: Hub,
        log: ConnectionLog,
        commands: &'a Mailbox<Command>,
        events: &'a Mailbox<Event>,
    ) -> Result<Self> {
        let own = registry.try_clone().map_err(|source| Error::io("set up the network loop", source))?;
        Ok(Self {
            address: listener.address(),
            hub,
            sockets: Sockets::new(own),
            door: Some(Door::open(listener, registry)?),
            log,
            clock,
            commands,
            commanded: true,
            held: VecDeque::new(),
            leaving: false,
            screen: Screen::new(events),
            closing: None,
        })
    }

    /// Everything that has happened and is due, and what comes of it written out.
    fn turn(&mut self, ready: &Events, now: Moment) {
        for event in ready {
            match event.token() {
                WAKE => self.woken(),
                LISTEN => self.door.iter_mut().for_each(Door::knock),
                _ => self.sockets.ready(event, &mut self.hub, now),
            }
        }
        self.accept(now);
        self.sockets.read(&mut self.hub, now);
        self.obey(now);
        self.hub.turn(now, &mut self.sockets);
        self.sockets.resume(&mut self.hub);
        self.record(now);
        self.screen.show(&mut self.hub, self.closing.is_some(), now);
    }

    fn woken(&mut self) {
        self.commanded = true;
        self.leaving |= self.screen.is_gone();
    }

    /// How long to wait if nothing happens; nothing: for ever.
    fn timeout(&self, now: Moment) -> Option<Duration> {
        let to_obey = self.commanded || self.leaving || !self.held.is_empty();
        let may_obey = to_obey && self.hub.takes_commands() && self.closing.is_none();
        if self.hub.has_room() && (self.sockets.any_readable() || may_obey) {
            return Some(Duration::ZERO);
        }
        let closing = self.closing.map(|(_, until)| until);
        let due = [self.hub.deadline(), self.door.as_ref().and_then(Door::deadline), closing];
        due.into_iter().flatten().min().map(|due| due.saturating_sub(now.mono))
    }

    /// Lets newcomers in. Their lines are in the log before a byte of them is read.
    fn accept(&mut self, now: Moment) {
        for _ in 0..ACCEPTS_PER_TURN {
            match self.door.as_mut().and_then(|door| door.next(now.mono)) {
                None => break,
                Some(Knock::Nobody) => {}
                Some(Knock::Came(stream, peer)) => {
                    let key = self.hub.accept(peer, now);
                    if self.sockets.add(key, stream).is_err() {
                        self.hub.hang_up(key, true, now);
                    }
                }
                Some(Knock::Oneself(peer)) => self.sent_away(peer, "oneself", now),
                Some(Knock::Starved { sent_away, first }) => {
                    if let Some(peer) = sent_away {
                        self.sent_away(peer, "no-descriptors", now);
                    }
                    if first {
                        let text = "nobody else gets in for now: this process can open no more connections";
                        self.hub.notice(text.into(), now);
                    }
                }
            }
        }
        self.record(now);
    }

    fn sent_away(&mut self, peer: SocketAddr, reason: &'static str, now: Moment) {
        self.write(&LogLine::new(now.wall, peer, Happened::Accepted), now);
        self.write(&LogLine::new(now.wall, peer, Happened::Ended { reason: reason.into() }), now);
    }

    /// Writes to the log what has happened to connections.
    fn record(&mut self, now: Moment) {
        let instant = self.clock.instant(now);
        let notices: Vec<_> = self.hub.records().filter_map(|line| self.log.write(&line, instant)).collect();
        notices.into_iter().for_each(|notice| self.notice(notice.to_string(), now));
    }

    fn write(&mut self, line: &LogLine, now: Moment) {
        if let Some(notice) = self.log.write(line, self.clock.instant(now)) {
            self.notice(notice.to_string(), now);
        }
    }

    /// Nothing is told after the last word.
    fn notice(&mut self, text: String, now: Moment) {
        if self.closing.is_none() {
            self.hub.notice(text, now);
        }
    }

    /// Does what the own participant asks for. While it cannot be heard its commands are held, but for the one that ends
    /// everything.
    fn obey(&mut self, now: Moment) {
        for _ in 0..COMMANDS_PER_TURN {
            if self.closing.is_some() || !self.hub.has_room() {
                return;
            }
            match self.next_command() {
                None => break,
                Some(Command::Stop) => return self.close(now),
                Some(Command::Quit) => self.leaving = true,
                Some(Command::EndOfInput) => {}
                // Nobody speaks after leaving.
                Some(_) if self.leaving => {}
                Some(command) if self.hub.takes_commands() => self.hub.command(command, now),
                Some(command) => self.held.push_back(command),
            }
        }
        if self.leaving && self.hub.takes_commands() {
            self.leave(now);
        }
    }

    fn next_command(&mut self) -> Option<Command> {
        if self.hub.takes_commands()
            && let Some(command) = self.held.pop_front()
        {
            return Some(command);
        }
        if !self.commanded || self.held.len() >= COMMANDS {
            return None;
        }
        let command = self.commands.take();
        self.commanded = command.is_some();
        command
    }

    /// Hands the room over, or closes it where there is nobody to hand it to.
    fn leave(&mut self, now: Moment) {
        let Some(successor) = self.hub.room().successor() else { return self.close(now) };
        // First of all, so that the successor finds the port free, also on this machine.
        self.door = None;
        self.hub.hand_over(successor, now);
        self.closing = Some((Ended::HandedOver, now.mono + CLOSE));
    }

    fn close(&mut self, now: Moment) {
        self.door = None;
        self.hub.close("the host closed the room", now);
        self.closing = Some((Ended::Closed, now.mono + CLOSE));
    }

    /// How it has ended, once everybody has heard of it or the time for that is up.
    fn ended(&mut self, now: Moment) -> Option<Ended> {
        let (ended, until) = self.closing?;
        let all_know = self.hub.connections() == 0 && (self.hub.events().is_empty() || self.screen.is_gone());
        if !all_know && now.mono < until {
            return None;
        }
        self.hub.abandon(&mut self.sockets);
        self.record(now);
        self.write(&LogLine::new(now.wall, self.address, Happened::Closed { reason: ended.word().into() }), now);
        Some(ended)
    }
}

#[cfg(test)]
mod tests;
