//! A real terminal: a pane of tmux in which a shell runs the program, its keyboard, and what stands on it.
//!
//! What is waited for is looked at again and again: a screen tells nobody when it changes.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use rustix::process::{Pid, Signal, kill_process};

use super::{PROGRAM, Stage, eventually};

/// A shell's script: how the terminal is before and after, and which process the program is.
const SCRIPT: &str = r#"
trap : INT
stty -a > "$1.before"
"$0" -c 'echo $$ > "$0.pid"; exec "$@"' "$@"
echo $? > "$1.status.new"
stty -a > "$1.after"
mv "$1.status.new" "$1.status"
exec cat
"#;

/// A pane of tmux, gone when it is dropped.
pub(crate) struct Pane {
    socket: String,
    /// What its files are called.
    files: PathBuf,
}

impl Pane {
    /// The program under this name at the stage's port, on a screen of this size.
    pub(crate) fn chat(stage: &Stage, name: &str, size: (u16, u16)) -> Self {
        let log = stage.path(&format!("{name}.log"));
        let port = stage.port_text();
        let args = ["--no-discovery", "--port", &port, "--name", name, "--log", log.to_str().unwrap()];
        Self::run(stage, name, size, PROGRAM, &args)
    }

    /// A program on a screen of this size.
    pub(crate) fn run(stage: &Stage, name: &str, size: (u16, u16), program: &str, args: &[&str]) -> Self {
        let pane = Self::new(stage, name);
        let (files, (width, height)) = (pane.files.to_str().unwrap().to_owned(), size);
        let size = ["-x".to_owned(), width.to_string(), "-y".to_owned(), height.to_string()];
        let shell = ["/bin/sh", "-c", SCRIPT, "/bin/sh", &files, program].map(str::to_owned);
        let args = args.iter().map(|arg| (*arg).to_owned());
        let new = ["new-session", "-d"].map(str::to_owned);
        let all: Vec<String> = new.into_iter().chain(size).chain(shell).chain(args).collect();
        pane.tmux(&all.iter().map(String::as_str).collect::<Vec<_>>());
        pane
    }

    /// A shell at a prompt, where programs can be suspended.
    pub(crate) fn shell(stage: &Stage, name: &str) -> Self {
        let pane = Self::new(stage, name);
        pane.tmux(&["new-session", "-d", "-x", "80", "-y", "24", "bash", "--norc", "--noprofile", "-i"]);
        pane
    }

    fn new(stage: &Stage, name: &str) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        Self { socket: format!("hybrid-chat-it-{}-{number}", std::process::id()), files: stage.path(name) }
    }

    /// What tmux answers.
    pub(crate) fn tmux(&self, args: &[&str]) -> String {
        let mut command = Command::new("tmux");
        command.env_remove("TMUX").env("TERM", "xterm-256color").env("LANG", "C.UTF-8").env_remove("NO_COLOR");
        let output = command.args(["-L", &self.socket, "-f", "/dev/null"]).args(args).output().unwrap();
        assert!(output.status.success(), "tmux {args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// What stands on the screen, row by row.
    pub(crate) fn screen(&self) -> Vec<String> {
        self.tmux(&["capture-pane", "-p"]).lines().map(str::to_owned).collect()
    }

    /// The cells of a column from the top down to above the row `end`, which holds ASCII only: by the widths that tmux itself
    /// gives to characters.
    pub(crate) fn column(&self, column: u16, end: usize) -> Vec<String> {
        let height: usize = self.tmux(&["display-message", "-p", "#{pane_height}"]).trim().parse().unwrap();
        let (below, right, up) = ((height - 1 - end).to_string(), column.to_string(), (end - 1).to_string());
        let keys: [&[&str]; 10] = [
            &["bottom-line"],
            &["-N", &below, "cursor-up"],
            &["start-of-line"],
            // Only where something is selected does the cursor go beyond the text.
            &["begin-selection"],
            &["rectangle-toggle"],
            &["-N", &right, "cursor-right"],
            &["cursor-up"],
            &["begin-selection"],
            &["-N", &up, "cursor-up"],
            &["copy-selection-and-cancel"],
        ];
        let mut args = vec!["copy-mode"];
        keys.iter().for_each(|keys| args.extend([";", "send-keys", "-X"].iter().chain(*keys)));
        self.tmux(&args);
        self.tmux(&["show-buffer"]).split('\n').map(str::to_owned).collect()
    }

    /// Waits until the screen is as `is` wants it.
    #[track_caller]
    pub(crate) fn shows(&self, what: &str, is: impl Fn(&[String]) -> bool) -> Vec<String> {
        let last = std::cell::RefCell::new(Vec::new());
        let shown = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            eventually(what, || {
                let screen = self.screen();
                let found = is(&screen).then(|| screen.clone());
                *last.borrow_mut() = screen;
                found
            })
        }));
        shown.unwrap_or_else(|_| panic!("{what} is not on the screen:\n{}", last.borrow().join("\n")))
    }

    /// Waits until a row holds `text`.
    #[track_caller]
    pub(crate) fn reads(&self, text: &str) {
        self.shows(text, |screen| screen.iter().any(|row| row.contains(text)));
    }

    /// Types these characters.
    pub(crate) fn types(&self, text: &str) {
        self.tmux(&["send-keys", "-l", "--", text]);
    }

    /// Presses keys, as tmux calls them.
    pub(crate) fn press(&self, keys: &[&str]) {
        self.tmux(&[&["send-keys"], keys].concat());
    }

    /// A line, and Enter.
    pub(crate) fn says(&self, line: &str) {
        self.types(line);
        self.press(&["Enter"]);
    }

    /// Pastes as a terminal does that tells a paste from typing.
    pub(crate) fn pastes(&self, text: &str) {
        self.tmux(&["set-buffer", "--", text]);
        self.tmux(&["paste-buffer", "-p"]);
    }

    /// Gives the screen another size.
    pub(crate) fn resize(&self, (width, height): (u16, u16)) {
        self.tmux(&["resize-window", "-x", &width.to_string(), "-y", &height.to_string()]);
    }

    fn file(&self, kind: &str) -> Option<String> {
        fs::read_to_string(self.files.with_extension(kind)).ok().filter(|text| text.ends_with('\n'))
    }

    /// How a shell at a prompt says which process its program is.
    pub(crate) fn announces_pid(&self) -> String {
        format!("> {}", self.files.with_extension("pid").display())
    }

    /// The program's process.
    pub(crate) fn pid(&self) -> Pid {
        let number = eventually("its process", || self.file("pid")?.trim().parse().ok());
        Pid::from_raw(number).unwrap()
    }

    /// Sends the program a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).unwrap();
    }

    /// Waits for the program's end; its status.
    #[track_caller]
    pub(crate) fn exits(&self) -> i32 {
        eventually("its end", || self.file("status")?.trim().parse().ok())
    }

    /// What tmux knows of the terminal that a program can change: alternate screen, cursor, wrapping, mouse.
    pub(crate) fn modes(&self) -> String {
        let format =
            "#{alternate_on} #{cursor_flag} #{wrap_flag} #{mouse_any_flag} #{keypad_flag} #{keypad_cursor_flag}";
        self.tmux(&["display-message", "-p", format]).trim().to_owned()
    }

    /// What the terminal is called.
    pub(crate) fn title(&self) -> String {
        self.tmux(&["display-message", "-p", "#{pane_title}"]).trim_end().to_owned()
    }

    /// The terminal is as it was before the program.
    #[track_caller]
    pub(crate) fn is_as_before(&self) {
        self.has_settings_as_before();
        assert_eq!(self.modes(), MODES);
    }

    /// What `stty` says is as it was before the program.
    #[track_caller]
    pub(crate) fn has_settings_as_before(&self) {
        assert_eq!(self.file("before").unwrap(), self.file("after").unwrap());
    }

    /// The terminal takes nothing, and shows nothing, until what this returns is dropped.
    pub(crate) fn freeze(&self) -> Frozen {
        let server = self.tmux(&["display-message", "-p", "#{pid}"]).trim().parse().ok();
        let server = server.and_then(Pid::from_raw).unwrap();
        kill_process(server, Signal::STOP).unwrap();
        Frozen { server }
    }
}

/// A terminal that takes nothing.
pub(crate) struct Frozen {
    server: Pid,
}

impl Drop for Frozen {
    fn drop(&mut self) {
        kill_process(self.server, Signal::CONT).unwrap();
    }
}

/// The modes of a terminal on which nothing has been changed.
pub(crate) const MODES: &str = "0 1 1 0 0 0";

impl Drop for Pane {
    fn drop(&mut self) {
        // Its own server, with all that runs in it. That it has ended already is fine.
        drop(Command::new("tmux").args(["-L", &self.socket, "kill-server"]).output());
    }
}
