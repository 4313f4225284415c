//! Replies of the application's own.

use sip_core::StatusCode;
use sip_core::build::ResponseBuilder;

use crate::ctx::Ctx;
use crate::error::RouteError;
use crate::routed::Routed;
use crate::turn::with_rport;

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

    /// Adds header lines, `Name: value\r\n`, to every reply to this request that is made here, but for 100
    /// (`append_to_reply`); the later routes of its transaction keep to it. Not to responses from elsewhere.
    ///
    /// # Errors
    ///
    /// [`RouteError::Edit`]: a line is none, or there are more than 16 KiB.
    pub fn append_to_reply(&mut self, lines: &[u8]) -> Routed {
        self.turn.added.borrow_mut().get_or_insert_default().append(lines)
    }

    /// Gives every such reply a body (`set_reply_body`); an empty one takes it away again.
    ///
    /// # Errors
    ///
    /// [`RouteError::Header`]: the type is none.
    pub fn set_reply_body(&mut self, media_type: &str, body: &[u8]) -> Routed {
        self.turn.added.borrow_mut().get_or_insert_default().set_body(media_type, body)
    }

    /// Replies to this request, and to others of its connection, open no new connection where that one has ended
    /// (`set_reply_no_connect`): a phone behind NAT could not be reached so.
    pub fn set_reply_no_connect(&mut self) {
        if let Some(flow) = self.source().flow {
            self.shared().no_connect().note(flow);
        }
    }

    /// Replies to this request go to the port that it came from, though its Via does not ask for that
    /// (`force_rport`; RFC 3581). To be called before there is a transaction, which knows its way from then on.
    ///
    /// # Errors
    ///
    /// The Via cannot be read.
    pub fn force_rport(&mut self) -> Routed {
        self.turn.force_rport()?;
        with_rport(&mut self.msg, &self.turn.source)
    }
}
