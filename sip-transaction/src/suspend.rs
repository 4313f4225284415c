//! Suspensions: a request put aside under a number, to be taken up by whoever knows the number.
//!
//! `t_suspend`, `t_continue` and `t_cancel_suspend` of Kamailio, as a token that is used once. A
//! suspension is a branch that nobody answers: it holds the transaction open for `fr` and then
//! counts as a 408.

use sip_core::{Message, StatusCode};

use crate::branch::{Blind, BlindState, Branch, Kind, Outcome};
use crate::error::TmError;
use crate::handle::Suspension;
use crate::step::Step;
use crate::transaction::Transaction;

impl Transaction {
    pub(crate) fn suspend(&mut self, step: &mut Step<'_>) -> Result<Suspension, TmError> {
        self.may_wait()?;
        let number = self.take_numbers(step.config.max_branches, 1)?[0].branch;
        self.suspensions += 1;
        let until = step.now + self.fr.unwrap_or(step.config.fr);
        let blind = Blind { number: self.suspensions, state: BlindState::Waiting, until };
        self.branches.push(Branch {
            number,
            round: self.rounds,
            on_reply: None,
            on_branch_failure: None,
            outcome: None,
            kind: Kind::Blind(blind),
        });
        Ok(Suspension { id: self.id, number: self.suspensions })
    }

    /// Uses a suspension up. The request as it was kept.
    pub(crate) fn resume(&mut self, suspension: Suspension) -> Result<Message, TmError> {
        let (open, canceled) = (self.is_open(), self.canceled);
        let latest = suspension.number == 0;
        let branch = self.branches.iter_mut().rev().find(|branch| match &branch.kind {
            Kind::Blind(blind) => (latest && blind.number > 0) || blind.number == suspension.number,
            Kind::Sent(_) => false,
        });
        let branch = branch.filter(|_| latest || suspension.number > 0).ok_or(TmError::NotSuspended)?;
        let Some(blind) = branch.blind_mut() else { return Err(TmError::NotSuspended) };
        match blind.state {
            BlindState::Canceled => Err(TmError::Canceled),
            BlindState::TimedOut => Err(TmError::TimedOut),
            BlindState::Answered => Err(TmError::Answered),
            BlindState::Waiting if !open => Err(TmError::Answered),
            BlindState::Used if canceled => Err(TmError::Canceled),
            BlindState::Used => Err(TmError::Stale),
            BlindState::Waiting => {
                blind.state = BlindState::Used;
                branch.outcome = Some(Outcome::Done);
                self.request.message().ok_or(TmError::Unknown)
            }
        }
    }

    /// Suspensions that have waited for too long count as 408.
    pub(crate) fn expire_suspensions(&mut self, step: &mut Step<'_>) {
        for place in 0..self.branches.len() {
            let number = self.branches[place].number;
            if let Some(blind) = self.branches[place].blind_mut()
                && blind.state == BlindState::Waiting
                && blind.until <= step.now
            {
                blind.state = BlindState::TimedOut;
                step.stats.branch_timeouts += 1;
                self.failed(step, number, Outcome::Local(StatusCode::REQUEST_TIMEOUT));
            }
        }
    }
}
