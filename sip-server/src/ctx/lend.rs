//! Contexts that are handed on whole: for a binding that cannot hold a `&mut` while the route waits.
//!
//! A binding takes the context out of the place that the driver lent to it, works with it, and puts it
//! back before the route ends: `*ctx = taken`.

use std::mem::take;
use std::rc::Rc;

use sip_transaction::RouteId;

use crate::ctx::Ctx;
use crate::ctx::branch::BranchCtx;
use crate::ctx::failure::FailureCtx;
use crate::ctx::reply::ReplyCtx;

impl Ctx {
    /// Takes the context out; what stays is empty and of the same turn. Put it back before the route ends.
    pub fn take(&mut self) -> Self {
        Self {
            msg: take(&mut self.msg),
            branches: take(&mut self.branches),
            destination: take(&mut self.destination),
            turn: Rc::clone(&self.turn),
        }
    }

    /// Whether the caller has an answer or will get one without the route's doing: the route, or an earlier one of the
    /// transaction, has replied, relayed, suspended or forwarded.
    pub fn is_served(&self) -> bool {
        self.turn.acted.get()
            || self.transaction().is_some_and(|id| {
                self.turn.local.step(id, |stripe, _, _| {
                    let table = &stripe.table;
                    !table.is_open(id) || table.ringing(id) > 0
                })
            })
    }

    /// The branch route that is armed, if one is (`t_is_set("branch_route")`).
    pub fn armed_branch(&self) -> Option<RouteId> {
        self.turn.on_branch.get()
    }

    /// The reply route that is armed, if one is (`t_is_set("onreply_route")`).
    pub fn armed_reply(&self) -> Option<RouteId> {
        self.turn.on_reply.get()
    }

    /// The failure route that is armed, if one is (`t_is_set("failure_route")`).
    pub fn armed_failure(&self) -> Option<RouteId> {
        self.turn.on_failure.get()
    }
}

impl FailureCtx {
    /// Takes the context out; see [`Ctx::take`].
    pub fn take(&mut self) -> Self {
        Self { ctx: self.ctx.take(), response: self.response.take(), branch: self.branch }
    }
}

impl ReplyCtx {
    /// Takes the context out; see [`Ctx::take`].
    pub fn take(&mut self) -> Self {
        Self {
            msg: take(&mut self.msg),
            local: Rc::clone(&self.local),
            source: self.source,
            branch: self.branch,
            dropped: self.dropped,
        }
    }
}

impl BranchCtx {
    /// Takes the context out; see [`Ctx::take`].
    pub fn take(&mut self) -> Self {
        Self {
            msg: take(&mut self.msg),
            destination: take(&mut self.destination),
            rr: take(&mut self.rr),
            received: self.received.clone(),
            source: self.source,
            vars: self.vars.clone(),
            shared: self.shared.clone(),
            ..*self
        }
    }
}
