//! What a person at the screen does, and what comes of it: the line that is typed, the place that is read, and commands to
//! the room.
//!
//! It joins editor, model and view; it touches no terminal.

use std::sync::Arc;

use chrono::{DateTime, FixedOffset};
use crossterm::event::{KeyCode, KeyEvent};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::asides::{self, Aside};
use super::colours::Palette;
use super::editor::{self, Around, Done, Edit, Editor};
use super::entry::Tone;
use super::history::Number;
use super::keys::{self, Act, Typed};
use super::lines::Look;
use super::model::{Alert, Model, Search, State, Way};
use super::scroll::{Place, Rows};
use super::{Surroundings, search, title, view};
use crate::mailbox::Mailbox;
use crate::room::command::{self, Input as Line, Typist};
use crate::room::event::{Command, Event, What};
use crate::ui::{input, qr, words};

/// What is said where commands wait already, as many as there may be.
const TOO_MUCH: &str = "too much waits to be sent already: try again later";

/// What the screen has to do itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Nothing but to draw.
    Nothing,
    /// Draw everything anew.
    Redraw,
    /// Give the terminal to the shell, and come back.
    Suspend,
    /// End the program without waiting for anything.
    EndNow,
}

/// Everything of the screen but the terminal.
pub struct Desk {
    commands: Arc<Mailbox<Command>>,
    now: fn() -> DateTime<FixedOffset>,
    model: Model,
    editor: Editor,
    palette: Palette,
    /// Whether the bell rings at all.
    bell: bool,
    /// It has rung, and nobody has come or gone since.
    rung: bool,
    /// The key before this one was Ctrl-D, and erased something.
    erases: bool,
    /// The messages' part of the last drawing: what a page is.
    messages: Rect,
    /// What is to be said when the screen is gone.
    pub last_words: Option<String>,
}

impl Desk {
    /// A desk at which nothing has happened yet.
    pub fn new(surroundings: &Surroundings) -> Self {
        Self {
            commands: surroundings.commands.clone(),
            now: surroundings.now,
            model: Model::new(surroundings.machine),
            editor: Editor::default(),
            palette: Palette { colours: surroundings.colours },
            bell: true,
            rung: false,
            erases: false,
            messages: Rect::new(0, 0, 80, 20),
            last_words: None,
        }
    }

    /// Takes an event, which has been made safe to show. Returns what is to be rung for.
    pub fn event(&mut self, event: Event) -> Option<Alert> {
        if let What::Closed { reason, text } = &event.what {
            self.last_words = Some(words::closed(*reason, text).to_owned());
        }
        let alert = self.model.apply(event)?;
        let rings = self.bell && !std::mem::replace(&mut self.rung, true);
        rings.then_some(alert)
    }

    /// Draws everything; returns where the cursor stands.
    pub fn draw(&mut self, buffer: &mut Buffer) -> Position {
        view::fit(buffer.area, &mut self.editor);
        let areas = view::areas(buffer.area, &self.model, &self.editor);
        self.messages = areas.messages;
        if self.model.place != Place::End {
            // The screen may have grown, or the oldest may have gone: it stays full.
            self.scroll_to(|model, height, rows| model.place.up(0, height, &model.history, rows));
        }
        self.model.help = self.model.help.map(|first| first.min(view::last_help(&self.model, areas)));
        view::draw(&self.model, &self.editor, self.palette, buffer)
    }

    /// What the window is to be called.
    pub fn title(&self) -> String {
        title::text(&self.model)
    }

    /// Takes what was typed.
    pub fn typed(&mut self, typed: Typed) -> Next {
        // Also whoever leaves was here until now: what rang before was heard.
        self.rung = false;
        match typed {
            Typed::Key(key) => return self.key(key),
            Typed::Wheel(rows) => self.act(Act::Rows(rows)),
            Typed::Paste(text) => self.edit(&Edit::Paste(text)),
            Typed::Focus(focused) => self.model.focus(focused),
        }
        Next::Nothing
    }

    fn key(&mut self, key: KeyEvent) -> Next {
        // What is found for the line, or offered for it, is something that is typed, and ends first.
        let asks = self.editor.search().is_some() || self.editor.choices().is_some();
        let reads = self.model.place != Place::End || self.model.help.is_some();
        let acts = keys::act(key, self.editor.is_empty() && !asks, reads);
        let erased = std::mem::take(&mut self.erases);
        match acts.filter(|act| *act != Act::Escape || !asks) {
            // Whoever holds it down to erase what is typed does not want to leave at its end.
            Some(Act::Quit) if erased => self.erases = true,
            Some(Act::Suspend) => return Next::Suspend,
            Some(Act::Redraw) => return Next::Redraw,
            Some(Act::Stop) if self.model.state == State::Leaving => return Next::EndNow,
            Some(act) => self.act(act),
            None => {
                if let Some(edit) = keys::for_editor(key).and_then(editor::keys::edit) {
                    self.erases = edit == Edit::Delete && key.code != KeyCode::Delete;
                    self.edit(&edit);
                }
            }
        }
        Next::Nothing
    }

    fn edit(&mut self, edit: &Edit) {
        let completes = matches!(edit, Edit::Complete | Edit::CompleteBack);
        let names = if completes { self.model.by_last_word() } else { Vec::new() };
        let around = Around { names: &names, hosting: self.model.is_host() };
        let done = self.editor.apply(edit, &around);
        let reviewed = std::mem::take(&mut self.model.review);
        match done {
            Ok(Done::Send) if self.editor.wants_review() && !reviewed => self.model.review = true,
            Ok(Done::Send) => self.line(),
            Ok(Done::Changed | Done::Nothing) => {}
            Err(bad) => self.tell_once(bad.to_string()),
        }
    }

    fn act(&mut self, act: Act) {
        match act {
            Act::Page(pages) => self.scroll(pages * isize::from(self.messages.height.saturating_sub(1).max(1) as i16)),
            Act::Rows(rows) => self.scroll(rows),
            Act::Top | Act::Bottom if self.model.help.is_some() => {
                // The drawing knows where it ends.
                self.model.help = Some(if act == Act::Top { 0 } else { usize::MAX });
            }
            Act::Top => self.scroll_to(|model, height, rows| Place::top(height, &model.history, rows)),
            Act::Bottom => self.model.go(Place::End),
            Act::Older => self.find(Way::Older),
            Act::Newer => self.find(Way::Newer),
            Act::Help => self.model.help = if self.model.help.is_some() { None } else { Some(0) },
            Act::Roster => self.model.roster_at_side = !self.model.roster_at_side,
            Act::Escape => self.escape(),
            Act::Stop => {
                self.model.state = State::Leaving;
                self.commands.interrupt(Command::Stop);
            }
            Act::Quit => self.quit(),
            Act::Suspend | Act::Redraw => {}
        }
    }

    fn quit(&mut self) {
        match self.commands.offer(Command::Quit) {
            Ok(()) => self.model.state = State::Leaving,
            Err(_) => self.tell(Tone::Alarm, TOO_MUCH.into()),
        }
    }

    /// Ends what is shown beside, one after the other. Whoever has searched gets back to where one was.
    fn escape(&mut self) {
        if std::mem::take(&mut self.model.review) || self.model.help.take().is_some() {
            return;
        }
        let place = self.model.search.take().map_or(Place::End, |search| search.from);
        self.model.go(place);
    }

    fn scroll(&mut self, by: isize) {
        if let Some(first) = self.model.help {
            self.model.help = Some(first.saturating_add_signed(-by));
            return;
        }
        self.scroll_to(|model, height, rows| {
            if by > 0 {
                model.place.up(by.unsigned_abs(), height, &model.history, rows)
            } else {
                model.place.down(by.unsigned_abs(), &model.history, rows)
            }
        });
    }

    /// Goes to a place that is found by the height of this screen and the rows that entries take on it.
    fn scroll_to(&mut self, find: impl FnOnce(&Model, usize, Rows<'_>) -> Place) {
        let rows = |number: Number| view::rows(&self.model, self.look(), number);
        let place = find(&self.model, usize::from(self.messages.height), &rows);
        self.model.go(place);
    }

    fn look(&self) -> Look<'_> {
        view::look(&self.model, self.messages.width, self.palette)
    }

    /// Goes to what is searched for, older or newer than what was found last.
    fn find(&mut self, way: Way) {
        let Some(search) = &mut self.model.search else { return };
        let from = search.found.unwrap_or(self.model.history.end());
        let next = search::next(&self.model.history, &search.needle, from, way);
        search.end = next.is_none().then_some(way);
        let Some(number) = next else { return };
        search.found = Some(number);
        let row = view::hit(&self.model, self.look(), number);
        self.scroll_to(|model, height, rows| Place::around((number, row), height, &model.history, rows));
    }

    /// Does what the finished line asks for. What cannot be done stays where it is, so that it can be mended.
    fn line(&mut self) {
        let line = self.editor.text().to_owned();
        match self.obey(&line) {
            Ok(()) => drop(self.editor.take()),
            Err(why) => self.tell(Tone::Alarm, why),
        }
    }

    /// Does what `line` asks for, or says why not.
    fn obey(&mut self, line: &str) -> Result<(), String> {
        if let Some(aside) = asides::parse(line) {
            self.aside(aside);
            return Ok(());
        }
        let typist = Typist { host: self.model.is_host(), screen: true };
        match command::parse(line, typist).map_err(|bad| bad.to_string())? {
            // Whoever has found something stays there.
            Line::Nothing => self.model.search = None,
            Line::Command(command) => self.command(command)?,
            Line::Qr => self.pages(),
            Line::Help(None) => self.aside(Aside::Help),
            Line::Help(Some(entry)) => self.tell(Tone::Plain, entry.to_string()),
        }
        Ok(())
    }

    fn command(&mut self, command: Command) -> Result<(), String> {
        if command == Command::Quit {
            self.quit();
            return Ok(());
        }
        if self.model.here.is_none() {
            return Err("there is no room yet: the line stays where it is".into());
        }
        input::takes(&command).map_err(|bad| bad.to_string())?;
        let asks = command == Command::Who;
        self.commands.offer(command).map_err(|_| TOO_MUCH.to_owned())?;
        self.watch();
        if asks {
            self.model.asked_who();
        }
        Ok(())
    }

    /// Where a browser gets in.
    fn pages(&mut self) {
        let pages = self.model.pages();
        self.tell(Tone::Plain, qr::told(&pages, true));
    }

    fn aside(&mut self, aside: Aside) {
        match aside {
            Aside::Help => self.model.help = Some(0),
            Aside::Search(needle) if needle.is_empty() => self.model.search = None,
            Aside::Search(needle) => {
                let before = self.model.search.take();
                let from = before.as_ref().map_or(self.model.place, |search| search.from);
                // The same once more goes on: not every terminal tells Ctrl-Up from Up.
                let again = before.filter(|search| search.needle == needle);
                self.model.search = again.or(Some(Search { needle, found: None, from, end: None }));
                self.find(Way::Older);
            }
            Aside::Bell(wanted) => {
                self.bell = wanted.unwrap_or(self.bell);
                let text = if self.bell { "a mention or a private message rings" } else { "nothing rings" };
                self.tell(Tone::Plain, text.into());
            }
        }
    }

    /// Says what is wrong, unless that was the last that was said: a key that is held down would say it over and over.
    fn tell_once(&mut self, text: String) {
        let history = &self.model.history;
        let last = history.end().checked_sub(1).and_then(|last| history.get(last)?.text());
        if last.as_deref() != Some(&*text) {
            self.tell(Tone::Alarm, text);
        }
    }

    fn tell(&mut self, tone: Tone, text: String) {
        self.model.tell((self.now)(), tone, text);
        self.watch();
    }

    /// Whoever talks, or asks for something, wants to see what comes of it.
    fn watch(&mut self) {
        self.model.help = None;
        self.model.go(Place::End);
    }
}

#[cfg(test)]
#[path = "desk/tests.rs"]
mod tests;
