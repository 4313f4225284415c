//! The clock: the one place of the workspace that reads it.
//!
//! It is tokio's, so that a played network (`tokio::time::pause`) moves the whole server.

use std::time::{Instant, SystemTime};

/// What the clock says.
pub(crate) fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

/// What the calendar says. A played network does not move it.
pub(crate) fn wall() -> SystemTime {
    SystemTime::now()
}
