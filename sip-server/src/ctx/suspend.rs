//! `t_suspend`: a transaction that goes on when somebody else says so.

use sip_transaction::{RouteId, Suspension};

use crate::ctx::Ctx;
use crate::error::RouteError;
use crate::shared::Shared;

/// The right to go on with a suspended transaction, once.
///
/// `Send`: hand it to a thread, a timer, a queue or a connection. Where only numbers can travel,
/// [`Self::suspension`] is the same right; [`Shared::resume`] takes it.
#[derive(Debug)]
#[must_use = "a transaction that nobody resumes ends with 408 when its timer fires"]
pub struct Resume {
    pub(crate) shared: Shared,
    pub(crate) suspension: Suspension,
}

impl Resume {
    /// Which suspension of which transaction.
    pub fn suspension(&self) -> Suspension {
        self.suspension
    }

    /// Goes on with the transaction in this resume route (`t_continue`).
    ///
    /// # Errors
    ///
    /// Those of [`Shared::resume`].
    pub fn run(self, route: RouteId) -> Result<(), RouteError> {
        self.shared.resume(self.suspension, route)
    }
}

impl Ctx {
    /// Suspends the transaction (`t_suspend`), made now if there is none: this route may end, and the
    /// transaction waits until [`Resume::run`], the caller's CANCEL (487) or its timer `fr` (408).
    ///
    /// To wait within this route, use `await` on anything instead: that suspends by itself.
    ///
    /// # Errors
    ///
    /// [`RouteError::Canceled`], or [`RouteError::Tm`] when a final reply was sent already.
    pub fn suspend(&mut self) -> Result<Resume, RouteError> {
        self.turn.unpark()?;
        let id = self.turn.transaction()?;
        let suspension = self.turn.local.step(id, |stripe, now, out| stripe.table.suspend(now, id, out))?;
        self.turn.keep(&self.msg);
        self.turn.acted.set(true);
        Ok(Resume { shared: self.shared().clone(), suspension })
    }
}
