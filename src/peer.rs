//! Carries out what the election says: swaps host for guest and back under a running interface.
//!
//! It decides neither who hosts nor what a room does.

mod home;
mod street;

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use crate::cli::Role;
use crate::config::Config;
use crate::connection_log::ConnectionLog;
use crate::election::{Action, Election, Failure, How, Input, Loss, Will};
use crate::error::{Error, Result};
use crate::guest::dial::Outcome;
use crate::guest::{Guest, Seated};
use crate::host::listener::{Claim, Listener, claim};
use crate::host::{self, Ended, Surroundings};
use crate::hub::{Hub, Own};
use crate::limits::SIGHTINGS;
use crate::mailbox::Mailbox;
use crate::net::Net;
use crate::place;
use crate::room::Room;
use crate::room::event::{Closed, Command, Connection, Event, Leave, What};
use crate::room::id::{MemberId, RoomId, Secret};
use crate::room::replica::Replica;
use crate::seat::{Over, Phase, Seat};
use crate::sighting::Seen;
use street::Street;

/// Takes part in a room, as host or as guest, until that is over in order.
///
/// # Errors
/// Why there is no room to be in.
pub fn run(config: &Config, commands: &Mailbox<Command>, events: &Mailbox<Event>) -> Result<Closed> {
    let net = Net::new()?;
    commands.on_push(net.wake());
    events.on_room(net.wake());
    let mut place = place::find(config)?;
    let listen = place.claim;
    let will = match config.role {
        Role::Auto => Will::Either,
        Role::Host => Will::Host,
        Role::Client => Will::Join,
    };
    let secret = Secret(random()?);
    let seed = u64::from_le_bytes(random()?);
    // Without a LAN there is still this machine.
    let notice = |text| drop(events.offer(Event { at: net.clock.now().wall, what: What::Notice { text } }));
    let street = Street::open(config, listen, secret.peer(), &net).unwrap_or_else(|error| {
        notice(format!("nobody on the LAN is found, and nobody finds us: {error}"));
        Street::empty()
    });
    street.troubles().into_iter().for_each(notice);
    place.lan = config.address.is_none() && street.has_a_view();
    let election = Election::new(place, will, secret.peer(), seed);
    let listen = listen.filter(|_| election.may_host());
    let port = listen.map(|_| config.port);
    let seat = Seat::new(secret, config.name.to_string(), port);
    Peer {
        config,
        commands,
        events,
        street,
        net,
        election,
        seat,
        listen,
        claimed: None,
        seated: None,
        cannot_host: None,
    }
    .run()
}

/// One run of the program towards the network.
struct Peer<'a> {
    config: &'a Config,
    commands: &'a Mailbox<Command>,
    events: &'a Mailbox<Event>,
    street: Street,
    net: Net,
    election: Election,
    seat: Seat,
    /// Where we would listen, if we may host.
    listen: Option<SocketAddr>,
    claimed: Option<Listener>,
    seated: Option<Seated>,
    /// Why we could not take over when we were to.
    cannot_host: Option<Error>,
}

impl Peer<'_> {
    fn run(mut self) -> Result<Closed> {
        let mut input = Input::Start;
        loop {
            let action = self.election.next(input, self.net.clock.now().mono);
            self.street.look(self.election.lookout());
            if let Action::Host(Some(_)) = action {
                self.tell_connection(Connection::TakingOver);
            }
            input = match action {
                Action::Dial(addresses) => self.dial(addresses)?,
                Action::Claim(address) => self.claim(address)?,
                Action::Wait(until) => self.wait(until)?,
                Action::Sit => self.sit()?,
                Action::Host(gone) => match self.open_log() {
                    Ok(log) => match self.host(gone, log)? {
                        Hosted::Over(closed) => return Ok(closed),
                        Hosted::Lost(loss) => Input::Lost(loss),
                    },
                    // The room has a host before long if somebody else can be it.
                    Err(error) if gone.is_some() => {
                        self.claimed = None;
                        self.cannot_host = Some(error);
                        Input::CannotHost
                    }
                    Err(error) => return Err(error),
                },
                Action::Fail(failure) => return Err(self.cannot_host.take().unwrap_or_else(|| self.failed(failure))),
            };
            if let Some(ended) = self.ended() {
                self.show_the_rest();
                return ended;
            }
            if let Input::Lost(_) = input {
                self.tell_connection(Connection::Reconnecting);
            }
        }
    }

    /// Tells the interface what is done about a host that is gone, behind what it has not heard yet. Where that is too much
    /// to take more, it will hear what came of it.
    fn tell_connection(&mut self, state: Connection) {
        let event = Event { at: self.net.clock.now().wall, what: What::Connection { state } };
        if self.seat.events().is_empty() {
            drop(self.events.offer(event));
        } else {
            self.seat.events().push_back(event);
        }
    }

    /// Brings the last events to the interface, wherever the end has come and however far the interface is behind.
    fn show_the_rest(&mut self) {
        for event in self.seat.events().drain(..) {
            if self.events.push(event).is_err() {
                // Nobody looks any more.
                return;
            }
        }
    }

    /// How it ended, if it is all over: in a room, or on the way to one.
    fn ended(&self) -> Option<Result<Closed>> {
        match self.seat.phase() {
            Phase::Over(Over::Closed(closed)) => Some(Ok(*closed)),
            Phase::Over(Over::Unheard { code, text }) => {
                let (tried, code, text) = ("say all of standard input".into(), code.clone(), text.clone());
                Some(Err(Error::Refused { tried, code, text }))
            }
            _ => None,
        }
    }

    fn guest(&mut self) -> Guest<'_> {
        Guest::new(&mut self.net, &mut self.seat, self.commands, self.events)
    }

    /// Waits, and looks around meanwhile.
    fn wait(&mut self, until: Duration) -> Result<Input> {
        let seen = self.street.seen.clone();
        loop {
            let now = self.net.clock.now().mono;
            let fresh = sighted(&seen, &mut self.election, now);
            if !fresh.is_empty() {
                return Ok(Input::Sighted(fresh));
            }
            if now >= until || self.seat.has_left() {
                return Ok(Input::Waited);
            }
            self.guest().wait(until, || !seen.is_empty())?;
        }
    }

    /// Dials, and also where rooms are seen meanwhile.
    fn dial(&mut self, addresses: Vec<SocketAddr>) -> Result<Input> {
        let own = || self.listen.map_or_else(Vec::new, |listen| home::addresses(listen, &self.config.interfaces));
        let mut more = |now| sighted(&self.street.seen, &mut self.election, now);
        let mut guest = Guest::new(&mut self.net, &mut self.seat, self.commands, self.events);
        let Outcome { dialed, seated, unreachable } = guest.dial(addresses, &mut more, &own)?;
        self.election.cannot_reach(&unreachable);
        if seated.is_some() {
            // We are in somebody else's room: who waits behind our port finds that one too.
            (self.claimed, self.cannot_host) = (None, None);
        }
        self.seated = seated;
        Ok(Input::Dialed(dialed))
    }

    fn claim(&mut self, address: SocketAddr) -> Result<Input> {
        match claim(address) {
            Ok(Claim::Won(listener)) => {
                self.claimed = Some(listener);
                Ok(Input::Won)
            }
            Ok(Claim::Taken) => Ok(Input::Taken),
            // In a room already: somebody else may be able to.
            Err(_) if self.seat.me().is_some() => Ok(Input::CannotHost),
            Err(error) => Err(error),
        }
    }

    /// Takes part in somebody else's room until that is over: what the election has to know, if it goes on.
    fn sit(&mut self) -> Result<Input> {
        let Some(seated) = self.seated.take() else { return Ok(Input::Start) };
        let host_at = seated.address;
        let (how, at) = match self.guest().sit(seated)? {
            Over::TimedOut => (How::Silence, vec![host_at]),
            Over::HandedOver(to) => (How::HandedOver(to), vec![host_at]),
            Over::Moved(to) => (How::Moved, to),
            _ => (How::HungUp, vec![host_at]),
        };
        let Some(replica) = self.seat.replica() else { return Ok(Input::Start) };
        let scope = place::scope_towards(host_at);
        let from_here = |at| place::seen_from_here(at, host_at, scope);
        Ok(Input::Lost(loss(replica, self.seat.me(), how, at, from_here)))
    }

    fn open_log(&self) -> Result<ConnectionLog> {
        ConnectionLog::open(&self.config.log, self.net.clock.instant(self.net.clock.now()))
    }

    /// Hosts the room, a new one or the one whose host is gone, until that is over or it yields to another host.
    fn host(&mut self, gone: Option<Leave>, log: ConnectionLog) -> Result<Hosted> {
        let Some(listener) = self.claimed.take() else { return Err(self.failed(Failure::AddressInUse)) };
        let own = home::addresses(listener.address(), &self.config.interfaces).into_iter();
        let at = own.map(|ip| SocketAddr::new(ip, listener.address().port())).collect();
        let now = self.net.clock.now();
        let peer = self.seat.peer();
        let mut belongings = self.seat.pack();
        let room = match (belongings.replica.take(), gone) {
            // Who has elected afresh still goes on with the room that it knows.
            (Some(replica), gone) => {
                let reason = gone.unwrap_or(Leave::Lost);
                Room::take_over(replica, peer, &self.config.name, at, reason, self.config.max_members, now)
            }
            (None, _) => {
                let id = RoomId(u64::from_le_bytes(random()?));
                Room::open(id, peer, &self.config.name, at, self.config.max_members, now)
            }
        };
        let hub =
            Hub::new(room, self.config.rate, Own::new(peer, listener.address(), belongings).on(home::machine()), now);
        let street = &self.street;
        let announce = |announcement| street.announce(announcement);
        let around =
            Surroundings { commands: self.commands, events: self.events, seen: &street.seen, announce: &announce };
        let (to, belongings) = match host::run(&mut self.net, listener, hub, log, &around)? {
            Ended::Closed => return Ok(Hosted::Over(Closed::HostShutdown)),
            Ended::HandedOver => return Ok(Hosted::Over(Closed::Left)),
            Ended::Yielded(to, belongings) => (to, belongings),
        };
        self.seat.unpack(*belongings);
        match self.seat.replica() {
            Some(replica) if self.config.role != Role::Host => {
                Ok(Hosted::Lost(loss(replica, self.seat.me(), How::Moved, to, |at| at)))
            }
            _ => Err(self.failed(Failure::AddressInUse)),
        }
    }

    fn failed(&self, failure: Failure) -> Error {
        let target = self.config.address.as_deref().unwrap_or("this machine");
        let verb = match self.config.role {
            Role::Host => "host",
            _ if self.seat.me().is_some() => "come back to",
            _ => "join",
        };
        let tried = format!("{verb} the room on port {} of {target}", self.config.port);
        match failure {
            Failure::AddressInUse => Error::AddressInUse { tried },
            Failure::NotOurs => Error::Listen { tried, source: io::ErrorKind::AddrNotAvailable.into() },
            Failure::Unanswered => Error::Unanswered { tried },
            Failure::NotARoom(found) => Error::NotARoom { tried, found },
            Failure::TurnedAway { code, text } => Error::Refused { tried, code, text },
            Failure::Unreached(kind) => Error::Unreached { tried, source: kind.into() },
        }
    }
}

/// What came of hosting.
enum Hosted {
    /// It is all over.
    Over(Closed),
    /// The room goes on elsewhere, and we with it.
    Lost(Loss),
}

/// Where rooms to go to were seen since the last time.
fn sighted(seen: &Mailbox<Seen>, election: &mut Election, now: Duration) -> Vec<SocketAddr> {
    for seen in (0..SIGHTINGS).map_while(|_| seen.take()) {
        election.note(seen, now);
    }
    election.fresh(now)
}

/// What the election has to know of a room whose host is gone; `here`: how another's address is spelled from here.
fn loss(
    replica: &Replica,
    me: Option<MemberId>,
    how: How,
    at: Vec<SocketAddr>,
    here: impl Fn(SocketAddr) -> SocketAddr,
) -> Loss {
    // A host that has yielded is there, and its room's first candidate should the other host not be reached after all.
    let gone = if how == How::Moved { MemberId(0) } else { replica.host };
    let candidates =
        replica.candidates(gone).map(|member| (member.id, member.at.iter().map(|at| here(*at)).collect())).collect();
    let at = at.into_iter().map(&here).collect();
    let opened = replica.opened.timestamp_millis();
    Loss { how, at, room: replica.room, opened, candidates, me: me.unwrap_or(MemberId(0)) }
}

/// Bits from the operating system.
fn random<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| Error::io("get random bits", io::Error::other(error)))?;
    Ok(bytes)
}
