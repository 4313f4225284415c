//! Arming: which later routes a request's transaction runs, and its timers.

use std::time::Duration;

use sip_transaction::RouteId;

use crate::ctx::Ctx;

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

    /// How long the branches of the next relays may take (`t_set_fr`): an INVITE after its first
    /// provisional response; anything until its first response. `None` keeps the setting.
    pub fn set_fr(&mut self, invite: Option<Duration>, first_response: Option<Duration>) {
        self.turn.fr_inv.set(invite);
        self.turn.fr.set(first_response);
    }
}
