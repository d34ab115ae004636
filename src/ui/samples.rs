//! Events for the tests of the interfaces: one of every kind, at one time.

use std::net::IpAddr;

use chrono::{DateTime, FixedOffset};

use super::plain::{Colours, Plain};
use super::words::Place;
use crate::room::event::{Closed, Connection, Event, Leave, Listed, Message, Role, What};

/// A quarter to ten in the evening in Rome.
pub(crate) fn at() -> DateTime<FixedOffset> {
    DateTime::parse_from_rfc3339("2026-11-20T21:51:03.123+01:00").unwrap()
}

pub(crate) fn event(what: What) -> Event {
    Event { at: at(), what }
}

pub(crate) fn notice(text: &str) -> Event {
    event(What::Notice { text: text.into() })
}

pub(crate) fn said(from: &str, text: &str) -> Message {
    Message {
        from: from.into(),
        text: text.into(),
        own: false,
        action: false,
        private: false,
        replayed: false,
        late: false,
        seq: Some(17),
        to: None,
    }
}

pub(crate) fn message(from: &str, text: &str) -> Event {
    event(What::Message(said(from, text)))
}

pub(crate) fn role(role: Role, name: &str) -> Event {
    let address = match role {
        Role::Host => "[::]:8808",
        Role::Client => "192.168.1.7:8808",
    };
    event(What::Role { role, address: address.into(), name: name.into(), host: "capo".into(), term: 1 })
}

/// One of every kind.
pub(crate) fn every_kind() -> Vec<Event> {
    let members = [("capo", true), ("lorde", false)].map(|(name, host)| Listed { name: name.into(), host }).into();
    let private = Message { own: true, private: true, seq: None, to: Some("capo".into()), ..said("lorde", "psst") };
    let rest = [
        What::Connection { state: Connection::Reconnecting },
        What::Roster { members },
        What::Joined { name: "pippo".into() },
        What::Left { name: "pippo".into(), reason: Leave::Lost },
        What::Renamed { from: "pippo".into(), to: "pluto".into() },
        What::Message(said("capo", "ciao\na \"tutti\"")),
        What::Message(private),
        What::Notice { text: "the log is full".into() },
        What::Refused { code: "no-such-member".into(), text: "there is nobody called x".into() },
        What::Closed { reason: Closed::HostShutdown, text: "the host closed the room".into() },
        What::Error { code: "timed-out".into(), text: "connect to capo: timed out".into() },
    ];
    [role(Role::Host, "capo"), role(Role::Client, "lorde")].into_iter().chain(rest.map(event)).collect()
}

/// A line interface in Rome on a machine with two addresses, without colours.
pub(crate) fn plain() -> Plain {
    plain_in(Colours::default())
}

pub(crate) fn plain_in(colours: Colours) -> Plain {
    fn local(at: DateTime<FixedOffset>) -> DateTime<FixedOffset> {
        at.with_timezone(&FixedOffset::east_opt(3600).unwrap())
    }
    fn addresses() -> Vec<IpAddr> {
        vec!["192.168.1.7".parse().unwrap(), "10.0.0.9".parse().unwrap()]
    }
    Plain::new(Place { local, addresses, lan: false, terminal_size: || None }, colours)
}
