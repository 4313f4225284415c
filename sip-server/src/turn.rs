//! `Turn`: what a route and the driver share while the route runs.
//!
//! While a route holds its context, the driver never touches the context: what the driver needs in
//! order to park the route, to drop it or to answer its caller is here, in cells.

use std::cell::{Cell, OnceCell, RefCell};
use std::rc::Rc;

use bytes::Bytes;
use sip_core::build::{self, ResponseBuilder};
use sip_core::{EditError, HeaderName, Message, Method, Source, StatusCode, Target};
use sip_modules::rr::{self, Side};
use sip_transaction::{Armed, Arrival, Asker, RouteId, Ticket, TransactionId, Wait};

use crate::added::Added;
use crate::checked::Checked;
use crate::counts;
use crate::error::RouteError;
use crate::kept::Kept;
use crate::local::{Asked, Local};
use crate::settings::Settings;
use crate::vars::Vars;

/// What kind of route runs.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Kind {
    /// The request route.
    Request,
    /// The route of a CANCEL that matched this INVITE.
    Cancel(TransactionId),
    /// A failure, branch-failure or resume route.
    Failure,
}

/// See the module.
pub(crate) struct Turn {
    pub(crate) local: Rc<Local>,
    pub(crate) kind: Kind,
    /// The request as received.
    pub(crate) received: Message,
    /// The same with `rport` in its Via, once that was asked for.
    forced: OnceCell<Box<Message>>,
    pub(crate) source: Source,
    /// What tm has read in it, where that was before this turn.
    arrival: Option<Arrival>,
    pub(crate) transaction: Cell<Option<TransactionId>>,
    /// What tm waits for until this route has ended.
    pub(crate) ask: Cell<Option<Asked>>,
    /// The place of this route in the lot, once it has waited.
    pub(crate) ticket: Cell<Option<Ticket>>,
    /// Whether tm knows that this route waits.
    pub(crate) parked: Cell<bool>,
    /// This route waits for its branches: tm has their timers and knows whom to tell.
    pub(crate) awaits_branches: Cell<bool>,
    /// A reply or a message was sent without a transaction.
    pub(crate) acted: Cell<bool>,
    pub(crate) on_branch: Cell<Option<RouteId>>,
    pub(crate) on_reply: Cell<Option<RouteId>>,
    pub(crate) on_failure: Cell<Option<RouteId>>,
    pub(crate) on_branch_failure: Cell<Option<RouteId>>,
    /// Timers and manners of the transaction, there already or not.
    pub(crate) settings: Cell<Settings>,
    pub(crate) flags: Cell<u32>,
    pub(crate) rr: RefCell<rr::State>,
    /// Who sent this.
    pub(crate) auth: RefCell<Checked>,
    /// Contacts that are saved are behind a NAT: calls go where the request came from (`fix_nated_register`).
    pub(crate) natted: Cell<bool>,
    /// Named values, once they were asked for.
    vars: OnceCell<Vars>,
    /// The side that our second Route names: requests of the dialog leave there.
    pub(crate) leave_by: Cell<Option<Side>>,
    /// What replies to the request get beside what each says.
    pub(crate) added: RefCell<Option<Box<Added>>>,
    /// Our tag in the To of responses, once it was needed.
    tag: OnceCell<String>,
    /// What branches that this route has sent may fork into, while they ring.
    pub(crate) breadth: Cell<u32>,
    /// Max-Forwards was counted down.
    pub(crate) counted: Cell<bool>,
    /// In a failure route: the request URI at its start. Only another one is a new branch, or one that was set anew.
    pub(crate) ruri_at_start: Option<Bytes>,
    /// The request URI was set anew, whatever it says.
    pub(crate) moved: Cell<bool>,
}

impl Turn {
    pub(crate) fn new(local: Rc<Local>, kind: Kind, received: Message, source: Source) -> Self {
        Self {
            local,
            kind,
            received,
            forced: OnceCell::new(),
            source,
            arrival: None,
            transaction: Cell::new(None),
            ask: Cell::new(None),
            ticket: Cell::new(None),
            parked: Cell::new(false),
            awaits_branches: Cell::new(false),
            acted: Cell::new(false),
            on_branch: Cell::new(None),
            on_reply: Cell::new(None),
            on_failure: Cell::new(None),
            on_branch_failure: Cell::new(None),
            settings: Cell::default(),
            flags: Cell::new(0),
            rr: RefCell::default(),
            auth: RefCell::default(),
            natted: Cell::new(false),
            vars: OnceCell::new(),
            leave_by: Cell::new(None),
            added: RefCell::default(),
            tag: OnceCell::new(),
            breadth: Cell::new(0),
            counted: Cell::new(false),
            ruri_at_start: None,
            moved: Cell::new(false),
        }
    }

    /// With what tm has read in the request.
    pub(crate) fn arrived(self, arrival: Arrival) -> Self {
        Self { arrival: Some(arrival), ..self }
    }

    /// The turn of a later route of a transaction.
    pub(crate) fn later(
        local: Rc<Local>,
        kind: Kind,
        (id, ask): (TransactionId, Option<Asked>),
        (received, source): (Message, Source),
        msg: &Message,
        kept: Option<Kept>,
    ) -> Self {
        let mut turn = Self::new(local, kind, received, source);
        turn.ruri_at_start = msg.request_uri().map(|uri| Bytes::copy_from_slice(uri));
        turn.transaction.set(Some(id));
        turn.ask.set(ask);
        if let Some(kept) = kept {
            turn.counted.set(kept.counted);
            turn.flags.set(kept.flags);
            turn.rr.replace(kept.rr);
            turn.vars = OnceCell::from(kept.vars);
            turn.added.replace(kept.added);
        }
        turn
    }

    /// The request as received; its Via with `rport`, where that was asked for.
    pub(crate) fn received(&self) -> &Message {
        self.forced.get().map_or(&self.received, |forced| forced)
    }

    /// What tm has read in the request, if that is what replies go by.
    fn arrival(&self) -> Option<&Arrival> {
        self.arrival.as_ref().filter(|_| self.forced.get().is_none())
    }

    /// Replies go to the port that the request came from, though its Via does not ask for it.
    pub(crate) fn force_rport(&self) -> Result<(), RouteError> {
        let via = self.received().top_via()?;
        if via.rport().is_none() {
            let mut forced = self.received().clone();
            with_rport(&mut forced, &self.source)?;
            let _ = self.forced.set(Box::new(forced)); // not set yet: it would have `rport`
        }
        Ok(())
    }

    /// The transaction of this turn, made now if there is none (`t_newtran`).
    pub(crate) fn transaction(&self) -> Result<TransactionId, RouteError> {
        if let Some(id) = self.transaction.get() {
            return Ok(id);
        }
        let arrival = match self.arrival() {
            Some(arrival) => *arrival,
            None => Arrival::read(self.received(), &self.source, self.local.shared.secret())?,
        };
        let id = self.local.create(self.received(), &arrival, &self.source)?;
        self.transaction.set(Some(id));
        let settings = self.settings.get();
        if settings != Settings::default() {
            self.local
                .step(id, |stripe, now, _| settings.apply(Settings::default(), &mut stripe.table, now, id));
        }
        Ok(id)
    }

    /// Changes timers or manners of the transaction, at once if it is there.
    pub(crate) fn set(&self, change: impl FnOnce(&mut Settings)) {
        let before = self.settings.get();
        let mut settings = before;
        change(&mut settings);
        self.settings.set(settings);
        if let Some(id) = self.transaction.get() {
            self.local.step(id, |stripe, now, _| settings.apply(before, &mut stripe.table, now, id));
        }
    }

    /// What later routes are armed, for the branches that are sent now.
    pub(crate) fn armed(&self) -> Armed {
        Armed {
            on_reply: self.on_reply.get(),
            on_failure: self.on_failure.get().map(Asker::Route),
            on_branch_failure: self.on_branch_failure.get(),
        }
    }

    /// Keeps the request as it is now for the later routes of its transaction, unless it is kept already.
    pub(crate) fn keep(&self, msg: &Message) {
        let Some(id) = self.transaction.get() else { return };
        self.local.step(id, |stripe, _, _| _ = stripe.kept.entry(id).or_insert_with(|| self.kept(msg)));
    }

    /// What is kept of the request as it is now.
    pub(crate) fn kept(&self, msg: &Message) -> Kept {
        let (rr, vars, added) = (self.rr.borrow().clone(), self.vars().clone(), self.added.borrow().clone());
        Kept { msg: msg.compact(), flags: self.flags.get(), counted: self.counted.get(), rr, vars, added }
    }

    /// The named values of this request.
    pub(crate) fn vars(&self) -> &Vars {
        self.vars.get_or_init(Vars::default)
    }

    /// The place of this route among those that wait.
    pub(crate) fn place(&self) -> Result<Ticket, RouteError> {
        let ticket = self.ticket.get().or_else(|| self.local.lot.take());
        self.ticket.set(ticket);
        ticket.ok_or(RouteError::Busy)
    }

    /// The route is about to wait: tm runs its timer, and tells whoever must know.
    pub(crate) fn park(&self) -> Result<(), RouteError> {
        if self.parked.get() || self.awaits_branches.get() {
            return Ok(());
        }
        let ticket = self.place()?;
        if matches!(self.kind, Kind::Request | Kind::Failure) && self.received.method() != Some(Method::Ack) {
            let id = self.transaction()?;
            let wait = self.ask.get().map_or(Wait::Blind, |ask| Wait::Ask(ask.id));
            self.local.step(id, |stripe, now, out| stripe.table.park(now, id, ticket, wait, out))?;
            self.parked.set(true);
        }
        Ok(())
    }

    /// The route does something with its transaction again.
    ///
    /// # Errors
    ///
    /// [`RouteError::Canceled`]: its caller gave up meanwhile.
    pub(crate) fn unpark(&self) -> Result<(), RouteError> {
        if !self.parked.replace(false) {
            return Ok(());
        }
        let (Some(id), Some(ticket)) = (self.transaction.get(), self.ticket.get()) else { return Ok(()) };
        let gone = self.local.step(id, |stripe, now, _| stripe.table.unpark(now, id, ticket));
        gone.map_err(|_| RouteError::Canceled)
    }

    /// Our tag in the To of responses.
    pub(crate) fn tag(&self) -> &str {
        self.tag.get_or_init(|| self.local.shared.secret().to_tag(&self.received))
    }

    /// A response to the request, with our tag.
    pub(crate) fn response(&self, status: StatusCode) -> ResponseBuilder<'_> {
        let response = build::response(self.received(), status);
        if status == StatusCode::TRYING {
            return response;
        }
        let response = response.to_tag(self.tag());
        match &*self.added.borrow() {
            Some(added) => added.write_into(response),
            None => response,
        }
    }

    /// Sends a response: within the transaction if there is one, else without state.
    pub(crate) fn reply(
        &self,
        status: StatusCode,
        bytes: Result<Bytes, EditError>,
    ) -> Result<(), RouteError> {
        self.unpark()?;
        let bytes = bytes?;
        if let Kind::Cancel(invite) = self.kind {
            // The CANCEL has a transaction of its own, beside that of its INVITE.
            let request = self.received();
            self.acted.set(true);
            return Ok(self.local.step(invite, |stripe, now, out| {
                stripe.table.cancel_reply(now, request, status, bytes, out)
            })?);
        }
        match self.transaction.get() {
            Some(id) => {
                Ok(self.local.step(id, |stripe, now, out| stripe.table.reply(now, id, status, bytes, out))?)
            }
            None => self.reply_stateless(bytes),
        }
    }

    /// Sends a response without state (`sl_send_reply`). An ACK is never answered.
    pub(crate) fn reply_stateless(&self, bytes: Bytes) -> Result<(), RouteError> {
        if self.received.method() == Some(Method::Ack) {
            return Err(RouteError::WrongRoute {
                call: "reply",
                instead: "an ACK has no response; relay it or end the route",
            });
        }
        let target = match self.arrival() {
            Some(arrival) => arrival.target(),
            None => Target::for_response(&self.received().top_via()?, &self.source),
        };
        if let Some(status) = counts::status_of(&bytes) {
            self.local.stats().counts.stateless.one(status);
        }
        self.local.send(target, bytes, None);
        self.acted.set(true);
        Ok(())
    }

    /// The route has ended: what is left to do for its caller.
    pub(crate) fn conclude(&self, result: Result<(), RouteError>) {
        let canceled = self.unpark().is_err();
        if let Err(error) = result
            && !canceled
        {
            self.answer_error(&error);
        }
        if let Some(id) = self.transaction.get() {
            self.release_ask();
            self.local.step(id, |stripe, now, out| stripe.table.finish(now, id, out));
        } else if !self.acted.get() {
            self.end_silent();
        }
        if let Some(ticket) = self.ticket.take() {
            self.local.lot.leave(ticket);
        }
    }

    /// The route has neither replied nor relayed.
    fn end_silent(&self) {
        self.local.stats().silent.one();
        if matches!(self.kind, Kind::Cancel(_)) {
            // The CANCEL has a transaction, and that wants an end.
            let status = StatusCode::SERVER_INTERNAL_ERROR;
            let _ = self.reply(status, self.response(status).finish());
        }
    }

    /// Lets tm go on that waited for this route.
    pub(crate) fn release_ask(&self) {
        if let Some(ask) = self.ask.take() {
            self.local.answer(ask);
        }
    }

    /// The reply that an error asks for.
    pub(crate) fn answer_error(&self, error: &RouteError) {
        let Some(status) = error.status() else { return };
        if status == StatusCode::SERVER_INTERNAL_ERROR {
            self.local.stats().failed.one();
            tracing::error!(%error, kind = ?self.kind, "route ended in an error");
        } else {
            tracing::debug!(%error, kind = ?self.kind, "route answered");
        }
        if self.received.method() == Some(Method::Ack) {
            return;
        }
        let mut response = self.response(status);
        for (name, value) in error.headers() {
            response = response.header(name.canonical(), value);
        }
        if let Err(error) = self.reply(status, response.finish()) {
            tracing::debug!(%error, "the reply to a failed route was not sent");
        }
    }
}

/// Asks for `rport` in the top Via of a request, and fills it in (RFC 3581 4).
pub(crate) fn with_rport(msg: &mut Message, source: &Source) -> Result<(), RouteError> {
    let top = msg.values(HeaderName::Via).next().map(|via| [via, &b";rport"[..]].concat());
    if msg.top_via()?.rport().is_none()
        && let Some(top) = top
    {
        msg.replace_first_value(HeaderName::Via, top)?;
        msg.stamp_received(source);
    }
    Ok(())
}
