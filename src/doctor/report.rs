//! Findings as text for people and as an object for scripts. Pure: nothing is printed here.

use std::fmt::Write;

use chrono::{DateTime, FixedOffset};
use serde::Serialize;

use super::diagnosis::{Diagnosis, Finding, Weight};
use crate::room::event::timestamp;
use crate::room::text;

/// The findings as lines: how bad, what, and below it what helps.
pub(super) fn text(diagnosis: &Diagnosis, port: u16) -> String {
    let mut out = String::new();
    for Finding { weight, text: said, cure, .. } in &diagnosis.findings {
        // Names of interfaces and hosts stand in it, which others choose.
        line(&mut out, &format!("{:<8} {}", word(*weight), text::one_line(said)));
        if let Some(cure) = cure {
            line(&mut out, &format!("{:<8} {} {}", "", "→", text::one_line(cure)));
        }
    }
    let verdict = if diagnosis.findable {
        format!("A room at port {port} could be found from here.")
    } else {
        format!("A room at port {port} could not be found from here by looking.")
    };
    line(&mut out, &format!("\n{verdict}"));
    if let Some(first) = diagnosis.typed.first() {
        line(
            &mut out,
            &format!("Where looking fails, type this on the other machine while a room is hosted here: {first}"),
        );
    }
    out
}

fn line(out: &mut String, line: &str) {
    writeln!(out, "{line}").expect("a string takes everything");
}

/// How bad it is, in a word.
fn word(weight: Weight) -> &'static str {
    match weight {
        Weight::Fine => "ok",
        Weight::Hint => "hint",
        Weight::Unknown => "unknown",
        Weight::Problem => "problem",
    }
}

/// The findings as one object on one line.
pub(super) fn json(diagnosis: &Diagnosis, port: u16, now: DateTime<FixedOffset>) -> String {
    #[derive(Serialize)]
    struct Object<'a> {
        at: String,
        port: u16,
        findable: bool,
        typed: &'a [String],
        findings: Vec<Line<'a>>,
    }
    #[derive(Serialize)]
    struct Line<'a> {
        weight: &'static str,
        about: &'static str,
        text: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        cure: Option<&'a str>,
    }
    let findings = diagnosis.findings.iter().map(|finding| Line {
        weight: word(finding.weight),
        about: finding.about,
        text: &finding.text,
        cure: finding.cure.as_deref(),
    });
    let object = Object {
        at: timestamp(now),
        port,
        findable: diagnosis.findable,
        typed: &diagnosis.typed,
        findings: findings.collect(),
    };
    let mut line =
        serde_json::to_string(&object).expect("numbers and texts under names that are texts always are JSON");
    line.push('\n');
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    fn diagnosis(findable: bool) -> Diagnosis {
        let finding = |weight, text: &str, cure: Option<&str>| Finding {
            weight,
            about: "port",
            text: text.into(),
            cure: cure.map(Into::into),
        };
        Diagnosis {
            findings: vec![
                finding(Weight::Fine, "port 8808 is free", None),
                finding(Weight::Problem, "ufw is on\u{1b}[2J\nok       all is well", Some("sudo ufw allow 8808")),
            ],
            findable,
            typed: vec!["hybrid-chat 192.168.1.7".into()],
        }
    }

    #[test]
    fn a_finding_is_a_line_and_its_cure_another() {
        let text = text(&diagnosis(true), 8808);
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines[0], "ok       port 8808 is free");
        assert!(lines[1].starts_with("problem  ufw is on") && !lines[1].contains('\u{1b}'), "{text}");
        assert_eq!(lines[2], "         → sudo ufw allow 8808", "{text}");
        assert_eq!(lines[4], "A room at port 8808 could be found from here.");
        assert!(lines[5].ends_with("hybrid-chat 192.168.1.7"), "{text}");
        assert!(super::text(&diagnosis(false), 8808).contains("could not be found"));
    }

    #[test]
    fn an_object_says_the_same() {
        let now = DateTime::parse_from_rfc3339("2026-11-20T21:51:03+01:00").unwrap();
        let line = json(&diagnosis(false), 9000, now);
        let object: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!((&object["port"], &object["findable"]), (&9000.into(), &false.into()));
        assert_eq!(object["at"], "2026-11-20T21:51:03.000+01:00");
        assert_eq!(object["typed"][0], "hybrid-chat 192.168.1.7");
        assert_eq!(object["findings"][1]["weight"], "problem");
        assert_eq!(object["findings"][1]["cure"], "sudo ufw allow 8808");
        assert!(object["findings"][0].get("cure").is_none() && line.lines().count() == 1);
    }
}
