use proptest::prelude::*;

use super::*;

/// The text of the name that `raw` parses to.
fn parsed(raw: &str) -> String {
    Name::parse(raw).unwrap_or_else(|why| panic!("{raw:?}: {why}")).to_string()
}

/// Text in which what is allowed and what is not are equally frequent.
fn odd_name() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        any::<char>().prop_map(String::from),
        "[ -~]{1,4}",
        "[a-zäßéА-яα-ω漢字אבا-ي]{1,6}",
        prop::sample::select(vec![
            "\u{200D}",
            "\u{FE0F}",
            "👩\u{200D}💻",
            "❤\u{FE0F}",
            "1\u{FE0F}\u{20E3}",
            "🇮🇹",
            "\u{301}",
            "\u{600}",
            " ",
            "\u{3000}",
            "\u{1100}\u{1161}\u{11A8}",
            "\u{915}\u{94D}\u{937}",
            "\r\n",
            "\u{202E}",
            "server",
            "/",
        ])
        .prop_map(String::from),
    ];
    prop::collection::vec(piece, 1..8).prop_map(|pieces| pieces.concat())
}

#[test]
fn login_names_are_names() {
    for name in
        ["student", "root", "admin", "pi", "user", "me", "capo", "lorde", "j.doe", "x_1", "host", "guest", "a:b"]
    {
        assert_eq!(parsed(name), name);
    }
}

#[test]
fn names_of_all_scripts_are_names() {
    for name in
        ["José", "Ærø", "Борис", "李明", "한글", "מיכל", "فاطمة", "क्षमा", "ไก่", "O'Neil", "Ωmega", "🦀🦀", "🇮🇹🇩🇪"]
    {
        assert_eq!(parsed(name), name);
    }
}

#[test]
fn p30_emoji_of_several_characters_stay_whole() {
    for name in [
        "ada👩\u{200D}💻",
        "❤\u{FE0F}lorde",
        "👩🏽\u{200D}🔬ada",
        "no1\u{FE0F}\u{20E3}",
        "🏳\u{FE0F}\u{200D}🌈🌈",
        "☺\u{FE0E}!",
    ] {
        assert_eq!(parsed(name), name);
    }
    // One character as a reader counts, however long it is.
    assert_eq!(Name::parse("👨\u{200D}👩\u{200D}👧\u{200D}👦"), Err(NameError::TooShort));
}

#[test]
fn p30_what_cannot_be_seen_is_refused() {
    for hidden in
        "\u{AD}\u{34F}\u{115F}\u{1160}\u{17B4}\u{180E}\u{200B}\u{200C}\u{200D}\u{2060}\u{2064}\u{2800}\u{3164}\u{FE00}\
                   \u{FE0E}\u{FE0F}\u{FEFF}\u{FFA0}\u{FFF9}\u{1D173}\u{E0001}\u{E0041}\u{E007F}\u{E0100}"
            .chars()
    {
        for raw in [format!("ad{hidden}min"), format!("{hidden}admin"), format!("admin{hidden}")] {
            let why = Name::parse(&raw).expect_err(&raw);
            assert_eq!(why, NameError::Forbidden { character: hidden, why: "it cannot be seen" }, "{raw:?}");
        }
    }
    for raw in [
        "a\u{200D}👩",
        "👩\u{200D}a",
        "👩\u{200D}\u{200D}💻",
        "❤\u{FE0F}\u{FE0F}x",
        "12\u{FE0F}3",
        "\u{1F3F4}\u{E0067}x",
    ] {
        assert!(matches!(Name::parse(raw), Err(NameError::Forbidden { .. })), "{raw:?}");
    }
}

#[test]
fn p29_no_name_moves_the_cursor_or_the_direction() {
    for (bad, why) in [
        ('\x1b', "it is a control character"),
        ('\r', "it is a control character"),
        ('\n', "it is a control character"),
        ('\t', "it is a control character"),
        ('\0', "it is a control character"),
        ('\x7f', "it is a control character"),
        ('\u{85}', "it is a control character"),
        ('\u{9b}', "it is a control character"),
        ('\u{2028}', "it breaks the line"),
        ('\u{2029}', "it breaks the line"),
        ('\u{202E}', "it changes the direction of text"),
        ('\u{2067}', "it changes the direction of text"),
        ('\u{200F}', "it changes the direction of text"),
        ('\u{61C}', "it changes the direction of text"),
        ('\u{E000}', "it stands for no character"),
        ('\u{FFFF}', "it stands for no character"),
        ('\u{378}', "it stands for no character"),
    ] {
        assert_eq!(Name::parse(&format!("ca{bad}po")), Err(NameError::Forbidden { character: bad, why }), "{bad:?}");
    }
}

#[test]
fn a_name_is_one_word_in_nfc() {
    assert_eq!(parsed("  Ann Lee\t\r\n"), "Ann-Lee");
    assert_eq!(parsed("\u{3000}Ann \u{A0}  Lee\u{2003}"), "Ann-Lee");
    assert_eq!(parsed("Jose\u{301}"), "José");
    assert_eq!(parsed("\u{1112}\u{1161}\u{11AB}\u{1100}\u{1173}\u{11AF}"), "한글");
}

#[test]
fn length_is_counted_as_a_reader_does() {
    for raw in ["", " ", "x", " x ", "e\u{301}", "🇮🇹", "क्षि"] {
        assert_eq!(Name::parse(raw), Err(NameError::TooShort), "{raw:?}");
    }
    let couple = "👩🏻\u{200D}❤\u{FE0F}\u{200D}💋\u{200D}👨🏿";
    for unit in ["x", "é", "漢", "👩\u{200D}💻", "👨\u{200D}👩\u{200D}👧\u{200D}👦", "🇮🇹", couple] {
        let (most, more) = (unit.repeat(NAME_MAX_CHARS), unit.repeat(NAME_MAX_CHARS + 1));
        assert_eq!(parsed(&most), most);
        assert_eq!(Name::parse(&more), Err(NameError::TooLong), "{unit}");
    }
    let tower = |marks| format!("x{}y", "\u{323}".repeat(marks));
    let most = NAME_MAX_BYTES / 2 - 1;
    assert_eq!(parsed(&tower(most)).len(), NAME_MAX_BYTES);
    assert_eq!(Name::parse(&tower(most + 1)), Err(NameError::TooLong));
    assert_eq!(Name::parse(&"x".repeat(1_000_000)), Err(NameError::TooLong));
}

#[test]
fn a_mark_needs_something_to_sit_on() {
    assert_eq!(Name::parse("\u{301}\u{301}"), Err(NameError::LoneMark));
    assert_eq!(Name::parse("\u{301}ann"), Err(NameError::LoneMark));
    assert_eq!(Name::parse("\u{20E3}ann"), Err(NameError::LoneMark));
}

#[test]
fn words_that_would_be_misread_are_refused() {
    for (raw, word) in [
        ("server", "server"),
        ("SERVER", "server"),
        (" Quit\n", "quit"),
        ("ѕerver", "server"),
        ("ａｌｌ", "all"),
        ("ехіt", "exit"),
    ] {
        assert_eq!(Name::parse(raw), Err(NameError::Reserved { word }), "{raw:?}");
    }
    for raw in ["/quit", "//", "/who am I"] {
        assert_eq!(Name::parse(raw), Err(NameError::Command), "{raw:?}");
    }
    for raw in ["servers", "a11", "a/b", "everyone-2", "Ally"] {
        assert!(Name::parse(raw).is_ok(), "{raw:?}");
    }
}

#[test]
fn an_error_is_a_sentence_for_a_person() {
    let told = |raw: &str| Name::parse(raw).unwrap_err().to_string();
    assert_eq!(told("x"), "a name has at least 2 characters");
    assert_eq!(told("ca\x1bpo"), "a name cannot hold U+001B: it is a control character");
    assert_eq!(told("server"), "the word \"server\" is reserved");
    assert_eq!(Name::parse("x").unwrap_err().code(), "bad-name");
}

#[test]
fn a_suffix_fits() {
    let suffixed = |raw: &str, k| Name::parse(raw).unwrap().with_suffix(k).to_string();
    assert_eq!(suffixed("student", 2), "student-2");
    assert_eq!(suffixed(&"x".repeat(32), 2), "x".repeat(30) + "-2");
    assert_eq!(suffixed(&"x".repeat(31), 10), "x".repeat(29) + "-10");
    assert_eq!(suffixed(&"👩\u{200D}💻".repeat(23), 2), "👩\u{200D}💻".repeat(23) + "-2");
    assert_eq!(suffixed(&format!("{}y", "é".repeat(31)), u32::MAX), "é".repeat(21) + "-4294967295");
    // The second character alone leaves no room for a suffix: it goes as a whole.
    assert_eq!(suffixed(&format!("xy{}", "\u{323}".repeat(NAME_MAX_BYTES / 2 - 1)), 2), "x-2");
    assert_eq!(suffixed(&format!("x{}y", "\u{323}".repeat(NAME_MAX_BYTES / 2 - 1)), 2), "-2");
}

#[test]
fn p06_every_login_name_gives_a_name() {
    for (login, name) in [
        ("student", "student"),
        ("Ann Lee", "Ann-Lee"),
        ("x", "guest-x"),
        ("李", "guest-李"),
        ("server", "guest-server"),
        ("", "guest"),
        ("\x1b\r\n\u{200B}", "guest"),
        ("DESK\x1bTOP", "DESKTOP"),
        ("/ \u{301}quit", "guest-quit"),
        ("Jose\u{301}", "José"),
    ] {
        assert_eq!(Name::for_login(login).as_str(), name, "{login:?}");
    }
    assert_eq!(Name::for_login(&"x".repeat(1_000_000)).as_str(), "x".repeat(NAME_MAX_CHARS));
}

#[test]
fn a_name_is_written_as_a_string() {
    let name = Name::parse("lorde").unwrap();
    assert_eq!(serde_json::to_string(&name).unwrap(), "\"lorde\"");
    assert_eq!(format!("{name:>7}|"), "  lorde|");
    assert_eq!("lorde".parse(), Ok(name));
}

proptest! {
    #[test]
    fn p30_a_parsed_name_keeps_every_rule(raw in odd_name()) {
        if let Ok(name) = Name::parse(&raw) {
            prop_assert_eq!(Name::parse(name.as_str()), Ok(name.clone()), "parses to itself");
            let text = name.as_str();
            prop_assert_eq!(text.nfc().collect::<String>(), text);
            prop_assert!((NAME_MIN_CHARS..=NAME_MAX_CHARS).contains(&text.graphemes(true).count()));
            prop_assert!(text.len() <= NAME_MAX_BYTES);
            prop_assert!(!text.contains(|c: char| c.is_whitespace() || c.is_control()));
            prop_assert_eq!(super::super::text::clean(text), text, "an interface shows it unchanged");
        }
    }

    #[test]
    fn a_suffix_makes_a_name_and_another_one(raw in odd_name(), one in 2..9_999_u32, more in any::<u32>()) {
        if let Ok(name) = Name::parse(&raw) {
            let suffixed = name.with_suffix(one);
            prop_assert_eq!(Name::parse(suffixed.as_str()), Ok(suffixed.clone()));
            let other = name.with_suffix(more);
            prop_assert_eq!(likeness::alike(suffixed.as_str(), other.as_str()), one == more);
        }
    }

    #[test]
    fn every_login_name_gives_a_valid_name(raw in odd_name()) {
        let name = Name::for_login(&raw);
        prop_assert_eq!(Name::parse(name.as_str()), Ok(name.clone()));
        if let Ok(parsed) = Name::parse(&raw) {
            prop_assert_eq!(name, parsed, "a login name that is a name stays");
        }
    }

    #[test]
    fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let raw = String::from_utf8_lossy(&bytes);
        let name = Name::parse(&raw).unwrap_or_else(|_| Name::for_login(&raw));
        prop_assert!(Name::parse(name.as_str()).is_ok());
    }

    #[test]
    fn plain_names_take_the_short_way_to_the_same_end(raw in "[!-.0-~]{2,32}") {
        prop_assume!(!RESERVED.iter().any(|word| word.eq_ignore_ascii_case(&raw)));
        prop_assert_eq!(parsed(&raw), raw);
    }
}
