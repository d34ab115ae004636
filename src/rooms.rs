//! `hybrid-chat rooms`: the rooms on the LAN, as a table, as objects, or as they come and go.
//!
//! Discovery says where to look; a room is listed when it has answered there over TCP, because the news of a host that has
//! crashed outlives it. Which rooms those are, and how they are shown, is decided in pure files beside this one.

mod board;
mod show;

use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::Duration;

use board::{Board, Change};

use crate::cli::RoomsArgs;
use crate::clock::Clock;
use crate::discovery::{Lan, Scope, Task};
use crate::error::{self, Error, Result};
use crate::limits::{DEFAULT_PORT, LIST, SIGHTINGS};
use crate::mailbox::Mailbox;
use crate::moment::Moment;
use crate::room::id::Secret;
use crate::room::text;
use crate::scout::{self, Found};
use crate::shutdown;
use crate::sighting::{Announcement, Seen};

/// What wakes the list.
enum News {
    /// Discovery has seen something.
    Seen,
    /// Who was asked at an address has answered: a room, or not.
    Told(SocketAddr, Option<Box<Announcement>>),
    /// Somebody wants it to end.
    Stop,
}

/// Lists the rooms on the LAN on `out`: after [`LIST`], or, if it is to watch, as they come and go until a signal; on `err`
/// what keeps it from looking.
///
/// # Errors
/// The system has no means to look around, or `out` cannot be written to.
pub fn command(args: RoomsArgs, out: &mut impl Write, err: &mut impl Write) -> Result<()> {
    let (news, told) = mpsc::channel();
    if args.watch {
        let stop = news.clone();
        // Nobody listens any more: it has ended already.
        shutdown::on_signal(move || drop(stop.send(News::Stop)), || {})?;
    }
    let mut list = List::open(args, news)?;
    for trouble in list.lan.troubles() {
        // Nobody can be told that standard error is gone.
        drop(writeln!(err, "* {}", text::one_line(&trouble)));
    }
    error::written(list.run(&told, out))
}

/// A list under way.
struct List {
    args: RoomsArgs,
    clock: Clock,
    seen: Arc<Mailbox<Seen>>,
    news: Sender<News>,
    board: Board,
    /// Looks as long as it is there.
    lan: Lan,
}

impl List {
    fn open(args: RoomsArgs, news: Sender<News>) -> Result<Self> {
        let clock = Clock::start();
        let seen = Arc::new(Mailbox::new(SIGHTINGS));
        let wake = news.clone();
        seen.on_push(move || drop(wake.send(News::Seen)));
        let mut secret = Secret([0; 16]);
        getrandom::fill(&mut secret.0).map_err(|error| Error::io("get random bits", io::Error::other(error)))?;
        let scope = Scope { port: args.port.unwrap_or(0), interfaces: args.interface.clone(), me: secret.peer() };
        let lan = Lan::open(scope, clock, seen.clone())?;
        lan.set(Task::Look { hosts_at: None });
        Ok(Self { board: Board::new(args.port), args, clock, seen, news, lan })
    }

    fn run(&mut self, told: &Receiver<News>, out: &mut impl Write) -> io::Result<()> {
        // A room on this machine may be announced nowhere.
        for ip in [IpAddr::from(Ipv4Addr::LOCALHOST), Ipv6Addr::LOCALHOST.into()] {
            self.board.keep((ip, self.args.port.unwrap_or(DEFAULT_PORT)).into(), self.clock.now().mono);
        }
        loop {
            let now = self.clock.now();
            self.take_sightings(now.mono);
            self.ask(now.mono);
            let due = if self.args.watch { self.board.deadline() } else { Some(LIST) };
            match told.recv_timeout(due.map_or(LIST, |due| due.saturating_sub(now.mono))) {
                Ok(News::Seen) => {}
                Ok(News::Told(at, answer)) => {
                    let changes = self.board.told(at, answer.map(|room| *room), self.clock.now().mono);
                    if self.args.watch {
                        self.say(&changes, out)?;
                    }
                }
                Ok(News::Stop) | Err(RecvTimeoutError::Disconnected) => return Ok(()),
                Err(RecvTimeoutError::Timeout) if self.args.watch => {}
                Err(RecvTimeoutError::Timeout) => return self.list(out),
            }
        }
    }

    fn take_sightings(&mut self, now: Duration) {
        while let Some(seen) = self.seen.take() {
            if let Seen::Room(sighting) = seen {
                self.board.sighted(&sighting, now);
            }
        }
    }

    /// Asks who is where, each in a thread of its own that ends by itself.
    fn ask(&mut self, now: Duration) {
        while let Some(at) = self.board.next_to_ask(now) {
            let news = self.news.clone();
            let ask = move || {
                let answer = match scout::look(at) {
                    Found::Room(room) => Some(room),
                    Found::Stranger { .. } | Found::Nobody => None,
                };
                // The list may have ended.
                drop(news.send(News::Told(at, answer)));
            };
            if thread::Builder::new().name("scout".into()).spawn(ask).is_err() {
                // As good as no answer: it is asked again.
                drop(self.news.send(News::Told(at, None)));
            }
        }
    }

    /// All rooms, at the end.
    fn list(&self, out: &mut impl Write) -> io::Result<()> {
        let Moment { wall, .. } = self.clock.now();
        let rooms = self.board.rooms();
        let text = if self.args.json {
            rooms.iter().map(|room| show::json("found", room, wall)).collect()
        } else {
            show::table(&rooms, wall)
        };
        out.write_all(text.as_bytes())?;
        out.flush()
    }

    /// What has changed.
    fn say(&self, changes: &[Change], out: &mut impl Write) -> io::Result<()> {
        let Moment { wall, .. } = self.clock.now();
        for change in changes {
            let line = if self.args.json { show::change_json(change, wall) } else { show::change(change, wall) };
            out.write_all(line.as_bytes())?;
        }
        out.flush()
    }
}
