//! Numbers that the driver and tm hand to each other: routes, parked routes, asks, suspensions.

use std::fmt;

use crate::id::TransactionId;

/// A route by number. What it stands for is the driver's business (a Lua function, a Rust method).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RouteId(u32);

impl RouteId {
    /// Route number `index`.
    pub const fn new(index: u32) -> RouteId {
        RouteId(index)
    }

    /// The number it was made from.
    pub const fn index(self) -> u32 {
        self.0
    }
}

/// A route that waits at a worker: where it is parked. Opaque to tm, which only hands it back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ticket {
    /// The worker that holds the waiting route.
    pub worker: u16,
    /// Its place there.
    pub slot: u32,
    /// Which tenant of that place.
    pub generation: u32,
}

/// Who is asked when a transaction has failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Asker {
    /// A failure route is to be started.
    Route(RouteId),
    /// A route waits for the outcome and goes on with it (`relay_and_wait`).
    Waiter(Ticket),
}

/// One question of a transaction. Answered once; an answer to any other number is stale.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AskId {
    /// The transaction that waits for the answer.
    pub transaction: TransactionId,
    /// The how-manieth question it is there.
    pub number: u32,
}

/// A request put aside by [`Table::suspend`](crate::Table::suspend): a token that is used once.
///
/// Its two first numbers are Kamailio's pair for `t_continue`; [`Suspension::latest`] makes a token
/// from that pair alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Suspension {
    /// The suspended transaction.
    pub id: TransactionId,
    /// The how-manieth suspension it is there, from 1; 0 stands for the one that waits.
    pub number: u32,
}

impl Suspension {
    /// The suspension that waits in `id`, whichever it is: for callers that know `index:label` only.
    pub fn latest(id: TransactionId) -> Suspension {
        Suspension { id, number: 0 }
    }
}

impl fmt::Display for Suspension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{}", self.id, self.number)
    }
}
