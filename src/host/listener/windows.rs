//! Windows' exclusive bind: the one option that no safe wrapper has, and so the one place with `unsafe`.

use std::io;
use std::os::windows::io::AsRawSocket;

use socket2::Socket;
use windows_sys::Win32::Networking::WinSock::{SO_EXCLUSIVEADDRUSE, SOCKET, SOCKET_ERROR, SOL_SOCKET, setsockopt};

/// Nobody else may bind the socket's port, not even with `SO_REUSEADDR`. To be set before `bind`.
#[allow(unsafe_code)]
pub(super) fn set_exclusive(socket: &Socket) -> io::Result<()> {
    let on = 1_i32.to_ne_bytes();
    // SAFETY: the socket is open as long as it is borrowed, and the value is read from a live buffer of the length given.
    let result = unsafe {
        setsockopt(socket.as_raw_socket() as SOCKET, SOL_SOCKET, SO_EXCLUSIVEADDRUSE, on.as_ptr(), on.len() as i32)
    };
    if result == SOCKET_ERROR { Err(io::Error::last_os_error()) } else { Ok(()) }
}
