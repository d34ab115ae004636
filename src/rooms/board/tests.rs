use super::*;
use crate::room::id::PeerId;

const S: Duration = Duration::from_secs(1);

fn room(id: u64, host: u8, members: u32) -> Announcement {
    Announcement {
        room: RoomId(id),
        opened: 1_000,
        term: u64::from(host),
        host: PeerId([host; 16]),
        port: 8808,
        name: format!("host{host}").into(),
        members,
        closed: false,
        blocked: None,
    }
}

fn at(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

fn sighting(where_: &str, announcement: Announcement) -> Sighting {
    Sighting { at: at(where_), announcement }
}

/// Sees, asks and is told.
fn told(board: &mut Board, where_: &str, answer: Option<Announcement>, now: Duration) -> Vec<Change> {
    board.sighted(&sighting(where_, answer.clone().unwrap_or(room(1, 1, 1))), now);
    while board.next_to_ask(now).is_some() {}
    board.told(at(where_), answer, now)
}

fn addresses(board: &Board) -> Vec<Vec<String>> {
    board.rooms().iter().map(|room| room.addresses.iter().map(ToString::to_string).collect()).collect()
}

/// P18: by Wi-Fi, by cable, by IPv6, and by two ways of discovery.
#[test]
fn a_room_that_is_seen_everywhere_is_there_once_at_its_best_address() {
    let mut board = Board::new(None);
    for where_ in ["127.0.0.1:8808", "[fe80::7%2]:8808", "[fd00::7]:8808", "10.0.0.7:8808", "192.168.1.7:8808"] {
        told(&mut board, where_, Some(room(1, 1, 3)), S);
        told(&mut board, where_, Some(room(1, 1, 3)), S);
    }
    assert_eq!(
        addresses(&board),
        [["10.0.0.7:8808", "192.168.1.7:8808", "[fd00::7]:8808", "[fe80::7%2]:8808", "127.0.0.1:8808"]]
    );
}

#[test]
fn what_does_not_answer_is_not_listed() {
    let mut board = Board::new(None);
    assert!(told(&mut board, "10.0.0.7:8808", None, S).is_empty());
    assert!(board.rooms().is_empty() && board.places.is_empty());
}

#[test]
fn an_address_that_is_kept_is_asked_again() {
    let mut board = Board::new(None);
    let own = at("127.0.0.1:8808");
    board.keep(own, S);
    assert_eq!(board.next_to_ask(S), Some(own));
    assert!(board.told(own, None, S).is_empty());
    assert_eq!((board.next_to_ask(S), board.next_to_ask(S + ASK_AGAIN)), (None, Some(own)));
    assert!(matches!(board.told(own, Some(room(1, 1, 1)), S)[..], [Change::Found(_)]));
}

#[test]
fn an_address_is_asked_once_at_a_time() {
    let mut board = Board::new(None);
    for _ in 0..3 {
        board.sighted(&sighting("10.0.0.7:8808", room(1, 1, 1)), S);
    }
    assert_eq!((board.next_to_ask(S), board.next_to_ask(S)), (Some(at("10.0.0.7:8808")), None));
    assert_eq!(board.deadline(), None);
    board.told(at("10.0.0.7:8808"), Some(room(1, 1, 1)), S);
    assert_eq!((board.next_to_ask(S), board.deadline()), (None, Some(S + ASK_AGAIN)));
    assert_eq!(board.next_to_ask(S + ASK_AGAIN), Some(at("10.0.0.7:8808")));
}

#[test]
fn what_is_said_anew_is_asked_anew_and_not_all_the_time() {
    let mut board = Board::new(None);
    let here = "10.0.0.7:8808";
    told(&mut board, here, Some(room(1, 1, 1)), S);
    board.sighted(&sighting(here, room(1, 1, 1)), S);
    assert_eq!(board.deadline(), Some(S + ASK_AGAIN));
    for members in 2..99 {
        board.sighted(&sighting(here, room(1, 1, members)), S);
    }
    assert_eq!((board.next_to_ask(S), board.next_to_ask(S + ASK_SOON)), (None, Some(at(here))));
}

#[test]
fn a_flood_of_sightings_is_bounded() {
    let mut board = Board::new(None);
    for port in 1..=u16::MAX {
        board.sighted(&sighting(&format!("10.0.0.7:{port}"), room(1, 1, 1)), S);
    }
    assert_eq!(board.places.len(), ROOM_ADDRESSES);
    assert_eq!(std::iter::from_fn(|| board.next_to_ask(S)).count(), ASKED_AT_ONCE);
    assert_eq!(board.deadline(), None, "an answer comes first");
}

#[test]
fn only_the_port_that_was_asked_for_counts() {
    let mut board = Board::new(Some(9000));
    board.sighted(&sighting("10.0.0.7:8808", room(1, 1, 1)), S);
    assert_eq!(board.next_to_ask(S), None);
    board.sighted(&sighting("10.0.0.7:9000", room(1, 1, 1)), S);
    assert_eq!(board.next_to_ask(S), Some(at("10.0.0.7:9000")));
}

#[test]
fn rooms_come_change_and_go() {
    let mut board = Board::new(None);
    let here = "10.0.0.7:8808";
    let is = |changes: Vec<Change>, members: u32| match &changes[..] {
        [Change::Found(room) | Change::Changed(room) | Change::Gone(room)] => room.announcement.members == members,
        _ => false,
    };
    let found = told(&mut board, here, Some(room(1, 1, 1)), S);
    assert!(matches!(found[..], [Change::Found(_)]) && is(found, 1));
    assert!(told(&mut board, here, Some(room(1, 1, 1)), S).is_empty());
    let changed = told(&mut board, here, Some(room(1, 1, 2)), S);
    assert!(matches!(changed[..], [Change::Changed(_)]) && is(changed, 2));
    for _ in 1..MISSED_ANSWERS {
        assert!(told(&mut board, here, None, S).is_empty(), "one answer may be missing");
    }
    let gone = told(&mut board, here, None, S);
    assert!(matches!(gone[..], [Change::Gone(_)]) && is(gone, 2));
    assert!(board.rooms().is_empty());
}

#[test]
fn a_host_that_crashed_is_gone_once() {
    let mut board = Board::new(None);
    let places = ["10.0.0.7:8808", "192.168.1.7:8808", "[fd00::7]:8808"];
    for where_ in places {
        told(&mut board, where_, Some(room(1, 1, 1)), S);
    }
    let rounds = (0..MISSED_ANSWERS).flat_map(|_| places);
    let changes: Vec<_> = rounds.flat_map(|where_| told(&mut board, where_, None, S)).collect();
    let [Change::Gone(room)] = &changes[..] else { panic!("{changes:?}") };
    assert_eq!(room.addresses, [at(places[0])]);
}

#[test]
fn a_better_address_that_is_gone_is_told_when_the_next_answers() {
    let mut board = Board::new(None);
    let (cable, wifi) = ("10.0.0.7:8808", "192.168.1.7:8808");
    for where_ in [cable, wifi] {
        told(&mut board, where_, Some(room(1, 1, 1)), S);
    }
    for _ in 0..MISSED_ANSWERS {
        assert!(told(&mut board, cable, None, S).is_empty());
    }
    let changed = told(&mut board, wifi, Some(room(1, 1, 1)), S);
    assert!(matches!(changed[..], [Change::Changed(_)]), "{changed:?}");
    assert!(told(&mut board, wifi, Some(room(1, 1, 1)), S).is_empty());
}

#[test]
fn another_room_at_the_same_address_is_another_room() {
    let mut board = Board::new(None);
    told(&mut board, "10.0.0.7:8808", Some(room(1, 1, 1)), S);
    let changes = told(&mut board, "10.0.0.7:8808", Some(room(2, 2, 1)), S);
    assert!(matches!(changes[..], [Change::Gone(_), Change::Found(_)]), "{changes:?}");
}

#[test]
fn a_room_moves_with_its_host() {
    let mut board = Board::new(None);
    told(&mut board, "10.0.0.7:8808", Some(room(1, 1, 3)), S);
    let moved = told(&mut board, "10.0.0.8:8808", Some(room(1, 2, 2)), S);
    assert!(matches!(moved[..], [Change::Changed(_)]), "{moved:?}");
    assert_eq!(addresses(&board), [["10.0.0.8:8808"]]);
    // The half of it that yields says nothing new.
    assert!(told(&mut board, "10.0.0.7:8808", Some(room(1, 1, 3)), S).is_empty());
    for _ in 0..MISSED_ANSWERS {
        assert!(told(&mut board, "10.0.0.7:8808", None, S).is_empty());
    }
    assert_eq!(board.rooms().len(), 1);
}

#[test]
fn rooms_stand_by_port_and_age() {
    let mut board = Board::new(None);
    told(&mut board, "10.0.0.7:9000", Some(Announcement { port: 9000, opened: 1, ..room(1, 1, 1) }), S);
    told(&mut board, "10.0.0.8:8808", Some(Announcement { opened: 20, ..room(2, 2, 1) }), S);
    told(&mut board, "10.0.0.9:8808", Some(Announcement { opened: 10, ..room(3, 3, 1) }), S);
    assert_eq!(addresses(&board).concat(), ["10.0.0.9:8808", "10.0.0.8:8808", "10.0.0.7:9000"]);
}
