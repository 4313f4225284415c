//! Every limit: at it, one beyond it, and what is said then; as a datagram and on a stream.

#![allow(clippy::expect_used, clippy::panic, reason = "helpers of tests")]

use bytes::{Bytes, BytesMut};
use sip_core::frame::{Framed, Framer};
use sip_core::{BodyError, Limits, Multipart, ParseError, Sdp, StatusCode, parse, salvage};

/// Reads `wire` as a datagram and as a stream, which must agree.
fn read(wire: &str, limits: Limits) -> Result<usize, ParseError> {
    let parsed = parse(Bytes::copy_from_slice(wire.as_bytes()), &limits);
    let mut buf = BytesMut::from(wire);
    let framed = match Framer::new(limits).next(&mut buf) {
        Ok(Some(Framed::Message(msg))) => Ok(msg.encoded_len()),
        Ok(other) => panic!("{other:?}"),
        Err(error) => Err(error),
    };
    let parsed = parsed.map(|msg| msg.encoded_len());
    assert_eq!(parsed, framed);
    parsed
}

/// `wire(limit)` passes and `wire(limit + 1)` does not.
fn holds(
    limit: usize,
    limits: Limits,
    wire: impl Fn(usize) -> String,
    error: ParseError,
    status: StatusCode,
) {
    let at = wire(limit);
    assert_eq!(read(&at, limits), Ok(at.len()), "at {error}");
    assert_eq!(read(&wire(limit + 1), limits), Err(error));
    assert_eq!(error.status(), status);
    assert!(salvage(wire(limit + 1).into(), &limits).is_some(), "it can be answered: {error}");
}

fn head_of(bytes: usize) -> String {
    let fixed = "OPTIONS sip:a SIP/2.0\r\nl: 0\r\nX: \r\n\r\n";
    fixed.replace("X: ", &format!("X: {}", "x".repeat(bytes - fixed.len())))
}

fn lines(count: usize) -> String {
    format!("OPTIONS sip:a SIP/2.0\r\nl: 0\r\n{}\r\n", "X:\r\n y\r\n".repeat(count - 1))
}

fn name_of(bytes: usize) -> String {
    format!("OPTIONS sip:a SIP/2.0\r\n{}: y\r\nl: 0\r\n\r\n", "x".repeat(bytes))
}

fn uri_of(bytes: usize) -> String {
    format!("OPTIONS sip:{} SIP/2.0\r\nl: 0\r\n\r\n", "a".repeat(bytes - 4))
}

fn body_of(bytes: usize) -> String {
    format!("OPTIONS sip:a SIP/2.0\r\nl: {bytes}\r\n\r\n{}", "x".repeat(bytes))
}

/// A multipart body with this many levels, the boundary of each one byte longer than that around it.
fn nested(levels: usize) -> String {
    let mut body = String::from("deep");
    for level in (1..=levels).rev() {
        let (outer, inner) = ("b".repeat(level), "b".repeat(level + 1));
        let kind = if level == levels { "text/plain" } else { "multipart/mixed;boundary=" };
        let boundary = if level == levels { "" } else { &inner };
        body = format!("--{outer}\r\nContent-Type: {kind}{boundary}\r\n\r\n{body}\r\n--{outer}--");
    }
    body
}

/// Goes down to the innermost part.
fn deepest(body: &str, limits: &Limits) -> Result<(), BodyError> {
    let mut level = Multipart::parse(b"multipart/mixed;boundary=b", body.as_bytes(), limits)?;
    while let Some(inner) = level.parts()[0].multipart(limits) {
        level = inner?;
    }
    assert_eq!(level.parts()[0].body(), b"deep");
    Ok(())
}

#[test]
fn defaults_hold_to_the_byte() {
    let limits = Limits::default();
    assert_eq!(
        limits,
        Limits {
            head_bytes: 32_768,
            headers: 256,
            name_bytes: 256,
            uri_bytes: 4_096,
            body_bytes: 1_048_576,
            body_parts: 64,
            body_depth: 8,
            sdp_lines: 2_048,
        }
    );
    all_hold(limits);
}

#[test]
fn limits_of_ones_own_hold_to_the_byte() {
    let small = Limits {
        head_bytes: 512,
        headers: 7,
        name_bytes: 20,
        uri_bytes: 30,
        body_bytes: 100,
        body_parts: 3,
        body_depth: 2,
        sdp_lines: 5,
    };
    all_hold(small);
    let large = Limits { head_bytes: 200_000, headers: 2000, name_bytes: 65_535, uri_bytes: 70_000, ..small };
    all_hold(large);
}

fn all_hold(limits: Limits) {
    // Without `..`: a new limit is a new line here.
    let Limits { head_bytes, headers, name_bytes, uri_bytes, body_bytes, body_parts, body_depth, sdp_lines } =
        limits;
    let parts = |count: usize| {
        let body = format!("{}--b--", "--b\r\n\r\n\r\n".repeat(count));
        Multipart::parse(b"multipart/mixed;boundary=b", body.as_bytes(), &limits)
            .map(|found| found.parts().len())
    };
    assert_eq!(parts(body_parts), Ok(body_parts));
    assert_eq!(parts(body_parts + 1), Err(BodyError::TooManyParts { max: body_parts }));
    assert_eq!(deepest(&nested(body_depth), &limits), Ok(()));
    assert_eq!(deepest(&nested(body_depth + 1), &limits), Err(BodyError::TooDeep { max: body_depth }));
    let sdp =
        |count: usize| Sdp::parse("v=0\r\n".repeat(count).as_bytes(), &limits).map(|sdp| sdp.lines().count());
    assert_eq!(sdp(sdp_lines), Ok(sdp_lines));
    assert_eq!(sdp(sdp_lines + 1), Err(BodyError::TooManyLines { max: sdp_lines }));

    let too_large = StatusCode::MESSAGE_TOO_LARGE;
    holds(head_bytes, limits, head_of, ParseError::HeadTooLarge { max: head_bytes }, too_large);
    holds(headers, limits, lines, ParseError::TooManyHeaders { max: headers }, too_large);
    holds(name_bytes, limits, name_of, ParseError::HeaderNameTooLong { max: name_bytes }, too_large);
    let too_long = StatusCode::REQUEST_URI_TOO_LONG;
    holds(uri_bytes, limits, uri_of, ParseError::UriTooLong { max: uri_bytes }, too_long);
    let too_large = StatusCode::REQUEST_ENTITY_TOO_LARGE;
    holds(body_bytes, limits, body_of, ParseError::BodyTooLarge { max: body_bytes }, too_large);
}

#[test]
fn no_limit_makes_a_name_longer_than_a_message_can_hold() {
    let limits = Limits { name_bytes: usize::MAX, head_bytes: usize::MAX, ..Limits::default() };
    assert!(read(&name_of(65_535), limits).is_ok());
    assert_eq!(read(&name_of(65_536), limits), Err(ParseError::HeaderNameTooLong { max: 65_535 }));
}

#[test]
fn a_body_without_content_length_has_the_same_bound() {
    let limits = Limits { body_bytes: 5, ..Limits::default() };
    let wire = |body: &str| Bytes::from(format!("OPTIONS sip:a SIP/2.0\r\n\r\n{body}"));
    assert_eq!(parse(wire("12345"), &limits).expect("at the limit").body(), b"12345");
    assert_eq!(parse(wire("123456"), &limits).map(|_| ()), Err(ParseError::BodyTooLarge { max: 5 }));
}

#[test]
fn limits_are_checked_before_the_rest_has_come() {
    let limits = Limits { head_bytes: 100, body_bytes: 10, ..Limits::default() };
    let mut framer = Framer::new(limits);
    let mut buf = BytesMut::from("OPTIONS sip:a SIP/2.0\r\nl: 11\r\n\r\n");
    assert_eq!(framer.next(&mut buf).map(|_| ()), Err(ParseError::BodyTooLarge { max: 10 }));
    let mut framer = Framer::new(limits);
    let mut buf = BytesMut::from(&[b'x'; 99][..]);
    assert!(framer.next(&mut buf).expect("may still end").is_none());
    buf.extend_from_slice(b"x");
    assert_eq!(framer.next(&mut buf).map(|_| ()), Err(ParseError::HeadTooLarge { max: 100 }));
}
