//! What the command line means: resolved, valid values.
//!
//! It knows nothing of how they were typed beyond the arguments' types, and reads neither the environment nor the
//! network: the login name is an argument, a host's name stays a name.

use std::net::Ipv6Addr;
use std::path::PathBuf;
use std::str::FromStr;

use chrono::{DateTime, FixedOffset};

use crate::cli::{LogArgs, Role, RoomArgs};
use crate::connection_log::{LogOptions, parse_when};
use crate::limits;
use crate::room::name::Name;

/// How to chat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Where the room is: a host's name or an IP address (IPv6 without brackets, perhaps with a scope, `fe80::1%eth0`).
    /// `None`: on every address of this machine.
    pub address: Option<String>,
    /// The room's port.
    pub port: u16,
    /// The name to ask the room for.
    pub name: Name,
    /// Whether to host, to join, or whichever is right.
    pub role: Role,
    /// The connections log.
    pub log: PathBuf,
    /// Most members at once.
    pub max_members: usize,
    /// Messages a second that are read from one member; 0: no limit.
    pub rate: u32,
    /// What the interface writes.
    pub style: Style,
}

/// What the interface writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// Lines for people.
    Plain,
    /// Events for scripts, one JSON object a line.
    Json,
}

/// Two arguments that contradict each other; a whole sentence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the address says port {address} and --port says {port}: leave one of them out")]
pub struct TwoPorts {
    address: u16,
    port: u16,
}

impl Config {
    /// What `args` mean for the person who is logged in as `login` (empty if the system does not say).
    ///
    /// # Errors
    /// Arguments that contradict each other.
    pub fn new(args: RoomArgs, login: &str) -> Result<Self, TwoPorts> {
        let target = args.address;
        let port = match (target.as_ref().and_then(|target| target.port), args.port) {
            (Some(address), Some(port)) if address != port => return Err(TwoPorts { address, port }),
            (Some(port), _) | (None, Some(port)) => port,
            (None, None) => limits::DEFAULT_PORT,
        };
        Ok(Self {
            address: target.map(|target| target.host),
            port,
            name: args.name.unwrap_or_else(|| Name::for_login(login)),
            role: args.role,
            log: args.log,
            max_members: args.max_members,
            rate: args.rate,
            style: if args.json { Style::Json } else { Style::Plain },
        })
    }
}

/// What the arguments of `hybrid-chat log` mean at the time `now`.
///
/// # Errors
/// Which argument is no time, and what can be written instead.
pub fn log_options(args: LogArgs, now: DateTime<FixedOffset>) -> Result<LogOptions, String> {
    let when = |flag: &str, typed: Option<String>| match typed {
        Some(typed) => parse_when(&typed, now).map(Some).map_err(|help| format!("{flag} {typed:?}: {help}")),
        None => Ok(None),
    };
    let LogArgs { file, json, follow, since, until } = args;
    Ok(LogOptions { file, json, follow, since: when("--since", since)?, until: when("--until", until)? })
}

/// An address as people type it: `HOST`, `HOST:PORT`, `[V6]`, `[V6]:PORT`, or an IPv6 address by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// A name or an IP address, without brackets.
    pub host: String,
    /// The port, if one was typed.
    pub port: Option<u16>,
}

/// Why something is no address; a phrase that follows the address and a colon.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadTarget {
    /// Nothing where the host should be.
    #[error("the host is missing")]
    NoHost,
    /// Characters that no host has.
    #[error("{0:?} is no host's name and no IP address: write HOST, HOST:PORT or [V6]:PORT")]
    Host(String),
    /// Not 1 to 65535.
    #[error("{0:?} is no port: it is a number from 1 to 65535")]
    Port(String),
    /// Not an IPv6 address although it is in brackets or has several colons.
    #[error("{0:?} is no IPv6 address")]
    V6(String),
}

impl FromStr for Target {
    type Err = BadTarget;

    fn from_str(typed: &str) -> Result<Self, BadTarget> {
        if let Some(rest) = typed.strip_prefix('[') {
            let (host, after) = rest.split_once(']').ok_or_else(|| BadTarget::V6(typed.into()))?;
            let port = match after.strip_prefix(':') {
                Some(port) => Some(parse_port(port)?),
                None if after.is_empty() => None,
                None => return Err(BadTarget::Port(after.into())),
            };
            return Ok(Self { host: check_v6(host)?, port });
        }
        match typed.split_once(':') {
            Some((_, rest)) if rest.contains(':') => Ok(Self { host: check_v6(typed)?, port: None }),
            Some((host, port)) => Ok(Self { host: check_host(host)?, port: Some(parse_port(port)?) }),
            None => Ok(Self { host: check_host(typed)?, port: None }),
        }
    }
}

/// A host's name or an IPv4 address; the resolver says the rest.
fn check_host(host: &str) -> Result<String, BadTarget> {
    // A resolver's rules are looser than DNS's (`_` is common on a LAN), and names beyond ASCII exist.
    let fits = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_');
    match host {
        "" => Err(BadTarget::NoHost),
        _ if host.chars().all(fits) => Ok(host.into()),
        _ => Err(BadTarget::Host(host.into())),
    }
}

/// An IPv6 address, perhaps with a scope (`fe80::1%eth0`).
fn check_v6(host: &str) -> Result<String, BadTarget> {
    let (address, scope) = host.split_once('%').unwrap_or((host, "-"));
    let scope_fits = !scope.is_empty() && scope.chars().all(|c| c.is_ascii_graphic());
    match address.parse::<Ipv6Addr>() {
        Ok(_) if scope_fits => Ok(host.into()),
        _ => Err(BadTarget::V6(host.into())),
    }
}

fn parse_port(typed: &str) -> Result<u16, BadTarget> {
    // `parse` takes a sign, a port has none.
    let digits = !typed.is_empty() && typed.bytes().all(|byte| byte.is_ascii_digit());
    match typed.parse::<u16>() {
        Ok(port) if digits && port != 0 => Ok(port),
        _ => Err(BadTarget::Port(typed.into())),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use proptest::prelude::*;

    use super::*;
    use crate::cli::{Cli, Command};

    fn config(line: &[&str]) -> Result<Config, TwoPorts> {
        let words = std::iter::once("hybrid-chat").chain(line.iter().copied());
        Config::new(Cli::try_parse_from(words).unwrap().room, "ada")
    }

    fn target(typed: &str) -> Result<(String, Option<u16>), BadTarget> {
        typed.parse::<Target>().map(|target| (target.host, target.port))
    }

    #[test]
    fn every_way_to_write_an_address_is_understood() {
        for (typed, host, port) in [
            ("localhost", "localhost", None),
            ("capo.local:9000", "capo.local", Some(9000)),
            ("192.168.1.7", "192.168.1.7", None),
            ("192.168.1.7:65535", "192.168.1.7", Some(65535)),
            ("::1", "::1", None),
            ("fe80::1%eth0", "fe80::1%eth0", None),
            ("[::1]", "::1", None),
            ("[fe80::1%eth0]:8808", "fe80::1%eth0", Some(8808)),
            ("::ffff:10.0.0.1", "::ffff:10.0.0.1", None),
            ("my_host", "my_host", None),
            ("küche", "küche", None),
        ] {
            assert_eq!(target(typed), Ok((host.to_owned(), port)), "{typed}");
        }
    }

    #[test]
    fn what_is_no_address_is_refused_with_its_reason() {
        for (typed, why) in [
            ("", BadTarget::NoHost),
            (":8808", BadTarget::NoHost),
            ("capo:", BadTarget::Port(String::new())),
            ("capo:0", BadTarget::Port("0".into())),
            ("capo:+80", BadTarget::Port("+80".into())),
            ("capo:65536", BadTarget::Port("65536".into())),
            ("http://capo/", BadTarget::Port("//capo/".into())),
            ("ca po", BadTarget::Host("ca po".into())),
            ("capo\u{1b}[2J", BadTarget::Host("capo\u{1b}[2J".into())),
            ("1:2:3", BadTarget::V6("1:2:3".into())),
            ("[::1", BadTarget::V6("[::1".into())),
            ("[capo]:1", BadTarget::V6("capo".into())),
            ("[::1]8808", BadTarget::Port("8808".into())),
            ("fe80::1%", BadTarget::V6("fe80::1%".into())),
        ] {
            assert_eq!(target(typed), Err(why), "{typed:?}");
        }
    }

    #[test]
    fn without_arguments_everything_has_its_default() {
        let config = config(&[]).unwrap();
        assert_eq!(
            config,
            Config {
                address: None,
                port: 8808,
                name: Name::for_login("ada"),
                role: Role::Auto,
                log: "connections.log".into(),
                max_members: 10_000,
                rate: 200,
                style: Style::Plain,
            }
        );
    }

    #[test]
    fn the_port_comes_from_either_place() {
        assert_eq!(config(&["capo:9000"]).unwrap().port, 9000);
        assert_eq!(config(&["-p", "9000", "capo"]).unwrap().port, 9000);
        assert_eq!(config(&["-p", "9000", "capo:9000"]).unwrap().port, 9000);
        let error = config(&["-p", "9000", "capo:9001"]).unwrap_err();
        assert_eq!(error.to_string(), "the address says port 9001 and --port says 9000: leave one of them out");
    }

    #[test]
    fn json_goes_before_plain() {
        assert_eq!(config(&["--plain"]).unwrap().style, Style::Plain);
        assert_eq!(config(&["--plain", "--json"]).unwrap().style, Style::Json);
    }

    #[test]
    fn the_times_of_the_log_are_relative_to_now() {
        let options = |line: &[&str]| {
            let Some(Command::Log(args)) =
                Cli::try_parse_from(["hybrid-chat", "log"].iter().chain(line)).unwrap().command
            else {
                panic!()
            };
            log_options(args, DateTime::parse_from_rfc3339("2026-11-20T21:51:03+01:00").unwrap())
        };
        let read = options(&["--since", "2h", "--until", "2026-11-20T21:00:00+01:00", "--json", "a.log"]).unwrap();
        assert_eq!(read.since.unwrap().to_rfc3339(), "2026-11-20T19:51:03+01:00");
        assert_eq!(read.until.unwrap().to_rfc3339(), "2026-11-20T21:00:00+01:00");
        assert!(read.json && !read.follow && read.file.ends_with("a.log"));
        assert!(options(&["--until", "soon"]).unwrap_err().starts_with("--until \"soon\": write a time like"));
    }

    proptest! {
        #[test]
        fn no_input_panics_and_what_is_understood_says_the_same_again(typed in "[\\[\\]a-f0-9:.%x]{0,24}") {
            if let Ok(Target { host, port }) = typed.parse::<Target>() {
                let again = match port {
                    Some(port) if host.contains(':') => format!("[{host}]:{port}"),
                    Some(port) => format!("{host}:{port}"),
                    None => host.clone(),
                };
                prop_assert_eq!(again.parse::<Target>(), Ok(Target { host, port }));
            }
        }
    }
}
