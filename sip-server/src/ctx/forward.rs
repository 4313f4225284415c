//! Stateless forwarding (RFC 3261 16.11).

use crate::ctx::Ctx;
use crate::ctx::via;
use crate::error::RouteError;
use crate::routed::Routed;

impl Ctx {
    /// Forwards the request without state to its next hop: no retransmission, no failure route, and
    /// the responses find their way by their Via (`forward`). This is how the ACK of a 2xx travels.
    ///
    /// # Errors
    ///
    /// [`RouteError::WrongRoute`] where a transaction exists: relay within it. Otherwise those of
    /// [`Ctx::relay`] that are about hops and addresses.
    pub async fn forward(&mut self) -> Routed {
        if self.transaction().is_some() {
            return Err(RouteError::WrongRoute {
                call: "forward",
                instead: "the request has a transaction: use relay",
            });
        }
        self.count_hops()?;
        let mut msg = self.msg.clone();
        self.destination.write_into(&mut msg)?;
        let mut target = self.leave_by(self.destination.resolve(&mut msg)?);
        self.record_outbound(&self.rr(), &mut msg, &target)?;
        let branch = via::stateless_branch(self.received(), self.shared().key())?;
        via::push(&mut msg, &mut target, branch, self.shared())?;
        self.turn.local.stats().forwarded.one();
        self.turn.local.send(target, msg.to_bytes(), None);
        self.turn.acted.set(true);
        Ok(())
    }
}
