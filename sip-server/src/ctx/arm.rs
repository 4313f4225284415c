//! Arming: which later routes a request's transaction runs, and its timers.

use std::time::Duration;

use sip_transaction::{DropReplies, RouteId};

use crate::ctx::Ctx;
use crate::ctx::failure::FailureCtx;
use crate::local::Asked;
use crate::routed::Routed;

impl Ctx {
    /// Runs this branch route for each branch of the next relay (`t_on_branch`). Disarmed by the relay.
    pub fn on_branch(&mut self, route: RouteId) {
        self.turn.on_branch.set(Some(route));
    }

    /// Runs this reply route for each response of the branches relayed from now on (`t_on_reply`).
    pub fn on_reply(&mut self, route: RouteId) {
        self.turn.on_reply.set(Some(route));
    }

    /// Runs this failure route when every branch has failed (`t_on_failure`). Disarmed when it runs.
    pub fn on_failure(&mut self, route: RouteId) {
        self.turn.on_failure.set(Some(route));
    }

    /// Runs this route when a branch relayed from now on fails, before the others are done
    /// (`t_on_branch_failure`).
    pub fn on_branch_failure(&mut self, route: RouteId) {
        self.turn.on_branch_failure.set(Some(route));
    }

    /// How long branches may take (`t_set_fr`): an INVITE after its first provisional response; anything until its
    /// first response. The second also bounds how long a suspension, or a route, may wait. `None` is the setting of the
    /// server. What runs already is given that time from now on.
    pub fn set_fr(&mut self, invite: Option<Duration>, first_response: Option<Duration>) {
        self.turn.set(|settings| settings.fr = (invite, first_response));
    }

    /// How long the transaction may stay without a final reply, from now on if it is there (`t_set_max_lifetime`): an
    /// INVITE, anything else. `None` is the setting of the server.
    pub fn set_max_lifetime(&mut self, invite: Option<Duration>, other: Option<Duration>) {
        self.turn.set(|settings| settings.lifetime = (invite, other));
    }

    /// T1 and T2 of retransmissions (`t_set_retr`). `None` is the setting of the server.
    pub fn set_retr(&mut self, t1: Option<Duration>, t2: Option<Duration>) {
        self.turn.set(|settings| settings.retr = (t1, t2));
    }

    /// Whether a 6xx of one branch cancels the others (`t_set_disable_6xx`, the other way round).
    pub fn set_cancel_on_6xx(&mut self, cancel: bool) {
        self.turn.set(|settings| settings.cancel_on_6xx = Some(cancel));
    }

    /// Cancels what rings, without the caller having given up (`t_cancel_branches`): the call goes on with what the
    /// branches say to it.
    pub fn cancel_branches(&mut self) {
        if let Some(id) = self.transaction() {
            self.turn.local.step(id, |stripe, now, out| stripe.table.cancel_branches(now, id, None, out));
        }
    }

    /// Ends the transaction without a reply (`t_release`), made now if there is none: what comes again is absorbed.
    ///
    /// # Errors
    ///
    /// [`RouteError::Tm`](crate::RouteError::Tm): there can be no transaction.
    pub fn release(&mut self) -> Routed {
        self.turn.unpark()?;
        let id = self.turn.transaction()?;
        self.turn.local.step(id, |stripe, now, out| stripe.table.release(now, id, out));
        Ok(())
    }
}

impl FailureCtx {
    /// Which of the responses so far are forgotten when this route has ended (`t_drop_replies`). As it stands: all of
    /// them, if it relays anew.
    pub fn drop_replies(&mut self, which: DropReplies) {
        if let Some(asked) = self.ctx.turn.ask.take() {
            self.ctx.turn.ask.set(Some(Asked { drop_replies: which, ..asked }));
        }
    }
}
