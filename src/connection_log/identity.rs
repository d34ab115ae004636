//! Which file a path leads to: how a log that was renamed or removed under its writer or reader is noticed.

use std::fs::{self, File, Metadata};
use std::io;
use std::path::Path;

/// One file, whatever it is called.
///
/// On Unix the device and inode, which nobody else gets as long as the file is open. Elsewhere all files count as one,
/// so that only a path that leads nowhere is noticed: a log that is renamed, not one that is replaced at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Identity {
    #[cfg(unix)]
    device_and_inode: (u64, u64),
}

impl Identity {
    /// An open file's.
    pub(super) fn of(file: &File) -> io::Result<Self> {
        file.metadata().map(|metadata| Self::from(&metadata))
    }

    /// That of what a path leads to now; `None` if that is nothing, or cannot be told.
    pub(super) fn at(path: &Path) -> Option<Self> {
        fs::metadata(path).ok().map(|metadata| Self::from(&metadata))
    }
}

#[cfg(unix)]
impl From<&Metadata> for Identity {
    fn from(metadata: &Metadata) -> Self {
        use std::os::unix::fs::MetadataExt;
        Self { device_and_inode: (metadata.dev(), metadata.ino()) }
    }
}

#[cfg(not(unix))]
impl From<&Metadata> for Identity {
    fn from(_: &Metadata) -> Self {
        Self {}
    }
}
