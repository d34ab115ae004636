//! A connection to somebody else's room: dials, and brings bytes to and from the [`Seat`].
//!
//! It speaks on one socket at a time. What the bytes mean is the seat's business; where to dial, the election's.

pub mod dial;
mod race;
mod socket;

use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::time::Duration;

use mio::Events;

use crate::error::{Error, Result};
use crate::limits::{CONNECTING, READ_BYTES};
use crate::mailbox::Mailbox;
use crate::net::Net;
use crate::room::event::{Command, Event};
use crate::seat::{Over, Phase, Seat};
use socket::Socket;

/// Readiness events taken at once: of all connection attempts, of the connection that we speak on, and of the waker.
const EVENTS: usize = CONNECTING + 2;

/// A member's side towards the network and the interface.
pub struct Guest<'a> {
    net: &'a mut Net,
    seat: &'a mut Seat,
    commands: &'a Mailbox<Command>,
    events: &'a Mailbox<Event>,
    ready: Events,
    buffer: Box<[u8]>,
}

/// A connection on which we are in the room.
pub struct Seated {
    socket: Socket,
    /// Where it leads.
    pub address: SocketAddr,
}

impl<'a> Guest<'a> {
    /// A guest with no connection.
    pub fn new(
        net: &'a mut Net,
        seat: &'a mut Seat,
        commands: &'a Mailbox<Command>,
        events: &'a Mailbox<Event>,
    ) -> Self {
        let buffer = vec![0; READ_BYTES].into_boxed_slice();
        Self { net, seat, commands, events, ready: Events::with_capacity(EVENTS), buffer }
    }

    /// Waits until a time, or until `enough`, and takes what the interface asks for meanwhile.
    ///
    /// # Errors
    /// If waiting fails.
    pub fn wait(&mut self, until: Duration, enough: impl Fn() -> bool) -> Result<()> {
        loop {
            self.take_commands();
            self.show();
            let now = self.net.clock.now().mono;
            if now >= until || self.seat.has_left() || enough() {
                return Ok(());
            }
            self.poll(Some(until - now))?;
        }
    }

    /// Takes part in the room until the connection is over.
    ///
    /// # Errors
    /// If waiting fails.
    pub fn sit(&mut self, seated: Seated) -> Result<Over> {
        let mut socket = seated.socket;
        loop {
            self.turn(&mut socket);
            if let Phase::Over(over) = self.seat.phase() {
                let over = over.clone();
                self.farewell(&mut socket);
                return Ok(over);
            }
            self.poll_socket(&mut socket)?;
        }
    }

    /// Everything that can be done without waiting.
    fn turn(&mut self, socket: &mut Socket) {
        let now = self.net.clock.now();
        // An interface that is behind is not buried: what it cannot show waits in the socket, and so with the host.
        let shown = self.show();
        if socket.readable && !shown {
            self.seat.held_up(now);
        }
        self.seat.tick(now);
        self.take_commands();
        if socket.readable && shown {
            match socket.stream.read(&mut self.buffer) {
                Ok(0) => self.seat.hung_up(socket.broken.unwrap_or(io::ErrorKind::ConnectionAborted), now),
                Ok(read) => self.seat.receive(&self.buffer[..read], now),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => socket.readable = false,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => self.seat.hung_up(error.kind(), now),
            }
        }
        while socket.writable && !self.seat.output().is_empty() {
            match socket.stream.write(self.seat.output()) {
                Ok(written) => self.seat.sent(written),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => socket.writable = false,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // What the host said before is still to be read: reading finds the end.
                Err(error) => {
                    socket.broken = Some(error.kind());
                    self.seat.sent(self.seat.output().len());
                    socket.readable = true;
                }
            }
        }
        self.show();
    }

    /// Sends what is left to send, as far as that goes without waiting.
    fn farewell(&mut self, socket: &mut Socket) {
        drop(socket.stream.write(self.seat.output()));
        self.show();
    }

    fn take_commands(&mut self) {
        let now = self.net.clock.now();
        if let Some(command) = self.commands.take_interruption() {
            self.seat.command(command, now);
        }
        while self.seat.takes_commands() {
            let Some(command) = self.commands.take() else { return };
            self.seat.command(command, now);
        }
    }

    /// Brings events to the interface; whether it took them all. If nobody looks any more, we leave.
    fn show(&mut self) -> bool {
        while let Some(event) = self.seat.events().pop_front() {
            if let Err(event) = self.events.offer(event) {
                if !self.events.is_closed() {
                    self.seat.events().push_front(event);
                    return false;
                }
                let now = self.net.clock.now();
                self.seat.command(Command::Quit, now);
            }
        }
        !self.events.is_crowded()
    }

    fn poll_socket(&mut self, socket: &mut Socket) -> Result<()> {
        let now = self.net.clock.now().mono;
        let may_read = socket.readable && self.seat.events().is_empty() && !self.events.is_crowded();
        let timeout =
            if may_read { Some(Duration::ZERO) } else { self.seat.deadline().map(|due| due.saturating_sub(now)) };
        self.poll(timeout)?;
        socket.note(&self.ready);
        Ok(())
    }

    fn poll(&mut self, timeout: Option<Duration>) -> Result<()> {
        match self.net.poll.poll(&mut self.ready, timeout) {
            Err(error) if error.kind() != io::ErrorKind::Interrupted => Err(Error::io("wait for the network", error)),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
