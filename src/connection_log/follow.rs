//! A log as it grows, also when it is renamed, replaced or cut off. How to wait, and until when, is an argument.

use std::fs::File;
use std::io::{Seek, SeekFrom};
use std::path::Path;
use std::time::Duration;

use super::identity::Identity;
use super::reader::Reader;
use crate::error::Result;
use crate::limits::{LOG_POLL, LOG_ROTATION_POLLS};

/// Waits for the time given, or less if the end has come; whether to go on.
pub(super) type Wait<'a> = dyn FnMut(Duration) -> bool + 'a;

/// Reads a log, and what is added to it, until `wait` says that it is enough.
pub(super) fn follow(path: &Path, mut file: File, reader: &mut Reader<'_>, wait: &mut Wait<'_>) -> Result<()> {
    let mut looks_elsewhere = 0;
    let mut was_gone = false;
    loop {
        reader.drain(&mut file)?;
        if !wait(LOG_POLL) {
            return Ok(());
        }
        if was_cut_off(&mut file) {
            reader.end_of_file()?;
            continue;
        }
        let there = Identity::at(path);
        was_gone |= there.is_none();
        let elsewhere = there.is_some() && (was_gone || there != Identity::of(&file).ok());
        looks_elsewhere = if elsewhere { looks_elsewhere + 1 } else { 0 };
        // The writer goes on with the old file until it has noticed: that file is read until then.
        if looks_elsewhere >= LOG_ROTATION_POLLS
            && let Ok(new) = File::open(path)
        {
            reader.drain(&mut file)?;
            reader.end_of_file()?;
            file = new;
            looks_elsewhere = 0;
            was_gone = false;
        }
    }
}

/// Whether the file has become shorter than what was read of it; if so, reading starts over.
fn was_cut_off(file: &mut File) -> bool {
    let Ok(metadata) = file.metadata() else { return false };
    let cut_off = metadata.is_file() && file.stream_position().is_ok_and(|position| metadata.len() < position);
    cut_off && file.seek(SeekFrom::Start(0)).is_ok()
}
