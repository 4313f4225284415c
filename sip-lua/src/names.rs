//! Names of routes as numbers, shared by all workers: what a transaction keeps is a number.

use std::sync::Arc;

use parking_lot::RwLock;
use rustc_hash::FxHashMap;
use sip_server::RouteId;

/// Most names that a server remembers; a script that makes up new ones for ever is refused beyond.
const MOST: usize = 65_536;

/// How many bits of a number say the name; the others say the version of the script.
const BITS: u32 = 20;

/// A route: which version of the script armed it, and under which name.
#[derive(Clone, Debug)]
pub(crate) struct RouteName {
    version: u32,
    pub(crate) name: Arc<str>,
}

impl RouteName {
    /// Whether this version armed it. Of versions that are 4,096 apart only one lives.
    pub(crate) fn is_of(&self, version: u32) -> bool {
        self.version == short(version)
    }
}

fn short(version: u32) -> u32 {
    version & (u32::MAX >> BITS)
}

#[derive(Default)]
struct Table {
    ids: FxHashMap<Arc<str>, u32>,
    names: Vec<Arc<str>>,
}

/// The names of all routes that were ever armed.
#[derive(Default)]
pub(crate) struct RouteNames(RwLock<Table>);

impl RouteNames {
    /// The number of this name, armed by this version of the script; `None` when there are too many names.
    pub(crate) fn intern(&self, version: u32, name: &str) -> Option<RouteId> {
        let number = |id: u32| RouteId::new(short(version) << BITS | id);
        if let Some(id) = self.0.read().ids.get(name) {
            return Some(number(*id));
        }
        let mut table = self.0.write();
        if let Some(id) = table.ids.get(name) {
            return Some(number(*id));
        }
        let id = u32::try_from(table.names.len()).ok().filter(|id| (*id as usize) < MOST)?;
        let name: Arc<str> = name.into();
        table.names.push(name.clone());
        table.ids.insert(name, id);
        Some(number(id))
    }

    /// The name behind a number.
    pub(crate) fn name(&self, id: RouteId) -> Option<RouteName> {
        let number = id.index();
        let name = self.0.read().names.get((number & ((1 << BITS) - 1)) as usize)?.clone();
        Some(RouteName { version: number >> BITS, name })
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
        let second = names.intern(2, "FAIL").expect("room");
        assert_ne!(second, first);
        let back = names.name(second).expect("interned");
        assert!(back.is_of(2) && !back.is_of(1) && &*back.name == "FAIL");
        assert!(names.name(RouteId::new(77)).is_none());
    }

    #[test]
    fn names_without_end_are_refused_versions_are_not() {
        let names = RouteNames::default();
        for number in 0..MOST {
            assert!(names.intern(1, &number.to_string()).is_some());
        }
        assert!(names.intern(1, "one more").is_none());
        for version in [1, 4_095, 4_096, u32::MAX] {
            let known = names.intern(version, "7").expect("what is known stays known");
            assert!(names.name(known).is_some_and(|route| route.is_of(version)));
        }
    }
}
