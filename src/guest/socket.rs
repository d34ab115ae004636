//! A socket towards a host, and what is known of its readiness.
//!
//! It knows when it is connected; what is read and written on it, it does not.

use std::io;
use std::net::SocketAddr;

use mio::net::TcpStream;
use mio::{Events, Interest, Registry, Token};

/// A socket that is connected, or is being.
#[derive(Debug)]
pub(super) struct Socket {
    pub(super) stream: TcpStream,
    pub(super) readable: bool,
    pub(super) writable: bool,
    /// Why nothing can be written any more.
    pub(super) broken: Option<io::ErrorKind>,
    token: Token,
}

impl Socket {
    /// Begins to connect; [`Socket::connected`] tells what becomes of it.
    ///
    /// # Errors
    /// What the system says at once: there is no way to that address, or nobody.
    pub(super) fn connect(address: SocketAddr, token: Token) -> io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        Ok(Self { stream, readable: false, writable: false, broken: None, token })
    }

    /// Has its readiness told. Whoever drops the socket ends that too.
    ///
    /// # Errors
    /// As the system says.
    pub(super) fn watch(&mut self, registry: &Registry) -> io::Result<()> {
        registry.register(&mut self.stream, self.token, Interest::READABLE | Interest::WRITABLE)
    }

    /// Readiness comes as edges: it stays until an operation would block.
    pub(super) fn note(&mut self, ready: &Events) {
        for event in ready.iter().filter(|event| event.token() == self.token) {
            self.readable |= event.is_readable() || event.is_read_closed() || event.is_error();
            self.writable |= event.is_writable();
        }
    }

    /// Whether connecting has come to an end, and to which.
    pub(super) fn connected(&self) -> Option<Result<(), io::ErrorKind>> {
        if let Ok(Some(error)) | Err(error) = self.stream.take_error() {
            return Some(Err(error.kind()));
        }
        match self.stream.peer_addr() {
            // A connection to a free port of the range for outgoing ones can meet itself: nobody is there.
            Ok(peer) if self.stream.local_addr().ok() == Some(peer) => Some(Err(io::ErrorKind::ConnectionRefused)),
            Ok(_) => Some(Ok(())),
            Err(_) => None,
        }
    }
}
