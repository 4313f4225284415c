//! Parallel forking: the first answer wins, losers are cancelled, else the best response goes up.

#![allow(clippy::expect_used, reason = "a test that cannot be set up fails")]

mod common;

use common::direct::Direct;
use common::{alice, assert_nothing_left, bob, carol, dave, network, proxy, relay_to};
use sip_transaction::play::Network;
use sip_transaction::{Armed, Config};

fn forked(config: Config, scripts: [&[(u64, u16)]; 3]) -> Network {
    let phones = [bob(), carol(), dave()];
    let mut net = network(config, relay_to(&phones));
    for (phone, script) in phones.into_iter().zip(scripts) {
        net.agent(phone).answers(script);
    }
    net.send(alice(), proxy(), "INVITE");
    net.run();
    assert_nothing_left(&mut net);
    net
}

fn outcome(scripts: [&[(u64, u16)]; 3]) -> u16 {
    forked(Config::default(), scripts).agent(alice()).call().outcome().expect("a final response")
}

#[test]
fn forked_call_cancels_the_losers() {
    let mut net = forked(Config::default(), [&[(0, 180)], &[(0, 180), (1_000, 200)], &[(50, 183)]]);
    assert_eq!(net.agent(alice()).call().outcome(), Some(200));
    for loser in [bob(), dave()] {
        let asked = net.agent(loser).asked();
        assert_eq!((asked.cancels, asked.status, asked.acks), (1, Some(487), 1));
        assert_eq!(asked.reason.as_deref(), Some("SIP;cause=200;text=\"Call completed elsewhere\""));
    }
    assert_eq!(net.agent(carol()).asked().cancels, 0);
    assert_eq!(net.times(proxy(), alice(), "487"), []);
}

#[test]
fn two_phones_that_answer_are_both_heard() {
    let mut net =
        forked(Config::default(), [&[(0, 180), (1_000, 200)], &[(0, 180), (1_005, 200)], &[(0, 486)]]);
    let mut answers = net.agent(alice()).call().answers.clone();
    answers.sort();
    assert_eq!(answers, ["t5002n0", "t5003n0"]);
    for phone in [bob(), carol()] {
        assert_eq!(net.agent(phone).asked().acks, 1);
    }
}

#[test]
fn loser_that_never_rang_is_cancelled_when_it_does() {
    let mut net = forked(Config::default(), [&[(0, 200)], &[(3_000, 180), (9_000, 200)], &[(0, 404)]]);
    let asked = net.agent(carol()).asked();
    assert_eq!((asked.cancels, asked.status), (1, Some(487)));
    assert_eq!(net.times(proxy(), carol(), "CANCEL"), [3_030]);
}

#[test]
fn best_response_is_picked_when_all_have_failed() {
    assert_eq!(outcome([&[(0, 404)], &[(10, 486)], &[(20, 500)]]), 404);
    assert_eq!(outcome([&[(0, 404)], &[(10, 302)], &[(20, 500)]]), 302);
    assert_eq!(outcome([&[(0, 404)], &[(10, 407)], &[(20, 401)]]), 401);
    assert_eq!(outcome([&[(0, 480)], &[(10, 484)], &[(20, 302)]]), 302);
    assert_eq!(outcome([&[(0, 504)], &[(10, 500)], &[]]), 408);
}

#[test]
fn decline_of_one_cancels_the_others() {
    let mut net = forked(Config::default(), [&[(0, 180), (90_000, 200)], &[(500, 603)], &[(0, 404)]]);
    assert_eq!(net.agent(alice()).call().outcome(), Some(603));
    assert_eq!(net.agent(bob()).asked().status, Some(487));
    assert!(net.elapsed().as_secs() < 60);

    let config = Config { cancel_on_6xx: false, ..Config::default() };
    let mut net = forked(config, [&[(0, 180), (90_000, 200)], &[(500, 603)], &[(0, 404)]]);
    assert_eq!(net.agent(alice()).call().outcome(), Some(200));
}

#[test]
fn overloaded_phone_does_not_make_the_proxy_look_overloaded() {
    assert_eq!(outcome([&[(0, 503)], &[(0, 503)], &[(0, 503)]]), 500);
    let config = Config { remap_503_500: false, ..Config::default() };
    let mut net = forked(config, [&[(0, 503)], &[(0, 503)], &[(0, 503)]]);
    assert_eq!(net.agent(alice()).call().outcome(), Some(503));
}

#[test]
fn challenges_of_all_branches_go_upstream() {
    let mut tm = Direct::new(Config::default());
    let call = tm.create("INVITE", "c1");
    let branches = tm.relay(call, 2, Armed::default()).expect("open");
    for (place, &branch) in branches.iter().enumerate() {
        let status = [401, 407][place];
        let mut response = tm.response(branch, "INVITE", status, "t").expect("a response");
        let name = ["WWW-Authenticate", "Proxy-Authenticate"][place];
        response.append(name, format!("Digest realm=\"r{place}\"")).expect("a good value");
        tm.table.handle_response(tm.now, branch, response, &mut tm.out);
    }
    let replies = tm.replied();
    let reply = String::from_utf8_lossy(replies.last().expect("a final reply")).into_owned();
    assert!(reply.starts_with("SIP/2.0 401"), "{reply}");
    assert!(reply.contains("realm=\"r0\"") && reply.contains("realm=\"r1\""), "{reply}");
}

#[test]
fn second_2xx_of_one_branch_is_relayed_too() {
    let mut tm = Direct::new(Config::default());
    let call = tm.create("INVITE", "c1");
    let branches = tm.relay(call, 1, Armed::default()).expect("open");
    tm.sent();
    tm.answer_with_tag(branches[0], 200, "one");
    tm.answer_with_tag(branches[0], 200, "two");
    tm.answer_with_tag(branches[0], 200, "one");
    assert_eq!(tm.sent(), ["200", "200", "200"]);
}

#[test]
fn branch_can_be_added_to_a_call_that_rings() {
    let mut tm = Direct::new(Config::default());
    let call = tm.create("INVITE", "c1");
    let first = tm.relay(call, 1, Armed::default()).expect("open")[0];
    tm.answer_from(first, 180);
    let second = tm.relay(call, 1, Armed::default()).expect("it rings")[0];
    tm.answer_from(first, 486);
    assert_eq!(tm.table.ringing(call), 1);
    tm.sent();
    tm.answer_from(second, 200);
    assert_eq!(tm.sent(), ["200"]);
}
