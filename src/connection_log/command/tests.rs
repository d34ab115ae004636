//! The command on real files: all styles, bad lines, growth and rotation. Nothing here waits: `wait` is the script of
//! what happens to the file meanwhile.

use super::*;
use crate::limits::LOG_ROTATION_POLLS;
use proptest::prelude::*;
use std::fs::{self, OpenOptions};
use std::io;
use std::path::Path;

const EXAMPLE: &str = include_str!("../../../connections.log.example");

fn now() -> DateTime<FixedOffset> {
    DateTime::parse_from_rfc3339("2026-11-20T22:30:00.000+01:00").unwrap()
}

fn accepted(port: u16) -> String {
    format!("2026-11-20T22:00:00.000+01:00 accepted 10.0.0.7:{port}\n")
}

/// What the command wrote, what it complained about, and how it ended.
struct Run {
    out: String,
    errors: String,
    result: Result<()>,
}

fn run(options: &LogOptions, wait: &mut Wait<'_>) -> Run {
    let (mut out, mut errors) = (Vec::new(), Vec::new());
    let result = read(options, &mut out, &mut errors, now(), wait, |at| at.naive_local());
    Run { out: String::from_utf8(out).unwrap(), errors: String::from_utf8(errors).unwrap(), result }
}

fn once(content: &[u8], change: impl FnOnce(&mut LogOptions)) -> Run {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("connections.log");
    fs::write(&file, content).unwrap();
    let mut options = LogOptions { file, json: false, follow: false, since: None, until: None };
    change(&mut options);
    run(&options, &mut |_| panic!("nothing to wait for"))
}

/// Follows a log through a script: step n happens at the nth wait, `false` is the end.
fn followed(begin: &str, mut script: impl FnMut(usize, &Path) -> bool) -> Run {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("connections.log");
    fs::write(&file, begin).unwrap();
    let options = LogOptions { file: file.clone(), json: true, follow: true, since: None, until: None };
    let mut step = 0;
    run(&options, &mut |_| {
        step += 1;
        script(step, &file)
    })
}

fn append(path: &Path, text: &str) {
    OpenOptions::new().append(true).create(true).open(path).unwrap().write_all(text.as_bytes()).unwrap();
}

/// The ports of the lines that were shown.
fn ports(out: &str) -> Vec<u16> {
    let port = |line: &str| {
        let object: serde_json::Value = serde_json::from_str(line).unwrap();
        object["address"].as_str().unwrap().rsplit_once(':').unwrap().1.parse().unwrap()
    };
    out.lines().map(port).collect()
}

#[test]
fn the_example_as_a_summary() {
    let run = once(EXAMPLE.as_bytes(), |_| {});
    let expected = r#"
NAME              ADDRESS                    FIRST             LAST              VISITS    TOTAL
lorde             192.168.1.7                2026-11-20 21:51  2026-11-20 22:40       2  17m 15s
zoë               fe80::1c2b:3aff:fe4d:5e6f  2026-11-20 21:52  2026-11-20 22:09       1  16m 57s
"odd = \"name\""  192.168.1.8                2026-11-20 21:54  2026-11-20 21:55       1   1m 00s

4 visits by 3 names from 3 addresses, 35m 12s in all; 0 still here.

Never joined:
ADDRESS                    REASON     TIMES  LAST
192.168.1.3                looked         1  2026-11-20 22:03
192.168.1.8                no-hello       1  2026-11-20 21:53
192.168.1.9                room-full      1  2026-11-20 21:59
fe80::1c2b:3aff:fe4d:5e6f  page           1  2026-11-20 21:52

12 lines are missing from this log: it could not be written.
"#;
    assert_eq!(format!("\n{}", run.out), expected);
    assert_eq!(run.errors, "");
    run.result.unwrap();
}

#[test]
fn as_json_every_line_is_an_object_with_its_keys() {
    let run = once(EXAMPLE.as_bytes(), |options| options.json = true);
    assert_eq!(run.out.lines().count(), EXAMPLE.lines().count());
    assert_eq!(
        run.out.lines().nth(2).unwrap(),
        concat!(
            r#"{"at":"2026-11-20T21:51:07.493+01:00","event":"joined","address":"192.168.1.7:50432","#,
            r#""name":"lorde","via":"native"}"#
        )
    );
    run.result.unwrap();
}

#[test]
fn since_and_until_choose_lines_by_their_time() {
    let at = |text| Some(DateTime::parse_from_rfc3339(text).unwrap());
    let run = once(EXAMPLE.as_bytes(), |options| {
        options.json = true;
        options.since = at("2026-11-20T20:54:05.310Z");
        options.until = at("2026-11-20T21:55:10.001+01:00");
    });
    assert_eq!(ports(&run.out), [33012, 33012, 33012]);
}

#[test]
fn what_cannot_be_read_is_reported_by_its_number_and_the_rest_is_shown() {
    let long = "x".repeat(200_000);
    let text = [
        accepted(1).as_bytes(),
        b"2026-11-20 rubbish\n\n",
        accepted(2).replace('\n', "\r\n").as_bytes(),
        b"\xff\xfe\n\0\0\0\n",
        long.as_bytes(),
        b"\n",
        accepted(3).as_bytes(),
        b"2026-11-20T22:00:00.000+01:00 joi",
    ]
    .concat();
    let run = once(&text, |options| options.json = true);
    assert_eq!(ports(&run.out), [1, 2, 3]);
    let complaints: Vec<&str> =
        run.errors.lines().map(|line| line.split_once("connections.log: ").unwrap().1).collect();
    let expected = [
        "line 2: no time at its start",
        "line 5: not UTF-8",
        "line 6: a control character stands in it",
        "line 7: too long",
        "line 9: no address after the event",
    ];
    assert_eq!(complaints, expected);
    assert!(matches!(run.result, Err(Error::Unreadable { lines: 5, .. })), "{:?}", run.result);
}

#[test]
fn a_last_line_without_its_end_is_read() {
    let run = once(accepted(1).trim_end().as_bytes(), |options| options.json = true);
    assert_eq!(ports(&run.out), [1]);
    run.result.unwrap();
}

#[test]
fn an_empty_log_is_no_error_and_none_at_all_is() {
    let empty = once(b"", |_| {});
    assert_eq!((empty.out.as_str(), empty.errors.as_str()), ("Nobody was in the room.\n", ""));
    empty.result.unwrap();
    let none = once(b"", |options| options.file = options.file.with_extension("none"));
    let text = none.result.unwrap_err().to_string();
    assert!(text.starts_with("read the connections log ") && text.contains("connections.none: "), "{text}");
    assert_eq!(none.out, "");
}

#[test]
fn a_followed_log_goes_on_and_a_line_waits_for_its_end() {
    let (first, second) = (accepted(2), accepted(3));
    let (begin, rest) = second.split_at(40);
    let run = followed(&accepted(1), |step, path| {
        match step {
            1 => append(path, &first),
            2 => append(path, begin),
            4 => append(path, rest),
            5 => append(path, begin),
            _ => {}
        }
        step < 6
    });
    assert_eq!(ports(&run.out), [1, 2, 3]);
    assert_eq!(run.errors, "");
    run.result.unwrap();
}

#[test]
fn a_followed_log_may_be_renamed_and_loses_nothing_on_the_way() {
    let last = LOG_ROTATION_POLLS as usize + 3;
    let run = followed(&accepted(1), |step, path| {
        let old = path.with_extension("old");
        match step {
            2 => {
                fs::rename(path, &old).unwrap();
                append(path, &accepted(4));
            }
            // The writer has not noticed yet.
            3 => append(&old, &accepted(2)),
            4 => append(&old, &accepted(3)),
            _ if step == last => append(path, &accepted(5)),
            _ => {}
        }
        step <= last
    });
    assert_eq!(ports(&run.out), [1, 2, 3, 4, 5]);
    run.result.unwrap();
}

#[test]
fn a_followed_log_may_be_cut_off_and_may_be_gone_for_a_while() {
    let run = followed(&(accepted(1) + &accepted(1)), |step, path| {
        match step {
            1 => fs::write(path, accepted(2)).unwrap(),
            2 => fs::remove_file(path).unwrap(),
            10 => append(path, &accepted(3)),
            _ => {}
        }
        step < 11 + LOG_ROTATION_POLLS as usize
    });
    assert_eq!(ports(&run.out), [1, 1, 2, 3]);
    run.result.unwrap();
}

#[test]
fn a_followed_log_is_told_in_sentences_where_no_json_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("connections.log");
    fs::write(&file, accepted(1) + "rubbish\n").unwrap();
    let options = LogOptions { file, json: false, follow: true, since: None, until: None };
    let run = run(&options, &mut |_| false);
    assert_eq!(run.out, "2026-11-20 22:00:00  10.0.0.7:1 connected\n");
    assert!(matches!(run.result, Err(Error::Unreadable { lines: 1, .. })));
}

#[test]
fn a_broken_pipe_is_a_normal_end_and_another_failure_is_not() {
    struct Broken(ErrorKind);
    impl Write for Broken {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("connections.log");
    fs::write(&file, accepted(1) + "rubbish\n").unwrap();
    for (json, follow) in [(false, false), (true, false), (true, true), (false, true)] {
        let options = LogOptions { file: file.clone(), json, follow, since: None, until: None };
        let end = |kind| command(&options, &mut Broken(kind), &mut io::sink(), now(), &mut |_| panic!("goes on"));
        end(ErrorKind::BrokenPipe).unwrap();
        assert!(matches!(end(ErrorKind::StorageFull), Err(Error::Io { .. })));
    }
}

#[test]
fn times_are_rfc_3339_or_how_long_ago() {
    let ago = |text| parse_when(text, now()).map(|at| (now() - at).num_seconds());
    for (text, seconds) in [("90s", 90), ("15m", 900), ("2h", 7200), ("3d", 259_200), ("1w", 604_800), ("0s", 0)] {
        assert_eq!(ago(text), Ok(seconds));
    }
    assert_eq!(ago("2026-11-20T21:29:00Z"), Ok(60));
    assert_eq!(ago("2026-11-20T22:29:00+01:00"), Ok(60));
    for bad in [
        "",
        "h",
        "2",
        "-2h",
        "+2h",
        "2 h",
        "2.5h",
        "2y",
        "2é",
        "99999999999999999999s",
        "9223372036854775807w",
        "yesterday",
        "2026-11-20",
    ] {
        assert!(ago(bad).unwrap_err().contains("2h"), "{bad}");
    }
}

/// Lines as they should be, as they should not be, and with extreme values.
fn any_log() -> impl Strategy<Value = Vec<u8>> {
    let at = prop_oneof!["2026-11-20T2[0-3]:[0-5][0-9]:00.000\\+01:00", "[09]{4}-01-01T00:00:00-23:59"];
    let event = prop_oneof![
        Just("opened"),
        Just("accepted"),
        Just("joined"),
        Just("left"),
        Just("ended"),
        Just("refused"),
        Just("closed"),
        Just("missed"),
        Just("other"),
    ];
    let keys = prop_oneof![
        Just(r#" name="a\u202e\u009b2J" via=web reason=quit after=60s lines=1"#),
        Just(" name=b via=web reason=refused after=18446744073709551615s lines=18446744073709551615"),
        Just(" name=b via=web reason=lost after=8334601228800s lines=2"),
        Just(" name=\u{202e} via=web"),
        Just(""),
    ];
    let line = (at, event, "(10\\.0\\.0\\.[12]:[1-3]|\\[fe80::1%7\\]:1)", keys)
        .prop_map(|(at, event, address, keys)| format!("{at} {event} {address}{keys}\n").into_bytes());
    let part = prop_oneof![9 => line, 1 => prop::collection::vec(any::<u8>(), 0..20)];
    prop::collection::vec(part, 0..40).prop_map(|parts| parts.concat())
}

proptest! {
    /// Whatever stands in a file: it is read to its end, and nothing that a terminal would act on comes out of it.
    #[test]
    fn every_file_can_be_read(log in any_log(), json in any::<bool>()) {
        let run = once(&log, |options| options.json = json);
        let tame = |text: &str| !text.contains(|c: char| (c.is_control() && c != '\n') || c == '\u{202e}');
        prop_assert!(tame(&run.out) && tame(&run.errors), "{}", run.out);
        let complaints = run.errors.lines().count() as u64;
        match run.result {
            Ok(()) => prop_assert_eq!(complaints, 0),
            Err(Error::Unreadable { lines, .. }) => prop_assert_eq!(complaints, lines),
            Err(error) => prop_assert!(false, "{error}"),
        }
    }
}
