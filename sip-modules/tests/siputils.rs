//! Small questions.

#![allow(clippy::expect_used, reason = "a test that cannot be set up has failed")]

mod common;

use common::*;
use sip_core::{Protocol, Source};
use sip_modules::siputils::*;

fn source(remote: &str) -> Source {
    Source {
        protocol: Protocol::Udp,
        remote: remote.parse().expect("an address"),
        local: "192.0.2.1:5060".parse().expect("an address"),
        flow: None,
    }
}

#[test]
fn to_tag_is_seen_where_there_is_one() {
    let has = |to: &str| has_totag(&request("BYE sip:a@b", &[to]));
    assert!(has("To: <sip:a@b>;tag=1"));
    assert!(has("t: sip:a@b;tag=1"));
    assert!(!has("To: <sip:a@b;tag=1>"), "that is a parameter of the URI");
    assert!(!has("To: <sip:a@b>"));
    assert!(!has("Subject: none"));
}

#[test]
fn request_is_on_its_first_hop_with_a_single_via() {
    let first =
        |lines: &[&str]| is_first_hop(&request("INVITE sip:a@b", lines), &source("192.0.2.9:5060"), &ours);
    assert!(first(&["Via: SIP/2.0/UDP a"]));
    assert!(!first(&["Via: SIP/2.0/UDP a, SIP/2.0/UDP b"]));
    assert!(!first(&["Via: SIP/2.0/UDP a", "v: SIP/2.0/UDP b"]));
}

#[test]
fn response_is_on_its_first_hop_when_nobody_recorded_before_us() {
    let first = |lines: &[&str], from| is_first_hop(&message("SIP/2.0 200 OK", lines), &source(from), &ours);
    assert!(first(&[], "192.0.2.9:5060"));
    assert!(first(&["Record-Route: <sip:192.0.2.1;lr>, <sip:other;lr>"], "192.0.2.9:5060"));
    assert!(!first(&["Record-Route: <sip:other;lr>, <sip:192.0.2.1;lr>"], "192.0.2.9:5060"));
    assert!(!first(&["Record-Route: <sip:192.0.2.1;lr>"], "192.0.2.1:5060"), "we sent it to ourselves");
}

#[test]
fn kinds_of_messages() {
    let (request, response) = (request("INVITE sip:a@b", &[]), message("SIP/2.0 200 OK", &[]));
    assert!(is_request(&request) && !is_reply(&request));
    assert!(is_reply(&response) && !is_request(&response));
}

#[test]
fn parameters_of_the_request_uri_are_read_added_and_removed() {
    let mut msg = request("INVITE sip:a@b;x=1;user=phone?Subject=y", &[]);
    assert_eq!(uri_param(&msg, "USER").flatten(), Some("phone".into()));
    assert!(is_uri_param(&msg, "user", b"Phone"));
    assert!(!is_uri_param(&msg, "x", b"2"));
    add_uri_param(&mut msg, b"z").expect("added");
    add_uri_param(&mut msg, b";w=2").expect("added");
    assert_eq!(msg.request_uri().expect("a request"), "sip:a@b;x=1;user=phone;z;w=2?Subject=y");
    assert_eq!(remove_uri_param(&mut msg, "user"), Ok(true));
    assert_eq!(remove_uri_param(&mut msg, "user"), Ok(false));
    assert_eq!(msg.request_uri().expect("a request"), "sip:a@b;x=1;z;w=2?Subject=y");
    add_uri_param(&mut msg, b"a b").expect_err("no URI");
    let mut msg = request("INVITE sip:a@b;x=1", &[]);
    assert_eq!(remove_uri_param(&mut msg, "x"), Ok(true));
    assert_eq!(msg.request_uri().expect("a request"), "sip:a@b");
}

#[test]
fn uris_and_addresses_are_compared() {
    assert_eq!(cmp_uri(b"sip:a@H", b"sip:a@h"), Ok(true));
    assert_eq!(cmp_uri(b"sip:a@h:5060", b"sip:a@h"), Ok(false));
    assert!(cmp_uri(b"a", b"sip:a@h").is_err());
    assert_eq!(cmp_aor(b"sip:a@h:5070;x=1", b"sips:%61@H"), Ok(true));
    assert_eq!(cmp_aor(b"sip:a@h", b"sip:b@h"), Ok(false));
    assert!(cmp_hdr_name("f", "From") && !cmp_hdr_name("f", "To"));
}

#[test]
fn texts_are_what_they_look_like() {
    assert!(is_uri(b"sip:a@b") && is_uri(b"sips:b") && !is_uri(b"tel:1") && !is_uri(b"a@b"));
    assert!(is_numeric(b"0123") && !is_numeric(b"12a") && !is_numeric(b""));
    assert!(is_alphanum(b"a1Z") && !is_alphanum(b"a-1"));
    assert!(is_alphanum_ex(b"a-1", b"-_") && !is_alphanum_ex(b"", b"-"));
    assert!(
        is_tel_number(b"+49123") && is_tel_number(b"49") && !is_tel_number(b"+") && !is_tel_number(b"++1")
    );
}
