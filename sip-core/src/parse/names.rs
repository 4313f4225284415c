//! Header names as most write them: recognised by their first sixteen bytes, without looking at each.
//!
//! The registered spelling (`Call-ID`) and the compact form in lower case (`i`), with the colon right behind. The two
//! words that hold the name and its colon are the key of a table that is made at compile time; a key that is equal is the name, so
//! nothing is left to check. Whatever is not found here is read byte by byte.

use crate::name::{COMPACT, NameId, TEXTS, known_id};
use crate::scan::word::{equal, first, pair, through_first};

/// The bits of a place in [`PLACES`].
const BITS: u32 = 9;

/// Spreads the names of 15 bytes and less, and the compact forms, over [`PLACES`] without a collision.
const SPREAD: u64 = 0xd944_2bcb_a8ca_de89;

/// A name with its colon as two words, and its id.
#[derive(Clone, Copy)]
struct Key {
    low: u64,
    high: u64,
    id: NameId,
}

/// What no line gives: a colon in the first word, and something in the second.
const NO_KEY: Key = Key { low: b':' as u64, high: 1, id: NameId::OTHER };

#[inline(always)]
const fn place(low: u64, high: u64) -> usize {
    ((low ^ high).wrapping_mul(SPREAD) >> (64 - BITS)) as usize
}

const fn key(text: &str, id: NameId) -> Key {
    let text = text.as_bytes();
    let mut bytes = [0u8; 16];
    let mut at = 0;
    while at < text.len() {
        bytes[at] = text[at];
        at += 1;
    }
    bytes[at] = b':';
    let (low, high) = pair(&bytes);
    Key { low, high, id }
}

/// The keys, and where each is found in them. Should two want one place, the first has it, and the other is read
/// byte by byte.
const TABLE: ([Key; 256], [u8; 1 << BITS]) = {
    let (mut keys, mut places, mut len) = ([NO_KEY; 256], [0u8; 1 << BITS], 1);
    let mut at = 0;
    while at < TEXTS.len() + COMPACT.len() {
        let (text, id) = if at < TEXTS.len() {
            (TEXTS[at], known_id(TEXTS[at]))
        } else {
            let (letter, name) = COMPACT[at - TEXTS.len()];
            (letter, known_id(name))
        };
        if text.len() < 16 {
            let key = key(text, id);
            let place = place(key.low, key.high);
            if places[place] == 0 {
                keys[len] = key;
                places[place] = len as u8;
                len += 1;
            }
        }
        at += 1;
    }
    (keys, places)
};

static KEYS: [Key; 256] = TABLE.0;
static PLACES: [u8; 1 << BITS] = TABLE.1;

/// The known name that `line` begins with and the offset of the colon behind it. `None`: it has to be looked at.
#[inline(always)]
pub(crate) fn usual_name(line: &[u8]) -> Option<(NameId, usize)> {
    let (low, high) = pair(line.first_chunk::<16>()?);
    let colon = equal(low, b':');
    let (low, high, len) = if colon != 0 {
        (low & through_first(colon), 0, first(colon))
    } else {
        let colon = equal(high, b':');
        (low, high & through_first(colon), 8 + first(colon))
    };
    let key = &KEYS[usize::from(PLACES[place(low, high)])];
    (key.low == low && key.high == high).then_some((key.id, len))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::name::lookup;

    #[test]
    fn every_short_name_is_found_as_it_is_registered() {
        let mut found = 0;
        for text in TEXTS.iter().copied().chain(COMPACT.iter().map(|(letter, _)| *letter)) {
            let line = format!("{text}: x                        ");
            let wanted = (text.len() < 16).then(|| (lookup(text.as_bytes()), text.len()));
            assert_eq!(usual_name(line.as_bytes()), wanted, "{text}");
            found += usize::from(wanted.is_some());
        }
        assert!(found > 110, "{found}");
    }

    #[test]
    fn what_is_written_in_another_way_is_left_to_others() {
        for line in
            ["VIA: x", "Via : x", "Vi: x", ": x", "Via\0: x", "X-Via: x", "\0\0: x", "Via", "V: x", "::"]
        {
            assert_eq!(usual_name(format!("{line}                    ").as_bytes()), None, "{line}");
        }
        assert_eq!(usual_name(b"Via: x"), None, "too short to be looked at so");
        for odd in [
            [0; 16],
            [255; 16],
            *b"\0\0\0\0\0\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff",
            *b":\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0",
        ] {
            assert_eq!(usual_name(&odd), None, "{odd:?}");
        }
    }
}
