//! Starter servers: `src/bin/*.rs`, each meant to be copied and changed. Their command line is
//! [`sip_server::cli`].

/// Compiles the Rust code of the README.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
