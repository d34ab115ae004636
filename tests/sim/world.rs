//! A virtual LAN with machines and processes on it: what can happen there, and how time passes.

use std::time::Duration;

use hybrid_chat::discovery::beacon::{Outgoing, Task};
use hybrid_chat::room::event::Command;

use crate::ether::Ether;
use crate::machine::Machine;
use crate::network::Network;
use crate::process::{Doing, Process};
use crate::trace;

/// Nothing more happens from outside: how long it may take until everybody is where it belongs, in milliseconds.
const SETTLE: u64 = 60_000;
/// How long before the end of that nobody looks for a room any more, in milliseconds.
const REST: u64 = 10_000;

pub(crate) struct World {
    pub(crate) net: Network,
    pub(crate) ether: Ether,
    pub(crate) processes: Vec<Process>,
    counted: usize,
}

impl World {
    pub(crate) fn new(seed: u64) -> Self {
        let mut world = Self { net: Network::new(seed), ether: Ether::default(), processes: Vec::new(), counted: 0 };
        world.machines(1);
        world
    }

    // --- What scenarios do ---

    /// There are at least so many machines.
    pub(crate) fn machines(&mut self, number: usize) {
        while self.net.machines.len() < number {
            let machine = Machine::new(self.net.machines.len(), &mut self.net.random);
            self.net.machines.push(machine);
        }
    }

    /// A process starts on a machine, or on any. It may be told the machine of a room.
    pub(crate) fn start(&mut self, on: Option<usize>, to: Option<usize>) {
        let machine = on.unwrap_or_else(|| self.net.random.usize(0..self.net.machines.len()));
        self.net.machines[machine].on = true;
        let index = self.processes.len();
        let told = to.map(|to| self.net.machines[to].address());
        let process = Process::new(index, machine, told, &mut self.net);
        self.processes.push(process);
    }

    pub(crate) fn say(&mut self) {
        let Some(who) = self.anybody() else { return };
        self.counted += 1;
        let text = format!("message {}", self.counted);
        self.want(who, Command::Say { text: text.clone(), action: false });
        self.processes[who].said.push(text);
    }

    pub(crate) fn tell(&mut self) {
        let (Some(who), Some(to)) = (self.anybody(), self.anybody()) else { return };
        self.counted += 1;
        let text = format!("private {}", self.counted);
        let to = self.processes[to].name.clone();
        self.want(who, Command::Tell { to, text });
    }

    pub(crate) fn crash_host(&mut self) {
        if let Some(host) = self.host() {
            self.kill(host);
        }
    }

    pub(crate) fn quit_host(&mut self) {
        if let Some(host) = self.host() {
            self.want(host, Command::Quit);
        }
    }

    pub(crate) fn leave(&mut self) {
        if let Some(member) = self.member() {
            self.want(member, Command::Quit);
        }
    }

    pub(crate) fn die(&mut self) {
        if let Some(member) = self.member() {
            self.kill(member);
        }
    }

    pub(crate) fn cut(&mut self) {
        let open = self.net.open();
        if let Some(end) = self.net.random.choice(open) {
            self.net.cut(end);
        }
    }

    pub(crate) fn stall(&mut self) {
        if let Some(member) = self.member() {
            self.processes[member].stalled = true;
        }
    }

    pub(crate) fn thaw(&mut self) {
        for process in &mut self.processes {
            process.stalled = false;
            process.due = self.net.now;
        }
    }

    /// The machine of a host.
    pub(crate) fn hosts_machine(&mut self) -> Option<usize> {
        self.host().map(|host| self.processes[host].machine)
    }

    /// A machine is gone, with everything on it.
    pub(crate) fn crash_machine(&mut self, machine: usize) {
        self.net.vanish(machine);
        for process in self.processes.iter_mut().filter(|process| process.machine == machine) {
            process.doing = Doing::Gone;
            process.beacon.set(Task::Rest, Duration::ZERO);
        }
    }

    pub(crate) fn plug(&mut self, machine: usize, plugged: bool) {
        self.net.machines[machine].plugged = plugged;
        self.net.try_again();
    }

    pub(crate) fn plug_all(&mut self) {
        self.net.machines.iter_mut().for_each(|machine| machine.plugged = true);
        self.net.try_again();
    }

    /// Those in one part reach one another, and nobody else. Machines that are in none are one of their own.
    pub(crate) fn split(&mut self, parts: &[Vec<usize>]) {
        for (index, machine) in self.net.machines.iter_mut().enumerate() {
            machine.part = parts.iter().position(|part| part.contains(&index)).unwrap_or(parts.len());
        }
        self.net.try_again();
    }

    // --- Who there is ---

    /// Those alive, by which part of the network they are in.
    pub(crate) fn parts(&self) -> Vec<Vec<&Process>> {
        let mut parts: Vec<Vec<&Process>> = Vec::new();
        for process in self.processes.iter().filter(|process| process.is_alive()) {
            let reaches = |part: &&mut Vec<&Process>| self.net.reaches(part[0].machine, process.machine);
            match parts.iter_mut().find(reaches) {
                Some(part) => part.push(process),
                None => parts.push(vec![process]),
            }
        }
        parts
    }

    /// What keeps a part from being in one room, if anything does.
    pub(crate) fn unrest(&self, part: &[&Process]) -> Option<String> {
        let hosts: Vec<&&Process> = part.iter().filter(|process| process.hub().is_some()).collect();
        let [host] = hosts[..] else { return Some(format!("{} hosts", hosts.len())) };
        let is_in = |process: &&Process| match &process.doing {
            Doing::Sitting(end, _) => self.net.leads_to(*end) == Some(host.index),
            _ => process.index == host.index,
        };
        part.iter().find(|process| !is_in(process)).map(|lost| format!("{} is nowhere", lost.name))
    }

    /// Everybody is where it belongs.
    pub(crate) fn check_calm(&self) {
        for part in self.parts() {
            if let Some(why) = self.unrest(&part) {
                let names: Vec<&str> = part.iter().map(|process| process.name.as_str()).collect();
                panic!("at {} ms, {names:?}: {why}", self.net.now);
            }
        }
    }

    fn host(&mut self) -> Option<usize> {
        let hosts: Vec<usize> = self.processes.iter().filter(|p| p.hub().is_some()).map(|p| p.index).collect();
        self.net.random.choice(hosts)
    }

    fn anybody(&mut self) -> Option<usize> {
        let stays = |process: &&Process| process.is_alive() && !process.wants.contains(&Command::Quit);
        let alive: Vec<usize> = self.processes.iter().filter(stays).map(|process| process.index).collect();
        self.net.random.choice(alive)
    }

    fn member(&mut self) -> Option<usize> {
        self.anybody().filter(|who| self.processes[*who].hub().is_none())
    }

    fn want(&mut self, who: usize, command: Command) {
        self.processes[who].wants.push_back(command);
        self.processes[who].due = self.net.now;
    }

    fn kill(&mut self, who: usize) {
        let process = &mut self.processes[who];
        process.doing = Doing::Gone;
        process.beacon.set(Task::Rest, Duration::ZERO);
        self.net.kill(who, process.machine);
    }

    // --- How time passes ---

    pub(crate) fn run_until(&mut self, until: u64) {
        loop {
            let busy = self.processes.iter().filter(|process| !matches!(process.doing, Doing::Gone));
            let due = busy.map(|process| process.due.min(process.speaks_at()));
            let next = due.chain(self.net.next()).chain(self.ether.next()).min();
            let Some(next) = next.filter(|next| *next <= until) else { break };
            self.net.now = next.max(self.net.now);
            self.net.arrive();
            self.hear();
            for who in std::mem::take(&mut self.net.woken) {
                let soon = self.net.now + self.net.random.u64(0..=2);
                self.processes[who].due = self.processes[who].due.min(soon);
            }
            let mut order: Vec<usize> =
                (0..self.processes.len()).filter(|who| self.processes[*who].is_due(self.net.now)).collect();
            self.net.random.shuffle(&mut order);
            for who in order {
                self.processes[who].step(&mut self.net);
            }
            self.speak();
        }
        self.net.now = until;
    }

    /// Beacons hear what has come.
    fn hear(&mut self) {
        while let Some(datagram) = self.ether.arrived(self.net.now) {
            let (to, from) = (&self.processes[datagram.to], &self.processes[datagram.by]);
            if !self.net.reaches(from.machine, to.machine) {
                continue;
            }
            let now = to.moment(&self.net).mono;
            let heard = self.processes[datagram.to].beacon.receive(&datagram.bytes, datagram.from, now);
            if let Some(seen) = heard.seen {
                trace(self.net.now, &self.processes[datagram.to].name, "sees", format!("{seen:?}").as_bytes());
                self.processes[datagram.to].see(seen);
                self.net.woken.push(datagram.to);
            }
            heard.reply.iter().for_each(|reply| self.send(datagram.to, reply));
        }
    }

    /// Beacons say what is due.
    fn speak(&mut self) {
        for who in 0..self.processes.len() {
            let now = self.processes[who].moment(&self.net).mono;
            while let Some(outgoing) = self.processes[who].beacon.due(now) {
                self.send(who, &outgoing);
            }
        }
    }

    fn send(&mut self, who: usize, outgoing: &Outgoing) {
        let homes: Vec<usize> = self.processes.iter().map(|process| process.machine).collect();
        self.ether.send(who, outgoing, &homes, &mut self.net);
    }

    /// Nothing more happens from outside: long enough for everybody to be where it belongs, and to rest there.
    pub(crate) fn settle(&mut self) {
        self.thaw();
        self.run_until(self.net.now + SETTLE);
        let rest = self.net.now - REST;
        // A host goes on looking for members that it misses.
        for process in self.processes.iter().filter(|process| process.is_alive() && process.hub().is_none()) {
            let last = process.dialed.back().copied().unwrap_or(0);
            assert!(last < rest, "{} still dials at {last} ms", process.name);
        }
    }
}
