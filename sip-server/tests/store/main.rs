//! The location in a store: what is answered is kept, whatever the store does.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::indexing_slicing,
    reason = "a test"
)]

mod fake;
mod faults;
mod loading;
mod phone;
#[cfg(feature = "sql")]
mod sql;
