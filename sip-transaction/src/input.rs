//! What goes into a table beside messages: branches to send, armed routes, answers; and what a
//! message turned out to be.

use std::time::Duration;

use bytes::Bytes;
use sip_core::{Message, Target};
use smallvec::SmallVec;

use crate::handle::{AskId, Asker, RouteId};
use crate::id::{BranchId, TransactionId};

/// What a message is to the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Matched {
    /// A request without a transaction (the ACK of a relayed 2xx is one): run the route.
    New,
    /// A retransmission, the ACK of a negative final reply, or something late: dealt with.
    Absorbed,
    /// A CANCEL of this INVITE. The CANCEL has a transaction of its own from now on; answer it with
    /// [`Table::cancel_reply`](crate::Table::cancel_reply).
    Cancel(TransactionId),
    /// A response of a branch: dealt with, or an ask is out about it.
    Taken,
    /// A response that belongs to no transaction any more, or never did: drop it (RFC 4320 4.2 for late ones,
    /// RFC 6026 7.2 for INVITE). Only one whose branch is not of a table is forwarded statelessly.
    Stray,
}

/// Branches to send at the same time.
#[derive(Clone, Debug, Default)]
pub struct Round {
    /// The branches; one for a plain relay.
    pub branches: SmallVec<[NewBranch; 1]>,
    /// Routes armed with these branches: each replaces that of the transaction, and `None` leaves it. The
    /// branches have what the transaction has then.
    pub armed: Armed,
}

/// One branch to send.
#[derive(Clone, Debug)]
pub struct NewBranch {
    /// From [`Table::reserve`](crate::Table::reserve).
    pub id: BranchId,
    /// Where it goes.
    pub target: Target,
    /// The whole request as sent, with our Via (made by [`BranchId::to_via`]) on top. Kept for
    /// retransmission: a buffer of its own, not a slice of a larger one.
    pub bytes: Bytes,
    /// Instead of the transaction's `fr`.
    pub fr: Option<Duration>,
    /// Instead of the transaction's `fr_inv`.
    pub fr_inv: Option<Duration>,
    /// The caller's; comes back from [`Table::branch_user`](crate::Table::branch_user).
    pub user: u64,
}

/// Routes that wait for what comes: armed for a transaction, and copied to each branch when it is sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Armed {
    /// For each response of a branch. Stays armed.
    pub on_reply: Option<RouteId>,
    /// When all branches have failed. Disarmed when it is asked.
    pub on_failure: Option<Asker>,
    /// When one branch has failed. Disarmed when it is asked, but for the branches that were sent with it.
    pub on_branch_failure: Option<RouteId>,
}

impl Armed {
    /// What is armed here; where nothing is, what `other` has.
    pub(crate) fn or(self, other: Armed) -> Armed {
        Armed {
            on_reply: self.on_reply.or(other.on_reply),
            on_failure: self.on_failure.or(other.on_failure),
            on_branch_failure: self.on_branch_failure.or(other.on_branch_failure),
        }
    }
}

/// How a route waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// For something outside SIP. The `fr` timer runs; a CANCEL ends it.
    Blind,
    /// For the outcome of the branches, whose own timers bound the wait.
    Branches,
    /// As `Blind`, in the middle of answering this ask. If it waits too long, the ask is answered as
    /// if the route had done nothing.
    Ask(AskId),
}

/// What a route made of an [`Ask`](crate::Ask).
#[derive(Clone, Debug)]
pub enum Answer {
    /// Of a reply route.
    Reply {
        /// The response to go on with, edited or not. Its status cannot change class.
        message: Message,
        /// Whether to keep a provisional response from the caller. A final one is never dropped:
        /// the branch would stay without an end.
        drop: bool,
    },
    /// Of a branch-failure route. New branches it wants are committed already.
    BranchFailure,
    /// Of a failure route, or of a route that waited. New branches it wants are committed already;
    /// if there are none and it sent no final reply, the picked response goes upstream.
    Failure {
        /// Which responses no longer count when the next best one is picked.
        drop_replies: DropReplies,
    },
}

/// Which responses are forgotten when a failure route has ended (`t_drop_replies`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DropReplies {
    /// Those so far, if the route added branches (Kamailio `failure_reply_mode` 3).
    #[default]
    IfRelayed,
    /// None (`n`).
    None,
    /// Those of the last round (`l`).
    Last,
    /// All (`a`).
    All,
}
