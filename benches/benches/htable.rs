//! htable with 100,000 items: reading, writing, counting, and counting while another thread does the same.

#![allow(missing_docs, reason = "criterion_group writes a public function")]
#![allow(clippy::expect_used, reason = "a measurement that fails has nothing to say")]

use std::hint::black_box;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use criterion::{Criterion, criterion_group, criterion_main};
use sip_async::{Field, Pattern, Table, TableSettings};

const ITEMS: usize = 100_000;

fn keys() -> Vec<String> {
    (0..ITEMS).map(|n| format!("198.51.{}.{}:{}", n >> 8 & 255, n & 255, n >> 16)).collect()
}

/// A table of counters that end after a minute, all keys present.
fn table(keys: &[String], now: Instant) -> Table {
    let rules = TableSettings { autoexpire: Some(Duration::from_secs(60)), ..TableSettings::default() };
    let table = Table::new(rules);
    for key in keys {
        table.set(now, key, 1).expect("room");
    }
    table
}

fn items(c: &mut Criterion) {
    let (keys, now) = (keys(), Instant::now());
    let table = table(&keys, now);
    // A stride without a common factor: neighbours in time are no neighbours in memory.
    let mut at = 0;
    let mut key = || {
        at = (at + 7_919) % ITEMS;
        keys[at].as_str()
    };
    c.bench_function("htable/get", |b| b.iter(|| table.get(now, black_box(key()))));
    c.bench_function("htable/get_absent", |b| b.iter(|| table.get(now, black_box("192.0.2.1"))));
    c.bench_function("htable/set_int", |b| b.iter(|| table.set(now, black_box(key()), 7)));
    c.bench_function("htable/set_text", |b| b.iter(|| table.set(now, black_box(key()), "a short text")));
    c.bench_function("htable/count_by_prefix", |b| {
        let pattern = Pattern::new("sw", "198.51.7.").expect("a pattern");
        b.iter(|| table.count_matching(now, Field::Name, black_box(&pattern)));
    });
}

fn counting(c: &mut Criterion) {
    let (keys, now) = (keys(), Instant::now());
    let table = table(&keys, now);
    let count = |at: &mut usize, stride: usize| {
        *at = (*at + stride) % ITEMS;
        table.inc(now, &keys[*at])
    };
    let mut at = 0;
    c.bench_function("htable/inc", |b| b.iter(|| count(&mut at, 7_919)));
    let ended = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut at = ITEMS / 2;
            while !ended.load(Ordering::Relaxed) {
                count(&mut at, 6_841).expect("room");
            }
        });
        c.bench_function("htable/inc_beside_another_thread", |b| b.iter(|| count(&mut at, 7_919)));
        ended.store(true, Ordering::Relaxed);
    });
}

criterion_group!(benches, items, counting);
criterion_main!(benches);
