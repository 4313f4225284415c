//! What can be wrong with a message, and the reply that it deserves.
//!
//! One type for each kind of guilt: [`ParseError`], [`HeaderError`] and [`BodyError`] are the peer's fault,
//! [`EditError`] is the caller's.

use crate::status::StatusCode;

/// Why bytes are no SIP message. Always the peer's fault.
///
/// `at` is the byte offset from the first byte of the start line (empty lines before it are not
/// counted). [`Self::status`] is the reply a request deserves; [`salvage`](crate::salvage) makes
/// of its bytes what such a reply needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParseError {
    /// There is nothing but empty lines: a keep-alive, no message.
    #[error("no message, only empty lines")]
    Empty,
    /// Neither a request line nor a status line (RFC 3261 7.1, 7.2).
    #[error("malformed start line at byte {at}")]
    StartLine {
        /// Where it stops being one.
        at: usize,
    },
    /// A SIP version other than 2.0.
    #[error("unsupported SIP version at byte {at}")]
    Version {
        /// Where the version stands.
        at: usize,
    },
    /// The Request-URI is longer than [`Limits::uri_bytes`](crate::Limits::uri_bytes).
    #[error("Request-URI longer than {max} bytes")]
    UriTooLong {
        /// The limit.
        max: usize,
    },
    /// A header line does not begin with a token and a colon; control bytes in a name are this, too.
    #[error("malformed header name at byte {at}")]
    HeaderName {
        /// The byte that does not belong there.
        at: usize,
    },
    /// A CR without LF or an LF without CR in the head.
    #[error("line does not end in CRLF at byte {at}")]
    LineEnd {
        /// The lone CR or LF.
        at: usize,
    },
    /// The bytes end before the empty line that ends the head.
    #[error("the head does not end, {have} bytes read")]
    HeadUnfinished {
        /// How many bytes there are.
        have: usize,
    },
    /// The head is longer than [`Limits::head_bytes`](crate::Limits::head_bytes).
    #[error("head longer than {max} bytes")]
    HeadTooLarge {
        /// The limit.
        max: usize,
    },
    /// A header name is longer than [`Limits::name_bytes`](crate::Limits::name_bytes).
    #[error("header name longer than {max} bytes")]
    HeaderNameTooLong {
        /// The limit.
        max: usize,
    },
    /// There are more header lines than [`Limits::headers`](crate::Limits::headers).
    #[error("more than {max} header lines")]
    TooManyHeaders {
        /// The limit.
        max: usize,
    },
    /// Content-Length is not a decimal number.
    #[error("malformed Content-Length at byte {at}")]
    ContentLength {
        /// Where its value begins.
        at: usize,
    },
    /// Two Content-Length headers say different things.
    #[error("a second, different Content-Length at byte {at}")]
    ContentLengthConflict {
        /// Where the value of the second begins.
        at: usize,
    },
    /// No Content-Length on a stream, where it is needed (RFC 3261 20.14).
    #[error("no Content-Length in a message on a stream")]
    NoContentLength,
    /// Content-Length says more than [`Limits::body_bytes`](crate::Limits::body_bytes).
    #[error("body longer than {max} bytes")]
    BodyTooLarge {
        /// The limit.
        max: usize,
    },
    /// Content-Length promises more than the datagram holds (RFC 3261 18.3).
    #[error("Content-Length says {need} bytes of body, there are {have}")]
    BodyTooShort {
        /// What Content-Length says.
        need: usize,
        /// What there is.
        have: usize,
    },
    /// An HTTP body in a coding other than `chunked` (RFC 9112 6.1).
    #[error("unknown Transfer-Encoding at byte {at}")]
    TransferEncoding {
        /// Where its value begins.
        at: usize,
    },
    /// A chunk of an HTTP body is malformed (RFC 9112 7.1).
    #[error("malformed chunk")]
    Chunk,
    /// An HTTP/1.1 request names no host, or several (RFC 9112 3.2).
    #[error("not one Host header")]
    Host,
    /// An HTTP request expects something other than `100-continue` (RFC 9110 10.1.1).
    #[error("unknown expectation")]
    Expectation,
}

impl ParseError {
    /// The status of the reply this error asks for, if it was a request.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Version { .. } => StatusCode::VERSION_NOT_SUPPORTED,
            Self::UriTooLong { .. } => StatusCode::REQUEST_URI_TOO_LONG,
            Self::HeadTooLarge { .. } | Self::HeaderNameTooLong { .. } | Self::TooManyHeaders { .. } => {
                StatusCode::MESSAGE_TOO_LARGE
            }
            Self::BodyTooLarge { .. } => StatusCode::REQUEST_ENTITY_TOO_LARGE,
            _ => StatusCode::BAD_REQUEST,
        }
    }

    /// The status of the reply this error asks for, if it was an HTTP request.
    pub fn http_status(&self) -> StatusCode {
        match self {
            Self::HeadTooLarge { .. } | Self::HeaderNameTooLong { .. } | Self::TooManyHeaders { .. } => {
                StatusCode::HTTP_HEADER_TOO_LARGE
            }
            Self::TransferEncoding { .. } => StatusCode::NOT_IMPLEMENTED,
            Self::Expectation => StatusCode::HTTP_EXPECTATION_FAILED,
            other => other.status(),
        }
    }

    /// The header at fault, in its registered spelling, where there is one.
    pub fn header(&self) -> Option<&'static str> {
        match self {
            Self::ContentLength { .. }
            | Self::ContentLengthConflict { .. }
            | Self::NoContentLength
            | Self::BodyTooLarge { .. }
            | Self::BodyTooShort { .. } => Some("Content-Length"),
            Self::TransferEncoding { .. } => Some("Transfer-Encoding"),
            Self::Host => Some("Host"),
            Self::Expectation => Some("Expect"),
            _ => None,
        }
    }
}

/// Why a header could not be understood. Always the peer's fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HeaderError {
    /// The message has no such header.
    #[error("no {name} header")]
    Missing {
        /// The header, in its registered spelling.
        name: &'static str,
    },
    /// The header is there, and its value does not follow the grammar.
    #[error("malformed {name} at byte {at}")]
    Malformed {
        /// The header, in its registered spelling.
        name: &'static str,
        /// Offset in the value, as far as it is known.
        at: usize,
    },
}

impl HeaderError {
    /// The header it is about, in its registered spelling.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Missing { name } | Self::Malformed { name, .. } => name,
        }
    }

    /// Offset in the value, as far as it is known; 0 where the header is missing.
    pub fn at(&self) -> usize {
        match self {
            Self::Missing { .. } => 0,
            Self::Malformed { at, .. } => *at,
        }
    }

    /// The status of the reply this error asks for: 400.
    pub fn status(&self) -> StatusCode {
        StatusCode::BAD_REQUEST
    }
}

/// Why a body could not be understood. Always the peer's fault.
///
/// `at` is an offset in the body that was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BodyError {
    /// Content-Type is missing or malformed.
    #[error(transparent)]
    Header(#[from] HeaderError),
    /// The body is not in parts.
    #[error("the body is not multipart")]
    NotMultipart,
    /// Content-Type has no `boundary`, or one that is none: 1 to 70 bytes, without control bytes, and without a space
    /// at the end (RFC 2046 5.1.1).
    #[error("no boundary that could separate the parts")]
    Boundary,
    /// The boundary does not begin any part.
    #[error("the body has no part")]
    NoPart,
    /// The last part does not end with the closing boundary.
    #[error("the last part, at byte {at}, does not end")]
    Unfinished {
        /// Where it begins.
        at: usize,
    },
    /// The head of a part is no list of headers.
    #[error("malformed head of a part at byte {at}")]
    PartHead {
        /// Where it stops being one.
        at: usize,
    },
    /// There are more parts than [`Limits::body_parts`](crate::Limits::body_parts).
    #[error("more than {max} parts")]
    TooManyParts {
        /// The limit.
        max: usize,
    },
    /// Parts stand deeper than [`Limits::body_depth`](crate::Limits::body_depth).
    #[error("parts deeper than {max}")]
    TooDeep {
        /// The limit.
        max: usize,
    },
    /// A line of a session description is none (RFC 8866 5).
    #[error("malformed line of a session description at byte {at}")]
    SdpLine {
        /// Where it begins.
        at: usize,
    },
    /// A session description has more lines than [`Limits::sdp_lines`](crate::Limits::sdp_lines).
    #[error("more than {max} lines in a session description")]
    TooManyLines {
        /// The limit.
        max: usize,
    },
}

impl BodyError {
    /// The status of the reply this error asks for.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::NotMultipart => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooManyParts { .. } | Self::TooDeep { .. } | Self::TooManyLines { .. } => {
                StatusCode::REQUEST_ENTITY_TOO_LARGE
            }
            _ => StatusCode::BAD_REQUEST,
        }
    }
}

/// Why a change to a message was refused. Always the caller's fault; the message is unchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EditError {
    /// The header name is not a `token`, or longer than 65,535 bytes.
    #[error("not a header name")]
    InvalidName,
    /// The value holds a control byte (CR, LF and NUL are some), or is none that this header can have.
    #[error("no value for this header, at byte {at}")]
    InvalidValue {
        /// Offset in the value.
        at: usize,
    },
    /// The Request-URI is no URI.
    #[error("not a Request-URI, at byte {at}")]
    InvalidUri {
        /// Offset in the URI.
        at: usize,
    },
    /// The method is not a `token`.
    #[error("not a method")]
    InvalidMethod,
    /// Content-Length says where the message ends; it follows the body. Use
    /// [`Message::set_body`](crate::Message::set_body).
    #[error("Content-Length follows the body: use set_body")]
    ContentLength,
    /// A response has no Request-URI and no method.
    #[error("not a request")]
    NotARequest,
    /// A request has no status.
    #[error("not a response")]
    NotAResponse,
    /// The message would grow beyond 4 GiB.
    #[error("message too long")]
    TooLong,
    /// The boundary of a multipart body is none, or stands inside a part: choose another.
    #[error("not a boundary that could separate these parts")]
    Boundary,
    /// There is no part, media section or line to change.
    #[error("nothing there to change")]
    NotThere,
    /// A header of the message that the change is made from cannot be understood.
    #[error(transparent)]
    Header(#[from] HeaderError),
    /// The body that is to be changed cannot be understood.
    #[error(transparent)]
    Body(#[from] BodyError),
}

impl EditError {
    /// The status of the reply this error asks for: the peer's if a header or the body of the message is at
    /// fault, else 500, because the caller is.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Header(error) => error.status(),
            Self::Body(error) => error.status(),
            _ => StatusCode::SERVER_INTERNAL_ERROR,
        }
    }
}
