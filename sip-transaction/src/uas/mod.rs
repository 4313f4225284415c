//! The server half of a transaction: the request as it was received, and what was replied.

pub(crate) mod action;
pub(crate) mod invite;
pub(crate) mod local;
pub(crate) mod other;

use std::time::Instant;

use self::action::Action;
use self::invite::InviteServer;
use self::local::LocalServer;
use self::other::OtherServer;
use crate::timer::{Deadlines, Timing};

/// Which of the server machines runs.
#[derive(Clone, Debug)]
pub(crate) enum Server {
    Invite(InviteServer),
    Other(OtherServer),
    Local(LocalServer),
}

impl Server {
    /// The request has just come in. `late_100` is whether one that is no INVITE has a 100 when its reply is late.
    pub(crate) fn new(invite: bool, now: Instant, reliable: bool, timing: Timing, late_100: bool) -> Server {
        if invite {
            Server::Invite(InviteServer::new(reliable, timing))
        } else {
            Server::Other(OtherServer::new(now, reliable, timing, late_100))
        }
    }

    /// The request came again.
    pub(crate) fn on_request(&mut self) -> Action {
        match self {
            Server::Invite(machine) => machine.on_request(),
            Server::Other(machine) => machine.on_request(),
            Server::Local(_) => Action::Nothing,
        }
    }

    /// A reply 100 to 199.
    pub(crate) fn on_provisional(&mut self) -> Action {
        match self {
            Server::Invite(machine) => machine.on_provisional(),
            Server::Other(machine) => machine.on_provisional(),
            Server::Local(_) => Action::Nothing,
        }
    }

    /// A reply 200 to 299; `ours` when this server answered, not a phone behind it.
    pub(crate) fn on_success(&mut self, now: Instant, ours: bool) -> Action {
        match self {
            Server::Invite(machine) => machine.on_success(now, ours),
            Server::Other(machine) => machine.on_final(now),
            Server::Local(machine) => machine.on_success(),
        }
    }

    /// A reply 300 to 699.
    pub(crate) fn on_failure(&mut self, now: Instant) -> Action {
        match self {
            Server::Invite(machine) => machine.on_failure(now),
            Server::Other(machine) => machine.on_final(now),
            Server::Local(machine) => machine.on_failure(),
        }
    }

    /// There will be no reply at all.
    pub(crate) fn on_silence(&mut self, now: Instant) {
        match self {
            Server::Invite(machine) => machine.on_silence(now),
            Server::Other(machine) => machine.on_silence(now),
            Server::Local(machine) => machine.on_silence(),
        }
    }

    /// A timer may be due. Called until it is `None`.
    pub(crate) fn on_timeout(&mut self, now: Instant) -> Option<Action> {
        match self {
            Server::Invite(machine) => machine.on_timeout(now),
            Server::Other(machine) => machine.on_timeout(now),
            Server::Local(_) => None,
        }
    }

    /// Other gaps from the next retransmission on.
    pub(crate) fn retime(&mut self, timing: Timing) {
        if let Server::Invite(machine) = self {
            machine.retime(timing);
        }
    }

    pub(crate) fn deadlines(&self) -> &Deadlines {
        match self {
            Server::Invite(machine) => machine.deadlines(),
            Server::Other(machine) => machine.deadlines(),
            Server::Local(machine) => machine.deadlines(),
        }
    }

    pub(crate) fn is_invite(&self) -> bool {
        match self {
            Server::Invite(_) => true,
            Server::Other(_) => false,
            Server::Local(machine) => machine.is_invite(),
        }
    }

    /// No final reply yet.
    pub(crate) fn is_open(&self) -> bool {
        match self {
            Server::Invite(machine) => machine.is_open(),
            Server::Other(machine) => machine.is_open(),
            Server::Local(machine) => machine.is_open(),
        }
    }

    /// Whether the last reply may have to be sent again.
    pub(crate) fn keeps_reply(&self) -> bool {
        match self {
            Server::Invite(machine) => machine.keeps_reply(),
            Server::Other(machine) => machine.keeps_reply(),
            Server::Local(_) => false,
        }
    }

    pub(crate) fn is_terminated(&self) -> bool {
        match self {
            Server::Invite(machine) => machine.is_terminated(),
            Server::Other(machine) => machine.is_terminated(),
            Server::Local(machine) => !machine.is_open(),
        }
    }
}
