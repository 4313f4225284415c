//! What CANCEL and ACK have in common: the hop-by-hop copy of a request's frame.

use bstr::BStr;

use crate::build::out::{copy_all, digits, line};
use crate::error::{EditError, HeaderError};
use crate::message::Message;
use crate::name::HeaderName;
use crate::text::push_number;

/// What is not the same as in the request.
pub(crate) struct SameHop<'a> {
    /// The method, also of CSeq.
    pub(crate) method: &'static [u8],
    /// To, if not the request's.
    pub(crate) to: Option<&'a BStr>,
    /// Bytes that are still to come.
    pub(crate) room: usize,
}

/// Every byte that is always there.
const FIXED: &str = "  SIP/2.0\r\nVia: \r\nMax-Forwards: 70\r\nFrom: \r\nTo: \r\nCall-ID: \r\nCSeq:  \r\n";

/// Request line, the top Via alone, Max-Forwards, Route, From, To, Call-ID and CSeq for the hop that `sent`
/// went.
pub(crate) fn same_hop(sent: &Message, what: &SameHop<'_>) -> Result<Vec<u8>, EditError> {
    let uri = sent.request_uri().ok_or(EditError::NotARequest)?;
    let via = sent.values(HeaderName::Via).next().ok_or(HeaderError::Missing { name: "Via" })?;
    let from = sent.header(HeaderName::From).ok_or(HeaderError::Missing { name: "From" })?;
    let own_to = || sent.header(HeaderName::To).ok_or(HeaderError::Missing { name: "To" });
    let to = what.to.map_or_else(own_to, Ok)?;
    let call_id = sent.call_id()?;
    let cseq = sent.cseq()?;

    let routes = sent.headers(HeaderName::Route).map(|route| route.len() + "Route: \r\n".len());
    let mut size = FIXED.len() + 2 * what.method.len() + digits(cseq.number.into()) + routes.sum::<usize>();
    size += uri.len() + via.len() + from.len() + to.len() + call_id.len() + what.room;
    let mut out = Vec::with_capacity(size);

    for part in [what.method, b" ", uri, b" SIP/2.0\r\n"] {
        out.extend_from_slice(part);
    }
    line(&mut out, b"Via", via);
    out.extend_from_slice(b"Max-Forwards: 70\r\n");
    copy_all(&mut out, sent, HeaderName::Route);
    line(&mut out, b"From", from);
    line(&mut out, b"To", to);
    line(&mut out, b"Call-ID", call_id);
    out.extend_from_slice(b"CSeq: ");
    push_number(&mut out, cseq.number.into());
    for part in [&b" "[..], what.method, b"\r\n"] {
        out.extend_from_slice(part);
    }
    Ok(out)
}
