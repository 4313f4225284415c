//! What one worker has for itself, shared by the routes that run on it.

use std::cell::{Cell, RefCell};
use std::pin::Pin;
use std::time::Instant;

use bytes::Bytes;
use sip_core::{Message, Source, Target};
use sip_transaction::{
    Answer, Arrival, AskId, BranchId, DropReplies, Outbox, RouteId, TransactionId, Transmit,
};
use tokio::sync::Notify;

use crate::clock;
use crate::ctx::branch::BranchCtx;
use crate::ctx::send::SendCtx;
use crate::error::RouteError;
use crate::lot::Lot;
use crate::routed::Routed;
use crate::shared::Shared;
use crate::stats::WorkerStats;
use crate::stripes::Stripe;

/// The routes that run in the middle of a relay, for callers that do not know the application's type.
pub(crate) trait Hooks {
    fn branch<'a>(&'a self, route: RouteId, ctx: &'a mut BranchCtx) -> HookFuture<'a>;
    fn onsend(&self, ctx: &mut SendCtx<'_>) -> Routed;
}

/// A branch route that runs.
pub(crate) type HookFuture<'a> = Pin<Box<dyn Future<Output = Routed> + 'a>>;

/// A failure that tm waits to have answered.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked {
    pub(crate) id: AskId,
    pub(crate) of: AskedOf,
    /// Of a failure: which responses are forgotten when its route has ended.
    pub(crate) drop_replies: DropReplies,
}

/// Whose failure it is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum AskedOf {
    /// One branch's.
    Branch,
    /// That of every branch.
    Transaction,
}

impl Asked {
    /// That every branch failed.
    pub(crate) fn failure(id: AskId) -> Self {
        Self { id, of: AskedOf::Transaction, drop_replies: DropReplies::default() }
    }

    /// That one branch failed.
    pub(crate) fn branch_failure(id: AskId) -> Self {
        Self { id, of: AskedOf::Branch, drop_replies: DropReplies::default() }
    }
}

/// One worker's own state. It never leaves its thread.
pub(crate) struct Local {
    pub(crate) worker: u16,
    pub(crate) shared: Shared,
    pub(crate) lot: Lot,
    /// Routes that wait without a place: those of responses and events, which nobody drops.
    pub(crate) others_waiting: Cell<usize>,
    pub(crate) hooks: Box<dyn Hooks>,
    /// What the steps of this turn of the loop want done; the loop empties it.
    pub(crate) outbox: RefCell<Outbox>,
    /// A route that ran outside of the loop left something in the outbox.
    pub(crate) dirty: Notify,
}

impl Local {
    /// One step on the table of a transaction: lock, step, unlock.
    pub(crate) fn step<T>(
        &self,
        id: TransactionId,
        step: impl FnOnce(&mut Stripe, Instant, &mut Outbox) -> T,
    ) -> T {
        let mut outbox = self.outbox.borrow_mut();
        let mut stripe = self.shared.stripes().of(id);
        step(&mut stripe, clock::now(), &mut outbox)
    }

    /// Makes the transaction of a request (`t_newtran`).
    pub(crate) fn create(
        &self,
        request: &Message,
        arrival: &Arrival,
        source: &Source,
    ) -> Result<TransactionId, RouteError> {
        let mut outbox = self.outbox.borrow_mut();
        let mut stripe = self.shared.stripes().of_arrival(arrival);
        Ok(stripe.table.create_arrival(clock::now(), request, arrival, source, &mut outbox)?)
    }

    /// Lets tm go on with what it asked, without a word. A stale ask means that the transaction ended
    /// by its timer: nothing is left to go on with.
    pub(crate) fn answer(&self, ask: Asked) {
        let answer = match ask.of {
            AskedOf::Branch => Answer::BranchFailure,
            AskedOf::Transaction => Answer::Failure { drop_replies: ask.drop_replies },
        };
        let _ =
            self.step(ask.id.transaction, |stripe, now, out| stripe.table.answer(now, ask.id, answer, out));
    }

    /// Sends something that belongs to no transaction.
    pub(crate) fn send(&self, target: Target, bytes: Bytes, branch: Option<BranchId>) {
        self.outbox.borrow_mut().transmits.push(Transmit { target, bytes, branch });
    }

    /// Says how many wait here now.
    pub(crate) fn count_parked(&self) {
        self.stats().parked.set((self.lot.len() + self.others_waiting.get()) as u64);
    }

    /// This worker's counters.
    pub(crate) fn stats(&self) -> &WorkerStats {
        self.shared.worker_stats(self.worker)
    }
}
