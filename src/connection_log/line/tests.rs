//! The codec of one line: the layout of the contract, exact reversal, and names that would like to forge lines.

use super::*;
use proptest::prelude::*;

const EXAMPLE: &str = include_str!("../../../connections.log.example");

fn line(event: Event) -> LogLine {
    let at = DateTime::parse_from_rfc3339("2026-11-20T21:51:07.480+01:00").unwrap();
    LogLine::new(at, "192.168.1.7:50432".parse().unwrap(), event)
}

fn joined(name: &str) -> LogLine {
    line(Event::Joined { name: name.into(), via: "native".into() })
}

#[test]
fn the_layout_is_the_contracts() {
    for written in [
        "2026-11-20T21:51:03.123+01:00 opened   [::]:8808",
        "2026-11-20T21:51:07.480+01:00 accepted 192.168.1.7:50432",
        "2026-11-20T21:51:07.493+01:00 joined   192.168.1.7:50432 name=lorde via=native",
        "2026-11-20T21:58:40.001+01:00 left     192.168.1.7:50432 name=lorde reason=quit after=452s",
        "2026-11-20T21:59:02.310+01:00 refused  192.168.1.9:50440 reason=room-full",
        "2026-11-20T21:59:02.310+00:00 ended    [fe80::1%2]:50440 reason=refused",
        "2026-11-20T22:10:00.000+01:00 closed   [::]:8808 reason=host-shutdown",
        "2026-11-20T22:10:00.000+01:00 missed   [::]:8808 lines=12",
    ] {
        let read = LogLine::parse(written).unwrap();
        assert!(read.more.is_empty(), "{written}");
        assert_eq!(read.to_string(), written);
    }
}

#[test]
fn the_example_has_every_kind_of_line_and_each_is_read_and_written_back() {
    let mut words = std::collections::BTreeSet::new();
    for written in EXAMPLE.lines() {
        let read = LogLine::parse(written).unwrap_or_else(|why| panic!("{written}: {why}"));
        assert!(!matches!(read.event, Event::Other(_)), "{written}");
        assert_eq!(read.to_string(), written);
        words.insert(read.event.word().to_owned());
    }
    let all = ["accepted", "closed", "ended", "joined", "left", "missed", "opened", "refused"];
    assert!(words.iter().eq(all.iter()), "{words:?}");
    assert!(EXAMPLE.ends_with('\n'));
}

#[test]
fn an_ipv4_peer_of_a_dual_stack_socket_is_written_as_ipv4() {
    let mut mapped = line(Event::Accepted);
    mapped.address = "[::ffff:192.168.1.7]:50432".parse().unwrap();
    assert_eq!(mapped.to_string(), line(Event::Accepted).to_string());
    assert_eq!(LogLine::new(mapped.at, mapped.address, Event::Accepted).address, line(Event::Accepted).address);
}

#[test]
fn events_and_keys_of_a_later_version_are_read_and_written_back() {
    for written in [
        "2026-11-20T21:51:07.480+01:00 renamed  192.168.1.7:50432 name=lorde to=\"a b\"",
        "2026-11-20T21:51:07.480+01:00 transferred-elsewhere 192.168.1.7:50432 bytes=12",
        "2026-11-20T21:51:07.480+01:00 joined   192.168.1.7:50432 name=lorde via=native tls=yes",
    ] {
        assert_eq!(LogLine::parse(written).unwrap().to_string(), written);
    }
}

#[test]
fn white_space_between_fields_and_at_the_ends_does_not_matter() {
    let spaced = "\t2026-11-20T21:51:07.480+01:00\tjoined  192.168.1.7:50432\t name=lorde   via=native ";
    assert_eq!(LogLine::parse(spaced), Ok(joined("lorde")));
}

#[test]
fn a_line_that_cannot_be_read_says_why() {
    let start = "2026-11-20T21:51:07.480+01:00";
    for (text, why) in [
        (String::new(), BadLine::Time),
        ("2026-11-20 21:51:07 joined 192.168.1.7:50432".into(), BadLine::Time),
        (start.into(), BadLine::Event),
        (format!("{start} jo*ned 192.168.1.7:50432"), BadLine::Event),
        (format!("{start} accepted"), BadLine::Address),
        (format!("{start} accepted 192.168.1.7"), BadLine::Address),
        (format!("{start} accepted 192.168.1.7:504\""), BadLine::Address),
        (format!("{start} accepted 192.168.1.7:1 lorde"), BadLine::Pair),
        (format!("{start} accepted 192.168.1.7:1 a=\"b\"c=d"), BadLine::Pair),
        (format!("{start} ended 192.168.1.7:1 reason=los\""), BadLine::Pair),
        (format!("{start} accepted 192.168.1.7:1 a=b a=c"), BadLine::Twice(Word::new("a").unwrap())),
        (format!("{start} accepted 192.168.1.7:1 at=b"), BadLine::Twice(Word::new("at").unwrap())),
        (format!("{start} joined 192.168.1.7:1 name=lorde"), BadLine::Missing("via")),
        (format!("{start} left 192.168.1.7:1 name=a reason=b after=45"), BadLine::Value("after")),
        (format!("{start} left 192.168.1.7:1 name=a reason=b after=+4s"), BadLine::Value("after")),
        (format!("{start} missed 192.168.1.7:1 lines=\"\""), BadLine::Value("lines")),
        (format!("{start} accepted 192.168.1.7:1\0"), BadLine::Control),
        (format!("{start} accepted 192.168.1.7:1\u{9b}"), BadLine::Control),
    ] {
        assert_eq!(LogLine::parse(&text), Err(why), "{text:?}");
    }
}

#[test]
fn no_name_forges_or_splits_a_line() {
    for name in [
        "lorde via=web\n2026-11-20T21:51:07.480+01:00 accepted 6.6.6.6:1",
        "lorde via=web\r2026-11-20T21:51:07.480+01:00 accepted 6.6.6.6:1",
        "x\" via=web reason=\"",
        "x\\\" via=web",
        "a\u{2028}b",
        "\u{202e}evil",
        "\u{9b}2J",
    ] {
        let written = joined(name).to_string();
        assert!(written.chars().all(|c| c == ' ' || c.is_ascii_graphic()), "{written:?}");
        assert_eq!(LogLine::parse(&written), Ok(joined(name)));
    }
}

#[test]
fn a_line_as_json_is_an_object_of_strings() {
    let mut out = String::new();
    joined("a\u{9b}\u{202e}\"\\ =\u{1f389}").write_json(&mut out).unwrap();
    assert!(!out.contains(['\u{9b}', '\u{202e}']));
    let object: serde_json::Value = serde_json::from_str(&out).unwrap();
    let expected = serde_json::json!({
        "at": "2026-11-20T21:51:07.480+01:00", "event": "joined", "address": "192.168.1.7:50432",
        "name": "a\u{9b}\u{202e}\"\\ =\u{1f389}", "via": "native",
    });
    assert_eq!(object, expected);
}

/// Strings that try harder than random ones do: what a forger would use is in most of them.
fn nasty() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        any::<String>(),
        "[ =\"\\\\\n\r\t\0\u{85}\u{9b}\u{ad}\u{200b}-\u{200f}\u{2028}-\u{202e}\u{2066}-\u{2069}\u{feff}]{1,4}",
        Just("via=web".to_owned()),
        Just("\n2026-11-20T21:51:07.480+01:00 accepted 6.6.6.6:1".to_owned()),
    ];
    prop::collection::vec(piece, 0..4).prop_map(|pieces| pieces.concat())
}

fn event() -> impl Strategy<Value = Event> {
    let word = || nasty().prop_map(Cow::<'static, str>::from);
    prop_oneof![
        Just(Event::Opened),
        Just(Event::Accepted),
        (nasty(), word()).prop_map(|(name, via)| Event::Joined { name, via }),
        (nasty(), word(), any::<u64>())
            .prop_map(|(name, reason, after)| { Event::Left { name, reason, after: Duration::from_secs(after) } }),
        word().prop_map(|reason| Event::Ended { reason }),
        word().prop_map(|reason| Event::Refused { reason }),
        word().prop_map(|reason| Event::Closed { reason }),
        any::<u64>().prop_map(|lines| Event::Missed { lines }),
        "x-[a-z0-9_.]{0,20}".prop_map(|word| Event::Other(Word::new(&word).unwrap())),
    ]
}

prop_compose! {
    /// Any line, at any time that has milliseconds and an offset in minutes.
    fn any_line()(
        millis in 0_i64..250_000_000_000_000, minutes in -1439_i32..=1439, address in any::<SocketAddr>(),
        event in event(), more in prop::collection::btree_map("x-[a-zA-Z0-9_.]{0,8}", nasty(), 0..3),
    ) -> LogLine {
        let offset = FixedOffset::east_opt(minutes * 60).unwrap();
        let at = DateTime::from_timestamp_millis(millis).unwrap().with_timezone(&offset);
        let more = more.into_iter().map(|(key, value)| (Word::new(&key).unwrap(), value)).collect();
        LogLine { more, ..LogLine::new(at, address, event) }
    }
}

proptest! {
    #[test]
    fn every_line_comes_back_as_it_was(line in any_line()) {
        prop_assert_eq!(LogLine::parse(&line.to_string()), Ok(line));
    }

    #[test]
    fn white_space_separates_the_first_three_fields(line in any_line()) {
        let written = line.to_string();
        let fields: Vec<&str> = written.split_whitespace().take(3).collect();
        let expected = [timestamp(line.at), line.event.word().to_owned(), canonical(line.address).to_string()];
        prop_assert_eq!(fields, expected);
        prop_assert!(!written.contains(|c: char| c.is_control() || (c.is_whitespace() && c != ' ')));
    }

    #[test]
    fn as_json_it_is_one_object_with_the_same_values(line in any_line()) {
        let mut out = String::new();
        line.write_json(&mut out).unwrap();
        let object: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&out).unwrap();
        let mut pairs = 3;
        line.each_pair(&mut |key, value| {
            assert_eq!(object[key], value);
            pairs += 1;
            Ok(())
        }).unwrap();
        prop_assert_eq!(object.len(), pairs);
        prop_assert!(!out.contains(|c: char| c.is_control() || (c.is_whitespace() && c != ' ')));
    }

    #[test]
    fn reading_never_panics_and_what_is_read_can_be_written(
        text in "[ -~\u{a0}-\u{2fff}]{0,80}", whole in any_line(), cut in any::<prop::sample::Index>(),
    ) {
        let whole = whole.to_string();
        let torn = whole.get(..cut.index(whole.len() + 1)).unwrap_or_default();
        for text in [text.clone(), format!("{torn}{text}"), torn.to_owned()] {
            if let Ok(mut read) = LogLine::parse(&text) {
                read.at = DateTime::parse_from_rfc3339(&timestamp(read.at)).unwrap();
                prop_assert_eq!(LogLine::parse(&read.to_string()), Ok(read));
            }
        }
    }
}
