//! Work that is no message.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use sip_transaction::RouteId;

use crate::error::RouteError;
use crate::uac::RequestOutcome;

/// What [`Routes::event`](crate::Routes::event) is run for.
#[non_exhaustive]
pub enum Event {
    /// The worker is ready; once a worker, before anything else, task workers included.
    Started,
    /// What [`Shared::post`](crate::Shared::post) or [`Shared::post_after`](crate::Shared::post_after) brought. On a
    /// task worker.
    Posted {
        /// The name given there.
        name: Arc<str>,
        /// The data given there.
        data: Box<dyn Any + Send>,
    },
    /// The time of a timer has come: [`Shared::every`](crate::Shared::every). On a task worker.
    Timer {
        /// Its name.
        name: Arc<str>,
    },
    /// What came of [`Ctx::start_request`](crate::Ctx::start_request). On the worker that sent the request.
    Outcome {
        /// The number given there.
        route: RouteId,
        /// The final response, or why nothing was sent.
        outcome: Result<RequestOutcome, RouteError>,
    },
}

impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Started => f.write_str("Started"),
            Self::Posted { name, .. } => f.debug_struct("Posted").field("name", name).finish_non_exhaustive(),
            Self::Outcome { route, outcome } => {
                f.debug_struct("Outcome").field("route", route).field("outcome", outcome).finish()
            }
            Self::Timer { name } => f.debug_struct("Timer").field("name", name).finish(),
        }
    }
}
