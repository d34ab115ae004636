//! The floor: the least that any server of this kind must do, so that ours can be stated as a share of it.
//!
//! One readiness loop reads what is readable, splits lines, appends them to a ring of bytes, and writes what is new to
//! each connection with one vectored write per turn. It knows no names, no protocol and no room, keeps no log, and
//! checks nothing. To put as many bytes on the wire as the server it is compared with, it fills each line up with
//! spaces to a given length: so both get the same bytes in and send the same number out. A connection that has fallen
//! off the ring is dropped.

use std::io::{self, IoSlice, Read, Write};
use std::net::{Ipv4Addr, SocketAddr};

use hybrid_chat::limits::{BACKLOG, READ_BYTES, STREAM_BYTES, TURN_BYTES};
use memchr::{memchr_iter, memrchr};
use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};
use socket2::{Domain, Socket, Type};

/// What a connection gets when it has been accepted: from here on it hears everything.
pub(crate) const GREETING: &[u8] = b"welcome\n";

const FILLING: [u8; 1024] = [b' '; 1024];
const LISTENER: Token = Token(usize::MAX);

struct Peer {
    stream: TcpStream,
    /// Position in the stream of all bytes ever sent: everything before it has been written.
    at: u64,
    /// The kernel takes no more until it says so.
    full: bool,
    /// The beginning of a line.
    tail: Vec<u8>,
}

struct Floor {
    ring: Box<[u8]>,
    head: u64,
    peers: Vec<Option<Peer>>,
    line_length: usize,
}

/// Serves 127.0.0.1:`port` until killed; lines leave with `line_length` bytes at least, their `\n` included.
pub(crate) fn serve(port: u16, line_length: usize) -> io::Result<()> {
    let mut poll = Poll::new()?;
    let mut listener = listen(port)?;
    poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
    let ring = vec![0; STREAM_BYTES].into_boxed_slice();
    let mut floor = Floor { ring, head: 0, peers: Vec::new(), line_length };
    let mut events = Events::with_capacity(1024);
    let mut buffer = vec![0; READ_BYTES];
    let mut written = 0;
    loop {
        poll.poll(&mut events, None)?;
        for event in &events {
            if event.token() == LISTENER {
                floor.accept(&listener, &poll)?;
                continue;
            }
            let index = event.token().0;
            if event.is_writable() {
                floor.writable(index);
            }
            if event.is_readable() {
                floor.read(index, &mut buffer);
            }
            if floor.head - written > TURN_BYTES as u64 {
                floor.write_all();
                written = floor.head;
            }
        }
        if floor.head > written {
            floor.write_all();
            written = floor.head;
        }
    }
}

fn listen(port: u16) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, port)).into())?;
    socket.listen(BACKLOG)?;
    Ok(TcpListener::from_std(socket.into()))
}

impl Floor {
    fn accept(&mut self, listener: &TcpListener, poll: &Poll) -> io::Result<()> {
        while let Ok((mut stream, _)) = listener.accept() {
            stream.set_nodelay(true)?;
            let token = Token(self.peers.len());
            poll.registry().register(&mut stream, token, Interest::READABLE | Interest::WRITABLE)?;
            let greeted = stream.write(GREETING).is_ok();
            let peer = Peer { stream, at: self.head, full: false, tail: Vec::new() };
            self.peers.push(greeted.then_some(peer));
        }
        Ok(())
    }

    fn read(&mut self, index: usize, buffer: &mut [u8]) {
        loop {
            let Some(peer) = &mut self.peers[index] else { return };
            match peer.stream.read(buffer) {
                Ok(0) => self.peers[index] = None,
                Ok(count) => {
                    let mut tail = std::mem::take(&mut peer.tail);
                    self.take(&mut tail, &buffer[..count]);
                    if let Some(peer) = &mut self.peers[index] {
                        peer.tail = tail;
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(_) => self.peers[index] = None,
            }
        }
    }

    /// Appends the whole lines of `tail` and `bytes` to the ring, and leaves in `tail` what is no whole line yet.
    fn take(&mut self, tail: &mut Vec<u8>, bytes: &[u8]) {
        let Some(end) = memrchr(b'\n', bytes) else { return tail.extend_from_slice(bytes) };
        let mut start = 0;
        for newline in memchr_iter(b'\n', &bytes[..=end]) {
            let line = &bytes[start..newline];
            let filling = self.line_length.saturating_sub(tail.len() + line.len() + 1).min(FILLING.len());
            self.push(tail);
            self.push(line);
            self.push(&FILLING[..filling]);
            self.push(b"\n");
            tail.clear();
            start = newline + 1;
        }
        tail.extend_from_slice(&bytes[start..]);
    }

    fn push(&mut self, bytes: &[u8]) {
        let start = (self.head % STREAM_BYTES as u64) as usize;
        let first = bytes.len().min(STREAM_BYTES - start);
        self.ring[start..start + first].copy_from_slice(&bytes[..first]);
        self.ring[..bytes.len() - first].copy_from_slice(&bytes[first..]);
        self.head += bytes.len() as u64;
    }

    fn writable(&mut self, index: usize) {
        if let Some(peer) = &mut self.peers[index] {
            peer.full = false;
        }
        self.write(index);
    }

    fn write_all(&mut self) {
        for index in 0..self.peers.len() {
            self.write(index);
        }
    }

    fn write(&mut self, index: usize) {
        let Some(peer) = &mut self.peers[index] else { return };
        let waiting = self.head - peer.at;
        if waiting > STREAM_BYTES as u64 {
            self.peers[index] = None;
            return;
        }
        if waiting == 0 || peer.full {
            return;
        }
        let start = (peer.at % STREAM_BYTES as u64) as usize;
        let first = (waiting as usize).min(STREAM_BYTES - start);
        let slices =
            [IoSlice::new(&self.ring[start..start + first]), IoSlice::new(&self.ring[..waiting as usize - first])];
        match peer.stream.write_vectored(&slices) {
            Ok(count) => {
                peer.at += count as u64;
                peer.full = (count as u64) < waiting;
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => peer.full = true,
            Err(_) => self.peers[index] = None,
        }
    }
}
