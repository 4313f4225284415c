//! ACK for a response other than 2xx (RFC 3261 17.1.1.3).

use bytes::Bytes;

use crate::build::out::{end, length_line};
use crate::build::same_hop::{SameHop, same_hop};
use crate::error::{EditError, HeaderError};
use crate::message::Message;
use crate::name::HeaderName;

/// The ACK for `response`, a final response other than 2xx to `sent`, an INVITE as it left.
///
/// Request-URI, top Via, From, Call-ID, CSeq number and Route are the INVITE's, To is the response's. (The
/// ACK of a 2xx is a request of its own, made by the caller's phone: 13.2.2.4.)
///
/// # Errors
///
/// [`EditError::NotARequest`]; [`EditError::Header`] if one of the two lacks a header that the ACK needs.
pub fn ack(sent: &Message, response: &Message) -> Result<Bytes, EditError> {
    let to = response.header(HeaderName::To).ok_or(HeaderError::Missing { name: "To" })?;
    let out = same_hop(sent, &SameHop { method: b"ACK", to: Some(to), room: length_line(0) })?;
    Ok(end(out, &[]))
}
