//! Requests other than INVITE: timers E, F, J and K, and what RFC 4320 keeps from the caller.

mod common;

use common::{alice, assert_nothing_left, bob, carol, network, proxy, relay_to};
use sip_transaction::Config;
use sip_transaction::play::{Link, Network};

fn options(net: &mut Network) {
    net.send(alice(), proxy(), "OPTIONS");
}

fn after_arrival(times: &[u64]) -> Vec<u64> {
    times.iter().map(|at| at - 10).collect()
}

#[test]
fn request_is_relayed_and_answered() {
    let mut net = network(Config::default(), relay_to(&[bob()]));
    net.agent(bob()).answers(&[(20, 200)]);
    options(&mut net);
    net.run();
    assert_eq!(net.agent(alice()).call().statuses, [200]);
    assert_nothing_left(&mut net);
}

#[test]
fn timer_e_doubles_up_to_t2_and_f_is_fr() {
    let mut net = network(Config::rfc3261(), relay_to(&[bob()]));
    options(&mut net);
    net.run();
    assert_eq!(
        after_arrival(&net.times(proxy(), bob(), "OPTIONS")),
        [0, 500, 1_500, 3_500, 7_500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500]
    );
    assert_nothing_left(&mut net);
}

#[test]
fn after_a_provisional_response_timer_e_is_t2() {
    let mut net = network(Config::default(), relay_to(&[bob()]));
    net.agent(bob()).answers(&[(600, 100)]);
    options(&mut net);
    net.run_for(12_000);
    let times = after_arrival(&net.times(proxy(), bob(), "OPTIONS"));
    assert_eq!(times, [0, 500, 1_500, 5_500, 9_500]);
}

#[test]
fn timeout_stays_silent_and_absorbs_what_comes_again() {
    let mut net = network(Config::default(), relay_to(&[bob()]));
    options(&mut net);
    net.run();
    assert_eq!(net.agent(alice()).call().statuses, []);
    assert_eq!(net.times(proxy(), alice(), "408"), []);
    assert_eq!(net.agent(bob()).times_called(), 1);
    assert_nothing_left(&mut net);
}

#[test]
fn provisional_responses_stay_here() {
    let mut net = network(Config::default(), relay_to(&[bob()]));
    net.agent(bob()).answers(&[(0, 100), (20, 183), (40, 200)]);
    options(&mut net);
    net.run();
    assert_eq!(net.agent(alice()).call().statuses, [200]);
}

#[test]
fn request_that_comes_again_is_answered_from_memory_for_64_t1() {
    let mut net = network(Config::default(), relay_to(&[bob()]));
    net.agent(bob()).answers(&[(0, 200)]);
    net.link(proxy(), alice(), Link::losing(100));
    options(&mut net);
    net.run_for(20_000);
    net.link(proxy(), alice(), Link::default());
    net.run();
    assert_eq!(net.agent(alice()).call().statuses, [200]);
    assert_eq!(net.agent(bob()).asked().times, 1);
    assert_nothing_left(&mut net);
}

#[test]
fn timer_j_keeps_the_reply_and_k_the_branch() {
    let kept = |bob, from| {
        let mut net = network(Config::default(), relay_to(&[bob]));
        net.agent(from);
        net.agent(bob).answers(&[(0, 200)]);
        net.send(from, proxy(), "OPTIONS");
        net.run_for(35);
        while net.proxied(proxy()).stats().transactions > 0 {
            net.run_for(1);
        }
        // The final response was here at 30 ms.
        net.elapsed().as_millis() as u64 - 30
    };
    assert_eq!(kept(Network::tcp(5), alice()), 32_000);
    assert_eq!(kept(bob(), Network::tcp(6)), 5_000);
}

#[test]
fn over_tcp_alone_nothing_is_kept_after_the_answer() {
    let (phone, server) = (Network::tcp(5), Network::tcp(6));
    let mut net = network(Config::default(), relay_to(&[server]));
    net.agent(server).answers(&[(0, 200)]);
    net.agent(phone);
    net.send(phone, proxy(), "OPTIONS");
    net.run_for(35);
    assert_eq!(net.agent(server).times_called(), 1);
    assert_nothing_left(&mut net);
}

#[test]
fn first_2xx_of_a_fork_is_the_answer_and_nobody_is_cancelled() {
    let mut net = network(Config::default(), relay_to(&[bob(), carol()]));
    net.agent(bob()).answers(&[(100, 200)]);
    net.agent(carol()).answers(&[(50, 200)]);
    options(&mut net);
    net.run();
    assert_eq!(net.agent(alice()).call().statuses, [200]);
    assert_eq!(net.times(proxy(), bob(), "CANCEL"), []);
    assert_nothing_left(&mut net);
}

#[test]
fn negative_response_wins_over_a_timeout() {
    let mut net = network(Config::default(), relay_to(&[bob(), carol()]));
    net.agent(carol()).answers(&[(50, 500)]);
    options(&mut net);
    net.run_for(31_000);
    assert_eq!(net.agent(alice()).call().statuses, [500]);
}

#[test]
fn request_without_a_route_is_answered_500() {
    let mut net = network(Config::default(), |_| ());
    options(&mut net);
    net.run();
    assert_eq!(net.agent(alice()).call().statuses, [500]);
    assert_nothing_left(&mut net);
}
