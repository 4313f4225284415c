//! Parts of things: `$msg(hdrs)`, `$nh(d)`, `$rcv(srcip)`, `$conid`, `$fs`; numbers of this message.

use sip_core::{Message, Source, Uri};
use sip_modules::parts;

use crate::pv::class::{Named, Plain, named, read, write};
use crate::pv::made::{Word, by_word};
use crate::pv::names::headers::int;
use crate::pv::names::net::{ip, protocol_number, socket};
use crate::pv::value::Value;
use crate::pv::view::View;

pub(super) const PLAIN: &[Plain] = &[
    // Null where the message came by no connection.
    read("conid", |view, _| {
        let flow = view.source().and_then(|source| source.flow);
        flow.map_or(Value::Null, |flow| Value::Int(flow.slot.into()))
    }),
    write("fs", |view, _| send_socket(view), set_send_socket),
    // Listen addresses have no names here.
    read("fsn", |_, _| Value::Null),
    read("fsp", |view, _| {
        let socket = view.destination().and_then(|destination| destination.socket);
        socket.map_or(Value::Null, |(_, addr)| Value::Int(addr.port().into()))
    }),
    read("mi", |view, _| view.number().map_or(Value::Null, |number| Value::Int(number as i64))),
    read("route_uri", |view, _| {
        let first = view.msg().and_then(|msg| msg.views::<sip_core::Route<'_>>().next());
        first.and_then(Result::ok).map_or(Value::Null, |route| Value::text(route.uri_text()))
    }),
    read("fti", |view, _| tag(view, false)),
    read("tti", |view, _| tag(view, true)),
];

pub(super) const NAMED: &[Named] = &[
    named("msg", |inner| by_word(inner, MSG, "len, buf, body, body_len, hdrs, hdrc, fline, fpart or lpart")),
    named("nh", |inner| by_word(inner, HOP, "u, U, d, p, P or i")),
    named("rcv", |inner| by_word(inner, RCV, RCV_WORDS)),
    named("recv", |inner| by_word(inner, RCV, RCV_WORDS)),
    // The tag that our replies have: without state and within a transaction it is the same.
    named("ltt", |inner| by_word(inner, LTT, "s, t or x")),
];

fn send_socket(view: &dyn View) -> Value<'_> {
    let set = view.destination().and_then(|destination| destination.socket);
    set.map_or(Value::Null, |(protocol, addr)| Value::made(socket(addr, protocol)))
}

/// An address that the server listens on, or null for none in particular.
fn set_send_socket(view: &mut dyn View, value: &Value<'_>) -> bool {
    let found = match value {
        Value::Null => None,
        Value::Text(text) => match view.listen(text) {
            Some(found) => Some(found),
            None => return false,
        },
        Value::Int(_) => return false,
    };
    view.destination_mut().map(|destination| destination.socket = found).is_some()
}

/// The tag of From, or of To, as the first request of the dialog had them: what is sent back by the called side has
/// them the other way round.
fn tag(view: &dyn View, to: bool) -> Value<'_> {
    let Some(msg) = view.msg() else { return Value::Null };
    let tag = match to != view.is_upstream() {
        true => msg.to().ok().and_then(|to| to.tag()),
        false => msg.from().ok().and_then(|from| from.tag()),
    };
    Value::some(tag)
}

const MSG: &[Word] = &[
    ("len", |view, _| of(view, |msg| int(msg.to_bytes().len()))),
    ("buf", |view, _| of(view, |msg| Value::made(msg.to_bytes()))),
    ("body", |view, _| of(view, |msg| Value::made(msg.body()))),
    ("lpart", |view, _| of(view, |msg| Value::made(msg.body()))),
    ("body_len", |view, _| of(view, |msg| int(msg.body().len()))),
    ("hdrs", |view, _| of(view, |msg| Value::made(cut(msg, true)))),
    ("fpart", |view, _| of(view, |msg| Value::made(cut(msg, false)))),
    ("hdrc", |view, _| of(view, |msg| int(msg.iter().count()))),
    ("fline", |view, _| {
        of(view, |msg| {
            let text = msg.to_bytes();
            Value::made(text.split(|byte| *byte == b'\r').next().unwrap_or_default())
        })
    }),
];

fn of(view: &dyn View, read: fn(&Message) -> Value<'static>) -> Value<'_> {
    view.msg().map_or(Value::Null, read)
}

/// The head, its empty line not; without its first line where only headers are asked for.
fn cut(msg: &Message, only_headers: bool) -> Vec<u8> {
    let text = msg.to_bytes();
    let head = &text[..text.len() - msg.body().len()];
    let head = head.strip_suffix(b"\r\n").unwrap_or(head);
    let first = head.windows(2).position(|two| two == b"\r\n").map_or(0, |at| at + 2);
    head[if only_headers { first } else { 0 }..].to_vec()
}

/// The next hop: what is set, else the request URI.
const HOP: &[Word] = &[
    ("u", |view, _| hop(view).map_or(Value::Null, Value::made)),
    ("U", |view, _| hop_part(view, |uri| uri.user().map_or(Value::Null, |user| Value::made(&**user)))),
    ("d", |view, _| hop_part(view, |uri| Value::made(&**uri.host_text()))),
    ("p", |view, _| hop_part(view, |uri| Value::Int(parts::port(uri).into()))),
    ("P", |view, _| hop_part(view, |uri| Value::text(parts::protocol(uri).name()))),
    ("i", |view, _| {
        hop_part(view, |uri| uri.host().ip().map_or(Value::Null, |ip| Value::made(ip.to_string())))
    }),
];

fn hop(view: &dyn View) -> Option<Vec<u8>> {
    let set = view.destination().and_then(|destination| destination.next_hop());
    set.map(Vec::from).or_else(|| view.msg()?.request_uri().map(|uri| uri.to_vec()))
}

fn hop_part<'v>(view: &'v dyn View, part: fn(&Uri<'_>) -> Value<'static>) -> Value<'v> {
    let hop = hop(view);
    hop.as_deref().and_then(|hop| Uri::parse(hop).ok()).map_or(Value::Null, |uri| part(&uri))
}

const RCV_WORDS: &str = "af, proto, srcip, srcport, rcvip, rcvport, buf or len";

const RCV: &[Word] = &[
    ("af", |view, _| from(view, |source| Value::Int(if ip(source.remote).is_ipv4() { 4 } else { 6 }))),
    ("proto", |view, _| from(view, |source| Value::Int(protocol_number(source.protocol)))),
    ("srcip", |view, _| from(view, |source| Value::made(ip(source.remote).to_string()))),
    ("srcport", |view, _| from(view, |source| Value::Int(source.remote.port().into()))),
    ("rcvip", |view, _| from(view, |source| Value::made(ip(source.local).to_string()))),
    ("rcvport", |view, _| from(view, |source| Value::Int(source.local.port().into()))),
    ("buf", |view, _| view.received().map_or(Value::Null, |msg| Value::made(msg.to_bytes()))),
    ("len", |view, _| view.received().map_or(Value::Null, |msg| int(msg.to_bytes().len()))),
];

fn from(view: &dyn View, read: fn(&Source) -> Value<'static>) -> Value<'_> {
    view.source().map_or(Value::Null, read)
}

const LTT: &[Word] = &[
    ("s", |view, _| view.local_tag().map_or(Value::Null, Value::made)),
    ("t", |view, _| view.local_tag().map_or(Value::Null, Value::made)),
    ("x", |view, _| view.local_tag().map_or(Value::Null, Value::made)),
];
