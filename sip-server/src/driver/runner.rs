//! Runners: the boxes in which routes run.
//!
//! A runner is one future that runs job after job from a slot, so that its box is made once and
//! reused: a route that does not wait costs no allocation and no spawn. It is polled once, inline.
//! If the route waits, its runner is spawned as a task of the worker's thread, and the worker goes on
//! with the next message on another runner.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use sip_core::StatusCode;
use sip_transaction::{AskId, Ticket, Wait};

use crate::error::RouteError;
use crate::local::Local;
use crate::routes::Routes;

use super::job::{self, Behalf, Job};

/// Idle runners that a worker keeps; more are dropped, so that a burst of parked calls does not pin
/// its memory.
const IDLE: usize = 64;

/// How long a route may wait that no transaction bounds: of a response that tm has not seen, of an ACK, of a CANCEL.
const PATIENCE: Duration = Duration::from_secs(30);

type Body = Pin<Box<dyn Future<Output = ()>>>;

#[derive(Default)]
struct Slot {
    job: Cell<Option<Job>>,
    busy: Cell<bool>,
}

struct Runner {
    body: Body,
    slot: Rc<Slot>,
}

/// The runners of one worker.
pub(super) struct Runners<R> {
    routes: Rc<R>,
    local: Rc<Local>,
    idle: RefCell<Vec<Runner>>,
}

impl<R: Routes> Runners<R> {
    pub(super) fn new(routes: Rc<R>, local: Rc<Local>) -> Rc<Self> {
        Rc::new(Self { routes, local, idle: RefCell::default() })
    }

    /// Runs a route until it ends or waits.
    pub(super) fn start(self: &Rc<Self>, job: Job) {
        let behalf = job.behalf();
        let idle = self.idle.borrow_mut().pop();
        let mut runner = idle.unwrap_or_else(|| self.runner());
        runner.slot.job.set(Some(job));
        runner.slot.busy.set(true);
        match poll(&mut runner, &mut Context::from_waker(Waker::noop())) {
            Polled::Ended => self.put_back(runner),
            Polled::Panicked => self.panicked(&behalf),
            Polled::Waits => self.park(runner, behalf),
        }
    }

    /// A route that waits becomes a task; one that may not wait is dropped and its caller answered.
    fn park(self: &Rc<Self>, runner: Runner, behalf: Behalf) {
        let ticket = match &behalf {
            Behalf::Turn(turn) => turn.park().map(|()| turn.ticket.get()),
            Behalf::Reply(ask) => self.park_reply(*ask).map(Some),
            Behalf::Response | Behalf::Task => {
                let room = self.local.others_waiting.get() < self.local.lot.limit();
                room.then_some(None).ok_or(RouteError::Busy)
            }
        };
        let ticket = match ticket {
            Ok(ticket) => ticket,
            Err(error) => {
                drop(runner);
                self.local.stats().refused.one();
                match behalf {
                    Behalf::Turn(turn) => turn.conclude(Err(error)),
                    Behalf::Reply(ask) => self.skip(ask),
                    Behalf::Response | Behalf::Task => {}
                }
                return;
            }
        };
        // Whoever is known to tm is dropped by its timers, and a task may take its time.
        let patience = match &behalf {
            Behalf::Turn(turn) => (!turn.parked.get() && !turn.awaits_branches.get()).then_some(PATIENCE),
            Behalf::Response => Some(PATIENCE),
            Behalf::Reply(_) | Behalf::Task => None,
        };
        let parked = Parked { runner: Some(runner), behalf, ticket, runners: self.clone() };
        parked.count(1);
        let task = match patience {
            None => tokio::task::spawn_local(parked),
            Some(patience) => tokio::task::spawn_local(async move {
                if tokio::time::timeout(patience, parked).await.is_err() {
                    tracing::warn!("a route that nobody waits for was dropped: it waited too long");
                }
            }),
        };
        if let Some(ticket) = ticket {
            self.local.lot.stand(ticket, task.abort_handle());
        }
    }

    /// tm learns that a reply route waits: its timer `fr` bounds the wait.
    fn park_reply(&self, ask: AskId) -> Result<Ticket, RouteError> {
        let ticket = self.local.lot.take().ok_or(RouteError::Busy)?;
        let parked = self.local.step(ask.transaction, |stripe, now, out| {
            stripe.table.park(now, ask.transaction, ticket, Wait::Ask(ask), out)
        });
        parked.inspect_err(|_| self.local.lot.leave(ticket))?;
        Ok(ticket)
    }

    /// The transaction goes on as if its reply route had done nothing.
    fn skip(&self, ask: AskId) {
        self.local.step(ask.transaction, |stripe, now, out| stripe.table.skip(now, ask, out));
    }

    fn panicked(&self, behalf: &Behalf) {
        match behalf {
            Behalf::Turn(turn) => turn.conclude(Err(RouteError::Reply(StatusCode::SERVER_INTERNAL_ERROR))),
            Behalf::Reply(ask) => {
                self.local.stats().failed.one();
                self.skip(*ask);
            }
            Behalf::Response | Behalf::Task => self.local.stats().failed.one(),
        }
    }

    fn runner(&self) -> Runner {
        let slot = Rc::new(Slot::default());
        let (routes, local, jobs) = (self.routes.clone(), self.local.clone(), slot.clone());
        let body = Box::pin(async move {
            loop {
                let job = poll_fn(|_| jobs.job.take().map_or(Poll::Pending, Poll::Ready)).await;
                job::run(&*routes, &local, job).await;
                jobs.busy.set(false);
            }
        });
        Runner { body, slot }
    }

    fn put_back(&self, runner: Runner) {
        let mut idle = self.idle.borrow_mut();
        if idle.len() < IDLE {
            idle.push(runner);
        }
    }
}

enum Polled {
    Ended,
    Waits,
    Panicked,
}

/// A panic in a route is a bug of the application: its caller gets 500, the worker goes on.
fn poll(runner: &mut Runner, cx: &mut Context<'_>) -> Polled {
    match catch_unwind(AssertUnwindSafe(|| runner.body.as_mut().poll(cx))) {
        Ok(Poll::Pending) if runner.slot.busy.get() => Polled::Waits,
        Ok(_) => Polled::Ended,
        Err(_) => Polled::Panicked,
    }
}

/// A route that waits, as a task.
struct Parked<R: Routes> {
    runner: Option<Runner>,
    behalf: Behalf,
    /// Its place, unless its turn knows it.
    ticket: Option<Ticket>,
    runners: Rc<Runners<R>>,
}

impl<R: Routes> Parked<R> {
    fn count(&self, change: isize) {
        let local = &self.runners.local;
        if matches!(self.behalf, Behalf::Response | Behalf::Task) {
            local.others_waiting.set(local.others_waiting.get().saturating_add_signed(change));
        }
        local.count_parked();
    }
}

impl<R: Routes> Future for Parked<R> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        let Some(runner) = &mut this.runner else { return Poll::Ready(()) };
        let polled = poll(runner, cx);
        this.runners.local.dirty.notify_one();
        match polled {
            Polled::Waits => {
                // It did something meanwhile and waits again: tm learns of it. If it may not, it ends.
                let Behalf::Turn(turn) = &this.behalf else { return Poll::Pending };
                let Err(error) = turn.park() else { return Poll::Pending };
                this.runner = None;
                turn.conclude(Err(error));
            }
            Polled::Ended => {
                if let Some(runner) = this.runner.take() {
                    this.runners.put_back(runner);
                }
            }
            Polled::Panicked => {
                this.runner = None;
                this.runners.panicked(&this.behalf);
            }
        }
        Poll::Ready(())
    }
}

impl<R: Routes> Drop for Parked<R> {
    fn drop(&mut self) {
        // First what the route itself has to give back.
        self.runner = None;
        // Dropped while it waited: its caller gave up and has its answer.
        let ticket = match &self.behalf {
            Behalf::Turn(turn) => turn.ticket.take(),
            _ => self.ticket.take(),
        };
        if let Some(ticket) = ticket {
            self.runners.local.lot.leave(ticket);
        }
        self.count(-1);
    }
}
