//! The one loop: receive, match, route, send.

use std::future::pending;
use std::rc::Rc;
use std::time::{Duration, Instant};

use sip_core::Target;
use sip_transaction::{BranchId, Outbox, TransactionId, Transmit};
use sip_transport::{Endpoint, Inbound, SendError, SendTag};
use tokio::sync::{mpsc, watch};

use crate::clock;
use crate::ctx::event::EventCtx;
use crate::event::Event;
use crate::local::Local;
use crate::post::Post;
use crate::routes::Routes;

use super::job::Job;
use super::runner::Runners;
use super::{asks, message, response};

/// How often the first worker looks for bindings that have ended.
const HOUSEKEEPING: Duration = Duration::from_secs(1);

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
    runners: Rc<Runners<R>>,
    /// The other outbox: the two are exchanged, so that neither is made anew.
    spare: Outbox,
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
    ) -> Self {
        let runners = Runners::new(routes, local.clone());
        let look = clock::now() + HOUSEKEEPING;
        Self { endpoint, mailbox, phase, local, runners, spare: Outbox::default(), look }
    }

    /// Serves until the phase is [`Phase::Stopped`]. Runs inside a `LocalSet`.
    pub(crate) async fn run(mut self) {
        let mut batch = Vec::new();
        self.event(Event::Started);
        self.settle();
        loop {
            let wake = self.next_wake();
            let worker = usize::from(self.local.worker);
            tokio::select! {
                // In this order: while messages come in, nothing else is asked. What the other
                // branches wake for is done or looked at in every turn anyway.
                biased;
                () = self.endpoint.recv(&mut batch) => {}
                Some(post) = self.mailbox.recv() => self.open(post),
                () = self.local.dirty.notified() => {}
                () = self.local.shared.stripes().wake(worker) => {}
                _ = self.phase.changed() => {}
                () = sleep_until(wake) => {}
            }
            self.local.shared.stripes().awake(worker);
            if self.is_stopped() {
                break;
            }
            for inbound in batch.drain(..) {
                self.inbound(inbound);
            }
            while let Ok(post) = self.mailbox.try_recv() {
                self.open(post);
            }
            self.tick();
            self.settle();
        }
        self.settle();
    }

    /// Whether the server has ended; so too when nobody holds it any more.
    fn is_stopped(&self) -> bool {
        self.phase.has_changed().is_err() || *self.phase.borrow() == Phase::Stopped
    }

    fn inbound(&mut self, inbound: Inbound) {
        match inbound {
            Inbound::Message { msg, source } if msg.is_request() => {
                let draining = *self.phase.borrow() == Phase::Draining;
                if let Some(job) = message::request(&self.local, msg, source, draining) {
                    self.runners.start(job);
                }
            }
            Inbound::Message { msg, source } => {
                self.local.stats().replies.one();
                self.runners.start(Job::Response(response::context(&self.local, msg, source)));
            }
            Inbound::Malformed { error, bytes, source } => {
                message::malformed(&self.local, error, bytes, source);
            }
            Inbound::SendFailed { tag, error } => {
                self.local.stats().unsent.one();
                tracing::debug!(%error, "not sent");
                self.closed(branch_of(tag));
            }
            Inbound::KeepAlive(_) | Inbound::Closed(_) => {}
        }
    }

    fn open(&mut self, post: Post) {
        match post {
            Post::Failed(ticket, ask) => asks::deliver_failed(&self.local, ticket, *ask),
            Post::Answered(ticket, status) => asks::deliver_answered(&self.local, ticket, status),
            Post::Gone(ticket) => _ = self.local.lot.tow(ticket),
            Post::Resumed { id, route } => {
                if let Some(ctx) = asks::later(&self.local, id, None, None) {
                    self.runners.start(Job::Resumed(route, ctx));
                }
            }
            Post::Event(event) => self.event(event),
        }
    }

    fn event(&self, event: Event) {
        self.runners.start(Job::Event(event, EventCtx { local: self.local.clone() }));
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
        }
    }

    /// Does what the steps of this turn want done, until nothing is left.
    fn settle(&mut self) {
        loop {
            std::mem::swap(&mut *self.local.outbox.borrow_mut(), &mut self.spare);
            if self.spare.is_empty() {
                break;
            }
            self.local.stats().sent.add(self.spare.transmits.len() as u64);
            let mut work = std::mem::take(&mut self.spare);
            for transmit in work.transmits.drain(..) {
                self.send(transmit);
            }
            for notice in work.notices.drain(..) {
                asks::notice(&self.local, notice);
            }
            for ask in work.asks.drain(..) {
                if let Some(job) = asks::job(&self.local, ask) {
                    self.runners.start(job);
                }
            }
            self.spare = work;
        }
        self.endpoint.flush();
    }

    fn send(&mut self, transmit: Transmit) {
        let Transmit { target, bytes, branch } = transmit;
        let tag = branch.map(tag_of);
        let mut sent = self.endpoint.send(&target, bytes.clone(), tag);
        if branch.is_none()
            && let Err(SendError::FlowGone(flow)) = sent
            && !self.local.shared.no_connect().has(flow)
        {
            // The connection of a request has ended: its response goes to the address (RFC 3261 18.2.2).
            sent = self.endpoint.send(&Target { flow: None, ..target }, bytes, tag);
        }
        let Err(error) = sent else { return };
        self.local.stats().unsent.one();
        tracing::debug!(%error, remote = %target.remote, "not sent");
        if let Some(branch) = branch {
            self.closed(branch);
        }
    }

    /// A branch could not be sent: as a 503 from it (RFC 3261 8.1.3.1).
    fn closed(&self, branch: BranchId) {
        self.local.step(branch.transaction, |stripe, now, out| stripe.table.handle_closed(now, branch, out));
    }

    fn next_wake(&self) -> Option<Instant> {
        let due = self.local.shared.stripes().plan(usize::from(self.local.worker));
        if self.local.worker > 0 {
            return due;
        }
        Some(due.map_or(self.look, |due| due.min(self.look)))
    }
}

async fn sleep_until(at: Option<Instant>) {
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
