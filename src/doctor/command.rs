//! Asking a program of the system, for a bounded time: what it printed, and whether it agreed. It must change nothing.

use std::io::Read;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Instant;

use crate::limits::{ASK_A_PROGRAM, ASK_A_PROGRAM_BYTES};

/// What a program answered.
#[derive(Debug)]
pub(super) struct Answer {
    /// Whether it ended with status 0.
    pub(super) agreed: bool,
    /// Its standard output.
    pub(super) text: String,
}

/// Asks `program`; nothing if it is not there, or does not answer in time.
pub(super) fn ask(program: &str, args: &[&str]) -> Option<Answer> {
    let mut child = Command::new(program)
        .args(args)
        .env("LC_ALL", "C")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    let end = Instant::now() + ASK_A_PROGRAM;
    let text = text(&mut child, end);
    let status = status(&mut child, end);
    Some(Answer { agreed: status?.success(), text: text? })
}

/// All that it prints, if it ends in time and says no more than it should.
fn text(child: &mut Child, end: Instant) -> Option<String> {
    let mut output = child.stdout.take()?;
    let (send, read) = mpsc::sync_channel(1);
    let reader = thread::Builder::new().name("doctor".into());
    let spawned = reader.spawn(move || {
        let mut bytes = Vec::new();
        let whole = output.by_ref().take(ASK_A_PROGRAM_BYTES).read_to_end(&mut bytes).is_ok();
        // Whoever asked may have given up.
        drop(send.send(whole.then(|| String::from_utf8_lossy(&bytes).into_owned())));
    });
    spawned.ok().and_then(|_| read.recv_timeout(end.saturating_duration_since(Instant::now())).ok().flatten())
}

/// How it ended, if it did by itself and in time.
fn status(child: &mut Child, end: Instant) -> Option<ExitStatus> {
    while Instant::now() < end {
        match child.try_wait() {
            Ok(None) => thread::sleep(ASK_A_PROGRAM / 1_000),
            Ok(status) => return status,
            Err(_) => break,
        }
    }
    // It may have ended meanwhile; either way nothing of it is left behind.
    drop(child.kill());
    drop(child.wait());
    None
}
