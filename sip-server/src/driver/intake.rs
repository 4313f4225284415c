//! What has come in and waits for its turn: how a worker sees that it falls behind.
//!
//! The sockets are read ahead of the routes, up to a bound, and each batch is stamped when it is read. So the age of
//! a batch whose turn has come is what its messages have waited, over whatever protocol they came: nothing has to be
//! guessed from the load, and a worker that is busy without being late turns nobody away. Beyond the bound messages
//! stay in the buffers of the system, where their age cannot be seen: a full intake counts as late until it is
//! half empty.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use sip_transport::Inbound;

/// Most messages that wait here.
const MOST: usize = 4_096;
/// Buffers that are kept for the next batches.
const SPARE: usize = 16;

/// See the module.
pub(super) struct Intake {
    batches: VecDeque<(Instant, Vec<Inbound>)>,
    spare: Vec<Vec<Inbound>>,
    waiting: usize,
    max_delay: Option<Duration>,
    overfull: bool,
}

impl Intake {
    /// Messages that have waited for longer than `max_delay` are late; `None`: none ever is.
    pub(super) fn new(max_delay: Option<Duration>) -> Self {
        Self { batches: VecDeque::new(), spare: Vec::new(), waiting: 0, max_delay, overfull: false }
    }

    /// Whether nothing waits.
    pub(super) fn is_empty(&self) -> bool {
        self.batches.is_empty()
    }

    /// Whether more may be read.
    pub(super) fn has_room(&self) -> bool {
        self.waiting < MOST
    }

    /// An empty buffer for the next batch.
    pub(super) fn buffer(&mut self) -> Vec<Inbound> {
        self.spare.pop().unwrap_or_default()
    }

    /// A batch that was read now.
    pub(super) fn put(&mut self, now: Instant, batch: Vec<Inbound>) {
        if batch.is_empty() {
            return self.put_back(batch);
        }
        self.waiting += batch.len();
        self.overfull |= self.waiting >= MOST;
        self.batches.push_back((now, batch));
    }

    /// The batch whose turn it is, and whether it is late.
    pub(super) fn take(&mut self, now: Instant) -> Option<(Vec<Inbound>, bool)> {
        let (read, batch) = self.batches.pop_front()?;
        let age = now.saturating_duration_since(read);
        let late = self.max_delay.is_some_and(|most| age > most || self.overfull);
        self.waiting -= batch.len();
        self.overfull &= self.waiting >= MOST / 2;
        Some((batch, late))
    }

    /// Keeps a buffer that was worked off.
    pub(super) fn put_back(&mut self, mut batch: Vec<Inbound>) {
        batch.clear();
        if self.spare.len() < SPARE {
            self.spare.push(batch);
        }
    }
}

#[cfg(test)]
mod tests {
    use sip_core::{Protocol, Source};

    use super::*;
    use crate::clock;

    fn batch(len: usize) -> Vec<Inbound> {
        let remote = "192.0.2.1:5060".parse().expect("an address");
        let source = Source { protocol: Protocol::Udp, remote, local: remote, flow: None };
        (0..len).map(|_| Inbound::KeepAlive(source)).collect()
    }

    const MAX: Duration = Duration::from_millis(200);

    #[test]
    fn a_batch_is_late_when_it_has_waited_longer_than_it_may() {
        let (mut intake, now) = (Intake::new(Some(MAX)), clock::now());
        intake.put(now, batch(3));
        intake.put(now + MAX, batch(1));
        intake.put(now, batch(0));
        let later = now + MAX + Duration::from_millis(1);
        assert!(intake.take(later).is_some_and(|(batch, late)| batch.len() == 3 && late));
        assert!(intake.take(later).is_some_and(|(batch, late)| batch.len() == 1 && !late));
        assert!(intake.is_empty() && intake.take(later).is_none());
    }

    #[test]
    fn a_full_intake_is_late_until_it_is_half_empty_and_one_without_a_bound_never() {
        for (max_delay, is_late) in [(Some(MAX), true), (None, false)] {
            let (mut intake, now) = (Intake::new(max_delay), clock::now());
            while intake.has_room() {
                intake.put(now, batch(32));
            }
            let mut late = 0;
            while let Some((_, is_late)) = intake.take(now) {
                late += usize::from(is_late);
            }
            assert_eq!(late, if is_late { MOST / 2 / 32 + 1 } else { 0 });
            intake.put(now, batch(1));
            assert!(intake.take(now).is_some_and(|(_, late)| !late));
        }
    }
}
