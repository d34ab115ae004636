//! The beacon's sockets on all chosen interfaces: what comes in on any of them, what goes out on each.
//!
//! On every machine some interface cannot do something: it is left out, that is remembered, and the others go on. What
//! comes from nobody near is not passed on. What datagrams mean is not known here.

use std::io;
use std::net::SocketAddr;

use mio::event::Event;
use mio::net::UdpSocket;
use mio::{Interest, Registry, Token};
use socket2::Socket;

use super::beacon::{Outgoing, To};
use super::spot::{self, Spot};
use crate::error::Error;
use crate::interfaces::Interface;
use crate::limits::{DATAGRAM_MAX_BYTES, DATAGRAMS_PER_TURN};

/// All sockets of the beacon. Without ports there are none.
#[derive(Debug)]
pub(super) struct Sockets {
    registry: Registry,
    /// Of the next socket.
    token: usize,
    interfaces: Vec<Interface>,
    /// What is listened on; what is for everybody goes to the first.
    ports: Vec<u16>,
    wanted: Vec<Spot>,
    mouths: Vec<Mouth>,
    ears: Vec<Ear>,
    /// Why there are fewer ears than there should be.
    deaf: Vec<String>,
    /// Why there are fewer mouths than there should be.
    mute: Vec<String>,
}

/// A socket to read from.
#[derive(Debug)]
struct Ear {
    socket: UdpSocket,
    token: Token,
    /// It may hold something that nothing will tell of again.
    readable: bool,
}

/// A socket to send from.
#[derive(Debug)]
struct Mouth {
    spot: Spot,
    /// The answers come back to the same socket.
    ear: Ear,
    /// Why nothing got out the last time.
    trouble: Option<String>,
}

impl Sockets {
    pub(super) fn new(registry: Registry) -> Self {
        Self {
            registry,
            token: 0,
            interfaces: Vec::new(),
            ports: Vec::new(),
            wanted: Vec::new(),
            mouths: Vec::new(),
            ears: Vec::new(),
            deaf: Vec::new(),
            mute: Vec::new(),
        }
    }

    /// Looks at these interfaces from now on, and listens on these ports. What is open already and still wanted stays
    /// open; what could not be opened before is tried again. Returns whether somebody can be reached now who could not.
    pub(super) fn update(&mut self, interfaces: &[Interface], ports: &[u16]) -> bool {
        let is_new = self.interfaces != interfaces || self.ports != ports;
        if is_new {
            self.interfaces = interfaces.to_vec();
            self.ports = ports.to_vec();
            self.wanted = if ports.is_empty() { Vec::new() } else { interfaces.iter().flat_map(spot::on).collect() };
            let wanted = &self.wanted;
            self.mouths.retain(|mouth| wanted.contains(&mouth.spot));
        }
        let before = self.token;
        self.open_mouths();
        let reaches_more = self.token > before;
        if is_new || !self.deaf.is_empty() {
            self.open_ears();
        }
        reaches_more
    }

    /// Whether there is no way to send anything.
    pub(super) fn is_mute(&self) -> bool {
        self.mouths.is_empty()
    }

    /// What does not work, a line for each.
    pub(super) fn troubles(&self) -> Vec<String> {
        let sending = self.mouths.iter().filter_map(|mouth| mouth.trouble.as_ref());
        self.mute.iter().chain(&self.deaf).chain(sending).cloned().collect()
    }

    fn open_mouths(&mut self) {
        self.mute.clear();
        for spot in self.wanted.clone() {
            if self.mouths.iter().any(|mouth| mouth.spot == spot) {
                continue;
            }
            match spot.open().and_then(|socket| self.watch(socket)) {
                Ok(ear) => self.mouths.push(Mouth { spot, ear, trouble: None }),
                Err(error) => self.mute.push(trouble(format!("send from {} on {}", spot.ip(), spot.name), error)),
            }
        }
    }

    /// Opens all of them anew: so each of them listens exactly where it should, and what comes meanwhile comes again.
    fn open_ears(&mut self) {
        let (mut ears, mut deaf) = (Vec::new(), Vec::new());
        for port in self.ports.clone() {
            for v6 in [false, true] {
                let spots: Vec<_> = self.wanted.iter().filter(|spot| spot.ip().is_ipv6() == v6).cloned().collect();
                if spots.is_empty() {
                    continue;
                }
                let ear = spot::listener(port, v6).and_then(|socket| {
                    for spot in &spots {
                        if let Err(error) = spot.listen_with(&socket) {
                            deaf.push(trouble(format!("hear multicast on {} ({})", spot.name, spot.ip()), error));
                        }
                    }
                    self.watch(socket)
                });
                match ear {
                    Ok(ear) => ears.push(ear),
                    Err(error) => deaf.push(trouble(format!("listen on UDP port {port}"), error)),
                }
            }
        }
        (self.ears, self.deaf) = (ears, deaf);
    }

    /// Has the loop told when there is something on `socket`.
    fn watch(&mut self, socket: Socket) -> io::Result<Ear> {
        let mut socket = UdpSocket::from_std(socket.into());
        let token = Token(self.token);
        self.registry.register(&mut socket, token, Interest::READABLE)?;
        self.token += 1;
        Ok(Ear { socket, token, readable: true })
    }

    /// A socket's readiness has changed.
    pub(super) fn ready(&mut self, event: &Event) {
        for ear in self.all_ears().filter(|ear| ear.token == event.token()) {
            ear.readable = true;
        }
    }

    /// Whether anything can be read at once.
    pub(super) fn any_readable(&mut self) -> bool {
        self.all_ears().any(|ear| ear.readable)
    }

    fn all_ears(&mut self) -> impl Iterator<Item = &mut Ear> {
        self.mouths.iter_mut().map(|mouth| &mut mouth.ear).chain(&mut self.ears)
    }

    /// What has come from somebody near, a bounded part of it at a time.
    pub(super) fn read(&mut self) -> Vec<(Vec<u8>, SocketAddr)> {
        let mut all = Vec::new();
        self.all_ears().filter(|ear| ear.readable).for_each(|ear| ear.read(&mut all));
        all.retain(|(_, from)| self.interfaces.iter().any(|interface| interface.is_near(*from)));
        all
    }

    /// Sends one datagram. It may get lost, as any may.
    pub(super) fn send(&mut self, Outgoing { to, bytes }: &Outgoing) {
        match to {
            To::Everybody => {
                let Some(port) = self.ports.first() else { return };
                self.mouths.iter_mut().for_each(|mouth| mouth.send(bytes, *port));
            }
            To::One(address) => {
                if let Some(mouth) = self.mouths.iter().find(|mouth| mouth.spot.reaches(*address)) {
                    drop(mouth.ear.socket.send_to(bytes, *address));
                }
            }
        }
    }
}

impl Ear {
    fn read(&mut self, all: &mut Vec<(Vec<u8>, SocketAddr)>) {
        // What does not fit is longer than any of ours: so it is seen to be.
        let mut buffer = [0; DATAGRAM_MAX_BYTES + 1];
        for _ in 0..DATAGRAMS_PER_TURN {
            match self.socket.recv_from(&mut buffer) {
                Ok((count, from)) => all.push((buffer[..count].to_vec(), from)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.readable = false;
                    return;
                }
                // That something sent did not arrive, or that something long did: the next may be better.
                Err(_) => {}
            }
        }
    }
}

impl Mouth {
    /// To everybody around, by each way there is: one is enough.
    fn send(&mut self, bytes: &[u8], port: u16) {
        let (mut is_out, mut failed) = (false, None);
        for address in self.spot.everybody(port) {
            match self.ear.socket.send_to(bytes, address) {
                Ok(_) => is_out = true,
                // The system's queue is full, which passes.
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => is_out = true,
                Err(error) => failed = Some(error),
            }
        }
        let tried = || format!("send to all on {} ({})", self.spot.name, self.spot.ip());
        self.trouble = failed.filter(|_| !is_out).map(|error| trouble(tried(), error));
    }
}

fn trouble(tried: String, source: io::Error) -> String {
    Error::io(tried, source).to_string()
}
