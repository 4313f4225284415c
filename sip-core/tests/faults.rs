//! What `validate` says: every fault, in order, with its status and its header.

#![allow(clippy::expect_used, reason = "helpers of tests")]

mod judge;

use judge::{PROXY, REGISTRAR, REQUEST, changed, verdict};
use sip_core::{Fault, HeaderError, Limits, Message, Role, Rules, StatusCode, parse, unsupported, validate};

fn message(wire: &str) -> Message {
    parse(wire.to_owned().into(), &Limits::default()).expect("a message")
}

#[test]
fn all_faults_are_told_the_first_one_first() {
    let wire = changed(
        REQUEST,
        &[
            ("INVITE sip:bob@example.com SIP/2.0", "INVITE sip:bob@example.com?x=y SIP/2.0"),
            ("To: <sip:bob@example.com>", "To: \"Bob"),
            ("From: \"Alice\" <sip:alice@example.net>;tag=9fxced76sl", "X-A: y"),
            ("70", "0"),
            ("2 INVITE", "2 BYE\r\nCSeq: 3"),
            ("Contact:", "Proxy-Require: a, b\r\nContact:"),
        ],
    );
    let msg = message(&wire);
    assert_eq!(
        validate(&msg, &PROXY),
        [
            Fault::Header(HeaderError::Missing { name: "From" }),
            Fault::Repeated { name: "CSeq" },
            Fault::Header(HeaderError::Malformed { name: "To", at: 0 }),
            Fault::Header(HeaderError::Malformed { name: "CSeq", at: 1 }),
            Fault::CSeqMethod,
            Fault::UriHeaders,
            Fault::TooManyHops,
            Fault::Extension { name: "Proxy-Require" },
        ]
    );
}

#[test]
fn a_header_that_is_wrong_a_hundred_times_is_named_once() {
    let wire = changed(REQUEST, &[("Contact:", &format!("{}Contact:", "Route: <\r\n".repeat(100)))]);
    let faults = validate(&message(&wire), &PROXY);
    assert_eq!(faults, [Fault::Header(HeaderError::Malformed { name: "Route", at: 1 })]);
}

#[test]
fn supported_extensions_may_be_asked_for() {
    let wire = changed(REQUEST, &[("Contact:", "Require: 100REL, outbound\r\nRequire: gruu\r\nContact:")]);
    let msg = message(&wire);
    let rules = Rules { extensions: &["100rel", "gruu"], ..Rules::of(Role::Endpoint) };
    assert_eq!(validate(&msg, &rules), [Fault::Extension { name: "Require" }]);
    assert_eq!(unsupported(&msg, &rules).collect::<Vec<_>>(), ["outbound"]);
    let rules = Rules { extensions: &["100rel", "gruu", "outbound"], ..rules };
    assert_eq!(validate(&msg, &rules), []);
    assert_eq!(unsupported(&msg, &rules).count(), 0);
}

#[test]
fn an_ack_and_a_cancel_ask_for_nothing() {
    for method in ["ACK", "CANCEL"] {
        let wire = changed(
            REQUEST,
            &[
                ("INVITE", method),
                ("2 INVITE", &format!("2 {method}")),
                ("Contact:", "Require: x\r\nContact:"),
            ],
        );
        assert_eq!(verdict(wire.as_bytes(), &REGISTRAR), "ok", "{method}");
    }
}

#[test]
fn each_fault_has_its_status_and_its_header() {
    for (fault, status, header) in [
        (Fault::Repeated { name: "To" }, StatusCode::BAD_REQUEST, "To"),
        (Fault::RepeatedParam { name: "From", param: "tag" }, StatusCode::BAD_REQUEST, "From"),
        (Fault::CSeqNumber, StatusCode::BAD_REQUEST, "CSeq"),
        (Fault::Branch, StatusCode::BAD_REQUEST, "Via"),
        (Fault::Scheme, StatusCode::UNSUPPORTED_URI_SCHEME, "Request-URI"),
        (Fault::AddressOfRecord, StatusCode::BAD_REQUEST, "To"),
        (Fault::TooManyHops, StatusCode::TOO_MANY_HOPS, "Max-Forwards"),
        (Fault::Method, StatusCode::NOT_IMPLEMENTED, "method"),
        (Fault::ContentType, StatusCode::UNSUPPORTED_MEDIA_TYPE, "Content-Type"),
        (Fault::Accept, StatusCode::NOT_ACCEPTABLE, "Accept"),
    ] {
        assert_eq!((fault.status(), fault.header()), (status, header), "{fault}");
    }
}
