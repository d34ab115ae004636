//! What a request is answered with, and what becomes of its connection.
//!
//! A page of somewhere else can make a browser on the LAN send requests here, also under a name of its own that leads here (DNS
//! rebinding). So `Host` has to be an address, `localhost` or this machine's name, and a WebSocket's `Origin` has to be the
//! same. What has no `Origin` is no browser.

use std::net::{IpAddr, Ipv6Addr};

use chrono::{DateTime, FixedOffset};
use data_encoding::BASE64;
use sha1::{Digest, Sha1};

use super::{Request, page};

/// The machine that serves the page, by the names that a `Host` may have.
#[derive(Debug, Clone, Default)]
pub struct Site {
    /// This machine's name; empty if it is not known.
    pub name: String,
}

/// An answer.
#[derive(Debug, PartialEq, Eq)]
pub struct Answer {
    /// Status line and fields.
    pub head: String,
    /// What follows on them.
    pub body: &'static str,
    /// What becomes of the connection.
    pub then: Then,
}

/// What becomes of a connection after an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Then {
    /// It may ask again.
    Next,
    /// It ends.
    End,
    /// It ends, and the log says why.
    Refused(&'static str),
    /// It is a WebSocket from now on.
    WebSocket,
}

/// The only version of WebSockets there is (RFC 6455).
const VERSION: &str = "13";
/// What the handshake's answer is made with (RFC 6455, section 1.3).
const HANDSHAKE: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// Answers a request.
pub fn answer(request: &Request, site: &Site, at: DateTime<FixedOffset>) -> Answer {
    let host = match &request.host {
        Some(host) if !is_ours(host, site) => return refused(request, "host", at),
        Some(host) => host.as_str(),
        None if request.minor > 0 => return refuse(400, at),
        // Older than browsers that are led astray.
        None => "",
    };
    if request.method != "GET" {
        return plain(request, 405, "Allow: GET\r\n", at);
    }
    match request.path.as_str() {
        "/" => the_page(request, host, at),
        "/ws" => websocket(request, host, at),
        _ => plain(request, 404, "", at),
    }
}

/// Answers what is no request, or one that is not read to its end.
pub fn refuse(status: u16, at: DateTime<FixedOffset>) -> Answer {
    let request = Request { last: true, ..Request::default() };
    Answer { then: Then::Refused("bad-request"), ..plain(&request, status, "", at) }
}

fn the_page(request: &Request, host: &str, at: DateTime<FixedOffset>) -> Answer {
    let fields = format!(
        "Content-Type: text/html; charset=utf-8\r\nContent-Security-Policy: {}\r\n\
         X-Frame-Options: DENY\r\n",
        page::policy(host)
    );
    let head = head(200, page::PAGE.len(), &fields, request.last, at);
    Answer { head, body: page::PAGE, then: after(request) }
}

fn websocket(request: &Request, host: &str, at: DateTime<FixedOffset>) -> Answer {
    let is_page_of_ours = |origin: &str| {
        let from = origin.split_once("://").map(|(_, from)| from);
        from.is_some_and(|from| !host.is_empty() && from.eq_ignore_ascii_case(host))
    };
    if request.origin.as_ref().is_some_and(|origin| !is_page_of_ours(origin)) {
        return refused(request, "origin", at);
    }
    let key = request.key.as_ref().filter(|key| BASE64.decode(key.as_bytes()).is_ok_and(|key| key.len() == 16));
    match key {
        Some(key) if request.upgrade && request.version.as_deref() == Some(VERSION) => {
            let accept = BASE64.encode(&Sha1::digest(format!("{key}{HANDSHAKE}").as_bytes()));
            let head = format!(
                "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                 Sec-WebSocket-Accept: {accept}\r\n\r\n"
            );
            Answer { head, body: "", then: Then::WebSocket }
        }
        _ if request.upgrade && request.version.as_deref() == Some(VERSION) => refuse(400, at),
        _ => plain(request, 426, "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n", at),
    }
}

/// To a page of somewhere else.
fn refused(request: &Request, why: &'static str, at: DateTime<FixedOffset>) -> Answer {
    let request = Request { last: true, ..request.clone() };
    Answer { then: Then::Refused(why), ..plain(&request, 403, "", at) }
}

/// A status in words.
fn plain(request: &Request, status: u16, fields: &str, at: DateTime<FixedOffset>) -> Answer {
    let words = words(status);
    let fields = format!("Content-Type: text/plain\r\n{fields}");
    // Whoever asks for the head alone takes whatever follows on it for the next answer.
    let body = if request.method == "HEAD" { "" } else { words };
    Answer { head: head(status, words.len(), &fields, request.last, at), body, then: after(request) }
}

fn after(request: &Request) -> Then {
    if request.last { Then::End } else { Then::Next }
}

fn head(status: u16, length: usize, fields: &str, last: bool, at: DateTime<FixedOffset>) -> String {
    let date = at.to_utc().format("%a, %d %b %Y %H:%M:%S GMT");
    let mut head = format!("HTTP/1.1 {status} {}\r\nDate: {date}\r\n{fields}", words(status));
    head += &format!("Content-Length: {length}\r\n");
    let connection = if last { "close" } else { "keep-alive" };
    head + "X-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer\r\nCache-Control: no-store\r\nConnection: "
        + connection
        + "\r\n\r\n"
}

fn words(status: u16) -> &'static str {
    match status {
        200 => "OK",
        400 => "Bad Request",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        426 => "Upgrade Required",
        431 => "Request Header Fields Too Large",
        _ => "HTTP Version Not Supported",
    }
}

/// Whether a `Host` can only mean this machine: an address, `localhost`, or its name, with or without a port.
fn is_ours(host: &str, site: &Site) -> bool {
    if let Some(rest) = host.strip_prefix('[') {
        let Some((ip, port)) = rest.split_once(']') else { return false };
        return ip.parse::<Ipv6Addr>().is_ok() && (port.is_empty() || port.strip_prefix(':').is_some_and(is_port));
    }
    let (name, port) = host.split_once(':').map_or((host, None), |(name, port)| (name, Some(port)));
    if port.is_some_and(|port| !is_port(port)) {
        return false;
    }
    let first = |name: &str| name.split('.').next().unwrap_or_default().to_ascii_lowercase();
    let is_name = |ours: &str| {
        let name = name.to_ascii_lowercase();
        !ours.is_empty()
            && is_host_name(&name)
            && (name == ours || name == first(ours) || name == first(ours) + ".local")
    };
    name.parse::<IpAddr>().is_ok() || name.eq_ignore_ascii_case("localhost") || is_name(&site.name.to_ascii_lowercase())
}

/// Whether a name holds nothing but what names of machines do: it stands in the answer.
fn is_host_name(name: &str) -> bool {
    name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_'))
}

fn is_port(port: &str) -> bool {
    !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok()
}

#[cfg(test)]
mod tests;
