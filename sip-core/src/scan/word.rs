//! Eight bytes at a time: a word of memory tells which of its bytes are of some kind.
//!
//! A mark is the highest bit of a byte. The first mark of a word is exact; behind it there may be marks that mean
//! nothing, because a subtraction borrows upwards.

const ONES: u64 = 0x0101_0101_0101_0101;
/// The bits that are marks.
pub(crate) const HIGH: u64 = 0x8080_8080_8080_8080;

/// Marks the bytes of `word` that are `byte`.
#[inline(always)]
pub(crate) const fn equal(word: u64, byte: u8) -> u64 {
    let differs = word ^ (ONES * byte as u64);
    differs.wrapping_sub(ONES) & !differs & HIGH
}

/// Marks the bytes of `word` below `limit`, which is at most 128.
#[inline(always)]
pub(crate) const fn below(word: u64, limit: u8) -> u64 {
    word.wrapping_sub(ONES * limit as u64) & !word & HIGH
}

/// As [`below`], with marks at some bytes above 127 too: for text that is mostly ASCII.
#[inline(always)]
pub(crate) const fn loosely_below(word: u64, limit: u8) -> u64 {
    word.wrapping_sub(ONES * limit as u64) & HIGH
}

/// Marks the bytes of `word` above `limit`, which is below 127. A byte above 127 spoils those behind it.
#[inline(always)]
pub(crate) const fn above(word: u64, limit: u8) -> u64 {
    word.wrapping_add(ONES * (127 - limit) as u64) & HIGH
}

/// Which byte the first mark is at: 8 without a mark.
#[inline(always)]
pub(crate) const fn first(marks: u64) -> usize {
    (marks.trailing_zeros() / 8) as usize
}

/// Every bit of the bytes up to the first mark, with that of the mark; of a word without marks, all.
#[inline(always)]
pub(crate) const fn through_first(marks: u64) -> u64 {
    marks ^ marks.wrapping_sub(1)
}

/// Every bit behind the first mark; of a word without marks, none.
#[inline(always)]
pub(crate) const fn after_first(marks: u64) -> u64 {
    !through_first(marks)
}

/// The words of sixteen bytes, the first byte lowest.
#[inline(always)]
pub(crate) const fn pair(chunk: &[u8; 16]) -> (u64, u64) {
    let both = u128::from_le_bytes(*chunk);
    (both as u64, (both >> 64) as u64)
}

/// The offset of the first byte from `from` on that `exact` marks; where fewer than sixteen bytes are left, that of
/// the first of these. `loose` may mark more, and is asked first.
#[inline(always)]
pub(crate) fn skip_unmarked(
    text: &[u8],
    from: usize,
    loose: impl Fn(u64) -> u64,
    exact: impl Fn(u64) -> u64,
) -> usize {
    let Some(rest) = text.get(from..) else { return from };
    let mut at = from;
    for chunk in rest.as_chunks::<16>().0 {
        let (low, high) = pair(chunk);
        if loose(low) | loose(high) != 0 {
            let (low, high) = (exact(low), exact(high));
            if low != 0 {
                return at + first(low);
            }
            if high != 0 {
                return at + 8 + first(high);
            }
        }
        at += 16;
    }
    at
}

/// The offset of the first byte of `text` that `marks` marks, if it does so for no other before it; where fewer than
/// eight bytes are left, that of the first of these. For short texts.
#[inline(always)]
pub(crate) fn skip_words(text: &[u8], marks: impl Fn(u64) -> u64) -> usize {
    let mut at = 0;
    for chunk in text.as_chunks::<8>().0 {
        let found = marks(u64::from_le_bytes(*chunk));
        if found != 0 {
            return at + first(found);
        }
        at += 8;
    }
    at
}

/// The offset of the first `byte`. For short texts; [`memchr::memchr`] is for long ones.
#[inline(always)]
pub(crate) fn find(text: &[u8], byte: u8) -> Option<usize> {
    let mut at = skip_words(text, |word| equal(word, byte));
    while let Some(&here) = text.get(at) {
        if here == byte {
            return Some(at);
        }
        at += 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_mark_is_exact_wherever_it_is() {
        for at in 0..8 {
            for byte in 0..=255u8 {
                let mut text = [b'x'; 8];
                text[at] = byte;
                let word = u64::from_le_bytes(text);
                let is = |marks: u64, found: bool| first(marks) == if found { at } else { 8 };
                assert!(is(equal(word, b':'), byte == b':'), "{byte} at {at}");
                assert!(is(below(word, 14), byte < 14), "{byte} at {at}");
                assert!(is(below(word, 0x21), byte < 0x21), "{byte} at {at}");
                assert!(byte > 127 || is(loosely_below(word, 14), byte < 14), "{byte} at {at}");
            }
        }
    }

    #[test]
    fn bytes_above_a_limit_are_marked_in_ascii() {
        for (at, byte) in (0..8).flat_map(|at| (0..128).map(move |byte| (at, byte))) {
            let mut text = [b'-'; 8];
            text[at] = byte;
            let marks = above(u64::from_le_bytes(text), b'>');
            assert_eq!(first(marks), if byte > b'>' { at } else { 8 }, "{byte} at {at}");
        }
    }

    #[test]
    fn bytes_up_to_the_first_mark_are_kept() {
        let word = u64::from_le_bytes(*b"Via: a:b");
        let kept = |byte| (word & through_first(equal(word, byte))).to_le_bytes();
        assert_eq!(kept(b':'), *b"Via:\0\0\0\0");
        assert_eq!((kept(b'V'), kept(b'b'), kept(b'?')), (*b"V\0\0\0\0\0\0\0", *b"Via: a:b", *b"Via: a:b"));
    }

    #[test]
    fn a_byte_is_found_at_any_place_of_a_text_of_any_length() {
        for len in 0..40 {
            assert_eq!(find(&vec![b'x'; len], b'@'), None);
            for at in 0..len {
                let mut text = vec![b'x'; len];
                text[at] = b'@';
                text[len - 1] = b'@';
                assert_eq!(find(&text, b'@'), Some(at), "{at} of {len}");
            }
        }
    }
}
