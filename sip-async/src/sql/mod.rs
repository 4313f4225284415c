//! Connections to databases: SQLite, PostgreSQL and MySQL or MariaDB, by URL. Feature `sql`.
//!
//! A [`Database`] is a name, a URL and a bounded pool of connections. Its input and output run on a thread of its
//! own, so that a worker which awaits an answer serves other messages meanwhile, whatever the database does. Every
//! call has a time limit, and there is a bound on how many may wait.
//!
//! ```
//! use sip_async::sql::{Database, Settings, Statement, Value};
//!
//! # let runtime = tokio::runtime::Builder::new_current_thread().build()?;
//! # runtime.block_on(async {
//! let db = Database::open("cdrs", &"sqlite::memory:".parse()?, Settings::default())?;
//! db.execute("CREATE TABLE cdr (call_id TEXT, seconds INTEGER)", vec![]).await?;
//! let add = "INSERT INTO cdr VALUES (?, ?)";
//! db.transaction(vec![
//!     Statement::new(add, vec!["call-1".into(), 12.into()]),
//!     Statement::new(add, vec!["call-2".into(), Value::Null]),
//! ])
//! .await?; // both or none
//! let rows = db.query("SELECT * FROM cdr WHERE call_id = ?", vec!["call-1".into()]).await?;
//! assert_eq!(rows.columns(), ["call_id", "seconds"]);
//! assert_eq!(rows.first(), Some(&[Value::Text("call-1".into()), Value::Int(12)][..]));
//!
//! let error = db.query("SELECT * FROM nothing", vec![]).await.unwrap_err();
//! assert!(error.to_string().starts_with("database `cdrs` refused: "), "{error}");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod database;
mod error;
mod mysql;
mod pool;
mod postgres;
mod settings;
mod sqlite;
mod statement;
mod time;
mod url;
mod value;

pub use database::Database;
pub use error::{SqlError, UrlError};
pub use settings::Settings;
pub use statement::Statement;
pub use url::{DatabaseUrl, Kind};
pub use value::{Rows, Value};
