//! Dialects: how bytes become requests, and what happened becomes bytes.
//!
//! The first bytes of a connection say which dialect it speaks ([`opening`]). A decoder is given bytes and answers that it
//! needs more, that here is an item, or that these bytes are bad; it holds no socket and knows no room.

pub mod http;
pub(crate) mod json;
pub mod line;
pub mod native;
pub mod opening;
pub mod telnet;
pub mod text;
pub mod websocket;

/// What a connection speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// One JSON object a line.
    Native,
    /// Lines as people type and read them.
    Text,
    /// HTTP, and then the objects of the native dialect, one in each message of a WebSocket.
    Web,
}

impl Dialect {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Native, Self::Text, Self::Web];

    /// The word for it in the connections log.
    pub fn word(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::Text => "text",
            Self::Web => "web",
        }
    }
}
