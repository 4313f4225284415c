//! The dialog that an INVITE from here has begun: its ACK, and its BYE where nobody wants it.
//!
//! Source: RFC 3261 12.1.2 and 12.2.1.1 (route set, remote target), 13.2.2.4.

use std::rc::Rc;

use bytes::Bytes;
use sip_core::{HeaderError, HeaderName, Limits, Message, RecordRoute, build};
use sip_transaction::BranchId;

use crate::ctx::destination::Destination;
use crate::ctx::via;
use crate::error::RouteError;
use crate::local::Local;

/// A request within the dialog that this 2xx has begun; it needs a Via and no more.
pub(crate) fn within(
    invite: &Message,
    answer: &Message,
    method: &str,
    cseq: u32,
) -> Result<Message, RouteError> {
    let contact = answer.contact()?;
    let target = contact.addr().ok_or(HeaderError::Missing { name: "Contact" })?.uri_text();
    let routes: Vec<Bytes> = answer
        .views::<RecordRoute<'_>>()
        .map(|route| route.map(|route| Bytes::from(format!("<{}>", route.uri_text()))))
        .collect::<Result<_, _>>()?;
    let cseq = format!("{cseq} {method}");
    let mut request = build::request(method, target).header("Max-Forwards", "70").header("CSeq", cseq);
    for (message, name) in
        [(invite, HeaderName::From), (answer, HeaderName::To), (invite, HeaderName::CallId)]
    {
        request = request.header(name.canonical(), message.header(name).unwrap_or_default());
    }
    for route in routes.iter().rev() {
        request = request.header("Route", route);
    }
    if method == "ACK" {
        for name in [HeaderName::Authorization, HeaderName::ProxyAuthorization] {
            for value in invite.headers(name) {
                request = request.header(name.canonical(), value);
            }
        }
    }
    made(&request.finish()?)
}

/// Sends the ACK of a 2xx, and has it sent again whenever that comes again.
pub(crate) fn acknowledge(
    local: &Rc<Local>,
    branch: BranchId,
    invite: &Message,
    answer: &Message,
) -> Result<(), RouteError> {
    let mut ack = within(invite, answer, "ACK", invite.cseq()?.number)?;
    let mut target = Destination::default().resolve(&mut ack)?;
    let shared = &local.shared;
    via::push(&mut ack, &mut target, format!("z9hG4bK{}", shared.token()), shared)?;
    let bytes = ack.to_bytes();
    local.step(branch.transaction, |stripe, now, out| {
        stripe.table.acknowledge(now, branch, target, bytes, out)
    })?;
    local.dirty.notify_one();
    Ok(())
}

/// Reads what was just made.
pub(crate) fn made(bytes: &Bytes) -> Result<Message, RouteError> {
    sip_core::parse(bytes.clone(), &Limits::default()).map_err(|error| RouteError::Reply(error.status()))
}
