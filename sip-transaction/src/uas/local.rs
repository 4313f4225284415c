//! The server half of a request that starts here: nobody is upstream.
//!
//! ```text
//!        200-699
//! Open ───────────> Done: further 2xx to an INVITE pass
//! ```
//!
//! What would be sent to a caller is told to whoever started the request; see `local.rs`.

use crate::timer::Deadlines;
use crate::uas::action::Action;

/// See the head of this file.
#[derive(Clone, Debug)]
pub(crate) struct LocalServer {
    invite: bool,
    open: bool,
    /// None ever runs.
    deadlines: Deadlines,
}

impl LocalServer {
    pub(crate) fn new(invite: bool) -> LocalServer {
        LocalServer { invite, open: true, deadlines: Deadlines::default() }
    }

    pub(crate) fn on_success(&mut self) -> Action {
        let was_open = std::mem::replace(&mut self.open, false);
        if was_open || self.invite { Action::Send } else { Action::Nothing }
    }

    pub(crate) fn on_failure(&mut self) -> Action {
        if std::mem::replace(&mut self.open, false) { Action::Send } else { Action::Nothing }
    }

    pub(crate) fn on_silence(&mut self) {
        self.open = false;
    }

    pub(crate) fn deadlines(&self) -> &Deadlines {
        &self.deadlines
    }

    pub(crate) fn is_invite(&self) -> bool {
        self.invite
    }

    pub(crate) fn is_open(&self) -> bool {
        self.open
    }
}
