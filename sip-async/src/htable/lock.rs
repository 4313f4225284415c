//! Locks by key, for those who read, think and write: `sht_lock`.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use bstr::BStr;
use parking_lot::Mutex;
use tokio::sync::OwnedMutexGuard;

/// The locks that someone holds or waits for.
#[derive(Debug, Default)]
pub(crate) struct KeyLocks {
    wanted: Mutex<HashMap<Box<BStr>, Wanted>>,
}

#[derive(Debug, Default)]
struct Wanted {
    lock: Arc<tokio::sync::Mutex<()>>,
    /// How many hold it or wait for it.
    by: usize,
}

/// The lock of one key, held until this is dropped: on any thread, across waiting, by any task.
#[must_use = "the lock ends when this is dropped"]
pub struct KeyGuard {
    // In this order: first the lock ends, then the interest in it.
    _held: OwnedMutexGuard<()>,
    interest: Interest,
}

/// Someone holds or waits for a lock; the last one takes it out of the map.
struct Interest {
    locks: Arc<KeyLocks>,
    key: Box<BStr>,
}

impl KeyLocks {
    pub(crate) async fn lock(self: &Arc<Self>, key: &BStr) -> KeyGuard {
        let (interest, lock) = self.want(key);
        KeyGuard { _held: lock.lock_owned().await, interest }
    }

    pub(crate) fn try_lock(self: &Arc<Self>, key: &BStr) -> Option<KeyGuard> {
        let (interest, lock) = self.want(key);
        let held = lock.try_lock_owned().ok()?;
        Some(KeyGuard { _held: held, interest })
    }

    /// Keys that someone holds or waits for.
    pub(crate) fn len(&self) -> usize {
        self.wanted.lock().len()
    }

    fn want(self: &Arc<Self>, key: &BStr) -> (Interest, Arc<tokio::sync::Mutex<()>>) {
        let key: Box<BStr> = Box::<[u8]>::from(&**key).into();
        let mut all = self.wanted.lock();
        let wanted = all.entry(key.clone()).or_default();
        wanted.by += 1;
        (Interest { locks: Arc::clone(self), key }, Arc::clone(&wanted.lock))
    }
}

impl KeyGuard {
    /// The key.
    pub fn key(&self) -> &BStr {
        &self.interest.key
    }
}

impl fmt::Debug for KeyGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("KeyGuard").field(&self.key()).finish()
    }
}

impl Drop for Interest {
    fn drop(&mut self) {
        let mut all = self.locks.wanted.lock();
        if let Some(wanted) = all.get_mut(&self.key) {
            wanted.by -= 1;
            if wanted.by == 0 {
                all.remove(&self.key);
            }
        }
    }
}
