//! The ledger: what of the location the store does not have yet, or may have wrongly.

use std::collections::{HashMap, HashSet};

use parking_lot::Mutex;
use sip_registrar::Aor;

/// Addresses of record that may be remembered for each reason.
const MOST: usize = 4_000_000;

/// What is remembered of addresses of record. Nothing waits while it is locked.
#[derive(Debug, Default)]
pub(crate) struct Ledger(Mutex<Books>);

#[derive(Debug, Default)]
pub(crate) struct Books {
    /// While the location is loaded: what is in memory as a whole already. A page that was read before must not
    /// bring back what a REGISTER has removed since. `None`: all is loaded.
    known: Option<HashSet<Aor>>,
    /// What the store has under other names, twice, or perhaps wrongly: the next change writes it anew.
    rewrite: HashSet<Aor>,
    /// Those of them that must not wait for a next change: what became of theirs nobody knows.
    unsure: Vec<Aor>,
    /// Write-back: what changed, and the names of bindings that went.
    dirty: HashMap<Aor, Vec<String>>,
}

impl Ledger {
    /// A ledger of a location that is loaded beside the traffic.
    pub(crate) fn loading() -> Self {
        Self(Mutex::new(Books { known: Some(HashSet::new()), ..Books::default() }))
    }

    /// Looks and changes in one step.
    pub(crate) fn with<T>(&self, step: impl FnOnce(&mut Books) -> T) -> T {
        step(&mut self.0.lock())
    }
}

impl Books {
    /// Whether all of `aor` is in memory.
    pub(crate) fn knows(&self, aor: &Aor) -> bool {
        self.known.as_ref().is_none_or(|known| known.contains(aor))
    }

    /// All of `aor` is in memory from now on. Whether that is news.
    pub(crate) fn learn(&mut self, aor: &Aor) -> bool {
        self.known.as_mut().is_some_and(|known| known.insert(aor.clone()))
    }

    /// Everything is in memory from now on.
    pub(crate) fn learn_all(&mut self) {
        self.known = None;
    }

    /// The store has rows of `aor` that its next change writes anew.
    pub(crate) fn rewrite_later(&mut self, aor: &Aor) {
        if self.rewrite.len() < MOST {
            self.rewrite.insert(aor.clone());
        }
    }

    /// Nobody knows whether the store has the last change of `aor`.
    pub(crate) fn doubt(&mut self, aor: &Aor) {
        if self.unsure.len() < MOST && self.rewrite.insert(aor.clone()) {
            self.unsure.push(aor.clone());
        }
    }

    /// Whether the rows of `aor` are to be written anew.
    pub(crate) fn must_rewrite(&self, aor: &Aor) -> bool {
        self.rewrite.contains(aor)
    }

    /// The rows of `aor` were written anew.
    pub(crate) fn rewritten(&mut self, aor: &Aor) {
        self.rewrite.remove(aor);
    }

    /// Some of what is in doubt, at most `most`, taken out.
    pub(crate) fn take_unsure(&mut self, most: usize) -> Vec<Aor> {
        let at = self.unsure.len().saturating_sub(most);
        self.unsure.split_off(at)
    }

    /// Puts one back.
    pub(crate) fn put_unsure(&mut self, aor: Aor) {
        self.unsure.push(aor);
    }

    /// Write-back: `aor` changed, and the bindings of these names went. Whether there is room to remember that.
    pub(crate) fn soil(&mut self, aor: &Aor, gone: impl IntoIterator<Item = String>) -> bool {
        if self.dirty.len() >= MOST && !self.dirty.contains_key(aor) {
            return false;
        }
        let names = self.dirty.entry(aor.clone()).or_default();
        names.extend(gone);
        names.sort_unstable();
        names.dedup();
        true
    }

    /// Some of what changed, at most `most`, taken out.
    pub(crate) fn take_dirty(&mut self, most: usize) -> Vec<(Aor, Vec<String>)> {
        let some: Vec<Aor> = self.dirty.keys().take(most).cloned().collect();
        some.into_iter().filter_map(|aor| self.dirty.remove_entry(&aor)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_in_doubt_is_written_anew_once() {
        let ledger = Ledger::loading();
        let bob = Aor::from_bytes(b"bob");
        ledger.with(|books| {
            books.doubt(&bob);
            books.doubt(&bob);
            assert!(books.must_rewrite(&bob));
            assert_eq!(books.take_unsure(10), std::slice::from_ref(&bob));
            books.rewritten(&bob);
            assert!(!books.must_rewrite(&bob) && books.take_unsure(10).is_empty());
        });
    }

    #[test]
    fn everybody_is_known_once_all_is_loaded() {
        let ledger = Ledger::loading();
        let bob = Aor::from_bytes(b"bob");
        ledger.with(|books| {
            assert!(!books.knows(&bob));
            assert!(books.learn(&bob) && !books.learn(&bob) && books.knows(&bob));
            books.learn_all();
            assert!(books.knows(&Aor::from_bytes(b"alice")) && !books.learn(&bob));
        });
    }
}
