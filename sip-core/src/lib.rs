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
//! | read a stream | [`frame::Framer`]; where HTTP comes too: [`frame::Framer::with_http`], [`build::http_reply`] |
//! | look | [`Message::header`], [`Message::values`], [`Message::iter`] |
//! | judge | [`validate`]: what is wrong, and the status it deserves |
//! | understand | [`Message::view`], [`Message::top_via`], [`Message::contacts`], [`Message::uri`] |
//! | any other header | [`Message::header_value`], [`Message::addresses`], [`HeaderValue`]: value, parameters, quoted text, comments |
//! | authenticate | [`Authorization`], [`WwwAuthenticate`], [`digest`]: the hashes |
//! | bodies | [`Message::multipart`], [`Message::find_body`], [`Message::replace_body`], [`MultipartBuilder`]; [`Sdp`] |
//! | change | [`Message::append`], [`Message::replace`], [`Message::remove`], [`Message::pop_value`], [`Message::set_body`]; what they refuse: [`Message::unchecked`] |
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
//! And to the body of a call that comes through a NAT, wherever in the message its session description stands:
//!
//! ```
//! use sip_core::{HeaderName, Limits, Reason, Sdp, parse};
//!
//! let wire = "INVITE sip:bob@example.com SIP/2.0\r\n\
//!             Content-Type: multipart/mixed;boundary=b\r\n\
//!             Reason: SIP;cause=302;text=\"Moved \\\"here\\\"\"\r\n\
//!             Security-Client: ipsec-3gpp;q=0.1\r\n\r\n\
//!             --b\r\nContent-Type: application/sdp\r\n\r\n\
//!             v=0\r\nc=IN IP4 10.0.0.1\r\nm=audio 9 RTP/AVP 0 8\r\n\r\n--b--\r\n";
//! let limits = Limits::default();
//! let mut msg = parse(wire.into(), &limits)?;
//! assert_eq!(msg.view::<Reason>()?.text().as_deref(), Some(&b"Moved \"here\""[..]));
//! let client = msg.header_value(HeaderName::SecurityClient).expect("it is there")?;
//! assert_eq!(client.param("q").flatten().unwrap(), "0.1");
//!
//! let part = msg.find_body("application/sdp", &limits)?.expect("there is one");
//! let mut sdp = Sdp::parse(part.body(), &limits)?;
//! sdp.set_connections("192.0.2.7".parse()?);
//! sdp.retain_codecs("audio", |codec| codec.is("PCMA"));
//! let sdp = sdp.to_bytes();
//! msg.replace_body("application/sdp", &sdp, &limits)?;
//! assert!(msg.body().ends_with(b"v=0\r\nc=IN IP4 192.0.2.7\r\nm=audio 9 RTP/AVP 8\r\n\r\n--b--\r\n"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Layout
//!
//! From the ground up: `span`, `ascii`, `text`, `status`, `method`, `name`, `address`, `error` (words);
//! `scan` (the one place that walks raw text); `message` (table, reading, edits); `parse` (bytes to
//! messages, datagram and stream); `write`; `uri`, `digest` and `header` (views); `build` (new messages); `validate`
//! (whether a message is fit to be handled); `body` (parts) and `sdp`.

pub mod build;
pub mod digest;
pub mod text;

mod address;
mod ascii;
mod body;
mod error;
mod header;
mod message;
mod method;
mod name;
mod parse;
mod scan;
mod sdp;
mod span;
mod status;
mod uri;
mod validate;
mod write;

pub use address::{AddressError, FlowId, Protocol, Source, Target};
pub use body::build::MultipartBuilder;
pub use body::multipart::Multipart;
pub use body::part::{Part, PartHeaders};
pub use error::{BodyError, EditError, HeaderError, ParseError};
pub use header::auth::{
    AuthValue, AuthenticationInfo, Authorization, ProxyAuthenticate, ProxyAuthorization, WwwAuthenticate,
};
pub use header::auth_params::AuthParams;
pub use header::challenge::{DigestChallenge, DigestInfo};
pub use header::contact::{Contact, ContactAddr, Q};
pub use header::credentials::DigestCredentials;
pub use header::cseq::CSeq;
pub use header::date::Date;
pub use header::dialog::{DialogId, Join, Replaces, TargetDialog};
pub use header::event::{Event, SubscriptionState};
pub use header::media_type::{Accept, ContentType, MediaType};
pub use header::name_addr::{
    Diversion, From, HistoryInfo, NameAddr, PAssertedIdentity, PPreferredIdentity, Path, RecordRoute,
    ReferTo, ReferredBy, RemotePartyId, Route, ServiceRoute, To,
};
pub use header::numbers::{Expires, MaxForwards, MinExpires, RetryAfter};
pub use header::params::{HeaderParams, quote, unquote};
pub use header::reason::Reason;
pub use header::reliable::{RAck, RSeq};
pub use header::session::{MinSe, Refresher, SessionExpires};
pub use header::value::{HeaderValue, ValueParams, Word, Words};
pub use header::via::Via;
pub use header::view::HeaderView;
pub use message::Message;
pub use message::start::HttpVersion;
pub use message::unchecked::Unchecked;
pub use message::values::{Headers, Iter, Values};
pub use method::Method;
pub use name::HeaderName;
pub use parse::limits::Limits;
pub use parse::salvage::salvage;
pub use parse::{frame, parse};
pub use scan::line::unfold;
pub use sdp::Sdp;
pub use sdp::codec::Codec;
pub use sdp::section::{Direction, Media, Section};
pub use span::Span;
pub use status::StatusCode;
pub use uri::escape::{UriPart, escape, unescape};
pub use uri::host::Host;
pub use uri::params::{Param, UriHeaders, UriParams};
pub use uri::tel::Tel;
pub use uri::{Scheme, Uri};
pub use validate::fault::Fault;
pub use validate::request::unsupported;
pub use validate::rules::{Role, Rules};
pub use validate::validate;
