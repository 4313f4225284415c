//! What happens to a datagram on its way: delay, loss, reordering, duplication, from a seed.

use std::time::Duration;

/// How the network treats datagrams. Streams are only delayed, by `delay` alone, and stay in order.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Link {
    /// How long each takes.
    pub delay: Duration,
    /// What may come on top, evenly spread: this is what reorders.
    pub jitter: Duration,
    /// How many of a hundred are lost.
    pub loss: u8,
    /// How many of a hundred arrive twice.
    pub duplicate: u8,
}

impl Default for Link {
    /// A perfect network: 10 ms, nothing else.
    fn default() -> Link {
        Link { delay: Duration::from_millis(10), jitter: Duration::ZERO, loss: 0, duplicate: 0 }
    }
}

impl Link {
    /// A perfect network that loses `loss` of a hundred datagrams.
    pub fn losing(loss: u8) -> Link {
        Link { loss, ..Link::default() }
    }

    /// A network that does all that networks do: it loses a fifth, doubles a tenth, and a datagram
    /// takes between 10 and 300 ms.
    pub fn rough() -> Link {
        Link { jitter: Duration::from_millis(290), loss: 20, duplicate: 10, ..Link::default() }
    }

    /// How long each copy of one datagram takes: none when it is lost.
    pub(crate) fn carry(&self, dice: &mut Dice) -> impl Iterator<Item = Duration> + use<> {
        let lost = dice.percent() < self.loss;
        let doubled = dice.percent() < self.duplicate;
        let mut takes = || self.delay + Duration::from_millis(dice.below(self.jitter.as_millis() as u64 + 1));
        let copies = [takes(), takes()];
        let count = match (lost, doubled) {
            (true, _) => 0,
            (false, false) => 1,
            (false, true) => 2,
        };
        copies.into_iter().take(count)
    }
}

/// Chance that repeats: the same seed, the same throws.
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    /// Dice of this seed.
    pub fn new(seed: u64) -> Dice {
        Dice(seed)
    }

    /// The next number (splitmix64).
    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    }

    /// A number below `end`, which is not 0.
    pub fn below(&mut self, end: u64) -> u64 {
        self.draw() % end.max(1)
    }

    fn percent(&mut self) -> u8 {
        self.below(100) as u8
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_of_all_datagrams_are_lost_and_the_same_ones_each_time() {
        let throw = |seed| {
            let mut dice = Dice::new(seed);
            (0..1_000).map(|_| Link::losing(50).carry(&mut dice).count()).collect::<Vec<_>>()
        };
        let lost = throw(1).iter().filter(|&&copies| copies == 0).count();
        assert!((450..550).contains(&lost), "{lost}");
        assert_eq!(throw(1), throw(1));
        assert_ne!(throw(1), throw(2));
    }
}
