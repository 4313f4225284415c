//! Filling batches: under load a worker lets datagrams gather for a moment.
//!
//! What a datagram costs is mostly the kernel's: to wake the worker, to receive, to send. Many at once share
//! that, but a worker that looks the moment one has come finds one. So, as network cards do with their
//! interrupts, a worker that is busy, and has emptied its sockets, looks again a moment later. One that
//! is not busy looks at once; one that is overrun finds full batches, and does not wait either.

use std::thread;
use std::time::{Duration, Instant};

use crate::udp::datagram::BATCH;

/// How often the rate is judged.
const JUDGED_EVERY: Duration = Duration::from_millis(10);

/// Datagrams that would gather in the time for it to be worth the wait.
const WORTH: u32 = 2;

/// When a worker waits for more, and for how long.
#[derive(Debug)]
pub(crate) struct Pace {
    gather: Duration,
    since: Instant,
    /// Datagrams since then.
    seen: u32,
    /// Datagrams of the last look.
    last: usize,
    busy: bool,
}

impl Pace {
    pub(crate) fn new(gather: Duration, now: Instant) -> Self {
        Self { gather, since: now, seen: 0, last: 0, busy: false }
    }

    /// A look at the sockets has found this many.
    pub(crate) fn found(&mut self, datagrams: usize) {
        self.seen = self.seen.saturating_add(u32::try_from(datagrams).unwrap_or(u32::MAX));
        self.last = datagrams;
    }

    /// Before a look at the sockets: sleeps where that is worth it. The thread sleeps: a runtime's timer is
    /// too coarse by far.
    pub(crate) fn gather(&mut self) {
        if !self.gather.is_zero() && self.is_worth_it(Instant::now()) {
            thread::sleep(self.gather);
        }
    }

    fn is_worth_it(&mut self, now: Instant) -> bool {
        let time = now.saturating_duration_since(self.since);
        if time >= JUDGED_EVERY {
            self.busy = self.gather.saturating_mul(self.seen) >= time.saturating_mul(WORTH);
            (self.since, self.seen) = (now, 0);
        }
        // Each look is waited for once at most, and not when it had left something behind.
        let last = std::mem::take(&mut self.last);
        self.busy && last > 0 && last < BATCH
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GATHER: Duration = Duration::from_micros(200);

    /// Whether a worker waits that has found `each` datagrams `times` in ten milliseconds.
    fn waits(each: usize, times: usize) -> bool {
        let start = Instant::now();
        let mut pace = Pace::new(GATHER, start);
        for _ in 0..times {
            pace.found(each);
        }
        pace.is_worth_it(start + JUDGED_EVERY)
    }

    #[test]
    fn a_worker_waits_when_two_datagrams_come_in_the_time() {
        assert!(!waits(1, 99));
        assert!(waits(1, 100));
        assert!(waits(BATCH - 1, 10));
    }

    #[test]
    fn a_worker_that_is_overrun_does_not_wait() {
        assert!(!waits(BATCH, 100));
    }

    #[test]
    fn a_worker_waits_once_for_what_it_found() {
        let start = Instant::now();
        let mut pace = Pace::new(GATHER, start);
        pace.found(200);
        pace.found(1);
        assert!(pace.is_worth_it(start + JUDGED_EVERY));
        assert!(
            !pace.is_worth_it(start + JUDGED_EVERY),
            "nothing came: it sleeps in the system until something does"
        );
        pace.found(1);
        assert!(pace.is_worth_it(start + JUDGED_EVERY));
        assert!(!pace.is_worth_it(start + 3 * JUDGED_EVERY), "the load is over");
    }
}
