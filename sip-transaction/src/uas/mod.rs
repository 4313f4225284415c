//! The server half of a transaction: the request as it was received, and what was replied.

pub(crate) mod action;
pub(crate) mod invite;
pub(crate) mod other;

use std::time::Instant;

use self::action::Action;
use self::invite::InviteServer;
use self::other::OtherServer;
use crate::timer::{Deadlines, Timing};

/// Which of the two server machines runs.
#[derive(Clone, Debug)]
pub(crate) enum Server {
    Invite(InviteServer),
    Other(OtherServer),
}

impl Server {
    pub(crate) fn new(invite: bool, reliable: bool, timing: Timing) -> Server {
        if invite {
            Server::Invite(InviteServer::new(reliable, timing))
        } else {
            Server::Other(OtherServer::new(reliable, timing))
        }
    }

    /// The request came again.
    pub(crate) fn on_request(&mut self) -> Action {
        match self {
            Server::Invite(machine) => machine.on_request(),
            Server::Other(machine) => machine.on_request(),
        }
    }

    /// A reply 100 to 199.
    pub(crate) fn on_provisional(&mut self) -> Action {
        match self {
            Server::Invite(machine) => machine.on_provisional(),
            Server::Other(machine) => machine.on_provisional(),
        }
    }

    /// A reply 200 to 299; `ours` when this server answered, not a phone behind it.
    pub(crate) fn on_success(&mut self, now: Instant, ours: bool) -> Action {
        match self {
            Server::Invite(machine) => machine.on_success(now, ours),
            Server::Other(machine) => machine.on_final(now),
        }
    }

    /// A reply 300 to 699.
    pub(crate) fn on_failure(&mut self, now: Instant) -> Action {
        match self {
            Server::Invite(machine) => machine.on_failure(now),
            Server::Other(machine) => machine.on_final(now),
        }
    }

    /// There will be no reply at all.
    pub(crate) fn on_silence(&mut self, now: Instant) {
        match self {
            Server::Invite(machine) => machine.on_silence(now),
            Server::Other(machine) => machine.on_silence(now),
        }
    }

    /// A timer may be due. Called until it is `None`.
    pub(crate) fn on_timeout(&mut self, now: Instant) -> Option<Action> {
        match self {
            Server::Invite(machine) => machine.on_timeout(now),
            Server::Other(machine) => machine.on_timeout(now),
        }
    }

    pub(crate) fn deadlines(&self) -> &Deadlines {
        match self {
            Server::Invite(machine) => machine.deadlines(),
            Server::Other(machine) => machine.deadlines(),
        }
    }

    pub(crate) fn is_invite(&self) -> bool {
        matches!(self, Server::Invite(_))
    }

    /// No final reply yet.
    pub(crate) fn is_open(&self) -> bool {
        match self {
            Server::Invite(machine) => machine.is_open(),
            Server::Other(machine) => machine.is_open(),
        }
    }

    /// Whether the last reply may have to be sent again.
    pub(crate) fn keeps_reply(&self) -> bool {
        match self {
            Server::Invite(machine) => machine.keeps_reply(),
            Server::Other(machine) => machine.keeps_reply(),
        }
    }

    pub(crate) fn is_terminated(&self) -> bool {
        match self {
            Server::Invite(machine) => machine.is_terminated(),
            Server::Other(machine) => machine.is_terminated(),
        }
    }
}
