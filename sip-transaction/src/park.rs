//! Routes that wait: what tm has to know of them.
//!
//! A parked route holds the transaction open, for `fr` at most. What ends it from here (a CANCEL, that
//! time, the end of the transaction) leaves as a [`Notice::Gone`]; what wakes it elsewhere asks for
//! it with `unpark`, and whoever comes first has won.

use crate::branch::{Blind, BlindState, Branch, Kind, Outcome};
use crate::error::TmError;
use crate::handle::Ticket;
use crate::input::Wait;
use crate::output::{Gone, Notice};
use crate::step::Step;
use crate::transaction::{About, Parked, Transaction};
use sip_core::StatusCode;

impl Transaction {
    /// The route at `ticket` waits.
    pub(crate) fn park(&mut self, step: &mut Step<'_>, ticket: Ticket, wait: Wait) -> Result<(), TmError> {
        match wait {
            Wait::Branches => return Ok(()),
            Wait::Blind => self.may_wait()?,
            Wait::Ask(ask) => match &self.asking {
                Some(asking) if self.ask_id(asking.number) == ask => {
                    if !matches!(asking.about, About::Reply { .. }) {
                        self.may_wait()?;
                    }
                }
                _ => return Err(TmError::Stale),
            },
        }
        if self.parked.len() >= usize::from(step.config.max_branches) {
            return Err(TmError::TooManyBranches { max: step.config.max_branches });
        }
        if let Some(asking) = &mut self.asking
            && let About::Reply { response, .. } = &mut asking.about
        {
            // It may stay for long: not in the buffer that it was received in.
            **response = response.compact();
        }
        let until = step.now + self.fr.unwrap_or(step.config.fr);
        self.parked.push(Parked { ticket, wait, until });
        Ok(())
    }

    /// The route at `ticket` goes on.
    pub(crate) fn unpark(&mut self, ticket: Ticket) -> Result<(), TmError> {
        match self.parked.iter().position(|parked| parked.ticket == ticket) {
            Some(place) => {
                self.parked.remove(place);
                Ok(())
            }
            None if self.canceled => Err(TmError::Canceled),
            None => Err(TmError::Stale),
        }
    }

    /// Parked routes that have waited for too long are dropped; what they held open is decided.
    pub(crate) fn expire_parked(&mut self, step: &mut Step<'_>) {
        while let Some(place) = self.parked.iter().position(|parked| parked.until <= step.now) {
            let parked = self.parked.remove(place);
            step.out.notices.push(Notice::Gone { ticket: parked.ticket, why: Gone::TimedOut });
            match parked.wait {
                Wait::Ask(ask) => {
                    if self.asking.as_ref().is_some_and(|asking| self.ask_id(asking.number) == ask) {
                        self.skip_ask(step);
                    }
                }
                Wait::Blind | Wait::Branches if self.is_open() => {
                    // It counts as a branch that never answered.
                    let number = self.reserved;
                    self.reserved = self.reserved.saturating_add(1);
                    self.branches.push(Branch {
                        number,
                        round: self.rounds,
                        on_reply: None,
                        on_branch_failure: None,
                        outcome: Some(Outcome::Local(StatusCode::REQUEST_TIMEOUT)),
                        kind: Kind::Blind(Blind { number: 0, state: BlindState::TimedOut, until: step.now }),
                    });
                    self.conclude(step);
                }
                Wait::Blind | Wait::Branches => {}
            }
        }
    }
}
