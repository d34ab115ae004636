//! Bytes of real and of odd terminals, in pieces of any kind.

use proptest::prelude::*;

use super::*;

/// What came, short: `^` Ctrl, `!` Alt, `+` Shift.
fn shown(events: &[Event]) -> String {
    let one = |event: &Event| match event {
        Event::Key(key) => {
            let held = [(KeyModifiers::CONTROL, "^"), (KeyModifiers::ALT, "!"), (KeyModifiers::SHIFT, "+")];
            let held: String = held.iter().filter(|(held, _)| key.modifiers.contains(*held)).map(|(_, c)| *c).collect();
            match key.code {
                KeyCode::Char(c) => format!("{held}{c}"),
                code => format!("{held}<{code:?}>"),
            }
        }
        Event::Paste(text) => format!("[{text}]"),
        other => format!("<{other:?}>"),
    };
    events.iter().map(one).collect::<Vec<_>>().join(" ")
}

/// What the pieces are, and whatever is left behind them.
fn read(pieces: &[&[u8]]) -> (String, Option<Duration>) {
    let (mut decoder, mut events) = (Decoder::default(), Vec::new());
    pieces.iter().for_each(|piece| decoder.feed(piece, &mut events));
    (shown(&events), decoder.patience())
}

/// Each case as a whole, byte by byte, and with a key behind it.
#[track_caller]
fn reads(cases: &[(&[u8], &str)]) {
    for (bytes, keys) in cases {
        let name = String::from_utf8_lossy(bytes).escape_debug().to_string();
        assert_eq!(read(&[bytes]), ((*keys).to_owned(), None), "{name}");
        let pieces: Vec<&[u8]> = bytes.chunks(1).collect();
        assert_eq!(read(&pieces), ((*keys).to_owned(), None), "{name}, byte by byte");
        let both = if keys.is_empty() { "x".into() } else { format!("{keys} x") };
        assert_eq!(read(&[&[bytes, &b"x"[..]].concat()]).0, both, "{name} and a key");
    }
}

#[test]
fn keys_as_terminals_write_them() {
    reads(&[
        (b"a\xc3\xa9Z", "a é Z"),
        ("日👩\u{200D}".as_bytes(), "日 👩 \u{200D}"),
        (b"\r\t\x7f\x08\n\x00\x01\x1a\x1c\x1f", "<Enter> <Tab> <Backspace> ^h ^j ^  ^a ^z ^4 ^7"),
        (b"\x1bb\x1b\xc3\xa9\x1b\r\x1b\x7f\x1b\n\x1b\x08", "!b !é !<Enter> !<Backspace> ^!j ^!h"),
        (b"\x1b[A\x1b[D\x1b[H\x1b[F\x1bOA\x1bOD\x1bOH\x1bOF", "<Up> <Left> <Home> <End> <Up> <Left> <Home> <End>"),
        (b"\x1b[1;5D\x1b[1;3C\x1b[1;2A\x1b[1;6H\x1b[5D", "^<Left> !<Right> +<Up> ^+<Home> ^<Left>"),
        (
            b"\x1b[1~\x1b[7~\x1b[4~\x1b[8~\x1b[3~\x1b[5~\x1b[6~",
            "<Home> <Home> <End> <End> <Delete> <PageUp> <PageDown>",
        ),
        (b"\x1b[3;5~\x1b[3;3~\x1b[5;2~\x1b[Z", "^<Delete> !<Delete> +<PageUp> +<BackTab>"),
        (b"\x1bOP\x1b[11~\x1b[[A\x1b[1;2P", "<F(1)> <F(1)> <F(1)> +<F(1)>"),
        (b"\x1bOQ\x1b[12~\x1b[[B\x1b[Q", "<F(2)> <F(2)> <F(2)> <F(2)>"),
        (b"\x1bOM\x1bOj\x1bOk\x1bOm\x1bOn\x1bOo\x1bOp\x1bOy", "<Enter> * + - . / 0 9"),
        // rxvt.
        (b"\x1bOa\x1bOd\x1b[a\x1b[d\x1b[3^\x1b[7$\x1b[8^", "^<Up> ^<Left> +<Up> +<Left> ^<Delete> +<Home> ^<End>"),
        // Alt before what writes a sequence: rxvt, iTerm2.
        (b"\x1b\x1b[D\x1b\x1bOC\x1b\x1b[3~", "!<Left> !<Right> !<Delete>"),
        (b"\x1b\x1bx", "<Esc> !x"),
        // Delete and Ctrl-End of st.
        (b"\x1b[P\x1b[J\x1b[1P", "<Delete> <F(1)>"),
        // Shift-Tab of Linux' console.
        (b"\x1b\t", "+<BackTab>"),
    ]);
}

/// Other ways to write keys, which nobody has asked for here; a program before may have left them on.
#[test]
fn keys_as_kitty_and_xterm_write_them_all() {
    reads(&[
        (b"\x1b[13;2u\x1b[13;3u\x1b[27u\x1b[127;5u\x1b[9;2u", "+<Enter> !<Enter> <Esc> ^<Backspace> +<Tab>"),
        (b"\x1b[99;5u\x1b[97u\x1b[97;2u\x1b[49:33;2u\x1b[97;;97u", "^c a +A +! a"),
        (b"\x1b[97;1:3u\x1b[97;1:2u\x1b[1;1:3D\x1b[118;9u\x1b[57441u", "a"),
        (b"\x1b[27;5;97~\x1b[27;2;13~\x1b[27;2;65~\x1b[27;3;98~", "^a +<Enter> +A !b"),
    ]);
}

/// P29: nothing of it is typed, and the key behind it is not lost.
#[test]
fn p29_answers_and_whatever_nobody_knows_are_passed_over() {
    reads(&[
        (b"\x1b[?997;1n\x1b[?2026;2$y\x1b[>1;2m\x1b[4;1$y", ""),
        (b"\x1b[?1;2c\x1b[5;5R\x1b[0;0R\x1b[?1u\x1b[8;24;80t", ""),
        (b"\x1b]11;rgb:0000/0000/0000\x1b\\\x1b]11;rgb:0/0/0\x07", ""),
        (b"\x1bP1+r544e=xterm\x1b\\\x1b_Gi=31;OK\x1b\\\x1b^x\xc3\xa9\x1b\\", ""),
        (b"\x1b[M   \x1b[M\xff\xff\x1b\x1b[<0;0;0M\x1b[<160;10;10m\x1b[32;30;40M", ""),
        (b"\x1b[2~\x1b[99~\x1b[13;5~\x1bOR\x1b[[C\x1b[201~\x1b[~\x1b[u\x1b[9999999999;5u\x1b[55296u", ""),
        (b"\x1b[I\x1b[O", "<FocusGained> <FocusLost>"),
        // Broken off: what does it counts.
        (b"\x1b[1;5\x03\x1b[\x1b[A\x1b[1\xe6\x97\xa5", "^c <Up> 日"),
        (b"\x1b]x\x03", "!] x ^c"),
    ]);
    let long = [&b"\x1b["[..], &[b'1'; SEQUENCE_BYTES * 3], b"mx"].concat();
    assert!(read(&[&long]).0.ends_with(" m x"));
    let long = [&b"\x1b]"[..], &[b'1'; SEQUENCE_BYTES * 3], b"x"].concat();
    assert!(read(&[&long]).0.starts_with("!] 1 1") && read(&[&long]).0.ends_with(" 1 x"));
}

/// P30: what is no character is seen, and takes none with it.
#[test]
fn p30_bytes_that_are_no_text_are_seen_and_take_nothing_along() {
    reads(&[
        (b"x\xe9abc", "x � a b c"),
        (b"a\xff\xfeb\x80", "a � � b �"),
        (b"a\xf0\x9fbc", "a � b c"),
        (b"\xed\xa0\x80\xc0\x80!", "� � � � � !"),
        (b"\xe6\x1b[A", "� <Up>"),
    ]);
    assert_eq!(read(&[b"\xe6\x97"]), (String::new(), None), "the rest of it may come at any time");
}

/// What stands for a key by itself is one when nothing more comes.
#[test]
fn an_escape_waits_a_moment_for_what_it_begins() {
    for (bytes, keys) in [
        (&b"\x1b"[..], "<Esc>"),
        (b"\x1b\x1b", "<Esc> <Esc>"),
        (b"\x1b\x1b[", "<Esc> !["),
        (b"\x1b[", "!["),
        (b"\x1bO", "!O"),
        (b"\x1b_", "!_"),
        (b"\x1b_\x1b_", "!_ !_"),
        (b"\x1b]hello", "!] h e l l o"),
        (b"\x1b[M", ""),
    ] {
        let (mut decoder, mut events) = (Decoder::default(), Vec::new());
        decoder.feed(bytes, &mut events);
        assert_eq!(decoder.patience(), Some(ESCAPE_END), "{bytes:?}");
        decoder.settle(&mut events);
        assert_eq!((shown(&events), decoder.patience()), (keys.to_owned(), None), "{bytes:?}");
        decoder.feed(b"x", &mut events);
        assert_eq!(shown(&events[events.len() - 1..]), "x", "{bytes:?}");
    }
    // Only a program writes this: its end comes some time.
    let (mut decoder, mut events) = (Decoder::default(), Vec::new());
    decoder.feed(b"\x1b[1;", &mut events);
    decoder.settle(&mut events);
    assert_eq!(decoder.patience(), None);
    decoder.feed(b"5D", &mut events);
    assert_eq!(shown(&events), "^<Left>");
}

#[test]
fn p27_a_paste_is_one_piece_whatever_is_in_it() {
    reads(&[
        (b"a\x1b[200~one\r\ttwo\x1b[31m\x03\x1b[200~\x1b[201~b", "a [one\r\ttwo\x1b[31m\x03\x1b[200~] b"),
        (b"\x1b[200~\x1b[201~\x1b[200~\xe6\x97\xa5\xff\x1b\x1b[201~", "[] [日�\x1b]"),
    ]);
    let text = "x".repeat(1 << 20);
    assert_eq!(read(&[b"\x1b[200~", text.as_bytes(), b"\x1b[20", b"1~y"]).0, format!("[{text}] y"));
    let too_much = vec![b'x'; PASTE_BYTES + 10];
    assert_eq!(read(&[b"\x1b[200~", &too_much, b"\x1b[201~y"]).0.len(), PASTE_BYTES + "[] y".len());
}

/// P27: what was pasted is there, and keys are keys again.
#[test]
fn p27_a_paste_without_an_end_ends_when_nothing_comes() {
    let (mut decoder, mut events) = (Decoder::default(), Vec::new());
    decoder.feed(b"\x1b[200~lost\x03\x1b[20", &mut events);
    assert_eq!((events.len(), decoder.patience()), (0, Some(PASTE_END)));
    decoder.settle(&mut events);
    decoder.feed(b"\x03", &mut events);
    assert_eq!((shown(&events), decoder.patience()), ("[lost\x03\x1b[20] ^c".to_owned(), None));
}

fn pieces() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        any::<u8>().prop_map(|byte| vec![byte]),
        "[ -~]{0,4}".prop_map(String::into_bytes),
        any::<char>().prop_map(|c| c.to_string().into_bytes()),
        prop::sample::select(vec![
            "\x1b",
            "\x1b[",
            "\x1bO",
            "\x1b]",
            "\x1bP",
            "\x1b_",
            "\x1b\\",
            "\x07",
            "\x1b[200~",
            "\x1b[201~",
            "\x1b[M",
            "\x1b[[",
            "\x1b[<",
            "\x1b[?",
            "1;5",
            "3:3",
            "$",
            "~",
            "u",
            "A",
            "\r",
            "\x03",
        ])
        .prop_map(|text| text.as_bytes().to_vec()),
    ];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    /// However bytes are cut into pieces, the keys are the same.
    #[test]
    fn pieces_make_no_difference(bytes in pieces(), cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..6)) {
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).chain([0, bytes.len()]).collect();
        cuts.sort_unstable();
        let parts: Vec<&[u8]> = cuts.windows(2).map(|cut| &bytes[cut[0]..cut[1]]).collect();
        prop_assert_eq!(read(&parts), read(&[&bytes]));
    }

    /// Whatever has come, Ctrl-C is read: at once, or when nothing more has come for as long as is waited.
    #[test]
    fn after_anything_ctrl_c_is_read(bytes in pieces()) {
        let (mut decoder, mut events) = (Decoder::default(), Vec::new());
        decoder.feed(&bytes, &mut events);
        if decoder.patience().is_some() {
            decoder.settle(&mut events);
        }
        prop_assert!(decoder.held.len() <= SEQUENCE_BYTES);
        let before = events.len();
        decoder.feed(b"\x03", &mut events);
        prop_assert!(shown(&events[before..]).ends_with("^c"), "{:?}", shown(&events[before..]));
    }
}
