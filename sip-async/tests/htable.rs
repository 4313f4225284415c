//! Tables: values, ends, bounds, matches, walks and the lock of a key, by a virtual clock.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "helpers and properties of tests")]
#![allow(clippy::disallowed_methods, reason = "a start for the virtual clock")]

use std::time::{Duration, Instant};

use sip_async::{
    AddError, Cursor, DeclarationError, Field, Pattern, Presence, Record, SetError, Table, TableSettings,
    Tables, Value,
};

fn table(declaration: &str) -> Table {
    Table::new(TableSettings::parse(declaration).expect("a declaration").1)
}

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn keys(records: impl IntoIterator<Item = Record>) -> Vec<String> {
    let mut keys: Vec<_> = records.into_iter().map(|record| record.key.to_string()).collect();
    keys.sort_unstable();
    keys
}

fn expired(table: &Table, now: Instant) -> Vec<String> {
    let mut out = Vec::new();
    table.expire(now, usize::MAX, &mut out);
    keys(out)
}

#[test]
fn declaration_sets_times_initval_and_bounds() {
    let (name, rules) = TableSettings::parse(
        "ip-ban => size=8;autoexpire=300;updateexpire=0;initval=-1;maxitems=10;maxbytes=4096;dmqreplicate=0;",
    )
    .unwrap();
    let expected = TableSettings {
        size: 8,
        autoexpire: Some(secs(300)),
        updateexpire: false,
        initval: Some(-1),
        max_items: 10,
        max_bytes: 4096,
    };
    assert_eq!((name, rules), ("ip-ban", expected));
    assert_eq!(TableSettings::parse("a=>").unwrap(), ("a", TableSettings::default()));
    assert_eq!(TableSettings::parse("a=>autoexpire=0").unwrap().1.autoexpire, None);
}

#[test]
fn declaration_that_does_not_suit_names_the_setting() {
    for (declaration, text) in [
        ("size=5", "`size=5` has no proper name: NAME=>SETTING=VALUE;.."),
        ("=>size=5", "`=>size=5` has no proper name: NAME=>SETTING=VALUE;.."),
        (
            "a=>size=big",
            "setting `size` has the value `big`, but takes a number, 2 to the power of which are slots",
        ),
        (
            "a=>autoexpire=5m",
            "setting `autoexpire` has the value `5m`, but takes a number of seconds, 0 for never",
        ),
        ("a=>updateexpire=2", "setting `updateexpire` has the value `2`, but takes 0 or 1"),
        ("a=>initval=x", "setting `initval` has the value `x`, but takes an integer"),
        ("a=>dbtable=x", "setting `dbtable` is Kamailio's and not supported here"),
        ("a=>dmqreplicate=1", "setting `dmqreplicate` is Kamailio's and not supported here"),
        (
            "a=>expire=5",
            "setting `expire` is unknown; known are size, autoexpire, updateexpire, initval, maxitems, maxbytes",
        ),
        ("a=>size=4;size=4", "setting `size` stands there twice"),
    ] {
        assert_eq!(TableSettings::parse(declaration).unwrap_err().to_string(), text);
    }
    let mut tables = Tables::new();
    tables.declare("a=>size=4").unwrap();
    assert_eq!(tables.declare("a=>").unwrap_err(), DeclarationError::Exists { name: "a".into() });
    assert!(tables.table("a").is_some() && tables.table("b").is_none());
}

#[test]
fn value_is_what_was_stored_last_string_or_number() {
    let (table, now) = (table("t=>"), Instant::now());
    assert_eq!(table.get(now, "k"), None);
    table.set(now, "k", "text").unwrap();
    assert_eq!(table.get(now, "k"), Some("text".into()));
    table.set(now, "k", 7).unwrap();
    assert_eq!(table.get(now, "k"), Some(Value::Int(7)));
    assert_eq!((table.rm(now, "k"), table.rm(now, "k")), (Some(Value::Int(7)), None));
    table.set(now, b"\xff\0", &b"\0\xfe"[..]).unwrap();
    assert_eq!(table.get(now, b"\xff\0"), Some((&b"\0\xfe"[..]).into()));
}

#[test]
fn initval_stands_for_what_is_absent_and_expired() {
    let (table, now) = (table("t=>autoexpire=10;initval=5"), Instant::now());
    assert_eq!((table.get(now, "k"), table.presence(now, "k")), (Some(Value::Int(5)), Presence::Initial));
    assert_eq!(table.inc(now, "k"), Ok(6));
    assert_eq!((table.presence(now, "k").code(), table.presence(now, "x").code()), (-1, -2));
    let later = now + secs(10);
    assert_eq!(table.get(later, "k"), Some(Value::Int(5)));
    assert_eq!(table.dec(later, "k"), Ok(4));
}

#[test]
fn sum_of_nothing_of_a_string_and_out_of_range_is_an_error_of_minus_255() {
    let (table, now) = (table("t=>"), Instant::now());
    assert_eq!(table.inc(now, "k"), Err(AddError::Absent));
    table.set(now, "k", "7").unwrap();
    assert_eq!(table.inc(now, "k"), Err(AddError::NotANumber));
    table.set(now, "k", i64::MAX).unwrap();
    assert_eq!(table.inc(now, "k"), Err(AddError::Overflow));
    assert_eq!(table.get(now, "k"), Some(Value::Int(i64::MAX)));
    assert_eq!(AddError::Absent.code(), -255);
    assert_eq!(table.presence(now, "x").code(), 1);
}

#[test]
fn item_is_there_until_its_end_to_the_nanosecond_and_not_at_it() {
    let (table, now) = (table("t=>autoexpire=10"), Instant::now());
    table.set(now, "k", 1).unwrap();
    let (end, all) = (now + secs(10), Pattern::EVERYTHING);
    let before = end - Duration::from_nanos(1);
    assert_eq!((table.get(before, "k"), table.get(end, "k")), (Some(Value::Int(1)), None));
    assert_eq!(table.lifetime(now + secs(4), "k"), Some(secs(6)));
    assert_eq!(table.presence(end, "k"), Presence::Absent);
    assert_eq!((table.iter(before).count(), table.iter(end).count()), (1, 0));
    assert_eq!(table.count_matching(before, Field::Name, &all), 1);
    assert_eq!(table.count_matching(end, Field::Name, &all), 0);
    assert!(!table.setex(end, "k", Some(secs(5))), "what ended is not called back");
    assert_eq!((table.rm(end, "k"), table.rm_matching(end, Field::Name, &all)), (None, 0));
    assert!(expired(&table, before).is_empty());
    assert_eq!(table.poll_timeout(now), Some(end));
    assert_eq!(expired(&table, end), ["k"]);
    assert_eq!((table.poll_timeout(end), table.stats().items, table.stats().bytes), (None, 0, 0));
}

#[test]
fn update_renews_the_end_only_with_updateexpire() {
    for (declaration, still_there) in [("t=>autoexpire=10;updateexpire=0", false), ("t=>autoexpire=10", true)]
    {
        let (table, now) = (table(declaration), Instant::now());
        table.set(now, "set", 1).unwrap();
        table.set(now, "inc", 1).unwrap();
        table.set(now + secs(5), "set", 2).unwrap();
        table.inc(now + secs(5), "inc").unwrap();
        let later = now + secs(12);
        assert_eq!(table.get(later, "set").is_some(), still_there);
        assert_eq!(table.get(later, "inc").is_some(), still_there);
    }
}

#[test]
fn end_of_a_single_item_counts_with_and_without_autoexpire() {
    for declaration in ["t=>", "t=>autoexpire=100;updateexpire=0"] {
        let (table, now) = (table(declaration), Instant::now());
        table.set(now, "a", 1).unwrap();
        table.set_for(now, "a", "x", secs(5)).unwrap();
        table.set(now, "b", 1).unwrap();
        assert!(table.setex(now, "b", Some(secs(7))));
        table.set(now, "c", 1).unwrap();
        assert!(table.setex(now, "c", None));
        assert!(!table.setex(now, "none", Some(secs(7))));
        assert_eq!(keys(table.iter(now + secs(5))), ["b", "c"]);
        assert_eq!(keys(table.iter(now + secs(7))), ["c"]);
        assert_eq!(keys(table.iter(now + secs(1_000_000))), ["c"]);
        assert_eq!(table.lifetime(now, "c"), None);
    }
}

#[test]
fn item_written_over_an_expired_one_is_new_and_the_old_one_still_an_event() {
    let (table, now) = (table("t=>autoexpire=10;updateexpire=0"), Instant::now());
    table.set(now, "k", "old").unwrap();
    table.set(now + secs(11), "k", "new").unwrap();
    assert_eq!(table.get(now + secs(20), "k"), Some("new".into()));
    assert_eq!(table.poll_timeout(now + secs(20)), Some(now + secs(20)), "an event waits");
    let mut out = Vec::new();
    assert_eq!(table.expire(now + secs(20), 10, &mut out), 1);
    assert_eq!((out[0].value.to_string(), out[0].expires), ("old".into(), Some(now + secs(10))));
    assert_eq!(table.poll_timeout(now + secs(20)), Some(now + secs(21)));
}

#[test]
fn events_come_in_portions() {
    let (table, now) = (table("t=>autoexpire=10"), Instant::now());
    for n in 0..1000 {
        table.set(now, n.to_string(), n).unwrap();
    }
    let (end, mut out) = (now + secs(10), Vec::new());
    assert_eq!(table.expire(end, 300, &mut out), 300);
    assert_eq!(table.expire(end, 700, &mut out), 700);
    assert_eq!((table.expire(end, 1, &mut out), out.len(), table.stats().expired), (0, 1000, 1000));
}

#[test]
fn matches_of_names_and_of_values() {
    let (table, now) = (table("t=>"), Instant::now());
    for (key, value) in [("alice@a", "one"), ("alice@b", "two"), ("bob@a", "Three")] {
        table.set(now, key, value).unwrap();
    }
    table.set(now, "number", 1).unwrap();
    let count = |field, op, text| table.count_matching(now, field, &Pattern::new(op, text).unwrap());
    let named = |op, text| count(Field::Name, op, text);
    assert_eq!(
        [named("eq", "bob@a"), named("ne", "bob@a"), named("sw", "alice"), named("ew", "@a")],
        [1, 3, 2, 2]
    );
    assert_eq!([named("in", "@"), named("re", "^ALICE@[ab]$"), named("re", "x")], [3, 2, 0]);
    let valued = |op, text| count(Field::Value, op, text);
    assert_eq!([valued("sw", "t"), valued("re", "^t"), valued("ne", "one"), valued("eq", "1")], [1, 2, 2, 0]);
    assert_eq!(table.count_matching(now, Field::Value, &Pattern::counting("eq1").unwrap()), 1);
    assert!(table.any_matching(now, Field::Name, &Pattern::new("sw", "bob").unwrap()));
    assert!(!table.any_matching(now, Field::Name, &Pattern::new("sw", "carol").unwrap()));

    assert_eq!(table.rm_matching(now, Field::Name, &Pattern::new("re", "@a$").unwrap()), 2);
    assert_eq!(keys(table.iter(now)), ["alice@b", "number"]);
    assert_eq!(table.rm_matching(now, Field::Value, &Pattern::new("eq", "two").unwrap()), 1);
    table.reset();
    assert_eq!((table.iter(now).count(), table.stats().items, table.stats().bytes), (0, 0, 0));
}

#[test]
fn walk_shows_each_lasting_item_once_while_its_table_is_written_to() {
    let (table, now) = (table("t=>size=2"), Instant::now());
    for n in 0..2000 {
        table.set(now, format!("stays {n}"), n).unwrap();
        table.set(now, format!("goes {n}"), n).unwrap();
    }
    let (mut cursor, mut seen, mut n) = (Cursor::new(), Vec::new(), 0);
    while let Some(record) = table.next(now, &mut cursor) {
        table.rm(now, format!("goes {n}"));
        table.set(now, format!("new {n}"), "x").unwrap();
        table.set(now, &*record.key, "changed").unwrap(); // the one it stands on
        n += 1;
        seen.push(record);
    }
    let lasting: Vec<_> = keys(seen).into_iter().filter(|key| key.starts_with("stays")).collect();
    assert_eq!(lasting.len(), 2000);
    assert!(lasting.windows(2).all(|two| two[0] != two[1]));
}

#[test]
fn walk_shows_nothing_that_ended_between_two_steps() {
    let (table, now) = (table("t=>autoexpire=10"), Instant::now());
    (0..100).for_each(|n| table.set(now, n.to_string(), n).unwrap());
    let mut cursor = Cursor::new();
    assert!(table.next(now, &mut cursor).is_some());
    assert!(table.next(now + secs(10), &mut cursor).is_none());
}

#[test]
fn full_table_refuses_what_is_new_and_lets_the_rest_go_on() {
    let (table, now) = (table("t=>maxitems=2"), Instant::now());
    table.set(now, "a", 1).unwrap();
    table.set(now, "b", "text").unwrap();
    assert_eq!(table.set(now, "c", 1), Err(SetError::Full));
    assert_eq!(table.set(now, "a", "long".repeat(100).as_str()), Ok(()));
    assert_eq!(table.get(now, "c"), None);
    assert_eq!(table.stats().refused, 1);
    table.rm(now, "b");
    assert_eq!(table.set(now, "c", 1), Ok(()));
    assert_eq!(table.stats().items, 2);
}

#[test]
fn bytes_are_counted_as_items_come_change_and_go() {
    let (table, now) = (table("t=>maxbytes=300"), Instant::now());
    let most = 300 - TableSettings::ITEM_BYTES - 1;
    assert_eq!(table.set(now, "a", "x".repeat(most).as_str()), Ok(()));
    assert_eq!(table.stats().bytes, 300);
    assert_eq!(
        table.set(now, "a", "x".repeat(most + 1).as_str()),
        Err(SetError::TooLarge { bytes: 301, most: 300 })
    );
    assert_eq!(table.set(now, "b", 1), Err(SetError::Full));
    assert_eq!(table.set(now, "a", 1), Ok(()));
    assert_eq!(table.set(now, "b", 1), Ok(()));
    assert_eq!(table.set(now, "b", "x".repeat(most - 149).as_str()), Ok(()));
    assert_eq!(table.set(now, "a", "x".repeat(most - 149).as_str()), Err(SetError::Full), "growth counts");
    assert_eq!(table.get(now, "a"), Some(Value::Int(1)), "as it was");
    assert!(table.stats().bytes <= 300);
}

#[test]
fn full_table_drops_what_expired_and_says_that_events_were_lost() {
    let (table, now) = (table("t=>maxitems=100;autoexpire=10"), Instant::now());
    (0..100).for_each(|n| table.set(now, n.to_string(), n).unwrap());
    assert_eq!(table.set(now + secs(9), "new", 1), Err(SetError::Full));
    assert_eq!(table.set(now + secs(10), "new", 1), Ok(()));
    assert_eq!((table.stats().items, table.stats().lost_events), (1, 100));
    assert!(expired(&table, now + secs(10)).is_empty());
}

#[test]
fn waiting_events_count_against_the_bound() {
    let (table, now) = (table("t=>maxitems=2;autoexpire=10"), Instant::now());
    for round in 0..1000 {
        table.set(now + secs(10) * round, "k", 1).unwrap();
        assert!(table.stats().items <= 2);
    }
    assert!(table.stats().lost_events > 0);
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().expect("a runtime").block_on(future)
}

#[test]
fn key_is_locked_for_one_at_a_time_and_others_go_on() {
    let (table, now) = (table("t=>"), Instant::now());
    let held = table.try_lock_key("k").expect("free");
    assert_eq!(held.key(), "k");
    assert!(table.try_lock_key("k").is_none());
    assert!(table.try_lock_key("other").is_some());
    table.set(now, "k", 1).unwrap(); // keeps out lockers alone
    drop(held);
    let held = block_on(table.lock_key("k"));
    assert_eq!(table.stats().locked_keys, 1);
    drop(held);
    assert_eq!(table.stats().locked_keys, 0);
}

#[test]
fn locked_changes_of_many_threads_all_count_and_leave_no_lock() {
    let (table, now) = (table("t=>initval=0"), Instant::now());
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let table = &table;
            scope.spawn(move || {
                block_on(async {
                    for n in 0..500 {
                        let key = format!("k{}", n % 3);
                        if (n + thread) % 7 == 0 {
                            // One that asks and leaves: polled once, dropped.
                            let mut asks = Box::pin(table.lock_key(&key));
                            std::future::poll_fn(|cx| {
                                std::task::Poll::Ready(asks.as_mut().poll(cx).is_ready())
                            })
                            .await;
                        }
                        let _held = table.lock_key(&key).await;
                        let read = table.get(now, &key).and_then(|value| value.as_int()).unwrap();
                        tokio::task::yield_now().await;
                        table.set(now, &key, read + 1).unwrap();
                    }
                });
            });
        }
    });
    let sum: i64 = table.iter(now).filter_map(|record| record.value.as_int()).sum();
    assert_eq!((sum, table.stats().locked_keys), (8 * 500, 0));
}
