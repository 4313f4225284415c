//! The moment, by tokio's clock, which a test may have paused.

use std::time::Duration;

use tokio::time::{Instant, sleep};

/// The moment at which a timer that starts now and takes no time ends.
pub(crate) fn now() -> Instant {
    sleep(Duration::ZERO).deadline()
}
