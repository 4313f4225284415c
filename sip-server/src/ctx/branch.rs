//! `BranchCtx`: what a branch route may do.

use std::fmt;

use sip_core::{Message, Source};
use sip_modules::rr;
use sip_transaction::TransactionId;

use crate::ctx::destination::Destination;
use crate::shared::Shared;
use crate::vars::Vars;

/// One branch that is about to be sent: its own copy of the message, and where it goes.
///
/// What is changed here is this branch's alone.
#[non_exhaustive]
pub struct BranchCtx {
    /// The request of this branch, its request URI and path in it, our Via not yet.
    pub msg: Message,
    /// Where it goes. Its `uri` is in `msg` already: change it there.
    pub destination: Destination,
    /// The number of the branch in its transaction, from 0 (`$T_branch_idx`).
    pub number: u16,
    /// Message flags.
    pub flags: u32,
    pub(crate) dropped: bool,
    /// What is remembered of Route and Record-Route, with what was done here.
    pub(crate) rr: rr::State,
    // Copies of the turn's: a branch route is below the turn, which calls it. They are made only when
    // one is armed.
    pub(crate) received: Message,
    pub(crate) source: Source,
    pub(crate) vars: Vars,
    pub(crate) transaction: TransactionId,
    pub(crate) shared: Shared,
}

impl BranchCtx {
    /// This branch is not sent.
    pub fn set_drop(&mut self) {
        self.dropped = true;
    }

    /// The request as it was received.
    pub fn received(&self) -> &Message {
        &self.received
    }

    /// Where the request came from.
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// The named values of the request.
    pub fn vars(&self) -> &Vars {
        &self.vars
    }

    /// Its transaction.
    pub fn transaction(&self) -> TransactionId {
        self.transaction
    }

    /// What all workers share.
    pub fn shared(&self) -> &Shared {
        &self.shared
    }
}

impl fmt::Debug for BranchCtx {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BranchCtx")
            .field("msg", &self.msg)
            .field("destination", &self.destination)
            .field("number", &self.number)
            .finish_non_exhaustive()
    }
}
