//! What a route sets for its transaction before there is one, or for one that is there.

use std::time::{Duration, Instant};

use sip_transaction::{Table, TransactionId};

/// Timers and manners of one transaction; `None` leaves the setting of the server.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Settings {
    /// `fr_inv` and `fr`.
    pub(crate) fr: (Option<Duration>, Option<Duration>),
    /// Of an INVITE, and of anything else.
    pub(crate) lifetime: (Option<Duration>, Option<Duration>),
    /// T1 and T2.
    pub(crate) retr: (Option<Duration>, Option<Duration>),
    pub(crate) cancel_on_6xx: Option<bool>,
}

impl Settings {
    /// Gives them to a transaction. What has changed since `before` alone: the rest is running as it is.
    ///
    /// A transaction that has ended or is answered has no use for them; that is no fault.
    pub(crate) fn apply(self, before: Self, table: &mut Table, now: Instant, id: TransactionId) {
        if self.fr != before.fr {
            let _ = table.set_fr(now, id, self.fr.0, self.fr.1);
        }
        if self.lifetime != before.lifetime {
            let _ = table.set_lifetime(now, id, self.lifetime.0, self.lifetime.1);
        }
        if self.retr != before.retr {
            let _ = table.set_retr(id, self.retr.0, self.retr.1);
        }
        if let Some(cancel) = self.cancel_on_6xx.filter(|_| self.cancel_on_6xx != before.cancel_on_6xx) {
            let _ = table.set_cancel_on_6xx(id, cancel);
        }
    }
}
