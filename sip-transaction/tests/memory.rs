//! What a call in progress costs beside the bytes of its messages: counted, everything included.

#![allow(clippy::expect_used, reason = "a test that cannot be set up fails")]

mod common;

use std::alloc::System;

use common::direct::Direct;
use sip_core::{Message, parse};
use sip_transaction::{Armed, Asker, BranchId, Config, RouteId, TransactionId};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static GLOBAL: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// So many calls at once: not a power of two, so that what tables keep in reserve counts.
const CALLS: usize = 10_000;
/// The bound: 1.5 KiB.
const BOUND: usize = 1_536;

/// An INVITE as phones send it: fourteen header lines and a body.
fn invite(number: usize) -> Message {
    let body = "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0 8\r\n";
    let text = format!(
        "INVITE sip:bob@example.com SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1:5001;branch=z9hG4bKm{number};rport\r\n\
         Max-Forwards: 70\r\nFrom: \"Alice\" <sip:alice@example.com>;tag=a{number}\r\nTo: <sip:bob@example.com>\r\n\
         Call-ID: call-{number}@192.0.2.1\r\nCSeq: 1 INVITE\r\nContact: <sip:alice@192.0.2.1:5001>\r\n\
         Allow: INVITE, ACK, CANCEL, BYE, OPTIONS\r\nSupported: replaces, timer\r\nUser-Agent: phone/1.0\r\n\
         Session-Expires: 1800\r\nMin-SE: 90\r\nContent-Type: application/sdp\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    parse(text.into(), &Default::default()).expect("a request")
}

/// A call that was relayed to one phone, which rings.
fn ring(tm: &mut Direct, number: usize, armed: Armed) -> (TransactionId, BranchId) {
    let request = invite(number);
    let id = tm.table.create(tm.now, &request, &Direct::source(), &mut tm.out).expect("a new request");
    let branch = tm.relay(id, 1, armed).expect("open")[0];
    tm.answer_from(branch, 180);
    tm.out.clear();
    (id, branch)
}

fn grown(region: &Region<'_, System>) -> usize {
    let change = region.change();
    change.bytes_allocated - change.bytes_deallocated
}

#[test]
fn call_in_progress_is_within_its_bound_and_gives_everything_back() {
    let mut tm = Direct::new(Config { max_transactions: CALLS, ..Config::default() });
    let armed = Armed {
        on_reply: None,
        on_failure: Some(Asker::Route(RouteId::new(1))),
        on_branch_failure: Some(RouteId::new(2)),
    };
    let (first, branch) = ring(&mut tm, 0, armed);
    tm.table.release(tm.now, first, &mut tm.out);
    tm.answer_from(branch, 487);
    tm.run_for(60);
    tm.out.clear();
    assert!(tm.table.is_empty());

    let region = Region::new(GLOBAL);
    let calls: Vec<_> = (0..CALLS).map(|number| ring(&mut tm, number, armed)).collect();
    let list = calls.capacity() * size_of::<(TransactionId, BranchId)>();
    let messages = tm.table.stats().kept_bytes;
    let each = (grown(&region) - list - messages) / CALLS;
    println!("{each} bytes a call beside {} bytes of messages", messages / CALLS);
    assert!(each <= BOUND, "{each} bytes a call");
    assert!(each > 200, "{each} bytes a call: something is not counted");

    for &(_, branch) in &calls {
        tm.answer_from(branch, 200);
        tm.out.clear();
    }
    tm.run_for(60);
    tm.out = Default::default();
    assert!(tm.table.is_empty());
    let left = (grown(&region) - list) / CALLS;
    println!("{left} bytes a slot stay for the next calls");
    assert!(left < 160, "{left} bytes a slot stay");
}
