//! What is asked of a request: its method, Request-URI, hops, extensions and body.
//!
//! Source: RFC 3261 8.2.1 to 8.2.3, 10.3 step 5, 16.3 steps 2, 3 and 5; RFC 4475 3.1.2.11, 3.3.2 to 3.3.6, 3.3.15.

use bstr::BStr;

use crate::header::media_type::{Accept, ContentType, MediaType};
use crate::header::name_addr::To;
use crate::header::view::HeaderView;
use crate::message::Message;
use crate::method::Method;
use crate::name::HeaderName;
use crate::uri::Uri;
use crate::validate::fault::Fault;
use crate::validate::rules::{Role, Rules};

/// The method of a request is served.
pub(crate) fn method(msg: &Message, rules: &Rules<'_>) -> Result<(), Fault> {
    match msg.method() {
        Some(method) if !rules.methods.is_empty() && !rules.methods.contains(&method) => Err(Fault::Method),
        _ => Ok(()),
    }
}

/// Adds what is wrong with a request beyond its headers.
pub(crate) fn judge(msg: &Message, rules: &Rules<'_>, faults: &mut Vec<Fault>) {
    match msg.uri() {
        Ok(uri) => request_uri(&uri, rules, faults),
        Err(error) => faults.push(error.into()),
    }
    if rules.role == Role::Proxy && msg.max_forwards() == Some(Ok(0)) {
        faults.push(Fault::TooManyHops);
    }
    // An ACK cannot be refused, and a CANCEL asks for nothing (8.2.2.3).
    let may_ask = !matches!(msg.method(), Some(Method::Ack | Method::Cancel));
    if may_ask && unsupported(msg, rules).next().is_some() {
        let name = if rules.role == Role::Proxy { "Proxy-Require" } else { "Require" };
        faults.push(Fault::Extension { name });
    }
    if rules.role != Role::Proxy && !rules.content_types.is_empty() {
        faults.extend(content_type(msg, rules).err());
        if msg.method() == Some(Method::Invite) {
            faults.extend(accept(msg, rules).err());
        }
    }
    if rules.role == Role::Registrar && msg.method() == Some(Method::Register) {
        faults.extend(address_of_record(msg).err());
    }
}

/// The option tags that `msg` asks for and `rules` do not know: for the Unsupported header of a 420.
///
/// Those of Proxy-Require for a proxy, of Require for others.
pub fn unsupported<'m>(msg: &'m Message, rules: &Rules<'m>) -> impl Iterator<Item = &'m BStr> {
    let name = if rules.role == Role::Proxy { HeaderName::ProxyRequire } else { HeaderName::Require };
    let known = rules.extensions;
    msg.values(name).filter(|tag| !known.iter().any(|known| tag.eq_ignore_ascii_case(known.as_bytes())))
}

fn request_uri(uri: &Uri<'_>, rules: &Rules<'_>, faults: &mut Vec<Fault>) {
    if !rules.schemes.iter().any(|scheme| uri.scheme_text().eq_ignore_ascii_case(scheme.as_bytes())) {
        faults.push(Fault::Scheme);
    }
    if uri.headers().is_some() {
        faults.push(Fault::UriHeaders);
    }
}

/// A body has a type, and it is understood.
fn content_type(msg: &Message, rules: &Rules<'_>) -> Result<(), Fault> {
    if msg.body().is_empty() {
        return Ok(());
    }
    let read = msg.view::<ContentType<'_>>()?;
    let is_known = rules.content_types.iter().any(|known| read.is(known));
    if is_known { Ok(()) } else { Err(Fault::ContentType) }
}

/// Accept, where it stands, allows one of the types that are spoken here.
fn accept(msg: &Message, rules: &Rules<'_>) -> Result<(), Fault> {
    if !msg.has_header(HeaderName::Accept) {
        return Ok(());
    }
    let allows = |range: &Accept<'_>| {
        let mut known = rules.content_types.iter().filter_map(|text| MediaType::parse(text.as_bytes()).ok());
        known.any(|known| range.accepts(&known))
    };
    if msg.views::<Accept<'_>>().flatten().any(|range| allows(&range)) { Ok(()) } else { Err(Fault::Accept) }
}

/// To names an address of record: a SIP URI.
fn address_of_record(msg: &Message) -> Result<(), Fault> {
    // Missing or malformed was said before.
    let Some(Ok(to)) = msg.header(HeaderName::To).map(|value| To::parse(value)) else { return Ok(()) };
    match to.uri() {
        Ok(uri) if !uri.is_sip() => Err(Fault::AddressOfRecord),
        _ => Ok(()),
    }
}
