//! REGISTER (RFC 3261 10.3): a plan to commit, and its application.
//!
//! ```text
//! request ── plan ──> Plan ──( store.commit(&plan).await )──> apply ──> Saved ── headers ──> 200
//!              │                                                │
//!              └── SaveError: nothing was changed ──────────────┘
//! ```
//!
//! A plan reads the location and changes nothing. It holds the bindings before and after and the version of
//! the address of record that it was made on; `apply` refuses it when that is no longer the version. So
//! whatever a REGISTER asks for happens as a whole or not at all.

use std::sync::Arc;
use std::time::Instant;

use sip_core::{Message, Source};

use crate::aor::Aor;
use crate::binding::{Binding, Bindings};
use crate::error::SaveError;
use crate::location::ReplaceError;
use crate::location::changes::{Change, ChangeKind};
use crate::location::shard::Version;
use crate::merge::Merge;
use crate::plan::{Outcome, Plan, SaveOptions, Saved};
use crate::registrar::Registrar;
use crate::request::{Asked, Register};

/// How often [`Registrar::save`] plans again when others change the same address of record.
const ATTEMPTS: usize = 16;

impl Registrar {
    /// Works out what the REGISTER `request`, which came from `source`, asks for. Changes nothing.
    ///
    /// # Errors
    ///
    /// Any [`SaveError`] but [`SaveError::Conflict`]; the reply is [`SaveError::status`] with
    /// [`SaveError::headers`]. One bad contact refuses the whole request.
    ///
    /// # Source
    ///
    /// RFC 3261 10.3, steps 5 to 7. Authorisation (steps 1 to 4) is the route's business.
    pub fn plan(&self, now: Instant, request: &Message, source: &Source) -> Result<Plan, SaveError> {
        self.plan_with(now, request, source, &SaveOptions::default())
    }

    /// As [`plan`](Self::plan), with what the caller adds.
    ///
    /// # Errors
    ///
    /// As [`plan`](Self::plan).
    pub fn plan_with(
        &self,
        now: Instant,
        request: &Message,
        source: &Source,
        options: &SaveOptions,
    ) -> Result<Plan, SaveError> {
        let register = Register::read(request, self.config())?;
        let aor = match &options.aor {
            Some(aor) => aor.clone(),
            None => self.aor(&request.to()?.uri()?)?,
        };
        let snapshot = self.location().snapshot(&aor);
        let (before, ended): (Bindings, Bindings) =
            snapshot.bindings.into_iter().partition(|binding| binding.is_live(now));

        let merge = Merge { now, request, source, options, register: &register, config: self.config() };
        let entries = merge.run(&before)?;

        let mut changes = Vec::new();
        let mut change = |kind, binding: &Arc<Binding>| {
            changes.push(Change { aor: aor.clone(), kind, binding: Arc::clone(binding) });
        };
        let mut after = Bindings::new();
        for entry in &entries {
            match (&entry.old, &entry.new) {
                (None, Some(new)) => change(ChangeKind::Inserted, new),
                (Some(old), Some(new)) if !Arc::ptr_eq(old, new) => change(ChangeKind::Updated, new),
                (Some(old), None) => change(ChangeKind::Removed, old),
                _ => {}
            }
            after.extend(entry.new.clone());
        }
        let outcome = outcome(&register.asked, &changes);
        if !changes.is_empty() {
            // What ended goes with this change; the expiry will not find it any more.
            for binding in &ended {
                let binding = Arc::clone(binding);
                changes.push(Change { aor: aor.clone(), kind: ChangeKind::Expired, binding });
            }
        }
        if let Some(more) = after.len().checked_sub(before.len()).filter(|&more| more > 0) {
            match self.config().max_contacts {
                Some(max) if after.len() > max => return Err(SaveError::TooManyContacts { max }),
                _ => {}
            }
            if !self.location().has_room(more.saturating_sub(ended.len())) {
                return Err(SaveError::Full);
            }
        }
        let path = if register.reply_path {
            register.path.iter().map(|&value| value.into()).collect()
        } else {
            Vec::new()
        };
        Ok(Plan { aor, version: snapshot.version, before, after, changes, outcome, path })
    }

    /// Does what `plan` says.
    ///
    /// # Errors
    ///
    /// [`SaveError::Conflict`] when the address of record changed since the plan was made (another REGISTER, a
    /// binding that ended): plan again. [`SaveError::Full`] when others took the last room meanwhile.
    /// Nothing was changed then; a store that has committed the plan has to commit the next one as well.
    pub fn apply(&self, now: Instant, plan: Plan) -> Result<Saved, SaveError> {
        let Plan { aor, version, after, changes, outcome, path, .. } = plan;
        if !changes.is_empty() {
            self.replace(&aor, version, &after)?;
        }
        let bindings = after.into_iter().filter(|binding| binding.is_live(now)).collect();
        Ok(Saved { aor, outcome, bindings, changes, path })
    }

    /// Does what `plan` says although the address of record may have changed since: for a plan that a store has
    /// committed. Whoever calls this lets nothing but expiry come between plan and here; what has ended by `now` is
    /// left out.
    ///
    /// # Errors
    ///
    /// [`SaveError::Full`]: others took the last room meanwhile. Nothing was changed; the store has it all the same.
    pub fn apply_committed(&self, now: Instant, plan: Plan) -> Result<Saved, SaveError> {
        let Plan { aor, after, changes, outcome, path, .. } = plan;
        let bindings: Bindings = after.into_iter().filter(|binding| binding.is_live(now)).collect();
        if !changes.is_empty() {
            while let Err(error) = self.replace(&aor, self.location().snapshot(&aor).version, &bindings) {
                if error != SaveError::Conflict {
                    return Err(error);
                }
            }
        }
        Ok(Saved { aor, outcome, bindings, changes, path })
    }

    /// [`plan`](Self::plan) and [`apply`](Self::apply) in one, for a location that lives in memory alone.
    /// Plans again when another change comes between.
    ///
    /// # Errors
    ///
    /// As [`plan`](Self::plan); [`SaveError::Conflict`] after 16 attempts.
    pub fn save(&self, now: Instant, request: &Message, source: &Source) -> Result<Saved, SaveError> {
        self.save_with(now, request, source, &SaveOptions::default())
    }

    /// As [`save`](Self::save), with what the caller adds.
    ///
    /// # Errors
    ///
    /// As [`save`](Self::save).
    pub fn save_with(
        &self,
        now: Instant,
        request: &Message,
        source: &Source,
        options: &SaveOptions,
    ) -> Result<Saved, SaveError> {
        for _ in 0..ATTEMPTS {
            let plan = self.plan_with(now, request, source, options)?;
            match self.apply(now, plan) {
                Err(SaveError::Conflict) => {}
                done => return done,
            }
        }
        Err(SaveError::Conflict)
    }

    /// What taking away those bindings of `aor` that `goes` says would do (KEMI `unregister`), as a plan.
    pub fn plan_removal(&self, now: Instant, aor: &Aor, goes: impl Fn(&Binding) -> bool) -> Plan {
        let snapshot = self.location().snapshot(aor);
        let change = |binding: &Arc<Binding>| {
            let kind = if binding.is_live(now) { ChangeKind::Removed } else { ChangeKind::Expired };
            Change { aor: aor.clone(), kind, binding: Arc::clone(binding) }
        };
        let (gone, after): (Bindings, Bindings) =
            snapshot.bindings.iter().cloned().partition(|binding| !binding.is_live(now) || goes(binding));
        // What has merely ended goes with another change, or by itself.
        let is_any = gone.iter().any(|binding| binding.is_live(now));
        Plan {
            aor: aor.clone(),
            version: snapshot.version,
            changes: if is_any { gone.iter().map(change).collect() } else { Vec::new() },
            before: snapshot.bindings.into_iter().filter(|binding| binding.is_live(now)).collect(),
            after,
            outcome: Outcome::Removed,
            path: Vec::new(),
        }
    }

    /// Takes all bindings of `aor` away (KEMI `unregister`), and tells which they were. For a location that lives
    /// in memory alone.
    pub fn remove(&self, aor: &Aor) -> Vec<Change> {
        loop {
            let snapshot = self.location().snapshot(aor);
            if self.replace(aor, snapshot.version, &Bindings::new()).is_ok() {
                let removed = |binding| Change { aor: aor.clone(), kind: ChangeKind::Removed, binding };
                return snapshot.bindings.into_iter().map(removed).collect();
            }
        }
    }

    fn replace(&self, aor: &Aor, version: Version, after: &Bindings) -> Result<(), SaveError> {
        self.location().replace(aor, version, after.clone()).map_err(|error| match error {
            ReplaceError::Conflict => SaveError::Conflict,
            ReplaceError::Full => SaveError::Full,
        })
    }
}

fn outcome(asked: &Asked<'_>, changes: &[Change]) -> Outcome {
    let any = |kind| changes.iter().any(|change| change.kind == kind);
    match asked {
        Asked::Query => Outcome::Query,
        Asked::Star => Outcome::Removed,
        Asked::Contacts(_) if any(ChangeKind::Inserted) => Outcome::Inserted,
        Asked::Contacts(_) if any(ChangeKind::Updated) => Outcome::Updated,
        Asked::Contacts(_) if any(ChangeKind::Removed) => Outcome::Removed,
        Asked::Contacts(_) => Outcome::Inserted,
    }
}
