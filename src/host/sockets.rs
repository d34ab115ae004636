//! The connections' sockets: reads from them into the hub, writes to them what the hub has for them.
//!
//! Readiness comes as edges: it is told once, and whoever leaves bytes in a socket has to remember that. It knows neither
//! what the bytes mean nor who sends them.

use std::collections::VecDeque;
use std::io::{self, IoSlice, Read, Write};
use std::net::Shutdown;
use std::panic::{AssertUnwindSafe, catch_unwind};

use mio::event::Event;
use mio::net::TcpStream;
use mio::{Interest, Registry, Token};

use crate::hub::{Hub, Key, Outlet};
use crate::limits::READ_BYTES;
use crate::moment::Moment;

/// All sockets but the listening one.
#[derive(Debug)]
pub(super) struct Sockets {
    registry: Registry,
    slots: Vec<Option<Slot>>,
    /// Those with bytes to read, in turn.
    readable: VecDeque<Key>,
    /// What is being read; one for all.
    buffer: Box<[u8]>,
}

#[derive(Debug)]
struct Slot {
    stream: TcpStream,
    /// It may hold bytes, or news of its end, that nothing will tell of again.
    readable: bool,
    /// It stands in the queue of those to be read.
    queued: bool,
    /// The peer has ended it, so that it stays readable until that has been read.
    closing: bool,
    /// Its end has been read.
    ended: bool,
}

impl Sockets {
    pub(super) fn new(registry: Registry) -> Self {
        let buffer = vec![0; READ_BYTES].into_boxed_slice();
        Self { registry, slots: Vec::new(), readable: VecDeque::new(), buffer }
    }

    /// What watches the sockets.
    pub(super) fn registry(&self) -> &Registry {
        &self.registry
    }

    /// Takes a new connection.
    ///
    /// # Errors
    /// The operating system cannot watch one more.
    pub(super) fn add(&mut self, key: Key, mut stream: TcpStream) -> io::Result<()> {
        self.registry.register(&mut stream, Token(key.0), Interest::READABLE | Interest::WRITABLE)?;
        if self.slots.len() <= key.0 {
            self.slots.resize_with(key.0 + 1, || None);
        }
        self.slots[key.0] = Some(Slot { stream, readable: false, queued: false, closing: false, ended: false });
        Ok(())
    }

    /// Whether anything can be read at once.
    pub(super) fn any_readable(&self) -> bool {
        !self.readable.is_empty()
    }

    /// A connection's readiness has changed.
    pub(super) fn ready(&mut self, event: &Event, hub: &mut Hub, now: Moment) {
        let key = Key(event.token().0);
        let Some(slot) = slot(&mut self.slots, key) else { return };
        if event.is_writable() {
            hub.writable(key);
        }
        if slot.ended {
            if event.is_error() {
                hub.hang_up(key, true, now);
            }
            return;
        }
        slot.closing |= event.is_read_closed() || event.is_error();
        if slot.closing || event.is_readable() {
            slot.readable = true;
            queue(slot, key, &mut self.readable);
        }
    }

    /// Reads once from each connection that has something, as long as the hub has room.
    pub(super) fn read(&mut self, hub: &mut Hub, now: Moment) {
        for _ in 0..self.readable.len() {
            if !hub.has_room() {
                return;
            }
            if let Some(key) = self.readable.pop_front() {
                self.read_one(key, hub, now);
            }
        }
    }

    /// Connections that had been read too slowly may be read again.
    pub(super) fn resume(&mut self, hub: &mut Hub) {
        for key in hub.resumed() {
            if let Some(slot) = slot(&mut self.slots, key).filter(|slot| slot.readable) {
                queue(slot, key, &mut self.readable);
            }
        }
    }

    fn read_one(&mut self, key: Key, hub: &mut Hub, now: Moment) {
        let Some(slot) = slot(&mut self.slots, key) else { return };
        slot.queued = false;
        if slot.ended || !hub.reads(key) {
            return;
        }
        match slot.stream.read(&mut self.buffer) {
            Ok(0) => {
                (slot.readable, slot.ended) = (false, true);
                hub.hang_up(key, false, now);
            }
            Ok(count) => {
                // A read that leaves room in the buffer has emptied the socket, and what comes then is told of. Not on
                // Windows, where only a read that fails asks to be told.
                slot.readable = count == self.buffer.len() || slot.closing || cfg!(windows);
                if slot.readable {
                    queue(slot, key, &mut self.readable);
                }
                receive(hub, key, &self.buffer[..count], now);
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => slot.readable = false,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => queue(slot, key, &mut self.readable),
            Err(_) => {
                (slot.readable, slot.ended) = (false, true);
                hub.hang_up(key, true, now);
            }
        }
    }
}

/// Brings bytes to the hub. A panic on the way is a mistake of ours that one connection's bytes have found: it ends that
/// connection, not the room. The hub bears it, because what reads the bytes holds nothing but that connection's own session,
/// which goes with it; and the stream and the own screen are brought up to date from the log, wherever they were left.
fn receive(hub: &mut Hub, key: Key, bytes: &[u8], now: Moment) {
    if catch_unwind(AssertUnwindSafe(|| hub.receive(key, bytes, now))).is_err() {
        hub.break_off(key, now);
    }
}

impl Outlet for Sockets {
    fn send(&mut self, key: Key, bytes: &[IoSlice<'_>]) -> io::Result<usize> {
        let slot = slot(&mut self.slots, key).ok_or(io::ErrorKind::NotConnected)?;
        slot.stream.write_vectored(bytes)
    }

    fn finish(&mut self, key: Key) {
        if let Some(slot) = slot(&mut self.slots, key) {
            // It fails if the peer is gone, which reading tells too.
            drop(slot.stream.shutdown(Shutdown::Write));
        }
    }

    fn close(&mut self, key: Key) {
        if let Some(mut slot) = self.slots.get_mut(key.0).and_then(Option::take) {
            // Dropping the socket does the same where it can fail.
            drop(self.registry.deregister(&mut slot.stream));
        }
    }
}

fn slot(slots: &mut [Option<Slot>], key: Key) -> Option<&mut Slot> {
    slots.get_mut(key.0).and_then(Option::as_mut)
}

fn queue(slot: &mut Slot, key: Key, readable: &mut VecDeque<Key>) {
    if !slot.queued {
        slot.queued = true;
        readable.push_back(key);
    }
}
