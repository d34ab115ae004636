//! Events for scripts: one JSON object a line (section 3 of the contract).
//!
//! The objects are made by serde from `room::event`; here they become lines. Nothing here writes.

use crate::room::event::Event;

/// `event` as a line with its `\n`.
pub fn line(event: &Event) -> String {
    let mut line = serde_json::to_string(event).expect("an event has string keys and no map, so it always serialises");
    line.push('\n');
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::samples;

    #[test]
    fn every_kind_of_event_is_one_object_as_the_contract_has_it() {
        let expected = [
            r#"{"at":"2026-11-20T21:51:03.123+01:00","event":"role","role":"host","address":"[::]:8808","name":"capo","host":"capo","term":1}"#,
            r#"{"at":"2026-11-20T21:51:03.123+01:00","event":"role","role":"client","address":"192.168.1.7:8808","name":"lorde","host":"capo","term":1}"#,
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
}
