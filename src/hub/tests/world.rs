//! Connections without sockets, and a hub among them.

use std::collections::{BTreeMap, VecDeque};
use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::time::Duration;

use chrono::DateTime;

use crate::connection_log::LogLine;
use crate::hub::{Hub, Key, Outlet, Own};
use crate::moment::Moment;
use crate::room::Room;
use crate::room::id::{RoomId, Secret};
use crate::room::name::Name;
use crate::seat::Belongings;

/// A connection's way from the host: it takes `capacity` bytes until somebody reads them.
#[derive(Debug, Default)]
pub(super) struct Pipe {
    pub(super) capacity: usize,
    pub(super) waiting: VecDeque<u8>,
    pub(super) read: Vec<u8>,
    /// The host was told that it takes no more.
    pub(super) blocked: bool,
    /// The peer is gone: whatever is sent fails.
    pub(super) broken: bool,
    /// The host will send no more.
    pub(super) finished: bool,
    /// The host has let go of it.
    pub(super) closed: bool,
}

/// All connections, by the hub's keys.
#[derive(Debug, Default)]
pub(super) struct Wires {
    pub(super) pipes: Vec<Pipe>,
    /// Which pipe a key means now.
    pub(super) of: BTreeMap<usize, usize>,
    /// At most so many bytes a call, 0: as many as fit.
    pub(super) gulp: usize,
}

impl Outlet for Wires {
    fn send(&mut self, key: Key, bytes: &[IoSlice<'_>]) -> io::Result<usize> {
        let pipe = &mut self.pipes[self.of[&key.0]];
        let offered: usize = bytes.iter().map(|slice| slice.len()).sum();
        assert!(offered > 0, "a call that sends nothing would be repeated for ever");
        assert!(!pipe.finished && !pipe.closed, "sent after the end");
        assert!(!pipe.blocked, "sent though it takes nothing");
        if pipe.broken {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        let limit = if self.gulp == 0 { usize::MAX } else { self.gulp };
        let taken = offered.min(pipe.capacity - pipe.waiting.len()).min(limit);
        if taken == 0 {
            pipe.blocked = true;
            return Err(io::ErrorKind::WouldBlock.into());
        }
        pipe.waiting.extend(bytes.iter().flat_map(|slice| slice.iter()).take(taken));
        Ok(taken)
    }

    fn finish(&mut self, key: Key) {
        let pipe = &mut self.pipes[self.of[&key.0]];
        assert!(!std::mem::replace(&mut pipe.finished, true), "finished twice");
    }

    fn close(&mut self, key: Key) {
        let pipe = self.of.remove(&key.0).expect("only open connections are closed");
        self.pipes[pipe].closed = true;
    }
}

/// A hub, its connections, and a clock.
pub(super) struct World {
    pub(super) hub: Hub,
    pub(super) wires: Wires,
    pub(super) now: Duration,
    pub(super) records: Vec<LogLine>,
}

pub(super) fn secret(who: u8) -> Secret {
    Secret([who; 16])
}

pub(super) fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

pub(super) fn moment(mono: Duration) -> Moment {
    let wall = DateTime::UNIX_EPOCH.fixed_offset() + mono;
    Moment { mono, wall }
}

pub(super) fn open(max_members: usize) -> Room {
    let at = vec!["127.0.0.1:8808".parse().unwrap()];
    Room::open(RoomId(7), secret(255).peer(), &name("capo"), at, max_members, moment(Duration::ZERO))
}

impl World {
    pub(super) fn new(room: Room, rate: u32) -> Self {
        let own = Own::new(secret(255).peer(), "[::]:8808".parse().unwrap(), Belongings::default());
        let now = Duration::ZERO;
        let hub = Hub::new(room, rate, own, moment(now));
        Self { hub, wires: Wires::default(), now, records: Vec::new() }
    }

    /// A connection from its own address; answers which pipe it is.
    pub(super) fn connect(&mut self, capacity: usize) -> usize {
        let pipe = self.wires.pipes.len();
        let key = self.hub.accept(address(pipe), moment(self.now));
        self.wires.pipes.push(Pipe { capacity, ..Pipe::default() });
        assert!(self.wires.of.insert(key.0, pipe).is_none(), "a key is used twice");
        pipe
    }

    pub(super) fn key(&self, pipe: usize) -> Option<Key> {
        self.wires.of.iter().find(|(_, of)| **of == pipe).map(|(key, _)| Key(*key))
    }

    /// The peer's bytes come, and are dealt with.
    pub(super) fn send(&mut self, pipe: usize, bytes: &str) {
        if let Some(key) = self.key(pipe) {
            self.hub.receive(key, bytes.as_bytes(), moment(self.now));
        }
        self.turn();
    }

    /// One turn, and those after it that it asks for.
    pub(super) fn turn(&mut self) {
        for _ in 0..4 {
            self.hub.turn(moment(self.now), &mut self.wires);
            self.records.extend(self.hub.records());
            if self.hub.deadline().is_none_or(|deadline| deadline > self.now) {
                return;
            }
        }
        panic!("the hub spins: at {:?} it wants to be called at {:?}", self.now, self.hub.deadline());
    }

    pub(super) fn wait(&mut self, time: Duration) {
        let until = self.now + time;
        while let Some(deadline) = self.hub.deadline().filter(|deadline| *deadline <= until) {
            self.now = self.now.max(deadline);
            self.turn();
        }
        self.now = until;
        self.turn();
    }

    /// The peer reads up to so many bytes.
    pub(super) fn drain(&mut self, pipe: usize, bytes: usize) {
        let key = self.key(pipe);
        let wire = &mut self.wires.pipes[pipe];
        let taken = wire.waiting.len().min(bytes);
        wire.read.extend(wire.waiting.drain(..taken));
        if taken > 0
            && std::mem::take(&mut wire.blocked)
            && let Some(key) = key
        {
            self.hub.writable(key);
        }
    }

    /// What the peer has read since the last time, as lines.
    pub(super) fn lines(&mut self, pipe: usize) -> Vec<serde_json::Value> {
        loop {
            self.drain(pipe, usize::MAX);
            self.turn();
            if self.wires.pipes[pipe].waiting.is_empty() {
                break;
            }
        }
        let read = std::mem::take(&mut self.wires.pipes[pipe].read);
        let text = String::from_utf8(read).unwrap();
        text.lines().filter(|line| !line.is_empty()).map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// A peer that is in; answers its pipe.
    pub(super) fn join(&mut self, called: &str) -> usize {
        let pipe = self.connect(1 << 20);
        self.send(pipe, &hello(called));
        self.wait(Duration::from_millis(50));
        pipe
    }

    pub(super) fn hang_up(&mut self, pipe: usize, failed: bool) {
        if let Some(key) = self.key(pipe) {
            self.wires.pipes[pipe].broken |= failed;
            self.hub.hang_up(key, failed, moment(self.now));
        }
        self.turn();
    }
}

pub(super) fn hello(called: &str) -> String {
    format!("{{\"type\":\"hello\",\"v\":1,\"name\":\"{called}\"}}\n")
}

/// Every connection comes from a port of its own, so that its lines in the log can be told.
pub(super) fn address(pipe: usize) -> SocketAddr {
    SocketAddr::from(([10, 0, 0, 1], 10_000 + u16::try_from(pipe).unwrap()))
}
