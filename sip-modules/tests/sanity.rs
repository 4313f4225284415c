//! Messages that are not fit, and the reply they get.

mod common;

use common::*;
use sip_core::{Message, StatusCode};
use sip_modules::sanity::{MessageChecks, SanityError, UriChecks, check};

const GOOD: [&str; 6] = [
    "Via: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bK1",
    "From: <sip:a@b>;tag=1",
    "To: <sip:c@d>",
    "Call-ID: 1",
    "CSeq: 1 INVITE",
    "Contact: <sip:a@192.0.2.9>",
];

const ALL: MessageChecks = MessageChecks::from_bits(u32::MAX);
const ALL_URIS: UriChecks = UriChecks::from_bits(u32::MAX);

/// A good INVITE in which the line of this name is another.
fn with(name: &str, line: &str) -> Message {
    let lines = GOOD.map(|good| if good.starts_with(name) { line } else { good });
    request("INVITE sip:bob@example.com", &lines)
}

fn verdict(msg: &Message) -> Result<(), SanityError> {
    check(msg, ALL, ALL_URIS, &["privacy"])
}

#[test]
fn good_request_and_response_pass() {
    assert_eq!(verdict(&request("INVITE sip:bob@example.com", &GOOD)), Ok(()));
    assert_eq!(verdict(&request("INVITE tel:+1234", &GOOD)), Ok(()));
    assert_eq!(verdict(&request("INVITE urn:service:sos", &GOOD)), Ok(()));
    assert_eq!(verdict(&message("SIP/2.0 200 OK", &GOOD)), Ok(()));
}

#[test]
fn each_fault_is_named_with_its_reply() {
    let bad = [
        (with("To", "X: 1"), "no To header"),
        (with("From", "From: <sip:a@b"), "malformed From"),
        (with("CSeq", "CSeq: 1 BYE"), "CSeq has another method than the request"),
        (with("CSeq", "CSeq: 2147483648 INVITE"), "the number in CSeq is too large"),
        (with("CSeq", "CSeq: one INVITE"), "malformed CSeq"),
        (with("Contact", "Expires: soon"), "malformed Expires"),
        (with("Contact", "Contact: <sip:>"), "malformed Contact"),
        (with("To", "To: <sip:c@d e>"), "malformed To"),
        (with("To", "To: <sip:c@d>;tag=1;tag=2"), "From or To has two tags"),
        (with("Via", "Via: nonsense"), "malformed Via"),
        (with("Via", "Via: SIP/2.0/UDP h;branch=1"), "the first Via has no branch as RFC 3261 has it"),
        (with("Contact", "Route: <sip:strict>"), "a Route or Record-Route without lr"),
    ];
    for (msg, text) in bad {
        let error = verdict(&msg).expect_err(text);
        assert!(error.to_string().starts_with(text), "{error} is not {text}");
        assert_eq!(error.status(), StatusCode::BAD_REQUEST);
    }
}

#[test]
fn scheme_that_nobody_routes_is_416() {
    let error = verdict(&request("INVITE mailto:a@b", &GOOD)).expect_err("mailto");
    assert_eq!((error.clone(), error.status()), (SanityError::Scheme, StatusCode::UNSUPPORTED_URI_SCHEME));
}

#[test]
fn required_extension_that_is_not_supported_is_420_and_named() {
    let error = verdict(&with("Contact", "Proxy-Require: foo, Privacy, bar")).expect_err("foo and bar");
    assert_eq!(error.status(), StatusCode::BAD_EXTENSION);
    assert_eq!(error.unsupported().as_deref(), Some(&b"foo, bar"[..]));
    assert_eq!(verdict(&with("Contact", "Proxy-Require: privacy")), Ok(()));
}

#[test]
fn only_what_is_asked_for_is_checked() {
    let msg = with("CSeq", "CSeq: 1 BYE");
    assert_eq!(check(&msg, MessageChecks::RURI_SCHEME | MessageChecks::VIA1, ALL_URIS, &[]), Ok(()));
    assert!(check(&msg, MessageChecks::CSEQ_METHOD, ALL_URIS, &[]).is_err());
    let msg = with("Contact", "Contact: <sip:>");
    assert_eq!(check(&msg, ALL, UriChecks::DEFAULT, &[]), Ok(()), "Contact is not among the default URIs");
}

#[test]
fn first_failure_ends_the_checks() {
    let msg = request("INVITE mailto:a@b", &[]);
    assert_eq!(verdict(&msg), Err(SanityError::Scheme));
}

#[test]
fn numbers_are_those_of_scripts() {
    assert_eq!(MessageChecks::DEFAULT.bits(), 17_895);
    assert_eq!(MessageChecks::from_bits(17_604).bits(), 17_604);
    assert_eq!(MessageChecks::from_bits(1 << 30), MessageChecks::NONE);
    assert!(MessageChecks::DEFAULT.contains(MessageChecks::PARSE_URIS));
    assert!(!MessageChecks::DEFAULT.contains(MessageChecks::PROXY_REQUIRE));
}
