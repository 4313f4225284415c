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

use sip_core::StatusCode;

use crate::error::RouteError;
use crate::local::Local;
use crate::routes::Routes;
use crate::turn::Turn;

use super::job::{self, Job};

/// Idle runners that a worker keeps; more are dropped, so that a burst of parked calls does not pin
/// its memory.
const IDLE: usize = 64;

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
        let turn = job.turn();
        let idle = self.idle.borrow_mut().pop();
        let mut runner = idle.unwrap_or_else(|| self.runner());
        runner.slot.job.set(Some(job));
        runner.slot.busy.set(true);
        match poll(&mut runner, &mut Context::from_waker(Waker::noop())) {
            Polled::Ended => self.put_back(runner),
            Polled::Panicked => self.panicked(turn.as_deref()),
            Polled::Waits => self.park(runner, turn),
        }
    }

    /// A route that waits becomes a task; one that may not wait is dropped and its caller answered.
    fn park(self: &Rc<Self>, runner: Runner, turn: Option<Rc<Turn>>) {
        if let Some(turn) = &turn
            && let Err(error) = turn.park()
        {
            drop(runner);
            self.local.stats().refused.one();
            turn.conclude(Err(error));
            return;
        }
        if turn.is_none() && self.local.others_waiting.get() >= self.local.lot.limit() {
            self.local.stats().refused.one();
            return;
        }
        let ticket = turn.as_ref().and_then(|turn| turn.ticket.get());
        let parked = Parked { runner: Some(runner), turn, runners: self.clone() };
        parked.count(1);
        let task = tokio::task::spawn_local(parked);
        if let Some(ticket) = ticket {
            self.local.lot.stand(ticket, task.abort_handle());
        }
    }

    fn panicked(&self, turn: Option<&Turn>) {
        match turn {
            Some(turn) => turn.conclude(Err(RouteError::Reply(StatusCode::SERVER_INTERNAL_ERROR))),
            None => self.local.stats().failed.one(),
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
    turn: Option<Rc<Turn>>,
    runners: Rc<Runners<R>>,
}

impl<R: Routes> Parked<R> {
    fn count(&self, change: isize) {
        let local = &self.runners.local;
        if self.turn.is_none() {
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
                let Some(Err(error)) = this.turn.as_ref().map(|turn| turn.park()) else {
                    return Poll::Pending;
                };
                this.runner = None;
                if let Some(turn) = &this.turn {
                    turn.conclude(Err(error));
                }
            }
            Polled::Ended => {
                if let Some(runner) = this.runner.take() {
                    this.runners.put_back(runner);
                }
            }
            Polled::Panicked => {
                this.runner = None;
                this.runners.panicked(this.turn.as_deref());
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
        if let Some(ticket) = self.turn.as_ref().and_then(|turn| turn.ticket.take()) {
            self.runners.local.lot.leave(ticket);
        }
        self.count(-1);
    }
}
