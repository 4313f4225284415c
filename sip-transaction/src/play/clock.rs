//! A clock that jumps.

use std::time::{Duration, Instant};

/// Time as the played network knows it: it stands still, and jumps to the next thing that happens.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    start: Instant,
    now: Instant,
}

impl Clock {
    /// A clock that stands at `start`. Which moment that is makes no difference.
    pub fn new(start: Instant) -> Clock {
        Clock { start, now: start }
    }

    /// The moment it shows.
    pub fn now(&self) -> Instant {
        self.now
    }

    /// How far it is from its start.
    pub fn elapsed(&self) -> Duration {
        self.now - self.start
    }

    /// Jumps to `at`; never back.
    pub fn jump(&mut self, at: Instant) {
        self.now = self.now.max(at);
    }
}
