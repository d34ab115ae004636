//! The servers that are measured: each run gets a fresh process on a free port of 127.0.0.1, and ends it.

use std::fs::{self, File};
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::dialect::Dialect;
use crate::irc;
use crate::os;

/// How long a server may take until it accepts.
const START: Duration = Duration::from_secs(10);
/// Between two looks at a server.
const LOOK: Duration = Duration::from_millis(20);
/// The argument with which the bench starts itself as the floor.
pub(crate) const FLOOR_ARGUMENT: &str = "--floor";

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    /// Our host, with members of the native dialect.
    Ours,
    Floor,
    /// Our host, with browsers that listen.
    Web,
    /// Our host, with people that listen.
    Text,
    Ngircd,
    Inspircd,
}

impl Kind {
    pub(crate) const ALL: [Kind; 6] = [Kind::Ours, Kind::Floor, Kind::Web, Kind::Text, Kind::Ngircd, Kind::Inspircd];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Kind::Ours => "hybrid-chat",
            Kind::Floor => "floor",
            Kind::Web => "hybrid-chat-web",
            Kind::Text => "hybrid-chat-text",
            Kind::Ngircd => "ngircd",
            Kind::Inspircd => "inspircd",
        }
    }

    pub(crate) fn dialect(self) -> Dialect {
        match self {
            Kind::Ours => Dialect::Native,
            Kind::Floor => Dialect::Floor,
            Kind::Web => Dialect::Web,
            Kind::Text => Dialect::Text,
            Kind::Ngircd | Kind::Inspircd => Dialect::Irc,
        }
    }

    pub(crate) fn is_ours(self) -> bool {
        matches!(self, Kind::Ours | Kind::Web | Kind::Text)
    }

    /// The executable, if it is on this machine.
    pub(crate) fn program(self) -> Option<PathBuf> {
        match self {
            Kind::Ours | Kind::Web | Kind::Text => Some(env!("CARGO_BIN_EXE_hybrid-chat").into()),
            Kind::Floor => std::env::current_exe().ok(),
            // Debian has its daemons where a user's search path does not lead.
            Kind::Ngircd | Kind::Inspircd => std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default())
                .chain(["/usr/sbin".into()])
                .map(|folder| folder.join(self.name()))
                .find(|file| file.is_file()),
        }
    }
}

/// A running server; dropping it ends it.
pub(crate) struct Server {
    child: Child,
    pub(crate) kind: Kind,
    pub(crate) address: SocketAddr,
    folder: TempDir,
}

impl Server {
    /// Starts a server of `kind` on the servers' core and waits until it accepts. The floor fills lines up to
    /// `line_length` bytes.
    pub(crate) fn start(kind: Kind, line_length: usize) -> io::Result<Server> {
        let folder = tempfile::tempdir()?;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, os::free_port()?));
        let program = kind.program().ok_or_else(|| io::Error::other("not installed"))?;
        let mut command = Command::new(program);
        match kind {
            Kind::Ours | Kind::Web | Kind::Text => command
                .args(["--role", "host", "--name", "host", "--json", "--no-discovery"])
                .args(["--rate", "0", "--max-members", "20000", "--log"])
                .arg(folder.path().join("connections.log"))
                .arg(address.to_string()),
            Kind::Floor => command.arg(FLOOR_ARGUMENT).arg(address.port().to_string()).arg(line_length.to_string()),
            Kind::Ngircd => command.args(irc::ngircd(folder.path(), address)?),
            Kind::Inspircd => command.args(irc::inspircd(folder.path(), address)?),
        };
        let words = File::create(folder.path().join("words"))?;
        // Our host prints an event for every message; nobody wants to read them. The others say there why they fail.
        let stdout = if kind.is_ours() { Stdio::null() } else { words.try_clone()?.into() };
        // The pipe to its standard input stays open as long as the child is held.
        command.stdin(Stdio::piped()).stdout(stdout).stderr(words);
        let mut server = Server { child: on_server_core(&mut command)?, kind, address, folder };
        server.wait_until_accepting()?;
        Ok(server)
    }

    fn wait_until_accepting(&mut self) -> io::Result<()> {
        let start = Instant::now();
        while TcpStream::connect(self.address).is_err() {
            if let Some(status) = self.child.try_wait()? {
                return Err(io::Error::other(format!("ended with {status}: {}", self.last_words())));
            }
            if start.elapsed() > START {
                return Err(io::Error::other(format!("does not accept: {}", self.last_words())));
            }
            thread::sleep(LOOK);
        }
        Ok(())
    }

    fn last_words(&self) -> String {
        let words = fs::read_to_string(self.folder.path().join("words")).unwrap_or_default();
        words.lines().rev().take(3).collect::<Vec<_>>().join(" / ")
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// How many lines of our connections log have `part` in them; other servers have none.
    pub(crate) fn logged(&self, part: &str) -> usize {
        let log = fs::read_to_string(self.folder.path().join("connections.log")).unwrap_or_default();
        log.lines().filter(|line| line.contains(part)).count()
    }
}

/// The child inherits the core; the load goes back to its own.
fn on_server_core(command: &mut Command) -> io::Result<Child> {
    if !os::two_cores() {
        return command.spawn();
    }
    os::pin(os::SERVER_CORE)?;
    let child = command.spawn();
    os::pin(os::LOAD_CORE)?;
    child
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself, which the measurement has noticed.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
