//! The second judgement of a message: whether it is fit to be handled.
//!
//! [`parse`](crate::parse) refuses what cannot be represented or framed, and nothing else. A message that
//! passed may still lack To, name two CSeqs or ask for what nobody supports; [`validate`] says so.

pub(crate) mod fault;
pub(crate) mod headers;
pub(crate) mod request;
pub(crate) mod response;
pub(crate) mod rules;

use crate::message::Message;
use crate::validate::fault::Fault;
use crate::validate::rules::{Role, Rules};

/// What is wrong with a message, by these rules; nothing if it is fit to be handled.
///
/// The first fault is the one to answer with ([`Fault::status`]), in the order of RFC 3261: the method (8.2.1),
/// headers that are missing, repeated or malformed, the Request-URI and its scheme, hops, extensions, the body
/// (8.2.2, 8.2.3, 16.3). Each header is named once for each way in which it is wrong. What answers nothing, an
/// ACK or a response, is dropped if it has a fault.
///
/// What old or careless senders do and every reader understands in the same way is no fault: no Max-Forwards,
/// no tag in From, no branch in Via (RFC 4475 3.4.1).
///
/// # Cost
///
/// Linear in the head. Allocates only where something is wrong.
///
/// # Source
///
/// RFC 3261 8.1.1, 8.1.3.3, 8.2, 10.3, 16.3; RFC 4475; RFC 5118.
///
/// # Examples
///
/// ```
/// use sip_core::{Role, Rules, StatusCode, parse, validate};
///
/// let wire = "INVITE sip:bob@example.com SIP/2.0\r\nVia: SIP/2.0/UDP a.example;branch=z9hG4bK1\r\n\
///             From: <sip:alice@example.com>;tag=1\r\nTo: \"Bob <sip:bob@example.com>\r\n\
///             Call-ID: 1\r\nCSeq: 1 INVITE\r\n\r\n";
/// let msg = parse(wire.into(), &Default::default())?;
/// let faults = validate(&msg, &Rules::of(Role::Proxy));
/// assert_eq!(faults.len(), 1);
/// assert_eq!((faults[0].header(), faults[0].status()), ("To", StatusCode::BAD_REQUEST));
/// # Ok::<(), sip_core::ParseError>(())
/// ```
pub fn validate(msg: &Message, rules: &Rules<'_>) -> Vec<Fault> {
    let mut faults = Vec::new();
    faults.extend(request::method(msg, rules).err());
    headers::judge(msg, rules.role, &mut faults);
    if msg.is_request() {
        request::judge(msg, rules, &mut faults);
    } else {
        response::judge(msg, rules.role == Role::Proxy, &mut faults);
    }
    faults
}
