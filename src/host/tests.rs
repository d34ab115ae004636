use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Instant;

use serde_json::Value;
use tempfile::TempDir;

use super::*;
use crate::hub::Own;
use crate::limits::EVENTS;
use crate::room::Room;
use crate::room::event::{Closed, What};
use crate::room::id::{RoomId, Secret};
use crate::room::name::Name;
use listener::{Claim, claim};

/// Longer than anything here takes; a test that waits for it fails.
const PATIENCE: Duration = Duration::from_secs(10);

/// A host on a thread of its own.
struct Hosted {
    address: SocketAddr,
    commands: Arc<Mailbox<Command>>,
    events: Arc<Mailbox<Event>>,
    thread: JoinHandle<Result<Ended>>,
    folder: TempDir,
}

fn host() -> Hosted {
    host_with(EVENTS, 0)
}

fn host_with(events: usize, rate: u32) -> Hosted {
    let Claim::Won(listener) = claim("[::]:0".parse().unwrap()).unwrap() else { panic!("port 0 is taken") };
    let address = SocketAddr::from(([127, 0, 0, 1], listener.address().port()));
    let folder = TempDir::new().unwrap();
    let log = ConnectionLog::open(&folder.path().join("log"), Instant::now()).unwrap();
    let (commands, events) = (Arc::new(Mailbox::new(COMMANDS)), Arc::new(Mailbox::new(events)));
    let mut net = Net::new().unwrap();
    let thread = thread::spawn({
        let (commands, events) = (commands.clone(), events.clone());
        move || {
            let now = net.clock.now();
            let me = Secret([7; 16]).peer();
            let room = Room::open(RoomId(1), me, &Name::parse("capo").unwrap(), vec![address], 1000, now);
            let hub = Hub::new(room, rate, Own::new(me, address.to_string(), VecDeque::new()), now);
            run(&mut net, listener, hub, log, &commands, &events)
        }
    });
    Hosted { address, commands, events, thread, folder }
}

impl Hosted {
    fn command(&self, command: Command) {
        self.commands.push(command).unwrap();
    }

    fn say(&self, text: &str) {
        self.command(Command::Say { text: text.into(), action: false });
    }

    /// Joins under a name: the connection, and the welcome.
    fn join(&self, name: &str) -> (Client, Value) {
        let mut client = Client::connect(self.address);
        client.send(&format!(r#"{{"type":"hello","v":1,"name":"{name}"}}"#));
        let welcome = client.next("welcome");
        (client, welcome)
    }

    /// Waits for the end: how it ended, what was shown after what had been taken before, and the log.
    fn end(self) -> (Ended, Vec<What>, Vec<LogLine>) {
        let ended = self.thread.join().unwrap().unwrap();
        let events = std::iter::from_fn(|| self.events.take()).map(|event| event.what).collect();
        let log = std::fs::read_to_string(self.folder.path().join("log")).unwrap();
        (ended, events, log.lines().map(|line| LogLine::parse(line).unwrap()).collect())
    }
}

struct Client(BufReader<TcpStream>);

impl Client {
    fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        Self(BufReader::new(stream))
    }

    fn address(&self) -> SocketAddr {
        self.0.get_ref().local_addr().unwrap()
    }

    fn send(&mut self, line: &str) {
        writeln!(self.0.get_mut(), "{line}").unwrap();
    }

    /// The next line; nothing at the end.
    fn line(&mut self) -> Option<Value> {
        let mut line = String::new();
        (self.0.read_line(&mut line).unwrap() > 0).then(|| serde_json::from_str(&line).unwrap())
    }

    /// The next line of a type; what comes before it is passed over.
    fn next(&mut self, kind: &str) -> Value {
        loop {
            let line = self.line().unwrap_or_else(|| panic!("the connection ended before {kind}"));
            if line["type"] == kind {
                return line;
            }
        }
    }

    /// All texts up to and with `last`, with their numbers.
    fn texts(&mut self, last: &str) -> Vec<(u64, String)> {
        let mut texts = Vec::new();
        while texts.last().is_none_or(|(_, text)| text != last) {
            let said = self.next("said");
            texts.push((said["seq"].as_u64().unwrap(), said["text"].as_str().unwrap().to_owned()));
        }
        texts
    }

    fn is_over(&mut self) -> bool {
        self.0.read_to_end(&mut Vec::new()).is_ok()
    }
}

/// The words of a log, with the reason where there is one.
fn words(log: &[LogLine], of: SocketAddr) -> Vec<String> {
    let word = |line: &LogLine| match &line.event {
        Happened::Left { name, reason, .. } => format!("left {name} {reason}"),
        Happened::Joined { name, via } => format!("joined {name} {via}"),
        Happened::Ended { reason } | Happened::Refused { reason } | Happened::Closed { reason } => {
            format!("{} {reason}", line.event.word())
        }
        other => other.word().to_owned(),
    };
    log.iter().filter(|line| line.address == of).map(word).collect()
}

#[test]
fn members_talk_in_one_order_leave_and_are_told_of_the_end() {
    let hosted = host();
    let (mut ann, welcome) = hosted.join("ann");
    assert_eq!((&welcome["name"], &welcome["host"]), (&"ann".into(), &"capo".into()));
    let (mut bob, _) = hosted.join("bob");
    assert_eq!(ann.next("joined")["members"][0]["name"], "bob");

    // Three talk at once; each message comes once, and in the same order to everybody.
    for i in 0..200 {
        ann.send(&format!(r#"{{"type":"say","text":"a{i}"}}"#));
        bob.send(&format!(r#"{{"type":"say","text":"b{i}"}}"#));
        hosted.say(&format!("c{i}"));
    }
    let (mut by_ann, mut by_bob) = (Vec::new(), Vec::new());
    for _ in 0..600 {
        for (client, texts) in [(&mut ann, &mut by_ann), (&mut bob, &mut by_bob)] {
            let said = client.next("said");
            texts.push((said["seq"].as_u64().unwrap(), said["text"].as_str().unwrap().to_owned()));
        }
    }
    assert_eq!(by_ann, by_bob);
    let first = by_ann[0].0;
    assert!(by_ann.iter().map(|(seq, _)| *seq).eq(first..first + 600));
    for who in ["a", "b", "c"] {
        let said: Vec<_> = by_ann.iter().map(|(_, text)| text).filter(|text| text.starts_with(who)).collect();
        assert!(said.iter().enumerate().all(|(i, text)| **text == format!("{who}{i}")) && said.len() == 200);
    }

    bob.send(r#"{"type":"bye"}"#);
    assert_eq!(bob.next("closed")["reason"], "left");
    assert!(bob.is_over());
    assert_eq!(ann.next("left")["name"], "bob");
    hosted.command(Command::Stop);
    assert_eq!(ann.next("closed")["reason"], "host-shutdown");
    assert!(ann.is_over());
    let (a, b) = (ann.address(), bob.address());
    drop((ann, bob));

    let (ended, events, log) = hosted.end();
    assert_eq!(ended, Ended::Closed);
    assert!(matches!(events[0], What::Role { .. }) && matches!(events[1], What::Roster { .. }));
    assert!(matches!(events.last(), Some(What::Closed { reason: Closed::HostShutdown, .. })));
    let own: Vec<_> = events.iter().filter_map(|what| if let What::Message(m) = what { m.seq } else { None }).collect();
    assert!(own.iter().copied().eq(first..first + 600));
    assert_eq!(words(&log, b), ["accepted", "joined bob native", "left bob quit"]);
    assert_eq!(words(&log, a), ["accepted", "joined ann native", "left ann host-shutdown"]);
    assert_eq!((log[0].event.word(), log.last().unwrap().event.word()), ("opened", "closed"));
}
