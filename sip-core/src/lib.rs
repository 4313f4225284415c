//! SIP messages: parse, look, change, write.
//!
//! No I/O and no clock. A [`Message`] is one scan of the bytes as received: a small table says
//! where each header stands, and nothing is copied. Views ([`Uri`], [`Via`], [`Contact`] ...) understand
//! a header when they are asked to; edits are seen by the next read; what nobody touched is
//! written byte for byte as it came.
//!
//! # Tour
//!
//! | to do | with |
//! |---|---|
//! | read a datagram | [`parse`]; refused bytes: [`ParseError::status`], [`salvage`] |
//! | read a stream | [`frame::Framer`] |
//! | look | [`Message::header`], [`Message::values`], [`Message::iter`] |
//! | understand | [`Message::view`], [`Message::top_via`], [`Message::contacts`], [`Message::uri`] |
//! | change | [`Message::append`], [`Message::replace`], [`Message::remove`], [`Message::pop_value`], [`Message::set_body`] |
//! | write | [`Message::to_bytes`]; to keep one: [`Message::compact`] |
//! | answer, cancel, acknowledge | [`build`] |
//! | say where it came from and goes | [`Source`], [`Target`], [`FlowId`] |
//!
//! # Example
//!
//! What a proxy does to a request, without the network:
//!
//! ```
//! use sip_core::{HeaderName, Limits, Method, parse};
//!
//! let wire = "INVITE sip:bob@example.com SIP/2.0\r\n\
//!             v: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r\n\
//!             Max-Forwards: 70\r\n\
//!             X-Unknown :  stays as it is\r\n\
//!             l: 0\r\n\r\n";
//! let mut msg = parse(wire.into(), &Limits::default())?;
//! assert_eq!(msg.method(), Some(Method::Invite));
//! assert_eq!(msg.header(HeaderName::Via), Some("SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1".into()));
//!
//! msg.set_request_uri("sip:bob@198.51.100.7:5070")?;
//! msg.replace(HeaderName::MaxForwards, "69")?;
//! msg.prepend(HeaderName::Via, "SIP/2.0/UDP proxy.example.com;branch=z9hG4bK2")?;
//! assert_eq!(msg.values("Via").count(), 2);
//! assert_eq!(
//!     msg.to_bytes(),
//!     "INVITE sip:bob@198.51.100.7:5070 SIP/2.0\r\n\
//!      Via: SIP/2.0/UDP proxy.example.com;branch=z9hG4bK2\r\n\
//!      v: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r\n\
//!      Max-Forwards: 69\r\n\
//!      X-Unknown :  stays as it is\r\n\
//!      l: 0\r\n\r\n"
//! );
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Layout
//!
//! From the ground up: `span`, `ascii`, `text`, `status`, `method`, `name`, `address`, `error` (words);
//! `scan` (the one place that walks raw text); `message` (table, reading, edits); `parse` (bytes to
//! messages, datagram and stream); `write`; `uri` and `header` (views); `build` (new messages).

pub mod build;
pub mod text;

mod address;
mod ascii;
mod error;
mod header;
mod message;
mod method;
mod name;
mod parse;
mod scan;
mod span;
mod status;
mod uri;
mod write;

pub use address::{AddressError, FlowId, Protocol, Source, Target};
pub use error::{EditError, HeaderError, ParseError};
pub use header::contact::{Contact, ContactAddr, Q};
pub use header::cseq::CSeq;
pub use header::name_addr::{
    From, NameAddr, PAssertedIdentity, PPreferredIdentity, Path, RecordRoute, ReferTo, Route, To,
};
pub use header::numbers::{Expires, MaxForwards, MinExpires, RetryAfter};
pub use header::params::{HeaderParams, unquote};
pub use header::via::Via;
pub use header::view::HeaderView;
pub use message::Message;
pub use message::values::{Headers, Iter, Values};
pub use method::Method;
pub use name::HeaderName;
pub use parse::limits::Limits;
pub use parse::salvage::salvage;
pub use parse::{frame, parse};
pub use scan::line::unfold;
pub use span::Span;
pub use status::StatusCode;
pub use uri::escape::unescape;
pub use uri::host::Host;
pub use uri::params::{Param, UriParams};
pub use uri::{Scheme, Uri};
