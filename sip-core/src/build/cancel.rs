//! CANCEL for a request that was sent (RFC 3261 9.1).

use bytes::Bytes;

use crate::build::out::{check_value, end, length_line, line};
use crate::build::same_hop::{SameHop, same_hop};
use crate::error::EditError;
use crate::message::Message;

/// The CANCEL for `sent`, a request as it left: same Request-URI, top Via, From, To, Call-ID, CSeq number and
/// Route.
///
/// `reason` is the value of a Reason header (RFC 3326), such as `SIP;cause=200`.
///
/// # Errors
///
/// [`EditError::NotARequest`]; [`EditError::InvalidValue`] for a control byte in `reason`;
/// [`EditError::Header`] if `sent` lacks a header that a CANCEL needs.
pub fn cancel(sent: &Message, reason: Option<&[u8]>) -> Result<Bytes, EditError> {
    if let Some(reason) = reason {
        check_value(reason)?;
    }
    let room = length_line(0) + reason.map_or(0, |reason| reason.len() + "Reason: \r\n".len());
    let mut out = same_hop(sent, &SameHop { method: b"CANCEL", to: None, room })?;
    if let Some(reason) = reason {
        line(&mut out, b"Reason", reason);
    }
    Ok(end(out, &[]))
}
