//! Tables, queues and fetched contacts: `$sht(table=>key)`, `$mqk(queue)`, `$ulc(profile=>addr)`.

use std::time::Duration;

use sip_async::{Field, Pattern, QueueItem, Record};
use sip_registrar::Binding;
use sip_server::Shared;

use crate::pv::class::{Inner, Named, PvClass, arrow, named};
use crate::pv::error::PvError;
use crate::pv::made::{Asked, by_arrow, by_name, reads, writes};
use crate::pv::names::headers::int;
use crate::pv::names::net::{socket, uri};
use crate::pv::store::Store;
use crate::pv::value::Value;
use crate::pv::view::View;

const KEY: &str = "TABLE=>KEY";

pub(super) const NAMED: &[Named] = &[
    arrow("sht", |inner| by_arrow(inner, KEY, writes(sht, set_sht))),
    arrow("shtex", |inner| by_arrow(inner, KEY, writes(shtex, set_shtex))),
    arrow("shtinc", |inner| by_arrow(inner, KEY, reads(|_, store, asked| add(store, asked, 1)))),
    arrow("shtdec", |inner| by_arrow(inner, KEY, reads(|_, store, asked| add(store, asked, -1)))),
    arrow("shtcn", |inner| {
        by_arrow(inner, "TABLE=>PATTERN", reads(|_, store, asked| count(store, asked, Field::Name)))
    }),
    arrow("shtcv", |inner| {
        by_arrow(inner, "TABLE=>PATTERN", reads(|_, store, asked| count(store, asked, Field::Value)))
    }),
    named("shtitkey", |inner| {
        by_name(inner, reads(|_, store, asked| walk(store, asked, |at| Value::made(at.key.to_vec()))))
    }),
    named("shtitval", |inner| {
        by_name(inner, reads(|_, store, asked| walk(store, asked, |at| at.value.clone().into())))
    }),
    named("mqk", |inner| by_name(inner, reads(|_, store, asked| fetched(store, asked, |item| &item.key)))),
    named("mqv", |inner| by_name(inner, reads(|_, store, asked| fetched(store, asked, |item| &item.value)))),
    named("mq_size", |inner| by_name(inner, reads(mq_size))),
    arrow("ulc", ulc),
];

fn sht<'v>(_: &'v dyn View, store: &'v Store, asked: Asked<'_>) -> Value<'v> {
    let (Some(table), Some(now)) = (store.table(asked.before.as_bytes()), store.now()) else {
        return Value::Null;
    };
    table.get(now, asked.name).map_or(Value::Null, Value::from)
}

fn set_sht(_: &mut dyn View, store: &Store, asked: Asked<'_>, value: &Value<'_>) -> bool {
    let (Some(table), Some(now)) = (store.table(asked.before.as_bytes()), store.now()) else { return false };
    match value.to_table() {
        Some(value) => table.set(now, asked.name, value).is_ok(),
        None => {
            table.rm(now, asked.name);
            true
        }
    }
}

/// Seconds that an item still lives; 0: for ever.
fn shtex<'v>(_: &'v dyn View, store: &'v Store, asked: Asked<'_>) -> Value<'v> {
    let (Some(table), Some(now)) = (store.table(asked.before.as_bytes()), store.now()) else {
        return Value::Null;
    };
    match (table.lifetime(now, asked.name), table.presence(now, asked.name)) {
        (Some(left), _) => Value::Int(left.as_secs().try_into().unwrap_or(i64::MAX)),
        (None, sip_async::Presence::Set) => Value::Int(0),
        _ => Value::Null,
    }
}

fn set_shtex(_: &mut dyn View, store: &Store, asked: Asked<'_>, value: &Value<'_>) -> bool {
    let (Some(table), Some(now)) = (store.table(asked.before.as_bytes()), store.now()) else { return false };
    let Value::Int(seconds) = value else { return false };
    let lifetime = u64::try_from(*seconds).ok().filter(|seconds| *seconds > 0).map(Duration::from_secs);
    table.setex(now, asked.name, lifetime);
    true
}

fn add<'v>(store: &Store, asked: Asked<'_>, number: i64) -> Value<'v> {
    let (Some(table), Some(now)) = (store.table(asked.before.as_bytes()), store.now()) else {
        return Value::Null;
    };
    table.add(now, asked.name, number).map_or(Value::Null, Value::Int)
}

fn count<'v>(store: &Store, asked: Asked<'_>, field: Field) -> Value<'v> {
    let (Some(table), Some(now)) = (store.table(asked.before.as_bytes()), store.now()) else {
        return Value::Null;
    };
    Pattern::counting(asked.name)
        .map_or(Value::Null, |pattern| int(table.count_matching(now, field, &pattern)))
}

fn walk<'v>(store: &Store, asked: Asked<'_>, read: fn(&Record) -> Value<'static>) -> Value<'v> {
    store.walks.with(asked.name, |walk| walk.at.as_ref().map(read)).flatten().unwrap_or_default()
}

fn fetched<'v>(store: &Store, asked: Asked<'_>, part: fn(&QueueItem) -> &bstr::BStr) -> Value<'v> {
    let found = store.fetched.with(asked.name, |item| Value::made(part(item).to_vec()));
    found.unwrap_or_default()
}

fn mq_size<'v>(_: &'v dyn View, store: &'v Store, asked: Asked<'_>) -> Value<'v> {
    let queue = std::str::from_utf8(asked.name).ok().and_then(|name| store.env.settings.queues.queue(name));
    queue.map_or(Value::Null, |queue| int(queue.len()))
}

type Attribute = fn(&Binding, &Shared) -> Value<'static>;

const ATTRIBUTES: &[(&str, Attribute)] = &[
    ("addr", |contact, _| Value::made(contact.uri().to_vec())),
    ("path", |contact, _| {
        let path: Vec<_> = contact.path().collect();
        if path.is_empty() { Value::Null } else { Value::made(bstr::join(",", path)) }
    }),
    ("received", |contact, _| {
        let from = contact.received().map(|target| uri(target.remote, target.protocol, true));
        from.map_or(Value::Null, Value::made)
    }),
    ("expires", |contact, shared| Value::Int(contact.seconds_left(shared.now()).into())),
    ("callid", |contact, _| Value::made(contact.call_id().to_vec())),
    ("q", |contact, _| contact.q().map_or(Value::Int(-1), |q| Value::Int(q.thousandths().into()))),
    ("cseq", |contact, _| Value::Int(contact.cseq().into())),
    ("user_agent", |contact, _| Value::made(contact.user_agent().to_vec())),
    ("socket", |contact, _| Value::made(socket(contact.local(), contact.protocol()))),
    ("regid", |contact, _| contact.reg_id().map_or(Value::Null, |id| Value::Int(id.into()))),
    ("instance", |contact, _| contact.instance().map_or(Value::Null, |id| Value::made(id.to_vec()))),
];

/// An attribute of a contact that `reg_fetch_contacts` found.
fn ulc(inner: Inner) -> Result<Box<dyn PvClass>, PvError> {
    let word = inner.text.split_once("=>").map_or("", |(_, word)| word);
    if word != "aor" && word != "count" && !ATTRIBUTES.iter().any(|(name, _)| *name == word) {
        return Err(inner.expected(
            "PROFILE=> and aor, count, addr, path, received, expires, callid, q, cseq, user_agent, socket, regid or \
             instance",
        ));
    }
    by_arrow(inner, "PROFILE=>ATTRIBUTE", reads(contact))
}

fn contact<'v>(_: &'v dyn View, store: &'v Store, asked: Asked<'_>) -> Value<'v> {
    let found = store.profiles.with(asked.before.as_bytes(), |profile| match &**asked.name {
        b"aor" => Value::made(profile.aor.clone()),
        b"count" => int(profile.contacts.len()),
        word => {
            let at = asked.index.of(profile.contacts.len());
            let contact = at.and_then(|at| profile.contacts.get(at));
            let read = ATTRIBUTES.iter().find(|(name, _)| name.as_bytes() == word);
            match (contact, read, &store.shared) {
                (Some(contact), Some((_, read)), Some(shared)) => read(contact, shared),
                _ => Value::Null,
            }
        }
    });
    found.unwrap_or_default()
}
