//! `EventCtx`: what an event route may do.

use std::rc::Rc;

use crate::local::Local;
use crate::shared::Shared;

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

    /// The number of this worker, from 0.
    pub fn worker(&self) -> u16 {
        self.local.worker
    }
}
