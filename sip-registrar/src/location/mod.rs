//! Location (`usrloc`): all bindings, in shards behind one `&self` API.

pub(crate) mod changes;
mod expiry;
pub(crate) mod shard;

use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use parking_lot::Mutex;

use crate::aor::Aor;
use crate::binding::Bindings;
use crate::location::changes::Change;
use crate::location::shard::{Shard, Version};

/// Where users can be reached: address of record -> bindings.
///
/// Any thread may call any method. The bindings of one address of record live in one of many shards,
/// each behind a lock that is held for one step alone, never while anything waits. What comes out is a
/// reference-counted copy.
pub struct Location {
    shards: Box<[Mutex<Shard>]>,
    hasher: RandomState,
    bindings: AtomicUsize,
    max_bindings: usize,
}

/// The bindings of an address of record at one moment.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// Changes with every change of the bindings.
    pub version: Version,
    /// In the order of registration. Some may have ended: ask [`is_live`](crate::Binding::is_live).
    pub bindings: Bindings,
}

/// Why [`Location::replace`] did nothing.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ReplaceError {
    /// The bindings are no longer those of that version.
    #[error("the address of record changed")]
    Conflict,
    /// There would be more bindings than the location may have.
    #[error("the location is full")]
    Full,
}

impl Location {
    /// An empty location of `shards` parts (rounded up to a power of two) for up to `max_bindings`.
    pub fn new(shards: usize, max_bindings: usize) -> Self {
        let shards = shards.clamp(1, 1 << 16).next_power_of_two();
        Self {
            shards: (0..shards).map(|_| Mutex::default()).collect(),
            hasher: RandomState::new(),
            bindings: AtomicUsize::new(0),
            max_bindings,
        }
    }

    fn shard(&self, aor: &[u8]) -> &Mutex<Shard> {
        let hash = self.hasher.hash_one(aor) as usize;
        // the number of shards is a power of two, so the index is below it
        &self.shards[hash & (self.shards.len() - 1)]
    }

    /// The bindings of `aor` and their version, for a later [`replace`](Self::replace).
    pub fn snapshot(&self, aor: &Aor) -> Snapshot {
        let (version, bindings) = self.shard(aor.as_bstr()).lock().snapshot(aor.as_bstr());
        Snapshot { version, bindings }
    }

    /// Puts `bindings` in the place of those that `aor` has, if they are still those of `version`.
    ///
    /// No bindings take the address of record away.
    ///
    /// # Errors
    ///
    /// [`ReplaceError::Conflict`] when somebody else was quicker (a REGISTER, an expiry): read again.
    /// [`ReplaceError::Full`] when there would be more bindings than before and more than the bound.
    /// Nothing is changed then.
    pub fn replace(&self, aor: &Aor, version: Version, bindings: Bindings) -> Result<(), ReplaceError> {
        let mut shard = self.shard(aor.as_bstr()).lock();
        let (current, had) = shard.state(aor.as_bstr());
        if current != version {
            return Err(ReplaceError::Conflict);
        }
        match bindings.len().checked_sub(had) {
            Some(more) if more > 0 => self.reserve(more)?,
            Some(_) => {}
            None => {
                self.bindings.fetch_sub(had - bindings.len(), Ordering::Relaxed);
            }
        }
        shard.replace(aor, bindings);
        Ok(())
    }

    /// Counts `more` bindings in, unless they would be too many.
    fn reserve(&self, more: usize) -> Result<(), ReplaceError> {
        let fits = |have: usize| have.checked_add(more).filter(|&sum| sum <= self.max_bindings);
        match self.bindings.fetch_update(Ordering::Relaxed, Ordering::Relaxed, fits) {
            Ok(_) => Ok(()),
            Err(_) => Err(ReplaceError::Full),
        }
    }

    /// Whether `more` bindings would fit now. Only [`replace`](Self::replace) decides.
    pub fn has_room(&self, more: usize) -> bool {
        self.bindings().saturating_add(more) <= self.max_bindings
    }

    /// Takes out every binding that ended by `now` and appends it to `out`.
    ///
    /// One shard is locked at a time. A shard in which nothing is due costs its lock and a look.
    pub fn expire(&self, now: Instant, out: &mut Vec<Change>) {
        for shard in &self.shards {
            let ended = shard.lock().expire(now, out);
            if ended > 0 {
                self.bindings.fetch_sub(ended, Ordering::Relaxed);
            }
        }
    }

    /// When to call [`expire`](Self::expire): at or shortly before the first binding ends. `None`: there is
    /// nothing to wait for.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.shards.iter().filter_map(|shard| shard.lock().poll_timeout()).min()
    }

    /// How many bindings there are (statistic `location-contacts`), ended ones included until they are taken out.
    pub fn bindings(&self) -> usize {
        self.bindings.load(Ordering::Relaxed)
    }

    /// How many addresses of record have bindings (statistic `location-users`).
    pub fn aors(&self) -> usize {
        self.shards.iter().map(|shard| shard.lock().len()).sum()
    }

    /// Calls `visit` with every address of record, in no particular order: for dumps and for keep-alives.
    ///
    /// A shard is copied (by reference counts) before it is shown, so `visit` may take its time and may call
    /// this location. What changes meanwhile in other shards may be seen or not.
    pub fn for_each(&self, mut visit: impl FnMut(&Aor, &Bindings)) {
        for shard in &self.shards {
            let copy: Vec<_> =
                shard.lock().iter().map(|(aor, bindings)| (aor.clone(), bindings.clone())).collect();
            copy.iter().for_each(|(aor, bindings)| visit(aor, bindings));
        }
    }
}

impl fmt::Debug for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Location")
            .field("shards", &self.shards.len())
            .field("bindings", &self.bindings())
            .finish_non_exhaustive()
    }
}
