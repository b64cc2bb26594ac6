//! Runs of ordinary bytes in JSON strings, several at a time.

const ONES: u64 = u64::from_ne_bytes([1; 8]);
const HIGHS: u64 = ONES << 7;

/// How many of the eight bytes come before the first quote, backslash or control character.
pub(super) fn ordinary(bytes: [u8; 8]) -> usize {
    // Eight when nothing was found.
    (specials(u64::from_le_bytes(bytes)).trailing_zeros() / 8) as usize
}

/// Marks quotes, backslashes and control characters by their bytes' high bits. The lowest mark is right; one above may stand
/// at an ordinary byte.
pub(super) fn specials(word: u64) -> u64 {
    // The high bit of a byte is set in `below(x, n)` if the byte of x is less than n (n at most 128). A borrow can set it
    // wrongly too, but only above a byte where it is right.
    let below = |x: u64, n: u64| x.wrapping_sub(ONES * n) & !x;
    let quote = below(word ^ (ONES * u64::from(b'"')), 1);
    let backslash = below(word ^ (ONES * u64::from(b'\\')), 1);
    let control = below(word, 0x20);
    (quote | backslash | control) & HIGHS
}

/// The same of sixteen bytes: few strings are longer, so that who looks for their end does so without a loop.
pub(super) fn ordinary_of_16(bytes: [u8; 16]) -> usize {
    let word = u128::from_le_bytes(bytes);
    let run = ordinary((word as u64).to_le_bytes());
    if run < 8 { run } else { 8 + ordinary(((word >> 64) as u64).to_le_bytes()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_special_byte_is_found_wherever_it_stands() {
        for byte in 0..=255u8 {
            let special = byte < 0x20 || byte == b'"' || byte == b'\\';
            for place in 0..8 {
                for filler in [b'a', b' ', b'!', b'#', b'[', b']', 0x7f, 0x80, 0xff] {
                    let mut bytes = [filler; 8];
                    bytes[place] = byte;
                    assert_eq!(
                        ordinary(bytes),
                        if special { place } else { 8 },
                        "{byte} at {place} in {filler}"
                    );
                    let mut tail = [byte; 8];
                    tail[..place].fill(filler);
                    assert_eq!(ordinary(tail), if special { place } else { 8 });
                }
            }
        }
    }

    #[test]
    fn of_sixteen_the_first_one_counts() {
        for place in 0..=16 {
            let mut bytes = [b'a'; 16];
            bytes.get_mut(place..).unwrap_or_default().fill(b'"');
            assert_eq!(ordinary_of_16(bytes), place);
        }
    }
}
