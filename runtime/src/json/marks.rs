//! Which of several bytes end a run in a JSON string: quotes, backslashes, control characters.

use wide::u8x16;

/// As many bytes are looked at at once as there are bits in a word.
pub(super) const BLOCK: usize = 64;

/// Marks each quote, backslash and control character of a block: the first byte is the lowest bit.
#[inline(always)]
pub(super) fn marks(block: &[u8; BLOCK]) -> u64 {
    let (sixteens, _) = block.as_chunks();
    let marks = sixteens.iter().rev();
    marks.fold(0, |marks, sixteen| marks << 16 | u64::from(marks_of_16(sixteen)))
}

/// The same of sixteen bytes.
#[inline(always)]
pub(super) fn marks_of_16(bytes: &[u8; 16]) -> u16 {
    let bytes = u8x16::new(*bytes);
    let quote = bytes.cmp_eq(u8x16::splat(b'"'));
    let backslash = bytes.cmp_eq(u8x16::splat(b'\\'));
    let control = bytes.min(u8x16::splat(0x1f)).cmp_eq(bytes);
    // One bit for each byte.
    (quote | backslash | control).move_mask() as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one_by_one(bytes: &[u8]) -> u64 {
        let is_special = |byte: u8| byte < 0x20 || byte == b'"' || byte == b'\\';
        bytes.iter().rev().fold(0, |marks, byte| marks << 1 | u64::from(is_special(*byte)))
    }

    #[test]
    fn each_byte_is_marked_wherever_it_stands_and_no_other() {
        for byte in 0..=255u8 {
            for filler in [b'a', b' ', b'!', b'#', b'[', b']', b'"', b'\\', 0, 0x1f, 0x7f, 0x80, 0xff] {
                for place in 0..16 {
                    let mut bytes = [filler; 16];
                    bytes[place] = byte;
                    let expected = one_by_one(&bytes);
                    assert_eq!(u64::from(marks_of_16(&bytes)), expected, "{byte} at {place} in {filler}");
                }
            }
        }
    }

    #[test]
    fn a_block_is_marked_from_its_first_byte_on() {
        for place in 0..BLOCK {
            let mut block = [b'a'; BLOCK];
            block[place] = b'\\';
            block[BLOCK - 1 - place] = b'"';
            assert_eq!(marks(&block), one_by_one(&block));
        }
    }
}
