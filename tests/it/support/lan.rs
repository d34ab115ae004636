//! A LAN of network namespaces, made and removed by `scripts/lan.sh`: its hosts, and the processes on them.
//!
//! Hosts are called by their numbers, from 1. It needs root; who has not got it is told that nothing was tested.

use std::fs::File;
use std::io::Write as _;
use std::os::fd::AsFd as _;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use rustix::process::geteuid;
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

use super::chat::Chat;
use super::stage::{Stage, Start};

/// What makes and removes it.
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/lan.sh");

/// A LAN, removed when it is dropped. Declare it before its processes: it is then dropped after them.
pub(crate) struct Lan {
    name: String,
    stage: Stage,
}

impl Lan {
    /// A LAN with so many hosts; `None` without root, and this is said whatever the test harness swallows.
    pub(crate) fn up(hosts: usize) -> Option<Self> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        if !geteuid().is_root() {
            assert!(std::env::var_os("CI").is_none(), "where everything is tested, this needs root");
            let test = thread::current().name().unwrap_or("a test").to_owned();
            let warning = format!("NOT TESTED, because it needs root: {test}\n");
            std::io::stderr().write_all(warning.as_bytes()).unwrap();
            return None;
        }
        let name = format!("it{}n{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let lan = Self { name, stage: Stage::new() };
        lan.does("up", &[&hosts.to_string()]);
        Some(lan)
    }

    /// A command of the script, with what follows the LAN's name.
    pub(crate) fn does(&self, command: &str, arguments: &[&str]) {
        let output = Command::new(SCRIPT).arg(command).arg(&self.name).args(arguments).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "lan.sh {command} {} {arguments:?}: {said}", self.name);
    }

    /// Runs a command on a host: what it prints.
    pub(crate) fn runs(&self, host: usize, command: &[&str]) -> String {
        let mut on_host = Command::new(SCRIPT);
        on_host.args(["exec", &self.name, &format!("h{host}")]).args(command);
        let output = on_host.output().unwrap();
        assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// Adds a chain of nftables to a host, for packets of this kind (`input`, `output`); the last one, if there was one of
    /// this kind, is forgotten.
    pub(crate) fn filters(&self, host: usize, kind: &str, rules: &str) {
        let rules = rules.replace("; ", "\n");
        let chain = format!("chain {kind} {{\ntype filter hook {kind} priority 0\n{rules}\n}}");
        let table = format!("table inet {kind}");
        self.runs(host, &["nft", &format!("{table}\ndelete {table}\n{table} {{\n{chain}\n}}")]);
    }

    /// What a subcommand prints on a host, and its status.
    pub(crate) fn asks(&self, host: usize, args: &[&str]) -> (Vec<String>, i32) {
        let chat = self.start(host, args[0]).no_log().args(args).run();
        let status = chat.exits();
        (chat.stdout(), status)
    }

    /// A process to be started on a host: its label names its log.
    pub(crate) fn start(&self, host: usize, label: &str) -> Start<'_> {
        self.stage.start_in(&self.namespace(host), label)
    }

    /// What anybody starts: no address, no role. It is in the room when this returns.
    pub(crate) fn peer(&self, host: usize, name: &str) -> Chat {
        in_room(self.start(host, name).json(name))
    }

    /// A peer who types this address.
    pub(crate) fn join(&self, host: usize, name: &str, address: &str) -> Chat {
        in_room(self.start(host, name).json(name).args(&[address]))
    }

    /// Does something on a host, such as opening a socket, which then stays there.
    pub(crate) fn inside<T: Send>(&self, host: usize, act: impl FnOnce() -> T + Send) -> T {
        let namespace = File::open(format!("/run/netns/{}", self.namespace(host))).unwrap();
        let enter = || {
            move_into_link_name_space(namespace.as_fd(), Some(LinkNameSpaceType::Network)).unwrap();
            act()
        };
        thread::scope(|scope| scope.spawn(enter).join().unwrap())
    }

    fn namespace(&self, host: usize) -> String {
        format!("{}-h{host}", self.name)
    }
}

impl Drop for Lan {
    fn drop(&mut self) {
        let removed = Command::new(SCRIPT).args(["down", &self.name]).status();
        assert!(thread::panicking() || removed.unwrap().success(), "{} is still there", self.name);
    }
}

/// The address of a host in the first subnet.
pub(crate) fn address(host: usize) -> String {
    format!("10.88.0.{host}")
}

fn in_room(start: Start<'_>) -> Chat {
    let chat = start.run();
    chat.expect("roster", |event| super::is(event, "roster"));
    chat
}
