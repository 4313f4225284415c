//! The data of one transaction: the server half, the branches, what waits.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use bytes::Bytes;
use sip_core::{HeaderName, Message, Source, StatusCode, Target};
use smallvec::SmallVec;

use crate::branch::{Branch, Outcome};
use crate::handle::{AskId, Ticket};
use crate::id::{BranchId, TransactionId};
use crate::input::{Armed, Wait};
use crate::kept::Kept;
use crate::key::Key;
use crate::origin::Origin;
use crate::timer::{Timing, earlier};
use crate::uas::Server;

/// One transaction. What happens to it stands in the files that it is named after: `reply.rs`,
/// `local.rs`, `relay.rs`, `collect.rs`, `cancel.rs`, `ack.rs`, `ask.rs`, `park.rs`, `suspend.rs`, `timeout.rs`.
#[derive(Debug)]
pub(crate) struct Transaction {
    pub(crate) id: TransactionId,
    /// What the table finds it by, unless it starts here; the second for the ACK of a 2xx of our own.
    pub(crate) key: Option<Key>,
    pub(crate) answer_key: Option<Key>,
    /// The request as received.
    pub(crate) request: Kept,
    /// Who is told what came of it.
    pub(crate) upstream: Upstream,
    pub(crate) server: Server,
    /// What is sent when the request comes again.
    pub(crate) last_reply: Bytes,
    pub(crate) last_status: Option<StatusCode>,
    pub(crate) branches: SmallVec<[Branch; 1]>,
    /// How many branch numbers were given out.
    pub(crate) reserved: u16,
    pub(crate) rounds: u16,
    pub(crate) suspensions: u32,
    pub(crate) armed: Armed,
    /// The caller has cancelled.
    pub(crate) canceled: bool,
    /// Whether a 6xx of one branch cancels the others.
    pub(crate) block_6xx: bool,
    /// A branch has said 6xx: no others until a failure route is asked.
    pub(crate) declined: bool,
    /// The Reason of CANCELs that go out.
    pub(crate) reason: Option<Bytes>,
    /// The ask that is out.
    pub(crate) asking: Option<Asking>,
    pub(crate) asks: u32,
    /// What came while the ask is out.
    pub(crate) pending: VecDeque<News>,
    pub(crate) parked: Vec<Parked>,
    pub(crate) fr: Option<Duration>,
    pub(crate) fr_inv: Option<Duration>,
    pub(crate) timing: Timing,
    /// The application's.
    pub(crate) user: u64,
    pub(crate) born: Instant,
    /// When it is given up, while it has no final reply.
    pub(crate) until: Option<Instant>,
}

/// Who is told what came of a request.
#[derive(Debug)]
pub(crate) enum Upstream {
    /// Who sent it to us: where it came from, and where replies go.
    Peer { source: Source, target: Target },
    /// It starts here.
    Origin(Box<Origin>),
}

/// The ask that a transaction waits for.
#[derive(Debug)]
pub(crate) struct Asking {
    pub(crate) number: u32,
    pub(crate) about: About,
}

/// What is asked, and what is needed to go on.
#[derive(Debug)]
pub(crate) enum About {
    Reply { branch: u16, response: Box<Message> },
    BranchFailure,
    Failure,
}

/// Something happened to a branch.
#[derive(Debug)]
pub(crate) enum News {
    Response { branch: u16, response: Message },
    Failed { branch: u16, status: StatusCode },
}

/// A route that waits.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Parked {
    pub(crate) ticket: Ticket,
    /// `Blind` or `Ask`.
    pub(crate) wait: Wait,
    pub(crate) until: Instant,
}

impl Transaction {
    pub(crate) fn branch_id(&self, branch: u16) -> BranchId {
        BranchId { transaction: self.id, branch }
    }

    pub(crate) fn ask_id(&self, number: u32) -> AskId {
        AskId { transaction: self.id, number }
    }

    pub(crate) fn is_invite(&self) -> bool {
        self.server.is_invite()
    }

    /// No final reply went upstream yet.
    pub(crate) fn is_open(&self) -> bool {
        self.server.is_open()
    }

    /// The place of a branch in `branches`.
    pub(crate) fn place(&self, number: u16) -> Option<usize> {
        self.branches.iter().position(|branch| branch.number == number)
    }

    pub(crate) fn branch(&self, number: u16) -> Option<&Branch> {
        self.branches.iter().find(|branch| branch.number == number)
    }

    pub(crate) fn branch_mut(&mut self, number: u16) -> Option<&mut Branch> {
        self.branches.iter_mut().find(|branch| branch.number == number)
    }

    /// Whether some phone may still answer.
    pub(crate) fn rings(&self) -> bool {
        self.branches.iter().any(Branch::rings)
    }

    /// Whether something may still decide it: a branch, a suspension, a parked route.
    pub(crate) fn waits(&self) -> bool {
        self.branches.iter().any(|branch| branch.outcome.is_none()) || !self.parked.is_empty()
    }

    pub(crate) fn earliest(&self) -> Option<Instant> {
        let mut first = earlier(self.server.deadlines().earliest(), self.until);
        for branch in &self.branches {
            first = earlier(first, branch.earliest());
        }
        for parked in &self.parked {
            first = earlier(first, Some(parked.until));
        }
        first
    }

    /// Whether it can be forgotten: replied to, and nothing more to absorb. A route that still runs
    /// or waits finds out when it asks.
    pub(crate) fn is_over(&self) -> bool {
        self.server.is_terminated() && self.branches.iter().all(Branch::is_over)
    }

    pub(crate) fn kept_bytes(&self) -> usize {
        let branches: usize = self.branches.iter().map(Branch::kept_bytes).sum();
        let pending: usize = self.pending.iter().map(News::kept_bytes).sum();
        let origin = match &self.upstream {
            Upstream::Peer { .. } => 0,
            Upstream::Origin(origin) => origin.kept_bytes(),
        };
        self.request.len() + self.last_reply.len() + branches + pending + origin
    }

    /// Responses that could have been picked are of no more use.
    pub(crate) fn forget_responses(&mut self) {
        for branch in &mut self.branches {
            if branch.outcome.is_some() {
                branch.outcome = Some(Outcome::Done);
            }
        }
    }
}

impl News {
    /// The same in a buffer of its own, when it is to wait.
    pub(crate) fn compact(self) -> News {
        match self {
            News::Response { branch, response } => News::Response { branch, response: response.compact() },
            failed => failed,
        }
    }

    /// Whether both are the same 2xx.
    pub(crate) fn is_same_answer(&self, other: &News) -> bool {
        let (News::Response { branch, response }, News::Response { branch: other_branch, response: other }) =
            (self, other)
        else {
            return false;
        };
        branch == other_branch
            && [response, other].iter().all(|r| r.status().is_some_and(|status| status.is_success()))
            && response.header(HeaderName::To) == other.header(HeaderName::To)
    }

    fn kept_bytes(&self) -> usize {
        match self {
            News::Response { response, .. } => response.encoded_len(),
            News::Failed { .. } => 0,
        }
    }
}
