//! What a route may ask about its transaction's branches, and do with other calls.

use sip_core::{Method, StatusCode};
use sip_transaction::{TmError, TransactionId};

use crate::ctx::Ctx;
use crate::ctx::failure::FailureCtx;
use crate::error::RouteError;
use crate::routed::Routed;

/// How a branch stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct BranchState {
    /// The status of its last response; `None`: it had none.
    pub status: Option<StatusCode>,
    /// It ended because nobody answered in time.
    pub timed_out: bool,
}

impl Ctx {
    /// How the branches of the transaction stand that were sent so far, in order (`t_any_timeout`, `t_any_replied`,
    /// `t_grep_status`).
    pub fn branch_states(&self) -> Vec<BranchState> {
        let Some(id) = self.transaction() else { return Vec::new() };
        self.turn.local.step(id, |stripe, _, _| {
            let table = &stripe.table;
            let state = |branch| BranchState {
                status: table.branch_status(branch),
                timed_out: table.branch_timed_out(branch),
            };
            table.branches(id).map(state).collect()
        })
    }

    /// The transaction of the request as it was received, or of the INVITE that a CANCEL or ACK belongs to
    /// (`t_lookup_request`, `t_lookup_cancel`). Nothing is done with it.
    pub fn find_transaction(&self) -> Option<TransactionId> {
        let received = self.received();
        let (call_id, cseq) = (received.call_id().ok()?, received.cseq().ok()?.number);
        self.shared().stripes().of_request(call_id, cseq).table.find(received)
    }

    /// The transaction of another request, by its Call-ID and the number of its CSeq (`t_lookup_callid`).
    pub fn find_call(&self, call_id: &[u8], cseq: u32) -> Option<TransactionId> {
        self.shared().stripes().of_request(call_id, cseq).table.find_call(call_id, cseq)
    }

    /// Answers another request, whose transaction is there (`t_reply_callid`).
    ///
    /// # Errors
    ///
    /// [`RouteError::Tm`]: it has ended or is answered.
    pub fn reply_to(&self, transaction: TransactionId, status: StatusCode, reason: &str) -> Routed {
        let other = FailureCtx::later(&self.turn.local, transaction, None, None);
        let mut other = other.ok_or(RouteError::Tm(TmError::Unknown))?;
        other.ctx.reply_with(status, |response| response.reason(reason.to_owned()))
    }

    /// Cancels what rings of another INVITE, whose transaction is there (`t_cancel_callid`): its caller gets what the
    /// branches say to it.
    ///
    /// # Errors
    ///
    /// [`RouteError::Tm`]: it has ended, is answered, or is no INVITE.
    pub fn cancel_branches_of(&self, transaction: TransactionId) -> Routed {
        self.turn.local.step(transaction, |stripe, now, out| {
            let table = &mut stripe.table;
            let request = table.request(transaction).ok_or(TmError::Unknown)?;
            if request.method() != Some(Method::Invite) {
                return Err(TmError::NotInvite.into());
            }
            if !table.is_open(transaction) {
                return Err(TmError::Answered.into());
            }
            table.cancel_branches(now, transaction, None, out);
            Ok(())
        })
    }
}
