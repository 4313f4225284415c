//! The table: finds the transaction of a message, a timer or a call, and lets it take a step.

use std::fmt;
use std::sync::Arc;
use std::time::Instant;

use rustc_hash::FxHashMap;
use sip_core::{Message, Method, Source};
use smallvec::SmallVec;

use crate::arrival::Arrival;
use crate::config::Config;
use crate::error::TmError;
use crate::handle::Asker;
use crate::id::{BranchId, TransactionId};
use crate::input::{Armed, Matched};
use crate::kept::Kept;
use crate::key::Key;
use crate::output::{Gone, Notice, Outbox};
use crate::secret::Secret;
use crate::slab::Slab;
use crate::stats::Stats;
use crate::step::Step;
use crate::timer::wheel::Wheel;
use crate::transaction::{Transaction, Upstream};
use crate::uas::Server;
use crate::uas::action::Action;

/// Transactions, and how they are found. Plain `&mut self`: it knows no lock, socket or clock.
///
/// Messages go in by `handle_request` and `handle_response`, time by `handle_timeout` whenever
/// `poll_timeout` has come, failures to send by `handle_closed`; a route's calls are the other
/// methods. All that is to be done comes out in the caller's [`Outbox`].
///
/// One of `1 << stripe_bits` tables that are equal but for their number; a message goes to the one
/// that [`stripe_of`](crate::stripe_of) names, a response and every other call to the one of the
/// transaction ([`TransactionId::stripe`]).
///
/// `now` may not run backwards; if it does, timers are late by as much.
pub struct Table {
    pub(crate) config: Arc<Config>,
    pub(crate) secret: Secret,
    pub(crate) slab: Slab<Transaction>,
    pub(crate) keys: FxHashMap<Key, TransactionId>,
    pub(crate) stats: Stats,
    wheel: Wheel,
}

impl Table {
    /// An empty table: number `stripe` of `1 << stripe_bits`.
    ///
    /// # Panics
    ///
    /// If `stripe_bits` is above 16 or `stripe` has more bits than that.
    pub fn new(config: Arc<Config>, stripe: usize, stripe_bits: u32, secret: Secret) -> Table {
        assert!(stripe_bits <= 16 && stripe >> stripe_bits == 0, "no such stripe");
        Table {
            config,
            secret,
            slab: Slab::new(stripe, stripe_bits),
            keys: FxHashMap::default(),
            stats: Stats::default(),
            wheel: Wheel::new(),
        }
    }

    /// A request came: is it known?
    ///
    /// `request` is the message as received, its top Via completed by
    /// [`Message::stamp_received`](sip_core::Message::stamp_received). A retransmission is answered
    /// with the last reply; the ACK of a negative final reply, and of a 2xx of our own, ends here.
    ///
    /// # Source
    ///
    /// RFC 3261 17.2.3, 9.2; RFC 6026 7.1.
    pub fn handle_request(
        &mut self,
        now: Instant,
        request: &Message,
        from: &Source,
        out: &mut Outbox,
    ) -> Matched {
        match Arrival::read(request, from, &self.secret) {
            _ if request.is_response() => Matched::Stray,
            Ok(arrival) => self.handle_arrival(now, request, &arrival, from, out),
            // Whoever answers it finds out what is wrong.
            Err(_) => Matched::New,
        }
    }

    /// As [`handle_request`](Self::handle_request), of a request that was read already.
    pub fn handle_arrival(
        &mut self,
        now: Instant,
        request: &Message,
        arrival: &Arrival,
        from: &Source,
        out: &mut Outbox,
    ) -> Matched {
        match request.method() {
            None => Matched::Stray,
            Some(Method::Ack) => self.ack(now, request, arrival, out),
            Some(Method::Cancel) => self.cancel_request(now, request, arrival, from, out),
            Some(_) => match self.keys.get(&arrival.key) {
                Some(&id) => self.again(now, id, out),
                None => Matched::New,
            },
        }
    }

    /// A response came whose top Via is ours; `branch` is what
    /// [`BranchId::from_via`] reads there.
    ///
    /// # Source
    ///
    /// RFC 3261 16.7, 17.1.3.
    pub fn handle_response(
        &mut self,
        now: Instant,
        branch: BranchId,
        response: Message,
        out: &mut Outbox,
    ) -> Matched {
        self.step(now, branch.transaction, out, |transaction, step| {
            step.stats.responses += 1;
            transaction.on_response(step, branch.branch, response)
        })
        .unwrap_or(Matched::Stray)
    }

    /// Does everything that is due at `now`.
    pub fn handle_timeout(&mut self, now: Instant, out: &mut Outbox) {
        while let Some(slot) = self.wheel.pop_due(now) {
            if let Some(id) = self.slab.at(slot).map(|transaction| transaction.id) {
                self.step(now, id, out, |transaction, step| transaction.on_timeout(step));
            }
        }
    }

    /// When to call [`Table::handle_timeout`] next: at the first deadline, or earlier.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.wheel.next()
    }

    /// The flow of this branch ended, or it could not be sent to: the branch fails at once, as if
    /// it had answered 503 (RFC 3261 8.1.3.1). Nothing if it has its final response.
    pub fn handle_closed(&mut self, now: Instant, branch: BranchId, out: &mut Outbox) {
        self.step(now, branch.transaction, out, |transaction, step| {
            transaction.on_closed(step, branch.branch);
        });
    }

    /// The counters alone, without the gauges, which have to be counted.
    pub fn counters(&self) -> &Stats {
        &self.stats
    }

    /// Counters, and what is held at this moment.
    pub fn stats(&self) -> Stats {
        Stats {
            transactions: self.slab.len(),
            open: self.slab.iter().filter(|transaction| transaction.is_open()).count(),
            timers: self.wheel.len(),
            keys: self.keys.len(),
            kept_bytes: self.slab.iter().map(Transaction::kept_bytes).sum(),
            asks: self.slab.iter().filter(|transaction| transaction.asking.is_some()).count(),
            ..self.stats
        }
    }

    /// How many transactions there are.
    pub fn len(&self) -> usize {
        self.slab.len()
    }

    /// The transactions there are, in no order.
    pub fn ids(&self) -> impl Iterator<Item = TransactionId> {
        self.slab.iter().map(|transaction| transaction.id)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.slab.len() == 0
    }

    /// Makes the transaction of a request that has none.
    pub(crate) fn make(
        &mut self,
        now: Instant,
        request: &Message,
        arrival: &Arrival,
        from: &Source,
    ) -> Result<TransactionId, TmError> {
        let Arrival { key, target, .. } = *arrival;
        let invite = request.method() == Some(Method::Invite);
        let reliable = from.protocol.is_reliable();
        let server = Server::new(invite, now, reliable, self.config.timing(), self.config.late_100);
        let id = self.insert(now, request, Some(key), Upstream::Peer { source: *from, target }, server)?;
        self.keys.insert(key, id);
        Ok(id)
    }

    /// Puts a transaction into the slab. Its request has what every request must have.
    pub(crate) fn insert(
        &mut self,
        now: Instant,
        request: &Message,
        key: Option<Key>,
        upstream: Upstream,
        server: Server,
    ) -> Result<TransactionId, TmError> {
        let config = &self.config;
        let lifetime = if server.is_invite() { config.max_inv_lifetime } else { config.max_noninv_lifetime };
        let id = self.slab.insert(&self.secret, |id| Transaction {
            id,
            key,
            answer_key: None,
            request: Kept::new(request),
            upstream,
            server,
            last_reply: Default::default(),
            last_status: None,
            branches: SmallVec::new(),
            reserved: 0,
            rounds: 0,
            suspensions: 0,
            armed: Armed::default(),
            canceled: false,
            block_6xx: config.cancel_on_6xx,
            declined: false,
            reason: None,
            asking: None,
            asks: 0,
            pending: Default::default(),
            parked: Vec::new(),
            fr: None,
            fr_inv: None,
            timing: config.timing(),
            user: 0,
            born: now,
            until: Some(now + lifetime),
        });
        let id = id.ok_or(TmError::Full { max: config.max_transactions })?;
        self.stats.created += 1;
        Ok(id)
    }

    /// Lets a transaction take a step, then sets its next deadline or forgets it. `None` when there
    /// is no such transaction.
    pub(crate) fn step<R>(
        &mut self,
        now: Instant,
        id: TransactionId,
        out: &mut Outbox,
        step: impl FnOnce(&mut Transaction, &mut Step<'_>) -> R,
    ) -> Option<R> {
        let slot = id.slot(self.slab.stripe_bits());
        let transaction = self.slab.get_mut(id)?;
        let had_answer_key = transaction.answer_key.is_some();
        let mut context =
            Step { now, config: &self.config, secret: &self.secret, stats: &mut self.stats, out };
        let result = step(transaction, &mut context);
        if transaction.is_over() {
            self.forget(now, id, slot, out);
        } else {
            if let Some(key) = transaction.answer_key.filter(|_| !had_answer_key) {
                self.keys.insert(key, id);
            }
            self.wheel.set(now, slot, transaction.earliest());
        }
        Some(result)
    }

    /// Lets a route change what a transaction waits for. Nothing comes out, and it does not end.
    pub(crate) fn change<R>(
        &mut self,
        id: TransactionId,
        change: impl FnOnce(&mut Transaction, &Config) -> Result<R, TmError>,
    ) -> Result<R, TmError> {
        let slot = id.slot(self.slab.stripe_bits());
        let transaction = self.slab.get_mut(id).ok_or(TmError::Unknown)?;
        let result = change(transaction, &self.config);
        self.wheel.set(transaction.born, slot, transaction.earliest());
        result
    }

    fn forget(&mut self, now: Instant, id: TransactionId, slot: u32, out: &mut Outbox) {
        self.wheel.set(now, slot, None);
        let Some(transaction) = self.slab.remove(id) else { return };
        for key in [transaction.key, transaction.answer_key].into_iter().flatten() {
            if self.keys.get(&key) == Some(&id) {
                self.keys.remove(&key);
            }
        }
        let waiter = match transaction.armed.on_failure {
            Some(Asker::Waiter(ticket)) => Some(ticket),
            _ => None,
        };
        for ticket in transaction.parked.iter().map(|parked| parked.ticket).chain(waiter) {
            out.notices.push(Notice::Gone { ticket, why: Gone::Answered });
        }
        out.notices.push(Notice::Ended { transaction: id });
    }

    /// A request that has a transaction came again.
    fn again(&mut self, now: Instant, id: TransactionId, out: &mut Outbox) -> Matched {
        self.step(now, id, out, |transaction, step| {
            step.stats.absorbed += 1;
            if transaction.server.on_request() == Action::Resend && !transaction.last_reply.is_empty() {
                step.stats.replies_resent += 1;
                transaction.send_last_reply(step);
            }
        });
        Matched::Absorbed
    }

    fn ack(&mut self, now: Instant, request: &Message, arrival: &Arrival, out: &mut Outbox) -> Matched {
        let id = self.keys.get(&arrival.invite).copied().or_else(|| {
            let by_dialog = Key::of_answer(request, &self.secret).ok()?;
            self.keys.get(&by_dialog).copied()
        });
        id.and_then(|id| self.step(now, id, out, |transaction, step| transaction.on_ack(step, request)))
            .unwrap_or(Matched::New)
    }

    fn cancel_request(
        &mut self,
        now: Instant,
        request: &Message,
        arrival: &Arrival,
        from: &Source,
        out: &mut Outbox,
    ) -> Matched {
        if let Some(&id) = self.keys.get(&arrival.key) {
            return self.again(now, id, out);
        }
        let Some(&invite) = self.keys.get(&arrival.invite) else { return Matched::New };
        // Beyond the bound, too: at most one for each INVITE that is here.
        let Ok(id) = self.make(now, request, arrival, from) else { return Matched::New };
        self.step(now, id, out, |_, _| ());
        Matched::Cancel(invite)
    }
}

impl fmt::Debug for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Table").field("stats", &self.stats()).finish_non_exhaustive()
    }
}
