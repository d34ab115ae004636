//! One connection at the host: its session, how far it has come, and when something is due on it.
//!
//! What waits for it is in its [`Queue`]; what is done when something is due, the hub knows.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use super::queue::Queue;
use super::stream::Stream;
use crate::limits::{ASK_AFTER, HELLO_WAIT, LINGER, NAME_WAIT, REQUEST_WAIT, SILENCE, SLOW};
use crate::room::Link;
use crate::room::id::MemberId;
use crate::session::Session;
use crate::wire::Dialect;

/// How far a connection has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// It has not said who it is, or its name was bad this many times.
    Greeting(u32),
    /// It has said who it is and waits to be let in.
    Waiting,
    /// It is in.
    In(MemberId),
    /// It is told the rest, and then no more.
    Ending,
    /// It has been told everything; what it still sends is thrown away until it ends too.
    Ended,
}

/// One connection.
#[derive(Debug)]
pub(super) struct Slot {
    pub(super) link: Link,
    pub(super) address: SocketAddr,
    pub(super) session: Session,
    pub(super) stage: Stage,
    /// What it speaks, once that has turned out.
    pub(super) dialect: Option<Dialect>,
    /// It said nothing at first, and so was asked for a name.
    pub(super) asked: bool,
    /// A request of it was answered.
    pub(super) served: bool,
    /// With which code its WebSocket would be closed; none: it is none, or no frame can be sent any more.
    pub(super) code: Option<u16>,
    /// Its member's name, once it is in.
    pub(super) name: Option<Arc<str>>,
    /// It is not read for now: it is faster than it is read, or waits to be let in.
    pub(super) throttled: bool,
    /// It will send no more.
    pub(super) finished: bool,
    /// When it was accepted, then when it joined.
    pub(super) since: Duration,
    pub(super) heard: Duration,
    /// Since when something waits for it and it takes nothing; none: nothing waits, or it takes what there is.
    pub(super) stalled: Option<Duration>,
    /// How it ends, once it does.
    ending: Option<Box<Ending>>,
    /// The operating system takes no more for now; it says when it does again.
    pub(super) blocked: bool,
    joined: bool,
    /// What waits for it.
    pub(super) queue: Queue,
}

/// The end of a connection.
#[derive(Debug)]
struct Ending {
    since: Duration,
    /// How much of what it still sent was thrown away.
    discarded: usize,
}

impl Slot {
    pub(super) fn new(link: Link, address: SocketAddr, session: Session, now: Duration) -> Self {
        Self {
            link,
            address,
            session,
            stage: Stage::Greeting(0),
            dialect: None,
            asked: false,
            served: false,
            code: None,
            name: None,
            throttled: false,
            finished: false,
            since: now,
            heard: now,
            stalled: None,
            ending: None,
            blocked: false,
            joined: false,
            queue: Queue::new(),
        }
    }

    /// The dialect in which it is told something: a person was asked, if it has said nothing yet.
    pub(super) fn dialect(&self) -> Dialect {
        self.dialect.unwrap_or(if self.asked { Dialect::Text } else { Dialect::Native })
    }

    /// Whether it has said nothing for so long that it is asked for a name.
    pub(super) fn is_to_be_asked(&self, now: Duration) -> bool {
        self.is_silent() && self.since + ASK_AFTER <= now
    }

    /// Whether it has said nothing yet, and was not asked for a name.
    fn is_silent(&self) -> bool {
        let is_new = matches!(self.stage, Stage::Greeting(_)) && self.dialect.is_none();
        is_new && !self.asked && !self.session.holds_bytes()
    }

    /// Why it ends, if it ends without having said who it is.
    pub(super) fn no_hello(&self) -> &'static str {
        if self.served { "page" } else { "no-hello" }
    }

    /// Whether it is told things: a browser that only makes requests is not.
    pub(super) fn is_told(&self) -> bool {
        self.dialect() != Dialect::Web || self.code.is_some()
    }

    /// Whether it reads this dialect's stream, or did so up to its end.
    pub(super) fn reads(&self, dialect: Dialect) -> bool {
        self.joined && self.dialect() == dialect
    }

    /// It is in: from now on the shared stream is for it too.
    pub(super) fn join(&mut self, id: MemberId, name: Arc<str>, stream: &Stream, now: Duration) {
        self.stage = Stage::In(id);
        self.name = Some(name);
        self.since = now;
        self.heard = now;
        self.joined = true;
        self.queue.join(stream);
    }

    /// It hears nothing more than what waits for it now.
    pub(super) fn stop(&mut self, stream: &Stream, now: Duration) {
        self.stage = Stage::Ending;
        self.ending = Some(Box::new(Ending { since: now, discarded: 0 }));
        self.queue.stop(stream);
        self.session = Session::new(0);
    }

    /// Throws away what it still sends; answers how much that was in all.
    pub(super) fn discard(&mut self, bytes: usize) -> usize {
        self.ending.as_mut().map_or(0, |ending| {
            ending.discarded += bytes;
            ending.discarded
        })
    }

    /// Whether it has taken nothing for too long while something waited for it.
    pub(super) fn is_slow(&self, now: Duration) -> bool {
        self.stalled.is_some_and(|since| since + SLOW <= now)
    }

    /// Until when it has to say who it is, or is asked.
    fn greeted_by(&self) -> Duration {
        match self.dialect {
            None if self.is_silent() => self.since + ASK_AFTER,
            None if self.asked => self.heard + NAME_WAIT,
            None => self.since + HELLO_WAIT,
            Some(Dialect::Text) => self.heard + NAME_WAIT,
            Some(Dialect::Web) if self.code.is_none() => self.since + REQUEST_WAIT,
            Some(Dialect::Native | Dialect::Web) => self.heard + HELLO_WAIT,
        }
    }

    /// When something is due on it, if nothing happens.
    pub(super) fn deadline(&self) -> Duration {
        let stalled = self.stalled.map_or(Duration::MAX, |since| since + SLOW);
        match self.stage {
            Stage::Greeting(_) => self.greeted_by(),
            // A member that is read more slowly than it sends is there, though nothing new is heard of it.
            Stage::In(_) if self.throttled => stalled,
            // A person may be silent; the operating system looks whether the connection is still there.
            Stage::In(_) if self.dialect() == Dialect::Text => stalled,
            Stage::In(_) => stalled.min(self.heard + SILENCE),
            Stage::Waiting => Duration::MAX,
            Stage::Ending | Stage::Ended => self.ending.as_ref().map_or(Duration::ZERO, |ending| ending.since) + LINGER,
        }
    }
}
