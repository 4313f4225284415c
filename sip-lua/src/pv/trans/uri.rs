//! `{uri.*}`: parts of a URI. Null for what is none; what is not there is empty.

use bstr::BStr;
use sip_core::Uri;

use crate::pv::class::{Transformation, text};
use crate::pv::value::Value;

pub(super) const ALL: &[Transformation] = &[
    text("uri.scheme", (0, 0), |text, _| part(text, |uri| uri.scheme_text().to_vec())),
    text("uri.user", (0, 0), |text, _| {
        part(text, |uri| uri.user().map(|user| user.to_vec()).unwrap_or_default())
    }),
    text("uri.passwd", (0, 0), |text, _| {
        part(text, |uri| uri.password().map(|word| word.to_vec()).unwrap_or_default())
    }),
    text("uri.host", (0, 0), |text, _| part(text, |uri| uri.host_text().to_vec())),
    text("uri.domain", (0, 0), |text, _| part(text, |uri| uri.host_text().to_vec())),
    text("uri.port", (0, 0), |text, _| {
        part(text, |uri| uri.port().map(|port| port.to_string().into_bytes()).unwrap_or_default())
    }),
    text("uri.params", (0, 0), |text, _| part(text, |uri| uri.params_text().to_vec())),
    text("uri.headers", (0, 0), |text, _| {
        part(text, |uri| uri.headers().map(|all| all.to_vec()).unwrap_or_default())
    }),
    text("uri.transport", (0, 0), |text, _| param(text, "transport")),
    text("uri.maddr", (0, 0), |text, _| param(text, "maddr")),
    text("uri.method", (0, 0), |text, _| param(text, "method")),
    text("uri.ttl", (0, 0), |text, _| param(text, "ttl")),
    text("uri.uparam", (0, 0), |text, _| param(text, "user")),
    text("uri.lr", (0, 0), |text, _| param(text, "lr")),
    text("uri.r2", (0, 0), |text, _| param(text, "r2")),
    text("uri.param", (1, 1), |text, args| param(text, &args[0].to_text().to_string())),
    text("uri.rmparam", (1, 1), |text, args| without(text, &args[0].to_text().to_string())),
    text("uri.saor", (0, 0), |text, _| part(text, |uri| short(uri, true, false))),
    text("uri.suri", (0, 0), |text, _| part(text, |uri| short(uri, true, true))),
    text("uri.duri", (0, 0), |text, _| part(text, |uri| short(uri, false, true))),
];

fn part(text: &BStr, part: fn(&Uri<'_>) -> Vec<u8>) -> Value<'static> {
    Uri::parse(text).map_or(Value::Null, |uri| Value::made(part(&uri)))
}

fn param(text: &BStr, name: &str) -> Value<'static> {
    let Ok(uri) = Uri::parse(text) else { return Value::Null };
    Value::made(uri.param(name).flatten().map(|value| value.to_vec()).unwrap_or_default())
}

fn without(text: &BStr, name: &str) -> Value<'static> {
    let Ok(uri) = Uri::parse(text) else { return Value::Null };
    let headers = uri.headers().map_or(0, |headers| headers.len() + 1);
    let (head, headers) = text.split_at(text.len() - headers);
    let params = uri.params_text().len();
    let bare = if params == 0 { head } else { &head[..head.len() - params - 1] };
    let mut out = bare.to_vec();
    for param in uri.params().filter(|param| !param.is(name)) {
        out.push(b';');
        out.extend_from_slice(param.name);
        if let Some(value) = param.value {
            out.push(b'=');
            out.extend_from_slice(value);
        }
    }
    out.extend_from_slice(headers);
    Value::made(out)
}

/// `scheme:user@host`, and what says where to send.
fn short(uri: &Uri<'_>, user: bool, way: bool) -> Vec<u8> {
    let mut out = [&**uri.scheme_text(), b":"].concat();
    if let Some(user) = uri.user().filter(|_| user) {
        out.extend_from_slice(user);
        out.push(b'@');
    }
    out.extend_from_slice(uri.host_text());
    if let Some(port) = uri.port().filter(|_| way) {
        out.extend_from_slice(format!(":{port}").as_bytes());
    }
    if let Some(transport) = uri.param("transport").flatten().filter(|_| way) {
        out.extend_from_slice(b";transport=");
        out.extend_from_slice(transport);
    }
    out
}
