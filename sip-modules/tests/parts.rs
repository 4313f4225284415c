//! From, To and the Request-URI, changed part by part.

#![allow(clippy::expect_used, reason = "a failure here is a failure of the test")]

use sip_core::{EditError, Message};
use sip_modules::parts::{AddrPart, UriPart, set_from, set_ruri_part, set_to};

fn read(from: &str) -> Message {
    let wire =
        format!("INVITE sip:bob@b.example SIP/2.0\r\nFrom: {from}\r\nTo: sip:bob@b.example;tag=2\r\n\r\n");
    sip_core::parse(wire.into(), &Default::default()).expect("message")
}

#[test]
fn from_keeps_what_is_not_changed() {
    let cases: [(&str, AddrPart, Option<&str>, &str); 7] = [
        ("Al <sip:a@a>;tag=1", AddrPart::Uri, Some("sip:x@y"), "Al <sip:x@y>;tag=1"),
        ("sip:a@a;tag=1", AddrPart::Of(UriPart::User), Some("b"), "<sip:b@a>;tag=1"),
        ("\"A <l>\" <sip:a@a>;tag=1", AddrPart::Of(UriPart::Host), Some("h"), "\"A <l>\" <sip:a@h>;tag=1"),
        ("\"A\" <sip:a@a>;tag=1", AddrPart::Display, None, "<sip:a@a>;tag=1"),
        ("<sip:a@a>;tag=1", AddrPart::Display, Some("B \"b\""), "\"B \\\"b\\\"\" <sip:a@a>;tag=1"),
        ("<sip:a@a>;tag=1", AddrPart::Display, Some("\"B\""), "\"B\" <sip:a@a>;tag=1"),
        ("Al B <sip:a@a;x=1>;y=2;tag=1", AddrPart::Uri, Some("tel:+1"), "Al B <tel:+1>;y=2;tag=1"),
    ];
    for (from, part, value, wanted) in cases {
        let mut msg = read(from);
        set_from(&mut msg, part, value.map(str::as_bytes)).expect(from);
        assert_eq!(msg.header("From").unwrap(), wanted);
    }
}

#[test]
fn what_would_change_more_is_refused_and_changes_nothing() {
    for (part, value) in [
        (AddrPart::Uri, "sip:a>;tag=evil;<"),
        (AddrPart::Uri, "no uri"),
        (AddrPart::Uri, ""),
        (AddrPart::Display, "\"a\" <sip:x>;tag=9, \"b\""),
        (AddrPart::Display, "a\r\nX: y"),
        (AddrPart::Of(UriPart::User), "a@b"),
    ] {
        let mut msg = read("<sip:a@a>;tag=1");
        assert!(set_from(&mut msg, part, Some(value.as_bytes())).is_err(), "{value}");
        assert_eq!(msg.header("From").unwrap(), "<sip:a@a>;tag=1");
    }
}

#[test]
fn to_and_request_uri_are_changed_likewise() {
    let mut msg = read("<sip:a@a>;tag=1");
    set_to(&mut msg, AddrPart::Of(UriPart::User), Some(b"carol")).expect("to");
    assert_eq!(msg.header("To").unwrap(), "<sip:carol@b.example>;tag=2");
    set_ruri_part(&mut msg, UriPart::Port, Some(b"5080")).expect("request URI");
    assert_eq!(msg.request_uri().unwrap(), "sip:bob@b.example:5080");

    let mut reply = sip_core::parse("SIP/2.0 200 OK\r\n\r\n".into(), &Default::default()).expect("message");
    assert_eq!(set_ruri_part(&mut reply, UriPart::User, None), Err(EditError::NotARequest));
}
