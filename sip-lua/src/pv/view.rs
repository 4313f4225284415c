//! `View`: what variables see of the message that a route runs for.

use std::time::{Instant, SystemTime};

use sip_core::{Message, Source};
use sip_registrar::Registrar;
use sip_server::{Destination, TransactionId, Vars};

/// The current message and what is known about it. What a kind of route does not have is `None`, and a variable
/// that asks for it is null; so is everything at the top level of a script.
pub(crate) trait View {
    /// The message as edited so far: a request, or in reply routes the response.
    fn msg(&self) -> Option<&Message> {
        None
    }

    /// The same, to change.
    fn msg_mut(&mut self) -> Option<&mut Message> {
        None
    }

    /// The message as received.
    fn received(&self) -> Option<&Message> {
        self.msg()
    }

    /// Where it came from.
    fn source(&self) -> Option<&Source> {
        None
    }

    /// Where the request goes next.
    fn destination(&self) -> Option<&Destination> {
        None
    }

    /// The same, to change.
    fn destination_mut(&mut self) -> Option<&mut Destination> {
        None
    }

    /// Further branches.
    fn branches(&self) -> &[Destination] {
        &[]
    }

    /// The same, to change.
    fn branches_mut(&mut self) -> Option<&mut Vec<Destination>> {
        None
    }

    /// Message flags.
    fn flags(&self) -> Option<u32> {
        None
    }

    /// Changes the message flags; `false` where there are none.
    fn set_flags(&mut self, flags: u32) -> bool {
        let _ = flags;
        false
    }

    /// The transaction, if there is one.
    fn transaction(&self) -> Option<TransactionId> {
        None
    }

    /// The transaction, made now if there is none and one can be.
    fn new_transaction(&self) -> Option<TransactionId> {
        self.transaction()
    }

    /// The number of the current branch; outside of branch and reply routes, how many there are (`$T_branch_idx`).
    fn branch_index(&self) -> Option<usize> {
        None
    }

    /// The response that brought this route about, or the current one.
    fn response(&self) -> Option<&Message> {
        None
    }

    /// The request of the transaction (`$T_req`).
    fn request(&self) -> Option<Message> {
        None
    }

    /// What is kept with the transaction: AVPs and XAVPs.
    fn vars(&self) -> Option<&Vars> {
        None
    }

    /// The location.
    fn registrar(&self) -> Option<&Registrar> {
        None
    }

    /// The clock of timers; `None` where no server runs.
    fn now(&self) -> Option<Instant> {
        None
    }

    /// The clock of calendars.
    fn wall(&self) -> Option<SystemTime> {
        None
    }
}

/// Nothing: the top level of a script.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NoMessage;

impl View for NoMessage {}
