//! What the screen knows: the history and where in it one reads, who is here, where and as what we are.
//!
//! Events go in; what is worth a bell comes out. It knows nothing of columns and colours, and of the room only what
//! its events say.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::Arc;

use super::entry::{Entry, Kind, Presence, Said, Tone};
use super::history::{History, Number};
use super::mention;
use super::roster::Roster;
use super::scroll::Place;
use crate::room::event::{Connection, Event, Leave, Listed, Message, Role, What};
use crate::ui::days::Days;
use crate::ui::qr;
use crate::ui::words::{self, Place as Machine, Standing};

/// Columns that are taken beside a code: the roster and the indent.
const BESIDE_CODE: u16 = 42;
/// Lines that are taken above and below it at the start: who we are, how others get in, status, input and keys.
const AROUND_CODE: usize = 8;

/// How we stand to the room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Not in a room yet.
    Searching,
    /// In it; the room is here.
    Hosting,
    /// In it; the room is elsewhere.
    Joined,
    /// The host is gone; what is done about it.
    Away(Connection),
    /// On the way out.
    Leaving,
}

/// Something that is meant for us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alert {
    /// Who said it.
    pub from: Arc<str>,
    /// What.
    pub text: Arc<str>,
}

/// What the screen knows.
#[derive(Debug)]
pub struct Model {
    machine: Machine,
    /// What was said and what happened.
    pub history: History,
    /// Who is here.
    pub roster: Roster,
    /// Who and where we are; `None` before the first `role`.
    pub here: Option<Standing>,
    /// How we stand to the room.
    pub state: State,
    /// What is shown of the history.
    pub place: Place,
    /// Messages that nobody has seen: below what is shown, or while nobody looked.
    pub unread: usize,
    /// The first entry that came while nobody looked.
    pub mark: Option<Number>,
    /// What is searched for, and the entry that was found.
    pub search: Option<Search>,
    /// Whether the help is shown, and from which of its rows on.
    pub help: Option<usize>,
    /// Whether the roster may stand at the side, and not only in the status line.
    pub roster_at_side: bool,
    /// A long paste was to be sent, and is shown first.
    pub review: bool,
    /// Somebody looks at this terminal, as far as it says so.
    pub focused: bool,
    /// The mark stands where one left off this time.
    marked: bool,
    /// The roster that follows was asked for.
    asked: bool,
    days: Days,
}

/// A search in the history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Search {
    /// What for.
    pub needle: String,
    /// Where it was found last.
    pub found: Option<Number>,
    /// What was shown before.
    pub from: Place,
    /// The way in which there is nothing more.
    pub end: Option<Way>,
}

/// A way through the history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// Towards the oldest.
    Older,
    /// Towards the newest.
    Newer,
}

impl Model {
    /// Nothing is known yet.
    pub fn new(machine: Machine) -> Self {
        Self {
            machine,
            history: History::default(),
            roster: Roster::default(),
            here: None,
            state: State::Searching,
            place: Place::End,
            unread: 0,
            mark: None,
            search: None,
            help: None,
            roster_at_side: true,
            review: false,
            focused: true,
            marked: false,
            asked: false,
            days: Days::default(),
        }
    }

    /// Takes `event`, which has been made safe to show. Returns what is meant for us.
    pub fn apply(&mut self, event: Event) -> Option<Alert> {
        let at = (self.machine.local)(event.at);
        let note = |tone, text| Entry { at, kind: Kind::Note { tone, text } };
        match event.what {
            What::Role { role, address, name, host, term: _ } => {
                let now = Standing { role, address, name, host };
                self.roster.hosted_by(&now.host);
                for (tone, text) in self.moved(&now) {
                    self.add(note(tone, text));
                }
                self.here = Some(now);
            }
            What::Connection { state } => self.state = State::Away(state),
            What::Roster { members } => {
                if let (State::Away(_), Some(here)) = (self.state, &self.here) {
                    self.state = if here.role == Role::Host { State::Hosting } else { State::Joined };
                }
                if std::mem::take(&mut self.asked) {
                    self.add(note(Tone::Plain, listed(&members)));
                }
                self.roster.set(members);
            }
            What::Joined { name } => {
                self.roster.join(&name);
                self.presence(at, |presence| presence.join(&name));
            }
            What::Left { name, reason } => {
                self.roster.leave(&name);
                self.left(at, &name, reason);
            }
            What::Renamed { from, to } => {
                let text = self.renamed(&from, &to);
                self.add(note(Tone::Quiet, text));
            }
            What::Message(message) => return self.said(at, message),
            What::Notice { text } => self.add(note(Tone::Quiet, text)),
            What::Refused { code: _, text } => self.add(note(Tone::Alarm, text)),
            What::Closed { .. } | What::Error { .. } => self.state = State::Leaving,
        }
        None
    }

    /// Shows a text of the program's own.
    pub fn tell(&mut self, at: chrono::DateTime<chrono::FixedOffset>, tone: Tone, text: String) {
        self.add(Entry { at: (self.machine.local)(at), kind: Kind::Note { tone, text } });
    }

    /// Where a browser gets in.
    pub fn pages(&self) -> Vec<SocketAddr> {
        let room = self.here.as_ref().and_then(|here| here.address.parse().ok());
        room.map_or_else(Vec::new, |room| qr::pages(room, self.is_host(), &(self.machine.addresses)()))
    }

    /// Who is here, whoever spoke last first: that is who is answered. We ourselves come last.
    pub fn by_last_word(&self) -> Vec<&str> {
        let own = self.own_name();
        let mut silent: HashSet<&str> = self.roster.members().iter().map(|member| member.name.as_str()).collect();
        silent.remove(own);
        let mut names = Vec::new();
        for entry in (self.history.start()..self.history.end()).rev().filter_map(|number| self.history.get(number)) {
            if silent.is_empty() {
                break;
            }
            if let Kind::Said(said) = &entry.kind {
                names.extend(silent.take(&*said.message.from));
            }
        }
        let members = self.roster.members().iter().map(|member| member.name.as_str());
        names.extend(members.filter(|name| silent.contains(name) || *name == own));
        // Stable: nobody else moves.
        names.sort_by_key(|name| *name == own);
        names
    }

    /// The roster that comes next is to be shown: it was asked for.
    pub fn asked_who(&mut self) {
        self.asked = true;
    }

    /// What we are called; empty before we are in a room.
    pub fn own_name(&self) -> &str {
        self.here.as_ref().map_or("", |here| &here.name)
    }

    /// Where the room is, as short as it can be said; `None` before we are in one.
    pub fn address(&self) -> Option<String> {
        let address = &self.here.as_ref()?.address;
        Some(match address.parse::<SocketAddr>() {
            Ok(bound) if bound.ip().is_unspecified() => format!("port {}", bound.port()),
            _ => address.clone(),
        })
    }

    /// Whether the room is here.
    pub fn is_host(&self) -> bool {
        self.here.as_ref().is_some_and(|here| here.role == Role::Host)
    }

    /// Shows another place.
    pub fn go(&mut self, place: Place) {
        if self.place == Place::End {
            // Whoever leaves the end has seen it.
            self.unread = 0;
        }
        self.place = place;
        self.seen();
    }

    /// The terminal says whether somebody looks at it.
    pub fn focus(&mut self, focused: bool) {
        self.focused = focused;
        self.seen();
    }

    /// Whoever looks at the end has seen all; the mark stays until there is something new that was not seen.
    fn seen(&mut self) {
        if self.place == Place::End {
            self.unread = 0;
            self.marked = !self.focused && self.marked;
        }
    }

    /// Whether what comes now is seen by nobody.
    fn is_away(&self) -> bool {
        !self.focused || self.place != Place::End
    }

    /// What has changed about where we are, as lines.
    fn moved(&mut self, now: &Standing) -> Vec<(Tone, String)> {
        self.state = if now.role == Role::Host { State::Hosting } else { State::Joined };
        let invitation = || (Tone::Plain, self.machine.invitation(&now.address).trim_end().to_owned());
        let mut lines = match &self.here {
            None if now.role == Role::Host => {
                let text = format!("You are {}, and host the room at {}.", now.name, words::bound(&now.address));
                vec![(Tone::Plain, text), invitation(), (Tone::Plain, self.code(&now.address).unwrap_or_default())]
            }
            None => {
                let text = format!("You are {}, in the room of {} at {}.", now.name, now.host, now.address);
                vec![(Tone::Plain, text)]
            }
            Some(before) if (before.role, &before.address, &before.host) != (now.role, &now.address, &now.host) => {
                let mut lines = vec![(Tone::Quiet, words::moved(now.role, &now.host, &now.address))];
                if now.role == Role::Host {
                    lines.push(invitation());
                }
                lines
            }
            Some(before) if before.name != now.name => {
                vec![(Tone::Quiet, format!("you are called {} here", now.name))]
            }
            Some(_) => Vec::new(),
        };
        lines.retain(|(_, text)| !text.is_empty());
        lines
    }

    /// The code for whoever has only a browser, where the screen has room for it.
    fn code(&self, address: &str) -> Option<String> {
        let (columns, lines) = (self.machine.terminal_size)()?;
        let pages = qr::pages(address.parse().ok()?, true, &(self.machine.addresses)());
        let columns = columns.saturating_sub(BESIDE_CODE);
        Some(qr::shown_at_start(&pages, (columns, lines), AROUND_CODE)?.trim_end().to_owned())
    }

    fn renamed(&mut self, from: &str, to: &str) -> String {
        self.roster.rename(from, to);
        let own = self.here.as_mut().is_some_and(|here| here.rename(from, to));
        if own { format!("you are now called {to}") } else { format!("{from} is now called {to}") }
    }

    fn said(&mut self, at: chrono::DateTime<chrono::FixedOffset>, message: Message) -> Option<Alert> {
        let mention = !message.own && !message.private && mention::names(&message.text, self.own_name());
        let host = self.here.as_ref().is_some_and(|here| *here.host == *message.from);
        let for_us = !message.own && !message.replayed && (mention || message.private);
        let alert = for_us.then(|| Alert { from: message.from.clone(), text: message.text.clone() });
        if !message.replayed && !message.own {
            self.mark_here();
            if self.is_away() {
                self.unread += 1;
            }
        }
        self.add(Entry { at, kind: Kind::Said(Box::new(Said { message, host, mention })) });
        alert
    }

    /// Puts the mark before the next entry, where it is the first that nobody sees.
    fn mark_here(&mut self) {
        if self.is_away() && !self.marked {
            self.mark = Some(self.history.end());
            self.marked = true;
        }
    }

    fn left(&mut self, at: chrono::DateTime<chrono::FixedOffset>, name: &str, reason: Leave) {
        self.presence(at, |presence| presence.leave(name, reason));
    }

    fn presence(&mut self, at: chrono::DateTime<chrono::FixedOffset>, add: impl FnOnce(&mut Presence)) {
        let at = (self.machine.local)(at);
        let mut add = Some(add);
        // A mark must not move into an entry that was seen.
        self.history.change_last(|last| {
            if let Some(presence) = last.folds(at)
                && let Some(add) = add.take()
            {
                add(presence);
            }
        });
        if let Some(add) = add {
            let mut presence = Presence::default();
            add(&mut presence);
            self.add(Entry { at, kind: Kind::Presence(Box::new(presence)) });
        }
    }

    /// Appends an entry, and before it a line where the day is another.
    fn add(&mut self, entry: Entry) {
        if let Some(day) = self.days.turn(entry.at) {
            self.history.push(Entry { at: entry.at, kind: Kind::Day(day) });
        }
        self.history.push(entry);
    }
}

/// Everybody, on one line.
fn listed(members: &[Listed]) -> String {
    let names: Vec<_> =
        members.iter().map(|member| format!("{}{}", member.name, if member.host { " (host)" } else { "" })).collect();
    format!("{} here: {}", members.len(), names.join(", "))
}
