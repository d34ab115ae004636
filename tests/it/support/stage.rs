//! A temporary folder, a port, and the processes that run there; a failed test shows all that they printed.

use std::cell::RefCell;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::thread;

use tempfile::TempDir;

use super::chat::{Chat, Screen, is};
use super::logbook::Logbook;
use super::port::free_port;

/// The executable under test.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_hybrid-chat");

/// Copies the executable to a folder where anybody may run it as `hybrid-chat`.
pub(crate) fn copy_program_to(folder: &Path) {
    fs::set_permissions(folder, fs::Permissions::from_mode(0o777)).unwrap();
    install(Path::new(PROGRAM), &folder.join("hybrid-chat"));
}

/// Makes a file one that anybody may run. Another process copies it: what this one has open for writing would be open in every
/// process that another test starts at that moment, and could not be run.
pub(crate) fn install(file: &Path, program: &Path) {
    let status = Command::new("install").args(["-m", "755"]).arg(file).arg(program).status().unwrap();
    assert!(status.success(), "{status}");
}

/// One room's surroundings. Declare it before its processes: it is then dropped after them.
pub(crate) struct Stage {
    folder: TempDir,
    port: u16,
    screens: RefCell<Vec<Arc<Screen>>>,
}

impl Stage {
    /// A stage with a free port.
    pub(crate) fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("hybrid-chat-it-").tempdir().unwrap();
        Self { folder, port: free_port(), screens: RefCell::default() }
    }

    /// The stage's port.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// The stage's port as an argument.
    pub(crate) fn port_text(&self) -> String {
        self.port.to_string()
    }

    /// The stage's port on the loopback interface, as an argument.
    pub(crate) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// A path in the stage's folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The connections log of the process that was started under this label.
    pub(crate) fn log(&self, label: &str) -> Logbook {
        Logbook::read(&self.path(&format!("{label}.log")))
    }

    /// A process to be started: its label names its log; it keeps to this machine and inherits nothing.
    pub(crate) fn start(&self, label: &str) -> Start<'_> {
        Start {
            stage: self,
            label: label.to_owned(),
            command: self.command(Path::new(PROGRAM)),
            chats: true,
            alone: true,
        }
    }

    /// As `start`, but in a network namespace, and not told to keep to itself.
    #[cfg(target_os = "linux")]
    pub(crate) fn start_in(&self, namespace: &str, label: &str) -> Start<'_> {
        let mut command = self.command(Path::new("ip"));
        command.args(["netns", "exec", namespace, PROGRAM]);
        Start { stage: self, label: label.to_owned(), command, chats: true, alone: false }
    }

    /// A shell line to be started, for pipes and limits; `$CHAT` is the executable.
    pub(crate) fn shell(&self, label: &str, line: &str) -> Start<'_> {
        let mut command = self.command(Path::new("/bin/sh"));
        command.arg("-c").arg(line).env("CHAT", PROGRAM);
        Start { stage: self, label: label.to_owned(), command, chats: false, alone: true }
    }

    /// A command in the stage's folder, with a clean environment.
    fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.env_clear().current_dir(self.folder.path());
        command.env("PATH", "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin").env("HOME", self.folder.path());
        command.env("USER", "tester").env("LANG", "C.UTF-8").env("RUST_BACKTRACE", "1");
        // Where coverage is measured, the processes count as well.
        command.envs(std::env::var_os("LLVM_PROFILE_FILE").map(|file| ("LLVM_PROFILE_FILE", file)));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// A host called `capo` on every interface, with these further arguments; it hosts when this returns.
    pub(crate) fn host_with(&self, args: &[&str]) -> Chat {
        let host = self.start("capo").json("capo").args(&["--role", "host", "--port", &self.port_text()]).args(args);
        let host = host.run();
        host.expect("role host", |event| is(event, "role") && event["role"] == "host");
        host.expect("roster", |event| is(event, "roster"));
        host
    }

    /// A host called `capo` on every interface; it hosts when this returns.
    pub(crate) fn host(&self) -> Chat {
        self.host_with(&[])
    }

    /// A client through the loopback interface; it is in the room when this returns.
    pub(crate) fn join(&self, name: &str) -> Chat {
        let chat = self.start(name).json(name).args(&["--role", "client", &self.address()]).run();
        chat.expect("role client", |event| is(event, "role") && event["role"] == "client");
        chat.expect("roster", |event| is(event, "roster"));
        chat
    }

    /// Whatever is right, host or client; it is in the room when this returns.
    pub(crate) fn peer(&self, name: &str) -> Chat {
        let chat = self.start(name).json(name).args(&["--port", &self.port_text()]).run();
        chat.expect("roster", |event| is(event, "roster"));
        chat
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        if !thread::panicking() {
            return;
        }
        let screens = self.screens.borrow();
        eprintln!("--- {} processes on port {}", screens.len(), self.port);
        screens.iter().for_each(|screen| eprintln!("{}", screen.dump()));
        for file in fs::read_dir(self.folder.path()).unwrap().flatten() {
            if file.path().extension().is_some_and(|extension| extension == "log") {
                let text = fs::read(file.path()).unwrap_or_default();
                eprintln!("=== {}\n{}", file.path().display(), String::from_utf8_lossy(&text));
            }
        }
    }
}

/// A process about to be started.
pub(crate) struct Start<'a> {
    stage: &'a Stage,
    label: String,
    command: Command,
    /// It is a chat, so that it gets a log of its own.
    chats: bool,
    /// It keeps to this machine.
    alone: bool,
}

impl Start<'_> {
    /// Prints events, under this name.
    pub(crate) fn json(self, name: &str) -> Self {
        self.args(&["--json", "--name", name])
    }

    /// Further arguments.
    pub(crate) fn args(mut self, args: &[&str]) -> Self {
        self.command.args(args);
        self
    }

    /// A subcommand, which has no log of its own to write.
    pub(crate) fn no_log(mut self) -> Self {
        self.chats = false;
        self
    }

    /// Changes the command in ways that only one test needs.
    pub(crate) fn tune(mut self, change: impl FnOnce(&mut Command)) -> Self {
        change(&mut self.command);
        self
    }

    /// Starts it.
    pub(crate) fn run(mut self) -> Chat {
        if self.chats {
            self.command.arg("--log").arg(self.stage.path(&format!("{}.log", self.label)));
        }
        if self.chats && self.alone {
            self.command.arg("--no-discovery");
        }
        let chat = Chat::new(&self.label, self.command.spawn().unwrap());
        self.stage.screens.borrow_mut().push(chat.screen());
        chat
    }
}
