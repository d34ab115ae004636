use proptest::prelude::*;

use super::*;

const ANYBODY: Typist = Typist { host: false, screen: false };
const SCREEN: Typist = Typist { host: false, screen: true };

fn parse(line: &str) -> Result<Input, CommandError> {
    super::parse(line, ANYBODY)
}

fn command(line: &str) -> Command {
    match parse(line) {
        Ok(Input::Command(command)) => command,
        other => panic!("{line:?}: {other:?}"),
    }
}

fn said(text: &str) -> Command {
    Command::Say { text: text.into(), action: false }
}

fn told(line: &str) -> String {
    parse(line).unwrap_err().to_string()
}

#[test]
fn what_is_no_command_is_said_as_it_was_typed() {
    assert_eq!(command("ciao"), said("ciao"));
    assert_eq!(command("  two  spaces "), said("  two  spaces "));
    assert_eq!(command(" /who"), said(" /who"));
    assert_eq!(command("1/2 and/or"), said("1/2 and/or"));
}

#[test]
fn two_slashes_stand_for_one() {
    assert_eq!(command("//who"), said("/who"));
    assert_eq!(command("///"), said("//"));
    assert_eq!(command("//"), said("/"));
}

#[test]
fn a_line_with_nothing_to_see_is_nothing() {
    for line in ["", " ", "\t\r", "\u{3000}", "\u{200B}"] {
        assert_eq!(parse(line), Ok(Input::Nothing), "{line:?}");
    }
}

#[test]
fn every_command_is_understood() {
    assert_eq!(command("/who"), Command::Who);
    assert_eq!(command("/QUIT "), Command::Quit);
    assert_eq!(parse("/qr "), Ok(Input::Qr));
    assert_eq!(command("/nick  Ann Lee "), Command::Rename("Ann Lee".into()));
    let tell = |text: &str| Command::Tell { to: "ann".into(), text: text.into() };
    assert_eq!(command("/msg ann ciao  bella"), tell("ciao  bella"));
    assert_eq!(command("/msg\tann   //x\ny"), tell("//x\ny"));
    assert_eq!(command("/me waves"), Command::Say { text: "waves".into(), action: true });
    assert_eq!(command("/kick ann"), Command::Kick("ann".into()));
    assert_eq!(command("/ban 'ann:*"), Command::Ban("'ann:*".into()));
    assert_eq!(command("/unban fe80::1%eth0\r"), Command::Unban("fe80::1%eth0".into()));
}

#[test]
fn missing_or_spare_arguments_give_the_usage() {
    for (line, word) in [
        ("/nick", "nick"),
        ("/msg", "msg"),
        ("/msg ann", "msg"),
        ("/msg ann \u{200B}", "msg"),
        ("/me  ", "me"),
        ("/kick", "kick"),
        ("/ban ", "ban"),
        ("/unban", "unban"),
        ("/unban 10.0.0.1 10.0.0.2", "unban"),
        ("/who ann", "who"),
        ("/quit now", "quit"),
        ("/qr now", "qr"),
    ] {
        match parse(line) {
            Err(CommandError::Usage(entry)) => assert_eq!(entry.word, word, "{line:?}"),
            other => panic!("{line:?}: {other:?}"),
        }
    }
    assert_eq!(told("/msg ann"), "usage: /msg NAME TEXT (say something to one member only)");
    assert_eq!(parse("/msg").unwrap_err().code(), "usage");
}

#[test]
fn an_unknown_command_is_an_error_with_a_hint() {
    for (typed, meant) in [
        ("/ncik", "/nick NAME"),
        ("/nik", "/nick NAME"),
        ("/niick", "/nick NAME"),
        ("/mgs", "/msg NAME TEXT"),
        ("/Quti", "/quit"),
        ("/exit", "/quit"),
        ("/w", "/who"),
        ("/whisper", "/msg NAME TEXT"),
        ("/names", "/who"),
        ("/unbann", "/unban ADDRESS"),
        ("/hlep", "/help [COMMAND]"),
        ("/?", "/help [COMMAND]"),
    ] {
        assert_eq!(told(typed), format!("there is no command {typed}: did you mean {meant}?"));
    }
    for typed in ["/etc/passwd", "/", "/x", "/wholly"] {
        let hint = "/help lists them, // says a line that begins with /";
        assert_eq!(told(typed), format!("there is no command {typed}: {hint}"));
    }
    assert_eq!(parse("/ who").unwrap_err().code(), "unknown-command");
}

#[test]
fn p29_what_was_typed_comes_back_harmless() {
    let answer = told(&format!("/\x1b[2J\u{202E}{}", "x".repeat(1_000)));
    assert!(answer.starts_with("there is no command /[2Jxxx"), "{answer:?}");
    assert!(answer.len() < 120 && !answer.contains(char::is_control), "{answer:?}");
}

#[test]
fn help_shows_what_one_may_use_in_columns() {
    let lines: Vec<String> = help(ANYBODY).collect();
    assert_eq!(lines[0], "/help [COMMAND]  show what can be typed");
    assert_eq!(lines[1], "/who             show who is here");
    assert_eq!(lines.last().unwrap(), "//TEXT           say a line that begins with /");
    assert!(!lines.iter().any(|line| line.contains("/kick")));
    let host: Vec<String> = help(Typist { host: true, screen: true }).collect();
    assert_eq!(host.len(), TABLE.len() + 1);
    assert!(host.iter().all(|line| line.len() < 80));
    for word in ["help", "who", "nick", "msg", "me", "qr", "search", "bell", "quit", "kick", "ban", "unban"] {
        assert!(host.iter().any(|line| line.starts_with(&format!("/{word} "))), "{word}");
    }
}

#[test]
fn help_is_about_all_or_one() {
    assert_eq!(parse("/help"), Ok(Input::Help(None)));
    for line in ["/help ban", "/HELP /Ban"] {
        match parse(line) {
            Ok(Input::Help(Some(entry))) => assert_eq!((entry.word, entry.whose), ("ban", Whose::Host), "{line}"),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(told("/help bann"), "there is no command /bann: did you mean /ban NAME?");
}

#[test]
fn what_only_the_full_screen_has_is_unknown_elsewhere() {
    for (typed, meant) in
        [("/search x", "/search [TEXT]"), ("/bell off", "/bell [on|off]"), ("/bell", "/bell [on|off]")]
    {
        let why = super::parse(typed, SCREEN).unwrap_err();
        assert!(matches!(why, CommandError::Usage(entry) if entry.usage() == meant), "{why}");
        assert_eq!(parse(typed).unwrap_err().code(), "unknown-command");
        assert!(!told(typed).contains("mean"), "{}", told(typed));
    }
    assert_eq!(
        super::parse("/serach x", SCREEN).unwrap_err().to_string(),
        "there is no command /serach: did you mean /search [TEXT]?"
    );
    assert_eq!(told("/b"), "there is no command /b: did you mean /ban NAME?");
    assert!(matches!(super::parse("/help bell", SCREEN), Ok(Input::Help(Some(entry))) if entry.word == BELL));
    assert!(!help(ANYBODY).any(|line| line.contains("/bell") || line.contains("/search")));
    let choices = |word| lookup(word, SCREEN).unwrap().choices().collect::<Vec<_>>();
    assert_eq!((choices(BELL), choices(SEARCH)), (vec!["on", "off"], vec![]));
}

#[test]
fn the_table_is_sound() {
    for (at, entry) in TABLE.iter().enumerate() {
        assert!(!TABLE[..at].contains(entry), "{} twice", entry.word);
        for other in entry.elsewhere {
            assert!(!TABLE.iter().any(|entry| entry.word == *other), "{other} is a command");
            assert!(!TABLE[..at].iter().any(|before| before.elsewhere.contains(other)), "{other} twice");
        }
    }
}

proptest! {
    #[test]
    fn no_command_is_ever_said(line in "/[^/]\\PC{0,20}") {
        let is_said = matches!(parse(&line), Ok(Input::Command(Command::Say { action: false, .. })));
        prop_assert!(!is_said);
    }

    #[test]
    fn any_line_is_survived(line in "/?[ a-z/]{0,6}\\PC{0,10}|(?s:.{0,40})") {
        if let Err(why) = parse(&line) {
            prop_assert!(line.starts_with('/'));
            prop_assert!(!why.to_string().contains(char::is_control));
        }
    }

    #[test]
    fn a_slip_is_recognised(at in 0..4_usize, wrong in "[a-z]") {
        let mut word = String::from("quit");
        word.replace_range(at..=at, &wrong);
        prop_assert!(word == "quit" || is_one_slip(&word, "quit"));
        prop_assert!(!is_one_slip("quit", "quit"));
    }
}
