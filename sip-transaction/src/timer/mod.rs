//! Timers by their RFC letter, and which of them run.

pub(crate) mod wheel;

use std::time::{Duration, Instant};

/// A timer of a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Timer {
    /// INVITE client: send again.
    A,
    /// INVITE client: no response at all (`fr`).
    B,
    /// INVITE client: no final response (`fr_inv`); 64*T1 once the branch is cancelled.
    C,
    /// INVITE client: absorb the final response when it comes again.
    D,
    /// Other client: send again.
    E,
    /// Other client: no final response (`fr`).
    F,
    /// INVITE server: send the final reply again.
    G,
    /// INVITE server: no ACK came.
    H,
    /// INVITE server: absorb further ACKs.
    I,
    /// Other server: absorb the request when it comes again.
    J,
    /// Other client: absorb the final response when it comes again.
    K,
    /// Other server: nothing was replied yet, so a 100 (RFC 4320 4.1 gives it no letter).
    Late,
    /// INVITE server, 2xx: absorb the INVITE, let further 2xx through.
    L,
    /// INVITE client, 2xx: let further 2xx through.
    M,
}

/// T1, T2, T4 and 64*T1 in milliseconds: what each machine carries.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Timing {
    t1: u32,
    t2: u32,
    t4: u32,
    long: u32,
}

impl Timing {
    pub(crate) fn new(t1: Duration, t2: Duration, t4: Duration) -> Timing {
        Timing { t1: ms(t1), t2: ms(t2), t4: ms(t4), long: ms(t1).saturating_mul(64) }
    }

    /// The same with other gaps between retransmissions. How long is waited does not change.
    pub(crate) fn with_gaps(self, t1: Duration, t2: Duration) -> Timing {
        Timing { t1: ms(t1), t2: ms(t2), ..self }
    }

    /// The gap before the first retransmission.
    pub(crate) fn first_gap(self) -> Gap {
        Gap(self.t1)
    }

    pub(crate) fn t1(self) -> Duration {
        Duration::from_millis(u64::from(self.t1))
    }

    pub(crate) fn t4(self) -> Duration {
        Duration::from_millis(u64::from(self.t4))
    }

    /// 64*T1.
    pub(crate) fn long(self) -> Duration {
        Duration::from_millis(u64::from(self.long))
    }

    /// How long a client sends again before its timer E is T2 (RFC 4320 4.1): 3.5 s.
    pub(crate) fn until_t2(self) -> Duration {
        let (mut gap, mut sum) = (u64::from(self.t1), u64::from(self.t1));
        while gap * 2 < u64::from(self.t2) {
            gap *= 2;
            sum += gap;
        }
        Duration::from_millis(sum)
    }
}

/// A gap between two retransmissions, in milliseconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Gap(u32);

impl Gap {
    /// Twice as long, without end.
    pub(crate) fn doubled(self) -> Gap {
        Gap(self.0.saturating_mul(2))
    }

    /// Twice as long, up to T2.
    pub(crate) fn doubled_to_t2(self, timing: Timing) -> Gap {
        Gap(self.doubled().0.min(timing.t2))
    }

    /// T2.
    pub(crate) fn t2(timing: Timing) -> Gap {
        Gap(timing.t2)
    }

    pub(crate) fn time(self) -> Duration {
        Duration::from_millis(u64::from(self.0))
    }
}

fn ms(value: Duration) -> u32 {
    u32::try_from(value.as_millis()).unwrap_or(u32::MAX).max(1)
}

/// Which timers of one machine run, and until when. No machine runs more than two at a time; what is set
/// beyond that would be lost.
#[derive(Clone, Debug)]
pub(crate) struct Deadlines {
    at: [Option<Instant>; 2],
    timer: [Timer; 2],
}

impl Default for Deadlines {
    fn default() -> Deadlines {
        Deadlines { at: [None; 2], timer: [Timer::A; 2] }
    }
}

impl Deadlines {
    /// Starts `timer`, or starts it anew.
    pub(crate) fn set(&mut self, timer: Timer, at: Instant) {
        let free = self.at.iter().position(Option::is_none);
        debug_assert!(self.place(timer).or(free).is_some(), "three timers at a time");
        if let Some(place) = self.place(timer).or(free) {
            (self.timer[place], self.at[place]) = (timer, Some(at));
        }
    }

    /// Stops `timer`.
    pub(crate) fn clear(&mut self, timer: Timer) {
        if let Some(place) = self.place(timer) {
            self.at[place] = None;
        }
    }

    /// Stops all.
    pub(crate) fn clear_all(&mut self) {
        self.at = [None; 2];
    }

    /// When `timer` is due, if it runs.
    #[cfg(test)]
    pub(crate) fn get(&self, timer: Timer) -> Option<Instant> {
        self.place(timer).and_then(|place| self.at[place])
    }

    /// When the first is due.
    pub(crate) fn earliest(&self) -> Option<Instant> {
        earlier(self.at[0], self.at[1])
    }

    /// Takes out the first one that is due; it no longer runs.
    pub(crate) fn pop_due(&mut self, now: Instant) -> Option<Timer> {
        let first = self.earliest().filter(|&first| first <= now)?;
        let place = self.at.iter().position(|&at| at == Some(first))?;
        self.at[place] = None;
        Some(self.timer[place])
    }

    fn place(&self, timer: Timer) -> Option<usize> {
        (0..2).find(|&place| self.at[place].is_some() && self.timer[place] == timer)
    }
}

/// The earlier of two deadlines, where either may be missing.
pub(crate) fn earlier(one: Option<Instant>, two: Option<Instant>) -> Option<Instant> {
    match (one, two) {
        (Some(one), Some(two)) => Some(one.min(two)),
        (one, two) => one.or(two),
    }
}

/// A moment for unit tests to start from.
#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "there is no other way to make an Instant")]
pub(crate) fn test_start() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deadlines_come_out_in_order_and_once() {
        let start = test_start();
        let ms = |ms| start + Duration::from_millis(ms);
        let mut deadlines = Deadlines::default();
        deadlines.set(Timer::B, ms(300));
        deadlines.set(Timer::A, ms(100));
        deadlines.set(Timer::A, ms(200));

        assert_eq!(deadlines.earliest(), Some(ms(200)));
        assert_eq!(deadlines.pop_due(ms(199)), None);
        assert_eq!(deadlines.pop_due(ms(400)), Some(Timer::A));
        assert_eq!(deadlines.pop_due(ms(400)), Some(Timer::B));
        assert_eq!(deadlines.pop_due(ms(400)), None);
    }

    #[test]
    fn stopped_timer_is_never_due() {
        let start = test_start();
        let mut deadlines = Deadlines::default();
        deadlines.set(Timer::G, start);
        deadlines.clear(Timer::G);
        assert_eq!(deadlines.earliest(), None);
    }
}
