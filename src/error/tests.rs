//! The whole catalogue: every code of the contract, provoked by the real thing wherever a socket, a file or a name can.

use std::fs::File;
use std::io::{ErrorKind, Read, Write};
#[cfg(unix)]
use std::net::UdpSocket;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use socket2::SockRef;

use super::*;

/// Longer than the network of one machine takes for anything.
const PATIENCE: Duration = Duration::from_secs(30);

/// Two connected sockets of this machine.
fn pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let ours = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let theirs = listener.accept().unwrap().0;
    ours.set_read_timeout(Some(PATIENCE)).unwrap();
    (ours, theirs)
}

/// Nobody listens here, and nobody else gets the port while the socket lives.
fn reserved() -> (socket2::Socket, SocketAddr) {
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    socket.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into()).unwrap();
    let address = socket.local_addr().unwrap().as_socket().unwrap();
    (socket, address)
}

/// What becomes of an error of the operating system on the way to a person and a script.
fn reached(source: io::Error) -> Error {
    Error::Unreached { tried: "join the room on port 8808 of there".into(), source }
}

/// `WHAT: WHY` with a lower-case reason and no error number, and a remedy that is a sentence.
fn assert_reads_well(error: &Error) {
    let text = error.to_string();
    let (what, why) = text.split_once(": ").unwrap_or_else(|| panic!("WHAT: WHY, not {text}"));
    assert!(!what.is_empty() && !why.is_empty() && !text.contains("os error"), "{text}");
    assert!(!why.starts_with(char::is_uppercase), "{text}");
    assert!(!text.ends_with('.') && !text.contains('\n'), "{text}");
    if let Some(remedy) = error.remedy() {
        assert!(remedy.ends_with('.') && remedy.starts_with(char::is_uppercase) && !remedy.contains("  "), "{remedy}");
    }
}

/// The code, and a word that the remedy has.
fn assert_is(error: &Error, code: &str, helps: &str) {
    assert_eq!(error.code(), code, "{error}");
    assert!(error.remedy().unwrap_or_default().contains(helps), "{error}: {:?}", error.remedy());
    assert_reads_well(error);
}

#[test]
fn a_refused_connection() {
    let (_reserved, address) = reserved();
    let error = reached(TcpStream::connect(address).unwrap_err());
    assert_is(&error, "connection-refused", "start one with hybrid-chat");
    if cfg!(unix) {
        assert!(error.to_string().ends_with(": connection refused"), "{error}");
    }
}

#[test]
fn a_reset_connection() {
    let (mut ours, theirs) = pair();
    SockRef::from(&theirs).set_linger(Some(Duration::ZERO)).unwrap();
    drop(theirs);
    assert_is(&reached(ours.read(&mut [0]).unwrap_err()), "connection-reset", "still runs");
}

#[test]
fn a_broken_pipe() {
    let (ours, _theirs) = pair();
    ours.shutdown(std::net::Shutdown::Write).unwrap();
    assert_is(&reached((&ours).write(b"x").unwrap_err()), "broken-pipe", "still runs");
}

#[test]
fn an_aborted_connection() {
    // Only some systems say so by themselves; the election does of a host that ends a connection in order.
    assert_is(&reached(ErrorKind::ConnectionAborted.into()), "connection-aborted", "still runs");
}

#[test]
fn a_connection_that_times_out() {
    // Nobody accepts, and the queue of those who wait holds no more.
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    socket.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into()).unwrap();
    socket.listen(0).unwrap();
    let address = socket.local_addr().unwrap().as_socket().unwrap();
    let mut waiting = Vec::new();
    let error = loop {
        match TcpStream::connect_timeout(&address, Duration::from_millis(50)) {
            Ok(stream) => waiting.push(stream),
            Err(error) => break error,
        }
        assert!(waiting.len() < 100, "the queue never fills");
    };
    assert_is(&reached(error), "timed-out", "firewall");
}

#[test]
fn a_place_that_cannot_be_reached() {
    for kind in [ErrorKind::HostUnreachable, ErrorKind::NetworkUnreachable, ErrorKind::NetworkDown] {
        assert_is(&reached(kind.into()), "unreachable", "firewall");
    }
}

#[test]
fn a_port_in_use() {
    let (_reserved, address) = reserved();
    let error = Error::io(format!("listen on {address}"), TcpListener::bind(address).unwrap_err());
    assert_eq!(error.code(), "address-in-use");
    let tried = || "host the room on port 8808 of this machine".to_owned();
    assert_is(&Error::AddressInUse { tried: tried() }, "address-in-use", "--role host");
    let unanswered = Error::Unanswered { tried: tried() };
    assert_is(&unanswered, "address-in-use", "--port");
    assert!(!unanswered.remedy().unwrap().contains("--role"), "who joins has given no role");
}

#[test]
fn an_address_of_somebody_else() {
    // TEST-NET-2: nobody's.
    let elsewhere = "198.51.100.77:0";
    let source = TcpListener::bind(elsewhere).unwrap_err();
    let error = Error::Listen { tried: format!("listen on {elsewhere}"), source };
    assert_is(&error, "address-not-available", "not one of this machine's");
}

#[test]
fn what_is_not_permitted() {
    let denied = || io::Error::from(ErrorKind::PermissionDenied);
    let listen = Error::Listen { tried: "listen on [::]:80".into(), source: denied() };
    assert_is(&listen, "permission-denied", "above 1023");
    assert_is(&reached(denied()), "permission-denied", "firewall");
    let log = Error::ReadLog { path: "connections.log".into(), source: denied() };
    assert_is(&log, "log", "the user who hosted");
    assert_eq!(Error::io("write to standard output", denied()).remedy(), None, "a port would not help");
}

#[cfg(unix)]
#[test]
fn a_datagram_to_everybody_is_not_permitted() {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).unwrap();
    let error = socket.connect((Ipv4Addr::BROADCAST, 9)).unwrap_err();
    assert_is(&reached(error), "permission-denied", "Check the address");
}

#[test]
fn a_log_that_cannot_be_read_or_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("no.log");
    let read = Error::ReadLog { path: path.display().to_string(), source: File::open(&path).unwrap_err() };
    assert_is(&read, "log", "hybrid-chat log FILE");
    let write = Error::Log { path: "there".into(), source: File::create(folder.path()).unwrap_err() };
    assert_is(&write, "log", "--log FILE");
}

/// Of a pipe, of another kind of pipe, of a socket. Only Windows has these numbers.
#[cfg(windows)]
#[test]
fn whoever_read_has_gone() {
    for number in [109, 232, 233, 10058] {
        assert_eq!(kind(&io::Error::from_raw_os_error(number)), ErrorKind::BrokenPipe, "{number}");
    }
}

#[test]
fn the_words_of_the_system_end_a_sentence_of_ours() {
    for (words, reason) in [
        ("Connection refused", "connection refused"),
        ("Die Verbindung zum Computer wurde verweigert.\r\n", "die Verbindung zum Computer wurde verweigert"),
        ("\u{c9}chec.", "\u{e9}chec"),
        ("", ""),
    ] {
        assert_eq!(reason_in(words), reason);
    }
}

#[test]
fn bytes_that_are_no_text() {
    let error = Error::InvalidUtf8 { tried: "read standard input".into() };
    assert_is(&error, "invalid-utf8", "iconv");
    let source = io::read_to_string(&b"caf\xe9"[..]).unwrap_err();
    assert_is(&Error::io("read standard input", source), "invalid-utf8", "");
}

#[test]
fn what_a_room_says_against_us() {
    let refused = |code: &str| Error::Refused {
        tried: "join the room on port 8808 of there".into(),
        code: code.into(),
        text: "this is why".into(),
    };
    assert_is(&refused("room-full"), "room-full", "--max-members");
    assert_is(&refused("version"), "version", "same version");
    assert_is(&refused("bad-name"), "name", "--name");
    assert_is(&refused("banned"), "permission-denied", "/unban");
    assert_is(&refused("passphrase"), "passphrase", "");
    assert_is(&refused("a word of a later version"), "io", "");
    let found = "a web server".into();
    let other = Error::NotARoom { tried: "join the room on port 80 of there".into(), found };
    assert_is(&other, "not-a-room", "another port");
}

#[test]
fn everything_else() {
    assert_is(&Error::io("write to standard output", ErrorKind::StorageFull.into()), "io", "");
    assert_is(&Error::Unreadable { path: "connections.log".into(), lines: 1 }, "io", "");
}
