//! Why a call of this module did nothing.

use sip_core::{EditError, HeaderError, StatusCode};

/// Why [`record_route`](super::record_route) and the others did nothing. KEMI knows all of them as -1.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum RrError {
    /// This message has its Record-Route already: the caller's mistake.
    #[error("record_route was called before for this message")]
    AlreadyRecorded,
    /// A response is not routed this way: the caller's mistake.
    #[error("only requests have a route")]
    NotARequest,
    /// The parameter is no `;name=value` that can stand in a URI: the caller's mistake.
    #[error("not a URI parameter, at byte {at}")]
    Param {
        /// The first byte that does not belong there.
        at: usize,
    },
    /// A Route, the From or the Request-URI is malformed: the sender's mistake.
    #[error(transparent)]
    Header(#[from] HeaderError),
    /// The message did not take the change.
    #[error(transparent)]
    Edit(#[from] EditError),
}

impl RrError {
    /// The reply that this error asks for: 400 where the sender is at fault, else 500.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Header(error) => error.status(),
            Self::Edit(error) => error.status(),
            _ => StatusCode::SERVER_INTERNAL_ERROR,
        }
    }
}
