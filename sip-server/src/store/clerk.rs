//! The clerk: commits plans in groups, and puts right what is left over.
//!
//! One task on a thread of its own. While a commit is in flight further plans pile up on the desk; the next commit
//! takes them all. A plan is applied here too, not where it was made: a route that was dropped meanwhile leaves
//! memory and store the same.

use std::sync::Arc;
use std::time::{Duration, Instant};

use sip_registrar::{Aor, Plan, SaveError, Saved};
use tokio::sync::{mpsc, oneshot};
use tokio::time::MissedTickBehavior;

use crate::clock;
use crate::error::RouteError;
use crate::store::error::StoreError;
use crate::store::gates::Pass;
use crate::store::location::Write;
use crate::store::office::Office;
use crate::store::record::{Record, ruid};
use crate::store::settings::StoreMode;
use crate::store::times::Times;

/// How often the clerk looks for what is left over.
const LOOK: Duration = Duration::from_millis(500);
/// Addresses of record that go into one transaction of what is left over.
const BATCH: usize = 256;
/// Bindings that have ended and are taken out of the store at once.
const PURGED: usize = 1_000;
/// A store in which a binding ended this long ago keeps it no longer. Other servers may have other clocks.
const GRACE: Duration = Duration::from_secs(5);

/// What lies on the desk.
pub(super) enum Order {
    /// A plan to commit.
    Commit(Box<Job>),
    /// The server ends: finish.
    End,
}

/// A plan, the right to change its address of record, and who waits.
pub(super) struct Job {
    pub(super) plan: Plan,
    pub(super) pass: Pass,
    pub(super) answer: oneshot::Sender<Result<Saved, RouteError>>,
}

/// Serves the desk until the server ends.
pub(super) async fn serve(office: Arc<Office>, mut desk: mpsc::Receiver<Order>) {
    let mut look = tokio::time::interval(LOOK);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let now = clock::now();
    let mut clerk = Clerk { flushed: now, purged: now, tidied: now, office };
    loop {
        let order = tokio::select! {
            // REGISTERs first: with a store that is away each look takes until its time is up.
            biased;
            order = desk.recv() => order,
            _ = look.tick() => {
                clerk.tidy().await;
                continue;
            }
        };
        let Some(Order::Commit(first)) = order else { break };
        let mut jobs = vec![*first];
        let mut is_over = false;
        while jobs.len() < clerk.office.settings.group && !is_over {
            match desk.try_recv() {
                Ok(Order::Commit(job)) => jobs.push(*job),
                Ok(Order::End) => is_over = true,
                Err(_) => break,
            }
        }
        let is_stored = clerk.commit(jobs).await;
        if is_over {
            break;
        }
        // Under load there is always somebody at the desk.
        if is_stored && clock::now().duration_since(clerk.tidied) >= 4 * LOOK {
            clerk.tidy().await;
        }
    }
    if matches!(clerk.office.settings.mode, StoreMode::WriteBack(_)) {
        clerk.flush(usize::MAX).await;
    }
}

struct Clerk {
    office: Arc<Office>,
    flushed: Instant,
    purged: Instant,
    tidied: Instant,
}

impl Clerk {
    /// Whether the store took them, or some of them.
    async fn commit(&self, jobs: Vec<Job>) -> bool {
        let office = &self.office;
        if let Err(error) = office.ready() {
            jobs.into_iter().for_each(|job| self.failed(job, &error));
            return false;
        }
        let times = Times::read();
        let writes = jobs.iter().flat_map(|job| office.writes(&job.plan, &times)).collect();
        match office.store.commit(writes).await {
            Ok(()) => jobs.into_iter().for_each(|job| self.done(job)),
            // One of them does not fit: the others must not suffer for it.
            Err(error) if error.is_refusal() && jobs.len() > 1 => {
                for job in jobs {
                    match office.store.commit(office.writes(&job.plan, &times)).await {
                        Ok(()) => self.done(job),
                        Err(error) => self.failed(job, &error),
                    }
                }
            }
            Err(error) => {
                tracing::warn!(%error, registers = jobs.len(), "not stored: they are answered so");
                jobs.into_iter().for_each(|job| self.failed(job, &error));
                return false;
            }
        }
        true
    }

    fn done(&self, job: Job) {
        let Job { plan, pass, answer } = job;
        let aor = plan.aor().clone();
        self.office.ledger.with(|books| books.rewritten(&aor));
        let result = self.office.registrar.apply_committed(clock::now(), plan);
        if let Err(SaveError::Full) = result {
            self.office.ledger.with(|books| books.doubt(&aor)); // the store has what memory has no room for
        }
        drop(pass);
        let _ = answer.send(result.map_err(RouteError::Save)); // its route may be gone
    }

    fn failed(&self, job: Job, error: &StoreError) {
        if matches!(error, StoreError::Unsure(_)) {
            self.office.ledger.with(|books| books.doubt(job.plan.aor()));
        }
        let _ = job.answer.send(Err(RouteError::Store(error.clone())));
    }

    /// Whatever is due beside the REGISTERs.
    async fn tidy(&mut self) {
        self.tidied = clock::now();
        if self.office.ready().is_err() {
            return;
        }
        let now = clock::now();
        if let StoreMode::WriteBack(interval) = self.office.settings.mode
            && now.duration_since(self.flushed) >= interval.saturating_sub(LOOK)
        {
            self.flushed = now;
            self.flush(usize::MAX).await;
        }
        self.repair().await;
        if now.duration_since(self.purged) >= self.office.settings.purge {
            let before = clock::wall().checked_sub(GRACE);
            match self.office.store.purge(before.unwrap_or(std::time::UNIX_EPOCH), PURGED).await {
                Ok(PURGED) => {} // there are more: at the next look
                Ok(_) => self.purged = now,
                Err(error) => {
                    tracing::warn!(%error, "contacts that have ended stay in the store");
                    self.purged = now;
                }
            }
        }
    }

    /// Write-back: writes what changed, at most so many addresses of record.
    async fn flush(&self, mut most: usize) {
        while most > 0 {
            let some = self.office.ledger.with(|books| books.take_dirty(BATCH.min(most)));
            if some.is_empty() {
                return;
            }
            most = most.saturating_sub(some.len());
            for (aor, _) in &some {
                // What is written as a whole has to be known as a whole.
                if let Err(error) = self.office.fetch(aor).await {
                    tracing::warn!(%error, "changes are written back later");
                    return self.office.ledger.with(|books| {
                        some.into_iter().for_each(|(aor, gone)| _ = books.soil(&aor, gone));
                    });
                }
            }
            let writes = some.iter().flat_map(|(aor, gone)| self.current(aor, gone)).collect();
            let Err(error) = self.office.store.commit(writes).await else {
                self.office.ledger.with(|books| some.iter().for_each(|(aor, _)| books.rewritten(aor)));
                continue;
            };
            if error.is_refusal() {
                self.flush_each(some).await;
                continue;
            }
            tracing::warn!(%error, "changes are written back later");
            self.office.ledger.with(|books| {
                for (aor, gone) in some {
                    books.soil(&aor, gone);
                }
            });
            return;
        }
    }

    async fn flush_each(&self, some: Vec<(Aor, Vec<String>)>) {
        for (aor, gone) in some {
            match self.office.store.commit(self.current(&aor, &gone)).await {
                Ok(()) => self.office.ledger.with(|books| books.rewritten(&aor)),
                Err(error) if error.is_refusal() => {
                    tracing::error!(%error, %aor, "its contacts are not in the store, and cannot be");
                }
                Err(_) => _ = self.office.ledger.with(|books| books.soil(&aor, gone)),
            }
        }
    }

    /// What the store has to write for `aor` to be as it is in memory.
    fn current(&self, aor: &Aor, gone: &[String]) -> Vec<Write> {
        let times = Times::read();
        let bindings = self.office.registrar.location().snapshot(aor).bindings;
        if self.office.ledger.with(|books| books.must_rewrite(aor)) {
            return self.office.anew(aor, &bindings, &times);
        }
        let live: Vec<_> = bindings.iter().filter(|binding| binding.is_live(times.now)).collect();
        let names: Vec<String> = live.iter().map(|binding| ruid(aor, binding)).collect();
        let removes = gone.iter().filter(|name| !names.contains(name));
        let removes = removes.map(|name| Write::Remove { aor: aor.clone(), ruid: name.clone() });
        let updates = live.iter().map(|binding| Write::Update(Record::new(aor, binding, &times)));
        removes.chain(updates).collect()
    }

    /// Writes anew what nobody knows the state of.
    async fn repair(&self) {
        let some = self.office.ledger.with(|books| books.take_unsure(BATCH));
        let mut passes = Vec::with_capacity(some.len());
        let mut writes = Vec::new();
        for aor in some {
            if !self.office.ledger.with(|books| books.must_rewrite(&aor)) {
                continue; // a REGISTER has done so
            }
            let Some(pass) = self.office.gates.try_enter(&aor) else {
                self.office.ledger.with(|books| books.put_unsure(aor)); // one is at it
                continue;
            };
            if self.office.fetch(&aor).await.is_err() {
                self.office.ledger.with(|books| books.put_unsure(aor));
                continue;
            }
            let bindings = self.office.registrar.location().snapshot(&aor).bindings;
            writes.extend(self.office.anew(&aor, &bindings, &Times::read()));
            passes.push((aor, pass));
        }
        if passes.is_empty() {
            return;
        }
        let result = self.office.store.commit(writes).await;
        self.office.ledger.with(|books| {
            for (aor, _) in &passes {
                match &result {
                    Ok(()) => books.rewritten(aor),
                    Err(_) => books.put_unsure(aor.clone()),
                }
            }
        });
    }
}
