//! Dialects: how bytes become requests, and what happened becomes bytes.
//!
//! The first bytes of a connection say which dialect it speaks. A decoder is given bytes and answers that it needs more,
//! that here is an item, or that these bytes are bad; it holds no socket and knows no room.

pub mod line;
pub mod native;
