//! The address of the room's page, for whoever has only a browser: as text, and as a QR code in half blocks.
//!
//! It turns addresses into lines. Which addresses this machine has, where the room is and how lines are shown is known
//! elsewhere.

use std::net::{IpAddr, SocketAddr};

use qrcodegen::{QrCode, QrCodeEcc};

use super::reach::is_typable;

/// How far the light frame reaches around a code, in modules. The standard asks for four; readers are content with two, and
/// a code fits into the 24 lines of a small terminal then.
const FRAME: i32 = 2;

/// Ports at which no browser opens a page, because other services are there that it could be made to speak to (the "bad
/// ports" of the Fetch standard).
const REFUSED: [u16; 83] = [
    0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104, 109,
    110, 111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515, 526, 530, 531,
    532, 540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060,
    5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
];

/// Where the page of a room at `room` is found: `room` itself, where others can type it, or else this machine's addresses,
/// `ours`. Whoever is a guest on the host's own machine sees it at a loopback address.
pub fn pages(room: SocketAddr, hosting: bool, ours: &[IpAddr]) -> Vec<SocketAddr> {
    let ip = room.ip().to_canonical();
    let stands_for_all = ip.is_unspecified() || (ip.is_loopback() && !hosting);
    let all = if stands_for_all { ours.to_vec() } else { vec![ip] };
    all.into_iter().filter(|ip| is_typable(*ip)).map(|ip| SocketAddr::new(ip, room.port())).collect()
}

/// What to tell of these pages: each address, and its code where `codes` and others can reach it. With codes the first, which
/// most can reach, comes last: the others may take more lines than there are.
pub fn told(pages: &[SocketAddr], codes: bool) -> String {
    let Some(first) = pages.first() else {
        return "this room has no address that can be typed into a browser".into();
    };
    if REFUSED.contains(&first.port()) {
        return format!("browsers open no page at port {}: a room at another port has one", first.port());
    }
    if first.ip().is_loopback() {
        return format!("a browser on this machine gets in at {}", url(*first));
    }
    let each = pages.iter().map(|page| match code(*page).filter(|_| codes) {
        Some(code) => format!("{}\n{}", url(*page), code.join("\n")),
        None => url(*page),
    });
    let mut each: Vec<String> = each.collect();
    if codes {
        each.reverse();
    }
    format!("a browser gets in at\n{}", each.join("\n"))
}

/// What to show at the start, in a terminal of so many columns and lines, below `above` lines: the first code, if it and
/// its address fit, and all addresses.
pub fn shown_at_start(pages: &[SocketAddr], (columns, lines): (u16, u16), above: usize) -> Option<String> {
    let first = pages.first().filter(|page| !page.ip().is_loopback() && !REFUSED.contains(&page.port()))?;
    let code = code(*first)?;
    let width = code.first()?.chars().count();
    let fits = usize::from(columns) > width && usize::from(lines) > above + 1 + code.len();
    let all: Vec<String> = pages.iter().map(|page| url(*page)).collect();
    fits.then(|| format!("Or with a browser: {}\n{}\n", all.join(" or "), code.join("\n")))
}

/// How a browser is told to go there.
fn url(page: SocketAddr) -> String {
    format!("http://{page}/")
}

/// The lines of an address's code. What is light in it is drawn and what is dark is left out: so it is right in terminals
/// that write light on dark. A code has an odd number of rows: the half of the last line that is left over is light too,
/// because a dark one stands on a light ground as a bar that belongs to nothing.
fn code(page: SocketAddr) -> Option<Vec<String>> {
    let code = QrCode::encode_text(&url(page), QrCodeEcc::Low).ok()?;
    let drawn = -FRAME..code.size() + FRAME;
    // All around the code is light.
    let is_light = |x, y| !code.get_module(x, y);
    let half_blocks = |y| drawn.clone().map(move |x| (is_light(x, y), is_light(x, y + 1)));
    Some(drawn.clone().step_by(2).map(|y| half_blocks(y).map(half_block).collect()).collect())
}

/// One column of two rows.
fn half_block((upper, lower): (bool, bool)) -> char {
    match (upper, lower) {
        (true, true) => '█',
        (true, false) => '▀',
        (false, true) => '▄',
        (false, false) => ' ',
    }
}

/// Whether a line is one of a code: an interface with colours shows it light on dark, whatever the terminal's own are.
pub fn is_code(line: &str) -> bool {
    line.starts_with('█') && line.chars().all(|c| matches!(c, '█' | '▀' | '▄' | ' '))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(address: &str) -> SocketAddr {
        address.parse().unwrap()
    }

    fn ips(all: &[&str]) -> Vec<IpAddr> {
        all.iter().map(|ip| ip.parse().unwrap()).collect()
    }

    /// The modules that are drawn light, the frame included.
    fn modules(lines: &[String]) -> Vec<Vec<bool>> {
        let half = |line: &String, drawn: [char; 2]| line.chars().map(|c| drawn.contains(&c)).collect();
        lines.iter().flat_map(|line| [half(line, ['█', '▀']), half(line, ['█', '▄'])]).collect()
    }

    #[test]
    fn the_drawing_is_the_code_with_a_light_frame() {
        for page in [at("192.168.1.7:8808"), at("[2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff]:31337")] {
            let lines = code(page).unwrap();
            let drawn = modules(&lines);
            let code = QrCode::encode_text(&url(page), QrCodeEcc::Low).unwrap();
            let side = usize::try_from(code.size() + 2 * FRAME).unwrap();
            assert!(drawn.len() == side + 1 && drawn.iter().all(|row| row.len() == side));
            assert!(drawn[side].iter().all(|light| *light), "the half line that is left over belongs to the frame");
            for (row, y) in drawn[..side].iter().zip(-FRAME..) {
                for (light, x) in row.iter().zip(-FRAME..) {
                    assert_eq!(*light, !code.get_module(x, y), "{x} {y}");
                }
            }
            assert!(lines.iter().all(|line| is_code(line)));
        }
        assert!(!is_code("") && !is_code("http://192.168.1.7:8808/") && !is_code("█ and a word") && !is_code(" "));
    }

    #[test]
    fn a_room_at_all_addresses_is_shown_at_those_that_others_can_type() {
        let ours = ips(&["192.168.1.7", "2001:db8::7"]);
        let both = [at("192.168.1.7:8808"), at("[2001:db8::7]:8808")];
        assert_eq!(pages(at("[::]:8808"), true, &ours), both);
        assert_eq!(pages(at("0.0.0.0:8808"), true, &ours), both);
        assert_eq!(pages(at("127.0.0.1:8808"), false, &ours), both, "a guest on the host's machine");
        assert_eq!(pages(at("127.0.0.1:8808"), true, &ours), [at("127.0.0.1:8808")], "hosted there only");
        assert_eq!(pages(at("192.168.1.9:8808"), false, &ours), [at("192.168.1.9:8808")], "the host's, not ours");
        assert_eq!(pages(at("[::ffff:192.168.1.9]:8808"), false, &ours), [at("192.168.1.9:8808")]);
        assert_eq!(pages(at("[fe80::1]:8808"), false, &ours), [], "a browser knows no scope");
    }

    #[test]
    fn every_address_is_told_with_its_code() {
        let pages = [at("192.168.1.7:8808"), at("[2001:db8::7]:8808")];
        let text = told(&pages, true);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!((lines[0], lines[1]), ("a browser gets in at", "http://[2001:db8::7]:8808/"));
        assert_eq!(lines.iter().filter(|line| is_code(line)).count(), 30);
        // The one that most can reach is what a small screen shows.
        let best = lines.iter().position(|line| *line == "http://192.168.1.7:8808/").unwrap();
        assert_eq!(lines[best + 1..], code(pages[0]).unwrap());
        assert_eq!(told(&pages, false), "a browser gets in at\nhttp://192.168.1.7:8808/\nhttp://[2001:db8::7]:8808/");
    }

    #[test]
    fn what_nobody_can_open_has_no_code() {
        assert!(REFUSED.is_sorted());
        let refused = "browsers open no page at port 6667: a room at another port has one";
        assert_eq!(told(&[at("192.168.1.7:6667")], true), refused);
        assert_eq!(told(&[at("127.0.0.1:80")], true), "a browser on this machine gets in at http://127.0.0.1:80/");
        assert_eq!(told(&[], true), "this room has no address that can be typed into a browser");
        for page in ["192.168.1.7:6667", "127.0.0.1:8808"] {
            assert_eq!(shown_at_start(&[at(page)], (200, 200), 0), None, "{page}");
        }
    }

    #[test]
    fn at_the_start_it_is_shown_where_there_is_room() {
        let pages = [at("192.168.1.7:8808"), at("10.0.0.9:8808")];
        let shown = shown_at_start(&pages, (80, 24), 6).unwrap();
        assert!(
            shown.starts_with("Or with a browser: http://192.168.1.7:8808/ or http://10.0.0.9:8808/\n█"),
            "{shown}"
        );
        assert_eq!(shown.lines().count(), 16);
        assert_eq!(shown_at_start(&pages, (29, 24), 6), None);
        assert_eq!(shown_at_start(&pages, (80, 22), 6), None);
        assert_eq!(shown_at_start(&[], (80, 24), 6), None);
    }
}
