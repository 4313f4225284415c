//! One branch: a copy of the request that went downstream, or a suspension that waits.

use std::time::{Duration, Instant};

use bytes::Bytes;
use sip_core::{Message, StatusCode, Target};

use crate::handle::RouteId;
use crate::timer::earlier;
use crate::uac::Client;
use crate::uac::other::OtherClient;

/// One branch of a transaction.
#[derive(Debug)]
pub(crate) struct Branch {
    /// Its number, as the Via branch has it.
    pub(crate) number: u16,
    /// The round of branches it was sent in.
    pub(crate) round: u16,
    pub(crate) on_reply: Option<RouteId>,
    pub(crate) on_branch_failure: Option<RouteId>,
    /// How it ended; `None` while the caller may still be answered by it.
    pub(crate) outcome: Option<Outcome>,
    pub(crate) kind: Kind,
}

/// What a branch is.
#[derive(Debug)]
pub(crate) enum Kind {
    Sent(Sent),
    Blind(Blind),
}

/// How a branch ended.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// A negative final response, which may be picked.
    Response(Box<Message>),
    /// No response in time (408) or no way to send (503).
    Local(StatusCode),
    /// It was answered with a 2xx, or its negative response is of no more use.
    Done,
}

/// A branch that was sent.
#[derive(Debug)]
pub(crate) struct Sent {
    pub(crate) target: Target,
    /// What is sent again: the request; after a negative response to an INVITE, its ACK; after a 2xx
    /// nothing.
    pub(crate) bytes: Bytes,
    /// Whether `bytes` is the ACK.
    pub(crate) acked: bool,
    pub(crate) client: Client,
    pub(crate) cancel: Option<Box<Cancel>>,
    pub(crate) fr_inv: Option<Duration>,
    pub(crate) user: u64,
    pub(crate) last_status: Option<StatusCode>,
}

/// The CANCEL of a branch: a client transaction of its own.
#[derive(Debug)]
pub(crate) struct Cancel {
    pub(crate) client: OtherClient,
    pub(crate) bytes: Bytes,
}

/// A suspension.
#[derive(Debug)]
pub(crate) struct Blind {
    /// The number of the suspension, from 1.
    pub(crate) number: u32,
    pub(crate) state: BlindState,
    pub(crate) until: Instant,
}

/// What became of a suspension.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BlindState {
    Waiting,
    /// Resumed, or its suspension was cancelled by the route.
    Used,
    TimedOut,
    Canceled,
    /// The call was answered by something else.
    Answered,
}

impl Branch {
    pub(crate) fn sent(&self) -> Option<&Sent> {
        match &self.kind {
            Kind::Sent(sent) => Some(sent),
            Kind::Blind(_) => None,
        }
    }

    pub(crate) fn sent_mut(&mut self) -> Option<&mut Sent> {
        match &mut self.kind {
            Kind::Sent(sent) => Some(sent),
            Kind::Blind(_) => None,
        }
    }

    pub(crate) fn blind_mut(&mut self) -> Option<&mut Blind> {
        match &mut self.kind {
            Kind::Blind(blind) => Some(blind),
            Kind::Sent(_) => None,
        }
    }

    /// Whether a phone may still answer by it.
    pub(crate) fn rings(&self) -> bool {
        self.outcome.is_none() && self.sent().is_some()
    }

    pub(crate) fn earliest(&self) -> Option<Instant> {
        match &self.kind {
            Kind::Sent(sent) => earlier(
                sent.client.deadlines().earliest(),
                sent.cancel.as_ref().and_then(|cancel| cancel.client.deadlines().earliest()),
            ),
            Kind::Blind(blind) => (blind.state == BlindState::Waiting).then_some(blind.until),
        }
    }

    /// Whether nothing more can come of it: no timer, no response to absorb.
    pub(crate) fn is_over(&self) -> bool {
        match &self.kind {
            Kind::Sent(sent) => {
                sent.client.is_terminated()
                    && sent.cancel.as_ref().is_none_or(|cancel| cancel.client.is_terminated())
            }
            Kind::Blind(_) => true,
        }
    }

    pub(crate) fn kept_bytes(&self) -> usize {
        let response = match &self.outcome {
            Some(Outcome::Response(response)) => response.encoded_len(),
            _ => 0,
        };
        let sent = self
            .sent()
            .map_or(0, |sent| sent.bytes.len() + sent.cancel.as_ref().map_or(0, |cancel| cancel.bytes.len()));
        response + sent
    }
}
