//! `FailureCtx`: what failure, branch-failure and resume routes may do.

use std::ops::{Deref, DerefMut};
use std::rc::Rc;

use sip_core::{Message, StatusCode};
use sip_transaction::TransactionId;

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
}

impl FailureCtx {
    /// The context of a later route of a transaction; `None` when the transaction is gone, or starts here.
    pub(crate) fn later(
        local: &Rc<Local>,
        id: TransactionId,
        ask: Option<Asked>,
        response: Option<Message>,
    ) -> Option<Box<Self>> {
        let (received, source, kept) = local.step(id, |stripe, _, _| {
            let source = *stripe.table.source(id)?;
            let received = stripe.table.request(id)?;
            Some((received, source, stripe.kept.get(&id).cloned()))
        })?;
        let msg = kept.as_ref().map_or_else(|| received.clone(), |kept| kept.msg.clone());
        let turn = Turn::later(local.clone(), Kind::Failure, (id, ask), (received, source), &msg, kept);
        Some(Box::new(Self { ctx: Ctx::new(msg, Rc::new(turn)), response }))
    }

    /// The response that was picked (failure) or came (branch failure); `None` in a resume route.
    pub fn response(&self) -> Option<&Message> {
        self.response.as_ref()
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
