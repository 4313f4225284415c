//! The next hop and further branches: `$du`, `$br`, `$branch(uri)`.

use bytes::Bytes;
use sip_core::Uri;
use sip_server::Destination;

use crate::pv::class::{Inner, Named, Plain, PvClass, named, read, write};
use crate::pv::error::PvError;
use crate::pv::made::{Asked, By, by_name};
use crate::pv::names::headers::int;
use crate::pv::store::Store;
use crate::pv::value::Value;
use crate::pv::view::View;

pub(super) const PLAIN: &[Plain] = &[
    write("du", |view, _| next_hop(view), set_next_hop),
    write("duri", |view, _| next_hop(view), set_next_hop),
    read("dd", |view, _| part(view, |uri| uri.host_text().to_string())),
    read("dp", |view, _| part(view, |uri| sip_modules::parts::port(uri).to_string())),
    read("dP", |view, _| part(view, |uri| sip_modules::parts::protocol(uri).to_string())),
    write(
        "br",
        |view, _| view.branches().first().map_or(Value::Null, |branch| Value::text(&branch.uri)),
        append,
    ),
    read("bR", |view, _| joined(view)),
    read("ds", |view, _| contacts(view)),
];

pub(super) const NAMED: &[Named] = &[named("branch", branch)];

fn hop(view: &dyn View) -> Option<Bytes> {
    view.destination()?.next_hop()
}

fn next_hop(view: &dyn View) -> Value<'_> {
    hop(view).map_or(Value::Null, Value::made)
}

fn set_next_hop(view: &mut dyn View, value: &Value<'_>) -> bool {
    let Some(destination) = view.destination_mut() else { return false };
    match value {
        Value::Null => destination.set_next_hop(None),
        Value::Text(uri) if Uri::parse(uri).is_ok() => {
            destination.set_next_hop(Some(Bytes::copy_from_slice(uri)));
        }
        Value::Text(_) | Value::Int(_) => return false,
    }
    true
}

fn part<'v>(view: &'v dyn View, part: fn(&Uri<'_>) -> String) -> Value<'v> {
    let Some(hop) = hop(view) else { return Value::Null };
    Uri::parse(&hop).map_or(Value::Null, |uri| Value::made(part(&uri)))
}

fn append(view: &mut dyn View, value: &Value<'_>) -> bool {
    let (Value::Text(uri), Some(branches)) = (value, view.branches_mut()) else { return false };
    if Uri::parse(uri).is_err() {
        return false;
    }
    branches.push(Destination::new(Bytes::copy_from_slice(uri)));
    true
}

fn uris<'v>(view: &'v dyn View) -> impl Iterator<Item = Vec<u8>> + 'v {
    view.branches().iter().map(|branch| [b"<", &*branch.uri, b">"].concat())
}

fn joined(view: &dyn View) -> Value<'_> {
    let all: Vec<_> = uris(view).collect();
    if all.is_empty() { Value::Null } else { Value::made(all.join(&b", "[..])) }
}

/// The request URI and all branches, as a Contact header has them.
fn contacts(view: &dyn View) -> Value<'_> {
    let own = view.msg().and_then(|msg| Some([b"<", &**msg.request_uri()?, b">"].concat()));
    let all: Vec<_> = own.into_iter().chain(uris(view)).collect();
    if all.is_empty() {
        Value::Null
    } else {
        Value::made([&b"Contact: "[..], &all.join(&b", "[..])].concat())
    }
}

/// `count`, or an attribute of the branch at an index.
fn branch(inner: Inner) -> Result<Box<dyn PvClass>, PvError> {
    match &*inner.text {
        "uri" | "dst_uri" | "path" | "count" => {
            by_name(inner, By { get: attribute, set: Some(set_attribute), count: None })
        }
        _ => Err(inner.expected("uri, dst_uri, path or count")),
    }
}

fn attribute<'v>(view: &'v dyn View, _: &'v Store, asked: Asked<'_>) -> Value<'v> {
    let branches = view.branches();
    if *asked.name == "count" {
        return int(branches.len());
    }
    let Some(branch) = asked.index.of(branches.len()).and_then(|at| branches.get(at)) else {
        return Value::Null;
    };
    match &**asked.name {
        b"uri" => Value::text(&branch.uri),
        b"dst_uri" => branch.next_hop().map_or(Value::Null, Value::made),
        _ if branch.path.is_empty() => Value::Null,
        _ => Value::made(branch.path.join(&b", "[..])),
    }
}

fn set_attribute(view: &mut dyn View, _: &Store, asked: Asked<'_>, value: &Value<'_>) -> bool {
    let Some(branches) = view.branches_mut() else { return false };
    let Some(at) = asked.index.of(branches.len()) else { return false };
    match (&**asked.name, value) {
        (b"uri", Value::Null) => _ = branches.remove(at),
        (b"dst_uri", Value::Null) => branches[at].set_next_hop(None),
        (b"uri", Value::Text(uri)) if Uri::parse(uri).is_ok() => {
            branches[at].uri = Bytes::copy_from_slice(uri)
        }
        (b"dst_uri", Value::Text(uri)) if Uri::parse(uri).is_ok() => {
            branches[at].set_next_hop(Some(Bytes::copy_from_slice(uri)));
        }
        _ => return false,
    }
    true
}
