//! A network that loses, doubles and reorders: what was asked for happens, once, and nothing is left.

#![allow(clippy::expect_used, reason = "a test that cannot be set up fails")]

mod common;

use common::{alice, assert_nothing_left, bob, network, network_over, proxy, relay_to};
use sip_transaction::Config;
use sip_transaction::play::{Link, Network};

/// So many networks are tried, each with dice of its own.
const SEEDS: u64 = 200;

/// Runs a call or another request over a network that loses half, to its end.
fn over_half(seed: u64, method: &str, answers: &[(u64, u16)]) -> Network {
    let mut net = network_over(Link::losing(50), seed, Config::default(), relay_to(&[bob()]));
    net.agent(bob()).answers(answers);
    net.send(alice(), proxy(), method);
    net.run();
    assert_nothing_left(&mut net);
    assert!(net.agent(bob()).times_called() <= 1, "seed {seed}: the callee saw one request as two");
    net
}

/// How many of all seeds came to `status` at the caller.
fn survivors(method: &str, answers: &[(u64, u16)], status: u16) -> u64 {
    let survives =
        |&seed: &u64| over_half(seed, method, answers).agent(alice()).call().outcome() == Some(status);
    (0..SEEDS).filter(survives).count() as u64
}

#[test]
fn call_that_is_refused_survives_half_of_all_datagrams_lost() {
    // INVITE goes seven times over each of two hops, the 486 eleven times: 1.7 of 100 fail.
    assert!(survivors("INVITE", &[(0, 180), (1_000, 486)], 486) >= SEEDS * 95 / 100);
}

#[test]
fn call_that_is_answered_survives_half_of_all_datagrams_lost() {
    // The callee alone sends its 200 again, eleven times over both hops: 6 of 100 fail.
    assert!(survivors("INVITE", &[(0, 180), (1_000, 200)], 200) >= SEEDS * 88 / 100);
}

#[test]
fn other_requests_survive_half_of_all_datagrams_lost() {
    // Eleven times over each of two hops, there and back, and what the caller sends before the proxy has the reply is
    // of no use: 12 of 100 fail.
    let survivors = survivors("OPTIONS", &[(0, 200)], 200);
    assert!(survivors >= SEEDS * 80 / 100, "{survivors} of {SEEDS}");
}

#[test]
fn call_that_fails_by_loss_still_ends_for_both() {
    for seed in 0..SEEDS {
        let mut net = over_half(seed, "INVITE", &[(500, 486)]);
        let outcome = net.agent(alice()).call().outcome();
        assert!(matches!(outcome, Some(486 | 408)), "seed {seed}: {outcome:?}");
    }
}

#[test]
fn every_final_response_is_sent_again_until_its_ack() {
    for status in [302, 404, 486, 500, 603] {
        let mut net = network(Config::default(), relay_to(&[bob()]));
        net.agent(bob()).answers(&[(0, status)]);
        net.link(proxy(), alice(), Link::losing(100));
        net.send(alice(), proxy(), "INVITE");
        net.run_for(8_000);
        net.link(proxy(), alice(), Link::default());
        net.run();
        // Timer G: T1, doubled up to T2. What is sent before 8 s is lost; the caller asks again meanwhile, and
        // is answered each time.
        let sent = net.times(proxy(), alice(), &status.to_string());
        let asked: Vec<u64> = net.times(alice(), proxy(), "INVITE")[1..].iter().map(|at| at + 10).collect();
        let timer_g: Vec<u64> = sent.iter().copied().filter(|at| !asked.contains(at)).collect();
        assert_eq!(timer_g, [30, 530, 1_530, 3_530, 7_530, 11_530], "{status}");
        assert_eq!(net.times(alice(), proxy(), "ACK"), [11_540], "{status}");
        assert_nothing_left(&mut net);
    }
}

#[test]
fn cancel_and_answer_agree_over_a_rough_network() {
    let (mut answered, mut canceled) = (0, 0);
    for seed in 0..SEEDS {
        let mut net = network_over(Link::rough(), seed, Config::default(), relay_to(&[bob()]));
        net.agent(bob()).answers(&[(0, 180), (1_000, 200)]);
        net.send(alice(), proxy(), "INVITE");
        net.run_for(800 + 4 * (seed % 100));
        net.cancel(alice(), None);
        net.run();
        assert_nothing_left(&mut net);
        let caller = net.agent(alice()).call().outcome();
        let callee = net.agent(bob()).called.first().and_then(|(_, call)| call.status);
        match callee {
            Some(200) => answered += 1,
            Some(487) => canceled += 1,
            // The INVITE itself came too late: cancelled before it was sent on.
            None => continue,
            other => panic!("seed {seed}: {other:?}"),
        }
        assert_eq!(caller, callee, "seed {seed}");
    }
    assert!(answered > SEEDS / 10 && canceled > SEEDS / 10, "{answered} answered, {canceled} canceled");
}
