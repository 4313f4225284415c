//! Where an iteration stands.

use std::collections::VecDeque;

use crate::htable::value::Record;

/// A walk through a table that holds no lock between two steps: see [`Table::next`](crate::Table::next).
///
/// It reads a few items ahead, as copies. Whoever keeps it may write to the table, wait, or drop it.
#[derive(Debug, Default)]
pub struct Cursor {
    pub(crate) shard: usize,
    pub(crate) slot: usize,
    pub(crate) read: VecDeque<Record>,
}

impl Cursor {
    /// Before the first item.
    pub fn new() -> Self {
        Self::default()
    }
}
