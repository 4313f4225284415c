//! Which nonce counts were used: what a replay meets.
//!
//! A nonce is remembered from its first good response on, in the one place that its number leads to. Where a later
//! nonce stands already, the earlier is stale; so memory is bounded, nothing has to be cleared, and whatever
//! happens no count is good twice.

use std::sync::{Mutex, PoisonError};

use super::nonce::NonceId;

/// Locks; each is held for one look.
const SHARDS: usize = 64;
/// How far behind the highest count one may come: requests overtake each other.
const WINDOW: u32 = 32;
/// Most nonces: 1 GiB of them.
const MOST: usize = 1 << 26;

/// What a count is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Count {
    /// Not used before; it is now.
    Fresh,
    /// Used before, or further behind than is remembered.
    Used,
    /// A later nonce took the place of this one.
    Forgotten,
}

/// The last counts of one nonce; bit n of `seen` is `highest - n`.
#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    id: u64,
    highest: u32,
    seen: u32,
}

/// The counts of the nonces in use.
#[derive(Debug)]
pub(crate) struct Counts {
    shards: Box<[Mutex<Box<[Slot]>>]>,
    mask: usize,
}

impl Counts {
    /// Room for this many nonces.
    pub(crate) fn new(nonces: usize) -> Self {
        let nonces = nonces.clamp(SHARDS, MOST).next_power_of_two();
        let shard = || Mutex::new(vec![Slot::default(); nonces / SHARDS].into_boxed_slice());
        Self { shards: (0..SHARDS).map(|_| shard()).collect(), mask: nonces - 1 }
    }

    /// Uses a count.
    pub(crate) fn take(&self, id: NonceId, count: u32) -> Count {
        let at = id.0 as usize & self.mask;
        let Some(shard) = self.shards.get(at % SHARDS) else { return Count::Forgotten };
        // A slot is written field by field from values: it is whole even after a panic.
        let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(slot) = shard.get_mut(at / SHARDS) else { return Count::Forgotten };
        if slot.id > id.0 {
            return Count::Forgotten;
        }
        if slot.id < id.0 {
            *slot = Slot { id: id.0, ..Slot::default() };
        }
        slot.take(count)
    }
}

impl Slot {
    fn take(&mut self, count: u32) -> Count {
        if count == 0 {
            return Count::Used; // the first is 1
        }
        if count > self.highest {
            self.seen = self.seen.checked_shl(count - self.highest).unwrap_or(0) | 1;
            self.highest = count;
            return Count::Fresh;
        }
        let behind = self.highest - count;
        let bit = 1_u32.checked_shl(behind).unwrap_or(0);
        if behind >= WINDOW || self.seen & bit != 0 {
            return Count::Used;
        }
        self.seen |= bit;
        Count::Fresh
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_count_is_good_once_and_may_come_late_within_the_window() {
        let counts = Counts::new(64);
        let id = NonceId(1 << 40);
        for (count, wanted) in [
            (1, Count::Fresh),
            (1, Count::Used),
            (3, Count::Fresh),
            (2, Count::Fresh),
            (2, Count::Used),
            (0, Count::Used),
            (40, Count::Fresh),
            (9, Count::Fresh),
            (8, Count::Used),
            (u32::MAX, Count::Fresh),
            (u32::MAX, Count::Used),
            (u32::MAX - 31, Count::Fresh),
            (u32::MAX - 32, Count::Used),
            (41, Count::Used),
        ] {
            assert_eq!(counts.take(id, count), wanted, "{count}");
        }
    }

    #[test]
    fn a_later_nonce_in_the_same_place_makes_the_earlier_stale_for_ever() {
        let counts = Counts::new(64);
        let (early, late) = (NonceId(1 << 32 | 5), NonceId(2 << 32 | 5));
        assert_eq!(counts.take(early, 1), Count::Fresh);
        assert_eq!(counts.take(late, 1), Count::Fresh);
        assert_eq!(counts.take(early, 2), Count::Forgotten);
        assert_eq!(counts.take(late, 1), Count::Used);
        assert_eq!(counts.take(NonceId(1 << 32 | 6), 1), Count::Fresh, "the neighbour is untouched");
    }

    /// Against a set that forgets nothing: no count is good twice, whatever the order.
    #[test]
    fn no_count_of_any_nonce_is_good_twice() {
        let counts = Counts::new(64);
        let (mut good, mut random) = (BTreeSet::new(), 1_u64);
        for _ in 0..20_000 {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let (id, count) = (1 + (random >> 33) % 200, 1 + (random >> 50) as u32 % 60);
            if counts.take(NonceId(id), count) == Count::Fresh {
                assert!(good.insert((id, count)), "{id}: {count} was good twice");
            }
        }
        assert!(good.len() > 100);
    }
}
