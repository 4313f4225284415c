//! `View`: what variables see of the message that a route runs for.

use std::net::SocketAddr;

use sip_core::{Message, Protocol, Source};
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

    /// The flags of this kind.
    fn flags(&self, kind: Flags) -> Option<u32> {
        let _ = kind;
        None
    }

    /// Changes flags; `false` where there are none.
    fn set_flags(&mut self, kind: Flags, flags: u32) -> bool {
        let _ = (kind, flags);
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

    /// The status of that response; in a request route, of the last reply that was sent; 0: none yet.
    fn reply_code(&self) -> Option<u16> {
        None
    }

    /// The request of the transaction (`$T_req`).
    fn request(&self) -> Option<Message> {
        None
    }

    /// The INVITE that this CANCEL is about (`$T_inv`).
    fn invite(&self) -> Option<Message> {
        None
    }

    /// The number of this message among those that this process has run routes for.
    fn number(&self) -> Option<u64> {
        None
    }

    /// The tag in To of the replies that are made here.
    fn local_tag(&self) -> Option<String> {
        None
    }

    /// Whether the called side of a dialog sent it.
    fn is_upstream(&self) -> bool {
        false
    }

    /// The address that the server listens on, of this text: `udp:192.0.2.1:5060`.
    fn listen(&self, text: &[u8]) -> Option<(Protocol, SocketAddr)> {
        let _ = text;
        None
    }

    /// What is kept with the transaction: AVPs and XAVPs.
    fn vars(&self) -> Option<Vars> {
        None
    }
}

/// Kinds of flags.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Flags {
    /// `$mf`: stay with the transaction.
    Message,
    /// `$bf`: of the request URI's branch.
    Branch,
    /// `$sf`: of one run of a route.
    Script,
}

/// Nothing: the top level of a script.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NoMessage;

impl View for NoMessage {}

/// Another message than the current one: `$T_req(ci)`.
pub(crate) struct Alone<'m>(pub(crate) &'m Message);

impl View for Alone<'_> {
    fn msg(&self) -> Option<&Message> {
        Some(self.0)
    }
}
