//! What can be read of a request that is no valid message, so that it can be refused politely.

use bytes::Bytes;
use memchr::memchr;

use crate::ascii::is_token;
use crate::message::Message;
use crate::message::slots::{Origin, Slots};
use crate::message::start::{StartKind, StartLine};
use crate::parse::empty_lines;
use crate::parse::headers::header_line;
use crate::parse::limits::Limits;
use crate::scan::line::line_end;
use crate::span::Span;

/// Makes of bytes that [`parse`](crate::parse) refused a request that a reply can be built from.
///
/// The result is for replying and logging only, never for routing: it holds the header lines that
/// could be read, without those that could not, and no body; its Request-URI is empty where
/// the request line is malformed. `None` if the bytes do not begin like a request (a response is
/// never answered) or are an ACK (neither is that).
///
/// # Examples
///
/// ```
/// use sip_core::{parse, salvage, Limits};
///
/// let wire = bytes::Bytes::from("OPTIONS  sip:a@b  SIP/2.0\r\nVia: SIP/2.0/UDP c\r\nCall-ID: 1\r\n\r\n");
/// let limits = Limits::default();
/// assert!(parse(wire.clone(), &limits).is_err());
/// let request = salvage(wire, &limits).expect("a request");
/// assert_eq!(request.header("Call-ID"), Some("1".into()));
/// ```
pub fn salvage(bytes: Bytes, limits: &Limits) -> Option<Message> {
    let empty = empty_lines(&bytes);
    let wire = bytes.slice(empty..bytes.len().min(empty.saturating_add(limits.head_bytes)));
    let start = start(&wire)?;
    let mut slots = Slots::new();
    let mut at = start.line.end as usize;
    while slots.len() < limits.headers && !wire[at..].is_empty() && !wire[at..].starts_with(b"\r\n") {
        match header_line(&wire, at, limits) {
            Ok(slot) => {
                at = slot.end as usize;
                slots.push(slot);
            }
            Err(_) => match memchr(b'\n', &wire[at..]) {
                Some(line) => at += line + 1,
                None => break,
            },
        }
    }
    let body = Span::new(wire.len(), wire.len()).start;
    Some(Message::from_parts(wire, start, slots, body))
}

/// A request line, however malformed: a method, and SIP somewhere behind it.
fn start(wire: &[u8]) -> Option<StartLine> {
    let end = line_end(wire, 0).ok()?;
    let line = &wire[..end - 2];
    let method = line.iter().position(|&b| !is_token(b)).filter(|&len| len > 0)?;
    let is_sip = line[method..].windows(4).any(|text| text.eq_ignore_ascii_case(b"SIP/"));
    if line[method] != b' ' || !is_sip || &line[..method] == b"ACK" {
        return None;
    }
    let mut parts = line[method + 1..].split(|&b| b == b' ');
    let uri_len = match (parts.next(), parts.next(), parts.next()) {
        (Some(uri), Some(_), None) => uri.len(),
        _ => 0,
    };
    let kind =
        StartKind::Request { method: Span::new(0, method), uri: Span::new(method + 1, method + 1 + uri_len) };
    Some(StartLine { origin: Origin::Wire, line: Span::new(0, end), kind })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(wire: &'static str) -> Option<Message> {
        salvage(Bytes::from_static(wire.as_bytes()), &Limits::default())
    }

    #[test]
    fn lines_that_cannot_be_read_are_left_out() {
        let wire =
            "INVITE sip:a SIP/7.0\r\nVia: v\r\nbad line\r\nCSeq: 1 INVITE\r\nTo\x01: x\r\nl: -1\r\n\r\n";
        let msg = read(wire).expect("request");
        assert_eq!(msg.iter().count(), 3);
        assert_eq!(msg.header("CSeq"), Some("1 INVITE".into()));
        assert_eq!(msg.request_uri(), Some("sip:a".into()));
        assert_eq!(msg.header("To"), None);
        assert_eq!(msg.body(), b"");
    }

    #[test]
    fn only_requests_that_are_answered_are_salvaged() {
        assert!(read("SIP/2.0 2000 OK\r\nVia: v\r\n\r\n").is_none());
        assert!(read("ACK  sip:a SIP/2.0\r\nVia: v\r\n\r\n").is_none());
        assert!(read("GET / HTTP/1.1\r\nHost: v\r\n\r\n").is_none());
        assert!(read("").is_none());
        assert!(read("INVITE sip:a SIP/2.0\r\nVia: unfinished").is_some());
    }
}
