//! Filling batches: under load a worker lets datagrams gather for a moment.
//!
//! What a datagram costs is mostly the kernel's: to wake the worker, to receive, to send. Many at once share
//! that, but a worker that looks the moment one has come finds one. So, as network cards do with their
//! interrupts, a worker that has emptied its sockets waits a moment before it looks again, as long as it finds
//! several then. One that is overrun finds full batches, and does not wait either.
//!
//! No clock is needed: what a wait has brought says whether the next is worth it, and now and then one is tried.

use std::thread;
use std::time::Duration;

use crate::udp::datagram::BATCH;

/// Datagrams that a wait has to bring for the next to be worth it.
const WORTH: usize = 2;

/// Of so many looks that found something, one is waited for to see.
const TRIED: u32 = 64;

/// When a worker waits for more, and for how long.
#[derive(Debug)]
pub(crate) struct Pace {
    gather: Duration,
    /// Datagrams of the last look.
    last: usize,
    /// The next look comes after a wait.
    waited: bool,
    worth_it: bool,
    looks: u32,
}

impl Pace {
    pub(crate) fn new(gather: Duration) -> Self {
        Self { gather, last: 0, waited: false, worth_it: false, looks: 0 }
    }

    /// A look at the sockets has found this many.
    pub(crate) fn found(&mut self, datagrams: usize) {
        if std::mem::take(&mut self.waited) {
            self.worth_it = datagrams >= WORTH;
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

    fn waits(&mut self) -> bool {
        // Once for each look that found something, and not when it had left something behind.
        let last = std::mem::take(&mut self.last);
        if last == 0 || last >= BATCH {
            return false;
        }
        self.looks = self.looks.wrapping_add(1);
        self.waited = self.worth_it || self.looks.is_multiple_of(TRIED);
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
        assert_eq!(waits.count(), 10);
    }

    #[test]
    fn a_busy_worker_waits_before_every_look_until_one_brings_little() {
        let mut pace = busy();
        for _ in 0..100 {
            assert!(pace.waits());
            pace.found(5);
        }
        assert!(pace.waits());
        pace.found(1);
        assert!(!pace.waits(), "the load is over");
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
        assert!(!pace.waits(), "once for a look");
    }
}
