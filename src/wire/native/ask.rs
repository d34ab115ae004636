//! What a member asks for, as bytes: the lines that go to a host.
//!
//! When it is sent, and sent again, is the seat's business.

use std::net::IpAddr;

use serde::Serialize;

use super::VERSION;
use super::encode::tagged;
use crate::room::id::{RoomId, Secret};
use crate::room::log::Term;
use crate::room::request::Hello;

/// I go.
pub(crate) const BYE: &[u8] = b"{\"type\":\"bye\"}\n";
/// Which room is this?
pub(crate) const LOOK: &[u8] = b"{\"type\":\"look\"}\n";
/// Who is here?
pub(crate) const WHO: &[u8] = b"{\"type\":\"who\"}\n";

/// A member's first line.
pub(crate) fn hello(out: &mut Vec<u8>, hello: &Hello) {
    #[derive(Serialize)]
    struct Line<'a> {
        v: u32,
        name: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        key: Option<Secret>,
        #[serde(skip_serializing_if = "Option::is_none")]
        port: Option<u16>,
        #[serde(skip_serializing_if = "<[IpAddr]>::is_empty")]
        at: &'a [IpAddr],
        #[serde(skip_serializing_if = "Option::is_none")]
        room: Option<RoomId>,
        #[serde(skip_serializing_if = "<[Term]>::is_empty")]
        have: &'a [Term],
        #[serde(skip_serializing_if = "super::is_default")]
        aside: u64,
    }
    let Hello { name, key, port, at, room, have, aside, .. } = hello;
    tagged(out, "hello", &Line { v: VERSION, name, key: *key, port: *port, at, room: *room, have, aside: *aside });
}

/// A message of ours.
pub(crate) fn say(out: &mut Vec<u8>, n: u64, text: &str, action: bool) {
    #[derive(Serialize)]
    struct Say<'a> {
        n: u64,
        text: &'a str,
        #[serde(skip_serializing_if = "super::is_default")]
        action: bool,
    }
    tagged(out, "say", &Say { n, text, action });
}

/// A private message of ours, for the first time or `again`.
pub(crate) fn tell(out: &mut Vec<u8>, n: u64, to: &str, text: &str, again: bool) {
    #[derive(Serialize)]
    struct Tell<'a> {
        n: u64,
        to: &'a str,
        text: &'a str,
        #[serde(skip_serializing_if = "super::is_default")]
        again: bool,
    }
    tagged(out, "tell", &Tell { n, to, text, again });
}

/// `nick`, `kick` or `ban`, all of which take a name.
pub(crate) fn with_name(out: &mut Vec<u8>, kind: &'static str, name: &str) {
    #[derive(Serialize)]
    struct Named<'a> {
        name: &'a str,
    }
    tagged(out, kind, &Named { name });
}

/// `unban`.
pub(crate) fn unban(out: &mut Vec<u8>, address: &str) {
    #[derive(Serialize)]
    struct At<'a> {
        address: &'a str,
    }
    tagged(out, "unban", &At { address });
}
