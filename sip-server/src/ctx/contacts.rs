//! Contacts by preference: groups of equal q, one after the other; and branches that join a ringing call.

use std::cmp::Reverse;
use std::mem::take;

use bytes::Bytes;
use sip_transaction::{Armed, TransactionId};
use smallvec::SmallVec;

use crate::ctx::Ctx;
use crate::ctx::destination::Destination;
use crate::ctx::failure::FailureCtx;
use crate::error::RouteError;
use crate::routed::Routed;

impl Ctx {
    /// Puts where the request would go (its request URI and [`branches`](Self::branches)) aside in groups of equal
    /// [`q`](Destination::q), best first, no q last (`t_load_contacts`). [`Self::next_contacts`] brings them back one
    /// after the other, in this route and in later ones.
    ///
    /// One contact alone stays what it is: relay to it. Returns how many groups there are.
    pub fn load_contacts(&mut self) -> usize {
        let mut all = self.take_destinations().into_vec();
        let own = self.msg.request_uri().map(|uri| Bytes::copy_from_slice(uri)).unwrap_or_default();
        if let [only] = &mut all[..] {
            let only = take(only);
            match only.uri.is_empty() || only.uri == own {
                true => self.destination = Destination { uri: Bytes::new(), ..only },
                false => self.branches.push(only),
            }
            return 1;
        }
        for destination in all.iter_mut().filter(|destination| destination.uri.is_empty()) {
            destination.uri = own.clone();
        }
        self.load_contacts_from(all)
    }

    /// The same with these destinations, each with a URI of its own, however many.
    pub fn load_contacts_from(&mut self, mut contacts: Vec<Destination>) -> usize {
        contacts.sort_by_key(|contact| Reverse(contact.q)); // stable; no q is below any
        let groups: Vec<_> = contacts.chunk_by(|a, b| a.q == b.q).map(<[Destination]>::to_vec).collect();
        let count = groups.len();
        self.vars().set_contacts(groups);
        count
    }

    /// Goes on to the next group of [`Self::load_contacts`] (`t_next_contacts`): its first contact becomes the
    /// request URI with its next hop, the others become [`branches`](Self::branches). `false`: none is left, and
    /// nothing has changed.
    ///
    /// ```
    /// # use sip_server::{Ctx, FailureCtx, RouteId, Routed};
    /// const NEXT: RouteId = RouteId::new(1);
    ///
    /// async fn request(ctx: &mut Ctx) -> Routed {
    ///     ctx.lookup().await?;
    ///     ctx.load_contacts();
    ///     ctx.next_contacts()?;
    ///     ctx.on_failure(NEXT);
    ///     ctx.relay().await
    /// }
    ///
    /// async fn failure(ctx: &mut FailureCtx) -> Routed {
    ///     if !ctx.next_contacts()? {
    ///         return Ok(()); // the best of the failures goes upstream
    ///     }
    ///     ctx.on_failure(NEXT);
    ///     ctx.relay().await
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// [`RouteError::Edit`]: a contact is no URI.
    pub fn next_contacts(&mut self) -> Result<bool, RouteError> {
        let mut group = self.vars().next_contacts().into_iter();
        let Some(first) = group.next() else { return Ok(false) };
        self.msg.set_request_uri(&first.uri)?;
        self.destination = Destination { uri: Bytes::new(), ..first };
        self.branches = group.collect();
        self.turn.moved.set(true);
        Ok(true)
    }

    /// Sends [`branches`](Self::branches) beside those that ring already (`t_append_branches`).
    ///
    /// # Errors
    ///
    /// Those of [`Ctx::relay`]; [`RouteError::Tm`] when the call was answered meanwhile.
    pub async fn append_branches(&mut self) -> Routed {
        let branches = take(&mut self.branches).into();
        let armed = self.turn.armed();
        self.send_round(branches, armed).await
    }

    /// Sends more branches of another request, whose transaction may ring or be suspended: a phone that was woken up
    /// registers, and the call that waits for it is sent there. They start from the request as it was relayed or
    /// suspended, with the routes that are armed for it.
    ///
    /// # Errors
    ///
    /// Those of [`Ctx::relay`]; [`RouteError::Tm`] when that transaction has ended or is answered.
    pub async fn append_to(
        &self,
        transaction: TransactionId,
        destinations: impl IntoIterator<Item = impl Into<Destination>>,
    ) -> Routed {
        let later = FailureCtx::later(&self.turn.local, transaction, None, None);
        let mut later = later.ok_or(RouteError::Tm(sip_transaction::TmError::Unknown))?;
        let destinations: SmallVec<_> = destinations.into_iter().map(Into::into).collect();
        later.ctx.send_round(destinations, Armed::default()).await
    }
}
