//! One run of the program on a virtual machine: carries out what its election says, as the real one does.

use std::collections::VecDeque;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use hybrid_chat::discovery::beacon::{Beacon, Task};
use hybrid_chat::election::{Action, Election, Input, Lookout, Place, Will};
use hybrid_chat::hub::{Hub, Own};
use hybrid_chat::limits::{DEFAULT_PORT, SIGHTINGS};
use hybrid_chat::moment::Moment;
use hybrid_chat::room::Room;
use hybrid_chat::room::event::{Command, Event, Leave};
use hybrid_chat::room::id::{RoomId, Secret};
use hybrid_chat::room::name::Name;
use hybrid_chat::seat::Seat;
use hybrid_chat::sighting::Seen;

use crate::dial::Dial;
use crate::host::Hosting;
use crate::network::{End, Network};
use crate::trace;

/// More connections than that within a second, and somebody dials for ever.
const DIALS_A_SECOND: usize = 100;

/// What a process is doing.
pub(crate) enum Doing {
    Next(Input),
    Dialing(Dial),
    Sitting(End, SocketAddr),
    Waiting(Duration),
    Hosting(Box<Hosting>),
    Gone,
}

pub(crate) struct Process {
    pub(crate) index: usize,
    pub(crate) machine: usize,
    pub(crate) name: String,
    pub(crate) secret: Secret,
    pub(crate) election: Election,
    pub(crate) seat: Seat,
    pub(crate) beacon: Beacon,
    /// Whom its beacon has seen, and nobody has taken note of yet.
    pub(crate) seen: VecDeque<Seen>,
    /// It was told where to join: it hosts nowhere, and may fail.
    joins: bool,
    pub(crate) doing: Doing,
    /// What its interface has shown, and when.
    pub(crate) screen: Vec<(u64, Event)>,
    /// What its interface wants and nobody has taken yet.
    pub(crate) wants: VecDeque<Command>,
    /// What it has said to everybody.
    pub(crate) said: Vec<String>,
    /// Its interface takes nothing.
    pub(crate) stalled: bool,
    /// When it has something to do though nothing happens to it.
    pub(crate) due: u64,
    /// When it last began to connect.
    pub(crate) dialed: VecDeque<u64>,
}

impl Process {
    /// A process that is about to start, and looks for a room where it finds one, or where it is told to.
    pub(crate) fn new(index: usize, machine: usize, told: Option<SocketAddr>, net: &mut Network) -> Self {
        let name = format!("peer{index}");
        let secret = Secret([u8::try_from(index + 1).unwrap(); 16]);
        let local = SocketAddr::from((Ipv4Addr::LOCALHOST, DEFAULT_PORT));
        let listens = SocketAddr::from((Ipv6Addr::UNSPECIFIED, DEFAULT_PORT));
        let place = match told {
            Some(at) => Place { claim: None, near: vec![at], all: vec![at], lan: false },
            None => {
                let all = vec![local, net.machines[machine].address()];
                Place { claim: Some(listens), near: vec![local], all, lan: true }
            }
        };
        let me = secret.peer();
        Self {
            index,
            machine,
            seat: Seat::new(secret, name.clone(), told.is_none().then_some(DEFAULT_PORT)),
            beacon: Beacon::new(DEFAULT_PORT, me, fastrand::Rng::with_seed(net.random.u64(..))),
            seen: VecDeque::new(),
            joins: told.is_some(),
            name,
            secret,
            election: Election::new(place, Will::Either, me, net.random.u64(..)),
            doing: Doing::Next(Input::Start),
            screen: Vec::new(),
            wants: VecDeque::new(),
            said: Vec::new(),
            stalled: false,
            due: net.now,
            dialed: VecDeque::new(),
        }
    }

    pub(crate) fn is_alive(&self) -> bool {
        match &self.doing {
            Doing::Gone => false,
            Doing::Hosting(hosting) => !hosting.is_last(),
            _ => true,
        }
    }

    pub(crate) fn hub(&self) -> Option<&Hub> {
        match &self.doing {
            Doing::Hosting(hosting) if !hosting.is_closing() => Some(&hosting.hub),
            _ => None,
        }
    }

    pub(crate) fn moment(&self, net: &Network) -> Moment {
        net.machines[self.machine].moment(net.now)
    }

    /// Whether it has something to do by now.
    pub(crate) fn is_due(&self, now: u64) -> bool {
        self.due <= now && !matches!(self.doing, Doing::Gone)
    }

    /// Does what can be done without waiting, and says when there is more.
    pub(crate) fn step(&mut self, net: &mut Network) {
        let doing = std::mem::replace(&mut self.doing, Doing::Gone);
        self.due = u64::MAX;
        self.doing = match doing {
            Doing::Gone => return,
            Doing::Next(input) => self.next(input, net),
            Doing::Waiting(until) => self.wait(until, net),
            Doing::Dialing(dial) => self.dial(dial, net),
            Doing::Sitting(end, at) => self.sit(end, at, net),
            Doing::Hosting(hosting) => self.serve(hosting, net),
        };
        match self.doing {
            Doing::Gone => {
                net.kill(self.index, self.machine);
                self.beacon.set(Task::Rest, Duration::ZERO);
            }
            Doing::Next(_) => self.due = net.now,
            _ => {}
        }
        // Nobody is that fast that the clock stands still.
        self.due = self.due.max(net.now + 1);
    }

    /// It has something to do then, at the latest.
    pub(crate) fn wake_at(&mut self, at: Duration) {
        self.due = self.due.min(in_millis(at));
    }

    /// When its beacon has something to say.
    pub(crate) fn speaks_at(&self) -> u64 {
        self.beacon.deadline().map_or(u64::MAX, in_millis)
    }

    /// Its beacon has seen somebody. Who sees so much forgets some of it: it will be seen again.
    pub(crate) fn see(&mut self, seen: Seen) {
        if self.seen.len() < SIGHTINGS {
            self.seen.push_back(seen);
        }
    }

    fn next(&mut self, input: Input, net: &mut Network) -> Doing {
        let now = self.moment(net);
        let heard = format!("{input:?}");
        let action = self.election.next(input, now.mono);
        trace(net.now, &self.name, "does", format!("{action:?} after {heard}").as_bytes());
        self.look_out(now);
        match action {
            Action::Dial(at) => {
                self.wake_at(now.mono);
                self.seat.set_addresses(self.home(net).map(|at| at.ip()).collect());
                Doing::Dialing(Dial::new(at))
            }
            Action::Claim(_) => {
                let won = net.listen(self.machine, self.index);
                Doing::Next(if won { Input::Won } else { Input::Taken })
            }
            Action::Host(gone) => {
                self.wake_at(now.mono);
                Doing::Hosting(Box::new(Hosting::new(self.open(gone, now, net))))
            }
            Action::Sit => unreachable!("dialling leads to sitting"),
            Action::Wait(until) => {
                self.wake_at(until);
                Doing::Waiting(until)
            }
            Action::Fail(_) if self.joins => Doing::Gone,
            Action::Fail(failure) => panic!("{} gives up at {} ms: {failure:?}", self.name, net.now),
        }
    }

    /// Has its beacon look around, if it looks for a room.
    pub(crate) fn look_out(&mut self, now: Moment) {
        let task = match self.election.lookout() {
            Lookout::Rest => Task::Rest,
            Lookout::Look { hosts_at } => Task::Look { hosts_at },
        };
        self.beacon.set(task, now.mono);
    }

    fn open(&mut self, gone: Option<Leave>, now: Moment, net: &mut Network) -> Hub {
        let peer = self.secret.peer();
        let mut belongings = self.seat.pack();
        let name = Name::parse(&self.name).unwrap();
        let at = self.home(net).collect();
        let room = match (belongings.replica.take(), gone) {
            (Some(replica), gone) => Room::take_over(replica, peer, &name, at, gone.unwrap_or(Leave::Lost), 100, now),
            (None, _) => Room::open(RoomId(net.random.u64(..)), peer, &name, at, 100, now),
        };
        let listens = SocketAddr::from((Ipv6Addr::UNSPECIFIED, DEFAULT_PORT));
        Hub::new(room, 0, Own::new(peer, listens, belongings), now)
    }

    /// Where it hosts, if it does.
    fn home(&self, net: &Network) -> impl Iterator<Item = SocketAddr> + use<> {
        (!self.joins).then_some(net.machines[self.machine].address()).into_iter()
    }

    /// Where rooms were seen since the last time.
    pub(crate) fn sighted(&mut self, now: Duration) -> Vec<SocketAddr> {
        self.seen.drain(..).for_each(|seen| self.election.note(seen, now));
        self.election.fresh(now)
    }

    fn wait(&mut self, until: Duration, net: &mut Network) -> Doing {
        self.obey(net);
        let now = self.moment(net);
        let fresh = self.sighted(now.mono);
        if self.seat.has_left() {
            return Doing::Gone;
        }
        if !fresh.is_empty() {
            return self.next(Input::Sighted(fresh), net);
        }
        if now.mono >= until {
            return self.next(Input::Waited, net);
        }
        self.wake_at(until);
        Doing::Waiting(until)
    }

    /// Takes from its interface what it wants, as a member.
    pub(crate) fn obey(&mut self, net: &Network) {
        let now = self.moment(net);
        let seat = &mut self.seat;
        while seat.takes_commands()
            && let Some(command) = self.wants.pop_front()
        {
            seat.command(command, now);
        }
        self.show(net);
    }

    pub(crate) fn show(&mut self, net: &Network) {
        self.screen.extend(self.seat.events().drain(..).map(|event| (net.now, event)));
    }

    /// Begins to connect. Nobody does that for ever.
    pub(crate) fn connect(&mut self, to: SocketAddr, net: &mut Network) -> End {
        self.dialed.push_back(net.now);
        while self.dialed.front().is_some_and(|at| at + 1_000 <= net.now) {
            self.dialed.pop_front();
        }
        assert!(self.dialed.len() < DIALS_A_SECOND, "{} dials for ever", self.name);
        net.connect(self.index, self.machine, to)
    }
}

/// The millisecond in which a time has come.
fn in_millis(time: Duration) -> u64 {
    u64::try_from(time.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX)
}
