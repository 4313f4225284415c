//! Expiry: which address of record has a binding that ends next.
//!
//! One entry an address of record, its earliest deadline. A refresh that only moves the deadline
//! back leaves the entry where it is, for the common REGISTER costs nothing here then; the entry is looked at
//! again when it comes up. So there is never more than one entry each, whatever a phone does.

use std::collections::BTreeSet;
use std::time::Instant;

use crate::aor::Aor;

/// The deadlines of one shard.
#[derive(Debug, Default)]
pub(crate) struct Expiry {
    queue: BTreeSet<(Instant, Aor)>,
}

impl Expiry {
    /// Sees to it that `aor` comes up at `due` or before. `queued` is where it stands now; the
    /// result is where it stands then.
    pub(crate) fn set(&mut self, aor: &Aor, queued: Option<Instant>, due: Instant) -> Instant {
        match queued {
            Some(at) if at <= due => at,
            _ => {
                self.clear(aor, queued);
                self.queue.insert((due, aor.clone()));
                due
            }
        }
    }

    /// Takes `aor` out.
    pub(crate) fn clear(&mut self, aor: &Aor, queued: Option<Instant>) {
        if let Some(at) = queued {
            self.queue.remove(&(at, aor.clone()));
        }
    }

    /// The next one that is due at `now`, taken out.
    pub(crate) fn pop(&mut self, now: Instant) -> Option<Aor> {
        if self.next()? > now {
            return None;
        }
        self.queue.pop_first().map(|(_, aor)| aor)
    }

    /// When to look again: at or before the first end of a binding.
    pub(crate) fn next(&self) -> Option<Instant> {
        self.queue.first().map(|(at, _)| *at)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[expect(clippy::disallowed_methods, reason = "a test needs some instant to count from")]
    fn start() -> Instant {
        Instant::now()
    }

    #[test]
    fn there_is_one_entry_for_each_whatever_comes() {
        let (start, bob) = (start(), Aor::from_bytes(b"bob"));
        let mut expiry = Expiry::default();
        let mut queued = None;
        for seconds in [600, 300, 900, 100, 50, 3600] {
            queued = Some(expiry.set(&bob, queued, start + Duration::from_secs(seconds)));
        }
        assert_eq!(expiry.queue.len(), 1);
        assert_eq!(expiry.next(), Some(start + Duration::from_secs(50)), "the earliest asked for");
        assert_eq!(expiry.pop(start + Duration::from_secs(49)), None);
        assert_eq!(expiry.pop(start + Duration::from_secs(50)), Some(bob));
        assert_eq!(expiry.next(), None);
    }
}
