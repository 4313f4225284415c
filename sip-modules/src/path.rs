//! `path`: the way back to a phone goes through us.
//!
//! Source: RFC 3327 4 and 5.2; `ob` RFC 5626 5.1.

use sip_core::text::push_addr;
use sip_core::{EditError, HeaderName, Message, Protocol, Source, Uri};

use crate::rr::record::escape;
use crate::rr::side::Side;

/// What is in a Path beside our address.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct Options<'a> {
    /// The user of the URI; empty: none.
    pub user: &'a [u8],
    /// More parameters of the URI, `name=value;name=value`, as they are to stand; empty: none.
    pub params: &'a [u8],
    /// The host, or host and port, to be written instead of the address that the request came in by (an advertised
    /// address).
    pub address: Option<&'a [u8]>,
    /// Tells where the request came from, as `received`: what is routed back by this Path can go there.
    pub received: bool,
}

/// Puts a Path on top that names us (`add_path` and its kin).
///
/// It reads `<sip:192.0.2.1:5060;lr>`, with what the options add: `<sip:USER@ADDRESS;lr;received=sip:..;PARAMS>`.
/// A phone with a flow of its own (its Contact has `reg-id`, it is one hop away) gets `ob`, so that its registrar
/// knows who keeps the flow.
///
/// # Errors
///
/// [`EditError`]: user, address or parameters are none that a URI can hold.
pub fn add(msg: &mut Message, source: &Source, options: &Options<'_>) -> Result<(), EditError> {
    let mut uri = b"sip:".to_vec();
    if !options.user.is_empty() {
        uri.extend_from_slice(&sip_core::escape(options.user, sip_core::UriPart::User));
        uri.push(b'@');
    }
    match options.address {
        Some(address) => uri.extend_from_slice(address),
        None => push_addr(&mut uri, Side::from(source).addr),
    }
    push_transport(&mut uri, source.protocol);
    uri.extend_from_slice(b";lr");
    if options.received {
        uri.extend_from_slice(b";received=");
        let mut from = b"sip:".to_vec();
        push_addr(&mut from, source.remote);
        push_transport(&mut from, source.protocol);
        escape(&from, &mut uri);
    }
    if has_flow(msg) {
        uri.extend_from_slice(b";ob");
    }
    if !options.params.is_empty() {
        uri.push(b';');
        uri.extend_from_slice(options.params.strip_prefix(b";").unwrap_or(options.params));
    }
    let read = Uri::parse(&uri)?;
    // Whatever was given stays in its place: it makes no other host and nothing behind the URI.
    let is_meant = read.is_lr() && read.headers().is_none() && !uri.contains(&b'>');
    if !is_meant {
        return Err(EditError::InvalidUri { at: 0 });
    }
    msg.prepend(HeaderName::Path, [b"<", &uri[..], b">"].concat())
}

fn push_transport(uri: &mut Vec<u8>, protocol: Protocol) {
    if protocol != Protocol::Udp {
        uri.extend_from_slice(b";transport=");
        uri.extend_from_slice(protocol.name().as_bytes());
    }
}

fn has_flow(msg: &Message) -> bool {
    let is_first_hop = msg.values(HeaderName::Via).nth(1).is_none();
    is_first_hop
        && msg.contact().is_ok_and(|contact| contact.addr().is_some_and(|addr| addr.reg_id().is_some()))
}
