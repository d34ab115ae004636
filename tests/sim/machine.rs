//! One virtual machine: an address, a clock, one port.

use std::collections::VecDeque;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use chrono::{DateTime, FixedOffset, TimeDelta};
use hybrid_chat::limits::DEFAULT_PORT;
use hybrid_chat::moment::Moment;

use crate::network::End;

/// How far two machines' clocks may be from one another, in hours.
const CLOCKS: i64 = 30;

#[derive(Debug)]
pub(crate) struct Machine {
    pub(crate) ip: IpAddr,
    /// What its clock shows at the start.
    clock: DateTime<FixedOffset>,
    /// It has power.
    pub(crate) on: bool,
    /// Its cable is in.
    pub(crate) plugged: bool,
    /// Which part of a split network it is in.
    pub(crate) part: usize,
    /// Which process holds the port. Binding is exclusive.
    pub(crate) listener: Option<usize>,
    /// Who has connected and has not been accepted.
    pub(crate) backlog: VecDeque<End>,
}

impl Machine {
    pub(crate) fn new(index: usize, random: &mut fastrand::Rng) -> Self {
        let [_, _, high, low] = u32::try_from(index + 1).unwrap().to_be_bytes();
        let zone = FixedOffset::east_opt(random.i32(-12..=12) * 3_600).unwrap();
        let wrong = TimeDelta::seconds(random.i64(-CLOCKS * 3_600..=CLOCKS * 3_600));
        Self {
            ip: Ipv4Addr::new(10, 0, high, low).into(),
            clock: (DateTime::UNIX_EPOCH + TimeDelta::days(20_000) + wrong).with_timezone(&zone),
            on: true,
            plugged: true,
            part: 0,
            listener: None,
            backlog: VecDeque::new(),
        }
    }

    /// What its clocks say some milliseconds after the start.
    pub(crate) fn moment(&self, now: u64) -> Moment {
        let mono = Duration::from_millis(now);
        Moment { mono, wall: self.clock + mono }
    }

    /// Where a room on it is, for others.
    pub(crate) fn address(&self) -> SocketAddr {
        (self.ip, DEFAULT_PORT).into()
    }
}
