//! What a call on a table can fail with.

use sip_core::EditError;
use sip_core::HeaderError;

use crate::id::TransactionId;

/// Why a call on a [`Table`](crate::Table) did nothing.
///
/// Most are races that the caller must expect (the call was cancelled or answered meanwhile); the
/// others are mistakes, and each says which call to make instead.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TmError {
    /// No such transaction: it has ended, or never was.
    #[error("no such transaction: it has ended or never was")]
    Unknown,
    /// The ask or suspension of that number is over: answered, resumed or ended by tm itself.
    #[error("that ask or suspension is over already")]
    Stale,
    /// The request has a transaction; use that one.
    #[error("the request has a transaction already: {0}")]
    Exists(TransactionId),
    /// The table holds its full number. Answer 503 with Retry-After, without a transaction.
    #[error("the table holds its {max} transactions")]
    Full {
        /// The bound, `Config::max_transactions`.
        max: usize,
    },
    /// The caller has cancelled; nothing more is sent downstream (Kamailio's -487).
    #[error("the caller has cancelled")]
    Canceled,
    /// A branch has said 6xx: the callee wants no call. Other branches can be sent when the failure route is
    /// asked (RFC 3261 16.7 step 5).
    #[error("a branch has answered 6xx; relay in the failure route")]
    Declined,
    /// A final reply went upstream already.
    #[error("a final reply was sent already")]
    Answered,
    /// The suspension waited for too long and has been counted as a 408.
    #[error("the suspension waited too long")]
    TimedOut,
    /// The transaction has its full number of branches. Answer 500.
    #[error("the transaction has its {max} branches")]
    TooManyBranches {
        /// The bound, `Config::max_branches`.
        max: u16,
    },
    /// A branch of the round is not one that `reserve` gave out, or it was sent already.
    #[error("the branch was not reserved; call `reserve` first")]
    NotReserved,
    /// The transaction has no suspension of that number; `suspend` makes one.
    #[error("the transaction is not suspended; call `suspend` first")]
    NotSuspended,
    /// Only an INVITE can be cancelled.
    #[error("only an INVITE can be cancelled")]
    NotInvite,
    /// A response has no server transaction: give it to `handle_response`.
    #[error("not a request; a response goes to `handle_response`")]
    NotRequest,
    /// Nothing but an INVITE has provisional replies (RFC 4320 4.1). The 100 to a request that takes long is
    /// sent by tm.
    #[error("only an INVITE has provisional replies; send the final one")]
    Provisional,
    /// The request starts here: nobody waits for a reply to it.
    #[error("the request starts here; there is nobody to reply to")]
    NoCaller,
    /// There is no 2xx from that branch with the To tag of that ACK.
    #[error("no 2xx of that branch and To tag to acknowledge")]
    NoAnswer,
    /// A CANCEL is no request of its own: call `cancel` with the transaction of its INVITE.
    #[error("a CANCEL cannot be started; call `cancel`")]
    UseCancel,
    /// An ACK has no transaction of its own: forward it without one.
    #[error("an ACK has no transaction; forward it statelessly")]
    Ack,
    /// The answer is not of the kind that was asked.
    #[error("the answer does not fit the ask")]
    WrongAnswer,
    /// The request lacks a header that a transaction needs: its sender's fault.
    #[error("the request cannot have a transaction: {0}")]
    Request(#[from] HeaderError),
    /// A message could not be made from the request that was kept.
    #[error("no message can be made from the request: {0}")]
    Build(#[from] EditError),
}
