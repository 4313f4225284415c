//! What does not come from a message: `$null`, `$def(NAME)`, `$env(NAME)`, `$RANDOM`; and `$_s(text)`, `$cnt($x)`.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::rc::Rc;

use bstr::{BStr, ByteSlice};

use crate::pv::class::{Format, Index, Inner, Named, Plain, PvClass, Var, around, named, read};
use crate::pv::error::PvError;
use crate::pv::made::{Word, by_name, by_word, reads};
use crate::pv::names::headers::int;
use crate::pv::names::net;
use crate::pv::store::Store;
use crate::pv::uuid;
use crate::pv::value::{Value, leading_number};
use crate::pv::view::View;

pub(super) const PLAIN: &[Plain] = &[
    read("null", |_, _| Value::Null),
    read("true", |_, _| Value::Int(1)),
    read("pp", |_, _| Value::Int(std::process::id().into())),
    read("RANDOM", |_, _| Value::Int((RandomState::new().build_hasher().finish() >> 33) as i64)),
    read("version", |_, _| Value::text(concat!("sip-lua ", env!("CARGO_PKG_VERSION")))),
];

pub(super) const NAMED: &[Named] = &[
    named("def", |inner| by_name(inner, reads(|_, store, asked| Value::some(store.define(asked.name))))),
    named("defv", |inner| by_name(inner, reads(|_, store, asked| Value::some(store.define(asked.name))))),
    named("defn", |inner| {
        by_name(
            inner,
            reads(|_, store, asked| {
                store
                    .define(asked.name)
                    .map_or(Value::Null, |value| Value::Int(leading_number(value.as_bytes())))
            }),
        )
    }),
    named("defs", |inner| {
        by_name(
            inner,
            reads(|_, store, asked| {
                store.define(asked.name).map_or(Value::Null, |value| Value::made(format!("\"{value}\"")))
            }),
        )
    }),
    named("uuid", |inner| by_word(inner, UUID, "g, r or t")),
    named("env", |inner| {
        by_name(inner, reads(|_, _, asked| env(asked.name).map_or(Value::Null, Value::made)))
    }),
    named("envn", |inner| {
        by_name(
            inner,
            reads(|_, _, asked| {
                env(asked.name).map_or(Value::Null, |value| Value::Int(leading_number(&value)))
            }),
        )
    }),
    named("K", |inner| by_word(inner, NUMBERS, "IPv4, IPv6, UDP, TCP, TLS, SCTP, WS or WSS")),
    named("_s", |inner| Ok(Box::new(Expanded(inner.format)))),
    around("cnt", counted),
];

const UUID: &[Word] = &[
    ("g", |_, _| uuid::random().map_or(Value::Null, Value::made)),
    ("r", |_, _| uuid::random().map_or(Value::Null, Value::made)),
    ("t", |_, store| store.wall().and_then(uuid::timed).map_or(Value::Null, Value::made)),
];

const NUMBERS: &[Word] = &[
    ("IPv4", |_, _| Value::Int(net::IPV4)),
    ("IPv6", |_, _| Value::Int(net::IPV6)),
    ("UDP", |_, _| Value::Int(1)),
    ("TCP", |_, _| Value::Int(2)),
    ("TLS", |_, _| Value::Int(3)),
    ("SCTP", |_, _| Value::Int(4)),
    ("WS", |_, _| Value::Int(5)),
    ("WSS", |_, _| Value::Int(6)),
];

/// A variable of the environment.
pub(crate) fn env(name: &BStr) -> Option<Vec<u8>> {
    // A name with `=` or a zero byte is none, and asking for it would be a mistake.
    let name = name.to_str().ok().filter(|name| !name.is_empty() && !name.contains(['=', '\0']))?;
    std::env::var_os(name).map(std::ffi::OsString::into_encoded_bytes)
}

/// `$_s(text with $variables)`
#[derive(Debug)]
struct Expanded(Format);

impl PvClass for Expanded {
    fn get<'v>(&'v self, view: &'v dyn View, store: &'v Store, _: Index) -> Value<'v> {
        let mut out = Vec::new();
        self.0.write_to(view, store, &mut out);
        Value::made(out)
    }
}

/// `$cnt($avp(x))`
#[derive(Debug)]
struct Counted(Rc<Var>);

fn counted(inner: Inner) -> Result<Box<dyn PvClass>, PvError> {
    Ok(Box::new(Counted(inner.variable()?)))
}

impl PvClass for Counted {
    fn get<'v>(&'v self, view: &'v dyn View, store: &'v Store, _: Index) -> Value<'v> {
        int(self.0.class().count(view, store))
    }
}
