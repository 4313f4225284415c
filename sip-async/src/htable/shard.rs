//! One shard: key -> item. Plain `&mut self`; the lock and the clock are the caller's.
//!
//! An item whose end has come is absent for every question. It stays in its slot until [`Shard::expire`] hands it
//! out, or until its key is written anew; then it waits among the displaced.

use std::collections::VecDeque;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Instant;

use bstr::BStr;
use hashbrown::HashTable;

use crate::htable::budget::Budget;
use crate::htable::error::{AddError, SetError};
use crate::htable::settings::Due;
use crate::htable::slab::{Item, Slab, WORTH_KEEPING, item_bytes};
use crate::htable::value::{Record, Value};

/// A key and its hash.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Key<'a> {
    pub(crate) text: &'a BStr,
    pub(crate) hash: u32,
}

/// A part of a table.
#[derive(Debug, Default)]
pub(crate) struct Shard {
    slab: Slab,
    /// Hash of the key -> slot.
    index: HashTable<u32>,
    /// Expired items whose key was written anew before they were handed out.
    displaced: VecDeque<Record>,
}

impl Shard {
    /// The item of a key.
    pub(crate) fn get(&self, now: Instant, key: Key<'_>) -> Option<&Item> {
        self.slab.item(self.find(key)?).filter(|item| item.is_live(now))
    }

    /// Stores a value; gives it back where the budget has no room.
    pub(crate) fn set(
        &mut self,
        now: Instant,
        key: Key<'_>,
        value: Value,
        due: Due,
        budget: &Budget,
    ) -> Result<(), Value> {
        let Some(slot) = self.find(key) else { return self.insert(key, value, due, budget) };
        let Some(item) = self.slab.item_mut(slot) else { return Err(value) };
        if !item.is_live(now) {
            return self.displace(slot, value, due, budget);
        }
        let (old, new) = (item.value.bytes(), value.bytes());
        if new > old && !budget.take_bytes(new - old) {
            return Err(value);
        }
        budget.give_bytes(old.saturating_sub(new));
        item.value = value;
        if due.renew {
            self.slab.set_due(slot, due.at);
        }
        Ok(())
    }

    /// Adds to a number; an absent one begins at `initial`.
    pub(crate) fn add(
        &mut self,
        now: Instant,
        key: Key<'_>,
        (delta, initial): (i64, Option<i64>),
        due: Due,
        budget: &Budget,
    ) -> Result<i64, AddError> {
        let live =
            self.get(now, key).map(|item| item.value.as_int().ok_or(AddError::NotANumber)).transpose()?;
        let sum = live.or(initial).ok_or(AddError::Absent)?.checked_add(delta).ok_or(AddError::Overflow)?;
        match self.set(now, key, Value::Int(sum), due, budget) {
            Ok(()) => Ok(sum),
            Err(_) => Err(SetError::Full.into()),
        }
    }

    /// Gives an item its end; whether there is one.
    pub(crate) fn set_due(&mut self, now: Instant, key: Key<'_>, due: Option<Instant>) -> bool {
        let slot = self.find(key).filter(|&slot| self.slab.item(slot).is_some_and(|item| item.is_live(now)));
        slot.inspect(|&slot| self.slab.set_due(slot, due)).is_some()
    }

    pub(crate) fn remove(&mut self, now: Instant, key: Key<'_>, budget: &Budget) -> Option<Value> {
        let slot =
            self.find(key).filter(|&slot| self.slab.item(slot).is_some_and(|item| item.is_live(now)))?;
        let item = self.take(slot)?;
        budget.give_item(item.bytes());
        Some(item.value)
    }

    /// Shows live items from slot `from` on, `most` slots at the most. The result is where to go on.
    pub(crate) fn walk(
        &self,
        now: Instant,
        from: usize,
        most: usize,
        mut see: impl FnMut(&Item),
    ) -> Option<usize> {
        let to = self.slab.end().min(from.saturating_add(most));
        let items = (from..to).filter_map(|slot| self.slab.item(slot as u32)); // slots are u32
        items.filter(|item| item.is_live(now)).for_each(&mut see);
        (to < self.slab.end()).then_some(to)
    }

    /// Removes live items that match from slot `from` on. The result is where to go on.
    pub(crate) fn remove_where(
        &mut self,
        now: Instant,
        from: usize,
        most: usize,
        budget: &Budget,
        mut matches: impl FnMut(&Item) -> bool,
    ) -> Option<usize> {
        let to = self.slab.end().min(from.saturating_add(most));
        for slot in from..to {
            let slot = slot as u32; // slots are u32
            if self.slab.item(slot).is_some_and(|item| item.is_live(now) && matches(item))
                && let Some(item) = self.take(slot)
            {
                budget.give_item(item.bytes());
            }
        }
        (to < self.slab.end()).then_some(to)
    }

    /// Hands out what ended by `now`, `most` of it at the most. The result is how many.
    pub(crate) fn expire(
        &mut self,
        now: Instant,
        most: usize,
        budget: &Budget,
        out: &mut Vec<Record>,
    ) -> usize {
        let before = out.len();
        while out.len() - before < most
            && let Some(record) = self.pop_displaced().or_else(|| self.pop_expired(now, budget))
        {
            budget.give_item(item_bytes(&record.key, &record.value));
            out.push(record);
        }
        out.len() - before
    }

    /// Drops what ended by `now` and what waits to be handed out, `most` of it: a full table needs the room.
    pub(crate) fn make_room(&mut self, now: Instant, most: usize, budget: &Budget) {
        for _ in 0..most {
            let Some(record) = self.pop_displaced().or_else(|| self.pop_expired(now, budget)) else { return };
            budget.give_item(item_bytes(&record.key, &record.value));
            budget.lost_events.fetch_add(1, Relaxed);
        }
    }

    /// When [`Shard::expire`] has something to hand out.
    pub(crate) fn next_due(&self, now: Instant) -> Option<Instant> {
        if self.displaced.is_empty() { self.slab.first_due().map(|(due, _)| due) } else { Some(now) }
    }

    /// Gives back the room of everything: for a shard that was taken out of its table.
    pub(crate) fn give_back(self, budget: &Budget) {
        self.displaced.iter().for_each(|record| budget.give_item(item_bytes(&record.key, &record.value)));
        let items = (0..self.slab.end()).filter_map(|slot| self.slab.item(slot as u32)); // slots are u32
        items.for_each(|item| budget.give_item(item.bytes()));
    }

    fn find(&self, key: Key<'_>) -> Option<u32> {
        let same = |&slot: &u32| {
            self.slab.item(slot).is_some_and(|item| item.hash == key.hash && *item.key == *key.text)
        };
        self.index.find(spread(key.hash), same).copied()
    }

    fn insert(&mut self, key: Key<'_>, value: Value, due: Due, budget: &Budget) -> Result<(), Value> {
        let bytes = item_bytes(key.text, &value);
        if !budget.take_item(bytes) {
            return Err(value);
        }
        let item = Item::new(Box::<[u8]>::from(&**key.text).into(), key.hash, value);
        let slot = match self.slab.insert(item) {
            Ok(slot) => slot,
            Err(item) => {
                budget.give_item(bytes);
                return Err(item.value);
            }
        };
        self.slab.set_due(slot, due.at);
        let slab = &self.slab;
        let hash = |&slot: &u32| slab.item(slot).map_or(0, |item| spread(item.hash)); // each has its item
        self.index.insert_unique(spread(key.hash), slot, hash);
        Ok(())
    }

    /// Puts a new value into the place of an expired one, which waits to be handed out.
    fn displace(&mut self, slot: u32, value: Value, due: Due, budget: &Budget) -> Result<(), Value> {
        let Some(item) = self.slab.item_mut(slot) else { return Err(value) };
        if !budget.take_item(item_bytes(&item.key, &value)) {
            return Err(value);
        }
        let old = item.to_record();
        item.value = value;
        self.slab.set_due(slot, due.at);
        self.displaced.push_back(old);
        budget.expired.fetch_add(1, Relaxed);
        Ok(())
    }

    fn pop_displaced(&mut self) -> Option<Record> {
        let record = self.displaced.pop_front()?;
        if self.displaced.is_empty() {
            self.displaced = VecDeque::new();
        }
        Some(record)
    }

    fn pop_expired(&mut self, now: Instant, budget: &Budget) -> Option<Record> {
        let (_, slot) = self.slab.first_due().filter(|&(due, _)| due <= now)?;
        let item = self.take(slot)?;
        budget.expired.fetch_add(1, Relaxed);
        Some(item.into_record())
    }

    fn take(&mut self, slot: u32) -> Option<Item> {
        let item = self.slab.remove(slot)?;
        if let Ok(entry) = self.index.find_entry(spread(item.hash), |&other| other == slot) {
            entry.remove();
        }
        if self.index.is_empty() && self.index.capacity() > WORTH_KEEPING {
            self.index = HashTable::new();
        }
        Some(item)
    }
}

/// hashbrown looks at the highest and the lowest bits.
fn spread(hash: u32) -> u64 {
    u64::from(hash).wrapping_mul(0x9E37_79B9_7F4A_7C15)
}
