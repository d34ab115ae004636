//! What the command line means: resolved, valid values.
//!
//! It knows nothing of how they were typed beyond the arguments' types, and reads neither the environment nor the
//! network: the login name is an argument, a host's name stays a name.

use std::path::PathBuf;

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
    /// Whether to look for rooms on the LAN and to announce one's own.
    pub discovery: bool,
    /// The network interfaces on which to do so; none: all that lead to a LAN.
    pub interfaces: Vec<String>,
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
    /// A full screen for people.
    Full,
    /// Lines for people, and for screen readers.
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
    /// What `args` mean for the person who is logged in as `login` (empty if the system does not say), at a `terminal`
    /// that can be drawn on or somewhere else.
    ///
    /// # Errors
    /// Arguments that contradict each other.
    pub fn new(args: RoomArgs, login: &str, terminal: bool) -> Result<Self, TwoPorts> {
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
            discovery: !args.no_discovery,
            interfaces: args.interface,
            log: args.log,
            max_members: args.max_members,
            rate: args.rate,
            style: match (args.json, args.plain || !terminal) {
                (true, _) => Style::Json,
                (false, true) => Style::Plain,
                (false, false) => Style::Full,
            },
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

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::{Cli, Command};

    fn config(line: &[&str]) -> Result<Config, TwoPorts> {
        let words = std::iter::once("hybrid-chat").chain(line.iter().copied());
        Config::new(Cli::try_parse_from(words).unwrap().room, "ada", true)
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
                discovery: true,
                interfaces: Vec::new(),
                log: "connections.log".into(),
                max_members: 10_000,
                rate: 200,
                style: Style::Full,
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
        let elsewhere =
            |line: &[&str]| Config::new(Cli::try_parse_from(line).unwrap().room, "ada", false).unwrap().style;
        assert_eq!((elsewhere(&["x"]), elsewhere(&["x", "--json"])), (Style::Plain, Style::Json));
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
}
