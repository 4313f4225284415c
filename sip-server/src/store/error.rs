//! Why a store did not do it, and what a REGISTER is answered then.

use std::sync::Arc;

use sip_core::StatusCode;

/// What the database said.
pub(crate) type Cause = Arc<dyn std::error::Error + Send + Sync>;

/// Why a store did not do what it was asked, or is not known to have.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// It cannot be reached, or is busy: nothing was changed.
    #[error("the store is down: {0}")]
    Down(#[source] Cause),
    /// It did not finish, or not in time: it may have made the change or not.
    #[error("the store did not finish: {0}")]
    Unsure(#[source] Cause),
    /// It says no, and would say so again: what was to be stored does not fit.
    #[error("the store refused: {0}")]
    Refused(#[source] Cause),
    /// A text that no text column holds: it is not UTF-8.
    #[error("{what} is no UTF-8: it cannot be stored")]
    NotText {
        /// Which text.
        what: &'static str,
    },
    /// A table has another layout than this server knows.
    #[error("table `{table}` has the version {found}; known is {known}")]
    Layout {
        /// The table.
        table: &'static str,
        /// The version that the table `version` tells.
        found: i64,
        /// The newest version that is known here.
        known: i64,
    },
    /// The server is starting: the store was not reached yet.
    #[error("the store was not reached yet")]
    Starting,
    /// The server is ending.
    #[error("the server is ending")]
    Ended,
}

impl StoreError {
    /// The reply that this error asks for: 503, or what says that trying again will not help.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::NotText { .. } => StatusCode::BAD_REQUEST,
            Self::Refused(_) => StatusCode::SERVER_INTERNAL_ERROR,
            _ => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// Whether what was to be stored is at fault, not the store.
    pub(crate) fn is_refusal(&self) -> bool {
        matches!(self, Self::Refused(_) | Self::NotText { .. })
    }
}

#[cfg(feature = "sql")]
impl From<sip_async::sql::SqlError> for StoreError {
    fn from(error: sip_async::sql::SqlError) -> Self {
        let (refused, unsure) = (error.is_refusal(), error.may_be_done());
        let cause = Arc::new(error);
        match (refused, unsure) {
            (true, _) => Self::Refused(cause),
            (_, true) => Self::Unsure(cause),
            _ => Self::Down(cause),
        }
    }
}
