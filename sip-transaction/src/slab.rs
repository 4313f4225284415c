//! Slots with generations: a stale id never finds the next tenant.

use crate::id::TransactionId;
use crate::secret::Secret;

/// Values by slot. Each is in a box of its own, so that what was taken in a rush is given back.
#[derive(Debug)]
pub(crate) struct Slab<T> {
    slots: Vec<Slot<T>>,
    free: Vec<u32>,
    len: usize,
    stripe: u32,
    stripe_bits: u32,
}

#[derive(Debug)]
struct Slot<T> {
    label: u32,
    value: Option<Box<T>>,
}

impl<T> Slab<T> {
    pub(crate) fn new(stripe: usize, stripe_bits: u32) -> Slab<T> {
        Slab { slots: Vec::new(), free: Vec::new(), len: 0, stripe: stripe as u32, stripe_bits }
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Puts in what `make` makes of the id that it gets. `None` when no index is left.
    ///
    /// The first label of a slot cannot be guessed; each further tenant has the next one.
    pub(crate) fn insert(
        &mut self,
        secret: &Secret,
        make: impl FnOnce(TransactionId) -> T,
    ) -> Option<TransactionId> {
        let slot = match self.free.pop() {
            Some(slot) => slot,
            None => {
                let slot = u32::try_from(self.slots.len()).ok()?;
                if u64::from(slot) >= 1 << (32 - self.stripe_bits) {
                    return None;
                }
                let seed = (u64::from(self.stripe) << 32 | u64::from(slot)).to_be_bytes();
                let label = secret.mac(b"label", &seed) as u32;
                self.slots.push(Slot { label, value: None });
                slot
            }
        };
        let place = &mut self.slots[slot as usize];
        let index = (u64::from(slot) << self.stripe_bits) as u32 | self.stripe;
        let id = TransactionId { index, label: place.label };
        place.value = Some(Box::new(make(id)));
        self.len += 1;
        Some(id)
    }

    pub(crate) fn get(&self, id: TransactionId) -> Option<&T> {
        let place = self.slots.get(self.slot(id)? as usize)?;
        place.value.as_deref().filter(|_| place.label == id.label)
    }

    pub(crate) fn get_mut(&mut self, id: TransactionId) -> Option<&mut T> {
        let slot = self.slot(id)?;
        let place = self.slots.get_mut(slot as usize)?;
        place.value.as_deref_mut().filter(|_| place.label == id.label)
    }

    /// The tenant of a slot, whoever it is.
    pub(crate) fn at(&self, slot: u32) -> Option<&T> {
        self.slots.get(slot as usize)?.value.as_deref()
    }

    pub(crate) fn remove(&mut self, id: TransactionId) -> Option<Box<T>> {
        self.get(id)?;
        let slot = self.slot(id)?;
        let place = self.slots.get_mut(slot as usize)?;
        let value = place.value.take()?;
        place.label = place.label.wrapping_add(1);
        self.len -= 1;
        self.free.push(slot);
        Some(value)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.slots.iter().filter_map(|slot| slot.value.as_deref())
    }

    pub(crate) fn stripe_bits(&self) -> u32 {
        self.stripe_bits
    }

    /// The slot of an id, if it is one of this stripe.
    fn slot(&self, id: TransactionId) -> Option<u32> {
        (id.stripe(self.stripe_bits) == self.stripe as usize).then(|| id.slot(self.stripe_bits))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slab() -> (Slab<&'static str>, Secret) {
        (Slab::new(5, 3), Secret::new([1; 16]))
    }

    #[test]
    fn stale_id_finds_nothing_when_its_slot_has_a_new_tenant() {
        let (mut slab, secret) = slab();
        let first = slab.insert(&secret, |_| "first").expect("room");
        assert_eq!(slab.remove(first).as_deref(), Some(&"first"));
        let second = slab.insert(&secret, |_| "second").expect("room");
        assert_eq!(first.index, second.index);
        assert_eq!((slab.get(first), slab.get(second)), (None, Some(&"second")));
        assert_eq!(slab.remove(first), None);
        assert_eq!(slab.len(), 1);
    }

    #[test]
    fn id_of_another_stripe_finds_nothing() {
        let (mut slab, secret) = slab();
        let id = slab.insert(&secret, |_| "here").expect("room");
        assert_eq!(id.stripe(3), 5);
        assert_eq!(slab.get(TransactionId { index: id.index ^ 1, ..id }), None);
    }

    #[test]
    fn index_space_has_an_end() {
        let secret = Secret::new([1; 16]);
        let mut slab = Slab::new(0, 31);
        assert!(slab.insert(&secret, |_| ()).is_some());
        assert!(slab.insert(&secret, |_| ()).is_some());
        assert_eq!(slab.insert(&secret, |_| ()), None);
    }
}
