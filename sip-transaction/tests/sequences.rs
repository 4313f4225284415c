//! Any sequence of inputs: no panic, nothing sent after the end, nothing left when time is up.

mod common;

use std::time::Duration;

use common::direct::{Direct, kind};
use proptest::prelude::*;
use sip_core::{Protocol, StatusCode, Target, build};
use sip_transaction::play::nothing_done;
use sip_transaction::{
    Answer, Armed, Ask, Asker, BranchId, Config, DropReplies, Notice, RouteId, Suspension, Ticket,
    TransactionId, Wait,
};

/// What happens next. Numbers choose among what there is.
#[derive(Clone, Debug)]
enum Op {
    Request { method: usize, call: u8 },
    Relay { transaction: usize, count: u16, armed: u8 },
    Respond { branch: usize, status: u16 },
    RespondToCancel { branch: usize },
    Closed { branch: usize },
    Reply { transaction: usize, status: u16 },
    Cancel { transaction: usize },
    CancelBranches { transaction: usize },
    Arm { transaction: usize, armed: u8 },
    Answer { ask: usize, how: u8 },
    Park { transaction: usize, ticket: u32, ask: Option<usize> },
    Unpark { transaction: usize, ticket: u32 },
    Suspend { transaction: usize },
    Resume { suspension: usize },
    Finish { transaction: usize },
    Release { transaction: usize },
    Originate { method: usize, waits: bool },
    Acknowledge { branch: usize },
    Set { transaction: usize, what: u8, secs: u64 },
    Pass { ms: u64 },
}

fn op() -> impl Strategy<Value = Op> {
    let any = any::<usize>;
    let status =
        prop::sample::select(vec![100u16, 180, 183, 200, 302, 401, 407, 408, 486, 487, 500, 503, 603]);
    prop_oneof![
        3 => (0usize..4, 0u8..3).prop_map(|(method, call)| Op::Request { method, call }),
        4 => (any(), 1u16..4, 0u8..16).prop_map(|(transaction, count, armed)| Op::Relay { transaction, count, armed }),
        8 => (any(), status.clone()).prop_map(|(branch, status)| Op::Respond { branch, status }),
        1 => any().prop_map(|branch| Op::RespondToCancel { branch }),
        1 => any().prop_map(|branch| Op::Closed { branch }),
        1 => (any(), status).prop_map(|(transaction, status)| Op::Reply { transaction, status }),
        2 => any().prop_map(|transaction| Op::Cancel { transaction }),
        1 => any().prop_map(|transaction| Op::CancelBranches { transaction }),
        1 => (any(), 0u8..16).prop_map(|(transaction, armed)| Op::Arm { transaction, armed }),
        5 => (any(), 0u8..6).prop_map(|(ask, how)| Op::Answer { ask, how }),
        2 => (any(), 0u32..3, prop::option::of(any())).prop_map(|(transaction, ticket, ask)| Op::Park { transaction, ticket, ask }),
        1 => (any(), 0u32..3).prop_map(|(transaction, ticket)| Op::Unpark { transaction, ticket }),
        1 => any().prop_map(|transaction| Op::Suspend { transaction }),
        1 => any().prop_map(|suspension| Op::Resume { suspension }),
        2 => any().prop_map(|transaction| Op::Finish { transaction }),
        1 => any().prop_map(|transaction| Op::Release { transaction }),
        2 => (0usize..4, proptest::bool::ANY).prop_map(|(method, waits)| Op::Originate { method, waits }),
        1 => any().prop_map(|branch| Op::Acknowledge { branch }),
        2 => (any(), 0u8..4, 0u64..60).prop_map(|(transaction, what, secs)| Op::Set { transaction, what, secs }),
        6 => prop::sample::select(vec![1u64, 400, 500, 3_000, 20_000, 31_000, 130_000]).prop_map(|ms| Op::Pass { ms }),
    ]
}

const METHODS: [&str; 4] = ["INVITE", "OPTIONS", "ACK", "CANCEL"];

fn ticket(slot: u32) -> Ticket {
    Ticket { worker: 0, slot, generation: 0 }
}

fn armed(bits: u8) -> Armed {
    let route = |bit, number| (bits & bit != 0).then(|| RouteId::new(number));
    let on_failure = match (bits & 2 != 0, bits & 8 != 0) {
        (true, true) => Some(Asker::Waiter(ticket(99))),
        (true, false) => Some(Asker::Route(RouteId::new(2))),
        _ => None,
    };
    Armed { on_reply: route(1, 1), on_failure, on_branch_failure: route(4, 3) }
}

fn pick<T: Clone>(from: &[T], number: usize) -> Option<T> {
    (!from.is_empty()).then(|| from[number % from.len()].clone())
}

#[derive(Default)]
struct Seen {
    transactions: Vec<TransactionId>,
    branches: Vec<(BranchId, &'static str)>,
    asks: Vec<Ask>,
    suspensions: Vec<Suspension>,
    ended: Vec<TransactionId>,
}

fn play(tm: &mut Direct, seen: &mut Seen, op: Op) {
    let transaction = |number| pick(&seen.transactions, number);
    let now = tm.now;
    match op {
        Op::Request { method, call } => {
            let request = Direct::request(METHODS[method], &format!("c{call}"));
            match tm.receive(&request) {
                sip_transaction::Matched::New if method < 2 => {
                    let made = tm.table.create(now, &request, &Direct::source(), &mut tm.out);
                    seen.transactions.extend(made.ok());
                }
                sip_transaction::Matched::Cancel(invite) => {
                    let _ = tm.accept_cancel(&request);
                    let _ = tm.table.cancel(now, invite, None, &mut tm.out);
                }
                _ => {}
            }
        }
        Op::Relay { transaction: number, count, armed: bits } => {
            if let Some(id) = transaction(number).filter(|&id| tm.table.is_alive(id)) {
                let invite =
                    tm.table.request(id).is_some_and(|r| r.method() == Some(sip_core::Method::Invite));
                let method = if invite { "INVITE" } else { "OPTIONS" };
                let sent = tm.relay(id, count, armed(bits)).unwrap_or_default();
                seen.branches.extend(sent.into_iter().map(|branch| (branch, method)));
            }
        }
        Op::Respond { branch, status } => {
            if let Some((branch, method)) = pick(&seen.branches, branch) {
                let Some(mut response) = tm.response(branch, method, status, "t") else { return };
                if tm.table.source(branch.transaction).is_none() {
                    // It starts here: our Via alone.
                    let ours = response.values("Via").next().map(ToString::to_string);
                    response.remove("Via");
                    let _ = response.prepend("Via", ours.unwrap_or_default());
                }
                tm.table.handle_response(now, branch, response, &mut tm.out);
            }
        }
        Op::RespondToCancel { branch } => {
            if let Some((branch, _)) = pick(&seen.branches, branch) {
                let Some(response) = tm.response(branch, "CANCEL", 200, "t") else { return };
                tm.table.handle_response(now, branch, response, &mut tm.out);
            }
        }
        Op::Closed { branch } => {
            if let Some((branch, _)) = pick(&seen.branches, branch) {
                tm.table.handle_closed(now, branch, &mut tm.out);
            }
        }
        Op::Reply { transaction: number, status } => {
            let Some(id) = transaction(number) else { return };
            let Some(request) = tm.table.request(id) else { return };
            let Some(status) = StatusCode::new(status) else { return };
            let Ok(bytes) = build::response(&request, status).to_tag("us").finish() else { return };
            let _ = tm.table.reply(now, id, status, bytes, &mut tm.out);
        }
        Op::Cancel { transaction: number } => {
            if let Some(id) = transaction(number) {
                let _ = tm.table.cancel(now, id, None, &mut tm.out);
            }
        }
        Op::CancelBranches { transaction: number } => {
            if let Some(id) = transaction(number) {
                tm.table.cancel_branches(now, id, None, &mut tm.out);
            }
        }
        Op::Arm { transaction: number, armed: bits } => {
            if let Some(id) = transaction(number) {
                let _ = tm.table.arm(id, armed(bits));
            }
        }
        Op::Answer { ask, how } => {
            if let Some(ask) = pick(&seen.asks, ask) {
                let answer = match how {
                    0 => Answer::Failure { drop_replies: DropReplies::All },
                    1 => Answer::BranchFailure,
                    2 => Answer::Reply { message: ask.kind.response().clone(), drop: true },
                    _ => nothing_done(&ask.kind),
                };
                let _ = tm.table.answer(now, ask.id, answer, &mut tm.out);
            }
        }
        Op::Park { transaction: number, ticket: slot, ask } => {
            let ask = ask.and_then(|ask| pick(&seen.asks, ask));
            let (id, wait) = match (ask, transaction(number)) {
                (Some(ask), _) => (ask.id.transaction, Wait::Ask(ask.id)),
                (None, Some(id)) => (id, Wait::Blind),
                (None, None) => return,
            };
            let _ = tm.table.park(now, id, ticket(slot), wait, &mut tm.out);
        }
        Op::Unpark { transaction: number, ticket: slot } => {
            if let Some(id) = transaction(number) {
                let _ = tm.table.unpark(now, id, ticket(slot));
            }
        }
        Op::Suspend { transaction: number } => {
            if let Some(id) = transaction(number) {
                seen.suspensions.extend(tm.table.suspend(now, id, &mut tm.out).ok());
            }
        }
        Op::Resume { suspension } => {
            if let Some(suspension) = pick(&seen.suspensions, suspension) {
                let _ = tm.table.resume(now, suspension);
            }
        }
        Op::Finish { transaction: number } => {
            if let Some(id) = transaction(number) {
                tm.table.finish(now, id, &mut tm.out);
            }
        }
        Op::Release { transaction: number } => {
            if let Some(id) = transaction(number) {
                tm.table.release(now, id, &mut tm.out);
            }
        }
        Op::Originate { method, waits } => {
            let mut request = Direct::request(METHODS[method], "own");
            request.remove("Via");
            let asker = if waits { Asker::Waiter(ticket(98)) } else { Asker::Route(RouteId::new(4)) };
            let made = tm.table.originate(now, &request, asker, &mut tm.out);
            seen.transactions.extend(made.ok());
        }
        Op::Acknowledge { branch } => {
            if let Some((branch, _)) = pick(&seen.branches, branch) {
                let Some(ack) = tm.response(branch, "ACK", 200, "t") else { return };
                let target = Target::new(Protocol::Udp, Direct::source().remote);
                let _ = tm.table.acknowledge(now, branch, target, ack.to_bytes(), &mut tm.out);
            }
        }
        Op::Set { transaction: number, what, secs } => {
            let Some(id) = transaction(number) else { return };
            let time = Some(Duration::from_secs(secs));
            let _ = match what {
                0 => tm.table.set_fr(now, id, time, time),
                1 => tm.table.set_lifetime(now, id, time, time),
                2 => tm.table.set_retr(id, time, time),
                _ => tm.table.set_cancel_on_6xx(id, secs % 2 == 0),
            };
        }
        Op::Pass { ms } => {
            // As a driver that is late: one jump, not timer by timer.
            tm.now += Duration::from_millis(ms);
            tm.table.handle_timeout(tm.now, &mut tm.out);
        }
    }
}

fn collect(tm: &mut Direct, seen: &mut Seen) {
    for transmit in tm.out.transmits.drain(..) {
        assert!(!transmit.bytes.is_empty(), "nothing empty is sent");
        assert_ne!(kind(&transmit.bytes), "", "what is sent is a message");
        if let Some(branch) = transmit.branch {
            assert!(!seen.ended.contains(&branch.transaction), "nothing is sent after the end");
        }
    }
    for notice in tm.out.notices.drain(..) {
        if let Notice::Ended { transaction } = notice {
            assert!(!seen.ended.contains(&transaction), "ended once");
            seen.ended.push(transaction);
        }
    }
    seen.asks.append(&mut tm.out.asks);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever happens, nothing panics, and four minutes later nothing is left.
    #[test]
    fn any_sequence_ends_with_an_empty_table(ops in prop::collection::vec(op(), 1..60)) {
        let config = Config { max_branches: 6, max_pending: 3, ..Config::default() };
        let mut tm = Direct::new(config);
        let mut seen = Seen::default();
        for op in ops {
            play(&mut tm, &mut seen, op);
            collect(&mut tm, &mut seen);
        }
        tm.run_for(400);
        collect(&mut tm, &mut seen);
        let stats = tm.table.stats();
        prop_assert_eq!(
            (stats.transactions, stats.timers, stats.keys, stats.kept_bytes, stats.asks),
            (0, 0, 0, 0, 0)
        );
        prop_assert_eq!(stats.build_failures, 0);
        prop_assert_eq!(tm.table.poll_timeout(), None);
        prop_assert_eq!(seen.ended.len() as u64, stats.created);
    }
}
