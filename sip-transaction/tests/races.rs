//! Things that meet on the way: each race that a proxy has to get right, in the played network.
//!
//! Races of CANCEL alone are in `cancel.rs` and `loss.rs`, those of routes in `failure_route.rs`.

#![allow(clippy::expect_used, reason = "a test that cannot be set up fails")]

mod common;

use std::time::Duration;

use common::{alice, assert_nothing_left, bob, carol, dave, network, network_over, proxy, relay_to};
use sip_core::Target;
use sip_transaction::play::{Link, Network, nothing_done};
use sip_transaction::{Armed, Asker, Config, RouteId, Ticket, TmError, Wait};

/// So many networks are tried where chance is part of the race.
const SEEDS: u64 = 100;

const FAILURE: Armed =
    Armed { on_reply: None, on_failure: Some(Asker::Route(RouteId::new(1))), on_branch_failure: None };
const TICKET: Ticket = Ticket { worker: 0, slot: 0, generation: 0 };

fn call(net: &mut Network) {
    net.send(alice(), proxy(), "INVITE");
}

/// The statuses without the repetitions of each.
fn heard(net: &mut Network) -> Vec<u16> {
    let mut statuses = net.agent(alice()).call().statuses.clone();
    statuses.dedup();
    statuses
}

#[test]
fn answer_that_crosses_a_cancel_comes_after_the_487() {
    // Of two phones that ring Carol's answer is lost for as long as the proxy waits for it after its CANCEL, 64*T1,
    // which is shorter than hers.
    let config = Config { t1: Duration::from_millis(100), ..Config::default() };
    let mut net = network(config, relay_to(&[bob(), carol()]));
    net.agent(bob()).answers(&[(0, 180)]);
    net.agent(carol()).answers(&[(0, 180), (1_000, 200)]);
    call(&mut net);
    net.run_for(1_015);
    net.cancel(alice(), None);
    net.link(carol(), proxy(), Link::losing(100));
    net.run_for(8_000);
    assert_eq!(heard(&mut net), [100, 180, 487], "8 s: 6.4 s after the CANCEL the branch is over");
    net.link(carol(), proxy(), Link::default());
    net.run_for(4_000);
    assert_eq!(heard(&mut net), [100, 180, 487, 200]);
    let asked = net.agent(carol()).asked();
    assert!(asked.status == Some(200) && asked.cancels >= 1);
    assert!(asked.acks >= 1, "the caller can acknowledge it and hang up");
    net.run();
    assert_nothing_left(&mut net);
}

#[test]
fn reply_after_the_timer_is_acknowledged_or_relayed_and_never_a_second_end() {
    for (status, relayed) in [(486, vec![]), (200, vec![30_520])] {
        let mut net = network(Config::default(), relay_to(&[bob()]));
        net.agent(bob()).answers(&[(30_500, status)]);
        call(&mut net);
        net.run();
        assert_eq!(heard(&mut net)[..2], [100, 408]);
        let late: Vec<u64> = net.times(proxy(), alice(), &status.to_string());
        assert_eq!(late.first().map(|at| at - 10), relayed.first().copied(), "{status}");
        assert!(net.agent(bob()).asked().acks >= 1, "{status}: it is not sent for ever");
        assert!(!net.agent(bob()).asked().given_up);
        assert_nothing_left(&mut net);
    }
}

#[test]
fn phone_that_rings_after_the_timer_is_told_to_stop() {
    let mut net = network(Config::default(), relay_to(&[bob()]));
    net.agent(bob()).answers(&[(30_500, 180)]);
    call(&mut net);
    net.run();
    assert_eq!(heard(&mut net), [100, 408]);
    let asked = net.agent(bob()).asked();
    assert_eq!((asked.cancels, asked.status, asked.acks), (1, Some(487), 1));
    assert_nothing_left(&mut net);
}

#[test]
fn ack_that_is_lost_is_asked_for_again() {
    for seed in 0..SEEDS {
        let mut net = network_over(Link::default(), seed, Config::default(), relay_to(&[bob()]));
        net.agent(bob()).answers(&[(0, 180), (500, 486)]);
        call(&mut net);
        net.run_for(540);
        net.link(alice(), proxy(), Link::losing(70));
        net.run();
        let acks = net.times(alice(), proxy(), "ACK").len();
        let replies = net.times(proxy(), alice(), "486").len();
        assert_eq!(acks, replies, "seed {seed}: one for each");
        assert_eq!(
            net.times(proxy(), bob(), "ACK").len(),
            1,
            "seed {seed}: that is no business of the phone's"
        );
        assert_nothing_left(&mut net);
    }
}

#[test]
fn invite_that_comes_again_while_its_route_waits_is_answered_and_not_routed_again() {
    let mut net = network(Config::default(), |turn| {
        turn.table.park(turn.now, turn.transaction, TICKET, Wait::Blind, turn.out).expect("open");
    });
    net.link(proxy(), alice(), Link::losing(100));
    call(&mut net);
    net.run_for(4_000);
    assert_eq!(net.proxied(proxy()).stats().created, 1);
    assert_eq!(net.times(proxy(), alice(), "100").len(), net.times(alice(), proxy(), "INVITE").len());

    net.link(proxy(), alice(), Link::default());
    net.agent(bob()).answers(&[(0, 200)]);
    let id = net.proxied(proxy()).last.expect("a call");
    net.with(proxy(), id, |turn| {
        turn.table.unpark(turn.now, id, TICKET).expect("it waits");
        turn.relay(&[bob()]).expect("open");
    });
    net.run();
    assert_eq!((net.agent(alice()).call().outcome(), net.agent(bob()).asked().times), (Some(200), 1));
    assert_nothing_left(&mut net);
}

#[test]
fn invite_that_comes_again_while_its_failure_route_runs_is_answered_and_not_routed_again() {
    let config = Config { auto_100: false, ..Config::default() };
    let mut net = network(config, |turn| turn.relay_armed(&[bob()], FAILURE).expect("open"));
    net.agent(bob()).answers(&[(0, 486)]);
    net.agent(carol()).answers(&[(0, 180), (100, 200)]);
    net.proxied(proxy()).hold_asks = true;
    call(&mut net);
    net.run_for(5_000);
    assert!(net.times(alice(), proxy(), "INVITE").len() > 3);
    assert_eq!(net.proxied(proxy()).asks.len(), 1);
    let ask = net.proxied(proxy()).asks.remove(0);
    net.with(proxy(), ask.id.transaction, |turn| {
        turn.relay(&[carol()]).expect("asked");
        turn.table.answer(turn.now, ask.id, nothing_done(&ask.kind), turn.out).expect("the ask is out");
    });
    net.run();
    assert_eq!(net.agent(alice()).call().outcome(), Some(200));
    assert_eq!((net.agent(bob()).asked().times, net.agent(carol()).asked().times), (1, 1));
    assert_nothing_left(&mut net);
}

#[test]
fn connection_that_ends_under_a_branch_fails_that_branch_alone() {
    let phone = Network::tcp(5);
    let close = |net: &mut Network| {
        let id = net.proxied(proxy()).last.expect("a call");
        net.with(proxy(), id, |turn| {
            let mut branches = turn.table.branches(id);
            let gone =
                branches.find(|&branch| turn.table.branch_target(branch) == Some(phone)).expect("sent");
            drop(branches);
            turn.table.handle_closed(turn.now, gone, turn.out);
        });
    };
    // The only one: the caller knows at once.
    let mut net = network(Config::default(), relay_to(&[phone]));
    net.agent(phone).answers(&[(0, 180)]);
    call(&mut net);
    net.run_for(1_000);
    close(&mut net);
    net.run();
    assert_eq!(heard(&mut net), [100, 180, 500]);
    assert_eq!(net.times(proxy(), alice(), "500"), [1_000]);
    assert_nothing_left(&mut net);

    // One of two: the other one goes on ringing.
    let mut net = network(Config::default(), relay_to(&[phone, bob()]));
    net.agent(phone).answers(&[(0, 180)]);
    net.agent(bob()).answers(&[(0, 180), (2_000, 200)]);
    call(&mut net);
    net.run_for(1_000);
    close(&mut net);
    net.run();
    assert_eq!(net.agent(alice()).call().outcome(), Some(200));
    assert_eq!(net.times(proxy(), phone, "CANCEL"), [], "nobody is there to be cancelled");
    assert_nothing_left(&mut net);
}

#[test]
fn hundred_branches_have_one_winner() {
    let phones: Vec<Target> = (100..200).map(Network::udp).collect();
    for seed in 0..10 {
        let config = Config { max_branches: 100, ..Config::default() };
        let link = Link { jitter: Duration::from_millis(40), ..Link::default() };
        let mut net = network_over(link, seed, config, relay_to(&phones));
        for (place, &phone) in phones.iter().enumerate() {
            let answer = if place == 70 { (3_000, 200) } else { (9_000, 486) };
            net.agent(phone).answers(&[(0, 180), answer]);
        }
        call(&mut net);
        net.run();
        assert_eq!(net.agent(alice()).call().answers, ["t5170n0"]);
        let canceled = phones.iter().filter(|&&phone| net.agent(phone).asked().status == Some(487)).count();
        assert_eq!(canceled, 99, "seed {seed}");
        assert!(phones.iter().all(|&phone| net.agent(phone).asked().acks == 1), "seed {seed}");
        assert_nothing_left(&mut net);
    }
}

#[test]
fn hundred_branches_that_fail_have_one_best() {
    let phones: Vec<Target> = (100..200).map(Network::udp).collect();
    let mut net = network(Config { max_branches: 100, ..Config::default() }, relay_to(&phones));
    for (place, &phone) in phones.iter().enumerate() {
        net.agent(phone).answers(&[(place as u64 * 7, if place == 31 { 407 } else { 500 })]);
    }
    call(&mut net);
    net.run();
    assert_eq!(heard(&mut net), [100, 407]);
    assert_nothing_left(&mut net);
}

#[test]
fn answer_is_relayed_as_often_as_it_comes_and_not_after_the_end() {
    let mut net = network(Config::default(), relay_to(&[bob()]));
    net.agent(bob()).answers(&[(0, 200)]);
    call(&mut net);
    net.run_for(15);
    // No ACK reaches anybody.
    net.link(alice(), proxy(), Link::losing(100));
    net.run();
    let sent = net.times(bob(), proxy(), "200");
    assert!(sent.len() > 10, "{sent:?}");
    assert_eq!(net.times(proxy(), alice(), "200").len(), sent.len());
    assert!(net.agent(bob()).asked().given_up);
    assert_nothing_left(&mut net);

    // The transaction is over: what a confused phone still sends goes nowhere (RFC 6026 7.2).
    let packet = net.trace.iter().find(|(_, packet)| packet.kind() == "200").expect("it was sent").1.clone();
    let before = net.trace.len();
    net.inject(packet);
    net.run();
    assert_eq!(net.trace.len(), before + 1, "the one that was put there");
}

#[test]
fn retransmission_of_an_answered_invite_wakes_nobody() {
    let mut net = network(Config::default(), relay_to(&[bob()]));
    net.agent(bob()).answers(&[(0, 200)]);
    call(&mut net);
    net.run_for(1_000);
    let invite = net.trace[0].1.clone();
    let before = net.trace.len();
    net.inject(invite);
    net.run_for(100);
    assert_eq!(net.trace.len(), before + 1, "RFC 6026 7.1: absorbed in Accepted");
    net.run();
    assert_nothing_left(&mut net);
}

#[test]
fn request_that_comes_back_to_us_is_another_one() {
    for (script, outcome) in [(&[(0, 180), (100, 200)], 200), (&[(0, 180), (100, 486)], 486)] {
        let mut visits = 0;
        let mut net = network(Config::default(), move |turn| {
            visits += 1;
            turn.relay(&[if visits < 4 { proxy() } else { bob() }]).expect("open");
        });
        net.agent(bob()).answers(script);
        call(&mut net);
        net.run();
        assert_eq!(net.agent(alice()).call().outcome(), Some(outcome));
        assert_eq!(net.proxied(proxy()).stats().created, 4);
        assert_eq!((net.agent(bob()).times_called(), net.agent(bob()).asked().acks), (1, 1));
        assert_nothing_left(&mut net);
    }
}

#[test]
fn cancel_goes_round_a_loop_through_ourselves() {
    let mut visits = 0;
    let mut net = network(Config::default(), move |turn| {
        visits += 1;
        turn.relay(&[if visits < 3 { proxy() } else { bob() }]).expect("open");
    });
    net.agent(bob()).answers(&[(0, 180)]);
    call(&mut net);
    net.run_for(1_000);
    net.cancel(alice(), None);
    net.run();
    assert_eq!(net.agent(alice()).call().outcome(), Some(487));
    assert_eq!((net.agent(bob()).asked().cancels, net.agent(bob()).asked().acks), (1, 1));
    assert_eq!(net.proxied(proxy()).stats().canceled, 3);
    assert_nothing_left(&mut net);
}

#[test]
fn endless_loop_ends_at_the_bound_of_the_table() {
    let config = Config { max_transactions: 50, ..Config::default() };
    let mut net = network(config, relay_to(&[proxy()]));
    call(&mut net);
    net.run();
    assert!(net.proxied(proxy()).stats().created <= 50);
    assert!(net.agent(alice()).call().outcome().is_some());
    assert_nothing_left(&mut net);
}

#[test]
fn branch_added_while_it_rings_races_with_the_end_of_the_others() {
    // Bob gives up at 1 s; from somewhere else Carol is added a little before or after.
    for at in [980, 1_010, 1_029, 1_031, 1_100] {
        let mut net = network(Config::default(), relay_to(&[bob()]));
        net.agent(bob()).answers(&[(0, 180), (1_000, 486)]);
        net.agent(carol()).answers(&[(0, 180), (500, 200)]);
        call(&mut net);
        net.run_for(at);
        let id = net.proxied(proxy()).last.expect("a call");
        let added = net.with(proxy(), id, |turn| turn.relay(&[carol()]));
        net.run();
        let outcome = net.agent(alice()).call().outcome();
        let expected = if at < 1_030 { (Ok(()), Some(200)) } else { (Err(TmError::Answered), Some(486)) };
        assert_eq!((added, outcome), expected, "at {at} ms");
        assert_nothing_left(&mut net);
    }
}

#[test]
fn two_answers_and_a_refusal_at_the_same_moment_agree() {
    for seed in 0..SEEDS {
        let link = Link { jitter: Duration::from_millis(60), duplicate: 20, ..Link::default() };
        let mut net = network_over(link, seed, Config::default(), relay_to(&[bob(), carol(), dave()]));
        net.agent(bob()).answers(&[(0, 180), (500, 200)]);
        net.agent(carol()).answers(&[(0, 180), (510, 200)]);
        net.agent(dave()).answers(&[(0, 180), (505, 603)]);
        call(&mut net);
        net.run();
        let mut answered: Vec<u16> =
            [bob(), carol()].iter().filter_map(|&phone| net.agent(phone).asked().status).collect();
        answered.retain(|&status| status == 200);
        assert_eq!(net.agent(alice()).call().answers.len(), answered.len(), "seed {seed}: each is heard");
        assert_eq!(net.agent(alice()).call().outcome(), Some(200), "seed {seed}");
        for phone in [bob(), carol(), dave()] {
            assert!(net.agent(phone).asked().acks >= 1, "seed {seed}");
        }
        assert_nothing_left(&mut net);
    }
}
