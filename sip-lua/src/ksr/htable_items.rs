//! What the functions of htable that write items share.

use std::time::Duration;

use sip_async::SetError;

/// 0 and less: for ever.
pub(crate) fn seconds(time: i64) -> Option<Duration> {
    u64::try_from(time).ok().filter(|time| *time > 0).map(Duration::from_secs)
}

/// 1, or -1 with a line in the log.
pub(crate) fn set(result: Result<(), SetError>) -> i64 {
    match result {
        Ok(()) => 1,
        Err(error) => {
            tracing::warn!(%error, "KSR.htable: not set");
            -1
        }
    }
}
