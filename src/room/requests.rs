//! What a member that is in may ask for, besides saying something: to tell one, to rename itself, and what only the host may.
//!
//! Who asks is a number that the caller vouches for; how the request came is not known here.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use super::effect::{away, banned};
use super::entry::{Act, Member};
use super::event::{Closed, Leave};
use super::id::MemberId;
use super::name::Name;
use super::request::Request;
use super::{Arrival, Effect, End, Letter, Link, Linked, Refusal, Room, text};
use crate::limits::{BANS, ROSTER_SHOWN};
use crate::moment::Moment;

impl Room {
    /// A connection asks for something.
    pub fn request(&mut self, id: MemberId, request: Request<'_>, now: Moment) -> Vec<Effect> {
        let Some(link) = self.link(id) else { return Vec::new() };
        let done = match request {
            Request::Say { n, text, action } => self.say(id, n, &text, action, now).map(|()| Vec::new()),
            Request::Tell { n, to, text, action, again } => self.tell(id, (n, again), &to, &text, action),
            Request::Nick(name) => self.rename(id, &name, now).map(|()| Vec::new()),
            Request::Who => Ok(vec![Effect::Letter(link, Letter::Members)]),
            Request::Kick(name) => self.kick(id, &name, Leave::Kicked, now),
            Request::Ban(name) => self.kick(id, &name, Leave::Banned, now),
            Request::Unban(address) => self.unban(id, &address),
            Request::Ping => Ok(vec![Effect::Letter(link, Letter::Pong)]),
            Request::Pong => Ok(Vec::new()),
            Request::Bye => {
                self.gone(id, Leave::Quit, now);
                Ok(vec![
                    Effect::Letter(link, Letter::Closed(Closed::Left, "you left".into())),
                    Effect::End(link, End::Left(Leave::Quit)),
                ])
            }
        };
        done.unwrap_or_else(|refusal| vec![Effect::Letter(link, Letter::Refused(refusal))])
    }

    /// A message to one member. It is in no log: one that comes again, because the answer to it is lost, may have been passed on
    /// or not. It is passed on again, and whom it is for knows by its count whether it has it.
    fn tell(
        &mut self,
        id: MemberId,
        (n, again): (Option<u64>, bool),
        to: &str,
        text: &str,
        action: bool,
    ) -> Result<Vec<Effect>, Refusal> {
        let (count, repeated) = match (self.count(id, n), n) {
            (Some((_, count)), _) => (count, false),
            (None, Some(_)) if again => (n, true),
            (None, _) => return Ok(Vec::new()),
        };
        let text = text::message(text).map_err(|error| Refusal::from(error).of(n))?;
        // Another host may have passed it on, also where this one has not heard of it.
        let refusal = |refusal: Refusal| if again { refusal.unsure() } else { refusal }.of(n);
        let to = self.find(to).map_err(refusal)?;
        let Some(author) = self.replica.member(id) else { return Ok(Vec::new()) };
        let text: Arc<str> = Arc::from(text);
        let letter = || Letter::Told {
            by: id,
            peer: author.peer,
            n: count.unwrap_or(0),
            from: author.name.clone(),
            to: to.name.clone(),
            text: text.clone(),
            action,
        };
        let Some(link) = self.link(to.id) else { return Err(refusal(away(&to.name))) };
        if repeated && !to.returns {
            // It has kept no count, and would read it twice.
            let text = format!("{} cannot tell what comes twice, and so is told nothing again", to.name);
            return Err(refusal(Refusal::new("unsure", text)));
        }
        let own = self.link(id).filter(|own| *own != link).map(|own| Effect::Letter(own, letter()));
        Ok([Some(Effect::Letter(link, letter())), own].into_iter().flatten().collect())
    }

    /// The member of that name, compared as names are.
    fn find(&self, name: &str) -> Result<&Member, Refusal> {
        self.names
            .get(name)
            .and_then(|peer| self.replica.member(*self.peers.get(&peer)?))
            .ok_or_else(|| Refusal::new("no-such-member", format!("nobody here is called {}", text::clean(name))))
    }

    fn rename(&mut self, id: MemberId, wanted: &str, now: Moment) -> Result<(), Refusal> {
        let name = Name::parse(wanted)?;
        let Some(member) = self.replica.member(id) else { return Ok(()) };
        let (peer, from) = (member.peer, member.name.clone());
        if *from == *name.as_str() {
            return Ok(());
        }
        let old = Name::parse(&from).unwrap_or_else(|_| name.clone());
        if !self.names.rename(&old, &name, peer, now.mono) {
            return Err(Refusal::new("name-taken", format!("somebody here is called {name}, or so alike")));
        }
        self.order(Act::Renamed { id, from, to: name.into() }, now);
        Ok(())
    }

    fn kick(&mut self, by: MemberId, name: &str, reason: Leave, now: Moment) -> Result<Vec<Effect>, Refusal> {
        self.only_host(by)?;
        let member = self.find(name)?;
        let id = member.id;
        if id == self.me {
            return Err(Refusal::new("not-yourself", "that is you: /quit leaves the room"));
        }
        let linked = self.links.get(&id).copied();
        let Some(ip) = linked.map(|linked| linked.ip).or_else(|| member.at.first().map(SocketAddr::ip)) else {
            return Err(away(&member.name));
        };
        let mut effects = Vec::new();
        let (closed, text) = match reason {
            Leave::Banned => (Closed::Banned, "the host has banned this address"),
            _ => (Closed::Kicked, "the host ended your connection"),
        };
        if reason == Leave::Banned {
            if self.bans.len() >= BANS {
                return Err(Refusal::new("too-many-bans", format!("{BANS} addresses are banned already")));
            }
            self.bans.insert(ip);
            // Also those who have said hello from there and are not in yet.
            for Arrival { link, .. } in self.arrivals.extract_if(.., |arrival| arrival.ip == ip) {
                effects.push(Effect::Letter(link, Letter::Refused(banned())));
                effects.push(Effect::End(link, End::Left(reason)));
            }
        }
        self.gone(id, reason, now);
        if let Some(Linked { link, .. }) = linked {
            effects.push(Effect::Letter(link, Letter::Closed(closed, text.into())));
            effects.push(Effect::End(link, End::Left(reason)));
        }
        if reason == Leave::Banned {
            effects.push(Effect::Letter(Link::OWN, Letter::Notice(self.banned_text(ip))));
        }
        Ok(effects)
    }

    /// What a ban means. Others who are in from the same address stay: people share a machine, or a router's address, and
    /// nobody is put out for what a neighbour did.
    fn banned_text(&self, ip: IpAddr) -> String {
        let is_there = |member: &&Member| self.links.get(&member.id).is_some_and(|linked| linked.ip == ip);
        let all = self.replica.members().filter(|member| member.id != self.me).filter(is_there);
        let all: Vec<&str> = all.map(|member| &*member.name).collect();
        let mut text = format!("{ip} is banned: nobody comes in from there any more; /unban {ip} ends that");
        if !all.is_empty() {
            let more = all.len().saturating_sub(ROSTER_SHOWN);
            let named = all[..all.len() - more].join(", ");
            let more = if more == 0 { String::new() } else { format!(" and {more} more") };
            text.push_str(&format!(". Still here from that address: {named}{more}; /kick NAME ends a connection"));
        }
        text
    }

    fn unban(&mut self, by: MemberId, address: &str) -> Result<Vec<Effect>, Refusal> {
        self.only_host(by)?;
        let ip: IpAddr = address
            .trim()
            .parse()
            .map_err(|_| Refusal::new("bad-address", format!("{} is no IP address", text::clean(address))))?;
        if self.bans.remove(&ip.to_canonical()) {
            let text = format!("{} may come in again", ip.to_canonical());
            return Ok(vec![Effect::Letter(Link::OWN, Letter::Notice(text))]);
        }
        Err(Refusal::new("not-banned", format!("{ip} is not banned")))
    }

    fn only_host(&self, by: MemberId) -> Result<(), Refusal> {
        if by == self.me { Ok(()) } else { Err(Refusal::new("not-host", "only the host can do that")) }
    }
}
