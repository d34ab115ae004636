//! The host's event loop: it owns every socket of a hosted room and the [`Hub`] behind them, on one thread.
//!
//! A turn takes what has happened (newcomers, bytes, the own participant's commands) to the hub, and then lets the hub write
//! once to whoever has something to hear. There is no lock on the way of a message and no order to restore. The loop waits
//! for sockets, for its waker and for the hub's next deadline, and for nothing else: it is silent when nothing happens.
//! It knows no rule of the room and no dialect.

mod accept;
pub mod listener;
mod neighbours;
mod scout;
mod screen;
mod sockets;

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use mio::{Events, Registry};

use accept::{Door, Knock, LISTEN};
use listener::Listener;
use neighbours::Neighbours;
use scout::SCOUT;
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
use crate::seat::Belongings;
use crate::sighting::{Announcement, Seen};

/// How hosting ended, in order.
#[derive(Debug)]
pub enum Ended {
    /// The room is closed.
    Closed,
    /// Another member hosts from now on.
    HandedOver,
    /// The room goes on with another host, at one of these addresses, and so do we.
    Yielded(Vec<SocketAddr>, Box<Belongings>),
}

/// How a room is ending.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Closing {
    Closed,
    HandedOver,
    Yielded(Vec<SocketAddr>),
}

impl Closing {
    /// The word for it in the connections log.
    fn word(&self) -> &'static str {
        match self {
            Self::Closed => "host-shutdown",
            Self::HandedOver => "handed-over",
            Self::Yielded(_) => "yielded",
        }
    }
}

/// What a host is connected with, besides its sockets.
pub struct Surroundings<'a> {
    /// What the own participant asks for.
    pub commands: &'a Mailbox<Command>,
    /// What it is shown.
    pub events: &'a Mailbox<Event>,
    /// Whom discovery has seen.
    pub seen: &'a Mailbox<Seen>,
    /// Tells the LAN of the room; called again whenever there is something new to tell, and with nothing once it is ending.
    pub announce: &'a dyn Fn(Option<Announcement>),
}

/// Hosts the room of `hub` on `listener` until the own participant leaves or closes it, or there is nobody left to show
/// `events` to, or yields to another host. The wakers of the mailboxes are replaced.
///
/// # Errors
/// The operating system no longer says what happens on the sockets.
pub fn run(
    net: &mut Net,
    listener: Listener,
    hub: Hub,
    log: ConnectionLog,
    around: &Surroundings<'_>,
) -> Result<Ended> {
    descriptors::raise_limit();
    around.commands.on_push(net.wake());
    around.seen.on_push(net.wake());
    around.events.on_room(net.wake());
    let mut now = net.clock.now();
    let mut host = Host::new(net.poll.registry(), net.clock, listener, hub, log, around)?;
    host.write(&LogLine::new(now.wall, host.address, Happened::Opened), now);
    let mut ready = Events::with_capacity(READY_EVENTS);
    loop {
        host.turn(&ready, now);
        if host.has_ended(now) {
            return Ok(host.end(now));
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
    neighbours: Neighbours<'a>,
    /// How the room is ending, and how long that may take.
    closing: Option<(Closing, Duration)>,
}

impl<'a> Host<'a> {
    fn new(
        registry: &Registry,
        clock: Clock,
        listener: Listener,
        hub: Hub,
        log: ConnectionLog,
        around: &Surroundings<'a>,
    ) -> Result<Self> {
        let own = registry.try_clone().map_err(|source| Error::io("set up the network loop", source))?;
        Ok(Self {
            address: listener.address(),
            hub,
            sockets: Sockets::new(own),
            door: Some(Door::open(listener, registry)?),
            log,
            clock,
            commands: around.commands,
            commanded: true,
            held: VecDeque::new(),
            leaving: false,
            screen: Screen::new(around.events),
            neighbours: Neighbours::new(around.seen, around.announce),
            closing: None,
        })
    }

    /// Everything that has happened and is due, and what comes of it written out.
    fn turn(&mut self, ready: &Events, now: Moment) {
        for event in ready {
            match event.token() {
                WAKE => self.woken(),
                // Whatever has come of a visit is looked at in every turn.
                SCOUT => {}
                LISTEN => self.door.iter_mut().for_each(Door::knock),
                _ => self.sockets.ready(event, &mut self.hub, now),
            }
        }
        self.accept(now);
        self.sockets.read(&mut self.hub, now);
        self.obey(now);
        self.meet(now);
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
        let ending = match &self.closing {
            Some((_, until)) => Some(*until),
            None => self.neighbours.deadline(),
        };
        let due = [self.hub.deadline(), self.door.as_ref().and_then(Door::deadline), ending];
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
        if self.commanded
            && self.closing.is_none()
            && let Some(command) = self.commands.take_interruption()
        {
            // It does not wait for what is held, nor for readers.
            self.heed(command, now);
        }
        for _ in 0..COMMANDS_PER_TURN {
            if self.closing.is_some() || !self.hub.has_room() {
                return;
            }
            let Some(command) = self.next_command() else { break };
            self.heed(command, now);
        }
        if self.leaving && self.hub.takes_commands() {
            self.leave(now);
        }
    }

    fn heed(&mut self, command: Command, now: Moment) {
        match command {
            Command::Stop => self.close(now),
            Command::Quit => self.leaving = true,
            Command::EndOfInput => {}
            // Nobody speaks after leaving.
            _ if self.leaving => {}
            command if self.hub.takes_commands() => self.hub.command(command, now),
            command => self.held.push_back(command),
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
        self.shut();
        self.hub.hand_over(successor, now);
        self.closing = Some((Closing::HandedOver, now.mono + CLOSE));
    }

    /// Nobody comes in any more, nor is called.
    fn shut(&mut self) {
        self.door = None;
        self.neighbours.hush();
    }

    fn close(&mut self, now: Moment) {
        self.shut();
        self.hub.close("the host closed the room", now);
        self.closing = Some((Closing::Closed, now.mono + CLOSE));
    }

    /// Tells others of the room and hears of theirs; yields where theirs is the one that stays.
    fn meet(&mut self, now: Moment) {
        if self.closing.is_some() || self.leaving || !self.held.is_empty() {
            return;
        }
        if let Some(to) = self.neighbours.turn(&mut self.hub, self.sockets.registry(), now) {
            self.shut();
            self.hub.move_to(&to, now);
            self.closing = Some((Closing::Yielded(to.at), now.mono + CLOSE));
        }
    }

    /// Whether it is over: everybody has heard of the end, or the time for that is up.
    fn has_ended(&mut self, now: Moment) -> bool {
        let Some((_, until)) = &self.closing else { return false };
        let all_know = self.hub.connections() == 0 && (self.hub.events().is_empty() || self.screen.is_gone());
        all_know || *until <= now.mono
    }

    /// Lets go of everything. How it has ended.
    fn end(mut self, now: Moment) -> Ended {
        self.hub.abandon(&mut self.sockets);
        self.record(now);
        let closing = self.closing.take().map_or(Closing::Closed, |(closing, _)| closing);
        self.write(&LogLine::new(now.wall, self.address, Happened::Closed { reason: closing.word().into() }), now);
        match closing {
            Closing::Closed => Ended::Closed,
            Closing::HandedOver => Ended::HandedOver,
            Closing::Yielded(to) => Ended::Yielded(to, Box::new(self.hub.pack())),
        }
    }
}

#[cfg(test)]
mod tests;
