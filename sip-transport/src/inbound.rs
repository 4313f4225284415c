//! What an endpoint hands to its worker.

use bytes::Bytes;
use sip_core::{FlowId, Message, ParseError, Source};

use crate::answer::HttpAnswer;
use crate::error::SendError;

/// What the caller of [`Endpoint::send`](crate::Endpoint::send) knows a message by: comes back in
/// [`Inbound::SendFailed`]. The transport does not look inside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SendTag(pub u128);

/// Something that came in.
#[derive(Debug)]
pub enum Inbound {
    /// A message.
    Message {
        /// The message, as received.
        msg: Message,
        /// Where it came from.
        source: Source,
    },
    /// An HTTP request, on a connection that speaks SIP too. What is malformed or beyond the limits has been refused
    /// already. The connection is not read until the answer is there, so that answers keep the order of requests.
    Http {
        /// The request, its body whole.
        msg: Message,
        /// Where it came from.
        source: Source,
        /// Where the answer goes.
        answer: HttpAnswer,
    },
    /// Bytes that are no SIP message. On a stream these are the first bytes of what was wrong, and the
    /// connection closes shortly after (a reply still goes out).
    Malformed {
        /// What is wrong, with its position in `bytes`.
        error: ParseError,
        /// The datagram, or the start of the stream's remaining bytes.
        bytes: Bytes,
        /// Where it came from.
        source: Source,
    },
    /// A keep-alive: an empty datagram or CRLFs. On a stream a CRLFCRLF has been answered already
    /// (RFC 5626 3.5.1).
    KeepAlive(Source),
    /// A connection that this worker owned has ended: closed by either side, failed or refused.
    Closed(FlowId),
    /// A message that [`Endpoint::send`](crate::Endpoint::send) had taken did not get out.
    SendFailed {
        /// The tag given to `send`.
        tag: SendTag,
        /// What went wrong.
        error: SendError,
    },
}
