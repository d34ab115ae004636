//! Somebody else's client: a socket, lines of JSON, and no help from the program's own code.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Instant;

use serde_json::{Value, json};
use socket2::SockRef;

use super::PATIENCE;

/// A connection of a test's own.
pub(crate) struct Raw {
    stream: TcpStream,
    /// Read; what is before `taken` was given out as lines.
    buffer: Vec<u8>,
    taken: usize,
    /// All lines so far, for a failed test.
    heard: Vec<String>,
}

impl Raw {
    /// Connects through the loopback interface and says nothing.
    pub(crate) fn connect(port: u16) -> Self {
        Self::over(TcpStream::connect_timeout(&SocketAddr::from(([127, 0, 0, 1], port)), PATIENCE).unwrap())
    }

    fn over(stream: TcpStream) -> Self {
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream, buffer: Vec::new(), taken: 0, heard: Vec::new() }
    }

    /// Connects from one of the loopback interface's addresses; `None` where the machine has it not.
    pub(crate) fn connect_from(from: [u8; 4], port: u16) -> Option<Self> {
        let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
        socket.bind(&SocketAddr::from((from, 0)).into()).ok()?;
        socket.connect(&SocketAddr::from(([127, 0, 0, 1], port)).into()).unwrap();
        Some(Self::over(socket.into()))
    }

    /// Connects and says hello: with what `welcome` said.
    pub(crate) fn enter(port: u16, name: &str) -> (Self, Value) {
        let mut raw = Self::connect(port);
        raw.hello(name);
        let welcome = raw.expect("welcome");
        (raw, welcome)
    }

    /// A member under this name.
    pub(crate) fn member(port: u16, name: &str) -> Self {
        Self::enter(port, name).0
    }

    /// Says hello under this name.
    pub(crate) fn hello(&mut self, name: &str) {
        self.send(&json!({"type": "hello", "v": 1, "name": name}));
    }

    /// Says something to the room.
    pub(crate) fn say(&mut self, text: &str) {
        self.send(&json!({"type": "say", "text": text}));
    }

    /// Sends one object as a line.
    pub(crate) fn send(&mut self, object: &Value) {
        self.bytes(format!("{object}\n").as_bytes());
    }

    /// Sends bytes as they are.
    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.try_bytes(bytes).unwrap_or_else(|error| panic!("send: {error}; heard: {:#?}", self.heard));
    }

    /// Sends bytes to somebody who may be gone.
    pub(crate) fn try_bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes)
    }

    /// The next line without its `\n`; `None` at the end of the connection, in whatever way it ends.
    pub(crate) fn line(&mut self) -> Option<String> {
        let mut chunk = [0; 64 * 1024];
        loop {
            if let Some(length) = self.buffer[self.taken..].iter().position(|byte| *byte == b'\n') {
                let line = String::from_utf8(self.buffer[self.taken..self.taken + length].to_vec()).unwrap();
                self.taken += length + 1;
                self.heard.push(line.clone());
                return Some(line);
            }
            self.buffer.drain(..self.taken);
            self.taken = 0;
            match self.stream.read(&mut chunk) {
                Ok(0) => return None,
                Ok(count) => self.buffer.extend_from_slice(&chunk[..count]),
                Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {
                    panic!("nothing within {PATIENCE:?}; heard: {:#?}", self.heard)
                }
                Err(_) => return None,
            }
        }
    }

    /// The next line that holds this text; others before it are passed over. For those who read lines and no objects.
    pub(crate) fn line_with(&mut self, text: &str) -> String {
        while let Some(line) = self.line() {
            if line.contains(text) {
                return line;
            }
        }
        panic!("ended before {text:?}; heard: {:#?}", self.heard);
    }

    /// The next object that is no `ping`, which is answered; `None` at the end of the connection.
    pub(crate) fn next(&mut self) -> Option<Value> {
        let end = Instant::now() + PATIENCE;
        loop {
            let line = self.line()?;
            // Pings alone would keep a test waiting for ever.
            assert!(Instant::now() < end, "nothing but pings within {PATIENCE:?}; heard: {:#?}", self.heard);
            let object: Value = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}"));
            if object["type"] != "ping" {
                return Some(object);
            }
            self.try_bytes(b"{\"type\":\"pong\"}\n").ok();
        }
    }

    /// The next object that is meant; others before it are passed over.
    pub(crate) fn until(&mut self, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        while let Some(object) = self.next() {
            if wanted(&object) {
                return object;
            }
        }
        panic!("ended before {what}; heard: {:#?}", self.heard);
    }

    /// The next object of this type; others before it are passed over.
    pub(crate) fn expect(&mut self, kind: &str) -> Value {
        self.until(kind, |object| object["type"] == kind)
    }

    /// The next `said` with this text.
    pub(crate) fn hears(&mut self, text: &str) -> Value {
        self.until(text, |object| object["type"] == "said" && object["text"] == text)
    }

    /// The next `refused`: its code.
    pub(crate) fn refused(&mut self) -> String {
        let refused = self.expect("refused");
        assert!(refused["text"].as_str().is_some_and(|text| !text.is_empty()), "says why: {refused}");
        refused["code"].as_str().unwrap().to_owned()
    }

    /// Reads on until the connection has ended.
    pub(crate) fn ends(&mut self) {
        let end = Instant::now() + PATIENCE * 2;
        while self.line().is_some() {
            assert!(Instant::now() < end, "no end within {:?}; heard: {:#?}", PATIENCE * 2, self.heard);
        }
    }

    /// Everything heard so far.
    pub(crate) fn heard(&self) -> &[String] {
        &self.heard
    }

    /// Forgets what was heard: for rooms that speak much.
    pub(crate) fn forget(&mut self) {
        self.heard.clear();
    }

    /// Ends the connection with a reset instead of a farewell.
    pub(crate) fn reset(self) {
        SockRef::from(&self.stream).set_linger(Some(std::time::Duration::ZERO)).unwrap();
    }

    /// Sends no more, but still reads.
    pub(crate) fn half_close(&self) {
        self.stream.shutdown(std::net::Shutdown::Write).unwrap();
    }

    /// Takes as little as the system lets it before it stops reading.
    pub(crate) fn small_window(&self) {
        SockRef::from(&self.stream).set_recv_buffer_size(4096).unwrap();
    }

    /// The address from which it came, as the log names it.
    pub(crate) fn address(&self) -> String {
        self.stream.local_addr().unwrap().to_string()
    }
}
