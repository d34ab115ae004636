//! Colours that can be read on a dark and on a light ground, and what each is for. Without colours, weight and reverse video say the same.
//!
//! It knows nothing of what is drawn where.

use ratatui::style::{Color, Modifier, Style};

/// Names' colours, of the 256 that terminals have and no theme changes: each has a contrast
/// of at least 3 to black, to white and to the grounds of both Solarized themes, and none is one of those below.
const NAMES: [u8; 12] = [30, 64, 98, 130, 132, 198, 166, 28, 63, 164, 136, 67];
const OWN: u8 = 32;
const PRIVATE: u8 = 133;
const ALARM: u8 = 196;
/// The grey that is as far from black as from white. Terminals differ in what they make of dim letters: some leave them as they
/// are, some make them darker on a light ground, and with some themes nobody can read them.
const QUIET: u8 = 243;
/// White and black that no theme changes.
const LIGHT: u8 = 231;
const DARK: u8 = 16;

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
        if self.colours { self.colour(PRIVATE) } else { Style::new().add_modifier(Modifier::BOLD) }
    }

    /// What was not done.
    pub fn alarm(self) -> Style {
        self.colour(ALARM).add_modifier(Modifier::BOLD)
    }

    /// What is beside the point: times, who comes and goes.
    pub fn quiet(self) -> Style {
        if self.colours { self.colour(QUIET) } else { Style::new().add_modifier(Modifier::DIM) }
    }

    /// What was found elsewhere too.
    pub fn found(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD | Modifier::UNDERLINED)
    }

    /// What must be seen: a mention, what was found last, the status line.
    pub fn loud(self) -> Style {
        Style::new().add_modifier(Modifier::REVERSED)
    }

    /// A code for cameras: white on black, whatever the terminal's own colours are.
    pub fn code(self) -> Style {
        if self.colours { self.colour(LIGHT).bg(Color::Indexed(DARK)) } else { Style::new() }
    }

    fn colour(self, index: u8) -> Style {
        if self.colours { Style::new().fg(Color::Indexed(index)) } else { Style::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Black, white, and the grounds of the themes with the least contrast that many people have (Solarized).
    const GROUNDS: [[u8; 3]; 4] = [[0, 0, 0], [255, 255, 255], [0x00, 0x2b, 0x36], [0xfd, 0xf6, 0xe3]];

    /// The relative luminance of a colour (WCAG 2).
    fn luminance(colour: [u8; 3]) -> f64 {
        let [red, green, blue] = colour.map(|value| {
            let value = f64::from(value) / 255.0;
            if value <= 0.03928 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        });
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    }

    fn contrast(one: [u8; 3], other: [u8; 3]) -> f64 {
        let (one, other) = (luminance(one), luminance(other));
        (one.max(other) + 0.05) / (one.min(other) + 0.05)
    }

    /// A colour of the 6 × 6 × 6 cube, or one of the 24 greys.
    fn rgb(index: u8) -> [u8; 3] {
        if index >= 232 {
            return [8 + 10 * (index - 232); 3];
        }
        let cube = index - 16;
        [cube / 36, cube / 6 % 6, cube % 6].map(|step| [0, 95, 135, 175, 215, 255][usize::from(step)])
    }

    #[test]
    fn every_colour_can_be_read_on_dark_and_on_light_grounds() {
        for index in NAMES.into_iter().chain([OWN, PRIVATE, ALARM, QUIET]) {
            for ground in GROUNDS {
                let contrast = contrast(rgb(index), ground);
                assert!(contrast >= 3.0, "{index} on {ground:?}: {contrast:.2}");
            }
        }
        for ground in &GROUNDS[..2] {
            assert!(contrast(rgb(QUIET), *ground) >= 4.5);
        }
        assert!(contrast(rgb(LIGHT), rgb(DARK)) > 20.0);
    }

    #[test]
    fn no_two_are_the_same() {
        let all: std::collections::HashSet<u8> =
            NAMES.into_iter().chain([OWN, PRIVATE, ALARM, QUIET, LIGHT, DARK]).collect();
        assert_eq!(all.len(), NAMES.len() + 6);
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
        for style in [palette.private(), palette.alarm(), palette.quiet(), palette.loud(), palette.found()] {
            assert_ne!(style, Style::new(), "it can be told from what is said to all");
        }
    }
}
