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
mod operator;
mod phone;
#[cfg(feature = "sql")]
mod place;
#[cfg(feature = "sql")]
mod relay;
#[cfg(feature = "sql")]
mod sql;
