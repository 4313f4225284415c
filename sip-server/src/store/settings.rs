//! How the location is kept in a store.

use std::time::Duration;

/// When the store learns of a REGISTER.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum StoreMode {
    /// Before the 200 (usrloc `db_mode` 1). A store that is down or slow: 503 with Retry-After.
    WriteThrough,
    /// Within this time after the 200 (usrloc `db_mode` 2): what a crash may lose. A store that is down is caught up
    /// with when it comes back.
    WriteBack(Duration),
    /// Before the 200, and every lookup asks the store (usrloc `db_mode` 3): several servers share it. A store that
    /// is down: what this server knew. What only looks at memory (`registered`, dumps, keep-alives) knows of the phones
    /// that this server has saved or looked up.
    StoreOnly,
}

/// How the location is kept in a store.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct StoreSettings {
    /// When the store learns of a REGISTER. Default [`StoreMode::WriteThrough`].
    pub mode: StoreMode,
    /// REGISTERs that may wait for the store; beyond, 503 with Retry-After. Default 100,000.
    pub waiting: usize,
    /// REGISTERs whose changes go into one transaction at most. Default 512.
    pub group: usize,
    /// Rows that are read at once when the location is loaded. Default 2,000.
    pub page: usize,
    /// How often bindings that have ended are taken out of the store. Default 10 s.
    pub purge: Duration,
}

impl Default for StoreSettings {
    fn default() -> Self {
        Self {
            mode: StoreMode::WriteThrough,
            waiting: 100_000,
            group: 512,
            page: 2_000,
            purge: Duration::from_secs(10),
        }
    }
}
