//! Headers that are missing, repeated or malformed.
//!
//! Source: RFC 3261 7.3.1, 8.1.1, 16.3 step 1; RFC 4475 3.1.2, 3.2.1, 3.3.1, 3.3.8.

use crate::error::HeaderError;
use crate::header::cseq::CSeq;
use crate::header::grammar;
use crate::header::name_addr::NameAddr;
use crate::header::params::HeaderParams;
use crate::header::via::Via;
use crate::header::view::HeaderView;
use crate::message::Message;
use crate::name::HeaderName;
use crate::validate::fault::Fault;
use crate::validate::rules::Role;

/// What every message has.
const REQUIRED: [HeaderName<'static>; 5] =
    [HeaderName::Via, HeaderName::From, HeaderName::To, HeaderName::CallId, HeaderName::CSeq];

/// What stands once, and matters to everybody.
const SINGLE: [HeaderName<'static>; 6] = [
    HeaderName::From,
    HeaderName::To,
    HeaderName::CallId,
    HeaderName::CSeq,
    HeaderName::MaxForwards,
    HeaderName::ContentLength,
];

/// What else stands once, and matters to an endpoint.
const SINGLE_AT_THE_END: [HeaderName<'static>; 26] = [
    HeaderName::ContentDisposition,
    HeaderName::ContentType,
    HeaderName::Date,
    HeaderName::Event,
    HeaderName::Expires,
    HeaderName::Join,
    HeaderName::MimeVersion,
    HeaderName::MinExpires,
    HeaderName::MinSe,
    HeaderName::Organization,
    HeaderName::Priority,
    HeaderName::RAck,
    HeaderName::RSeq,
    HeaderName::ReferSub,
    HeaderName::ReferTo,
    HeaderName::ReferredBy,
    HeaderName::Replaces,
    HeaderName::ReplyTo,
    HeaderName::RetryAfter,
    HeaderName::Server,
    HeaderName::SessionExpires,
    HeaderName::SipEtag,
    HeaderName::SipIfMatch,
    HeaderName::Subject,
    HeaderName::SubscriptionState,
    HeaderName::Timestamp,
];

/// The magic cookie that a branch begins with.
const COOKIE: &[u8] = b"z9hG4bK";

/// Adds what is wrong with the headers of a message.
pub(crate) fn judge(msg: &Message, role: Role, faults: &mut Vec<Fault>) {
    for name in REQUIRED {
        if !msg.has_header(name) {
            faults.push(HeaderError::Missing { name: text(name) }.into());
        }
    }
    let more = if role == Role::Proxy { &[][..] } else { &SINGLE_AT_THE_END };
    for &name in SINGLE.iter().chain(more) {
        if msg.headers(name).nth(1).is_some() {
            faults.push(Fault::Repeated { name: text(name) });
        }
    }
    malformed(msg, role, faults);
    if let Some(Ok(via)) = msg.values(HeaderName::Via).next().map(|value| Via::parse(value)) {
        if via.branch().is_some_and(|branch| branch.eq_ignore_ascii_case(COOKIE)) {
            faults.push(Fault::Branch);
        }
        twice(HeaderName::Via, "branch", via.params(), faults);
    }
    for name in [HeaderName::From, HeaderName::To] {
        if let Some(Ok(addr)) = msg.header(name).map(|value| NameAddr::parse(value)) {
            twice(name, "tag", addr.params(), faults);
        }
    }
    if let Some(Ok(cseq)) = msg.header(HeaderName::CSeq).map(|value| CSeq::parse(value)) {
        if cseq.number >= 1 << 31 {
            faults.push(Fault::CSeqNumber);
        }
        if msg.method().is_some_and(|method| method != cseq.method) {
            faults.push(Fault::CSeqMethod);
        }
    }
}

/// Adds each header once that cannot be read, of those that `role` reads.
fn malformed(msg: &Message, role: Role, faults: &mut Vec<Fault>) {
    let known = faults.len();
    let mut add = |error: HeaderError| {
        let is_new = |fault: &Fault| fault.header() != error.name();
        if faults[known..].iter().all(is_new) {
            faults.push(error.into());
        }
    };
    for (name, _, value) in msg {
        if is_read(role, name)
            && let Err(error) = grammar::value(name, value)
        {
            add(error);
        }
    }
    if role == Role::Proxy {
        // Its own, and of a response the one below, where it goes.
        let read = if msg.is_request() { 1 } else { 2 };
        let vias = msg.values(HeaderName::Via).take(read);
        vias.filter_map(|via| Via::parse(via).err()).for_each(add);
    }
}

/// Whether somebody in this role reads every value of this header.
fn is_read(role: Role, name: HeaderName<'_>) -> bool {
    match role {
        Role::Endpoint | Role::Registrar => true,
        Role::Proxy => name == HeaderName::Route || SINGLE.contains(&name),
    }
}

/// Adds a parameter that stands more than once.
fn twice(name: HeaderName<'static>, param: &'static str, params: HeaderParams<'_>, faults: &mut Vec<Fault>) {
    if params.filter(|one| one.is(param)).nth(1).is_some() {
        faults.push(Fault::RepeatedParam { name: text(name), param });
    }
}

fn text(name: HeaderName<'static>) -> &'static str {
    name.known().unwrap_or_default()
}
