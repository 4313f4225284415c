//! CANCEL: from the caller, towards the branches, and its races with answers.

mod common;

use common::direct::Direct;
use common::{alice, assert_nothing_left, bob, carol, network, proxy, relay_to};
use sip_core::StatusCode;
use sip_transaction::play::Network;
use sip_transaction::{Armed, Config, Matched, TmError};

fn ringing(script: &[(u64, u16)]) -> Network {
    let mut net = network(Config::default(), relay_to(&[bob()]));
    net.agent(bob()).answers(script);
    net.send(alice(), proxy(), "INVITE");
    net
}

#[test]
fn caller_that_gives_up_has_487_and_the_phone_stops_ringing() {
    let mut net = ringing(&[(0, 180)]);
    net.run_for(2_000);
    net.cancel(alice(), Some("SIP;cause=200;text=\"moved\""));
    net.run_for(1_000);
    let call = net.agent(alice()).call();
    assert_eq!((call.outcome(), call.cancel_statuses.as_slice()), (Some(487), [200].as_slice()));
    let asked = net.agent(bob()).asked();
    assert_eq!((asked.cancels, asked.status, asked.acks), (1, Some(487), 1));
    assert_eq!(asked.reason.as_deref(), Some("SIP;cause=200;text=\"moved\""));
    net.run();
    assert_nothing_left(&mut net);
}

#[test]
fn cancel_waits_for_a_provisional_response() {
    let mut net = ringing(&[(5_000, 180)]);
    net.run_for(1_000);
    net.cancel(alice(), None);
    net.run_for(3_000);
    assert_eq!(net.times(proxy(), bob(), "CANCEL"), []);
    assert_eq!(net.agent(alice()).call().cancel_statuses, [200]);
    net.run();
    assert_eq!(net.times(proxy(), bob(), "CANCEL"), [5_030]);
    assert_eq!(net.agent(alice()).call().outcome(), Some(487));
    assert_nothing_left(&mut net);
}

#[test]
fn cancelled_phone_that_never_rings_is_487_when_it_times_out() {
    let mut net = ringing(&[]);
    net.run_for(1_000);
    net.cancel(alice(), None);
    net.run();
    assert_eq!(net.agent(alice()).call().outcome(), Some(487));
    assert_eq!(net.times(proxy(), bob(), "CANCEL"), []);
    assert_nothing_left(&mut net);
}

#[test]
fn cancel_that_crosses_an_answer_has_lost() {
    let mut net = ringing(&[(0, 180), (1_000, 200)]);
    // The 200 leaves Bob at 1,020 ms; the CANCEL leaves the proxy at 1,025.
    net.run_for(1_015);
    net.cancel(alice(), None);
    net.run();
    let call = net.agent(alice()).call();
    assert_eq!((call.outcome(), call.cancel_statuses.as_slice()), (Some(200), [200].as_slice()));
    let asked = net.agent(bob()).asked();
    assert_eq!((asked.status, asked.cancels, asked.acks), (Some(200), 1, 1));
    assert_nothing_left(&mut net);
}

#[test]
fn cancel_after_the_answer_is_answered_and_does_nothing() {
    let mut net = ringing(&[(0, 180), (1_000, 200)]);
    net.run_for(2_000);
    net.cancel(alice(), None);
    net.run();
    assert_eq!(net.agent(alice()).call().cancel_statuses, [200]);
    assert_eq!(net.agent(bob()).asked().cancels, 0);
    assert_eq!(net.proxied(proxy()).stats().canceled, 0);
    assert_nothing_left(&mut net);
}

#[test]
fn cancel_that_comes_again_is_answered_again_and_not_relayed_again() {
    let mut net = ringing(&[(0, 180)]);
    net.run_for(1_000);
    net.link(proxy(), alice(), sip_transaction::play::Link::losing(100));
    net.cancel(alice(), None);
    net.run_for(2_000);
    net.link(proxy(), alice(), sip_transaction::play::Link::default());
    net.run();
    assert_eq!(net.agent(alice()).call().cancel_statuses, [200]);
    assert!(net.times(proxy(), alice(), "200").len() > 1);
    assert_eq!(net.times(proxy(), bob(), "CANCEL").len(), 1);
    assert_nothing_left(&mut net);
}

#[test]
fn cancel_reaches_only_branches_that_answered_provisionally() {
    let mut net = network(Config::default(), relay_to(&[bob(), carol()]));
    net.agent(bob()).answers(&[(0, 180)]);
    net.send(alice(), proxy(), "INVITE");
    net.run_for(1_000);
    net.cancel(alice(), None);
    net.run();
    assert_eq!(net.times(proxy(), bob(), "CANCEL").len(), 1);
    assert_eq!(net.times(proxy(), carol(), "CANCEL"), []);
    assert_eq!(net.agent(alice()).call().outcome(), Some(487));
    assert_nothing_left(&mut net);
}

#[test]
fn our_cancel_is_sent_again_until_it_is_answered_and_the_branch_ends_after_64_t1() {
    let mut net = ringing(&[(0, 180)]);
    net.run_for(1_000);
    net.link(proxy(), bob(), sip_transaction::play::Link::losing(100));
    net.cancel(alice(), None);
    net.run();
    let times = net.times(proxy(), bob(), "CANCEL");
    let since: Vec<u64> = times.iter().map(|at| at - times[0]).collect();
    assert_eq!(since, [0, 500, 1_500, 3_500, 7_500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500]);
    assert_eq!(net.times(proxy(), alice(), "487")[0], times[0] + 32_000);
    assert_nothing_left(&mut net);
}

#[test]
fn cancel_without_a_branch_is_487_at_once() {
    let mut tm = Direct::new(Config::default());
    let call = tm.create("INVITE", "c1");
    let cancel = Direct::request("CANCEL", "c1");
    assert_eq!(tm.receive(&cancel), Matched::Cancel(call));
    tm.sent();
    tm.accept_cancel(&cancel).expect("it has a transaction");
    tm.table.cancel(tm.now, call, None, &mut tm.out).expect("an INVITE");
    let replies = tm.replied();
    let tag = |bytes: &[u8]| {
        let reply = sip_core::parse(bytes.to_vec().into(), &Default::default()).expect("a reply");
        reply.to().expect("To").tag().expect("a tag").to_string()
    };
    assert_eq!(tag(&replies[0]), tag(&replies[1]));
    assert_eq!(tm.table.last_status(call).map(StatusCode::code), Some(487));
    assert_eq!(tm.relay(call, 1, Armed::default()), Err(TmError::Canceled));
    tm.receive(&Direct::request("ACK", "c1"));
    tm.run_for(40);
    assert!(tm.table.is_empty());
}

#[test]
fn cancel_between_reserve_and_commit_sends_nothing() {
    let mut tm = Direct::new(Config::default());
    let call = tm.create("INVITE", "c1");
    tm.table.reserve(call, 1).expect("open");
    tm.table.cancel(tm.now, call, None, &mut tm.out).expect("an INVITE");
    tm.sent();
    assert_eq!(tm.table.commit(tm.now, call, Default::default(), &mut tm.out), Err(TmError::Canceled));
    assert_eq!(tm.sent(), Vec::<String>::new());
}

#[test]
fn late_answer_after_487_is_relayed() {
    let mut tm = Direct::new(Config::default());
    let call = tm.create("INVITE", "c1");
    let branch = tm.relay(call, 1, Armed::default()).expect("open")[0];
    tm.answer_from(branch, 180);
    tm.table.cancel(tm.now, call, None, &mut tm.out).expect("an INVITE");
    tm.answer_from(branch, 487);
    tm.sent();
    // A proxy downstream had another phone ringing.
    assert_eq!(tm.answer_with_tag(branch, 200, "other"), Matched::Taken);
    assert_eq!(tm.sent(), ["200"]);
    tm.receive(&Direct::request("ACK", "c1"));
    tm.run_for(70);
    assert!(tm.table.is_empty());
    assert_eq!(tm.answer_with_tag(branch, 200, "other"), Matched::Stray);
}

#[test]
fn cancel_of_nothing_is_new() {
    let mut tm = Direct::new(Config::default());
    assert_eq!(tm.receive(&Direct::request("CANCEL", "c1")), Matched::New);
    let options = tm.create("OPTIONS", "c2");
    assert_eq!(tm.receive(&Direct::request("CANCEL", "c2")), Matched::New);
    assert_eq!(tm.table.cancel(tm.now, options, None, &mut tm.out), Err(TmError::NotInvite));
}

#[test]
fn branches_can_be_cancelled_without_the_caller() {
    let mut tm = Direct::new(Config::default());
    let call = tm.create("INVITE", "c1");
    let branch = tm.relay(call, 1, Armed::default()).expect("open")[0];
    tm.answer_from(branch, 180);
    tm.sent();
    tm.table.cancel_branches(tm.now, call, Some("SIP;cause=486".into()), &mut tm.out);
    let cancel = tm.out.transmits.pop().expect("a CANCEL");
    assert!(String::from_utf8_lossy(&cancel.bytes).contains("Reason: SIP;cause=486\r\n"));
    assert!(!tm.table.is_canceled(call));
    tm.answer_from(branch, 487);
    assert_eq!(tm.sent(), ["ACK", "487"]);
}
