//! What a million items take. Alone in its process, because it measures the process.

#![cfg(target_os = "linux")]
#![allow(clippy::expect_used, reason = "helpers of tests")]
#![allow(clippy::disallowed_methods, reason = "a start for the virtual clock")]

use std::time::{Duration, Instant};

use sip_async::{Table, TableSettings};

/// Bytes of memory that this process has.
fn resident() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").expect("Linux");
    let pages: usize = statm.split(' ').nth(1).expect("a second number").parse().expect("a number");
    pages * 4096
}

#[test]
fn million_items_take_no_more_than_they_are_counted_for() {
    const ITEMS: usize = 1_000_000;
    let (_, rules) = TableSettings::parse("t=>size=6;autoexpire=300").expect("a declaration");
    let (table, now) = (Table::new(rules), Instant::now());
    let before = resident();
    for n in 0..ITEMS {
        let end = now + Duration::from_secs(n as u64 % 300);
        table.set(end, format!("192.0.2.1:{n:06}"), n as i64).expect("room");
    }
    let real = (resident() - before) / ITEMS;
    let counted = table.stats().bytes / ITEMS;
    println!("an item with a key of 16 bytes: {real} bytes, counted as {counted}");
    assert!(real <= counted, "{real} > {counted}");

    let mut out = Vec::new();
    let end = now + Duration::from_secs(600);
    while table.expire(end, 10_000, &mut out) > 0 {
        out.clear();
    }
    assert_eq!((table.stats().items, table.stats().expired), (0, ITEMS as u64));
}
