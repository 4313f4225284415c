//! Replies of the application's own.

use sip_core::StatusCode;
use sip_core::build::ResponseBuilder;

use crate::ctx::Ctx;
use crate::error::RouteError;
use crate::routed::Routed;

impl Ctx {
    /// Answers the request with this status and its default reason phrase (`send_reply`).
    ///
    /// Within the transaction if there is one, else without state: the caller need not choose. A
    /// final reply cancels branches that still ring.
    ///
    /// # Errors
    ///
    /// [`RouteError::Canceled`], or [`RouteError::Tm`] when a final reply was sent already, or
    /// [`RouteError::WrongRoute`] for an ACK.
    pub fn reply(&mut self, status: StatusCode) -> Routed {
        self.reply_with(status, |response| response)
    }

    /// The same, with a reason phrase, headers or a body of the application's own.
    ///
    /// ```
    /// # use sip_server::{Ctx, Routed};
    /// # use sip_core::StatusCode;
    /// # fn busy(ctx: &mut Ctx) -> Routed {
    /// ctx.reply_with(StatusCode::SERVICE_UNAVAILABLE, |response| {
    ///     response.reason("Come back later").header("Retry-After", "10")
    /// })
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`Self::reply`], and [`RouteError::Edit`] for a header that cannot be written.
    pub fn reply_with(
        &mut self,
        status: StatusCode,
        add: impl for<'a> FnOnce(ResponseBuilder<'a>) -> ResponseBuilder<'a>,
    ) -> Routed {
        let bytes = add(self.turn.response(status)).finish();
        self.turn.reply(status, bytes)
    }

    /// Sends the reply that an error asks for, as the end of a route with it would; nothing where its caller has
    /// an answer already.
    pub fn reply_error(&mut self, error: &RouteError) {
        self.turn.answer_error(error);
    }

    /// Answers without state, whatever there is (`sl_send_reply`). For requests that have no
    /// transaction: it leaves one untouched.
    ///
    /// # Errors
    ///
    /// [`RouteError::WrongRoute`] for an ACK.
    pub fn reply_stateless(&mut self, status: StatusCode) -> Result<(), RouteError> {
        let bytes = self.turn.response(status).finish()?;
        self.turn.reply_stateless(bytes)
    }
}
