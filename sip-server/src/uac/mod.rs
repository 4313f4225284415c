//! `t_uac`: requests that start here.
//!
//! ```text
//! NewRequest ─> message ─> transaction of its own ─> wire
//!                  ^                                  │ final response, or 408 or 503 of our own
//!                  │ Authorization, next CSeq         v
//!                  └───── 401, 407 (credentials given?) ──> RequestOutcome: awaited, or Event::Outcome
//!                                                     │ 2xx to an INVITE
//!                                                     v
//!                                         ACK, again with each repetition
//! ```

pub(crate) mod challenge;
pub(crate) mod dialog;
pub(crate) mod send;

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use sip_core::digest::{self, HashFunction, Hex};
use sip_core::{Message, StatusCode};

use crate::ctx::destination::Destination;

/// A request to send from here (`t_uac_send`, `uac_req_send`).
///
/// What a request must have and is not given is added: From and To (the request URI, and our tag in From), Call-ID,
/// CSeq (1), Max-Forwards (70), and a Contact where the request may begin a dialog. For a request within a dialog
/// give its To with the tag, From, Call-ID, CSeq and Route.
///
/// ```
/// use sip_server::{Ctx, NewRequest, Routed};
///
/// async fn notify(ctx: &mut Ctx) -> Routed {
///     let message = NewRequest::new("MESSAGE", "sip:desk@example.com")
///         .header("From", "<sip:alarm@example.com>")
///         .body("text/plain", "Somebody is at the door")
///         .via("sip:192.0.2.7;transport=tcp")
///         .credentials("alarm", "secret");
///     let outcome = ctx.send_request(message).await?;
///     tracing::info!(status = %outcome.status(), "told");
///     Ok(())
/// }
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing is sent by this alone"]
pub struct NewRequest {
    pub(crate) method: String,
    pub(crate) uri: Bytes,
    pub(crate) headers: Vec<(Bytes, Bytes)>,
    pub(crate) body: Option<(String, Bytes)>,
    pub(crate) destination: Destination,
    pub(crate) credentials: Option<Credentials>,
    pub(crate) fr: Option<Duration>,
    pub(crate) fr_inv: Option<Duration>,
    pub(crate) no_ack: bool,
}

impl NewRequest {
    /// A request with this method to this URI.
    pub fn new(method: impl Into<String>, uri: impl Into<Bytes>) -> Self {
        Self {
            method: method.into(),
            uri: uri.into(),
            headers: Vec::new(),
            body: None,
            destination: Destination::default(),
            credentials: None,
            fr: None,
            fr_inv: None,
            no_ack: false,
        }
    }

    /// One more header, such as From or To; what is given here is not added.
    pub fn header(mut self, name: impl Into<Bytes>, value: impl Into<Bytes>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// A body with its Content-Type.
    pub fn body(mut self, content_type: impl Into<String>, body: impl Into<Bytes>) -> Self {
        self.body = Some((content_type.into(), body.into()));
        self
    }

    /// Sends it by way of this hop, whatever Route and request URI say (`ouri`: the outbound proxy).
    pub fn via(mut self, dst_uri: impl Into<Bytes>) -> Self {
        self.destination.dst_uri = Some(dst_uri.into());
        self
    }

    /// Sends it there: its address or flow, or its path. The request URI stays that of [`Self::new`].
    pub fn to(mut self, destination: Destination) -> Self {
        self.destination = Destination { uri: Bytes::new(), ..destination };
        self
    }

    /// Answers challenges of any realm with these, each once; the challenge is the outcome if they do not do.
    pub fn credentials(mut self, user: impl Into<Bytes>, password: impl Into<Bytes>) -> Self {
        let secret = Secret::Password(password.into());
        self.credentials = Some(Credentials { user: user.into(), realm: None, secret });
        self
    }

    /// The same with what a database keeps in place of the password: the HA1 of user, realm and password, made with
    /// this hash function. It answers challenges of this realm alone.
    pub fn credentials_ha1(
        mut self,
        user: impl Into<Bytes>,
        realm: impl Into<Bytes>,
        hash: HashFunction,
        ha1: Hex,
    ) -> Self {
        let secret = Secret::Ha1(hash, ha1);
        self.credentials = Some(Credentials { user: user.into(), realm: Some(realm.into()), secret });
        self
    }

    /// How long to wait: for the first response (any, to other than an INVITE the final one), and for the final one of
    /// an INVITE that rings. `None` keeps the setting of tm.
    pub fn timers(mut self, fr: Option<Duration>, fr_inv: Option<Duration>) -> Self {
        (self.fr, self.fr_inv) = (fr, fr_inv);
        self
    }

    /// Leaves the ACK of a 2xx to an INVITE to the application.
    pub fn without_ack(mut self) -> Self {
        self.no_ack = true;
        self
    }
}

/// With what a challenge is answered.
#[derive(Clone)]
pub(crate) struct Credentials {
    pub(crate) user: Bytes,
    /// The only realm that they are for.
    pub(crate) realm: Option<Bytes>,
    secret: Secret,
}

#[derive(Clone)]
enum Secret {
    Password(Bytes),
    Ha1(HashFunction, Hex),
}

impl Credentials {
    /// The secret for a realm (its text without escapes); `None` where these are no good.
    pub(crate) fn ha1(&self, hash: HashFunction, realm: &[u8]) -> Option<Hex> {
        if self.realm.as_ref().is_some_and(|ours| *ours != realm) {
            return None;
        }
        match &self.secret {
            Secret::Password(password) => Some(digest::ha1(hash, &self.user, realm, password)),
            Secret::Ha1(made_with, ha1) => (*made_with == hash).then_some(*ha1),
        }
    }
}

/// Never shows the secret.
impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("user", &self.user)
            .field("realm", &self.realm)
            .finish_non_exhaustive()
    }
}

/// What came of a request that was sent from here.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RequestOutcome {
    /// The final response; the last one where a challenge was answered.
    pub response: Message,
    /// Whether nobody sent it: 408, nobody answered in time; 500, nothing could be sent.
    pub is_local: bool,
}

impl RequestOutcome {
    /// The status.
    pub fn status(&self) -> StatusCode {
        self.response.status().unwrap_or(StatusCode::SERVER_INTERNAL_ERROR)
    }

    /// Whether it is a 2xx.
    pub fn is_success(&self) -> bool {
        self.status().is_success()
    }
}
