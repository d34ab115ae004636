//! Commands that only this screen has: what they do concerns nobody else. They stand beside those of the room.
//!
//! It makes sense of a line; what is done then is elsewhere.

/// A command of the screen's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Aside {
    /// Show the help.
    Help,
    /// Look for this in what was said; empty: no longer.
    Search(String),
    /// Ring the bell, or do not; `None`: say which.
    Bell(Option<bool>),
}

/// How each is typed, and what it does.
const TABLE: [(&str, &str); 2] = [
    ("/search [TEXT]", "find it in what was said; alone: end the search"),
    ("/bell [on|off]", "whether a mention or a private message rings"),
];

/// The lines of help, as wide as they have to be.
pub fn help() -> impl Iterator<Item = String> {
    let width = TABLE.iter().map(|(usage, _)| usage.len()).max().unwrap_or(0);
    TABLE.iter().map(move |(usage, help)| format!("{usage:width$}  {help}"))
}

/// What to say about `line` while it is typed, where it is one of these.
pub fn hint(line: &str) -> Option<String> {
    let word = line.split_whitespace().next()?;
    let (usage, help) = TABLE.iter().find(|(usage, _)| usage.split(' ').next() == Some(word))?;
    Some(format!("{usage} ({help})"))
}

/// The command in `line`; `None`: it is not one of these. What is wrong with it says how it is typed.
pub fn parse(line: &str) -> Option<Result<Aside, String>> {
    let typed = line.strip_prefix('/')?;
    let (word, rest) = typed.split_once(char::is_whitespace).unwrap_or((typed, ""));
    let rest = rest.trim();
    Some(match word.to_ascii_lowercase().as_str() {
        "help" if rest.is_empty() => Ok(Aside::Help),
        "search" => Ok(Aside::Search(rest.to_owned())),
        "bell" => match rest.to_ascii_lowercase().as_str() {
            "" => Ok(Aside::Bell(None)),
            "on" => Ok(Aside::Bell(Some(true))),
            "off" => Ok(Aside::Bell(Some(false))),
            _ => Err("usage: /bell on or /bell off".into()),
        },
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_of_the_screen_is_understood() {
        let read = |line| parse(line).unwrap().unwrap();
        assert_eq!((read("/help"), read("/HELP ")), (Aside::Help, Aside::Help));
        assert_eq!(
            (read("/search two words "), read("/search")),
            (Aside::Search("two words".into()), Aside::Search(String::new()))
        );
        assert_eq!(
            (read("/bell"), read("/bell OFF"), read("/bell on")),
            (Aside::Bell(None), Aside::Bell(Some(false)), Aside::Bell(Some(true)))
        );
        assert!(parse("/bell loud").unwrap().is_err());
    }

    #[test]
    fn what_is_for_the_room_is_left_alone() {
        for line in ["", "search", "//search", "/help kick", "/who", "/searching"] {
            assert_eq!(parse(line), None, "{line}");
        }
    }
}
