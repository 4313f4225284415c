//! Gates: one change of an address of record at a time, in the order of arrival.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

use parking_lot::Mutex;
use sip_registrar::Aor;
use tokio::sync::OwnedMutexGuard;

/// How many may stand at one gate; a phone sends one REGISTER after the other.
const QUEUE: usize = 64;
const SHARDS: usize = 64;

type Gate = Arc<tokio::sync::Mutex<()>>;
type Shard = Mutex<HashMap<Aor, Gate>>;

/// The gates that somebody stands at.
#[derive(Clone, Debug)]
pub(crate) struct Gates {
    shards: Arc<[Shard]>,
    hasher: RandomState,
}

/// The right to change an address of record; who drops it lets the next one in.
#[derive(Debug)]
pub(crate) struct Pass {
    guard: Option<OwnedMutexGuard<()>>,
    gate: Option<Gate>,
    gates: Gates,
    aor: Aor,
}

impl Gates {
    pub(crate) fn new() -> Self {
        Self { shards: (0..SHARDS).map(|_| Shard::default()).collect(), hasher: RandomState::new() }
    }

    fn shard(&self, aor: &Aor) -> &Shard {
        &self.shards[self.hasher.hash_one(aor) as usize % SHARDS]
    }

    /// Waits at the gate of `aor`. `None`: too many stand there.
    pub(crate) async fn enter(&self, aor: &Aor) -> Option<Pass> {
        let gate = {
            let mut shard = self.shard(aor).lock();
            let gate = shard.entry(aor.clone()).or_default();
            if Arc::strong_count(gate) > QUEUE {
                return None;
            }
            gate.clone()
        };
        // Made before the wait: a route that is dropped there leaves no gate behind.
        let mut pass = Pass { guard: None, gate: Some(gate.clone()), gates: self.clone(), aor: aor.clone() };
        pass.guard = Some(gate.lock_owned().await);
        Some(pass)
    }

    /// Goes through if nobody stands there.
    pub(crate) fn try_enter(&self, aor: &Aor) -> Option<Pass> {
        let gate = self.shard(aor).lock().entry(aor.clone()).or_default().clone();
        let guard = Arc::clone(&gate).try_lock_owned();
        let mut pass = Pass { guard: None, gate: Some(gate), gates: self.clone(), aor: aor.clone() };
        pass.guard = Some(guard.ok()?);
        Some(pass)
    }

    #[cfg(test)]
    fn len(&self) -> usize {
        self.shards.iter().map(|shard| shard.lock().len()).sum()
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        let mut shard = self.gates.shard(&self.aor).lock();
        self.guard = None; // lets the next one in
        self.gate = None;
        if shard.get(&self.aor).is_some_and(|gate| Arc::strong_count(gate) == 1) {
            shard.remove(&self.aor);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_is_let_in_at_a_time_in_order_and_nothing_is_left() {
        let gates = Gates::new();
        let bob = Aor::from_bytes(b"bob");
        let first = gates.enter(&bob).await.expect("free");
        assert!(gates.try_enter(&bob).is_none());
        let order = Arc::new(Mutex::new(Vec::new()));
        let waiting: Vec<_> = (0..3)
            .map(|n| {
                let (gates, bob, order) = (gates.clone(), bob.clone(), order.clone());
                tokio::spawn(async move {
                    let _pass = gates.enter(&bob).await.expect("a place");
                    order.lock().push(n);
                })
            })
            .collect();
        tokio::task::yield_now().await;
        assert!(gates.enter(&Aor::from_bytes(b"alice")).await.is_some(), "another address waits for nobody");
        drop(first);
        for task in waiting {
            task.await.expect("let in");
        }
        assert_eq!(*order.lock(), [0, 1, 2]);
        assert_eq!(gates.len(), 0);
    }

    #[tokio::test]
    async fn who_gives_up_while_waiting_leaves_no_gate_behind_and_a_full_one_refuses() {
        let gates = Gates::new();
        let bob = Aor::from_bytes(b"bob");
        let first = gates.enter(&bob).await.expect("free");
        let mut crowd = Vec::new();
        loop {
            let (gates, bob) = (gates.clone(), bob.clone());
            crowd.push(tokio::spawn(async move { gates.enter(&bob).await.is_some() }));
            tokio::task::yield_now().await;
            if crowd.last().is_some_and(|task| task.is_finished()) {
                break; // it was refused
            }
            assert!(crowd.len() <= QUEUE, "a gate has a bound");
        }
        crowd.iter().for_each(|task| task.abort());
        for task in crowd {
            let _ = task.await;
        }
        drop(first);
        assert_eq!(gates.len(), 0);
    }
}
