//! Phones behind a NAT.

#![allow(clippy::expect_used, reason = "a test that cannot be set up has failed")]

mod common;

use common::*;
use sip_core::{Message, Protocol, Source};
use sip_modules::nathelper::*;

fn source(protocol: Protocol, remote: &str) -> Source {
    let (remote, local) =
        (remote.parse().expect("an address"), "192.0.2.9:5060".parse().expect("an address"));
    Source { protocol, remote, local, flow: None }
}

fn with_sdp(sdp: &str) -> Message {
    let sdp = sdp.replace('\n', "\r\n");
    let mut msg =
        request("INVITE sip:b@c", &["Via: SIP/2.0/UDP 192.0.2.1:5060", "Contact: <sip:a@192.0.2.1>"]);
    msg.set_body(Some("application/sdp"), sdp.into_bytes()).expect("a body");
    msg
}

fn contact(msg: &Message) -> String {
    msg.header("Contact").map(ToString::to_string).unwrap_or_default()
}

#[test]
fn each_test_has_its_own_sign() {
    let msg = |via: &str, contact: &str| {
        request("OPTIONS sip:b@c", &[&format!("Via: SIP/2.0/UDP {via}"), &format!("Contact: {contact}")])
    };
    let (open, udp) = (msg("192.0.2.1:5060", "<sip:a@192.0.2.1>"), source(Protocol::Udp, "192.0.2.1:5060"));
    assert!(!nat_uac_test(&open, &udp, NatTests::from_bits(u32::MAX)), "an honest phone");
    for (bit, msg, source) in [
        (1, msg("192.0.2.1", "<sip:a@10.1.2.3:5060>"), udp),
        (2, msg("192.0.2.2", "<sip:a@192.0.2.1>"), udp),
        (2, msg("phone.example.org", "<sip:a@192.0.2.1>"), udp),
        (4 | 2, msg("172.16.0.1", "<sip:a@192.0.2.1>"), udp),
        (16, msg("192.0.2.1:5062", "<sip:a@192.0.2.1>"), udp),
        (32 | 2, msg("192.0.2.1", "<sip:a@192.0.2.1>"), source(Protocol::Udp, "100.64.0.1:5060")),
        (64, msg("192.0.2.1", "<sip:a@192.0.2.1>"), source(Protocol::Ws, "192.0.2.1:5060")),
        (128, msg("192.0.2.1", "<sip:a@192.0.2.1:5062>"), udp),
        (8 | 256, with_sdp("v=0\nc=IN IP4 192.168.0.4\nm=audio 1 RTP/AVP 0\n"), udp),
        (256, with_sdp("v=0\nc=IN IP4 192.0.2.1\nm=audio 1 RTP/AVP 0\nc=IN IP4 192.0.2.4\n"), udp),
        (0, with_sdp("v=0\nc=IN IP4 192.0.2.1\nm=audio 1 RTP/AVP 0\nc=IN IP4 0.0.0.0\n"), udp),
    ] {
        let seen =
            (0..10).map(|n| 1 << n).filter(|bit| nat_uac_test(&msg, &source, NatTests::from_bits(*bit)));
        assert_eq!(seen.sum::<u32>(), bit, "{msg:?}");
    }
    let nothing = request("OPTIONS sip:b@c", &["Contact: *"]);
    assert!(!nat_uac_test(&nothing, &udp, NatTests::from_bits(u32::MAX)), "what is not there says nothing");
    let both = NatTests::PRIVATE_CONTACT.union(NatTests::OTHER_VIA);
    assert!(nat_uac_test(&msg("192.0.2.2", "*"), &udp, both));
}

#[test]
fn private_addresses_are_known_at_their_edges() {
    for (text, private) in [
        ("10.0.0.0", true),
        ("11.0.0.0", false),
        ("172.15.255.255", false),
        ("172.31.255.255", true),
        ("192.168.1.1", true),
        ("100.63.255.255", false),
        ("100.127.255.255", true),
        ("100.128.0.0", false),
        ("192.0.0.7", true),
        ("192.0.0.8", false),
        ("::ffff:10.0.0.1", true),
        ("fd00::1", false),
        ("10.0.0", false),
        ("", false),
        ("phone", false),
    ] {
        assert_eq!(is_rfc1918(text.as_bytes()), private, "{text}");
    }
}

#[test]
fn every_contact_gets_the_address_that_the_message_came_from() {
    let mut msg = request(
        "INVITE sip:b@c",
        &[
            "Contact: \"a <sip:x>\" <sip:a@10.0.0.5:5070;ob?h=1>;q=0.5, sip:b@host;expires=3",
            "m: <sip:10.0.0.6>",
        ],
    );
    assert_eq!(fix_nated_contact(&mut msg, &source(Protocol::Udp, "192.0.2.1:40000")), Ok(true));
    assert_eq!(
        contact(&msg),
        "\"a <sip:x>\" <sip:a@192.0.2.1:40000;ob?h=1>;q=0.5, <sip:b@192.0.2.1:40000>;expires=3, \
         <sip:192.0.2.1:40000>"
    );
    assert_eq!(fix_nated_contact(&mut msg, &source(Protocol::Udp, "[2001:db8::1]:7")), Ok(true));
    assert!(contact(&msg).contains("<sip:a@[2001:db8::1]:7;ob?h=1>"), "{}", contact(&msg));

    let mut star = request("REGISTER sip:c", &["Contact: *"]);
    assert_eq!(fix_nated_contact(&mut star, &source(Protocol::Udp, "192.0.2.1:4")), Ok(false));
    for bad in ["Contact: <tel:1>", "Contact: <sip:a@b", "Contact: <sip:a@1.2.3.4>, <http://a>"] {
        let mut msg = request("REGISTER sip:c", &[bad]);
        let before = msg.to_bytes();
        assert!(fix_nated_contact(&mut msg, &source(Protocol::Udp, "192.0.2.1:4")).is_err(), "{bad}");
        assert_eq!(msg.to_bytes(), before);
    }
}

#[test]
fn a_contact_may_be_told_where_it_came_from() {
    let tcp = source(Protocol::Tcp, "192.0.2.1:40000");
    let mut msg = request("REGISTER sip:c", &["Contact: <sip:a@10.0.0.5>;q=1"]);
    assert_eq!(add_rcv_param(&mut msg, &tcp, false), Ok(true));
    assert_eq!(contact(&msg), "<sip:a@10.0.0.5>;q=1;received=\"sip:192.0.2.1:40000;transport=tcp\"");
    let mut msg = request("REGISTER sip:c", &["Contact: sip:a@10.0.0.5"]);
    assert_eq!(add_rcv_param(&mut msg, &tcp, true), Ok(true));
    assert_eq!(contact(&msg), "<sip:a@10.0.0.5;received=192.0.2.1:40000>");
}

#[test]
fn an_alias_goes_out_in_contact_and_comes_back_in_the_request_uri() {
    for (protocol, remote, alias, hop) in [
        (Protocol::Udp, "192.0.2.1:40000", "192.0.2.1~40000~1", "sip:192.0.2.1:40000"),
        (Protocol::Tls, "192.0.2.1:40000", "192.0.2.1~40000~3", "sip:192.0.2.1:40000;transport=tls"),
        (Protocol::Ws, "[2001:db8::1]:7", "[2001:db8::1]~7~5", "sip:[2001:db8::1]:7;transport=ws"),
    ] {
        let mut msg = request("INVITE sip:b@c", &["Contact: <sip:a@10.0.0.5;ob?h=1>;q=1, <sip:x@y>"]);
        let source = source(protocol, remote);
        assert_eq!(set_contact_alias(&mut msg, &source, false), Ok(Alias::Done(hop.into())));
        assert_eq!(contact(&msg), format!("<sip:a@10.0.0.5;ob;alias={alias}?h=1>;q=1, <sip:x@y>"));
        assert!(set_contact_alias(&mut msg, &source, false).is_err(), "once is enough");

        let mut back = request(&format!("BYE sip:a@10.0.0.5;ob;alias={alias}"), &[]);
        assert_eq!(handle_ruri_alias(&mut back, false), Ok(Alias::Done(hop.into())));
        assert_eq!(back.request_uri().map(ToString::to_string), Some("sip:a@10.0.0.5;ob".into()));
        assert_eq!(handle_ruri_alias(&mut back, false).map(|alias| alias.code()), Ok(2));
    }
}

#[test]
fn an_alias_is_added_where_the_contact_is_not_where_the_phone_is() {
    let add = |contact: &str, protocol, remote: &str| {
        let mut msg = request("INVITE sip:b@c", &[&format!("Contact: {contact}")]);
        add_contact_alias(&mut msg, &source(protocol, remote)).map(|alias| alias.code())
    };
    assert_eq!(add("<sip:a@192.0.2.1>", Protocol::Udp, "192.0.2.1:5060"), Ok(2));
    assert_eq!(add("<sip:a@192.0.2.1:5062>", Protocol::Udp, "192.0.2.1:5060"), Ok(1));
    assert_eq!(add("<sip:a@192.0.2.1>", Protocol::Tcp, "192.0.2.1:5060"), Ok(1));
    assert_eq!(add("<sip:a@192.0.2.1;transport=tcp>", Protocol::Tcp, "192.0.2.1:5060"), Ok(2));
    assert_eq!(add("<sip:a@name>", Protocol::Udp, "192.0.2.1:5060"), Ok(1));
    assert!(add("*", Protocol::Udp, "192.0.2.1:5060").is_err());
    let mut none = request("INVITE sip:b@c", &[]);
    assert!(add_contact_alias(&mut none, &source(Protocol::Udp, "192.0.2.1:1")).is_err());
}

#[test]
fn of_several_aliases_the_first_or_the_last_is_taken() {
    let uri = "sip:a@b;alias=192.0.2.1~1~1;x;alias=192.0.2.2~2~2;y";
    let mut msg = request(&format!("BYE {uri}"), &[]);
    assert_eq!(handle_ruri_alias(&mut msg, false), Ok(Alias::Done(b"sip:192.0.2.1:1".to_vec())));
    assert_eq!(msg.request_uri().map(ToString::to_string), Some("sip:a@b;x;alias=192.0.2.2~2~2;y".into()));
    let mut msg = request(&format!("BYE {uri}"), &[]);
    assert_eq!(handle_ruri_alias(&mut msg, true), Ok(Alias::Done(b"sip:192.0.2.2:2;transport=tcp".to_vec())));
    assert_eq!(msg.request_uri().map(ToString::to_string), Some("sip:a@b;alias=192.0.2.1~1~1;x;y".into()));

    let mut msg =
        request("INVITE sip:b@c", &["Contact: <sip:a@b;alias=192.0.2.1~1~1;x;alias=192.0.2.2~2~2>"]);
    assert!(set_contact_alias(&mut msg, &source(Protocol::Udp, "192.0.2.3:3"), true).is_ok());
    assert_eq!(contact(&msg), "<sip:a@b;x;alias=192.0.2.3~3~1>");
}

#[test]
fn an_alias_that_is_none_changes_nothing() {
    for bad in [
        "",
        "x",
        "192.0.2.1~1",
        "192.0.2.1~0~1",
        "192.0.2.1~1~4",
        "192.0.2.1~1~9",
        "192.0.2.1~65536~1",
        "name~1~1",
        "192.0.2.1~1~1~1",
        "192.0.2.1~+1~1",
        "~~",
        "192.0.2.1~~1",
    ] {
        let mut msg = request(&format!("BYE sip:a@b;alias={bad}"), &[]);
        let before = msg.to_bytes();
        assert!(handle_ruri_alias(&mut msg, false).is_err(), "{bad}");
        assert_eq!(msg.to_bytes(), before);
    }
}

#[test]
fn sdp_gets_the_address_where_it_is_asked_for() {
    let sdp = "v=0\no=- 1 1 IN IP4 10.0.0.5\ns=-\nc=IN IP4 10.0.0.5\nt=0 0\nm=audio 1 RTP/AVP 0\n\
               m=video 2 RTP/AVP 9\nc=IN IP4 0.0.0.0\nm=audio 3 RTP/AVP 0\nc=IN IP4 10.0.0.6\n";
    let ip = "192.0.2.1".parse().expect("an address");
    let fixed = |bits| {
        let mut msg = with_sdp(sdp);
        let changed = fix_nated_sdp(&mut msg, SdpFixes::from_bits(bits), ip).expect("SDP");
        (changed, String::from_utf8_lossy(msg.body()).replace("\r\n", "\n"))
    };
    assert_eq!(fixed(0), (false, sdp.into()));
    let media = sdp.replace("c=IN IP4 10.0.0.5", "c=IN IP4 192.0.2.1").replace("10.0.0.6", "192.0.2.1");
    assert_eq!(fixed(2), (true, media));
    assert_eq!(fixed(8), (true, sdp.replace("1 1 IN IP4 10.0.0.5", "1 1 IN IP4 192.0.2.1")));
    let (changed, text) = fixed(5);
    assert!(
        changed && text.contains("a=direction:active\n") && text.contains("a=nortpproxy:yes\n"),
        "{text}"
    );
    assert!(
        text.find("a=direction").expect("there") < text.find("m=audio").expect("there"),
        "of the session"
    );

    let mut msg = with_sdp(sdp);
    for wanted in [true, false] {
        assert_eq!(
            fix_nated_sdp(&mut msg, SdpFixes::from_bits(15), ip),
            Ok(wanted),
            "the second time it is done"
        );
    }
    let mut none = request("INVITE sip:b@c", &[]);
    assert!(fix_nated_sdp(&mut none, SdpFixes::MEDIA_ADDRESS, ip).is_err());
    let mut broken = with_sdp("not SDP at all");
    assert!(fix_nated_sdp(&mut broken, SdpFixes::MEDIA_ADDRESS, ip).is_err());
}
