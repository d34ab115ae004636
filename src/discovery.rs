//! The LAN: who hosts a room there, and telling others of ours.
//!
//! Two ways: a beacon of our own, and DNS-SD. One thread, `discovery`, drives both as long as it has a task, on all chosen
//! interfaces, which it looks at again as they come and go; at rest no socket is open and nothing wakes. Either way yields
//! [`Seen`], through one mailbox. It knows neither the rules of the room nor who is to host.

pub mod beacon;
mod datagram;
pub mod dns_sd;
mod sockets;
mod spot;
mod txt;

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use fastrand::Rng;
use mio::{Events, Waker};
use parking_lot::Mutex;

pub use beacon::Task;
use beacon::{Beacon, Outgoing};
use dns_sd::DnsSd;
use sockets::Sockets;
pub(crate) use spot::{GROUP_V4, GROUP_V6};

use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::interfaces::{self, Interface};
use crate::limits::{DEFAULT_PORT, DISCOVERY_END, INTERFACES_EVERY, READY_EVENTS};
use crate::listing;
use crate::mailbox::Mailbox;
use crate::net::{Net, WAKE};
use crate::room::id::PeerId;
use crate::sighting::Seen;

/// What to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    /// The room's port; 0: rooms on any port.
    pub port: u16,
    /// The interfaces asked for by name; none: all that lead to a LAN.
    pub interfaces: Vec<String>,
    /// Who we are: we are not seen.
    pub me: PeerId,
}

/// Discovery on the LAN, at rest until it is given a [`Task`]. Dropping it ends its thread, within
/// [`DISCOVERY_END`].
#[derive(Debug)]
pub struct Lan {
    shared: Arc<Shared>,
    waker: Arc<Waker>,
    thread: Option<JoinHandle<()>>,
    /// Closed when the thread has ended.
    ended: mpsc::Receiver<()>,
}

/// What the thread and its owner share.
#[derive(Debug, Default)]
struct Shared {
    /// The next task, if it is another.
    task: Mutex<Option<Task>>,
    stops: AtomicBool,
    is_blind: AtomicBool,
    troubles: Mutex<Vec<String>>,
}

impl Lan {
    /// Looks at the interfaces and starts the thread. What it sees is offered to `seen`; what has no room there is dropped,
    /// because the same host says the same again. Times in tasks are `clock`'s.
    ///
    /// # Errors
    /// The operating system has no means for it, as when there are no descriptors or threads left.
    pub fn open(scope: Scope, clock: Clock, seen: Arc<Mailbox<Seen>>) -> Result<Self> {
        let net = Net { clock, ..Net::new()? };
        let failed = |source| Error::io("start looking around on the LAN", source);
        let shared = Arc::new(Shared::default());
        let waker = net.waker.clone();
        let mut watch = Watch::new(net, scope, seen, shared.clone()).map_err(failed)?;
        let (ends, ended) = mpsc::channel();
        let thread = thread::Builder::new().name("discovery".into()).spawn(move || {
            let _ends: mpsc::Sender<()> = ends;
            watch.run();
        });
        Ok(Self { shared, waker, thread: Some(thread.map_err(failed)?), ended })
    }

    /// Gives it another task; the same again changes nothing. It does not wait for anything.
    pub fn set(&self, task: Task) {
        *self.shared.task.lock() = Some(task);
        self.wake();
    }

    /// Whether there is no interface to look at now.
    pub fn is_blind(&self) -> bool {
        self.shared.is_blind.load(Ordering::Relaxed)
    }

    /// What does not work now, a line for each: for people who wonder why nobody is found.
    pub fn troubles(&self) -> Vec<String> {
        self.shared.troubles.lock().clone()
    }

    fn wake(&self) {
        // It can fail only once there is nobody left to wake.
        drop(self.waker.wake());
    }
}

impl Drop for Lan {
    fn drop(&mut self) {
        self.shared.stops.store(true, Ordering::Relaxed);
        self.wake();
        let has_ended = self.ended.recv_timeout(DISCOVERY_END) == Err(RecvTimeoutError::Disconnected);
        if let Some(thread) = self.thread.take().filter(|_| has_ended) {
            // Had it panicked, that would have been reported by now.
            drop(thread.join());
        }
    }
}

/// What the thread owns.
struct Watch {
    net: Net,
    asked: Vec<String>,
    seen: Arc<Mailbox<Seen>>,
    shared: Arc<Shared>,
    beacon: Beacon,
    sockets: Sockets,
    dns_sd: DnsSd,
    interfaces: Vec<Interface>,
    /// When they are looked at again.
    look_again: Duration,
    /// What does not work of that.
    unlisted: Vec<String>,
}

impl Watch {
    fn new(net: Net, scope: Scope, seen: Arc<Mailbox<Seen>>, shared: Arc<Shared>) -> io::Result<Self> {
        let sockets = Sockets::new(net.poll.registry().try_clone()?);
        let beacon = Beacon::new(scope.port, scope.me, Rng::with_seed(getrandom::u64().map_err(io::Error::other)?));
        let heard = seen.clone();
        let dns_sd = DnsSd::new(Some(scope.port).filter(|port| *port != 0), scope.me, move |sighting| {
            // As below.
            drop(heard.offer(Seen::Room(sighting)));
        });
        let mut watch = Self {
            net,
            asked: scope.interfaces,
            seen,
            shared,
            beacon,
            sockets,
            dns_sd,
            interfaces: Vec::new(),
            look_again: Duration::ZERO,
            unlisted: Vec::new(),
        };
        watch.list(watch.net.clock.now().mono);
        watch.report();
        Ok(watch)
    }

    fn run(&mut self) {
        let mut ready = Events::with_capacity(READY_EVENTS);
        while !self.shared.stops.load(Ordering::Relaxed) {
            let now = self.net.clock.now().mono;
            ready.iter().filter(|event| event.token() != WAKE).for_each(|event| self.sockets.ready(event));
            self.obey(now);
            self.look_at_interfaces(now);
            self.hear(now);
            while let Some(outgoing) = self.beacon.due(now) {
                self.sockets.send(&outgoing);
            }
            self.drive_dns_sd(now);
            self.report();
            let timeout = self.timeout();
            match self.net.poll.poll(&mut ready, timeout) {
                Err(error) if error.kind() != io::ErrorKind::Interrupted => {
                    *self.shared.troubles.lock() = vec![Error::io("wait for datagrams", error).to_string()];
                    self.shared.is_blind.store(true, Ordering::Relaxed);
                    return;
                }
                _ => {}
            }
        }
        self.dns_sd.rest();
    }

    /// Takes the next task, if there is one.
    fn obey(&mut self, now: Duration) {
        let Some(task) = self.shared.task.lock().take() else { return };
        self.beacon.set(task, now);
        self.sockets.update(&self.interfaces, &self.ports());
    }

    /// Who is at work looks at the interfaces again from time to time.
    fn look_at_interfaces(&mut self, now: Duration) {
        if self.beacon.is_resting() || now < self.look_again {
            return;
        }
        self.list(now);
        if self.sockets.update(&self.interfaces, &self.ports()) {
            self.beacon.hurry(now);
        }
    }

    fn list(&mut self, now: Duration) {
        self.look_again = now + INTERFACES_EVERY;
        self.unlisted.clear();
        match listing::list() {
            Ok(listed) => self.interfaces = interfaces::select(listed, &self.asked),
            // Those of the last time may be there still.
            Err(error) => self.unlisted.push(Error::io("list the network interfaces", error).to_string()),
        }
        for name in &self.asked {
            if self.interfaces.iter().all(|interface| interface.name != *name) {
                self.unlisted.push(format!("look at {name}: there is no such interface, or it is down"));
            }
        }
    }

    /// Where to listen: where those are who have to do with our room, and, as a host, where all rooms are asked for.
    fn ports(&self) -> Vec<u16> {
        let port = self.beacon.port();
        match self.beacon.task() {
            Task::Rest => Vec::new(),
            Task::Announce(_) if port != DEFAULT_PORT => vec![port, DEFAULT_PORT],
            _ => vec![port],
        }
    }

    fn hear(&mut self, now: Duration) {
        for (bytes, from) in self.sockets.read() {
            let heard = self.beacon.receive(&bytes, from, now);
            heard.reply.iter().for_each(|reply: &Outgoing| self.sockets.send(reply));
            if let Some(seen) = heard.seen {
                // There is no room for it while the owner is busy: the same is seen again.
                drop(self.seen.offer(seen));
            }
        }
    }

    /// The second way. It is told again and again: it keeps to its own pace.
    fn drive_dns_sd(&mut self, now: Duration) {
        match self.beacon.task() {
            Task::Rest => self.dns_sd.rest(),
            Task::Look { .. } => self.dns_sd.drive(&self.interfaces, None, now),
            Task::Announce(announcement) => self.dns_sd.drive(&self.interfaces, Some(announcement), now),
        }
    }

    fn report(&self) {
        let is_mute = !self.beacon.is_resting() && self.sockets.is_mute();
        self.shared.is_blind.store(self.interfaces.is_empty() || is_mute, Ordering::Relaxed);
        let dns_sd = self.dns_sd.trouble().map(ToOwned::to_owned);
        let troubles = [self.unlisted.clone(), self.sockets.troubles(), Vec::from_iter(dns_sd)].concat();
        *self.shared.troubles.lock() = troubles;
    }

    /// How long to wait if nothing comes; nothing: for ever.
    fn timeout(&mut self) -> Option<Duration> {
        if self.sockets.any_readable() {
            return Some(Duration::ZERO);
        }
        let due = self.beacon.deadline()?.min(self.look_again);
        Some(due.saturating_sub(self.net.clock.now().mono))
    }
}

#[cfg(test)]
mod tests;
