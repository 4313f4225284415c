//! The first line of a message, as positions.

use crate::message::slots::Origin;
use crate::span::Span;
use crate::status::StatusCode;

/// A request line or a status line.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StartLine {
    /// Which buffer the spans are of.
    pub(crate) origin: Origin,
    /// The line with its CRLF.
    pub(crate) line: Span,
    /// What stands in it.
    pub(crate) kind: StartKind,
}

/// What a start line says.
#[derive(Clone, Copy, Debug)]
pub(crate) enum StartKind {
    /// `METHOD uri SIP/2.0`
    Request {
        /// The method.
        method: Span,
        /// The Request-URI.
        uri: Span,
    },
    /// `SIP/2.0 200 OK`
    Response {
        /// The status code.
        status: StatusCode,
        /// The reason phrase, empty or not.
        reason: Span,
    },
    /// `GET /stats HTTP/1.1`
    Http {
        /// The method.
        method: Span,
        /// The request target.
        target: Span,
        /// Which HTTP.
        version: HttpVersion,
    },
}

/// A version of HTTP that is spoken here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HttpVersion {
    /// HTTP/1.0
    Http10,
    /// HTTP/1.1
    Http11,
}

impl StartLine {
    /// The same line at another place.
    pub(crate) fn moved_to(self, start: u32, origin: Origin) -> Self {
        let from = self.line.start;
        let moved = |span: Span| Span { start: start + (span.start - from), end: start + (span.end - from) };
        let kind = match self.kind {
            StartKind::Request { method, uri } => {
                StartKind::Request { method: moved(method), uri: moved(uri) }
            }
            StartKind::Response { status, reason } => StartKind::Response { status, reason: moved(reason) },
            StartKind::Http { method, target, version } => {
                StartKind::Http { method: moved(method), target: moved(target), version }
            }
        };
        Self { origin, line: moved(self.line), kind }
    }
}
