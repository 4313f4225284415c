//! `Turn`: what a route and the driver share while the route runs.
//!
//! While a route holds its context, the driver never touches the context: what the driver needs in
//! order to park the route, to drop it or to answer its caller is here, in cells.

use std::cell::{Cell, OnceCell, RefCell};
use std::rc::Rc;

use bytes::Bytes;
use sip_core::build::{self, ResponseBuilder};
use sip_core::{EditError, Message, Method, Source, StatusCode, Target};
use sip_modules::rr::{self, Side};
use sip_transaction::{Armed, Asker, RouteId, Ticket, TransactionId, Wait};

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
    pub(crate) source: Source,
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
    /// Named values, once they were asked for.
    vars: OnceCell<Vars>,
    /// The side that our second Route names: requests of the dialog leave there.
    pub(crate) leave_by: Cell<Option<Side>>,
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
            source,
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
            vars: OnceCell::new(),
            leave_by: Cell::new(None),
            tag: OnceCell::new(),
            breadth: Cell::new(0),
            counted: Cell::new(false),
            ruri_at_start: None,
            moved: Cell::new(false),
        }
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
        }
        turn
    }

    /// The transaction of this turn, made now if there is none (`t_newtran`).
    pub(crate) fn transaction(&self) -> Result<TransactionId, RouteError> {
        if let Some(id) = self.transaction.get() {
            return Ok(id);
        }
        let id = self.local.create(&self.received, &self.source)?;
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
        let (rr, vars) = (self.rr.borrow().clone(), self.vars().clone());
        Kept { msg: msg.compact(), flags: self.flags.get(), counted: self.counted.get(), rr, vars }
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

    /// A response to the request, with our tag.
    pub(crate) fn response(&self, status: StatusCode) -> ResponseBuilder<'_> {
        let response = build::response(&self.received, status);
        if status == StatusCode::TRYING {
            response
        } else {
            response.to_tag(self.tag.get_or_init(|| self.local.shared.secret().to_tag(&self.received)))
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
            let request = &self.received;
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
        let target = Target::for_response(&self.received.top_via()?, &self.source);
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
