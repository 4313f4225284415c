//! The office: what the keeper of a location, its clerk and its loader share.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use sip_registrar::{Aor, Binding, Bindings, Plan, Registrar};

use crate::store::error::StoreError;
use crate::store::gates::Gates;
use crate::store::ledger::{Books, Ledger};
use crate::store::location::{LocationStore, Stored, Write};
use crate::store::record::{Record, ruid};
use crate::store::settings::{StoreMode, StoreSettings};
use crate::store::times::Times;

/// What the parts of a keeper share.
#[derive(Debug)]
pub(crate) struct Office {
    pub(crate) registrar: Arc<Registrar>,
    pub(crate) store: Arc<dyn LocationStore>,
    pub(crate) settings: StoreSettings,
    pub(crate) gates: Gates,
    pub(crate) ledger: Ledger,
    /// The store was reached and its tables are right.
    pub(crate) is_ready: AtomicBool,
    /// All of the location is in memory.
    pub(crate) is_complete: AtomicBool,
}

impl Office {
    pub(crate) fn ready(&self) -> Result<(), StoreError> {
        if self.is_ready.load(Ordering::Acquire) { Ok(()) } else { Err(StoreError::Starting) }
    }

    /// Sees to it that memory has what the store has of `aor`.
    pub(crate) async fn fetch(&self, aor: &Aor) -> Result<(), StoreError> {
        if self.settings.mode == StoreMode::StoreOnly {
            return self.refresh(aor).await;
        }
        if self.is_complete.load(Ordering::Acquire) || self.ledger.with(|books| books.knows(aor)) {
            return Ok(());
        }
        self.ready()?;
        let stored = self.store.find(aor).await?;
        let times = Times::read();
        self.ledger.with(|books| {
            if books.learn(aor) {
                stored.iter().for_each(|stored| self.take_in(books, stored, &times));
            }
        });
        Ok(())
    }

    /// Makes memory what the store says, but for what memory knows better: the connection of the same registration.
    async fn refresh(&self, aor: &Aor) -> Result<(), StoreError> {
        self.ready()?;
        let before = self.registrar.location().snapshot(aor);
        let stored = self.store.find(aor).await?;
        let times = Times::read();
        let mut after = Bindings::new();
        for Stored { record, .. } in &stored {
            if record.expires <= times.wall {
                continue;
            }
            let binding = Arc::new(record.binding(&times));
            let name = ruid(aor, &binding);
            if record.ruid != name {
                self.ledger.with(|books| books.rewrite_later(aor));
            }
            let is_it = |old: &&Arc<Binding>| old.cseq() == record.cseq && ruid(aor, old) == name;
            let known = before.bindings.iter().find(is_it);
            if !after.iter().any(|other| ruid(aor, other) == name) {
                after.push(known.map_or(binding, Arc::clone));
            }
        }
        let is_same = after.len() == before.bindings.len()
            && after.iter().zip(&before.bindings).all(|(a, b)| Arc::ptr_eq(a, b));
        if !is_same {
            // Whoever was quicker knows more.
            let _ = self.registrar.location().replace(aor, before.version, after);
        }
        Ok(())
    }

    /// Puts a stored binding into memory, unless it has ended or is there.
    pub(crate) fn take_in(&self, books: &mut Books, stored: &Stored, times: &Times) {
        let Stored { record, .. } = stored;
        if record.expires <= times.wall {
            return;
        }
        let aor = &record.aor;
        let binding = Arc::new(record.binding(times));
        let name = ruid(aor, &binding);
        if name != record.ruid {
            books.rewrite_later(aor);
        }
        let location = self.registrar.location();
        loop {
            let snapshot = location.snapshot(aor);
            let mut bindings = snapshot.bindings;
            if bindings.iter().any(|other| ruid(aor, other) == name) {
                books.rewrite_later(aor); // it is stored twice, under two names
                return;
            }
            bindings.push(binding.clone());
            match location.replace(aor, snapshot.version, bindings) {
                Ok(()) => return,
                Err(sip_registrar::ReplaceError::Conflict) => {}
                Err(error) => {
                    tracing::error!(%error, %aor, "a stored contact is not in memory");
                    return;
                }
            }
        }
    }

    /// What the store has to write for a plan.
    pub(crate) fn writes(&self, plan: &Plan, times: &Times) -> Vec<Write> {
        let aor = plan.aor();
        if self.ledger.with(|books| books.must_rewrite(aor)) {
            return self.anew(aor, plan.after(), times);
        }
        let is_in = |list: &Bindings, one: &Arc<Binding>| list.iter().any(|other| Arc::ptr_eq(one, other));
        let gone: Vec<String> =
            plan.before().iter().filter(|old| !is_in(plan.after(), old)).map(|old| ruid(aor, old)).collect();
        let new: Vec<Record> = plan
            .after()
            .iter()
            .filter(|new| !is_in(plan.before(), new))
            .map(|new| Record::new(aor, new, times))
            .collect();
        let mut writes = Vec::with_capacity(gone.len() + new.len());
        for ruid in &gone {
            if !new.iter().any(|record| record.ruid == *ruid) {
                writes.push(Write::Remove { aor: aor.clone(), ruid: ruid.clone() });
            }
        }
        for record in new {
            let is_there = gone.contains(&record.ruid);
            writes.push(if is_there { Write::Update(record) } else { Write::Insert(record) });
        }
        writes
    }

    /// All that there is to be of `aor`, in the place of whatever is stored.
    pub(crate) fn anew(&self, aor: &Aor, bindings: &Bindings, times: &Times) -> Vec<Write> {
        let live = bindings.iter().filter(|binding| binding.is_live(times.now));
        let inserts = live.map(|binding| Write::Insert(Record::new(aor, binding, times)));
        std::iter::once(Write::Clear { aor: aor.clone() }).chain(inserts).collect()
    }
}
