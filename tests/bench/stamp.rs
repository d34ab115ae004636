//! The text of every message under load: who sent it, its number, and when, in digits of fixed width.
//!
//! Begins with a mark that occurs in no other part of any dialect's lines, so that it is found without parsing them.

/// Begins a stamp, and occurs nowhere else.
pub(crate) const MARK: u8 = b'^';
/// The mark, and 8, 8 and 16 digits.
pub(crate) const LENGTH: usize = 33;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp {
    /// The sender's index among the load's connections.
    pub(crate) sender: u32,
    /// Counts the sender's messages from 0.
    pub(crate) count: u32,
    /// Microseconds since the load began.
    pub(crate) at: u64,
}

impl Stamp {
    /// Appends the stamp, filled up to `length` bytes.
    pub(crate) fn write(self, length: usize, out: &mut Vec<u8>) {
        let start = out.len();
        out.push(MARK);
        out.resize(start + length.max(LENGTH), b'x');
        let digits = &mut out[start + 1..];
        write_digits(&mut digits[..8], u64::from(self.sender));
        write_digits(&mut digits[8..16], u64::from(self.count));
        write_digits(&mut digits[16..32], self.at);
    }

    /// Reads the stamp that `bytes` begin with.
    pub(crate) fn read(bytes: &[u8]) -> Option<Stamp> {
        let digits = bytes.get(1..LENGTH)?;
        Some(Stamp {
            sender: u32::try_from(read_eight(&digits[..8])?).ok()?,
            count: u32::try_from(read_eight(&digits[8..16])?).ok()?,
            at: read_eight(&digits[16..24])? * 100_000_000 + read_eight(&digits[24..])?,
        })
    }
}

fn write_digits(out: &mut [u8], mut value: u64) {
    for digit in out.iter_mut().rev() {
        *digit = b'0' + (value % 10) as u8;
        value /= 10;
    }
}

/// Eight digits at once: pairs, then fours, then all, each step one multiplication for all of them.
fn read_eight(digits: &[u8]) -> Option<u64> {
    let word = u64::from_le_bytes(digits.try_into().ok()?);
    if word & 0xf0f0_f0f0_f0f0_f0f0 != 0x3030_3030_3030_3030 {
        return None;
    }
    let ones = word & 0x0f0f_0f0f_0f0f_0f0f;
    let pairs = (ones.wrapping_mul(10) + (ones >> 8)) & 0x00ff_00ff_00ff_00ff;
    let fours = (pairs.wrapping_mul(100) + (pairs >> 16)) & 0x0000_ffff_0000_ffff;
    Some((fours.wrapping_mul(10_000) + (fours >> 32)) & 0xffff_ffff)
}

/// What is written is read back.
pub(crate) fn self_check() {
    let stamp = Stamp { sender: 4_711, count: 98_765_432, at: 1_234_567_890_123_456 };
    let mut text = Vec::new();
    stamp.write(64, &mut text);
    assert_eq!(text.len(), 64);
    assert_eq!(Stamp::read(&text), Some(stamp));
    assert_eq!(Stamp::read(b"^0000001x"), None);
}
