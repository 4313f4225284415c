//! One shard: address of record -> bindings. Plain `&mut self`; the lock is the caller's.

use std::collections::HashMap;
use std::time::Instant;

use crate::aor::Aor;
use crate::binding::Bindings;
use crate::location::changes::{Change, ChangeKind};
use crate::location::expiry::Expiry;

/// Tells one state of an address of record from every other that it had.
///
/// A state without bindings is always [`Version::ABSENT`]: a plan made on nothing holds as long as there is
/// nothing.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Version(u64);

impl Version {
    /// The address of record has no bindings.
    pub const ABSENT: Self = Self(0);
}

/// The bindings of one address of record.
#[derive(Debug)]
struct Record {
    version: Version,
    bindings: Bindings,
    /// Where it stands in the expiry queue.
    queued: Option<Instant>,
}

/// A part of the location.
#[derive(Debug, Default)]
pub(crate) struct Shard {
    // Keyed hashing (the default of std): whoever may register chooses the keys.
    records: HashMap<Aor, Record>,
    expiry: Expiry,
    version: u64,
}

impl Shard {
    /// The bindings of `aor`, ended ones included, and their version.
    pub(crate) fn snapshot(&self, aor: &[u8]) -> (Version, Bindings) {
        match self.records.get(aor) {
            Some(record) => (record.version, record.bindings.clone()),
            None => (Version::ABSENT, Bindings::new()),
        }
    }

    /// The version and the number of bindings of `aor`.
    pub(crate) fn state(&self, aor: &[u8]) -> (Version, usize) {
        self.records.get(aor).map_or((Version::ABSENT, 0), |record| (record.version, record.bindings.len()))
    }

    /// Puts `bindings` in the place of those that `aor` has.
    pub(crate) fn replace(&mut self, aor: &Aor, bindings: Bindings) {
        let Some(due) = bindings.iter().map(|binding| binding.expires_at()).min() else {
            if let Some(record) = self.records.remove::<[u8]>(aor.as_bstr()) {
                self.expiry.clear(aor, record.queued);
            }
            return;
        };
        self.version += 1;
        let version = Version(self.version);
        let record = self.records.entry(aor.clone()).or_insert_with(|| Record {
            version,
            bindings: Bindings::new(),
            queued: None,
        });
        record.version = version;
        record.bindings = bindings;
        record.queued = Some(self.expiry.set(aor, record.queued, due));
    }

    /// Takes out every binding that ended by `now`; the result is how many.
    pub(crate) fn expire(&mut self, now: Instant, out: &mut Vec<Change>) -> usize {
        let before = out.len();
        while let Some(aor) = self.expiry.pop(now) {
            let Some(record) = self.records.get_mut::<[u8]>(aor.as_bstr()) else { continue };
            record.queued = None; // the entry was popped
            let mark = out.len();
            let mut live = Bindings::new();
            for binding in record.bindings.drain(..) {
                if binding.is_live(now) {
                    live.push(binding);
                } else {
                    out.push(Change { aor: aor.clone(), kind: ChangeKind::Expired, binding });
                }
            }
            let Some(due) = live.iter().map(|binding| binding.expires_at()).min() else {
                self.records.remove::<[u8]>(aor.as_bstr());
                continue;
            };
            if out.len() > mark {
                self.version += 1;
                record.version = Version(self.version);
            }
            record.bindings = live;
            record.queued = Some(self.expiry.set(&aor, None, due));
        }
        let (len, capacity) = (self.records.len(), self.records.capacity());
        if capacity > 64 && len < capacity / 4 {
            self.records.shrink_to(len * 2);
        }
        out.len() - before
    }

    /// When to call [`Self::expire`] next.
    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        self.expiry.next()
    }

    /// Addresses of record with bindings.
    pub(crate) fn len(&self) -> usize {
        self.records.len()
    }

    /// Every address of record with its bindings.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Aor, &Bindings)> {
        self.records.iter().map(|(aor, record)| (aor, &record.bindings))
    }
}
