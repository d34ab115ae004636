//! Connection attempts to several addresses, at once where one takes long: the first that is connected is there first.
//!
//! The next address is tried when one has failed, or has been tried alone for a while (after RFC 8305), so that an address
//! at which nobody answers costs next to nothing. It knows sockets and the time it is told; nobody speaks here.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use mio::{Events, Registry, Token};

use super::socket::Socket;
use crate::error::{Error, Result};
use crate::limits::{CONNECT, CONNECT_STAGGER, CONNECTING};

/// The attempts to reach any of these addresses. Dropping it ends those that are still under way.
#[derive(Debug)]
pub(super) struct Race {
    addresses: Vec<SocketAddr>,
    /// How many of them have been tried, in their order.
    begun: usize,
    /// When the next one is tried though none has failed.
    next_at: Duration,
    pending: Vec<Attempt>,
}

#[derive(Debug)]
struct Attempt {
    /// Which address.
    place: usize,
    socket: Socket,
    until: Duration,
}

/// What has become of the attempts; an address is told by its place in the list.
#[derive(Debug)]
pub(super) enum Step {
    /// This one is connected.
    Connected(usize, Socket),
    /// This one is not, for this reason.
    Failed(usize, io::ErrorKind),
    /// Nothing as yet: wait for readiness, or until then.
    Wait(Duration),
    /// All of them have been told.
    Done,
}

impl Race {
    /// A race that has not begun.
    pub(super) fn new(addresses: Vec<SocketAddr>) -> Self {
        Self { addresses, begun: 0, next_at: Duration::ZERO, pending: Vec::new() }
    }

    /// Has these tried too, next of all, unless they have been or will be anyway.
    pub(super) fn add(&mut self, addresses: &[SocketAddr]) {
        for address in addresses.iter().rev() {
            if !self.addresses.contains(address) {
                self.addresses.insert(self.begun, *address);
                self.next_at = Duration::ZERO;
            }
        }
    }

    /// The address at a place of the list.
    pub(super) fn address(&self, place: usize) -> SocketAddr {
        self.addresses[place]
    }

    /// Everything that can be done without waiting, until there is something to tell. Whoever asks on after
    /// [`Step::Connected`] has made nothing of that connection.
    ///
    /// # Errors
    /// If a socket cannot be watched.
    pub(super) fn step(&mut self, registry: &Registry, now: Duration) -> Result<Step> {
        loop {
            if let Some(step) = self.ended(now) {
                self.next_at = now;
                return Ok(step);
            }
            let next = self.addresses.get(self.begun).filter(|_| self.pending.len() < CONNECTING);
            match next {
                Some(address) if self.pending.is_empty() || self.next_at <= now => {
                    if let Some(failed) = self.begin(*address, registry, now)? {
                        return Ok(failed);
                    }
                }
                next => {
                    let overdue = self.pending.iter().map(|attempt| attempt.until);
                    let until = overdue.chain(next.map(|_| self.next_at)).min();
                    return Ok(until.map_or(Step::Done, Step::Wait));
                }
            }
        }
    }

    /// Notes the readiness of all that are under way.
    pub(super) fn note(&mut self, ready: &Events) {
        self.pending.iter_mut().for_each(|attempt| attempt.socket.note(ready));
    }

    /// The first attempt that has come to an end.
    fn ended(&mut self, now: Duration) -> Option<Step> {
        let ends = self.pending.iter().map(|attempt| attempt.end(now));
        let (index, end) = ends.enumerate().find_map(|(index, end)| Some((index, end?)))?;
        let Attempt { place, socket, .. } = self.pending.remove(index);
        Some(match end {
            Ok(()) => Step::Connected(place, socket),
            Err(kind) => Step::Failed(place, kind),
        })
    }

    fn begin(&mut self, address: SocketAddr, registry: &Registry, now: Duration) -> Result<Option<Step>> {
        let place = self.begun;
        self.begun += 1;
        let mut socket = match Socket::connect(address, Token(place)) {
            Ok(socket) => socket,
            Err(error) => return Ok(Some(Step::Failed(place, error.kind()))),
        };
        socket.watch(registry).map_err(|error| Error::io(format!("watch the connection to {address}"), error))?;
        self.next_at = now + CONNECT_STAGGER;
        self.pending.push(Attempt { place, socket, until: now + CONNECT });
        Ok(None)
    }
}

impl Attempt {
    fn end(&self, now: Duration) -> Option<Result<(), io::ErrorKind>> {
        self.socket.connected().or_else(|| (self.until <= now).then_some(Err(io::ErrorKind::TimedOut)))
    }
}

#[cfg(test)]
mod tests;
