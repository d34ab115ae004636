//! One running executable: its standard input, everything that it prints, and its end.
//!
//! Threads collect what it prints; whoever waits for something sleeps on a condition until it is there.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, ExitStatus};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, waitid};
use serde_json::Value;

use super::PATIENCE;

/// How many lines of each process a failed test shows: the end is what matters.
const DUMP_LINES: usize = 40;
/// How much of each line.
const DUMP_LINE_BYTES: usize = 240;

/// What a process has printed so far, and whether it is gone.
#[derive(Default)]
struct Printed {
    out: Vec<String>,
    err: Vec<String>,
    events: Vec<Value>,
    out_ended: bool,
    err_ended: bool,
    exit: Option<ExitStatus>,
}

/// The screen of one process: shared by the threads that read it, the test, and the dump of a failed test.
pub(crate) struct Screen {
    label: String,
    pid: Pid,
    printed: Mutex<Printed>,
    changed: Condvar,
}

impl Screen {
    /// Everything that is known of the process, for a failed test.
    pub(crate) fn dump(&self) -> String {
        let printed = self.printed.lock();
        let mut text = format!("=== {} (pid {}), exit: {:?}\n", self.label, self.pid.as_raw_nonzero(), printed.exit);
        for (stream, lines) in [("out", &printed.out), ("err", &printed.err)] {
            let skipped = lines.len().saturating_sub(DUMP_LINES);
            if skipped > 0 {
                let _ = writeln!(text, "{stream}: ({skipped} lines before)");
            }
            for line in &lines[skipped..] {
                let (line, cut) = line.split_at(line.floor_char_boundary(DUMP_LINE_BYTES));
                let _ = writeln!(text, "{stream}: {line}{}", if cut.is_empty() { "" } else { " …" });
            }
        }
        text
    }

    /// Changes what is known, and wakes whoever waits.
    fn update(&self, change: impl FnOnce(&mut Printed)) {
        change(&mut self.printed.lock());
        self.changed.notify_all();
    }

    /// Waits until `look` finds something.
    fn wait<T>(&self, within: Duration, what: &str, mut look: impl FnMut(&Printed) -> Option<T>) -> T {
        let end = Instant::now() + within;
        let mut printed = self.printed.lock();
        loop {
            if let Some(found) = look(&printed) {
                return found;
            }
            let nothing_will_come = printed.exit.is_some() && printed.out_ended && printed.err_ended;
            if nothing_will_come || self.changed.wait_until(&mut printed, end).timed_out() {
                if let Some(found) = look(&printed) {
                    return found;
                }
                let why = if nothing_will_come { "it has ended" } else { "waited" };
                drop(printed);
                panic!("{}: no {what} ({why}, within {within:?})", self.label);
            }
        }
    }
}

/// A running executable; killed, if it still runs, when it is dropped.
pub(crate) struct Chat {
    screen: Arc<Screen>,
    stdin: Mutex<Option<ChildStdin>>,
    mark: AtomicUsize,
}

impl Chat {
    /// Takes over a child whose standard streams are pipes.
    pub(crate) fn new(label: &str, mut child: Child) -> Self {
        let stdin = child.stdin.take();
        let pid = Pid::from_child(&child);
        let screen = Arc::new(Screen {
            label: label.to_owned(),
            pid,
            printed: Mutex::new(Printed { out_ended: child.stdout.is_none(), ..Printed::default() }),
            changed: Condvar::new(),
        });
        if let Some(out) = child.stdout.take() {
            let reader = Arc::clone(&screen);
            thread::spawn(move || read_out(&reader, out));
        }
        let err = child.stderr.take().unwrap();
        let reader = Arc::clone(&screen);
        thread::spawn(move || {
            each_line(err, |line| reader.update(|printed| printed.err.push(line)));
            reader.update(|printed| printed.err_ended = true);
        });
        let waiter = Arc::clone(&screen);
        thread::spawn(move || await_end(&waiter, child));
        Self { screen, stdin: Mutex::new(stdin), mark: AtomicUsize::new(0) }
    }

    /// Its screen, for the dump of a failed test.
    pub(crate) fn screen(&self) -> Arc<Screen> {
        Arc::clone(&self.screen)
    }

    /// Its process id.
    pub(crate) fn pid(&self) -> i32 {
        self.screen.pid.as_raw_nonzero().get()
    }

    /// Types a line; panics if it no longer reads.
    pub(crate) fn say(&self, line: &str) {
        assert!(self.try_say(line), "{}: does not read {line:?}", self.screen.label);
    }

    /// Types a line; false if it no longer reads.
    pub(crate) fn try_say(&self, line: &str) -> bool {
        self.stdin.lock().as_mut().unwrap().write_all(format!("{line}\n").as_bytes()).is_ok()
    }

    /// Ends its standard input.
    pub(crate) fn end_input(&self) {
        self.stdin.lock().take();
    }

    /// Sends a signal; nothing if it is gone. Under the lock it cannot have been reaped, so no stranger is hit.
    pub(crate) fn signal(&self, signal: Signal) {
        let printed = self.screen.printed.lock();
        if printed.exit.is_none() {
            kill_process(self.screen.pid, signal).unwrap();
        }
    }

    /// From here on, waiting looks only at what is printed after this moment.
    pub(crate) fn mark(&self) {
        let printed = self.screen.printed.lock();
        self.mark.store(printed.events.len(), Ordering::Relaxed);
    }

    /// Shows each event since the mark to `look`, once and in order, and those that still come, until it finds something.
    pub(crate) fn watch<T>(&self, what: &str, look: impl FnMut(&Value) -> Option<T>) -> T {
        self.watch_from(self.mark.load(Ordering::Relaxed), PATIENCE, what, look)
    }

    /// `watch` from the `next`th event on and for so long.
    fn watch_from<T>(
        &self,
        mut next: usize,
        within: Duration,
        what: &str,
        mut look: impl FnMut(&Value) -> Option<T>,
    ) -> T {
        self.screen.wait(within, what, |printed| {
            while let Some(event) = printed.events.get(next) {
                next += 1;
                if let Some(found) = look(event) {
                    return Some(found);
                }
            }
            None
        })
    }

    /// The first event since the mark that is meant.
    pub(crate) fn expect(&self, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        self.watch(what, |event| wanted(event).then(|| event.clone()))
    }

    /// `expect` with a bound of its own.
    pub(crate) fn expect_for(&self, within: Duration, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let mark = self.mark.load(Ordering::Relaxed);
        self.watch_from(mark, within, what, |event| wanted(event).then(|| event.clone()))
    }

    /// The message with this text.
    pub(crate) fn hears(&self, text: &str) -> Value {
        self.expect(&format!("message {text:?}"), |event| said(event, text))
    }

    /// Waits until as many members are in the room as it shows, and returns their names.
    pub(crate) fn sees_members(&self, count: usize) -> BTreeSet<String> {
        let mut roster = BTreeSet::new();
        self.watch_from(0, PATIENCE, &format!("roster of {count}"), |event| {
            apply(&mut roster, event);
            (roster.len() == count).then(|| roster.clone())
        })
    }

    /// The members that it shows now.
    pub(crate) fn members(&self) -> BTreeSet<String> {
        let mut roster = BTreeSet::new();
        self.events().iter().for_each(|event| apply(&mut roster, event));
        roster
    }

    /// All events so far.
    pub(crate) fn events(&self) -> Vec<Value> {
        self.screen.printed.lock().events.clone()
    }

    /// All `message` events so far that are public.
    pub(crate) fn messages(&self) -> Vec<Value> {
        let mut events = self.events();
        events.retain(is_public);
        events
    }

    /// Waits until it has shown so many of them.
    pub(crate) fn shows_messages(&self, count: usize) {
        let mut shown = 0;
        if count > 0 {
            self.watch_from(0, PATIENCE, &format!("{count} messages"), |event| {
                shown += usize::from(is_public(event));
                (shown >= count).then_some(())
            });
        }
    }

    /// All lines of standard output so far.
    pub(crate) fn stdout(&self) -> Vec<String> {
        self.screen.printed.lock().out.clone()
    }

    /// All lines of standard error so far.
    pub(crate) fn stderr(&self) -> Vec<String> {
        self.screen.printed.lock().err.clone()
    }

    /// The first line of standard output that is meant, whenever it was printed.
    pub(crate) fn prints(&self, what: &str, wanted: impl Fn(&str) -> bool) -> String {
        let mut next = 0;
        self.screen.wait(PATIENCE, what, |printed| {
            let found = printed.out[next..].iter().find(|line| wanted(line)).cloned();
            next = printed.out.len();
            found
        })
    }

    /// Waits for its end and the end of its output: the exit status, 128 and the signal's number if it was killed.
    pub(crate) fn exits(&self) -> i32 {
        self.exits_within(PATIENCE)
    }

    /// `exits` with a bound of its own.
    pub(crate) fn exits_within(&self, within: Duration) -> i32 {
        use std::os::unix::process::ExitStatusExt as _;
        let status = self.screen.wait(within, "end of the process", |printed| {
            printed.exit.filter(|_| printed.out_ended && printed.err_ended)
        });
        status.code().unwrap_or_else(|| 128 + status.signal().unwrap())
    }

    /// Whether it still runs.
    pub(crate) fn runs(&self) -> bool {
        self.screen.printed.lock().exit.is_none()
    }

    /// The `error` or `closed` event with which it ended; it must be the last one.
    pub(crate) fn last_event(&self) -> Value {
        let last = self.events().pop().unwrap_or_default();
        assert!(is(&last, "error") || is(&last, "closed"), "{}: last event {last}", self.screen.label);
        last
    }
}

impl Drop for Chat {
    fn drop(&mut self) {
        self.signal(Signal::KILL);
        let mut printed = self.screen.printed.lock();
        let end = Instant::now() + PATIENCE;
        while printed.exit.is_none() && !self.screen.changed.wait_until(&mut printed, end).timed_out() {}
    }
}

/// Collects standard output; lines that are objects are events.
fn read_out(screen: &Screen, out: impl Read) {
    each_line(out, |line| {
        let event = serde_json::from_str(&line).ok().filter(Value::is_object);
        screen.update(|printed| {
            printed.out.push(line);
            printed.events.extend(event);
        });
    });
    screen.update(|printed| printed.out_ended = true);
}

/// Calls `take` with each line, until the stream ends; what is no UTF-8 is shown with replacement characters.
fn each_line(stream: impl Read, mut take: impl FnMut(String)) {
    let mut reader = BufReader::new(stream);
    let mut line = Vec::new();
    while matches!(reader.read_until(b'\n', &mut line), Ok(1..)) {
        line.pop_if(|last| *last == b'\n');
        take(String::from_utf8_lossy(&line).into_owned());
        line.clear();
    }
}

/// Waits for the end, and reaps under the lock, so that nobody can signal a process id that is free again.
fn await_end(screen: &Screen, mut child: Child) {
    while waitid(WaitId::Pid(screen.pid), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT).is_err() {}
    screen.update(|printed| printed.exit = Some(child.wait().unwrap()));
}

/// What an event does to the list of members that a careful script keeps.
fn apply(roster: &mut BTreeSet<String>, event: &Value) {
    let name = |key: &str| event[key].as_str().unwrap_or_default().to_owned();
    match event["event"].as_str() {
        Some("roster") => *roster = names(event).into_iter().collect(),
        Some("joined") => assert!(roster.insert(name("name")), "joined twice: {event}"),
        Some("left") => assert!(roster.remove(&name("name")), "left, but was not there: {event}"),
        Some("renamed") => {
            assert!(roster.remove(&name("from")), "renamed, but was not there: {event}");
            roster.insert(name("to"));
        }
        _ => {}
    }
}

fn is_public(event: &Value) -> bool {
    is(event, "message") && event["private"] != true
}

/// Whether the event is of this kind.
pub(crate) fn is(event: &Value, kind: &str) -> bool {
    event["event"] == kind
}

/// Whether the event is a message with this text.
pub(crate) fn said(event: &Value, text: &str) -> bool {
    is(event, "message") && event["text"] == text
}

/// The names in a `roster` event or a `welcome`.
pub(crate) fn names(list: &Value) -> Vec<String> {
    let members = list["members"].as_array().unwrap();
    members.iter().map(|member| member["name"].as_str().unwrap().to_owned()).collect()
}
