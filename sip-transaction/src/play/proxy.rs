//! A played proxy: tables as a driver has them, and a route given as a closure.

use std::collections::BTreeSet;
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use sip_core::{HeaderName, Message, Method, Protocol, Source, StatusCode, Target, build};

use crate::config::Config;
use crate::error::TmError;
use crate::handle::{Asker, RouteId};
use crate::id::{BranchId, TransactionId, stripe_of};
use crate::input::{Answer, DropReplies, Matched};
use crate::output::{Ask, AskKind, Notice, Outbox};
use crate::play::turn::{Turn, via};
use crate::play::wire::{Packet, parsed};
use crate::secret::Secret;
use crate::stats::Stats;
use crate::table::Table;

/// How many stripes a played proxy has: four.
const STRIPE_BITS: u32 = 2;

type Route = Box<dyn FnMut(&mut Turn<'_>)>;
type OnAsk = Box<dyn FnMut(&mut Turn<'_>, &Ask) -> Answer>;

/// One proxy.
pub struct Proxy {
    here: SocketAddr,
    tables: Vec<Table>,
    secret: Secret,
    route: Option<Route>,
    on_ask: Option<OnAsk>,
    out: Outbox,
    packets: Vec<Packet>,
    /// Addresses that refuse a connection.
    pub(crate) refused: BTreeSet<SocketAddr>,
    /// Leaves asks open instead of answering them: see [`Proxy::asks`].
    pub hold_asks: bool,
    /// Asks that were left open.
    pub asks: Vec<Ask>,
    /// What came of requests that it started.
    pub outcomes: Vec<Ask>,
    /// The notices of its tables, but for the end of a transaction.
    pub notices: Vec<Notice>,
    /// The transactions that have ended, in order, and when.
    pub ended: Vec<(Instant, TransactionId)>,
    /// The last transaction that was made.
    pub last: Option<TransactionId>,
}

impl Proxy {
    pub(crate) fn new(here: SocketAddr, config: Config, route: Route) -> Proxy {
        let secret = Secret::new(*b"the played proxy");
        let config = Arc::new(config);
        let tables = (0..1 << STRIPE_BITS)
            .map(|stripe| Table::new(config.clone(), stripe, STRIPE_BITS, secret))
            .collect();
        Proxy {
            here,
            tables,
            secret,
            route: Some(route),
            on_ask: None,
            out: Outbox::default(),
            packets: Vec::new(),
            refused: BTreeSet::new(),
            hold_asks: false,
            asks: Vec::new(),
            outcomes: Vec::new(),
            notices: Vec::new(),
            ended: Vec::new(),
            last: None,
        }
    }

    /// What it does when a transaction asks. Without this every ask is answered with nothing done.
    pub fn on_ask(&mut self, on_ask: impl FnMut(&mut Turn<'_>, &Ask) -> Answer + 'static) {
        self.on_ask = Some(Box::new(on_ask));
    }

    /// The branch that the top Via of a message names, if that is one of this proxy.
    pub fn branch_of(&self, message: &Message) -> Option<BranchId> {
        let via = message.top_via().ok()?;
        BranchId::from_via(via.branch()?, &self.secret).map(|(branch, _)| branch)
    }

    /// The sum over its tables.
    pub fn stats(&self) -> Stats {
        let mut sum = Stats::default();
        self.tables.iter().for_each(|table| sum += table.stats());
        sum
    }

    /// Starts a request of its own. Send it with [`Network::with`](crate::play::Network::with).
    ///
    /// # Errors
    ///
    /// As [`Table::originate`].
    pub(crate) fn originate(&mut self, now: Instant, request: &Message) -> Result<TransactionId, TmError> {
        let stripe = stripe_of(&self.secret, request.call_id()?, request.cseq()?.number, STRIPE_BITS);
        let asker = Asker::Route(RouteId::new(0));
        self.tables[stripe].originate(now, request, asker, &mut self.out)
    }

    /// Does something with a transaction, as a route or another process would.
    pub(crate) fn with<R>(
        &mut self,
        now: Instant,
        transaction: TransactionId,
        act: impl FnOnce(&mut Turn<'_>) -> R,
    ) -> R {
        let result = act(&mut Turn {
            now,
            table: &mut self.tables[transaction.stripe(STRIPE_BITS)],
            secret: &self.secret,
            here: self.here,
            transaction,
            out: &mut self.out,
        });
        self.work_off(now);
        result
    }

    pub(crate) fn next(&self) -> Option<Instant> {
        self.tables.iter().filter_map(Table::poll_timeout).min()
    }

    pub(crate) fn on_time(&mut self, now: Instant) {
        for table in &mut self.tables {
            table.handle_timeout(now, &mut self.out);
        }
        self.work_off(now);
    }

    pub(crate) fn take_out(&mut self) -> Vec<Packet> {
        std::mem::take(&mut self.packets)
    }

    pub(crate) fn receive(&mut self, now: Instant, packet: &Packet) {
        let Some(mut message) = parsed(&packet.bytes) else { return };
        if message.is_response() {
            self.response(now, message);
        } else {
            let source =
                Source { protocol: packet.protocol, remote: packet.from, local: packet.to, flow: None };
            message.stamp_received(&source);
            self.request(now, &message, &source);
        }
        self.work_off(now);
    }

    fn request(&mut self, now: Instant, request: &Message, source: &Source) {
        let (Ok(call_id), Ok(cseq)) = (request.call_id(), request.cseq()) else { return };
        let stripe = stripe_of(&self.secret, call_id, cseq.number, STRIPE_BITS);
        let table = &mut self.tables[stripe];
        match table.handle_request(now, request, source, &mut self.out) {
            Matched::New if request.method() == Some(Method::Ack) => self.forward(request.clone()),
            // Of a call that is over, or that has not come yet: the phone sends it again.
            Matched::New if request.method() == Some(Method::Cancel) => {}
            Matched::New => {
                let Ok(transaction) = table.create(now, request, source, &mut self.out) else { return };
                self.last = Some(transaction);
                if let Some(mut route) = self.route.take() {
                    self.with(now, transaction, &mut route);
                    self.route = Some(route);
                }
                self.tables[stripe].finish(now, transaction, &mut self.out);
            }
            Matched::Cancel(invite) => {
                // Each is an error only when the transaction has ended meanwhile.
                let tag = self.secret.to_tag(request);
                if let Ok(ok) = build::response(request, StatusCode::OK).to_tag(&tag).finish() {
                    let _ = table.cancel_reply(now, request, StatusCode::OK, ok, &mut self.out);
                }
                let reason = request.header("Reason").map(|reason| Bytes::copy_from_slice(reason));
                let _ = table.cancel(now, invite, reason, &mut self.out);
            }
            Matched::Absorbed | Matched::Taken | Matched::Stray => {}
        }
    }

    fn response(&mut self, now: Instant, mut response: Message) {
        if let Some(branch) = self.branch_of(&response) {
            // What is stray is dropped: a stateful proxy does not pass it on (RFC 4320 4.2, RFC 6026).
            let table = &mut self.tables[branch.transaction.stripe(STRIPE_BITS)];
            table.handle_response(now, branch, response, &mut self.out);
        } else {
            // Forwarded without a transaction: to the Via below ours.
            response.pop_value(HeaderName::Via);
            let Ok(via) = response.top_via() else { return };
            let (Some(ip), Some(protocol)) = (via.host().ip(), via.transport()) else { return };
            let to = SocketAddr::new(ip, via.port().unwrap_or(5060));
            self.packets.push(Packet { from: self.here, to, protocol, bytes: response.to_bytes() });
        }
    }

    /// Without a transaction: to the address in the Request-URI.
    fn forward(&mut self, mut request: Message) {
        let Some(to) = request
            .uri()
            .ok()
            .and_then(|uri| Some(SocketAddr::new(uri.host().ip()?, uri.port().unwrap_or(5060))))
        else {
            return;
        };
        if to == self.here {
            return;
        }
        let via = via(self.here, Protocol::Udp, "z9hG4bKstateless");
        if request.prepend(HeaderName::Via, via).is_ok() {
            let bytes = request.to_bytes();
            self.packets.push(Packet { from: self.here, to, protocol: Protocol::Udp, bytes });
        }
    }

    /// Sends what is to be sent, answers what is asked, until nothing is left.
    fn work_off(&mut self, now: Instant) {
        while !self.out.is_empty() {
            let out = std::mem::take(&mut self.out);
            for transmit in out.transmits {
                let Target { remote: to, protocol, .. } = transmit.target;
                match transmit.branch {
                    Some(branch) if self.refused.contains(&to) => {
                        let table = &mut self.tables[branch.transaction.stripe(STRIPE_BITS)];
                        table.handle_closed(now, branch, &mut self.out);
                    }
                    _ => self.packets.push(Packet { from: self.here, to, protocol, bytes: transmit.bytes }),
                }
            }
            for notice in out.notices {
                match notice {
                    Notice::Ended { transaction } => self.ended.push((now, transaction)),
                    notice => self.notices.push(notice),
                }
            }
            for ask in out.asks {
                self.ask(now, ask);
            }
        }
    }

    fn ask(&mut self, now: Instant, ask: Ask) {
        if matches!(ask.kind, AskKind::Outcome { .. }) {
            self.outcomes.push(ask);
            return;
        }
        if self.hold_asks {
            self.asks.push(ask);
            return;
        }
        let answer = match self.on_ask.take() {
            Some(mut on_ask) => {
                let answer = self.with(now, ask.id.transaction, |turn| on_ask(turn, &ask));
                self.on_ask = Some(on_ask);
                answer
            }
            None => nothing_done(&ask.kind),
        };
        let table = &mut self.tables[ask.id.transaction.stripe(STRIPE_BITS)];
        // Stale when a CANCEL came first: that is what this is for.
        let _ = table.answer(now, ask.id, answer, &mut self.out);
    }
}

/// The answer of a route that does nothing.
pub fn nothing_done(kind: &AskKind) -> Answer {
    match kind {
        AskKind::Reply { response, .. } => Answer::Reply { message: response.clone(), drop: false },
        // An outcome is told, not asked about.
        AskKind::BranchFailure { .. } | AskKind::Outcome { .. } => Answer::BranchFailure,
        AskKind::Failure { .. } => Answer::Failure { drop_replies: DropReplies::IfRelayed },
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proxy")
            .field("here", &self.here)
            .field("stats", &self.stats())
            .finish_non_exhaustive()
    }
}
