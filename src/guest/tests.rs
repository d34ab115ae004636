use std::cell::Cell;
use std::io::{BufRead, BufReader};
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::thread;

use socket2::{Domain, Type};

use super::dial::Outcome;
use super::*;
use crate::election::Dialed;
use crate::limits::{COMMANDS, EVENTS, UNACKNOWLEDGED};
use crate::room::id::Secret;

const WELCOME: &str = r#"{"type":"welcome","v":1,"room":"5f0c5f0c5f0c5f0c","you":2,"name":"lorde","host":"capo","term":1,"seq":2,"members":[{"id":1,"name":"capo","host":true},{"id":2,"name":"lorde"}]}"#;
const FULL: &str = r#"{"type":"refused","code":"room-full","text":"the room is full"}"#;

/// A line that no room says.
const NO_ROOM: &str = "{}";

/// Accepts one connection, answers the first line with this one, and waits for the other end to go; hangs up at once
/// where it has no answer.
fn somebody(answer: &'static str) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        let mut lines = BufReader::new(listener.accept().unwrap().0);
        lines.read_line(&mut String::new()).unwrap();
        if !answer.is_empty() {
            writeln!(lines.get_mut(), "{answer}").unwrap();
            lines.read_line(&mut String::new()).unwrap_or(0);
        }
    });
    address
}

/// An address at which nobody listens: it is taken.
fn nobody() -> (socket2::Socket, SocketAddr) {
    let socket = socket2::Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
    let address = socket.local_addr().unwrap().as_socket().unwrap();
    (socket, address)
}

/// What comes of dialling, and the address of the room if we are in.
fn dial(addresses: &[SocketAddr]) -> (Dialed, Option<SocketAddr>) {
    dial_from(addresses, &Vec::new)
}

/// The same on a machine with addresses of its `own`.
fn dial_from(addresses: &[SocketAddr], own: &dyn Fn() -> Vec<IpAddr>) -> (Dialed, Option<SocketAddr>) {
    let (commands, events) = (Mailbox::new(COMMANDS), Mailbox::new(EVENTS));
    let mut net = Net::new().unwrap();
    let mut seat = Seat::new(Secret([2; 16]), "lorde".into(), None);
    let Outcome { dialed, seated, .. } =
        Guest::new(&mut net, &mut seat, &commands, &events).dial(addresses.to_vec(), &mut |_| Vec::new(), own).unwrap();
    (dialed, seated.map(|seated| seated.address))
}

#[test]
fn the_first_room_that_answers_is_the_one() {
    let room = somebody(WELCOME);
    let (_taken, nobody) = nobody();
    assert_eq!(dial(&[nobody, somebody(""), somebody(NO_ROOM), room]), (Dialed::In, Some(room)));
}

#[test]
fn our_own_addresses_are_asked_for_once_somebody_can_be_told() {
    let asked = Cell::new(0);
    let own = || {
        asked.set(asked.get() + 1);
        Vec::new()
    };
    let (_taken, nobody) = nobody();
    dial_from(&[nobody, nobody], &own);
    assert_eq!(asked.get(), 0);
    dial_from(&[nobody, somebody(WELCOME)], &own);
    assert_eq!(asked.get(), 1);
}

#[test]
fn a_room_with_its_last_word_right_after_its_welcome_is_one() {
    const HANDED_OVER: &str = concat!(
        r#"{"type":"welcome","v":1,"room":"5f0c5f0c5f0c5f0c","you":2,"name":"lorde","host":"capo","term":1,"seq":2,"members":[]}"#,
        "\n",
        r#"{"type":"handover","to":2}"#
    );
    let room = somebody(HANDED_OVER);
    assert_eq!(dial(&[room]), (Dialed::In, Some(room)));
}

#[test]
fn who_is_turned_away_asks_nobody_else() {
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    other.set_nonblocking(true).unwrap();
    let (dialed, _) = dial(&[somebody(FULL), other.local_addr().unwrap()]);
    assert_eq!(dialed, Dialed::TurnedAway { code: "room-full".into(), text: "the room is full".into() });
    assert_eq!(other.accept().unwrap_err().kind(), io::ErrorKind::WouldBlock);
}

#[test]
fn what_says_most_is_told() {
    let (_taken, nobody) = nobody();
    assert!(matches!(dial(&[nobody, somebody(NO_ROOM), somebody("")]), (Dialed::NotARoom(_), None)));
    assert!(matches!(dial(&[nobody, somebody(""), nobody]), (Dialed::HungUp(_), None)));
    let refused = Dialed::Unreached(io::ErrorKind::ConnectionRefused);
    assert_eq!(dial(&[nobody, nobody]), (refused.clone(), None));
    assert_eq!(dial(&[]), (refused, None));
}

#[test]
fn who_leaves_waits_for_no_attempt() {
    let (commands, events) = (Mailbox::new(COMMANDS), Mailbox::new(EVENTS));
    let mut net = Net::new().unwrap();
    let mut seat = Seat::new(Secret([2; 16]), "lorde".into(), None);
    commands.push(Command::Quit).unwrap();
    // It accepts in the kernel, and says nothing.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut guest = Guest::new(&mut net, &mut seat, &commands, &events);
    let Outcome { dialed, .. } =
        guest.dial(vec![silent.local_addr().unwrap()], &mut |_| Vec::new(), &Vec::new).unwrap();
    assert!(seat.has_left());
    assert_ne!(dialed, Dialed::Silent);
}

#[test]
fn a_stop_is_heard_by_who_waits_and_takes_nothing_else() {
    let (commands, events) = (Mailbox::new(COMMANDS), Mailbox::new(EVENTS));
    let mut net = Net::new().unwrap();
    commands.on_push(net.wake());
    let until = net.clock.now().mono + Duration::from_secs(20);
    let mut seat = Seat::new(Secret([2; 16]), "lorde".into(), None);
    thread::scope(|scope| {
        scope.spawn(|| {
            let say = || Command::Say { text: "ciao".into(), action: false };
            (0..UNACKNOWLEDGED + 1).for_each(|_| commands.push(say()).unwrap());
            while commands.len() > 1 {
                thread::yield_now();
            }
            commands.interrupt(Command::Stop);
        });
        Guest::new(&mut net, &mut seat, &commands, &events).wait(until, || false).unwrap();
    });
    assert!(seat.has_left() && net.clock.now().mono < until);
}
