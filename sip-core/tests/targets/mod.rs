//! What the fuzzers run, as plain functions: `fuzz/` gives them to libFuzzer, `replay.rs` gives them every seed
//! and every corpus there is.
//!
//! Each takes any bytes and panics only where the library broke a promise. A file needs nothing of the others,
//! so that each fuzzer includes its own.

pub(crate) mod body;
pub(crate) mod edits;
pub(crate) mod http;
pub(crate) mod message;
pub(crate) mod stream;
pub(crate) mod uri;
pub(crate) mod views;
