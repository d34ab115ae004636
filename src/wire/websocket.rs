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
}

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
    message: Message,
    replies: Vec<u8>,
}

impl Default for Socket {
    fn default() -> Self {
        let config = WebSocketConfig::default()
            .read_buffer_size(FRAME_READ_BYTES)
            .write_buffer_size(0)
            .max_write_buffer_size(FRAME_REPLY_BYTES)
            .max_message_size(Some(LINE_MAX_BYTES))
            .max_frame_size(Some(LINE_MAX_BYTES));
        let context = WebSocketContext::new(Role::Server, Some(config));
        Self { context, message: nothing(), replies: Vec::new() }
    }
}

impl Socket {
    /// What comes next. Takes bytes off `input`; all of them, if more are needed.
    pub fn next(&mut self, input: &mut &[u8]) -> Incoming<'_> {
        loop {
            if !self.replies.is_empty() {
                return Incoming::Reply(std::mem::take(&mut self.replies));
            }
            // The message before is still there, so that the library cannot keep the memory of a long one for the next.
            let read = self.context.read(&mut Pipe { input, replies: &mut self.replies });
            self.message = nothing();
            match read {
                Ok(message @ (Message::Text(_) | Message::Binary(_))) => {
                    self.message = message;
                    break;
                }
                Ok(Message::Ping(_) | Message::Pong(_) | Message::Close(_) | Message::Frame(_)) => {
                    // The library answers when it is told to write. After a close frame that ends in an error, as it should.
                    drop(self.context.flush(&mut Pipe { input, replies: &mut self.replies }));
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
    if let Message::Binary(bytes) = message { bytes } else { &[] }
}

fn nothing() -> Message {
    Message::Binary(Vec::new().into())
}

/// What the library reads from and writes to.
struct Pipe<'a, 'input> {
    input: &'a mut &'input [u8],
    replies: &'a mut Vec<u8>,
}

impl Read for Pipe<'_, '_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.input.is_empty() { Err(ErrorKind::WouldBlock.into()) } else { self.input.read(buffer) }
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

/// Writes a close frame.
pub fn close(out: &mut Vec<u8>, code: u16) {
    begin(out, CLOSE, 2);
    out.extend_from_slice(&code.to_be_bytes());
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
