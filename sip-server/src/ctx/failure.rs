//! `FailureCtx`: what failure, branch-failure and resume routes may do.

use std::ops::{Deref, DerefMut};
use std::rc::Rc;

use sip_core::{Message, StatusCode};
use sip_transaction::{BranchId, TransactionId};

use crate::ctx::Ctx;
use crate::local::{Asked, Local};
use crate::turn::{Kind, Turn};

/// The context of a failure route: all of [`Ctx`], and the response that brought it here.
///
/// `msg` starts as the request was when it was relayed. [`Ctx::relay`] goes to what this route adds
/// ([`Ctx::branches`], or another request URI); without anything new it is an error.
pub struct FailureCtx {
    pub(crate) ctx: Ctx,
    pub(crate) response: Option<Message>,
    /// The branch that the response is of.
    pub(crate) branch: Option<BranchId>,
}

impl FailureCtx {
    /// The context of a later route of a transaction; `None` when the transaction is gone, or starts here.
    pub(crate) fn later(
        local: &Rc<Local>,
        id: TransactionId,
        ask: Option<Asked>,
        failed: Option<(BranchId, Message)>,
    ) -> Option<Box<Self>> {
        let (received, source, kept) = local.step(id, |stripe, _, _| {
            let source = *stripe.table.source(id)?;
            let received = stripe.table.request(id)?;
            Some((received, source, stripe.kept.get(&id).cloned()))
        })?;
        let msg = kept.as_ref().map_or_else(|| received.clone(), |kept| kept.msg.clone());
        let (branch, response) = failed.unzip();
        let turn = Turn::later(local.clone(), Kind::Failure, (id, ask), (received, source), &msg, kept);
        Some(Box::new(Self { ctx: Ctx::new(msg, Rc::new(turn)), response, branch }))
    }

    /// The response that was picked (failure) or came (branch failure); `None` in a resume route.
    pub fn response(&self) -> Option<&Message> {
        self.response.as_ref()
    }

    /// The branch that it is of; `None` in a resume route.
    pub fn branch(&self) -> Option<BranchId> {
        self.branch
    }

    /// Whether that branch ended because nobody answered in time (`t_branch_timeout`).
    pub fn is_timeout(&self) -> bool {
        self.branch.is_some_and(|branch| {
            self.ctx.turn.local.step(branch.transaction, |stripe, _, _| stripe.table.branch_timed_out(branch))
        })
    }

    /// Its status; 408 where no response came in time.
    pub fn status(&self) -> Option<StatusCode> {
        self.response.as_ref().and_then(Message::status)
    }
}

impl Deref for FailureCtx {
    type Target = Ctx;
    fn deref(&self) -> &Ctx {
        &self.ctx
    }
}

impl DerefMut for FailureCtx {
    fn deref_mut(&mut self) -> &mut Ctx {
        &mut self.ctx
    }
}

impl std::fmt::Debug for FailureCtx {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FailureCtx").field("ctx", &self.ctx).field("status", &self.status()).finish()
    }
}
