//! What a route sets for one transaction: timers, routes that are armed, numbers of its own.

use std::time::{Duration, Instant};

use crate::branch::BlindState;
use crate::error::TmError;
use crate::id::{BranchId, TransactionId};
use crate::input::Armed;
use crate::table::Table;

impl Table {
    /// Sets what is armed for what comes: of the transaction, and of each branch that has no final
    /// response. What is `None` is disarmed.
    ///
    /// # Errors
    ///
    /// [`TmError::Unknown`].
    pub fn arm(&mut self, transaction: TransactionId, armed: Armed) -> Result<(), TmError> {
        self.change(transaction, |transaction, _| {
            transaction.armed = armed;
            for branch in transaction.branches.iter_mut().filter(|branch| branch.outcome.is_none()) {
                branch.on_reply = armed.on_reply;
                branch.on_branch_failure = armed.on_branch_failure;
            }
            Ok(())
        })
    }

    /// What is armed for branches to come.
    pub fn armed(&self, transaction: TransactionId) -> Option<Armed> {
        self.slab.get(transaction).map(|transaction| transaction.armed)
    }

    /// Sets `fr_inv` and `fr` for this transaction (`t_set_fr`); `None` is the configured value.
    ///
    /// Holds for branches to come, and a value that is given holds from now on for the timer that runs: of a
    /// branch that rings (`fr_inv`), of one without any response, of a suspension and of a parked
    /// route (`fr`).
    ///
    /// # Errors
    ///
    /// [`TmError::Unknown`].
    pub fn set_fr(
        &mut self,
        now: Instant,
        transaction: TransactionId,
        fr_inv: Option<Duration>,
        fr: Option<Duration>,
    ) -> Result<(), TmError> {
        self.change(transaction, |transaction, _| {
            (transaction.fr_inv, transaction.fr) = (fr_inv, fr);
            for branch in &mut transaction.branches {
                if let Some(sent) = branch.sent_mut() {
                    sent.fr_inv = fr_inv.or(sent.fr_inv);
                    sent.client.set_wait(now, fr, fr_inv);
                } else if let Some(blind) = branch.blind_mut()
                    && let (Some(fr), BlindState::Waiting) = (fr, blind.state)
                {
                    blind.until = now + fr;
                }
            }
            if let Some(fr) = fr {
                transaction.parked.iter_mut().for_each(|parked| parked.until = now + fr);
            }
            Ok(())
        })
    }

    /// Sets how long this transaction may stay without a final reply, from now on (`t_set_max_lifetime`): the
    /// first value for an INVITE, the second for anything else; `None` is the configured value.
    ///
    /// # Errors
    ///
    /// [`TmError::Unknown`]; [`TmError::Answered`] after a final reply.
    pub fn set_lifetime(
        &mut self,
        now: Instant,
        transaction: TransactionId,
        invite: Option<Duration>,
        other: Option<Duration>,
    ) -> Result<(), TmError> {
        self.change(transaction, |transaction, config| {
            let lifetime = if transaction.is_invite() {
                invite.unwrap_or(config.max_inv_lifetime)
            } else {
                other.unwrap_or(config.max_noninv_lifetime)
            };
            if !transaction.is_open() {
                return Err(TmError::Answered);
            }
            transaction.until = Some(now + lifetime);
            Ok(())
        })
    }

    /// Sets T1 and T2 of this transaction's retransmissions (`t_set_retr`); `None` is the configured value.
    ///
    /// Holds for branches to come, and for those that are there from their next retransmission on. It does
    /// not change how long anything is waited for: 64*T1 stays what it was.
    ///
    /// # Errors
    ///
    /// [`TmError::Unknown`].
    pub fn set_retr(
        &mut self,
        transaction: TransactionId,
        t1: Option<Duration>,
        t2: Option<Duration>,
    ) -> Result<(), TmError> {
        self.change(transaction, |transaction, config| {
            let timing = transaction.timing.with_gaps(t1.unwrap_or(config.t1), t2.unwrap_or(config.t2));
            transaction.timing = timing;
            transaction.server.retime(timing);
            for sent in transaction.branches.iter_mut().filter_map(|branch| branch.sent_mut()) {
                sent.client.retime(timing);
                if let Some(cancel) = &mut sent.cancel {
                    cancel.client.retime(timing);
                }
            }
            Ok(())
        })
    }

    /// Sets whether a 6xx of one branch cancels the others of this transaction and keeps new ones from being
    /// sent (`t_set_disable_6xx`), in place of `Config::cancel_on_6xx`.
    ///
    /// # Errors
    ///
    /// [`TmError::Unknown`].
    pub fn set_cancel_on_6xx(&mut self, transaction: TransactionId, cancel: bool) -> Result<(), TmError> {
        self.change(transaction, |transaction, _| {
            transaction.block_6xx = cancel;
            Ok(())
        })
    }

    /// Keeps a number of the caller's with a transaction: its flags, as a rule.
    ///
    /// # Errors
    ///
    /// [`TmError::Unknown`].
    pub fn set_user(&mut self, transaction: TransactionId, user: u64) -> Result<(), TmError> {
        self.change(transaction, |transaction, _| {
            transaction.user = user;
            Ok(())
        })
    }

    /// That number; 0 until it is set.
    pub fn user(&self, transaction: TransactionId) -> Option<u64> {
        self.slab.get(transaction).map(|transaction| transaction.user)
    }

    /// Keeps another number with a branch than [`NewBranch::user`](crate::NewBranch::user).
    ///
    /// # Errors
    ///
    /// [`TmError::Unknown`]; [`TmError::NotReserved`] when there is no such branch.
    pub fn set_branch_user(&mut self, branch: BranchId, user: u64) -> Result<(), TmError> {
        self.change(branch.transaction, |transaction, _| {
            let sent = transaction.branch_mut(branch.branch).and_then(|branch| branch.sent_mut());
            sent.ok_or(TmError::NotReserved)?.user = user;
            Ok(())
        })
    }
}
