//! A suspension that is resumed wrongly: each way is an error of its own kind and changes nothing.

#![allow(clippy::expect_used, reason = "a test that cannot be set up fails")]

mod common;

use std::sync::{Barrier, Mutex};
use std::thread;
use std::time::Instant;

use common::direct::Direct;
use sip_core::{StatusCode, build};
use sip_transaction::{Armed, Config, Stats, Suspension, TmError, TransactionId};

fn suspended() -> (Direct, Suspension) {
    let mut tm = Direct::new(Config::default());
    let call = tm.create("INVITE", "c1");
    let suspension = tm.table.suspend(tm.now, call, &mut tm.out).expect("open");
    tm.table.finish(tm.now, call, &mut tm.out);
    tm.sent();
    (tm, suspension)
}

/// Everything that can be seen of a table from outside.
fn seen(tm: &Direct) -> (Stats, Option<Instant>) {
    (tm.table.stats(), tm.table.poll_timeout())
}

/// Resumes and takes back: both give this error and change nothing.
fn refused(tm: &mut Direct, suspension: Suspension, error: &TmError) {
    let before = seen(tm);
    assert_eq!(tm.table.resume(tm.now, suspension).as_ref().err(), Some(error), "{suspension}");
    assert_eq!(tm.table.cancel_suspend(tm.now, suspension).as_ref().err(), Some(error), "{suspension}");
    assert_eq!(seen(tm), before, "{suspension}: nothing has changed");
    assert!(tm.out.is_empty(), "{suspension}: nothing is to be done");
}

#[test]
fn resumed_twice_is_stale() {
    let (mut tm, suspension) = suspended();
    tm.table.resume(tm.now, suspension).expect("it waits");
    refused(&mut tm, suspension, &TmError::Stale);
    refused(&mut tm, Suspension::latest(suspension.id), &TmError::Stale);
}

#[test]
fn earlier_of_two_suspensions_is_stale_and_the_later_one_still_waits() {
    let (mut tm, first) = suspended();
    tm.table.resume(tm.now, first).expect("it waits");
    let second = tm.table.suspend(tm.now, first.id, &mut tm.out).expect("open");
    refused(&mut tm, first, &TmError::Stale);
    tm.table.resume(tm.now, second).expect("it waits");
}

#[test]
fn unknown_and_forged_ids_find_nothing() {
    let (mut tm, suspension) = suspended();
    let TransactionId { index, label } = suspension.id;
    for id in [
        TransactionId { index, label: label.wrapping_add(1) },
        TransactionId { index, label: label.wrapping_sub(1) },
        TransactionId { index: index + 1, label },
        TransactionId { index: u32::MAX, label: u32::MAX },
        TransactionId { index: 0, label: 0 },
    ] {
        refused(&mut tm, Suspension { id, ..suspension }, &TmError::Unknown);
        refused(&mut tm, Suspension::latest(id), &TmError::Unknown);
    }
    for number in [2, u32::MAX] {
        refused(&mut tm, Suspension { number, ..suspension }, &TmError::NotSuspended);
    }
    tm.table.resume(tm.now, suspension).expect("it waits all the same");
}

#[test]
fn id_of_a_transaction_that_has_ended_does_not_reach_the_next_tenant() {
    let (mut tm, old) = suspended();
    tm.table.release(tm.now, old.id, &mut tm.out);
    tm.run_for(40);
    tm.out.clear();
    assert!(tm.table.is_empty());
    let call = tm.create("INVITE", "c2");
    let new = tm.table.suspend(tm.now, call, &mut tm.out).expect("open");
    tm.out.clear();
    assert_eq!(old.id.index, new.id.index, "the same slot");
    refused(&mut tm, old, &TmError::Unknown);
    tm.table.resume(tm.now, new).expect("it waits");
}

#[test]
fn after_a_cancel_it_is_canceled() {
    let (mut tm, suspension) = suspended();
    tm.table.cancel(tm.now, suspension.id, None, &mut tm.out).expect("an INVITE");
    assert_eq!(tm.sent(), ["487"]);
    refused(&mut tm, suspension, &TmError::Canceled);
}

#[test]
fn resumed_before_the_cancel_is_canceled_too() {
    let (mut tm, suspension) = suspended();
    tm.table.resume(tm.now, suspension).expect("it waits");
    tm.table.cancel(tm.now, suspension.id, None, &mut tm.out).expect("an INVITE");
    tm.sent();
    refused(&mut tm, suspension, &TmError::Canceled);
}

#[test]
fn after_its_time_it_is_timed_out() {
    let (mut tm, suspension) = suspended();
    tm.run_for(30);
    assert_eq!(tm.sent(), ["408"]);
    refused(&mut tm, suspension, &TmError::TimedOut);
}

#[test]
fn after_an_answer_it_is_answered() {
    // By the application.
    let (mut tm, suspension) = suspended();
    let bytes = build::response(&Direct::request("INVITE", "c1"), StatusCode::NOT_FOUND).finish();
    let bytes = bytes.expect("a reply");
    tm.table.reply(tm.now, suspension.id, StatusCode::NOT_FOUND, bytes, &mut tm.out).expect("open");
    tm.sent();
    refused(&mut tm, suspension, &TmError::Answered);

    // By a phone that was added while it waited.
    let (mut tm, suspension) = suspended();
    let branch = tm.relay(suspension.id, 1, Armed::default()).expect("open")[0];
    tm.answer_from(branch, 200);
    tm.sent();
    refused(&mut tm, suspension, &TmError::Answered);
}

#[test]
fn request_that_was_never_suspended_says_so() {
    let mut tm = Direct::new(Config::default());
    let call = tm.create("INVITE", "c1");
    tm.out.clear();
    refused(&mut tm, Suspension::latest(call), &TmError::NotSuspended);
    refused(&mut tm, Suspension { id: call, number: 1 }, &TmError::NotSuspended);
}

#[test]
fn of_two_threads_that_resume_at_once_one_wins_each_time() {
    const CALLS: usize = 500;
    let mut tm = Direct::new(Config::default());
    let tokens: Vec<Suspension> = (0..CALLS)
        .map(|number| {
            let call = tm.create("INVITE", &format!("c{number}"));
            tm.table.suspend(tm.now, call, &mut tm.out).expect("open")
        })
        .collect();
    let now = tm.now;
    let table = Mutex::new(tm.table);
    let barrier = Barrier::new(2);
    let resume_all = || {
        barrier.wait();
        let resume = |&token: &Suspension| match table.lock().expect("no thread panics").resume(now, token) {
            Ok(_) => true,
            Err(error) => {
                assert_eq!(error, TmError::Stale);
                false
            }
        };
        tokens.iter().filter(|token| resume(token)).count()
    };
    let won = thread::scope(|scope| {
        let other = scope.spawn(resume_all);
        resume_all() + other.join().expect("it has not panicked")
    });
    assert_eq!(won, CALLS);
}
