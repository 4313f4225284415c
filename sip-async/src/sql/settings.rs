//! Bounds of a database.

use std::time::Duration;

/// Bounds of a [`Database`](crate::sql::Database).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Settings {
    /// Connections at most. Default 4.
    pub connections: u32,
    /// How many statements may wait or run at once; what comes then fails at once. Default 10,000.
    pub waiting: usize,
    /// How long one statement or transaction may take; getting a connection may take as long again. Default 5 s.
    pub timeout: Duration,
    /// Rows that one query may bring. Default 100,000.
    pub rows: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self { connections: 4, waiting: 10_000, timeout: Duration::from_secs(5), rows: 100_000 }
    }
}
