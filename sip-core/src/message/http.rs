//! What an HTTP request says beside its headers and body.

use crate::message::Message;
use crate::message::start::{HttpVersion, StartKind};

impl Message {
    /// Whether it is an HTTP request, which came on a stream that speaks SIP too.
    ///
    /// Its target is read as a SIP request's URI is, by [`Self::request_uri`]. A body that came in chunks is
    /// whole in [`Self::body`].
    pub fn is_http(&self) -> bool {
        self.http_version().is_some()
    }

    /// The version of an HTTP request; `None` for a SIP message.
    pub fn http_version(&self) -> Option<HttpVersion> {
        match self.start.kind {
            StartKind::Http { version, .. } => Some(version),
            StartKind::Request { .. } | StartKind::Response { .. } => None,
        }
    }

    /// Whether the sender of an HTTP request wants to go on using the connection (RFC 9112 9.3): by default from
    /// 1.1 on, unless it says `close`; in 1.0 only where it says `keep-alive`.
    pub fn http_keeps_alive(&self) -> bool {
        match self.http_version() {
            None => false,
            Some(HttpVersion::Http10) => self.connection_says("keep-alive") && !self.connection_says("close"),
            Some(HttpVersion::Http11) => !self.connection_says("close"),
        }
    }

    fn connection_says(&self, option: &str) -> bool {
        self.values("Connection").any(|value| value.eq_ignore_ascii_case(option.as_bytes()))
    }
}
