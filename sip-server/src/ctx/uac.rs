//! Requests that start here, from a route or a task.

use sip_transaction::RouteId;

use crate::ctx::Ctx;
use crate::ctx::event::EventCtx;
use crate::error::RouteError;
use crate::uac::{NewRequest, RequestOutcome, send};

impl Ctx {
    /// Sends a request from here and waits for its final response (`uac_req_send`); the request of this route is
    /// parked meanwhile.
    ///
    /// Challenges are answered with the request's credentials, at most four. A 2xx to an INVITE is acknowledged; what
    /// follows in its dialog is the application's. An INVITE is given up (CANCEL, and BYE where the answer
    /// crosses it) when the wait ends early: by a timeout around it, or because the caller of this route gave up.
    ///
    /// # Errors
    ///
    /// Nothing was sent: [`RouteError::Busy`], [`RouteError::Resolve`], [`RouteError::Send`],
    /// [`RouteError::Header`] and [`RouteError::Edit`] for a request that cannot be written, [`RouteError::Tm`]. What
    /// comes once it was sent is an outcome, 408 included.
    pub async fn send_request(&mut self, request: NewRequest) -> Result<RequestOutcome, RouteError> {
        send::send(&self.turn.local, request).await
    }

    /// The same without waiting (`t_uac_send`). With a route number the outcome comes as
    /// [`Event::Outcome`](crate::Event::Outcome), on this worker.
    ///
    /// # Errors
    ///
    /// [`RouteError::Busy`].
    pub fn start_request(&self, request: NewRequest, route: Option<RouteId>) -> Result<(), RouteError> {
        send::start(&self.turn.local, request, route)
    }
}

impl EventCtx {
    /// Sends a request from here and waits for its final response; see [`Ctx::send_request`].
    ///
    /// # Errors
    ///
    /// Those of [`Ctx::send_request`].
    pub async fn send_request(&mut self, request: NewRequest) -> Result<RequestOutcome, RouteError> {
        send::send(&self.local, request).await
    }

    /// The same without waiting; see [`Ctx::start_request`].
    ///
    /// # Errors
    ///
    /// [`RouteError::Busy`].
    pub fn start_request(&self, request: NewRequest, route: Option<RouteId>) -> Result<(), RouteError> {
        send::start(&self.local, request, route)
    }
}
