//! A connection that ends or cannot be made: its branches fail at once, as if they had said 503.

mod common;

use common::direct::{Direct, status_of};
use common::{alice, assert_nothing_left, bob, carol, network, proxy, relay_to};
use sip_transaction::play::nothing_done;
use sip_transaction::{Armed, Asker, Config, RouteId};

#[test]
fn refused_target_is_500_at_once() {
    let mut net = network(Config::default(), relay_to(&[bob()]));
    net.refuse(proxy(), bob());
    net.send(alice(), proxy(), "INVITE");
    net.run();
    assert_eq!(net.times(proxy(), alice(), "500"), [10]);
    assert_nothing_left(&mut net);
}

#[test]
fn failure_route_goes_to_the_next_target_without_waiting() {
    let armed = Armed { on_failure: Some(Asker::Route(RouteId::new(1))), ..Armed::default() };
    let mut net = network(Config::default(), move |turn| turn.relay_armed(&[bob()], armed).expect("open"));
    net.proxied(proxy()).on_ask(|turn, ask| {
        assert_eq!(ask.kind.response().status().map(|status| status.code()), Some(503));
        turn.relay(&[carol()]).expect("open");
        nothing_done(&ask.kind)
    });
    net.refuse(proxy(), bob());
    net.agent(carol()).answers(&[(0, 200)]);
    net.send(alice(), proxy(), "INVITE");
    net.run();
    assert_eq!(net.times(proxy(), carol(), "INVITE"), [10]);
    assert_eq!(net.agent(alice()).call().outcome(), Some(200));
    assert_nothing_left(&mut net);
}

#[test]
fn other_branches_go_on() {
    let mut net = network(Config::default(), relay_to(&[bob(), carol()]));
    net.refuse(proxy(), bob());
    net.agent(carol()).answers(&[(500, 200)]);
    net.send(alice(), proxy(), "INVITE");
    net.run();
    assert_eq!(net.agent(alice()).call().statuses, [100, 200]);
}

#[test]
fn branch_with_a_final_response_is_not_closed() {
    let mut tm = Direct::new(Config::default());
    let call = tm.create("INVITE", "c1");
    let branch = tm.relay(call, 1, Armed::default()).expect("open")[0];
    tm.answer_from(branch, 200);
    tm.sent();
    tm.table.handle_closed(tm.now, branch, &mut tm.out);
    assert!(tm.out.transmits.is_empty());
    assert_eq!(tm.table.stats().branches_closed, 0);
}

#[test]
fn cancelled_branch_whose_flow_ends_is_487() {
    let mut tm = Direct::new(Config::default());
    let call = tm.create("INVITE", "c1");
    let branch = tm.relay(call, 1, Armed::default()).expect("open")[0];
    tm.answer_from(branch, 180);
    tm.table.cancel(tm.now, call, None, &mut tm.out).expect("an INVITE");
    tm.sent();
    tm.table.handle_closed(tm.now, branch, &mut tm.out);
    assert_eq!(tm.sent(), ["487"]);
    tm.receive(&Direct::request("ACK", "c1"));
    tm.run_for(6);
    assert!(tm.table.is_empty());
}

#[test]
fn stale_branch_is_ignored() {
    let mut tm = Direct::new(Config::default());
    let call = tm.create("OPTIONS", "c1");
    let branch = tm.relay(call, 1, Armed::default()).expect("open")[0];
    tm.run_for(100);
    assert!(tm.table.is_empty());
    tm.table.handle_closed(tm.now, branch, &mut tm.out);
    assert!(tm.out.asks.is_empty());
    let armed = Armed { on_failure: Some(Asker::Route(RouteId::new(1))), ..Armed::default() };
    let call = tm.create("OPTIONS", "c2");
    let new = tm.relay(call, 1, armed).expect("open")[0];
    assert_eq!(branch.transaction.index, new.transaction.index);
    tm.table.handle_closed(tm.now, branch, &mut tm.out);
    assert!(tm.out.asks.is_empty());
    tm.table.handle_closed(tm.now, new, &mut tm.out);
    assert_eq!(status_of(&tm.ask()), 503);
}
