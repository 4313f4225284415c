//! A request made from nothing.

use bytes::Bytes;

use crate::ascii::is_token_text;
use crate::build::out::{Extra, end, length_line};
use crate::error::EditError;
use crate::method::Method;
use crate::uri::Uri;

/// Begins a request. Its headers are the caller's business; Content-Length is written at the end.
///
/// # Examples
///
/// ```
/// let ping = sip_core::build::request("OPTIONS", "sip:192.0.2.1")
///     .header("Via", "SIP/2.0/UDP 192.0.2.9;branch=z9hG4bK1")
///     .header("Max-Forwards", "0")
///     .finish()?;
/// assert!(ping.starts_with(b"OPTIONS sip:192.0.2.1 SIP/2.0\r\nVia: "));
/// assert!(ping.ends_with(b"\r\nContent-Length: 0\r\n\r\n"));
/// # Ok::<(), sip_core::EditError>(())
/// ```
pub fn request<'a>(method: impl Into<Method<'a>>, uri: impl AsRef<[u8]>) -> RequestBuilder<'a> {
    let (method, uri) = (method.into(), uri.as_ref());
    let mut extra = Extra::default();
    if !is_token_text(method.as_bstr()) {
        extra.fail(EditError::InvalidMethod);
    }
    if let Err(error) = Uri::parse(uri) {
        extra.fail(EditError::InvalidUri { at: error.at() });
    }
    let mut line = Vec::with_capacity(method.as_bstr().len() + uri.len() + 11);
    for part in [method.as_bstr(), &b" "[..], uri, b" SIP/2.0\r\n"] {
        line.extend_from_slice(part);
    }
    RequestBuilder { line, extra, body: &[] }
}

/// A request in the making: see [`request`].
#[derive(Debug)]
#[must_use = "nothing is made before `finish`"]
pub struct RequestBuilder<'a> {
    line: Vec<u8>,
    extra: Extra,
    body: &'a [u8],
}

impl<'a> RequestBuilder<'a> {
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

    /// The whole request.
    ///
    /// # Errors
    ///
    /// The caller's fault: a method or name that is no token, white space in the URI, a value that its header cannot have,
    /// Content-Length given by hand.
    pub fn finish(self) -> Result<Bytes, EditError> {
        let extra = self.extra.finish()?;
        let mut out = self.line;
        out.reserve_exact(extra.len() + length_line(self.body.len()) + self.body.len());
        out.extend_from_slice(&extra);
        Ok(end(out, self.body))
    }
}
