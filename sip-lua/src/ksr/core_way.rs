//! `KSR` itself: where a message goes, by what, and what it came by.

use sip_core::{Method, Protocol, Uri};
use sip_modules::Myself as _;
use sip_modules::parts::{self, UriPart, set_ruri_part};
use sip_server::{Ctx, HttpCtx};

use crate::current::{Current, Route};
use crate::ksr::call::Module;
use crate::ksr::tm::one;
use crate::value::Text;

/// Functions named after the protocol that the next hop is reached by.
const TO: [(&str, &[Protocol]); 6] = [
    ("to_UDP", &[Protocol::Udp]),
    ("to_TCP", &[Protocol::Tcp]),
    ("to_TLS", &[Protocol::Tls]),
    ("to_WS", &[Protocol::Ws]),
    ("to_WSS", &[Protocol::Wss]),
    ("to_WSX", &[Protocol::Ws, Protocol::Wss]),
];

/// Letters of `is_proto`.
const LETTERS: [(u8, Protocol); 5] = [
    (b'u', Protocol::Udp),
    (b't', Protocol::Tcp),
    (b'e', Protocol::Tls),
    (b'v', Protocol::Ws),
    (b'w', Protocol::Wss),
];

pub(crate) fn register(m: &mut Module<'_>) -> mlua::Result<()> {
    target(m)?;
    source(m)?;
    next(m)?;
    replies(m)
}

fn target(m: &mut Module<'_>) -> mlua::Result<()> {
    m.call("seturi", |current: &mut Current, (uri,): (Text,)| {
        let is_request = !matches!(current.route, Route::Response(_) | Route::Reply(_));
        is_request && current.msg_mut().set_request_uri(&**uri).is_ok()
    })?;
    for (name, part) in [("setuser", UriPart::User), ("sethost", UriPart::Host)] {
        m.call(name, move |current: &mut Current, (text,): (Text,)| {
            set_ruri_part(current.msg_mut(), part, Some(&text)).is_ok()
        })?;
    }
    m.call("setdsturi", |current: &mut Current, (uri,): (Text,)| {
        let uri = uri.to_bytes();
        current.destination_mut().map(|destination| destination.set_next_hop(Some(uri))).is_some()
    })?;
    m.call("resetdsturi", |current: &mut Current, ()| {
        current.destination_mut().map(|destination| destination.set_next_hop(None)).is_some()
    })?;
    m.call("isdsturiset", |current: &mut Current, ()| {
        current.destination().is_some_and(|destination| destination.next_hop().is_some())
    })?;
    m.call("is_myself_nhuri", |current: &mut Current, ()| {
        next_hop(current).is_some_and(|uri| is_myself(current, &uri))
    })?;
    m.waits("forward", async |current: &mut Current, ()| forward(current).await)?;
    m.waits("forward_uri", async |current: &mut Current, (uri,): (Text,)| {
        let Some(ctx) = current.ctx_mut().filter(|_| Uri::parse(&uri).is_ok()) else { return -1 };
        ctx.destination.set_next_hop(Some(uri.to_bytes()));
        forward(current).await
    })
}

async fn forward(current: &mut Current) -> i64 {
    let Some(ctx) = current.ctx_mut() else { return -1 };
    let sent = ctx.forward().await;
    one(sent.inspect_err(|error| tracing::debug!(%error, "not forwarded")).is_ok())
}

/// The next hop that is set, else the request URI.
fn next_hop(current: &Current) -> Option<Vec<u8>> {
    let set = current.destination().and_then(|destination| destination.next_hop());
    set.map(Vec::from).or_else(|| current.msg().request_uri().map(|uri| uri.to_vec()))
}

fn source(m: &mut Module<'_>) -> mlua::Result<()> {
    m.call("is_proto", |current: &mut Current, (letters,): (Text,)| {
        let came_by = current.source().map(|source| source.protocol);
        letters.iter().any(|letter| {
            LETTERS
                .iter()
                .any(|(known, protocol)| letter.eq_ignore_ascii_case(known) && came_by == Some(*protocol))
        })
    })?;
    m.call("is_TCPX", |current: &mut Current, ()| {
        current.source().is_some_and(|source| source.protocol.is_reliable())
    })?;
    m.call("is_src_port", |current: &mut Current, (port,): (i64,)| {
        current.source().is_some_and(|source| i64::from(source.remote.port()) == port)
    })?;
    m.call("is_dst_port", |current: &mut Current, (port,): (i64,)| {
        current.source().is_some_and(|source| i64::from(source.local.port()) == port)
    })
}

fn next(m: &mut Module<'_>) -> mlua::Result<()> {
    for (name, protocols) in TO {
        m.call(name, move |current: &mut Current, ()| {
            let hop = next_hop(current);
            let uri = hop.as_deref().and_then(|uri| Uri::parse(uri).ok());
            // A URI that names no transport names none of these, as in Kamailio; `sips:` says TLS.
            uri.filter(|uri| uri.transport().is_some() || parts::protocol(uri) == Protocol::Tls)
                .is_some_and(|uri| protocols.contains(&parts::protocol(&uri)))
        })?;
    }
    for (name, v4) in [("to_IPv4", true), ("to_IPv6", false)] {
        m.call(name, move |current: &mut Current, ()| {
            let hop = next_hop(current);
            let uri = hop.as_deref().and_then(|uri| Uri::parse(uri).ok());
            uri.and_then(|uri| uri.host().ip()).is_some_and(|ip| ip.is_ipv4() == v4)
        })?;
    }
    Ok(())
}

fn replies(m: &mut Module<'_>) -> mlua::Result<()> {
    m.call("force_rport", |current: &mut Current, ()| {
        current.ctx_mut().map(Ctx::force_rport).is_some_and(|done| done.is_ok())
    })?;
    m.call("set_reply_no_connect", |current: &mut Current, ()| {
        let is_http = current.http_mut().map(HttpCtx::set_reply_no_connect).is_some();
        is_http || current.ctx_mut().map(|ctx| ctx.set_reply_no_connect()).is_some()
    })?;
    // There are no native routing blocks: as Kamailio says of one that is not there.
    m.call("route", |_: &mut Current, (name,): (Text,)| {
        tracing::error!(route = %*name, "KSR.route: there are no native routes");
        -1
    })?;
    for (name, method) in [
        ("is_GET", "GET"),
        ("is_POST", "POST"),
        ("is_PUT", "PUT"),
        ("is_DELETE", "DELETE"),
        ("is_KDMQ", "KDMQ"),
    ] {
        m.call(name, move |current: &mut Current, ()| {
            current.msg().method().as_ref().is_some_and(|is: &Method<'_>| is.as_bstr() == method)
        })?;
    }
    Ok(())
}

/// Whether a URI, or a bare host with or without a port, is ours.
pub(crate) fn is_myself(current: &Current, text: &[u8]) -> bool {
    let shared = current.shared();
    match Uri::parse(text) {
        Ok(uri) => shared.is_uri_myself(&uri),
        Err(_) => Uri::parse(&[b"sip:", text].concat()).is_ok_and(|uri| shared.is_uri_myself(&uri)),
    }
}
