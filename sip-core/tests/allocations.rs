//! What a message costs in memory: nothing to read it, one buffer to write it.

#![allow(clippy::expect_used, reason = "a test that cannot be set up fails")]

use std::alloc::System;
use std::hint::black_box;
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use sip_core::{Contact, HeaderName, Limits, Message, Route, Via, parse};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static GLOBAL: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// The allocator counts for all threads: one test at a time.
static ALONE: Mutex<()> = Mutex::new(());

/// How often `work` asks the allocator for memory. The least of some runs, because the threads of the test program
/// may ask for some in between; so the first run, which finds no spare buffer, does not count either.
fn allocations(mut work: impl FnMut()) -> usize {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let runs = (0..20).map(|_| {
        let region = Region::new(GLOBAL);
        work();
        let change = region.change();
        change.allocations + change.reallocations
    });
    runs.min().expect("twenty runs")
}

/// A request with this many header lines, in shared memory as it comes from a socket.
fn request(headers: usize) -> Bytes {
    let known = "INVITE sip:bob@example.com;user=phone SIP/2.0\r\n\
                 Via: SIP/2.0/UDP 198.51.100.7:5060;branch=z9hG4bK7f83;rport, SIP/2.0/UDP a.example;branch=z9hG4bK1\r\n\
                 Max-Forwards: 70\r\nRoute: <sip:proxy.example.com;lr>, <sip:next.example.com;lr>\r\n\
                 From: \"Alice\" <sip:alice@example.com>;tag=9fxced76sl\r\nTo: <sip:bob@example.com>\r\n\
                 Call-ID: 2xTb9vxSit55XU7p8@example.com\r\nCSeq: 1 INVITE\r\n\
                 Contact: <sip:alice@192.0.2.101:5060>;expires=60\r\nContent-Length: 5\r\n";
    let mut wire = known.as_bytes().to_vec();
    for number in 9..headers {
        wire.extend_from_slice(format!("X-Header-{number}: value {number}\r\n").as_bytes());
    }
    wire.extend_from_slice(b"\r\nhello");
    let wire = Bytes::from(wire);
    // The second handle is what makes the memory shared.
    drop(wire.clone());
    wire
}

fn read(wire: &Bytes) -> Message {
    parse(wire.clone(), &Limits::default()).expect("a message")
}

/// What a proxy changes.
fn rewrite(msg: &mut Message) {
    msg.replace_first_value(HeaderName::MaxForwards, "69").expect("sound edit");
    msg.set_request_uri("sip:bob@203.0.113.9").expect("sound edit");
    msg.prepend(HeaderName::RecordRoute, "<sip:192.0.2.1;lr>").expect("sound edit");
    msg.prepend(HeaderName::Via, "SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK2").expect("sound edit");
}

#[test]
fn a_message_of_24_headers_is_read_without_an_allocation() {
    for headers in [9, 24] {
        let wire = request(headers);
        assert_eq!(read(&wire).iter().count(), headers);
        assert_eq!(allocations(|| drop(black_box(read(&wire)))), 0, "{headers} headers");
    }
    let long = request(60);
    assert!(allocations(|| drop(black_box(read(&long)))) > 0, "a table of 60 is not kept inline");
}

#[test]
fn asking_a_message_costs_no_allocation() {
    let wire = request(24);
    let asked = allocations(|| {
        let msg = read(&wire);
        let hosts =
            msg.views::<Via<'_>>().filter(|via| via.as_ref().is_ok_and(|via| !via.host_text().is_empty()));
        assert_eq!(hosts.count(), 2);
        assert_eq!(
            msg.views::<Route<'_>>()
                .filter(|route| route.as_ref().is_ok_and(|route| route.uri().is_ok()))
                .count(),
            2
        );
        assert!(msg.views::<Contact<'_>>().all(|contact| contact.is_ok()));
        assert!(msg.from().is_ok_and(|from| from.tag().is_some() && from.uri().is_ok()));
        assert!(msg.to().is_ok() && msg.uri().is_ok() && msg.call_id().is_ok() && msg.cseq().is_ok());
        assert_eq!(msg.max_forwards(), Some(Ok(70)));
        assert_eq!(msg.to_bytes().len(), wire.len(), "and untouched, it is written without one");
    });
    assert_eq!(asked, 0);
}

#[test]
fn a_message_that_was_changed_is_written_into_the_one_buffer_that_it_takes() {
    for headers in [9, 24] {
        let wire = request(headers);
        let written = allocations(|| {
            let mut msg = read(&wire);
            rewrite(&mut msg);
            assert_eq!(black_box(msg.to_bytes()).len(), msg.encoded_len());
        });
        assert_eq!(written, 1, "{headers} headers");
    }
}

#[test]
fn a_copy_of_a_message_shares_its_bytes() {
    let wire = request(24);
    let msg = read(&wire);
    assert_eq!(allocations(|| drop(black_box(msg.clone()))), 0);
}
