//! Why a REGISTER was not stored, and what to answer.

use sip_core::{HeaderError, StatusCode};

/// Why a URI is no address of record.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum AorError {
    /// Neither a SIP nor a SIPS URI (RFC 3261 10.3, item To).
    #[error("an address of record is a sip: or sips: URI")]
    Scheme,
    /// It has no user part, and the domain does not count.
    #[error("the address of record has no user part")]
    NoUser,
    /// Longer than `aor_max_size`.
    #[error("the address of record is longer than {max} bytes")]
    TooLong {
        /// The limit in bytes.
        max: usize,
    },
}

impl AorError {
    /// The reply that this error asks for: 400, or 500 for one that is too long (as Kamailio).
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Scheme | Self::NoUser => StatusCode::BAD_REQUEST,
            Self::TooLong { .. } => StatusCode::SERVER_INTERNAL_ERROR,
        }
    }
}

/// Why a REGISTER was not stored. Nothing of it was, then.
///
/// Each has a reply: [`Self::status`], with the headers of [`Self::headers`].
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SaveError {
    /// The message is no REGISTER request: the caller's mistake; route it elsewhere.
    #[error("only a REGISTER request can be saved")]
    NotRegister,
    /// A header that is needed is missing or malformed.
    #[error(transparent)]
    Header(#[from] HeaderError),
    /// The To is no address of record.
    #[error(transparent)]
    Aor(#[from] AorError),
    /// The Expires header is no number of seconds.
    #[error("Expires is malformed")]
    Expires,
    /// A contact URI or the Path is longer than `contact_max_size`, or the Call-ID than 255 bytes.
    #[error("{what} is longer than {max} bytes")]
    TooLong {
        /// The header's name.
        what: &'static str,
        /// The limit in bytes.
        max: usize,
    },
    /// `Contact: *` came with other contacts or with an Expires other than 0 (RFC 3261 10.3, step 6).
    #[error("`Contact: *` stands alone and with Expires 0")]
    StarNotAlone,
    /// An older request, or one that reuses its CSeq too late: the binding stays as it is
    /// (RFC 3261 10.3, step 7).
    #[error("CSeq {got} is not above {stored}, the last one of this Call-ID")]
    OutOfOrder {
        /// The CSeq number of this request.
        got: u32,
        /// The CSeq number that the binding was last changed by.
        stored: u32,
    },
    /// A contact would end sooner than the registrar allows (RFC 3261 10.3, step 7).
    #[error("an expiry of {asked} s is below the minimum of {min} s")]
    IntervalTooBrief {
        /// Seconds asked for.
        asked: u32,
        /// Seconds needed.
        min: u32,
    },
    /// The request has a Path, its sender does not support it, and the mode is strict (RFC 3327 5.3).
    #[error("Path is needed and not supported by the sender")]
    PathNotSupported,
    /// The address of record would have more contacts than it may.
    #[error("more than {max} contacts")]
    TooManyContacts {
        /// The limit.
        max: usize,
    },
    /// The location is full.
    #[error("the location is full")]
    Full,
    /// Another change of this address of record came between plan and apply. Plan again.
    #[error("the address of record changed after the plan was made")]
    Conflict,
}

impl SaveError {
    /// The reply that this error asks for.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Header(_)
            | Self::Expires
            | Self::TooLong { .. }
            | Self::StarNotAlone
            | Self::OutOfOrder { .. } => StatusCode::BAD_REQUEST,
            Self::Aor(error) => error.status(),
            Self::IntervalTooBrief { .. } => StatusCode::INTERVAL_TOO_BRIEF,
            Self::PathNotSupported => StatusCode::BAD_EXTENSION,
            Self::TooManyContacts { .. } | Self::Full => StatusCode::SERVICE_UNAVAILABLE,
            Self::NotRegister | Self::Conflict => StatusCode::SERVER_INTERNAL_ERROR,
        }
    }

    /// The value that KEMI's `save()` returns: -2 for too many contacts, else -1.
    pub fn code(&self) -> i32 {
        match self {
            Self::TooManyContacts { .. } => -2,
            _ => -1,
        }
    }
}
