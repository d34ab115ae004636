//! Echoes what comes over a WebSocket, with the very code by which the host reads requests, takes frames apart and writes them:
//! Autobahn's fuzzing client judges a server by its echo, which a chat room has not. `scripts/autobahn.sh` runs it.
//!
//! Prints the port on which it listens, and goes on until it is ended.
#![expect(clippy::print_stdout, reason = "whoever runs it has to know the port")]

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

use hybrid_chat::wire::http::{self, Parsed, Site, Then};
use hybrid_chat::wire::websocket::{self, Incoming, Socket};

fn main() -> io::Result<()> {
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    println!("{}", listener.local_addr()?.port());
    for stream in listener.incoming() {
        let stream = stream?;
        // What fails on one connection is that connection's end.
        thread::spawn(move || drop(serve(stream)));
    }
    Ok(())
}

fn serve(mut stream: TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut bytes = Vec::new();
    let rest = loop {
        match http::parse(&bytes) {
            Parsed::NeedMore if read(&mut stream, &mut bytes)? == 0 => return Ok(()),
            Parsed::NeedMore => {}
            Parsed::Bad(_) => return Ok(()),
            Parsed::Request(request, length) => {
                let answer = http::answer(&request, &Site::default(), chrono::DateTime::UNIX_EPOCH.fixed_offset());
                stream.write_all(answer.head.as_bytes())?;
                stream.write_all(answer.body.as_bytes())?;
                match answer.then {
                    Then::WebSocket => break bytes.split_off(length),
                    _ => return Ok(()),
                }
            }
        }
    };
    echo(stream, rest)
}

fn echo(mut stream: TcpStream, mut bytes: Vec<u8>) -> io::Result<()> {
    let mut socket = Socket::default();
    loop {
        let mut input = &bytes[..];
        loop {
            let mut out = Vec::new();
            match socket.next(&mut input) {
                Incoming::Text(text) => websocket::text(&mut out, text.as_bytes()),
                Incoming::Binary(bytes) => websocket::binary(&mut out, bytes),
                Incoming::Reply(bytes) => out = bytes,
                Incoming::NeedMore => break,
                Incoming::Closed => return Ok(()),
                Incoming::Failed(code) => {
                    websocket::close(&mut out, code);
                    return stream.write_all(&out);
                }
            }
            stream.write_all(&out)?;
        }
        bytes.clear();
        if read(&mut stream, &mut bytes)? == 0 {
            return Ok(());
        }
    }
}

fn read(stream: &mut TcpStream, bytes: &mut Vec<u8>) -> io::Result<usize> {
    let mut piece = [0; 64 * 1024];
    let count = stream.read(&mut piece)?;
    bytes.extend_from_slice(&piece[..count]);
    Ok(count)
}
