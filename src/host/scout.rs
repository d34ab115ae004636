//! A visit to another host of our port: one connection of our own, on which we only ask which room is there.
//!
//! What comes of it is for the meeting of hosts to judge. It never waits: the loop tells it when its socket is ready.

use std::io::{ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::time::Duration;

use mio::net::TcpStream;
use mio::{Interest, Registry, Token};

use crate::limits::{PASSED_OVER_BYTES, VISIT};
use crate::sighting::Announcement;
use crate::wire::native;

/// The visit's token; connections count theirs up from 0.
pub(super) const SCOUT: Token = Token(usize::MAX - 2);

/// A visit under way.
#[derive(Debug)]
pub(super) struct Scout {
    stream: TcpStream,
    asked: usize,
    answer: Vec<u8>,
    /// When it is over whatever comes.
    pub(super) until: Duration,
}

impl Scout {
    /// Sets out; nothing, where the operating system knows at once that nobody can be reached.
    pub(super) fn visit(at: SocketAddr, registry: &Registry, now: Duration) -> Option<Self> {
        let mut stream = TcpStream::connect(at).ok()?;
        registry.register(&mut stream, SCOUT, Interest::READABLE | Interest::WRITABLE).ok()?;
        Some(Self { stream, asked: 0, answer: Vec::new(), until: now + VISIT })
    }

    /// Its socket may be ready. When it is over: what was said there, or nothing where nobody was reached.
    pub(super) fn go_on(&mut self, now: Duration) -> Option<Option<Announcement>> {
        match self.ask().and_then(|()| self.listen()) {
            Ok(Some(said)) => Some(Some(said)),
            Ok(None) if now >= self.until => Some(None),
            Ok(None) => None,
            Err(_) => Some(None),
        }
    }

    fn ask(&mut self) -> std::io::Result<()> {
        while self.asked < native::LOOK.len() {
            match self.stream.write(&native::LOOK[self.asked..]) {
                Ok(count) => self.asked += count,
                // On its way, or the socket takes no more for now.
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::NotConnected) => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn listen(&mut self) -> std::io::Result<Option<Announcement>> {
        let mut bytes = [0; PASSED_OVER_BYTES];
        while self.answer.len() <= PASSED_OVER_BYTES {
            match self.stream.read(&mut bytes) {
                Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                Ok(count) => self.answer.extend_from_slice(&bytes[..count]),
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::NotConnected) => {
                    return Ok(None);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            }
            if let Some(said) = native::room_told(&self.answer) {
                return Ok(Some(said));
            }
        }
        // It says a lot, and not what a room says.
        Err(ErrorKind::InvalidData.into())
    }
}
