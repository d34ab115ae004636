//! The workloads: what is measured, how, and which figures come out.

use std::io;
use std::time::{Duration, Instant};

use hybrid_chat::limits::{SLOW, STREAM_BYTES};

use crate::load::{Joined, Load, Pace, Plan, WINDOW};
use crate::os;
use crate::report::{Better, Column, Unit};
use crate::server::{Kind, Server};
use crate::tally::Faults;

/// The text of a message where a workload says no other length.
const TEXT: usize = 64;
/// How long members may take to join.
const JOIN: Duration = Duration::from_secs(90);
/// Members on their way in at once, where joining is not what is measured.
const PENDING: usize = 256;
/// How long an idle room is watched.
const IDLE: Duration = Duration::from_secs(5);
/// How long an empty room is watched.
const EMPTY: Duration = Duration::from_secs(6);
/// Messages that fill the ring of our host once, whatever else their lines hold.
const RING_MESSAGES: u32 = (STREAM_BYTES / TEXT) as u32;
/// Messages of each sender while some members are stalled, and the length of their texts.
const STALL_MESSAGES: u32 = 2_000;
const STALL_TEXT: usize = 400;
/// Members that never read.
const STALLED: usize = 5;

#[derive(Clone, Copy)]
enum Work {
    /// So many members, of whom so many speak as fast as the server goes.
    Fanout { members: usize, senders: usize },
    /// One of so many members speaks so often a second.
    Paced { members: usize, rate: u32 },
    /// Some of so many members never read.
    Stalled { members: usize, senders: usize },
    /// So many members are silent.
    Idle { members: usize },
    /// So many members join at once.
    Joins { members: usize },
}

pub(crate) struct Workload {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    work: Work,
}

pub(crate) static ALL: [Workload; 8] = [
    fanout("10x1", "10 members, 1 sender, 64-byte texts", 10, 1),
    fanout("100x10", "100 members, 10 senders, 64-byte texts", 100, 10),
    fanout("1000x10", "1,000 members, 10 senders, 64-byte texts", 1_000, 10),
    fanout("5000x1", "5,000 members, 1 sender, 64-byte texts", 5_000, 1),
    Workload {
        name: "paced",
        about: "100 members, 1 sender, 100 messages a second",
        work: Work::Paced { members: 100, rate: 100 },
    },
    Workload {
        name: "stalled",
        about: "100 members, 10 senders, 20,000 messages of 400 bytes; without and with 5 that never read",
        work: Work::Stalled { members: 100, senders: 10 },
    },
    Workload { name: "idle", about: "10,000 silent members", work: Work::Idle { members: 10_000 } },
    Workload { name: "joins", about: "5,000 members join at once", work: Work::Joins { members: 5_000 } },
];

const fn fanout(name: &'static str, about: &'static str, members: usize, senders: usize) -> Workload {
    Workload { name, about, work: Work::Fanout { members, senders } }
}

/// How long each measurement takes, and how hard the server is driven.
#[derive(Clone, Copy)]
pub(crate) struct Effort {
    pub(crate) warm: Duration,
    pub(crate) measure: Duration,
    /// Messages that each sender has on their way.
    pub(crate) window: u32,
}

/// What one run has yielded.
pub(crate) struct Sample {
    /// One for each of the workload's columns; NaN where there is none.
    pub(crate) values: Vec<f64>,
    pub(crate) faults: Faults,
    /// What went wrong otherwise.
    pub(crate) complaint: Option<String>,
    /// What a delivered line has beyond its text, in bytes, if lines were delivered.
    pub(crate) overhead: Option<usize>,
}

impl Workload {
    pub(crate) fn columns(&self) -> &'static [Column] {
        const FANOUT: &[Column] = &talk(Column::compared("per CPU s", Unit::Count, Better::More));
        // So little CPU time is used that a clock tick is a tenth of it: not compared.
        const PACED: &[Column] = &talk(Column::new("per CPU s", Unit::Count));
        const STALLED: &[Column] = &[
            Column::new("messages/s", Unit::Count),
            Column::new("with stalled", Unit::Count),
            Column::new("share", Unit::Percent),
            Column::new("deliveries/s", Unit::Count),
            Column::new("growth MiB", Unit::Mebi),
            Column::new("dropped", Unit::Count),
            Column::new("as slow", Unit::Count),
        ];
        const IDLE: &[Column] = &[
            Column::new("members", Unit::Count),
            Column::new("KiB/member", Unit::Kibi),
            Column::new("before MiB", Unit::Mebi),
            Column::new("with MiB", Unit::Mebi),
            Column::new("CPU", Unit::Percent),
            Column::new("wake-ups/s empty", Unit::Decimal),
        ];
        const JOINS: &[Column] = &[
            Column::new("seconds", Unit::Decimal),
            Column::new("CPU s", Unit::Decimal),
            Column::new("in", Unit::Count),
            Column::new("whole rosters", Unit::Count),
            Column::new("received MiB", Unit::Mebi),
            Column::new("peak MiB", Unit::Mebi),
        ];
        match self.work {
            Work::Fanout { .. } => FANOUT,
            Work::Paced { .. } => PACED,
            Work::Stalled { .. } => STALLED,
            Work::Idle { .. } => IDLE,
            Work::Joins { .. } => JOINS,
        }
    }

    /// The length of the floor's lines, if a line has `overhead` bytes beyond its text.
    pub(crate) fn line_length(&self, overhead: usize) -> usize {
        overhead + if matches!(self.work, Work::Stalled { .. }) { STALL_TEXT } else { TEXT }
    }

    /// Measures a fresh server of `kind` once.
    pub(crate) fn measure(&self, kind: Kind, line_length: usize, effort: Effort) -> io::Result<Sample> {
        let start = || Server::start(kind, line_length);
        match self.work {
            Work::Fanout { members, senders } => speak(&start()?, members, senders, Pace::Window, effort),
            Work::Paced { members, rate } => {
                let effort = Effort { measure: effort.measure * 3, ..effort };
                speak(&start()?, members, 1, Pace::Every(Duration::from_secs(1) / rate), effort)
            }
            Work::Stalled { members, senders } => stalled(start, members, senders, effort),
            Work::Idle { members } => idle(&start()?, members),
            Work::Joins { members } => joins(&start()?, members),
        }
    }
}

/// The columns of a workload in which members speak; how its CPU time is told.
const fn talk(per_cpu: Column) -> [Column; 8] {
    [
        Column::new("deliveries/s", Unit::Count),
        per_cpu,
        Column::new("CPU", Unit::Percent),
        Column::new("p50 ms", Unit::Millis),
        Column::compared("p99 ms", Unit::Millis, Better::Less),
        Column::new("p99.9 ms", Unit::Millis),
        Column::new("B/line", Unit::Count),
        Column::new("lines/read", Unit::Decimal),
    ]
}

/// Members that all know each other, or what is missing.
fn joined(server: &Server, members: usize, senders: usize) -> io::Result<Load> {
    let mut load = Load::new(server.kind.dialect(), senders, server.address)?;
    let Joined { welcomed, whole, took } = load.join('m', members, PENDING, JOIN)?;
    if whole == members {
        return Ok(load);
    }
    let said = load.complaint().map(|complaint| format!("; {complaint}")).unwrap_or_default();
    let seconds = took.as_secs();
    Err(io::Error::other(format!("after {seconds} s {welcomed} of {members} are in, {whole} with whole rosters{said}")))
}

fn speak(server: &Server, members: usize, senders: usize, pace: Pace, effort: Effort) -> io::Result<Sample> {
    let mut load = joined(server, members, senders)?;
    load.begin(Plan { senders, text: TEXT, pace, window: effort.window });
    load.run(effort.warm)?;
    load.forget_latencies();
    let before = Meter::read(server, &load)?;
    load.run(effort.measure)?;
    let spent = Meter::read(server, &load)?.since(&before);
    let quantile = |quantile| load.tally().map_or(f64::NAN, |tally| tally.latency.quantile(quantile) / 1e3);
    let latencies = [quantile(0.5), quantile(0.99), quantile(0.999)];
    let faults = load.finish()?;
    let values = [
        &[spent.deliveries / spent.seconds, spent.deliveries / spent.cpu, spent.cpu / spent.seconds],
        &latencies[..],
        &[spent.bytes / spent.deliveries, spent.deliveries / spent.reads],
    ];
    let overhead = (spent.bytes / spent.deliveries).round() as usize;
    Ok(Sample { values: values.concat(), faults, complaint: load.complaint(), overhead: overhead.checked_sub(TEXT) })
}

fn stalled(
    start: impl Fn() -> io::Result<Server>,
    members: usize,
    senders: usize,
    effort: Effort,
) -> io::Result<Sample> {
    let plan = Plan { senders, text: STALL_TEXT, pace: Pace::Count(STALL_MESSAGES), window: effort.window };
    let without = stall(&start()?, members, plan, 0)?;
    let mut with = stall(&start()?, members, plan, STALLED)?;
    with.values.insert(0, without.values[0]);
    with.values.insert(2, with.values[1] / without.values[0]);
    with.faults.add(without.faults);
    Ok(Sample { complaint: with.complaint.or(without.complaint), ..with })
}

fn stall(server: &Server, members: usize, plan: Plan, stalled: usize) -> io::Result<Sample> {
    let mut load = joined(server, members, plan.senders)?;
    load.stall(members / 2..members / 2 + stalled);
    let resident = os::resident(server.pid())?;
    os::forget_peak(server.pid())?;
    let descriptors = os::descriptors(server.pid())?;
    let start = Instant::now();
    load.begin(plan);
    let faults = load.finish()?;
    let seconds = start.elapsed().as_secs_f64();
    let tally = load.tally().map_or((0, 0), |tally| (tally.deliveries, tally.bytes));
    let open = || os::descriptors(server.pid()).map(|now| descriptors.saturating_sub(now));
    // One that has taken nothing for a while is dropped even if it has not fallen off the stream.
    let patience = Instant::now() + SLOW + Duration::from_secs(3);
    while open()? < stalled && Instant::now() < patience {
        load.run(Duration::from_millis(100))?;
    }
    let growth = os::peak_resident(server.pid())?.saturating_sub(resident);
    let slow = if server.kind.is_ours() { server.logged("reason=slow") as f64 } else { f64::NAN };
    let messages = f64::from(STALL_MESSAGES) * plan.senders as f64;
    Ok(Sample {
        values: vec![messages / seconds, tally.0 as f64 / seconds, growth as f64, open()? as f64, slow],
        faults,
        complaint: load.complaint(),
        overhead: (tally.1 / tally.0.max(1)).checked_sub(STALL_TEXT as u64).map(|bytes| bytes as usize),
    })
}

fn idle(server: &Server, members: usize) -> io::Result<Sample> {
    let wakeups = os::wakeups(server.pid())?;
    std::thread::sleep(EMPTY);
    let wakeups = (os::wakeups(server.pid())? - wakeups) as f64 / EMPTY.as_secs_f64();
    fill_ring(server)?;
    let before = os::resident(server.pid())?;
    let mut load = Load::new(server.kind.dialect(), 0, server.address)?;
    let joined = load.join('m', members, PENDING, JOIN)?;
    load.run(IDLE)?;
    let meter = Meter::read(server, &load)?;
    load.run(IDLE)?;
    let spent = Meter::read(server, &load)?.since(&meter);
    let with = os::resident(server.pid())?;
    let each = with.saturating_sub(before) as f64 / joined.welcomed.max(1) as f64;
    let cpu = spent.cpu / spent.seconds;
    Ok(Sample {
        values: vec![joined.welcomed as f64, each, before as f64, with as f64, cpu, wakeups],
        faults: Faults::default(),
        complaint: load.complaint().or_else(|| short_of(joined, members)),
        overhead: None,
    })
}

/// Two members talk until every byte of the server's ring has been used, and leave: what idle members cost is counted
/// beyond it.
fn fill_ring(server: &Server) -> io::Result<()> {
    let descriptors = os::descriptors(server.pid())?;
    let mut load = Load::new(server.kind.dialect(), 1, server.address)?;
    load.join('w', 2, PENDING, JOIN)?;
    load.begin(Plan { senders: 1, text: TEXT, pace: Pace::Count(RING_MESSAGES), window: WINDOW });
    load.finish()?;
    drop(load);
    let patience = Instant::now() + SLOW;
    while os::descriptors(server.pid())? > descriptors && Instant::now() < patience {
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}

fn joins(server: &Server, members: usize) -> io::Result<Sample> {
    let mut load = Load::new(server.kind.dialect(), 0, server.address)?;
    let before = Meter::read(server, &load)?;
    let joined = load.join('m', members, usize::MAX, JOIN)?;
    let spent = Meter::read(server, &load)?.since(&before);
    let peak = os::peak_resident(server.pid())? as f64;
    let [welcomed, whole] = [joined.welcomed as f64, joined.whole as f64];
    Ok(Sample {
        values: vec![joined.took.as_secs_f64(), spent.cpu, welcomed, whole, load.received as f64, peak],
        faults: Faults::default(),
        complaint: load.complaint().or_else(|| short_of(joined, members)),
        overhead: None,
    })
}

fn short_of(joined: Joined, members: usize) -> Option<String> {
    (joined.whole < members).then(|| format!("{} of {members} rosters are whole", joined.whole))
}

/// What has been used and delivered, so far or between two readings.
struct Meter {
    seconds: f64,
    cpu: f64,
    deliveries: f64,
    bytes: f64,
    reads: f64,
    at: Instant,
}

impl Meter {
    fn read(server: &Server, load: &Load) -> io::Result<Meter> {
        let (deliveries, bytes) = load.tally().map_or((0, 0), |tally| (tally.deliveries, tally.bytes));
        let cpu = os::cpu_time(server.pid())?.as_secs_f64();
        let [deliveries, bytes, reads] = [deliveries, bytes, load.reads].map(|count| count as f64);
        Ok(Meter { seconds: 0.0, cpu, deliveries, bytes, reads, at: Instant::now() })
    }

    fn since(&self, before: &Meter) -> Meter {
        Meter {
            seconds: (self.at - before.at).as_secs_f64(),
            cpu: self.cpu - before.cpu,
            deliveries: self.deliveries - before.deliveries,
            bytes: self.bytes - before.bytes,
            reads: self.reads - before.reads,
            at: self.at,
        }
    }
}
