//! Filling batches: under load a worker lets datagrams gather for a moment.
//!
//! What a datagram costs is mostly the kernel's: to wake the worker, to receive, to send. Many at once share
//! that, but a worker that looks the moment one has come finds one. So, as network cards do with their
//! interrupts, a worker that has emptied its sockets waits a moment before it looks again, as long as it finds
//! several then. One that is overrun finds full batches, and does not wait either.
//!
//! No clock is needed: what the last waits have brought says whether the next is worth it, and now and then one is tried.

use std::thread;
use std::time::Duration;

use crate::udp::datagram::BATCH;

/// Datagrams that waits have to bring, on average, for the next to be worth it.
const WORTH: usize = 2;

/// Of so many waits the average is, about: a single one that brings little says nothing.
const WAITS: usize = 8;

/// Of so many looks that found something, one is waited for to see.
const TRIED: u32 = 32;

/// When a worker waits for more, and for how long.
#[derive(Debug)]
pub(crate) struct Pace {
    gather: Duration,
    /// Datagrams of the last look.
    last: usize,
    /// The next look comes after a wait.
    waited: bool,
    /// Datagrams that a wait brings on average, times [`WAITS`].
    brought: usize,
    looks: u32,
}

impl Pace {
    pub(crate) fn new(gather: Duration) -> Self {
        Self { gather, last: 0, waited: false, brought: 0, looks: 0 }
    }

    /// A look at the sockets has found this many. None says nothing: the runtime may not have heard of them yet.
    pub(crate) fn found(&mut self, datagrams: usize) {
        if datagrams == 0 {
            return;
        }
        if std::mem::take(&mut self.waited) {
            self.brought = match self.is_worth_it() {
                true => self.brought - self.brought / WAITS + datagrams,
                false => datagrams * WAITS,
            };
        }
        self.last = datagrams;
    }

    /// Before a look at the sockets: sleeps where that is worth it. The thread sleeps: a runtime's timer is
    /// too coarse by far.
    pub(crate) fn gather(&mut self) {
        if !self.gather.is_zero() && self.waits() {
            thread::sleep(self.gather);
        }
    }

    fn is_worth_it(&self) -> bool {
        self.brought >= WORTH * WAITS
    }

    fn waits(&mut self) -> bool {
        // Once for each look that found something, and not when it had left something behind.
        let last = std::mem::take(&mut self.last);
        if last == 0 || last >= BATCH {
            return false;
        }
        self.looks = self.looks.wrapping_add(1);
        self.waited = self.is_worth_it() || self.looks.is_multiple_of(TRIED);
        self.waited
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The pace of a worker that is busy: a wait has brought several datagrams.
    fn busy() -> Pace {
        let mut pace = Pace::new(Duration::from_micros(200));
        while !pace.waits() {
            pace.found(1);
        }
        pace.found(WORTH);
        pace
    }

    #[test]
    fn a_worker_that_finds_one_at_a_time_waits_seldom() {
        let mut pace = Pace::new(Duration::from_micros(200));
        let waits = (0..640).filter(|_| {
            pace.found(1);
            pace.waits()
        });
        assert_eq!(waits.count(), 640 / TRIED as usize);
    }

    #[test]
    fn a_busy_worker_waits_before_every_look_until_waits_bring_little() {
        let mut pace = busy();
        for _ in 0..100 {
            assert!(pace.waits());
            pace.found(5);
        }
        for found in [1, 5, 1, 1, 9, 1] {
            assert!(pace.waits(), "one that brings little says nothing");
            pace.found(found);
        }
        let more = (0..100).take_while(|_| {
            let waits = pace.waits();
            pace.found(1);
            waits
        });
        assert!(more.count() < 4 * WAITS, "the load is over");
    }

    #[test]
    fn a_worker_that_is_overrun_or_idle_does_not_wait() {
        let mut pace = busy();
        pace.found(BATCH);
        assert!(!pace.waits());
        pace.found(0);
        assert!(!pace.waits(), "it sleeps in the system until something comes");
        pace.found(1);
        assert!(pace.waits(), "it is as busy as it was");
        pace.found(0);
        assert!(!pace.waits(), "once for a look");
    }
}
