//! Clients of RFC 2543, whose branches are not unique or not there, and clients behind a NAT (RFC 3581).

#![allow(clippy::expect_used, reason = "a test that cannot be set up fails")]

mod common;

use common::direct::Direct;
use sip_core::{Message, Source};
use sip_transaction::{Armed, Config, Matched};

/// A request with a Via as an old client writes it.
fn old(method: &str, via: &str, to_tag: &str) -> Message {
    let mut request = Direct::request_in(method, "c1", to_tag);
    request.replace("Via", via).expect("a good value");
    request
}

const OLD: [&str; 3] = [
    "SIP/2.0/UDP 192.0.2.1:5001",
    "SIP/2.0/UDP 192.0.2.1:5001;branch=1",
    "SIP/2.0/UDP 192.0.2.1:5001;branch=z9hG4bK",
];

#[test]
fn request_that_comes_again_is_known_by_what_it_says() {
    for via in OLD {
        let mut tm = Direct::new(Config::default());
        let invite = old("INVITE", via, "");
        tm.table.create(tm.now, &invite, &Direct::source(), &mut tm.out).expect("new");
        assert_eq!(tm.receive(&invite), Matched::Absorbed, "{via}");
        let others: [fn(&mut Message); 4] = [
            |m| m.replace("CSeq", "2 INVITE").expect("good"),
            |m| m.replace("From", "<sip:alice@example.com>;tag=other").expect("good"),
            |m| m.replace("Call-ID", "c2").expect("good"),
            |m| m.set_request_uri("sip:carol@example.com").expect("good"),
        ];
        for change in others {
            let mut other = invite.clone();
            change(&mut other);
            assert_eq!(tm.receive(&other), Matched::New, "{via}: {other:?}");
        }
    }
}

#[test]
fn cancel_finds_its_invite() {
    for via in OLD {
        let mut tm = Direct::new(Config::default());
        let invite = old("INVITE", via, "");
        let call = tm.table.create(tm.now, &invite, &Direct::source(), &mut tm.out).expect("new");
        assert_eq!(tm.receive(&old("CANCEL", via, "")), Matched::Cancel(call), "{via}");
    }
}

#[test]
fn ack_is_told_apart_by_its_to_tag() {
    for via in OLD {
        let mut tm = Direct::new(Config::default());
        let invite = old("INVITE", via, "");
        let call = tm.table.create(tm.now, &invite, &Direct::source(), &mut tm.out).expect("new");
        let branches = tm.relay(call, 1, Armed::default()).expect("open");
        tm.answer_with_tag(branches[0], 486, "busy");
        // Another phone behind the next proxy has answered all the same.
        tm.answer_with_tag(branches[0], 200, "late");
        assert_eq!(tm.receive(&old("ACK", via, ";tag=late")), Matched::New, "{via}: of the 200");
        tm.sent();
        tm.run_for(1);
        assert_eq!(tm.sent(), ["486"], "{via}: that was not the ACK of the 486");
        assert_eq!(tm.receive(&old("ACK", via, ";tag=busy")), Matched::Absorbed, "{via}");
        tm.run_for(4);
        assert_eq!(tm.sent(), Vec::<String>::new());
    }
}

#[test]
fn ack_of_a_relayed_answer_goes_to_the_route() {
    for via in OLD {
        let mut tm = Direct::new(Config::default());
        let invite = old("INVITE", via, "");
        let call = tm.table.create(tm.now, &invite, &Direct::source(), &mut tm.out).expect("new");
        let branches = tm.relay(call, 1, Armed::default()).expect("open");
        tm.answer_with_tag(branches[0], 200, "yes");
        assert_eq!(tm.receive(&old("ACK", via, ";tag=yes")), Matched::New, "{via}");
    }
}

#[test]
fn replies_go_to_the_port_that_was_asked_from_if_the_client_wants_that() {
    for (rport, port) in [(";rport", 40_000), ("", 5_001)] {
        let mut tm = Direct::new(Config::default());
        let via = format!("SIP/2.0/UDP 192.0.2.1:5001{rport};branch=z9hG4bKnat");
        let mut invite = old("INVITE", &via, "");
        let source = Source { remote: "198.51.100.7:40000".parse().expect("an address"), ..Direct::source() };
        invite.stamp_received(&source);
        tm.table.create(tm.now, &invite, &source, &mut tm.out).expect("new");
        let trying = tm.out.transmits.pop().expect("a 100");
        assert_eq!(trying.target.remote, format!("198.51.100.7:{port}").parse().expect("an address"));
        assert_eq!(trying.target.local, Some(source.local), "and leave from where it was asked");
        // The mark that we made in its Via does not hide the request that comes again.
        let mut again = old("INVITE", &via, "");
        again.stamp_received(&source);
        assert_eq!(tm.receive(&again), Matched::Absorbed);
    }
}
