//! Counts what arrives, and checks each delivery: every receiver must get every sender's messages once and in order.
//!
//! Knows neither sockets nor dialects.

use crate::histogram::Histogram;
use crate::stamp::Stamp;

/// How many missing messages are remembered, to tell a late one from a doubled one: a bench that misses more has failed
/// anyway.
const MISSING: usize = 10_000;

/// Deliveries that were not as they must be.
#[derive(Clone, Copy, Default, Debug, PartialEq, Eq)]
pub(crate) struct Faults {
    pub(crate) lost: u64,
    pub(crate) doubled: u64,
    pub(crate) reordered: u64,
}

impl Faults {
    pub(crate) fn any(self) -> bool {
        self != Faults::default()
    }

    pub(crate) fn add(&mut self, other: Faults) {
        self.lost += other.lost;
        self.doubled += other.doubled;
        self.reordered += other.reordered;
    }
}

pub(crate) struct Tally {
    senders: usize,
    /// The next number due, by receiver and sender.
    due: Vec<u32>,
    missing: Vec<(usize, Stamp)>,
    faults: Faults,
    /// Messages that reached another member than their sender.
    pub(crate) deliveries: u64,
    /// Whole lines of those deliveries, in bytes.
    pub(crate) bytes: u64,
    /// From the stamp to the delivery, in microseconds.
    pub(crate) latency: Histogram,
}

impl Tally {
    pub(crate) fn new(receivers: usize, senders: usize) -> Tally {
        Tally {
            senders,
            due: vec![0; receivers * senders],
            missing: Vec::new(),
            faults: Faults::default(),
            deliveries: 0,
            bytes: 0,
            latency: Histogram::new(),
        }
    }

    /// A message has reached `receiver` at `now`, in a line of `bytes` bytes.
    pub(crate) fn delivered(&mut self, receiver: usize, stamp: Stamp, bytes: usize, now: u64) {
        let sender = stamp.sender as usize;
        if sender >= self.senders {
            self.faults.doubled += 1;
            return;
        }
        let due = &mut self.due[receiver * self.senders + sender];
        if stamp.count == *due {
            *due += 1;
        } else {
            self.out_of_order(receiver, stamp);
        }
        if receiver != sender {
            self.deliveries += 1;
            self.bytes += bytes as u64;
            self.latency.record(now.saturating_sub(stamp.at));
        }
    }

    fn out_of_order(&mut self, receiver: usize, stamp: Stamp) {
        let due = &mut self.due[receiver * self.senders + stamp.sender as usize];
        if stamp.count > *due {
            self.faults.lost += u64::from(stamp.count - *due);
            let room = MISSING.saturating_sub(self.missing.len());
            self.missing
                .extend((*due..stamp.count).take(room).map(|count| (receiver, Stamp { count, at: 0, ..stamp })));
            *due = stamp.count + 1;
            return;
        }
        let late = (receiver, Stamp { at: 0, ..stamp });
        if let Some(index) = self.missing.iter().position(|missing| *missing == late) {
            self.missing.swap_remove(index);
            self.faults.lost -= 1;
            self.faults.reordered += 1;
        } else {
            self.faults.doubled += 1;
        }
    }

    /// How many of the `sent` messages of `sender` have not reached `receiver`, nor any later one.
    pub(crate) fn outstanding(&self, receiver: usize, sender: usize, sent: u32) -> u32 {
        sent.saturating_sub(self.due[receiver * self.senders + sender])
    }

    /// The faults so far; what is still on its way is none of them.
    pub(crate) fn faults(&self) -> Faults {
        self.faults
    }
}

/// The checker itself finds what is lost, doubled and reordered.
pub(crate) fn self_check() {
    let mut tally = Tally::new(3, 2);
    let mut deliver = |counts: &[u32]| {
        counts.iter().for_each(|count| tally.delivered(2, Stamp { sender: 1, count: *count, at: 5 }, 100, 7));
        tally.faults()
    };
    assert_eq!(deliver(&[0, 1, 2]), Faults::default());
    assert_eq!(deliver(&[2]), Faults { doubled: 1, ..Faults::default() });
    assert_eq!(deliver(&[6]), Faults { lost: 3, doubled: 1, reordered: 0 });
    assert_eq!(deliver(&[4, 4]), Faults { lost: 2, doubled: 2, reordered: 1 });
    assert_eq!(tally.outstanding(2, 1, 10), 3);
    assert_eq!(tally.outstanding(0, 1, 10), 10);
    assert_eq!((tally.deliveries, tally.bytes), (7, 700));
}
