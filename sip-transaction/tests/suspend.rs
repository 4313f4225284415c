//! Suspended requests and parked routes: used once, ended by CANCEL, by time, by an answer.

#![allow(clippy::expect_used, reason = "a test that cannot be set up fails")]

mod common;

use std::time::Duration;

use common::direct::{Direct, TICKET, status_of};
use sip_core::StatusCode;
use sip_transaction::{
    Answer, Armed, Asker, Config, DropReplies, Gone, Notice, RouteId, Suspension, Ticket, TmError,
    TransactionId, Wait,
};

const OTHER: Ticket = Ticket { worker: 7, slot: 7, generation: 7 };
const FAILURE: Armed =
    Armed { on_reply: None, on_failure: Some(Asker::Route(RouteId::new(1))), on_branch_failure: None };

fn suspended() -> (Direct, TransactionId, Suspension) {
    let mut tm = Direct::new(Config::default());
    let call = tm.create("INVITE", "c1");
    let suspension = tm.table.suspend(tm.now, call, &mut tm.out).expect("open");
    tm.table.finish(tm.now, call, &mut tm.out);
    assert_eq!(tm.sent(), ["100"], "a suspended request is not finished");
    (tm, call, suspension)
}

fn parked(wait: Wait) -> (Direct, TransactionId) {
    let mut tm = Direct::new(Config::default());
    let call = tm.create("INVITE", "c1");
    tm.table.park(tm.now, call, TICKET, wait, &mut tm.out).expect("open");
    tm.sent();
    (tm, call)
}

#[test]
fn suspended_request_is_resumed_and_relayed() {
    let (mut tm, call, suspension) = suspended();
    tm.run_for(20);
    let request = tm.table.resume(tm.now, suspension).expect("it waits");
    assert_eq!(request.call_id().expect("Call-ID"), "c1");
    let branch = tm.relay(call, 1, Armed::default()).expect("open")[0];
    tm.table.finish(tm.now, call, &mut tm.out);
    tm.sent();
    tm.answer_from(branch, 200);
    assert_eq!(tm.sent(), ["200"]);
}

#[test]
fn index_and_label_alone_find_the_suspension_that_waits() {
    let (mut tm, call, _) = suspended();
    assert!(tm.table.resume(tm.now, Suspension::latest(call)).is_ok());
    assert_eq!(tm.table.resume(tm.now, Suspension::latest(call)).err(), Some(TmError::Stale));
}

#[test]
fn suspension_is_used_once() {
    let (mut tm, call, suspension) = suspended();
    tm.table.resume(tm.now, suspension).expect("it waits");
    assert_eq!(tm.table.resume(tm.now, suspension).err(), Some(TmError::Stale));
    let second = tm.table.suspend(tm.now, call, &mut tm.out).expect("as often as it likes");
    assert_eq!(tm.table.resume(tm.now, suspension).err(), Some(TmError::Stale));
    assert!(tm.table.resume(tm.now, second).is_ok());
}

#[test]
fn what_was_never_suspended_cannot_be_resumed() {
    let mut tm = Direct::new(Config::default());
    let call = tm.create("INVITE", "c1");
    for number in [0, 1] {
        let token = Suspension { id: call, number };
        assert_eq!(tm.table.resume(tm.now, token).err(), Some(TmError::NotSuspended));
    }
    for id in
        [TransactionId { index: call.index, label: call.label ^ 1 }, TransactionId { index: 99, label: 0 }]
    {
        assert_eq!(tm.table.resume(tm.now, Suspension::latest(id)).err(), Some(TmError::Unknown));
    }
}

#[test]
fn cancel_ends_a_suspension_with_487() {
    let (mut tm, call, suspension) = suspended();
    tm.table.cancel(tm.now, call, None, &mut tm.out).expect("an INVITE");
    assert_eq!(tm.sent(), ["487"]);
    assert_eq!(tm.table.resume(tm.now, suspension).err(), Some(TmError::Canceled));
    assert_eq!(tm.table.suspend(tm.now, call, &mut tm.out).err(), Some(TmError::Canceled));
}

#[test]
fn suspension_that_waits_too_long_is_408() {
    let (mut tm, _, suspension) = suspended();
    tm.run_for(29);
    assert_eq!(tm.sent(), Vec::<String>::new());
    tm.run_for(1);
    assert_eq!(tm.sent(), ["408"]);
    assert_eq!(tm.table.resume(tm.now, suspension).err(), Some(TmError::TimedOut));
    tm.receive(&Direct::request("ACK", "c1"));
    tm.run_for(6);
    assert_eq!(tm.table.resume(tm.now, suspension).err(), Some(TmError::Unknown));
    assert!(tm.table.is_empty());
}

#[test]
fn suspension_that_waits_too_long_asks_the_failure_route() {
    let mut tm = Direct::new(Config::default());
    let call = tm.create("INVITE", "c1");
    tm.table.arm(call, FAILURE).expect("it is there");
    tm.table.set_fr(tm.now, call, None, Some(Duration::from_secs(2))).expect("it is there");
    tm.table.suspend(tm.now, call, &mut tm.out).expect("open");
    tm.run_for(2);
    let ask = tm.ask();
    assert_eq!(status_of(&ask), 408);
    let branch = tm.relay(call, 1, Armed::default()).expect("asked")[0];
    let answer = Answer::Failure { drop_replies: DropReplies::IfRelayed };
    tm.table.answer(tm.now, ask.id, answer, &mut tm.out).expect("the ask is out");
    tm.sent();
    tm.answer_from(branch, 200);
    assert_eq!(tm.sent(), ["200"]);
}

#[test]
fn suspension_can_be_taken_back() {
    let (mut tm, call, suspension) = suspended();
    tm.table.cancel_suspend(tm.now, suspension).expect("it waits");
    tm.table.finish(tm.now, call, &mut tm.out);
    assert_eq!(tm.sent(), ["500"], "and then the route did nothing");
    assert_eq!(tm.table.cancel_suspend(tm.now, suspension), Err(TmError::Stale));
}

#[test]
fn answered_request_cannot_be_suspended() {
    let mut tm = Direct::new(Config::default());
    let call = tm.create("INVITE", "c1");
    tm.table.finish(tm.now, call, &mut tm.out);
    assert_eq!(tm.table.suspend(tm.now, call, &mut tm.out).err(), Some(TmError::Answered));
    assert_eq!(tm.table.park(tm.now, call, TICKET, Wait::Blind, &mut tm.out), Err(TmError::Answered));
}

#[test]
fn failed_branches_wait_for_a_suspension() {
    let (mut tm, call, suspension) = suspended();
    let branch = tm.relay(call, 1, Armed::default()).expect("open")[0];
    tm.sent();
    tm.answer_from(branch, 486);
    assert_eq!(tm.sent(), ["ACK"]);
    tm.table.resume(tm.now, suspension).expect("it waits");
    tm.table.finish(tm.now, call, &mut tm.out);
    assert_eq!(tm.sent(), ["486"]);
}

#[test]
fn suspended_options_times_out_in_silence() {
    let mut tm = Direct::new(Config::default());
    let options = tm.create("OPTIONS", "c1");
    tm.table.suspend(tm.now, options, &mut tm.out).expect("open");
    tm.run_for(30);
    assert_eq!(tm.sent(), ["100"]);
    assert_eq!(tm.table.stats().open, 0);
    tm.run_for(33);
    assert_eq!(tm.sent(), Vec::<String>::new());
    assert!(tm.table.is_empty());
}

#[test]
fn parked_route_goes_on() {
    let (mut tm, call) = parked(Wait::Blind);
    tm.table.finish(tm.now, call, &mut tm.out);
    tm.run_for(29);
    assert_eq!(tm.table.unpark(tm.now, call, OTHER), Err(TmError::Stale));
    assert_eq!(tm.table.unpark(tm.now, call, TICKET), Ok(()));
    tm.run_for(29);
    assert_eq!(tm.sent(), Vec::<String>::new(), "a running route is bounded by the lifetime alone");
    tm.relay(call, 1, Armed::default()).expect("open");
}

#[test]
fn cancel_drops_a_parked_route() {
    let (mut tm, call) = parked(Wait::Blind);
    tm.table.cancel(tm.now, call, None, &mut tm.out).expect("an INVITE");
    assert_eq!(tm.sent(), ["487"]);
    assert_eq!(tm.notices(), [Notice::Gone { ticket: TICKET, why: Gone::Canceled }]);
    assert_eq!(tm.table.unpark(tm.now, call, TICKET), Err(TmError::Canceled));
}

#[test]
fn parked_route_that_waits_too_long_is_dropped_and_408() {
    let (mut tm, call) = parked(Wait::Blind);
    tm.run_for(30);
    assert_eq!(tm.sent(), ["408"]);
    assert_eq!(tm.notices(), [Notice::Gone { ticket: TICKET, why: Gone::TimedOut }]);
    assert_eq!(tm.table.unpark(tm.now, call, TICKET), Err(TmError::Stale));
}

#[test]
fn parked_failure_route_counts_as_done_nothing_when_it_waits_too_long() {
    let mut tm = Direct::new(Config::default());
    let call = tm.create("INVITE", "c1");
    let branch = tm.relay(call, 1, FAILURE).expect("open")[0];
    tm.answer_from(branch, 486);
    let ask = tm.ask();
    tm.table.park(tm.now, call, TICKET, Wait::Ask(ask.id), &mut tm.out).expect("the ask is out");
    tm.sent();
    tm.run_for(30);
    assert_eq!(tm.sent(), ["486"]);
    assert_eq!(tm.notices(), [Notice::Gone { ticket: TICKET, why: Gone::TimedOut }]);
    let answer = Answer::Failure { drop_replies: DropReplies::IfRelayed };
    assert_eq!(tm.table.answer(tm.now, ask.id, answer, &mut tm.out), Err(TmError::Stale));
}

#[test]
fn parked_failure_route_is_dropped_by_a_cancel() {
    let mut tm = Direct::new(Config::default());
    let call = tm.create("INVITE", "c1");
    let branch = tm.relay(call, 1, FAILURE).expect("open")[0];
    tm.answer_from(branch, 486);
    let ask = tm.ask();
    tm.table.park(tm.now, call, TICKET, Wait::Ask(ask.id), &mut tm.out).expect("the ask is out");
    tm.sent();
    tm.table.cancel(tm.now, call, None, &mut tm.out).expect("an INVITE");
    assert_eq!(tm.sent(), ["487"]);
    assert_eq!(tm.notices(), [Notice::Gone { ticket: TICKET, why: Gone::Canceled }]);
}

#[test]
fn parked_reply_route_still_owes_its_response_after_a_cancel() {
    let mut tm = Direct::new(Config::default());
    let call = tm.create("INVITE", "c1");
    let armed = Armed { on_reply: Some(RouteId::new(4)), ..Armed::default() };
    let branch = tm.relay(call, 1, armed).expect("open")[0];
    tm.answer_from(branch, 200);
    let ask = tm.ask();
    tm.table.park(tm.now, call, TICKET, Wait::Ask(ask.id), &mut tm.out).expect("the ask is out");
    tm.table.cancel(tm.now, call, None, &mut tm.out).expect("an INVITE");
    assert_eq!(tm.notices(), []);
    tm.sent();
    tm.run_for(30);
    assert_eq!(tm.sent(), ["200"]);
}

#[test]
fn parked_route_is_told_when_its_transaction_ends() {
    let mut tm = Direct::new(Config::default());
    let call = tm.create("INVITE", "c1");
    tm.table.set_fr(tm.now, call, None, Some(Duration::from_secs(500))).expect("it is there");
    tm.table.park(tm.now, call, TICKET, Wait::Blind, &mut tm.out).expect("open");
    let branch = tm.relay(call, 1, Armed::default()).expect("open")[0];
    tm.answer_from(branch, 200);
    assert_eq!(tm.notices(), []);
    tm.run_for(33);
    let gone = Notice::Gone { ticket: TICKET, why: Gone::Answered };
    assert_eq!(tm.notices(), [gone, Notice::Ended { transaction: call }]);
    assert_eq!(tm.table.unpark(tm.now, call, TICKET), Err(TmError::Unknown));
}

#[test]
fn lifetime_bounds_a_route_that_parks_again_and_again() {
    let (mut tm, call) = parked(Wait::Blind);
    for _ in 0..8 {
        tm.run_for(20);
        tm.table.unpark(tm.now, call, TICKET).expect("in time");
        tm.table.park(tm.now, call, TICKET, Wait::Blind, &mut tm.out).expect("open");
    }
    tm.run_for(20);
    assert_eq!(tm.sent(), ["408"]);
    assert_eq!(
        (tm.notices(), tm.elapsed()),
        (vec![Notice::Gone { ticket: TICKET, why: Gone::TimedOut }], 180)
    );
    assert_eq!(tm.table.last_status(call), Some(StatusCode::REQUEST_TIMEOUT));
}

#[test]
fn lifetime_can_be_set() {
    let (mut tm, call) = parked(Wait::Blind);
    tm.table.set_lifetime(tm.now, call, Some(Duration::from_secs(3)), None).expect("open");
    tm.run_for(3);
    assert_eq!(tm.sent(), ["408"]);
}
