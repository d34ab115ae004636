//! A connection to somebody else's room: dials, and brings bytes to and from the [`Seat`].
//!
//! It owns one socket at a time. What the bytes mean is the seat's business; where to dial, the election's.

use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::time::Duration;

use mio::net::TcpStream;
use mio::{Events, Interest, Token};

use crate::election::Dialed;
use crate::error::{Error, Result};
use crate::limits::{CONNECT, READ_BYTES, SILENT_ADDRESSES};
use crate::mailbox::Mailbox;
use crate::net::Net;
use crate::room::event::{Command, Event};
use crate::seat::{Over, Phase, Seat};

/// The token of the one socket.
const SOCKET: Token = Token(0);
/// Readiness events taken at once: there are two sources.
const EVENTS: usize = 8;

/// A member's side towards the network and the interface.
pub struct Guest<'a> {
    net: &'a mut Net,
    seat: &'a mut Seat,
    commands: &'a Mailbox<Command>,
    events: &'a Mailbox<Event>,
    ready: Events,
    buffer: Box<[u8]>,
}

/// The socket, and what is known of its readiness.
struct Socket {
    stream: TcpStream,
    readable: bool,
    writable: bool,
    /// Why nothing can be written any more.
    broken: Option<io::ErrorKind>,
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

    /// Connects to the addresses in turn until a room answers; else says what says most of what was found.
    ///
    /// # Errors
    /// If waiting fails.
    pub fn dial(&mut self, addresses: &[SocketAddr]) -> Result<(Dialed, Option<Seated>)> {
        let mut found = Dialed::Unreached(io::ErrorKind::ConnectionRefused);
        let mut first = true;
        let mut silent = 0;
        for address in addresses {
            let dialed = match self.connect(*address)? {
                Ok(socket) => match self.greet(socket, *address)? {
                    (Dialed::In, seated) => return Ok((Dialed::In, seated)),
                    (dialed, _) => dialed,
                },
                // Whether that is noticed before our hello or after it is chance.
                Err(kind @ io::ErrorKind::ConnectionReset) => Dialed::HungUp(kind),
                Err(kind) => Dialed::Unreached(kind),
            };
            silent += usize::from(dialed == Dialed::Silent);
            if std::mem::take(&mut first) || weight(&dialed) > weight(&found) {
                found = dialed;
            }
            // A room that turns us away is the one; and only so much time is spent on silence.
            if matches!(found, Dialed::TurnedAway { .. }) || silent >= SILENT_ADDRESSES || self.seat.has_left() {
                break;
            }
        }
        Ok((found, None))
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

    /// One connection attempt. The inner error is why nobody was reached.
    fn connect(&mut self, address: SocketAddr) -> Result<Result<Socket, io::ErrorKind>> {
        let mut stream = match TcpStream::connect(address) {
            Ok(stream) => stream,
            Err(error) => return Ok(Err(error.kind())),
        };
        let both = Interest::READABLE | Interest::WRITABLE;
        self.net
            .poll
            .registry()
            .register(&mut stream, SOCKET, both)
            .map_err(|error| Error::io(format!("watch the connection to {address}"), error))?;
        let mut socket = Socket { stream, readable: false, writable: false, broken: None };
        let until = self.net.clock.now().mono + CONNECT;
        loop {
            self.take_commands();
            let now = self.net.clock.now().mono;
            if self.seat.has_left() {
                return Ok(Err(io::ErrorKind::Interrupted));
            }
            if let Some(result) = connected(&socket) {
                return Ok(result.map(|()| socket));
            }
            if now >= until {
                return Ok(Err(io::ErrorKind::TimedOut));
            }
            self.poll(Some(until - now))?;
            socket.note(&self.ready);
        }
    }

    /// Says hello and waits for the answer.
    fn greet(&mut self, mut socket: Socket, address: SocketAddr) -> Result<(Dialed, Option<Seated>)> {
        // Small messages must not wait for the acknowledgement of others: 40 ms at the 99th percentile.
        drop(socket.stream.set_nodelay(true));
        self.seat.connected(address.to_string(), self.net.clock.now());
        loop {
            self.turn(&mut socket);
            let dialed = match self.seat.phase() {
                Phase::Greeting => {
                    self.poll_socket(&mut socket)?;
                    continue;
                }
                Phase::In => return Ok((Dialed::In, Some(Seated { socket, address }))),
                Phase::Over(over) => dialed(over),
            };
            return Ok((dialed, None));
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

impl Socket {
    /// Readiness comes as edges: it stays until an operation would block.
    fn note(&mut self, ready: &Events) {
        for event in ready.iter().filter(|event| event.token() == SOCKET) {
            self.readable |= event.is_readable() || event.is_read_closed() || event.is_error();
            self.writable |= event.is_writable();
        }
    }
}

/// Whether a connection attempt has come to an end, and to which.
fn connected(socket: &Socket) -> Option<Result<(), io::ErrorKind>> {
    if let Ok(Some(error)) | Err(error) = socket.stream.take_error() {
        return Some(Err(error.kind()));
    }
    match socket.stream.peer_addr() {
        // A connection to a free port of the range for outgoing ones can meet itself: nobody is there.
        Ok(peer) if socket.stream.local_addr().ok() == Some(peer) => Some(Err(io::ErrorKind::ConnectionRefused)),
        Ok(_) => Some(Ok(())),
        Err(_) => None,
    }
}

fn dialed(over: &Over) -> Dialed {
    match over {
        Over::NotARoom(found) => Dialed::NotARoom(found.clone()),
        Over::Refused { code, text } => Dialed::TurnedAway { code: code.clone(), text: text.clone() },
        Over::Silent => Dialed::Silent,
        Over::HungUp(how) => Dialed::HungUp(*how),
        _ => Dialed::HungUp(io::ErrorKind::ConnectionAborted),
    }
}

/// How much an outcome says, compared with that of another address.
fn weight(dialed: &Dialed) -> u8 {
    match dialed {
        Dialed::Unreached(_) => 0,
        Dialed::HungUp(_) => 1,
        Dialed::Silent => 2,
        Dialed::NotARoom(_) => 3,
        Dialed::TurnedAway { .. } => 4,
        Dialed::In => 5,
    }
}
