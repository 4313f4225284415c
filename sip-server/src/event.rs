//! Work that is no message.

use std::any::Any;
use std::fmt;

/// What [`Routes::event`](crate::Routes::event) is run for.
#[non_exhaustive]
pub enum Event {
    /// The worker is ready; once a worker, before its first message.
    Started,
    /// What [`Shared::post`](crate::Shared::post) brought.
    Posted {
        /// The name given there.
        name: &'static str,
        /// The data given there.
        data: Box<dyn Any + Send>,
    },
}

impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Started => f.write_str("Started"),
            Self::Posted { name, .. } => f.debug_struct("Posted").field("name", name).finish_non_exhaustive(),
        }
    }
}
