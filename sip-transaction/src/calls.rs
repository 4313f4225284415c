//! What a route asks of the table: make, relay, reply, cancel, end.

use std::time::Instant;

use bytes::Bytes;
use sip_core::{Message, Method, Source, StatusCode, build};
use smallvec::SmallVec;

use crate::arrival::Arrival;
use crate::error::TmError;
use crate::id::{BranchId, TransactionId};
use crate::input::Round;
use crate::key::Key;
use crate::output::Outbox;
use crate::table::Table;

impl Table {
    /// Makes the transaction of a request that [`Table::handle_request`] found to be new
    /// (`t_newtran`). From here on its retransmissions are absorbed. An INVITE is answered 100 at
    /// once if `Config::auto_100` says so.
    ///
    /// The request is copied into a buffer of its own; `request` is the message as received.
    ///
    /// # Errors
    ///
    /// [`TmError::Exists`] (another worker was first), [`TmError::Full`] (answer 503 with
    /// Retry-After), [`TmError::Ack`], [`TmError::NotRequest`], and [`TmError::Request`] when a
    /// header that a transaction needs is missing or malformed (answer 400).
    pub fn create(
        &mut self,
        now: Instant,
        request: &Message,
        from: &Source,
        out: &mut Outbox,
    ) -> Result<TransactionId, TmError> {
        match request.method() {
            None => return Err(TmError::NotRequest),
            Some(Method::Ack) => return Err(TmError::Ack),
            Some(_) => {}
        }
        let arrival = Arrival::read(request, from, &self.secret)?;
        self.create_arrival(now, request, &arrival, from, out)
    }

    /// As [`create`](Self::create), of a request that was read already.
    ///
    /// # Errors
    ///
    /// [`TmError::Exists`], [`TmError::Full`], [`TmError::Ack`].
    pub fn create_arrival(
        &mut self,
        now: Instant,
        request: &Message,
        arrival: &Arrival,
        from: &Source,
        out: &mut Outbox,
    ) -> Result<TransactionId, TmError> {
        if request.method() == Some(Method::Ack) {
            return Err(TmError::Ack);
        }
        if let Some(&id) = self.keys.get(&arrival.key) {
            return Err(TmError::Exists(id));
        }
        if self.slab.len() >= self.config.max_transactions {
            self.stats.refused += 1;
            return Err(TmError::Full { max: self.config.max_transactions });
        }
        let id = self.make(now, request, arrival, from)?;
        self.step(now, id, out, |transaction, step| {
            if transaction.is_invite() && step.config.auto_100 {
                let trying = step.built(build::response(request, StatusCode::TRYING).finish());
                trying.map(|bytes| transaction.send_reply(step, StatusCode::TRYING, bytes, true));
            }
        });
        Ok(id)
    }

    /// The transaction of a request; of an ACK or a CANCEL that of its INVITE
    /// (`t_lookup_request`, `t_lookup_cancel`).
    pub fn find(&self, request: &Message) -> Option<TransactionId> {
        let key = match request.method()? {
            Method::Ack | Method::Cancel => Key::of_invite(request, &self.secret),
            _ => Key::of(request, &self.secret),
        };
        self.keys.get(&key.ok()?).copied()
    }

    /// Gives out the numbers of `count` branches, for their Via headers. What is not committed is
    /// lost, and counts against `Config::max_branches`.
    ///
    /// # Errors
    ///
    /// [`TmError::Unknown`], [`TmError::Canceled`], [`TmError::Answered`], [`TmError::Declined`],
    /// [`TmError::TooManyBranches`].
    pub fn reserve(
        &mut self,
        transaction: TransactionId,
        count: u16,
    ) -> Result<SmallVec<[BranchId; 4]>, TmError> {
        self.change(transaction, |transaction, config| transaction.reserve(config.max_branches, count))
    }

    /// Sends all branches of a round (`t_relay`), to all of their targets at the same time. While a
    /// failure route or a waiting route is asked, this is serial forking; while the call rings it adds branches
    /// to it (`t_append_branches`), from whatever route or process.
    ///
    /// # Errors
    ///
    /// Nothing is sent then: [`TmError::Unknown`], [`TmError::Canceled`] (a CANCEL came since
    /// `reserve`), [`TmError::Answered`], [`TmError::Declined`], [`TmError::NotReserved`].
    pub fn commit(
        &mut self,
        now: Instant,
        transaction: TransactionId,
        round: Round,
        out: &mut Outbox,
    ) -> Result<(), TmError> {
        self.step(now, transaction, out, |transaction, step| transaction.commit(step, round))
            .unwrap_or(Err(TmError::Unknown))
    }

    /// Sends a reply of the application (`t_reply`); `bytes` is the whole message. After a final
    /// one branches that still ring are cancelled. A 2xx to an INVITE is sent again until its ACK,
    /// which ends here. A 408 to anything but an INVITE is not sent: it ends the transaction in silence
    /// (RFC 4320 4.2).
    ///
    /// # Errors
    ///
    /// [`TmError::Unknown`]; [`TmError::Answered`] after a final reply; [`TmError::Provisional`] for a 1xx to
    /// anything but an INVITE; [`TmError::NoCaller`] for a request that starts here.
    pub fn reply(
        &mut self,
        now: Instant,
        transaction: TransactionId,
        status: StatusCode,
        bytes: Bytes,
        out: &mut Outbox,
    ) -> Result<(), TmError> {
        self.step(now, transaction, out, |transaction, step| {
            if transaction.is_local() {
                return Err(TmError::NoCaller);
            }
            if !transaction.is_open() {
                return Err(TmError::Answered);
            }
            if !transaction.is_invite() && status.class() == 1 {
                return Err(TmError::Provisional);
            }
            transaction.reply_by_route(step, status, bytes);
            Ok(())
        })
        .unwrap_or(Err(TmError::Unknown))
    }

    /// Replies to a CANCEL that [`Matched::Cancel`](crate::Matched::Cancel) was said of, as
    /// [`reply`](Self::reply) does to any other request. [`Secret::to_tag`](crate::Secret::to_tag) gives it the To
    /// tag that the INVITE's reply has (RFC 3261 9.2).
    ///
    /// # Errors
    ///
    /// [`TmError::Unknown`], [`TmError::Answered`].
    pub fn cancel_reply(
        &mut self,
        now: Instant,
        cancel: &Message,
        status: StatusCode,
        bytes: Bytes,
        out: &mut Outbox,
    ) -> Result<(), TmError> {
        let key = Key::of(cancel, &self.secret)?;
        let id = self.keys.get(&key).copied().ok_or(TmError::Unknown)?;
        self.reply(now, id, status, bytes, out)
    }

    /// The caller of this INVITE gave up, or whoever started it here. Branches that answered provisionally are cancelled, the
    /// others when they do; if no phone can answer any more, the INVITE has its 487 now. Parked
    /// routes and suspensions end.
    ///
    /// After a final reply, and a second time, it does nothing. `reason` is the value of the
    /// CANCEL's Reason header, to be passed on.
    ///
    /// # Errors
    ///
    /// [`TmError::Unknown`], [`TmError::NotInvite`].
    pub fn cancel(
        &mut self,
        now: Instant,
        invite: TransactionId,
        reason: Option<Bytes>,
        out: &mut Outbox,
    ) -> Result<(), TmError> {
        self.step(now, invite, out, |transaction, step| {
            if !transaction.is_invite() {
                return Err(TmError::NotInvite);
            }
            transaction.cancel_call(step, reason);
            Ok(())
        })
        .unwrap_or(Err(TmError::Unknown))
    }

    /// Cancels what rings, without the caller having given up (`t_cancel_branches`). The branches'
    /// final responses count as any other.
    pub fn cancel_branches(
        &mut self,
        now: Instant,
        transaction: TransactionId,
        reason: Option<Bytes>,
        out: &mut Outbox,
    ) {
        self.step(now, transaction, out, |transaction, step| {
            if transaction.is_invite() {
                if !transaction.canceled {
                    transaction.reason = reason;
                }
                transaction.cancel_branches(step, None);
            }
        });
    }

    /// The route of this transaction has ended. If no branch, suspension, parked route or ask can
    /// still decide it, and no final reply was sent, it is answered here: with the best response
    /// there is, else 500.
    pub fn finish(&mut self, now: Instant, transaction: TransactionId, out: &mut Outbox) {
        self.step(now, transaction, out, |transaction, step| transaction.finish(step));
    }

    /// Ends it without a reply (`t_release`): what comes again is absorbed for 64*T1. Branches that
    /// ring are cancelled.
    pub fn release(&mut self, now: Instant, transaction: TransactionId, out: &mut Outbox) {
        self.step(now, transaction, out, |transaction, step| {
            transaction.end(step);
            transaction.cancel_losers(step, StatusCode::REQUEST_TERMINATED, None);
        });
    }
}
