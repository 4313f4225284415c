//! `ReplyCtx`: what a reply route may do.

use std::rc::Rc;

use sip_core::{Message, Source, StatusCode};
use sip_transaction::{BranchId, TransactionId};

use crate::local::Local;
use crate::shared::Shared;
use crate::vars::Vars;

/// One response, on its way upstream.
pub struct ReplyCtx {
    /// The response, as edited so far; our Via is still on top.
    pub msg: Message,
    pub(crate) local: Rc<Local>,
    pub(crate) source: Option<Source>,
    pub(crate) branch: Option<BranchId>,
    pub(crate) dropped: bool,
}

impl ReplyCtx {
    /// The status of the response.
    pub fn status(&self) -> Option<StatusCode> {
        self.msg.status()
    }

    /// Where it came from; `None` for one that was made here (a 408).
    pub fn source(&self) -> Option<&Source> {
        self.source.as_ref()
    }

    /// The branch it answers; `None` for a response of no transaction of ours.
    pub fn branch(&self) -> Option<BranchId> {
        self.branch
    }

    /// The transaction it belongs to.
    pub fn transaction(&self) -> Option<TransactionId> {
        self.branch.map(|branch| branch.transaction)
    }

    /// The request that it answers, as that was received; `None` where no transaction of ours is met.
    pub fn request(&self) -> Option<Message> {
        let id = self.transaction()?;
        self.local.step(id, |stripe, _, _| stripe.table.request(id))
    }

    /// The named values of the request, where a later route of it is armed.
    pub fn vars(&self) -> Option<Vars> {
        let id = self.transaction()?;
        self.local.step(id, |stripe, _, _| stripe.kept.get(&id).map(|kept| kept.vars.clone()))
    }

    /// What all workers share.
    pub fn shared(&self) -> &Shared {
        &self.local.shared
    }

    /// Drops the response.
    ///
    /// In [`Routes::response`](crate::Routes::response): tm never sees it, its timers go on. In
    /// [`Routes::reply`](crate::Routes::reply): it is not relayed, which a final response (200 and above)
    /// ignores.
    pub fn set_drop(&mut self) {
        self.dropped = true;
    }
}

impl std::fmt::Debug for ReplyCtx {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ReplyCtx").field("status", &self.status()).field("branch", &self.branch).finish()
    }
}
