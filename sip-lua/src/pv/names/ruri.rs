//! The first line: `$ru` and its parts, `$rm`, `$rs`, `$rr`; what the request URI was: `$ou`.

use sip_core::{Message, Uri};
use sip_modules::parts::{self, UriPart};

use crate::pv::class::{Plain, read, write};
use crate::pv::value::Value;
use crate::pv::view::View;

pub(super) const PLAIN: &[Plain] = &[
    write("ru", |view, _| ruri(view.msg()), set_ruri),
    write("ruri", |view, _| ruri(view.msg()), set_ruri),
    write("rU", |view, _| user(uri(view.msg())), |view, value| set(view, UriPart::User, value)),
    write("ruri.user", |view, _| user(uri(view.msg())), |view, value| set(view, UriPart::User, value)),
    write("rd", |view, _| host(uri(view.msg())), |view, value| set(view, UriPart::Host, value)),
    write("ruri.domain", |view, _| host(uri(view.msg())), |view, value| set(view, UriPart::Host, value)),
    write("rp", |view, _| port(uri(view.msg())), |view, value| set(view, UriPart::Port, value)),
    read("rP", |view, _| transport(uri(view.msg()))),
    read("rz", |view, _| uri(view.msg()).map_or(Value::Null, |uri| Value::text(uri.scheme_text()))),
    read("ou", |view, _| ruri(view.received())),
    read("ouri", |view, _| ruri(view.received())),
    read("oU", |view, _| user(uri(view.received()))),
    read("od", |view, _| host(uri(view.received()))),
    read("op", |view, _| port(uri(view.received()))),
    read("oP", |view, _| transport(uri(view.received()))),
    read("rm", |view, _| method(view)),
    read("rv", |view, _| view.msg().map_or(Value::Null, |_| Value::text("SIP/2.0"))),
    read("rs", |view, _| status(view).map_or(Value::Null, Value::Int)),
    read("rsi", |view, _| view.msg().map_or(Value::Null, |_| Value::Int(status(view).unwrap_or_default()))),
    read("rr", |view, _| Value::some(view.msg().and_then(Message::reason))),
    read("mt", |view, _| view.msg().map_or(Value::Null, |msg| if msg.is_request() { 1 } else { 2 }.into())),
];

/// Nothing in responses.
fn ruri(msg: Option<&Message>) -> Value<'_> {
    Value::some(msg.and_then(Message::request_uri))
}

fn uri(msg: Option<&Message>) -> Option<Uri<'_>> {
    msg?.uri().ok()
}

/// The user of a URI; null where there is none.
pub(super) fn user(uri: Option<Uri<'_>>) -> Value<'_> {
    Value::some(uri.and_then(|uri| uri.user()))
}

/// The host of a URI.
pub(super) fn host(uri: Option<Uri<'_>>) -> Value<'_> {
    uri.map_or(Value::Null, |uri| Value::text(uri.host_text()))
}

/// The port of a URI, as text; the usual one where none is written.
pub(super) fn port(uri: Option<Uri<'_>>) -> Value<'_> {
    uri.filter(Uri::is_sip).map_or(Value::Null, |uri| Value::made(parts::port(&uri).to_string()))
}

/// The transport that a URI names; `udp` where it names none.
pub(super) fn transport(uri: Option<Uri<'_>>) -> Value<'_> {
    let Some(uri) = uri else { return Value::Null };
    Value::text(uri.param("transport").flatten().unwrap_or("udp".into()))
}

fn method(view: &dyn View) -> Value<'_> {
    let Some(msg) = view.msg() else { return Value::Null };
    let method = msg.method().or_else(|| msg.cseq().ok().map(|cseq| cseq.method));
    method.map_or(Value::Null, |method| Value::text(method.as_bstr()))
}

fn status(view: &dyn View) -> Option<i64> {
    view.msg()?.status().map(|status| status.code().into())
}

fn set_ruri(view: &mut dyn View, value: &Value<'_>) -> bool {
    let (Value::Text(uri), Some(msg)) = (value, view.msg_mut()) else { return false };
    Uri::parse(uri).is_ok() && msg.set_request_uri(&**uri).is_ok()
}

/// Only texts are taken, as in Kamailio; null takes the user away.
fn set(view: &mut dyn View, part: UriPart, value: &Value<'_>) -> bool {
    let Some(msg) = view.msg_mut() else { return false };
    let text = match value {
        Value::Text(text) => Some(&***text),
        Value::Null if part != UriPart::Host => None,
        Value::Null | Value::Int(_) => return false,
    };
    parts::set_ruri_part(msg, part, text).is_ok()
}
