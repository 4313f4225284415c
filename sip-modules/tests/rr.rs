//! Record-Route and Route, wire in and wire out.

#![allow(clippy::expect_used, reason = "a test that cannot be set up has failed")]

mod common;

use common::*;
use sip_core::{Message, Protocol};
use sip_modules::rr::{
    Direction, Double, LooseRoute, NextHop, Options, RrError, Side, State, add_rr_param, check_route_param,
    direction, is_direction, loose_route, next_hop, record_route, settle,
};

fn side(protocol: Protocol, addr: &str) -> Side {
    Side::new(protocol, addr.parse().expect("an address"))
}

fn udp() -> Side {
    side(Protocol::Udp, "192.0.2.1:5060")
}

fn invite() -> Message {
    request(
        "INVITE sip:bob@example.com",
        &[
            "Via: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bK1",
            "From: <sip:alice@example.com>;tag=a1",
            "To: <sip:bob@example.com>",
        ],
    )
}

fn bye(lines: &[&str]) -> Message {
    let head = ["From: <sip:alice@example.com>;tag=a1", "To: <sip:bob@example.com>;tag=b1"];
    request("BYE sip:bob@192.0.2.4:5060", &[&head, lines].concat())
}

/// What arrives at us with these Route lines, and what is left of it.
fn routed(msg: &mut Message) -> (State, LooseRoute) {
    let mut state = State::default();
    let routed = loose_route(&mut state, msg, &ours).expect("well-formed");
    (state, routed)
}

#[test]
fn record_route_stands_on_top_once() {
    let mut msg = invite();
    msg.append("Record-Route", "<sip:other;lr>").expect("appended");
    let mut state = State::default();
    record_route(&mut state, &mut msg, udp(), &Options::default()).expect("added");
    assert_eq!(values(&msg, "Record-Route"), ["<sip:192.0.2.1:5060;lr;ftag=a1>", "<sip:other;lr>"]);
    assert_eq!(record_route(&mut state, &mut msg, udp(), &Options::default()), Err(RrError::AlreadyRecorded));
    settle(&state, &mut msg, udp()).expect("settled");
    assert_eq!(values(&msg, "Record-Route").len(), 2, "it leaves by the side it came in by: one of ours");
}

#[test]
fn options_shape_the_value() {
    let value = |options: &Options, side| {
        let (mut msg, mut state) = (invite(), State::default());
        record_route(&mut state, &mut msg, side, options).expect("added");
        values(&msg, "Record-Route").remove(0)
    };
    let mut options = Options::default();
    options.append_fromtag = false;
    assert_eq!(
        value(&options, side(Protocol::Tcp, "[2001:db8::1]:5060")),
        "<sip:[2001:db8::1]:5060;transport=tcp;lr>"
    );
    options.enable_full_lr = true;
    assert_eq!(
        value(&options, side(Protocol::Tls, "192.0.2.1:5061")),
        "<sip:192.0.2.1:5061;transport=tls;lr=on>"
    );
    assert_eq!(
        value(&options, side(Protocol::Wss, "192.0.2.1:443")),
        "<sip:192.0.2.1:443;transport=ws;lr=on>"
    );
}

#[test]
fn sips_request_gets_a_sips_record_route() {
    let (mut msg, mut state) =
        (request("INVITE sips:bob@example.com", &["From: <sips:a@b>"]), State::default());
    record_route(&mut state, &mut msg, side(Protocol::Tls, "192.0.2.1:5061"), &Options::default())
        .expect("added");
    assert_eq!(values(&msg, "Record-Route"), ["<sips:192.0.2.1:5061;lr>"]);
}

#[test]
fn responses_are_not_recorded() {
    let mut msg = message("SIP/2.0 200 OK", &[]);
    let error = record_route(&mut State::default(), &mut msg, udp(), &Options::default());
    assert_eq!(error, Err(RrError::NotARequest));
}

#[test]
fn branches_get_two_where_they_leave_by_another_side() {
    let (mut msg, mut state) = (invite(), State::default());
    record_route(&mut state, &mut msg, udp(), &Options::default()).expect("added");

    let mut branch = msg.clone();
    settle(&state, &mut branch, side(Protocol::Udp, "198.51.100.1:5060")).expect("settled");
    assert_eq!(
        values(&branch, "Record-Route"),
        ["<sip:198.51.100.1:5060;r2=on;lr;ftag=a1>", "<sip:192.0.2.1:5060;r2=on;lr;ftag=a1>"]
    );
    assert_eq!(values(&msg, "Record-Route").len(), 1, "the message itself stays");
}

#[test]
fn double_is_never_or_always_where_the_settings_say_so() {
    let count = |double, outbound| {
        let (mut msg, mut state) = (invite(), State::default());
        let mut options = Options::default();
        options.double = double;
        record_route(&mut state, &mut msg, udp(), &options).expect("added");
        settle(&state, &mut msg, outbound).expect("settled");
        values(&msg, "Record-Route").len()
    };
    let tcp = side(Protocol::Tcp, "192.0.2.1:5060");
    assert_eq!(count(Double::Never, tcp), 1);
    assert_eq!(count(Double::WhenDifferent, tcp), 2);
    assert_eq!(count(Double::Always, udp()), 2);
}

#[test]
fn value_that_a_route_took_off_does_not_come_back() {
    let (mut msg, mut state) = (invite(), State::default());
    record_route(&mut state, &mut msg, udp(), &Options::default()).expect("added");
    msg.remove("Record-Route");
    settle(&state, &mut msg, side(Protocol::Tcp, "192.0.2.1:5060")).expect("settled");
    assert_eq!(values(&msg, "Record-Route").len(), 0);
}

#[test]
fn parameters_go_to_the_record_route_that_is_there_or_comes() {
    let (mut msg, mut state) = (invite(), State::default());
    add_rr_param(&mut state, &mut msg, b";nat=yes").expect("kept");
    record_route(&mut state, &mut msg, udp(), &Options::default()).expect("added");
    add_rr_param(&mut state, &mut msg, b";vsf=abc").expect("added");
    assert_eq!(values(&msg, "Record-Route"), ["<sip:192.0.2.1:5060;lr;ftag=a1;nat=yes;vsf=abc>"]);
    settle(&state, &mut msg, side(Protocol::Tcp, "192.0.2.1:5060")).expect("settled");
    assert!(values(&msg, "Record-Route").iter().all(|value| value.ends_with(";nat=yes;vsf=abc>")));
    let error = add_rr_param(&mut state, &mut msg, b";x=1>\r\nEvil: 1");
    assert!(matches!(error, Err(RrError::Param { .. })));
}

#[test]
fn tag_with_hostile_bytes_stays_inside_its_parameter() {
    let mut msg = request("INVITE sip:b@h", &["From: <sip:a@h>;tag=x%zz;y", "To: <sip:b@h>"]);
    let mut state = State::default();
    record_route(&mut state, &mut msg, udp(), &Options::default()).expect("added");
    let value = values(&msg, "Record-Route").remove(0);
    assert_eq!(value, "<sip:192.0.2.1:5060;lr;ftag=x%25zz>");

    let mut msg = request(
        "BYE sip:b@h",
        &["From: <sip:a@h>;tag=x%zz", "To: <sip:b@h>;tag=1", &format!("Route: {value}")],
    );
    let (state, _) = routed(&mut msg);
    assert_eq!(direction(&state, &msg), Direction::Downstream);
}

#[test]
fn own_route_is_taken_off_and_the_request_goes_to_its_target() {
    let mut msg = bye(&["Route: <sip:192.0.2.1;lr;ftag=a1>"]);
    let (state, routed) = routed(&mut msg);
    assert!(matches!(routed, LooseRoute::Routed(_)));
    assert_eq!(routed.code(), 1);
    assert_eq!(routed.way().and_then(|way| way.local), None);
    assert_eq!(values(&msg, "Route").len(), 0);
    assert_eq!(state.route_params().map(ToString::to_string).as_deref(), Some("lr;ftag=a1"));
    assert_eq!(next_hop(&mut msg), Ok(NextHop::RequestUri));
}

#[test]
fn next_loose_router_is_the_next_hop() {
    let mut msg =
        bye(&["Route: <sip:192.0.2.1;lr>, <sip:p2.example.com;lr>", "Route: <sip:p3.example.com;lr>"]);
    routed(&mut msg);
    let hop = next_hop(&mut msg).expect("well-formed");
    assert_eq!(hop, NextHop::Route);
    assert_eq!(hop.uri(&msg).expect("a URI").as_bstr(), "sip:p2.example.com;lr");
    assert_eq!(values(&msg, "Route"), ["<sip:p2.example.com;lr>", "<sip:p3.example.com;lr>"]);
    assert_eq!(msg.request_uri().expect("a request"), "sip:bob@192.0.2.4:5060");
}

#[test]
fn two_own_routes_are_taken_off_and_the_second_names_the_socket() {
    let mut msg = bye(&[
        "Route: <sip:192.0.2.1;r2=on;lr>",
        "Route: <sip:[2001:db8::1]:5070;transport=tcp;r2=on;lr>, <sip:p2.example.com;lr>",
    ]);
    let (_, routed) = routed(&mut msg);
    let local = routed.way().and_then(|way| way.local);
    assert_eq!(local, Some(side(Protocol::Tcp, "[2001:db8::1]:5070")));
    assert_eq!(values(&msg, "Route"), ["<sip:p2.example.com;lr>"]);
}

#[test]
fn second_own_route_without_r2_is_another_visit() {
    let mut msg = bye(&["Route: <sip:192.0.2.1;lr>, <sip:192.0.2.1:5070;lr>"]);
    routed(&mut msg);
    assert_eq!(values(&msg, "Route"), ["<sip:192.0.2.1:5070;lr>"]);
}

#[test]
fn what_record_route_wrote_comes_back_and_is_consumed() {
    let (mut msg, mut state) = (invite(), State::default());
    record_route(&mut state, &mut msg, udp(), &Options::default()).expect("added");
    settle(&state, &mut msg, side(Protocol::Tcp, "[2001:db8::1]:5060")).expect("settled");
    let set = values(&msg, "Record-Route");

    let upstream = [&format!("Route: {}", set[0])[..], &format!("Route: {}", set[1])];
    let head = ["From: <sip:bob@example.com>;tag=b1", "To: <sip:alice@example.com>;tag=a1"];
    let mut back = request("BYE sip:alice@192.0.2.9", &[&head[..], &upstream].concat());
    let (state, from_bob) = routed(&mut back);
    assert_eq!(from_bob.way().and_then(|way| way.local), Some(udp()));
    assert!(is_direction(&state, &back, Direction::Upstream));

    let mut forth = bye(&[upstream[1], upstream[0]]);
    let (state, from_alice) = routed(&mut forth);
    assert_eq!(from_alice.way().and_then(|way| way.local), Some(side(Protocol::Tcp, "[2001:db8::1]:5060")));
    assert!(is_direction(&state, &forth, Direction::Downstream));
    assert_eq!(values(&forth, "Route").len() + values(&back, "Route").len(), 0);
}

#[test]
fn request_without_route_or_for_others_is_left_alone() {
    let mut msg = bye(&[]);
    assert_eq!(routed(&mut msg).1, LooseRoute::NoRoute);
    let mut msg = bye(&["Route: <sip:other.example.com;lr>, <sip:192.0.2.1;lr>"]);
    let before = wire(&msg);
    let (state, found) = routed(&mut msg);
    assert_eq!((found, found.code()), (LooseRoute::NotOurs, -1));
    assert_eq!(wire(&msg), before);
    assert_eq!(state.route_params(), None);
    assert_eq!(next_hop(&mut msg), Ok(NextHop::Route));
}

#[test]
fn initial_request_with_a_route_through_us_is_told_apart() {
    let mut msg = invite();
    msg.append("Route", "<sip:proxy.example.com;lr>, <sip:p2.example.com;lr>").expect("appended");
    let (_, found) = routed(&mut msg);
    assert!(matches!(found, LooseRoute::Preloaded(_)));
    assert_eq!(found.code(), -3);
    assert_eq!(values(&msg, "Route"), ["<sip:p2.example.com;lr>"]);
}

#[test]
fn strict_router_before_us_is_put_right() {
    let mut msg = request(
        "BYE sip:192.0.2.1;lr;ftag=a1",
        &[
            "From: <sip:alice@example.com>;tag=a1",
            "To: <sip:bob@example.com>;tag=b1",
            "Route: <sip:p2.example.com;lr>",
            "Route: \"Bob, his phone\" <sip:bob@192.0.2.4:5060>",
        ],
    );
    let (state, found) = routed(&mut msg);
    assert!(matches!(found, LooseRoute::Routed(_)));
    assert_eq!(msg.request_uri().expect("a request"), "sip:bob@192.0.2.4:5060");
    assert_eq!(values(&msg, "Route"), ["<sip:p2.example.com;lr>"]);
    assert!(check_route_param(&state, |params| params == "lr;ftag=a1"));
}

#[test]
fn strict_router_before_us_and_two_of_our_routes() {
    let mut msg = request(
        "BYE sip:192.0.2.1;r2=on;lr",
        &[
            "From: <sip:alice@example.com>;tag=a1",
            "To: <sip:bob@example.com>;tag=b1",
            "Route: <sip:192.0.2.1:5070;r2=on;lr>, <sip:bob@192.0.2.4:5060>",
        ],
    );
    let (_, found) = routed(&mut msg);
    assert_eq!(found.way().and_then(|way| way.local), Some(side(Protocol::Udp, "192.0.2.1:5070")));
    assert_eq!(msg.request_uri().expect("a request"), "sip:bob@192.0.2.4:5060");
    assert_eq!(values(&msg, "Route").len(), 0);
}

#[test]
fn request_for_a_user_at_our_address_is_no_strict_router() {
    let mut msg = request(
        "BYE sip:alice@192.0.2.1",
        &["From: <sip:b@h>;tag=b1", "To: <sip:a@h>;tag=a1", "Route: <sip:192.0.2.1;lr>"],
    );
    routed(&mut msg);
    assert_eq!(msg.request_uri().expect("a request"), "sip:alice@192.0.2.1");
    assert_eq!(values(&msg, "Route").len(), 0);
}

#[test]
fn strict_router_behind_us_gets_what_it_understands() {
    let mut msg = bye(&["Route: <sip:192.0.2.1;lr>, <sip:strict.example.com>, <sip:p3.example.com;lr>"]);
    routed(&mut msg);
    assert_eq!(msg.request_uri().expect("a request"), "sip:bob@192.0.2.4:5060", "not before it leaves");
    let hop = next_hop(&mut msg).expect("well-formed");
    assert_eq!(hop, NextHop::RequestUri);
    assert_eq!(hop.uri(&msg).expect("a URI").as_bstr(), "sip:strict.example.com");
    assert_eq!(values(&msg, "Route"), ["<sip:p3.example.com;lr>", "<sip:bob@192.0.2.4:5060>"]);
}

#[test]
fn asking_twice_answers_the_same_and_takes_nothing_more() {
    let mut msg = bye(&["Route: <sip:192.0.2.1;lr>, <sip:192.0.2.1:5070;lr>"]);
    let mut state = State::default();
    let first = loose_route(&mut state, &mut msg, &ours).expect("well-formed");
    let second = loose_route(&mut state, &mut msg, &ours).expect("well-formed");
    assert_eq!(first, second);
    assert_eq!(values(&msg, "Route").len(), 1);
}

#[test]
fn malformed_route_is_an_error_and_changes_nothing() {
    for lines in
        [&["Route: <sip:192.0.2.1;lr>, nonsense <"][..], &["Route: sip:"], &["Route: <sip:192.0.2.1;lr"]]
    {
        let mut msg = bye(lines);
        let before = wire(&msg);
        let error = loose_route(&mut State::default(), &mut msg, &ours).expect_err("malformed");
        assert_eq!(error.status(), sip_core::StatusCode::BAD_REQUEST);
        assert_eq!(wire(&msg), before);
    }
}

#[test]
fn malformed_target_of_a_strict_router_changes_nothing() {
    let mut msg = request(
        "BYE sip:192.0.2.1;lr",
        &["From: <sip:a@h>;tag=a1", "To: <sip:b@h>;tag=b1", "Route: <sip:p2;lr>, <sip:>"],
    );
    let before = wire(&msg);
    loose_route(&mut State::default(), &mut msg, &ours).expect_err("the target is no URI");
    assert_eq!(wire(&msg), before);
}
