//! The load generator: any number of members on one readiness loop, some of which speak.
//!
//! A sender is closed-loop: it has at most a window of messages on their way and sends the next when one has come back,
//! so that every server is driven as fast as it can go and none is flooded. Or it speaks at a steady rate, whatever the
//! server does. Reads are large, so that the load stays cheaper than the servers.

use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};

use crate::dialect::Dialect;
use crate::ear::{Ear, Member};
use crate::stamp::Stamp;
use crate::tally::{Faults, Tally};

/// Messages that a closed-loop sender has on their way where nobody says another number; the same for all servers. It
/// decides how many lines leave in one write, and so what is compared: with few, how often a server happens to wake;
/// with many, what it does for each message, because the system calls are spread over ever more of them.
pub(crate) const WINDOW: u32 = 64;
/// What is read from a socket at once.
const READ: usize = 256 * 1024;
/// The longest line that is kept until it ends; rosters are not.
const LINE: usize = 64 * 1024;
/// Connections opened before the loop looks at the open ones again.
const CONNECT_BATCH: usize = 64;
/// How long what has been sent may make no progress before it counts as lost.
const DRAIN: Duration = Duration::from_secs(10);

/// Who speaks, and how.
#[derive(Clone, Copy)]
pub(crate) struct Plan {
    /// The first so many members speak.
    pub(crate) senders: usize,
    /// The length of each text, in bytes.
    pub(crate) text: usize,
    pub(crate) pace: Pace,
    /// Messages that a closed-loop sender has on their way at most.
    pub(crate) window: u32,
}

#[derive(Clone, Copy)]
pub(crate) enum Pace {
    /// As fast as the window allows.
    Window,
    /// As fast as the window allows, so many messages from each sender in all.
    Count(u32),
    /// A message of the first sender every so often.
    Every(Duration),
}

struct Connection {
    stream: TcpStream,
    member: Member,
    /// The beginning of a line.
    tail: Vec<u8>,
    out: Vec<u8>,
    open: bool,
    /// Never reads again.
    stalled: bool,
}

#[derive(Clone, Copy)]
struct Ready {
    index: usize,
    readable: bool,
    writable: bool,
    closing: bool,
}

pub(crate) struct Load {
    poll: Poll,
    events: Events,
    ready: Vec<Ready>,
    dialect: Dialect,
    /// The first so many connections are those of senders.
    senders: usize,
    server: SocketAddr,
    epoch: Instant,
    buffer: Vec<u8>,
    connections: Vec<Connection>,
    ear: Ear,
    plan: Option<Plan>,
    sent: Vec<u32>,
    /// When a paced sender speaks next, in microseconds.
    due: u64,
    /// Bytes that were read.
    pub(crate) received: u64,
    /// Reads that brought them.
    pub(crate) reads: u64,
}

/// How joining went.
#[derive(Clone, Copy)]
pub(crate) struct Joined {
    pub(crate) welcomed: usize,
    /// Members that know all the others.
    pub(crate) whole: usize,
    pub(crate) took: Duration,
}

impl Load {
    /// Members of `dialect` at `server`; the first `senders` of them speak as those do who talk to such members.
    pub(crate) fn new(dialect: Dialect, senders: usize, server: SocketAddr) -> io::Result<Load> {
        Ok(Load {
            poll: Poll::new()?,
            events: Events::with_capacity(1024),
            ready: Vec::with_capacity(1024),
            dialect,
            senders,
            server,
            epoch: Instant::now(),
            buffer: vec![0; LINE + READ],
            connections: Vec::new(),
            ear: Ear::new(),
            plan: None,
            sent: Vec::new(),
            due: 0,
            received: 0,
            reads: 0,
        })
    }

    /// Brings `count` members in, called `prefix` and a number, with at most `pending` of them on their way at once,
    /// and waits at most `wait` until each knows all.
    pub(crate) fn join(&mut self, prefix: char, count: usize, pending: usize, wait: Duration) -> io::Result<Joined> {
        self.ear = Ear::new();
        let start = Instant::now();
        while self.ear.whole < count && start.elapsed() < wait {
            let coming = self.connections.len() - self.ear.welcomed;
            let more = CONNECT_BATCH.min(count - self.connections.len()).min(pending.saturating_sub(coming));
            for _ in 0..more {
                self.connect(prefix, count)?;
            }
            self.turn(if more > 0 { Duration::ZERO } else { Duration::from_millis(10) })?;
        }
        Ok(Joined { welcomed: self.ear.welcomed, whole: self.ear.whole, took: start.elapsed() })
    }

    fn connect(&mut self, prefix: char, members: usize) -> io::Result<()> {
        let index = self.connections.len();
        let dialect = if index < self.senders { self.dialect.of_senders() } else { self.dialect };
        let mut stream = TcpStream::connect(self.server)?;
        stream.set_nodelay(true)?;
        self.poll.registry().register(&mut stream, Token(index), Interest::READABLE | Interest::WRITABLE)?;
        self.connections.push(Connection {
            stream,
            member: Member::new(dialect, members),
            tail: Vec::new(),
            out: dialect.hello(&format!("{prefix}{index}")),
            open: true,
            stalled: false,
        });
        Ok(())
    }

    /// The members in `range` read nothing any more, and what they miss is no fault.
    pub(crate) fn stall(&mut self, range: std::ops::Range<usize>) {
        self.connections[range].iter_mut().for_each(|connection| connection.stalled = true);
    }

    /// The senders of `plan` begin to speak.
    pub(crate) fn begin(&mut self, plan: Plan) {
        let members = self.connections.len();
        self.ear.begin(members, (0..plan.senders).map(|sender| self.counterpart(sender)).collect());
        self.sent = vec![0; plan.senders];
        self.plan = Some(plan);
        self.due = self.now();
        (0..plan.senders).for_each(|sender| self.offer(sender));
    }

    /// Goes on for `time`.
    pub(crate) fn run(&mut self, time: Duration) -> io::Result<()> {
        let end = Instant::now() + time;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            let pause = self.keep_pace().map_or(left, |pause| pause.min(left));
            self.turn(pause)?;
        }
    }

    /// Says what is due at a steady rate, and how long there is nothing to say.
    fn keep_pace(&mut self) -> Option<Duration> {
        let Some(Plan { text, pace: Pace::Every(interval), .. }) = self.plan else { return None };
        while self.due <= self.now() {
            self.say(0, text, self.due);
            self.flush(0);
            self.due += interval.as_micros() as u64;
        }
        // The poll counts in whole milliseconds and rounds up: the last one is spent looking at the clock.
        Some(Duration::from_millis((self.due - self.now().min(self.due)) / 1000))
    }

    /// Nobody speaks any more (whose number is limited says all of it first); waits until everything has arrived, or
    /// nothing does for [`DRAIN`]. Returns the faults of the whole run.
    pub(crate) fn finish(&mut self) -> io::Result<Faults> {
        if !matches!(self.plan, Some(Plan { pace: Pace::Count(_), .. })) {
            self.plan = None;
        }
        let mut progress = (Instant::now(), 0);
        while self.outstanding() > 0 && progress.0.elapsed() < DRAIN {
            self.turn(Duration::from_millis(10))?;
            let deliveries = self.tally().map_or(0, |tally| tally.deliveries);
            if deliveries > progress.1 {
                progress = (Instant::now(), deliveries);
            }
        }
        self.plan = None;
        let mut faults = self.tally().map_or(Faults::default(), Tally::faults);
        faults.lost += self.outstanding();
        Ok(faults)
    }

    /// Deliveries that are still due.
    fn outstanding(&self) -> u64 {
        let Some(tally) = self.tally() else { return 0 };
        let limit = match self.plan {
            Some(Plan { pace: Pace::Count(count), .. }) => count,
            _ => 0,
        };
        let mut sum = 0;
        for (sender, sent) in self.sent.iter().enumerate() {
            for (receiver, connection) in self.connections.iter().enumerate() {
                if !connection.stalled && (receiver != sender || self.dialect.of_senders().echoes()) {
                    sum += u64::from(tally.outstanding(receiver, sender, (*sent).max(limit)));
                }
            }
        }
        sum
    }

    pub(crate) fn tally(&self) -> Option<&Tally> {
        self.ear.tally.as_ref()
    }

    /// Latencies count from here.
    pub(crate) fn forget_latencies(&mut self) {
        if let Some(tally) = &mut self.ear.tally {
            tally.latency.clear();
        }
    }

    /// The first thing that went wrong with a connection that should be well, if one did.
    pub(crate) fn complaint(&self) -> Option<String> {
        let ended = self.connections.iter().filter(|connection| !connection.open && !connection.stalled).count();
        let ended = (ended > 0).then(|| format!("{ended} connections ended"));
        self.ear.complaint.as_ref().map(|line| format!("the server said {line}")).or(ended)
    }

    fn now(&self) -> u64 {
        self.epoch.elapsed().as_micros() as u64
    }

    fn turn(&mut self, timeout: Duration) -> io::Result<()> {
        match self.poll.poll(&mut self.events, Some(timeout)) {
            Err(error) if error.kind() != io::ErrorKind::Interrupted => return Err(error),
            _ => self.ready.clear(),
        }
        self.ready.extend(self.events.iter().map(|event| Ready {
            index: event.token().0,
            readable: event.is_readable(),
            writable: event.is_writable(),
            closing: event.is_read_closed() || event.is_error(),
        }));
        for at in 0..self.ready.len() {
            let ready = self.ready[at];
            if ready.readable && !self.connections[ready.index].stalled {
                self.read(ready.index, ready.closing);
                self.offer(self.counterpart(ready.index));
            }
            if ready.writable || !self.connections[ready.index].out.is_empty() {
                self.flush(ready.index);
            }
        }
        Ok(())
    }

    fn read(&mut self, index: usize, closing: bool) {
        let connection = &mut self.connections[index];
        while connection.open {
            let kept = connection.tail.len();
            if kept > LINE {
                connection.open = false;
                return;
            }
            self.buffer[..kept].copy_from_slice(&connection.tail);
            match connection.stream.read(&mut self.buffer[kept..]) {
                Ok(0) => connection.open = false,
                Ok(count) => {
                    self.received += count as u64;
                    self.reads += 1;
                    let now = self.epoch.elapsed().as_micros() as u64;
                    let bytes = &self.buffer[..kept + count];
                    let done = self.ear.hear(index, &mut connection.member, bytes, now);
                    connection.tail.clear();
                    connection.tail.extend_from_slice(&bytes[done..]);
                    // A short read says that the socket is empty (epoll(7)), and saves asking again.
                    if kept + count < self.buffer.len() && !closing {
                        break;
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(_) => connection.open = false,
            }
        }
        connection.out.append(&mut connection.member.answers);
    }

    /// The member that acknowledges what `index` says, by getting it; and the member whose messages `index` acknowledges.
    fn counterpart(&self, index: usize) -> usize {
        if self.dialect.of_senders().echoes() { index } else { self.connections.len() - 1 - index }
    }

    /// Lets closed-loop sender `sender` say what its window has room for.
    fn offer(&mut self, sender: usize) {
        let Some(Plan { senders, text, pace, window }) = self.plan else { return };
        let limit = match pace {
            Pace::Window => u32::MAX,
            Pace::Count(count) => count,
            Pace::Every(_) => return,
        };
        if sender >= senders || self.ear.acknowledged[sender] + window <= self.sent[sender] {
            return;
        }
        let now = self.now();
        while self.sent[sender] < limit.min(self.ear.acknowledged[sender] + window) {
            self.say(sender, text, now);
        }
        self.flush(sender);
    }

    fn say(&mut self, sender: usize, text: usize, now: u64) {
        let stamp = Stamp { sender: sender as u32, count: self.sent[sender], at: now };
        self.dialect.of_senders().say(stamp, text, &mut self.connections[sender].out);
        self.sent[sender] += 1;
    }

    fn flush(&mut self, index: usize) {
        let connection = &mut self.connections[index];
        while connection.open && !connection.out.is_empty() {
            match connection.stream.write(&connection.out) {
                Ok(count) => drop(connection.out.drain(..count)),
                Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::NotConnected) => return,
                Err(_) => connection.open = false,
            }
        }
    }
}
