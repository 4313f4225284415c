//! A call through the proxy: what the caller sees, and each timer of an INVITE to the millisecond.

#![allow(clippy::expect_used, reason = "a test that cannot be set up fails")]

mod common;

use std::time::Duration;

use common::{alice, assert_nothing_left, bob, network, proxy, relay_to};
use sip_core::StatusCode;
use sip_transaction::Config;
use sip_transaction::play::{Link, Network};

/// The moments at which something happens after the INVITE reached the proxy, 10 ms from the start.
fn after_arrival(times: &[u64]) -> Vec<u64> {
    times.iter().map(|at| at - 10).collect()
}

fn call(net: &mut Network) {
    net.send(alice(), proxy(), "INVITE");
}

#[test]
fn call_is_relayed_answered_and_acknowledged() {
    let mut net = network(Config::default(), relay_to(&[bob()]));
    net.agent(bob()).answers(&[(0, 100), (50, 180), (2_000, 200)]);
    call(&mut net);
    net.run_for(3_000);

    assert_eq!(net.agent(alice()).call().statuses, [100, 180, 200]);
    assert_eq!((net.agent(bob()).asked().times, net.agent(bob()).asked().acks), (1, 1));
    assert_eq!(net.times(proxy(), alice(), "200").len(), 1);
    net.run();
    assert_nothing_left(&mut net);
}

#[test]
fn caller_has_its_100_at_once_and_the_100_of_the_callee_stays_here() {
    let mut net = network(Config::default(), relay_to(&[bob()]));
    net.agent(bob()).answers(&[(500, 100), (900, 486)]);
    call(&mut net);
    net.run();
    assert_eq!(net.times(proxy(), alice(), "100"), [10]);
    assert_eq!(net.agent(alice()).call().statuses, [100, 486]);
}

#[test]
fn relayed_response_has_lost_our_via_and_nothing_else() {
    let mut net = network(Config::default(), relay_to(&[bob()]));
    net.agent(bob()).answers(&[(0, 486)]);
    call(&mut net);
    net.run();
    let of = |from, to| {
        let mut sent = net.trace.iter().filter(|(_, p)| p.from == from && p.to == to && p.kind() == "486");
        let bytes = sent.next().expect("it was sent").1.bytes.clone();
        String::from_utf8_lossy(&bytes).into_owned()
    };
    let came = of(bob().remote, proxy().remote);
    let went = of(proxy().remote, alice().remote);
    let mut lines: Vec<&str> = came.split("\r\n").collect();
    lines.remove(1);
    assert_eq!(went, lines.join("\r\n"));
}

#[test]
fn invite_that_comes_again_is_answered_with_the_last_reply_and_not_relayed_again() {
    let mut net = network(Config { auto_100: false, ..Config::default() }, relay_to(&[bob()]));
    net.agent(bob()).answers(&[(100, 180), (60_000, 486)]);
    // The 180 does not reach Alice the first time, so she sends her INVITE again.
    net.link(proxy(), alice(), Link::losing(100));
    call(&mut net);
    net.run_for(400);
    net.link(proxy(), alice(), Link::default());
    net.run_for(1_000);
    assert_eq!(net.agent(alice()).call().statuses, [180]);
    assert_eq!(net.agent(bob()).asked().times, 1);
    assert_eq!(net.proxied(proxy()).stats().replies_resent, 1);
}

#[test]
fn timer_a_doubles_without_end_and_b_is_fr() {
    for (config, resends, end) in [
        (Config::default(), vec![0, 500, 1_500, 3_500, 7_500, 15_500], 30_000),
        (Config::rfc3261(), vec![0, 500, 1_500, 3_500, 7_500, 15_500, 31_500], 32_000),
    ] {
        let mut net = network(config, relay_to(&[bob()]));
        call(&mut net);
        net.run();
        assert_eq!(after_arrival(&net.times(proxy(), bob(), "INVITE")), resends);
        assert_eq!(after_arrival(&net.times(proxy(), alice(), "408"))[0], end);
        assert_eq!(net.times(proxy(), bob(), "CANCEL"), []);
        assert_nothing_left(&mut net);
    }
}

#[test]
fn over_tcp_nothing_is_sent_twice() {
    let mut net = network(Config::default(), relay_to(&[Network::tcp(5)]));
    net.agent(Network::tcp(5)).answers(&[(3_000, 180), (4_000, 486)]);
    call(&mut net);
    net.run();
    assert_eq!(net.times(proxy(), Network::tcp(5), "INVITE").len(), 1);
    assert_eq!(net.agent(alice()).call().outcome(), Some(486));
}

#[test]
fn timer_c_cancels_the_branch_and_answers_408() {
    for (config, ring) in [(Config::default(), 120_000), (Config::rfc3261(), 181_000)] {
        let mut net = network(config, relay_to(&[bob()]));
        net.agent(bob()).answers(&[(0, 180)]);
        call(&mut net);
        net.run();
        // The 180 is at the proxy 20 ms after the INVITE was.
        assert_eq!(after_arrival(&net.times(proxy(), bob(), "CANCEL")), [ring + 20]);
        assert_eq!(after_arrival(&net.times(proxy(), alice(), "408"))[0], ring + 20);
        assert_eq!((net.agent(bob()).asked().status, net.agent(bob()).asked().acks), (Some(487), 1));
        assert_nothing_left(&mut net);
    }
}

#[test]
fn each_provisional_response_starts_timer_c_anew() {
    let mut net = network(Config::default(), relay_to(&[bob()]));
    net.agent(bob()).answers(&[(0, 180), (100_000, 183)]);
    call(&mut net);
    net.run();
    assert_eq!(after_arrival(&net.times(proxy(), alice(), "408"))[0], 180_000);
    assert_eq!(net.agent(alice()).call().outcome(), Some(408));

    let config = Config { max_inv_lifetime: Duration::from_secs(1_000), ..Config::default() };
    let mut net = network(config, relay_to(&[bob()]));
    net.agent(bob()).answers(&[(0, 180), (100_000, 183)]);
    call(&mut net);
    net.run();
    assert_eq!(after_arrival(&net.times(proxy(), alice(), "408"))[0], 220_020);
}

#[test]
fn answer_just_before_timer_c_is_kept() {
    let mut net = network(Config::default(), relay_to(&[bob()]));
    net.agent(bob()).answers(&[(0, 180), (119_990, 200)]);
    call(&mut net);
    net.run();
    assert_eq!(net.agent(alice()).call().statuses, [100, 180, 200]);
    assert_eq!(net.agent(bob()).asked().cancels, 0);
    assert_nothing_left(&mut net);
}

#[test]
fn no_call_is_older_than_its_lifetime() {
    let mut net = network(Config::default(), relay_to(&[bob()]));
    let rings: Vec<(u64, u16)> = (0..20).map(|minute| (minute * 60_000, 180)).collect();
    net.agent(bob()).answers(&rings);
    call(&mut net);
    net.run();
    assert_eq!(after_arrival(&net.times(proxy(), alice(), "408"))[0], 180_000);
    assert_eq!(net.agent(bob()).asked().cancels, 1);
    assert_eq!(net.agent(bob()).asked().reason.as_deref(), Some("SIP;cause=408;text=\"Request Timeout\""));
    assert_nothing_left(&mut net);
}

#[test]
fn timers_g_and_h_send_a_negative_reply_again_until_64_t1() {
    let mut net = network(Config::default(), relay_to(&[bob()]));
    net.agent(bob()).answers(&[(0, 486)]);
    call(&mut net);
    net.run_for(15);
    net.link(alice(), proxy(), Link::losing(100));
    net.run();
    let times = after_arrival(&net.times(proxy(), alice(), "486"));
    let gaps: Vec<u64> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert_eq!(gaps, [500, 1_000, 2_000, 4_000, 4_000, 4_000, 4_000, 4_000, 4_000, 4_000]);
    assert_eq!(net.proxied(proxy()).stats().unacknowledged, 1);
    assert_nothing_left(&mut net);
}

/// How long, in ms, the proxy keeps the transaction after its last message.
fn kept_for(net: &mut Network) -> u64 {
    net.run_for(1_000);
    assert_eq!(net.proxied(proxy()).stats().transactions, 1);
    let last = net.trace.last().expect("something was sent").0;
    while net.proxied(proxy()).stats().transactions == 1 {
        net.run_for(1);
    }
    (net.elapsed() - last).as_millis() as u64
}

#[test]
fn timers_i_d_l_and_m_keep_it_as_long_as_repetitions_may_come() {
    // I: the caller's side, after its ACK. The branch is over TCP, so D is nothing.
    let mut net = network(Config::default(), relay_to(&[Network::tcp(5)]));
    net.agent(Network::tcp(5)).answers(&[(0, 486)]);
    call(&mut net);
    assert_eq!(kept_for(&mut net), 5_000 + 10);

    // D: the branch's side, 32 s from its ACK, which left 20 ms before the caller's did.
    let mut net = network(Config::default(), relay_to(&[bob()]));
    net.agent(bob()).answers(&[(0, 486)]);
    call(&mut net);
    assert_eq!(kept_for(&mut net), 32_000 - 10);

    // L and M: 32 s from the 2xx. The caller's ACK was relayed 20 ms later.
    let mut net = network(Config::default(), relay_to(&[bob()]));
    net.agent(bob()).answers(&[(0, 200)]);
    call(&mut net);
    assert_eq!(kept_for(&mut net), 32_000 - 20);
}

#[test]
fn our_own_answer_is_sent_again_until_its_ack_which_ends_here() {
    let mut net = network(Config::default(), |turn| turn.reply(StatusCode::OK).expect("open"));
    call(&mut net);
    net.run_for(15);
    net.link(alice(), proxy(), Link::losing(100));
    net.run_for(4_000);
    net.link(alice(), proxy(), Link::default());
    net.run_for(20_000);
    assert_eq!(after_arrival(&net.times(proxy(), alice(), "200")), [0, 500, 1_500, 3_500, 7_500]);
    assert_eq!(net.proxied(proxy()).stats().unacknowledged, 0);
    net.run();
    assert_nothing_left(&mut net);
}

#[test]
fn route_that_does_nothing_is_answered_500() {
    let mut net = network(Config::default(), |_| ());
    call(&mut net);
    net.run();
    assert_eq!(net.agent(alice()).call().statuses, [100, 500]);
    assert_nothing_left(&mut net);
}
