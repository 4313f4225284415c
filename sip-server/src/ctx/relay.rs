//! Stateful relaying (RFC 3261 16.6): one branch for each destination, all at once.

use bytes::Bytes;
use sip_core::{HeaderName, Message, Method, StatusCode, Target};
use sip_transaction::{Armed, Asker, BranchId, NewBranch, Round, TransactionId};
use smallvec::SmallVec;

use crate::ctx::branch::BranchCtx;
use crate::ctx::destination::Destination;
use crate::ctx::send::SendCtx;
use crate::ctx::{Ctx, breadth, via};
use crate::error::RouteError;
use crate::routed::Routed;
use crate::turn::Kind;

impl Ctx {
    /// Relays the request within its transaction (`t_relay`): to the request URI, by way of
    /// [`destination`](Self::destination), and to all of [`branches`](Self::branches), at once.
    ///
    /// Makes the transaction if there is none, runs the branch route for each branch, and returns when
    /// the requests are on their way; responses are relayed without the route. An ACK is forwarded
    /// without state, and in the route of a matched CANCEL this is [`Ctx::cancel`].
    ///
    /// # Errors
    ///
    /// Nothing was sent then, and with `?` the caller gets the error's reply. As long as one branch can be sent,
    /// those that cannot are left out. [`RouteError::Canceled`]: the caller gave up meanwhile (-487).
    /// [`RouteError::Resolve`]: 478. [`RouteError::Reply`] 483: too many
    /// hops; 440: more branches at once than its Max-Breadth. [`RouteError::NoBranch`]: the branch route dropped every branch, or a failure
    /// route added none.
    pub async fn relay(&mut self) -> Routed {
        if self.cancels().is_some() {
            return self.cancel();
        }
        if self.received().method() == Some(Method::Ack) {
            return self.forward().await;
        }
        let destinations = self.take_destinations();
        let armed = self.turn.armed();
        self.send_round(destinations, armed).await
    }

    /// The same to these destinations instead.
    ///
    /// ```
    /// # use sip_server::{Ctx, Routed};
    /// # async fn ring_both(ctx: &mut Ctx) -> Routed {
    /// ctx.relay_to(["sip:desk@192.0.2.10", "sip:mobile@192.0.2.11:5070"]).await
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of [`Self::relay`].
    pub async fn relay_to(
        &mut self,
        destinations: impl IntoIterator<Item = impl Into<Destination>>,
    ) -> Routed {
        let destinations = destinations.into_iter().map(Into::into).collect();
        let armed = self.turn.armed();
        self.send_round(destinations, armed).await
    }

    /// Gives up the call for the caller: the route of a matched CANCEL ends the INVITE with 487 and
    /// cancels its branches; the CANCEL itself gets 200 (RFC 3261 9.2, 16.10).
    ///
    /// # Errors
    ///
    /// [`RouteError::WrongRoute`] in any other route.
    pub fn cancel(&mut self) -> Routed {
        let Some(invite) = self.cancels() else {
            return Err(RouteError::WrongRoute {
                call: "cancel",
                instead: "this route is not that of a matched CANCEL",
            });
        };
        let reason = self.received().header(HeaderName::Reason).map(|value| Bytes::copy_from_slice(value));
        self.reply(StatusCode::OK)?;
        self.turn.local.step(invite, |stripe, now, out| stripe.table.cancel(now, invite, reason, out))?;
        Ok(())
    }

    /// What `relay` goes to: in a failure route only what is new.
    pub(crate) fn take_destinations(&mut self) -> SmallVec<[Destination; 1]> {
        let mut all = SmallVec::new();
        let moved = self.turn.moved.replace(false)
            || self.turn.kind != Kind::Failure
            || self.destination != Destination::default()
            || self.turn.ruri_at_start.as_deref() != self.msg.request_uri().map(|uri| uri.as_ref());
        if moved {
            all.push(std::mem::take(&mut self.destination));
        }
        all.extend(self.branches.drain(..));
        all
    }

    /// Reserves branch numbers, runs the branch routes, commits.
    pub(crate) async fn send_round(
        &mut self,
        destinations: SmallVec<[Destination; 1]>,
        armed: Armed,
    ) -> Routed {
        self.turn.unpark()?;
        self.count_hops()?;
        if destinations.is_empty() {
            return Err(RouteError::NoBranch);
        }
        let in_use = self.turn.breadth.get();
        let Some(breadth) = breadth::share(self.received(), destinations.len(), in_use) else {
            return Err(StatusCode::MAX_BREADTH_EXCEEDED.into());
        };
        let id = self.turn.transaction()?;
        let count = u16::try_from(destinations.len()).unwrap_or(u16::MAX);
        self.turn.breadth.set(in_use.saturating_add(u32::from(count) * breadth.max(1)));
        let numbers = self.turn.local.step(id, |stripe, _, _| stripe.table.reserve(id, count))?;
        let mut branches = SmallVec::new();
        let mut failed = None;
        for (destination, number) in destinations.into_iter().zip(numbers) {
            match self.prepare(destination, number, breadth).await {
                Ok(branch) => branches.extend(branch),
                Err(RouteError::Canceled) => return Err(RouteError::Canceled),
                // One phone that cannot be reached does not keep the others from ringing.
                Err(error) => {
                    tracing::debug!(%error, branch = %number, "branch not sent");
                    failed.get_or_insert(error);
                }
            }
        }
        self.turn.on_branch.set(None);
        if branches.is_empty() {
            return Err(failed.unwrap_or(RouteError::NoBranch));
        }
        self.commit(id, Round { branches, armed })
    }

    fn commit(&mut self, id: TransactionId, round: Round) -> Routed {
        self.turn.unpark()?;
        let Armed { on_reply, on_failure, on_branch_failure } = round.armed;
        let later =
            on_reply.is_some() || on_branch_failure.is_some() || matches!(on_failure, Some(Asker::Route(_)));
        let branches = round.branches.len() as u64;
        self.turn.local.step(id, |stripe, now, out| {
            stripe.table.commit(now, id, round, out)?;
            self.turn.local.stats().forwarded.add(branches);
            if later {
                stripe.kept.entry(id).or_insert_with(|| self.turn.kept(&self.msg));
            }
            Ok(())
        })
    }

    /// The socket that the dialog's second Route names, where the target may be reached from it.
    pub(crate) fn leave_by(&self, target: Target) -> Target {
        match self.turn.leave_by.get() {
            Some(side) if side.protocol == target.protocol && target.local.is_none() => {
                Target { local: Some(side.addr), ..target }
            }
            _ => target,
        }
    }

    /// One branch, complete but for being sent; `None` when the branch route dropped it.
    async fn prepare(
        &mut self,
        destination: Destination,
        id: BranchId,
        breadth: u32,
    ) -> Result<Option<NewBranch>, RouteError> {
        let turn = self.turn.clone();
        let mut msg = self.msg.clone();
        destination.write_into(&mut msg)?;
        if breadth > 0 {
            msg.replace(HeaderName::MaxBreadth, breadth.to_string())?;
        }
        let mut destination = destination;
        let mut rr = None;
        if let Some(route) = turn.on_branch.get() {
            let mut branch = self.branch(msg, destination, id);
            turn.local.hooks.branch(route, &mut branch).await?;
            turn.flags.set(branch.flags);
            if branch.dropped {
                return Ok(None);
            }
            (msg, destination, rr) = (branch.msg, branch.destination, Some(branch.rr));
        }
        let mut target = self.leave_by(destination.resolve(&mut msg)?);
        self.record_outbound(rr.as_ref().unwrap_or(&turn.rr.borrow()), &mut msg, &target)?;
        let shared = self.shared();
        via::push(
            &mut msg,
            &mut target,
            id.to_via(via::loop_hash(self.received()), shared.secret()),
            shared,
        )?;
        let bytes = msg.to_bytes();
        let mut send = SendCtx { bytes: &bytes, target: &target, dropped: false };
        turn.local.hooks.onsend(&mut send)?;
        if send.dropped {
            return Ok(None);
        }
        Ok(Some(NewBranch { id, target, bytes, fr: None, fr_inv: None, user: 0 }))
    }

    /// What the branch route sees of a branch.
    fn branch(&self, msg: Message, destination: Destination, id: BranchId) -> BranchCtx {
        let turn = &self.turn;
        BranchCtx {
            msg,
            destination,
            number: id.branch,
            flags: turn.flags.get(),
            dropped: false,
            rr: turn.rr.borrow().clone(),
            received: turn.received().clone(),
            source: turn.source,
            vars: turn.vars().clone(),
            transaction: id.transaction,
            shared: turn.local.shared.clone(),
        }
    }
}
