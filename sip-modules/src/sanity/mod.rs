//! `sanity`: is this message fit to be handled? One function a check; the first that fails ends them.
//!
//! Much of what Kamailio's module looks for cannot arrive here: [`sip_core::parse`] refuses another SIP version, a
//! Content-Length that does not fit and header names that are none. The bits exist all the same.

mod bits;
mod error;

use bstr::ByteSlice;
use sip_core::{HeaderError, HeaderName, Message, RecordRoute, Route, Scheme, Uri};

pub use bits::{MessageChecks, UriChecks};
pub use error::SanityError;

/// Runs `checks` in the order of their bits, [`MessageChecks::PARSE_URIS`] for the URIs in `uris`.
///
/// `supported` are the option tags that a Proxy-Require may name (sanity `proxy_require`).
/// Answering is the caller's business: requests but ACK get [`SanityError::status`].
///
/// # Errors
///
/// The first check that fails.
///
/// # Examples
///
/// ```
/// use sip_modules::sanity::{self, MessageChecks, UriChecks};
///
/// let wire = "INVITE mailto:bob SIP/2.0\r\n\r\n";
/// let msg = sip_core::parse(wire.into(), &Default::default())?;
/// let error = sanity::check(&msg, MessageChecks::DEFAULT, UriChecks::DEFAULT, &[]).unwrap_err();
/// assert_eq!(error.status(), sip_core::StatusCode::UNSUPPORTED_URI_SCHEME);
/// # Ok::<(), sip_core::ParseError>(())
/// ```
pub fn check(
    msg: &Message,
    checks: MessageChecks,
    uris: UriChecks,
    supported: &[&str],
) -> Result<(), SanityError> {
    let wants = |check| checks.contains(check);
    if wants(MessageChecks::RURI_SCHEME) {
        ruri_scheme(msg)?;
    }
    if wants(MessageChecks::REQUIRED_HEADERS) {
        required_headers(msg)?;
    }
    if wants(MessageChecks::CSEQ_METHOD) {
        cseq_method(msg)?;
    }
    if wants(MessageChecks::CSEQ_VALUE) {
        cseq_value(msg)?;
    }
    if wants(MessageChecks::CONTENT_LENGTH) {
        content_length(msg)?;
    }
    if wants(MessageChecks::EXPIRES_VALUE) {
        expires_value(msg)?;
    }
    if wants(MessageChecks::PROXY_REQUIRE) {
        proxy_require(msg, supported)?;
    }
    if wants(MessageChecks::PARSE_URIS) {
        parse_uris(msg, uris)?;
    }
    if wants(MessageChecks::DUPLICATE_TAGS) {
        duplicate_tags(msg)?;
    }
    if wants(MessageChecks::VIA1) {
        via1(msg)?;
    }
    if wants(MessageChecks::RFC3261) {
        rfc3261(msg)?;
    }
    Ok(())
}

/// The Request-URI is one that a proxy routes: sip, sips, tel or `urn:service` (RFC 5031).
///
/// # Errors
///
/// [`SanityError::Scheme`] (416), [`SanityError::Header`].
pub fn ruri_scheme(msg: &Message) -> Result<(), SanityError> {
    if !msg.is_request() {
        return Ok(());
    }
    let uri = msg.uri()?;
    match uri.scheme() {
        Scheme::Sip | Scheme::Sips | Scheme::Tel => Ok(()),
        Scheme::Other if uri.scheme_text().eq_ignore_ascii_case(b"urn") => Ok(()),
        Scheme::Other => Err(SanityError::Scheme),
    }
}

/// From, To, Call-ID, CSeq and Via are there and can be read.
///
/// # Errors
///
/// [`SanityError::Header`].
pub fn required_headers(msg: &Message) -> Result<(), SanityError> {
    msg.top_via()?;
    msg.from()?;
    msg.to()?;
    msg.call_id()?;
    msg.cseq()?;
    Ok(())
}

/// The method in CSeq is that of the request.
///
/// # Errors
///
/// [`SanityError::CSeqMethod`], [`SanityError::Header`].
pub fn cseq_method(msg: &Message) -> Result<(), SanityError> {
    match msg.method() {
        Some(method) if msg.cseq()?.method != method => Err(SanityError::CSeqMethod),
        _ => Ok(()),
    }
}

/// The number in CSeq is below 2^31 (RFC 3261 8.1.1.5).
///
/// # Errors
///
/// [`SanityError::CSeqValue`], [`SanityError::Header`].
pub fn cseq_value(msg: &Message) -> Result<(), SanityError> {
    if msg.cseq()?.number < 1 << 31 { Ok(()) } else { Err(SanityError::CSeqValue) }
}

/// Content-Length, where there is one, is the length of the body.
///
/// # Errors
///
/// [`SanityError::ContentLength`].
pub fn content_length(msg: &Message) -> Result<(), SanityError> {
    if !msg.has_header(HeaderName::ContentLength) || msg.content_length() == Some(msg.body().len()) {
        Ok(())
    } else {
        Err(SanityError::ContentLength)
    }
}

/// Expires, where there is one, is a number.
///
/// # Errors
///
/// [`SanityError::Header`].
pub fn expires_value(msg: &Message) -> Result<(), SanityError> {
    msg.expires().transpose()?;
    Ok(())
}

/// Proxy-Require names nothing but what is in `supported` (RFC 3261 16.3, step 5).
///
/// # Errors
///
/// [`SanityError::ProxyRequire`] (420).
pub fn proxy_require(msg: &Message, supported: &[&str]) -> Result<(), SanityError> {
    if !msg.is_request() {
        return Ok(());
    }
    let known = |tag: &[u8]| supported.iter().any(|known| tag.eq_ignore_ascii_case(known.as_bytes()));
    let unknown: Vec<_> =
        msg.values(HeaderName::ProxyRequire).filter(|tag| !known(tag)).map(|tag| tag.to_owned()).collect();
    if unknown.is_empty() { Ok(()) } else { Err(SanityError::ProxyRequire { unsupported: unknown }) }
}

/// The URIs in `uris` are well-formed, where they are there.
///
/// # Errors
///
/// [`SanityError::Header`].
pub fn parse_uris(msg: &Message, uris: UriChecks) -> Result<(), SanityError> {
    if uris.contains(UriChecks::RURI) && msg.is_request() {
        msg.uri()?;
    }
    if uris.contains(UriChecks::FROM) && msg.has_header(HeaderName::From) {
        msg.from()?.uri()?;
    }
    if uris.contains(UriChecks::TO) && msg.has_header(HeaderName::To) {
        msg.to()?.uri()?;
    }
    if uris.contains(UriChecks::CONTACT) {
        for contact in msg.contacts() {
            contact?.addr().map(|addr| addr.uri()).transpose()?;
        }
    }
    Ok(())
}

/// From and To have no more than one tag each.
///
/// # Errors
///
/// [`SanityError::DuplicateTag`], [`SanityError::Header`].
pub fn duplicate_tags(msg: &Message) -> Result<(), SanityError> {
    let tags = |params: sip_core::HeaderParams<'_>| params.filter(|param| param.is("tag")).count();
    if tags(msg.from()?.params()) > 1 || tags(msg.to()?.params()) > 1 {
        return Err(SanityError::DuplicateTag);
    }
    Ok(())
}

/// The first Via can be read.
///
/// # Errors
///
/// [`SanityError::Header`].
pub fn via1(msg: &Message) -> Result<(), SanityError> {
    msg.top_via()?;
    Ok(())
}

/// What RFC 3261 has and RFC 2543 had not: the cookie of the first branch, `lr` in Route and Record-Route.
///
/// # Errors
///
/// [`SanityError::Branch`], [`SanityError::NotLoose`], [`SanityError::Header`].
pub fn rfc3261(msg: &Message) -> Result<(), SanityError> {
    if !msg.top_via()?.branch().is_some_and(|branch| branch.starts_with_str("z9hG4bK")) {
        return Err(SanityError::Branch);
    }
    let loose = |uri: Result<Uri<'_>, HeaderError>| {
        if uri?.is_lr() { Ok(()) } else { Err(SanityError::NotLoose) }
    };
    for route in msg.views::<Route<'_>>() {
        loose(route?.uri())?;
    }
    for route in msg.views::<RecordRoute<'_>>() {
        loose(route?.uri())?;
    }
    Ok(())
}
