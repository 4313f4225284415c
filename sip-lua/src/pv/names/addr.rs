//! From and To: `$fu`, `$tU`, `$fn`, `$tt` and their kin.

use sip_core::{HeaderName, Message, NameAddr, Uri};
use sip_modules::parts::{self, AddrPart, UriPart};

use crate::pv::class::{Plain, read, write};
use crate::pv::names::ruri::{host, user};
use crate::pv::value::Value;
use crate::pv::view::View;

const FROM: HeaderName<'static> = HeaderName::From;
const TO: HeaderName<'static> = HeaderName::To;
const USER: AddrPart = AddrPart::Of(UriPart::User);
const HOST: AddrPart = AddrPart::Of(UriPart::Host);

pub(super) const PLAIN: &[Plain] = &[
    write("fu", |view, _| uri_text(view, FROM), |view, value| set(view, FROM, AddrPart::Uri, value)),
    write("from", |view, _| uri_text(view, FROM), |view, value| set(view, FROM, AddrPart::Uri, value)),
    write("fU", |view, _| user(uri(view, FROM)), |view, value| set(view, FROM, USER, value)),
    write("from.user", |view, _| user(uri(view, FROM)), |view, value| set(view, FROM, USER, value)),
    write("fd", |view, _| host(uri(view, FROM)), |view, value| set(view, FROM, HOST, value)),
    write("from.domain", |view, _| host(uri(view, FROM)), |view, value| set(view, FROM, HOST, value)),
    write("fn", |view, _| display(view, FROM), |view, value| set(view, FROM, AddrPart::Display, value)),
    read("ft", |view, _| tag(view, FROM)),
    write("tu", |view, _| uri_text(view, TO), |view, value| set(view, TO, AddrPart::Uri, value)),
    write("to", |view, _| uri_text(view, TO), |view, value| set(view, TO, AddrPart::Uri, value)),
    write("tU", |view, _| user(uri(view, TO)), |view, value| set(view, TO, USER, value)),
    write("to.user", |view, _| user(uri(view, TO)), |view, value| set(view, TO, USER, value)),
    write("td", |view, _| host(uri(view, TO)), |view, value| set(view, TO, HOST, value)),
    write("to.domain", |view, _| host(uri(view, TO)), |view, value| set(view, TO, HOST, value)),
    write("tn", |view, _| display(view, TO), |view, value| set(view, TO, AddrPart::Display, value)),
    read("tt", |view, _| tag(view, TO)),
];

fn addr<'v>(view: &'v dyn View, name: HeaderName<'static>) -> Option<NameAddr<'v>> {
    NameAddr::parse(view.msg()?.header(name)?).ok()
}

fn uri_text<'v>(view: &'v dyn View, name: HeaderName<'static>) -> Value<'v> {
    addr(view, name).map_or(Value::Null, |addr| Value::text(addr.uri_text()))
}

fn uri<'v>(view: &'v dyn View, name: HeaderName<'static>) -> Option<Uri<'v>> {
    addr(view, name)?.uri().ok()
}

fn tag<'v>(view: &'v dyn View, name: HeaderName<'static>) -> Value<'v> {
    Value::some(addr(view, name).and_then(|addr| addr.tag()))
}

/// The display name as it stands, with its quotes, as Kamailio has it.
fn display<'v>(view: &'v dyn View, name: HeaderName<'static>) -> Value<'v> {
    let shown = || {
        let header = view.msg()?.header(name)?;
        NameAddr::parse(header).ok()?.display()?;
        as_written(header)
    };
    Value::some(shown())
}

/// What stands before the `<` of an address.
pub(super) fn as_written(header: &[u8]) -> Option<&[u8]> {
    let uri = NameAddr::parse(header).ok()?.uri_text();
    let before = header.get(..uri.as_ptr().addr() - header.as_ptr().addr())?;
    Some(before.strip_suffix(b"<")?.trim_ascii()).filter(|display| !display.is_empty())
}

fn set(view: &mut dyn View, name: HeaderName<'static>, part: AddrPart, value: &Value<'_>) -> bool {
    let Some(msg) = view.msg_mut().filter(|msg| Message::is_request(msg)) else { return false };
    let text = match value {
        Value::Text(text) => Some(&***text),
        Value::Null if matches!(part, AddrPart::Display | AddrPart::Of(UriPart::User)) => None,
        Value::Null | Value::Int(_) => return false,
    };
    let set = if name == FROM { parts::set_from } else { parts::set_to };
    set(msg, part, text).is_ok()
}
