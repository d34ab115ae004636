//! Events for scripts: one JSON object a line (section 3 of the contract).
//!
//! The objects are made by serde from `room::event`, but for messages, of which there are many: those are written by hand,
//! the same. Nothing here writes to a stream.

use crate::room::event::{Event, Message, Timestamps, What};
use crate::wire::json;

/// Makes lines of events.
#[derive(Debug, Default)]
pub struct Json {
    times: Timestamps,
}

impl Json {
    /// Appends `event` to `out` as a line with its `\n`.
    pub fn line(&mut self, event: &Event, out: &mut Vec<u8>) {
        match &event.what {
            What::Message(message) => {
                out.extend_from_slice(br#"{"at":""#);
                out.extend_from_slice(self.times.text(event.at).as_bytes());
                out.extend_from_slice(br#"","event":"message""#);
                fields(message, out);
                out.extend_from_slice(b"}\n");
            }
            _ => {
                json::value(out, event);
                out.push(b'\n');
            }
        }
    }
}

fn fields(message: &Message, out: &mut Vec<u8>) {
    let Message { from, text, own, action, private, replayed, late, seq, to } = message;
    out.extend_from_slice(br#","from":"#);
    json::string(out, from);
    out.extend_from_slice(br#","text":"#);
    json::string(out, text);
    let flags: [(&[u8], bool); 5] = [
        (br#","own":"#, *own),
        (br#","action":"#, *action),
        (br#","private":"#, *private),
        (br#","replayed":"#, *replayed),
        (br#","late":"#, *late),
    ];
    for (key, is) in flags {
        out.extend_from_slice(key);
        out.extend_from_slice(if is { b"true" } else { b"false" });
    }
    if let Some(seq) = seq {
        out.extend_from_slice(br#","seq":"#);
        json::value(out, seq);
    }
    if let Some(to) = to {
        out.extend_from_slice(br#","to":"#);
        json::string(out, to);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::samples;

    fn line(event: &Event) -> String {
        let mut line = Vec::new();
        Json::default().line(event, &mut line);
        String::from_utf8(line).unwrap()
    }

    #[test]
    fn every_kind_of_event_is_one_object_as_the_contract_has_it() {
        let expected = [
            r#"{"at":"2026-11-20T21:51:03.123+01:00","event":"role","role":"host","address":"[::]:8808","name":"capo","host":"capo","term":1}"#,
            r#"{"at":"2026-11-20T21:51:03.123+01:00","event":"role","role":"client","address":"192.168.1.7:8808","name":"lorde","host":"capo","term":1}"#,
            r#"{"at":"2026-11-20T21:51:03.123+01:00","event":"connection","state":"reconnecting"}"#,
            r#"{"at":"2026-11-20T21:51:03.123+01:00","event":"roster","members":[{"name":"capo","host":true},{"name":"lorde","host":false}]}"#,
            r#"{"at":"2026-11-20T21:51:03.123+01:00","event":"joined","name":"pippo"}"#,
            r#"{"at":"2026-11-20T21:51:03.123+01:00","event":"left","name":"pippo","reason":"lost"}"#,
            r#"{"at":"2026-11-20T21:51:03.123+01:00","event":"renamed","from":"pippo","to":"pluto"}"#,
            r#"{"at":"2026-11-20T21:51:03.123+01:00","event":"message","from":"capo","text":"ciao\na \"tutti\"","own":false,"action":false,"private":false,"replayed":false,"late":false,"seq":17}"#,
            r#"{"at":"2026-11-20T21:51:03.123+01:00","event":"message","from":"lorde","text":"psst","own":true,"action":false,"private":true,"replayed":false,"late":false,"to":"capo"}"#,
            r#"{"at":"2026-11-20T21:51:03.123+01:00","event":"notice","text":"the log is full"}"#,
            r#"{"at":"2026-11-20T21:51:03.123+01:00","event":"refused","code":"no-such-member","text":"there is nobody called x"}"#,
            r#"{"at":"2026-11-20T21:51:03.123+01:00","event":"closed","reason":"host-shutdown","text":"the host closed the room"}"#,
            r#"{"at":"2026-11-20T21:51:03.123+01:00","event":"error","code":"timed-out","text":"connect to capo: timed out"}"#,
        ];
        let events = samples::every_kind();
        assert_eq!(events.len(), expected.len());
        for (event, expected) in events.iter().zip(expected) {
            assert_eq!(line(event), format!("{expected}\n"));
        }
    }

    #[test]
    fn a_time_in_utc_has_a_numeric_offset() {
        let mut event = samples::notice("ciao");
        event.at = event.at.with_timezone(&chrono::Utc).fixed_offset();
        assert!(line(&event).contains(r#""at":"2026-11-20T20:51:03.123+00:00""#));
    }

    #[test]
    fn a_message_written_by_hand_is_what_serde_writes() {
        let text = "ciao \"tutti\" \\ \n\t\u{1}\u{7f} \u{2028} 日本 👩\u{200d}👧";
        for flags in 0..1 << 7 {
            let is = |bit: u32| flags >> bit & 1 == 1;
            let message = Message {
                own: is(0),
                action: is(1),
                private: is(2),
                replayed: is(3),
                late: is(4),
                seq: is(5).then_some(u64::MAX),
                to: is(6).then(|| text.into()),
                ..samples::said(text, text)
            };
            let event = samples::event(What::Message(message));
            assert_eq!(line(&event), serde_json::to_string(&event).unwrap() + "\n");
        }
    }
}
