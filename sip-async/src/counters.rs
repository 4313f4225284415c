//! Counters that an application names and counts itself.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use parking_lot::RwLock;

/// Most names.
const MOST: usize = 4096;

/// Named counters (`counters.script_counter`, `statistics.variable`). At most 4096; any thread may count.
#[derive(Debug, Default)]
pub struct Counters {
    by_name: RwLock<BTreeMap<Box<str>, Named>>,
}

#[derive(Clone, Debug)]
struct Named {
    group: Arc<str>,
    count: Arc<AtomicI64>,
}

impl Counters {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes a counter, at 0; one that is there stays as it is. `false`: there are too many.
    pub fn declare(&self, group: &str, name: &str) -> bool {
        let mut by_name = self.by_name.write();
        if by_name.contains_key(name) {
            return true;
        }
        let fits = by_name.len() < MOST;
        if fits {
            by_name.insert(name.into(), Named { group: group.into(), count: Arc::default() });
        }
        fits
    }

    /// Adds to a counter; it wraps. `false`: there is none of this name.
    pub fn add(&self, name: &str, number: i64) -> bool {
        let named =
            self.by_name.read().get(name).map(|named| named.count.fetch_add(number, Ordering::Relaxed));
        named.is_some()
    }

    /// Sets a counter to 0. `false`: there is none of this name.
    pub fn reset(&self, name: &str) -> bool {
        let named = self.by_name.read().get(name).map(|named| named.count.store(0, Ordering::Relaxed));
        named.is_some()
    }

    /// The count of a counter.
    pub fn count(&self, name: &str) -> Option<i64> {
        Some(self.by_name.read().get(name)?.count.load(Ordering::Relaxed))
    }

    /// All counters: group, name, count, in the order of their names.
    pub fn list(&self) -> Vec<(Arc<str>, String, i64)> {
        let by_name = self.by_name.read();
        let counters = by_name.iter();
        counters
            .map(|(name, named)| {
                (Arc::clone(&named.group), name.to_string(), named.count.load(Ordering::Relaxed))
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counter_counts_from_its_declaration_on() {
        let counters = Counters::new();
        assert!(!counters.add("calls", 1) && !counters.reset("calls"));
        assert!(counters.declare("script", "calls") && counters.add("calls", 5) && counters.add("calls", -2));
        assert!(counters.declare("other", "calls"), "it stays as it is");
        assert_eq!(counters.list(), [("script".into(), "calls".to_owned(), 3)]);
        assert!(counters.reset("calls"));
        assert_eq!((counters.count("calls"), counters.count("x")), (Some(0), None));
    }

    #[test]
    fn names_have_a_bound() {
        let counters = Counters::new();
        assert!((0..MOST).all(|number| counters.declare("script", &number.to_string())));
        assert!(!counters.declare("script", "one more") && counters.declare("script", "7"));
    }
}
