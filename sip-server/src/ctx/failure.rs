//! `FailureCtx`: what failure, branch-failure and resume routes may do.

use std::ops::{Deref, DerefMut};

use sip_core::{Message, StatusCode};

use crate::ctx::Ctx;

/// The context of a failure route: all of [`Ctx`], and the response that brought it here.
///
/// `msg` starts as the request was when it was relayed. [`Ctx::relay`] goes to what this route adds
/// ([`Ctx::branches`], or another request URI); without anything new it is an error.
pub struct FailureCtx {
    pub(crate) ctx: Ctx,
    pub(crate) response: Option<Message>,
}

impl FailureCtx {
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
