//! What every kind of worker does: opens its mail, runs routes, sees to it that what they asked for is done.

use std::rc::Rc;

use sip_transaction::{BranchId, Outbox, Transmit};

use crate::ctx::event::EventCtx;
use crate::ctx::failure::FailureCtx;
use crate::event::Event;
use crate::local::Local;
use crate::post::Post;
use crate::routes::Routes;

use super::asks;
use super::job::Job;
use super::runner::Runners;

/// A worker without its way in and out.
pub(super) struct Desk<R> {
    pub(super) local: Rc<Local>,
    pub(super) runners: Rc<Runners<R>>,
    /// The other outbox: the two are exchanged, so that neither is made anew.
    spare: Outbox,
}

impl<R: Routes> Desk<R> {
    pub(super) fn new(local: Rc<Local>, routes: Rc<R>) -> Self {
        Self { runners: Runners::new(routes, local.clone()), local, spare: Outbox::default() }
    }

    /// Says to the routes that the worker is there.
    pub(super) fn begin(&self) {
        self.event(Event::Started);
    }

    fn event(&self, event: Event) {
        self.runners.start(Job::Event(event, EventCtx { local: self.local.clone() }, None));
    }

    pub(super) fn open(&self, post: Post) {
        match post {
            Post::Failed(ticket, ask) => asks::deliver_failed(&self.local, ticket, *ask),
            Post::Answered(ticket, status) => asks::deliver_answered(&self.local, ticket, status),
            Post::Gone(ticket) => _ = self.local.lot.tow(ticket),
            Post::Resumed { id, route } => {
                if let Some(ctx) = FailureCtx::later(&self.local, id, None, None) {
                    self.runners.start(Job::Resumed(route, ctx));
                }
            }
            Post::Event(event) => self.event(*event),
            Post::Send(transmit) => {
                self.local.shared.lent_is_sent();
                self.local.outbox.borrow_mut().transmits.push(*transmit);
            }
        }
    }

    /// Does what the steps of this turn want done, until nothing is left. `send` has each message.
    pub(super) fn settle(&mut self, mut send: impl FnMut(&Local, Transmit)) {
        loop {
            std::mem::swap(&mut *self.local.outbox.borrow_mut(), &mut self.spare);
            if self.spare.is_empty() {
                break;
            }
            let mut work = std::mem::take(&mut self.spare);
            for transmit in work.transmits.drain(..) {
                send(&self.local, transmit);
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
    }
}

/// A branch could not be sent: as a 503 from it (RFC 3261 8.1.3.1).
pub(super) fn closed(local: &Local, branch: BranchId) {
    local.step(branch.transaction, |stripe, now, out| stripe.table.handle_closed(now, branch, out));
}
