//! Tables against a slow and simple twin, by a virtual clock, from one thread and from many.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "helpers and properties of tests")]
#![allow(clippy::disallowed_methods, reason = "a start for the virtual clock")]

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use proptest::prelude::*;
use sip_async::{Field, Pattern, Table, TableSettings, Value};

#[derive(Clone, Debug)]
enum Op {
    Set(u8, Value),
    SetFor(u8, Value, u64),
    Setex(u8, Option<u64>),
    Add(u8, i64),
    Get(u8),
    Rm(u8),
    RmMatching(u8),
    Count(u8),
    Walk,
    Pass(u64),
    Expire,
    Reset,
}

fn any_value() -> impl Strategy<Value = Value> {
    prop_oneof![(-3_i64..3).prop_map(Value::Int), "[a-c]{0,3}".prop_map(|text| text.as_str().into())]
}

fn any_op() -> impl Strategy<Value = Op> {
    let key = 0_u8..12;
    prop_oneof![
        4 => (key.clone(), any_value()).prop_map(|(k, v)| Op::Set(k, v)),
        2 => (key.clone(), any_value(), 0_u64..30).prop_map(|(k, v, s)| Op::SetFor(k, v, s)),
        2 => (key.clone(), prop::option::of(0_u64..30)).prop_map(|(k, s)| Op::Setex(k, s)),
        4 => (key.clone(), -2_i64..3).prop_map(|(k, n)| Op::Add(k, n)),
        4 => key.clone().prop_map(Op::Get),
        2 => key.clone().prop_map(Op::Rm),
        1 => key.clone().prop_map(Op::RmMatching),
        1 => key.prop_map(Op::Count),
        1 => Just(Op::Walk),
        4 => (0_u64..12).prop_map(Op::Pass),
        2 => Just(Op::Expire),
        1 => prop::bool::weighted(0.1).prop_map(|really| if really { Op::Reset } else { Op::Walk }),
    ]
}

type Key = String;

/// What a table is: a map, a list of what expired, and a clock in seconds.
#[derive(Debug, Default)]
struct Naive {
    items: BTreeMap<Key, (Value, Option<u64>)>,
    expired: Vec<(Key, Value)>,
    now: u64,
}

impl Naive {
    fn pass(&mut self, seconds: u64) {
        self.now += seconds;
        self.end();
    }

    fn end(&mut self) {
        let now = self.now;
        let ended = self.items.extract_if(.., |_, (_, due)| due.is_some_and(|due| due <= now));
        self.expired.extend(ended.map(|(key, (value, _))| (key, value)));
    }

    fn set(&mut self, rules: &TableSettings, key: Key, value: Value) {
        let auto = rules.autoexpire.map(|lifetime| self.now + lifetime.as_secs());
        let due = match self.items.get(&key) {
            Some((_, due)) if auto.is_none() || !rules.updateexpire => *due,
            _ => auto,
        };
        self.items.insert(key, (value, due));
    }

    fn add(&mut self, rules: &TableSettings, key: Key, number: i64) -> Option<i64> {
        let old = match self.items.get(&key) {
            Some((value, _)) => value.as_int()?,
            None => rules.initval?,
        };
        self.set(rules, key, Value::Int(old + number));
        Some(old + number)
    }
}

fn name(key: u8) -> Key {
    format!("k{}", "x".repeat(key as usize))
}

/// Keys that start with that of `key`, or every second time match it as a regular expression.
fn pattern(key: u8) -> (Pattern, impl Fn(&Key) -> bool) {
    let (wanted, re) = (name(key), key % 2 == 1);
    let made = if re { Pattern::new("re", format!("^{wanted}x?$")) } else { Pattern::new("sw", &wanted) };
    let matches = move |key: &Key| key.starts_with(&wanted) && (!re || key.len() <= wanted.len() + 1);
    (made.unwrap(), matches)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// A table answers as its naive twin does, hands out each expired item once, and counts what it holds.
    #[test]
    fn table_is_a_map_with_a_clock(
        ops in prop::collection::vec(any_op(), 0..300),
        size in 0_u32..8,
        (autoexpire, updateexpire) in (prop::option::of(1_u64..20), any::<bool>()),
        initval in prop::option::of(-1_i64..2),
    ) {
        let autoexpire = autoexpire.map(Duration::from_secs);
        let rules = TableSettings { size, autoexpire, updateexpire, initval, ..TableSettings::default() };
        let (table, mut naive, start) = (Table::new(rules), Naive::default(), Instant::now());
        for op in ops {
            let now = start + Duration::from_secs(naive.now);
            match op {
                Op::Set(key, value) => {
                    table.set(now, name(key), value.clone()).unwrap();
                    naive.set(&rules, name(key), value);
                }
                Op::SetFor(key, value, seconds) => {
                    table.set_for(now, name(key), value.clone(), Duration::from_secs(seconds)).unwrap();
                    naive.items.insert(name(key), (value, Some(naive.now + seconds)));
                }
                Op::Setex(key, seconds) => {
                    let found = table.setex(now, name(key), seconds.map(Duration::from_secs));
                    let due = seconds.map(|seconds| naive.now + seconds);
                    let twin = naive.items.get_mut(&name(key)).map(|(_, end)| *end = due);
                    prop_assert_eq!(found, twin.is_some());
                }
                Op::Add(key, number) => {
                    let sum = table.add(now, name(key), number).ok();
                    prop_assert_eq!(sum, naive.add(&rules, name(key), number));
                }
                Op::Get(key) => {
                    let twin = naive.items.get(&name(key)).map(|(value, _)| value.clone());
                    prop_assert_eq!(table.get(now, name(key)), twin.or(initval.map(Value::Int)));
                    let lifetime = naive.items.get(&name(key)).and_then(|(_, due)| *due).map(|d| d - naive.now);
                    prop_assert_eq!(table.lifetime(now, name(key)), lifetime.map(Duration::from_secs));
                }
                Op::Rm(key) => {
                    prop_assert_eq!(table.rm(now, name(key)), naive.items.remove(&name(key)).map(|(v, _)| v));
                }
                Op::RmMatching(key) => {
                    let (pattern, matches) = pattern(key);
                    let removed = naive.items.extract_if(.., |key, _| matches(key)).count();
                    prop_assert_eq!(table.rm_matching(now, Field::Name, &pattern), removed);
                }
                Op::Count(key) => {
                    let (pattern, matches) = pattern(key);
                    let count = naive.items.keys().filter(|key| matches(key)).count();
                    prop_assert_eq!(table.count_matching(now, Field::Name, &pattern), count);
                    prop_assert_eq!(table.any_matching(now, Field::Name, &pattern), count > 0);
                }
                Op::Walk => {
                    let seen: BTreeMap<Key, (Value, Option<u64>)> = table
                        .iter(now)
                        .map(|r| (r.key.to_string(), (r.value, r.expires.map(|e| (e - start).as_secs()))))
                        .collect();
                    prop_assert_eq!(&seen, &naive.items);
                }
                Op::Pass(seconds) => naive.pass(seconds),
                Op::Expire => {
                    let asked = table.poll_timeout(now);
                    if naive.expired.is_empty() {
                        let first = naive.items.values().filter_map(|(_, due)| *due).min();
                        prop_assert_eq!(asked, first.map(|due| start + Duration::from_secs(due)));
                    } else {
                        prop_assert!(asked.is_some_and(|at| at <= now));
                    }
                    let mut out = Vec::new();
                    table.expire(now, usize::MAX, &mut out);
                    let mut out: Vec<_> = out.into_iter().map(|r| (r.key.to_string(), r.value.to_string())).collect();
                    let mut twin: Vec<_> = naive.expired.drain(..).map(|(k, v)| (k, v.to_string())).collect();
                    out.sort_unstable();
                    twin.sort_unstable();
                    prop_assert_eq!(out, twin);
                }
                Op::Reset => {
                    table.reset();
                    naive.items.clear();
                    naive.expired.clear();
                }
            }
            naive.end(); // what was written to end at once
            let bytes = |key: &Key, value: &Value| {
                key.len() + value.as_text().map_or(0, |text| text.len()) + TableSettings::ITEM_BYTES
            };
            let live = naive.items.iter().map(|(key, (value, _))| bytes(key, value));
            let waiting = naive.expired.iter().map(|(key, value)| bytes(key, value));
            prop_assert_eq!(table.stats().items, naive.items.len() + naive.expired.len());
            prop_assert_eq!(table.stats().bytes, live.chain(waiting).sum::<usize>());
        }
    }
}

/// A clock that all threads read and that only goes forward.
struct Clock {
    start: Instant,
    seconds: AtomicU64,
}

impl Clock {
    fn now(&self) -> Instant {
        self.start + Duration::from_secs(self.seconds.load(Ordering::SeqCst))
    }
}

const THREADS: u64 = 8;

fn random(seed: &mut u64, below: u64) -> u64 {
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*seed >> 33) % below
}

/// Eight threads, each with keys of its own and a twin of them, and with numbers that all of them count up.
#[test]
fn many_threads_see_their_own_keys_as_they_left_them_and_count_together() {
    let rules = TableSettings { initval: Some(0), ..TableSettings::default() };
    let (table, now) = (Table::new(rules), Instant::now());
    thread::scope(|scope| {
        for me in 0..THREADS {
            let table = &table;
            scope.spawn(move || {
                let (mut twin, mut seed) = (BTreeMap::new(), me);
                for n in 0..20_000_i64 {
                    let key = format!("{me}:{}", random(&mut seed, 200));
                    match random(&mut seed, 4) {
                        0 => drop((table.set(now, &key, n).unwrap(), twin.insert(key, n))),
                        1 => assert_eq!(table.rm(now, &key).and_then(|v| v.as_int()), twin.remove(&key)),
                        2 => drop(table.inc(now, format!("all:{}", n % 5)).unwrap()),
                        _ => {
                            let twin = twin.get(&key).copied().unwrap_or(0);
                            assert_eq!(table.get(now, &key), Some(Value::Int(twin)));
                        }
                    }
                    if n % 5_000 == 0 {
                        let mine = Pattern::new("sw", format!("{me}:")).unwrap();
                        assert_eq!(table.count_matching(now, Field::Name, &mine), twin.len());
                    }
                }
            });
        }
    });
    let mut seeds: Vec<u64> = (0..THREADS).collect();
    let counted: u64 = seeds
        .iter_mut()
        .map(|seed| (0..20_000).filter(|_| (random(seed, 200), random(seed, 4)).1 == 2).count() as u64)
        .sum();
    let all = Pattern::new("sw", "all:").unwrap();
    let sum: i64 = table.iter(now).filter(|r| all.is_match(&**r.key)).filter_map(|r| r.value.as_int()).sum();
    assert_eq!(sum, counted as i64);
}

/// Items that end while threads write, rewrite, remove and sweep: each one ends once.
#[test]
fn many_threads_and_a_running_clock_hand_out_each_expired_item_once() {
    let rules = TableSettings { autoexpire: Some(Duration::from_secs(3)), ..TableSettings::default() };
    let clock = Clock { start: Instant::now(), seconds: AtomicU64::new(0) };
    let (table, done) = (Table::new(rules), AtomicBool::new(false));
    let (ended, removed) = (Mutex::new(Vec::new()), AtomicU64::new(0));
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !done.load(Ordering::SeqCst) {
                    let mut out = Vec::new();
                    table.expire(clock.now(), 100, &mut out);
                    ended.lock().unwrap().append(&mut out);
                    assert!(table.iter(clock.now()).all(|record| record.expires.is_some()));
                    clock.seconds.fetch_add(1, Ordering::SeqCst);
                }
            });
        }
        thread::scope(|scope| {
            for me in 0..THREADS {
                let (table, clock, removed) = (&table, &clock, &removed);
                scope.spawn(move || {
                    for n in 0..5_000 {
                        // Each key once, so that each write is one item.
                        table.set(clock.now(), format!("{me}:{n}"), n).unwrap();
                        if n % 3 == 0 && table.rm(clock.now(), format!("{me}:{}", n - n % 7)).is_some() {
                            removed.fetch_add(1, Ordering::SeqCst);
                        }
                    }
                });
            }
        });
        done.store(true, Ordering::SeqCst);
    });
    let mut ended = ended.into_inner().unwrap();
    table.expire(clock.now() + Duration::from_secs(3), usize::MAX, &mut ended);
    let mut keys: Vec<_> = ended.iter().map(|record| record.key.to_string()).collect();
    keys.sort_unstable();
    assert!(keys.windows(2).all(|two| two[0] != two[1]), "none twice");
    assert_eq!(keys.len() as u64 + removed.into_inner(), THREADS * 5_000);
    assert_eq!((table.stats().items, table.stats().bytes), (0, 0));
}

/// A bound holds at every moment, whoever writes.
#[test]
fn many_threads_never_exceed_the_bound() {
    let rules = TableSettings { max_items: 1_000, max_bytes: 150_000, ..TableSettings::default() };
    let (table, now) = (Table::new(rules), Instant::now());
    thread::scope(|scope| {
        for me in 0..THREADS {
            let table = &table;
            scope.spawn(move || {
                let mut seed = me;
                for n in 0..10_000 {
                    let key = format!("{me}:{}", random(&mut seed, 500));
                    let value = "x".repeat(random(&mut seed, 100) as usize);
                    if n % 4 == 0 {
                        table.rm(now, key);
                    } else {
                        let _ = table.set(now, key, value.as_str());
                    }
                    let stats = table.stats();
                    assert!(stats.items <= 1_000 && stats.bytes <= 150_000, "{stats:?}");
                }
            });
        }
    });
    assert!(table.stats().refused > 0);
    let held: usize =
        table.iter(now).map(|r| r.key.len() + r.value.to_string().len() + TableSettings::ITEM_BYTES).sum();
    assert_eq!((table.stats().items, table.stats().bytes), (table.iter(now).count(), held));
}
