//! Writing a message: what a proxy changes in a request, what it takes off a response, a reply made from a
//! request. The message is parsed outside of what is measured, and cloned inside, as a branch is.

#![allow(missing_docs, reason = "criterion_group writes a public function")]
#![allow(clippy::expect_used, reason = "a measurement that fails has nothing to say")]

use std::hint::black_box;

use benches::messages;
use bytes::Bytes;
use criterion::{Criterion, criterion_group, criterion_main};
use sip_core::{EditError, HeaderName, Message, StatusCode, build, parse};

const VIA: &str = "SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK1f40.9c0e11d2.0.5d1f3a77.8e1c0b6a4f2d9317";
const RECORD_ROUTE: &str = "<sip:192.0.2.1;lr;ftag=1928301774>";

fn message(text: &'static str) -> Message {
    parse(Bytes::from_static(text.as_bytes()), &Default::default()).expect("a message")
}

/// A request on its way through a proxy.
fn relay(msg: &Message) -> Result<Bytes, EditError> {
    let mut copy = msg.clone();
    copy.replace_first_value(HeaderName::MaxForwards, "68")?;
    copy.pop_value(HeaderName::Route);
    copy.set_request_uri("sip:dave@203.0.113.200:5060;transport=udp")?;
    copy.prepend(HeaderName::RecordRoute, RECORD_ROUTE)?;
    copy.prepend(HeaderName::Via, VIA)?;
    Ok(copy.to_bytes())
}

/// A response on its way back.
fn relay_back(msg: &Message) -> Bytes {
    let mut copy = msg.clone();
    copy.pop_value(HeaderName::Via);
    copy.to_bytes()
}

fn writing(c: &mut Criterion) {
    let (invite, answer, options) =
        (message(messages::INVITE), message(messages::ANSWER), message(messages::OPTIONS));
    c.bench_function("write/untouched", |b| b.iter(|| black_box(&invite).to_bytes()));
    c.bench_function("write/relayed_invite", |b| b.iter(|| relay(black_box(&invite)).expect("sound edits")));
    c.bench_function("write/relayed_answer", |b| b.iter(|| relay_back(black_box(&answer))));
    c.bench_function("write/reply_to_options", |b| {
        b.iter(|| build::response(black_box(&options), StatusCode::OK).to_tag("8e1c0b6a4f2d9317").finish());
    });
    c.bench_function("write/compact_invite", |b| b.iter(|| black_box(&invite).compact()));
}

criterion_group!(benches, writing);
criterion_main!(benches);
