//! What a route asks of the table about waiting: answers, parking, suspending. And what it may look at.

use std::time::Instant;

use sip_core::{Message, Method, Source, StatusCode, Target};

use crate::branch::{Branch, Outcome};
use crate::error::TmError;
use crate::handle::{AskId, Suspension, Ticket};
use crate::id::{BranchId, TransactionId};
use crate::input::{Answer, Wait};
use crate::output::Outbox;
use crate::table::Table;
use crate::transaction::{Transaction, Upstream};

impl Table {
    /// Ends an [`Ask`](crate::Ask): the transaction goes on with what came meanwhile.
    ///
    /// # Errors
    ///
    /// [`TmError::Stale`] when the ask is over: answered before, or ended by a CANCEL or by time.
    /// That is no fault of the caller's. [`TmError::WrongAnswer`] when it is of another kind; the ask
    /// is still out then.
    pub fn answer(
        &mut self,
        now: Instant,
        ask: AskId,
        answer: Answer,
        out: &mut Outbox,
    ) -> Result<(), TmError> {
        self.step(now, ask.transaction, out, |transaction, step| transaction.answer(step, ask.number, answer))
            .unwrap_or(Err(TmError::Stale))
    }

    /// Ends an [`Ask`](crate::Ask) as if its route had done nothing: it could not be run, or broke down. A stale one
    /// changes nothing.
    pub fn skip(&mut self, now: Instant, ask: AskId, out: &mut Outbox) {
        self.step(now, ask.transaction, out, |transaction, step| {
            if transaction.asking.as_ref().is_some_and(|asking| asking.number == ask.number) {
                transaction.skip_ask(step);
            }
        });
    }

    /// A route of this transaction waits; see [`Wait`] for how. What ends the wait from here is a
    /// [`Notice::Gone`](crate::Notice::Gone) with this ticket.
    ///
    /// With [`Wait::Branches`] there is nothing to keep: the waiter that is armed
    /// ([`Asker::Waiter`](crate::Asker::Waiter)) gets exactly one ask or notice, even before this
    /// call.
    ///
    /// # Errors
    ///
    /// The route need not be parked then: [`TmError::Unknown`], [`TmError::Canceled`],
    /// [`TmError::Answered`], [`TmError::Stale`] (that ask is over), [`TmError::TooManyBranches`]
    /// (as many routes as branches may wait).
    pub fn park(
        &mut self,
        now: Instant,
        transaction: TransactionId,
        ticket: Ticket,
        wait: Wait,
        out: &mut Outbox,
    ) -> Result<(), TmError> {
        self.step(now, transaction, out, |transaction, step| transaction.park(step, ticket, wait))
            .unwrap_or(Err(TmError::Unknown))
    }

    /// A parked route goes on.
    ///
    /// # Errors
    ///
    /// It has lost, and its [`Notice::Gone`](crate::Notice::Gone) is out: [`TmError::Canceled`],
    /// [`TmError::Unknown`], or [`TmError::Stale`] (it waited too long, or was not parked).
    pub fn unpark(
        &mut self,
        _now: Instant,
        transaction: TransactionId,
        ticket: Ticket,
    ) -> Result<(), TmError> {
        self.change(transaction, |transaction, _| transaction.unpark(ticket))
    }

    /// Puts the request aside under a number (`t_suspend`): a branch that nobody answers, for `fr`
    /// at most.
    ///
    /// # Errors
    ///
    /// [`TmError::Unknown`], [`TmError::Canceled`], [`TmError::Answered`],
    /// [`TmError::TooManyBranches`].
    pub fn suspend(
        &mut self,
        now: Instant,
        transaction: TransactionId,
        out: &mut Outbox,
    ) -> Result<Suspension, TmError> {
        self.step(now, transaction, out, |transaction, step| transaction.suspend(step))
            .unwrap_or(Err(TmError::Unknown))
    }

    /// Takes up a suspended request (`t_continue`): the request as it was received. The caller runs
    /// its route and calls [`Table::finish`]. The token is used up; where there is an error, nothing has
    /// changed.
    ///
    /// # Errors
    ///
    /// [`TmError::Unknown`] (no such transaction any more), [`TmError::NotSuspended`] (never was),
    /// [`TmError::Stale`] (resumed before), [`TmError::Canceled`], [`TmError::TimedOut`],
    /// [`TmError::Answered`].
    pub fn resume(&mut self, _now: Instant, suspension: Suspension) -> Result<Message, TmError> {
        self.change(suspension.id, |transaction, _| transaction.resume(suspension))
    }

    /// Takes a suspension back (`t_cancel_suspend`): the route that suspended goes on itself.
    ///
    /// # Errors
    ///
    /// As [`Table::resume`].
    pub fn cancel_suspend(&mut self, now: Instant, suspension: Suspension) -> Result<(), TmError> {
        self.resume(now, suspension).map(drop)
    }

    /// Whether the caller has cancelled. `false` for an unknown transaction.
    pub fn is_canceled(&self, transaction: TransactionId) -> bool {
        self.slab.get(transaction).is_some_and(|transaction| transaction.canceled)
    }

    /// Whether it is there and has no final reply yet.
    pub fn is_open(&self, transaction: TransactionId) -> bool {
        self.slab.get(transaction).is_some_and(|transaction| transaction.is_open())
    }

    /// Whether it is there.
    pub fn is_alive(&self, transaction: TransactionId) -> bool {
        self.slab.get(transaction).is_some()
    }

    /// The status of the last reply that went upstream.
    pub fn last_status(&self, transaction: TransactionId) -> Option<StatusCode> {
        self.slab.get(transaction)?.last_status
    }

    /// How many branches were sent so far.
    pub fn branch_count(&self, transaction: TransactionId) -> usize {
        self.slab.get(transaction).map_or(0, |t| t.branches.iter().filter(|b| b.sent().is_some()).count())
    }

    /// How many branches may still answer.
    pub fn ringing(&self, transaction: TransactionId) -> usize {
        self.slab.get(transaction).map_or(0, |t| t.branches.iter().filter(|b| b.rings()).count())
    }

    /// The request as received, read anew from the bytes that are kept.
    pub fn request(&self, transaction: TransactionId) -> Option<Message> {
        self.slab.get(transaction)?.request.message()
    }

    /// Where the request came from; nowhere if it starts here.
    pub fn source(&self, transaction: TransactionId) -> Option<&Source> {
        match &self.slab.get(transaction)?.upstream {
            Upstream::Peer { source, .. } => Some(source),
            Upstream::Origin(_) => None,
        }
    }

    /// The branches that were sent so far, in order.
    pub fn branches(&self, transaction: TransactionId) -> impl Iterator<Item = BranchId> + '_ {
        let sent = |branch: &&Branch| branch.sent().is_some();
        let of = self.slab.get(transaction).into_iter().flat_map(|transaction| &transaction.branches);
        of.filter(sent).map(move |branch| BranchId { transaction, branch: branch.number })
    }

    /// The number that the caller gave to a branch ([`NewBranch::user`](crate::NewBranch::user)).
    pub fn branch_user(&self, branch: BranchId) -> Option<u64> {
        let sent = self.sent(branch)?;
        sent.sent().map(|sent| sent.user)
    }

    /// Where a branch was sent to.
    pub fn branch_target(&self, branch: BranchId) -> Option<Target> {
        self.sent(branch)?.sent().map(|sent| sent.target)
    }

    /// The status of the last response of a branch.
    pub fn branch_status(&self, branch: BranchId) -> Option<StatusCode> {
        self.sent(branch)?.sent()?.last_status
    }

    /// Whether a branch ended because nobody answered in time (`t_any_timeout`).
    pub fn branch_timed_out(&self, branch: BranchId) -> bool {
        self.sent(branch)
            .is_some_and(|branch| matches!(branch.outcome, Some(Outcome::Local(StatusCode::REQUEST_TIMEOUT))))
    }

    /// The transaction here of a request with this Call-ID and CSeq number, that of a CANCEL left out
    /// (`t_lookup_callid`). Looks at all that are here; [`stripe_of`](crate::stripe_of) says in which table to look.
    pub fn find_call(&self, call_id: &[u8], cseq: u32) -> Option<TransactionId> {
        let is_it = |transaction: &&Transaction| {
            transaction.request.message().is_some_and(|request| {
                request.method() != Some(Method::Cancel)
                    && request.call_id().is_ok_and(|id| *id == *call_id)
                    && request.cseq().is_ok_and(|it| it.number == cseq)
            })
        };
        self.slab.iter().find(is_it).map(|transaction| transaction.id)
    }

    fn sent(&self, branch: BranchId) -> Option<&Branch> {
        self.slab.get(branch.transaction)?.branch(branch.branch)
    }
}
