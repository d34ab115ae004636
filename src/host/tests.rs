use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Instant;

use chrono::DateTime;
use parking_lot::Mutex;
use serde_json::Value;
use tempfile::TempDir;

use super::*;
use crate::hub::Own;
use crate::limits::{EVENTS, SIGHTINGS};
use crate::room::Room;
use crate::room::event::{Closed, Leave, What};
use crate::room::id::{RoomId, Secret};
use crate::room::name::Name;
#[cfg(target_os = "linux")]
use crate::sighting::Sighting;
use listener::{Claim, claim};

/// Longer than anything here takes; a test that waits for it fails.
const PATIENCE: Duration = Duration::from_secs(10);

/// A host on a thread of its own.
#[cfg_attr(not(target_os = "linux"), allow(dead_code, reason = "two rooms meet on one machine only there"))]
struct Hosted {
    address: SocketAddr,
    commands: Arc<Mailbox<Command>>,
    events: Arc<Mailbox<Event>>,
    seen: Arc<Mailbox<Seen>>,
    announced: Arc<Mutex<Vec<Option<Announcement>>>>,
    thread: JoinHandle<Result<Ended>>,
    folder: TempDir,
}

fn host() -> Hosted {
    host_with(EVENTS, 0)
}

fn host_with(events: usize, rate: u32) -> Hosted {
    host_at("[::]:0".parse().unwrap(), 1, events, rate)
}

/// A host of a room, opened as many milliseconds after 1970 as its id says.
fn host_at(address: SocketAddr, room: u8, events: usize, rate: u32) -> Hosted {
    let Claim::Won(listener) = claim(address).unwrap() else { panic!("{address} is taken") };
    let port = listener.address().port();
    let ip = if address.ip().is_unspecified() { [127, 0, 0, 1].into() } else { address.ip() };
    let address = SocketAddr::new(ip, port);
    let folder = TempDir::new().unwrap();
    let log = ConnectionLog::open(&folder.path().join("log"), Instant::now()).unwrap();
    let (commands, events) = (Arc::new(Mailbox::new(COMMANDS)), Arc::new(Mailbox::new(events)));
    let (seen, announced) = (Arc::new(Mailbox::new(SIGHTINGS)), Arc::new(Mutex::new(Vec::new())));
    let mut net = Net::new().unwrap();
    let thread = thread::spawn({
        let (commands, events) = (commands.clone(), events.clone());
        let (seen, announced) = (seen.clone(), announced.clone());
        move || {
            let now = net.clock.now();
            let opened = Moment { wall: DateTime::from_timestamp_millis(room.into()).unwrap().fixed_offset(), ..now };
            let me = Secret([room; 16]).peer();
            let room = RoomId(room.into());
            let room = Room::open(room, me, &Name::parse("capo").unwrap(), vec![address], 1000, opened);
            let hub = Hub::new(room, rate, Own::new(me, address, Belongings::default()), now);
            let announce = |announcement| announced.lock().push(announcement);
            let around = Surroundings { commands: &commands, events: &events, seen: &seen, announce: &announce };
            run(&mut net, listener, hub, log, &around)
        }
    });
    Hosted { address, commands, events, seen, announced, thread, folder }
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
        join(self.address, name)
    }

    /// Waits for the end: how it ended, what was shown after what had been taken before, and the log.
    fn end(self) -> (Ended, Vec<What>, Vec<LogLine>) {
        let ended = self.thread.join().unwrap().unwrap();
        let events = std::iter::from_fn(|| self.events.take()).map(|event| event.what).collect();
        let log = std::fs::read_to_string(self.folder.path().join("log")).unwrap();
        (ended, events, log.lines().map(|line| LogLine::parse(line).unwrap()).collect())
    }
}

fn join(address: SocketAddr, name: &str) -> (Client, Value) {
    let mut client = Client::connect(address);
    client.send(&format!(r#"{{"type":"hello","v":1,"name":"{name}"}}"#));
    let welcome = client.next("welcome");
    (client, welcome)
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

    /// The next line of a type; what comes before it is passed over, and pings are answered.
    fn next(&mut self, kind: &str) -> Value {
        loop {
            let line = self.line().unwrap_or_else(|| panic!("the connection ended before {kind}"));
            if line["type"] == kind {
                return line;
            }
            if line["type"] == "ping" {
                self.lives();
            }
        }
    }

    /// Says that it is there, to a host that may have let go of it.
    fn lives(&mut self) {
        drop(writeln!(self.0.get_mut(), r#"{{"type":"pong"}}"#));
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
    assert!(matches!(ended, Ended::Closed));
    assert!(matches!(events[0], What::Role { .. }) && matches!(events[1], What::Roster { .. }));
    assert!(matches!(events.last(), Some(What::Closed { reason: Closed::HostShutdown, .. })));
    let own: Vec<_> = events.iter().filter_map(|what| if let What::Message(m) = what { m.seq } else { None }).collect();
    assert!(own.iter().copied().eq(first..first + 600));
    assert_eq!(words(&log, b), ["accepted", "joined bob native", "left bob quit"]);
    assert_eq!(words(&log, a), ["accepted", "joined ann native", "left ann host-shutdown"]);
    assert_eq!((log[0].event.word(), log.last().unwrap().event.word()), ("opened", "closed"));
}

#[test]
fn quitting_hands_the_room_over_and_the_port_is_free_by_then() {
    let hosted = host();
    let (mut eve, _) = hosted.join("eve");
    let mut ann = Client::connect(hosted.address);
    ann.send(&format!(r#"{{"type":"hello","v":1,"name":"ann","key":"{:032x}","port":{}}}"#, 5, hosted.address.port()));
    let you = ann.next("welcome")["you"].clone();
    hosted.command(Command::Quit);
    for client in [&mut ann, &mut eve] {
        assert_eq!(client.next("handover")["to"], you);
    }
    let port = hosted.address.port();
    assert!(matches!(claim(format!("[::]:{port}").parse().unwrap()).unwrap(), Claim::Won(_)));
    let address = eve.address();
    drop((ann, eve));
    let (ended, events, log) = hosted.end();
    assert!(matches!(ended, Ended::HandedOver));
    assert!(matches!(events.last(), Some(What::Closed { reason: Closed::Left, .. })));
    assert_eq!(words(&log, address), ["accepted", "joined eve native", "left eve handed-over"]);
    assert_eq!(log.last().unwrap().event, Happened::Closed { reason: "handed-over".into() });
}

#[test]
fn quitting_alone_closes_the_room_and_so_does_a_screen_that_is_gone() {
    for end in [|hosted: &Hosted| hosted.command(Command::Quit), |hosted: &Hosted| hosted.events.close()] {
        let hosted = host();
        hosted.command(Command::EndOfInput);
        let (mut ann, _) = hosted.join("ann");
        end(&hosted);
        assert_eq!(ann.next("closed")["reason"], "host-shutdown", "nobody here can host");
        drop(ann);
        assert!(matches!(hosted.end().0, Ended::Closed));
    }
}

#[test]
fn a_stop_passes_all_that_is_held_while_a_new_host_only_listens() {
    let Claim::Won(listener) = claim("127.0.0.1:0".parse().unwrap()).unwrap() else { panic!("a free port is taken") };
    let (address, net, folder) = (listener.address(), Net::new().unwrap(), TempDir::new().unwrap());
    let (me, name, now) = (Secret([1; 16]).peer(), Name::parse("capo").unwrap(), net.clock.now());
    let old = Room::open(RoomId(1), me, &name, vec![address], 1000, now).into_replica();
    let room = Room::take_over(old, me, &name, vec![address], Leave::Lost, 1000, now);
    let hub = Hub::new(room, 0, Own::new(me, address, Belongings::default()), now);
    let log = ConnectionLog::open(&folder.path().join("log"), Instant::now()).unwrap();
    let (commands, events, seen) = (Mailbox::new(COMMANDS), Mailbox::new(EVENTS), Mailbox::new(SIGHTINGS));
    let around = Surroundings { commands: &commands, events: &events, seen: &seen, announce: &drop };
    let mut host = Host::new(net.poll.registry(), net.clock, listener, hub, log, &around).unwrap();
    let fill = || (0..COMMANDS).for_each(|_| commands.push(Command::Who).unwrap());
    fill();
    for _ in 0..COMMANDS / COMMANDS_PER_TURN {
        host.obey(now);
    }
    fill();
    host.obey(now);
    assert_eq!((host.held.len(), commands.len(), &host.closing), (COMMANDS, COMMANDS, &None));
    commands.interrupt(Command::Stop);
    host.obey(now);
    assert!(matches!(host.closing, Some((Closing::Closed, _))));
}

#[test]
fn a_peer_that_reads_nothing_does_not_hold_up_the_end() {
    let hosted = host();
    let (ann, _) = hosted.join("ann");
    hosted.command(Command::Stop);
    let address = ann.address();
    let (ended, _, log) = hosted.end();
    drop(ann);
    assert!(matches!(ended, Ended::Closed));
    assert_eq!(words(&log, address), ["accepted", "joined ann native", "left ann host-shutdown"]);
}

#[test]
fn what_breaks_one_connection_ends_that_one_only() {
    let hosted = host();
    let (mut ann, _) = hosted.join("ann");
    let mut log = Vec::new();

    let mut garbage = Client::connect(hosted.address);
    garbage.0.get_mut().write_all(b"{{{\n").unwrap();
    assert_eq!(garbage.next("refused")["code"], "not-json");
    assert!(garbage.is_over());
    log.push((garbage.address(), vec!["accepted", "ended bad-hello"]));

    let mut silent = Client::connect(hosted.address);
    silent.0.get_ref().shutdown(Shutdown::Write).unwrap();
    assert!(silent.is_over());
    log.push((silent.address(), vec!["accepted", "ended no-hello"]));

    // Reset in the middle of a line.
    let (mut bob, _) = hosted.join("bob");
    bob.0.get_mut().write_all(br#"{"type":"sa"#).unwrap();
    socket2::SockRef::from(bob.0.get_ref()).set_linger(Some(Duration::ZERO)).unwrap();
    log.push((bob.address(), vec!["accepted", "joined bob native", "left bob lost"]));
    drop(bob);
    let left = ann.next("left");
    assert_eq!((&left["name"], &left["reason"]), (&"bob".into(), &"lost".into()));

    // The end of what one has to say is not the end of what one hears: the acknowledgement comes.
    let (mut eve, _) = hosted.join("eve");
    eve.send(r#"{"type":"say","text":"last words"}"#);
    eve.0.get_ref().shutdown(Shutdown::Write).unwrap();
    assert_eq!(eve.next("said")["text"], "last words");
    assert!(eve.is_over());
    assert_eq!(ann.next("said")["text"], "last words");

    hosted.command(Command::Stop);
    ann.next("closed");
    drop((ann, garbage, silent, eve));
    let (_, _, lines) = hosted.end();
    for (address, want) in log {
        assert_eq!(words(&lines, address), want);
    }
}

#[test]
fn p19_who_does_not_read_is_dropped_and_holds_nobody_up() {
    let hosted = host();
    let (mut stuck, _) = hosted.join("stuck");
    let (mut eve, _) = hosted.join("eve");
    let (mut ann, _) = hosted.join("ann");
    // Six times what the stream holds, and twice what it and the operating system's buffers do. A quarter of it at a time,
    // because on a busy machine who reads may be held up as well.
    let count = crate::limits::STREAM_BYTES / 4 / 1000;
    for part in 0..24 {
        let wanted: Vec<String> = (part * count..(part + 1) * count).map(|i| format!("{i:0>1000}")).collect();
        for text in &wanted {
            ann.send(&format!(r#"{{"type":"say","text":"{text}"}}"#));
        }
        // It is not silent, however long this takes.
        stuck.lives();
        for client in [&mut ann, &mut eve] {
            assert!(client.texts(wanted.last().unwrap()).iter().map(|(_, text)| text).eq(&wanted), "part {part}");
        }
    }
    hosted.command(Command::Stop);
    let address = stuck.address();
    drop(ann);
    let (_, _, log) = hosted.end();
    assert_eq!(words(&log, address), ["accepted", "joined stuck native", "left stuck slow"]);
    drop(stuck);
}

/// On Windows it is an error to accept somebody who has gone. It must not keep those who come after waiting.
#[test]
fn p22_who_goes_before_being_let_in_holds_nobody_up() {
    let hosted = host();
    let start = Instant::now();
    for _ in 0..100 {
        let gone = TcpStream::connect(hosted.address).unwrap();
        socket2::SockRef::from(&gone).set_linger(Some(Duration::ZERO)).unwrap();
    }
    let (ann, _) = hosted.join("ann");
    assert!(start.elapsed() < 50 * crate::limits::ACCEPT_PAUSE, "{:?}", start.elapsed());
    hosted.command(Command::Stop);
    drop(ann);
    hosted.end();
}

#[test]
fn p20_a_screen_that_reads_slowly_learns_how_much_it_missed() {
    // Half of the places are free when it is told: enough for the notice, the role and the roster.
    let hosted = host_with(8, 0);
    let (mut ann, _) = hosted.join("ann");
    for i in 0..100 {
        hosted.say(&i.to_string());
        // One by one, so that the room has dealt with each.
        assert_eq!(ann.next("said")["text"], i.to_string());
    }
    // And its turn is over.
    ann.send(r#"{"type":"ping"}"#);
    ann.next("pong");
    let mut shown = 0;
    let missed = loop {
        match hosted.events.pop().unwrap().what {
            What::Notice { text } => break text,
            _ => shown += 1,
        }
    };
    // The role, the roster, ann, and a hundred messages.
    assert_eq!(missed, format!("{} events were not shown: this screen reads too slowly", 103 - shown));
    assert!(matches!(hosted.events.pop().unwrap().what, What::Role { .. }));
    match hosted.events.pop().unwrap().what {
        What::Roster { members } => assert_eq!(members.len(), 2),
        other => panic!("{other:?}"),
    }
    hosted.say("now");
    assert!(matches!(hosted.events.pop().unwrap().what, What::Message(message) if &*message.text == "now"));
    hosted.command(Command::Stop);
    ann.next("closed");
    drop(ann);
    assert!(matches!(hosted.end().1[..], [What::Closed { .. }]));
}

/// The host of this test is a process of its own, because the limit is the process's: this test again, as a child.
#[cfg(unix)]
#[test]
fn p22_without_descriptors_the_room_goes_on() {
    use std::process::{Command as Process, Stdio};
    const CHILD: &str = "HYBRID_CHAT_TEST_WITHOUT_DESCRIPTORS";
    if std::env::var_os(CHILD).is_some() {
        return host_without_descriptors();
    }
    let mut child = Process::new(std::env::current_exe().unwrap())
        .args(["--exact", "--nocapture", "host::tests::p22_without_descriptors_the_room_goes_on"])
        .env(CHILD, "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut told = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let mut told = |key: &str| told.find_map(|line| line.split_once(key).map(|(_, value)| value.to_owned())).unwrap();
    let address: SocketAddr = told("address=").parse().unwrap();

    let (mut ann, _) = join(address, "ann");
    let mut others: Vec<Client> = (0..45).map(|_| Client::connect(address)).collect();
    // Those who come too late are closed, one after each pause.
    assert!(others[42..].iter_mut().all(Client::is_over));
    ann.send(r#"{"type":"say","text":"still here"}"#);
    assert_eq!(ann.next("said")["text"], "still here");
    drop(others);
    let (mut bob, _) = join(address, "bob");
    bob.send(r#"{"type":"say","text":"in again"}"#);
    assert_eq!(ann.next("joined")["members"][0]["name"], "bob");
    assert_eq!(ann.next("said")["text"], "in again");
    drop(child.stdin.take());
    ann.next("closed");
    drop((ann, bob));
    assert_eq!(told("notices="), "1");
    let sent_away: usize = told("sent away=").parse().unwrap();
    assert!((10..45).contains(&sent_away), "{sent_away}");
    assert!(child.wait().unwrap().success());
}

#[cfg(unix)]
fn host_without_descriptors() {
    use rustix::process::{Resource, Rlimit, setrlimit};
    setrlimit(Resource::Nofile, Rlimit { current: Some(40), maximum: Some(40) }).unwrap();
    let hosted = host();
    let mut out = io::stdout();
    writeln!(out, "\naddress={}", hosted.address).unwrap();
    io::stdin().read_to_end(&mut Vec::new()).unwrap();
    hosted.command(Command::Stop);
    let (_, events, log) = hosted.end();
    let notices = events.iter().filter(|what| matches!(what, What::Notice { .. })).count();
    let away = |line: &&LogLine| line.event == Happened::Ended { reason: "no-descriptors".into() };
    let ends = |line: &&LogLine| matches!(line.event, Happened::Left { .. } | Happened::Ended { .. });
    assert_eq!(log.iter().filter(ends).count(), log.iter().filter(|line| line.event == Happened::Accepted).count());
    writeln!(out, "notices={notices}\nsent away={}", log.iter().filter(away).count()).unwrap();
}

/// Two hosts of one port on one machine need two addresses of it, which Linux has at once.
#[cfg(target_os = "linux")]
#[test]
fn a_host_that_sees_an_older_room_on_its_port_yields_to_it() {
    let old = host_at("127.0.0.1:0".parse().unwrap(), 1, EVENTS, 0);
    let young = host_at(SocketAddr::from(([127, 0, 0, 2], old.address.port())), 2, EVENTS, 0);
    let (mut member, _) = young.join("ada");
    let told = |hosted: &Hosted| loop {
        if let Some(Some(announcement)) = hosted.announced.lock().last() {
            return announcement.clone();
        }
        thread::yield_now();
    };
    let (older, younger) = (told(&old), told(&young));
    assert_eq!((older.room, older.opened, older.term, older.port), (RoomId(1), 1, 1, old.address.port()));
    // A sighting of nobody, a younger room and a forged one cost a look, and change nothing.
    let forged = Announcement { host: Secret([9; 16]).peer(), opened: 0, ..younger.clone() };
    old.seen.push(Seen::Room(Sighting { at: young.address, announcement: younger })).unwrap();
    old.seen.push(Seen::Room(Sighting { at: young.address, announcement: forged })).unwrap();
    young.seen.push(Seen::Room(Sighting { at: old.address, announcement: older })).unwrap();
    assert_eq!(member.next("moved")["to"], serde_json::json!([old.address.to_string()]));
    assert_eq!(member.line(), None);
    drop(member);
    let at = young.address;
    let young_announced = young.announced.clone();
    let (ended, events, log) = young.end();
    let Ended::Yielded(to, belongings) = ended else { panic!("{ended:?}") };
    assert_eq!((to, belongings.replica.unwrap().room), (vec![old.address], RoomId(2)));
    assert!(!events.iter().any(|what| matches!(what, What::Closed { .. })), "its own participant goes on: {events:?}");
    assert_eq!(young_announced.lock().last(), Some(&None), "nobody is called to a room that is ending");
    assert!(log.iter().any(|line| matches!(&line.event, Happened::Left { reason, .. } if reason == "yielded")));
    let last = log.last().unwrap();
    assert_eq!((last.address, &last.event), (at, &Happened::Closed { reason: "yielded".into() }));
    old.command(Command::Stop);
    assert!(matches!(old.end().0, Ended::Closed), "the older one stays");
}
