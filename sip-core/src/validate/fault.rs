//! What is wrong with a message that could be parsed.

use crate::error::HeaderError;
use crate::status::StatusCode;

/// Why a message is not handled. Always the sender's fault.
///
/// [`Self::status`] is the reply that a request deserves; an ACK and a response get none, they are dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// A header that every message has is missing, or a header cannot be understood.
    #[error(transparent)]
    Header(#[from] HeaderError),
    /// A header that stands in a message once stands there more than once (RFC 3261 7.3.1).
    #[error("{name} stands more than once")]
    Repeated {
        /// The header, in its registered spelling.
        name: &'static str,
    },
    /// A parameter stands more than once in one value, so that readers could disagree about it.
    #[error("parameter {param} of {name} stands more than once")]
    RepeatedParam {
        /// The header, in its registered spelling.
        name: &'static str,
        /// The parameter.
        param: &'static str,
    },
    /// CSeq names another method than the request line (RFC 3261 8.1.1.5).
    #[error("CSeq is of another method")]
    CSeqMethod,
    /// The number in CSeq is 2^31 or more (RFC 3261 8.1.1.5).
    #[error("the number in CSeq is too large")]
    CSeqNumber,
    /// The branch of the first Via is the magic cookie and nothing else: it cannot be told from others.
    #[error("the branch of Via is empty")]
    Branch,
    /// The Request-URI carries headers, which it may not (RFC 3261 19.1.1).
    #[error("the Request-URI carries headers")]
    UriHeaders,
    /// The Request-URI has a scheme that is not routed.
    #[error("the scheme of the Request-URI is not routed")]
    Scheme,
    /// To of a REGISTER is no SIP URI, so no address of record (RFC 3261 10.3).
    #[error("To names no address of record")]
    AddressOfRecord,
    /// The request may go no further: Max-Forwards is 0.
    #[error("Max-Forwards is 0")]
    TooManyHops,
    /// The method is none of those that are served.
    #[error("the method is not served")]
    Method,
    /// Require or Proxy-Require names an extension that is not supported:
    /// [`unsupported`](crate::unsupported) says which.
    #[error("{name} asks for what is not supported")]
    Extension {
        /// `Require` or `Proxy-Require`.
        name: &'static str,
    },
    /// The body is of a type that is not understood.
    #[error("the body is of a type that is not understood")]
    ContentType,
    /// Accept allows none of the types that an answer would have.
    #[error("Accept allows no answer")]
    Accept,
    /// The response has passed by its goal: an endpoint sees one Via, its own (RFC 3261 8.1.3.3).
    #[error("a response with more than one Via")]
    NotOurs,
    /// The response would go to an address that nobody has, such as the broadcast address.
    #[error("a response to an address that nobody has")]
    NoWayBack,
}

impl Fault {
    /// The status of the reply that a request with this fault deserves.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Header(error) => error.status(),
            Self::Scheme => StatusCode::UNSUPPORTED_URI_SCHEME,
            Self::TooManyHops => StatusCode::TOO_MANY_HOPS,
            Self::Method => StatusCode::NOT_IMPLEMENTED,
            Self::Extension { .. } => StatusCode::BAD_EXTENSION,
            Self::ContentType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Accept => StatusCode::NOT_ACCEPTABLE,
            _ => StatusCode::BAD_REQUEST,
        }
    }

    /// The header at fault, in its registered spelling; `Request-URI` and `method` for the request line.
    pub fn header(&self) -> &'static str {
        match self {
            Self::Header(error) => error.name(),
            Self::Repeated { name } | Self::RepeatedParam { name, .. } | Self::Extension { name } => name,
            Self::CSeqMethod | Self::CSeqNumber => "CSeq",
            Self::Branch | Self::NotOurs | Self::NoWayBack => "Via",
            Self::UriHeaders | Self::Scheme => "Request-URI",
            Self::AddressOfRecord => "To",
            Self::TooManyHops => "Max-Forwards",
            Self::Method => "method",
            Self::ContentType => "Content-Type",
            Self::Accept => "Accept",
        }
    }
}
