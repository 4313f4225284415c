//! Why a message is not fit.

use bstr::BString;
use sip_core::{HeaderError, StatusCode};

/// Why a message is not fit to be handled. Always the sender's fault.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SanityError {
    /// Nobody routes a Request-URI of this scheme here.
    #[error("the scheme of the Request-URI is not supported")]
    Scheme,
    /// A header is missing or malformed.
    #[error(transparent)]
    Header(#[from] HeaderError),
    /// CSeq names another method than the request line.
    #[error("CSeq has another method than the request")]
    CSeqMethod,
    /// The number in CSeq is 2^31 or more.
    #[error("the number in CSeq is too large")]
    CSeqValue,
    /// Content-Length is not the length of the body.
    #[error("Content-Length is not the length of the body")]
    ContentLength,
    /// Proxy-Require names what is not supported.
    #[error("Proxy-Require names an extension that is not supported")]
    ProxyRequire {
        /// The option tags: the Unsupported header of the reply.
        unsupported: Vec<BString>,
    },
    /// From or To has two tags.
    #[error("From or To has two tags")]
    DuplicateTag,
    /// The branch of the first Via does not begin with `z9hG4bK`.
    #[error("the first Via has no branch as RFC 3261 has it")]
    Branch,
    /// A Route or Record-Route has no `lr`.
    #[error("a Route or Record-Route without lr")]
    NotLoose,
}

impl SanityError {
    /// The reply that this error asks for.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Scheme => StatusCode::UNSUPPORTED_URI_SCHEME,
            Self::ProxyRequire { .. } => StatusCode::BAD_EXTENSION,
            _ => StatusCode::BAD_REQUEST,
        }
    }

    /// The value of the Unsupported header that the reply needs.
    pub fn unsupported(&self) -> Option<Vec<u8>> {
        match self {
            Self::ProxyRequire { unsupported } => Some(bstr::join(", ", unsupported)),
            _ => None,
        }
    }
}
