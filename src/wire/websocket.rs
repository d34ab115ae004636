//! WebSockets (RFC 6455) at the host: messages out of bytes, and frames around what goes out.
//!
//! What comes in is masked, may be in fragments and mixed with control frames: a library takes it apart, within our limits. What goes
//! out is the same for many, so its frames are written here, once. It knows no connection and no object of the protocol.

use std::io::{self, ErrorKind, Read, Write};

use tungstenite::error::{CapacityError, Error};
use tungstenite::protocol::{Message, Role, WebSocketConfig, WebSocketContext};

use crate::limits::{FRAME_READ_BYTES, FRAME_REPLY_BYTES, LINE_MAX_BYTES};

/// Why a WebSocket ends, in its close frame (RFC 6455, section 7.4.1).
pub mod code {
    /// Everything is said.
    pub const NORMAL: u16 = 1000;
    /// A frame broke the rules.
    pub const PROTOCOL: u16 = 1002;
    /// A message is of a kind that is not taken.
    pub const UNSUPPORTED: u16 = 1003;
    /// A text is not UTF-8.
    pub const NOT_UTF8: u16 = 1007;
    /// A message is longer than one may be.
    pub const TOO_LONG: u16 = 1009;
    /// It was too slow, and may come back.
    pub const TRY_AGAIN: u16 = 1013;
}

/// The longest head of a frame that is not masked.
pub const HEAD_BYTES: usize = 10;

/// The final fragment of a text.
const TEXT: u8 = 0x81;
/// The final fragment of bytes.
const BINARY: u8 = 0x82;
/// A close frame.
const CLOSE: u8 = 0x88;

/// What comes next out of a WebSocket.
#[derive(Debug, PartialEq, Eq)]
pub enum Incoming<'a> {
    /// A message.
    Text(&'a str),
    /// A message that is no text.
    Binary(&'a [u8]),
    /// Bytes to be sent at once: the answer to a control frame.
    Reply(Vec<u8>),
    /// It has ended in order, and its close frame is answered.
    Closed,
    /// It cannot go on; the code for the close frame.
    Failed(u16),
    /// Nothing before more bytes come.
    NeedMore,
}

/// A WebSocket without its socket.
#[derive(Debug)]
pub struct Socket {
    context: WebSocketContext,
    frame: Frame,
    message: Message,
    replies: Vec<u8>,
}

impl Default for Socket {
    fn default() -> Self {
        Self { context: context(), frame: Frame::default(), message: nothing(), replies: Vec::new() }
    }
}

fn context() -> WebSocketContext {
    let config = WebSocketConfig::default()
        .read_buffer_size(FRAME_READ_BYTES)
        .write_buffer_size(0)
        .max_write_buffer_size(FRAME_REPLY_BYTES)
        .max_message_size(Some(LINE_MAX_BYTES))
        .max_frame_size(Some(LINE_MAX_BYTES));
    WebSocketContext::new(Role::Server, Some(config))
}

/// Where in a frame we are: no read of the library goes beyond its end, so that it holds nothing after a whole message.
#[derive(Debug, Default)]
struct Frame {
    /// What has come of kind and length, which are all of a head but its mask.
    head: [u8; HEAD_BYTES],
    known: usize,
    /// How many bytes of mask and payload are to come.
    left: u64,
}

impl Frame {
    /// How many of these bytes may be read at once; they count as read.
    fn pass(&mut self, bytes: &[u8]) -> usize {
        if self.left > 0 {
            let count = usize::try_from(self.left).unwrap_or(usize::MAX).min(bytes.len());
            self.left -= count as u64;
            return count;
        }
        let count = (self.head_length() - self.known).min(bytes.len());
        self.head[self.known..self.known + count].copy_from_slice(&bytes[..count]);
        self.known += count;
        if self.known == self.head_length() {
            let mask = if self.head[1] & 0x80 > 0 { 4 } else { 0 };
            let long = self.head[2..self.known].iter().fold(0, |length, byte| length << 8 | u64::from(*byte));
            let length = if self.known > 2 { long } else { u64::from(self.head[1] & 0x7f) };
            (self.known, self.left) = (0, length.saturating_add(mask));
        }
        count
    }

    /// How long kind and length are, as far as is known yet.
    fn head_length(&self) -> usize {
        match self.head[1] & 0x7f {
            126 if self.known >= 2 => 4,
            127 if self.known >= 2 => HEAD_BYTES,
            _ => 2,
        }
    }
}

impl Socket {
    /// What comes next. Takes bytes off `input`; all of them, if more are needed.
    pub fn next(&mut self, input: &mut &[u8]) -> Incoming<'_> {
        loop {
            if !self.replies.is_empty() {
                return Incoming::Reply(std::mem::take(&mut self.replies));
            }
            if as_bytes(&self.message).len() > FRAME_READ_BYTES {
                // The library would keep the memory of a long message for the next.
                self.context = context();
            }
            self.message = nothing();
            let read = self.context.read(&mut Pipe { input, frame: &mut self.frame, replies: &mut self.replies });
            match read {
                Ok(message @ (Message::Text(_) | Message::Binary(_))) => {
                    self.message = message;
                    break;
                }
                Ok(Message::Ping(_) | Message::Pong(_) | Message::Close(_) | Message::Frame(_)) => {
                    // The library answers when it is told to write. After a close frame that ends in an error, as it should.
                    drop(self.context.flush(&mut Pipe { input, frame: &mut self.frame, replies: &mut self.replies }));
                }
                Err(_) if !self.replies.is_empty() => {}
                Err(Error::Io(error)) if error.kind() == ErrorKind::WouldBlock => return Incoming::NeedMore,
                Err(Error::ConnectionClosed | Error::AlreadyClosed) => return Incoming::Closed,
                Err(Error::Utf8(_)) => return Incoming::Failed(code::NOT_UTF8),
                Err(Error::Capacity(CapacityError::MessageTooLong { .. })) => return Incoming::Failed(code::TOO_LONG),
                Err(_) => return Incoming::Failed(code::PROTOCOL),
            }
        }
        match &self.message {
            Message::Text(text) => Incoming::Text(text.as_str()),
            message => Incoming::Binary(as_bytes(message)),
        }
    }
}

fn as_bytes(message: &Message) -> &[u8] {
    match message {
        Message::Text(text) => text.as_bytes(),
        Message::Binary(bytes) => bytes,
        _ => &[],
    }
}

fn nothing() -> Message {
    Message::Binary(Vec::new().into())
}

/// What the library reads from and writes to.
struct Pipe<'a, 'input> {
    input: &'a mut &'input [u8],
    frame: &'a mut Frame,
    replies: &'a mut Vec<u8>,
}

impl Read for Pipe<'_, '_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.input.is_empty() {
            return Err(ErrorKind::WouldBlock.into());
        }
        let room = buffer.len().min(self.input.len());
        let count = self.frame.pass(&self.input[..room]);
        self.input.read(&mut buffer[..count])
    }
}

impl Write for Pipe<'_, '_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.replies.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Writes the beginning of a text of so many bytes.
pub fn begin_text(out: &mut Vec<u8>, length: usize) {
    begin(out, TEXT, length);
}

/// Writes a text.
pub fn text(out: &mut Vec<u8>, text: &[u8]) {
    begin_text(out, text.len());
    out.extend_from_slice(text);
}

/// Writes a message that is no text.
pub fn binary(out: &mut Vec<u8>, bytes: &[u8]) {
    begin(out, BINARY, bytes.len());
    out.extend_from_slice(bytes);
}

/// Writes each of these lines as a text, without its end.
pub fn lines(out: &mut Vec<u8>, mut lines: &[u8]) {
    while let Some(end) = memchr::memchr(b'\n', lines) {
        text(out, &lines[..end]);
        lines = &lines[end + 1..];
    }
}

/// Writes a close frame, with a word about what its code does not say.
pub fn close(out: &mut Vec<u8>, code: u16) {
    let reason = if code == code::TRY_AGAIN { "slow" } else { "" };
    begin(out, CLOSE, 2 + reason.len());
    out.extend_from_slice(&code.to_be_bytes());
    out.extend_from_slice(reason.as_bytes());
}

/// The length of a frame that is not masked, its head included, by that head.
pub fn frame_length(head: &[u8]) -> Option<u64> {
    Some(match *head.get(1)? {
        127 => 10 + u64::from_be_bytes(head.get(2..10)?.try_into().ok()?),
        126 => 4 + u64::from(u16::from_be_bytes(head.get(2..4)?.try_into().ok()?)),
        short => 2 + u64::from(short),
    })
}

/// The head of a frame that is not masked.
fn begin(out: &mut Vec<u8>, kind: u8, length: usize) {
    out.push(kind);
    match (u8::try_from(length), u16::try_from(length)) {
        (Ok(short @ ..=125), _) => out.push(short),
        (_, Ok(middle)) => {
            out.push(126);
            out.extend_from_slice(&middle.to_be_bytes());
        }
        _ => {
            out.push(127);
            out.extend_from_slice(&(length as u64).to_be_bytes());
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
