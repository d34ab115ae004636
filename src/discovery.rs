//! The LAN: who hosts a room there, and telling others of ours.
//!
//! Every way of discovery yields [`crate::sighting::Seen`]. It knows neither the rules of the room nor who is to host.

pub mod beacon;
mod datagram;
pub mod interfaces;
pub mod listing;
