//! Reading a message at the four levels of `levels.rs`: one message again and again, and a mix of 2,000 different ones.
//!
//! A loop over one message flatters: the processor learns where its lines end. The mix is what a server sees.

#![allow(missing_docs, reason = "criterion_group writes a public function")]
#![allow(clippy::expect_used, reason = "a measurement that fails has nothing to say")]

use std::hint::black_box;

use benches::levels::Level;
use benches::messages;
use bytes::Bytes;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use sip_core::Limits;

/// How many messages the mix has.
const MIX: usize = 2_000;

fn name(level: Level) -> &'static str {
    match level {
        Level::L0 => "L0_scan",
        Level::L1 => "L1_proxy",
        Level::L2 => "L2_typed",
        Level::L3 => "L3_rewrite",
        Level::L3c => "L3c_rewrite_checked",
    }
}

fn one(c: &mut Criterion) {
    let limits = Limits::default();
    for (message, text) in messages::ALL {
        let wire = Bytes::from_static(text.as_bytes());
        let mut group = c.benchmark_group(format!("parse/{message}"));
        group.throughput(Throughput::Bytes(wire.len() as u64));
        for level in Level::ALL {
            group.bench_function(name(level), |b| {
                b.iter(|| level.run(black_box(wire.clone()), &limits).expect("a sound message"));
            });
        }
    }
}

fn mix(c: &mut Criterion) {
    let limits = Limits::default();
    let mix = messages::mix(MIX);
    let mut group = c.benchmark_group("parse/mix");
    group.throughput(Throughput::Elements(MIX as u64));
    for level in Level::ALL {
        group.bench_function(name(level), |b| {
            b.iter(|| {
                let seen = mix.iter().map(|wire| level.run(wire.clone(), &limits).expect("a sound message"));
                seen.fold(0, usize::wrapping_add)
            });
        });
    }
}

criterion_group!(benches, one, mix);
criterion_main!(benches);
