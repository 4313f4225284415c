//! Bounds, and what happens at each; ids and branches that are not ours.

mod common;

use common::direct::{Direct, TICKET};
use sip_core::{Protocol, StatusCode, Target, build};
use sip_transaction::{
    Answer, Armed, BranchId, Config, Matched, NewBranch, Round, RouteId, Secret, Ticket, TmError,
    TransactionId, Wait,
};

#[test]
fn full_table_refuses_a_request_and_takes_the_cancel_of_one_it_has() {
    let mut tm = Direct::new(Config { max_transactions: 2, ..Config::default() });
    let call = tm.create("INVITE", "c1");
    tm.create("OPTIONS", "c2");
    let request = Direct::request("INVITE", "c3");
    assert_eq!(tm.receive(&request), Matched::New);
    let full = tm.table.create(tm.now, &request, &Direct::source(), &mut tm.out);
    assert_eq!(full, Err(TmError::Full { max: 2 }));
    assert_eq!(tm.table.stats().refused, 1);
    assert_eq!(tm.receive(&Direct::request("CANCEL", "c1")), Matched::Cancel(call));
}

#[test]
fn second_transaction_of_a_request_is_refused_with_the_first() {
    let mut tm = Direct::new(Config::default());
    let call = tm.create("INVITE", "c1");
    let again = tm.table.create(tm.now, &Direct::request("INVITE", "c1"), &Direct::source(), &mut tm.out);
    assert_eq!(again, Err(TmError::Exists(call)));
    assert_eq!(tm.table.find(&Direct::request("CANCEL", "c1")), Some(call));
    assert_eq!(tm.table.len(), 1);
}

#[test]
fn request_without_what_a_transaction_needs_is_refused() {
    let mut tm = Direct::new(Config::default());
    for name in ["Via", "From", "To", "Call-ID", "CSeq"] {
        let mut request = Direct::request("INVITE", "c1");
        request.remove(name);
        let error = tm.table.create(tm.now, &request, &Direct::source(), &mut tm.out);
        assert!(matches!(error, Err(TmError::Request(_))), "{name}: {error:?}");
    }
    assert!(tm.table.is_empty());
}

#[test]
fn branches_have_a_bound() {
    let mut tm = Direct::new(Config { max_branches: 3, ..Config::default() });
    let call = tm.create("INVITE", "c1");
    tm.relay(call, 2, Armed::default()).expect("open");
    assert_eq!(tm.table.reserve(call, 2).err(), Some(TmError::TooManyBranches { max: 3 }));
    tm.table.suspend(tm.now, call, &mut tm.out).expect("one is left");
    assert_eq!(tm.table.suspend(tm.now, call, &mut tm.out).err(), Some(TmError::TooManyBranches { max: 3 }));
}

#[test]
fn parked_routes_have_a_bound() {
    let mut tm = Direct::new(Config { max_branches: 2, ..Config::default() });
    let call = tm.create("INVITE", "c1");
    let mut park = |slot| {
        let ticket = Ticket { slot, ..TICKET };
        tm.table.park(tm.now, call, ticket, Wait::Blind, &mut tm.out)
    };
    assert_eq!((park(1), park(2)), (Ok(()), Ok(())));
    assert_eq!(park(3), Err(TmError::TooManyBranches { max: 2 }));
}

#[test]
fn branch_that_was_not_reserved_is_not_sent() {
    let mut tm = Direct::new(Config::default());
    let call = tm.create("INVITE", "c1");
    let other = tm.create("INVITE", "c2");
    let reserved = tm.table.reserve(call, 1).expect("open")[0];
    let foreign = tm.table.reserve(other, 1).expect("open")[0];
    tm.sent();
    let branch = |id| NewBranch {
        id,
        target: Target::new(Protocol::Udp, "192.0.2.2:5002".parse().expect("an address")),
        bytes: "INVITE".into(),
        fr: None,
        fr_inv: None,
        user: 0,
    };
    let wrong = [
        vec![branch(BranchId { branch: 1, ..reserved })],
        vec![branch(foreign)],
        vec![branch(reserved), branch(reserved)],
    ];
    for branches in wrong {
        let round = Round { branches: branches.into(), armed: Armed::default() };
        assert_eq!(tm.table.commit(tm.now, call, round, &mut tm.out), Err(TmError::NotReserved));
    }
    assert_eq!(tm.sent(), Vec::<String>::new());
}

#[test]
fn responses_behind_an_ask_have_a_bound_and_a_final_one_has_always_room() {
    let mut tm = Direct::new(Config { max_pending: 2, ..Config::default() });
    let call = tm.create("INVITE", "c1");
    let armed = Armed { on_reply: Some(RouteId::new(1)), ..Armed::default() };
    let branch = tm.relay(call, 1, armed).expect("open")[0];
    for status in [180, 180, 180] {
        assert_eq!(tm.answer_from(branch, status), Matched::Taken);
    }
    assert_eq!(tm.answer_from(branch, 183), Matched::Absorbed);
    assert_eq!(tm.table.stats().pending_dropped, 1);
    tm.sent();
    assert_eq!(tm.answer_from(branch, 486), Matched::Taken);
    assert_eq!(tm.answer_from(branch, 486), Matched::Absorbed);
    assert_eq!(tm.sent(), ["ACK", "ACK"], "no phone is kept sending it");
    for _ in 0..4 {
        let ask = tm.ask();
        let answer = Answer::Reply { message: ask.kind.response().clone(), drop: false };
        tm.table.answer(tm.now, ask.id, answer, &mut tm.out).expect("the ask is out");
    }
    assert_eq!(tm.sent(), ["180", "180", "180", "486"]);
}

#[test]
fn answer_that_comes_again_waits_once_behind_an_ask() {
    let mut tm = Direct::new(Config { max_pending: 2, ..Config::default() });
    let call = tm.create("INVITE", "c1");
    let armed = Armed { on_reply: Some(RouteId::new(1)), ..Armed::default() };
    let branches = tm.relay(call, 2, armed).expect("open");
    tm.answer_from(branches[0], 180);
    for _ in 0..9 {
        tm.answer_from(branches[0], 200);
    }
    assert_eq!(tm.answer_from(branches[1], 180), Matched::Taken, "there is room left");
    assert_eq!(tm.table.stats().pending_dropped, 0);
    tm.sent();
    for sent in ["180", "200"] {
        let ask = tm.ask();
        let answer = Answer::Reply { message: ask.kind.response().clone(), drop: false };
        tm.table.answer(tm.now, ask.id, answer, &mut tm.out).expect("the ask is out");
        assert!(tm.sent().contains(&sent.to_owned()));
    }
}

#[test]
fn forged_branch_finds_nothing() {
    let mut tm = Direct::new(Config::default());
    let call = tm.create("INVITE", "c1");
    let branch = tm.relay(call, 1, Armed::default()).expect("open")[0];
    let via = branch.to_via(7, &tm.secret);
    assert_eq!(BranchId::from_via(via.as_ref(), &tm.secret), Some((branch, 7)));
    assert_eq!(BranchId::from_via(via.as_ref(), &Secret::new([0; 16])), None);

    let stale = TransactionId { label: call.label.wrapping_add(1), ..call };
    for wrong in [BranchId { transaction: stale, ..branch }, BranchId { branch: 9, ..branch }] {
        assert_eq!(tm.answer_from(wrong, 200), Matched::Stray);
    }
    assert_eq!(tm.answer_from(branch, 200), Matched::Taken);
}

#[test]
fn response_to_another_method_or_without_a_next_hop_is_absorbed() {
    let mut tm = Direct::new(Config::default());
    let call = tm.create("INVITE", "c1");
    let branch = tm.relay(call, 1, Armed::default()).expect("open")[0];
    tm.sent();
    let wrong_method = tm.response(branch, "OPTIONS", 200, "t").expect("a response");
    let mut last_hop = tm.response(branch, "INVITE", 200, "t").expect("a response");
    last_hop.pop_value("Via");
    for response in [wrong_method, last_hop] {
        let matched = tm.table.handle_response(tm.now, branch, response, &mut tm.out);
        assert_eq!(matched, Matched::Absorbed);
    }
    assert_eq!(tm.sent(), Vec::<String>::new());
    assert!(tm.table.is_open(call));
}

#[test]
fn second_final_reply_is_refused() {
    let mut tm = Direct::new(Config::default());
    let call = tm.create("OPTIONS", "c1");
    let bytes = build::response(&Direct::request("OPTIONS", "c1"), StatusCode::OK).finish().expect("a reply");
    let mut reply = || tm.table.reply(tm.now, call, StatusCode::OK, bytes.clone(), &mut tm.out);
    assert_eq!((reply(), reply()), (Ok(()), Err(TmError::Answered)));
    assert_eq!(tm.relay(call, 1, Armed::default()), Err(TmError::Answered));
}

#[test]
fn calls_on_an_ended_transaction_say_so() {
    let mut tm = Direct::new(Config::default());
    let call = tm.create("OPTIONS", "c1");
    tm.table.finish(tm.now, call, &mut tm.out);
    tm.run_for(33);
    assert_eq!(tm.table.reserve(call, 1).err(), Some(TmError::Unknown));
    assert_eq!(tm.table.cancel(tm.now, call, None, &mut tm.out), Err(TmError::Unknown));
    assert_eq!(tm.table.park(tm.now, call, TICKET, Wait::Blind, &mut tm.out), Err(TmError::Unknown));
    assert_eq!(tm.table.arm(call, Armed::default()), Err(TmError::Unknown));
    assert!(!tm.table.is_alive(call));
}

#[test]
fn released_request_is_absorbed_without_a_reply() {
    let mut tm = Direct::new(Config::default());
    let call = tm.create("INVITE", "c1");
    tm.sent();
    tm.table.release(tm.now, call, &mut tm.out);
    assert_eq!(tm.receive(&Direct::request("INVITE", "c1")), Matched::Absorbed);
    assert_eq!(tm.sent(), Vec::<String>::new());
    tm.run_for(33);
    assert!(tm.table.is_empty());
}

#[test]
fn kept_request_is_in_a_buffer_of_its_own() {
    let mut tm = Direct::new(Config::default());
    let call = tm.create("INVITE", "c1");
    let length = Direct::request("INVITE", "c1").encoded_len();
    let trying = tm.replied()[0].len();
    assert_eq!(tm.table.stats().kept_bytes, length + trying);
    tm.table.finish(tm.now, call, &mut tm.out);
    tm.receive(&Direct::request("ACK", "c1"));
    assert_eq!(tm.table.stats().kept_bytes, length, "after the ACK no reply is kept");
}
