use std::io::ErrorKind;

use super::*;
use crate::limits::{
    CANDIDATE_ADDRESSES, CANDIDATES, PATIENCE_AFTER_HANG_UP, PATIENCE_AFTER_SILENCE, RECONNECT_MAX, RECONNECT_MIN,
    SEEKER_GRACE,
};
use crate::room::id::{MemberId, RoomId};
use crate::sighting::{Announcement, Seeker, Sighting};

const LOCAL: &str = "127.0.0.1:8808";
const MS: Duration = Duration::from_millis(1);

fn at(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

fn election(will: Will, claim: bool) -> Election {
    let place =
        Place { claim: claim.then(|| at("[::]:8808")), near: vec![at(LOCAL)], all: vec![at(LOCAL)], lan: false };
    Election::new(place, will, PeerId([5; 16]), 7)
}

fn unreached() -> Input {
    Input::Dialed(Dialed::Unreached(ErrorKind::ConnectionRefused))
}

fn loss(how: How, me: u32) -> Loss {
    let candidates = (2..6).map(|id| (MemberId(id), vec![at(LOCAL)])).collect();
    Loss { how, at: vec![at(LOCAL)], room: RoomId(1), opened: 0, candidates, me: MemberId(me) }
}

#[test]
fn the_first_finds_nobody_claims_the_port_and_hosts() {
    let mut election = election(Will::Either, true);
    assert_eq!(election.next(Input::Start, MS), Action::Dial(vec![at(LOCAL)]));
    assert_eq!(election.next(unreached(), MS), Action::Claim(at("[::]:8808")));
    assert_eq!(election.next(Input::Won, MS), Action::Host(None));
}

#[test]
fn whoever_loses_the_claim_joins() {
    let mut election = election(Will::Either, true);
    election.next(Input::Start, MS);
    election.next(unreached(), MS);
    assert_eq!(election.next(Input::Taken, MS), Action::Dial(vec![at(LOCAL)]));
    assert_eq!(election.next(Input::Dialed(Dialed::In), MS), Action::Sit);
}

#[test]
fn p15_a_holder_that_dies_between_claim_and_handshake_is_succeeded() {
    let mut election = election(Will::Either, true);
    election.next(Input::Start, MS);
    election.next(unreached(), MS);
    election.next(Input::Taken, MS);
    let Action::Wait(until) = election.next(unreached(), MS) else { panic!("no pause") };
    assert!(until >= MS + RETRY_MIN && until <= MS + RETRY_MAX);
    assert_eq!(election.next(Input::Waited, until), Action::Claim(at("[::]:8808")));
    assert_eq!(election.next(Input::Won, until), Action::Host(None));
}

/// Answers every action in the same way until the election gives up; when, and with what.
fn gives_up(mut election: Election, dialed: &Dialed) -> (Duration, Failure) {
    let (mut now, mut input) = (Duration::ZERO, Input::Start);
    for _ in 0..10_000 {
        input = match election.next(input, now) {
            Action::Dial(_) => {
                now += if *dialed == Dialed::Silent { HELLO_ANSWER } else { MS };
                Input::Dialed(dialed.clone())
            }
            Action::Claim(_) => Input::Taken,
            Action::Wait(until) => {
                now = until;
                Input::Waited
            }
            Action::Fail(failure) => return (now, failure),
            action => panic!("{action:?}"),
        };
    }
    panic!("never gives up");
}

#[test]
fn a_port_behind_which_nobody_is_reached_is_given_up_within_ten_seconds() {
    let (after, failure) = gives_up(election(Will::Either, true), &Dialed::Unreached(ErrorKind::ConnectionRefused));
    assert_eq!(failure, Failure::Unanswered);
    assert!(after > DECIDE - RETRY_MAX * 2 && after <= DECIDE, "{after:?}");
}

#[test]
fn p12_who_accepts_and_says_nothing_is_no_room() {
    for (will, claim) in [(Will::Either, true), (Will::Join, true), (Will::Either, false)] {
        let (after, failure) = gives_up(election(will, claim), &Dialed::Silent);
        assert!(matches!(failure, Failure::NotARoom(_)));
        assert!(after <= DECIDE, "{after:?}");
    }
    let (after, _) = gives_up(election(Will::Either, true), &Dialed::NotARoom("a web server".into()));
    assert_eq!(after, MS, "what answers otherwise is no room at once");
}

#[test]
fn who_only_joins_tries_a_refused_connection_again_for_two_seconds() {
    for (will, claim) in [(Will::Join, true), (Will::Either, false)] {
        let refused = Dialed::Unreached(ErrorKind::ConnectionRefused);
        let (after, failure) = gives_up(election(will, claim), &refused);
        assert_eq!(failure, Failure::Unreached(ErrorKind::ConnectionRefused));
        assert!(after > CONNECT - RETRY_MAX * 2 && after <= CONNECT, "{after:?}");
    }
    let unreachable = Dialed::Unreached(ErrorKind::NetworkUnreachable);
    assert_eq!(gives_up(election(Will::Join, true), &unreachable).0, MS);
}

#[test]
fn who_only_hosts_joins_nobody() {
    let mut hosts = election(Will::Host, true);
    assert_eq!(hosts.next(Input::Start, MS), Action::Claim(at("[::]:8808")));
    assert_eq!(hosts.next(Input::Taken, MS), Action::Fail(Failure::AddressInUse));
    let elsewhere = election(Will::Host, false).next(Input::Start, MS);
    assert_eq!(elsewhere, Action::Fail(Failure::NotOurs));
}

#[test]
fn the_most_senior_candidate_follows_a_crashed_host_at_once() {
    let mut senior = election(Will::Either, true);
    assert_eq!(senior.next(Input::Lost(loss(How::HungUp, 2)), MS), Action::Dial(vec![at(LOCAL)]));
    assert_eq!(senior.next(unreached(), MS), Action::Claim(at("[::]:8808")));
    assert_eq!(senior.next(Input::Won, MS), Action::Host(Some(Leave::Lost)));
}

#[test]
fn a_host_that_only_lost_us_is_found_again() {
    let mut election = election(Will::Either, true);
    election.next(Input::Lost(loss(How::Silence, 2)), MS);
    assert_eq!(election.next(Input::Dialed(Dialed::In), MS), Action::Sit);
}

#[test]
fn the_named_successor_follows_a_hand_over_and_the_others_come_to_it() {
    let mut successor = election(Will::Either, true);
    assert_eq!(successor.next(Input::Lost(loss(How::HandedOver(MemberId(4)), 4)), MS), Action::Claim(at("[::]:8808")));
    assert_eq!(successor.next(Input::Won, MS), Action::Host(Some(Leave::Quit)));
    let mut other = election(Will::Either, true);
    let action = other.next(Input::Lost(loss(How::HandedOver(MemberId(4)), 2)), MS);
    assert_eq!(action, Action::Dial(vec![at(LOCAL)]));
}

#[test]
fn juniors_wait_for_their_turn_and_then_claim() {
    for (rank, me) in [(1, 3), (2, 4), (3, 5)] {
        let mut junior = election(Will::Either, true);
        let (mut now, mut input) = (MS, Input::Lost(loss(How::HungUp, me)));
        loop {
            match junior.next(input, now) {
                Action::Dial(_) => input = unreached(),
                Action::Wait(until) => {
                    assert!(until > now);
                    (now, input) = (until, Input::Waited);
                }
                Action::Claim(_) => break,
                action => panic!("{action:?}"),
            }
        }
        assert_eq!(now, MS + PATIENCE_AFTER_HANG_UP * rank, "member {me}");
    }
}

#[test]
fn who_cannot_host_tries_ten_times_and_then_elects_afresh() {
    let mut election = election(Will::Join, true);
    let (mut now, mut input, mut waits) = (MS, Input::Lost(loss(How::HungUp, 3)), Vec::new());
    let failure = loop {
        match election.next(input, now) {
            Action::Dial(_) => input = unreached(),
            Action::Wait(until) => {
                waits.push(until - now);
                (now, input) = (until, Input::Waited);
            }
            Action::Fail(failure) => break failure,
            action => panic!("{action:?}"),
        }
    };
    assert_eq!(failure, Failure::Unreached(ErrorKind::ConnectionRefused));
    let reconnects = RECONNECTS as usize;
    assert!(waits[..reconnects].iter().all(|wait| *wait >= RECONNECT_MIN && *wait <= RECONNECT_MAX), "{waits:?}");
    assert!(waits[reconnects..].iter().all(|wait| *wait <= RETRY_MAX), "{waits:?}");
}

#[test]
fn who_cannot_open_its_log_leaves_hosting_to_others() {
    let mut senior = election(Will::Either, true);
    senior.next(Input::Lost(loss(How::HungUp, 2)), MS);
    senior.next(unreached(), MS);
    senior.next(Input::Won, MS);
    assert!(matches!(senior.next(Input::CannotHost, MS), Action::Dial(_)));
}

#[test]
fn every_address_is_dialled_once_and_candidates_come_as_their_turn_does() {
    let candidates = vec![(MemberId(2), vec![at("10.0.0.2:1")]), (MemberId(3), vec![at("10.0.0.3:1"), at(LOCAL)])];
    let loss = Loss { candidates, ..loss(How::HungUp, 9) };
    let walk = Walk::begin(loss, MS);
    assert_eq!(walk.everywhere(MS, &[at(LOCAL)]), [at("10.0.0.2:1"), at(LOCAL)]);
    let second = MS + PATIENCE_AFTER_HANG_UP;
    assert_eq!(walk.everywhere(second, &[]), [at("10.0.0.2:1"), at("10.0.0.3:1"), at(LOCAL)]);
}

#[test]
fn whoever_listens_elsewhere_is_no_end_of_a_walk() {
    let mut junior = election(Will::Either, true);
    junior.next(Input::Lost(loss(How::HungUp, 3)), MS);
    // A candidate has named the port of its mail server.
    let not_a_room = || Input::Dialed(Dialed::NotARoom("something that speaks otherwise".into()));
    let Action::Wait(until) = junior.next(not_a_room(), MS) else { panic!("no pause") };
    assert!(matches!(junior.next(Input::Waited, until), Action::Dial(_)));
    let mut now = until;
    while let Action::Wait(until) = junior.next(not_a_room(), now) {
        now = until;
        if junior.next(Input::Waited, now) == Action::Claim(at("[::]:8808")) {
            return assert_eq!(now, MS + PATIENCE_AFTER_HANG_UP, "its own turn comes all the same");
        }
    }
    panic!("it gave up");
}

#[test]
fn what_was_a_room_is_not_called_something_else() {
    for (dialed, kind) in [
        (Dialed::HungUp(ErrorKind::ConnectionReset), ErrorKind::ConnectionReset),
        (Dialed::HungUp(ErrorKind::ConnectionAborted), ErrorKind::ConnectionAborted),
        (Dialed::HungUp(ErrorKind::BrokenPipe), ErrorKind::BrokenPipe),
        (Dialed::Silent, ErrorKind::TimedOut),
        (Dialed::Unreached(ErrorKind::HostUnreachable), ErrorKind::HostUnreachable),
    ] {
        let mut member = election(Will::Join, true);
        assert_eq!(member.next(Input::Dialed(Dialed::In), MS), Action::Sit);
        assert_eq!(gives_up(member, &dialed).1, Failure::Unreached(kind));
        let newcomer = gives_up(election(Will::Join, true), &dialed).1;
        let known = matches!(newcomer, Failure::NotARoom(_)) || matches!(dialed, Dialed::Unreached(_));
        assert!(known, "{newcomer:?}");
    }
}

#[test]
fn a_host_cannot_send_its_members_everywhere() {
    let mut member = election(Will::Join, true);
    let everywhere = |id: u32| (1..=200u8).map(|host| SocketAddr::from(([10, 0, id as u8, host], 1))).collect();
    let candidates = (2..200).map(|id| (MemberId(id), everywhere(id))).collect();
    member.next(Input::Lost(Loss { candidates, ..loss(How::HungUp, 900) }), MS);
    member.next(unreached(), MS);
    let Action::Dial(places) = member.next(Input::Waited, Duration::from_secs(100)) else { panic!("no dial") };
    assert_eq!(places.len(), CANDIDATES * CANDIDATE_ADDRESSES + 1);
}

/// Somebody on a LAN, who has claimed its port at once.
fn scanning(me: u8) -> Election {
    let place = Place { claim: Some(at("[::]:8808")), near: vec![at(LOCAL)], all: vec![at(LOCAL)], lan: true };
    let mut election = Election::new(place, Will::Either, PeerId([me; 16]), 7);
    election.next(Input::Start, MS);
    election.next(unreached(), MS);
    assert_eq!(election.next(Input::Won, MS), Action::Wait(MS + LOOK), "it looks around first");
    assert_eq!(election.lookout(), Lookout::Look { hosts_at: Some(MS + LOOK) });
    election
}

fn seen(room: u64, opened: i64, at: SocketAddr) -> Seen {
    let (room, host, name) = (RoomId(room), PeerId([9; 16]), "capo".into());
    let announcement =
        Announcement { room, opened, term: 1, host, port: 8808, name, members: 1, closed: false, blocked: None };
    Seen::Room(Sighting { at, announcement })
}

#[test]
fn whoever_sees_nobody_on_the_lan_hosts_when_it_has_looked_around() {
    assert_eq!(scanning(5).next(Input::Waited, MS + LOOK), Action::Host(None));
}

#[test]
fn a_room_on_the_lan_is_joined() {
    let mut election = scanning(5);
    let there = at("10.0.0.7:8808");
    election.note(seen(1, 0, there), MS * 3);
    let fresh = election.fresh(MS * 3);
    assert_eq!(election.next(Input::Sighted(fresh), MS * 3), Action::Dial(vec![there]));
    assert_eq!(election.next(Input::Dialed(Dialed::In), MS * 5), Action::Sit);
    assert_eq!(election.lookout(), Lookout::Rest);
}

#[test]
fn a_sighting_is_a_hint_and_costs_one_attempt() {
    for nothing in [Dialed::NotARoom("a web server".into()), Dialed::Silent, Dialed::HungUp(ErrorKind::BrokenPipe)] {
        let mut election = scanning(5);
        election.note(seen(1, 0, at("10.0.0.7:8808")), MS * 3);
        let fresh = election.fresh(MS * 3);
        election.next(Input::Sighted(fresh), MS * 3);
        assert_eq!(election.next(Input::Dialed(nothing), MS * 9), Action::Wait(MS + LOOK));
        assert!(election.fresh(MS * 9).is_empty());
        assert_eq!(election.next(Input::Waited, MS + LOOK), Action::Host(None));
    }
}

#[test]
fn of_several_who_look_at_once_the_one_with_the_lowest_id_hosts() {
    let ends = MS + LOOK;
    for (me, other, first) in [(5, 4, false), (5, 6, true)] {
        let mut election = scanning(me);
        election.note(Seen::Seeker(Seeker { peer: PeerId([other; 16]), left: LOOK - MS }), MS * 2);
        let action = election.next(Input::Waited, ends);
        assert_eq!(action == Action::Host(None), first);
        if let Action::Wait(until) = action {
            assert_eq!(until, MS + LOOK + SEEKER_GRACE);
            assert_eq!(election.next(Input::Waited, until), Action::Host(None), "nobody is waited for in vain");
        }
    }
    let mut election = scanning(5);
    election.note(Seen::Seeker(Seeker { peer: PeerId([4; 16]), left: LOOK }), ends);
    assert_eq!(election.next(Input::Waited, ends), Action::Host(None), "who has come later waits for us");
}

#[test]
fn a_port_that_something_else_holds_here_keeps_nobody_from_a_room_on_the_lan() {
    let place = Place { claim: Some(at("[::]:8808")), near: vec![at(LOCAL)], all: vec![at(LOCAL)], lan: true };
    let no_room = || Input::Dialed(Dialed::NotARoom("a web server".into()));
    let mut election = Election::new(place, Will::Either, PeerId([5; 16]), 7);
    election.next(Input::Start, MS);
    assert_eq!(election.next(no_room(), MS), Action::Wait(MS + LOOK));
    assert_eq!(election.lookout(), Lookout::Look { hosts_at: None }, "it is nobody's rival");
    election.note(seen(1, 0, at("10.0.0.7:8808")), MS * 3);
    assert_eq!(election.fresh(MS * 3), vec![at("10.0.0.7:8808")]);
    let found = "a web server".into();
    assert_eq!(election.next(Input::Waited, MS + LOOK), Action::Fail(Failure::NotARoom(found)));
}

#[test]
fn a_sighting_shortens_the_walk_if_the_room_is_ours_or_older() {
    for (room, opened, shortens) in [(1, 0, true), (2, -1, true), (2, 1, false)] {
        let mut election = election(Will::Either, true);
        election.next(Input::Lost(loss(How::Silence, 4)), MS);
        assert!(matches!(election.next(unreached(), MS), Action::Wait(_)));
        assert_eq!(election.lookout(), Lookout::Look { hosts_at: None });
        election.note(seen(room, opened, at("10.0.0.7:8808")), MS * 3);
        assert_eq!(!election.fresh(MS * 3).is_empty(), shortens);
    }
}

#[test]
fn a_room_that_has_moved_is_looked_for_there_and_goes_on_here_if_it_is_not() {
    let to = at("10.0.0.7:8808");
    let moved = |me| Loss { at: vec![to], ..loss(How::Moved, me) };
    let mut member = election(Will::Either, true);
    assert_eq!(member.next(Input::Lost(moved(3)), MS), Action::Dial(vec![to]));
    let mut yielded = election(Will::Either, true);
    assert_eq!(yielded.next(Input::Lost(moved(2)), MS), Action::Dial(vec![to]));
    assert_eq!(yielded.next(unreached(), MS), Action::Claim(at("[::]:8808")));
    assert_eq!(yielded.next(Input::Won, MS), Action::Host(Some(Leave::Lost)));
}

#[test]
fn whose_machine_does_not_answer_is_not_waited_for() {
    let there = |id: u8| at(&format!("10.0.0.{id}:8808"));
    let candidates = (2..6).map(|id| (MemberId(id.into()), vec![there(id)])).collect();
    let mut fourth = election(Will::Either, true);
    let lost = Loss { candidates, at: vec![there(1)], ..loss(How::Silence, 4) };
    let everybody = Action::Dial([2, 3, 5, 1].map(there).to_vec());
    assert_eq!(fourth.next(Input::Lost(lost), MS), everybody, "whole machines may be gone");
    fourth.cannot_reach(&[there(2), there(1)]);
    let Action::Wait(until) = fourth.next(unreached(), MS * 9) else { panic!("the third one lives") };
    assert!(until < MS + PATIENCE_AFTER_SILENCE);
    assert!(matches!(fourth.next(Input::Waited, until), Action::Dial(_)));
    fourth.cannot_reach(&[there(3)]);
    let Action::Wait(now) = fourth.next(unreached(), until) else { panic!("no pause") };
    assert!(now < until + Duration::from_secs(1));
    assert_eq!(fourth.next(Input::Waited, now), Action::Claim(at("[::]:8808")));
}
