//! What comes out of a table: bytes to send, questions to answer, news about parked routes.

use bytes::Bytes;
use sip_core::{Message, StatusCode, Target};

use crate::handle::{AskId, Asker, Ticket};
use crate::id::{BranchId, TransactionId};

/// The caller's buffer for everything a table has to say.
///
/// Every call adds to it and leaves nothing inside the table. The caller works off the three lists
/// in any order between two calls, without holding the table, and clears them; the buffers are then
/// used again.
#[derive(Debug, Default)]
pub struct Outbox {
    /// What to send, in this order.
    pub transmits: Vec<Transmit>,
    /// Routes to run. Each transaction waits for the answer to its own ask, except after an
    /// [`AskKind::Outcome`].
    pub asks: Vec<Ask>,
    /// What became of parked routes and transactions.
    pub notices: Vec<Notice>,
}

impl Outbox {
    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.transmits.is_empty() && self.asks.is_empty() && self.notices.is_empty()
    }

    /// Forgets everything and keeps the room.
    pub fn clear(&mut self) {
        self.transmits.clear();
        self.asks.clear();
        self.notices.clear();
    }
}

/// One message to send.
#[derive(Clone, Debug)]
pub struct Transmit {
    /// Where to.
    pub target: Target,
    /// The whole message.
    pub bytes: Bytes,
    /// The branch it belongs to, for a request (its ACK and CANCEL included): tell a failure to send
    /// it to [`Table::handle_closed`](crate::Table::handle_closed). `None` for a reply.
    pub branch: Option<BranchId>,
}

/// A transaction waits for a route.
#[derive(Clone, Debug)]
pub struct Ask {
    /// To be given back with the answer.
    pub id: AskId,
    /// Which route, or which waiting one.
    pub asker: Asker,
    /// What happened.
    pub kind: AskKind,
}

/// What a route is asked about.
#[derive(Clone, Debug)]
pub enum AskKind {
    /// A response came and a reply route is armed. Answer: [`Answer::Reply`](crate::Answer::Reply).
    Reply {
        /// The branch it came from.
        branch: BranchId,
        /// The response as received.
        response: Message,
    },
    /// A branch ended negatively and a branch-failure route is armed. Answer:
    /// [`Answer::BranchFailure`](crate::Answer::BranchFailure).
    BranchFailure {
        /// The branch that failed.
        branch: BranchId,
        /// Its final response; a 408 or 503 of our own making where it had none.
        response: Message,
    },
    /// All branches ended negatively and a failure route is armed. Answer:
    /// [`Answer::Failure`](crate::Answer::Failure).
    Failure {
        /// The branch whose response was picked.
        branch: BranchId,
        /// The best response (RFC 3261 16.7 step 6); a 408 or 503 of our own making where it is one.
        response: Message,
        /// Whether it is of our own making.
        local: bool,
    },
    /// A request that [`Table::originate`](crate::Table::originate) made has its final response; an INVITE
    /// may have more than one 2xx, each of another dialog. There is nothing to answer: the transaction does
    /// not wait.
    Outcome {
        /// The branch it came from.
        branch: BranchId,
        /// The best response; one of our own making, such as 408, where there was none.
        response: Message,
        /// Whether it is of our own making.
        local: bool,
    },
}

impl AskKind {
    /// The branch that it is about.
    pub fn branch(&self) -> BranchId {
        match self {
            AskKind::Reply { branch, .. }
            | AskKind::BranchFailure { branch, .. }
            | AskKind::Failure { branch, .. }
            | AskKind::Outcome { branch, .. } => *branch,
        }
    }

    /// The response that it is about.
    pub fn response(&self) -> &Message {
        match self {
            AskKind::Reply { response, .. }
            | AskKind::BranchFailure { response, .. }
            | AskKind::Failure { response, .. }
            | AskKind::Outcome { response, .. } => response,
        }
    }
}

/// News that needs no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// The parked route is no longer wanted: drop it. Its caller has, or will have, a final reply.
    Gone {
        /// Where the route is parked.
        ticket: Ticket,
        /// Why.
        why: Gone,
    },
    /// The call that a route waits for was answered with a 2xx, which is relayed already.
    Answered {
        /// Where the route is parked.
        ticket: Ticket,
        /// Its transaction.
        transaction: TransactionId,
        /// The status of the answer.
        status: StatusCode,
    },
    /// The transaction is no more; its id resolves to nothing from here on.
    Ended {
        /// Which one.
        transaction: TransactionId,
    },
}

/// Why a parked route is dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gone {
    /// The caller cancelled.
    Canceled,
    /// It waited for too long; the caller has its 408, or a failure route is asked.
    TimedOut,
    /// The call was answered by something else, or is over.
    Answered,
}
