//! Adding and sending branches: parallel forking in one round, serial forking in several (RFC 3261
//! 16.6).
//!
//! In two steps, so that branch routes run in between without the table: `reserve` gives out the
//! numbers that the Via branches need, `commit` sends, unless the call was cancelled or answered
//! meanwhile.

use smallvec::SmallVec;

use crate::branch::{Branch, Kind, Sent};
use crate::error::TmError;
use crate::id::BranchId;
use crate::input::Round;
use crate::step::Step;
use crate::transaction::Transaction;
use crate::uac::Client;

impl Transaction {
    /// Numbers for `count` branches.
    pub(crate) fn reserve(&mut self, max: u16, count: u16) -> Result<SmallVec<[BranchId; 4]>, TmError> {
        self.may_relay()?;
        self.take_numbers(max, count)
    }

    /// The same for whatever has a number.
    pub(crate) fn take_numbers(&mut self, max: u16, count: u16) -> Result<SmallVec<[BranchId; 4]>, TmError> {
        let end = self.reserved.checked_add(count).filter(|&end| end <= max);
        let end = end.ok_or(TmError::TooManyBranches { max })?;
        let numbers = self.reserved..end;
        self.reserved = end;
        Ok(numbers.map(|number| self.branch_id(number)).collect())
    }

    /// Sends a round of branches.
    pub(crate) fn commit(&mut self, step: &mut Step<'_>, round: Round) -> Result<(), TmError> {
        self.may_relay()?;
        for (place, branch) in round.branches.iter().enumerate() {
            let number = branch.id.branch;
            let twice = round.branches[..place].iter().any(|other| other.id == branch.id);
            if branch.id != self.branch_id(number)
                || number >= self.reserved
                || self.place(number).is_some()
                || twice
            {
                return Err(TmError::NotReserved);
            }
        }
        self.armed = round.armed.or(self.armed);
        self.rounds = self.rounds.wrapping_add(1);
        let fr = self.fr.unwrap_or(step.config.fr);
        let timing = self.timing;
        let invite = self.is_invite();
        self.branches.reserve_exact(round.branches.len());
        for new in round.branches {
            let reliable = new.target.protocol.is_reliable();
            step.send(new.target, new.bytes.clone(), Some(new.id));
            self.branches.push(Branch {
                number: new.id.branch,
                round: self.rounds,
                on_reply: self.armed.on_reply,
                on_branch_failure: self.armed.on_branch_failure,
                outcome: None,
                kind: Kind::Sent(Sent {
                    target: new.target,
                    bytes: new.bytes,
                    acked: false,
                    client: Client::new(invite, step.now, reliable, timing, new.fr.unwrap_or(fr)),
                    cancel: None,
                    fr_inv: new.fr_inv,
                    user: new.user,
                    last_status: None,
                }),
            });
        }
        Ok(())
    }

    /// Whether anything may still go downstream.
    pub(crate) fn may_relay(&self) -> Result<(), TmError> {
        self.may_wait()?;
        if self.declined { Err(TmError::Declined) } else { Ok(()) }
    }

    /// Whether it is undecided.
    pub(crate) fn may_wait(&self) -> Result<(), TmError> {
        if self.canceled {
            Err(TmError::Canceled)
        } else if !self.is_open() {
            Err(TmError::Answered)
        } else {
            Ok(())
        }
    }

    /// The route has ended. If nothing is left that could decide the call, it is decided here.
    pub(crate) fn finish(&mut self, step: &mut Step<'_>) {
        if self.is_open() && self.asking.is_none() && !self.waits() {
            if self.branches.is_empty() { self.forward_best(step) } else { self.conclude(step) }
        }
    }
}
