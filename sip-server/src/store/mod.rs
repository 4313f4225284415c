//! What outlives the process: the location, users and addresses, in a database.
//!
//! Without a store the location lives in memory and ends with the process. With one it is still served from memory;
//! the store is what a server that starts again begins with.
//!
//! ```text
//!  REGISTER ─> gate of its AoR ─> plan ─> desk ─> clerk: many plans, one transaction ─> apply ─> 200
//!                                                   │ the store is down or slow: nothing is changed, 503
//!  start ─> tables ─> load, page by page, beside the traffic; who is asked for meanwhile is fetched first
//! ```
//!
//! | mode | the 200 comes | what a crash loses |
//! |---|---|---|
//! | [`StoreMode::WriteThrough`] | after the commit | nothing that was answered 200 |
//! | [`StoreMode::WriteBack`] | at once | at most the changes of the last interval |
//! | [`StoreMode::StoreOnly`] | after the commit | nothing; several servers share the store |
//!
//! The tables are Kamailio's (`location` 8 and 9, `subscriber`, `address`, `version`), so that an existing database
//! is used as it is; the first start makes what is missing. A connection (TCP, TLS, WebSocket) does not outlive the
//! process that had it: a contact that was loaded is reached at its address.

mod clerk;
pub(crate) mod error;
mod gates;
pub(crate) mod keeper;
mod ledger;
mod loading;
pub(crate) mod location;
mod office;
mod record;
pub(crate) mod settings;
#[cfg(feature = "sql")]
pub(crate) mod sql;
pub(crate) mod storage;
mod times;

pub use error::StoreError;
pub use location::{LocationStore, StoreFuture, Stored, Write};
pub use record::Record;
pub use settings::{StoreMode, StoreSettings};
#[cfg(feature = "sql")]
pub use sql::address::AddressTable;
#[cfg(feature = "sql")]
pub use sql::location::SqlLocation;
#[cfg(feature = "sql")]
pub use sql::subscriber::Subscribers;
