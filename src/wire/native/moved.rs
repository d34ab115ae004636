//! The lines that say where a room goes on. Whether it does, and who goes there, is not known here.

use std::net::SocketAddr;

use serde::Serialize;

use super::encode::tagged;
use crate::room::id::RoomId;
use crate::sighting::Elsewhere;

/// The room goes on elsewhere.
pub(crate) fn moved(out: &mut Vec<u8>, to: &Elsewhere) {
    #[derive(Serialize)]
    struct To<'a> {
        to: &'a [SocketAddr],
        room: RoomId,
    }
    tagged(out, "moved", &To { to: &to.at, room: to.room });
}

/// The room would go on at one of these addresses if this host were gone.
pub(crate) fn ahead(out: &mut Vec<u8>, to: &[SocketAddr]) {
    #[derive(Serialize)]
    struct To<'a> {
        to: &'a [SocketAddr],
        ahead: bool,
    }
    tagged(out, "moved", &To { to, ahead: true });
}
