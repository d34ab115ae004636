//! Events for people, as lines: nothing is ever redrawn, which is also right for screen readers.
//!
//! What happens in the room (messages, who comes, goes and is renamed) is for standard output, everything else (the
//! start-up text, notices, refusals) for standard error. Pure: events go in, text comes out; clock, time zone and
//! addresses are asked for through [`Place`]. Events are shown as they are: `safe` has seen them before.
//!
//! ```text
//! 21:51 * lorde joined
//! 21:51 lorde: ciao
//! 21:52 capo (host, you): two lines,
//!         the second of them indented, so that no message can pass for another
//! 21:52 ** lorde waves
//! 21:53 lorde (private): psst
//! | 21:40 lorde: said before we came
//! ```
//!
//! What a name has in brackets behind it, and the stars, no peer can write: a name is one word.

use chrono::{DateTime, FixedOffset};

use super::days::Days;
use super::words::{self, Place, Standing};
use super::{Rendered, qr};
use crate::limits::ROSTER_SHOWN;
use crate::room::event::{Connection, Event, Listed, Message, Role, What};
use crate::room::text;

/// What stands before each further line of a message: wider than a time, so that it cannot be one.
const INDENT: &str = "        ";
/// What stands before history.
const BEFORE: &str = "| ";

const DIM: &str = "2";
const BOLD: &str = "1";
const MAGENTA: &str = "35";
const RED: &str = "31";
/// White on black, whatever the terminal's own colours are: so a camera reads a code best.
const CODE: &str = "97;40";

/// Whether each stream takes colours.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Colours {
    /// Standard output.
    pub out: bool,
    /// Standard error.
    pub err: bool,
}

/// The line interface: what it has to remember to show the next event.
#[derive(Debug)]
pub struct Plain {
    place: Place,
    colours: Colours,
    /// Who and where we are; `None` before the first `role`.
    here: Option<Standing>,
    /// What the next roster is: one that follows a `role` was not asked for.
    roster: Roster,
    /// The host is lost.
    away: Option<Away>,
    days: Days,
}

/// What is done about a host that is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Away {
    /// This, and mostly it is over before anybody notices.
    Since(Connection),
    /// It took long enough to be told.
    Told,
}

/// What the next roster is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Roster {
    /// The first: part of the start-up text.
    Welcome,
    /// One that follows a later `role`: joins and leaves have said the same.
    Known,
    /// The answer to `/who`.
    Asked,
}

impl Plain {
    /// An interface that has not shown anything yet.
    pub fn new(place: Place, colours: Colours) -> Self {
        Self { place, colours, here: None, roster: Roster::Asked, away: None, days: Days::default() }
    }

    /// What to write for `event`, which has been made safe to show.
    pub fn line(&mut self, event: &Event) -> Rendered {
        match &event.what {
            What::Role { role, address, name, host, term: _ } => {
                self.days.begin((self.place.local)(event.at));
                let here = Standing { role: *role, address: address.clone(), name: name.clone(), host: host.clone() };
                Rendered::err(self.role(here))
            }
            What::Roster { members } => {
                let back = if self.away.take() == Some(Away::Told) {
                    self.aside(DIM, "*", words::BACK)
                } else {
                    String::new()
                };
                Rendered::err(back + &self.roster(members))
            }
            What::Joined { name } => self.happened(event, &format!("{} joined", self.marked(name))),
            What::Left { name, reason } => {
                self.happened(event, &format!("{} left ({})", self.marked(name), reason.phrase()))
            }
            What::Renamed { from, to } => self.renamed(event, from, to),
            What::Message(message) => self.message(event, message),
            What::Notice { text } => Rendered::err(self.with_codes(DIM, &self.aside("", "*", text))),
            What::Refused { code: _, text } => Rendered::err(self.aside(RED, "!", text)),
            What::Closed { reason, text } => Rendered::err(self.aside(DIM, "*", words::closed(*reason, text))),
            // What comes of it is told, and if nothing does for a while, that.
            What::Connection { state } => {
                self.away = self.away.filter(|away| *away == Away::Told).or(Some(Away::Since(*state)));
                Rendered::default()
            }
            // For every interface alike the program says on standard error why it failed, and what helps.
            What::Error { .. } => Rendered::default(),
        }
    }

    /// Whether something is to be told if it is not over soon.
    pub fn waits(&self) -> bool {
        matches!(self.away, Some(Away::Since(_)))
    }

    /// What to write when it was not over soon.
    pub fn still_waits(&mut self) -> Rendered {
        let Some(Away::Since(state)) = self.away else { return Rendered::default() };
        self.away = Some(Away::Told);
        Rendered::err(self.aside(DIM, "*", words::lost(state)))
    }

    /// Remembers where we are; the start-up text, or what has changed.
    fn role(&mut self, now: Standing) -> String {
        let text = match &self.here {
            None => self.start_up(&now),
            Some(before) if (before.role, &before.address, &before.host) != (now.role, &now.address, &now.host) => {
                let mut text = self.aside(DIM, "*", &words::moved(now.role, &now.host, &now.address));
                if now.role == Role::Host {
                    text.push_str(&self.place.invitation(&now.address));
                }
                text
            }
            Some(before) if before.name != now.name => {
                self.aside(DIM, "*", &format!("you are called {} here", now.name))
            }
            Some(_) => String::new(),
        };
        self.roster = if self.here.is_none() { Roster::Welcome } else { Roster::Known };
        self.here = Some(now);
        if !text.is_empty() {
            // That says it all.
            self.away = None;
        }
        text
    }

    /// Where we are, as what, and how to leave.
    fn start_up(&self, here: &Standing) -> String {
        let Standing { role, address, name, host } = here;
        match role {
            Role::Host => {
                let text = format!(
                    "Room at {}, hosted here.\nYou are {name}, the host.\n\
                 Type to talk; /help shows the commands; /quit hands the room over, Ctrl-C closes it.\n{}",
                    words::bound(address),
                    self.place.invitation(address)
                );
                let page = self.page(address, text.lines().count());
                text + &page
            }
            Role::Client => format!(
                "Room at {address}, hosted by {host}.\nYou are {name}.\n\
                 Type to talk; /help shows the commands; /quit or Ctrl-C leaves.\n"
            ),
        }
    }

    /// The page of a room that we host at `address`, where the terminal has room for it below `above` lines.
    fn page(&self, address: &str, above: usize) -> String {
        let (Ok(bound), Some(size)) = (address.parse(), (self.place.terminal_size)()) else { return String::new() };
        let shown = qr::shown_at_start(&qr::pages(bound, true, &(self.place.addresses)()), size, above);
        shown.map_or_else(String::new, |text| self.with_codes("", &text))
    }

    /// Lines in `colour`, but codes light on dark.
    fn with_codes(&self, colour: &str, lines: &str) -> String {
        let painted = lines.lines().map(|line| match line.strip_prefix("  ").unwrap_or(line) {
            code if qr::is_code(code) => format!("  {}\n", paint(self.colours.err, CODE, code)),
            _ => format!("{}\n", paint(self.colours.err, colour, line)),
        });
        painted.collect()
    }

    fn roster(&mut self, members: &[Listed]) -> String {
        let shown = match std::mem::replace(&mut self.roster, Roster::Asked) {
            Roster::Welcome => ROSTER_SHOWN,
            Roster::Known => return String::new(),
            Roster::Asked => members.len(),
        };
        let own = self.here.as_ref().map(|here| here.name.as_str());
        let mut names: Vec<String> = members
            .iter()
            .take(shown)
            .map(|member| with_marks(&member.name, &marks(member.host, own == Some(member.name.as_str()))))
            .collect();
        if members.len() > shown {
            names.push(format!("and {} more", members.len() - shown));
        }
        self.aside(DIM, "*", &format!("{} here: {}", members.len(), names.join(", ")))
    }

    fn renamed(&mut self, event: &Event, from: &str, to: &str) -> Rendered {
        let who = self.marked(from);
        let own = self.here.as_mut().is_some_and(|here| here.rename(from, to));
        let text = if own { format!("you are now called {to}") } else { format!("{who} is now called {to}") };
        self.happened(event, &text)
    }

    fn message(&mut self, event: &Event, message: &Message) -> Rendered {
        let Message { from, text, own, action, private, replayed, late, seq: _, to } = message;
        let mut marks = marks(self.is_host(from), *own);
        if *private {
            marks.push(to.as_ref().map_or("private".into(), |to| format!("private to {to}")));
        }
        if *late {
            marks.push("late".into());
        }
        let who = with_marks(from, &marks);
        let who = match (own, private) {
            (_, true) => self.paint(MAGENTA, &who),
            (true, _) => self.paint(BOLD, &who),
            _ => who,
        };
        let before = if *replayed { BEFORE } else { "" };
        let text = text::indented(text, &format!("{before}{INDENT}"));
        let said = if *action { format!("** {who} {text}") } else { format!("{who}: {text}") };
        let (day, time) = (self.day(event.at), self.time(event.at));
        Rendered::out(format!("{day}{before}{time} {said}\n"))
    }

    /// A line about the room.
    fn happened(&mut self, event: &Event, text: &str) -> Rendered {
        let day = self.day(event.at);
        Rendered::out(format!("{day}{} {}\n", self.time(event.at), self.paint(DIM, &format!("* {text}"))))
    }

    /// A text that is not of the room.
    fn aside(&self, colour: &str, mark: &str, text: &str) -> String {
        format!("{}\n", paint(self.colours.err, colour, &format!("{mark} {}", text::indented(text, "  "))))
    }

    /// A line of its own where the day is another than that of the line before.
    fn day(&mut self, at: DateTime<FixedOffset>) -> String {
        let day = self.days.turn((self.place.local)(at));
        day.map_or_else(String::new, |day| {
            format!("{}\n", self.paint(DIM, &day.format("--- %Y-%m-%d ---").to_string()))
        })
    }

    fn time(&self, at: DateTime<FixedOffset>) -> String {
        self.paint(DIM, &(self.place.local)(at).format("%H:%M").to_string())
    }

    fn is_host(&self, name: &str) -> bool {
        self.here.as_ref().is_some_and(|here| here.host == name)
    }

    /// A name with `(host)` behind it where it is the host's.
    fn marked(&self, name: &str) -> String {
        with_marks(name, &marks(self.is_host(name), false))
    }

    fn paint(&self, colour: &str, text: &str) -> String {
        paint(self.colours.out, colour, text)
    }
}

fn paint(on: bool, colour: &str, text: &str) -> String {
    if on && !colour.is_empty() { format!("\x1b[{colour}m{text}\x1b[0m") } else { text.to_owned() }
}

fn marks(host: bool, own: bool) -> Vec<String> {
    [(host, "host"), (own, "you")].into_iter().filter(|(is, _)| *is).map(|(_, mark)| mark.to_owned()).collect()
}

fn with_marks(name: &str, marks: &[String]) -> String {
    if marks.is_empty() { name.to_owned() } else { format!("{name} ({})", marks.join(", ")) }
}

#[cfg(test)]
#[path = "plain/tests.rs"]
mod tests;
