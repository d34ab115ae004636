//! What of Windows has no safe wrapper, and so the one place with `unsafe`: an exclusive bind, and which file
//! is open. It does not know what these are for.

use std::fs::File;
use std::io;
use std::os::windows::io::{AsRawHandle, AsRawSocket};

use socket2::Socket;
use windows_sys::Win32::Networking::WinSock::{SO_EXCLUSIVEADDRUSE, SOCKET, SOCKET_ERROR, SOL_SOCKET, setsockopt};
use windows_sys::Win32::Storage::FileSystem::{BY_HANDLE_FILE_INFORMATION, GetFileInformationByHandle};

/// Nobody else may bind the socket's port, not even with `SO_REUSEADDR`. To be set before `bind`.
///
/// # Errors
/// What the operating system says.
#[allow(unsafe_code)]
pub fn set_exclusive(socket: &Socket) -> io::Result<()> {
    let on = 1_i32.to_ne_bytes();
    // SAFETY: the socket is open as long as it is borrowed, and the value is read from a live buffer of the length given.
    let result = unsafe {
        setsockopt(socket.as_raw_socket() as SOCKET, SOL_SOCKET, SO_EXCLUSIVEADDRUSE, on.as_ptr(), on.len() as i32)
    };
    if result == SOCKET_ERROR { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// The volume and the number of a file, which nobody else gets as long as it is open.
///
/// # Errors
/// It is no file, or one of a file system that numbers none.
#[allow(unsafe_code)]
pub fn volume_and_number(file: &File) -> io::Result<(u64, u64)> {
    let mut told = BY_HANDLE_FILE_INFORMATION::default();
    // SAFETY: the file is open as long as it is borrowed, and what is told is written to a live value of the type asked for.
    if unsafe { GetFileInformationByHandle(file.as_raw_handle(), &mut told) } == 0 {
        return Err(io::Error::last_os_error());
    }
    let number = u64::from(told.nFileIndexHigh) << 32 | u64::from(told.nFileIndexLow);
    Ok((told.dwVolumeSerialNumber.into(), number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_keeps_its_number_and_has_it_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let one = File::create(path("one")).unwrap();
        let number = volume_and_number(&one).unwrap();
        std::fs::rename(path("one"), path("two")).unwrap();
        assert_eq!(volume_and_number(&File::open(path("two")).unwrap()).unwrap(), number);
        assert_ne!(volume_and_number(&File::create(path("one")).unwrap()).unwrap(), number);
    }
}
