//! Browsers, as far as a socket can be one: the page, what it is protected by, and a WebSocket in the room.
//!
//! The client side of the WebSocket is written here a second time, from the standard and not from the program.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::{PATIENCE, Raw, Signal, Stage, is};

/// A browser's connection.
struct Browser {
    stream: TcpStream,
}

impl Browser {
    fn connect(port: u16) -> Self {
        let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        Self { stream }
    }

    /// A WebSocket of the room's own page.
    fn open(port: u16) -> Self {
        let mut browser = Self::connect(port);
        let head = browser.asks(&upgrade(port, &format!("127.0.0.1:{port}"), &format!("http://127.0.0.1:{port}")));
        assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
        browser
    }

    fn member(port: u16, name: &str) -> Self {
        let mut browser = Self::open(port);
        browser.sends(&json!({"type": "hello", "v": 1, "name": name}));
        browser.expect("welcome");
        browser
    }

    /// Sends a request; the head of the answer.
    fn asks(&mut self, request: &str) -> String {
        self.stream.write_all(request.as_bytes()).unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            self.stream.read_exact(&mut byte).unwrap();
            head.push(byte[0]);
        }
        String::from_utf8(head).unwrap()
    }

    /// The body that a head announces.
    fn body(&mut self, head: &str) -> String {
        let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: ")).unwrap();
        let mut body = vec![0; length.parse().unwrap()];
        self.stream.read_exact(&mut body).unwrap();
        String::from_utf8(body).unwrap()
    }

    fn sends(&mut self, object: &Value) {
        self.frame(0x81, object.to_string().as_bytes());
    }

    fn frame(&mut self, kind: u8, payload: &[u8]) {
        let mut frame = vec![kind];
        match u16::try_from(payload.len()).unwrap() {
            short @ ..=125 => frame.push(0x80 | short as u8),
            long => {
                frame.push(0x80 | 126);
                frame.extend(long.to_be_bytes());
            }
        }
        let mask = [1, 2, 3, 4];
        frame.extend(mask);
        frame.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
        self.stream.write_all(&frame).unwrap();
    }

    /// The next frame: its kind and payload.
    fn next(&mut self) -> (u8, Vec<u8>) {
        let mut head = [0; 2];
        self.stream.read_exact(&mut head).unwrap();
        let length = match head[1] {
            126 => {
                let mut long = [0; 2];
                self.stream.read_exact(&mut long).unwrap();
                usize::from(u16::from_be_bytes(long))
            }
            127 => {
                let mut longer = [0; 8];
                self.stream.read_exact(&mut longer).unwrap();
                u64::from_be_bytes(longer) as usize
            }
            short => usize::from(short),
        };
        let mut payload = vec![0; length];
        self.stream.read_exact(&mut payload).unwrap();
        (head[0], payload)
    }

    /// The next object of this type; others before it are passed over, pings are answered.
    fn expect(&mut self, kind: &str) -> Value {
        let end = Instant::now() + PATIENCE;
        while Instant::now() < end {
            let (frame, payload) = self.next();
            assert_eq!(frame, 0x81, "no text: {:?}", String::from_utf8_lossy(&payload));
            let object: Value = serde_json::from_slice(&payload).unwrap();
            if object["type"] == "ping" {
                self.sends(&json!({"type": "pong"}));
            }
            if object["type"] == kind {
                return object;
            }
        }
        panic!("no {kind}");
    }

    fn address(&self) -> String {
        self.stream.local_addr().unwrap().to_string()
    }

    /// Reads to the end.
    fn ends(&mut self) {
        // A reset is an end too.
        drop(self.stream.read_to_end(&mut Vec::new()));
    }
}

fn upgrade(port: u16, host: &str, origin: &str) -> String {
    let origin = if origin.is_empty() { String::new() } else { format!("Origin: {origin}\r\n") };
    let host = if host.is_empty() { format!("127.0.0.1:{port}") } else { host.to_owned() };
    format!(
        "GET /ws HTTP/1.1\r\nHost: {host}\r\n{origin}Connection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
}

#[test]
fn a_native_peer_a_person_and_two_browsers_read_the_same_in_one_order() {
    let stage = Stage::new();
    let host = stage.host();
    let native = stage.join("ella");
    let port = stage.port();
    let (mut web, mut other) = (Browser::member(port, "lorde"), Browser::member(port, "anna"));
    let mut person = Raw::connect(port);
    person.bytes(b"bert\n");
    person.line_with("* you are bert;");
    for number in 0..20 {
        web.sends(&json!({"type": "say", "text": format!("web {number}"), "n": number + 1}));
        other.sends(&json!({"type": "say", "text": format!("other {number}")}));
        person.bytes(format!("text {number}\n").as_bytes());
        native.say(&format!("native {number}"));
    }
    let mut order = Vec::new();
    while order.len() < 80 {
        order.push(web.expect("said")["text"].as_str().unwrap().to_owned());
    }
    let of_other: Vec<_> = (0..80).map(|_| other.expect("said")["text"].as_str().unwrap().to_owned()).collect();
    assert_eq!(of_other, order);
    for text in order.iter().filter(|text| !text.starts_with("text")) {
        let line = person.line_with(": ");
        assert!(line.ends_with(&format!(": {text}")), "{line} is not {text}");
    }
    native.hears(order.last().unwrap());
    let of_native: Vec<_> = native.messages().iter().map(|event| event["text"].as_str().unwrap().to_owned()).collect();
    assert_eq!(of_native, order);

    web.sends(&json!({"type": "bye"}));
    assert_eq!(web.expect("closed")["reason"], "left");
    assert_eq!(web.next(), (0x88, vec![3, 232]));
    other.frame(0x88, &[3, 233]);
    assert_eq!(host.expect("left", |event| is(event, "left") && event["name"] == "anna")["reason"], "quit");
    let addresses = [web.address(), other.address(), person.address()];
    drop((web, other));
    host.signal(Signal::INT);
    person.line_with("* the host closed the room");
    assert_eq!((host.exits(), native.exits()), (0, 0));
    let log = stage.log("capo");
    log.assert_balanced();
    let via = addresses.each_ref().map(|address| log.value(address, "joined", "via"));
    let reason = addresses.each_ref().map(|address| log.value(address, "left", "reason"));
    assert_eq!((via, reason), (["web", "web", "text"], ["quit", "quit", "host-shutdown"]));
}

#[test]
fn the_page_comes_with_its_policy_and_nothing_else_is_there() {
    let stage = Stage::new();
    let host = stage.host();
    let port = stage.port();
    let mut browser = Browser::connect(port);
    let page = browser.asks(&format!("GET / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n"));
    assert!(page.starts_with("HTTP/1.1 200 OK\r\n"), "{page}");
    let body = browser.body(&page);
    assert!(body.starts_with("<!DOCTYPE html>") && body.contains("/ws") | body.contains("hybrid-chat"));
    for field in ["default-src 'none'", "frame-ancestors 'none'", "nosniff", "no-referrer", "no-store"] {
        assert!(page.contains(field), "{field} is not in {page}");
    }
    // On the same connection.
    let status = |head: String| head.split(' ').nth(1).unwrap().to_owned();
    assert_eq!(status(browser.asks("HEAD / HTTP/1.1\r\nHost: localhost\r\n\r\n")), "405");
    for path in ["/x", "/favicon.ico"] {
        let missing = browser.asks(&format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n"));
        browser.body(&missing);
        assert_eq!(status(missing), "404", "{path}");
    }
    let posted = browser.asks("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nlorde");
    assert!(posted.contains("\r\nAllow: GET\r\n") && status(posted.clone()) == "405");
    browser.ends();
    for (host, origin) in [
        ("evil.example", ""),
        ("", "http://evil.example"),
        ("evil.example:8808", "http://evil.example:8808"),
        ("", "null"),
    ] {
        let mut foreign = Browser::connect(port);
        assert_eq!(status(foreign.asks(&upgrade(port, host, origin))), "403", "{host} {origin}");
        foreign.ends();
    }
    assert_eq!(
        status(Browser::connect(port).asks(&upgrade(port, "", ""))),
        "101",
        "no browser, so no page of somebody else"
    );
    host.signal(Signal::INT);
    assert_eq!(host.exits(), 0);
    let log = stage.log("capo");
    log.assert_balanced();
    assert_eq!(log.value(&browser.address(), "ended", "reason"), "page");
}

#[test]
fn p23_a_request_without_end_ends_in_time() {
    let stage = Stage::new();
    let _host = stage.host();
    let begun = Instant::now();
    let mut slow = Browser::connect(stage.port());
    slow.stream.write_all(b"GET / HTTP/1.1\r\nX: ").unwrap();
    slow.ends();
    let took = begun.elapsed();
    assert!(took > Duration::from_secs(4) && took < PATIENCE, "{took:?}");
    let mut endless = Browser::connect(stage.port());
    let head = endless.asks(&format!("GET /{} HTTP/1.1\r\n", "x".repeat(9_000)));
    assert!(head.starts_with("HTTP/1.1 431 "), "{head}");
    endless.ends();
}
