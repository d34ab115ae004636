use std::net::TcpListener;

use mio::Poll;

use super::*;

/// Longer than anything here takes; a test that waits for it fails.
const PATIENCE: Duration = Duration::from_secs(10);
const START: Duration = Duration::from_secs(100);

fn listener() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

/// An address at which nobody listens: it is taken.
fn nobody() -> (socket2::Socket, SocketAddr) {
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    socket.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
    let address = socket.local_addr().unwrap().as_socket().unwrap();
    (socket, address)
}

/// An address at which nobody answers as long as the two are kept: Linux drops what comes to a full backlog.
#[cfg(target_os = "linux")]
fn silence() -> ((socket2::Socket, std::net::TcpStream), SocketAddr) {
    let (listener, address) = nobody();
    listener.listen(0).unwrap();
    ((listener, std::net::TcpStream::connect(address).unwrap()), address)
}

/// What is told at that time, however long the system takes to find out.
fn told(race: &mut Race, poll: &mut Poll, now: Duration) -> Step {
    let mut ready = Events::with_capacity(8);
    loop {
        match race.step(poll.registry(), now).unwrap() {
            Step::Wait(_) => {
                poll.poll(&mut ready, Some(PATIENCE)).unwrap();
                assert!(!ready.is_empty(), "nothing is told");
                race.note(&ready);
            }
            step => return step,
        }
    }
}

#[test]
fn the_next_address_is_tried_once_one_has_failed() {
    let mut poll = Poll::new().unwrap();
    let (_open, open) = listener();
    let (_taken, nobody) = nobody();
    let addresses = [nobody, open, open];
    let mut race = Race::new(addresses.to_vec());
    let refused = told(&mut race, &mut poll, START);
    assert!(matches!(refused, Step::Failed(0, io::ErrorKind::ConnectionRefused)), "{refused:?}");
    assert!(matches!(told(&mut race, &mut poll, START), Step::Connected(1, _)));
    // Whoever asks on could make nothing of that one.
    assert!(matches!(told(&mut race, &mut poll, START), Step::Connected(2, _)));
    assert!(matches!(told(&mut race, &mut poll, START), Step::Done));
}

#[test]
fn what_comes_to_be_known_under_way_is_tried_next_and_once() {
    let mut poll = Poll::new().unwrap();
    let ((_one, one), (_two, two), (_three, three)) = (listener(), listener(), listener());
    let mut race = Race::new(vec![one, two]);
    assert!(matches!(told(&mut race, &mut poll, START), Step::Connected(0, _)));
    race.add(&[three, two, one]);
    assert!(matches!(told(&mut race, &mut poll, START), Step::Connected(1, _)));
    assert_eq!(race.address(1), three);
    assert!(matches!(told(&mut race, &mut poll, START), Step::Connected(2, _)));
    assert!(matches!(told(&mut race, &mut poll, START), Step::Done));
}

#[test]
fn no_address_is_no_race() {
    let mut poll = Poll::new().unwrap();
    assert!(matches!(told(&mut Race::new(Vec::new()), &mut poll, START), Step::Done));
}

#[cfg(target_os = "linux")]
#[test]
fn an_address_at_which_nobody_answers_is_waited_for_a_moment_and_tried_on() {
    let mut poll = Poll::new().unwrap();
    let (_silence, silence) = silence();
    let (_open, open) = listener();
    let addresses = [silence, open];
    let mut race = Race::new(addresses.to_vec());
    let next_at = START + CONNECT_STAGGER;
    let alone = race.step(poll.registry(), START).unwrap();
    assert!(matches!(alone, Step::Wait(until) if until == next_at), "{alone:?}");
    assert!(matches!(told(&mut race, &mut poll, next_at), Step::Connected(1, _)));
    // The first attempt goes on for as long as it would have alone.
    let until = START + CONNECT;
    let waiting = race.step(poll.registry(), next_at).unwrap();
    assert!(matches!(waiting, Step::Wait(due) if due == until), "{waiting:?}");
    let late = race.step(poll.registry(), until).unwrap();
    assert!(matches!(late, Step::Failed(0, io::ErrorKind::TimedOut)), "{late:?}");
}

#[cfg(target_os = "linux")]
#[test]
fn so_many_attempts_are_under_way_at_once_and_no_more() {
    let poll = Poll::new().unwrap();
    let (_silence, silence) = silence();
    let addresses = [silence; 3 * CONNECTING];
    let mut race = Race::new(addresses.to_vec());
    let (mut now, mut most, mut failed) = (START, 0, Vec::new());
    loop {
        match race.step(poll.registry(), now).unwrap() {
            Step::Failed(place, io::ErrorKind::TimedOut) => failed.push(place),
            Step::Wait(until) => {
                assert!(until > now);
                now = until;
            }
            Step::Done => break,
            step => panic!("{step:?}"),
        }
        most = most.max(race.pending.len());
    }
    assert_eq!(most, CONNECTING);
    assert_eq!(failed, (0..addresses.len()).collect::<Vec<_>>());
    let all_begun = CONNECT_STAGGER * u32::try_from(addresses.len() - 1).unwrap();
    assert_eq!(now, START + all_begun + CONNECT);
}
