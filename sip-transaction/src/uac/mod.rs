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

    /// Other gaps from the next retransmission on.
    pub(crate) fn retime(&mut self, timing: Timing) {
        match self {
            Client::Invite(machine) => machine.retime(timing),
            Client::Other(machine) => machine.retime(timing),
        }
    }

    /// Waits for that long from now on, in place of what is left: for the first response to an INVITE or the
    /// final one to another request (`fr`), for the final one to an INVITE (`fr_inv`).
    pub(crate) fn set_wait(&mut self, now: Instant, fr: Option<Duration>, fr_inv: Option<Duration>) {
        match (self, fr) {
            (Client::Invite(machine), _) => machine.set_wait(now, fr, fr_inv),
            (Client::Other(machine), Some(fr)) => machine.set_wait(now, fr),
            (Client::Other(_), None) => {}
        }
    }

    pub(crate) fn deadlines(&self) -> &Deadlines {
        match self {
            Client::Invite(machine) => machine.deadlines(),
            Client::Other(machine) => machine.deadlines(),
        }
    }

    /// No final response yet, and one may still come.
    pub(crate) fn is_open(&self) -> bool {
        match self {
            Client::Invite(machine) => machine.is_open(),
            Client::Other(machine) => machine.is_open(),
        }
    }

    pub(crate) fn is_terminated(&self) -> bool {
        match self {
            Client::Invite(machine) => machine.is_terminated(),
            Client::Other(machine) => machine.is_terminated(),
        }
    }
}
