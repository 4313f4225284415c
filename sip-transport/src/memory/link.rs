//! One direction between two hosts: how long it takes, and what it does to datagrams.

use std::time::Duration;

/// Longest extra time of a datagram that is held back so that later ones overtake it.
const HELD_BACK: Duration = Duration::from_millis(10);

/// One direction between two hosts. The default delivers everything at once and in order.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Link {
    /// Time that every datagram takes.
    pub delay: Duration,
    /// More time, up to this, drawn for each datagram: those close together change places.
    pub jitter: Duration,
    /// Share of datagrams that is lost, 0 to 1.
    pub loss: f64,
    /// Share of datagrams that arrives twice, 0 to 1.
    pub duplicate: f64,
    /// Share of datagrams that takes twice the delay and 10 ms more, so that later ones overtake it.
    pub reorder: f64,
}

/// A link and its own stream of random numbers: what happens on one link does not depend on the traffic of
/// another.
#[derive(Debug)]
pub(crate) struct Dice {
    state: u64,
}

impl Dice {
    pub(crate) const fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// When the copies of a datagram arrive: none, one or two delays.
    pub(crate) fn roll(&mut self, link: &Link) -> Vec<Duration> {
        // Always the same number of draws, so that changing one share does not shift the others.
        let lost = self.share() < link.loss;
        let twice = self.share() < link.duplicate;
        let late = self.share() < link.reorder;
        let (first, second) = (link.jitter.mul_f64(self.share()), link.jitter.mul_f64(self.share()));
        if lost {
            return Vec::new();
        }
        let held = if late { link.delay + HELD_BACK } else { Duration::ZERO };
        let mut delays = vec![link.delay + held + first];
        if twice {
            delays.push(link.delay + second);
        }
        delays
    }

    /// The next number in 0..1 (SplitMix64).
    fn share(&mut self) -> f64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_kept_in_the_long_run() {
        let link = Link { loss: 0.3, duplicate: 0.1, ..Link::default() };
        let mut dice = Dice::new(1);
        let rolls: Vec<usize> = (0..10_000).map(|_| dice.roll(&link).len()).collect();
        let count = |n| rolls.iter().filter(|&&r| r == n).count();
        assert!((2_850..3_150).contains(&count(0)), "{}", count(0));
        assert!((600..800).contains(&count(2)), "{}", count(2));
    }

    #[test]
    fn same_seed_rolls_the_same() {
        let link = Link { jitter: Duration::from_millis(5), loss: 0.5, ..Link::default() };
        let rolls = |seed| {
            let mut dice = Dice::new(seed);
            (0..50).map(|_| dice.roll(&link)).collect::<Vec<_>>()
        };
        assert_eq!(rolls(3), rolls(3));
        assert_ne!(rolls(3), rolls(4));
    }
}
