//! The editor as one types: by the key, at the edges, and with hostile text against a simple model.

use proptest::prelude::*;
use unicode_segmentation::UnicodeSegmentation;

use super::keys::{Code, Key};
use super::kills::Side;
use super::*;
use crate::limits::{CELL_BYTES, KILLS, MESSAGE_MAX_BYTES, SENT_BYTES, SENT_LINES, UNDO_STEPS};
use crate::ui::full::cells;

const NOBODY: Around<'static> = Around { names: &[], hosting: false };

/// An editor with `text`, the cursor at `|` (which is left out) or at the end.
fn with(text: &str) -> Editor {
    let mut editor = Editor::default();
    editor.resize(20, 5);
    let (before, after) = text.split_once('|').unwrap_or((text, ""));
    editor.apply(&Edit::Paste(format!("{before}{after}")), &NOBODY).unwrap();
    editor.buffer.go(before.len());
    editor
}

/// The text with `|` at the cursor.
fn marked(editor: &Editor) -> String {
    let (before, after) = editor.text().split_at(editor.cursor());
    format!("{before}|{after}")
}

impl Editor {
    fn then(&mut self, edits: &[Edit]) -> &mut Self {
        for edit in edits {
            self.apply(edit, &NOBODY).unwrap();
        }
        self
    }

    fn types(&mut self, text: &str) -> &mut Self {
        for c in text.chars() {
            let code = if c == '\n' { Key { alt: true, ..key(Code::Enter) } } else { key(Code::Char(c)) };
            let edit = keys::edit(code).unwrap();
            self.apply(&edit, &NOBODY).unwrap();
        }
        self
    }

    fn sends(&mut self, text: &str) {
        self.types(text);
        assert_eq!(self.take().as_deref(), Some(text));
    }
}

fn key(code: Code) -> Key {
    Key { code, ctrl: false, alt: false, shift: false }
}

/// Each case: before, what is done, after.
fn holds(cases: &[(&str, &[Edit], &str)]) {
    for (before, edits, after) in cases {
        let mut editor = with(before);
        editor.then(edits);
        assert_eq!(marked(&editor), *after, "{before:?} {edits:?}");
    }
}

#[test]
fn p30_characters_are_moved_over_and_erased_as_a_reader_counts_them() {
    use Edit::{Backspace, Delete, Left, Right};
    for character in ["a", "e\u{301}", "漢", "👩\u{200D}👩\u{200D}👧", "🇮🇹", "👍🏽", "ש\u{5B8}", "ல\u{BBE}", "\t", "\n"]
    {
        let line = format!("x{character}y");
        holds(&[
            (&format!("x|{character}y"), &[Right], &format!("x{character}|y")),
            (&format!("x{character}|y"), &[Left], &format!("x|{character}y")),
            (&format!("x{character}|y"), &[Backspace], "x|y"),
            (&format!("x|{character}y"), &[Delete], "x|y"),
            (&line, &[Right], &format!("{line}|")),
            (&format!("|{line}"), &[Left, Backspace], &format!("|{line}")),
        ]);
    }
}

#[test]
fn a_cursor_never_stays_inside_a_character_that_came_to_be() {
    // The mark joins what is put in before it.
    let mut editor = with("|\u{301}b");
    editor.types("e");
    assert_eq!(marked(&editor), "e\u{301}|b");
    // Flags pair anew.
    let mut editor = with("|🇹🇩");
    editor.types("🇮");
    assert_eq!(marked(&editor), "🇮🇹|🇩");
    let mut editor = with("👩|👧");
    editor.types("\u{200D}");
    assert_eq!(marked(&editor), "👩\u{200D}👧|");
    editor.then(&[Edit::Undo]);
    assert_eq!(marked(&editor), "👩|👧");
}

#[test]
fn words_and_lines() {
    use Edit::{
        KillToBlank, KillToEnd, KillToStart, KillWordLeft, KillWordRight, LineEnd, LineStart, WordLeft, WordRight,
    };
    holds(&[
        ("can't stop, won't|", &[WordLeft, WordLeft], "can't |stop, won't"),
        ("|can't stop, won't", &[WordRight, WordRight], "can't stop|, won't"),
        ("hi 👍🏽|", &[WordLeft], "hi |👍🏽"),
        ("one\ntwo| three\nfour", &[LineStart], "one\n|two three\nfour"),
        ("one\ntwo| three\nfour", &[LineEnd], "one\ntwo three|\nfour"),
        ("one\ntwo| three\nfour", &[KillToEnd], "one\ntwo|\nfour"),
        ("one\ntwo|\nfour", &[KillToEnd], "one\ntwo|four"),
        ("one\ntwo| three", &[KillToStart], "one\n| three"),
        ("one\n|two", &[KillToStart], "one|two"),
        ("one two,  |x", &[KillWordLeft], "one |x"),
        ("see http://x.org/a-b  |ok", &[KillToBlank], "see |ok"),
        ("see x.org/a|-b", &[KillToBlank, KillToBlank], "|-b"),
        ("one\n漢字.|", &[KillToBlank], "one\n|"),
        ("one| two, x", &[KillWordRight], "one|, x"),
        ("漢字|", &[KillWordLeft], "漢|"),
    ]);
}

#[test]
fn what_was_cut_comes_back() {
    use Edit::{Clear, KillToEnd, KillWordLeft, KillWordRight, Left, Undo, Yank, YankNext};
    holds(&[
        ("one two three|", &[KillWordLeft, KillWordLeft, Yank, Yank], "one two threetwo three|"),
        ("one |two three", &[KillWordLeft, KillWordRight, KillToEnd, Yank], "one two three|"),
        ("one two|", &[KillWordLeft, Left, KillWordLeft, Yank, YankNext], "two| "),
        ("one two|", &[KillWordLeft, Left, KillWordLeft, Yank, YankNext, YankNext], "one| "),
        ("one two|", &[KillWordLeft, Left, KillWordLeft, Yank, YankNext, Undo], "| "),
        ("one|", &[Clear, Yank], "one|"),
        ("one|", &[Yank, YankNext], "one|"),
        ("one|", &[KillWordLeft, Yank, Left, YankNext], "on|e"),
    ]);
    let mut kills = Kills::default();
    for n in 0..KILLS * 2 {
        kills.push(&n.to_string(), Side::Behind, false);
    }
    let all: Vec<String> = (0..KILLS).filter_map(|_| kills.next().map(str::to_owned)).collect();
    assert_eq!((all.len(), kills.newest()), (KILLS, Some("31")));
}

#[test]
fn two_characters_change_places() {
    use Edit::Transpose;
    holds(&[
        ("teh|", &[Transpose], "the|"),
        ("a|bc", &[Transpose, Transpose], "bca|"),
        ("x漢|e\u{301}y", &[Transpose], "xe\u{301}漢|y"),
        ("|ab", &[Transpose], "|ab"),
        ("a|", &[Transpose], "a|"),
        ("ab|\nc", &[Transpose], "ba|\nc"),
        ("ab\n|c", &[Transpose], "ab\n|c"),
    ]);
}

#[test]
fn a_word_is_undone_at_once_and_bounds_are_kept() {
    use Edit::{Backspace, Left, Redo, Undo};
    let mut editor = with("");
    editor.types("one two  three").then(&[Undo]);
    assert_eq!(marked(&editor), "one two  |");
    editor.then(&[Undo, Undo, Undo]);
    assert_eq!(marked(&editor), "|");
    editor.then(&[Redo, Redo, Redo, Redo, Backspace, Backspace, Undo]);
    assert_eq!(marked(&editor), "one two  three|");
    editor.types("x").then(&[Left]).types("y").then(&[Undo]);
    assert_eq!(marked(&editor), "one two  three|x");
    editor.types("z").then(&[Redo]);
    assert_eq!(marked(&editor), "one two  threez|x", "what is typed ends what could be made again");

    let mut editor = with("");
    for _ in 0..UNDO_STEPS {
        editor.then(&[Edit::Newline, Backspace]);
    }
    let undone = (0..).take_while(|_| editor.apply(&Undo, &NOBODY) == Ok(Done::Changed)).count();
    assert_eq!(undone, UNDO_STEPS);
}

#[test]
fn p27_a_paste_is_one_piece_and_no_key() {
    let mut editor = with("a|b");
    editor.then(&[Edit::Paste("one\r\ntwo\rthree\x1b[2J\t\x07\u{202E}\n".into())]);
    assert_eq!(marked(&editor), "aone\ntwo\nthree[2J\t\n|b");
    editor.then(&[Edit::Undo]);
    assert_eq!(marked(&editor), "a|b");
    for (pasted, seen) in [("one\n", "aone|b"), ("one\r\n", "aone|b"), ("\n", "a\n|b"), ("\none\n", "a\none\n|b")] {
        let mut editor = with("a|b");
        editor.then(&[Edit::Paste(pasted.into())]);
        assert_eq!(marked(&editor), seen, "a line goes on where it was pasted");
    }
    assert_eq!(editor.apply(&Edit::Paste("\x1b".into()), &NOBODY), Ok(Done::Nothing));
}

#[test]
fn a_long_paste_wants_to_be_seen_before_it_is_sent() {
    let lines = "line\n".repeat(REVIEW_LINES);
    for (text, long) in [("", false), (&*lines, false), (&*(lines.clone() + "x"), true), (&*"x".repeat(961), true)] {
        let mut editor = Editor::default();
        editor.then(&[Edit::Paste(text.into())]);
        assert_eq!((editor.wants_review(), is_long(text)), (long, long), "{text:?}");
        assert!(!Editor::default().types(text).wants_review(), "what was typed was seen");
        editor.then(&[Edit::Clear]).types(text);
        assert!(!editor.wants_review());
    }
}

#[test]
fn what_does_not_fit_is_refused_as_a_whole() {
    let mut editor = with(&"x".repeat(MESSAGE_MAX_BYTES - 1));
    let too_long = |bytes| Err(TextError::TooLong { bytes });
    let text = editor.text().to_owned();
    assert_eq!(editor.apply(&Edit::Insert("é".into()), &NOBODY), too_long(MESSAGE_MAX_BYTES + 1));
    assert_eq!(editor.apply(&Edit::Paste("ab".into()), &NOBODY), too_long(MESSAGE_MAX_BYTES + 1));
    assert_eq!(editor.text(), text);
    editor.then(&[Edit::Newline]);
    assert_eq!(editor.apply(&Edit::Newline, &NOBODY), too_long(MESSAGE_MAX_BYTES + 1));
    editor.then(&[Edit::Backspace, Edit::KillToStart, Edit::Yank]);
    assert_eq!(editor.text(), text);
    assert_eq!(editor.apply(&Edit::Yank, &NOBODY), too_long(2 * (MESSAGE_MAX_BYTES - 1)));
    assert_eq!(editor.text(), text);
    // A piece that does not fit leaves the one that does, and the way to the next.
    let mut editor = with("short");
    editor.then(&[Edit::Clear, Edit::Paste("x".repeat(MESSAGE_MAX_BYTES)), Edit::Clear, Edit::Paste("y".into())]);
    editor.then(&[Edit::Clear, Edit::Paste("z".into()), Edit::Yank]);
    assert!(editor.apply(&Edit::YankNext, &NOBODY).is_err());
    assert_eq!(editor.text(), "zy");
    editor.then(&[Edit::YankNext]);
    assert_eq!(editor.text(), "zshort");
}

#[test]
fn lines_that_were_sent_come_back_and_the_draft_after_them() {
    use Edit::{Down, Left, Undo, Up};
    let mut editor = with("");
    for line in ["one", "two\nrows", "two\nrows"] {
        editor.sends(line);
    }
    editor.types("draft").then(&[Left, Up]);
    assert_eq!(marked(&editor), "two\nrows|");
    editor.then(&[Up]);
    assert_eq!(marked(&editor), "two|\nrows", "first within the text");
    editor.then(&[Up]);
    assert_eq!(marked(&editor), "one|");
    assert_eq!(editor.apply(&Up, &NOBODY), Ok(Done::Nothing));
    editor.types("!").then(&[Down, Down]);
    assert_eq!(marked(&editor), "draft|");
    assert_eq!(editor.apply(&Down, &NOBODY), Ok(Done::Nothing));
    editor.then(&[Undo, Undo]);
    assert_eq!(editor.text(), "one!", "what was changed in an old line is not lost");
    assert_eq!(with(" \u{200B}").take(), None);
}

#[test]
fn what_was_being_typed_is_not_lost_when_an_old_line_is_sent() {
    use Edit::{Down, Search, Send, Up};
    let mut editor = with("");
    editor.sends("one");
    editor.types("draft").then(&[Up]);
    assert_eq!(editor.take().as_deref(), Some("one"));
    editor.then(&[Up]);
    assert_eq!(editor.text(), "one");
    editor.then(&[Up]);
    assert_eq!(editor.text(), "draft");
    // Found, changed and sent; and a blank that was kept for nobody.
    editor.then(&[Down, Down, Edit::Clear, Edit::Insert("another".into()), Search, Edit::Insert("dra".into()), Send]);
    assert_eq!(editor.take().as_deref(), Some("draft"));
    editor.then(&[Edit::Insert(" ".into()), Up, Up]);
    assert_eq!(editor.text(), "another");
    editor.then(&[Down]);
    assert_eq!(editor.take().as_deref(), Some("draft"));
    let kept: Vec<_> = (0..).map_while(|at| editor.sent.line(at)).collect();
    assert_eq!(kept, ["one", "draft", "one", "another", "draft"]);
    // What was only looked at is not kept.
    editor.types("x").then(&[Up, Down]).types("y");
    assert_eq!(editor.take().as_deref(), Some("xy"));
    assert_eq!((editor.sent.line(5), editor.sent.line(6)), (Some("xy"), None));
}

#[test]
fn lines_that_were_sent_are_bounded() {
    let mut sent = Sent::default();
    for n in 0..SENT_LINES + 5 {
        sent.push(&n.to_string());
    }
    assert_eq!((sent.line(0), sent.line(SENT_LINES)), (Some("5"), None));
    for n in 0..100 {
        sent.push(&n.to_string().repeat(MESSAGE_MAX_BYTES / 2));
    }
    let kept = (0..).map_while(|at| sent.line(at)).map(str::len).sum::<usize>();
    assert!(kept <= SENT_BYTES && kept > SENT_BYTES / 2, "{kept}");
}

#[test]
fn what_was_sent_is_searched_backwards() {
    use Edit::{Backspace, Cancel, LineStart, Search, Send};
    let sent = |line: &str| {
        let mut editor = with("");
        for line in ["Build is red", "lunch?", "build is green", "ok"] {
            editor.sends(line);
        }
        editor.types(line).then(&[Search]);
        editor
    };
    let shown = |editor: &Editor| editor.view().rows[0].shown();
    let mut editor = sent("draft");
    assert_eq!((shown(&editor), editor.search()), ("draft".into(), Some(("", false))));
    editor.types("BUILD");
    assert_eq!((shown(&editor), editor.search()), ("build is green".into(), Some(("BUILD", false))));
    assert_eq!(editor.text(), "draft");
    editor.then(&[Search]);
    assert_eq!(shown(&editor), "Build is red");
    editor.then(&[Search]);
    assert_eq!((shown(&editor), editor.search()), ("Build is red".into(), Some(("BUILD", true))));
    editor.then(&[Edit::SearchNewer]);
    assert_eq!((shown(&editor), editor.search()), ("build is green".into(), Some(("BUILD", false))));
    editor.then(&[Edit::SearchNewer]);
    assert_eq!((shown(&editor), editor.search()), ("build is green".into(), Some(("BUILD", true))));
    editor.then(&[Search]);
    assert_eq!(editor.apply(&Send, &NOBODY), Ok(Done::Changed), "Enter takes it, and does not send yet");
    assert_eq!((marked(&editor), editor.search()), ("Build is red|".into(), None));
    editor.then(&[Edit::Undo]);
    assert_eq!(marked(&editor), "draft|");
    editor.then(&[Edit::Redo, Edit::Down, Edit::Down]);
    assert_eq!(editor.text(), "build is green");

    let mut editor = sent("draft");
    editor.types("redx");
    assert_eq!(editor.search(), Some(("redx", true)));
    editor.then(&[Backspace]);
    assert_eq!((shown(&editor), editor.search()), ("Build is red".into(), Some(("red", false))));
    editor.then(&[LineStart]);
    assert_eq!(marked(&editor), "|Build is red", "another key goes on with it");

    let mut editor = sent("draft");
    editor.then(&[Edit::Paste("lunch\n".into())]);
    assert_eq!(editor.search(), Some(("lunch", false)), "it was copied with its end");
    editor.then(&[Cancel]);

    let mut editor = sent("draft");
    editor.types("lun").then(&[Cancel]);
    assert_eq!((marked(&editor), editor.search()), ("draft|".into(), None));
    editor.then(&[Search, Edit::Insert("x".repeat(QUERY_BYTES)), Edit::Insert("x".into()), Send]);
    assert_eq!(marked(&editor), "draft|");
}

/// What Tab makes of `text`, pressed again and again.
fn tabs(text: &str, names: &[&str], hosting: bool, edits: &[Edit]) -> Vec<String> {
    let mut editor = with(text);
    let around = Around { names, hosting };
    let mut seen = Vec::new();
    for edit in edits {
        editor.apply(edit, &around).unwrap();
        seen.push(marked(&editor));
    }
    seen
}

#[test]
fn tab_completes_names() {
    use Edit::{Complete, CompleteBack};
    let names = ["Annika", "anna", "Bob", "Ärmel", "ann-2"];
    let tab = |text: &str| tabs(text, &names, false, &[Complete]).remove(0);
    assert_eq!(tab("b"), "Bob: |");
    assert_eq!(tab("hi b"), "hi Bob |");
    assert_eq!(tab("b| x"), "Bob:| x");
    assert_eq!(tab("hi b|, x"), "hi Bob |, x");
    assert_eq!(tab("ä"), "Ärmel: |");
    assert_eq!(tab("hi\n\nb|"), "hi\n\nBob |");
    assert_eq!(tab("/msg b"), "/msg Bob |");
    assert_eq!(tab("z"), "z|");
    let all = ["Ann|", "Annika: |", "anna: |", "ann-2: |", "Annika: |"];
    assert_eq!(tabs("A", &names, false, &vec![Complete; 5]), all);
    assert_eq!(tabs("an", &names, false, &[CompleteBack, CompleteBack, Complete]), ["ann-2: |", "anna: |", "ann-2: |"]);
    assert_eq!(tabs("b", &names, false, &[Complete, Complete, CompleteBack]), ["Bob: |"; 3], "it stays");
    assert_eq!(tabs("|", &names, false, &[Complete, Complete]), ["Annika: |", "anna: |"], "nothing typed: everybody");
    assert_eq!(tabs("A", &names, false, &[Complete, Complete, Edit::Undo]).pop().unwrap(), "A|");
    let typed = Edit::Insert("B".into());
    assert_eq!(tabs("an", &names, false, &[Complete, Complete, typed, Complete]).pop().unwrap(), "Annika: Bob |");
}

#[test]
fn tab_completes_commands() {
    let tab = |text: &str, hosting| tabs(text, &["who-ever", "mena"], hosting, &[Edit::Complete]).remove(0);
    for (typed, shown) in [
        ("/w", "/who |"),
        ("/HE", "/help |"),
        ("/help ms", "/help msg |"),
        ("/help /n", "/help /nick |"),
        ("/help be", "/help bell |"),
        ("/s", "/search |"),
        ("/b", "/bell |"),
        ("/bell of", "/bell off |"),
        ("/bell ON", "/bell on |"),
        ("/bell o", "/bell on |"),
        ("/bell m", "/bell mena |"),
        ("x /bell of", "x /bell of|"),
        ("/k", "/k|"),
        ("x /w", "x /w|"),
        ("/msg m", "/msg mena |"),
        ("//w", "//w|"),
    ] {
        assert_eq!(tab(typed, false), shown, "{typed}");
    }
    assert_eq!(tab("/k", true), "/kick |");
    let mut editor = with("/m");
    editor.then(&[Edit::Complete]);
    let offered = editor.choices().map(|(choices, at)| (choices.to_vec(), at));
    assert_eq!(offered, Some((vec!["/msg".into(), "/me".into()], Some(0))));
    editor.types("x");
    assert_eq!(editor.choices(), None);
}

fn shown(text: &str, width: usize) -> Vec<String> {
    layout::rows(text, width).iter().map(Row::shown).collect()
}

#[test]
fn rows_end_between_words_and_split_no_character() {
    assert_eq!(shown("", 10), [""]);
    assert_eq!(shown("hello world", 7), ["hello ", "world"]);
    assert_eq!(shown("hello world", 6), ["hello ", "world"], "the space hangs");
    assert_eq!(shown("one\n\ntwo\n", 10), ["one", "", "two", ""]);
    assert_eq!(shown("a verylongword", 6), ["a ", "veryl", "ongwo", "rd"]);
    assert_eq!(shown("漢字漢字", 6), ["漢字", "漢字"]);
    assert_eq!(shown("ab漢字", 6), ["ab漢", "字"]);
    assert_eq!(shown("e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}", 5), ["e\u{301}".repeat(4), "e\u{301}".into()]);
    assert_eq!(shown("abcd ", 5), ["abcd ", ""], "a row for the cursor");
    assert_eq!(shown("x", 0), ["x"]);
}

#[test]
fn p29_p30_what_cannot_be_seen_is_shown_as_a_mark() {
    let glyph = |text: &str| {
        let row = layout::rows(text, 80).remove(0);
        let glyph = row.glyphs.into_iter().next().unwrap();
        (glyph.shown.into_owned(), glyph.columns, glyph.marked)
    };
    let seen = |shown: &str, columns| (shown.to_owned(), columns, false);
    let mark = |shown: &str, columns| (shown.to_owned(), columns, true);
    assert_eq!(glyph("\t"), seen("    ", 4));
    assert_eq!(glyph("👩\u{200D}👩\u{200D}👧"), seen("👩\u{200D}👩\u{200D}👧", 2));
    assert_eq!(glyph("👩\u{200D}"), seen("👩", 2));
    for unseen in
        ["\u{200B}", "\u{200E}", "\u{200D}", "\u{FE0F}", "\u{AD}", "\x1b", "\u{202E}", "\u{2066}", "\u{E0041}"]
    {
        assert_eq!(glyph(unseen), mark("·", 1), "{unseen:?}");
    }
    assert_eq!(glyph("\u{301}"), mark("\u{25CC}\u{301}", 1));
    assert_eq!(glyph(&format!("e{}", "\u{301}".repeat(CELL_BYTES))), mark("e…", 2));
    assert_eq!(glyph(&"\u{1100}".repeat(20)), mark("\u{1100}…", 3));
}

#[test]
fn up_and_down_keep_the_column() {
    use Edit::{Down, Right, Up};
    let mut editor = with("long line\nab\n漢字漢字 lo|ng");
    editor.then(&[Up]);
    assert_eq!(marked(&editor), "long line\nab|\n漢字漢字 long");
    editor.then(&[Up]);
    assert_eq!(marked(&editor), "long line|\nab\n漢字漢字 long");
    editor.then(&[Down, Down]);
    assert_eq!(marked(&editor), "long line\nab\n漢字漢字 lo|ng");
    editor.then(&[Up, Right, Down]);
    assert_eq!(marked(&editor), "long line\nab\n|漢字漢字 long");
    // Rows of one line: the end of the upper one is the start of the lower.
    let mut editor = with("hello wonderful world|");
    editor.resize(8, 5);
    assert_eq!(shown(editor.text(), 8), ["hello ", "wonderf", "ul ", "world"]);
    editor.then(&[Up]);
    assert_eq!(marked(&editor), "hello wonderful| world");
    editor.then(&[Up]);
    assert_eq!(marked(&editor), "hello wonde|rful world");
}

#[test]
fn the_line_grows_and_then_scrolls() {
    let mut editor = with("1\n2\n3\n4\n5\n6\n7|");
    editor.resize(20, 3);
    let seen = |editor: &Editor| {
        let view = editor.view();
        let rows: Vec<String> = view.rows.iter().map(Row::shown).collect();
        (rows.concat(), view.cursor, view.above, view.below)
    };
    assert_eq!(seen(&editor), ("567".into(), (2, 1), 4, 0));
    editor.then(&[Edit::Up, Edit::Up]);
    assert_eq!(seen(&editor), ("567".into(), (0, 1), 4, 0));
    editor.then(&[Edit::Up]);
    assert_eq!(seen(&editor), ("456".into(), (0, 1), 3, 1));
    editor.then(&[Edit::Clear]);
    assert_eq!(seen(&editor), (String::new(), (0, 0), 0, 0));
    editor.then(&[Edit::Undo]);
    editor.resize(20, 0);
    assert_eq!(seen(&editor), ("4".into(), (0, 1), 3, 3));
    editor.resize(20, 9);
    assert_eq!(editor.view().rows.len(), 7);
}

/// P27: what a terminal does not tell from typing comes as so many keys. Rows are made for a drawing, not for each of them: that
/// would take minutes here.
#[test]
fn p27_the_longest_message_is_taken_key_by_key_at_once() {
    let mut editor = with("");
    let start = std::time::Instant::now();
    editor.types(&"漢字 words ".repeat(MESSAGE_MAX_BYTES / 13));
    assert!(start.elapsed() < std::time::Duration::from_secs(10), "{:?}", start.elapsed());
    assert_eq!(editor.view().rows.len(), editor.size.1);
}

/// Pieces that meet in all the ways that matter.
fn hostile() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        any::<char>().prop_map(String::from),
        "[a-c ,.]{0,8}",
        prop::sample::select(vec![
            "\u{301}",
            "\u{200D}",
            "\u{FE0F}",
            "🇮",
            "🇹",
            "👩",
            "👩\u{200D}👧",
            "👍",
            "🏽",
            "漢",
            "ש\u{5B8}",
            "\u{200F}",
            "क\u{94D}",
            "ष",
            "\u{1100}",
            "\u{1161}",
            "\u{11A8}",
            "\u{600}",
            "\t",
            "\n",
            "\r\n",
            "\r",
            "\x1b[2J",
            "\u{202E}",
            "\u{2028}",
            "\u{200B}",
            "\u{E0067}",
            "🏴",
            "\u{1F3F4}\u{E0067}\u{E0062}\u{E0065}\u{E006E}\u{E0067}\u{E007F}",
            "\u{A0}",
            "\u{3000}",
            "/msg ",
            "an",
        ])
        .prop_map(String::from),
    ];
    prop::collection::vec(piece, 0..6).prop_map(|pieces| pieces.concat())
}

fn edits() -> impl Strategy<Value = Vec<Edit>> {
    let bound: Vec<Edit> = keys::TABLE.iter().map(|row| row.edit.clone()).collect();
    let edit = prop_oneof![
        2 => hostile().prop_map(Edit::Insert),
        1 => hostile().prop_map(Edit::Paste),
        5 => prop::sample::select(bound),
    ];
    prop::collection::vec(edit, 0..40)
}

/// Where the cursor may stand in `text`, said simply.
fn places(text: &str) -> Vec<usize> {
    text.grapheme_indices(true).map(|(at, _)| at).chain([text.len()]).collect()
}

/// The text that a simple model has after `edit`; `None`: the model does not know.
fn model(text: &str, cursor: usize, edit: &Edit) -> Option<String> {
    let places = places(text);
    let nth = places.iter().position(|&place| place == cursor).unwrap();
    let without = |from: usize, to: usize| format!("{}{}", &text[..from], &text[to..]);
    let put = |what: &str| format!("{}{}{}", &text[..cursor], clean(what), &text[cursor..]);
    Some(match edit {
        Edit::Insert(what) => put(what),
        Edit::Paste(what) => {
            let what = what.replace("\r\n", "\n").replace('\r', "\n");
            let line = what.strip_suffix('\n').filter(|line| !line.is_empty() && !line.contains('\n'));
            put(line.unwrap_or(&what))
        }
        Edit::Newline => put("\n"),
        Edit::Backspace => without(places[nth.saturating_sub(1)], cursor),
        Edit::Delete => without(cursor, places[(nth + 1).min(places.len() - 1)]),
        Edit::Clear => String::new(),
        Edit::Left | Edit::Right | Edit::WordLeft | Edit::WordRight | Edit::LineStart | Edit::LineEnd => text.into(),
        _ => return None,
    })
}

/// What holds of every text, cursor and width.
fn check(editor: &Editor, width: usize) {
    let (text, cursor) = (editor.text(), editor.cursor());
    assert!(places(text).contains(&cursor), "{:?}", marked(editor));
    assert_eq!(clean(text), text);
    assert!(text.len() <= MESSAGE_MAX_BYTES);
    let wide = width.max(layout::NARROWEST);
    let rows = layout::rows(text, width);
    let mut told = 0;
    for row in &rows {
        assert!(row.columns() <= wide, "{row:?}");
        assert_eq!(&text[told..row.start], if told == 0 || told == row.start { "" } else { "\n" });
        for glyph in &row.glyphs {
            assert!((1..=4).contains(&glyph.columns) && cells::width(&glyph.shown) == glyph.columns, "{glyph:?}");
            assert!(!glyph.shown.contains(char::is_control));
            assert!(places(text).contains(&glyph.start));
        }
        told = row.end + usize::from(!row.goes_on && row.end < text.len());
        if !row.goes_on && row.end < text.len() {
            assert_eq!(&text[row.end..told], "\n");
        }
    }
    assert_eq!(told, text.len());
    for place in places(text) {
        let (row, column) = layout::place(&rows, place);
        assert!(column < wide, "{row} {column} {text:?}");
        assert_eq!(layout::at(&rows, row, column), place, "{text:?}");
    }
    let view = editor.view();
    assert!(view.cursor.0 < view.rows.len() && view.rows.len() <= editor.size.1);
}

proptest! {
    #[test]
    fn p30_a_simple_model_agrees(edits in edits(), width in prop_oneof![0..30_usize, 0..=300_usize], height in 0..6_usize) {
        let names = ["Anna", "an\u{301}na", "🇮🇹ciao", "\u{1b}[2J", "漢字"];
        let mut editor = Editor::default();
        editor.sends("an old\nline");
        editor.resize(width, height);
        for edit in &edits {
            let (text, cursor, seeks) = (editor.text().to_owned(), editor.cursor(), editor.search().is_some());
            let expected = model(&text, cursor, edit).filter(|_| !seeks);
            let done = editor.apply(edit, &Around { names: &names, hosting: true });
            check(&editor, width);
            if let Some(expected) = expected {
                prop_assert_eq!(editor.text(), expected, "{:?} {:?}", text, edit);
            }
            let places = places(&text);
            let nth = places.iter().position(|&place| place == cursor).unwrap();
            match edit {
                Edit::Left if !seeks => prop_assert_eq!(editor.cursor(), places[nth.saturating_sub(1)]),
                Edit::Right if !seeks => prop_assert_eq!(editor.cursor(), places[(nth + 1).min(places.len() - 1)]),
                Edit::Send if !seeks => prop_assert_eq!(done, Ok(Done::Send)),
                _ => {}
            }
        }
    }

    #[test]
    fn everything_can_be_undone_and_made_again(edits in edits()) {
        let mut editor = Editor::default();
        for edit in edits {
            editor.apply(&edit, &NOBODY).unwrap();
        }
        editor.then(&[Edit::Search, Edit::Cancel]);
        while editor.apply(&Edit::Redo, &NOBODY) == Ok(Done::Changed) {}
        let end = (editor.text().to_owned(), editor.cursor());
        let mut back = 0;
        while editor.apply(&Edit::Undo, &NOBODY) == Ok(Done::Changed) {
            back += 1;
            prop_assert!(places(editor.text()).contains(&editor.cursor()));
        }
        prop_assert_eq!(editor.text(), "");
        for _ in 0..back {
            editor.apply(&Edit::Redo, &NOBODY).unwrap();
        }
        prop_assert_eq!(editor.text(), end.0);
    }

    /// Text and cursor: a step back leads to where one was, and the step on to where one is.
    #[test]
    fn undoing_leads_to_where_one_was(edits in prop::collection::vec((edits(), any::<bool>()), 0..8)) {
        let names = ["Anna", "an\u{301}na", "漢字"];
        let around = Around { names: &names, hosting: true };
        let mut editor = Editor::default();
        editor.sends("an old\nline");
        let state = |editor: &Editor| (editor.text().to_owned(), editor.cursor());
        let mut seen = vec![state(&editor)];
        for (edits, undoes) in edits {
            for edit in edits {
                let before = editor.text().to_owned();
                // A key that ends a search takes what was found first, and then does what it does.
                let seeks = editor.search().is_some();
                editor.apply(&edit, &around).unwrap();
                seen.push(state(&editor));
                let now = state(&editor);
                if undoes && !seeks && now.0 != before && !matches!(edit, Edit::Undo | Edit::Redo) {
                    prop_assert_eq!(editor.apply(&Edit::Undo, &around), Ok(Done::Changed));
                    prop_assert!(seen.contains(&state(&editor)), "{:?} {:?}", edit, marked(&editor));
                    editor.apply(&Edit::Redo, &around).unwrap();
                    prop_assert_eq!(state(&editor), now, "{:?}", edit);
                }
            }
        }
    }

    #[test]
    fn what_is_cut_and_put_back_is_the_same(text in hostile(), at in any::<prop::sample::Index>(), edit in prop::sample::select(vec![
        Edit::KillToEnd, Edit::KillToStart, Edit::KillWordLeft, Edit::KillWordRight, Edit::Clear,
    ])) {
        let mut editor = Editor::default();
        editor.then(&[Edit::Paste(text)]);
        let text = editor.text().to_owned();
        let places = places(&text);
        editor.buffer.go(places[at.index(places.len())]);
        let before = editor.cursor();
        editor.then(std::slice::from_ref(&edit));
        let cut = text.len() - editor.text().len();
        let start = match edit {
            Edit::Clear => 0,
            Edit::KillToEnd | Edit::KillWordRight => before,
            _ => before - cut,
        };
        // Where the neighbours became one character, the cursor had to move on.
        if cut > 0 && editor.cursor() == start {
            editor.then(&[Edit::Yank]);
            prop_assert_eq!(editor.text(), &text);
        }
    }

    #[test]
    fn any_line_has_a_hint_or_none(line in hostile()) {
        if let Some(hint) = hint::hint(&format!("/{}", clean(&line)), false) {
            prop_assert!(!hint.to_string().contains(char::is_control));
        }
    }
}
