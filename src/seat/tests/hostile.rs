//! A host that says whatever it likes, and hangs up whenever it likes: its members neither panic nor fill their memory,
//! and can host what is left of the room.

use super::*;
use crate::limits::{LOG_BYTES, LOG_ENTRIES, READ_BYTES, SHOWN, WELCOME_MAX_BYTES};
use crate::room::Room;
use crate::room::name::Name;
use crate::wire::native::noise;

/// What a member may have ready to send: what it has been asked for, a whole log handed over twice, and a hello.
const OUT: usize = READY_BYTES + 4 * LOG_BYTES;

struct Host {
    random: fastrand::Rng,
    seat: Seat,
    now: u64,
    welcomes: usize,
}

impl Host {
    fn last(&self) -> u64 {
        self.seat.replica().map_or(0, |replica| replica.log.last())
    }

    /// Half of the time what a real host would say next, so that more than the first line is heard.
    fn line(&mut self) -> Vec<u8> {
        let last = self.last();
        if self.random.bool() {
            return noise::host_line(&mut self.random, last + 1);
        }
        let mut line = match self.seat.phase() {
            Phase::Greeting => {
                let mut line = welcome(last + self.random.u64(..4));
                line["term"] = json!(self.random.u64(1..5));
                if self.random.bool() && last > 0 {
                    line["after"] = json!(self.random.u64(..=last));
                    line["lack"] = json!(self.random.bool());
                    line["missed"] = json!(self.random.u64(..2));
                }
                line.to_string().into_bytes()
            }
            _ => said(last + 1, "as it should be").to_string().into_bytes(),
        };
        line.push(b'\n');
        line
    }

    fn speak(&mut self) {
        let bytes: Vec<u8> = (0..self.random.usize(1..4)).flat_map(|_| self.line()).collect();
        let mut rest = &bytes[..];
        while !rest.is_empty() {
            let (piece, after) = rest.split_at(self.random.usize(1..=READ_BYTES).min(rest.len()));
            self.seat.receive(piece, at(self.now));
            rest = after;
        }
        self.welcomes += usize::from(matches!(self.seat.phase(), Phase::In));
    }

    /// The member's own person does what people do.
    fn act(&mut self) {
        let command = match self.random.u8(..12) {
            0 => Command::Rename("anne".into()),
            1 => Command::Who,
            2 => Command::Tell { to: "capo".into(), text: "psst".into() },
            3 if self.random.u8(..20) == 0 => Command::EndOfInput,
            4 if self.random.u8(..20) == 0 => Command::Quit,
            _ => Command::Say { text: "hello".into(), action: false },
        };
        if self.seat.takes_commands() {
            self.seat.command(command, at(self.now));
        }
    }

    fn step(&mut self) {
        match self.random.u8(..20) {
            0 => self.seat.hung_up(ErrorKind::ConnectionReset, at(self.now)),
            1 => self.now += self.random.u64(..4_000),
            2..=5 => self.act(),
            6..=8 => {
                let some = self.random.usize(..=self.seat.output().len());
                self.seat.sent(some);
            }
            _ => self.speak(),
        }
        self.seat.tick(at(self.now));
        self.check();
        if matches!(self.seat.phase(), Phase::Over(_)) && !self.seat.has_left() {
            self.seat.connected("127.0.0.1:8808".into(), at(self.now));
        }
    }

    fn check(&mut self) {
        assert!(self.seat.output().len() <= OUT, "{} bytes to send", self.seat.output().len());
        assert!(self.seat.held.len() <= WELCOME_MAX_BYTES + READ_BYTES);
        if let Some(due) = self.seat.deadline() {
            assert!(due > at(self.now).mono, "it spins");
        }
        let Some(replica) = self.seat.replica() else { return };
        assert!(replica.log.iter().count() <= LOG_ENTRIES && replica.shown.len() <= SHOWN + LOG_ENTRIES);
        assert!(replica.log.last() <= crate::limits::NUMBER_MAX);
        self.seat.events().clear();
    }
}

/// Takes over what the seat knows of the room, and goes on with it.
fn take_over(mut seat: Seat, now: u64) {
    let peer = seat.peer();
    let Some(replica) = seat.pack().replica else { return };
    let name = Name::parse("anna").unwrap();
    let mut room = Room::take_over(replica, peer, &name, Vec::new(), crate::room::event::Leave::Lost, 100, at(now));
    // Longer than it listens, and than it waits for anybody.
    for second in 1..20 {
        room.tick(at(now + 1_000 * second));
    }
    assert!(!room.is_flushing());
    assert!(room.replica().members().any(|member| member.peer == peer), "we are in our own room");
}

#[test]
fn p29_no_host_can_panic_its_members_or_the_room_after_it() {
    let (mut heard, mut taken_over) = (0, 0);
    for seed in 0..400 {
        let mut host = Host { random: fastrand::Rng::with_seed(seed), seat: connected(), now: 0, welcomes: 0 };
        for _ in 0..40 {
            if host.seat.has_left() {
                break;
            }
            host.step();
        }
        heard += host.welcomes;
        taken_over += usize::from(host.seat.me().is_some());
        let Host { seat, now, .. } = host;
        take_over(seat, now);
    }
    assert!(heard > 1_000 && taken_over > 100, "{heard} lines heard and {taken_over} rooms test little");
}

#[test]
fn a_line_without_end_is_cut_off_wherever_it_comes() {
    for mut seat in [connected(), seated()] {
        let piece = [b'{'; READ_BYTES];
        let pieces = WELCOME_MAX_BYTES / READ_BYTES + 2;
        (0..pieces).for_each(|_| seat.receive(&piece, at(1)));
        assert!(matches!(seat.phase(), Phase::Over(_)), "{:?}", seat.phase());
        assert!(seat.held.len() <= WELCOME_MAX_BYTES + READ_BYTES);
    }
}
