//! What the programs of this package share: the scenarios that are compared, and messages to measure with.
//!
//! `README.md` says how to run them and how to read what they print.

pub mod levels;
pub mod messages;
pub mod scenario;
