//! The house as `src/lib.rs` draws it: reads the sources, and holds what is stated there.
//!
//! It knows names of modules and words of the language, not what the program does.

mod source;

use std::fs;
use std::path::{Path, PathBuf};

/// Bottom to top: a module uses only modules of rungs below its own, so no import goes in a circle.
const LADDER: &[&[&str]] = &[
    &["limits", "moment", "error"],
    &["room", "interfaces", "mailbox", "clock", "descriptors", "windows"],
    &["sighting", "listing"],
    &["wire", "connection_log", "cli", "net", "shutdown"],
    &["session", "seat", "config", "ui", "election", "scout"],
    &["hub", "place"],
    &["host", "guest", "discovery"],
    &["peer", "doctor", "rooms"],
    &["run"],
    &["main", "lib"],
];

/// `⊘`: no socket, file, thread, clock or printing. Modules with all that is in them, and single files.
const PURE: &[&str] = &[
    "room",
    "wire",
    "session",
    "hub",
    "seat",
    "election",
    "sighting",
    "discovery/beacon",
    "discovery/datagram",
    "discovery/txt",
    "interfaces",
    "limits",
    "moment",
    "error",
    "cli",
    "config",
    "connection_log/line",
    "connection_log/quote",
    "connection_log/summary",
    "connection_log/report",
    "connection_log/show",
    "rooms/board",
    "rooms/show",
    "doctor/facts",
    "doctor/diagnosis",
    "doctor/cure",
    "doctor/report",
    "doctor/ruleset",
    "doctor/tables",
    "ui/days",
    "ui/plain",
    "ui/json",
    "ui/object",
    "ui/safe",
    "ui/qr",
    "ui/reach",
    "ui/words",
    "ui/full/asides",
    "ui/full/cells",
    "ui/full/colours",
    "ui/full/editor",
    "ui/full/entry",
    "ui/full/history",
    "ui/full/keys",
    "ui/full/layout",
    "ui/full/lines",
    "ui/full/mention",
    "ui/full/model",
    "ui/full/notify",
    "ui/full/pace",
    "ui/full/roster",
    "ui/full/scroll",
    "ui/full/search",
    "ui/full/terminal/decoder",
    "ui/full/title",
    "ui/full/view",
];

/// The words without which nobody opens a socket or a file, starts a thread, reads a clock or prints.
const IMPURE: &[&str] = &[
    "TcpStream",
    "TcpListener",
    "UdpSocket",
    "UnixStream",
    "ToSocketAddrs",
    "mio",
    "socket2",
    "fs",
    "File",
    "OpenOptions",
    "thread",
    "process",
    "ctrlc",
    "Instant",
    "SystemTime",
    "Local",
    "Utc",
    "getrandom",
    "stdin",
    "stdout",
    "stderr",
    "print",
    "println",
    "eprint",
    "eprintln",
    "dbg",
];

/// The one file that may be unsafe.
const UNSAFE: &str = "windows.rs";
/// Lines of a file without its tests.
const FILE_LINES: usize = 400;
/// Lines of a function.
const FUNCTION_LINES: usize = 70;

/// A file of the program.
struct File {
    /// Below `src`.
    path: String,
    text: String,
    /// Without comments, texts and tests.
    code: String,
    /// Without tests.
    lines: usize,
}

impl File {
    fn new(path: String, text: String) -> (Self, Vec<String>) {
        // Comments are part of a file's length, tests are not: what is blanked out keeps its lines.
        let whole = source::code(&text);
        let (code, modules) = source::without_tests(&whole);
        let folder = path.strip_suffix(".rs").unwrap_or(&path).to_owned();
        let lines = code.lines().count();
        let tests = modules.iter().map(|module| format!("{folder}/{module}")).collect();
        (Self { path, text, code, lines }, tests)
    }

    /// The top-level module that it belongs to.
    fn module(&self) -> &str {
        self.path.split(['/', '.']).next().unwrap()
    }

    /// How far below the crate its module is.
    fn depth(&self) -> usize {
        if matches!(&*self.path, "lib.rs" | "main.rs") { 0 } else { self.path.split('/').count() }
    }

    fn is_pure(&self) -> bool {
        PURE.iter().any(|pure| self.path.strip_prefix(pure).is_some_and(|rest| rest == ".rs" || rest.starts_with('/')))
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All files below `folder`.
fn walk(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(walk(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

/// The program's files, those of its unit tests left out.
fn program() -> Vec<File> {
    let src = root().join("src");
    let (mut files, mut tests) = (Vec::new(), Vec::new());
    // The page is no part of the ladder: it uses nothing.
    let is_rust = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "rs");
    for path in walk(&src).into_iter().filter(is_rust) {
        let name = path.strip_prefix(&src).unwrap().to_str().unwrap().replace('\\', "/");
        let (file, its_tests) = File::new(name, fs::read_to_string(&path).unwrap());
        files.push(file);
        tests.extend(its_tests);
    }
    let is_test = |path: &str| {
        tests.iter().any(|test| path.strip_prefix(&**test).is_some_and(|rest| rest == ".rs" || rest.starts_with('/')))
    };
    files.retain(|file| !is_test(&file.path));
    assert!(files.len() > 50 && files.iter().any(|file| file.path == "room.rs"), "where is the program?");
    files
}

#[track_caller]
fn hold(rule: &str, broken: impl IntoIterator<Item = String>) {
    let broken: Vec<_> = broken.into_iter().collect();
    assert!(broken.is_empty(), "{rule}:\n  {}", broken.join("\n  "));
}

fn rung(module: &str) -> Option<usize> {
    LADDER.iter().position(|rung| rung.contains(&module))
}

/// What a file uses that is not below it.
fn upward(file: &File) -> Vec<String> {
    let own = rung(file.module());
    let is_allowed = |used: &String| used == file.module() || rung(used).is_some_and(|used| Some(used) < own);
    let used = source::uses(&file.code, file.depth());
    // What the crate's root has besides modules: nothing but the macros' own names.
    used.into_iter().filter(|used| !is_allowed(used)).map(|used| format!("{} uses {used}", file.path)).collect()
}

/// What a pure file names that does something.
fn impure(file: &File) -> Vec<String> {
    let is_path = |before: &str, after: &str| {
        before.ends_with("::") || after.starts_with("::") || after.starts_with('!') || is_import(before)
    };
    source::words(&file.code)
        .filter(|(word, before, after)| IMPURE.contains(word) && is_path(before, after))
        .map(|(word, before, _)| format!("{}:{} {word}", file.path, before.lines().count()))
        .collect()
}

/// Whether what follows `before` stands in a `use`.
fn is_import(before: &str) -> bool {
    let statement = before.rsplit(';').next().unwrap_or("");
    source::words(statement).next().is_some_and(|(word, ..)| matches!(word, "use" | "pub"))
        && statement.contains("use ")
}

#[test]
fn arrows_point_down_only() {
    let files = program();
    let unknown = files.iter().filter(|file| rung(file.module()).is_none());
    hold("every module has a rung on the ladder", unknown.map(|file| file.path.clone()));
    hold("a module uses only what is below it", files.iter().flat_map(upward));
    for module in LADDER.concat() {
        assert!(files.iter().any(|file| file.module() == module), "{module} is on the ladder and not in the house");
    }
}

#[test]
fn what_is_marked_pure_does_nothing_by_itself() {
    let files = program();
    hold("no socket, file, thread, clock or printing", files.iter().filter(|file| file.is_pure()).flat_map(impure));
    for pure in PURE {
        assert!(files.iter().any(|file| file.path == format!("{pure}.rs")), "{pure} is not in the house");
    }
    let map = &files.iter().find(|file| file.path == "lib.rs").unwrap().text;
    let marked: Vec<_> =
        map.match_indices(" ⊘").filter_map(|(at, _)| map[..at].split_whitespace().next_back()).collect();
    assert!(marked.contains(&"room") && marked.contains(&"hub"), "the picture marks {marked:?}");
    for name in marked.iter().filter(|name| rung(name).is_some()) {
        assert!(PURE.contains(name), "the picture says that {name} is pure");
    }
}

#[test]
fn what_is_pure_rests_on_what_is_pure() {
    // Of the log, only its words: who writes and reads the file is elsewhere in it.
    let words = ["Event", "LogLine", "Word", "LogOptions", "parse_when"];
    let mut broken = Vec::new();
    for file in program().iter().filter(|file| file.is_pure() && !file.path.starts_with("connection_log")) {
        for used in source::uses(&file.code, file.depth()) {
            let is_log = used == "connection_log" && {
                let named =
                    file.code.split("crate::connection_log::").skip(1).flat_map(|path| {
                        path.split(';').next().unwrap().split(|c: char| !c.is_alphanumeric() && c != '_')
                    });
                let mut named = named.filter(|name| !name.is_empty() && !["Happened", "as"].contains(name));
                named.all(|name| words.contains(&name))
            };
            // The pure files of these stand beside others that are not.
            if !(is_log || PURE.contains(&&*used) || ["ui", "doctor", "rooms"].contains(&&*used)) {
                broken.push(format!("{} uses {used}", file.path));
            }
        }
    }
    hold("what is marked pure uses only what is", broken);
}

#[test]
fn every_file_says_what_it_is_for() {
    let is_silent = |file: &&File| {
        let said: String = file.text.lines().map_while(|line| line.strip_prefix("//!")).collect();
        said.split_whitespace().count() < 4
    };
    hold("a file begins with what it does", program().iter().filter(is_silent).map(|file| file.path.clone()));
}

#[test]
fn files_and_functions_are_small() {
    let files = program();
    let long = files.iter().filter(|file| file.lines > FILE_LINES);
    hold("a file has at most 400 lines", long.map(|file| format!("{}: {}", file.path, file.lines)));
    let functions = files.iter().flat_map(|file| {
        source::functions(&file.code)
            .into_iter()
            .map(move |(name, lines)| (format!("{}: {name}, {lines}", file.path), lines))
    });
    hold("a function has less than 70 lines", functions.filter(|(_, lines)| *lines >= FUNCTION_LINES).map(|f| f.0));
}

#[test]
fn nothing_is_unwrapped_or_unsafe() {
    let mut broken = Vec::new();
    for file in program() {
        for (word, before, after) in source::words(&file.code) {
            let unwraps = word == "unwrap" && before.ends_with('.') && after.starts_with("()");
            if unwraps || (word == "unsafe" && file.path != UNSAFE) {
                broken.push(format!("{}:{} {word}", file.path, before.lines().count()));
            }
        }
    }
    hold("no unwrap and nothing unsafe", broken);
}

/// Constants of a file of bounds without a word on them.
fn undocumented(text: &str) -> Vec<String> {
    let pairs = std::iter::once("").chain(text.lines()).zip(text.lines());
    let is_bare = |(above, line): &(&str, &str)| line.starts_with("pub const ") && !above.starts_with("/// ");
    pairs.filter(is_bare).map(|(_, line)| line.to_owned()).collect()
}

#[test]
fn bounds_have_a_name_and_a_reason() {
    let files = program();
    let (limits, others): (Vec<_>, Vec<_>) = files.iter().partition(|file| file.path.starts_with("limits"));
    let bounds: usize = limits.iter().map(|file| file.text.matches("pub const ").count()).sum();
    assert!(bounds > 30, "where are the bounds?");
    hold("a bound has a reason", limits.iter().flat_map(|file| undocumented(&file.text)));
    let elsewhere = others.iter().flat_map(|file| {
        let times = file.code.lines().filter(|line| line.contains("const ") && line.contains(": Duration ="));
        times.map(move |line| format!("{}: {}", file.path, line.trim()))
    });
    hold("a time to wait has a name in limits", elsewhere);
}

/// Dependencies of a manifest that have no comment right above them.
fn unexplained(manifest: &str) -> Vec<String> {
    let (mut inside, mut above, mut found) = (false, "", Vec::new());
    for line in manifest.lines() {
        if line.starts_with('[') {
            inside = line.ends_with("dependencies]");
        } else if inside && line.contains(" = ") && !above.starts_with("# ") {
            found.push(line.to_owned());
        }
        above = line;
    }
    found
}

#[test]
fn every_dependency_says_what_it_is_for() {
    hold("a comment above each dependency", unexplained(&fs::read_to_string(root().join("Cargo.toml")).unwrap()));
}

#[test]
fn the_top_level_holds_what_it_should() {
    let ignored = fs::read_to_string(root().join(".gitignore")).unwrap();
    let known =
        ["Cargo.toml", "Cargo.lock", "src", "tests", "scripts", "connections.log.example", "README.md", "LICENSE"];
    let names = fs::read_dir(root()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let is_ignored = |name: &str| ignored.lines().any(|line| line.trim_matches('/') == name);
    let strange = names.filter(|name| !name.starts_with('.') && !known.contains(&&**name) && !is_ignored(name));
    hold("nothing else lies at the top", strange);
}

#[test]
fn the_project_speaks_of_itself_alone() {
    // Put together here, so that this file is not one of those that it looks for.
    let foreign = ["work", "root", "home"].map(|folder| format!("/{folder}/"));
    let folders = ["src", "tests", "scripts", ".ci"].map(|folder| walk(&root().join(folder))).concat();
    let files = ["Cargo.toml", "README.md", "connections.log.example"].map(|name| root().join(name));
    let mut broken = Vec::new();
    for path in folders.into_iter().chain(files) {
        let text = String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned();
        for (number, line) in (1..).zip(text.lines()) {
            if foreign.iter().any(|foreign| line.contains(foreign)) {
                broken.push(format!("{}:{number} {line}", path.display()));
            }
        }
    }
    hold("no path of somebody's machine", broken);
}

/// The rules above find what breaks them.
mod tests {
    use super::*;

    fn file(path: &str, text: &str) -> File {
        File::new(path.into(), text.into()).0
    }

    #[test]
    fn an_arrow_that_points_up_or_sideways_is_found() {
        assert_eq!(upward(&file("room/log.rs", "use crate::{limits, wire::line};")), ["room/log.rs uses wire"]);
        assert_eq!(upward(&file("session.rs", "fn a(seat: super::seat::Seat) {}")), ["session.rs uses seat"]);
        assert_eq!(upward(&file("hub/slot.rs", "use crate::news::A;")), ["hub/slot.rs uses news"]);
        assert!(upward(&file("hub/slot.rs", "use crate::hub::A; use super::Hub; // crate::peer\n")).is_empty());
        assert!(upward(&file("hub.rs", "#[cfg(test)]\nmod tests {\n    use crate::peer;\n}\n")).is_empty());
    }

    #[test]
    fn a_pure_file_that_does_something_is_found() {
        for (text, word) in [
            ("use std::net::{IpAddr, TcpStream};", "TcpStream"),
            ("use std::{fs, io};", "fs"),
            ("fn a() { std::thread::spawn(b); }", "thread"),
            ("fn a() -> u8 { println!(); 1 }", "println"),
            ("use chrono::{DateTime, Local};", "Local"),
            ("fn a() { std::io::stdin().lock(); }", "stdin"),
            ("fn a(now: std::time::Instant) {}", "Instant"),
        ] {
            assert_eq!(impure(&file("room.rs", text)), [format!("room.rs:1 {word}")], "{text}");
        }
        let text = "use std::io::{self, IoSlice};\nuse std::net::SocketAddr;\n/// std::fs\nfn a(process: u8) { \"mio::Poll\"; }";
        assert!(impure(&file("room.rs", text)).is_empty());
    }

    #[test]
    fn tests_do_not_make_a_file_long() {
        let code = "//! x\nfn a() {}\n".to_owned();
        let text = format!("{code}\n#[cfg(test)]\nmod tests {{\n{}}}\n", "    fn b() {}\n".repeat(500));
        assert_eq!((file("a.rs", &text).lines, file("a.rs", &"// x\n".repeat(500)).lines), (3, 500));
        assert_eq!(File::new("ui/a.rs".into(), "#[cfg(test)]\nmod tests;\n".into()).1, ["ui/a/tests"]);
    }

    #[test]
    fn what_has_no_reason_is_found() {
        assert_eq!(undocumented("/// Why.\npub const A: u8 = 1;\n\npub const B: u8 = 2;\n"), ["pub const B: u8 = 2;"]);
        let manifest = "[package]\nname = \"x\"\n[dependencies]\n# Why.\na = \"1\"\nb = \"2\"\n[lints]\nc = \"x\"\n[dev-dependencies]\nd = \"1\"\n";
        assert_eq!(unexplained(manifest), ["b = \"2\"", "d = \"1\""]);
    }
}
