//! What is sent to a worker from elsewhere.

use sip_core::StatusCode;
use sip_transaction::{Ask, RouteId, Ticket, TransactionId, Transmit};

use crate::event::Event;

/// One piece of mail. Only what its sender has a claim to is posted: the answer to a route that is
/// parked here, of which there is a bounded number, or a resume, of which a transaction has one.
pub(crate) enum Post {
    /// Every branch failed, or a request that started here has its outcome, and this route waits for it.
    Failed(Ticket, Box<Ask>),
    /// A branch was answered with a 2xx.
    Answered(Ticket, StatusCode),
    /// The caller of this route gave up, or its time ran out.
    Gone(Ticket),
    /// A suspended transaction goes on.
    Resumed {
        /// Which one.
        id: TransactionId,
        /// The route to run.
        route: RouteId,
    },
    /// What came of a request that was started here.
    Event(Box<Event>),
    /// A message of a task worker, which has no sockets. [`Shared::lend`](crate::Shared) bounds their number.
    Send(Box<Transmit>),
}
