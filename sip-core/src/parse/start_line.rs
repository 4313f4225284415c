//! The request line and the status line.
//!
//! Source: RFC 3261 7.1, 7.2. One SP between the parts, as the grammar has it: a line with more
//! is refused, since two readers could disagree about what the Request-URI is.

use memchr::memchr;

use crate::ascii::{is_control, is_token};
use crate::error::ParseError;
use crate::message::slots::Origin;
use crate::message::start::{StartKind, StartLine};
use crate::parse::limits::Limits;
use crate::scan::line::line_end;
use crate::scan::word::{below, equal, skip_unmarked};
use crate::span::Span;
use crate::status::StatusCode;

const VERSION: &[u8] = b"SIP/2.0";

/// Reads the line that begins at `bytes[0]`.
pub(crate) fn start_line(bytes: &[u8], limits: &Limits) -> Result<StartLine, ParseError> {
    match usual_request_line(bytes, limits) {
        Some(start) => Ok(start),
        None => any_start_line(bytes, limits),
    }
}

/// The request line at `bytes[0]`, if nothing is wrong with it and the version is written as it should be: one
/// look at each byte.
#[inline]
fn usual_request_line(bytes: &[u8], limits: &Limits) -> Option<StartLine> {
    let method = bytes.iter().position(|&b| !is_token(b)).filter(|&len| len > 0)?;
    if bytes[method] != b' ' {
        return None;
    }
    let uri = method + 1;
    let ends = |word| below(word, b' ' + 1) | equal(word, 0x7f);
    let mut uri_end = skip_unmarked(bytes, uri, ends, ends);
    while bytes.get(uri_end).is_some_and(|&b| b > b' ' && b != 0x7f) {
        uri_end += 1;
    }
    let rest = bytes.get(uri_end..)?;
    if !rest.starts_with(b" SIP/2.0\r\n") || uri_end == uri || uri_end - uri > limits.uri_bytes {
        return None;
    }
    let kind = StartKind::Request { method: Span::new(0, method), uri: Span::new(uri, uri_end) };
    Some(StartLine { origin: Origin::Wire, line: Span::new(0, uri_end + 10), kind })
}

#[inline(never)]
fn any_start_line(bytes: &[u8], limits: &Limits) -> Result<StartLine, ParseError> {
    let end = line_end(bytes, 0)?;
    let line = &bytes[..end - 2];
    let kind = if is_status_line(line) { status_line(line)? } else { request_line(line, limits)? };
    Ok(StartLine { origin: Origin::Wire, line: Span::new(0, end), kind })
}

/// Whether the line begins like a status line: no method can hold a slash.
fn is_status_line(line: &[u8]) -> bool {
    line.get(..4).is_some_and(|prefix| prefix.eq_ignore_ascii_case(b"SIP/"))
}

fn request_line(line: &[u8], limits: &Limits) -> Result<StartKind, ParseError> {
    let method = line.iter().position(|&b| !is_token(b)).unwrap_or(line.len());
    if method == 0 || line.get(method) != Some(&b' ') {
        return Err(ParseError::StartLine { at: method });
    }
    let uri = method + 1;
    let Some(uri_len) = memchr(b' ', &line[uri..]) else {
        return Err(ParseError::StartLine { at: line.len() });
    };
    if uri_len > limits.uri_bytes {
        return Err(ParseError::UriTooLong { max: limits.uri_bytes });
    }
    let uri_end = uri + uri_len;
    if uri_len == 0 {
        return Err(ParseError::StartLine { at: uri });
    }
    if let Some(bad) = line[uri..uri_end].iter().position(|&b| is_control(b)) {
        return Err(ParseError::StartLine { at: uri + bad });
    }
    version(line, uri_end + 1, &line[uri_end + 1..])?;
    Ok(StartKind::Request { method: Span::new(0, method), uri: Span::new(uri, uri_end) })
}

/// `SIP/2.0 200 OK`; the reason phrase may be empty, and its SP then missing.
fn status_line(line: &[u8]) -> Result<StartKind, ParseError> {
    let code = memchr(b' ', line).map_or(line.len(), |space| space + 1);
    version(line, 0, line.get(..code.saturating_sub(1)).unwrap_or_default())?;
    let wrong = ParseError::StartLine { at: code };
    let status = match line.get(code..code + 3) {
        Some(&[a @ b'1'..=b'6', b @ b'0'..=b'9', c @ b'0'..=b'9']) => {
            StatusCode::new(u16::from(a - b'0') * 100 + u16::from(b - b'0') * 10 + u16::from(c - b'0'))
        }
        _ => None,
    };
    let status = status.ok_or(wrong)?;
    let reason = match line.get(code + 3) {
        None => code + 3,
        Some(b' ') => code + 4,
        Some(_) => return Err(wrong),
    };
    Ok(StartKind::Response { status, reason: Span::new(reason, line.len()) })
}

/// Checks the version `text`, which stands at `at` of the line.
fn version(line: &[u8], at: usize, text: &[u8]) -> Result<(), ParseError> {
    if text == VERSION || text.eq_ignore_ascii_case(VERSION) {
        return Ok(());
    }
    let number = line.get(at..at + 4).filter(|name| name.eq_ignore_ascii_case(b"SIP/"));
    let mut parts = text.get(4..).unwrap_or_default().split(|&b| b == b'.');
    let is_number = |part: Option<&[u8]>| {
        part.is_some_and(|part| !part.is_empty() && part.iter().all(u8::is_ascii_digit))
    };
    if number.is_some() && is_number(parts.next()) && is_number(parts.next()) && parts.next().is_none() {
        Err(ParseError::Version { at })
    } else {
        Err(ParseError::StartLine { at })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<StartKind, ParseError> {
        start_line(format!("{line}\r\n").as_bytes(), &Limits::default()).map(|start| start.kind)
    }

    #[test]
    fn request_line_is_three_parts_with_one_space_between() {
        let Ok(StartKind::Request { method, uri }) = read("OPTIONS sip:a SIP/2.0") else {
            panic!("a request line")
        };
        assert_eq!((method, uri), (Span::new(0, 7), Span::new(8, 13)));
        for (line, at) in [
            ("", 0),
            ("OPTIONS", 7),
            ("OPTIONS sip:a", 13),
            ("OPTIONS  sip:a SIP/2.0", 8),
            ("OPTIONS sip:a  SIP/2.0", 14),
            ("OPTIONS sip:a; lr SIP/2.0", 15),
            ("OPTIONS sip:a SIP/2.0 ", 14),
            ("OPTIONS sip:a\tb SIP/2.0", 13),
            (" OPTIONS sip:a SIP/2.0", 0),
            ("OPT\0IONS sip:a SIP/2.0", 3),
            ("OPTIONS sip:a HTTP/1.1", 14),
            ("OPTIONS sip:a SIP/2.", 14),
        ] {
            assert_eq!(read(line).map(|_| ()), Err(ParseError::StartLine { at }), "{line:?}");
        }
    }

    #[test]
    fn another_version_is_told_apart_from_nonsense() {
        assert_eq!(read("OPTIONS sip:a SIP/7.0").map(|_| ()), Err(ParseError::Version { at: 14 }));
        assert_eq!(read("SIP/3.0 200 OK").map(|_| ()), Err(ParseError::Version { at: 0 }));
        assert!(read("OPTIONS sip:a sip/2.0").is_ok());
        assert_eq!(ParseError::Version { at: 0 }.status(), StatusCode::VERSION_NOT_SUPPORTED);
    }

    #[test]
    fn status_line_has_a_code_of_three_digits() {
        let Ok(StartKind::Response { status, reason }) = read("SIP/2.0 486 Busy Here") else {
            panic!("a status line")
        };
        assert_eq!((status, reason), (StatusCode::BUSY_HERE, Span::new(12, 21)));
        assert!(read("SIP/2.0 100 ").is_ok());
        assert!(read("SIP/2.0 100").is_ok());
        for line in ["SIP/2.0 4294967301 x", "SIP/2.0 99 x", "SIP/2.0 700 x", "SIP/2.0", "SIP/2.0 2x0 OK"] {
            assert!(matches!(read(line), Err(ParseError::StartLine { .. })), "{line:?}");
        }
    }

    #[test]
    fn a_long_request_uri_is_refused_by_its_limit() {
        let limits = Limits { uri_bytes: 5, ..Limits::default() };
        assert!(start_line(b"A sip:a SIP/2.0\r\n", &limits).is_ok());
        let error = start_line(b"A sip:ab SIP/2.0\r\n", &limits).map(|_| ());
        assert_eq!(error, Err(ParseError::UriTooLong { max: 5 }));
    }
}
