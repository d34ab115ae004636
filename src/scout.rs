//! Asks over TCP which room is at an address: short, by itself, and for whoever can wait that long.
//!
//! What a datagram said is a hint; this is what counts. It joins nothing, and the room takes no notice of it.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Instant;

use crate::limits::{GLANCE, LINE_MAX_BYTES};
use crate::sighting::Announcement;
use crate::wire::native;

/// What is at an address.
#[derive(Debug)]
pub enum Found {
    /// A room.
    Room(Box<Announcement>),
    /// Something else, or something that does not answer.
    Stranger {
        /// What it said, or did, in plain words.
        found: String,
    },
    /// Nobody, as far as we get.
    Nobody,
}

/// Who is at `at`, within [`GLANCE`].
pub fn look(at: SocketAddr) -> Found {
    let end = Instant::now() + GLANCE;
    let Ok(stream) = TcpStream::connect_timeout(&at, GLANCE) else { return Found::Nobody };
    // To a port without a listener the system can connect one with itself.
    if stream.local_addr().is_ok_and(|own| own == at) {
        return Found::Nobody;
    }
    ask(&stream, end).unwrap_or_else(|error| Found::Stranger { found: format!("it ended the connection: {error}") })
}

/// Asks, and reads until a room has answered or nothing more is to be expected.
fn ask(mut stream: &TcpStream, end: Instant) -> io::Result<Found> {
    stream.set_write_timeout(Some(GLANCE))?;
    stream.write_all(native::LOOK)?;
    let mut read = Vec::new();
    let mut buffer = [0; 1024];
    while read.len() < LINE_MAX_BYTES {
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            break;
        }
        stream.set_read_timeout(Some(left))?;
        match stream.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => read.extend_from_slice(&buffer[..count]),
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => break,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
        if let Some(announcement) = native::room_told(&read) {
            return Ok(Found::Room(Box::new(announcement)));
        }
    }
    // It may be gone already.
    drop(stream.shutdown(Shutdown::Both));
    let found =
        if read.is_empty() { "it accepts connections and says nothing" } else { "it answers, and is no chat room" };
    Ok(Found::Stranger { found: found.into() })
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::thread;

    use super::*;

    const ROOM: &str = "{\"type\":\"room\",\"v\":1,\"room\":\"5f0c000000000001\",\"opened\":\"2026-11-20T21:51:09.001+01:00\",\"term\":2,\
                        \"host\":\"9a000000000000000000000000000000\",\"name\":\"capo\",\"port\":8808,\"members\":3}\n";

    /// Asks somebody who answers so, and then ends the connection if `ends`.
    fn asked(answer: &str, ends: bool) -> Found {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let at = listener.local_addr().unwrap();
        thread::scope(|scope| {
            let answering = scope.spawn(|| {
                let (mut stream, _) = listener.accept().unwrap();
                let mut question = [0; 64];
                let count = stream.read(&mut question).unwrap();
                assert_eq!(&question[..count], b"{\"type\":\"look\"}\n");
                stream.write_all(answer.as_bytes()).unwrap();
                if !ends {
                    // Until whoever asks has had enough.
                    drop(stream.read(&mut question));
                }
            });
            let found = look(at);
            answering.join().unwrap();
            found
        })
    }

    #[test]
    fn a_room_says_which_it_is() {
        for before in ["", "What is your name?\n"] {
            let Found::Room(room) = asked(&format!("{before}{ROOM}"), false) else { panic!() };
            assert_eq!((&*room.name, room.members, room.closed), ("capo", 3, false));
        }
    }

    #[test]
    fn what_is_no_room_says_something_else_or_nothing() {
        for (answer, ends, said) in [
            ("HTTP/1.1 400 Bad Request\r\n\r\n", true, "no chat room"),
            ("", true, "says nothing"),
            ("", false, "says nothing"),
            (&ROOM[..60], false, "no chat room"),
        ] {
            let Found::Stranger { found } = asked(answer, ends) else { panic!("{answer:?}") };
            assert!(found.contains(said), "{found}");
        }
    }

    #[test]
    fn nobody_is_nobody() {
        let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        assert!(matches!(look(free), Found::Nobody));
    }
}
