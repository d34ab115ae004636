//! What the operating system says about a process, and what it is asked for: CPU time, memory, descriptors, cores.
//!
//! Linux only (`/proc`). Knows nothing of servers, rooms or messages.

use std::fs;
use std::io;
use std::net::TcpListener;
use std::time::Duration;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// The core of every server that is measured.
pub(crate) const SERVER_CORE: usize = 0;
/// The core of the load generator.
pub(crate) const LOAD_CORE: usize = 1;

/// User and system time of all threads of `pid`, those that have ended included.
pub(crate) fn cpu_time(pid: u32) -> io::Result<Duration> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    // The second field is the program's name in parentheses and may hold anything: count from behind it (proc(5)).
    let fields = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let ticks: u64 = fields.split_whitespace().skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
    Ok(Duration::from_secs_f64(ticks as f64 / rustix::param::clock_ticks_per_second() as f64))
}

/// Resident memory of `pid`, in bytes.
pub(crate) fn resident(pid: u32) -> io::Result<u64> {
    Ok(status_field(&format!("/proc/{pid}/status"), "VmRSS:")? * 1024)
}

/// The most resident memory that `pid` has had since [`forget_peak`], in bytes.
pub(crate) fn peak_resident(pid: u32) -> io::Result<u64> {
    Ok(status_field(&format!("/proc/{pid}/status"), "VmHWM:")? * 1024)
}

/// Sets the peak of `pid` back to what is resident now.
pub(crate) fn forget_peak(pid: u32) -> io::Result<()> {
    fs::write(format!("/proc/{pid}/clear_refs"), "5")
}

/// How often the threads of `pid` have gone to sleep, that is, how often they were woken.
pub(crate) fn wakeups(pid: u32) -> io::Result<u64> {
    let mut sum = 0;
    for task in fs::read_dir(format!("/proc/{pid}/task"))? {
        sum += status_field(&format!("{}/status", task?.path().display()), "voluntary_ctxt_switches:")?;
    }
    Ok(sum)
}

/// How many descriptors `pid` has open.
pub(crate) fn descriptors(pid: u32) -> io::Result<usize> {
    Ok(fs::read_dir(format!("/proc/{pid}/fd"))?.count())
}

fn status_field(path: &str, name: &str) -> io::Result<u64> {
    let status = fs::read_to_string(path)?;
    let value = status.lines().find_map(|line| line.strip_prefix(name)).and_then(|rest| rest.split_whitespace().next());
    value.and_then(|value| value.parse().ok()).ok_or_else(|| io::Error::other(format!("{path} has no {name}")))
}

/// Raises the limit of descriptors to what is allowed, for this process and those that it starts; returns it.
pub(crate) fn raise_descriptor_limit() -> u64 {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    match setrlimit(Resource::Nofile, raised) {
        Ok(()) => limit.maximum.unwrap_or(u64::MAX),
        Err(_) => limit.current.unwrap_or(u64::MAX),
    }
}

/// Whether server and load can have a core each.
pub(crate) fn two_cores() -> bool {
    sched_getaffinity(None).is_ok_and(|set| set.is_set(SERVER_CORE) && set.is_set(LOAD_CORE))
}

/// Binds this process, and those that it starts from now on, to one core.
pub(crate) fn pin(core: usize) -> io::Result<()> {
    let mut set = CpuSet::new();
    set.set(core);
    Ok(sched_setaffinity(None, &set)?)
}

/// A port of 127.0.0.1 that nobody had a moment ago.
pub(crate) fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}
