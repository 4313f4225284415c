//! Reading a message: `scan` finds every header, `proxy` also reads what a proxy has to know.

#![allow(missing_docs, reason = "criterion_group writes a public function")]
#![allow(clippy::expect_used, reason = "a measurement that fails has nothing to say")]

use std::hint::black_box;

use benches::messages;
use bytes::Bytes;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use sip_core::{HeaderError, HeaderName, Limits, Message, Route, parse};

/// What a proxy reads before it decides anything.
fn read(msg: &Message) -> Result<usize, HeaderError> {
    let via = msg.top_via()?;
    let mut seen = via.host_text().len() + via.branch().map_or(0, |branch| branch.len());
    seen += msg.from()?.tag().map_or(0, |tag| tag.len());
    seen += msg.to()?.tag().map_or(0, |tag| tag.len());
    seen += msg.call_id()?.len() + msg.cseq()?.number as usize;
    if msg.is_request() {
        seen += msg.uri()?.host_text().len();
        seen += msg.header(HeaderName::MaxForwards).map_or(0, |hops| hops.len());
        if let Some(route) = msg.view_if_present::<Route<'_>>() {
            seen += route?.uri()?.host_text().len();
        }
    }
    Ok(seen)
}

fn parsing(c: &mut Criterion) {
    let limits = Limits::default();
    for (name, text) in messages::ALL {
        let wire = Bytes::from_static(text.as_bytes());
        let mut group = c.benchmark_group(format!("parse/{name}"));
        group.throughput(Throughput::Bytes(wire.len() as u64));
        group.bench_function("scan", |b| b.iter(|| parse(black_box(wire.clone()), &limits)));
        group.bench_function("proxy", |b| {
            b.iter(|| {
                let msg = parse(black_box(wire.clone()), &limits).expect("a message");
                read(&msg).expect("its headers are sound")
            });
        });
    }
}

criterion_group!(benches, parsing);
criterion_main!(benches);
