//! Leaving: what goes with a member, and what is kept of it for the case that it comes back.
//!
//! Why somebody left is what the caller says; no connection is ended here.

use std::net::SocketAddr;

use super::entry::Act;
use super::event::Leave;
use super::id::{MemberId, PeerId};
use super::name::Name;
use super::{Link, Room};
use crate::limits::{COUNT_END, DEPARTED};
use crate::moment::Moment;

impl Room {
    /// A member is no longer here.
    pub fn gone(&mut self, id: MemberId, reason: Leave, now: Moment) {
        let Some(member) = self.replica.member(id) else { return };
        let (peer, returns, n, name) = (member.peer, member.returns, member.n, member.name.clone());
        let at = member.at.clone();
        self.links.remove(&id);
        self.pasts.remove(&id);
        self.peers.remove(&peer);
        if let Ok(name) = Name::parse(&name) {
            match reason {
                Leave::Lost | Leave::Timeout | Leave::Slow if returns => self.names.keep(&name, peer, now.mono),
                _ => self.names.free(&name),
            }
        }
        if returns {
            self.remember_count(peer, n);
        }
        if matches!(reason, Leave::Lost | Leave::Timeout) {
            self.missing.went(peer, &at, now.mono);
        }
        self.order(Act::Left { id, name, reason }, now);
    }

    /// Where those would host who went without a word and have not come back.
    pub fn missing(&self, now: Moment) -> impl Iterator<Item = SocketAddr> {
        self.missing.at(now.mono)
    }

    /// A connection that had said hello and waits to be let in is no longer there.
    pub fn gone_waiting(&mut self, link: Link) {
        self.arrivals.retain(|arrival| arrival.link != link);
    }

    pub(super) fn remember_count(&mut self, peer: PeerId, n: u64) {
        if n >= COUNT_END {
            return;
        }
        let before = self.counted.get(&peer).copied();
        self.counted.insert(peer, n.max(before.unwrap_or(0)));
        if before.is_none() {
            self.counted_order.push_back(peer);
        }
        if self.counted_order.len() > DEPARTED
            && let Some(oldest) = self.counted_order.pop_front()
        {
            self.counted.remove(&oldest);
        }
    }

    /// Who hosts when this host hands over: the longest-standing member that is here and can.
    pub fn successor(&self) -> Option<MemberId> {
        self.replica.candidates(self.me).map(|member| member.id).find(|id| self.links.contains_key(id))
    }

    pub(super) fn let_go_absent(&mut self, now: Moment) {
        let absent: Vec<_> =
            self.replica.members().map(|member| member.id).filter(|id| !self.links.contains_key(id)).collect();
        for id in absent {
            self.gone(id, Leave::Lost, now);
        }
    }
}
