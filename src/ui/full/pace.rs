//! When the screen may be drawn: at most 30 times in any second, and a key at once all the same.
//!
//! Drawings are saved up, a few: one is added every [`FRAME`], and each takes one. What arrives leaves some of them for
//! the keys, so that under a flood of messages nobody waits for what they type. It is the generic cell rate algorithm
//! (ITU-T I.371), which needs one point in time and no timer. It does not know what is drawn.

use std::time::Duration;

use crate::limits::{FRAME, FRAMES_FOR_KEYS, FRAMES_SAVED};

/// Why there is something to draw; the later one is the more urgent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    /// Something has come from the room.
    News,
    /// Somebody has typed, or the terminal is another one.
    Keys,
}

/// How many drawings are saved up, and what they are for. All times are since some start.
#[derive(Debug, Default)]
pub struct Pace {
    change: Option<Change>,
    /// From when on as many are saved up as may be.
    full: Duration,
}

impl Pace {
    /// What is shown is no longer true.
    pub fn changed(&mut self, change: Change) {
        self.change = self.change.max(Some(change));
    }

    /// When to draw: `now`, or later; `None` while what is shown is true.
    pub fn due(&self, now: Duration) -> Option<Duration> {
        let left = match self.change? {
            Change::News => FRAMES_FOR_KEYS,
            Change::Keys => 0,
        };
        Some(now.max(self.full.saturating_sub(FRAME * (FRAMES_SAVED - 1 - left))))
    }

    /// It was drawn.
    pub fn drawn(&mut self, now: Duration) {
        self.change = None;
        self.full = self.full.max(now) + FRAME;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);
    const SECOND: Duration = Duration::from_secs(1);

    /// When so many keys are pressed, so many milliseconds apart.
    fn typed(seed: u64, keys: usize, pause: fn(&mut fastrand::Rng) -> u32) -> Vec<Duration> {
        let mut random = fastrand::Rng::with_seed(seed);
        let pauses = std::iter::repeat_with(|| MS * pause(&mut random)).take(keys);
        pauses
            .scan(SECOND, |at, pause| {
                Some({
                    *at += pause;
                    *at
                })
            })
            .collect()
    }

    /// Drawings, and how long each key waited for its own, while messages never cease to arrive.
    fn flood(keys: &[Duration]) -> (Vec<Duration>, Vec<Duration>) {
        let (mut pace, mut drawn, mut waits) = (Pace::default(), Vec::new(), Vec::new());
        let end = keys[keys.len() - 1] + SECOND;
        let (mut now, mut typed, mut shown) = (Duration::ZERO, 0, 0);
        while now < end {
            pace.changed(Change::News);
            while keys.get(typed).is_some_and(|at| *at <= now) {
                pace.changed(Change::Keys);
                typed += 1;
            }
            if pace.due(now).is_some_and(|due| due <= now) {
                pace.drawn(now);
                drawn.push(now);
                waits.extend(keys[shown..typed].iter().map(|at| now - *at));
                shown = typed;
            }
            now += MS;
        }
        (drawn, waits)
    }

    #[test]
    fn nobody_waits_for_what_they_type_in_a_flood() {
        for seed in 0..20 {
            let keys = typed(seed, 500, |random| random.u32(40..160));
            let (drawn, waits) = flood(&keys);
            assert!(waits.iter().all(|wait| *wait == Duration::ZERO), "{waits:?}");
            // And the messages are seen to move.
            assert!(drawn.windows(2).all(|pair| pair[1] - pair[0] <= 4 * FRAME));
        }
    }

    #[test]
    fn however_fast_somebody_types_a_second_has_thirty_drawings_at_most_and_a_key_waits_for_one() {
        for seed in 0..20 {
            let keys = typed(seed, 2_000, |random| {
                let pause = if random.u8(..) < 10 { 2_000 } else { 40 };
                random.u32(..pause)
            });
            let (drawn, waits) = flood(&keys);
            assert!(waits.iter().all(|wait| *wait <= FRAME), "{:?}", waits.iter().max());
            assert!(drawn.windows(31).all(|window| window[30] - window[0] >= SECOND));
        }
    }

    #[test]
    fn what_is_true_is_not_drawn() {
        let now = SECOND;
        let mut pace = Pace::default();
        assert_eq!(pace.due(now), None);
        pace.changed(Change::News);
        assert_eq!(pace.due(now), Some(now));
        pace.drawn(now);
        assert_eq!(pace.due(now + SECOND), None);
    }

    #[test]
    fn a_key_hurries_what_waits_and_news_do_not_slow_it() {
        let now = SECOND;
        let mut pace = Pace::default();
        for _ in FRAMES_FOR_KEYS..FRAMES_SAVED {
            pace.drawn(now);
        }
        pace.changed(Change::News);
        assert_eq!(pace.due(now), Some(now + FRAME));
        pace.changed(Change::Keys);
        pace.changed(Change::News);
        assert_eq!(pace.due(now), Some(now));
    }
}
