//! From hello to welcome: the first lines of a connection, and our place in the room's past.
//!
//! Where we connect, and how often, is not known here.

use std::io::ErrorKind;

use super::entries::CatchUp;
use super::{Over, Phase, Seat};
use crate::limits::{NUMBER_MAX, PASSED_OVER_BYTES, TERMS, WELCOME_MAX_BYTES};
use crate::moment::Moment;
use crate::room::entry::Entry;
use crate::room::event::{Role, What};
use crate::room::id::{MemberId, PeerId};
use crate::room::log::{Log, Term};
use crate::room::name::Name;
use crate::room::replica::Replica;
use crate::room::request::Hello;
use crate::room::{text, view};
use crate::wire::native::{self, Encoder, FromHost, VERSION, Welcomed};

impl Seat {
    pub(super) fn say_hello(&mut self) {
        let hello = Hello {
            v: VERSION,
            name: self.wanted.clone(),
            key: Some(self.secret),
            port: self.port,
            at: if self.port.is_some() { self.addresses.clone() } else { Vec::new() },
            room: self.replica.as_ref().map(|replica| replica.room),
            have: self.replica.as_ref().map_or_else(Vec::new, |replica| replica.log.terms().to_vec()),
            aside: self.replica.as_ref().map_or(0, |replica| replica.aside.len() as u64),
        };
        native::hello(&mut self.out, &hello);
    }

    /// A line before our welcome. What is no object is passed over: it may be a question for people.
    pub(super) fn greeting(&mut self, line: &[u8], now: Moment) {
        if line.first() != Some(&b'{') {
            self.passed_over += line.len() + 1;
            if self.passed_over > PASSED_OVER_BYTES {
                self.phase = Phase::Over(Over::NotARoom(self.found()));
            }
            return;
        }
        match serde_json::from_slice(line) {
            Ok(FromHost::Welcome(welcome)) if welcome.v == VERSION => self.welcome(welcome, now),
            Ok(FromHost::Welcome(welcome)) => {
                let text = format!("the room speaks version {}, we speak {VERSION}", welcome.v);
                self.phase = Phase::Over(Over::Refused { code: "version".into(), text });
            }
            Ok(FromHost::Refused { code, text, .. }) => {
                let text = text::clean(&text).into_owned();
                self.phase = Phase::Over(Over::Refused { code, text });
            }
            Ok(FromHost::Lack { after }) => self.hand_over(after),
            Ok(FromHost::Ping) => self.pong(),
            Ok(FromHost::Closed { reason, text }) => self.close(reason, &text, now),
            Ok(FromHost::Handover { .. } | FromHost::Moved { .. }) => {
                self.phase = Phase::Over(Over::HungUp(ErrorKind::ConnectionAborted));
            }
            Ok(_) => {}
            Err(_) => self.phase = Phase::Over(Over::NotARoom("a line that no room says".into())),
        }
    }

    /// A line without end must not fill the memory, whatever is at the other end.
    pub(super) fn check_length(&mut self) {
        let bound = match self.phase {
            Phase::Greeting if self.held.first() != Some(&b'{') => PASSED_OVER_BYTES,
            _ => WELCOME_MAX_BYTES,
        };
        if self.held.len() > bound {
            let over = match self.phase {
                Phase::Greeting => Over::NotARoom(self.found()),
                _ => Over::Lost,
            };
            self.phase = Phase::Over(over);
        }
    }

    /// What answered, for people.
    pub(super) fn found(&self) -> String {
        if self.held.starts_with(b"HTTP/") {
            return "a web server".into();
        }
        "something that speaks otherwise".into()
    }

    /// Hands over what a host that has just taken over lacks of our common past.
    fn hand_over(&mut self, after: u64) {
        let Some(replica) = &self.replica else { return };
        if std::mem::replace(&mut self.handed_over, true) {
            return;
        }
        let mut encoder = Encoder::default();
        for entry in replica.log.after(after) {
            encoder.hand(&mut self.out, entry);
        }
    }

    fn welcome(&mut self, mut welcome: Box<Welcomed>, now: Moment) {
        if !is_plausible(&welcome) {
            self.phase = Phase::Over(Over::NotARoom("it counts as no room does".into()));
            return;
        }
        let excess = welcome.terms.len().saturating_sub(TERMS);
        welcome.terms.drain(..excess);
        self.complete(&mut welcome);
        let before = self.replica.take();
        self.me = welcome.you;
        self.phase = Phase::In;
        if before.is_none() && welcome.name != self.wanted {
            let (wanted, name) = (text::clean(&self.wanted).into_owned(), text::clean(&welcome.name).into_owned());
            self.notice(format!("{wanted} is taken here: you are {name}"), now);
        }
        self.want(&welcome.name);
        match (before, welcome.after) {
            (Some(mut replica), Some(after)) if replica.room == welcome.room => {
                let cut = replica.log.split_after(after);
                if welcome.missed > 0 {
                    self.notice(format!("{} entries were missed while we were away", welcome.missed), now);
                }
                self.come_back(replica, cut, welcome, now);
            }
            (before, _) => self.come_new(before, welcome, now),
        }
    }

    /// Adds what a host need not say: a host may know no more of the dialect than its smallest client does.
    fn complete(&self, welcome: &mut Welcomed) {
        if welcome.terms.is_empty() {
            let host = PeerId::stranger(welcome.room, host_of(welcome)).short();
            welcome.terms.push(Term { term: welcome.term, host, last: welcome.seq });
        }
        let (you, peer) = (welcome.you, self.peer());
        if let Some(me) = welcome.members.iter_mut().find(|person| person.id == you) {
            me.peer.get_or_insert(peer);
        }
    }

    /// The name under which we come back. One that breaks the rules no other host would take.
    pub(super) fn want(&mut self, name: &str) {
        if let Ok(name) = Name::parse(name) {
            self.wanted = name.to_string();
        }
    }

    /// We know the room up to an entry that its host knows as well.
    fn come_back(&mut self, mut replica: Replica, cut: Vec<Entry>, welcome: Box<Welcomed>, now: Moment) {
        (replica.term, replica.host) = (welcome.term, host_of(&welcome));
        let names = || replica.members().map(|member| member.name.to_string()).collect();
        let there = (!cut.is_empty()).then(names);
        replica.put_aside(cut);
        if welcome.lack {
            self.hand_messages(&replica);
        }
        self.replica = Some(replica);
        self.catch_up = Some(CatchUp::Entries { welcome, there });
        self.catch_up_done(now);
    }

    /// We know nothing of the room's past, or it is another room than the one we were in.
    fn come_new(&mut self, before: Option<Replica>, welcome: Box<Welcomed>, now: Moment) {
        let log = Log::beginning_after(welcome.terms.clone());
        let opened = welcome.opened.as_ref().and_then(|at| chrono::DateTime::parse_from_rfc3339(at).ok());
        let host = host_of(&welcome);
        let mut replica = Replica::new(welcome.room, opened.unwrap_or(now.wall), welcome.term, host, log);
        if let Some(before) = &before {
            (replica.shown, replica.aside) = (before.shown.clone(), before.aside.clone());
            replica.put_aside(before.log.iter().cloned().collect());
            if welcome.lack {
                self.hand_messages(&replica);
            }
        }
        replica.set_members(welcome.members.into_iter().map(|person| person.into_member(welcome.room)));
        (self.replica, self.before) = (Some(replica), before);
        self.tell_role(true, now);
        self.catch_up = Some(CatchUp::History { left: welcome.history });
        self.catch_up_done(now);
    }

    /// Hands over the messages of other pasts, and asks for a sign that the host has taken them: it may not live so long.
    fn hand_messages(&mut self, replica: &Replica) {
        let mut encoder = Encoder::default();
        replica.aside.iter().for_each(|entry| encoder.hand(&mut self.out, entry));
        self.out.extend_from_slice(native::PING);
    }

    /// The host has read all that we had sent, and with it what we had put aside.
    pub(super) fn taken(&mut self) {
        if let Some(replica) = &mut self.replica {
            replica.aside.clear();
        }
    }

    /// Tells where and as what we are, if that has changed; and who else is there, if it has or `anyway`.
    pub(super) fn tell_role(&mut self, anyway: bool, now: Moment) {
        let Some(replica) = &self.replica else { return };
        let name = replica.member(self.me).map_or_else(|| self.wanted.clone(), |me| me.name.to_string());
        let role = What::Role {
            role: Role::Client,
            address: self.address.clone(),
            name,
            host: replica.host_name().to_string(),
            term: replica.term,
        };
        if self.role.as_ref() == Some(&role) && !anyway {
            return;
        }
        let roster = view::roster(replica);
        if self.role.as_ref() != Some(&role) {
            self.role = Some(role.clone());
            self.tell(role, now);
        }
        self.tell(roster, now);
    }
}

/// Whether a room can have come that far: nobody may make us count beyond what numbers hold.
fn is_plausible(welcome: &Welcomed) -> bool {
    let rows = welcome.terms.iter().flat_map(|row| [row.term, row.last]);
    rows.chain([welcome.term, welcome.seq]).all(|number| number <= NUMBER_MAX)
}

fn host_of(welcome: &Welcomed) -> MemberId {
    let host = welcome.members.iter().find(|person| person.host);
    host.map_or(MemberId(0), |person| person.id)
}
