//! Whoever has no copy but `nc` or `telnet`: people who type lines, on the same port as everybody else.

use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use parking_lot::Mutex;

use crate::support::{Entry, Raw, Signal, Stage, eventually, is, said};

/// A program of the system's, talking to our port.
struct Tool {
    child: Child,
    printed: Arc<Mutex<String>>,
    /// Ends once all that was printed has been read.
    reader: Option<JoinHandle<()>>,
}

impl Tool {
    fn start(program: &str, args: &[&str]) -> Self {
        let mut child = Command::new(program)
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("{program}: {error} (scripts/check.sh installs it)"));
        let printed = Arc::new(Mutex::new(String::new()));
        let (mut out, into) = (child.stdout.take().unwrap(), printed.clone());
        let reader = thread::spawn(move || {
            let mut piece = [0; 4096];
            while let Ok(count @ 1..) = out.read(&mut piece) {
                into.lock().push_str(&String::from_utf8_lossy(&piece[..count]));
            }
        });
        Self { child, printed, reader: Some(reader) }
    }

    fn types(&mut self, text: &str) {
        self.child.stdin.as_mut().unwrap().write_all(text.as_bytes()).unwrap();
    }

    fn ends_input(&mut self) {
        self.child.stdin = None;
    }

    fn prints(&self, text: &str) {
        eventually(text, || self.printed.lock().contains(text).then_some(()));
    }

    /// Waits until it has ended by itself; all that it printed.
    fn ends(&mut self) -> String {
        eventually("an end", || self.child.try_wait().unwrap());
        self.reader.take().unwrap().join().unwrap();
        self.printed.lock().clone()
    }
}

impl Drop for Tool {
    fn drop(&mut self) {
        // It may have ended long ago.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

#[test]
fn nc_telnet_and_a_native_peer_are_in_one_room() {
    let stage = Stage::new();
    let host = stage.host();
    let native = stage.join("ella");
    let port = stage.port_text();
    let mut nc = Tool::start("nc", &["127.0.0.1", &port]);
    nc.prints("name?\n");
    nc.types("lorde\n");
    nc.prints("* you are lorde; 3 here: capo (host), ella, lorde\n");
    let mut telnet = Tool::start("telnet", &["127.0.0.1", &port]);
    telnet.prints("name?");
    telnet.types("anna\n");
    telnet.prints("* you are anna;");
    nc.prints("* anna joined\n");
    for (text, say) in [
        ("from nc", &mut |text: &str| nc.types(&format!("{text}\n"))),
        ("from telnet", &mut |text: &str| telnet.types(&format!("{text}\n"))),
        ("from a native peer", &mut |text: &str| native.say(text)),
        ("from the host", &mut |text: &str| host.say(text)),
    ] as [(&str, &mut dyn FnMut(&str)); 4]
    {
        say(text);
        host.hears(text);
    }
    host.say("the end");
    nc.prints("capo: the end\n");
    telnet.prints("capo: the end");
    let of = |printed: &str| {
        let lines = printed.lines().map(|line| line.trim_end_matches('\r').to_owned());
        lines.filter(|line| line.contains(": ") && !line.contains('*')).collect::<Vec<_>>()
    };
    let all =
        ["lorde: from nc", "anna: from telnet", "ella: from a native peer", "capo: from the host", "capo: the end"];
    let but = |own: &str| all.iter().filter(|line| !line.starts_with(own)).map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(of(&nc.printed.lock()), but("lorde"));
    assert_eq!(of(&telnet.printed.lock()), but("anna"));
    native.hears("the end");
    telnet.types("/quit\n");
    telnet.prints("* you left");
    assert_eq!(host.expect("left", |event| is(event, "left") && event["name"] == "anna")["reason"], "quit");
    host.signal(Signal::INT);
    nc.prints("* the host closed the room\n");
    assert_eq!((host.exits(), native.exits()), (0, 0));
    let log = stage.log("capo");
    log.assert_balanced();
    let via = |entry: &&Entry| (entry.values["name"].clone(), entry.values["via"].clone());
    let mut joined: Vec<_> = log.of("joined").iter().map(via).collect();
    joined.sort();
    let want = [("anna", "text"), ("ella", "native"), ("lorde", "text")];
    assert_eq!(joined, want.map(|(name, via)| (name.to_owned(), via.to_owned())));
}

#[test]
fn a_script_says_what_it_has_to_say_and_goes() {
    let stage = Stage::new();
    let host = stage.host();
    let mut nc = Tool::start("nc", &["-N", "127.0.0.1", &stage.port_text()]);
    let lines: String = (0..500).map(|number| format!("line {number}\r\n")).collect();
    nc.types(&format!("ci\n{lines}the last, without a line break"));
    nc.ends_input();
    host.expect("the last", |event| said(event, "the last, without a line break"));
    assert_eq!(host.messages().len(), 501);
    assert_eq!(host.expect("left", |event| is(event, "left"))["reason"], "quit");
    assert!(nc.ends().contains("* you are ci;"));
}

#[test]
fn who_is_asked_for_a_name_may_go_instead() {
    let stage = Stage::new();
    let host = stage.host();
    let mut nc = Tool::start("nc", &["127.0.0.1", &stage.port_text()]);
    nc.prints("name");
    nc.types("x\n/quit\n");
    nc.prints("* you left\n");
    host.signal(Signal::INT);
    assert_eq!(host.exits(), 0);
    assert!(!host.events().iter().any(|event| is(event, "joined")));
    let log = stage.log("capo");
    let [ended] = log.of("ended")[..] else { panic!("{}", log.text) };
    assert_eq!(ended.values["reason"], "quit");
}

#[test]
fn p30_odd_bytes_are_answered_and_whoever_sent_them_talks_on() {
    let stage = Stage::new();
    let host = stage.host();
    let mut raw = Raw::connect(stage.port());
    raw.bytes(b"\xff\xfb\x18\xff\xfd\x03lorde\r\n");
    raw.line_with("* you are lorde;");
    raw.bytes(b"caf\xe9\r\n");
    raw.line_with("not UTF-8");
    raw.bytes(&[&[b'x'; 100_000][..], b"\n"].concat());
    raw.line_with("65,536");
    raw.bytes("é\u{1b}[2J \u{202e}is fine\n".as_bytes());
    host.hears("é[2J is fine");
    let address = raw.address();
    raw.reset();
    assert_eq!(host.expect("left", |event| is(event, "left"))["reason"], "lost");
    let mut other = Raw::connect(stage.port());
    other.bytes(b"anna\n");
    other.line_with("* you are anna;");
    other.half_close();
    other.ends();
    assert_eq!(host.expect("left", |event| is(event, "left") && event["name"] == "anna")["reason"], "quit");
    let log = stage.log("capo");
    assert_eq!((log.value(&address, "joined", "via"), log.value(&address, "left", "reason")), ("text", "lost"));
}

#[test]
fn a_request_is_never_heard_as_somebody_who_talks() {
    let stage = Stage::new();
    let host = stage.host();
    let requests = [
        "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: text/plain\r\n\r\nlorde\nciao\n",
        "BREW / HTTP/1.1\r\n\r\nlorde\nciao\n",
        "\u{16}\u{3}\u{1}\u{0}lorde\nciao\n",
    ];
    for request in requests {
        for size in [1, 7, 10_000] {
            let mut raw = Raw::connect(stage.port());
            for piece in request.as_bytes().chunks(size) {
                // It may be gone before it has said everything.
                drop(raw.try_bytes(piece));
            }
            raw.ends();
        }
    }
    host.say("still here");
    host.hears("still here");
    assert_eq!(host.messages().len(), 1);
    assert!(!host.events().iter().any(|event| is(event, "joined")));
}
