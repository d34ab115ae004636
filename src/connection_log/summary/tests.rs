//! Who was there, by the log: also after crashes, with lines missing, and within a window.

use super::*;

/// A summary of lines whose times are given as minutes after midnight.
fn report(window: Window, now: u32, lines: &[(u32, &str)]) -> Report {
    let mut summary = Summary::new(window);
    for (minute, line) in lines {
        summary.add(&LogLine::parse(&format!("{} {line}", at(*minute).to_rfc3339())).unwrap());
    }
    summary.finish(at(now))
}

fn at(minute: u32) -> Time {
    let text = format!("2026-11-20T{:02}:{:02}:00.000+01:00", minute / 60, minute % 60);
    DateTime::parse_from_rfc3339(&text).unwrap()
}

fn window(since: u32, until: u32) -> Window {
    Window { since: Some(at(since)), until: Some(at(until)) }
}

/// The rows as `name ip first-last visits total-in-minutes here unknown`.
fn rows(report: &Report) -> Vec<String> {
    let minute = |time: Time| (time - at(0)).num_minutes();
    let row = |row: &Row| {
        let (first, last, total) = (minute(row.first), minute(row.last), row.total.as_secs() / 60);
        format!("{} {} {first}-{last} {} {total} {} {}", row.name, row.ip, row.visits, row.here, row.unknown)
    };
    report.rows.iter().map(row).collect()
}

fn strangers(report: &Report) -> Vec<String> {
    report.strangers.iter().map(|s| format!("{} {} {}", s.ip, s.reason, s.times)).collect()
}

#[test]
fn visits_are_counted_by_name_and_address_without_the_port() {
    let report = report(
        Window::default(),
        100,
        &[
            (0, "opened [::]:8808"),
            (1, "accepted 10.0.0.7:1"),
            (1, "joined 10.0.0.7:1 name=zoe via=native"),
            (2, "joined 10.0.0.8:1 name=ann via=web"),
            (3, "joined 10.0.0.8:2 name=zoe via=web"),
            (11, "left 10.0.0.7:1 name=zoe reason=quit after=600s"),
            (20, "joined 10.0.0.7:9 name=zoe via=native"),
            (25, "left 10.0.0.7:9 name=zoe reason=lost after=300s"),
            (40, "left 10.0.0.8:1 name=anna reason=quit after=2280s"),
        ],
    );
    assert_eq!(
        rows(&report),
        ["zoe 10.0.0.7 1-25 2 15 0 0", "ann 10.0.0.8 2-40 1 38 0 0", "zoe 10.0.0.8 3-100 1 97 1 0"]
    );
    assert_eq!(report.rows[1].later, ["anna"]);
    assert_eq!(strangers(&report), Vec::<String>::new());
}

#[test]
fn a_host_that_crashed_leaves_ends_that_nobody_knows() {
    let crashed = &[
        (0, "opened [::]:8808"),
        (1, "joined 10.0.0.7:1 name=zoe via=native"),
        (2, "accepted 10.0.0.9:1"),
        (50, "opened [::]:8808"),
        (51, "joined 10.0.0.7:2 name=zoe via=native"),
    ];
    let found = report(Window::default(), 60, crashed);
    assert_eq!(rows(&found), ["zoe 10.0.0.7 1-60 2 9 1 1"]);
    assert_eq!(strangers(&found), ["10.0.0.9 unknown 1"]);
    // At a time before the crash she was there.
    assert_eq!(rows(&report(window(0, 40), 60, crashed)), ["zoe 10.0.0.7 1-40 1 39 1 0"]);
}

#[test]
fn a_port_that_is_used_again_without_an_end_in_between_is_two_visits() {
    let lines = &[
        (1, "joined 10.0.0.7:1 name=zoe via=native"),
        (5, "joined 10.0.0.7:1 name=ann via=native"),
        (9, "closed [::]:8808 reason=yielded"),
    ];
    let found = report(Window::default(), 10, lines);
    assert_eq!(rows(&found), ["zoe 10.0.0.7 1-1 1 0 0 1", "ann 10.0.0.7 5-5 1 0 0 1"]);
}

#[test]
fn a_left_line_counts_also_where_joined_is_missing_or_another_room_opened_in_between() {
    let lines = &[
        (0, "opened [::]:8808"),
        (1, "joined 10.0.0.7:1 name=zoe via=native"),
        (2, "missed [::]:8808 lines=3"),
        (5, "opened [::]:9000"),
        (11, "left 10.0.0.7:1 name=zoe reason=quit after=600s"),
        (30, "left 10.0.0.8:1 name=ann reason=quit after=1200s"),
    ];
    let found = report(Window::default(), 60, lines);
    assert_eq!(rows(&found), ["zoe 10.0.0.7 1-11 1 10 0 0", "ann 10.0.0.8 10-30 1 20 0 0"]);
    assert_eq!(found.missing, 3);
}

#[test]
fn connections_that_never_joined_are_counted_by_address_and_reason() {
    let found = report(
        Window::default(),
        60,
        &[
            (0, "opened [::]:8808"),
            (1, "accepted 10.0.0.9:1"),
            (1, "refused 10.0.0.9:1 reason=room-full"),
            (1, "ended 10.0.0.9:1 reason=refused"),
            (2, "accepted 10.0.0.9:2"),
            (2, "ended 10.0.0.9:2 reason=page"),
            (3, "accepted 10.0.0.9:3"),
            (3, "ended 10.0.0.9:3 reason=page"),
            // Refused, and mended.
            (4, "accepted 10.0.0.9:4"),
            (4, "refused 10.0.0.9:4 reason=bad-name"),
            (5, "joined 10.0.0.9:4 name=zoe via=text"),
            // Refused, and no line for its end.
            (6, "refused 10.0.0.8:1 reason=banned"),
            (7, "accepted 10.0.0.8:2"),
        ],
    );
    assert_eq!(rows(&found), ["zoe 10.0.0.9 5-60 1 55 1 0"]);
    let expected = ["10.0.0.8 banned 1", "10.0.0.8 connecting 1", "10.0.0.9 page 2", "10.0.0.9 room-full 1"];
    assert_eq!(strangers(&found), expected);
}

#[test]
fn in_a_window_counts_what_lies_in_it() {
    let lines = &[
        (0, "joined 10.0.0.1:1 name=before via=native"),
        (5, "left 10.0.0.1:1 name=before reason=quit after=300s"),
        (5, "joined 10.0.0.2:1 name=across via=native"),
        (6, "joined 10.0.0.3:1 name=still via=native"),
        (8, "ended 10.0.0.9:1 reason=page"),
        (12, "ended 10.0.0.9:2 reason=page"),
        (15, "left 10.0.0.2:1 name=across reason=quit after=600s"),
        (18, "joined 10.0.0.4:1 name=inside via=native"),
        (25, "joined 10.0.0.5:1 name=after via=native"),
    ];
    let found = report(window(10, 20), 100, lines);
    assert_eq!(
        rows(&found),
        ["across 10.0.0.2 10-15 1 5 0 0", "still 10.0.0.3 10-20 1 10 1 0", "inside 10.0.0.4 18-20 1 2 1 0"]
    );
    assert_eq!(strangers(&found), ["10.0.0.9 page 1"]);
}

#[test]
fn the_report_is_aligned_by_width_and_hides_nothing() {
    let found = report(
        Window::default(),
        2 * 60,
        &[
            (0, "opened [::]:8808"),
            (1, "joined 192.168.1.7:1 name=山田 via=native"),
            (2, "joined [fe80::1%2]:1 name=lorde via=native"),
            (3, r#"joined 192.168.1.9:1 name="a\u202e b" via=web"#),
            (4, "left [fe80::1%2]:1 name=ella reason=quit after=120s"),
            (5, "ended 192.168.1.20:1 reason=no-hello"),
            (6, "missed [::]:8808 lines=2"),
        ],
    );
    let expected = r#"
NAME         ADDRESS      FIRST             LAST              VISITS   TOTAL
山田         192.168.1.7  2026-11-20 00:01  still here             1  1h 59m
lorde        fe80::1      2026-11-20 00:02  2026-11-20 00:04       1  2m 00s  later ella
"a\u202e b"  192.168.1.9  2026-11-20 00:03  still here             1  1h 57m

3 visits by 3 names from 3 addresses, 3h 58m in all; 2 still here.

Never joined:
ADDRESS       REASON    TIMES  LAST
192.168.1.20  no-hello      1  2026-11-20 00:05

2 lines are missing from this log: it could not be written.
"#;
    assert_eq!(format!("\n{}", found.text(|at| at.naive_local())), expected);
    assert_eq!(Report::default().text(|at| at.naive_local()), "Nobody was in the room.\n");
}
