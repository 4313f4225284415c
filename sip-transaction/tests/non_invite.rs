//! Requests other than INVITE: timers E, F, J and K, and what RFC 4320 keeps from the caller.

mod common;

use common::direct::Direct;
use common::{alice, assert_nothing_left, bob, carol, network, proxy, relay_to};
use sip_core::StatusCode;
use sip_transaction::play::{Link, Network};
use sip_transaction::{Armed, Config, Matched, TmError};

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
    // The 100 when nothing was replied for as long as timer E takes to come to T2 (RFC 4320 4.1), no 408.
    assert_eq!(after_arrival(&net.times(proxy(), alice(), "100"))[0], 3_500);
    let statuses = &net.agent(alice()).call().statuses;
    assert!(statuses.iter().all(|&status| status == 100), "{statuses:?}");
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
    assert_eq!(net.agent(alice()).call().outcome(), Some(500));
}

#[test]
fn request_without_a_route_is_answered_500() {
    let mut net = network(Config::default(), |_| ());
    options(&mut net);
    net.run();
    assert_eq!(net.agent(alice()).call().statuses, [500]);
    assert_nothing_left(&mut net);
}

#[test]
fn late_reply_is_announced_by_a_100_over_any_transport_and_an_early_one_is_not() {
    for caller in [alice(), Network::tcp(6)] {
        let mut net = network(Config::default(), relay_to(&[Network::tcp(5)]));
        net.agent(caller);
        net.agent(Network::tcp(5)).answers(&[(3_400, 200)]);
        net.send(caller, proxy(), "OPTIONS");
        net.run();
        assert_eq!(net.agent(caller).call().statuses, [200]);

        net.agent(Network::tcp(5)).answers(&[(4_000, 200)]);
        net.send(caller, proxy(), "OPTIONS");
        net.run();
        assert_eq!(net.agent(caller).calls[1].1.outcome(), Some(200));
        assert_eq!(net.agent(caller).calls[1].1.statuses[0], 100);
    }
    let mut net = network(Config { late_100: false, ..Config::default() }, relay_to(&[bob()]));
    net.agent(bob()).answers(&[(4_000, 200)]);
    options(&mut net);
    net.run();
    assert_eq!(net.agent(alice()).call().statuses, [200]);
}

#[test]
fn callee_that_answers_408_is_kept_from_the_caller() {
    let mut net = network(Config::default(), relay_to(&[bob()]));
    net.agent(bob()).answers(&[(50, 408)]);
    options(&mut net);
    net.run();
    assert_eq!(net.agent(alice()).call().statuses, []);
    assert_nothing_left(&mut net);
}

#[test]
fn response_that_comes_after_the_end_goes_nowhere() {
    let config = Config { max_noninv_lifetime: std::time::Duration::from_secs(2), ..Config::default() };
    let mut net = network(config, relay_to(&[bob()]));
    net.agent(bob()).answers(&[(40_000, 200)]);
    options(&mut net);
    net.run();
    assert_eq!(net.times(bob(), proxy(), "200").len(), 1);
    assert_eq!(net.times(proxy(), alice(), "200"), []);
}

#[test]
fn application_can_break_neither_rule_for_replies() {
    let mut tm = Direct::new(Config::default());
    let options = tm.create("OPTIONS", "c1");
    for code in [100, 180, 183] {
        let status = StatusCode::new(code).unwrap_or(StatusCode::TRYING);
        let reply = tm.table.reply(tm.now, options, status, "SIP/2.0 ...".into(), &mut tm.out);
        assert_eq!(reply, Err(TmError::Provisional));
    }
    let timeout = StatusCode::REQUEST_TIMEOUT;
    assert_eq!(tm.table.reply(tm.now, options, timeout, "SIP/2.0 408".into(), &mut tm.out), Ok(()));
    assert_eq!(tm.sent(), Vec::<String>::new());
    assert!(!tm.table.is_open(options));
    assert_eq!(tm.receive(&Direct::request("OPTIONS", "c1")), Matched::Absorbed);
    assert_eq!(tm.sent(), Vec::<String>::new());
}

#[test]
fn prack_and_update_pass_while_the_call_rings() {
    let mut tm = Direct::new(Config::default());
    let call = tm.create("INVITE", "c1");
    let branch = tm.relay(call, 1, Armed::default()).map(|ids| ids[0]);
    let Ok(branch) = branch else { panic!("{branch:?}") };
    tm.sent();
    // A reliable provisional response is sent again until its PRACK: each one goes up (RFC 3262 3).
    for _ in 0..3 {
        assert_eq!(tm.answer_from(branch, 183), Matched::Taken);
    }
    assert_eq!(tm.sent(), ["183", "183", "183"]);
    for method in ["PRACK", "UPDATE"] {
        let request = Direct::request_in(method, method, ";tag=t0");
        assert_eq!(tm.receive(&request), Matched::New);
        let id = tm.table.create(tm.now, &request, &Direct::source(), &mut tm.out);
        let Ok(id) = id else { panic!("{id:?}") };
        let Ok(ids) = tm.relay(id, 1, Armed::default()) else { panic!("open") };
        assert_eq!(tm.sent(), [method]);
        let Some(response) = tm.response(ids[0], method, 200, "t0") else { panic!("a response") };
        assert_eq!(tm.table.handle_response(tm.now, ids[0], response, &mut tm.out), Matched::Taken);
        assert_eq!(tm.sent(), ["200"]);
        assert_eq!(tm.table.ringing(call), 1);
    }
}
