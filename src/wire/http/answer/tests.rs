//! Requests of all kinds, and their answers.

use super::*;
use crate::wire::http::{Parsed, parse};

fn ask(head: &str) -> Answer {
    let site = Site { name: "Capo-PC.lan".into() };
    let at = DateTime::parse_from_rfc3339("2026-11-20T21:51:03.123+01:00").unwrap();
    match parse(format!("{}\r\n\r\n", head.replace('\n', "\r\n")).as_bytes()) {
        Parsed::Request(request, _) => answer(&request, &site, at),
        Parsed::Bad(status) => refuse(status, at),
        Parsed::NeedMore => panic!("{head:?} has no end"),
    }
}

fn status(answer: &Answer) -> u16 {
    answer.head.split(' ').nth(1).unwrap().parse().unwrap()
}

fn upgrade(more: &str) -> Answer {
    ask(&format!(
        "GET /ws HTTP/1.1\nHost: 10.0.0.7:8808\nConnection: Upgrade\nUpgrade: websocket\nSec-WebSocket-Version: 13\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=={more}"
    ))
}

#[test]
fn the_page_comes_with_what_protects_it() {
    let page = ask("GET / HTTP/1.1\nHost: 10.0.0.7:8808");
    assert_eq!((status(&page), page.body, page.then), (200, page::PAGE, Then::Next));
    for field in [
        "Content-Type: text/html; charset=utf-8",
        "X-Content-Type-Options: nosniff",
        "Referrer-Policy: no-referrer",
        "Cache-Control: no-store",
        "Connection: keep-alive",
        "Date: Fri, 20 Nov 2026 20:51:03 GMT",
        &format!("Content-Length: {}", page::PAGE.len()),
        &format!("Content-Security-Policy: {}", page::policy("10.0.0.7:8808")),
    ] {
        assert!(page.head.contains(&format!("\r\n{field}\r\n")), "{field} is not in {}", page.head);
    }
    assert!(page.head.ends_with("\r\n\r\n") && !page.head[..page.head.len() - 4].contains("\r\n\r\n"));
    let old = ask("GET / HTTP/1.0");
    assert_eq!((status(&old), old.then), (200, Then::End));
    assert!(old.head.contains("Connection: close\r\n"));
}

#[test]
fn all_else_is_refused_in_the_right_way() {
    let of = |line: &str| status(&ask(&format!("{line} HTTP/1.1\nHost: localhost")));
    assert_eq!((of("GET /favicon.ico"), of("GET /x"), of("GET /index.html"), of("GET //")), (404, 404, 404, 404));
    for method in ["HEAD", "POST", "PUT", "DELETE", "OPTIONS", "BREW", "get"] {
        let answer = ask(&format!("{method} / HTTP/1.1\nHost: localhost"));
        assert_eq!(status(&answer), 405);
        assert!(answer.head.contains("\r\nAllow: GET\r\n"));
        assert_eq!(answer.body.is_empty(), method == "HEAD");
    }
    assert_eq!((of("GET /ws"), of("HEAD /ws"), of("POST /ws")), (426, 405, 405));
    assert_eq!(status(&ask("GET / HTTP/1.1")), 400);
    assert_eq!(ask("POST / HTTP/1.1\nHost: localhost\nContent-Length: 9").then, Then::End);
}

#[test]
fn a_name_that_only_leads_here_is_not_ours() {
    let of = |host: &str| status(&ask(&format!("GET / HTTP/1.1\nHost: {host}")));
    for host in [
        "10.0.0.7",
        "10.0.0.7:8808",
        "[fe80::7]:8808",
        "[::1]",
        "localhost",
        "LocalHost:8808",
        "capo-pc.lan:8808",
        "CAPO-PC",
        "capo-pc.local:80",
    ] {
        assert_eq!(of(host), 200, "{host}");
    }
    for host in [
        "evil.example",
        "evil.example:8808",
        "localhost.evil.example",
        "10.0.0.7.evil.example",
        "[::1",
        "[::1]x",
        "[evil]",
        "",
        "10.0.0.7:x",
        "10.0.0.7:",
        "localhost:99999",
        "capo-pc.evil.example",
        "local",
        "http://10.0.0.7",
        "10.0.0.7 x",
    ] {
        assert_eq!(of(host), 403, "{host}");
    }
    let nameless = Request { minor: 1, host: Some("".into()), ..Request::default() };
    assert_eq!(answer(&nameless, &Site::default(), DateTime::default()).then, Then::Refused("host"));
}

#[test]
fn only_our_own_page_gets_a_websocket_and_who_is_no_browser() {
    let answer = upgrade("");
    assert_eq!((status(&answer), answer.then), (101, Then::WebSocket));
    // The example of RFC 6455, section 1.3.
    assert!(answer.head.contains("\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"));
    assert_eq!(status(&upgrade("\nOrigin: http://10.0.0.7:8808")), 101);
    for origin in ["http://evil.example", "null", "http://10.0.0.7", "http://10.0.0.7:80", "10.0.0.7:8808", "http://"] {
        let answer = upgrade(&format!("\nOrigin: {origin}"));
        assert_eq!((status(&answer), answer.then), (403, Then::Refused("origin")), "{origin}");
    }
    let rebound =
        ask("GET /ws HTTP/1.1\nHost: evil.example:8808\nOrigin: http://evil.example:8808\nConnection: Upgrade\n\
         Upgrade: websocket\nSec-WebSocket-Version: 13\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==");
    assert_eq!(rebound.then, Then::Refused("host"));
}

#[test]
fn a_handshake_that_is_none_is_told_so() {
    let of = |fields: &str| status(&ask(&format!("GET /ws HTTP/1.1\nHost: localhost\n{fields}")));
    let key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==";
    let asks = "Connection: upgrade\nUpgrade: websocket";
    assert_eq!(of(&format!("{asks}\nSec-WebSocket-Version: 13\n{key}")), 101);
    assert_eq!(of(&format!("{asks}\nSec-WebSocket-Version: 8\n{key}")), 426);
    assert_eq!(of(&format!("{asks}\nSec-WebSocket-Version: 13")), 400);
    assert_eq!(of(&format!("{asks}\nSec-WebSocket-Version: 13\nSec-WebSocket-Key: short")), 400);
    assert_eq!(of(&format!("Upgrade: websocket\nSec-WebSocket-Version: 13\n{key}")), 426);
    // RFC 9110, 7.8: whoever names a protocol to change to says so in `Connection`.
    let told = ask("GET /ws HTTP/1.1\nHost: localhost").head;
    assert!(told.contains("\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"), "{told}");
}
