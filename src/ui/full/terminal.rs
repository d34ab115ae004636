//! The terminal: the one place that changes its state, draws on it, and gives it back as it was.
//!
//! It gets whole drawings and writes what has changed. Whatever ends the program, the terminal is given back: [`restore`] may be
//! called at any time, from any thread, more than once. It knows nothing of what is drawn.

use std::fmt::Write as _;
use std::io::{self, Stdout, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, ThreadId};

use crossterm::cursor::{Hide, MoveTo, Show};
use crossterm::event::{DisableBracketedPaste, DisableFocusChange, EnableBracketedPaste, EnableFocusChange};
use crossterm::style::{Attribute, Print, SetAttribute};
use crossterm::terminal::{
    BeginSynchronizedUpdate, Clear, ClearType, DisableLineWrap, EnableLineWrap, EndSynchronizedUpdate,
    EnterAlternateScreen, LeaveAlternateScreen, SetTitle, disable_raw_mode, enable_raw_mode, size,
};
use crossterm::{execute, queue};
use parking_lot::Mutex;
use ratatui::backend::{Backend, CrosstermBackend};
use ratatui::buffer::{Buffer, Cell, CellWidth};
use ratatui::layout::{Position, Rect};
use unicode_normalization::char::is_combining_mark;

use crate::limits::{PANICS_KEPT, SCREEN_CELLS};

#[cfg(unix)]
pub mod decoder;
#[cfg_attr(unix, path = "terminal/unix.rs")]
#[cfg_attr(not(unix), path = "terminal/other.rs")]
pub mod source;

pub use source::understands_escapes;

/// The wheel moves the reader, as arrow keys, and text can still be selected: no mouse is captured. With Alt, keys send Escape
/// first, also where (xterm) they would write another letter. What was set before comes back.
const KEYS_ON: &str = "\x1b[?1007;1036;1039s\x1b[?1007;1036;1039h";
const KEYS_BACK: &str = "\x1b[?1007;1036;1039r";

/// The title that the window has is kept, and comes back.
const TITLE_KEPT: &str = "\x1b[22;0t";
const TITLE_BACK: &str = "\x1b[23;0t";

/// Whether the terminal is ours.
static OURS: AtomicBool = AtomicBool::new(false);
/// Whether the window's title is.
static TITLED: AtomicBool = AtomicBool::new(false);
/// What threads have said that panicked while it was.
static PANICS: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// The terminal while it is ours.
#[derive(Debug)]
pub struct Terminal {
    out: Stdout,
    /// What stands on it; `None`: nobody knows.
    shown: Option<Buffer>,
    /// What its window is called; `None`: what it was before, or nobody knows.
    title: Option<String>,
}

impl Terminal {
    /// Takes the terminal over, and sees to it that a panic gives it back.
    ///
    /// # Errors
    /// It is none, or it is gone.
    pub fn open() -> io::Result<Self> {
        catch_panics(thread::current().id());
        let mut terminal = Self { out: io::stdout(), shown: None, title: None };
        terminal.enter()?;
        Ok(terminal)
    }

    /// Takes it over, also when it is ours already but somebody else may have changed it meanwhile.
    ///
    /// # Errors
    /// It is gone.
    pub fn enter(&mut self) -> io::Result<()> {
        if OURS.swap(true, Ordering::SeqCst) {
            // What is kept of its former state must not be ours.
            disable_raw_mode()?;
            execute!(self.out, Print(KEYS_BACK))?;
        }
        enable_raw_mode()?;
        self.shown = None;
        self.title = None;
        execute!(
            self.out,
            EnterAlternateScreen,
            EnableBracketedPaste,
            EnableFocusChange,
            DisableLineWrap,
            Print(KEYS_ON),
            SetAttribute(Attribute::Reset),
            Clear(ClearType::All)
        )
    }

    /// Gives it back, stops this process group until it is continued, and takes it over again.
    ///
    /// # Errors
    /// It is gone.
    pub fn suspend(&mut self) -> io::Result<()> {
        restore();
        source::stop();
        self.enter()
    }

    /// Its size now, within what is drawn at most.
    ///
    /// # Errors
    /// It is gone.
    pub fn area(&self) -> io::Result<Rect> {
        let (width, height) = size()?;
        Ok(Rect::new(0, 0, width.clamp(1, SCREEN_CELLS), height.clamp(1, SCREEN_CELLS)))
    }

    /// Draws everything anew the next time.
    pub fn forget(&mut self) {
        self.shown = None;
    }

    /// Shows `next`, with the cursor there.
    ///
    /// # Errors
    /// It is gone.
    pub fn draw(&mut self, next: Buffer, cursor: Position) -> io::Result<()> {
        let shown = self.shown.take().filter(|shown| shown.area == next.area);
        let mut bytes = Vec::new();
        let mut backend = CrosstermBackend::new(&mut bytes);
        queue!(backend, BeginSynchronizedUpdate, Hide)?;
        if shown.is_none() {
            queue!(backend, Clear(ClearType::All))?;
        }
        let blank = shown.unwrap_or_else(|| Buffer::empty(next.area));
        for y in 0..next.area.height {
            draw_row(&mut backend, &blank, &next, y)?;
        }
        queue!(backend, MoveTo(cursor.x, cursor.y), Show, EndSynchronizedUpdate)?;
        self.shown = Some(next);
        self.send(&bytes)
    }

    /// Calls its window so until it is given back. `title` holds no control characters.
    ///
    /// # Errors
    /// It is gone.
    pub fn call(&mut self, title: String) -> io::Result<()> {
        if self.title.as_ref() == Some(&title) {
            return Ok(());
        }
        let kept = if TITLED.swap(true, Ordering::SeqCst) { "" } else { TITLE_KEPT };
        execute!(self.out, Print(kept), SetTitle(&title))?;
        self.title = Some(title);
        Ok(())
    }

    /// Writes escape sequences that move and show nothing: a bell, a notification.
    ///
    /// # Errors
    /// It is gone.
    pub fn say(&mut self, escape: &str) -> io::Result<()> {
        self.send(escape.as_bytes())
    }

    /// Writes in one piece.
    fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.out.write_all(bytes)?;
        self.out.flush()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        restore();
        let mut text = String::new();
        for panic in PANICS.lock().drain(..) {
            // Writing to memory does not fail.
            let _ = writeln!(text, "{panic}");
        }
        // Nobody can be told that standard error is gone.
        drop(io::stderr().write_all(text.as_bytes()));
    }
}

/// Gives the terminal back as it was, if it is ours. What fails is passed over: there is nobody to tell.
pub fn restore() {
    if !OURS.swap(false, Ordering::SeqCst) {
        return;
    }
    // First, because it does not wait, as writing does where the terminal takes nothing.
    drop(disable_raw_mode());
    if TITLED.swap(false, Ordering::SeqCst) {
        // Where none was kept, it is at least not ours.
        drop(queue!(io::stdout(), SetTitle(""), Print(TITLE_BACK)));
    }
    drop(execute!(
        io::stdout(),
        SetAttribute(Attribute::Reset),
        // Where there is no other screen (Linux' console, GNU screen), the shell goes on with this one.
        Clear(ClearType::All),
        MoveTo(0, 0),
        Print(KEYS_BACK),
        EnableLineWrap,
        DisableFocusChange,
        DisableBracketedPaste,
        LeaveAlternateScreen,
        Show
    ));
}

/// A panic of the thread that has the terminal gives it back before it is told; one of another thread is told when the
/// terminal is given back, because that thread's work may go on.
fn catch_panics(owner: ThreadId) {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if !OURS.load(Ordering::SeqCst) {
            before(panic);
        } else if thread::current().id() == owner {
            restore();
            before(panic);
        } else {
            let mut kept = PANICS.lock();
            if kept.len() < PANICS_KEPT {
                kept.push(panic.to_string());
            }
        }
    }));
}

/// Draws what has changed in a row. Where anything in it is not ASCII, that is the whole row, each such character at its own
/// place: terminals differ in how wide they take some characters to be, and must not shift what stands beside them.
fn draw_row(backend: &mut CrosstermBackend<&mut Vec<u8>>, shown: &Buffer, next: &Buffer, y: u16) -> io::Result<()> {
    let width = usize::from(next.area.width);
    let row = |buffer: &Buffer| -> Vec<Cell> {
        let start = usize::from(y) * width;
        buffer.content[start..start + width].to_vec()
    };
    let (old, new) = (row(shown), row(next));
    if old == new {
        return Ok(());
    }
    let is_ascii = |cells: &[Cell]| cells.iter().all(|cell| cell.symbol().len() == 1);
    let whole = !(is_ascii(&old) && is_ascii(&new));
    let mut run: Vec<(u16, u16, &Cell)> = Vec::new();
    let mut x = 0;
    while x < width {
        let cell = &new[x];
        let is_odd = cell.symbol().len() > 1;
        if whole || old[x] != *cell {
            if is_odd {
                backend.draw(run.drain(..))?;
                let blank = Cell::default();
                let columns = usize::from(cell.cell_width()).max(1);
                if columns > 1 || cell.symbol().starts_with(is_combining_mark) {
                    // Whatever the terminal takes its width to be, nothing of what stood here shows through. A mark that
                    // stands alone has none in some, and goes to the character before.
                    backend.draw((x..x + columns).filter_map(|x| Some((u16::try_from(x).ok()?, y, &blank))))?;
                }
                backend.draw(std::iter::once((x as u16, y, cell)))?;
            } else {
                run.push((x as u16, y, cell));
            }
        }
        x += usize::from(cell.cell_width()).max(1);
    }
    backend.draw(run.into_iter())
}

#[cfg(test)]
mod tests {
    use ratatui::style::Style;

    use super::*;

    /// What is written, without styles: `<3>` is a move to column 3.
    fn drawn(before: &str, after: &str) -> String {
        let [shown, next] = [before, after].map(|text| {
            let mut buffer = Buffer::empty(Rect::new(0, 0, 6, 1));
            buffer.set_string(0, 0, text, Style::new());
            buffer
        });
        let mut bytes = Vec::new();
        draw_row(&mut CrosstermBackend::new(&mut bytes), &shown, &next, 0).unwrap();
        let text = String::from_utf8(bytes).unwrap();
        let parts = text.split("\x1b[").map(|part| match part.split_once(['m', 'H']) {
            Some((place, rest)) if part[place.len()..].starts_with('H') => {
                format!("<{}>{rest}", place.split_once(';').unwrap().1)
            }
            Some((_, rest)) => rest.to_owned(),
            None => part.to_owned(),
        });
        parts.collect()
    }

    /// P30: what a terminal takes to be narrower or wider than it is here leaves nothing of what stood there, and shifts nothing.
    #[test]
    fn p30_odd_characters_leave_nothing_of_what_stood_there() {
        assert_eq!(drawn("xxxxxx", "ab"), "<1>ab    ");
        assert_eq!(drawn("xxxxxx", "aé"), "<1>a<2>é<3>    ");
        assert_eq!(drawn("xxxxxx", "a日b"), "<1>a<2>  <2>日<4>b  ");
        assert_eq!(drawn("日xxxx", "ab"), "<1>ab    ");
        assert_eq!(drawn("日本", "日本"), "");
        // A vowel sign that was taken off its letter.
        let [mut shown, mut next] = [(); 2].map(|()| Buffer::empty(Rect::new(0, 0, 2, 1)));
        shown.set_string(0, 0, "xx", Style::new());
        next[(0, 0)].set_symbol("a");
        next[(1, 0)].set_symbol("\u{93F}");
        let mut bytes = Vec::new();
        draw_row(&mut CrosstermBackend::new(&mut bytes), &shown, &next, 0).unwrap();
        let text = String::from_utf8(bytes).unwrap();
        let (before, _) = text.split_once('\u{93F}').unwrap();
        assert!(before.contains("\x1b[1;2H "), "{text:?}");
    }
}
