//! The place in the history that the screen shows, in rows.
//!
//! The place is the lowest row on the screen, by the number of its entry: so it stays where it is while others come,
//! while the oldest go, and when the screen changes its size. Only what is near it is ever measured: a long history
//! costs nothing. How many rows an entry takes is asked for.

use super::history::{History, Number};

/// How many rows an entry takes.
pub type Rows<'a> = &'a dyn Fn(Number) -> usize;

/// Where the lowest row on the screen is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Place {
    /// The newest row, whatever comes.
    #[default]
    End,
    /// This row of this entry.
    At {
        /// The entry.
        number: Number,
        /// Its row, from 0.
        row: usize,
    },
}

impl Place {
    /// The lowest row on the screen: an entry that is there, and one of its rows. `None`: the history is empty.
    pub fn lowest(self, history: &History, rows: Rows<'_>) -> Option<(Number, usize)> {
        let last = history.end().checked_sub(1).filter(|_| !history.is_empty())?;
        Some(match self {
            Self::At { number, row } if number <= last => {
                if number < history.start() {
                    (history.start(), 0)
                } else {
                    (number, row.min(rows(number) - 1))
                }
            }
            _ => (last, rows(last) - 1),
        })
    }

    /// The place `by` rows further up, on a screen of `height` rows that stays full as long as the history fills it.
    #[must_use]
    pub fn up(self, by: usize, height: usize, history: &History, rows: Rows<'_>) -> Self {
        let Some(lowest) = self.lowest(history, rows) else { return self };
        let (mut number, row) = climb(lowest, by, history, rows);
        let mut row = row;
        // The rows above it fill the screen, or it is lowered until they do.
        let (_, above) = count_up((number, row), height.saturating_sub(1), history, rows);
        let missing = height.saturating_sub(1) - above;
        for _ in 0..missing {
            match below((number, row), history, rows) {
                Some(next) => (number, row) = next,
                None => return Self::End,
            }
        }
        if below((number, row), history, rows).is_none() { Self::End } else { Self::At { number, row } }
    }

    /// The place `by` rows further down.
    #[must_use]
    pub fn down(self, by: usize, history: &History, rows: Rows<'_>) -> Self {
        let (Self::At { .. }, Some(mut at)) = (self, self.lowest(history, rows)) else { return Self::End };
        for _ in 0..by {
            match below(at, history, rows) {
                Some(next) => at = next,
                None => return Self::End,
            }
        }
        if below(at, history, rows).is_none() { Self::End } else { Self::At { number: at.0, row: at.1 } }
    }

    /// The place at which the oldest row is on top.
    #[must_use]
    pub fn top(height: usize, history: &History, rows: Rows<'_>) -> Self {
        let start = Self::At { number: history.start(), row: 0 };
        start.down(height.saturating_sub(1), history, rows)
    }

    /// The place that shows this row of entry `number` in the middle of the screen.
    #[must_use]
    pub fn around((number, row): (Number, usize), height: usize, history: &History, rows: Rows<'_>) -> Self {
        let place = Self::At { number, row }.down(height / 2, history, rows);
        // Where it is near the start, the screen stays full.
        if place == Self::End { place } else { place.up(0, height, history, rows) }
    }
}

/// The row below `at`.
fn below((number, row): (Number, usize), history: &History, rows: Rows<'_>) -> Option<(Number, usize)> {
    if row + 1 < rows(number) {
        Some((number, row + 1))
    } else {
        (number + 1 < history.end()).then_some((number + 1, 0))
    }
}

/// The row `by` rows above `at`, or the oldest.
fn climb(at: (Number, usize), by: usize, history: &History, rows: Rows<'_>) -> (Number, usize) {
    count_up(at, by, history, rows).0
}

/// The row at most `by` rows above `at`, and how many rows above that was.
fn count_up(
    (mut number, mut row): (Number, usize),
    by: usize,
    history: &History,
    rows: Rows<'_>,
) -> ((Number, usize), usize) {
    let mut left = by;
    loop {
        if row >= left {
            return ((number, row - left), by);
        }
        left -= row;
        if number == history.start() {
            return ((number, 0), by - left);
        }
        left -= 1;
        number -= 1;
        row = rows(number) - 1;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::ui::full::entry::{Entry, Kind, Tone};
    use crate::ui::samples::at;

    fn history(entries: usize) -> History {
        let mut history = History::default();
        for _ in 0..entries {
            history.push(Entry { at: at(), kind: Kind::Note { tone: Tone::Quiet, text: String::new() } });
        }
        history
    }

    /// Entries of one, two and three rows in turn.
    fn rows(number: Number) -> usize {
        usize::try_from(number % 3).unwrap() + 1
    }

    #[test]
    fn it_goes_up_and_down_by_rows_and_ends_where_there_is_no_more() {
        let history = history(6);
        let up = Place::End.up(1, 4, &history, &rows);
        assert_eq!(up, Place::At { number: 5, row: 1 });
        assert_eq!(up.up(3, 4, &history, &rows), Place::At { number: 4, row: 0 });
        assert_eq!(up.down(1, &history, &rows), Place::End);
        let top = Place::End.up(100, 4, &history, &rows);
        assert_eq!((top, Place::top(4, &history, &rows)), (Place::At { number: 2, row: 0 }, top));
    }

    #[test]
    fn what_fits_does_not_move() {
        for height in [12, 40] {
            assert_eq!(Place::End.up(5, height, &history(6), &rows), Place::End);
            assert_eq!(Place::top(height, &history(6), &rows), Place::End);
        }
        assert_eq!(Place::End.up(5, 3, &history(0), &rows), Place::End);
        assert_eq!(Place::End.lowest(&history(0), &rows), None);
    }

    #[test]
    fn a_found_row_is_on_the_screen() {
        let history = history(50);
        for found in (0..50).flat_map(|number| (0..rows(number)).map(move |row| (number, row))) {
            let lowest = Place::around(found, 10, &history, &rows).lowest(&history, &rows).unwrap();
            let (top, _) = count_up(lowest, 9, &history, &rows);
            assert!(top <= found && found <= lowest, "{found:?}: {top:?} {lowest:?}");
        }
    }

    proptest! {
        #[test]
        fn up_and_down_again_is_the_same_place(entries in 1usize..60, height in 1usize..20, first in 0usize..80, by in 0usize..80) {
            let history = history(entries);
            let start = Place::End.up(first, height, &history, &rows);
            let up = start.up(by, height, &history, &rows);
            if let (Some(from), Some(to)) = (start.lowest(&history, &rows), up.lowest(&history, &rows)) {
                let climbed = (0..by).take_while({
                    let mut at = to;
                    move |_| { let go = at != from; if go { at = below(at, &history, &rows).unwrap(); } go }
                }).count();
                prop_assert_eq!(up.down(climbed, &self::history(entries), &rows), start);
            }
        }
    }
}
