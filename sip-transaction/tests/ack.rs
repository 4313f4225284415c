//! ACK: absorbed for negative replies, made for negative responses, handed on for answers.

#![allow(clippy::expect_used, reason = "a test that cannot be set up fails")]

mod common;

use common::direct::Direct;
use common::{alice, bob, network, proxy, relay_to};
use sip_core::{Message, StatusCode, build, parse};
use sip_transaction::play::Link;
use sip_transaction::{Armed, Config, Matched};

#[test]
fn negative_response_is_acknowledged_hop_by_hop() {
    let mut net = network(Config::default(), relay_to(&[bob()]));
    net.agent(bob()).answers(&[(0, 486)]);
    net.send(alice(), proxy(), "INVITE");
    net.run_for(1_000);
    // Bob's at 40 ms, before Alice has even seen the response; hers goes no further.
    assert_eq!(net.times(proxy(), bob(), "ACK"), [30]);
    assert_eq!(net.agent(bob()).asked().acks, 1);
    assert_eq!(net.times(alice(), proxy(), "ACK"), [40]);
}

#[test]
fn every_repetition_of_a_negative_response_has_its_ack() {
    let mut net = network(Config::default(), relay_to(&[bob()]));
    net.agent(bob()).answers(&[(0, 486)]);
    net.send(alice(), proxy(), "INVITE");
    net.run_for(15);
    net.link(proxy(), bob(), Link::losing(100));
    net.run_for(5_000);
    net.link(proxy(), bob(), Link::default());
    net.run();
    let repeated = net.times(bob(), proxy(), "486").len();
    assert!(repeated > 3);
    assert_eq!(net.times(proxy(), bob(), "ACK").len(), repeated);
    assert_eq!(net.times(proxy(), alice(), "486").len(), 1);
    assert!(!net.agent(bob()).asked().given_up);
}

#[test]
fn ack_has_the_branch_of_the_invite_and_the_tag_of_the_response() {
    let mut tm = Direct::new(Config::default());
    let call = tm.create("INVITE", "c1");
    let branch = tm.relay(call, 1, Armed::default()).expect("open")[0];
    let invite = tm.out.transmits.pop().expect("the INVITE").bytes;
    tm.answer_with_tag(branch, 486, "busy");
    let ack = tm.out.transmits.iter().find(|t| t.bytes.starts_with(b"ACK")).expect("an ACK");
    let (ack, invite) = (read(&ack.bytes), read(&invite));
    assert_eq!(ack.top_via().expect("Via").branch(), invite.top_via().expect("Via").branch());
    assert_eq!(ack.request_uri(), invite.request_uri());
    assert_eq!(ack.to().expect("To").tag().expect("a tag"), "busy");
    assert_eq!(ack.values("Via").count(), 1);
}

#[test]
fn ack_of_a_relayed_answer_goes_to_the_route() {
    let mut tm = Direct::new(Config::default());
    let call = tm.create("INVITE", "c1");
    let branch = tm.relay(call, 1, Armed::default()).expect("open")[0];
    tm.answer_from(branch, 200);
    assert_eq!(tm.receive(&Direct::request_in("ACK", "c1", ";tag=t0")), Matched::New);
}

#[test]
fn ack_of_our_own_answer_ends_here_and_is_found_by_its_dialog() {
    let mut tm = Direct::new(Config::default());
    let call = tm.create("INVITE", "c1");
    let request = tm.table.request(call).expect("it is there");
    let bytes = build::response(&request, StatusCode::OK).to_tag("us").finish().expect("a reply");
    tm.table.reply(tm.now, call, StatusCode::OK, bytes, &mut tm.out).expect("open");
    tm.sent();

    let mut ack = Direct::request_in("ACK", "c1", ";tag=other");
    ack.replace("Via", "SIP/2.0/UDP 192.0.2.1:5001;branch=z9hG4bKanother").expect("a good value");
    assert_eq!(tm.receive(&ack), Matched::New);
    ack.replace("To", "<sip:bob@example.com>;tag=us").expect("a good value");
    assert_eq!(tm.receive(&ack), Matched::Absorbed);
    tm.run_for(31);
    assert_eq!(tm.sent(), Vec::<String>::new());
    tm.run_for(2);
    assert_eq!(tm.table.stats().keys, 0);
    assert_eq!(tm.receive(&ack), Matched::New);
}

#[test]
fn ack_of_nothing_goes_to_the_route() {
    let mut tm = Direct::new(Config::default());
    let ack = Direct::request_in("ACK", "c1", ";tag=x");
    assert_eq!(tm.receive(&ack), Matched::New);
    let error = tm.table.create(tm.now, &ack, &Direct::source(), &mut tm.out);
    assert_eq!(error, Err(sip_transaction::TmError::Ack));
}

#[test]
fn ack_of_an_old_client_finds_its_invite_without_a_unique_branch() {
    let mut tm = Direct::new(Config::default());
    let old = |method: &str, tag: &str| {
        let mut request = Direct::request_in(method, "c1", tag);
        request.replace("Via", "SIP/2.0/UDP 192.0.2.1:5001").expect("a good value");
        request
    };
    let invite = old("INVITE", "");
    assert_eq!(tm.receive(&invite), Matched::New);
    let call = tm.table.create(tm.now, &invite, &Direct::source(), &mut tm.out).expect("a new request");
    assert_eq!(tm.receive(&invite), Matched::Absorbed);
    tm.table.finish(tm.now, call, &mut tm.out);
    let tag = format!(";tag={}", tm.secret.to_tag(&invite));
    assert_eq!(tm.receive(&old("ACK", ";tag=x")), Matched::New, "of an answer that came late");
    assert_eq!(tm.receive(&old("ACK", &tag)), Matched::Absorbed);
    tm.run_for(5);
    assert!(tm.table.is_empty());
}

fn read(bytes: &[u8]) -> Message {
    parse(bytes.to_vec().into(), &Default::default()).expect("a message")
}

#[test]
fn negative_response_still_has_its_ack_after_an_answer_on_the_same_branch() {
    let mut tm = Direct::new(Config::default());
    let call = tm.create("INVITE", "c1");
    let branch = tm.relay(call, 1, Armed::default()).expect("open")[0];
    tm.sent();
    for (status, sent) in [(486, vec!["ACK", "486"]), (200, vec!["200"]), (486, vec!["ACK"])] {
        tm.answer_from(branch, status);
        assert!(tm.out.transmits.iter().all(|transmit| !transmit.bytes.is_empty()));
        assert_eq!(tm.sent(), sent);
    }
}
