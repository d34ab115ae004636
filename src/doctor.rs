//! `hybrid-chat doctor`: why nobody is found, and the command that cures it.
//!
//! Looking is the work of thin shells, what follows from it is pure: facts in, findings out. Nothing on the machine is changed.

mod command;
mod cure;
pub mod diagnosis;
pub mod facts;
mod look;
mod probe;
mod report;
mod ruleset;
mod system;
mod tables;

use std::io::{self, Write};

use chrono::{DateTime, FixedOffset};

use crate::cli::DoctorArgs;
use crate::error::{Error, Result};
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
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Error::io("write to standard output", error)),
        _ => Ok(diagnosis.findable),
    }
}
