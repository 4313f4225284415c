//! One table: shards under locks, their common bound, and the operations by Kamailio's names.

pub(crate) mod budget;
pub(crate) mod cursor;
pub(crate) mod error;
pub(crate) mod lock;
pub(crate) mod pattern;
pub(crate) mod settings;
pub(crate) mod shard;
pub(crate) mod slab;
pub(crate) mod tables;
pub(crate) mod value;

use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use bstr::BStr;
use parking_lot::Mutex;

use crate::htable::budget::Budget;
use crate::htable::cursor::Cursor;
use crate::htable::error::{AddError, Presence, SetError};
use crate::htable::lock::{KeyGuard, KeyLocks};
use crate::htable::pattern::{Field, Pattern};
use crate::htable::settings::{Due, TableSettings};
use crate::htable::shard::{Key, Shard};
use crate::htable::value::{Record, Value};

/// A table of keys and values for any number of threads, with an end for each item.
///
/// An item is there until `now` reaches its end; from that moment no call returns, counts or matches it. Its
/// memory goes with [`Table::expire`], which the driver calls from a timer and which hands it out as an event.
///
/// **Bounds.** Items and bytes ([`TableSettings::max_items`], [`TableSettings::max_bytes`]) are counted for the
/// whole table, expired items included until they are handed out. A write that finds no room first drops expired
/// items without an event (counted in [`TableStats::lost_events`]); if there are none it is refused. Nothing that
/// lives is ever dropped to make room.
///
/// **Locks.** Each call locks one shard for the operation alone; walks lock a shard for some items at a time. No
/// lock is held when a call returns, but by [`Table::lock_key`].
///
/// Source: Kamailio's `htable`. Other than there: an expired item never matches and is not shown by an iteration;
/// a time given to a single item counts in tables without `autoexpire`, too.
pub struct Table {
    rules: TableSettings,
    shards: Box<[Mutex<Shard>]>,
    hasher: RandomState,
    budget: Budget,
    locks: Arc<KeyLocks>,
}

/// What a table holds and what it has seen since it was made.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct TableStats {
    /// Items, with those that expired and were not handed out yet.
    pub items: usize,
    /// What they count, see [`TableSettings::max_bytes`].
    pub bytes: usize,
    /// Items that expired and were taken out.
    pub expired: u64,
    /// Expired items that were dropped without an event, because the table was full.
    pub lost_events: u64,
    /// Writes that were refused, because the table was full.
    pub refused: u64,
    /// Keys that someone locks or waits for.
    pub locked_keys: usize,
}

/// Slots that a walk looks at under one lock.
const STRIDE: usize = 128;
/// Expired items that a write to a full table drops in each shard.
const ROOM: usize = 256;

impl Table {
    /// An empty table.
    pub fn new(rules: TableSettings) -> Self {
        let shards = (0..rules.shards()).map(|_| Mutex::default()).collect();
        let budget = Budget::new(&rules);
        Self { rules, shards, hasher: RandomState::new(), budget, locks: Arc::default() }
    }

    /// What the table was declared with.
    pub fn settings(&self) -> &TableSettings {
        &self.rules
    }

    /// The value of a key (`sht_get`): the table's `initval` where there is no item.
    pub fn get(&self, now: Instant, key: impl AsRef<[u8]>) -> Option<Value> {
        let (shard, key) = self.place(key.as_ref());
        let value = shard.lock().get(now, key).map(|item| item.value.clone());
        value.or(self.rules.initval.map(Value::Int))
    }

    /// What stands under a key: `sht_is_null`.
    pub fn presence(&self, now: Instant, key: impl AsRef<[u8]>) -> Presence {
        let (shard, key) = self.place(key.as_ref());
        match (shard.lock().get(now, key), self.rules.initval) {
            (Some(_), _) => Presence::Set,
            (None, Some(_)) => Presence::Initial,
            (None, None) => Presence::Absent,
        }
    }

    /// How long an item still lives (`$shtex`); `None` when it is not there or never ends.
    pub fn lifetime(&self, now: Instant, key: impl AsRef<[u8]>) -> Option<Duration> {
        let (shard, key) = self.place(key.as_ref());
        let due = shard.lock().get(now, key).and_then(|item| item.due());
        due.map(|due| due.saturating_duration_since(now))
    }

    /// Stores a value (`sht_sets`, `sht_seti`). A new item lives `autoexpire`; one that exists gets that time
    /// again if `updateexpire` says so, else it keeps its end.
    ///
    /// # Errors
    ///
    /// [`SetError`], -1 in a script; the table is as it was.
    pub fn set(&self, now: Instant, key: impl AsRef<[u8]>, value: impl Into<Value>) -> Result<(), SetError> {
        self.write(now, key.as_ref(), value.into(), self.rules.due(now))
    }

    /// Stores a value and its end (`sht_setxs`, `sht_setxi`), whatever the table's `updateexpire` is.
    ///
    /// # Errors
    ///
    /// As [`Table::set`].
    pub fn set_for(
        &self,
        now: Instant,
        key: impl AsRef<[u8]>,
        value: impl Into<Value>,
        lifetime: Duration,
    ) -> Result<(), SetError> {
        self.write(now, key.as_ref(), value.into(), Due { at: now.checked_add(lifetime), renew: true })
    }

    /// Changes how long an item lives from now on (`sht_setex`); `None`: for ever, which scripts write as 0.
    /// Whether there is such an item; `sht_setex` answers 1 in both cases.
    pub fn setex(&self, now: Instant, key: impl AsRef<[u8]>, lifetime: Option<Duration>) -> bool {
        let (shard, key) = self.place(key.as_ref());
        let due = lifetime.and_then(|lifetime| now.checked_add(lifetime));
        shard.lock().set_due(now, key, due)
    }

    /// Adds one and returns the sum (`sht_inc`), in one step for all threads.
    ///
    /// # Errors
    ///
    /// [`AddError`], each -255 in a script ([`AddError::code`]); the table is as it was.
    pub fn inc(&self, now: Instant, key: impl AsRef<[u8]>) -> Result<i64, AddError> {
        self.add(now, key, 1)
    }

    /// Takes one away and returns the rest (`sht_dec`), in one step for all threads.
    ///
    /// # Errors
    ///
    /// As [`Table::inc`].
    pub fn dec(&self, now: Instant, key: impl AsRef<[u8]>) -> Result<i64, AddError> {
        self.add(now, key, -1)
    }

    /// Adds a number and returns the sum, in one step for all threads. Where there is no item, `initval` is
    /// added to and a new item has the sum.
    ///
    /// # Errors
    ///
    /// As [`Table::inc`].
    pub fn add(&self, now: Instant, key: impl AsRef<[u8]>, number: i64) -> Result<i64, AddError> {
        let (shard, key) = self.place(key.as_ref());
        let (sum, due) = ((number, self.rules.initval), self.rules.due(now));
        self.fits(key.text.len() + TableSettings::ITEM_BYTES)?;
        let first = shard.lock().add(now, key, sum, due, &self.budget);
        let Err(AddError::Room(SetError::Full)) = first else { return first };
        self.make_room(now);
        let second = shard.lock().add(now, key, sum, due, &self.budget);
        second.inspect_err(|_| self.count_refused())
    }

    /// Removes an item (`sht_rm`) and returns what it had.
    pub fn rm(&self, now: Instant, key: impl AsRef<[u8]>) -> Option<Value> {
        let (shard, key) = self.place(key.as_ref());
        shard.lock().remove(now, key, &self.budget)
    }

    /// Removes the items that match (`sht_rm_name`, `sht_rm_value`); the result is how many.
    pub fn rm_matching(&self, now: Instant, field: Field, pattern: &Pattern) -> usize {
        let mut removed = 0;
        for shard in &self.shards {
            let mut next = Some(0);
            while let Some(from) = next {
                next = shard.lock().remove_where(now, from, STRIDE, &self.budget, |item| {
                    let matches = pattern.is_match_of(field, item);
                    removed += usize::from(matches);
                    matches
                });
            }
        }
        removed
    }

    /// Whether an item matches: `sht_match_name`, `sht_match_str_value`.
    pub fn any_matching(&self, now: Instant, field: Field, pattern: &Pattern) -> bool {
        self.count(now, field, pattern, 1) > 0
    }

    /// How many items match: `sht_cn`, `$shtcn`, `$shtcv`.
    pub fn count_matching(&self, now: Instant, field: Field, pattern: &Pattern) -> usize {
        self.count(now, field, pattern, usize::MAX)
    }

    /// Removes all items, without events: `sht_reset` (which answers 0).
    pub fn reset(&self) {
        for shard in &self.shards {
            let old = std::mem::take(&mut *shard.lock());
            old.give_back(&self.budget);
        }
    }

    /// The next item of a walk (`sht_iterator_next`); `None` at the end.
    ///
    /// An item that is in the table from the first step to the last is shown once. One that comes or goes
    /// meanwhile may be shown or not; a value may be the one of a few steps before. No lock is held afterwards.
    pub fn next(&self, now: Instant, cursor: &mut Cursor) -> Option<Record> {
        loop {
            while let Some(record) = cursor.read.pop_front() {
                if record.expires.is_none_or(|due| now < due) {
                    return Some(record);
                }
            }
            let shard = self.shards.get(cursor.shard)?;
            let read = &mut cursor.read;
            let next = shard.lock().walk(now, cursor.slot, STRIDE, |item| read.push_back(item.to_record()));
            (cursor.shard, cursor.slot) = match next {
                Some(slot) => (cursor.shard, slot),
                None => (cursor.shard + 1, 0),
            };
        }
    }

    /// The items of one moment or of some moments, as [`Table::next`] has them.
    pub fn iter(&self, now: Instant) -> impl Iterator<Item = Record> {
        let mut cursor = Cursor::new();
        std::iter::from_fn(move || self.next(now, &mut cursor))
    }

    /// Takes out what ended by `now`, at most `most` items, and adds it to `out`: the events
    /// `htable:expired:TABLE`. The result is how many; as many as `most` means that there may be more.
    ///
    /// Every item that expires comes here once, also when its key was written anew before, unless the table was
    /// full (see [`TableStats::lost_events`]) or reset.
    pub fn expire(&self, now: Instant, most: usize, out: &mut Vec<Record>) -> usize {
        let mut left = most;
        for shard in &self.shards {
            while left > 0 {
                let asked = left.min(STRIDE);
                let got = shard.lock().expire(now, asked, &self.budget, out);
                left -= got;
                if got < asked {
                    break;
                }
            }
        }
        most - left
    }

    /// When [`Table::expire`] next has something to take out; `None`: never, as things are.
    pub fn poll_timeout(&self, now: Instant) -> Option<Instant> {
        self.shards.iter().filter_map(|shard| shard.lock().next_due(now)).min()
    }

    /// Waits for the lock of a key (`sht_lock`) and holds it until the guard is dropped.
    ///
    /// It keeps out others who lock the key, and nobody else: `get`, `set` and their kin go on. (Kamailio's keeps
    /// out every access to the slot.) Each wait is in turn. Who holds a lock and asks for it again, or two
    /// who hold one and ask for the other's, wait for ever; use [`Table::add`] where a number is all.
    pub async fn lock_key(&self, key: impl AsRef<[u8]>) -> KeyGuard {
        self.locks.lock(BStr::new(key.as_ref())).await
    }

    /// The lock of a key, if nobody has it.
    pub fn try_lock_key(&self, key: impl AsRef<[u8]>) -> Option<KeyGuard> {
        self.locks.try_lock(BStr::new(key.as_ref()))
    }

    /// What the table holds and has seen.
    pub fn stats(&self) -> TableStats {
        TableStats {
            items: self.budget.items(),
            bytes: self.budget.bytes(),
            expired: self.budget.expired.load(Relaxed),
            lost_events: self.budget.lost_events.load(Relaxed),
            refused: self.budget.refused.load(Relaxed),
            locked_keys: self.locks.len(),
        }
    }

    /// How many items match; the walk ends when it has seen `enough`.
    fn count(&self, now: Instant, field: Field, pattern: &Pattern, enough: usize) -> usize {
        let mut found = 0;
        for shard in &self.shards {
            let mut next = Some(0);
            while let Some(from) = next.filter(|_| found < enough) {
                next = shard.lock().walk(now, from, STRIDE, |item| {
                    found += usize::from(pattern.is_match_of(field, item));
                });
            }
        }
        found
    }

    fn write(&self, now: Instant, key: &[u8], value: Value, due: Due) -> Result<(), SetError> {
        self.fits(key.len() + value.bytes() + TableSettings::ITEM_BYTES)?;
        let (shard, key) = self.place(key);
        let again = match shard.lock().set(now, key, value, due, &self.budget) {
            Ok(()) => return Ok(()),
            Err(value) => value,
        };
        self.make_room(now);
        let second = shard.lock().set(now, key, again, due, &self.budget);
        second.map_err(|_| {
            self.count_refused();
            SetError::Full
        })
    }

    fn fits(&self, bytes: usize) -> Result<(), SetError> {
        let most = self.rules.max_bytes;
        if bytes <= most {
            return Ok(());
        }
        self.count_refused();
        Err(SetError::TooLarge { bytes, most })
    }

    fn count_refused(&self) {
        self.budget.refused.fetch_add(1, Relaxed);
    }

    fn make_room(&self, now: Instant) {
        self.shards.iter().for_each(|shard| shard.lock().make_room(now, ROOM, &self.budget));
    }

    fn place<'a>(&self, key: &'a [u8]) -> (&Mutex<Shard>, Key<'a>) {
        let hash = self.hasher.hash_one(key);
        let shard = &self.shards[(hash >> 32) as usize % self.shards.len()];
        (shard, Key { text: BStr::new(key), hash: hash as u32 }) // the half that chose no shard
    }
}

impl fmt::Debug for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Table").field("rules", &self.rules).field("stats", &self.stats()).finish()
    }
}
