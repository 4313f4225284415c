//! `rr`: Record-Route and Route, with the memory of a turn.

use std::cell::Ref;

use sip_core::{Message, Target};
use sip_modules::rr::{self, LooseRoute, Side};

use crate::ctx::Ctx;
use crate::ctx::branch::BranchCtx;
use crate::error::RouteError;
use crate::routed::Routed;

impl Ctx {
    /// Stays on the path of the call that this request begins (`record_route`). Where a branch leaves by
    /// another address or protocol than the request came in by, it gets a second value (RFC 5658).
    ///
    /// # Errors
    ///
    /// [`RouteError::Rr`]: called twice for one request.
    pub fn record_route(&mut self) -> Routed {
        self.record_route_with(&rr::Options::default())
    }

    /// The same with other settings than the default.
    ///
    /// # Errors
    ///
    /// Those of [`Self::record_route`].
    pub fn record_route_with(&mut self, options: &rr::Options) -> Routed {
        let inbound = Side::from(self.source());
        Ok(rr::record_route(&mut self.turn.rr.borrow_mut(), &mut self.msg, inbound, options)?)
    }

    /// The second Record-Route value of a branch, where it needs one.
    pub(crate) fn record_outbound(&self, state: &rr::State, msg: &mut Message, target: &Target) -> Routed {
        if state.is_recorded() {
            let local = self.shared().local_for(target)?;
            rr::settle(state, msg, Side::new(target.protocol, local))?;
        }
        Ok(())
    }

    /// Follows the Route that the request brings (`loose_route`, RFC 3261 16.4): takes off what names us,
    /// so that a relay goes on to the next.
    ///
    /// `true`: a request within a dialog that runs through us; relay it. `false`: none of ours, or a Route that
    /// the sender put there by itself (a first request through an outbound proxy): taken off all the
    /// same, and whether to relay is the application's decision.
    ///
    /// # Errors
    ///
    /// [`RouteError::Rr`] for a malformed Route: 400.
    pub fn loose_route(&mut self) -> Result<bool, RouteError> {
        Ok(matches!(self.follow_route()?, LooseRoute::Routed(_)))
    }

    /// The same, telling what was found.
    ///
    /// # Errors
    ///
    /// Those of [`Self::loose_route`].
    pub fn follow_route(&mut self) -> Result<LooseRoute, RouteError> {
        let found = rr::loose_route(&mut self.turn.rr.borrow_mut(), &mut self.msg, &self.turn.local.shared)?;
        self.turn.leave_by.set(found.way().and_then(|way| way.local));
        Ok(found)
    }

    /// Adds a parameter, `;name=value`, to our Record-Route: to the one that is there, or the one that comes
    /// (`add_rr_param`).
    ///
    /// # Errors
    ///
    /// [`RouteError::Rr`]: it is no parameter.
    pub fn add_rr_param(&mut self, param: &[u8]) -> Routed {
        Ok(rr::add_rr_param(&mut self.turn.rr.borrow_mut(), &mut self.msg, param)?)
    }

    /// What is remembered of Route and Record-Route, for the questions of [`rr`].
    pub fn rr(&self) -> Ref<'_, rr::State> {
        self.turn.rr.borrow()
    }
}

/// What is done here is done to this branch alone.
impl BranchCtx {
    /// Stays on the path of this branch; see [`Ctx::record_route`].
    ///
    /// # Errors
    ///
    /// [`RouteError::Rr`]: the request has its Record-Route already.
    pub fn record_route_with(&mut self, options: &rr::Options) -> Routed {
        let inbound = Side::from(self.source());
        Ok(rr::record_route(&mut self.rr, &mut self.msg, inbound, options)?)
    }

    /// Adds a parameter to the Record-Route of this branch; see [`Ctx::add_rr_param`].
    ///
    /// # Errors
    ///
    /// [`RouteError::Rr`]: it is no parameter.
    pub fn add_rr_param(&mut self, param: &[u8]) -> Routed {
        Ok(rr::add_rr_param(&mut self.rr, &mut self.msg, param)?)
    }

    /// What is remembered of Route and Record-Route.
    pub fn rr(&self) -> &rr::State {
        &self.rr
    }
}
