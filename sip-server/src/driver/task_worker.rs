//! The other loop: that of a worker without sockets, for work that is no message.

use std::rc::Rc;

use sip_transaction::Transmit;
use tokio::sync::{mpsc, watch};

use crate::clock;
use crate::ctx::event::EventCtx;
use crate::local::Local;
use crate::post::Post;
use crate::routes::Routes;
use crate::task::{Task, Work};

use super::desk::{Desk, closed};
use super::job::Job;
use super::worker::{Phase, sleep_until};

/// Tasks begun in one go, before those that wait have their turn.
const IN_ONE_GO: usize = 32;

/// One task worker: a thread's loop, or one of several in a played network.
pub(crate) struct TaskWorker<R: Routes> {
    mailbox: mpsc::UnboundedReceiver<Post>,
    phase: watch::Receiver<Phase>,
    desk: Desk<R>,
}

impl<R: Routes> TaskWorker<R> {
    pub(crate) fn new(
        mailbox: mpsc::UnboundedReceiver<Post>,
        phase: watch::Receiver<Phase>,
        local: Rc<Local>,
        routes: Rc<R>,
    ) -> Self {
        Self { mailbox, phase, desk: Desk::new(local, routes) }
    }

    /// Works until the phase is [`Phase::Stopped`]. Runs inside a `LocalSet`.
    pub(crate) async fn run(mut self) {
        let local = self.desk.local.clone();
        let tasks = local.shared.tasks();
        self.desk.begin();
        self.desk.settle(lend);
        loop {
            let room = self.has_room();
            let due = if room { tasks.due(clock::now()) } else { None };
            tokio::select! {
                biased;
                Some(post) = self.mailbox.recv() => self.desk.open(post),
                () = local.dirty.notified() => {}
                changed = self.phase.changed() => {
                    if changed.is_err() || *self.phase.borrow() == Phase::Stopped {
                        break;
                    }
                }
                () = tasks.news(), if room => {}
                () = sleep_until(due) => {}
            }
            while let Ok(post) = self.mailbox.try_recv() {
                self.desk.open(post);
            }
            self.work();
            self.desk.settle(lend);
        }
        self.desk.settle(lend);
    }

    /// Whether one more task may wait here. Without room what comes stays in the queue, which is bounded.
    fn has_room(&self) -> bool {
        self.desk.local.others_waiting.get() < self.desk.local.lot.limit()
    }

    fn work(&mut self) {
        let local = self.desk.local.clone();
        for _ in 0..IN_ONE_GO {
            if !self.has_room() {
                return local.shared.tasks().pass_on();
            }
            let Some(Task { work, turn }) = local.shared.tasks().take(clock::now()) else { return };
            // What is left is for whoever is free; this worker may be busy with it for long.
            local.shared.tasks().pass_on();
            self.desk.runners.start(match work {
                Work::Event(event) => Job::Event(event, EventCtx { local: local.clone() }, turn),
                Work::Task(begin) => Job::Task(begin(local.clone())),
            });
            self.desk.settle(lend);
        }
    }
}

/// Sends through a worker that has sockets.
fn lend(local: &Local, transmit: Transmit) {
    let Err(transmit) = local.shared.lend(Box::new(transmit)) else { return };
    local.stats().unsent.one();
    tracing::debug!(remote = %transmit.target.remote, "not sent: too much waits");
    if let Some(branch) = transmit.branch {
        closed(local, branch);
    }
}
