//! What a route sets for its transaction, before it relays and while the call rings.

#![allow(clippy::expect_used, reason = "a test that cannot be set up fails")]

mod common;

use std::time::Duration;

use common::direct::{Direct, TICKET, kind_of};
use sip_transaction::{
    Answer, Armed, Asker, BranchId, Config, DropReplies, Gone, Notice, RouteId, TmError, TransactionId, Wait,
};

const ALL: Armed = Armed {
    on_reply: Some(RouteId::new(1)),
    on_failure: Some(Asker::Route(RouteId::new(2))),
    on_branch_failure: Some(RouteId::new(3)),
};
const FAILURE: Armed = Armed { on_reply: None, on_branch_failure: None, ..ALL };

fn secs(secs: u64) -> Option<Duration> {
    Some(Duration::from_secs(secs))
}

fn call(method: &str) -> (Direct, TransactionId, BranchId) {
    let mut tm = Direct::new(Config::default());
    let call = tm.create(method, "c1");
    let branch = tm.relay(call, 1, Armed::default()).expect("open")[0];
    tm.sent();
    (tm, call, branch)
}

/// When something with this name is sent first.
fn when(tm: &mut Direct, name: &str) -> u64 {
    let from = tm.now;
    tm.sent();
    loop {
        let next = tm.table.poll_timeout().expect("something runs");
        tm.now = tm.now.max(next);
        tm.table.handle_timeout(tm.now, &mut tm.out);
        if tm.sent().iter().any(|sent| sent == name) {
            return (tm.now - from).as_millis() as u64;
        }
    }
}

#[test]
fn set_fr_moves_the_timer_that_runs() {
    let (mut tm, id, _) = call("INVITE");
    tm.run_for(10);
    tm.table.set_fr(tm.now, id, None, secs(3)).expect("it is there");
    assert_eq!(when(&mut tm, "408"), 3_000);

    let (mut tm, id, branch) = call("INVITE");
    tm.answer_from(branch, 180);
    tm.run_for(10);
    tm.table.set_fr(tm.now, id, secs(7), secs(3)).expect("it is there");
    assert_eq!(when(&mut tm, "408"), 7_000);
}

#[test]
fn set_fr_holds_for_branches_to_come_and_their_next_provisional_response() {
    let mut tm = Direct::new(Config::default());
    let call = tm.create("INVITE", "c1");
    tm.table.set_fr(tm.now, call, secs(7), secs(3)).expect("it is there");
    let branch = tm.relay(call, 1, Armed::default()).expect("open")[0];
    tm.run_for(2);
    tm.answer_from(branch, 180);
    tm.run_for(5);
    tm.answer_from(branch, 180);
    tm.sent();
    assert_eq!(when(&mut tm, "408"), 7_000);
}

#[test]
fn set_fr_moves_the_end_of_a_suspension_and_of_a_parked_route() {
    let mut tm = Direct::new(Config::default());
    let call = tm.create("INVITE", "c1");
    tm.table.suspend(tm.now, call, &mut tm.out).expect("open");
    tm.table.set_fr(tm.now, call, None, secs(4)).expect("it is there");
    assert_eq!(when(&mut tm, "408"), 4_000);

    let mut tm = Direct::new(Config::default());
    let call = tm.create("INVITE", "c1");
    tm.table.park(tm.now, call, TICKET, Wait::Blind, &mut tm.out).expect("open");
    tm.table.set_fr(tm.now, call, None, secs(4)).expect("it is there");
    assert_eq!(when(&mut tm, "408"), 4_000);
    assert!(tm.notices().contains(&Notice::Gone { ticket: TICKET, why: Gone::TimedOut }));
}

#[test]
fn cancelled_branch_keeps_its_64_t1_whatever_fr_is_set() {
    let (mut tm, id, branch) = call("INVITE");
    tm.answer_from(branch, 180);
    tm.table.cancel(tm.now, id, None, &mut tm.out).expect("an INVITE");
    tm.table.set_fr(tm.now, id, secs(100), secs(100)).expect("it is there");
    assert_eq!(when(&mut tm, "487"), 32_000);
}

#[test]
fn lifetime_counts_from_when_it_is_set() {
    let (mut tm, id, branch) = call("INVITE");
    tm.answer_from(branch, 180);
    tm.run_for(10);
    tm.table.set_lifetime(tm.now, id, secs(5), secs(1)).expect("open");
    assert_eq!(when(&mut tm, "408"), 5_000);

    let (mut tm, id, _) = call("OPTIONS");
    tm.table.set_lifetime(tm.now, id, secs(5), secs(1)).expect("open");
    tm.run_for(1);
    assert!(!tm.table.is_open(id));
    assert_eq!(tm.table.set_lifetime(tm.now, id, None, None), Err(TmError::Answered));
}

#[test]
fn retransmissions_have_the_gaps_that_are_set() {
    let sent_at = |tm: &mut Direct, name: &str, count: usize| {
        let mut sum = 0;
        let mut at = Vec::new();
        for _ in 0..count {
            sum += when(tm, name);
            at.push(sum);
        }
        at
    };
    let ms = |ms| Some(Duration::from_millis(ms));
    let mut tm = Direct::new(Config::default());
    let id = tm.create("OPTIONS", "c1");
    tm.table.set_retr(id, ms(100), ms(300)).expect("it is there");
    tm.relay(id, 1, Armed::default()).expect("open");
    assert_eq!(sent_at(&mut tm, "OPTIONS", 5), [100, 300, 600, 900, 1_200]);

    // A reply of its own, too; and 64*T1 stays.
    let mut tm = Direct::new(Config::default());
    let call = tm.create("INVITE", "c2");
    tm.table.set_retr(call, ms(1_000), ms(1_000)).expect("it is there");
    tm.table.finish(tm.now, call, &mut tm.out);
    assert_eq!(sent_at(&mut tm, "500", 3), [1_000, 2_000, 3_000]);
    tm.run_for(30);
    assert!(tm.table.is_empty());
}

#[test]
fn reply_route_stays_armed_for_later_rounds() {
    let mut tm = Direct::new(Config::default());
    let call = tm.create("INVITE", "c1");
    let first = tm.relay(call, 1, ALL).expect("open")[0];
    tm.answer_from(first, 486);
    let mut kinds = Vec::new();
    let mut second = None;
    while !tm.out.asks.is_empty() {
        let ask = tm.ask();
        kinds.push(kind_of(&ask));
        if kind_of(&ask) == "failure" {
            second = Some(tm.relay(call, 1, Armed::default()).expect("asked")[0]);
        }
        let answer = sip_transaction::play::nothing_done(&ask.kind);
        tm.table.answer(tm.now, ask.id, answer, &mut tm.out).expect("the ask is out");
    }
    assert_eq!(kinds, ["reply", "branch failure", "failure"]);
    // The reply route alone is left.
    let left = Armed { on_failure: None, on_branch_failure: None, ..ALL };
    assert_eq!(tm.table.armed(call), Some(left));
    tm.answer_from(second.expect("a second round"), 486);
    let ask = tm.ask();
    assert_eq!(kind_of(&ask), "reply");
    tm.sent();
    tm.table
        .answer(tm.now, ask.id, sip_transaction::play::nothing_done(&ask.kind), &mut tm.out)
        .expect("the ask is out");
    assert!(tm.out.asks.is_empty());
    assert_eq!(tm.sent(), ["486"]);
}

#[test]
fn other_branches_keep_the_branch_failure_route_they_were_sent_with() {
    let mut tm = Direct::new(Config::default());
    let call = tm.create("INVITE", "c1");
    let armed = Armed { on_reply: None, on_failure: None, ..ALL };
    let both = tm.relay(call, 2, armed).expect("open");
    for branch in both {
        tm.answer_from(branch, 486);
        let ask = tm.ask();
        assert_eq!(kind_of(&ask), "branch failure");
        tm.table.answer(tm.now, ask.id, Answer::BranchFailure, &mut tm.out).expect("the ask is out");
    }
    assert_eq!(tm.sent().last().map(String::as_str), Some("486"));
}

#[test]
fn what_is_armed_can_be_disarmed_while_it_rings() {
    let mut tm = Direct::new(Config::default());
    let call = tm.create("INVITE", "c1");
    let branch = tm.relay(call, 1, ALL).expect("open")[0];
    tm.table.arm(call, Armed::default()).expect("it is there");
    tm.answer_from(branch, 486);
    assert!(tm.out.asks.is_empty());
}

#[test]
fn after_a_6xx_only_the_failure_route_sends_further_branches() {
    let mut tm = Direct::new(Config::default());
    let call = tm.create("INVITE", "c1");
    let branches = tm.relay(call, 2, FAILURE).expect("open");
    tm.answer_from(branches[0], 180);
    tm.answer_from(branches[1], 603);
    assert_eq!(tm.relay(call, 1, Armed::default()), Err(TmError::Declined));
    tm.answer_from(branches[0], 487);
    let ask = tm.ask();
    let third = tm.relay(call, 1, Armed::default()).expect("asked")[0];
    let answer = Answer::Failure { drop_replies: DropReplies::IfRelayed };
    tm.table.answer(tm.now, ask.id, answer, &mut tm.out).expect("the ask is out");
    tm.sent();
    tm.answer_from(third, 200);
    assert_eq!(tm.sent(), ["200"]);
}

#[test]
fn one_transaction_may_go_on_after_a_6xx() {
    let mut tm = Direct::new(Config::default());
    let call = tm.create("INVITE", "c1");
    tm.table.set_cancel_on_6xx(call, false).expect("it is there");
    let branches = tm.relay(call, 2, Armed::default()).expect("open");
    tm.answer_from(branches[0], 180);
    tm.sent();
    tm.answer_from(branches[1], 603);
    assert_eq!(tm.sent(), ["ACK"], "and no CANCEL");
    tm.relay(call, 1, Armed::default()).expect("it rings");
}

#[test]
fn response_of_our_own_making_counts_less_if_so_set() {
    for (prio, sent) in [(0, "408"), (2_000, "500")] {
        let mut tm = Direct::new(Config { faked_reply_prio: prio, ..Config::default() });
        let call = tm.create("INVITE", "c1");
        let branches = tm.relay(call, 2, Armed::default()).expect("open");
        tm.answer_from(branches[0], 500);
        tm.sent();
        tm.run_for(30);
        assert!(tm.sent().contains(&sent.to_owned()), "{prio}");
    }
}

#[test]
fn target_that_is_overloaded_is_not_quoted() {
    let mut tm = Direct::new(Config::default());
    let call = tm.create("INVITE", "c1");
    let branch = tm.relay(call, 1, FAILURE).expect("open")[0];
    let mut response = tm.response(branch, "INVITE", 503, "t").expect("a response");
    response.append("Retry-After", "120").expect("a good value");
    tm.table.handle_response(tm.now, branch, response, &mut tm.out);
    // The failure route sees what came; the caller learns that it was not us who is overloaded.
    let ask = tm.ask();
    assert_eq!(
        ask.kind.response().header("Retry-After").map(|value| value.to_string()).as_deref(),
        Some("120")
    );
    tm.sent();
    let answer = Answer::Failure { drop_replies: DropReplies::IfRelayed };
    tm.table.answer(tm.now, ask.id, answer, &mut tm.out).expect("the ask is out");
    let replies = tm.replied();
    let reply = String::from_utf8_lossy(&replies[0]).into_owned();
    assert!(reply.starts_with("SIP/2.0 500 ") && !reply.contains("Retry-After"), "{reply}");
}

#[test]
fn numbers_of_the_application_stay_with_a_transaction_and_each_branch() {
    let (mut tm, id, branch) = call("INVITE");
    let second = tm.relay(id, 1, Armed::default()).expect("open")[0];
    assert_eq!((tm.table.user(id), tm.table.branch_user(branch)), (Some(0), Some(0)));
    tm.table.set_user(id, 7).expect("it is there");
    tm.table.set_branch_user(branch, 8).expect("it is there");
    assert_eq!(tm.table.user(id), Some(7));
    assert_eq!((tm.table.branch_user(branch), tm.table.branch_user(second)), (Some(8), Some(0)));
    assert_eq!(tm.table.branches(id).collect::<Vec<_>>(), [branch, second]);
    assert_eq!(tm.table.branch_target(branch).map(|target| target.remote.port()), Some(5_002));
    let none = BranchId { branch: 9, ..branch };
    assert_eq!(tm.table.set_branch_user(none, 1), Err(TmError::NotReserved));
}
