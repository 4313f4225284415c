//! A reply to an HTTP request (RFC 9112).

use std::borrow::Cow;

use bytes::Bytes;

use crate::build::out::{Extra, check_value, digits, line};
use crate::error::{EditError, ParseError};
use crate::message::Message;
use crate::message::start::HttpVersion;
use crate::status::StatusCode;
use crate::text::push_number;

/// What stands between a request and the body that it announces (RFC 9110 10.1.1).
pub const HTTP_CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

/// Begins the reply to an HTTP request with this status.
///
/// Content-Length is written where there may be one; `HEAD` gets the head that `GET` would get. Connection is
/// written as the request asks for it, or `close` by [`HttpReply::close`].
///
/// # Examples
///
/// ```
/// use sip_core::{StatusCode, build};
/// # use sip_core::frame::{Framed, Framer};
/// # let mut buf = bytes::BytesMut::from("GET /stats HTTP/1.1\r\nHost: a\r\n\r\n");
/// # let Some(Framed::Http(get)) = Framer::with_http(Default::default()).next(&mut buf)? else { panic!() };
/// let reply = build::http_reply(&get, StatusCode::OK).body("text/plain", b"42\n").finish()?;
/// assert_eq!(reply, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 3\r\n\r\n42\n");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn http_reply<'a>(request: &Message, status: StatusCode) -> HttpReply<'a> {
    HttpReply {
        status,
        reason: None,
        extra: Extra::default(),
        body: &[],
        is_head: request.method().is_some_and(|method| *method.as_bstr() == "HEAD"),
        is_10: request.http_version() == Some(HttpVersion::Http10),
        close: !request.http_keeps_alive(),
    }
}

/// The whole reply to bytes that are no HTTP request: it says why, and that the connection ends.
///
/// ```
/// let error = sip_core::ParseError::Host;
/// assert_eq!(
///     sip_core::build::http_refusal(&error),
///     "HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Type: text/plain\r\nContent-Length: 20\r\n\r\n\
///      not one Host header\n"
/// );
/// ```
pub fn http_refusal(error: &ParseError) -> Bytes {
    let text = format!("{error}\n");
    whole(error.http_status(), text.as_bytes())
}

/// The whole reply to a request for which there is no room or nobody: the connection ends.
pub fn http_unavailable() -> Bytes {
    whole(StatusCode::SERVICE_UNAVAILABLE, b"the server has no room for this request now\n")
}

fn whole(status: StatusCode, body: &[u8]) -> Bytes {
    let mut extra = Vec::new();
    line(&mut extra, b"Connection", b"close");
    line(&mut extra, b"Content-Type", b"text/plain");
    written(status, status.http_reason(), &extra, body, false)
}

/// A reply in the making: see [`http_reply`].
#[derive(Debug)]
#[must_use = "nothing is made before `finish`"]
pub struct HttpReply<'a> {
    status: StatusCode,
    reason: Option<Cow<'a, str>>,
    extra: Extra,
    body: &'a [u8],
    is_head: bool,
    is_10: bool,
    close: bool,
}

impl<'a> HttpReply<'a> {
    /// A reason phrase other than the status code's own.
    pub fn reason(mut self, reason: impl Into<Cow<'a, str>>) -> Self {
        self.reason = Some(reason.into());
        self
    }

    /// One more header line. What cannot stand there fails in [`Self::finish`].
    pub fn header(mut self, name: impl AsRef<[u8]>, value: impl AsRef<[u8]>) -> Self {
        self.extra.push(name.as_ref(), value.as_ref());
        self
    }

    /// A body with its Content-Type.
    pub fn body(mut self, content_type: &str, body: &'a [u8]) -> Self {
        self.extra.push(b"Content-Type", content_type.as_bytes());
        self.body = body;
        self
    }

    /// A body without a Content-Type.
    pub fn plain_body(mut self, body: &'a [u8]) -> Self {
        self.body = body;
        self
    }

    /// Whether the connection ends with this reply. By default as the request asks for it.
    pub fn close(mut self, close: bool) -> Self {
        self.close = close;
        self
    }

    /// Whether the connection is to end with this reply.
    pub fn closes(&self) -> bool {
        self.close
    }

    /// The whole reply.
    ///
    /// # Errors
    ///
    /// The caller's fault: a value that its header cannot have, a name that is no token, Content-Length given by
    /// hand.
    pub fn finish(mut self) -> Result<Bytes, EditError> {
        if self.close {
            self.extra.push(b"Connection", b"close");
        } else if self.is_10 {
            self.extra.push(b"Connection", b"keep-alive");
        }
        let reason = self.reason.as_deref().unwrap_or_else(|| self.status.http_reason());
        check_value(reason.as_bytes())?;
        Ok(written(self.status, reason, &self.extra.finish()?, self.body, self.is_head))
    }
}

fn written(status: StatusCode, reason: &str, extra: &[u8], body: &[u8], is_head: bool) -> Bytes {
    // RFC 9110 8.6: these have none, and no body either.
    let has_length = !status.is_provisional() && status.code() != 204;
    let has_body = has_length && status.code() != 304 && !is_head;
    let size = 64 + digits(body.len() as u64) + reason.len() + extra.len() + body.len();
    let mut out = Vec::with_capacity(size);
    out.extend_from_slice(b"HTTP/1.1 ");
    push_number(&mut out, status.code().into());
    for part in [b" ", reason.as_bytes(), b"\r\n", extra] {
        out.extend_from_slice(part);
    }
    if has_length {
        out.extend_from_slice(b"Content-Length: ");
        push_number(&mut out, body.len() as u64);
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(b"\r\n");
    if has_body {
        out.extend_from_slice(body);
    }
    Bytes::from(out)
}
