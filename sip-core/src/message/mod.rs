//! A SIP message: start line, header table and body over one shared buffer.

pub(crate) mod edit;
mod http;
pub(crate) mod own;
pub(crate) mod slots;
pub(crate) mod start;
pub(crate) mod text;
pub(crate) mod unchecked;
pub(crate) mod values;

use std::fmt;

use bstr::BStr;
use bytes::Bytes;

use crate::ascii::trim_end;
use crate::message::slots::{Origin, Slots};
use crate::message::start::{StartKind, StartLine};
use crate::message::text::Text;
use crate::method::Method;
use crate::span::Span;
use crate::status::StatusCode;

/// A request or a response.
///
/// Made by [`parse`](crate::parse) or [`frame`](crate::frame). Has no lifetime, is `Send` and
/// `Sync`, and is cloned for a reference count and a small table: the bytes are shared.
///
/// **Reading.** Header values are raw bytes until a view is asked for; a malformed header that
/// nobody reads does no harm. Text is [`BStr`], since not all of the wire is UTF-8.
///
/// **Changing.** A message you edit is the message you read: a change is seen by the next read.
/// Whatever is not changed is written byte for byte as it came.
pub struct Message {
    /// Exactly one message as received: start line, headers, empty line, body.
    pub(crate) wire: Bytes,
    /// Lines that edits wrote, in no order. Lines no slot points to any more are garbage.
    pub(crate) own: Text,
    pub(crate) start: StartLine,
    pub(crate) slots: Slots,
    pub(crate) body: Body,
}

/// Where the body is.
#[derive(Clone, Debug)]
pub(crate) enum Body {
    /// From this offset to the end of the bytes as received.
    Wire(u32),
    /// Set by an edit.
    Own(Bytes),
}

impl Message {
    /// Puts together what a scan found.
    pub(crate) fn from_parts(wire: Bytes, start: StartLine, slots: Slots, body: u32) -> Self {
        Self { wire, own: Text::new(), start, slots, body: Body::Wire(body) }
    }

    /// The text at `span` of the buffer `origin`.
    #[inline(always)]
    pub(crate) fn text(&self, origin: Origin, span: Span) -> &[u8] {
        let buf = match origin {
            Origin::Wire => &self.wire[..],
            Origin::Own => &self.own[..],
        };
        span.of(buf)
    }

    /// Whether it is a request, of HTTP too ([`Self::is_http`]).
    pub fn is_request(&self) -> bool {
        !self.is_response()
    }

    /// Whether it is a response.
    pub fn is_response(&self) -> bool {
        matches!(self.start.kind, StartKind::Response { .. })
    }

    /// The method of a request.
    pub fn method(&self) -> Option<Method<'_>> {
        match self.start.kind {
            StartKind::Request { method, .. } | StartKind::Http { method, .. } => {
                Some(Method::from_bytes(self.text(self.start.origin, method)))
            }
            StartKind::Response { .. } => None,
        }
    }

    /// The Request-URI of a request, as it stands; of an HTTP request, its target.
    pub fn request_uri(&self) -> Option<&BStr> {
        match self.start.kind {
            StartKind::Request { uri, .. } | StartKind::Http { target: uri, .. } => {
                Some(BStr::new(self.text(self.start.origin, uri)))
            }
            StartKind::Response { .. } => None,
        }
    }

    /// The status code of a response.
    pub fn status(&self) -> Option<StatusCode> {
        match self.start.kind {
            StartKind::Response { status, .. } => Some(status),
            StartKind::Request { .. } | StartKind::Http { .. } => None,
        }
    }

    /// The reason phrase of a response; may be empty.
    pub fn reason(&self) -> Option<&BStr> {
        match self.start.kind {
            StartKind::Response { reason, .. } => Some(BStr::new(self.text(self.start.origin, reason))),
            StartKind::Request { .. } | StartKind::Http { .. } => None,
        }
    }

    /// The body; empty if there is none.
    pub fn body(&self) -> &[u8] {
        match &self.body {
            Body::Wire(start) => self.wire.get(*start as usize..).unwrap_or_default(),
            Body::Own(body) => body,
        }
    }
}

/// What stays where a message was taken out of ([`std::mem::take`]): a request without method, URI, headers
/// and body. It is no SIP message; do not send it.
impl Default for Message {
    fn default() -> Self {
        let nothing = Span { start: 0, end: 0 };
        let kind = StartKind::Request { method: nothing, uri: nothing };
        let start = StartLine { origin: Origin::Wire, line: nothing, kind };
        Self::from_parts(Bytes::new(), start, Slots::new(), 0)
    }
}

impl Clone for Message {
    fn clone(&self) -> Self {
        Self {
            wire: self.wire.clone(),
            own: self.own.clone(),
            start: self.start,
            slots: Slots::from_slice(&self.slots),
            body: self.body.clone(),
        }
    }
}

/// The start line and the number of headers and body bytes: short enough for a log line.
impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = self.text(self.start.origin, self.start.line);
        f.debug_struct("Message")
            .field("start", &BStr::new(trim_end(line)))
            .field("headers", &self.slots.len())
            .field("body", &self.body().len())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_travel_between_threads() {
        fn shared<T: Send + Sync + Clone + 'static>() {}
        shared::<Message>();
    }
}
