//! Every kind of event as people read it, compared with the text itself.

use super::*;
use crate::room::event::{Closed, Connection, Leave};
use crate::ui::samples::{self, event, message, notice, plain, role, said};

/// What `events` write, stderr behind `! `-free markers: each stream with its name, in order.
fn shown(interface: &mut Plain, events: impl IntoIterator<Item = Event>) -> String {
    let mut all = String::new();
    for event in events {
        let Rendered { stdout, stderr } = interface.line(&event);
        all.extend(stdout.lines().map(|line| format!("out {line}\n")));
        all.extend(stderr.lines().map(|line| format!("err {line}\n")));
    }
    all
}

#[test]
fn every_kind_of_event_has_its_line() {
    assert_eq!(
        shown(&mut plain(), samples::every_kind()),
        "\
err Room at port 8808 of this machine, hosted here.
err You are capo, the host.
err Type to talk; /help shows the commands; /quit hands the room over, Ctrl-C closes it.
err Others join with: hybrid-chat 192.168.1.7 or hybrid-chat 10.0.0.9
err * capo hosts the room now, at 192.168.1.7:8808
out 21:51 * pippo joined
out 21:51 * pippo left (connection lost)
out 21:51 * pippo is now called pluto
out 21:51 capo (host): ciao
out         a \"tutti\"
out 21:51 lorde (you, private to capo): psst
err * the log is full
err ! there is nobody called x
err * the host closed the room
"
    );
}

#[test]
fn a_client_is_told_where_it_is_as_what_and_how_to_leave() {
    let roster = event(What::Roster {
        members: [("capo", true), ("lorde", false), ("pippo", false)]
            .map(|(name, host)| Listed { name: name.into(), host })
            .into(),
    });
    assert_eq!(
        shown(&mut plain(), [role(Role::Client, "lorde"), roster]),
        "\
err Room at 192.168.1.7:8808, hosted by capo.
err You are lorde.
err Type to talk; /help shows the commands; /quit or Ctrl-C leaves.
err * 3 here: capo (host), lorde (you), pippo
"
    );
}

/// What a noticeable time is, is not known here.
#[test]
fn a_host_that_is_lost_is_told_of_once_and_only_if_it_takes_long() {
    let lost = |state| event(What::Connection { state });
    let roster = || event(What::Roster { members: vec![Listed { name: "capo".into(), host: true }] });
    let in_room = || {
        let mut interface = plain();
        shown(&mut interface, [role(Role::Client, "lorde"), roster()]);
        assert!(!interface.waits());
        interface
    };
    // The same host is back before anybody notices, and later than that.
    let mut interface = in_room();
    assert_eq!(shown(&mut interface, [lost(Connection::Reconnecting)]), "");
    assert!(interface.waits());
    assert_eq!(shown(&mut interface, [role(Role::Client, "lorde"), roster()]), "");
    assert_eq!((interface.waits(), interface.still_waits()), (false, Rendered::default()));
    shown(&mut interface, [lost(Connection::Reconnecting)]);
    assert_eq!(interface.still_waits().stderr, "* the host is lost: looking for the room, which goes on\n");
    assert_eq!(shown(&mut interface, [lost(Connection::TakingOver)]), "", "once");
    assert!(!interface.waits());
    assert_eq!(shown(&mut interface, [role(Role::Client, "lorde"), roster()]), "err * back in the room\n");
    // Another one hosts: that says it all.
    let mut interface = in_room();
    shown(&mut interface, [lost(Connection::TakingOver)]);
    assert_eq!(interface.still_waits().stderr, "* the host is lost: taking the room over\n");
    let (name, host) = ("lorde".to_owned(), "anna".to_owned());
    let other = What::Role { role: Role::Client, address: "192.168.1.8:8808".into(), name, host, term: 2 };
    let told = "err * anna hosts the room now, at 192.168.1.8:8808\n";
    assert_eq!(shown(&mut interface, [event(other), roster()]), told);
}

fn host_at(address: &str) -> Event {
    let (name, host) = ("capo".to_owned(), "capo".to_owned());
    event(What::Role { role: Role::Host, address: address.into(), name, host, term: 1 })
}

#[test]
fn the_invitation_fits_where_the_room_is_bound() {
    for (address, invitation) in [
        ("0.0.0.0:9000", "Others join with: hybrid-chat 192.168.1.7:9000 or hybrid-chat 10.0.0.9:9000"),
        ("10.0.0.9:8808", "Others join with: hybrid-chat 10.0.0.9"),
        ("[::1]:9000", "Others join with: hybrid-chat [::1]:9000"),
    ] {
        let text = plain().line(&host_at(address)).stderr;
        assert_eq!(text.lines().last(), Some(invitation));
    }
}

#[test]
fn on_a_lan_the_room_is_found_and_what_to_do_where_it_is_not_is_said() {
    for (address, invitation) in [
        (
            "[::]:8808",
            "Others on this network join with: hybrid-chat\n\
             If that does not find the room: hybrid-chat 192.168.1.7 or hybrid-chat 10.0.0.9 (and hybrid-chat doctor says \
             why)\n",
        ),
        (
            "10.0.0.9:9000",
            "Others on this network join with: hybrid-chat --port 9000\n\
             If that does not find the room: hybrid-chat 10.0.0.9:9000 (and hybrid-chat doctor says why)\n",
        ),
        ("127.0.0.1:8808", "Others join with: hybrid-chat 127.0.0.1\n"),
    ] {
        let mut plain = Plain::new(Place { lan: true, ..plain().place }, Colours::default());
        let text = plain.line(&host_at(address)).stderr;
        assert!(text.ends_with(invitation), "{text}");
    }
}

#[test]
fn the_host_and_oneself_are_marked_also_after_both_were_renamed() {
    let renamed = |from: &str, to: &str| event(What::Renamed { from: from.into(), to: to.into() });
    let own = |from: &str| event(What::Message(Message { own: true, ..said(from, "ciao") }));
    let events = [
        renamed("capo", "boss"),
        renamed("lorde", "lady"),
        message("boss", "ciao"),
        message("capo", "not the host any more"),
        own("lady"),
        event(What::Left { name: "boss".into(), reason: Leave::Lost }),
    ];
    let mut interface = plain();
    interface.line(&role(Role::Client, "lorde"));
    assert_eq!(
        shown(&mut interface, events),
        "\
out 21:51 * capo (host) is now called boss
out 21:51 * you are now called lady
out 21:51 boss (host): ciao
out 21:51 capo: not the host any more
out 21:51 lady (you): ciao
out 21:51 * boss (host) left (connection lost)
"
    );
}

#[test]
fn the_role_says_only_what_has_changed() {
    let roster = || event(What::Roster { members: vec![Listed { name: "lorde".into(), host: true }] });
    let later = event(What::Role {
        role: Role::Client,
        address: "192.168.1.7:8808".into(),
        name: "lorde-2".into(),
        host: "capo".into(),
        term: 5,
    });
    let hosting = event(What::Role {
        role: Role::Host,
        address: "[::]:8808".into(),
        name: "lorde-2".into(),
        host: "lorde-2".into(),
        term: 6,
    });
    let mut interface = plain();
    shown(&mut interface, [role(Role::Client, "lorde"), roster()]);
    assert_eq!(shown(&mut interface, [role(Role::Client, "lorde"), roster()]), "");
    assert_eq!(
        shown(&mut interface, [later, roster(), hosting, roster(), roster()]),
        "\
err * you are called lorde-2 here
err * you host the room now, at port 8808 of this machine
err Others join with: hybrid-chat 192.168.1.7 or hybrid-chat 10.0.0.9
err * 1 here: lorde (host)
"
    );
}

#[test]
fn the_first_roster_of_a_large_room_is_cut_and_the_one_asked_for_is_whole() {
    let members: Vec<Listed> = (0..ROSTER_SHOWN + 5).map(|n| Listed { name: format!("m{n}"), host: n == 0 }).collect();
    let roster = || event(What::Roster { members: members.clone() });
    let mut interface = plain();
    interface.line(&role(Role::Client, "m1"));
    let first = interface.line(&roster()).stderr;
    assert!(
        first.starts_with("* 25 here: m0 (host), m1 (you), m2") && first.ends_with(", m19, and 5 more\n"),
        "{first}"
    );
    let asked = interface.line(&roster()).stderr;
    assert!(asked.ends_with(", m23, m24\n"), "{asked}");
}

#[test]
fn every_mark_of_a_message_is_shown() {
    let base = || said("lorde", "one\ntwo\n");
    let private = Message { private: true, seq: None, ..base() };
    let all = [
        Message { action: true, ..base() },
        private,
        Message { late: true, ..base() },
        Message { own: true, action: true, ..base() },
        Message { replayed: true, ..base() },
        Message { replayed: true, action: true, own: true, ..base() },
    ];
    assert_eq!(
        shown(&mut plain(), all.map(|message| event(What::Message(message)))),
        "\
out 21:51 ** lorde one
out         two
out 21:51 lorde (private): one
out         two
out 21:51 lorde (late): one
out         two
out 21:51 ** lorde (you) one
out         two
out | 21:51 lorde: one
out |         two
out | 21:51 ** lorde (you) one
out |         two
"
    );
}

#[test]
fn times_are_local_and_a_change_of_day_is_said() {
    let with = |at: &str, replayed| {
        let mut event = event(What::Message(Message { replayed, ..said("capo", "x") }));
        event.at = DateTime::parse_from_rfc3339(at).unwrap();
        event
    };
    let mut interface = plain();
    interface.line(&role(Role::Client, "lorde"));
    assert_eq!(
        shown(
            &mut interface,
            [
                with("2026-11-19T22:59:00+00:00", true),
                with("2026-11-19T23:00:00+00:00", true),
                with("2026-11-20T20:52:00+00:00", false),
            ]
        ),
        "\
out --- 2026-11-19 ---
out | 23:59 capo (host): x
out --- 2026-11-20 ---
out | 00:00 capo (host): x
out 21:52 capo (host): x
"
    );
}

#[test]
fn every_way_to_leave_reads_differently() {
    use Leave::{Banned, Error, Kicked, Lost, Quit, Slow, Timeout};
    let mut lines: Vec<String> = [Quit, Lost, Timeout, Slow, Kicked, Banned, Error]
        .map(|reason| plain().line(&event(What::Left { name: "x1".into(), reason })).stdout)
        .into();
    assert_eq!(lines[0], "21:51 * x1 left (quit)\n");
    lines.sort();
    lines.dedup();
    assert_eq!(lines.len(), 7);
}

#[test]
fn the_end_has_words_of_its_own_where_the_host_gives_none() {
    for (reason, words) in [
        (Closed::HostShutdown, "* the host closed the room\n"),
        (Closed::Left, "* you left the room\n"),
        (Closed::Kicked, "* the host removed you from the room\n"),
        (Closed::Banned, "* the host removed you from the room and does not let you in again\n"),
    ] {
        assert_eq!(plain().line(&event(What::Closed { reason, text: String::new() })).stderr, words);
    }
}

#[test]
fn notices_of_several_lines_stay_together() {
    assert_eq!(plain().line(&notice("commands:\n/help\n/who")).stderr, "* commands:\n  /help\n  /who\n");
}

#[test]
fn each_stream_has_colours_only_where_it_takes_them() {
    let mut interface = samples::plain_in(Colours { out: true, err: false });
    interface.line(&role(Role::Client, "lorde"));
    assert_eq!(interface.line(&notice("x")).stderr, "* x\n");
    let own = Message { own: true, ..said("lorde", "ciao") };
    assert_eq!(
        interface.line(&event(What::Message(own))).stdout,
        "\x1b[2m21:51\x1b[0m \x1b[1mlorde (you)\x1b[0m: ciao\n"
    );
    let mut interface = samples::plain_in(Colours { out: false, err: true });
    assert_eq!(interface.line(&message("capo", "x")).stdout, "21:51 capo: x\n");
    assert_eq!(interface.line(&notice("x")).stderr, "\x1b[2m* x\x1b[0m\n");
}

#[test]
fn a_terminal_with_room_for_it_shows_the_code_of_the_page_at_the_start() {
    let place = |terminal_size| Plain::new(Place { terminal_size, ..plain().place }, Colours::default());
    let start = |mut interface: Plain| shown(&mut interface, [role(Role::Host, "capo")]);
    let text = start(place(|| Some((80, 24))));
    assert!(
        text.contains("err Or with a browser: http://192.168.1.7:8808/ or http://10.0.0.9:8808/\nerr   █"),
        "{text}"
    );
    for without in [start(plain()), start(place(|| Some((80, 12)))), start(place(|| Some((20, 50))))] {
        assert!(!without.contains("browser") && without.contains("Others join with"), "{without}");
    }
}

#[test]
fn a_code_is_light_on_dark_whatever_the_terminals_colours_are() {
    let mut interface = samples::plain_in(Colours { out: true, err: true });
    let Rendered { stderr, .. } = interface.line(&notice("a browser gets in at\n█▀ ▄\nend"));
    assert_eq!(stderr, "\x1b[2m* a browser gets in at\x1b[0m\n  \x1b[97;40m█▀ ▄\x1b[0m\n\x1b[2m  end\x1b[0m\n");
}
