//! Datagrams that nobody should believe: random, cut short, and sent again.

use std::net::{Ipv4Addr, UdpSocket};

use super::{all_talk, has_members, role, shown_once};
use crate::support::lan::{Lan, address};
use crate::support::{Chat, heavy};

/// How many datagrams are sent.
const COUNT: usize = 10_000;
/// Where rooms are looked for: the room's port, and that of DNS-SD.
const PORTS: [u16; 2] = [8808, 5353];

#[test]
fn p07_ten_thousand_datagrams_change_nothing() {
    let _turn = heavy();
    let Some(lan) = Lan::up(5) else { return };
    let mut all: Vec<Chat> = (1..=2).map(|host| lan.peer(host, &format!("peer{host}"))).collect();
    // Two more come while somebody records what is said.
    let recorded = lan.inside(5, || UdpSocket::bind(("0.0.0.0", PORTS[0])).unwrap());
    recorded.set_nonblocking(true).unwrap();
    all.push(lan.peer(3, "peer3"));
    let heard = receive_all(&recorded);
    let before: Vec<_> = all.iter().map(role).collect();
    let sender = lan.inside(5, || UdpSocket::bind(("0.0.0.0", 0)).unwrap());
    sender.set_broadcast(true).unwrap();
    let mut random = fastrand::Rng::with_seed(7);
    for _ in 0..COUNT {
        let datagram = make(&mut random, &heard);
        let to = random.choice([address(1), address(2), "10.88.0.255".to_owned()]).unwrap();
        // A full queue loses it, as a network would.
        sender.send_to(&datagram, (to.parse::<Ipv4Addr>().unwrap(), random.choice(PORTS).unwrap())).ok();
    }
    all.push(lan.peer(4, "peer4"));
    all.iter().for_each(|chat| has_members(chat, 4));
    all_talk(&all, "still here");
    assert!(all.iter().all(|chat| shown_once(chat).len() == 4 && chat.runs()));
    assert_eq!(all[..3].iter().map(role).collect::<Vec<_>>(), before, "nobody has been moved");
    assert!(all.iter().all(|chat| chat.stderr().is_empty()), "nothing to say about it");
}

/// What has come so far.
fn receive_all(socket: &UdpSocket) -> Vec<Vec<u8>> {
    let mut buffer = [0; 2048];
    std::iter::from_fn(|| socket.recv(&mut buffer).ok().map(|length| buffer[..length].to_vec())).collect()
}

/// Something random, or something heard: again, cut short, or with a byte changed.
fn make(random: &mut fastrand::Rng, heard: &[Vec<u8>]) -> Vec<u8> {
    let mut datagram = random.choice(heard).cloned().unwrap_or_default();
    let length = datagram.len();
    match random.u8(0..4) {
        0 => {}
        1 => datagram.truncate(random.usize(0..=length)),
        2 if length > 0 => datagram[random.usize(0..length)] = random.u8(..),
        _ => datagram = (0..random.usize(0..1_400)).map(|_| random.u8(..)).collect(),
    }
    datagram
}
