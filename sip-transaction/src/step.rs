//! What one step of a transaction may use.

use std::time::Instant;

use bytes::Bytes;
use sip_core::{Limits, Message, Target};

use crate::config::Config;
use crate::id::BranchId;
use crate::output::{Outbox, Transmit};
use crate::secret::Secret;
use crate::stats::Stats;

/// The moment, the settings, and where the results go.
pub(crate) struct Step<'a> {
    pub(crate) now: Instant,
    pub(crate) config: &'a Config,
    pub(crate) secret: &'a Secret,
    pub(crate) stats: &'a mut Stats,
    pub(crate) out: &'a mut Outbox,
}

impl Step<'_> {
    /// Puts a message into the outbox.
    pub(crate) fn send(&mut self, target: Target, bytes: Bytes, branch: Option<BranchId>) {
        self.out.transmits.push(Transmit { target, bytes, branch });
    }

    /// Counts a message that could not be made: a bug, or a request that nobody checked.
    pub(crate) fn built<E>(&mut self, result: Result<Bytes, E>) -> Option<Bytes> {
        if result.is_err() {
            self.stats.build_failures += 1;
        }
        result.ok()
    }
}

/// Reads a message of our own making back. What we made was within bounds when we made it.
pub(crate) fn reread(bytes: &Bytes) -> Option<Message> {
    let limits = Limits {
        head_bytes: usize::MAX,
        headers: usize::MAX,
        name_bytes: usize::MAX,
        uri_bytes: usize::MAX,
        body_bytes: usize::MAX,
        ..Limits::default()
    };
    sip_core::parse(bytes.clone(), &limits).ok()
}
