//! Identifiers that nobody else has (RFC 9562): for `KSR.uuid` and `$uuid`.

use std::time::{SystemTime, UNIX_EPOCH};

use uuid::Builder;

/// From 1582, where these clocks begin, to 1970, in steps of 100 ns.
const GREGORIAN: u64 = 0x01b2_1dd2_1381_4000;

/// Of chance alone; `None`: the system gave none.
pub(crate) fn random() -> Option<String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).ok()?;
    Some(Builder::from_random_bytes(bytes).into_uuid().to_string())
}

/// Of the time, and chance where a machine would give itself away.
pub(crate) fn timed(now: SystemTime) -> Option<String> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).ok()?;
    let [a, b, node @ ..] = bytes;
    let since = now.duration_since(UNIX_EPOCH).ok()?;
    let ticks = GREGORIAN.checked_add(u64::try_from(since.as_nanos() / 100).ok()?)?;
    let uuid = Builder::from_gregorian_timestamp(ticks, u16::from_be_bytes([a, b]) & 0x3fff, &node);
    Some(uuid.into_uuid().to_string())
}
