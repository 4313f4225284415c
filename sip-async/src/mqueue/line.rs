//! The items of a queue in order. Plain `&mut self`; the lock and the waiting are the caller's.

use std::collections::VecDeque;
use std::hash::{BuildHasher, RandomState};

use bstr::BStr;
use hashbrown::HashTable;

use crate::mqueue::settings::{AddMode, Overflow, QueueSettings};

/// One item of a queue: what `$mqk` and `$mqv` show after a fetch.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct QueueItem {
    /// The key.
    pub key: Box<BStr>,
    /// The value.
    pub value: Box<BStr>,
}

impl QueueItem {
    fn bytes(&self) -> usize {
        self.key.len() + self.value.len() + QueueSettings::ITEM_BYTES
    }
}

/// What became of an item that was added.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Added {
    /// It stands at the end.
    Queued,
    /// It stands at the end; the one of this key is gone (`addmode=2`).
    Replaced,
    /// It was left out: the queue has one of this key (`addmode=1`).
    Ignored,
    /// It stands at the end; this many of the oldest are gone.
    DroppedOldest(usize),
}

/// Why an item was not added. `mq_add` answers -1.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum QueueError {
    /// The queue is full and refuses (`overflow=refuse`).
    #[error("the queue is full")]
    Full,
    /// The item alone is more than the queue holds.
    #[error("an item of {bytes} bytes is more than the {most} of the queue")]
    TooLarge {
        /// What the item counts.
        bytes: usize,
        /// The bound of the queue.
        most: usize,
    },
}

/// Numbers in a row: place `n` of the line has the number `first + n` and keeps it.
#[derive(Debug, Default)]
pub(crate) struct Line {
    /// `None` where an item of the middle was replaced.
    places: VecDeque<Option<QueueItem>>,
    first: u64,
    items: usize,
    bytes: usize,
    /// Key to number, where keys are unique. The keys themselves stand in `places`.
    numbers: HashTable<u64>,
    hasher: RandomState,
}

/// Places that may be empty before the line is closed up.
const SLACK: usize = 32;

impl Line {
    pub(crate) fn len(&self) -> usize {
        self.items
    }

    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Adds an item as `rules` has it; nothing changes on an error.
    pub(crate) fn add(&mut self, rules: &QueueSettings, item: QueueItem) -> Result<Added, QueueError> {
        let bytes = item.bytes();
        let most_items = rules.max_items.unwrap_or(usize::MAX);
        if bytes > rules.max_bytes {
            return Err(QueueError::TooLarge { bytes, most: rules.max_bytes });
        }
        let twin = match rules.add_mode {
            AddMode::Duplicates => None,
            AddMode::KeepOldest | AddMode::KeepNewest => self.number_of(&item.key),
        };
        if twin.is_some() && rules.add_mode == AddMode::KeepOldest {
            return Ok(Added::Ignored);
        }
        let freed = twin.and_then(|number| self.at(number)).map_or(0, QueueItem::bytes);
        let over = |items: usize, held: usize| items >= most_items || held + bytes > rules.max_bytes;
        let left = self.items - usize::from(twin.is_some());
        if rules.overflow == Overflow::Refuse && over(left, self.bytes - freed) {
            return Err(QueueError::Full);
        }
        if let Some(number) = twin {
            self.take(number, rules);
        }
        let mut dropped = 0;
        while self.items > 0 && over(self.items, self.bytes) {
            self.fetch(rules);
            dropped += 1;
        }
        self.push(rules, item);
        Ok(match (dropped, twin) {
            (0, None) => Added::Queued,
            (0, Some(_)) => Added::Replaced,
            _ => Added::DroppedOldest(dropped),
        })
    }

    /// Takes the oldest item.
    pub(crate) fn fetch(&mut self, rules: &QueueSettings) -> Option<QueueItem> {
        while let Some(None) = self.places.front() {
            self.places.pop_front();
            self.first += 1;
        }
        let item = self.take(self.first, rules);
        if self.places.pop_front().is_some() {
            self.first += 1;
        }
        if self.places.is_empty() && self.places.capacity() > 1024 {
            self.places = VecDeque::new(); // a burst is over
            self.numbers = HashTable::new();
        }
        item
    }

    fn at(&self, number: u64) -> Option<&QueueItem> {
        at(&self.places, self.first, number)
    }

    fn number_of(&self, key: &BStr) -> Option<u64> {
        let same = |&number: &u64| self.at(number).is_some_and(|item| *item.key == *key);
        self.numbers.find(self.hasher.hash_one(key), same).copied()
    }

    fn push(&mut self, rules: &QueueSettings, item: QueueItem) {
        if self.places.len() > 2 * self.items + SLACK {
            self.close_up();
        }
        let number = self.first + self.places.len() as u64;
        let hash = (rules.add_mode != AddMode::Duplicates).then(|| self.hasher.hash_one(&*item.key));
        self.items += 1;
        self.bytes += item.bytes();
        self.places.push_back(Some(item));
        if let Some(hash) = hash {
            let Self { places, first, numbers, hasher, .. } = self;
            numbers.insert_unique(hash, number, |&n| hash_of(hasher, places, *first, n));
        }
    }

    /// Takes an item out of its place; the place stays.
    fn take(&mut self, number: u64, rules: &QueueSettings) -> Option<QueueItem> {
        let place = usize::try_from(number.checked_sub(self.first)?).ok()?;
        let item = self.places.get_mut(place)?.take()?;
        self.items -= 1;
        self.bytes -= item.bytes();
        if rules.add_mode != AddMode::Duplicates
            && let Ok(entry) = self.numbers.find_entry(self.hasher.hash_one(&*item.key), |&n| n == number)
        {
            entry.remove();
        }
        Some(item)
    }

    /// Takes out empty places; only a queue with unique keys has them.
    fn close_up(&mut self) {
        self.places.retain(Option::is_some);
        let Self { places, first, numbers, hasher, .. } = self;
        numbers.clear();
        for (number, item) in (*first..).zip(places.iter().flatten()) {
            let hash = hasher.hash_one(&*item.key);
            numbers.insert_unique(hash, number, |&n| hash_of(hasher, places, *first, n));
        }
    }
}

fn at(places: &VecDeque<Option<QueueItem>>, first: u64, number: u64) -> Option<&QueueItem> {
    let place = usize::try_from(number.checked_sub(first)?).ok()?;
    places.get(place)?.as_ref()
}

fn hash_of(hasher: &RandomState, places: &VecDeque<Option<QueueItem>>, first: u64, number: u64) -> u64 {
    at(places, first, number).map_or(0, |item| hasher.hash_one(&*item.key)) // each number has its item
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_of_replaced_items_are_closed_up() {
        let rules = QueueSettings { add_mode: AddMode::KeepNewest, ..QueueSettings::default() };
        let mut line = Line::default();
        let item =
            |key: &str| QueueItem { key: Box::<[u8]>::from(key.as_bytes()).into(), value: Box::default() };
        line.add(&rules, item("first")).unwrap();
        for _ in 0..10_000 {
            line.add(&rules, item("again")).unwrap();
            assert!(line.places.len() <= 2 * line.len() + SLACK + 1);
            assert_eq!(line.numbers.len(), 2);
        }
    }
}
