//! A process that hosts: brings bytes to and from its hub.

use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::time::Duration;

use hybrid_chat::election::{How, Input};
use hybrid_chat::hub::{Hub, Key, Outlet};
use hybrid_chat::limits::CLOSE;
use hybrid_chat::moment::Moment;
use hybrid_chat::room::event::Command;

use crate::neighbours::Neighbours;
use crate::network::{End, Network, Read};
use crate::process::{Doing, Process};
use crate::trace;

/// A hub and its connections.
pub(crate) struct Hosting {
    pub(crate) hub: Hub,
    ends: Vec<Option<Socket>>,
    leaving: bool,
    neighbours: Neighbours,
    /// It is on its way out, until then at the latest; and where to, if its room goes on elsewhere.
    closing: Option<(Duration, Option<Vec<SocketAddr>>)>,
}

#[derive(Debug, Clone, Copy)]
struct Socket {
    end: End,
    /// Its end has been read.
    ended: bool,
}

/// A host's connections, as its hub writes to them.
struct Ends<'a> {
    net: &'a mut Network,
    ends: &'a mut [Option<Socket>],
}

impl Outlet for Ends<'_> {
    fn send(&mut self, key: Key, bytes: &[IoSlice<'_>]) -> io::Result<usize> {
        self.net.write(self.ends[key.0].expect("an open connection").end, bytes)
    }

    fn finish(&mut self, key: Key) {
        self.net.finish(self.ends[key.0].expect("an open connection").end);
    }

    fn close(&mut self, key: Key) {
        self.net.close(self.ends[key.0].take().expect("an open connection").end);
    }
}

impl Hosting {
    pub(crate) fn new(hub: Hub) -> Self {
        Self { hub, ends: Vec::new(), leaving: false, neighbours: Neighbours::default(), closing: None }
    }

    pub(crate) fn is_closing(&self) -> bool {
        self.closing.is_some()
    }

    /// Whether its process ends with it.
    pub(crate) fn is_last(&self) -> bool {
        matches!(self.closing, Some((_, None)))
    }

    fn read(&mut self, net: &mut Network, now: Moment) {
        for index in 0..self.ends.len() {
            let Some(Socket { end, ended }) = self.ends[index] else { continue };
            let key = Key(index);
            if net.has_become_writable(end) {
                self.hub.writable(key);
            }
            if ended || net.random.u8(0..3) == 0 || !self.hub.reads(key) || !self.hub.has_room() {
                continue;
            }
            match net.read(end) {
                Read::Nothing => {}
                Read::Bytes(bytes) => self.hub.receive(key, &bytes, now),
                end => {
                    self.ends[index].iter_mut().for_each(|socket| socket.ended = true);
                    self.hub.hang_up(key, end == Read::Broken, now);
                }
            }
        }
        drop(self.hub.resumed());
    }

    fn has_more_to_read(&self, net: &Network) -> bool {
        let sockets = self.ends.iter().enumerate().filter_map(|(index, socket)| Some((Key(index), (*socket)?)));
        let mut open = sockets.filter(|(key, socket)| !socket.ended && self.hub.reads(*key));
        self.hub.has_room() && open.any(|(_, socket)| net.is_readable(socket.end))
    }

    /// Writes what there is to write; the hub must come to rest.
    fn turn(&mut self, net: &mut Network, now: Moment) {
        let mut ends = Ends { net, ends: &mut self.ends };
        for _ in 0..4 {
            self.hub.turn(now, &mut ends);
            drop(self.hub.records());
            if self.hub.deadline().is_none_or(|deadline| deadline > now.mono) {
                return;
            }
        }
        panic!("the hub spins");
    }

    fn is_over(&mut self, net: &mut Network, now: Moment) -> bool {
        let over = self.closing.as_ref().is_some_and(|(until, _)| self.hub.connections() == 0 || *until <= now.mono);
        if over {
            self.hub.abandon(&mut Ends { net, ends: &mut self.ends });
        }
        over
    }
}

impl Process {
    /// A host's turn.
    pub(crate) fn serve(&mut self, mut hosting: Box<Hosting>, net: &mut Network) -> Doing {
        let now = self.moment(net);
        while hosting.closing.is_none()
            && let Some((end, peer)) = net.accept(self.machine, self.index)
        {
            let Key(index) = hosting.hub.accept(peer, now);
            hosting.ends.resize(hosting.ends.len().max(index + 1), None);
            hosting.ends[index] = Some(Socket { end, ended: false });
        }
        hosting.read(net, now);
        self.obey_as_host(&mut hosting, net, now);
        self.meet(&mut hosting, net, now);
        hosting.turn(net, now);
        self.screen.extend(hosting.hub.events().drain(..).map(|event| (net.now, event)));
        if hosting.is_over(net, now) {
            let Some(Some(to)) = hosting.closing.map(|(_, to)| to) else { return Doing::Gone };
            self.seat.unpack(hosting.hub.pack());
            return Doing::Next(Input::Lost(self.loss(How::Moved, to, |at| at)));
        }
        let closing = hosting.closing.as_ref().map(|(until, _)| *until);
        let due = [hosting.hub.deadline(), closing.or_else(|| hosting.neighbours.deadline())];
        due.into_iter().flatten().for_each(|due| self.wake_at(due));
        if hosting.has_more_to_read(net) || hosting.neighbours.has_more_to_read(net) {
            self.wake_at(now.mono);
        }
        Doing::Hosting(hosting)
    }

    /// Meets other hosts, and yields to one whose room stays.
    fn meet(&mut self, hosting: &mut Hosting, net: &mut Network, now: Moment) {
        if hosting.closing.is_some() || hosting.leaving {
            return;
        }
        if let Some(to) = hosting.neighbours.visit(&mut hosting.hub, net, now) {
            hosting.hub.move_to(&to, now);
            return self.close(hosting, Some(to.at), net, now);
        }
        while let Some(at) = hosting.neighbours.whom(&mut self.seen, &hosting.hub, now) {
            trace(net.now, &self.name, "visits", at.to_string().as_bytes());
            let end = self.connect(at, net);
            hosting.neighbours.set_out(end, net, now);
        }
        hosting.neighbours.tell(&hosting.hub, &mut self.beacon, now);
    }

    /// Nobody is let in any more.
    fn close(&mut self, hosting: &mut Hosting, to: Option<Vec<SocketAddr>>, net: &mut Network, now: Moment) {
        net.stop_listening(self.machine, self.index);
        hosting.neighbours.stay_at_home(net);
        hosting.closing = Some((now.mono + CLOSE, to));
    }

    fn obey_as_host(&mut self, hosting: &mut Hosting, net: &mut Network, now: Moment) {
        while hosting.closing.is_none()
            && hosting.hub.takes_commands()
            && let Some(command) = self.wants.pop_front()
        {
            match command {
                Command::Quit => hosting.leaving = true,
                _ if hosting.leaving => {}
                command => hosting.hub.command(command, now),
            }
        }
        if hosting.leaving && hosting.closing.is_none() && hosting.hub.takes_commands() {
            match hosting.hub.room().successor() {
                Some(successor) => hosting.hub.hand_over(successor, now),
                None => hosting.hub.close("the host closed the room", now),
            }
            self.close(hosting, None, net, now);
        }
    }
}
