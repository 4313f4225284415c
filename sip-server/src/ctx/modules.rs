//! The routing modules that need the memory of a turn, or who we are: maxfwd, siputils, sanity.

use sip_core::{HeaderName, StatusCode};
use sip_modules::Myself;
use sip_modules::maxfwd::{self, Hops};
use sip_modules::sanity::SanityError;

use crate::ctx::Ctx;
use crate::error::RouteError;
use crate::routed::Routed;

impl Ctx {
    /// Counts Max-Forwards down, and adds it with `limit` where there is none (`process_maxfwd`).
    ///
    /// A relay does it by itself, with 70, where a route has not.
    ///
    /// # Errors
    ///
    /// 483 when it has run out, 400 when it is no number (RFC 3261 16.3, step 3).
    pub fn process_maxfwd(&mut self, limit: u32) -> Routed {
        match self.count_maxfwd(limit) {
            Hops::Decremented(_) | Hops::Added(_) => Ok(()),
            Hops::Exhausted => Err(StatusCode::TOO_MANY_HOPS.into()),
            Hops::Malformed => Err(StatusCode::BAD_REQUEST.into()),
        }
    }

    /// The same, telling what it came to instead.
    pub fn count_maxfwd(&mut self, limit: u32) -> Hops {
        self.turn.counted.set(true);
        maxfwd::process(&mut self.msg, limit)
    }

    pub(crate) fn count_hops(&mut self) -> Routed {
        if self.turn.counted.get() { Ok(()) } else { self.process_maxfwd(maxfwd::MAX_LIMIT) }
    }

    /// Whether the request belongs to a dialog: its To has a tag (`has_totag`).
    pub fn has_totag(&self) -> bool {
        self.msg.to().is_ok_and(|to| to.tag().is_some())
    }

    /// Sends the reply that a failed [`sanity::check`](sip_modules::sanity::check) asks for, without state.
    ///
    /// # Errors
    ///
    /// [`RouteError::WrongRoute`] for an ACK, and where its Via cannot be read.
    pub fn reply_sanity(&mut self, error: &SanityError) -> Routed {
        let mut response = self.turn.response(error.status());
        if let Some(tags) = error.unsupported() {
            response = response.header(HeaderName::Unsupported.canonical(), tags);
        }
        let bytes = response.finish()?;
        self.turn.reply_stateless(bytes)
    }

    /// Whether the request URI names this server (`is_myself_ruri`).
    ///
    /// # Errors
    ///
    /// The request URI is malformed: 400.
    pub fn is_myself_ruri(&self) -> Result<bool, RouteError> {
        Ok(self.shared().is_uri_myself(&self.msg.uri()?))
    }

    /// Whether the URI in To names this server (`is_myself_turi`).
    ///
    /// # Errors
    ///
    /// To is malformed: 400.
    pub fn is_myself_turi(&self) -> Result<bool, RouteError> {
        Ok(self.shared().is_uri_myself(&self.msg.to()?.uri()?))
    }

    /// Whether the URI in From names this server (`is_myself_furi`).
    ///
    /// # Errors
    ///
    /// From is malformed: 400.
    pub fn is_myself_furi(&self) -> Result<bool, RouteError> {
        Ok(self.shared().is_uri_myself(&self.msg.from()?.uri()?))
    }
}
