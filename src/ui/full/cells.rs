//! Text in columns: what a terminal shows of it, how wide that is, and where a line is broken.
//!
//! A cell shows one character as a reader counts them (a grapheme cluster). What takes no column by itself is dropped,
//! so that nothing of a text can sit on its surroundings; what a cell cannot hold is taken apart. It knows nothing of
//! colours or of what the text means.

use std::borrow::Cow;
use std::ops::Range;

use ratatui::buffer::CellWidth;
use unicode_segmentation::UnicodeSegmentation;

use crate::limits::CELL_BYTES;

/// The columns of the widest character; what is wider is taken apart.
const WIDEST: usize = 2;
/// What a tab is shown as: its columns do not depend on what stands before it, so that a row can be broken anywhere.
pub const TAB: &str = "    ";

/// One character as it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Glyph<'a> {
    /// What goes into its first cell.
    pub symbol: &'a str,
    /// How many cells it takes: one or two, a tab four.
    pub width: usize,
    /// Where in the text it ends.
    pub end: usize,
}

impl Glyph<'_> {
    /// Whether it is white space at which a line may be broken.
    pub fn is_blank(&self) -> bool {
        is_blank(self.symbol)
    }
}

/// Whether all of `text` is white space at which a line may be broken.
pub fn is_blank(text: &str) -> bool {
    text.chars().all(is_blank_char)
}

fn is_blank_char(c: char) -> bool {
    c == ' ' || (c.is_whitespace() && !matches!(c, '\u{A0}' | '\u{2007}' | '\u{202F}'))
}

/// What a terminal shows of `text`, character by character; line breaks and what takes no column are left out.
pub fn glyphs(text: &str) -> impl Iterator<Item = Glyph<'_>> {
    text.grapheme_indices(true).flat_map(|(start, cluster)| pieces(cluster).map(move |glyph| shifted(glyph, start)))
}

fn shifted(glyph: Glyph<'_>, by: usize) -> Glyph<'_> {
    Glyph { end: glyph.end + by, ..glyph }
}

/// The glyphs of one cluster: one, where a cell can hold it; else its first character, with its marks where they are few, and
/// then what the rest is by itself. So a part of it looks the same where a row is broken before it.
fn pieces(cluster: &str) -> impl Iterator<Item = Glyph<'_>> {
    let few_marks = cluster.len() <= CELL_BYTES;
    let mut at = 0;
    std::iter::from_fn(move || {
        while let Some(c) = cluster[at..].chars().next() {
            let (start, rest) = (at, &cluster[at..]);
            let all = match start {
                0 => Some(cluster),
                // A character more than a cell holds is all that has to be seen: of a hostile text, all is one cluster.
                _ if takes_column(c) => rest[..rest.floor_char_boundary(CELL_BYTES + 4)].graphemes(true).next(),
                _ => None,
            };
            let first = c.len_utf8() + if few_marks { marks(&rest[c.len_utf8()..]) } else { 0 };
            let glyph = all.and_then(whole).or_else(|| whole(&rest[..first])).or_else(|| whole(&rest[..c.len_utf8()]));
            at += glyph.map_or(c.len_utf8(), |glyph| glyph.end);
            if let Some(glyph) = glyph {
                return Some(shifted(glyph, start));
            }
        }
        None
    })
}

/// How many bytes of marks `text` begins with.
fn marks(text: &str) -> usize {
    text.chars().take_while(|&c| !takes_column(c) && !is_unseen(c) && c != '\u{200D}').map(char::len_utf8).sum()
}

fn takes_column(c: char) -> bool {
    c.encode_utf8(&mut [0; 4]).cell_width() > 0
}

/// The cluster as one glyph; `None`: it takes no column, or more than a cell can hold.
fn whole(cluster: &str) -> Option<Glyph<'_>> {
    let end = cluster.len();
    match cluster {
        "\t" => Some(Glyph { symbol: TAB, width: TAB.len(), end }),
        _ if cluster.len() == 1 => {
            let shown = cluster.bytes().all(|byte| (b' '..=b'~').contains(&byte));
            shown.then_some(Glyph { symbol: cluster, width: 1, end })
        }
        _ => {
            // A joiner at the end would join what stands in the next cell.
            let symbol = cluster.trim_end_matches('\u{200D}');
            let fits = !symbol.is_empty() && symbol.len() <= CELL_BYTES && !symbol.contains(is_unseen);
            let width = if fits { usize::from(symbol.cell_width()) } else { 0 };
            (1..=WIDEST).contains(&width).then_some(Glyph { symbol, width, end })
        }
    }
}

/// What acts on a terminal or its lines instead of being shown, wherever it stands.
fn is_unseen(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61C}' | '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}')
}

/// How many columns `text` takes on one line.
pub fn width(text: &str) -> usize {
    glyphs(text).map(|glyph| glyph.width).sum()
}

/// As much of `text` as fits into `columns`; what was cut is marked.
pub fn cut(text: &str, columns: usize) -> Cow<'_, str> {
    if width(text) <= columns {
        return Cow::Borrowed(text);
    }
    let (mut used, mut end) = (0, 0);
    for glyph in glyphs(text) {
        if used + glyph.width + 1 > columns {
            break;
        }
        used += glyph.width;
        end = glyph.end;
    }
    let mark = if columns == 0 { "" } else { "…" };
    Cow::Owned(format!("{}{mark}", &text[..end]))
}

/// The rows of `text` as ranges of it: the first at most `first` columns wide, the others `rest`; white space behind a row
/// belongs to none. At least one row; the first is empty where the text begins better in the next one.
pub fn wrap(text: &str, first: usize, rest: usize) -> Vec<Range<usize>> {
    let mut rows = Vec::new();
    let mut start = 0;
    for line in text.split('\n') {
        let glyphs: Vec<Glyph<'_>> = glyphs(line).collect();
        let parts = glyphs.iter().map(|glyph| Part { width: glyph.width, blank: glyph.is_blank() });
        if rows.is_empty() && begins_below(&glyphs, first, rest) {
            rows.push(0..0);
        }
        let fit = Fit { first: if rows.is_empty() { first } else { rest }, rest, hang: usize::MAX };
        let mut row = 0;
        for next in breaks(parts, fit) {
            let next = glyphs[next - 1].end;
            let end = row + line[row..next].trim_end_matches(is_blank_char).len();
            rows.push(start + row..start + end);
            row = next;
        }
        rows.push(start + row..start + line.len());
        start += line.len() + 1;
    }
    rows
}

/// Whether the first word does not fit into a row of `first` columns, but into one of `rest`; or not even its first character.
fn begins_below(line: &[Glyph<'_>], first: usize, rest: usize) -> bool {
    let Some(start) = line.first().filter(|_| first < rest) else { return false };
    let word = line.iter().take_while(|glyph| glyph.width == 1 && !glyph.is_blank()).count();
    let columns = word.max(start.width);
    columns > first && (columns <= rest || start.width > first)
}

/// A character, as far as it matters to where rows end.
#[derive(Debug, Clone, Copy)]
pub struct Part {
    /// Its columns: at least one.
    pub width: usize,
    /// Whether it is white space at which a line may be broken.
    pub blank: bool,
}

/// How wide rows may be.
#[derive(Debug, Clone, Copy)]
pub struct Fit {
    /// The columns of the first row.
    pub first: usize,
    /// The columns of the others.
    pub rest: usize,
    /// So many columns more white space may take behind a full row.
    pub hang: usize,
}

/// Which characters of a line begin its second and further rows. A full row ends behind white space, else beside a wide
/// character, and where not even a word fits, in it.
pub fn breaks(line: impl IntoIterator<Item = Part>, fit: Fit) -> Vec<usize> {
    let mut starts = Vec::new();
    let mut used = 0;
    // The last place where the row can be broken, and the columns before it.
    let mut stop = None;
    let mut before = Part { width: 0, blank: false };
    for (at, part) in line.into_iter().enumerate() {
        let columns = if starts.is_empty() { fit.first } else { fit.rest };
        let columns = columns.max(1).saturating_add(if part.blank { fit.hang } else { 0 });
        if used > 0 && (before.blank || (!part.blank && before.width.max(part.width) > 1)) {
            stop = Some((at, used));
        }
        if used > 0 && used + part.width > columns {
            // What is taken along has to fit into the next row.
            let fits = |(_, left): &(usize, usize)| used - left + part.width <= fit.rest;
            let (next, left) = stop.take().filter(fits).unwrap_or((at, used));
            starts.push(next);
            used -= left;
        }
        used += part.width;
        before = part;
    }
    starts
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn symbols(text: &str) -> Vec<&str> {
        glyphs(text).map(|glyph| glyph.symbol).collect()
    }

    fn rows(text: &str, first: usize, rest: usize) -> Vec<&str> {
        wrap(text, first, rest).into_iter().map(|range| &text[range]).collect()
    }

    #[test]
    fn a_cell_holds_what_a_reader_counts_as_one() {
        assert_eq!(
            symbols("ae\u{301}日👩\u{200D}👩\u{200D}👧❤\u{FE0F}"),
            ["a", "e\u{301}", "日", "👩\u{200D}👩\u{200D}👧", "❤\u{FE0F}"]
        );
        assert_eq!((width("日本"), width("👩\u{200D}👧"), width("e\u{301}"), width("\t")), (4, 2, 1, 4));
    }

    #[test]
    fn what_takes_no_column_is_dropped() {
        assert_eq!(symbols("a\u{200B}b\u{200E}\u{202E}c\u{1b}[2J\u{FEFF}\u{AD}"), ["a", "b", "c", "[", "2", "J"]);
        assert_eq!(symbols("\u{301}x"), ["x"]);
        assert_eq!(symbols("x\u{200D}"), ["x"]);
    }

    #[test]
    fn what_no_cell_can_hold_is_taken_apart() {
        let zalgo = format!("a{}b", "\u{301}".repeat(500));
        assert_eq!(symbols(&zalgo), ["a", "b"]);
        assert_eq!(symbols("त्रि"), ["त्", "रि"]);
        assert_eq!(symbols("\u{600}👍🏽"), ["\u{600}", "👍🏽"]);
        assert_eq!(symbols("\u{600}❤\u{FE0F}"), ["\u{600}", "❤\u{FE0F}"]);
        let chain = "\u{915}\u{94D}".repeat(40);
        assert!(glyphs(&chain).all(|glyph| glyph.width <= WIDEST && glyph.symbol.len() <= CELL_BYTES));
    }

    #[test]
    fn what_is_too_long_is_cut_between_characters() {
        assert_eq!(
            (cut("lorde", 5), cut("lorde", 4), cut("日本語", 4), cut("x", 0)),
            ("lorde".into(), "lor…".into(), "日…".into(), "".into())
        );
    }

    #[test]
    fn lines_are_broken_between_words() {
        assert_eq!(rows("one two three", 8, 8), ["one two", "three"]);
        assert_eq!(rows("one two three", 4, 6), ["one", "two", "three"]);
        assert_eq!(rows("one  two", 5, 5), ["one", "two"]);
        assert_eq!(rows("abcdefgh ij", 3, 4), ["abc", "defg", "h ij"]);
        assert_eq!(rows("a\n\nb", 9, 9), ["a", "", "b"]);
        assert_eq!(rows("", 9, 9), [""]);
        assert_eq!(rows("日本語ab cd", 5, 5), ["日本", "語ab", "cd"]);
        assert_eq!(rows("日本", 1, 1), ["日", "本"]);
    }

    #[test]
    fn what_does_not_fit_beside_what_stands_before_it_begins_below() {
        assert_eq!(rows("psst, you", 2, 9), ["", "psst, you"]);
        assert_eq!(rows("psst, you", 5, 9), ["psst,", "you"]);
        // What is broken anyway begins where it can.
        assert_eq!(rows("abcdefgh", 3, 6), ["abc", "defgh"]);
        assert_eq!((rows("abcdefgh", 0, 6), rows("日本", 1, 3)), (vec!["", "abcdef", "gh"], vec!["", "日", "本"]));
        assert_eq!((rows("", 0, 6), rows("\nx", 0, 6)), (vec![""], vec!["", "x"]));
    }

    proptest! {
        #[test]
        fn no_row_is_wider_than_it_may_be(text in any_text(), first in 1usize..=300, rest in 1usize..=300) {
            for (n, row) in rows(&text, first, rest).into_iter().enumerate() {
                let columns = if n == 0 { first } else { rest };
                let seen = glyphs(row).filter(|glyph| !glyph.is_blank()).last().map_or(0, |last| last.end);
                prop_assert!(width(&row[..seen]) <= columns.max(WIDEST), "{row:?}");
            }
        }

        #[test]
        fn wrapping_loses_nothing_that_can_be_seen(text in any_text(), columns in 1usize..=300) {
            // By its first character: what was taken apart takes its accents along or leaves them.
            let first = |glyph: Glyph<'_>| glyph.symbol.chars().next().filter(|_| !glyph.is_blank());
            let seen = |text: &str| glyphs(text).filter_map(first).collect::<Vec<_>>();
            let wrapped: Vec<char> = rows(&text, columns, columns).into_iter().flat_map(seen).collect();
            let whole: Vec<char> = text.split('\n').flat_map(seen).collect();
            prop_assert_eq!(wrapped, whole);
        }
    }

    /// At every width, also where chance would not look.
    #[test]
    fn at_every_width_no_row_is_too_wide_and_nothing_is_lost() {
        let piece = "a word, 日本語の文章 👩\u{200D}👩\u{200D}👧 e\u{301}\u{302} שלום\u{600}👍🏽 \t क्षत्रिय\u{3000}🇮🇹🇯🇵x ";
        let text = piece.repeat(9) + &"unbroken".repeat(50) + &"全".repeat(200);
        let seen = |text: &str| glyphs(text).filter(|glyph| !glyph.is_blank()).map(|glyph| glyph.width).sum::<usize>();
        for columns in 1..=300 {
            let rows = rows(&text, columns / 2, columns);
            assert_eq!(rows.iter().map(|row| seen(row)).sum::<usize>(), seen(&text), "{columns}");
            for (n, row) in rows.iter().enumerate() {
                let most = if n == 0 { columns / 2 } else { columns };
                let end = row.trim_end_matches(is_blank_char).len();
                assert!(width(&row[..end]) <= most.max(WIDEST), "{columns}: {row:?}");
            }
        }
    }

    fn any_text() -> impl Strategy<Value = String> {
        let pieces = [
            "a",
            "word ",
            " ",
            "  ",
            "\t",
            "\n",
            "日",
            "e\u{301}",
            "👩\u{200D}👧",
            "❤\u{FE0F}",
            "\u{200B}",
            "\u{1F1EE}\u{1F1F9}",
            "שלום",
            "\u{301}",
            "ｶﾞ",
            "aaaaaaaaaaaaaaaaaaaa",
        ];
        prop::collection::vec(
            prop_oneof![
                prop::sample::select(pieces.to_vec()).prop_map(str::to_owned),
                any::<char>().prop_map(String::from)
            ],
            0..60,
        )
        .prop_map(|pieces| pieces.concat())
    }
}
