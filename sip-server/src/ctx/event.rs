//! `EventCtx`: what an event route and a task may do.

use std::any::Any;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use crate::clock;
use crate::error::QueueFull;
use crate::event::Event;
use crate::local::Local;
use crate::routed::Routed;
use crate::shared::Shared;
use crate::task::{Running, Work};

/// The context of work that is no message.
pub struct EventCtx {
    pub(crate) local: Rc<Local>,
}

impl std::fmt::Debug for EventCtx {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EventCtx").field("worker", &self.local.worker).finish()
    }
}

impl EventCtx {
    /// What all workers share.
    pub fn shared(&self) -> &Shared {
        &self.local.shared
    }

    /// The number of this worker: from 0 those that receive messages, behind them the task workers.
    pub fn worker(&self) -> u16 {
        self.local.worker
    }

    /// Whether this worker is a task worker.
    pub fn is_task_worker(&self) -> bool {
        usize::from(self.local.worker) >= self.shared().workers()
    }
}

/// Work that is no message. It runs on the task workers, never on a worker that receives messages, whatever thread
/// these are called from. What is slow there makes other tasks late, and no message.
impl Shared {
    /// Runs [`Routes::event`](crate::Routes::event) with [`Event::Posted`].
    ///
    /// # Errors
    ///
    /// [`QueueFull`]: nothing was taken in. As a [`RouteError`](crate::RouteError) it is 503 with Retry-After.
    pub fn post(&self, name: impl Into<Arc<str>>, data: Box<dyn Any + Send>) -> Result<(), QueueFull> {
        self.tasks().put(None, Work::Event(Event::Posted { name: name.into(), data }))
    }

    /// The same after this time.
    ///
    /// # Errors
    ///
    /// [`QueueFull`]: what waits for its time counts, too.
    pub fn post_after(
        &self,
        delay: Duration,
        name: impl Into<Arc<str>>,
        data: Box<dyn Any + Send>,
    ) -> Result<(), QueueFull> {
        let due = clock::now() + delay;
        self.tasks().put(Some(due), Work::Event(Event::Posted { name: name.into(), data }))
    }

    /// Runs [`Routes::event`](crate::Routes::event) with [`Event::Timer`] each time that this interval has passed, in
    /// place of a timer of that name; zero ends that one. At least a millisecond.
    ///
    /// A run that is not over when the next is due lets that one pass (counted: `timers_skipped`).
    ///
    /// # Errors
    ///
    /// [`QueueFull`]: there are 1024 timers.
    pub fn every(&self, name: impl Into<Arc<str>>, interval: Duration) -> Result<(), QueueFull> {
        self.tasks().every(clock::now(), name.into(), interval)
    }

    /// Runs a task.
    ///
    /// ```
    /// # use sip_server::{QueueFull, Shared};
    /// # fn ask(shared: &Shared) -> Result<(), QueueFull> {
    /// shared.run(async |ctx| {
    ///     tokio::time::sleep(std::time::Duration::from_secs(1)).await; // no message waits for this
    ///     tracing::info!(transactions = ctx.shared().stats().transactions);
    ///     Ok(())
    /// })
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`QueueFull`]: it is not run.
    pub fn run(
        &self,
        task: impl AsyncFnOnce(&mut EventCtx) -> Routed + Send + 'static,
    ) -> Result<(), QueueFull> {
        let begin = move |local: Rc<dyn Any>| -> Running {
            Box::pin(async move {
                // Whoever begins a task gives it its own state.
                let Ok(local) = local.downcast::<Local>() else { return Ok(()) };
                task(&mut EventCtx { local }).await
            })
        };
        self.tasks().put(None, Work::Task(Box::new(begin)))
    }
}
