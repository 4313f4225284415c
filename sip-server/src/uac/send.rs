//! Sending a request from here, and waiting for what comes of it.

use std::rc::Rc;
use std::time::Duration;

use sip_core::text::push_addr;
use sip_core::{HeaderError, HeaderName, Message, Method, StatusCode, Target, build};
use sip_transaction::{
    Armed, Ask, AskKind, Asker, BranchId, NewBranch, Round, RouteId, Ticket, TransactionId,
};

use crate::clock;
use crate::ctx::destination::Destination;
use crate::ctx::via;
use crate::error::RouteError;
use crate::event::Event;
use crate::local::Local;
use crate::lot::Delivery;
use crate::post::Post;
use crate::shared::Shared;

use super::challenge::Answered;
use super::{Credentials, NewRequest, RequestOutcome, dialog};

/// A request with everything but the Via.
struct Outgoing {
    msg: Message,
    destination: Destination,
    fr: Option<Duration>,
    fr_inv: Option<Duration>,
    acknowledges: bool,
}

/// Sends a request and returns its final response; a challenge is answered with the credentials given.
///
/// Dropped before its end it gives an INVITE up and forgets any other request.
pub(crate) async fn send(local: &Rc<Local>, request: NewRequest) -> Result<RequestOutcome, RouteError> {
    let credentials = request.credentials.clone();
    let outgoing = outgoing(&local.shared, request)?;
    send_out(local, outgoing, credentials.as_ref()).await
}

/// Sends a request and does not wait: the outcome goes to the event route under this number, if one is given.
///
/// # Errors
///
/// [`RouteError::Busy`]: too many wait on this worker already.
pub(crate) fn start(
    local: &Rc<Local>,
    request: NewRequest,
    route: Option<RouteId>,
) -> Result<(), RouteError> {
    if local.lot.len() >= local.lot.limit() {
        return Err(RouteError::Busy);
    }
    let local = local.clone();
    tokio::task::spawn_local(async move {
        let outcome = send(&local, request).await;
        match (route, outcome) {
            (Some(route), outcome) => {
                let event = Event::Outcome { route, outcome };
                local.shared.mail(usize::from(local.worker), Post::Event(Box::new(event)));
            }
            (None, Err(error)) => tracing::warn!(%error, "a request was not sent"),
            (None, Ok(_)) => {}
        }
    });
    Ok(())
}

/// The outcome of a request that nobody waits for any more: a call that was answered all the same is ended
/// (RFC 3261 13.2.2.4).
pub(crate) fn abandoned(local: &Rc<Local>, ask: &Ask) {
    let AskKind::Outcome { branch, response, .. } = &ask.kind else { return };
    let invite = local.step(branch.transaction, |stripe, _, _| stripe.table.request(branch.transaction));
    let Some(invite) = invite.filter(|request| request.method() == Some(Method::Invite)) else { return };
    if !response.status().is_some_and(StatusCode::is_success) {
        return;
    }
    match hang_up(local, *branch, &invite, response) {
        Ok(bye) => {
            let local = local.clone();
            tokio::task::spawn_local(async move { send_out(&local, bye, None).await });
        }
        Err(error) => tracing::warn!(%error, "a call that nobody waits for was not ended"),
    }
}

/// Acknowledges the answer; returns the BYE.
fn hang_up(
    local: &Rc<Local>,
    branch: BranchId,
    invite: &Message,
    answer: &Message,
) -> Result<Outgoing, RouteError> {
    dialog::acknowledge(local, branch, invite, answer)?;
    let msg = dialog::within(invite, answer, "BYE", invite.cseq()?.number.saturating_add(1))?;
    let destination = Destination::default();
    Ok(Outgoing { msg, destination, fr: None, fr_inv: None, acknowledges: false })
}

async fn send_out(
    local: &Rc<Local>,
    mut outgoing: Outgoing,
    credentials: Option<&Credentials>,
) -> Result<RequestOutcome, RouteError> {
    let mut answered = Answered::default();
    loop {
        let outcome = once(local, &outgoing).await?;
        let challenged =
            matches!(outcome.status(), StatusCode::UNAUTHORIZED | StatusCode::PROXY_AUTHENTICATION_REQUIRED);
        let Some(credentials) = credentials.filter(|_| challenged && !outcome.is_local) else {
            return Ok(outcome);
        };
        let cnonce = local.shared.token();
        if !answered.answer(&mut outgoing.msg, &outcome.response, credentials, &cnonce)? {
            return Ok(outcome);
        }
        let cseq = outgoing.msg.cseq()?;
        let next = format!("{} {}", cseq.number.saturating_add(1), cseq.method);
        outgoing.msg.replace(HeaderName::CSeq, next)?;
    }
}

/// One transaction.
async fn once(local: &Rc<Local>, outgoing: &Outgoing) -> Result<RequestOutcome, RouteError> {
    let shared = &local.shared;
    let request = &outgoing.msg;
    let mut msg = request.clone();
    outgoing.destination.write_into(&mut msg)?;
    let mut target = outgoing.destination.resolve(&mut msg)?;
    contact(&mut msg, &target, shared)?;
    let invite = request.method() == Some(Method::Invite);

    let mut waiting = Waiting::new(local, invite)?;
    let ticket = waiting.ticket;
    let id = {
        let mut outbox = local.outbox.borrow_mut();
        let mut stripe = shared.stripes().of_request(request.call_id()?, request.cseq()?.number);
        stripe.table.originate(clock::now(), &msg, Asker::Waiter(ticket), &mut outbox)?
    };
    waiting.sent = Some(id);
    let branch = local.step(id, |stripe, _, _| stripe.table.reserve(id, 1))?;
    let branch = branch.first().copied().ok_or(RouteError::NoBranch)?;
    // Another hash than that of a request which was here before: this one may come back to us once.
    let own_via = branch.to_via(!via::loop_hash(&msg), shared.secret());
    via::push(&mut msg, &mut target, own_via, shared)?;
    let (fr, fr_inv) = (outgoing.fr, outgoing.fr_inv);
    let branch = NewBranch { id: branch, target, bytes: msg.to_bytes(), fr, fr_inv, user: 0 };
    let round = Round { branches: [branch].into(), armed: Armed::default() };
    local.step(id, |stripe, now, out| stripe.table.commit(now, id, round, out))?;
    local.dirty.notify_one();

    let Some(Delivery::Failed(ask)) = local.lot.wait(ticket).await else { return Err(RouteError::Canceled) };
    waiting.sent = None;
    let AskKind::Outcome { branch, response, local: is_local } = ask.kind else {
        return Err(RouteError::Canceled);
    };
    let outcome = RequestOutcome { response, is_local };
    if invite && outcome.is_success() && outgoing.acknowledges {
        dialog::acknowledge(local, branch, &msg, &outcome.response)?;
    }
    Ok(outcome)
}

/// Whoever waits for an outcome, and its place. Dropped early it gives the request up.
struct Waiting<'a> {
    local: &'a Rc<Local>,
    ticket: Ticket,
    invite: bool,
    sent: Option<TransactionId>,
}

impl<'a> Waiting<'a> {
    fn new(local: &'a Rc<Local>, invite: bool) -> Result<Self, RouteError> {
        let ticket = local.lot.take().ok_or(RouteError::Busy)?;
        local.count_parked();
        Ok(Self { local, ticket, invite, sent: None })
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if let Some(id) = self.sent {
            self.local.step(id, |stripe, now, out| {
                // It may have ended meanwhile: there is nothing to give up then.
                let given_up = self.invite && stripe.table.cancel(now, id, None, out).is_ok();
                if !given_up {
                    stripe.table.release(now, id, out);
                }
            });
            if let Some(Delivery::Failed(ask)) = self.local.lot.undelivered(self.ticket) {
                abandoned(self.local, &ask);
            }
            self.local.dirty.notify_one();
        }
        self.local.lot.leave(self.ticket);
        self.local.count_parked();
    }
}

/// The message of a request: what it must have and was not given is added.
fn outgoing(shared: &Shared, request: NewRequest) -> Result<Outgoing, RouteError> {
    let NewRequest { method, uri, headers, body, destination, fr, fr_inv, no_ack, .. } = request;
    let mut builder = build::request(method.as_str(), &uri);
    for (name, value) in &headers {
        builder = builder.header(name, value);
    }
    if let Some((content_type, body)) = &body {
        builder = builder.body(content_type, body);
    }
    let mut msg = dialog::made(&builder.finish()?)?;
    let given = |msg: &Message, name| msg.has_header(name);
    if !given(&msg, HeaderName::CSeq) {
        msg.prepend(HeaderName::CSeq, format!("1 {method}"))?;
    }
    if !given(&msg, HeaderName::CallId) {
        msg.prepend(HeaderName::CallId, [shared.token(), shared.token()].concat())?;
    }
    let own = [b"<", &uri[..], b">"].concat();
    if !given(&msg, HeaderName::To) {
        msg.prepend(HeaderName::To, &own)?;
    }
    if !given(&msg, HeaderName::From) {
        msg.prepend(HeaderName::From, &own)?;
    }
    if msg.from()?.tag().is_none() {
        let from = msg.header(HeaderName::From).unwrap_or_default();
        let tagged = [from.as_ref(), &b";tag="[..], shared.token().as_bytes()].concat();
        msg.replace(HeaderName::From, tagged)?;
    }
    if !given(&msg, HeaderName::MaxForwards) {
        msg.prepend(HeaderName::MaxForwards, "70")?;
    }
    if msg.cseq()?.method.as_bstr() != method.as_bytes() {
        return Err(HeaderError::Malformed { name: "CSeq", at: 0 }.into());
    }
    Ok(Outgoing { msg, destination, fr, fr_inv, acknowledges: !no_ack })
}

/// Where we are reached, in a request that may begin a dialog (RFC 3261 8.1.1.8, RFC 6665 4.1.2.1, RFC 3515 2.2).
fn contact(msg: &mut Message, target: &Target, shared: &Shared) -> Result<(), RouteError> {
    let begins = matches!(msg.method(), Some(Method::Invite | Method::Subscribe | Method::Refer));
    if !begins || msg.has_header(HeaderName::Contact) {
        return Ok(());
    }
    let mut value = b"<sip:".to_vec();
    push_addr(&mut value, shared.local_for(target)?);
    if target.protocol != sip_core::Protocol::Udp {
        value.extend_from_slice(format!(";transport={}", target.protocol).as_bytes());
    }
    value.push(b'>');
    msg.prepend(HeaderName::Contact, value)?;
    Ok(())
}
