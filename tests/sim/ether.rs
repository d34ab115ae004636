//! Datagrams on a virtual LAN: some are lost, the others arrive after a while, and none is told of.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::net::SocketAddr;

use hybrid_chat::discovery::beacon::{Outgoing, To};

use crate::network::Network;

/// Where processes send datagrams from: this port, and as many more as their number says.
const FIRST_PORT: u16 = 40_000;

/// A datagram on its way to one process.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Datagram {
    at: u64,
    serial: u64,
    pub(crate) to: usize,
    pub(crate) by: usize,
    pub(crate) from: SocketAddr,
    pub(crate) bytes: Vec<u8>,
}

#[derive(Debug, Default)]
pub(crate) struct Ether {
    flying: BinaryHeap<Reverse<Datagram>>,
    serial: u64,
    /// How many of a hundred are lost between two machines.
    pub(crate) loss: u8,
}

impl Ether {
    /// A process sends a datagram. `homes` are all processes' machines.
    pub(crate) fn send(&mut self, by: usize, outgoing: &Outgoing, homes: &[usize], net: &mut Network) {
        let to = match outgoing.to {
            To::Everybody => 0..homes.len(),
            To::One(address) => {
                let to = usize::from(address.port() - FIRST_PORT);
                to..to + 1
            }
        };
        let machine = homes[by];
        let from = SocketAddr::new(net.machines[machine].ip, FIRST_PORT + u16::try_from(by).unwrap());
        for to in to {
            if homes[to] != machine && net.random.u8(0..100) < self.loss {
                continue;
            }
            self.serial += 1;
            let at = net.now + net.delay(machine, homes[to]);
            let bytes = outgoing.bytes.clone();
            self.flying.push(Reverse(Datagram { at, serial: self.serial, to, by, from, bytes }));
        }
    }

    /// When the next one arrives.
    pub(crate) fn next(&self) -> Option<u64> {
        self.flying.peek().map(|Reverse(datagram)| datagram.at)
    }

    /// The next one that has arrived by now.
    pub(crate) fn arrived(&mut self, now: u64) -> Option<Datagram> {
        let is_due = self.next().is_some_and(|at| at <= now);
        if is_due { self.flying.pop().map(|Reverse(datagram)| datagram) } else { None }
    }
}
