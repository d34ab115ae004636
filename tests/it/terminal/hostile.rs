//! What comes from others and means harm, or is only odd: it touches neither the line that is typed nor the screen.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use serde_json::json;

use crate::support::{PROGRAM, Pane, Raw, Stage, eventually, heavy};

/// P27, P29: whatever comes, the line that is typed is not touched, and nothing that comes acts on the terminal.
#[test]
fn p27_p29_a_flood_of_hostile_lines_touches_nothing_that_is_typed() {
    let _turn = heavy();
    let stage = Stage::new();
    let port = stage.port_text();
    let args = ["--no-discovery", "--rate", "0", "--port", &port, "--name", "capo", "--log", "/dev/null"];
    let host = Pane::run(&stage, "capo", (100, 30), PROGRAM, &args);
    host.reads(" hosting");
    let watcher = stage.join("anna");
    let floods = AtomicBool::new(true);
    let flooder = stage.join("flood");
    thread::scope(|scope| {
        let flood = scope.spawn(|| {
            let mut sent = 0;
            while floods.load(Ordering::Relaxed) {
                for hostile in HOSTILE {
                    let text = json!(format!("{hostile} {sent}"));
                    flooder.say(&format!(r#"{{"type":"say","text":{text}}}"#));
                    sent += 1;
                }
                // Two thousand a second.
                thread::sleep(Duration::from_millis(5));
            }
            flooder.say("that was all");
        });
        host.reads("flood: ");
        let line = "what is typed key by key while others talk: żółw, 日本語, and a 👍";
        for character in line.chars() {
            host.types(&character.to_string());
        }
        host.reads(&format!("> {line}"));
        host.press(&["Enter"]);
        assert_eq!(watcher.hears(line)["from"], "capo");
        floods.store(false, Ordering::Relaxed);
        flood.join().unwrap();
    });
    host.reads("that was all");
    // Of some characters this tmux has a mind of its own how wide they are; the border is where it has to be all the same.
    eventually("the border", || (host.column(80, 27) == vec!["│"; 27]).then_some(()));
    for n in 0..40 {
        watcher.say(&format!("calm {n}"));
    }
    host.reads("calm 39");
    let screen = host.screen();
    for (n, row) in screen[..27].iter().enumerate() {
        assert!(row.contains(&format!("anna: calm {}", n + 13)), "{row:?}");
    }
    eventually("the border", || (host.column(80, 27) == vec!["│"; 27]).then_some(()));
    assert!(screen[1].trim_end().ends_with("│ capo host"), "{screen:#?}");
    assert_eq!(host.modes(), "1 1 0 0 0 0", "nothing of a message acts on the terminal");
    assert!(!host.title().contains("owned"));
}

/// P29, P30: texts and names that hold anything, in a terminal that has its own idea of how wide each character is.
#[test]
fn p29_p30_odd_characters_shift_nothing_in_a_real_terminal() {
    let _turn = heavy();
    let stage = Stage::new();
    let host = Pane::chat(&stage, "capo", (100, 50));
    host.reads(" hosting");
    let ranges = [
        (0x00, 0x1f),
        (0x7f, 0x9f),
        (0x300, 0x310),
        (0x378, 0x378),
        (0x600, 0x605),
        (0x115f, 0x1160),
        (0x2000, 0x200f),
        (0x2028, 0x202f),
        (0x205f, 0x206f),
        (0x2e3b, 0x2e3b),
        (0x3164, 0x3164),
        (0xe000, 0xe000),
        (0xfdfd, 0xfdfd),
        (0xfe00, 0xfe0f),
        (0xff9e, 0xffa0),
        (0xfff9, 0xffff),
        (0x1242b, 0x1242b),
        (0x1f1e6, 0x1f1ea),
        (0x1f3fb, 0x1f3ff),
        (0xe0020, 0xe0030),
        (0xe0100, 0xe0104),
        (0x10ffff, 0x10ffff),
    ];
    let points: Vec<char> = ranges.iter().flat_map(|&(from, to)| from..=to).filter_map(char::from_u32).collect();
    let mut texts: Vec<String> = HOSTILE.map(str::to_owned).into();
    texts.extend(points.chunks(6).map(|few| few.iter().map(|c| format!("{c}a{c}👩{c}日{c}{c}क्ष{c} ")).collect()));
    texts.push(format!("Z{}", "\u{301}\u{489}".repeat(100)));
    // Members with such names, one of whom is thrown out; those whose names are none are called otherwise.
    let names = [
        "👩\u{200D}👩\u{200D}👧❤\u{FE0F}x",
        "क्षत्रिय",
        "🇮🇹🇯🇵🇮",
        "日本語日本語日本語日本",
        "e\u{301}\u{302}\u{303}\u{304}x",
    ];
    let mut members: Vec<Raw> = names.iter().map(|name| Raw::member(stage.port(), name)).collect();
    for (n, text) in texts.iter().enumerate() {
        let by = n % members.len();
        members[by].say(text);
    }
    for member in &mut members {
        member.say("that was all");
        member.hears("that was all");
    }
    host.reads("that was all");
    host.says(&format!("/kick {}", names[1]));
    host.reads(" left (");
    for (width, height) in [(64, 50), (20, 12), (81, 50), (100, 50), (171, 30), (300, 50), (65, 50)] {
        host.resize((width, height));
        let border = width - (width / 5).clamp(16, 34);
        let rows = usize::from(height) - 3;
        for _ in 0..3 {
            host.shows("status, input and keys", |screen| {
                screen.len() == usize::from(height)
                    && screen[rows].starts_with(" host")
                    && screen[rows + 1].trim_end() == ">"
                    && (width >= 64 || !screen.concat().contains('│'))
            });
            // What a screen of another size has left is not drawn over at once.
            eventually("the border", || (width < 64 || host.column(border, rows) == vec!["│"; rows]).then_some(()));
            host.press(&["PageUp"]);
        }
        host.press(&["Escape"]);
    }
    // The cursor is hidden while something is drawn.
    eventually("that nothing acts on the terminal", || (host.modes() == "1 1 0 0 0 0").then_some(()));
}

const HOSTILE: [&str; 10] = [
    "\x1b[2J\x1b[H\x1b[31m",
    "\x1b]0;owned\x07",
    "\x1b[?1003h\x1b[?1049l",
    "\x1bP+q\x1b\\ \u{9b}2J",
    "\r\x08\x7f\u{85}\u{2028}x",
    "\u{202e}evil\u{202c}\u{2066}x\u{2069}",
    "a\u{200b}\u{feff}\u{ad}\u{2060}b",
    "日本語 全角文字の文章は幅が二倍になります。日本語 全角文字の文章は幅が二倍になります。",
    "e\u{301}\u{302} 👍🏽 🇮🇹🇯🇵 ❤\u{FE0F}",
    "שלום עולם क्षत्रिय ｶﾞ",
];
