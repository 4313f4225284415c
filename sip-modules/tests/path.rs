//! Path.

#![allow(clippy::expect_used, reason = "a test that cannot be set up has failed")]

mod common;

use common::*;
use sip_core::{Protocol, Source, Uri};
use sip_modules::path::{self, Options};

fn source(protocol: Protocol) -> Source {
    let (remote, local) = ("10.0.0.5:4000", "192.0.2.9:5060");
    Source {
        protocol,
        remote: remote.parse().expect("an address"),
        local: local.parse().expect("an address"),
        flow: None,
    }
}

fn added(protocol: Protocol, headers: &[&str], change: impl FnOnce(&mut Options<'static>)) -> Option<String> {
    let mut options = Options::default();
    change(&mut options);
    let mut msg = request("REGISTER sip:example.org", headers);
    path::add(&mut msg, &source(protocol), &options).ok()?;
    Some(msg.headers("Path").map(ToString::to_string).collect::<Vec<_>>().join(" | "))
}

#[test]
fn a_path_names_where_the_request_came_in_and_stands_on_top() {
    let path = added(Protocol::Udp, &["Path: <sip:edge;lr>"], |_| ());
    assert_eq!(path.as_deref(), Some("<sip:192.0.2.9:5060;lr> | <sip:edge;lr>"));
    let path = added(Protocol::Tls, &[], |options| options.user = b"a b");
    assert_eq!(path.as_deref(), Some("<sip:a%20b@192.0.2.9:5060;transport=tls;lr>"));
    let path = added(Protocol::Udp, &[], |options| {
        options.address = Some(b"sbc.example.org:5080");
        options.params = b"x=1;y";
    });
    assert_eq!(path.as_deref(), Some("<sip:sbc.example.org:5080;lr;x=1;y>"));
}

#[test]
fn it_may_tell_where_the_phone_is() {
    let path = added(Protocol::Tcp, &[], |options| options.received = true).expect("a Path");
    let uri = path.trim_start_matches('<').trim_end_matches('>');
    let uri = Uri::parse(uri.as_bytes()).expect("a URI");
    let received = uri.param("received").flatten().expect("a parameter");
    assert_eq!(*sip_core::unescape(received), *b"sip:10.0.0.5:4000;transport=tcp");
    assert!(uri.is_lr());
}

#[test]
fn a_phone_with_a_flow_one_hop_away_gets_ob() {
    let contact = "Contact: <sip:a@10.0.0.5>;reg-id=1;+sip.instance=\"<urn:uuid:1>\"";
    let via = "Via: SIP/2.0/UDP 10.0.0.5";
    let ob =
        |headers: &[&str]| added(Protocol::Udp, headers, |_| ()).is_some_and(|path| path.contains(";ob"));
    assert!(ob(&[via, contact]));
    assert!(!ob(&[via, via, contact]), "behind another proxy");
    assert!(!ob(&[via, "Contact: <sip:a@10.0.0.5>"]));
}

#[test]
fn nothing_that_is_given_leaves_its_place() {
    for address in ["a>,<sip:evil", "a?x=y", "a b", "", "a\r\nX: y"] {
        let path = added(Protocol::Udp, &[], |options| options.address = Some(address.as_bytes()));
        assert_eq!(path, None, "{address}");
    }
    for params in ["a>", "a?b", "a\r\nX: y", "a b"] {
        assert_eq!(added(Protocol::Udp, &[], |options| options.params = params.as_bytes()), None, "{params}");
    }
}
