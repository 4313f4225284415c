//! Items in numbered slots, with those that end at a time in a heap. Slots stay where they are, so that an
//! iteration can stop at a number and go on from there.

use std::time::Instant;

use bstr::BStr;

use crate::htable::settings::TableSettings;
use crate::htable::value::{Record, Value};

/// One item of a table.
#[derive(Debug)]
pub(crate) struct Item {
    pub(crate) key: Box<BStr>,
    pub(crate) value: Value,
    /// When it ends. Changed by [`Slab::set_due`] alone.
    due: Option<Instant>,
    /// Its place in the heap.
    seat: u32,
    /// Of the key: for the index.
    pub(crate) hash: u32,
}

/// The seat of an item that never ends.
const NO_SEAT: u32 = u32::MAX;

/// Slots of an empty shard that are not given back.
pub(crate) const WORTH_KEEPING: usize = 64;

impl Item {
    pub(crate) fn new(key: Box<BStr>, hash: u32, value: Value) -> Self {
        Self { key, value, due: None, seat: NO_SEAT, hash }
    }

    pub(crate) fn is_live(&self, now: Instant) -> bool {
        self.due.is_none_or(|due| now < due)
    }

    pub(crate) fn due(&self) -> Option<Instant> {
        self.due
    }

    pub(crate) fn into_record(self) -> Record {
        Record { key: self.key, value: self.value, expires: self.due }
    }

    pub(crate) fn to_record(&self) -> Record {
        Record { key: self.key.clone(), value: self.value.clone(), expires: self.due }
    }

    pub(crate) fn bytes(&self) -> usize {
        item_bytes(&self.key, &self.value)
    }
}

/// What an item counts against the bound of its table.
pub(crate) fn item_bytes(key: &BStr, value: &Value) -> usize {
    key.len() + value.bytes() + TableSettings::ITEM_BYTES
}

/// The items of one shard.
#[derive(Debug, Default)]
pub(crate) struct Slab {
    slots: Vec<Option<Item>>,
    free: Vec<u32>,
    /// Slots whose item ends, as a binary heap: the earliest first.
    heap: Vec<u32>,
}

impl Slab {
    /// One more than the highest slot.
    pub(crate) fn end(&self) -> usize {
        self.slots.len()
    }

    pub(crate) fn item(&self, slot: u32) -> Option<&Item> {
        self.slots.get(slot as usize)?.as_ref()
    }

    pub(crate) fn item_mut(&mut self, slot: u32) -> Option<&mut Item> {
        self.slots.get_mut(slot as usize)?.as_mut()
    }

    /// A slot for an item; the item comes back when there are 2^32.
    pub(crate) fn insert(&mut self, item: Item) -> Result<u32, Item> {
        if let Some(slot) = self.free.pop() {
            self.slots[slot as usize] = Some(item);
            return Ok(slot);
        }
        let Some(slot) = u32::try_from(self.slots.len()).ok().filter(|&slot| slot < NO_SEAT) else {
            return Err(item);
        };
        self.slots.push(Some(item));
        Ok(slot)
    }

    pub(crate) fn remove(&mut self, slot: u32) -> Option<Item> {
        let due = self.item(slot)?.due;
        self.set_due(slot, None);
        let mut item = self.slots[slot as usize].take()?;
        item.due = due;
        self.free.push(slot);
        if self.free.len() == self.slots.len() && self.free.len() > WORTH_KEEPING {
            *self = Self::default();
        }
        Some(item)
    }

    /// The slot whose item ends first, and when.
    pub(crate) fn first_due(&self) -> Option<(Instant, u32)> {
        let slot = *self.heap.first()?;
        Some((self.item(slot)?.due?, slot))
    }

    /// Gives an item its end.
    pub(crate) fn set_due(&mut self, slot: u32, due: Option<Instant>) {
        let Some(item) = self.item_mut(slot) else { return };
        item.due = due;
        let seat = item.seat as usize;
        match (item.seat == NO_SEAT, due) {
            (true, None) => {}
            (true, Some(_)) => {
                self.heap.push(slot);
                self.sift_up(self.heap.len() - 1);
            }
            (false, Some(_)) => {
                self.sift_up(seat);
                self.sift_down(seat);
            }
            (false, None) => {
                item.seat = NO_SEAT;
                self.heap.swap_remove(seat);
                if seat < self.heap.len() {
                    self.sift_up(seat);
                    self.sift_down(seat);
                }
            }
        }
    }

    /// Moves what sits at `seat` up to where it belongs, and tells every one its seat on the way.
    fn sift_up(&mut self, mut seat: usize) {
        let slot = self.heap[seat];
        while seat > 0 {
            let parent = (seat - 1) / 2;
            if self.end_of(self.heap[parent]) <= self.end_of(slot) {
                break;
            }
            self.sit(seat, self.heap[parent]);
            seat = parent;
        }
        self.sit(seat, slot);
    }

    fn sift_down(&mut self, mut seat: usize) {
        let slot = self.heap[seat];
        loop {
            let left = 2 * seat + 1;
            let right = (left + 1).min(self.heap.len().saturating_sub(1));
            if left >= self.heap.len() {
                break;
            }
            let child =
                if self.end_of(self.heap[right]) < self.end_of(self.heap[left]) { right } else { left };
            if self.end_of(slot) <= self.end_of(self.heap[child]) {
                break;
            }
            self.sit(seat, self.heap[child]);
            seat = child;
        }
        self.sit(seat, slot);
    }

    fn sit(&mut self, seat: usize, slot: u32) {
        self.heap[seat] = slot;
        if let Some(item) = self.item_mut(slot) {
            item.seat = seat as u32; // as many seats as slots, and those are u32
        }
    }

    /// For comparisons within the heap, where everyone has an end.
    fn end_of(&self, slot: u32) -> Option<Instant> {
        self.item(slot).and_then(|item| item.due)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn item_is_a_slot_of_56_bytes() {
        assert_eq!(size_of::<Option<Item>>(), 56);
    }

    #[test]
    #[allow(clippy::disallowed_methods, reason = "a start for the virtual clock")]
    fn heap_gives_the_earliest_after_any_changes() {
        let start = Instant::now();
        let mut slab = Slab::default();
        let mut seed = 7_u64;
        let mut random = |below: u64| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) % below
        };
        for _ in 0..20_000 {
            let slot = random(200) as u32;
            let due = Some(random(50)).filter(|&s| s > 5).map(|s| start + Duration::from_secs(s));
            match random(3) {
                0 => drop(slab.remove(slot)),
                1 => slab.set_due(slot, due),
                _ if slab.end() < 200 || !slab.free.is_empty() => {
                    let slot = slab.insert(Item::new(Box::default(), 0, Value::Int(0))).unwrap();
                    slab.set_due(slot, due);
                }
                _ => {}
            }
            let ends = slab.slots.iter().flatten().filter_map(Item::due);
            assert_eq!(slab.first_due().map(|(due, _)| due), ends.clone().min());
            assert_eq!(slab.heap.len(), ends.count());
        }
    }
}
