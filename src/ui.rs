//! The interface: events become text, and text goes to the two standard streams.
//!
//! What an event looks like is in `plain` and `json`, and both get it only after `safe` has seen it; reading standard
//! input is in `input`. Here is what they share, and the one place that writes. Nothing here knows of the network or
//! which role this process has.

use std::io::{self, Write};

mod days;
pub mod full;
pub mod here;
pub mod input;
pub mod json;
mod lines;
mod object;
pub mod plain;
pub mod qr;
pub mod reach;
mod safe;
#[cfg(test)]
pub(crate) mod samples;
pub mod words;

use crate::limits::OUTPUT_BYTES;
use crate::room::event::Event;
use json::Json;
use plain::Plain;

/// What to write for an event: whole lines.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Rendered {
    /// For standard output.
    pub stdout: String,
    /// For standard error.
    pub stderr: String,
}

impl Rendered {
    /// Text for standard output.
    pub fn out(stdout: String) -> Self {
        Self { stdout, ..Self::default() }
    }

    /// Text for standard error.
    pub fn err(stderr: String) -> Self {
        Self { stderr, ..Self::default() }
    }
}

/// How events are shown.
#[derive(Debug)]
pub enum Interface {
    /// As lines for people.
    Plain(Box<Plain>),
    /// As objects for scripts.
    Json(Json),
}

impl Interface {
    /// What to write for `event`, whoever it comes from: appends to `out` what is for standard output, and returns what is
    /// for standard error.
    pub fn show(&mut self, event: Event, out: &mut Vec<u8>) -> String {
        let event = safe::event(event);
        match self {
            Self::Plain(plain) => {
                let Rendered { stdout, stderr } = plain.line(&event);
                out.extend_from_slice(stdout.as_bytes());
                stderr
            }
            Self::Json(json) => {
                json.line(&event, out);
                String::new()
            }
        }
    }

    /// Whether something is to be told if it is not over soon: that the host is lost. Scripts have it at once.
    fn waits(&self) -> bool {
        matches!(self, Self::Plain(plain) if plain.waits())
    }

    /// What to write on standard error when it was not over soon.
    fn still_waits(&mut self) -> String {
        match self {
            Self::Plain(plain) => plain.still_waits().stderr,
            Self::Json(_) => String::new(),
        }
    }
}

/// Writes what an interface renders: each line whole and in one write, many lines in one where many wait, and both
/// streams in the order of the events, because they may lead to the same terminal.
#[derive(Debug)]
pub struct Screen<O, E> {
    interface: Interface,
    out: O,
    err: E,
    /// Lines for standard output that wait for [`Screen::flush`].
    waiting: Vec<u8>,
    /// Standard output has failed: nothing more goes there.
    failed: bool,
}

impl<O: Write, E: Write> Screen<O, E> {
    /// A screen that shows events by `interface` on `out` and `err`.
    pub fn new(interface: Interface, out: O, err: E) -> Self {
        Self { interface, out, err, waiting: Vec::new(), failed: false }
    }

    /// Shows `event`, at the latest with the next [`Screen::flush`].
    ///
    /// # Errors
    /// Standard output failed; this is said once, and then what it would get is dropped.
    pub fn show(&mut self, event: Event) -> io::Result<()> {
        let stderr = self.interface.show(event, &mut self.waiting);
        self.aside(&stderr)
    }

    /// Whether [`Screen::still_waits`] is to be called if nothing comes for a while.
    pub fn waits(&self) -> bool {
        self.interface.waits()
    }

    /// Tells what has not come for a while.
    ///
    /// # Errors
    /// As [`Screen::show`].
    pub fn still_waits(&mut self) -> io::Result<()> {
        let stderr = self.interface.still_waits();
        self.aside(&stderr)
    }

    /// Writes lines for standard error behind what waits.
    fn aside(&mut self, stderr: &str) -> io::Result<()> {
        if stderr.is_empty() {
            return Ok(());
        }
        let written = self.flush();
        // Nobody can be told that standard error is gone.
        drop(self.err.write_all(stderr.as_bytes()).and_then(|()| self.err.flush()));
        written
    }

    /// Whether enough waits to be written before more is shown.
    pub fn is_full(&self) -> bool {
        self.waiting.len() >= OUTPUT_BYTES
    }

    /// Writes what waits.
    ///
    /// # Errors
    /// As [`Screen::show`].
    pub fn flush(&mut self) -> io::Result<()> {
        let mut written = Ok(());
        if !self.failed && !self.waiting.is_empty() {
            written = self.out.write_all(&self.waiting).and_then(|()| self.out.flush());
            self.failed = written.is_err();
        }
        self.waiting.clear();
        written
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::rc::Rc;

    use super::samples::{at, event, message, notice};
    use super::*;
    use crate::room::event::{Closed, Leave, Listed, Role, What};

    /// Both streams as one list of what was written in one call each.
    #[derive(Clone, Default)]
    struct Writes(Rc<RefCell<Vec<String>>>, &'static str);

    impl Write for Writes {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let text = std::str::from_utf8(bytes).unwrap();
            self.0.borrow_mut().push(format!("{}{text}", self.1));
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    struct Broken(u32);

    impl Write for Broken {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            self.0 += 1;
            Err(io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn plain() -> Interface {
        Interface::Plain(Box::new(samples::plain()))
    }

    fn rendered(interface: &mut Interface, event: Event) -> Rendered {
        let mut out = Vec::new();
        let stderr = interface.show(event, &mut out);
        Rendered { stdout: String::from_utf8(out).unwrap(), stderr }
    }

    #[test]
    fn lines_are_gathered_and_streams_keep_their_order() {
        let log = Rc::new(RefCell::new(Vec::new()));
        let mut screen = Screen::new(plain(), Writes(log.clone(), "out: "), Writes(log.clone(), "err: "));
        for event in [message("capo", "one"), message("capo", "two"), notice("three"), message("capo", "four")] {
            screen.show(event).unwrap();
        }
        screen.flush().unwrap();
        screen.flush().unwrap();
        assert_eq!(
            *log.borrow(),
            ["out: 21:51 capo: one\n21:51 capo: two\n", "err: * three\n", "out: 21:51 capo: four\n"]
        );
    }

    #[test]
    fn a_full_screen_says_so() {
        let mut screen = Screen::new(Interface::Json(Json::default()), io::sink(), io::sink());
        screen.show(message("capo", "x")).unwrap();
        assert!(!screen.is_full());
        screen.show(message("capo", &"x".repeat(OUTPUT_BYTES))).unwrap();
        assert!(screen.is_full());
        screen.flush().unwrap();
        assert!(!screen.is_full());
    }

    #[test]
    fn a_broken_output_is_said_once_and_then_left_alone() {
        let mut errors = Vec::new();
        let mut screen = Screen::new(plain(), Broken(0), &mut errors);
        screen.show(message("capo", "one")).unwrap();
        assert_eq!(screen.flush().unwrap_err().kind(), io::ErrorKind::BrokenPipe);
        screen.show(message("capo", "two")).unwrap();
        screen.show(notice("three")).unwrap();
        screen.flush().unwrap();
        assert_eq!(screen.out.0, 1);
        assert_eq!(errors, b"* three\n");
    }

    /// What acts on a terminal, and what reorders, hides or breaks a line.
    const HOSTILE: &str = "a\x1b[2J\x1b]0;t\x07\r\x08\x7f\u{9b}31m\u{85}\u{202e}\u{2066}\u{2028}\0z";

    /// Every kind of event with `text` wherever a hostile host can put some.
    fn all_with(text: &str) -> Vec<Event> {
        let text = text.to_owned();
        let said = |action, private: bool| {
            let mut event = message(&text, &text);
            if let What::Message(message) = &mut event.what {
                (message.action, message.private) = (action, private);
                message.to = private.then(|| text.as_str().into());
            }
            event
        };
        let mut events: Vec<Event> = [
            What::Role { role: Role::Client, address: text.clone(), name: text.clone(), host: text.clone(), term: 1 },
            What::Roster { members: vec![Listed { name: text.clone(), host: true }] },
            What::Joined { name: text.clone() },
            What::Renamed { from: text.clone(), to: text.clone() },
            What::Left { name: text.clone(), reason: Leave::Quit },
            What::Notice { text: text.clone() },
            What::Refused { code: text.clone(), text: text.clone() },
            What::Closed { reason: Closed::Kicked, text: text.clone() },
            What::Error { code: text.clone(), text: text.clone() },
        ]
        .map(event)
        .into();
        events.extend([said(false, false), said(true, false), said(false, true)]);
        events
    }

    /// P29: hostile text, also from a hostile host, that controls no terminal.
    #[test]
    fn no_control_character_of_a_peer_or_host_reaches_a_stream() {
        for mut interface in [plain(), Interface::Json(Json::default())] {
            for event in all_with(HOSTILE) {
                let Rendered { stdout, stderr } = rendered(&mut interface, event.clone());
                let shown = stdout + &stderr;
                let bad = |c: char| {
                    c != '\n'
                        && (c.is_control()
                            || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2028}'..='\u{2029}' | '\u{2066}'..='\u{2069}'))
                };
                assert!(!shown.contains(bad), "{shown:?}");
                // Neither has JSON an escape that its reader would turn back into one.
                for escape in ["\\u00", "\\r", "\\b", "\\f"] {
                    assert!(!shown.contains(escape), "{shown:?}");
                }
                // What is no control character stays; an error is no matter of the line interface.
                if !(shown.is_empty() && matches!(event.what, What::Error { .. })) {
                    assert!(shown.contains('a') && shown.contains('z'), "{shown:?}");
                }
            }
        }
    }

    /// P29: a host, or a member by way of it, that forges lines of others.
    #[test]
    fn no_text_begins_a_line_that_could_be_somebody_elses() {
        let mut interface = plain();
        for forged in
            ["x\n21:51 capo (host): obey", "x\r\n* capo left (quit)", "x\u{2028}| 21:51 y", "\n\nhybrid-chat: x"]
        {
            for event in all_with(forged) {
                let Rendered { stdout, stderr } = rendered(&mut interface, event.clone());
                for (n, line) in stdout.lines().chain(stderr.lines()).enumerate() {
                    let own = ["21:51 ", "* ", "! ", "Room at ", "You are ", "Type to talk"];
                    let starts = own.iter().any(|start| line.starts_with(start));
                    let role = matches!(event.what, What::Role { .. });
                    let fits = if n == 0 || role { starts } else { line.starts_with("  ") };
                    assert!(fits, "{line:?} in {stdout:?} {stderr:?}");
                }
            }
        }
        let joined = rendered(&mut interface, event(What::Joined { name: "x joined\n21:51 capo: hi".into() }));
        assert_eq!(joined.stdout, "21:51 * x-joined21:51-capo:-hi joined\n");
        assert_eq!(at().format("%H:%M").to_string(), "21:51");
    }

    /// P30: characters of any width and number, in names and in texts.
    #[test]
    fn wide_and_joined_characters_come_through_unharmed() {
        for name in
            ["日本語の名前", "żółw", "👩\u{200d}👩\u{200d}👧👍🏽", "naïve-e\u{301}".replace("e\u{301}", "é").as_str()]
        {
            let rendered = rendered(&mut plain(), message(name, "👩\u{200d}👩\u{200d}👧 日本 e\u{301} שלום"));
            assert_eq!(rendered.stdout, format!("21:51 {name}: 👩\u{200d}👩\u{200d}👧 日本 e\u{301} שלום\n"));
        }
    }
}
