//! Names of routes as numbers, shared by all workers: what a transaction keeps is a number.

use std::sync::Arc;

use parking_lot::RwLock;
use rustc_hash::FxHashMap;
use sip_server::RouteId;

/// Most names that a server remembers; a script that makes up new ones for ever is refused beyond.
const MOST: usize = 65_536;

/// A route: which version of the script armed it, and under which name.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(crate) struct RouteName {
    pub(crate) version: u32,
    pub(crate) name: Arc<str>,
}

#[derive(Default)]
struct Table {
    ids: FxHashMap<RouteName, u32>,
    names: Vec<RouteName>,
}

/// The names of all routes that were ever armed.
#[derive(Default)]
pub(crate) struct RouteNames(RwLock<Table>);

impl RouteNames {
    /// The number of this name; `None` when there are too many.
    pub(crate) fn intern(&self, version: u32, name: &str) -> Option<RouteId> {
        let key = RouteName { version, name: name.into() };
        if let Some(id) = self.0.read().ids.get(&key) {
            return Some(RouteId::new(*id));
        }
        let mut table = self.0.write();
        if let Some(id) = table.ids.get(&key) {
            return Some(RouteId::new(*id));
        }
        let id = u32::try_from(table.names.len()).ok().filter(|id| (*id as usize) < MOST)?;
        table.names.push(key.clone());
        table.ids.insert(key, id);
        Some(RouteId::new(id))
    }

    /// The name behind a number.
    pub(crate) fn name(&self, id: RouteId) -> Option<RouteName> {
        self.0.read().names.get(id.index() as usize).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_one_number_a_version() {
        let names = RouteNames::default();
        let first = names.intern(1, "FAIL").expect("room");
        assert_eq!(names.intern(1, "FAIL"), Some(first));
        assert_ne!(names.intern(2, "FAIL"), Some(first));
        let back = names.name(first).expect("interned");
        assert_eq!((back.version, &*back.name), (1, "FAIL"));
        assert!(names.name(RouteId::new(77)).is_none());
    }

    #[test]
    fn names_without_end_are_refused() {
        let names = RouteNames::default();
        for number in 0..MOST {
            assert!(names.intern(1, &number.to_string()).is_some());
        }
        assert!(names.intern(1, "one more").is_none());
        assert!(names.intern(1, "7").is_some(), "what is known stays known");
    }
}
