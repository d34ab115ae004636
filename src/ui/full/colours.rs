//! Colours that can be read on a dark and on a light ground, and what each is for. Without colours, weight and reverse video say the same.
//!
//! It knows nothing of what is drawn where.

use ratatui::style::{Color, Modifier, Style};

/// Names' colours, of the 256 that terminals have: each has a contrast of at least 3 to black and to white.
const NAMES: [u8; 12] = [31, 64, 97, 130, 133, 161, 166, 29, 62, 127, 136, 67];
const OWN: u8 = 32;
const PRIVATE: u8 = 133;
const ALARM: u8 = 160;

/// The styles of one screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Palette {
    /// Whether colours may be used.
    pub colours: bool,
}

impl Palette {
    /// A name, always in the same colour.
    pub fn name(self, name: &str) -> Style {
        let hash = name
            .to_lowercase()
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        let colour = NAMES[usize::try_from((hash ^ (hash >> 32)) & 0xffff).unwrap_or(0) % NAMES.len()];
        self.colour(colour).add_modifier(Modifier::BOLD)
    }

    /// Our own name.
    pub fn own(self) -> Style {
        self.colour(OWN).add_modifier(Modifier::BOLD)
    }

    /// What is between two people only.
    pub fn private(self) -> Style {
        self.colour(PRIVATE)
    }

    /// What was not done.
    pub fn alarm(self) -> Style {
        self.colour(ALARM).add_modifier(Modifier::BOLD)
    }

    /// What is beside the point: times, who comes and goes.
    pub fn quiet(self) -> Style {
        Style::new().add_modifier(Modifier::DIM)
    }

    /// What must be seen: a mention, what was found, the status line.
    pub fn loud(self) -> Style {
        Style::new().add_modifier(Modifier::REVERSED)
    }

    /// A code for cameras: white on black, whatever the terminal's own colours are.
    pub fn code(self) -> Style {
        if self.colours { Style::new().fg(Color::White).bg(Color::Black) } else { Style::new() }
    }

    fn colour(self, index: u8) -> Style {
        if self.colours { Style::new().fg(Color::Indexed(index)) } else { Style::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The relative luminance of a colour of the 6 × 6 × 6 cube (WCAG 2).
    fn luminance(index: u8) -> f64 {
        let channel = |step: u8| {
            let value = f64::from([0u8, 95, 135, 175, 215, 255][usize::from(step)]) / 255.0;
            if value <= 0.03928 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        };
        let cube = index - 16;
        0.2126 * channel(cube / 36) + 0.7152 * channel(cube / 6 % 6) + 0.0722 * channel(cube % 6)
    }

    #[test]
    fn every_colour_can_be_read_on_black_and_on_white() {
        for index in NAMES.into_iter().chain([OWN, PRIVATE, ALARM]) {
            let light = luminance(index);
            let (on_black, on_white) = ((light + 0.05) / 0.05, 1.05 / (light + 0.05));
            assert!(on_black >= 3.0 && on_white >= 3.0, "{index}: {on_black:.1} {on_white:.1}");
        }
    }

    #[test]
    fn a_name_keeps_its_colour_and_names_differ() {
        let palette = Palette { colours: true };
        assert_eq!(palette.name("Lorde"), palette.name("lorde"));
        let colours: std::collections::HashSet<_> =
            (0..100).filter_map(|n| palette.name(&format!("member-{n}")).fg).collect();
        assert_eq!(colours.len(), NAMES.len());
    }

    #[test]
    fn without_colours_there_are_none() {
        let palette = Palette { colours: false };
        for style in
            [palette.name("x"), palette.own(), palette.private(), palette.alarm(), palette.quiet(), palette.loud()]
        {
            assert_eq!((style.fg, style.bg), (None, None));
        }
    }
}
