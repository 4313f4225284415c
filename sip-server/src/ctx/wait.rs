//! Relaying and waiting for what comes of it: serial forking as straight-line code.

use sip_core::{Message, StatusCode};
use sip_transaction::{Armed, Asker};

use crate::ctx::Ctx;
use crate::ctx::destination::Destination;
use crate::error::RouteError;
use crate::local::Asked;
use crate::lot::Delivery;

/// What came of a relay that was waited for.
#[derive(Debug)]
#[non_exhaustive]
pub enum Outcome {
    /// A branch answered with this 2xx, which is on its way to the caller already.
    Answered(StatusCode),
    /// Every branch failed. The response is the best of this and earlier rounds (RFC 3261 16.7); unless
    /// the route relays anew or replies, it goes upstream when the route ends.
    Failed(Message),
}

impl Outcome {
    /// Whether the call was answered.
    pub fn is_answered(&self) -> bool {
        matches!(self, Self::Answered(_))
    }

    /// The status: of the 2xx, or of the best failure (408 where nobody answered in time).
    pub fn status(&self) -> Option<StatusCode> {
        match self {
            Self::Answered(status) => Some(*status),
            Self::Failed(response) => response.status(),
        }
    }
}

impl Ctx {
    /// Relays to these destinations at once and waits until one has answered or all have failed.
    ///
    /// Meanwhile the worker serves other calls. Calling it again relays to the next destinations, so
    /// serial forking is a loop; on the wire it is the same as a failure route that relays anew.
    ///
    /// ```
    /// # use sip_server::{Ctx, Routed};
    /// async fn hunt(ctx: &mut Ctx) -> Routed {
    ///     for gateway in ["sip:192.0.2.10", "sip:192.0.2.11", "sip:192.0.2.12"] {
    ///         if ctx.relay_and_wait([gateway]).await?.is_answered() {
    ///             break;
    ///         }
    ///     }
    ///     Ok(()) // nobody answered: the caller gets the best of the failures
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`Ctx::relay`]; [`RouteError::Canceled`] when the caller gave up, in which case the route is as a
    /// rule dropped at the `await` instead. [`RouteError::WrongRoute`] for an ACK.
    pub async fn relay_and_wait(
        &mut self,
        destinations: impl IntoIterator<Item = impl Into<Destination>>,
    ) -> Result<Outcome, RouteError> {
        let turn = self.turn.clone();
        let ticket = turn.place()?;
        let armed = Armed { on_failure: Some(Asker::Waiter(ticket)), ..turn.armed() };
        let destinations = destinations.into_iter().map(Into::into).collect();
        self.send_round(destinations, armed).await?;
        turn.release_ask();
        // tm knows who waits, by the ticket that is armed: nothing else has to be parked meanwhile.
        turn.awaits_branches.set(true);
        let delivery = turn.local.lot.wait(ticket).await;
        turn.awaits_branches.set(false);
        let delivery = delivery.ok_or(RouteError::Canceled)?;
        turn.breadth.set(0); // none rings any more
        Ok(match delivery {
            Delivery::Answered(status) => Outcome::Answered(status),
            Delivery::Failed(ask) => {
                turn.ask.set(Some(Asked::failure(ask.id)));
                Outcome::Failed(ask.kind.response().clone())
            }
        })
    }
}
