//! One virtual machine: processes that share one port, connections between them, a clock.
//!
//! Binding is exclusive. A connection brings bytes in random pieces at random times, takes only so many before somebody
//! reads them, and what a process had sent when it died arrives up to a random byte.

use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::time::Duration;

use chrono::DateTime;
use hybrid_chat::election::{Action, Dialed, Election, How, Input, Loss, Place, Will};
use hybrid_chat::hub::{Hub, Key, Outlet, Own};
use hybrid_chat::limits::CLOSE;
use hybrid_chat::moment::Moment;
use hybrid_chat::room::Room;
use hybrid_chat::room::event::{Command, Event};
use hybrid_chat::room::id::{MemberId, RoomId, Secret};
use hybrid_chat::room::name::Name;
use hybrid_chat::seat::{Over, Phase, Seat};

/// How often the machine looks what there is to do, in milliseconds.
const TICK: u64 = 2;
/// What waits on the way to a member, at most.
const CAPACITY: usize = 3_000;

/// One connection: a member's process, its host's process, and the bytes between them.
#[derive(Debug)]
pub(crate) struct Wire {
    member: usize,
    host: usize,
    key: Key,
    up: VecDeque<u8>,
    down: VecDeque<u8>,
    blocked: bool,
    /// The host's end sends no more (and, where the process is gone, takes no more).
    finished: bool,
    /// The line between them is broken: neither end has been closed.
    cut: bool,
    /// The member's end is gone.
    left: bool,
    /// The host's end is gone.
    gone: bool,
}

/// What a process is doing.
pub(crate) enum Doing {
    Next(Input),
    Dialing(usize),
    Sitting(usize),
    Waiting(Duration),
    Hosting(Box<Hub>),
    /// A host on its way out, until then at the latest.
    Closing(Box<Hub>, Duration),
    Gone,
}

pub(crate) struct Process {
    pub(crate) name: String,
    secret: Secret,
    election: Election,
    pub(crate) seat: Option<Seat>,
    pub(crate) doing: Doing,
    /// What its interface has shown.
    pub(crate) screen: Vec<Event>,
    /// What its interface wants and nobody has taken yet.
    wants: VecDeque<Command>,
    /// What it has said to everybody.
    pub(crate) said: Vec<String>,
    stalled: bool,
}

pub(crate) struct Machine {
    random: fastrand::Rng,
    now: u64,
    /// Who listens.
    listener: Option<usize>,
    pub(crate) processes: Vec<Process>,
    wires: Vec<Wire>,
    counted: usize,
}

/// A host's connections, as its hub writes to them.
struct Ends<'a> {
    host: usize,
    wires: &'a mut [Wire],
}

impl Ends<'_> {
    fn wire(&mut self, key: Key) -> &mut Wire {
        let host = self.host;
        self.wires
            .iter_mut()
            .find(|wire| wire.host == host && wire.key == key && !wire.gone)
            .expect("an open connection")
    }
}

impl Outlet for Ends<'_> {
    fn send(&mut self, key: Key, bytes: &[IoSlice<'_>]) -> io::Result<usize> {
        let wire = self.wire(key);
        assert!(!wire.finished, "sent after the end");
        if wire.left || wire.cut {
            return Err(io::ErrorKind::ConnectionReset.into());
        }
        let offered: usize = bytes.iter().map(|slice| slice.len()).sum();
        assert!(offered > 0, "nothing is sent");
        let taken = offered.min(CAPACITY - wire.down.len());
        if taken == 0 {
            wire.blocked = true;
            return Err(io::ErrorKind::WouldBlock.into());
        }
        wire.down.extend(bytes.iter().flat_map(|slice| slice.iter()).take(taken));
        Ok(taken)
    }

    fn finish(&mut self, key: Key) {
        self.wire(key).finished = true;
    }

    fn close(&mut self, key: Key) {
        let wire = self.wire(key);
        (wire.finished, wire.gone) = (true, true);
    }
}

fn port() -> SocketAddr {
    "127.0.0.1:8808".parse().unwrap()
}

impl Machine {
    pub(crate) fn new(seed: u64) -> Self {
        let random = fastrand::Rng::with_seed(seed);
        Self { random, now: 0, listener: None, processes: Vec::new(), wires: Vec::new(), counted: 0 }
    }

    fn moment(&self) -> Moment {
        let mono = Duration::from_millis(self.now);
        Moment { mono, wall: DateTime::UNIX_EPOCH.fixed_offset() + mono }
    }

    // --- What scenarios do ---

    /// Peers start. Between two hosts, whoever finds the port free opens a room of its own, and the members come to that.
    pub(crate) fn start(&mut self, number: usize) {
        for _ in 0..number {
            let index = self.processes.len();
            let name = format!("peer{index}");
            let secret = Secret([u8::try_from(index + 1).unwrap(); 16]);
            let place = Place { claim: Some(port()), near: vec![port()], all: vec![port()], lan: false };
            self.processes.push(Process {
                seat: Some(Seat::new(secret, name.clone(), Some(8808))),
                name,
                secret,
                election: Election::new(place, Will::Either, secret.peer(), self.random.u64(..)),
                doing: Doing::Next(Input::Start),
                screen: Vec::new(),
                wants: VecDeque::new(),
                said: Vec::new(),
                stalled: false,
            });
        }
    }

    pub(crate) fn say(&mut self) {
        let Some(who) = self.anybody() else { return };
        self.counted += 1;
        let text = format!("message {}", self.counted);
        self.processes[who].wants.push_back(Command::Say { text: text.clone(), action: false });
        self.processes[who].said.push(text);
    }

    pub(crate) fn tell(&mut self) {
        let (Some(who), Some(to)) = (self.anybody(), self.anybody()) else { return };
        self.counted += 1;
        let text = format!("private {}", self.counted);
        let to = self.processes[to].name.clone();
        self.processes[who].wants.push_back(Command::Tell { to, text });
    }

    pub(crate) fn crash_host(&mut self) {
        if let Some(host) = self.host() {
            self.kill(host);
        }
    }

    pub(crate) fn quit_host(&mut self) {
        if let Some(host) = self.host() {
            self.processes[host].wants.push_back(Command::Quit);
        }
    }

    pub(crate) fn leave(&mut self) {
        if let Some(member) = self.member() {
            self.processes[member].wants.push_back(Command::Quit);
        }
    }

    pub(crate) fn die(&mut self) {
        if let Some(member) = self.member() {
            self.kill(member);
        }
    }

    pub(crate) fn cut(&mut self) {
        let open: Vec<usize> = (0..self.wires.len()).filter(|wire| !self.wires[*wire].gone).collect();
        let Some(wire) = self.random.choice(open) else { return };
        let keep = self.random.usize(0..=self.wires[wire].down.len());
        self.wires[wire].down.truncate(keep);
        self.wires[wire].up.clear();
        self.wires[wire].cut = true;
        self.break_off(wire);
    }

    pub(crate) fn stall(&mut self) {
        if let Some(member) = self.member() {
            self.processes[member].stalled = true;
        }
    }

    pub(crate) fn thaw(&mut self) {
        self.processes.iter_mut().for_each(|process| process.stalled = false);
    }

    // --- Who there is ---

    pub(crate) fn is_alive(&self, who: usize) -> bool {
        !matches!(self.processes[who].doing, Doing::Gone | Doing::Closing(..))
    }

    pub(crate) fn host(&self) -> Option<usize> {
        self.listener.filter(|host| matches!(self.processes[*host].doing, Doing::Hosting(_)))
    }

    fn anybody(&mut self) -> Option<usize> {
        let quits = |process: &Process| process.wants.contains(&Command::Quit);
        let alive: Vec<usize> =
            (0..self.processes.len()).filter(|who| self.is_alive(*who) && !quits(&self.processes[*who])).collect();
        self.random.choice(alive)
    }

    fn member(&mut self) -> Option<usize> {
        let host = self.host();
        self.anybody().filter(|who| Some(*who) != host)
    }

    fn kill(&mut self, who: usize) {
        self.processes[who].doing = Doing::Gone;
        self.let_go(who);
    }

    /// A process is over: its port is free, its connections end where their bytes happen to be.
    fn let_go(&mut self, who: usize) {
        if self.listener == Some(who) {
            self.listener = None;
        }
        for wire in 0..self.wires.len() {
            if self.wires[wire].gone && self.wires[wire].left {
                continue;
            }
            if self.wires[wire].host == who {
                let keep = self.random.usize(0..=self.wires[wire].down.len());
                let wire = &mut self.wires[wire];
                wire.down.truncate(keep);
                (wire.finished, wire.gone) = (true, true);
            } else if self.wires[wire].member == who {
                self.wires[wire].left = true;
                self.break_off(wire);
            }
        }
    }

    /// The host learns that a member's end is gone.
    fn break_off(&mut self, wire: usize) {
        let now = self.moment();
        let Wire { host, key, gone, .. } = self.wires[wire];
        if let (false, Doing::Hosting(hub) | Doing::Closing(hub, _)) = (gone, &mut self.processes[host].doing) {
            hub.hang_up(key, true, now);
        }
    }

    // --- How time passes ---

    pub(crate) fn run_until(&mut self, until: u64) {
        while self.now < until {
            self.now += TICK;
            let mut order: Vec<usize> = (0..self.processes.len()).collect();
            self.random.shuffle(&mut order);
            for who in order {
                self.step(who);
            }
            self.wires.retain(|wire| !(wire.gone && wire.left));
        }
    }

    /// Nothing more happens from outside: long enough for everybody to be where it belongs.
    pub(crate) fn settle(&mut self) {
        self.thaw();
        self.run_until(self.now + 30_000);
    }

    fn step(&mut self, who: usize) {
        let doing = std::mem::replace(&mut self.processes[who].doing, Doing::Gone);
        self.processes[who].doing = match doing {
            Doing::Gone => return,
            Doing::Next(input) => self.next(who, input),
            Doing::Waiting(until) => self.wait(who, until),
            Doing::Dialing(wire) => self.sit(who, wire, true),
            Doing::Sitting(wire) => self.sit(who, wire, false),
            Doing::Hosting(hub) => self.serve(who, hub, None),
            Doing::Closing(hub, until) => self.serve(who, hub, Some(until)),
        };
        if matches!(self.processes[who].doing, Doing::Gone) {
            self.let_go(who);
        }
    }

    fn next(&mut self, who: usize, input: Input) -> Doing {
        let now = self.moment();
        match self.processes[who].election.next(input, now.mono) {
            Action::Dial(_) => self.dial(who),
            Action::Claim(_) if self.listener.is_some() => Doing::Next(Input::Taken),
            Action::Claim(_) => {
                self.listener = Some(who);
                Doing::Next(Input::Won)
            }
            Action::Host(gone) => {
                let process = &mut self.processes[who];
                let peer = process.secret.peer();
                let mut belongings = process.seat.take().expect("a seat until it hosts").pack();
                let name = Name::parse(&process.name).unwrap();
                let room = match (belongings.replica.take(), gone) {
                    (Some(replica), Some(reason)) => {
                        Room::take_over(replica, peer, &name, Vec::new(), reason, 100, now)
                    }
                    _ => Room::open(RoomId(self.random.u64(..)), peer, &name, Vec::new(), 100, now),
                };
                Doing::Hosting(Box::new(Hub::new(room, 0, Own::new(peer, port(), belongings), now)))
            }
            Action::Sit => unreachable!("dialling leads to sitting"),
            Action::Wait(until) => Doing::Waiting(until),
            Action::Fail(failure) => panic!("{} gives up at {} ms: {failure:?}", self.processes[who].name, self.now),
        }
    }

    fn dial(&mut self, who: usize) -> Doing {
        let now = self.moment();
        let refused = Doing::Next(Input::Dialed(Dialed::Unreached(io::ErrorKind::ConnectionRefused)));
        let Some(host) = self.listener.filter(|host| *host != who) else { return refused };
        let address = SocketAddr::from(([127, 0, 0, 1], self.random.u16(20_000..60_000)));
        let Doing::Hosting(hub) = &mut self.processes[host].doing else { return refused };
        let key = hub.accept(address, now);
        let (up, down) = Default::default();
        let (blocked, finished, cut, left, gone) = (false, false, false, false, false);
        self.wires.push(Wire { member: who, host, key, up, down, blocked, finished, cut, left, gone });
        if let Some(seat) = &mut self.processes[who].seat {
            seat.connected(port().to_string(), now);
        }
        Doing::Dialing(host)
    }

    fn wait(&mut self, who: usize, until: Duration) -> Doing {
        let now = self.moment();
        self.obey(who);
        match &self.processes[who].seat {
            Some(seat) if seat.has_left() => Doing::Gone,
            _ if now.mono >= until => self.next(who, Input::Waited),
            _ => Doing::Waiting(until),
        }
    }

    fn obey(&mut self, who: usize) {
        let now = self.moment();
        let process = &mut self.processes[who];
        let Some(seat) = &mut process.seat else { return };
        while seat.takes_commands()
            && let Some(command) = process.wants.pop_front()
        {
            seat.command(command, now);
        }
        process.screen.extend(seat.events().drain(..));
    }

    /// A member's process with a connection.
    fn sit(&mut self, who: usize, host: usize, dialing: bool) -> Doing {
        let now = self.moment();
        self.obey(who);
        let process = &mut self.processes[who];
        let seat = process.seat.as_mut().expect("who does not host sits");
        seat.tick(now);
        let mine = |wire: &&mut Wire| wire.member == who && wire.host == host && !wire.left;
        let wire = self.wires.iter_mut().rfind(mine).expect("a connection until it is over");
        if (dialing || !process.stalled) && self.random.u8(0..3) > 0 {
            let some = self.random.usize(0..=wire.down.len());
            let some = if self.random.bool() { wire.down.len() } else { some };
            let bytes: Vec<u8> = wire.down.drain(..some).collect();
            if !bytes.is_empty() {
                if std::env::var_os("SIM_TRACE").is_some() {
                    eprintln!("{} {} <- {}", self.now, process.name, String::from_utf8_lossy(&bytes));
                }
                seat.receive(&bytes, now);
            }
            if wire.down.is_empty() && (wire.finished || wire.cut) {
                seat.hung_up(io::ErrorKind::ConnectionAborted, now);
            }
        }
        if std::env::var_os("SIM_TRACE").is_some() && !seat.output().is_empty() {
            eprintln!("{} {} -> {}", self.now, process.name, String::from_utf8_lossy(seat.output()));
        }
        wire.up.extend(seat.output());
        seat.sent(seat.output().len());
        process.screen.extend(seat.events().drain(..));
        let over = match seat.phase() {
            Phase::Greeting => return Doing::Dialing(host),
            Phase::In if dialing => {
                assert_eq!(process.election.next(Input::Dialed(Dialed::In), now.mono), Action::Sit);
                return Doing::Sitting(host);
            }
            Phase::In => return Doing::Sitting(host),
            Phase::Over(over) => over.clone(),
        };
        let me = seat.me().unwrap_or(MemberId(0));
        let lost = |seat: &Seat, how| {
            let replica = seat.replica().expect("who was in knows the room");
            let candidates = replica.candidates(replica.host).map(|member| (member.id, member.at.clone())).collect();
            let opened = replica.opened.timestamp_millis();
            Loss { how, at: vec![port()], room: replica.room, opened, candidates, me }
        };
        // The process ends its side; what it has just said may still be read.
        let index = self.wires.iter().rposition(|wire| wire.member == who && wire.host == host && !wire.left).unwrap();
        self.wires[index].left = true;
        self.break_off(index);
        let how = match over {
            Over::Closed(_) => return Doing::Gone,
            over if dialing => {
                let dialed = match over {
                    Over::NotARoom(found) => Dialed::NotARoom(found),
                    Over::Refused { code, text } => Dialed::TurnedAway { code, text },
                    Over::Silent => Dialed::Silent,
                    _ => Dialed::HungUp(io::ErrorKind::ConnectionAborted),
                };
                return Doing::Next(Input::Dialed(dialed));
            }
            Over::TimedOut => How::Silence,
            Over::HandedOver(to) => How::HandedOver(to),
            _ => How::HungUp,
        };
        let seat = self.processes[who].seat.as_ref().expect("who does not host sits");
        Doing::Next(Input::Lost(lost(seat, how)))
    }

    /// A host's process.
    fn serve(&mut self, who: usize, mut hub: Box<Hub>, mut closing: Option<Duration>) -> Doing {
        let now = self.moment();
        for wire in self.wires.iter_mut().filter(|wire| wire.host == who && !wire.gone) {
            if wire.blocked && wire.down.len() < CAPACITY {
                wire.blocked = false;
                hub.writable(wire.key);
            }
            if self.random.u8(0..3) > 0 && hub.reads(wire.key) && hub.has_room() {
                let some = self.random.usize(0..=wire.up.len());
                let some = if self.random.bool() { wire.up.len() } else { some };
                let bytes: Vec<u8> = wire.up.drain(..some).collect();
                if !bytes.is_empty() {
                    hub.receive(wire.key, &bytes, now);
                }
            }
        }
        drop(hub.resumed());
        while closing.is_none()
            && hub.takes_commands()
            && let Some(command) = self.processes[who].wants.pop_front()
        {
            if command == Command::Quit {
                self.listener = None;
                match hub.room().successor() {
                    Some(successor) => hub.hand_over(successor, now),
                    None => hub.close("the host closed the room", now),
                }
                closing = Some(now.mono + CLOSE);
            } else {
                hub.command(command, now);
            }
        }
        let mut ends = Ends { host: who, wires: &mut self.wires };
        for _ in 0..4 {
            hub.turn(now, &mut ends);
            drop(hub.records());
            if hub.deadline().is_none_or(|deadline| deadline > now.mono) {
                break;
            }
        }
        assert!(hub.deadline().is_none_or(|deadline| deadline > now.mono), "the hub spins");
        self.processes[who].screen.extend(hub.events().drain(..));
        match closing {
            Some(until) if hub.connections() == 0 || until <= now.mono => {
                hub.abandon(&mut ends);
                Doing::Gone
            }
            Some(until) => Doing::Closing(hub, until),
            None => Doing::Hosting(hub),
        }
    }
}
