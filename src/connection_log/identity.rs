//! Which file a path leads to: how a log that was renamed or removed under its writer or reader is noticed.
//!
//! What stands in the file is not looked at.

#[cfg(unix)]
use std::fs;
use std::fs::File;
use std::io;
use std::path::Path;

/// One file, whatever it is called.
///
/// The device and inode, on Windows the volume and the file's number there, which nobody else gets as long as the file is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Identity(u64, u64);

#[cfg(unix)]
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
impl From<&fs::Metadata> for Identity {
    fn from(metadata: &fs::Metadata) -> Self {
        use std::os::unix::fs::MetadataExt;
        Self(metadata.dev(), metadata.ino())
    }
}

#[cfg(windows)]
impl Identity {
    /// An open file's. A device has no number: all of them count as one.
    pub(super) fn of(file: &File) -> io::Result<Self> {
        Ok(crate::windows::volume_and_number(file).map_or(Self(0, 0), |(volume, number)| Self(volume, number)))
    }

    /// That of what a path leads to now; `None` if that is nothing, or cannot be told.
    pub(super) fn at(path: &Path) -> Option<Self> {
        File::open(path).ok().and_then(|file| Self::of(&file).ok())
    }
}
