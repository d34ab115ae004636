//! Rust source as the rules of the architecture look at it: code without comments, texts and tests.
//!
//! It reads just enough of the language for that, and knows no rule.

use std::collections::BTreeSet;

/// `source` with comments and the insides of string and character literals blanked out; every line stays where it is.
pub(super) fn code(source: &str) -> String {
    let chars: Vec<char> = source.chars().collect();
    let mut out = String::with_capacity(source.len());
    let mut at = 0;
    while at < chars.len() {
        let end = match chars[at] {
            '/' if chars.get(at + 1) == Some(&'/') => find(&chars, at, |rest| rest[0] == '\n'),
            '/' if chars.get(at + 1) == Some(&'*') => block_comment(&chars, at),
            'r' | 'b' if !is_word(at.checked_sub(1).map(|before| chars[before])) => literal(&chars, at),
            '"' | '\'' => literal(&chars, at),
            _ => at,
        };
        if end == at {
            out.push(chars[at]);
            at += 1;
        } else {
            out.extend(chars[at..end].iter().map(|c| if *c == '\n' { '\n' } else { ' ' }));
            at = end;
        }
    }
    out
}

fn is_word(c: Option<char>) -> bool {
    c.is_some_and(|c| c.is_alphanumeric() || c == '_')
}

/// The first place from `at` on where `found` says so, or the end.
fn find(chars: &[char], at: usize, found: impl Fn(&[char]) -> bool) -> usize {
    (at..chars.len()).find(|i| found(&chars[*i..])).unwrap_or(chars.len())
}

fn block_comment(chars: &[char], start: usize) -> usize {
    let (mut at, mut depth) = (start, 0);
    while at < chars.len() {
        match (chars[at], chars.get(at + 1)) {
            ('/', Some('*')) => (depth, at) = (depth + 1, at + 1),
            ('*', Some('/')) => (depth, at) = (depth - 1, at + 1),
            _ => {}
        }
        at += 1;
        if depth == 0 {
            break;
        }
    }
    at
}

/// The end of the literal that begins at `at`, or `at` if none does (a lifetime, a name that begins with `r` or `b`).
fn literal(chars: &[char], at: usize) -> usize {
    let prefix = chars[at..].iter().take_while(|c| matches!(c, 'r' | 'b')).count();
    let hashes = chars[at + prefix..].iter().take_while(|c| **c == '#').count();
    let open = at + prefix + hashes;
    let is_raw = chars[at..at + prefix].contains(&'r');
    match chars.get(open) {
        Some('"') if is_raw => {
            let end = |rest: &[char]| rest[0] == '"' && rest[1..].iter().take_while(|c| **c == '#').count() >= hashes;
            (find(chars, open + 1, end) + 1 + hashes).min(chars.len())
        }
        Some('"') if hashes == 0 => quoted(chars, open, '"'),
        // A lifetime is not closed after one character.
        Some('\'') if hashes == 0 && (chars.get(open + 1) == Some(&'\\') || chars.get(open + 2) == Some(&'\'')) => {
            quoted(chars, open, '\'')
        }
        _ => at,
    }
}

fn quoted(chars: &[char], open: usize, quote: char) -> usize {
    let mut at = open + 1;
    while at < chars.len() && chars[at] != quote {
        at += if chars[at] == '\\' { 2 } else { 1 };
    }
    (at + 1).min(chars.len())
}

/// `code` without what is compiled for tests only, and the modules in other files that are.
pub(super) fn without_tests(code: &str) -> (String, Vec<String>) {
    let (mut kept, mut modules, mut rest) = (String::new(), Vec::new(), code);
    while let Some(at) = ["#[cfg(test)]", "#[cfg(all(test"].iter().filter_map(|mark| rest.find(mark)).min() {
        let line = rest[..at].rfind('\n').map_or(0, |newline| newline + 1);
        kept.push_str(&rest[..line]);
        let item = &rest[at..];
        let body = item.find(']').map_or(item.len(), |end| end + 1);
        let end = body + item_end(&item[body..]);
        if let Some((_, name)) = item[body..end].trim().strip_suffix(';').and_then(|item| item.rsplit_once("mod ")) {
            modules.push(name.to_owned());
        }
        let after = &item[end..];
        rest = after.strip_prefix('\n').unwrap_or(after);
    }
    kept.push_str(rest);
    (kept, modules)
}

/// Where an item, a statement or a field ends.
fn item_end(text: &str) -> usize {
    let mut depth = 0_i32;
    for (at, c) in text.char_indices() {
        match c {
            '{' | '(' | '[' => depth += 1,
            '}' | ')' | ']' => {
                depth -= 1;
                if depth < 0 {
                    return at;
                }
                if depth == 0 && c == '}' {
                    return at + 1;
                }
            }
            ';' | ',' if depth == 0 => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// The names in `code`, keywords included, each with what stands before and after it.
pub(super) fn words(code: &str) -> impl Iterator<Item = (&str, &str, &str)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = at + code[at..].find(|c| is_word(Some(c)))?;
        at = start + code[start..].find(|c| !is_word(Some(c))).unwrap_or(code.len() - start);
        Some((&code[start..at], &code[..start], &code[at..]))
    })
}

/// The top-level modules that `code` names, in a file whose module is `depth` below the crate.
pub(super) fn uses(code: &str, depth: usize) -> BTreeSet<String> {
    let mut used = BTreeSet::new();
    for (word, before, after) in words(code) {
        let supers = before.rsplit("super::").take_while(|between| between.is_empty()).count();
        let is_top = matches!(word, "crate" | "hybrid_chat") || (word == "super" && supers + 1 == depth);
        if let Some(path) = after.strip_prefix("::").filter(|_| is_top) {
            used.extend(firsts(path));
        }
    }
    used.remove("super");
    used
}

/// The first names of a path, or of each path of a group.
fn firsts(path: &str) -> Vec<String> {
    let name = |path: &str| path.trim_start().split(|c| !is_word(Some(c))).next().unwrap_or("").to_owned();
    let Some(group) = path.strip_prefix('{') else { return vec![name(path)] };
    let (mut depth, mut start, mut names) = (0, 0, Vec::new());
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            ',' | '}' if depth == 0 => {
                names.push(name(&group[start..at]));
                start = at + 1;
                if c == '}' {
                    break;
                }
            }
            _ => {}
        }
    }
    names.retain(|name| !name.is_empty());
    names
}

/// The functions in `code`: name and number of lines.
pub(super) fn functions(code: &str) -> Vec<(&str, usize)> {
    let mut found = Vec::new();
    for (word, _, after) in words(code) {
        let name = after.trim_start().split(|c| !is_word(Some(c))).next().unwrap_or("");
        if word == "fn" && !name.is_empty() {
            let end = item_end(after);
            found.push((name, after[..end].lines().count()));
        }
    }
    found
}

mod tests {
    use super::*;

    #[test]
    fn comments_and_texts_are_no_code() {
        let source = "let a = \"x // \\\" mio\"; // mio\n/* mio /* mio */ mio */ let b = r#\"mio\" mio\"#;\nlet c: &'a str = b\"mio\";";
        let code = code(source);
        assert!(!code.contains("mio"), "{code}");
        assert_eq!(code.split_whitespace().collect::<String>(), "leta=;letb=;letc:&'astr=;");
        assert_eq!((code.lines().count(), code.chars().count()), (3, source.chars().count()));
        let code = super::code("match c { '{' | '\\'' => 'x', _ => bar }");
        assert_eq!(code.split_whitespace().collect::<String>(), "matchc{|=>,_=>bar}");
    }

    #[test]
    fn what_is_for_tests_only_is_left_out() {
        let source = "fn a() {\n    #[cfg(test)]\n    b(1, 2);\n    c();\n}\n\n#[cfg(test)]\n#[expect(a, reason = b)]\npub(crate) mod samples;\n#[cfg(all(test, unix))]\nmod tests {\n    fn d() {}\n}\nfn e() {}\n";
        let (kept, modules) = without_tests(source);
        assert_eq!(kept, "fn a() {\n    c();\n}\n\nfn e() {}\n");
        assert_eq!(modules, ["samples"]);
        let (kept, _) = without_tests("struct A {\n    a: u8,\n    #[cfg(test)]\n    b: Vec<u8>,\n    c: u8,\n}\n");
        assert_eq!(kept, "struct A {\n    a: u8,\n    c: u8,\n}\n");
    }

    #[test]
    fn every_way_to_name_a_module_is_seen() {
        let code = "use crate::room::{self, id};\nuse crate::{host::{Host, accept}, limits};\nfn a(b: crate::wire::Line) { super::peer::run() }\nuse super::super::ui;\nuse super::A;\nuse super::b;";
        assert_eq!(uses(code, 1).into_iter().collect::<Vec<_>>(), ["A", "b", "host", "limits", "peer", "room", "wire"]);
        assert_eq!(uses(code, 2).into_iter().collect::<Vec<_>>(), ["host", "limits", "room", "ui", "wire"]);
    }

    #[test]
    fn functions_are_counted_with_their_heads() {
        let code =
            "impl A {\n    fn a(\n        &self,\n    ) -> [u8; 2] {\n        b()\n    }\n    fn c();\n}\nfn d() {}\n";
        assert_eq!(functions(code), [("a", 5), ("c", 1), ("d", 1)]);
    }
}
