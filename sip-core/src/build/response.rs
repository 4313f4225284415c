//! A response to a request (RFC 3261 8.2.6, 12.1.1).

use std::borrow::Cow;

use bstr::BStr;
use bytes::Bytes;

use crate::ascii::is_token_text;
use crate::build::out::{Extra, check_value, copy_all, end, length_line, line};
use crate::error::EditError;
use crate::header::name_addr::To;
use crate::header::view::HeaderView;
use crate::message::Message;
use crate::method::Method;
use crate::name::HeaderName;
use crate::status::StatusCode;
use crate::text::push_number;

/// Begins the response to `request` with this status.
///
/// It takes over all Via lines in their order, From, To, Call-ID and CSeq; of a request that can form a
/// dialog, for 101 to 299, all Record-Route lines (RFC 3261 12.1.1); for 100, Timestamp (8.2.6.1). All byte for
/// byte, and what the request does not have is left out. Content-Length is always written.
///
/// # Examples
///
/// ```
/// use sip_core::{StatusCode, build, parse};
///
/// let wire = "OPTIONS sip:b SIP/2.0\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK1\r\nFrom: <sip:a>;tag=1\r\n\
///             To: <sip:b>\r\nCall-ID: c\r\nCSeq: 1 OPTIONS\r\n\r\n";
/// let request = parse(wire.into(), &Default::default())?;
/// let response = build::response(&request, StatusCode::OK).to_tag("x").header("Allow", "INVITE").finish()?;
/// let text = "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK1\r\nFrom: <sip:a>;tag=1\r\n\
///             To: <sip:b>;tag=x\r\nCall-ID: c\r\nCSeq: 1 OPTIONS\r\nAllow: INVITE\r\nContent-Length: 0\r\n\r\n";
/// assert_eq!(response, text);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn response(request: &Message, status: StatusCode) -> ResponseBuilder<'_> {
    ResponseBuilder {
        request,
        status,
        reason: None,
        to_tag: None,
        extra: Extra::default(),
        body: Cow::Borrowed(&[]),
    }
}

/// A response in the making: see [`response`].
#[derive(Debug)]
#[must_use = "nothing is made before `finish`"]
pub struct ResponseBuilder<'a> {
    request: &'a Message,
    status: StatusCode,
    reason: Option<Cow<'a, str>>,
    to_tag: Option<&'a str>,
    extra: Extra,
    body: Cow<'a, [u8]>,
}

impl<'a> ResponseBuilder<'a> {
    /// A reason phrase other than the status code's own.
    pub fn reason(mut self, reason: impl Into<Cow<'a, str>>) -> Self {
        self.reason = Some(reason.into());
        self
    }

    /// The tag for To, added only if To has none. If To cannot be read, it stays as it is.
    pub fn to_tag(mut self, tag: &'a str) -> Self {
        self.to_tag = Some(tag);
        self
    }

    /// One more header line. What cannot stand there fails in [`Self::finish`].
    pub fn header(mut self, name: impl AsRef<[u8]>, value: impl AsRef<[u8]>) -> Self {
        self.extra.push(name.as_ref(), value.as_ref());
        self
    }

    /// A body with its Content-Type.
    pub fn body(mut self, content_type: &str, body: impl Into<Cow<'a, [u8]>>) -> Self {
        self.extra.push(b"Content-Type", content_type.as_bytes());
        self.body = body.into();
        self
    }

    /// The whole response.
    ///
    /// # Errors
    ///
    /// The caller's fault: a value that its header cannot have, a name that is no token, a tag that is no token,
    /// Content-Length given by hand.
    pub fn finish(self) -> Result<Bytes, EditError> {
        let reason = self.reason.as_deref().unwrap_or_else(|| self.status.reason());
        check_value(reason.as_bytes())?;
        let extra = self.extra.finish()?;
        let frame = Frame::of(self.request, self.status);
        let to_tag = self.to_tag.filter(|_| frame.to.is_some_and(needs_tag));
        if to_tag.is_some_and(|tag| !is_token_text(tag.as_bytes())) {
            return Err(EditError::InvalidValue { at: 0 });
        }

        let mut size = "SIP/2.0 200 \r\n".len() + reason.len() + frame.size;
        size += to_tag.map_or(0, |tag| ";tag=".len() + tag.len());
        size += extra.len() + length_line(self.body.len()) + self.body.len();
        let mut out = Vec::with_capacity(size);
        out.extend_from_slice(b"SIP/2.0 ");
        push_number(&mut out, self.status.code().into());
        for part in [" ", reason, "\r\n"] {
            out.extend_from_slice(part.as_bytes());
        }
        copy_all(&mut out, self.request, HeaderName::Via);
        if frame.record_route {
            copy_all(&mut out, self.request, HeaderName::RecordRoute);
        }
        line_if(&mut out, b"From", frame.from);
        if let Some(to) = frame.to {
            let tag = to_tag.unwrap_or_default().as_bytes();
            let parameter = if tag.is_empty() { "" } else { ";tag=" };
            for part in [&b"To: "[..], to, parameter.as_bytes(), tag, b"\r\n"] {
                out.extend_from_slice(part);
            }
        }
        line_if(&mut out, b"Call-ID", frame.call_id);
        line_if(&mut out, b"CSeq", frame.cseq);
        line_if(&mut out, b"Timestamp", frame.timestamp);
        out.extend_from_slice(&extra);
        Ok(end(out, &self.body))
    }
}

/// What the response takes over from the request, found in one walk.
#[derive(Default)]
struct Frame<'a> {
    /// Bytes of all these lines.
    size: usize,
    record_route: bool,
    from: Option<&'a BStr>,
    to: Option<&'a BStr>,
    call_id: Option<&'a BStr>,
    cseq: Option<&'a BStr>,
    timestamp: Option<&'a BStr>,
}

impl<'a> Frame<'a> {
    fn of(request: &'a Message, status: StatusCode) -> Self {
        let forms_dialog = matches!(
            request.method(),
            Some(Method::Invite | Method::Subscribe | Method::Refer | Method::Notify)
        );
        let trying = status == StatusCode::TRYING;
        let record_route = forms_dialog && !trying && !status.is_failure();
        let mut frame = Self { record_route, ..Self::default() };
        for (name, _, value) in request {
            let first = match name {
                HeaderName::Via => None,
                HeaderName::RecordRoute if record_route => None,
                HeaderName::From => Some(&mut frame.from),
                HeaderName::To => Some(&mut frame.to),
                HeaderName::CallId => Some(&mut frame.call_id),
                HeaderName::CSeq => Some(&mut frame.cseq),
                HeaderName::Timestamp if trying => Some(&mut frame.timestamp),
                _ => continue,
            };
            match first {
                Some(taken) if taken.is_some() => continue,
                Some(free) => *free = Some(value),
                None => {}
            }
            frame.size += name.canonical().len() + value.len() + ": \r\n".len();
        }
        frame
    }
}

/// Whether `to` can be read and has no tag.
fn needs_tag(to: &BStr) -> bool {
    To::parse(to).is_ok_and(|to| to.tag().is_none())
}

fn line_if(out: &mut Vec<u8>, name: &[u8], value: Option<&BStr>) {
    if let Some(value) = value {
        line(out, name, value);
    }
}
