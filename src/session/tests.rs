//! Whatever comes, in whatever pieces, gives the same requests; and no more is held than a line may be long.

use super::*;
use crate::limits::LINE_MAX_BYTES;
use crate::wire::native::noise;

/// Every step until the bytes are used up or the connection ends.
fn steps(pieces: &[&[u8]]) -> Vec<String> {
    let mut session = Session::new(0);
    let mut steps = Vec::new();
    for piece in pieces {
        let mut input = *piece;
        loop {
            let step = format!("{:?}", session.next(&mut input, Duration::ZERO));
            assert!(session.held_bytes() <= LINE_MAX_BYTES + 1 + piece.len());
            match step.as_str() {
                "NeedMore" => break,
                "TooLong" => {
                    steps.push(step);
                    return steps;
                }
                _ => steps.push(step),
            }
        }
    }
    steps
}

#[test]
fn p23_the_pieces_in_which_bytes_come_change_nothing() {
    let mut random = fastrand::Rng::with_seed(230);
    let (mut requests, mut bad, mut too_long) = (0, 0, 0);
    for _ in 0..1_000 {
        let mut bytes = Vec::new();
        (0..random.usize(1..8)).for_each(|_| bytes.extend(noise::request_line(&mut random)));
        if random.u8(..4) == 0 {
            bytes.truncate(random.usize(..bytes.len()));
        }
        let whole = steps(&[&bytes]);
        let longest = [1, 3, 100, 5_000, 70_000][random.usize(..5)];
        // Single bytes of a very long line would only take time.
        let longest = if bytes.len() > 20_000 { longest.max(5_000) } else { longest };
        let (mut pieces, mut rest) = (Vec::new(), &bytes[..]);
        while !rest.is_empty() {
            let (piece, after) = rest.split_at(random.usize(1..=longest).min(rest.len()));
            pieces.push(piece);
            rest = after;
        }
        assert_eq!(steps(&pieces), whole, "{:?}", String::from_utf8_lossy(&bytes));
        requests += whole.iter().filter(|step| step.starts_with("Item")).count();
        bad += whole.iter().filter(|step| step.starts_with("Bad")).count();
        too_long += usize::from(whole.last().is_some_and(|step| step == "TooLong"));
    }
    assert!(requests > 500 && bad > 100 && too_long > 10, "{requests}, {bad} and {too_long} test little");
}
