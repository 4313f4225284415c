//! The client half of one branch: the request as it was sent, and what came back.

pub(crate) mod action;
pub(crate) mod invite;
pub(crate) mod other;

use std::time::{Duration, Instant};

use self::action::Action;
use self::invite::InviteClient;
use self::other::OtherClient;
use crate::timer::{Deadlines, Timing};

/// Which of the two client machines runs.
#[derive(Clone, Debug)]
pub(crate) enum Client {
    Invite(InviteClient),
    Other(OtherClient),
}

impl Client {
    /// The request has just been sent.
    pub(crate) fn new(invite: bool, now: Instant, reliable: bool, timing: Timing, fr: Duration) -> Client {
        if invite {
            Client::Invite(InviteClient::new(now, reliable, timing, fr))
        } else {
            Client::Other(OtherClient::new(now, reliable, timing, fr))
        }
    }

    /// A response 100 to 199. `fr_inv` is how long the final one to an INVITE may now take.
    pub(crate) fn on_provisional(&mut self, now: Instant, fr_inv: Duration) -> Action {
        match self {
            Client::Invite(machine) => machine.on_provisional(now, fr_inv),
            Client::Other(machine) => machine.on_provisional(),
        }
    }

    /// A response 200 to 299.
    pub(crate) fn on_success(&mut self, now: Instant) -> Action {
        match self {
            Client::Invite(machine) => machine.on_success(now),
            Client::Other(machine) => machine.on_final(now),
        }
    }

    /// A response 300 to 699.
    pub(crate) fn on_failure(&mut self, now: Instant) -> Action {
        match self {
            Client::Invite(machine) => machine.on_failure(now),
            Client::Other(machine) => machine.on_final(now),
        }
    }

    /// The call is to be cancelled here. Nothing can cancel what is not an INVITE.
    pub(crate) fn on_cancel(&mut self, now: Instant) -> Action {
        match self {
            Client::Invite(machine) => machine.on_cancel(now),
            Client::Other(_) => Action::Nothing,
        }
    }

    /// The transport failed. `true` when the branch had no final response.
    pub(crate) fn on_closed(&mut self) -> bool {
        match self {
            Client::Invite(machine) => machine.on_closed(),
            Client::Other(machine) => machine.on_closed(),
        }
    }

    /// A timer may be due. Called until it is `None`.
    pub(crate) fn on_timeout(&mut self, now: Instant) -> Option<Action> {
        match self {
            Client::Invite(machine) => machine.on_timeout(now),
            Client::Other(machine) => machine.on_timeout(now),
        }
    }

    pub(crate) fn deadlines(&self) -> &Deadlines {
        match self {
            Client::Invite(machine) => machine.deadlines(),
            Client::Other(machine) => machine.deadlines(),
        }
    }

    pub(crate) fn is_terminated(&self) -> bool {
        match self {
            Client::Invite(machine) => machine.is_terminated(),
            Client::Other(machine) => machine.is_terminated(),
        }
    }
}
