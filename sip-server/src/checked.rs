//! What the checks of credentials came to.

use sip_modules::auth::{AuthError, Authenticated};

/// Kept for the turn.
#[derive(Debug, Default)]
pub(crate) struct Checked {
    /// Who sent the request.
    pub(crate) who: Option<Authenticated>,
    /// Only the nonce of the last credentials was at fault.
    pub(crate) stale: bool,
}

impl Checked {
    /// Remembers the last check.
    pub(crate) fn note(&mut self, result: Result<Authenticated, AuthError>) -> Result<(), AuthError> {
        self.who = None;
        self.stale = result.as_ref().is_err_and(|error| error.is_stale());
        self.who = Some(result?);
        Ok(())
    }
}
