//! What a table may hold: counted by all shards, bounded as a whole.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};

use crate::htable::settings::TableSettings;

/// The items and bytes of one table. They are counts: nothing else is read by their order.
#[derive(Debug)]
pub(crate) struct Budget {
    items: AtomicUsize,
    bytes: AtomicUsize,
    max_items: usize,
    max_bytes: usize,
    pub(crate) expired: AtomicU64,
    pub(crate) lost_events: AtomicU64,
    pub(crate) refused: AtomicU64,
}

impl Budget {
    pub(crate) fn new(rules: &TableSettings) -> Self {
        Self {
            items: AtomicUsize::new(0),
            bytes: AtomicUsize::new(0),
            max_items: rules.max_items,
            max_bytes: rules.max_bytes,
            expired: AtomicU64::new(0),
            lost_events: AtomicU64::new(0),
            refused: AtomicU64::new(0),
        }
    }

    pub(crate) fn items(&self) -> usize {
        self.items.load(Relaxed)
    }

    pub(crate) fn bytes(&self) -> usize {
        self.bytes.load(Relaxed)
    }

    /// Takes room for one item; `false`, and nothing taken, where there is none.
    #[must_use]
    pub(crate) fn take_item(&self, bytes: usize) -> bool {
        if !take(&self.items, 1, self.max_items) {
            return false;
        }
        let taken = self.take_bytes(bytes);
        if !taken {
            self.items.fetch_sub(1, Relaxed);
        }
        taken
    }

    /// Takes room for an item that grows.
    #[must_use]
    pub(crate) fn take_bytes(&self, bytes: usize) -> bool {
        take(&self.bytes, bytes, self.max_bytes)
    }

    pub(crate) fn give_item(&self, bytes: usize) {
        self.items.fetch_sub(1, Relaxed);
        self.give_bytes(bytes);
    }

    pub(crate) fn give_bytes(&self, bytes: usize) {
        self.bytes.fetch_sub(bytes, Relaxed);
    }
}

fn take(count: &AtomicUsize, more: usize, most: usize) -> bool {
    let within = |held: usize| held.checked_add(more).filter(|&sum| sum <= most);
    count.fetch_update(Relaxed, Relaxed, within).is_ok()
}
