//! The log on real files: what stands in it stays, nothing is torn, rotation and full disks are survived.

use super::*;
use crate::connection_log::line::Event;
use chrono::DateTime;
use std::fs;

fn line(port: u16, event: Event) -> LogLine {
    let at = DateTime::parse_from_rfc3339("2026-11-20T21:51:07.480+01:00").unwrap();
    LogLine::new(at, ([192, 168, 1, 7], port).into(), event)
}

fn accepted(port: u16) -> LogLine {
    line(port, Event::Accepted)
}

fn text(lines: &[LogLine]) -> String {
    lines.iter().map(|line| format!("{line}\n")).collect()
}

#[cfg(unix)]
#[test]
fn a_new_log_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("connections.log");
    ConnectionLog::open(&path, Instant::now()).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn what_stands_in_a_log_stays_and_a_torn_line_is_ended_first() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("connections.log");
    for (before, between) in [("", ""), ("whole\n", ""), ("whole\n2026-11-20T21:5", "\n")] {
        fs::write(&path, before).unwrap();
        let mut log = ConnectionLog::open(&path, Instant::now()).unwrap();
        assert!(log.write(&accepted(1), Instant::now()).is_none());
        assert_eq!(fs::read_to_string(&path).unwrap(), format!("{before}{between}{}\n", accepted(1)));
    }
}

#[test]
fn a_log_that_cannot_be_opened_says_which_and_why() {
    let folder = tempfile::tempdir().unwrap();
    let error = ConnectionLog::open(&folder.path().join("none/connections.log"), Instant::now()).unwrap_err();
    assert!(matches!(&error, Error::Log { path, .. } if path.ends_with("connections.log")), "{error:?}");
    assert!(error.remedy().is_some());
    assert_eq!(error.code(), "log");
    assert!(matches!(ConnectionLog::open(folder.path(), Instant::now()), Err(Error::Log { .. })));
}

#[test]
fn writers_side_by_side_tear_no_line() {
    const WRITERS: u16 = 4;
    const LINES: u16 = 5_000;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("connections.log");
    let name = |writer: u16, n: u16| format!("{writer}-{n} {}", "x".repeat(usize::from(n % 200)));
    std::thread::scope(|scope| {
        for writer in 0..WRITERS {
            let path = &path;
            scope.spawn(move || {
                let now = Instant::now();
                let mut log = ConnectionLog::open(path, now).unwrap();
                for n in 0..LINES {
                    let joined = line(n, Event::Joined { name: name(writer, n), via: "native".into() });
                    assert!(log.write(&joined, now).is_none());
                }
            });
        }
    });
    let mut next = [0; WRITERS as usize];
    // Who opens the log in the middle of another's write may end that line once more: an empty line, which is none.
    for written in fs::read_to_string(&path).unwrap().lines().filter(|line| !line.is_empty()) {
        let read = LogLine::parse(written).unwrap_or_else(|why| panic!("{written}: {why}"));
        let Event::Joined { name: found, .. } = read.event else { panic!("{written}") };
        let writer: u16 = found.split('-').next().unwrap().parse().unwrap();
        let n = &mut next[usize::from(writer)];
        assert_eq!(found, name(writer, *n));
        *n += 1;
    }
    assert_eq!(next, [LINES; WRITERS as usize]);
}

#[test]
fn a_renamed_or_removed_log_is_begun_anew_within_a_second() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("connections.log");
    let old = folder.path().join("connections.log.1");
    let start = Instant::now();
    let mut log = ConnectionLog::open(&path, start).unwrap();
    assert!(log.write(&accepted(1), start).is_none());
    fs::rename(&path, &old).unwrap();
    // Not looked at yet: nothing is lost, it is in the renamed file.
    assert!(log.write(&accepted(2), start + LOG_ROTATION / 2).is_none());
    assert!(log.write(&accepted(3), start + LOG_ROTATION).is_none());
    assert_eq!(fs::read_to_string(&old).unwrap(), text(&[accepted(1), accepted(2)]));
    assert_eq!(fs::read_to_string(&path).unwrap(), text(&[accepted(3)]));
    fs::remove_file(&path).unwrap();
    assert!(log.write(&accepted(4), start + LOG_ROTATION * 2).is_none());
    assert_eq!(fs::read_to_string(&path).unwrap(), text(&[accepted(4)]));
}

#[test]
fn a_log_that_was_replaced_at_once_is_noticed_too() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("connections.log");
    let start = Instant::now();
    let mut log = ConnectionLog::open(&path, start).unwrap();
    fs::rename(&path, folder.path().join("connections.log.1")).unwrap();
    fs::write(&path, "begun by somebody else").unwrap();
    assert!(log.write(&accepted(1), start + LOG_ROTATION).is_none());
    assert_eq!(fs::read_to_string(&path).unwrap(), format!("begun by somebody else\n{}\n", accepted(1)));
}

#[test]
fn a_path_that_cannot_be_opened_again_is_an_outage_until_it_can() {
    let folder = tempfile::tempdir().unwrap();
    let logs = folder.path().join("logs");
    let path = logs.join("connections.log");
    fs::create_dir(&logs).unwrap();
    let start = Instant::now();
    let mut log = ConnectionLog::open(&path, start).unwrap();
    fs::rename(&logs, folder.path().join("moved")).unwrap();
    assert!(matches!(log.write(&accepted(1), start + LOG_ROTATION), Some(Notice::Failing(_))));
    assert!(log.write(&accepted(2), start + LOG_ROTATION).is_none());
    fs::create_dir(&logs).unwrap();
    assert!(log.write(&accepted(3), start + LOG_ROTATION).is_none(), "looks only once a second");
    let notice = log.write(&accepted(4), start + LOG_ROTATION * 2);
    assert!(matches!(notice, Some(Notice::Recovered { lines: 3, .. })), "{notice:?}");
    assert_eq!(fs::read_to_string(&path).unwrap(), text(&[line(4, Event::Missed { lines: 3 }), accepted(4)]));
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_told_once_and_the_log_says_how_many_lines_are_missing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("connections.log");
    std::os::unix::fs::symlink("/dev/full", &path).unwrap();
    let start = Instant::now();
    let mut log = ConnectionLog::open(&path, start).unwrap();
    let opened = line(8808, Event::Opened);
    let notice = log.write(&opened, start).expect("the outage is told").to_string();
    assert!(notice.contains("no space left on device") && notice.contains("connections.log"), "{notice}");
    for port in 1..100 {
        assert!(log.write(&accepted(port), start).is_none(), "told only once");
    }
    fs::remove_file(&path).unwrap();
    let notice = log.write(&accepted(100), start + LOG_ROTATION).expect("the end of the outage is told").to_string();
    assert!(notice.ends_with("100 lines are missing"), "{notice}");
    assert!(log.write(&accepted(101), start + LOG_ROTATION).is_none());
    let expected = [line(8808, Event::Missed { lines: 100 }), accepted(100), accepted(101)];
    assert_eq!(fs::read_to_string(&path).unwrap(), text(&expected));
}
