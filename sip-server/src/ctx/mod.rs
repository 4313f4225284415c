//! `Ctx`: the current request, its transaction, its worker.

mod arm;
mod auth;
pub(crate) mod branch;
mod breadth;
pub(crate) mod calls;
mod contacts;
pub(crate) mod destination;
pub(crate) mod event;
pub(crate) mod failure;
mod forward;
pub(crate) mod http;
mod lend;
mod modules;
mod nat;
mod registrar;
mod relay;
pub(crate) mod reply;
mod respond;
mod rr;
pub(crate) mod send;
pub(crate) mod suspend;
mod uac;
pub(crate) mod via;
pub(crate) mod wait;

use std::rc::Rc;

use sip_core::{Message, Method, Source, StatusCode};
use sip_transaction::TransactionId;

use crate::ctx::destination::Destination;
use crate::shared::Shared;
use crate::turn::{Kind, Turn};
use crate::vars::Vars;

/// The context of a request route, and what every later route of the request is built on.
///
/// [`msg`](Self::msg) is the request as it will be relayed: edits are read at once. What was received
/// stays beside it, unedited: [`received`](Self::received). Replies are made from what was received.
pub struct Ctx {
    /// The request, as edited so far.
    pub msg: Message,
    /// More branches, beside the one to the request URI (`append_branch`).
    pub branches: Vec<Destination>,
    /// The next hop of the request URI's own branch, where it is not the request URI (`$du`).
    pub destination: Destination,
    pub(crate) turn: Rc<Turn>,
}

impl Ctx {
    pub(crate) fn new(msg: Message, turn: Rc<Turn>) -> Self {
        Self { msg, branches: Vec::new(), destination: Destination::default(), turn }
    }

    /// The request as it was received, with `received` and `rport` noted in its top Via.
    pub fn received(&self) -> &Message {
        self.turn.received()
    }

    /// Where the request came from, and which of our addresses was asked.
    pub fn source(&self) -> &Source {
        &self.turn.source
    }

    /// What all workers share.
    pub fn shared(&self) -> &Shared {
        &self.turn.local.shared
    }

    /// The number of this worker, from 0.
    pub fn worker(&self) -> u16 {
        self.turn.local.worker
    }

    /// The method of the request as received.
    pub fn method(&self) -> Method<'_> {
        // Everything that reaches a request route is a request; see driver/message.rs.
        self.turn.received.method().unwrap_or(Method::Other("".into()))
    }

    /// The transaction, if there is one yet.
    pub fn transaction(&self) -> Option<TransactionId> {
        self.turn.transaction.get()
    }

    /// Makes the transaction now (`t_newtran`): retransmissions are absorbed from here on, and an
    /// INVITE gets its 100. Relaying and waiting do it by themselves.
    ///
    /// # Errors
    ///
    /// [`RouteError::Tm`](crate::RouteError::Tm): an ACK has none, or the table is full.
    pub fn new_transaction(&self) -> Result<TransactionId, crate::error::RouteError> {
        self.turn.transaction()
    }

    /// Whether the caller gave up (`t_is_canceled`).
    pub fn is_canceled(&self) -> bool {
        self.transaction()
            .is_some_and(|id| self.turn.local.step(id, |stripe, _, _| stripe.table.is_canceled(id)))
    }

    /// How many branches of the transaction were sent so far; 0 without one.
    pub fn branch_count(&self) -> usize {
        self.transaction()
            .map_or(0, |id| self.turn.local.step(id, |stripe, _, _| stripe.table.branch_count(id)))
    }

    /// The status of the last reply of the transaction that went to the caller; `None`: none yet.
    pub fn last_status(&self) -> Option<StatusCode> {
        let id = self.transaction()?;
        self.turn.local.step(id, |stripe, _, _| stripe.table.last_status(id))
    }

    /// Named values, which every later route of the request sees, too (AVPs and XAVPs).
    pub fn vars(&self) -> &Vars {
        self.turn.vars()
    }

    /// Message flags, as `setflag` counts them: bit n is flag n.
    pub fn flags(&self) -> u32 {
        self.turn.flags.get()
    }

    /// Changes the message flags; they stay with the transaction.
    pub fn set_flags(&mut self, flags: u32) {
        self.turn.flags.set(flags);
    }

    /// The INVITE that this CANCEL is about, as that was received; `None` in other routes.
    pub fn invite(&self) -> Option<Message> {
        let id = self.cancels()?;
        self.turn.local.step(id, |stripe, _, _| stripe.table.request(id))
    }

    /// The tag in To of the replies that are made here.
    pub fn local_tag(&self) -> &str {
        self.turn.tag()
    }

    /// Whether this is the route of a CANCEL that matched an INVITE, and which.
    pub(crate) fn cancels(&self) -> Option<TransactionId> {
        match self.turn.kind {
            Kind::Cancel(invite) => Some(invite),
            _ => None,
        }
    }
}

impl std::fmt::Debug for Ctx {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ctx")
            .field("kind", &self.turn.kind)
            .field("transaction", &self.transaction())
            .field("source", self.source())
            .finish_non_exhaustive()
    }
}
