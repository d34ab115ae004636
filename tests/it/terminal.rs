//! The full screen in a real terminal: what a person sees and types, and how the terminal is left.

use std::io::Read as _;
use std::thread;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{kill_process, test_kill_process};
use unicode_normalization::UnicodeNormalization as _;

use crate::support::{MODES, PROGRAM, Pane, Raw, Signal, Stage, eventually, heavy};

mod hostile;

const SMALL: (u16, u16) = (80, 24);
const LARGE: (u16, u16) = (200, 60);

/// A room whose host is on a screen.
fn hosting(stage: &Stage) -> Pane {
    let host = Pane::chat(stage, "capo", SMALL);
    host.reads(" hosting · 1 here");
    host
}

/// Somebody on a screen in a room that there is.
fn joining(stage: &Stage, name: &str, size: (u16, u16)) -> Pane {
    let pane = Pane::chat(stage, name, size);
    pane.reads(" joined · ");
    pane
}

#[test]
fn two_people_talk_on_their_screens() {
    let stage = Stage::new();
    let host = hosting(&stage);
    host.reads("Others join with: hybrid-chat");
    host.reads("/quit or Ctrl-C closes the room");
    let guest = joining(&stage, "lorde", LARGE);
    host.reads("/quit hands the room over · Ctrl-C closes it for all");
    guest.says("ciao capo");
    host.reads("lorde: ciao capo");
    host.says("/me waves");
    guest.reads("** capo (host) waves");
    guest.says("/msg capo psst");
    host.reads("(private to capo): psst");
    host.says("/dance");
    host.reads("! there is no command /dance");
    host.reads("> /dance");
}

/// Every way to go, and how it is gone: the status, and what the terminal is like.
#[test]
fn however_it_ends_the_terminal_is_as_it_was() {
    let _turn = heavy();
    let goes = |way: &str, pane: &Pane| match way {
        "Ctrl-C" => pane.press(&["C-c"]),
        "Ctrl-D" => pane.press(&["C-d"]),
        "SIGTERM" => pane.signal(Signal::TERM),
        "SIGHUP" => pane.signal(Signal::HUP),
        "SIGINT" => pane.signal(Signal::INT),
        command => pane.says(command),
    };
    for way in ["Ctrl-C", "Ctrl-D", "SIGTERM", "SIGHUP", "SIGINT", "/quit"] {
        let stage = Stage::new();
        let host = hosting(&stage);
        let guest = joining(&stage, "lorde", SMALL);
        assert_ne!(guest.modes(), MODES, "the screen is another while it is shown");
        for pane in [&guest, &host] {
            goes(way, pane);
            assert_eq!(pane.exits(), 0, "{way}");
            pane.is_as_before();
            pane.reads("* ");
        }
    }
}

#[test]
fn an_error_is_read_after_the_screen_is_gone() {
    let stage = Stage::new();
    let address = stage.address();
    let pane = Pane::run(&stage, "lorde", SMALL, PROGRAM, &["--role", "client", "--no-discovery", &address]);
    assert_eq!(pane.exits(), 1);
    pane.is_as_before();
    pane.reads("hybrid-chat: join the room");
}

#[test]
fn a_wrong_end_of_the_terminal_ends_the_program_in_order() {
    let stage = Stage::new();
    let host = hosting(&stage);
    let guest = stage.join("lorde");
    let pid = host.pid();
    // As when a window is closed: whoever is in it is hung up.
    host.tmux(&["kill-session"]);
    assert_eq!(guest.exits(), 0);
    assert_eq!(guest.last_event()["reason"], "host-shutdown");
    eventually("its end", || test_kill_process(pid).is_err().then_some(()));
    stage.log("capo").assert_balanced();
}

#[test]
fn a_host_that_is_killed_is_replaced_and_nothing_typed_is_lost() {
    let stage = Stage::new();
    let host = hosting(&stage);
    let guest = joining(&stage, "lorde", SMALL);
    guest.says("before");
    host.reads("lorde: before");
    guest.types("half a line");
    host.signal(Signal::KILL);
    guest.reads(" hosting · 1 here");
    guest.reads("you host the room now");
    guest.reads("> half a line");
    guest.says(" and the rest");
    guest.reads("lorde (host): half a line and the rest");
    guest.reads("lorde: before");
}

/// However it is stopped, the shell's terminal is the shell's, and `fg` brings the screen back.
#[test]
fn a_stopped_screen_comes_back_as_it_was() {
    let stage = Stage::new();
    let pane = Pane::shell(&stage, "bash");
    pane.reads("bash-");
    let (before, log) = (stage.path("before"), stage.path("capo.log"));
    let chat = format!("{PROGRAM} --no-discovery --port {} --name capo --log {}", stage.port(), log.display());
    let pid_file = pane.announces_pid();
    pane.says(&format!("stty -a > {}; (echo $BASHPID {pid_file}; exec {chat})", before.display()));
    pane.reads(" hosting · 1 here");
    pane.types("half a line");
    pane.reads("> half a line");
    let stops: [(&str, &dyn Fn()); 2] =
        [("Ctrl-Z", &|| pane.press(&["C-z"])), ("SIGTSTP", &|| pane.signal(Signal::TSTP))];
    for (n, (how, stop)) in stops.into_iter().enumerate() {
        stop();
        pane.reads("Stopped");
        let between = stage.path(&format!("between-{n}"));
        pane.says(&format!("stty -a > {0}.new; mv {0}.new {0}", between.display()));
        let stty = eventually("the shell", || std::fs::read_to_string(&between).ok());
        assert_eq!(std::fs::read_to_string(&before).unwrap(), stty, "{how}");
        assert_eq!(&pane.modes()[..5], &MODES[..5], "{how}");
        pane.says("clear; fg");
        pane.reads(" hosting · 1 here");
        pane.reads("> half a line");
    }
    pane.says(" more");
    pane.reads("capo (host): half a line more");
    // Nobody can answer this one: the screen stays, whatever the shell writes into it, and is drawn anew.
    pane.signal(Signal::STOP);
    pane.reads("Stopped");
    pane.says("clear; fg");
    pane.reads(" hosting · 1 here");
    pane.shows("nothing of the shell", |screen| !screen.iter().any(|row| row.contains("fg") || row.contains("bash")));
    pane.press(&["C-c"]);
    pane.reads("* the host closed the room");
    assert_eq!(&pane.modes()[..5], &MODES[..5]);
}

/// A terminal that takes nothing, as one that is frozen or far away: whoever wants the program to end is not kept waiting by it.
#[test]
fn a_second_signal_ends_it_also_where_the_terminal_takes_nothing() {
    let stage = Stage::new();
    let host = hosting(&stage);
    let mut guest = Raw::member(stage.port(), "lorde");
    let pid = host.pid();
    let tty = std::fs::File::options().write(true).open(host.tmux(&["display-message", "-p", "#{pane_tty}"]).trim());
    let (tty, frozen) = (tty.unwrap(), host.freeze());
    let mut lines = 0;
    eventually("that nothing more can be written", || {
        lines += 1;
        guest.say(&format!("{lines} looks like no other ").repeat(50));
        let mut fds = [PollFd::new(&tty, PollFlags::OUT)];
        (poll(&mut fds, Some(&Timespec::default())).unwrap() == 0).then_some(())
    });
    kill_process(pid, Signal::TERM).unwrap();
    eventually("the end of the room", || (!stage.log("capo").of("closed").is_empty()).then_some(()));
    kill_process(pid, Signal::TERM).unwrap();
    eventually("its end", || test_kill_process(pid).is_err().then_some(()));
    drop(frozen);
    assert_eq!(host.exits(), 130, "nothing was written meanwhile");
    host.has_settings_as_before();
}

/// In a window of its own there is nobody who could continue it.
#[test]
fn where_no_shell_could_continue_it_nothing_is_stopped() {
    let stage = Stage::new();
    let host = hosting(&stage);
    host.press(&["C-z"]);
    host.says("still here");
    host.reads("capo (host): still here");
    host.signal(Signal::TSTP);
    host.says("and again");
    host.reads("capo (host): and again");
    host.press(&["C-c"]);
    assert_eq!(host.exits(), 0);
    host.is_as_before();
}

#[test]
fn a_paste_is_one_message_and_a_long_one_is_shown_first() {
    let stage = Stage::new();
    let _host = hosting(&stage);
    let guest = joining(&stage, "lorde", SMALL);
    let reader = stage.join("anna");
    guest.pastes("one\ntwo\nthree");
    guest.reads("> one");
    guest.press(&["Enter"]);
    assert_eq!(reader.hears("one\ntwo\nthree")["from"], "lorde");
    let long: String = (0..40).map(|n| format!("row {n}\n")).collect();
    guest.pastes(&long);
    guest.reads("row 39");
    guest.press(&["Enter"]);
    guest.reads("Enter once more sends");
    guest.press(&["Enter"]);
    assert_eq!(reader.hears(&long)["from"], "lorde");
}

/// P27: also where the terminal does not say that it was pasted, as GNU screen and the consoles of Linux and Windows do not.
#[test]
fn p27_a_paste_that_is_not_told_from_typing_is_one_message() {
    let stage = Stage::new();
    let _host = hosting(&stage);
    let guest = joining(&stage, "lorde", SMALL);
    let reader = stage.join("anna");
    guest.tmux(&["set-buffer", "--", "the first of several lines\n/quit\nthe last of several lines"]);
    guest.tmux(&["paste-buffer"]);
    guest.reads("  the last of several lines");
    guest.press(&["Enter"]);
    assert_eq!(reader.hears("the first of several lines\n/quit\nthe last of several lines")["from"], "lorde");
}

/// P27, P29: what a terminal writes that is no key is typed nowhere, and whatever is missing of it, keys are read again.
#[test]
fn p27_p29_nothing_that_a_terminal_writes_makes_keys_be_lost() {
    let stage = Stage::new();
    let host = hosting(&stage);
    let writes = |bytes: &str| {
        let bytes: Vec<String> = bytes.bytes().map(|byte| format!("{byte:02x}")).collect();
        host.press(&[&["-H"][..], &bytes.iter().map(String::as_str).collect::<Vec<_>>()].concat());
    };
    writes("\x1b[?997;1n\x1b]11;rgb:0000/0000/0000\x1b\\one\x1b[>1;2m two\x1b[1;5D\x1b[99~a ");
    host.shows("what was typed", |screen| screen.iter().any(|row| row.trim_end() == "> one a two"));
    // The end of this paste never comes, and nothing else is waited for meanwhile.
    writes("\x1b[200~ lost\x03");
    host.resize((100, 30));
    host.shows("the new size", |screen| screen.get(27).is_some_and(|row| row.starts_with(" hosting")));
    host.resize(SMALL);
    host.shows("what was pasted", |screen| screen.iter().any(|row| row.trim_end() == "> one a  losttwo"));
    host.press(&["C-c"]);
    assert_eq!(host.exits(), 0);
    host.is_as_before();
}

#[test]
fn what_is_typed_and_pasted_stays_whatever_happens_around_it() {
    let stage = Stage::new();
    let host = stage.host();
    let address = stage.address();
    let args = ["--role", "client", "--no-discovery", "--name", "lorde", &address];
    let guest = Pane::run(&stage, "lorde", SMALL, PROGRAM, &args);
    guest.reads(" joined · ");
    for n in 0..60 {
        host.say(&format!("row {n}"));
    }
    guest.reads("row 59");
    guest.press(&["PageUp"]);
    guest.reads("reading back");
    // What is pasted acts neither on the terminal nor on where one reads.
    guest.types("half 日本 👩\u{200D}👩\u{200D}👧e\u{301}");
    guest.pastes(" \x1b[2J\x1b]0;owned\x07\u{202e}line");
    guest.press(&["M-Enter"]);
    guest.types("and more");
    let typed = ["> half 日本 👩\u{200D}👩\u{200D}👧é [2J]0;ownedline", "  and more"];
    let stands = |screen: &[String]| {
        screen
            .iter()
            .zip(screen.iter().skip(1))
            .any(|(a, b)| a.trim_end().nfc().eq(typed[0].nfc()) && b.trim_end() == typed[1])
    };
    guest.shows("what was typed", |screen| stands(screen) && screen.iter().any(|row| row.contains("reading back")));
    // Five rows have one for it, which says that there is more above.
    for (size, end) in [((20, 5), "^ and more"), ((300, 60), typed[1]), (SMALL, typed[1])] {
        guest.resize(size);
        guest.shows("its end", |screen| screen.iter().any(|row| row.trim_end() == end));
    }
    guest.shows("the same", stands);
    host.signal(Signal::KILL);
    guest.shows("the same", |screen| stands(screen) && screen.iter().any(|row| row.starts_with(" reconnecting ")));
    let host = stage.host();
    guest.shows("the same", |screen| stands(screen) && screen.iter().any(|row| row.starts_with(" joined · 2 here")));
    guest.press(&["Enter"]);
    assert_eq!(host.hears("half 日本 👩\u{200D}👩\u{200D}👧e\u{301} [2J]0;ownedline\nand more")["from"], "lorde");
}

#[test]
fn a_screen_of_any_size_is_drawn_whole() {
    let stage = Stage::new();
    let _host = hosting(&stage);
    let guest = joining(&stage, "lorde", SMALL);
    guest.says("a message that has to be wrapped where the screen is narrow");
    for (width, height) in [(20, 5), (200, 60), (21, 5), (64, 12), (300, 20), (63, 40), (80, 24)] {
        guest.resize((width, height));
        let narrow = width < 64;
        guest.shows("the new size", |screen| {
            let status = screen.iter().position(|row| row.starts_with(" joined · 2 here"));
            let input = screen.iter().position(|row| row.trim_end() == ">");
            let border = usize::from(width - (width / 5).clamp(16, 34));
            let sides = screen.iter().filter(|row| row.chars().nth(border) == Some('│')).count();
            let keys = usize::from(height >= 8);
            let rows = usize::from(height);
            status == Some(rows - 2 - keys)
                && input == Some(rows - 1 - keys)
                && (narrow && sides == 0 || !narrow && sides == rows - 2 - keys)
        });
    }
}

#[test]
fn reading_back_stays_where_it_is() {
    let stage = Stage::new();
    let host = hosting(&stage);
    let guest = stage.join("lorde");
    for n in 0..60 {
        guest.say(&format!("row {n}"));
    }
    host.reads("row 59");
    host.press(&["PageUp"]);
    let before = host.shows("older rows", |screen| screen.iter().any(|row| row.contains("row 30")));
    for n in 0..5 {
        guest.say(&format!("meanwhile {n}"));
    }
    host.reads("5 new below");
    assert_eq!(host.screen()[..20], before[..20]);
    host.press(&["Escape"]);
    host.reads("meanwhile 4");
    host.reads("─ new ─");
    host.says("/search ROW 7");
    host.reads("lorde: row 7");
    host.reads("Ctrl-Up older");
    host.press(&["Enter"]);
    host.reads("Esc goes to the end");
    host.press(&["F1"]);
    host.reads("/search [TEXT]");
    host.press(&["F1"]);
    host.reads("lorde: row 7");
    host.press(&["Escape"]);
    host.reads("meanwhile 4");
    host.says("/search row 8");
    host.reads("lorde: row 8");
    host.press(&["Escape"]);
    host.reads("meanwhile 4");
}

/// As Linux' console and GNU screen have none: what the shell writes then stands by itself, not in what was shown last.
#[test]
fn where_there_is_no_other_screen_nothing_of_this_one_stays() {
    let stage = Stage::new();
    let pane = Pane::shell(&stage, "bash");
    pane.reads("bash-");
    pane.tmux(&["set-option", "-w", "alternate-screen", "off"]);
    let (port, log) = (stage.port(), stage.path("capo.log"));
    pane.says(&format!("{PROGRAM} --no-discovery --port {port} --name capo --log {}", log.display()));
    let only_the_shell = |screen: &[String]| !screen.iter().any(|row| row.contains("capo host") || row.contains('>'));
    pane.reads("capo host");
    pane.press(&["C-z"]);
    pane.reads("Stopped");
    pane.shows("the shell alone", only_the_shell);
    pane.says("clear; fg");
    pane.reads("capo host");
    pane.press(&["C-c"]);
    pane.reads("* the host closed the room");
    pane.shows("the shell alone", only_the_shell);
}

/// As long as the screen is shown, and not while the shell has it.
#[test]
fn the_window_says_where_one_is_and_is_called_as_before_afterwards() {
    let stage = Stage::new();
    let pane = Pane::shell(&stage, "bash");
    pane.reads("bash-");
    let title = |is: &str| eventually(is, || (pane.title() == is).then_some(()));
    pane.says(r"printf '\033]0;of the shell\007'");
    title("of the shell");
    let (port, log) = (stage.port(), stage.path("capo.log"));
    pane.says(&format!("{PROGRAM} --no-discovery --port {port} --name capo --log {}", log.display()));
    title(&format!("hybrid-chat · port {port}"));
    let guest = stage.join("lorde");
    for n in 0..60 {
        guest.say(&format!("row {n}"));
    }
    pane.reads("row 59");
    pane.press(&["PageUp"]);
    pane.reads("reading back");
    guest.say("meanwhile");
    title(&format!("(1) hybrid-chat · port {port}"));
    pane.press(&["C-z"]);
    title("of the shell");
    pane.says("clear; fg");
    title(&format!("(1) hybrid-chat · port {port}"));
    pane.press(&["C-c"]);
    pane.reads("* the host closed the room");
    title("of the shell");
}

#[test]
fn without_a_terminal_that_can_be_drawn_on_there_are_lines() {
    let stage = Stage::new();
    let port = stage.port_text();
    let args = ["TERM=dumb", PROGRAM, "--no-discovery", "--port", &port, "--log", "/dev/null", "--name", "capo"];
    let pane = Pane::run(&stage, "capo", SMALL, "env", &args);
    pane.reads("Type to talk");
    assert_eq!(pane.modes(), MODES);
    pane.press(&["C-c"]);
    assert_eq!(pane.exits(), 0);
    pane.is_as_before();
}

/// Not a test of its own: what the next one runs in a terminal.
#[test]
#[ignore = "it panics, in a terminal"]
fn panics_on_its_screen() {
    let mut terminal = hybrid_chat::ui::full::terminal::Terminal::open().unwrap();
    let mut buffer = Buffer::empty(Rect::new(0, 0, 20, 2));
    buffer.set_string(0, 0, "on the screen", ratatui::style::Style::new());
    terminal.draw(buffer, Position::new(0, 1)).unwrap();
    let elsewhere = thread::spawn(|| panic!("elsewhere, as planned"));
    assert!(elsewhere.join().is_err());
    // The other one is told later: the screen is still there, until somebody presses a key.
    assert_eq!(std::io::stdin().read(&mut [0]).unwrap(), 1);
    panic!("here, as planned");
}

#[test]
fn p26_a_panic_gives_the_terminal_back_and_is_read() {
    let stage = Stage::new();
    let program = std::env::current_exe().unwrap();
    let args = ["--exact", "terminal::panics_on_its_screen", "--ignored", "--nocapture"];
    let pane = Pane::run(&stage, "panics", (100, 40), program.to_str().unwrap(), &args);
    pane.reads("on the screen");
    pane.press(&["x"]);
    assert_ne!(pane.exits(), 0);
    pane.is_as_before();
    pane.reads("here, as planned");
    pane.reads("elsewhere, as planned");
}
