//! Addresses in other headers: `$ai`, `$pu`, `$di`, `$re`, `$rt`.

use sip_core::{HeaderName, NameAddr};

use crate::pv::class::{Plain, read};
use crate::pv::names::addr::as_written;
use crate::pv::names::ruri::{host, user};
use crate::pv::value::Value;
use crate::pv::view::View;

const PREFERRED: &str = "P-Preferred-Identity";
const DIVERSION: &str = "Diversion";

pub(super) const PLAIN: &[Plain] = &[
    read("ai", |view, _| uri_text(view, "P-Asserted-Identity")),
    read("pu", |view, _| uri_text(view, PREFERRED)),
    read("pU", |view, _| user(addr(view, PREFERRED).and_then(|addr| addr.uri().ok()))),
    read("pd", |view, _| host(addr(view, PREFERRED).and_then(|addr| addr.uri().ok()))),
    read("pn", |view, _| Value::some(first(view, PREFERRED).and_then(as_written))),
    read("di", |view, _| uri_text(view, DIVERSION)),
    read("dip", |view, _| param(view, "privacy")),
    read("dir", |view, _| param(view, "reason")),
    read("dic", |view, _| param(view, "counter")),
    read("re", |view, _| uri_text(view, "Remote-Party-ID")),
    read("rt", |view, _| uri_text(view, "Refer-To")),
];

/// The first value of a header.
fn first<'v>(view: &'v dyn View, name: &'static str) -> Option<&'v [u8]> {
    view.msg()?.values(HeaderName::from(name)).next().map(|value| &**value)
}

fn addr<'v>(view: &'v dyn View, name: &'static str) -> Option<NameAddr<'v>> {
    NameAddr::parse(first(view, name)?).ok()
}

fn uri_text<'v>(view: &'v dyn View, name: &'static str) -> Value<'v> {
    addr(view, name).map_or(Value::Null, |addr| Value::text(addr.uri_text()))
}

fn param<'v>(view: &'v dyn View, name: &str) -> Value<'v> {
    Value::some(addr(view, DIVERSION).and_then(|addr| addr.param(name)).flatten())
}
