//! What a SIP server needs beside the SIP path: queues and tables that every worker shares.
//!
//! A route puts work into a queue and goes on; a task takes it out when it comes. A table counts, remembers and
//! forgets. They are plain values behind short locks: no clock (`now` is an argument), no I/O, any runtime. A
//! database does its I/O on a thread of its own.
//!
//! # Layout
//!
//! | name | what it is |
//! |---|---|
//! | [`Queues`], [`Queue`] | `mqueue`: named queues, bounded, with consumers that wait |
//! | [`QueueSettings`] | `name=N;size=S;addmode=A`: bounds, duplicates, what a full queue does |
//! | [`Tables`], [`Table`] | `htable`: named tables with an end for each item |
//! | [`TableSettings`] | `name=>size=N;autoexpire=S;initval=V;updateexpire=0\|1`: bounds and times |
//! | [`Pattern`] | which keys or values: eq, ne, sw, ew, in, re |
//! | [`Cursor`] | a walk through a table that holds no lock |
//! | [`Counters`] | named counters that an application counts itself |
//! | [`jsonrpc`] | JSON-RPC 2.0: commands by name, over whatever brings a text; a unix socket (feature `unix`) |
//! | [`Table::expire`] | what expired, as a feed for events |
//! | `sql::Database` | SQLite, PostgreSQL and MySQL by URL (feature `sql`) |
//!
//! # A queue
//!
//! ```
//! use sip_async::{Added, Queues};
//!
//! let mut queues = Queues::new();
//! queues.declare("name=cdr;size=2;addmode=0")?;
//! let cdr = queues.queue("cdr").ok_or("declared above")?;
//!
//! cdr.add("call-1", "12 s")?; // in a route: returns at once
//! cdr.add("call-2", "70 s")?;
//! assert_eq!(cdr.add("call-3", "8 s")?, Added::DroppedOldest(1)); // size=2, as Kamailio does
//!
//! # let runtime = tokio::runtime::Builder::new_current_thread().build()?;
//! # runtime.block_on(async {
//! let item = cdr.fetch().await; // in a task: waits where there is nothing
//! assert_eq!((&*item.key, &*item.value), ("call-2".into(), "70 s".into()));
//! # });
//! assert_eq!((cdr.len(), cdr.stats().dropped), (1, 1));
//!
//! let error = queues.declare("name=x;length=5").unwrap_err();
//! assert_eq!(
//!     error.to_string(),
//!     "setting `length` is unknown; known are name, size, addmode, maxbytes, overflow"
//! );
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # A table
//!
//! ```
//! use std::time::{Duration, Instant};
//! use sip_async::{Field, Pattern, Tables, Value};
//!
//! let mut tables = Tables::new();
//! let ipban = tables.declare("ipban=>size=8;autoexpire=300;initval=0")?;
//! # #[allow(clippy::disallowed_methods)]
//! let now = Instant::now(); // the driver's clock
//!
//! assert_eq!(ipban.inc(now, "192.0.2.4")?, 1); // initval + 1, one step for all threads
//! assert_eq!(ipban.inc(now, "192.0.2.4")?, 2);
//! ipban.set(now, "198.51.100.7", "scanner")?;
//! assert_eq!(ipban.get(now, "192.0.2.4"), Some(Value::Int(2)));
//! assert_eq!(ipban.count_matching(now, Field::Name, &Pattern::new("sw", "192.0.2.")?), 1);
//!
//! for record in ipban.iter(now) {
//!     ipban.setex(now, &*record.key, Some(Duration::from_secs(60))); // no lock is held here
//! }
//!
//! let later = now + Duration::from_secs(60);
//! assert_eq!(ipban.get(later, "192.0.2.4"), Some(Value::Int(0))); // gone: initval again
//! assert_eq!(ipban.poll_timeout(later), Some(later));
//! let mut expired = Vec::new(); // for the event route `htable:expired:ipban`
//! ipban.expire(later, 1000, &mut expired);
//! assert_eq!(expired.len(), 2);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod counters;
mod declaration;
mod htable;
pub mod jsonrpc;
mod mqueue;
#[cfg(feature = "sql")]
pub mod sql;

pub use counters::Counters;
pub use declaration::DeclarationError;
pub use htable::cursor::Cursor;
pub use htable::error::{AddError, Presence, SetError};
pub use htable::lock::KeyGuard;
pub use htable::pattern::{Field, Pattern, PatternError};
pub use htable::settings::TableSettings;
pub use htable::tables::Tables;
pub use htable::value::{Record, Value};
pub use htable::{Table, TableStats};
pub use mqueue::line::{Added, QueueError, QueueItem};
pub use mqueue::queues::Queues;
pub use mqueue::settings::{AddMode, Overflow, QueueSettings};
pub use mqueue::{Queue, QueueStats};
