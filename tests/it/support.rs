//! What all tests share: a stage on which real executables run, raw clients, odd servers, and the log read back.
//!
//! Everything waits for what it wants with a deadline that is far away, so that a slow machine fails nothing and
//! success costs no time. It must not know anything that a user of the program could not know.

mod chat;
mod impostor;
#[cfg(target_os = "linux")]
pub(crate) mod lan;
mod logbook;
mod order;
mod pane;
mod port;
mod proxy;
mod raw;
mod stage;

use std::thread;
use std::time::{Duration, Instant};

use parking_lot::{Mutex, MutexGuard};

pub(crate) use chat::{Chat, is, names, said};
pub(crate) use impostor::Impostor;
pub(crate) use logbook::{Entry, Logbook};
pub(crate) use order::{same_everywhere, shown};
pub(crate) use pane::{MODES, Pane};
pub(crate) use port::free_port;
pub(crate) use proxy::Proxy;
pub(crate) use raw::Raw;
pub(crate) use rustix::process::Signal;
pub(crate) use stage::{PROGRAM, Stage, copy_program_to, install};

/// How long anything may take that should happen at once, on a machine that is busy with something else.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// Tests that start dozens of processes or move megabytes take turns, so that they measure themselves only.
pub(crate) fn heavy() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock()
}

/// Looks again and again until there is something: for what can only be looked at, such as a file or `/proc`.
pub(crate) fn eventually<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < end, "not within {PATIENCE:?}: {what}");
        thread::sleep(Duration::from_millis(20));
    }
}
