//! The end of a transaction, or of what rings in it, by the route's own decision.

use crate::ctx::Ctx;

impl Ctx {
    /// Cancels the branches that ring (`t_cancel_branches("all")`); their final responses count as any other. Nothing
    /// where there is no transaction.
    pub fn cancel_branches(&mut self) {
        if let Some(id) = self.transaction() {
            self.turn.local.step(id, |stripe, now, out| stripe.table.cancel_branches(now, id, None, out));
        }
    }

    /// Ends the transaction without a reply (`t_drop`): what comes again is absorbed, what rings is cancelled. `false`:
    /// there is none.
    pub fn release(&mut self) -> bool {
        let Some(id) = self.transaction() else { return false };
        self.turn.local.step(id, |stripe, now, out| stripe.table.release(now, id, out));
        true
    }
}
