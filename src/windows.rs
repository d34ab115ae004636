//! What of Windows has no safe wrapper, and so the one place with `unsafe`: an exclusive bind, which file is open, the end of
//! the console. It does not know what these are for.

use std::fs::File;
use std::io;
use std::os::windows::io::{AsRawHandle, AsRawSocket};
use std::sync::OnceLock;
use std::thread;

use socket2::Socket;
use windows_sys::Win32::Networking::WinSock::{SO_EXCLUSIVEADDRUSE, SOCKET, SOCKET_ERROR, SOL_SOCKET, setsockopt};
use windows_sys::Win32::Storage::FileSystem::{BY_HANDLE_FILE_INFORMATION, GetFileInformationByHandle};
use windows_sys::Win32::System::Console::{
    CTRL_CLOSE_EVENT, CTRL_LOGOFF_EVENT, CTRL_SHUTDOWN_EVENT, SetConsoleCtrlHandler,
};
use windows_sys::core::BOOL;

use crate::limits::CONSOLE_END;

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

/// What the end of the console calls.
static AT_END: OnceLock<Box<dyn Fn() + Send + Sync>> = OnceLock::new();

/// Calls `stop` when the console's window is closed, the person logs out or the machine is shut down, and leaves the process
/// [`CONSOLE_END`] to end by itself then. Once in a process.
///
/// # Errors
/// What the operating system says.
#[allow(unsafe_code)]
pub fn at_console_end(stop: impl Fn() + Send + Sync + 'static) -> io::Result<()> {
    AT_END.set(Box::new(stop)).map_err(|_| io::ErrorKind::AlreadyExists)?;
    // SAFETY: the handler is a function of this program, and shares nothing but what may be shared.
    let result = unsafe { SetConsoleCtrlHandler(Some(console_end), 1) };
    if result == 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// In a thread of the system's: it ends the process as soon as this returns "handled", and does not wait for ever if it does not.
extern "system" fn console_end(event: u32) -> BOOL {
    if !matches!(event, CTRL_CLOSE_EVENT | CTRL_LOGOFF_EVENT | CTRL_SHUTDOWN_EVENT) {
        return 0;
    }
    AT_END.get().into_iter().for_each(|stop| stop());
    thread::sleep(CONSOLE_END);
    1
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::time::Duration;

    use windows_sys::Win32::System::Console::CTRL_C_EVENT;

    use super::*;

    #[test]
    fn the_end_of_the_console_stops_and_waits_and_ctrl_c_is_for_others() {
        let (stop, stopped) = mpsc::channel();
        at_console_end(move || stop.send(()).unwrap()).unwrap();
        assert_eq!(console_end(CTRL_C_EVENT), 0);
        assert!(stopped.try_recv().is_err());
        let handler = thread::spawn(|| console_end(CTRL_CLOSE_EVENT));
        stopped.recv_timeout(Duration::from_secs(30)).unwrap();
        assert!(!handler.is_finished(), "the process would end before anybody has stopped");
        at_console_end(|| {}).unwrap_err();
    }

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
