//! Headers and body: `$ci`, `$ct`, `$hdr(name)`, `$rb` and their kin.

use std::borrow::Cow;

use bstr::BStr;
use sip_core::{Contact, HeaderName, Message, Via, unfold};

use crate::pv::class::{Index, Inner, Named, Plain, PvClass, named, read};
use crate::pv::error::PvError;
use crate::pv::made::{Asked, GetBy, Word, by_name, by_word, reads};
use crate::pv::store::Store;
use crate::pv::value::Value;
use crate::pv::view::View;

pub(super) const PLAIN: &[Plain] = &[
    read("ci", |view, _| header(view, HeaderName::CallId)),
    read("cs", |view, _| cseq(view)),
    read("csb", |view, _| header(view, HeaderName::CSeq)),
    read("ct", |view, _| header(view, HeaderName::Contact)),
    read("ctu", |view, _| contact_uri(view)),
    read("cts", |view, _| is_star(view)),
    read("cT", |view, _| header(view, HeaderName::ContentType)),
    read("cl", |view, _| content_length(view)),
    read("ua", |view, _| header(view, HeaderName::UserAgent)),
    read("rb", |view, _| Value::some(view.msg().map(Message::body).filter(|body| !body.is_empty()))),
    read("bs", |view, _| view.msg().map_or(Value::Null, |msg| int(msg.body().len()))),
    read("mb", |view, _| view.received().map_or(Value::Null, |msg| Value::made(msg.to_bytes()))),
    read("mbu", |view, _| view.msg().map_or(Value::Null, |msg| Value::made(msg.to_bytes()))),
    read("ml", |view, _| view.received().map_or(Value::Null, |msg| int(msg.to_bytes().len()))),
];

pub(super) const NAMED: &[Named] = &[
    named("hdr", |inner| by_name(inner, reads(hdr))),
    named("hdrc", |inner| by_name(inner, reads(hdrc))),
    named("hfl", |inner| by_name(inner, reads(listed))),
    named("hflc", |inner| by_name(inner, reads(hflc))),
    named("expires", |inner| by_word(inner, EXPIRES, "min or max")),
    named("via0", via),
    named("via1", via),
    named("viaZ", via),
];

pub(super) fn int(size: usize) -> Value<'static> {
    Value::Int(size.try_into().unwrap_or(i64::MAX))
}

/// A header value on one line.
pub(super) fn line(value: Option<&BStr>) -> Value<'_> {
    value.map_or(Value::Null, |value| Value::Text(unfold(value)))
}

fn header<'v>(view: &'v dyn View, name: HeaderName<'static>) -> Value<'v> {
    line(view.msg().and_then(|msg| msg.header(name)))
}

fn cseq(view: &dyn View) -> Value<'_> {
    let number = view.msg().and_then(|msg| Some(msg.cseq().ok()?.number));
    number.map_or(Value::Null, |number| Value::made(number.to_string()))
}

fn contact_uri(view: &dyn View) -> Value<'_> {
    match view.msg().and_then(|msg| msg.contact().ok()) {
        Some(Contact::Star) => Value::text("*"),
        Some(Contact::Addr(addr)) => Value::text(addr.uri_text()),
        None => Value::Null,
    }
}

fn is_star(view: &dyn View) -> Value<'_> {
    let contact = view.msg().and_then(|msg| msg.contact().ok());
    contact.map_or(Value::Null, |contact| Value::Int(contact.is_star().into()))
}

fn content_length(view: &dyn View) -> Value<'_> {
    view.msg().and_then(Message::content_length).map_or(Value::Null, int)
}

fn hdr<'v>(view: &'v dyn View, _: &'v Store, asked: Asked<'_>) -> Value<'v> {
    chosen(asked.index, || view.msg().into_iter().flat_map(|msg| msg.headers(asked.name)))
}

fn listed<'v>(view: &'v dyn View, _: &'v Store, asked: Asked<'_>) -> Value<'v> {
    chosen(asked.index, || view.msg().into_iter().flat_map(|msg| msg.values(asked.name)))
}

/// The value at a place, or all with commas between.
fn chosen<'v, I: Iterator<Item = &'v BStr>>(index: Index, all: impl Fn() -> I) -> Value<'v> {
    match index {
        Index::None | Index::At(0) => line(all().next()),
        Index::At(_) => line(index.of(all().count()).and_then(|at| all().nth(at))),
        Index::All => {
            let lines: Vec<Cow<'_, BStr>> = all().map(unfold).collect();
            if lines.is_empty() {
                Value::Null
            } else {
                Value::made(bstr::join(", ", lines.iter().map(|line| &***line)))
            }
        }
    }
}

fn hdrc<'v>(view: &'v dyn View, _: &'v Store, asked: Asked<'_>) -> Value<'v> {
    view.msg().map_or(Value::Null, |msg| int(msg.headers(asked.name).count()))
}

fn hflc<'v>(view: &'v dyn View, _: &'v Store, asked: Asked<'_>) -> Value<'v> {
    view.msg().map_or(Value::Null, |msg| int(msg.values(asked.name).count()))
}

const EXPIRES: &[Word] =
    &[("min", |view, _| expires(view, Iterator::min)), ("max", |view, _| expires(view, Iterator::max))];

/// What the Contacts ask for, where they say nothing what Expires does.
fn expires<'v>(view: &'v dyn View, pick: fn(std::vec::IntoIter<u32>) -> Option<u32>) -> Value<'v> {
    let Some(msg) = view.msg() else { return Value::Null };
    let all = msg.expires().and_then(Result::ok);
    let asked = msg.contacts().flatten().filter_map(|contact| contact.addr()?.expires().or(all));
    let mut asked: Vec<u32> = asked.collect();
    if asked.is_empty() {
        asked.extend(all);
    }
    pick(asked.into_iter()).map_or(Value::Null, |seconds| Value::Int(seconds.into()))
}

const VIA: [&str; 7] = ["host", "port", "proto", "branch", "rport", "received", "params"];

/// `$via0` is the first, `$via1` the second, `$viaZ` the last.
fn via(inner: Inner) -> Result<Box<dyn PvClass>, PvError> {
    if !VIA.contains(&&*inner.text) {
        return Err(inner.expected("host, port, proto, branch, rport, received or params"));
    }
    let get: GetBy = match inner.name {
        "via0" => |view, _, asked| via_part(vias(view).next(), asked.name),
        "via1" => |view, _, asked| via_part(vias(view).nth(1), asked.name),
        _ => |view, _, asked| via_part(vias(view).last(), asked.name),
    };
    by_name(inner, reads(get))
}

fn vias(view: &dyn View) -> impl Iterator<Item = Via<'_>> {
    view.msg().into_iter().flat_map(|msg| msg.views::<Via<'_>>()).flatten()
}

fn via_part<'v>(via: Option<Via<'v>>, part: &BStr) -> Value<'v> {
    let Some(via) = via else { return Value::Null };
    match &**part {
        b"host" => Value::text(via.host_text()),
        b"port" => via.port().map_or(Value::Null, |port| Value::Int(port.into())),
        b"proto" => Value::text(via.transport_text()),
        b"branch" => Value::some(via.branch()),
        b"rport" => via.rport().flatten().map_or(Value::Null, |port| Value::made(port.to_string())),
        b"received" => via.received().map_or(Value::Null, |ip| Value::made(ip.to_string())),
        _ => Value::some(Some(via.params_text()).filter(|params| !params.is_empty())),
    }
}
