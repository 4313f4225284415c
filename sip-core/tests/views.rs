//! Typed views: what they read in whole messages, and that nothing makes them panic.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "helpers and properties of tests")]

use std::fs;
use std::path::Path;

use bytes::Bytes;
use proptest::prelude::*;
use sip_core::{
    CSeq, Contact, Expires, HeaderError, HeaderName, HeaderView, Host, Limits, MaxForwards, Message, Method,
    NameAddr, Path as PathHeader, Protocol, RecordRoute, RetryAfter, Route, Source, Target, To, Uri, Via,
    parse, unescape, unquote,
};

fn message(wire: &str) -> Message {
    parse(Bytes::copy_from_slice(wire.as_bytes()), &Limits::default()).expect("a message")
}

/// Folds, tabs, compact names, escapes and mixed case wherever the grammar lets them be.
const TORTUOUS: &str = "INVITE sip:bob;x=1@host.example;unknown SIP/2.0\r\n\
    tO  :\r\n <sip:bob@host.example>;\r\n\ttag = 1918\r\n\
    f: \"A \\\"B\\\" C\\\\\"   <sip:alice%40home@192.0.2.7:5070;transport=TCP?subject=x>\r\n  ;\r\n  TAG = 98asjd8\r\n\
    MAX-FORWARDS : 0068\r\n\
    i: weird<\"call:id@x\r\n\
    Cseq: 0009\r\n  INVITE\r\n\
    VIA  : SIP  /   2.0\r\n /UDP\r\n    192.0.2.2;branch=390skdjuw\r\n\
    v:  SIP  / 2.0  / TCP     [2001:db8::1] : 5061  ;\r\n  branch  =   z9hG4bK9ikj8  ,\r\n \
    SIP  /    2.0   / UDP  192.168.255.111   ; branch=\r\n z9hG4bK30239\r\n\
    Route:\r\n <sip:a.example;lr;p=\"x>, sip:plain.example;lr\r\n\
    m:\"Quoted, \\\"string\\\"\" <sip:c,d@example.com> ; newparam =\r\n newvalue ;\r\n secondparam ; q = 0.33 ,\r\n\
    \tsip:e@example.com;expires=60, <tel:+1-201-555-0123>\r\n\
    Expires: 7200\r\n\
    \r\n";

#[test]
fn folds_and_space_do_not_hide_anything() {
    let msg = message(TORTUOUS);
    let uri = msg.uri().unwrap();
    assert_eq!((uri.user().unwrap(), uri.host_text()), ("bob;x=1".into(), "host.example".into()));
    assert_eq!(uri.param("UNKNOWN"), Some(None));

    let to = msg.to().unwrap();
    assert_eq!((to.uri_text(), to.tag().unwrap()), ("sip:bob@host.example".into(), "1918".into()));
    let from = msg.from().unwrap();
    assert_eq!(&*from.display_text().unwrap(), b"A \"B\" C\\");
    assert_eq!(from.tag().unwrap(), "98asjd8");
    let uri = from.uri().unwrap();
    assert_eq!(&*unescape(uri.user().unwrap()), b"alice@home");
    assert_eq!((uri.port(), uri.transport()), (Some(5070), Some(Protocol::Tcp)));
    assert_eq!(uri.headers().unwrap(), "subject=x");

    assert_eq!(msg.max_forwards(), Some(Ok(68)));
    assert_eq!(msg.expires(), Some(Ok(7200)));
    assert_eq!(msg.call_id().unwrap(), "weird<\"call:id@x");
    assert_eq!(msg.cseq(), Ok(CSeq { number: 9, method: Method::Invite }));
}

#[test]
fn values_of_several_lines_are_one_list() {
    let msg = message(TORTUOUS);
    let vias: Vec<Via<'_>> = msg.views().collect::<Result<_, _>>().unwrap();
    let branches: Vec<_> = vias.iter().map(|via| via.branch().unwrap().to_string()).collect();
    assert_eq!(branches, ["390skdjuw", "z9hG4bK9ikj8", "z9hG4bK30239"]);
    assert_eq!(msg.top_via().unwrap().branch(), vias[0].branch());
    assert_eq!((vias[1].host().to_string().as_str(), vias[1].port()), ("[2001:db8::1]", Some(5061)));

    let contacts: Vec<Contact<'_>> = msg.contacts().collect::<Result<_, _>>().unwrap();
    let addrs: Vec<_> = contacts.iter().map(|contact| *contact.addr().unwrap()).collect();
    assert_eq!(addrs.len(), 3);
    assert_eq!(addrs[0].display().unwrap(), "Quoted, \\\"string\\\"");
    assert_eq!(addrs[0].uri_text(), "sip:c,d@example.com");
    assert_eq!(addrs[0].q().unwrap().thousandths(), 330);
    assert_eq!(addrs[0].param("newparam").flatten().unwrap(), "newvalue");
    assert_eq!((addrs[1].uri_text(), addrs[1].expires()), ("sip:e@example.com".into(), Some(60)));
    assert!(!addrs[2].uri().unwrap().is_sip());
}

#[test]
fn a_route_with_an_odd_uri_is_no_obstacle_to_its_neighbours() {
    let msg = message(TORTUOUS);
    let routes: Vec<_> = msg.views::<Route<'_>>().collect::<Result<_, _>>().unwrap();
    assert_eq!(routes.len(), 2);
    assert!(matches!(routes[0].uri(), Err(HeaderError::Malformed { name: "Route", .. })));
    assert_eq!(routes[1].uri().unwrap().host(), Host::Name("PLAIN.example".into()));
    assert_eq!(routes[1].param("lr"), Some(None), "without brackets the parameter is the header's");
}

#[test]
fn a_missing_header_is_named() {
    let msg = message("OPTIONS sip:a@b SIP/2.0\r\n\r\n");
    assert_eq!(msg.top_via().unwrap_err(), HeaderError::Missing { name: "Via" });
    assert_eq!(msg.from().unwrap_err(), HeaderError::Missing { name: "From" });
    assert_eq!(msg.cseq().unwrap_err(), HeaderError::Missing { name: "CSeq" });
    assert_eq!(msg.call_id().unwrap_err(), HeaderError::Missing { name: "Call-ID" });
    assert_eq!((msg.max_forwards(), msg.expires()), (None, None));
    assert_eq!(msg.contacts().count(), 0);
    let msg = message("SIP/2.0 200 OK\r\n\r\n");
    assert_eq!(msg.uri().unwrap_err(), HeaderError::Missing { name: "Request-URI" });
}

#[test]
fn a_malformed_header_is_named_with_the_position_and_spoils_no_other() {
    let msg = message(
        "INVITE sip:a@b:99999 SIP/2.0\r\n\
         Via: SIP/2.0/UDP 192.0.2.15;;,;,,\r\n\
         From: \"open <sip:a@b>\r\n\
         To: <sip:b@c>;tag=1\r\n\
         CSeq: 4294967296 INVITE\r\n\
         Max-Forwards: 300\r\n\
         Contact: \"Joe\" <sip:joe@example.org>;;;;\r\n\
         Call-ID:\r\n\r\n",
    );
    let malformed = |name, at| HeaderError::Malformed { name, at };
    assert_eq!(msg.uri().unwrap_err(), malformed("Request-URI", 8));
    assert_eq!(msg.top_via().unwrap_err(), malformed("Via", 23));
    assert_eq!(msg.from().unwrap_err(), malformed("From", 0));
    assert_eq!(msg.cseq().unwrap_err(), malformed("CSeq", 0));
    assert_eq!(msg.max_forwards(), Some(Err(malformed("Max-Forwards", 0))));
    assert_eq!(msg.contact().unwrap_err(), malformed("Contact", 28));
    assert_eq!(msg.call_id().unwrap_err(), malformed("Call-ID", 0));
    assert_eq!(msg.to().unwrap().tag().unwrap(), "1");
}

#[test]
fn a_stamped_request_reads_back_where_it_came_from() {
    let mut msg = message(
        "OPTIONS sip:b SIP/2.0\r\nVia: SIP/2.0/UDP phone.invalid:5070;rport;branch=z9hG4bK1, SIP/2.0/UDP x\r\n\r\n",
    );
    let source = Source {
        protocol: Protocol::Udp,
        remote: "203.0.113.5:40001".parse().unwrap(),
        local: "192.0.2.9:5060".parse().unwrap(),
        flow: None,
    };
    msg.stamp_received(&source);
    let via = msg.top_via().unwrap();
    assert_eq!((via.received(), via.rport()), (Some(source.remote.ip()), Some(Some(40001))));
    assert_eq!(Target::for_response(&via, &source), Target::from(&source));
    assert_eq!(msg.values(HeaderName::Via).count(), 2);
}

#[test]
fn a_header_of_your_own_has_a_view() {
    struct Token<'a>(&'a [u8]);
    impl<'a> HeaderView<'a> for Token<'a> {
        const LIST: bool = true;

        fn name() -> HeaderName<'static> {
            "X-Token".into()
        }

        fn parse(value: &'a [u8]) -> Result<Self, HeaderError> {
            Ok(Self(value))
        }
    }
    let msg = message("OPTIONS sip:a SIP/2.0\r\nX-Token: a, b\r\nx-tOKEN: c\r\n\r\n");
    let all: Vec<_> = msg.views::<Token<'_>>().map(|token| token.unwrap().0).collect();
    assert_eq!(all, [b"a", b"b", b"c"]);
    let msg = message("OPTIONS sip:a SIP/2.0\r\n\r\n");
    assert_eq!(msg.view::<Token<'_>>().map(|_| ()), Err(HeaderError::Missing { name: "X-Token" }));
}

/// Asks every view everything about `text`.
fn ask_all(text: &[u8]) {
    if let Ok(uri) = Uri::parse(text) {
        assert_eq!(uri.as_bstr(), text);
        let parts = (uri.user(), uri.password(), uri.host(), uri.port(), uri.headers(), uri.scheme_text());
        let _ = (parts, uri.params().count(), uri.is_lr(), uri.transport(), uri.maddr(), uri.host_text());
        assert!(uri.equivalent(&uri), "{uri} is itself");
    }
    if let Ok(via) = Via::parse(text) {
        let _ = (via.host(), via.port(), via.branch(), via.received(), via.rport(), via.maddr(), via.ttl());
        let _ = (via.transport(), via.params().count(), Target::from_via(&via));
    }
    if let Ok(addr) = NameAddr::parse(text) {
        let _ = (addr.display_text(), addr.uri().is_ok(), addr.tag(), addr.params().count());
    }
    if let Ok(Contact::Addr(addr)) = Contact::parse(text) {
        let _ = (addr.q(), addr.expires(), addr.instance(), addr.reg_id(), addr.uri().is_ok());
    }
    let _ = (CSeq::parse(text), MaxForwards::parse(text), Expires::parse(text), RetryAfter::parse(text));
    let _ =
        (Host::parse(text), unescape(text), unquote(text), PathHeader::parse(text), RecordRoute::parse(text));
    let _ = To::parse(text);
}

/// Bytes with a liking for what the grammar is made of.
fn soup() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        proptest::sample::select(
            &[
                "sip:",
                "sips:",
                "tel:",
                "@",
                ":",
                ";",
                "?",
                "=",
                "<",
                ">",
                "\"",
                "\\",
                ",",
                "%",
                "%4",
                "%41",
                "[",
                "]",
                "::1",
                "[2001:db8::1]",
                "192.0.2.1",
                "5060",
                "65536",
                "\r\n ",
                "\t",
                " ",
                "/",
                "SIP/2.0/UDP ",
                "branch",
                "rport",
                "received",
                "tag",
                "lr",
                "q",
                "0.5",
                "expires",
                "*",
                "a",
                "example.com",
                "INVITE",
                "é",
                "\0",
            ][..]
        )
        .prop_map(|text| text.as_bytes().to_vec()),
        proptest::collection::vec(any::<u8>(), 0..4),
    ];
    proptest::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// No bytes make a view panic.
    #[test]
    fn no_bytes_make_a_view_panic(text in soup(), noise in proptest::collection::vec(any::<u8>(), 0..64)) {
        ask_all(&text);
        ask_all(&noise);
    }

    /// Whatever stands in the top Via, stamping it neither panics nor loses a value, and the response goes
    /// to the source address unless `maddr` says otherwise.
    #[test]
    fn any_via_can_be_stamped(value in soup(), port in 1u16..) {
        let mut wire = b"OPTIONS sip:a SIP/2.0\r\nVia: ".to_vec();
        wire.extend_from_slice(&value);
        wire.extend_from_slice(b"\r\nVia: SIP/2.0/UDP last.example;branch=z9hG4bKlast\r\n\r\n");
        let Ok(mut msg) = parse(wire.into(), &Limits::default()) else { return Ok(()) };
        let source = Source {
            protocol: Protocol::Udp,
            remote: (std::net::Ipv4Addr::new(203, 0, 113, 5), port).into(),
            local: "192.0.2.9:5060".parse().unwrap(),
            flow: None,
        };
        let before = msg.values(HeaderName::Via).count();
        msg.stamp_received(&source);
        prop_assert_eq!(msg.values(HeaderName::Via).count(), before);
        if let Ok(via) = msg.top_via() && via.maddr().is_none() {
            prop_assert_eq!(Target::for_response(&via, &source).remote.ip(), source.remote.ip());
        }
    }

    /// A parameter list reads back as it was written, whatever space stands round its separators.
    #[test]
    fn parameters_read_back(
        params in proptest::collection::vec(("[a-z]{1,8}", proptest::option::of("[a-zA-Z0-9.]{1,8}")), 0..6),
        gap in proptest::sample::select(&["", " ", "\t", "\r\n "][..]),
    ) {
        let mut text = String::from("<sip:a@b>");
        for (name, value) in &params {
            text += &format!("{gap};{gap}{name}");
            if let Some(value) = value {
                text += &format!("{gap}={gap}{value}");
            }
        }
        let addr = NameAddr::parse(text.as_bytes()).unwrap();
        let read: Vec<_> = addr.params().map(|p| (p.name.to_string(), p.value.map(|v| v.to_string()))).collect();
        prop_assert_eq!(read, params);
    }
}

#[test]
fn views_survive_every_line_of_every_corpus() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpora");
    if !folder.is_dir() {
        println!("SKIPPED: no corpora at {}", folder.display());
        return;
    }
    let (mut pending, mut lines) = (vec![folder], 0);
    while let Some(folder) = pending.pop() {
        for entry in fs::read_dir(folder).expect("readable folder") {
            let path = entry.expect("readable entry").path();
            if path.is_dir() {
                pending.push(path);
                continue;
            }
            let bytes = fs::read(&path).expect("readable file");
            if bytes.len() > 1 << 20 {
                continue;
            }
            for line in bytes.split(|&byte| byte == b'\n') {
                ask_all(line);
                if let Some(colon) = line.iter().position(|&byte| byte == b':') {
                    ask_all(&line[colon + 1..]);
                }
                lines += 1;
            }
        }
    }
    assert!(lines > 1000, "{lines} lines");
}
