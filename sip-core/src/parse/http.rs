//! The head of an HTTP/1.0 or 1.1 request, which came where SIP is spoken.
//!
//! httparse reads the lines; what they mean for the end of the message is decided here. The rules are strict
//! where two readers could disagree about it (RFC 9112 6.3, 11.2): lines end in CRLF, Content-Length is one number
//! and does not stand beside Transfer-Encoding, and the only coding is `chunked`, in HTTP/1.1.

use httparse::{EMPTY_HEADER, Error, Header, Request, Status};
use memchr::{memchr, memchr_iter, memrchr};

use crate::ascii::is_token;
use crate::error::ParseError;
use crate::message::slots::{Origin, Slot, Slots};
use crate::message::start::{HttpVersion, StartKind, StartLine};
use crate::name::{NameId, lookup};
use crate::parse::headers::content_length;
use crate::parse::limits::Limits;
use crate::span::Span;

/// Header lines for which no memory is taken.
const INLINE: usize = 48;

/// What a scan of an HTTP head found.
#[derive(Debug)]
pub(crate) struct HttpHead {
    pub(crate) start: StartLine,
    pub(crate) slots: Slots,
    pub(crate) body: HttpBody,
    /// The sender waits for `100 Continue` before it sends the body.
    pub(crate) expects: bool,
}

/// Where the body ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HttpBody {
    /// After so many bytes; within `Limits::body_bytes`.
    Length(usize),
    /// After the last chunk.
    Chunked,
}

/// Whether bytes begin like an HTTP request: their first line ends with a version of HTTP, or, where it does not
/// end, the target is one that no SIP request has.
pub(crate) fn is_http(bytes: &[u8]) -> bool {
    match memchr(b'\n', bytes) {
        Some(end) => is_request_line(bytes[..end].strip_suffix(b"\r").unwrap_or(&bytes[..end])),
        None => {
            let method = bytes.iter().take_while(|&&b| is_token(b)).count();
            method > 0 && bytes[method..].starts_with(b" /")
        }
    }
}

fn is_request_line(line: &[u8]) -> bool {
    memrchr(b' ', line).is_some_and(|space| line[space + 1..].starts_with(b"HTTP/"))
}

/// Reads a head that is exactly `bytes`: from the request line to the empty line.
pub(crate) fn http_head(bytes: &[u8], limits: &Limits) -> Result<HttpHead, ParseError> {
    if let Some(at) = memchr_iter(b'\n', bytes).find(|&at| at == 0 || bytes[at - 1] != b'\r') {
        return Err(ParseError::LineEnd { at });
    }
    let mut few = [EMPTY_HEADER; INLINE];
    match read(bytes, &mut few[..INLINE.min(limits.headers)], limits) {
        Err(ParseError::TooManyHeaders { .. }) if limits.headers > INLINE => {
            read(bytes, &mut vec![EMPTY_HEADER; limits.headers], limits)
        }
        other => other,
    }
}

fn read<'b>(bytes: &'b [u8], headers: &mut [Header<'b>], limits: &Limits) -> Result<HttpHead, ParseError> {
    let mut request = Request::new(headers);
    match request.parse(bytes) {
        Ok(Status::Complete(len)) if len == bytes.len() => {}
        Ok(_) => return Err(ParseError::HeadUnfinished { have: bytes.len() }),
        Err(error) => return Err(refusal(bytes, error, limits)),
    }
    let (Some(method), Some(target), Some(minor)) = (request.method, request.path, request.version) else {
        return Err(ParseError::StartLine { at: 0 });
    };
    if target.len() > limits.uri_bytes {
        return Err(ParseError::UriTooLong { max: limits.uri_bytes });
    }
    let line_end = memchr(b'\n', bytes).map_or(bytes.len(), |at| at + 1);
    let version = if minor == 0 { HttpVersion::Http10 } else { HttpVersion::Http11 };
    let kind = StartKind::Http {
        method: span(bytes, method.as_bytes()),
        target: span(bytes, target.as_bytes()),
        version,
    };
    let start = StartLine { origin: Origin::Wire, line: Span::new(0, line_end), kind };

    let mut slots = Slots::new();
    let mut framing = Framing::default();
    let ends = request.headers.iter().skip(1).map(|next| span(bytes, next.name.as_bytes()).start as usize);
    for (header, end) in request.headers.iter().zip(ends.chain([bytes.len() - 2])) {
        let slot = slot(bytes, header, end, limits)?;
        framing.header(bytes, &slot, header, limits)?;
        slots.push(slot);
    }
    let (body, expects) = framing.end(version)?;
    Ok(HttpHead { start, slots, body, expects })
}

/// Where a text that was found stands.
fn span(bytes: &[u8], text: &[u8]) -> Span {
    let start = (text.as_ptr() as usize).saturating_sub(bytes.as_ptr() as usize);
    Span::new(start, start + text.len())
}

fn slot(bytes: &[u8], header: &Header<'_>, end: usize, limits: &Limits) -> Result<Slot, ParseError> {
    let name = header.name.as_bytes();
    let max = limits.name_bytes.min(usize::from(u16::MAX));
    let name_len = u16::try_from(name.len()).ok().filter(|&len| usize::from(len) <= max);
    let Some(name_len) = name_len else { return Err(ParseError::HeaderNameTooLong { max }) };
    let whole = Span::new(span(bytes, name).start as usize, end);
    // An empty value is nowhere in particular.
    let value =
        if header.value.is_empty() { whole.end.saturating_sub(2) } else { span(bytes, header.value).start };
    // HTTP has no compact forms.
    let id = if name.len() == 1 { NameId::OTHER } else { lookup(name) };
    Ok(Slot { start: whole.start, value, end: whole.end, name_len, id, origin: Origin::Wire })
}

#[cold]
fn refusal(bytes: &[u8], error: Error, limits: &Limits) -> ParseError {
    match error {
        Error::TooManyHeaders => ParseError::TooManyHeaders { max: limits.headers },
        Error::Version => {
            let line = &bytes[..memchr(b'\n', bytes).unwrap_or(bytes.len())];
            ParseError::Version { at: memrchr(b' ', line).map_or(0, |space| space + 1) }
        }
        Error::NewLine => ParseError::LineEnd { at: 0 },
        Error::HeaderName | Error::HeaderValue => ParseError::HeaderName { at: 0 },
        _ => ParseError::StartLine { at: 0 },
    }
}

/// What the headers say about where the message ends, and what else every reader has to look at.
#[derive(Debug, Default)]
struct Framing {
    length: Option<usize>,
    /// Where Transfer-Encoding stands, and whether it is `chunked` alone.
    coding: Option<(usize, bool)>,
    hosts: usize,
    expects: Option<bool>,
}

impl Framing {
    fn header(
        &mut self,
        bytes: &[u8],
        slot: &Slot,
        header: &Header<'_>,
        limits: &Limits,
    ) -> Result<(), ParseError> {
        let is = |name: &str| header.name.eq_ignore_ascii_case(name);
        if slot.id == NameId::CONTENT_LENGTH {
            self.length = Some(content_length(bytes, slot, self.length, limits)?);
        } else if is("Host") {
            self.hosts += 1;
        } else if is("Transfer-Encoding") {
            let is_chunked = self.coding.is_none() && header.value.eq_ignore_ascii_case(b"chunked");
            self.coding = Some((slot.value as usize, is_chunked));
        } else if is("Expect") {
            let known = header.value.eq_ignore_ascii_case(b"100-continue");
            self.expects = Some(known && self.expects != Some(false));
        }
        Ok(())
    }

    fn end(self, version: HttpVersion) -> Result<(HttpBody, bool), ParseError> {
        let is_11 = version == HttpVersion::Http11;
        if is_11 && self.hosts != 1 || self.hosts > 1 {
            return Err(ParseError::Host);
        }
        let body = match (self.coding, self.length) {
            (None, length) => HttpBody::Length(length.unwrap_or(0)),
            (Some((at, _)), Some(_)) => return Err(ParseError::ContentLengthConflict { at }),
            // HTTP/1.0 knows no codings: whoever sends one there means to confuse.
            (Some((at, _)), None) if !is_11 => return Err(ParseError::ContentLengthConflict { at }),
            (Some((_, true)), None) => HttpBody::Chunked,
            (Some((at, false)), None) => return Err(ParseError::TransferEncoding { at }),
        };
        match self.expects {
            Some(false) if is_11 => Err(ParseError::Expectation),
            expects => Ok((body, is_11 && expects == Some(true))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(wire: &str) -> Result<HttpHead, ParseError> {
        http_head(wire.as_bytes(), &Limits::default())
    }

    fn refused(wire: &str) -> u16 {
        read(wire).map(|_| ()).expect_err(wire).http_status().code()
    }

    #[test]
    fn http_is_told_from_sip_by_the_first_line() {
        for http in ["GET / HTTP/1.1\r\n", "GET /a b HTTP/1.0\n", "GET / HTTP/9\r\nX", "GET /without-an-end"]
        {
            assert!(is_http(http.as_bytes()), "{http:?}");
        }
        for sip in [
            "OPTIONS sip:a SIP/2.0\r\nX: HTTP/1.1\r\n",
            "SIP/2.0 200 HTTP\r\n",
            "",
            "GET",
            "\r\n",
            "HTTP/1.1\r\n",
        ] {
            assert!(!is_http(sip.as_bytes()), "{sip:?}");
        }
    }

    #[test]
    fn where_the_body_ends_is_never_in_doubt() {
        let head = |rest: &str| format!("POST /x HTTP/1.1\r\nHost: a\r\n{rest}\r\n");
        let body =
            |rest: &str| read(&head(rest)).map(|head| head.body).map_err(|error| error.http_status().code());
        assert_eq!(body(""), Ok(HttpBody::Length(0)));
        assert_eq!(body("Content-Length: 5\r\ncontent-length: 5\r\n"), Ok(HttpBody::Length(5)));
        assert_eq!(body("transfer-encoding: Chunked\r\n"), Ok(HttpBody::Chunked));
        assert_eq!(body("l: 5\r\n"), Ok(HttpBody::Length(0)), "HTTP has no compact forms");
        for (rest, status) in [
            ("Content-Length: 5\r\nContent-Length: 6\r\n", 400),
            ("Content-Length: +5\r\n", 400),
            ("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", 400),
            ("Transfer-Encoding: gzip, chunked\r\n", 501),
            ("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", 501),
            ("Transfer-Encoding: identity\r\n", 501),
            ("Content-Length: 99999999\r\n", 413),
            ("Content-Length : 5\r\n", 400),
            ("X: a\r\n b\r\n", 400),
            ("Host: b\r\n", 400),
            ("Expect: the unexpected\r\n", 417),
        ] {
            assert_eq!(body(rest), Err(status), "{rest:?}");
        }
    }

    #[test]
    fn what_is_no_http_request_is_refused_with_the_right_status() {
        for (wire, status) in [
            ("GET / HTTP/1.1\r\n\r\n", 400),
            ("GET / HTTP/1.1\nHost: a\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: a\n\r\n", 400),
            ("GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505),
            ("GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("G@T / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: a\r\nB\x01d: x\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: a\r\nX: \0\r\n\r\n", 400),
        ] {
            assert_eq!(refused(wire), status, "{wire:?}");
        }
        let long = format!("GET /{} HTTP/1.1\r\nHost: a\r\n\r\n", "x".repeat(5000));
        assert_eq!(refused(&long), 414);
        let many =
            |count: usize| format!("GET / HTTP/1.1\r\nHost: a\r\n{}\r\n", "X: y\r\n".repeat(count - 1));
        assert_eq!(read(&many(256)).map(|head| head.slots.len()), Ok(256));
        assert_eq!(refused(&many(257)), 431);
        let named = format!("GET / HTTP/1.1\r\nHost: a\r\n{}: y\r\n\r\n", "n".repeat(300));
        assert_eq!(refused(&named), 431);
    }

    #[test]
    fn http_1_0_needs_no_host_and_expects_nothing() {
        let head = read("GET / HTTP/1.0\r\nExpect: 100-continue\r\n\r\n").expect("a request");
        assert!(!head.expects);
        assert_eq!(refused("GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"), 400);
    }
}
