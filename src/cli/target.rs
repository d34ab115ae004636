//! An address as people type it.
//!
//! Only its form is looked at; whether there is such a host is not known here.

use std::net::Ipv6Addr;
use std::str::FromStr;

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
    use proptest::prelude::*;

    use super::*;

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
