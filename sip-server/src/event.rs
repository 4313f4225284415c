//! Work that is no message.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

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
}

impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Started => f.write_str("Started"),
            Self::Posted { name, .. } => f.debug_struct("Posted").field("name", name).finish_non_exhaustive(),
            Self::Timer { name } => f.debug_struct("Timer").field("name", name).finish(),
        }
    }
}
