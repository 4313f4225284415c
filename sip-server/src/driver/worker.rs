//! The one loop: receive, match, route, send.

use std::future::{pending, poll_fn, ready};
use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;
use std::time::{Duration, Instant};

use sip_core::Target;
use sip_transaction::{BranchId, TransactionId, Transmit};
use sip_transport::{Endpoint, Inbound, SendError, SendTag};
use tokio::sync::{mpsc, watch};

use crate::clock;
use crate::ctx::http::HttpCtx;
use crate::local::Local;
use crate::post::Post;
use crate::routes::Routes;

use super::desk::{Desk, closed};
use super::intake::Intake;
use super::job::Job;
use super::message::Admission;
use super::{message, response};

/// How often the first worker looks for bindings that have ended.
const HOUSEKEEPING: Duration = Duration::from_secs(1);

/// As many messages as the sockets give at a time: more may wait there.
const FULL: usize = 32;
/// Batches that are read in one go.
const READ_AHEAD: usize = 8;
/// How often the sockets are looked at while something waits here: a look may take a moment, in which the sockets
/// let more gather.
const READ_EVERY: Duration = Duration::from_millis(5);

/// What a server is doing.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Phase {
    /// Serving.
    Running,
    /// Finishing what it has; new work is turned away with 503.
    Draining,
    /// Over.
    Stopped,
}

/// One worker: a thread's loop, or one of several in a played network.
pub(crate) struct Worker<R: Routes, E> {
    endpoint: E,
    mailbox: mpsc::UnboundedReceiver<Post>,
    phase: watch::Receiver<Phase>,
    local: Rc<Local>,
    desk: Desk<R>,
    intake: Intake,
    /// When the sockets are looked at again, although something waits here.
    read_again: Instant,
    /// When the first worker next looks for bindings that have ended.
    look: Instant,
}

impl<R: Routes, E: Endpoint> Worker<R, E> {
    pub(crate) fn new(
        endpoint: E,
        mailbox: mpsc::UnboundedReceiver<Post>,
        phase: watch::Receiver<Phase>,
        local: Rc<Local>,
        routes: Rc<R>,
        max_delay: Option<Duration>,
    ) -> Self {
        let desk = Desk::new(local.clone(), routes);
        let now = clock::now();
        let look = now + HOUSEKEEPING;
        Self { endpoint, mailbox, phase, local, desk, intake: Intake::new(max_delay), read_again: now, look }
    }

    /// Serves until the phase is [`Phase::Stopped`]. Runs inside a `LocalSet`.
    pub(crate) async fn run(mut self) {
        let worker = usize::from(self.local.worker);
        self.desk.begin();
        self.settle();
        loop {
            let wake = self.next_wake();
            let mut batch = self.intake.buffer();
            let behind = !self.intake.is_empty();
            let reads = self.intake.has_room() && (!behind || clock::now() >= self.read_again);
            tokio::select! {
                // In this order: while messages come in, nothing else is asked. What the other
                // branches wake for is done or looked at in every turn anyway.
                biased;
                () = self.endpoint.recv(&mut batch), if reads => {}
                () = ready(()), if behind => {}
                Some(post) = self.mailbox.recv() => self.desk.open(post),
                () = self.local.dirty.notified() => {}
                () = self.local.shared.stripes().wake(worker) => {}
                _ = self.phase.changed() => {}
                () = sleep_until(wake) => {}
            }
            self.local.shared.stripes().awake(worker);
            if self.is_stopped() {
                break;
            }
            self.read_on(batch).await;
            self.serve();
            while let Ok(post) = self.mailbox.try_recv() {
                self.desk.open(post);
            }
            self.tick();
            self.settle();
        }
        self.settle();
    }

    /// Takes a batch in, and as long as batches are full the next ones: what waits in the sockets would grow old unseen.
    async fn read_on(&mut self, mut batch: Vec<Inbound>) {
        for _ in 0..READ_AHEAD {
            let (now, full) = (clock::now(), batch.len() >= FULL);
            if !batch.is_empty() {
                self.read_again = now + READ_EVERY;
            }
            self.intake.put(now, batch);
            if !full || !self.intake.has_room() {
                return;
            }
            batch = self.intake.buffer();
            let mut recv = pin!(self.endpoint.recv(&mut batch));
            poll_fn(|cx| Poll::Ready(_ = recv.as_mut().poll(cx))).await;
        }
        self.intake.put(clock::now(), batch);
    }

    /// Works one batch off.
    fn serve(&mut self) {
        let Some((mut batch, late)) = self.intake.take(clock::now()) else { return };
        let admission = match *self.phase.borrow() {
            Phase::Running if late => Admission::Shed,
            Phase::Running => Admission::Open,
            Phase::Draining | Phase::Stopped => Admission::Closed,
        };
        for inbound in batch.drain(..) {
            self.inbound(inbound, admission);
        }
        self.intake.put_back(batch);
    }

    /// Whether the server has ended; so too when nobody holds it any more.
    fn is_stopped(&self) -> bool {
        self.phase.has_changed().is_err() || *self.phase.borrow() == Phase::Stopped
    }

    fn inbound(&mut self, inbound: Inbound, admission: Admission) {
        match inbound {
            Inbound::Message { msg, source } if msg.is_request() => {
                if let Some(job) = message::request(&self.local, msg, source, admission) {
                    self.desk.runners.start(job);
                }
            }
            Inbound::Message { msg, source } => {
                self.local.stats().replies.one();
                if let Some(status) = msg.status() {
                    self.local.stats().counts.received.one(status);
                }
                self.desk.runners.start(Job::Response(response::context(&self.local, msg, source)));
            }
            Inbound::Http { msg, source, answer } => {
                self.local.stats().http.one();
                let mut ctx = HttpCtx::new(self.local.clone(), msg, source, answer);
                if *self.phase.borrow() == Phase::Draining {
                    ctx.set_reply_close();
                }
                self.desk.runners.start(Job::Http(Box::new(ctx)));
            }
            Inbound::Malformed { error, bytes, source } => {
                message::malformed(&self.local, error, bytes, source);
            }
            Inbound::SendFailed { tag, error } => {
                self.local.stats().unsent.one();
                tracing::debug!(%error, "not sent");
                closed(&self.local, branch_of(tag));
            }
            Inbound::KeepAlive(_) | Inbound::Closed(_) => {}
        }
    }

    /// Timers of the stripes that are this worker's business.
    fn tick(&mut self) {
        let now = clock::now();
        let mut outbox = self.local.outbox.borrow_mut();
        let worker = usize::from(self.local.worker);
        self.local.shared.stripes().tick(worker, now, |stripe| stripe.table.handle_timeout(now, &mut outbox));
        if worker == 0 && now >= self.look {
            self.look = now + HOUSEKEEPING;
            let mut ended = Vec::new();
            self.local.shared.registrar().expire(now, &mut ended);
            self.local.stats().expired.add(ended.len() as u64);
        }
    }

    fn settle(&mut self) {
        let endpoint = &mut self.endpoint;
        self.desk.settle(|local, transmit| send(local, endpoint, transmit));
        self.endpoint.flush();
    }

    fn next_wake(&self) -> Option<Instant> {
        let due = self.local.shared.stripes().plan(usize::from(self.local.worker));
        if self.local.worker > 0 {
            return due;
        }
        Some(due.map_or(self.look, |due| due.min(self.look)))
    }
}

fn send(local: &Local, endpoint: &mut impl Endpoint, transmit: Transmit) {
    let Transmit { target, bytes, branch } = transmit;
    local.stats().sent.one();
    let tag = branch.map(tag_of);
    let mut sent = endpoint.send(&target, bytes.clone(), tag);
    if branch.is_none()
        && let Err(SendError::FlowGone(flow)) = sent
        && !local.shared.no_connect().has(flow)
    {
        // The connection of a request has ended: its response goes to the address (RFC 3261 18.2.2).
        sent = endpoint.send(&Target { flow: None, ..target }, bytes, tag);
    }
    let Err(error) = sent else { return };
    local.stats().unsent.one();
    tracing::debug!(%error, remote = %target.remote, "not sent");
    if let Some(branch) = branch {
        closed(local, branch);
    }
}

pub(super) async fn sleep_until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at.into()).await,
        None => pending().await,
    }
}

fn tag_of(branch: BranchId) -> SendTag {
    let TransactionId { index, label } = branch.transaction;
    SendTag(u128::from(index) << 64 | u128::from(label) << 32 | u128::from(branch.branch))
}

fn branch_of(tag: SendTag) -> BranchId {
    let transaction = TransactionId { index: (tag.0 >> 64) as u32, label: (tag.0 >> 32) as u32 };
    BranchId { transaction, branch: tag.0 as u16 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_brings_back_its_branch() {
        let transaction = TransactionId { index: u32::MAX - 1, label: 7 };
        let branch = BranchId { transaction, branch: 11 };
        assert_eq!(branch_of(tag_of(branch)), branch);
    }
}
