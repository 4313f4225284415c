//! Max-Forwards, wire in and wire out.

mod common;

use common::*;
use sip_modules::maxfwd::{Below, Hops, is_below, process};

#[test]
fn one_hop_is_taken_and_the_rest_stays() {
    let mut msg = request("INVITE sip:a@b", &["Via: SIP/2.0/UDP h", "max-forwards:  12 ", "X: 1"]);
    assert_eq!(process(&mut msg, 70), Hops::Decremented(11));
    assert_eq!(
        wire(&msg),
        "INVITE sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP h\r\nMax-Forwards: 11\r\nX: 1\r\n\r\n"
    );
}

#[test]
fn header_is_added_where_there_is_none() {
    let mut msg = request("INVITE sip:a@b", &[]);
    assert_eq!(process(&mut msg, 10), Hops::Added(10));
    assert_eq!(values(&msg, "Max-Forwards"), ["10"]);
    let mut msg = request("INVITE sip:a@b", &[]);
    assert_eq!(process(&mut msg, 1000), Hops::Added(70));
}

#[test]
fn value_above_the_limit_is_cut() {
    let mut msg = request("INVITE sip:a@b", &["Max-Forwards: 255"]);
    assert_eq!(process(&mut msg, 10), Hops::Decremented(70));
}

#[test]
fn zero_and_nonsense_stop_the_request_and_change_nothing() {
    for (value, hops, code) in [
        ("0", Hops::Exhausted, -1),
        ("many", Hops::Malformed, -2),
        ("-1", Hops::Malformed, -2),
        ("256", Hops::Malformed, -2),
    ] {
        let mut msg = request("INVITE sip:a@b", &[&format!("Max-Forwards: {value}")]);
        assert_eq!(process(&mut msg, 70), hops);
        assert_eq!((hops.code(), hops.may_go_on()), (code, false));
        assert_eq!(values(&msg, "Max-Forwards"), [value]);
    }
}

#[test]
fn second_header_does_not_survive() {
    let mut msg = request("INVITE sip:a@b", &["Max-Forwards: 5", "Max-Forwards: 99"]);
    assert_eq!(process(&mut msg, 70), Hops::Decremented(4));
    assert_eq!(values(&msg, "Max-Forwards"), ["4"]);
}

#[test]
fn value_is_compared() {
    let below = |lines: &[&str], limit| is_below(&request("INVITE sip:a@b", lines), limit);
    assert_eq!(below(&["Max-Forwards: 9"], 10), Below::Yes);
    assert_eq!(below(&["Max-Forwards: 10"], 10), Below::No);
    assert_eq!(below(&[], 10), Below::Missing);
    assert_eq!(below(&["Max-Forwards: x"], 10).code(), -3);
}
