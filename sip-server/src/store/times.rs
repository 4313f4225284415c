//! Two clocks at one moment: the timers' and the calendar's.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::clock;

/// What both clocks said at one moment: bindings live by the one, stores by the other.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Times {
    pub(crate) now: Instant,
    pub(crate) wall: SystemTime,
}

impl Times {
    /// What they say.
    pub(crate) fn read() -> Self {
        Self { now: clock::now(), wall: clock::wall() }
    }

    /// The calendar's time of an instant, rounded up to a second: a binding never ends earlier for being stored.
    pub(crate) fn wall_of(&self, at: Instant) -> SystemTime {
        let exact = match at.checked_duration_since(self.now) {
            Some(ahead) => self.wall.checked_add(ahead),
            None => self.wall.checked_sub(self.now.saturating_duration_since(at)),
        };
        let since = exact.and_then(|at| at.duration_since(UNIX_EPOCH).ok()).unwrap_or_default();
        let up = u64::from(since.subsec_nanos() > 0);
        UNIX_EPOCH + Duration::from_secs(since.as_secs().saturating_add(up).min(u64::from(u32::MAX)))
    }

    /// The instant of a calendar's time; one too far away to be said is now.
    pub(crate) fn instant_of(&self, at: SystemTime) -> Instant {
        let found = match at.duration_since(self.wall) {
            Ok(ahead) => self.now.checked_add(ahead),
            Err(error) => self.now.checked_sub(error.duration()),
        };
        found.unwrap_or(self.now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_comes_back_from_the_calendar_at_most_a_second_later() {
        let times = Times::read();
        for ahead in [0, 1, 999, 60_000, 86_400_001] {
            let at = times.now + Duration::from_millis(ahead);
            let back = times.instant_of(times.wall_of(at));
            assert!(back >= at && back <= at + Duration::from_secs(1), "{ahead} ms");
        }
        let before = times.now - Duration::from_secs(1);
        assert!(times.instant_of(times.wall_of(before)) <= times.now);
    }
}
