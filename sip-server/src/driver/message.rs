//! One request, from the wire to its route.

use std::rc::Rc;

use bytes::Bytes;
use sip_core::{
    HeaderError, HeaderName, Limits, Message, Method, ParseError, Source, StatusCode, Target, Via,
};
use sip_transaction::{Arrival, BranchId, Matched};

use crate::clock;
use crate::ctx::{Ctx, via};
use crate::local::Local;
use crate::turn::{Kind, Turn};

use super::job::Job;

/// What is done with requests that start something.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Admission {
    /// They are served.
    Open,
    /// The worker is behind: they get 503.
    Shed,
    /// The server is ending: they get 503.
    Closed,
}

/// Takes a request in: what is to be run for it, if anything.
pub(super) fn request(
    local: &Rc<Local>,
    mut msg: Message,
    source: Source,
    admission: Admission,
) -> Option<Job> {
    local.stats().requests.one();
    if let Some(method) = msg.method() {
        local.stats().counts.request(method);
    }
    msg.stamp_received(&source);
    let arrival = match essentials(local, &msg, &source) {
        Ok(arrival) => arrival,
        Err(error) => {
            refuse_malformed(local, msg, source, error.status(), &error);
            return None;
        }
    };
    match enter_tm(local, &msg, &arrival, &source) {
        Matched::New if is_ack_of_ours(local, &msg) => {
            local.stats().absorbed.one();
            local.stats().stateless_acks.one();
            None
        }
        // Not before tm has looked: what it knows is a retransmission, and its call goes on.
        Matched::New if admission != Admission::Open && starts_something(&msg) => {
            match admission {
                Admission::Shed => local.stats().shed.one(),
                _ => local.stats().refused.one(),
            }
            refuse(&Turn::new(local.clone(), Kind::Request, msg, source).arrived(arrival));
            None
        }
        Matched::New if local.shared.checks_loops() && has_looped(local, &msg) => {
            local.stats().looped.one();
            let turn = Turn::new(local.clone(), Kind::Request, msg, source).arrived(arrival);
            turn.answer_error(&StatusCode::LOOP_DETECTED.into());
            None
        }
        Matched::New => {
            let turn = Turn::new(local.clone(), Kind::Request, msg.clone(), source).arrived(arrival);
            Some(Job::Request(Box::new(Ctx::new(msg, Rc::new(turn)))))
        }
        Matched::Cancel(invite) => {
            let turn = Turn::new(local.clone(), Kind::Cancel(invite), msg.clone(), source);
            Some(Job::Cancel(Box::new(Ctx::new(msg, Rc::new(turn)))))
        }
        Matched::Absorbed | Matched::Taken | Matched::Stray => {
            local.stats().absorbed.one();
            None
        }
    }
}

fn enter_tm(local: &Local, msg: &Message, arrival: &Arrival, source: &Source) -> Matched {
    let mut outbox = local.outbox.borrow_mut();
    let mut stripe = local.shared.stripes().of_arrival(arrival);
    stripe.table.handle_arrival(clock::now(), msg, arrival, source, &mut outbox)
}

/// What every request must have for anybody to answer or relay it (RFC 3261 8.1.1), once.
fn essentials(local: &Local, msg: &Message, source: &Source) -> Result<Arrival, HeaderError> {
    match repeated(msg) {
        Some(name) => Err(HeaderError::Malformed { name, at: 0 }),
        None => Arrival::read(msg, source, local.shared.secret()),
    }
}

/// A header that stands there twice and may not: one that reads the first and one that reads the last would not
/// agree on who calls whom (RFC 3261 7.3.1, RFC 4475 3.3.8).
fn repeated(msg: &Message) -> Option<&'static str> {
    let mut seen = 0_u8;
    for (name, ..) in msg {
        let bit = match name {
            HeaderName::From => 1,
            HeaderName::To => 2,
            HeaderName::CallId => 4,
            HeaderName::CSeq => 8,
            HeaderName::MaxForwards => 16,
            _ => continue,
        };
        if seen & bit != 0 {
            return Some(["From", "To", "Call-ID", "CSeq", "Max-Forwards"][bit.trailing_zeros() as usize]);
        }
        seen |= bit;
    }
    None
}

/// The ACK of a negative reply that was sent without state carries the tag that we gave it.
fn is_ack_of_ours(local: &Local, msg: &Message) -> bool {
    msg.method() == Some(Method::Ack)
        && msg
            .to()
            .is_ok_and(|to| to.tag().is_some_and(|tag| tag == local.shared.secret().to_tag(msg).as_bytes()))
}

/// Whether the request was here before and has not changed since: a Via of ours has the hash that the request has
/// now (RFC 3261 16.3, step 4). A spiral comes back too, with another request URI or Route.
fn has_looped(local: &Local, msg: &Message) -> bool {
    let branch =
        |via: Result<Via<'_>, HeaderError>| BranchId::from_via(via.ok()?.branch()?, local.shared.secret());
    // Most requests come from a phone, with its Via alone.
    msg.values(HeaderName::Via).nth(1).is_some()
        && msg.views::<Via<'_>>().filter_map(branch).any(|(_, hash)| hash == via::loop_hash(msg))
}

/// Whether a server that is ending or behind turns the request away: what belongs to a call goes on.
fn starts_something(msg: &Message) -> bool {
    !matches!(msg.method(), Some(Method::Ack | Method::Cancel | Method::Bye))
        && msg.to().is_ok_and(|to| to.tag().is_none())
}

/// What could not be parsed: if enough of a request is there, its sender is told.
pub(super) fn malformed(local: &Rc<Local>, error: ParseError, bytes: Bytes, source: Source) {
    if matches!(error, ParseError::UriTooLong { .. } | ParseError::StartLine { .. }) {
        local.stats().bad_uris.one();
    }
    if bytes.starts_with(b"SIP/") {
        local.stats().bad_replies.one();
    }
    match sip_core::salvage(bytes, &Limits::default()) {
        Some(mut msg) => {
            msg.stamp_received(&source);
            refuse_malformed(local, msg, source, error.status(), &error);
        }
        None => {
            local.stats().malformed.one();
            tracing::debug!(%error, remote = %source.remote, "not a SIP request");
        }
    }
}

/// Answers without state, to the sender where the Via cannot be read; without any Via nobody would know the answer,
/// and an ACK has none.
fn refuse_malformed(
    local: &Rc<Local>,
    msg: Message,
    source: Source,
    status: StatusCode,
    error: &impl std::fmt::Display,
) {
    local.stats().malformed.one();
    tracing::debug!(%error, remote = %source.remote, "request refused");
    let unreadable = msg.has_header(HeaderName::Via) && msg.top_via().is_err();
    let turn = Turn::new(local.clone(), Kind::Request, msg, source);
    let Ok(bytes) = turn.response(status).finish() else { return };
    if unreadable && turn.received.method() != Some(Method::Ack) {
        local.send(Target::from(&turn.source), bytes, None);
    } else {
        let _ = turn.reply_stateless(bytes);
    }
}

/// 503 without state.
fn refuse(turn: &Turn) {
    if let Ok(bytes) = turn.response(StatusCode::SERVICE_UNAVAILABLE).header("Retry-After", "10").finish() {
        let _ = turn.reply_stateless(bytes);
    }
}
