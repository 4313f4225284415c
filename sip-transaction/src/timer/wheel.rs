//! The wheel of one table: the earliest deadline of each transaction.
//!
//! ```text
//! level 0   64 buckets of  1 ms     what is due within the current 64 ms, to the millisecond
//! level 1   64 buckets of 64 ms     emptied into level 0 when its time begins
//! ...
//! level 4   64 buckets of 4.7 h     12 days; what is later comes out early and is put back
//! ```
//!
//! An entry is a slot number and is in one bucket at most; buckets are linked lists through an array
//! with one node a slot, so that setting, moving and clearing cost a few stores and never allocate
//! once the table has reached its size. Nothing comes out before its deadline; what comes out is
//! late by the part of a millisecond that its deadline was rounded up.

use std::time::{Duration, Instant};

const LEVELS: usize = 5;
const BITS: usize = 6;
const BUCKETS: usize = 1 << BITS;
const SPAN: u64 = 1 << (LEVELS * BITS);
const NONE: u32 = u32::MAX;
const OUT: u16 = u16::MAX;

/// See the head of this file.
#[derive(Debug)]
pub(crate) struct Wheel {
    /// The moment of tick 0: the first `now` that was seen.
    epoch: Option<Instant>,
    /// Every entry before this tick has come out.
    tick: u64,
    /// One bit a bucket, one word a level.
    occupied: [u64; LEVELS],
    heads: [u32; LEVELS * BUCKETS],
    nodes: Vec<Node>,
    len: usize,
}

#[derive(Clone, Debug)]
struct Node {
    tick: u64,
    previous: u32,
    next: u32,
    bucket: u16,
}

impl Wheel {
    pub(crate) fn new() -> Wheel {
        Wheel {
            epoch: None,
            tick: 0,
            occupied: [0; LEVELS],
            heads: [NONE; LEVELS * BUCKETS],
            nodes: Vec::new(),
            len: 0,
        }
    }

    /// How many slots have a deadline.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Sets, moves or clears the deadline of `slot`.
    pub(crate) fn set(&mut self, now: Instant, slot: u32, deadline: Option<Instant>) {
        let tick = deadline.map(|at| self.tick_of(now, at));
        let place = slot as usize;
        if let Some(node) = self.nodes.get(place)
            && node.bucket != OUT
        {
            if tick == Some(node.tick) {
                return;
            }
            self.unlink(slot);
        }
        let Some(tick) = tick else { return };
        if place >= self.nodes.len() {
            self.nodes.resize(place + 1, Node { tick: 0, previous: NONE, next: NONE, bucket: OUT });
        }
        self.link(slot, tick);
    }

    /// When to call [`Wheel::pop_due`] next. Never later than the earliest deadline; may be earlier
    /// for one that is far away.
    pub(crate) fn next(&self) -> Option<Instant> {
        let (_, _, tick) = self.first()?;
        Some(self.epoch? + Duration::from_millis(tick))
    }

    /// Takes out one slot that is due. It has no deadline until one is set again.
    pub(crate) fn pop_due(&mut self, now: Instant) -> Option<u32> {
        let until = now.saturating_duration_since(self.epoch?).as_millis() as u64;
        while let Some((level, bucket, start)) = self.first() {
            if start > until {
                break;
            }
            self.tick = self.tick.max(start);
            let slot = self.heads[bucket];
            if level == 0 {
                self.unlink(slot);
                return Some(slot);
            }
            // The time of this bucket begins: spread it over the levels below.
            let mut next = slot;
            while next != NONE {
                let slot = next;
                let node = &self.nodes[slot as usize];
                let tick = node.tick;
                next = node.next;
                self.unlink(slot);
                self.link(slot, tick);
            }
        }
        self.tick = self.tick.max(until);
        None
    }

    /// The first bucket with anything in it: its level, its place in `heads`, the tick it begins at.
    fn first(&self) -> Option<(usize, usize, u64)> {
        let level = self.occupied.iter().position(|&word| word != 0)?;
        let bucket = self.occupied[level].trailing_zeros() as usize;
        let above = self.tick >> ((level + 1) * BITS) << ((level + 1) * BITS);
        let start = above | (bucket as u64) << (level * BITS);
        Some((level, level * BUCKETS + bucket, start))
    }

    fn tick_of(&mut self, now: Instant, at: Instant) -> u64 {
        let epoch = *self.epoch.get_or_insert(now);
        at.saturating_duration_since(epoch).as_nanos().div_ceil(1_000_000) as u64
    }

    fn link(&mut self, slot: u32, tick: u64) {
        // Due already, or beyond the last level: into the nearest bucket there is.
        let shown = tick.clamp(self.tick, self.tick | (SPAN - 1));
        let level = (63 - ((self.tick ^ shown) | (BUCKETS as u64 - 1)).leading_zeros() as usize) / BITS;
        let within = (shown >> (level * BITS)) as usize & (BUCKETS - 1);
        let bucket = level * BUCKETS + within;
        let next = self.heads[bucket];
        if next != NONE {
            self.nodes[next as usize].previous = slot;
        }
        self.nodes[slot as usize] = Node { tick, previous: NONE, next, bucket: bucket as u16 };
        self.heads[bucket] = slot;
        self.occupied[level] |= 1 << within;
        self.len += 1;
    }

    fn unlink(&mut self, slot: u32) {
        let Node { previous, next, bucket, .. } = self.nodes[slot as usize].clone();
        let bucket = usize::from(bucket);
        if next != NONE {
            self.nodes[next as usize].previous = previous;
        }
        if previous != NONE {
            self.nodes[previous as usize].next = next;
        } else {
            self.heads[bucket] = next;
            if next == NONE {
                self.occupied[bucket / BUCKETS] &= !(1 << (bucket % BUCKETS));
            }
        }
        self.nodes[slot as usize].bucket = OUT;
        self.len -= 1;
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;
    use crate::timer::test_start;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn deadline_is_met_to_the_millisecond() {
        for after in [0, 1, 63, 64, 500, 4_095, 32_000, 180_000, 86_400_000] {
            let start = test_start();
            let mut wheel = Wheel::new();
            wheel.set(start, 7, Some(start + ms(after)));
            let due = loop {
                let next = wheel.next().expect("it is there until it comes out");
                if let Some(slot) = wheel.pop_due(next) {
                    assert_eq!(slot, 7);
                    break next;
                }
            };
            assert_eq!(due - start, ms(after));
            assert_eq!((wheel.len(), wheel.next()), (0, None));
        }
    }

    #[test]
    fn part_of_a_millisecond_is_rounded_up() {
        let start = test_start();
        let mut wheel = Wheel::new();
        wheel.set(start, 0, Some(start + Duration::from_micros(1_500)));
        assert_eq!(wheel.next(), Some(start + ms(2)));
        assert_eq!(wheel.pop_due(start + ms(1)), None);
        assert_eq!(wheel.pop_due(start + ms(2)), Some(0));
    }

    #[test]
    fn very_late_deadline_comes_out_early_rather_than_never() {
        let start = test_start();
        let mut wheel = Wheel::new();
        wheel.set(start, 0, Some(start + Duration::from_secs(90 * 86_400)));
        assert!(wheel.next().expect("it is kept") <= start + ms(SPAN));
    }

    proptest! {
        /// The wheel gives the same slots at the same times as a sorted set does.
        #[test]
        fn wheel_agrees_with_a_sorted_set(
            steps in proptest::collection::vec((0u32..20, 0u64..200_000, 0u64..3_000, any::<bool>()), 1..200)
        ) {
            let start = test_start();
            let mut now = 0;
            let mut wheel = Wheel::new();
            wheel.set(start, 0, None);
            let mut naive: BTreeSet<(u64, u32)> = BTreeSet::new();
            for (slot, after, jump, clear) in steps {
                naive.retain(|&(_, other)| other != slot);
                if clear {
                    wheel.set(start + ms(now), slot, None);
                } else {
                    naive.insert((now + after, slot));
                    wheel.set(start + ms(now), slot, Some(start + ms(now + after)));
                }
                prop_assert_eq!(wheel.len(), naive.len());
                if let Some(&(first, _)) = naive.first() {
                    prop_assert!(wheel.next().is_some_and(|next| next <= start + ms(first.max(now))));
                }
                now += jump;
                let mut due: Vec<u32> = std::iter::from_fn(|| wheel.pop_due(start + ms(now))).collect();
                let mut expected: Vec<u32> = naive.iter().filter(|(at, _)| *at <= now).map(|&(_, slot)| slot).collect();
                naive.retain(|&(at, _)| at > now);
                due.sort_unstable();
                expected.sort_unstable();
                prop_assert_eq!(due, expected);
            }
        }
    }
}
