//! `hybrid-chat doctor`: why nobody is found, and the command that cures it.
//!
//! Looking is the work of thin shells, what follows from it is pure: facts in, findings out. Nothing on the machine is changed.

#[cfg_attr(target_os = "macos", allow(dead_code, reason = "each system looks at what it has"))]
mod command;
mod cure;
pub mod diagnosis;
pub mod facts;
mod look;
mod probe;
mod report;
#[cfg_attr(
    not(target_os = "linux"),
    allow(dead_code, reason = "only Linux has these firewalls; the reading of them is tested anywhere")
)]
mod ruleset;
#[cfg_attr(not(target_os = "linux"), allow(dead_code, reason = "each system looks at what it has"))]
mod system;
#[cfg_attr(
    not(target_os = "linux"),
    allow(dead_code, reason = "only Linux has these firewalls; the reading of them is tested anywhere")
)]
mod tables;

use std::io::Write;

use chrono::{DateTime, FixedOffset};

use crate::cli::DoctorArgs;
use crate::error::{self, Result};
use crate::limits::DEFAULT_PORT;

/// Looks at this machine and its networks, and writes to `out` what works, what will not, and what helps. Whether a room could
/// be found from here.
///
/// # Errors
/// The interfaces cannot be listed, or `out` cannot be written to.
pub fn command(args: DoctorArgs, out: &mut impl Write, now: DateTime<FixedOffset>) -> Result<bool> {
    let facts = look::around(args.port.unwrap_or(DEFAULT_PORT), args.interface)?;
    let diagnosis = diagnosis::diagnose(&facts);
    let text = if args.json { report::json(&diagnosis, facts.port, now) } else { report::text(&diagnosis, facts.port) };
    error::written(out.write_all(text.as_bytes()).and_then(|()| out.flush()))?;
    Ok(diagnosis.findable)
}
