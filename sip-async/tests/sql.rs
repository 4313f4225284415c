//! `Database` against SQLite, and against PostgreSQL and MariaDB where `SIP_TEST_POSTGRES` and `SIP_TEST_MYSQL` say
//! where they are.
#![cfg(feature = "sql")]
#![allow(clippy::expect_used, clippy::panic, clippy::print_stderr, reason = "a test")]
#![allow(clippy::disallowed_methods, clippy::disallowed_types, reason = "it plays the other side")]

use std::time::Duration;

use sip_async::sql::{Database, DatabaseUrl, Kind, Settings, SqlError, Statement, Value};

/// What every database is asked.
async fn everything(db: &Database, table: &str, bytes: &str) {
    let run = async |sql: String| db.execute(sql, vec![]).await.expect("a plain statement");
    run(format!("DROP TABLE IF EXISTS {table}")).await;
    run(format!(
        "CREATE TABLE {table} (id INTEGER, t VARCHAR(20), r DOUBLE PRECISION, b {bytes}, n INTEGER)"
    ))
    .await;

    let row = |id: i32| vec![id.into(), "x'?".into(), 0.5.into(), Value::Bytes(vec![0, 255]), Value::Null];
    let insert = format!("INSERT INTO {table} VALUES (?, ?, ?, ?, ?)");
    let changed =
        db.transaction(vec![Statement::new(insert.clone(), row(1)), Statement::new(insert.clone(), row(2))]);
    assert_eq!(changed.await.expect("two rows"), 2);

    let found = db.query(format!("SELECT * FROM {table} WHERE id >= ? ORDER BY id"), vec![1.into()]).await;
    let found = found.expect("both rows");
    assert_eq!(found.columns(), ["id", "t", "r", "b", "n"]);
    assert_eq!(found.iter().collect::<Vec<_>>(), [&row(1)[..], &row(2)[..]]);
    let plain = db.query(format!("SELECT id, t, r, b, n FROM {table} ORDER BY id"), vec![]).await;
    assert_eq!(plain.expect("without parameters").iter().collect::<Vec<_>>(), [&row(1)[..], &row(2)[..]]);

    // None of a transaction is done where one statement is refused.
    let broken = db.transaction(vec![
        Statement::new(insert.clone(), row(3)),
        Statement::new(format!("INSERT INTO {table} (no_such_column) VALUES (?)"), vec![4.into()]),
    ]);
    assert!(matches!(broken.await, Err(SqlError::Refused { .. })));

    // An UPDATE that changes nothing becomes an INSERT.
    for expected in [3, 3] {
        let update =
            Statement::new(format!("UPDATE {table} SET t = ? WHERE id = ?"), vec!["y".into(), 9.into()]);
        db.transaction(vec![update.or(Statement::new(insert.clone(), row(9)))])
            .await
            .expect("one or the other");
        let count = db.query(format!("SELECT COUNT(*) FROM {table}"), vec![]).await.expect("a count");
        assert_eq!(count.first().map(|row| row[0].as_int()), Some(Some(expected)));
    }
    run(format!("DROP TABLE {table}")).await;
    let gone = db.query(format!("SELECT * FROM {table}"), vec![]).await.expect_err("there is no table");
    assert!(gone.is_refusal() && gone.to_string().contains(db.name()), "{gone}");
}

fn given(variable: &str) -> Option<DatabaseUrl> {
    let Ok(url) = std::env::var(variable) else {
        eprintln!("skipped: {variable} does not say where a database is");
        return None;
    };
    Some(url.parse().expect("a database URL"))
}

fn sqlite(name: &str, settings: Settings) -> (Database, std::path::PathBuf) {
    let path = std::env::temp_dir().join(format!("sip-async-{name}-{}.db", std::process::id()));
    let _ = std::fs::remove_file(&path);
    let url = format!("sqlite:{}", path.display()).parse().expect("a path is a URL");
    (Database::open(name, &url, settings).expect("a thread"), path)
}

#[tokio::test]
async fn sqlite_takes_and_gives_back_every_kind_of_value() {
    let (db, path) = sqlite("values", Settings::default());
    assert_eq!(db.kind(), Kind::Sqlite);
    everything(&db, "t", "BLOB").await;
    let mode = db.query("PRAGMA journal_mode", vec![]).await.expect("a mode");
    assert_eq!(mode.first(), Some(&["wal".into()][..]));
    let sync = db.query("PRAGMA synchronous", vec![]).await.expect("a mode");
    assert_eq!(sync.first(), Some(&[Value::Int(2)][..]), "FULL");
    let _ = std::fs::remove_file(path);
}

#[tokio::test]
async fn postgres_takes_and_gives_back_every_kind_of_value() {
    let Some(url) = given("SIP_TEST_POSTGRES") else { return };
    let db = Database::open("pg", &url, Settings::default()).expect("a thread");
    everything(&db, &format!("sip_async_{}", std::process::id()), "BYTEA").await;
    let time = "SELECT TIMESTAMP '2026-11-21 18:05:00' AS a, DATE '2026-11-21' AS b WHERE 1 = ?";
    let found = db.query(time, vec![1.into()]).await.expect("times");
    assert_eq!(found.first(), Some(&["2026-11-21 18:05:00".into(), "2026-11-21".into()][..]));
    let odd = db.query("SELECT '10.0.0.0/8'::cidr AS net WHERE 1 = ?", vec![1.into()]).await;
    assert!(matches!(odd, Err(SqlError::Column { column, .. }) if column == "net"));
}

#[tokio::test]
async fn mysql_takes_and_gives_back_every_kind_of_value() {
    let Some(url) = given("SIP_TEST_MYSQL") else { return };
    let db = Database::open("my", &url, Settings::default()).expect("a thread");
    let schema = format!("sip_async_{}", std::process::id());
    db.execute(format!("CREATE DATABASE {schema}"), vec![]).await.expect("a database");
    everything(&db, &format!("{schema}.t"), "VARBINARY(20)").await;
    let time = "SELECT CAST('2026-11-21 18:05:00' AS DATETIME), CAST(7 AS UNSIGNED) FROM DUAL WHERE 1 = ?";
    let found = db.query(time, vec![1.into()]).await.expect("times");
    assert_eq!(found.first(), Some(&["2026-11-21 18:05:00".into(), Value::Int(7)][..]));
    db.execute(format!("DROP DATABASE {schema}"), vec![]).await.expect("dropped");
}

#[tokio::test]
async fn a_database_is_used_from_several_runtimes() {
    let (db, path) = sqlite("runtimes", Settings::default());
    db.execute("CREATE TABLE t (n INTEGER)", vec![]).await.expect("a table");
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let db = db.clone();
            std::thread::spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
                runtime.block_on(async {
                    for _ in 0..25 {
                        db.execute("INSERT INTO t VALUES (?)", vec![1.into()]).await.expect("inserted");
                    }
                });
            })
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join().expect("no panic"));
    let sum = db.query("SELECT SUM(n) FROM t", vec![]).await.expect("a sum");
    assert_eq!(sum.first(), Some(&[Value::Int(100)][..]));
    let _ = std::fs::remove_file(path);
}

#[tokio::test]
async fn nobody_there_is_told_at_once_and_the_password_is_not() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("its address");
    let url: DatabaseUrl = format!("postgres://bob:secret@{free}/x").parse().expect("a URL");
    let mut settings = Settings::default();
    settings.timeout = Duration::from_millis(500);
    let db = Database::open("far", &url, settings).expect("a thread");
    let error = db.query("SELECT 1", vec![]).await.expect_err("nobody listens");
    assert!(matches!(error, SqlError::Unreachable { .. }), "{error:?}");
    assert!(!error.may_be_done() && !error.is_refusal());
    assert!(error.to_string().contains("far") && !format!("{error:?} {db:?} {url:?}").contains("secret"));
}

#[tokio::test]
async fn a_database_that_says_nothing_is_waited_for_no_longer_than_the_limit() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("mysql://root@{}/x", listener.local_addr().expect("its address")).parse();
    let mut settings = Settings::default();
    settings.timeout = Duration::from_millis(200);
    settings.waiting = 2;
    let db = Database::open("mute", &url.expect("a URL"), settings).expect("a thread");
    let (one, two, three) = tokio::join!(
        db.query("SELECT 1", vec![]),
        db.query("SELECT 1", vec![]),
        db.query("SELECT 1", vec![])
    );
    assert!(matches!(one, Err(SqlError::Unreachable { .. })), "{one:?}");
    assert!(matches!(two, Err(SqlError::Unreachable { .. })), "{two:?}");
    assert!(matches!(three, Err(SqlError::Busy { most: 2, .. })), "{three:?}");
}

#[tokio::test]
async fn a_statement_that_takes_too_long_is_given_up_and_the_next_one_is_served() {
    let mut settings = Settings::default();
    settings.timeout = Duration::from_millis(100);
    let (db, path) = sqlite("slow", settings);
    let long =
        "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < ?) SELECT COUNT(*) FROM c";
    let error = db.query(long, vec![Value::from(5_000_000)]).await.expect_err("longer than that");
    assert!(matches!(error, SqlError::Slow { .. }) && error.may_be_done(), "{error:?}");
    assert!(db.query("SELECT 1", vec![]).await.is_ok());
    let _ = std::fs::remove_file(path);
}

#[tokio::test]
async fn a_query_brings_no_more_rows_than_the_bound() {
    let mut settings = Settings::default();
    settings.rows = 3;
    let (db, path) = sqlite("rows", settings);
    let count = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < ?) SELECT x FROM c";
    assert_eq!(db.query(count, vec![3.into()]).await.expect("three").len(), 3);
    assert!(matches!(db.query(count, vec![4.into()]).await, Err(SqlError::TooManyRows { most: 3, .. })));
    let _ = std::fs::remove_file(path);
}
