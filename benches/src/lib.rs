//! What the programs of this package share: the scenarios that are compared, messages to measure with, and the work
//! that is done with one.
//!
//! `README.md` says how to run them and how to read what they print.

pub mod levels;
pub mod messages;
pub mod scenario;
