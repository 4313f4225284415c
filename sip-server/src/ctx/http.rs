//! `HttpCtx`: an HTTP request on the SIP port, and its reply.

use std::mem::take;
use std::rc::Rc;

use bstr::BStr;
use sip_core::build::{self, HttpReply};
use sip_core::{Message, Source, StatusCode};
use sip_transport::HttpAnswer;

use crate::error::RouteError;
use crate::local::Local;
use crate::metrics::METRICS_TYPE;
use crate::routed::Routed;
use crate::shared::Shared;
use crate::vars::Vars;

/// The context of [`Routes::http`](crate::Routes::http): one request, which gets one reply.
///
/// The connection waits for it: requests that were sent ahead are answered in their order. A route may wait; one
/// that ends without a reply gets 404.
pub struct HttpCtx {
    /// The request, its body whole. Its target is [`Message::request_uri`].
    pub msg: Message,
    source: Source,
    pub(crate) local: Rc<Local>,
    answer: Option<HttpAnswer>,
    close: bool,
    vars: Vars,
}

impl HttpCtx {
    pub(crate) fn new(local: Rc<Local>, msg: Message, source: Source, answer: HttpAnswer) -> Self {
        Self { msg, source, local, answer: Some(answer), close: false, vars: Vars::default() }
    }

    /// The target as it stands: `/stats?x=1` (`$hu`).
    pub fn url(&self) -> &BStr {
        self.msg.request_uri().unwrap_or_default()
    }

    /// The target without its query: `/stats`.
    pub fn path(&self) -> &BStr {
        let url = self.url();
        BStr::new(url.split(|&byte| byte == b'?').next().unwrap_or_default())
    }

    /// Where the request came from, and which of our addresses was asked.
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// What all workers share.
    pub fn shared(&self) -> &Shared {
        &self.local.shared
    }

    /// The number of this worker, from 0.
    pub fn worker(&self) -> u16 {
        self.local.worker
    }

    /// Named values of this request.
    pub fn vars(&self) -> &Vars {
        &self.vars
    }

    /// Replies with this status, reason phrase and body (`xhttp_reply`).
    ///
    /// `HEAD` gets the head that belongs to it. An empty `content_type` writes none, an empty reason the usual one.
    ///
    /// # Errors
    ///
    /// [`RouteError::WrongRoute`] for a second reply, [`RouteError::Edit`] for a reason or type that holds a control
    /// byte, [`RouteError::Send`] where the connection has ended.
    pub fn xhttp_reply(
        &mut self,
        status: StatusCode,
        reason: &str,
        content_type: &str,
        body: impl AsRef<[u8]>,
    ) -> Routed {
        let body = body.as_ref();
        self.reply_with(status, |mut reply| {
            if !reason.is_empty() {
                reply = reply.reason(reason);
            }
            match content_type {
                "" => reply.plain_body(body),
                content_type => reply.body(content_type, body),
            }
        })
    }

    /// The same with headers of the application's own.
    ///
    /// ```
    /// # use sip_server::{HttpCtx, Routed};
    /// # use sip_core::StatusCode;
    /// # fn moved(ctx: &mut HttpCtx) -> Routed {
    /// ctx.reply_with(StatusCode::MOVED_PERMANENTLY, |reply| reply.header("Location", "/stats"))
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`Self::xhttp_reply`].
    pub fn reply_with<'a>(
        &mut self,
        status: StatusCode,
        add: impl FnOnce(HttpReply<'a>) -> HttpReply<'a>,
    ) -> Routed {
        let Some(answer) = self.answer.take() else {
            return Err(RouteError::WrongRoute {
                call: "xhttp_reply",
                instead: "the request has its reply already; end the route",
            });
        };
        let mut reply = add(build::http_reply(&self.msg, status));
        if self.close {
            reply = reply.close(true);
        }
        let closes = reply.closes();
        match reply.finish() {
            Ok(bytes) => Ok(answer.send(bytes, closes)?),
            Err(error) => {
                self.answer = Some(answer);
                Err(error.into())
            }
        }
    }

    /// Does what the JSON-RPC request in the body says and replies with the response (`jsonrpcs.dispatch`): 200, or 204
    /// where none is wanted.
    ///
    /// Who may ask is the route's business: look at [`Self::source`] first.
    ///
    /// # Errors
    ///
    /// Those of [`Self::xhttp_reply`].
    pub fn jsonrpc(&mut self) -> Routed {
        match self.shared().jsonrpc(self.msg.body()) {
            Some(response) => self.xhttp_reply(StatusCode::OK, "", "application/json", response),
            None => self.xhttp_reply(StatusCode::NO_NOTIFICATION, "", "", ""),
        }
    }

    /// Replies to `GET` and `HEAD` with all statistics as Prometheus text, to anything else with 405.
    ///
    /// # Errors
    ///
    /// Those of [`Self::xhttp_reply`].
    pub fn reply_metrics(&mut self, prefix: &str) -> Routed {
        if self.msg.method().is_none_or(|method| !matches!(&**method.as_bstr(), b"GET" | b"HEAD")) {
            return self
                .reply_with(StatusCode::METHOD_NOT_ALLOWED, |reply| reply.header("Allow", "GET, HEAD"));
        }
        let text = self.shared().metrics(prefix);
        self.xhttp_reply(StatusCode::OK, "", METRICS_TYPE, text)
    }

    /// The connection ends with the reply (`set_reply_close`).
    pub fn set_reply_close(&mut self) {
        self.close = true;
    }

    /// The reply goes out on the connection of the request or not at all (`set_reply_no_connect`). This is always so
    /// here: nobody waits for the reply to an HTTP request anywhere else.
    pub fn set_reply_no_connect(&mut self) {}

    /// Whether the request has its reply.
    pub fn is_replied(&self) -> bool {
        self.answer.is_none()
    }

    /// Takes the context out; what stays is empty. Put it back before the route ends.
    pub fn take(&mut self) -> Self {
        Self {
            msg: take(&mut self.msg),
            source: self.source,
            local: Rc::clone(&self.local),
            answer: self.answer.take(),
            close: self.close,
            vars: self.vars.clone(),
        }
    }

    /// The route has ended: whoever has no reply yet gets the one that is left.
    pub(crate) fn conclude(&mut self, result: Routed) {
        let status = match result {
            Ok(()) => StatusCode::NOT_FOUND,
            Err(error) => {
                self.local.stats().failed.one();
                tracing::error!(%error, "the route of an HTTP request ended in an error");
                error.status().unwrap_or(StatusCode::SERVER_INTERNAL_ERROR)
            }
        };
        if !self.is_replied() {
            let text = format!("{}\n", status.http_reason());
            let _ = self.xhttp_reply(status, "", "text/plain", text);
        }
    }
}

impl std::fmt::Debug for HttpCtx {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HttpCtx")
            .field("msg", &self.msg)
            .field("source", &self.source)
            .field("is_replied", &self.is_replied())
            .finish_non_exhaustive()
    }
}
