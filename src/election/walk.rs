//! The walk along the candidates after the host was lost: whose turn it is, and where the room may be by now.
//!
//! It dials nobody and asks no clock.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::time::Duration;

use super::{How, Loss};
use crate::limits::{
    CANDIDATE_ADDRESSES, CANDIDATES, PATIENCE_AFTER_HANG_UP, PATIENCE_AFTER_SILENCE, RECONNECT_MAX, RECONNECT_MIN,
};
use crate::room::event::Leave;
use crate::room::id::{MemberId, RoomId};

/// A member's way to the next host.
#[derive(Debug)]
pub(super) struct Walk {
    loss: Loss,
    began: Duration,
    /// Candidates whose machines do not answer.
    unreachable: HashSet<MemberId>,
    pub(super) attempts: u32,
}

impl Walk {
    pub(super) fn begin(mut loss: Loss, now: Duration) -> Self {
        if let How::HandedOver(to) = loss.how {
            // The successor is known: it comes before those who are its seniors.
            loss.candidates.sort_by_key(|(id, _)| *id != to);
        }
        loss.candidates.truncate(CANDIDATES);
        loss.candidates.iter_mut().for_each(|(_, at)| at.truncate(CANDIDATE_ADDRESSES));
        loss.at.truncate(CANDIDATE_ADDRESSES);
        Self { loss, began: now, unreachable: HashSet::new(), attempts: 0 }
    }

    /// The reason for which the lost host has left.
    pub(super) fn leave(&self) -> Leave {
        match self.loss.how {
            How::HandedOver(_) => Leave::Quit,
            How::HungUp | How::Silence | How::Moved => Leave::Lost,
        }
    }

    /// Where to look first of all: it may only have lost us, or have said where the room goes on.
    pub(super) fn first(&self) -> Option<Vec<SocketAddr>> {
        match self.loss.how {
            How::HandedOver(_) => None,
            How::Silence => Some(self.everywhere(self.began, &[])),
            How::HungUp | How::Moved => Some(self.loss.at.clone()),
        }
        .filter(|first| !first.is_empty())
    }

    /// Whether a room is ours, or one to which ours would yield where the two met.
    pub(super) fn leads_to(&self, opened: i64, room: RoomId) -> bool {
        (opened, room) <= (self.loss.opened, self.loss.room)
    }

    /// No machine has answered at these addresses.
    pub(super) fn cannot_reach(&mut self, addresses: &[SocketAddr]) {
        let is_gone = |at: &[SocketAddr]| !at.is_empty() && at.iter().all(|at| addresses.contains(at));
        let gone = self.loss.candidates.iter().filter(|(id, at)| *id != self.loss.me && is_gone(at));
        self.unreachable.extend(gone.map(|(id, _)| *id));
    }

    /// When all before us have had their turn: the first is waited for as long as it may need to notice the loss itself,
    /// and a little. After that everybody has noticed, and each further one gets as long as it takes to say hello. Nobody
    /// waits for one whose machine does not answer. Somebody who is not on the list comes after it.
    pub(super) fn turn_of_me(&self) -> Duration {
        let before = self.loss.candidates.iter().map(|(id, _)| id).take_while(|id| **id != self.loss.me);
        let rank = before.filter(|id| !self.unreachable.contains(id)).count();
        match u32::try_from(rank).unwrap_or(u32::MAX) {
            0 => self.began,
            rank => self.began + self.patience() + PATIENCE_AFTER_HANG_UP * (rank - 1),
        }
    }

    fn patience(&self) -> Duration {
        match self.loss.how {
            How::HungUp | How::HandedOver(_) | How::Moved => PATIENCE_AFTER_HANG_UP,
            How::Silence => PATIENCE_AFTER_SILENCE,
        }
    }

    /// Where the room may be by now: at everybody whose turn has come, at the old place, and at the others given. After a
    /// silence that is everybody: whole machines may be gone with the host, and it has to be found out which.
    pub(super) fn everywhere(&self, now: Duration, others: &[SocketAddr]) -> Vec<SocketAddr> {
        let later = (now - self.began).saturating_sub(self.patience()).as_millis();
        let turns = match self.loss.how {
            How::Silence => usize::MAX,
            _ if now < self.began + self.patience() => 1,
            _ => usize::try_from(2 + later / PATIENCE_AFTER_HANG_UP.as_millis()).unwrap_or(usize::MAX),
        };
        let candidates = self.loss.candidates.iter().take(turns).filter(|(id, _)| *id != self.loss.me);
        let mut places: Vec<_> = candidates.flat_map(|(_, at)| at.iter().copied()).collect();
        places.extend_from_slice(&self.loss.at);
        places.extend_from_slice(others);
        let mut seen = HashSet::new();
        places.retain(|place| seen.insert(*place));
        places
    }

    /// When the next round begins, at our own turn at the latest if we may host. `jitter`, about 1, stretches the pause.
    pub(super) fn pause(&self, jitter: f64, may_host: bool, now: Duration) -> Duration {
        let pause = RECONNECT_MIN * 2u32.saturating_pow(self.attempts - 1);
        let until = now + pause.mul_f64(jitter).min(RECONNECT_MAX);
        if may_host && self.turn_of_me() > now { until.min(self.turn_of_me()) } else { until }
    }
}
