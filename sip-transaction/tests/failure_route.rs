//! Failure, branch-failure and reply routes: what is asked, in which order, and what an answer does.

#![allow(clippy::expect_used, reason = "a test that cannot be set up fails")]

mod common;

use std::cell::Cell;
use std::rc::Rc;

use common::direct::{Direct, TICKET, kind_of, status_of};
use common::{alice, assert_nothing_left, bob, carol, dave, network, proxy};
use sip_core::StatusCode;
use sip_transaction::play::nothing_done;
use sip_transaction::{
    Answer, Armed, Ask, Asker, Config, DropReplies, Gone, Matched, Notice, RouteId, TmError, TransactionId,
    Wait,
};

const FAILURE: Armed =
    Armed { on_reply: None, on_failure: Some(Asker::Route(RouteId::new(1))), on_branch_failure: None };
const WAITER: Armed =
    Armed { on_reply: None, on_failure: Some(Asker::Waiter(TICKET)), on_branch_failure: None };
const REPLY: Armed = Armed { on_reply: Some(RouteId::new(2)), on_failure: None, on_branch_failure: None };

fn failed(drop_replies: DropReplies) -> Answer {
    Answer::Failure { drop_replies }
}

impl Direct {
    fn call(&mut self, armed: Armed) -> (TransactionId, sip_transaction::BranchId) {
        let call = self.create("INVITE", "c1");
        let branch = self.relay(call, 1, armed).expect("open")[0];
        self.sent();
        (call, branch)
    }

    fn done(&mut self, ask: &Ask, answer: Answer) {
        self.table.answer(self.now, ask.id, answer, &mut self.out).expect("the ask is out");
    }
}

#[test]
fn failure_route_tries_one_phone_after_the_other() {
    let mut net = network(Config::default(), |turn| turn.relay_armed(&[bob()], FAILURE).expect("open"));
    let tried = Rc::new(Cell::new(0));
    let count = tried.clone();
    net.proxied(proxy()).on_ask(move |turn, ask| {
        count.set(count.get() + 1);
        let next = [carol(), dave()][count.get() - 1];
        turn.relay_armed(&[next], FAILURE).expect("a failure route may relay");
        nothing_done(&ask.kind)
    });
    net.agent(bob()).answers(&[(0, 486)]);
    net.agent(carol()).answers(&[(0, 180), (100, 480)]);
    net.agent(dave()).answers(&[(0, 180), (100, 200)]);
    net.send(alice(), proxy(), "INVITE");
    net.run();
    assert_eq!(tried.get(), 2);
    assert_eq!(net.agent(alice()).call().statuses, [100, 180, 180, 200]);
    assert_nothing_left(&mut net);
}

#[test]
fn failure_route_may_reply_itself() {
    let mut net = network(Config::default(), |turn| turn.relay_armed(&[bob()], FAILURE).expect("open"));
    net.proxied(proxy()).on_ask(|turn, ask| {
        turn.reply(StatusCode::NOT_FOUND).expect("open");
        nothing_done(&ask.kind)
    });
    net.agent(bob()).answers(&[(0, 486)]);
    net.send(alice(), proxy(), "INVITE");
    net.run();
    assert_eq!(net.agent(alice()).call().statuses, [100, 404]);
    assert_nothing_left(&mut net);
}

#[test]
fn failure_route_that_does_nothing_lets_the_best_response_through() {
    let mut tm = Direct::new(Config::default());
    let (_, branch) = tm.call(FAILURE);
    tm.answer_from(branch, 486);
    assert_eq!(tm.sent(), ["ACK"]);
    let ask = tm.ask();
    assert_eq!((kind_of(&ask), status_of(&ask)), ("failure", 486));
    tm.done(&ask, failed(DropReplies::IfRelayed));
    assert_eq!(tm.sent(), ["486"]);
    assert_eq!(
        tm.table.answer(tm.now, ask.id, failed(DropReplies::IfRelayed), &mut tm.out),
        Err(TmError::Stale)
    );
}

#[test]
fn timeout_is_asked_about_as_a_408_of_our_own() {
    let mut tm = Direct::new(Config::default());
    tm.call(FAILURE);
    tm.run_for(31);
    let ask = tm.ask();
    assert_eq!(status_of(&ask), 408);
    assert!(matches!(ask.kind, sip_transaction::AskKind::Failure { local: true, .. }));
    tm.sent();
    tm.done(&ask, failed(DropReplies::None));
    assert_eq!(tm.sent(), ["408"]);
}

#[test]
fn failure_route_is_asked_once_unless_it_is_armed_again() {
    let mut tm = Direct::new(Config::default());
    let (call, branch) = tm.call(FAILURE);
    tm.answer_from(branch, 486);
    let ask = tm.ask();
    let second = tm.relay(call, 1, Armed::default()).expect("asked")[0];
    tm.done(&ask, failed(DropReplies::None));
    tm.sent();
    tm.answer_from(second, 500);
    assert!(tm.out.asks.is_empty());
    assert_eq!(tm.sent(), ["ACK", "486"], "the better one of both rounds");
}

#[test]
fn replies_of_earlier_rounds_are_dropped_as_the_route_says() {
    for (drop, sent) in [
        (DropReplies::IfRelayed, "500"),
        (DropReplies::None, "404"),
        (DropReplies::Last, "500"),
        (DropReplies::All, "500"),
    ] {
        let mut tm = Direct::new(Config::default());
        let (call, branch) = tm.call(FAILURE);
        tm.answer_from(branch, 404);
        let ask = tm.ask();
        let second = tm.relay(call, 1, Armed::default()).expect("asked")[0];
        tm.done(&ask, failed(drop));
        tm.sent();
        tm.answer_from(second, 500);
        assert_eq!(tm.sent().last().map(String::as_str), Some(sent), "{drop:?}");
    }
    // Nothing is left to be picked.
    let mut tm = Direct::new(Config::default());
    let (_, branch) = tm.call(FAILURE);
    tm.answer_from(branch, 404);
    let ask = tm.ask();
    tm.done(&ask, failed(DropReplies::All));
    assert_eq!(tm.sent(), ["ACK", "500"]);
}

#[test]
fn branch_failure_route_replaces_its_branch_before_the_call_has_failed() {
    let armed = Armed { on_branch_failure: Some(RouteId::new(3)), ..FAILURE };
    let mut tm = Direct::new(Config::default());
    let (call, branch) = tm.call(armed);
    tm.answer_from(branch, 503);
    let ask = tm.ask();
    assert_eq!((kind_of(&ask), status_of(&ask)), ("branch failure", 503));
    let second = tm.relay(call, 1, Armed::default()).expect("asked")[0];
    tm.done(&ask, Answer::BranchFailure);
    assert!(tm.out.asks.is_empty());
    tm.sent();
    tm.answer_from(second, 200);
    assert_eq!(tm.sent(), ["200"]);
}

#[test]
fn branch_failure_comes_before_failure() {
    let armed = Armed { on_branch_failure: Some(RouteId::new(3)), ..FAILURE };
    let mut tm = Direct::new(Config::default());
    let (_, branch) = tm.call(armed);
    tm.answer_from(branch, 486);
    let ask = tm.ask();
    assert_eq!(kind_of(&ask), "branch failure");
    tm.done(&ask, Answer::BranchFailure);
    assert_eq!(kind_of(&tm.ask()), "failure");
}

#[test]
fn responses_wait_in_order_behind_a_reply_route() {
    let mut tm = Direct::new(Config::default());
    let (_, branch) = tm.call(REPLY);
    for status in [180, 183, 200] {
        assert_eq!(tm.answer_from(branch, status), Matched::Taken);
    }
    for status in [180, 183, 200] {
        assert_eq!(tm.sent(), Vec::<String>::new());
        let ask = tm.ask();
        assert_eq!((kind_of(&ask), status_of(&ask)), ("reply", status));
        tm.done(&ask, nothing_done(&ask.kind));
        assert_eq!(tm.sent(), [status.to_string()]);
    }
    assert!(tm.out.asks.is_empty());
}

#[test]
fn reply_route_may_edit_a_response_and_drop_a_provisional_one() {
    let mut tm = Direct::new(Config::default());
    let (_, branch) = tm.call(REPLY);
    tm.answer_from(branch, 180);
    let ask = tm.ask();
    tm.done(&ask, Answer::Reply { message: ask.kind.response().clone(), drop: true });
    assert_eq!(tm.sent(), Vec::<String>::new());

    tm.answer_from(branch, 200);
    let ask = tm.ask();
    let mut message = ask.kind.response().clone();
    message.append("X-Seen", "yes").expect("a good value");
    tm.done(&ask, Answer::Reply { message, drop: true });
    let reply = tm.replied().pop().expect("a final response is never dropped");
    assert!(String::from_utf8_lossy(&reply).contains("X-Seen: yes\r\n"));
}

#[test]
fn reply_route_cannot_turn_an_answer_into_a_failure() {
    let mut tm = Direct::new(Config::default());
    let (_, branch) = tm.call(REPLY);
    tm.answer_from(branch, 200);
    let ask = tm.ask();
    let message = tm.response(branch, "INVITE", 486, "t").expect("a response");
    tm.done(&ask, Answer::Reply { message, drop: false });
    assert_eq!(tm.sent(), ["200"]);
}

#[test]
fn negative_response_is_acknowledged_before_its_reply_route_has_run() {
    let mut tm = Direct::new(Config::default());
    let (_, branch) = tm.call(REPLY);
    tm.answer_from(branch, 486);
    assert_eq!(tm.sent(), ["ACK"]);
    assert_eq!(tm.answer_from(branch, 486), Matched::Absorbed);
    assert_eq!(tm.sent(), ["ACK"]);
    tm.ask();
}

#[test]
fn answer_does_not_wait_for_a_failure_route() {
    let mut tm = Direct::new(Config::default());
    let call = tm.create("INVITE", "c1");
    let branches = tm.relay(call, 2, FAILURE).expect("open");
    tm.answer_from(branches[0], 180);
    tm.run_for(125);
    let ask = tm.ask();
    assert_eq!(status_of(&ask), 408);
    tm.sent();
    tm.answer_from(branches[0], 200);
    assert_eq!(tm.sent(), ["200"]);
    tm.done(&ask, failed(DropReplies::IfRelayed));
    assert_eq!(tm.sent(), Vec::<String>::new());
}

#[test]
fn wrong_answer_leaves_the_ask_open() {
    let mut tm = Direct::new(Config::default());
    let (_, branch) = tm.call(FAILURE);
    tm.answer_from(branch, 486);
    let ask = tm.ask();
    assert_eq!(
        tm.table.answer(tm.now, ask.id, Answer::BranchFailure, &mut tm.out),
        Err(TmError::WrongAnswer)
    );
    tm.done(&ask, failed(DropReplies::IfRelayed));
}

#[test]
fn waiter_is_asked_like_a_failure_route_and_goes_on() {
    let mut tm = Direct::new(Config::default());
    let (call, branch) = tm.call(WAITER);
    tm.table.park(tm.now, call, TICKET, Wait::Branches, &mut tm.out).expect("it waits");
    tm.answer_from(branch, 486);
    let ask = tm.ask();
    assert_eq!(ask.asker, Asker::Waiter(TICKET));
    let second = tm.relay(call, 1, WAITER).expect("asked")[0];
    tm.done(&ask, failed(DropReplies::IfRelayed));
    tm.notices();
    tm.answer_from(second, 200);
    let status = StatusCode::OK;
    assert_eq!(tm.notices(), [Notice::Answered { ticket: TICKET, transaction: call, status }]);
}

#[test]
fn waiter_is_told_once_when_the_caller_cancels() {
    let mut tm = Direct::new(Config::default());
    let (call, branch) = tm.call(WAITER);
    tm.table.park(tm.now, call, TICKET, Wait::Branches, &mut tm.out).expect("it waits");
    tm.answer_from(branch, 180);
    tm.table.cancel(tm.now, call, None, &mut tm.out).expect("an INVITE");
    assert_eq!(tm.notices(), [Notice::Gone { ticket: TICKET, why: Gone::Canceled }]);
    tm.sent();
    tm.answer_from(branch, 487);
    assert_eq!(tm.sent(), ["ACK", "487"]);
    assert!(tm.out.asks.is_empty());
    tm.receive(&Direct::request("ACK", "c1"));
    tm.run_for(70);
    assert_eq!(tm.notices(), [Notice::Ended { transaction: call }]);
}

#[test]
fn cancel_while_the_failure_route_runs_is_487_and_its_relay_fails() {
    let mut tm = Direct::new(Config::default());
    let (call, branch) = tm.call(FAILURE);
    tm.answer_from(branch, 486);
    let ask = tm.ask();
    tm.sent();
    tm.table.cancel(tm.now, call, None, &mut tm.out).expect("an INVITE");
    assert_eq!(tm.sent(), ["487"]);
    assert_eq!(tm.relay(call, 1, Armed::default()), Err(TmError::Canceled));
    assert_eq!(tm.table.answer(tm.now, ask.id, failed(DropReplies::None), &mut tm.out), Err(TmError::Stale));
}

#[test]
fn answer_that_waits_behind_a_reply_route_wins_over_a_cancel() {
    let mut tm = Direct::new(Config::default());
    let (call, branch) = tm.call(REPLY);
    tm.answer_from(branch, 200);
    let ask = tm.ask();
    tm.table.cancel(tm.now, call, None, &mut tm.out).expect("an INVITE");
    assert_eq!(tm.sent(), Vec::<String>::new());
    tm.done(&ask, nothing_done(&ask.kind));
    assert_eq!(tm.sent(), ["200"]);
}

#[test]
fn lifetime_ends_an_ask_that_nobody_answers_and_keeps_the_answer_behind_it() {
    let mut tm = Direct::new(Config::default());
    let (_, branch) = tm.call(REPLY);
    tm.answer_from(branch, 180);
    tm.answer_from(branch, 200);
    let ask = tm.ask();
    tm.sent();
    tm.run_for(181);
    assert_eq!(tm.sent(), ["180", "200"]);
    assert_eq!(tm.table.answer(tm.now, ask.id, nothing_done(&ask.kind), &mut tm.out), Err(TmError::Stale));
    tm.run_for(40);
    assert!(tm.table.is_empty());
}
