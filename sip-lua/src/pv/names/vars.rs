//! Variables of the script: `$var`, `$vn`, `$avp`, `$xavp`, `$shv`.

use bytes::Bytes;
use sip_server::{VarValue, Vars};

use crate::pv::class::{Index, Inner, Named, PvClass, named};
use crate::pv::error::PvError;
use crate::pv::made::{Asked, By, by_name, reads, writes};
use crate::pv::store::Store;
use crate::pv::value::Value;
use crate::pv::view::View;

pub(super) const NAMED: &[Named] = &[
    named("var", |inner| by_name(inner, writes(var, set_var))),
    named("vz", |inner| by_name(inner, writes(var, set_var))),
    named("vn", |inner| by_name(inner, writes(vn, set_vn))),
    named("shv", |inner| by_name(inner, writes(shv, set_shv))),
    named("shvinc", |inner| by_name(inner, reads(shvinc))),
    named("avp", |inner| by_name(inner, By { get: avp, set: Some(set_avp), count: Some(count_avp) })),
    named("xavp", |inner| record(inner, Space::Xavp)),
    named("xavi", |inner| record(inner, Space::Xavi)),
    named("xavu", |inner| record(inner, Space::Xavu)),
];

/// 0 until it is set.
fn var<'v>(_: &'v dyn View, store: &'v Store, asked: Asked<'_>) -> Value<'v> {
    store.vars.with(asked.name, |value| value.clone()).unwrap_or(Value::Int(0))
}

fn set_var(_: &mut dyn View, store: &Store, asked: Asked<'_>, value: &Value<'_>) -> bool {
    let zero = Value::Int(0);
    store.vars.set(asked.name, if value.is_null() { &zero } else { value }.clone().into_owned())
}

/// Null until it is set.
fn vn<'v>(_: &'v dyn View, store: &'v Store, asked: Asked<'_>) -> Value<'v> {
    store.vn.with(asked.name, |value| value.clone()).unwrap_or_default()
}

fn set_vn(_: &mut dyn View, store: &Store, asked: Asked<'_>, value: &Value<'_>) -> bool {
    if value.is_null() {
        store.vn.remove(asked.name);
        return true;
    }
    store.vn.set(asked.name, value.clone().into_owned())
}

/// Shared by all workers; 0 until it is set.
fn shv<'v>(_: &'v dyn View, store: &'v Store, asked: Asked<'_>) -> Value<'v> {
    let Some(now) = store.now() else { return Value::Null };
    store.env.shv.get(now, asked.name).map_or(Value::Null, Value::from)
}

fn shvinc<'v>(_: &'v dyn View, store: &'v Store, asked: Asked<'_>) -> Value<'v> {
    let Some(now) = store.now() else { return Value::Null };
    store.env.shv.inc(now, asked.name).map_or(Value::Null, Value::Int)
}

fn set_shv(_: &mut dyn View, store: &Store, asked: Asked<'_>, value: &Value<'_>) -> bool {
    let Some(now) = store.now() else { return false };
    match value.to_table() {
        Some(value) => store.env.shv.set(now, asked.name, value).is_ok(),
        None => {
            store.env.shv.rm(now, asked.name);
            true
        }
    }
}

/// `s:name` and `i:name` are `name`.
fn bare<'a>(asked: Asked<'a>) -> &'a [u8] {
    match &**asked.name {
        [b's' | b'i' | b'S' | b'I', b':', name @ ..] => name,
        name => name,
    }
}

pub(crate) fn value_of(value: VarValue) -> Value<'static> {
    match value {
        VarValue::Int(number) => Value::Int(number),
        VarValue::Text(text) => Value::made(text),
    }
}

/// `None` for null.
pub(crate) fn kept(value: &Value<'_>) -> Option<VarValue> {
    match value {
        Value::Null => None,
        Value::Int(number) => Some(VarValue::Int(*number)),
        Value::Text(text) => Some(VarValue::Text(Bytes::copy_from_slice(text))),
    }
}

fn avp<'v>(view: &'v dyn View, _: &'v Store, asked: Asked<'_>) -> Value<'v> {
    let (Some(vars), name) = (view.vars(), bare(asked)) else { return Value::Null };
    let found = match asked.index {
        Index::None | Index::At(0) => vars.get(name, 0),
        Index::At(_) => asked.index.of(vars.count(name)).and_then(|at| vars.get(name, at)),
        Index::All => {
            let all: Vec<_> =
                (0..vars.count(name)).map_while(|at| vars.get(name, at)).map(value_of).collect();
            let texts: Vec<_> = all.iter().map(Value::to_text).collect();
            return if texts.is_empty() {
                Value::Null
            } else {
                Value::made(bstr::join(",", texts.iter().map(|text| &***text)))
            };
        }
    };
    found.map_or(Value::Null, value_of)
}

fn count_avp(view: &dyn View, _: &Store, asked: Asked<'_>) -> usize {
    view.vars().map_or(0, |vars| vars.count(bare(asked)))
}

/// Without an index a value is added; at an index it is changed; `[*]` sets the only one. Null takes away.
fn set_avp(view: &mut dyn View, _: &Store, asked: Asked<'_>, value: &Value<'_>) -> bool {
    let (Some(vars), name) = (view.vars(), bare(asked)) else { return false };
    match (asked.index, kept(value)) {
        (Index::None, Some(value)) => vars.push(name, value),
        (Index::None, None) => {
            vars.remove(name, 0);
            true
        }
        (Index::All, value) => {
            vars.clear(name);
            value.is_none_or(|value| vars.push(name, value))
        }
        (at, value) => {
            let Some(at) = at.of(vars.count(name)) else { return false };
            match value {
                Some(value) => vars.replace(name, at, value),
                None => vars.remove(name, at),
            }
        }
    }
}

/// Kinds of records.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Space {
    /// `$xavp`: several of a name, the newest first.
    Xavp,
    /// `$xavi`: the same; names have no case.
    Xavi,
    /// `$xavu`: one of a name.
    Xavu,
}

impl Space {
    /// The name of a record as it is kept.
    pub(crate) fn record(self, name: &[u8]) -> Vec<u8> {
        // No name of a script's has a zero byte: the kinds do not meet.
        match self {
            Self::Xavp => name.to_vec(),
            Self::Xavi => [&b"i\0"[..], &name.to_ascii_lowercase()].concat(),
            Self::Xavu => [&b"u\0"[..], name].concat(),
        }
    }

    /// The name of a field as it is kept; a record's own value is the field without a name.
    pub(crate) fn field(self, name: &[u8]) -> Vec<u8> {
        if self == Self::Xavi { name.to_ascii_lowercase() } else { name.to_vec() }
    }
}

/// `$xavp(name)`, `$xavp(name=>field)`, `$xavp(name[1]=>field)`
#[derive(Debug)]
struct Record {
    space: Space,
    name: Vec<u8>,
    /// Without one, a write makes a new record.
    at: Index,
    field: Vec<u8>,
}

fn record(inner: Inner, space: Space) -> Result<Box<dyn PvClass>, PvError> {
    let wrong = || inner.expected("NAME=>FIELD or NAME[INDEX]=>FIELD");
    let (record, field) = inner.text.split_once("=>").unwrap_or((&inner.text, ""));
    let (name, at) = match record.split_once('[') {
        None => (record, Index::None),
        Some((name, index)) => {
            let at = index.trim_end().strip_suffix(']').and_then(|at| at.parse().ok()).ok_or_else(wrong)?;
            (name, Index::At(at))
        }
    };
    let (name, field) = (name.trim(), field.trim().trim_end_matches("[0]"));
    let is_name = |text: &str| !text.contains(['$', '[', ']', '\0']);
    if name.is_empty() || !is_name(name) || !is_name(field) || field.is_empty() == inner.text.contains("=>") {
        return Err(wrong());
    }
    let (name, field) = (space.record(name.as_bytes()), space.field(field.as_bytes()));
    Ok(Box::new(Record { space, name, at, field }))
}

impl Record {
    fn place(&self, vars: &Vars) -> Option<usize> {
        self.at.of(vars.count_records(&self.name))
    }
}

impl PvClass for Record {
    fn get<'v>(&'v self, view: &'v dyn View, _: &'v Store, _: Index) -> Value<'v> {
        let found = view.vars().and_then(|vars| vars.field(&self.name, self.place(&vars)?, &self.field));
        found.map_or(Value::Null, value_of)
    }

    fn set(&self, view: &mut dyn View, _: &Store, _: Index, value: &Value<'_>) -> bool {
        let Some(vars) = view.vars() else { return false };
        let place = self.place(&vars);
        let adds = place.is_none() || self.at == Index::None && self.space != Space::Xavu;
        match (place, kept(value)) {
            (_, Some(value)) if adds && self.at == Index::None => {
                vars.push_record(&self.name, &self.field, value)
            }
            (Some(at), Some(value)) => vars.set_field(&self.name, at, &self.field, value),
            (Some(at), None) if self.field.is_empty() => vars.remove_record(&self.name, at),
            (Some(at), None) => vars.remove_field(&self.name, at, &self.field),
            (None, _) => false,
        }
    }

    fn count(&self, view: &dyn View, _: &Store) -> usize {
        view.vars().map_or(0, |vars| vars.count_records(&self.name))
    }
}
