//! Frames as browsers send them, whole and in pieces, right and wrong.

use super::*;

/// A frame as a client sends it: masked.
pub(crate) fn masked(kind: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = Vec::new();
    begin(&mut frame, kind, payload.len());
    frame[1] |= 0x80;
    let mask = [0x37, 0xfa, 0x21, 0x3d];
    frame.extend_from_slice(&mask);
    frame.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    frame
}

/// Everything that comes out of bytes in pieces of one size.
fn out_of(bytes: &[u8], size: usize) -> Vec<String> {
    let (mut socket, mut out) = (Socket::default(), Vec::new());
    for piece in bytes.chunks(size) {
        let mut input = piece;
        loop {
            match socket.next(&mut input) {
                Incoming::NeedMore => {
                    assert!(input.is_empty());
                    break;
                }
                Incoming::Text(text) => out.push(format!("text {text}")),
                Incoming::Binary(bytes) => out.push(format!("binary {}", bytes.len())),
                Incoming::Reply(bytes) => out.push(format!("reply {bytes:?}")),
                end @ (Incoming::Closed | Incoming::Failed(_)) => {
                    out.push(format!("{end:?}"));
                    return out;
                }
            }
        }
    }
    out
}

#[test]
fn messages_pings_and_the_end_come_out_whatever_the_pieces() {
    let mut bytes = masked(TEXT, b"ciao");
    // A ping between two fragments of one message.
    bytes.extend(masked(0x01, b"in "));
    bytes.extend(masked(0x89, b"?"));
    bytes.extend(masked(0x80, b"pieces"));
    bytes.extend(masked(BINARY, &[0; 3]));
    bytes.extend(masked(CLOSE, &[3, 232]));
    let want = ["text ciao", "reply [138, 1, 63]", "text in pieces", "binary 3", "reply [136, 2, 3, 232]", "Closed"];
    for size in [1, 2, 3, 7, 1000] {
        assert_eq!(out_of(&bytes, size), want, "in pieces of {size}");
    }
}

#[test]
fn the_longest_message_passes_and_no_longer_one() {
    let longest = "x".repeat(LINE_MAX_BYTES);
    assert_eq!(out_of(&masked(TEXT, longest.as_bytes()), 5_000), [format!("text {longest}")]);
    let longer = masked(TEXT, &[b'x'; LINE_MAX_BYTES + 1]);
    assert_eq!(out_of(&longer, 5_000), ["Failed(1009)"]);
    // It is refused for what it says of itself, before it has come; and so are fragments that are too long together.
    assert_eq!(out_of(&[TEXT, 0xff, 0, 0, 0, 0, 0x40, 0, 0, 0, 1, 2, 3, 4], 1), ["Failed(1009)"]);
    let half = masked(0x01, &[b'x'; LINE_MAX_BYTES / 2 + 1]);
    assert_eq!(out_of(&[half.clone(), masked(0x80, &half)].concat(), 5_000), ["Failed(1009)"]);
}

#[test]
fn what_breaks_the_rules_ends_it() {
    assert_eq!(out_of(&masked(TEXT, b"\xff"), 1), ["Failed(1007)"]);
    assert_eq!(out_of(&[TEXT, 2, b'h', b'i'], 1), ["Failed(1002)"]);
    assert_eq!(out_of(&masked(0x83, b""), 1), ["Failed(1002)"]);
    assert_eq!(out_of(&masked(0x80, b""), 1), ["Failed(1002)"]);
}

#[test]
fn a_long_message_takes_nothing_of_what_follows_with_it() {
    // After each, the library begins anew: fragments, pings and the heads of frames that follow are not lost.
    let long = "y".repeat(40_000);
    let mut bytes = Vec::new();
    for number in 0..5 {
        bytes.extend(masked(TEXT, long.as_bytes()));
        bytes.extend(masked(0x01, number.to_string().as_bytes()));
        bytes.extend(masked(0x00, &[b'z'; 300]));
        bytes.extend(masked(0x89, b""));
        bytes.extend(masked(0x80, b"."));
    }
    let want: Vec<_> = (0..5)
        .flat_map(|number| {
            let pieces = format!("text {number}{}.", "z".repeat(300));
            [format!("text {long}"), "reply [138, 0]".into(), pieces]
        })
        .collect();
    for size in [1, 2, 3, 500, 4_096, bytes.len()] {
        assert_eq!(out_of(&bytes, size), want, "in pieces of {size}");
    }
}

#[test]
fn lines_become_frames_of_their_own() {
    let mut out = Vec::new();
    let long = "y".repeat(300);
    lines(&mut out, format!("{{}}\n{long}\n").as_bytes());
    let mut want = vec![0x81, 2, b'{', b'}', 0x81, 126, 1, 44];
    want.extend(long.bytes());
    assert_eq!(out, want);
    let mut out = Vec::new();
    begin_text(&mut out, 70_000);
    assert_eq!(out, [0x81, 127, 0, 0, 0, 0, 0, 1, 0x11, 0x70]);
    let mut out = Vec::new();
    close(&mut out, code::NORMAL);
    assert_eq!(out, [0x88, 2, 3, 232]);
}

#[test]
fn p23_nothing_that_comes_breaks_it() {
    let mut random = fastrand::Rng::with_seed(7);
    for _ in 0..3_000 {
        let mut bytes = Vec::new();
        for _ in 0..random.usize(1..5) {
            let payload: Vec<u8> = (0..random.usize(..200)).map(|_| random.u8(..)).collect();
            let kind = [0x81, 0x01, 0x80, 0x82, 0x88, 0x89, 0x8a, random.u8(..)][random.usize(..8)];
            bytes.extend(masked(kind, &payload));
        }
        if random.bool() {
            let at = random.usize(..bytes.len());
            bytes[at] ^= random.u8(..);
        }
        // Which of several mistakes is found first depends on how much is there of them.
        let but_code =
            |out: Vec<String>| out.into_iter().map(|it| it.split('(').next().unwrap().to_owned()).collect::<Vec<_>>();
        assert_eq!(but_code(out_of(&bytes, 1)), but_code(out_of(&bytes, bytes.len())));
    }
}
